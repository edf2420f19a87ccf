//! Pagers: PagerDuty's Events API v2, or a gateway.

use serde_json::json;

use super::gateway::Gateway;
use super::request::{Act, Request, ShortMessage, shortened, under};
use super::twilio::text;
use crate::secret::Secret;

/// PagerDuty takes summaries of so many characters.
const LONGEST_SUMMARY: usize = 1_024;

/// How pagers are reached.
#[derive(Clone, Debug)]
pub enum Pager {
    /// PagerDuty's Events API v2. The key of an alarm is its `dedup_key`, so that what is sent twice alarms once.
    PagerDuty {
        /// Where it is, `https://events.pagerduty.com`.
        base_url: String,
        /// The integration key for people who have none of their own.
        key: Option<Secret>,
    },
    /// A gateway.
    Gateway(Gateway),
}

impl Pager {
    /// Whether it alarms somebody without a key of the person's own.
    pub(super) fn has_key(&self) -> bool {
        match self {
            Self::PagerDuty { key, .. } => key.is_some(),
            Self::Gateway(_) => false,
        }
    }

    /// The request that sends a message; nothing without a key.
    pub(super) fn request(&self, message: &ShortMessage<'_>) -> Option<Result<Request, String>> {
        match self {
            Self::PagerDuty { base_url, key } => {
                let key = message.to.or(key.as_ref().map(Secret::expose))?;
                Some(Ok(event(base_url, key, message)))
            }
            Self::Gateway(gateway) => {
                message.to?;
                Some(gateway.request(message, &text(message)))
            }
        }
    }
}

fn event(base_url: &str, key: &str, message: &ShortMessage<'_>) -> Request {
    let action = match message.act {
        Act::Tell => "trigger",
        Act::Acknowledge => "acknowledge",
        Act::Resolve => "resolve",
    };
    let mut event = json!({
        "routing_key": key,
        "event_action": action,
        "dedup_key": message.key,
    });
    if message.act == Act::Tell {
        event["payload"] = json!({
            "summary": shortened(message.title, LONGEST_SUMMARY),
            "source": "mainstay",
            "severity": "critical",
            "custom_details": { "detail": message.detail },
        });
        event["links"] = json!([{ "href": message.url, "text": "Acknowledge" }]);
    }
    Request::json(under(base_url, "v2/enqueue"), &event)
}

#[cfg(test)]
mod tests {
    use super::super::request::message;
    use super::*;

    fn pagerduty(key: Option<&str>) -> Pager {
        Pager::PagerDuty {
            base_url: "https://events.pagerduty.com".to_owned(),
            key: key.map(Secret::new),
        }
    }

    #[test]
    fn an_alarm_carries_its_key_and_the_link() {
        let message = message(Some("own"), Act::Tell);
        let request = pagerduty(Some("ours")).request(&message).unwrap().unwrap();
        assert_eq!(
            request.url.expose(),
            "https://events.pagerduty.com/v2/enqueue"
        );
        let event: serde_json::Value = serde_json::from_str(&request.body).unwrap();
        assert_eq!(event["routing_key"], "own");
        assert_eq!(event["event_action"], "trigger");
        assert_eq!(event["dedup_key"], message.key);
        assert_eq!(event["links"][0]["href"], message.url);
        assert_eq!(event["payload"]["summary"], message.title);
    }

    #[test]
    fn what_ends_an_alarm_names_it_and_no_more() {
        for (act, action) in [(Act::Acknowledge, "acknowledge"), (Act::Resolve, "resolve")] {
            let request = pagerduty(Some("ours"))
                .request(&message(None, act))
                .unwrap()
                .unwrap();
            let event: serde_json::Value = serde_json::from_str(&request.body).unwrap();
            let expected = json!({ "routing_key": "ours", "event_action": action,
                "dedup_key": message(None, act).key });
            assert_eq!(event, expected);
        }
    }

    #[test]
    fn nobody_is_alarmed_without_a_key() {
        assert!(pagerduty(None).request(&message(None, Act::Tell)).is_none());
    }
}
