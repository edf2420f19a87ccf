//! Text messages and calls: by an API like Twilio's, or by a gateway.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::gateway::Gateway;
use super::request::{Medium, Request, ShortMessage, shortened, under};
use crate::secret::Secret;

/// How much of the title a text message carries: with the link it stays within three parts of 153 characters.
const LONGEST_TITLE: usize = 200;

/// How a telephone is reached.
#[derive(Clone, Debug)]
pub enum Telephone {
    /// By an API like Twilio's.
    Twilio(Twilio),
    /// By a gateway.
    Gateway(Gateway),
}

/// An account with an API like Twilio's (version 2010-04-01).
#[derive(Clone, Debug)]
pub struct Twilio {
    /// Where it is, `https://api.twilio.com`.
    pub base_url: String,
    /// The account's SID.
    pub account: String,
    /// Its token.
    pub token: Secret,
    /// The number that messages and calls come from.
    pub from: String,
}

impl Telephone {
    /// The request that sends a message; nothing without a number.
    pub(super) fn request(
        &self,
        medium: Medium,
        message: &ShortMessage<'_>,
    ) -> Option<Result<Request, String>> {
        message.to?;
        match self {
            Self::Twilio(twilio) => twilio.request(medium, message).map(Ok),
            Self::Gateway(gateway) => Some(gateway.request(message, &text(message))),
        }
    }
}

impl Twilio {
    fn request(&self, medium: Medium, message: &ShortMessage<'_>) -> Option<Request> {
        let (resource, field, content) = match medium {
            Medium::Voice => ("Calls.json", "Twiml", spoken(message)),
            _ => ("Messages.json", "Body", text(message)),
        };
        let path = format!("2010-04-01/Accounts/{}/{resource}", self.account);
        let fields = [
            ("To", message.to?),
            ("From", self.from.as_str()),
            (field, content.as_str()),
        ];
        let credentials = format!("{}:{}", self.account, self.token.expose());
        let authorization = format!("Basic {}", STANDARD.encode(credentials));
        let request = Request::form(under(&self.base_url, &path), &fields);
        Some(request.with("authorization", authorization))
    }
}

/// What a text message says.
pub(super) fn text(message: &ShortMessage<'_>) -> String {
    format!(
        "{} {}",
        shortened(message.title, LONGEST_TITLE),
        message.url
    )
}

/// What a call says, twice, in TwiML. An address is of no use to somebody who listens.
fn spoken(message: &ShortMessage<'_>) -> String {
    let text = format!("{}. {}", message.title, shortened(message.detail, 300));
    let text = text
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;");
    format!("<Response><Say loop=\"2\">{text}</Say></Response>")
}

#[cfg(test)]
mod tests {
    use super::super::request::{Act, message};
    use super::*;

    fn twilio() -> Telephone {
        Telephone::Twilio(Twilio {
            base_url: "https://api.twilio.com".to_owned(),
            account: "AC1".to_owned(),
            token: Secret::new("secret"),
            from: "+15005550006".to_owned(),
        })
    }

    fn request(medium: Medium) -> Request {
        let message = message(Some("+34600000000"), Act::Tell);
        twilio().request(medium, &message).unwrap().unwrap()
    }

    #[test]
    fn a_text_message_is_short_and_has_the_link() {
        let request = request(Medium::Sms);
        assert_eq!(
            request.url.expose(),
            "https://api.twilio.com/2010-04-01/Accounts/AC1/Messages.json"
        );
        assert_eq!(request.headers[1].1.expose(), "Basic QUMxOnNlY3JldA==");
        insta::assert_snapshot!(request.body, @"To=%2B34600000000&From=%2B15005550006&Body=Escalation+of+%237+%28P1%29%3A+%3CEngineer%3E+%26+%22co%22+https%3A%2F%2Fmainstay.example%2Fa%2Fabc");
    }

    #[test]
    fn a_call_reads_it_aloud() {
        let request = request(Medium::Voice);
        assert!(request.url.expose().ends_with("/Calls.json"));
        let fields: Vec<(String, String)> = url::form_urlencoded::parse(request.body.as_bytes())
            .into_owned()
            .collect();
        insta::assert_snapshot!(fields[2].1, @r##"<Response><Say loop="2">Escalation of #7 (P1): &lt;Engineer&gt; &amp; "co". It does not work: no answer</Say></Response>"##);
    }

    #[test]
    fn nobody_is_called_without_a_number() {
        let unknown = message(None, Act::Tell);
        assert!(twilio().request(Medium::Sms, &unknown).is_none());
    }
}
