//! Why something was not sent, and what follows from the server's words.

use std::time::Duration;

use tokio::time::timeout;

use super::RefusedRecipient;
use crate::endpoint::with_sources;

/// Why something was not sent, and whether trying again can help.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SmtpFailure {
    /// It may work later: the server was out of reach, busy, or refused us rather than the recipient.
    #[error("{reason}")]
    Retry {
        /// What happened.
        reason: String,
        /// The connection broke after the whole content was given, so the server may have taken it. A second attempt
        /// carries the same message id, by which the other side may notice the copy.
        in_doubt: bool,
    },
    /// It will never work.
    #[error("{reason}")]
    Permanent {
        /// What happened.
        reason: String,
        /// The server's three digits; none when the message could not even be composed.
        smtp_code: Option<u16>,
    },
}

/// What went wrong in one step of the conversation.
pub(super) struct Trouble {
    pub(super) reason: String,
    /// The server's three digits, when it answered at all.
    pub(super) code: Option<u16>,
}

impl Trouble {
    /// The server said nothing, or nothing that could be understood.
    pub(super) fn silent(reason: String) -> Trouble {
        Trouble { reason, code: None }
    }

    /// The server took too long.
    pub(super) fn late(step: &str, limit: Duration) -> Trouble {
        Trouble::silent(format!("{step} took longer than {} s", limit.as_secs_f64()))
    }

    /// A failure that is no judgement on the message: the connection, TLS, our sign-in.
    pub(super) fn ours(self) -> SmtpFailure {
        retry(self.reason)
    }

    /// A failure as the server judged it: 5xx is for good, anything else may pass.
    pub(super) fn judged(self) -> SmtpFailure {
        match self.code {
            // A server that wants us to sign in, or to sign in better, says nothing about the recipient (RFC 4954, 6).
            Some(530 | 534 | 535 | 538) => self.ours(),
            Some(code @ 500..=599) => SmtpFailure::Permanent {
                reason: self.reason,
                smtp_code: Some(code),
            },
            _ => self.ours(),
        }
    }

    /// As [`judged`](Self::judged), for the step after which silence may mean success.
    pub(super) fn after_the_content(self) -> SmtpFailure {
        match self.code {
            None => SmtpFailure::Retry {
                reason: format!(
                    "{}, after the message was given: the server may have taken it",
                    self.reason
                ),
                in_doubt: true,
            },
            Some(_) => self.judged(),
        }
    }
}

pub(super) async fn within<T>(
    limit: Duration,
    step: &str,
    work: impl Future<Output = Result<T, lettre::transport::smtp::Error>>,
) -> Result<T, Trouble> {
    match timeout(limit, work).await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(error)) => Err(Trouble {
            code: error.status().map(u16::from),
            reason: format!("{step} failed: {}", with_sources(&error)),
        }),
        Err(_) => Err(Trouble::late(step, limit)),
    }
}

pub(super) fn retry(reason: String) -> SmtpFailure {
    SmtpFailure::Retry {
        reason,
        in_doubt: false,
    }
}

/// One failure for a message that nobody gets: worth another attempt as soon as one recipient is.
pub(super) fn all_refused(refused: Vec<RefusedRecipient>) -> SmtpFailure {
    let worth_retrying =
        |refusal: &RefusedRecipient| matches!(refusal.failure, SmtpFailure::Retry { .. });
    let retryable = refused.iter().position(worth_retrying).unwrap_or(0);
    let failure = refused
        .into_iter()
        .nth(retryable)
        .map(|refusal| refusal.failure);
    failure.unwrap_or_else(|| retry("the message has no recipient".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_code_says_whether_to_try_again() {
        let judged = |code| {
            let trouble = Trouble {
                reason: String::new(),
                code,
            };
            matches!(trouble.judged(), SmtpFailure::Retry { .. })
        };
        for code in [
            None,
            Some(421),
            Some(450),
            Some(451),
            Some(452),
            Some(530),
            Some(535),
        ] {
            assert!(judged(code), "{code:?}");
        }
        for code in [Some(550), Some(552), Some(553), Some(554)] {
            assert!(!judged(code), "{code:?}");
        }
    }
}
