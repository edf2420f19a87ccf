//! Why an escalation was raised, in parts.

use jiff::Timestamp;
use mainstay_domain::escalation::{Alarm, GroupKey, Reason, Sign};
use serde::Serialize;
use utoipa::ToSchema;

/// Why an escalation was raised, in parts, so that each reader can be told in their own language.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EscalationReason)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum ReasonBody {
    /// A promise is soon due.
    ClockWarned {
        /// By which commitment.
        commitment: String,
        /// When it is due.
        due_at: Timestamp,
    },
    /// A promise was missed.
    ClockMissed {
        /// By which commitment.
        commitment: String,
        /// When it was due.
        due_at: Timestamp,
    },
    /// The severity of the ticket.
    SeverityIs {
        /// `P1` to `P4`.
        severity: &'static str,
    },
    /// The ticket looks like something that alarms.
    SignShown {
        /// Like what: `security_incident`, `data_breach` or `data_loss`.
        alarm: &'static str,
        /// By what it shows: `words`, `category` or `tag`.
        sign: &'static str,
        /// Which words, category or tag.
        value: String,
    },
    /// The ticket is not resolved.
    Unresolved {
        /// So many seconds after it was opened.
        after_seconds: i64,
    },
    /// Several accounts have the same trouble.
    AccountsAffected {
        /// How many.
        accounts: usize,
        /// In how many seconds.
        within_seconds: i64,
        /// What is the same: `tag` or `category`.
        same: &'static str,
        /// Which tag or category.
        value: String,
    },
    /// Somebody escalated by hand.
    Manual {
        /// Which reason they chose, such as `customer_request`.
        reason: &'static str,
        /// What they wrote beside it; may be empty.
        note: String,
    },
}

impl From<Reason> for ReasonBody {
    fn from(reason: Reason) -> Self {
        match reason {
            Reason::ClockWarned { commitment, due_at } => Self::ClockWarned {
                commitment: commitment.into(),
                due_at,
            },
            Reason::ClockMissed { commitment, due_at } => Self::ClockMissed {
                commitment: commitment.into(),
                due_at,
            },
            Reason::SeverityIs { severity } => Self::SeverityIs {
                severity: severity.as_str(),
            },
            Reason::SignShown { alarm, sign } => {
                let (sign, value) = match sign {
                    Sign::Words(words) => ("words", words),
                    Sign::Category(category) => ("category", category.into()),
                    Sign::Tag(tag) => ("tag", tag.into()),
                };
                let alarm = match alarm {
                    Alarm::SecurityIncident => "security_incident",
                    Alarm::DataBreach => "data_breach",
                    Alarm::DataLoss => "data_loss",
                };
                Self::SignShown { alarm, sign, value }
            }
            Reason::Unresolved { after } => Self::Unresolved {
                after_seconds: after.as_secs(),
            },
            Reason::AccountsAffected {
                accounts,
                within,
                key,
            } => {
                let (same, value) = match key {
                    GroupKey::Tag(tag) => ("tag", tag.into()),
                    GroupKey::Category(category) => ("category", category.into()),
                };
                Self::AccountsAffected {
                    accounts,
                    within_seconds: within.as_secs(),
                    same,
                    value,
                }
            }
            Reason::Manual { reason, note } => Self::Manual {
                reason: reason.as_str(),
                note,
            },
        }
    }
}
