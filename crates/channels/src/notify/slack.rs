//! Slack: by an incoming webhook, or as a bot.

use serde_json::json;

use super::request::{Request, ShortMessage, shortened, under};
use crate::secret::Secret;

/// Slack cuts texts that are longer, in characters.
const LONGEST: usize = 3_000;

/// How Slack is reached.
#[derive(Clone, Debug)]
pub enum Slack {
    /// By an incoming webhook: everything goes to its channel, and mentions whom it is for.
    Webhook {
        /// Its address, a secret.
        url: Secret,
    },
    /// As a bot, by `chat.postMessage`: to the person, or to a channel where their member id is not known.
    Bot {
        /// Where the Web API is, `https://slack.com/api`.
        base_url: String,
        /// The bot's token.
        token: Secret,
        /// The channel for people whose member id is not known.
        channel: Option<String>,
    },
}

impl Slack {
    /// Whether a message arrives somewhere without a member's id.
    pub(super) fn has_channel(&self) -> bool {
        match self {
            Self::Webhook { .. } => true,
            Self::Bot { channel, .. } => channel.is_some(),
        }
    }

    /// The request that sends a message; nothing where it would go nowhere.
    pub(super) fn request(&self, message: &ShortMessage<'_>) -> Option<Request> {
        match self {
            Self::Webhook { url } => {
                let mention = message
                    .to
                    .map_or_else(String::new, |to| format!("<@{to}> "));
                let body = json!({ "text": format!("{mention}{}", text(message)) });
                Some(Request::json(url.expose(), &body))
            }
            Self::Bot {
                base_url,
                token,
                channel,
            } => {
                let to = message.to.or(channel.as_deref())?;
                let body = json!({
                    "channel": to,
                    "text": text(message),
                    "unfurl_links": false,
                });
                let request = Request::json(under(base_url, "chat.postMessage"), &body);
                Some(request.with("authorization", format!("Bearer {}", token.expose())))
            }
        }
    }
}

/// The text in Slack's own markup, in which three characters are special.
fn text(message: &ShortMessage<'_>) -> String {
    let text = format!(
        "*{}*\n{}\n<{}>",
        escaped(message.title),
        escaped(&shortened(message.detail, LONGEST / 2)),
        message.url
    );
    shortened(&text, LONGEST)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::super::request::{Act, message};
    use super::*;

    fn bot(channel: Option<&str>) -> Slack {
        Slack::Bot {
            base_url: "https://slack.com/api/".to_owned(),
            token: Secret::new("xoxb-1"),
            channel: channel.map(str::to_owned),
        }
    }

    #[test]
    fn a_bot_writes_to_the_person() {
        let request = bot(Some("C1"))
            .request(&message(Some("U1"), Act::Tell))
            .unwrap();
        assert_eq!(
            request.url.expose(),
            "https://slack.com/api/chat.postMessage"
        );
        assert_eq!(request.headers[1].1.expose(), "Bearer xoxb-1");
        insta::assert_snapshot!(request.body, @r##"{"channel":"U1","text":"*Escalation of #7 (P1): &lt;Engineer&gt; &amp; \"co\"*\nIt does not work: no answer\n<https://mainstay.example/a/abc>","unfurl_links":false}"##);
    }

    #[test]
    fn a_bot_writes_to_its_channel_where_the_person_is_not_known() {
        let unknown = message(None, Act::Tell);
        let request = bot(Some("C1")).request(&unknown).unwrap();
        assert!(
            request.body.contains(r#""channel":"C1""#),
            "{}",
            request.body
        );
        assert_eq!(bot(None).request(&unknown), None);
    }

    #[test]
    fn a_webhook_mentions_the_person() {
        let webhook = Slack::Webhook {
            url: Secret::new("https://hooks.slack.com/services/T/B/x"),
        };
        let request = webhook.request(&message(Some("U1"), Act::Tell)).unwrap();
        assert!(request.body.contains("<@U1> *Esc"), "{}", request.body);
        assert!(webhook.request(&message(None, Act::Tell)).is_some());
    }
}
