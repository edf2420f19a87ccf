//! What an answer means.

use std::time::Duration;

use serde_json::Value;

use super::request::Medium;

/// What came of an attempt at a short message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotifyOutcome {
    /// The far side took it.
    Delivered {
        /// The name by which the far side knows it.
        receipt: Option<String>,
    },
    /// It may be taken later.
    Retry {
        /// What happened.
        reason: String,
        /// How long the far side asks us to wait, when it does.
        retry_after: Option<Duration>,
    },
    /// It never will be.
    Permanent {
        /// What happened.
        reason: String,
    },
}

/// Judges an answer. Of what the far side says only its codes are repeated: its sentences may quote a number or a key.
pub(super) fn judge(
    medium: Medium,
    status: u16,
    retry_after: Option<Duration>,
    body: &[u8],
) -> NotifyOutcome {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let code = code(&body).map_or_else(String::new, |code| format!(" ({code})"));
    match status {
        // Slack's Web API answers 200 whatever becomes of it.
        200..=299 if medium == Medium::Slack && body["ok"] == Value::Bool(false) => {
            let reason = format!("Slack refuses it{code}");
            match body["error"].as_str() {
                Some("ratelimited" | "internal_error" | "fatal_error" | "service_unavailable") => {
                    NotifyOutcome::Retry {
                        reason,
                        retry_after,
                    }
                }
                _ => NotifyOutcome::Permanent { reason },
            }
        }
        200..=299 => NotifyOutcome::Delivered {
            receipt: ["sid", "ts", "dedup_key", "id"]
                .iter()
                .find_map(|name| body[*name].as_str())
                .map(|receipt| receipt.chars().take(200).collect()),
        },
        408 | 425 | 429 | 500..=599 => NotifyOutcome::Retry {
            reason: format!("the far side answers {status}{code}"),
            retry_after,
        },
        _ => NotifyOutcome::Permanent {
            reason: format!("the far side answers {status}{code}"),
        },
    }
}

/// The code by which the far side says what is wrong: a number of Twilio's, a word of Slack's or PagerDuty's.
fn code(body: &Value) -> Option<String> {
    if let Some(number) = body["code"].as_u64() {
        return Some(number.to_string());
    }
    let word = body["error"].as_str().or(body["status"].as_str())?;
    let is_code = word.len() <= 40
        && word
            .chars()
            .all(|c| c.is_ascii_lowercase() || c == '_' || c == ' ');
    is_code.then(|| word.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(medium: Medium, status: u16, body: &str) -> NotifyOutcome {
        judge(
            medium,
            status,
            Some(Duration::from_secs(7)),
            body.as_bytes(),
        )
    }

    fn refused(outcome: NotifyOutcome) -> String {
        match outcome {
            NotifyOutcome::Permanent { reason } => reason,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn slack_refuses_with_a_good_status() {
        let refusal = r#"{"ok":false,"error":"channel_not_found"}"#;
        assert_eq!(
            refused(judged(Medium::Slack, 200, refusal)),
            "Slack refuses it (channel_not_found)"
        );
        let busy = judged(Medium::Slack, 200, r#"{"ok":false,"error":"ratelimited"}"#);
        assert!(matches!(busy, NotifyOutcome::Retry { .. }), "{busy:?}");
        let taken = judged(Medium::Slack, 200, r#"{"ok":true,"ts":"1.2"}"#);
        let receipt = Some("1.2".to_owned());
        assert_eq!(taken, NotifyOutcome::Delivered { receipt });
        let webhook = judged(Medium::Slack, 200, "ok");
        assert_eq!(webhook, NotifyOutcome::Delivered { receipt: None });
    }

    #[test]
    fn what_is_busy_is_tried_again_and_what_is_wrong_is_not() {
        for status in [408, 429, 500, 503] {
            let outcome = judged(Medium::Sms, status, "");
            let retry_after = Some(Duration::from_secs(7));
            let reason = format!("the far side answers {status}");
            assert_eq!(
                outcome,
                NotifyOutcome::Retry {
                    reason,
                    retry_after
                }
            );
        }
        let body = r#"{"code":21211,"message":"The 'To' number +34 is not valid"}"#;
        assert_eq!(
            refused(judged(Medium::Sms, 400, body)),
            "the far side answers 400 (21211)"
        );
        let body = r#"{"status":"invalid event","message":"key abc is wrong"}"#;
        assert_eq!(
            refused(judged(Medium::Pager, 400, body)),
            "the far side answers 400 (invalid event)"
        );
        assert_eq!(
            refused(judged(Medium::Sms, 301, "")),
            "the far side answers 301"
        );
    }
}
