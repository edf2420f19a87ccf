//! Why an escalation is raised, in its parts, so that each reader can be told in their own language.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::record::GroupKey;
use super::trigger::ManualReason;
use crate::name::{CategoryName, CommitmentName, Tag};
use crate::severity::Severity;

/// Why an escalation is raised or moved up. Its display is English, for the ledger and for programs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum Reason {
    /// A promise is soon due.
    ClockWarned {
        /// Which promise.
        commitment: CommitmentName,
        /// When it is due.
        due_at: Timestamp,
    },
    /// A promise was missed.
    ClockMissed {
        /// Which promise.
        commitment: CommitmentName,
        /// When it was due.
        due_at: Timestamp,
    },
    /// The severity of the ticket.
    SeverityIs {
        /// Which.
        severity: Severity,
    },
    /// The ticket looks like something that alarms.
    SignShown {
        /// Like what.
        alarm: Alarm,
        /// By what it shows.
        sign: Sign,
    },
    /// The ticket is not resolved.
    Unresolved {
        /// So long after it was opened.
        after: SignedDuration,
    },
    /// Several accounts have the same trouble.
    AccountsAffected {
        /// How many.
        accounts: usize,
        /// In how long a time.
        within: SignedDuration,
        /// What is the same.
        key: GroupKey,
    },
    /// Somebody escalated by hand.
    Manual {
        /// Which reason they chose.
        reason: ManualReason,
        /// What they wrote beside it; may be empty.
        note: String,
    },
}

/// What a ticket may look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Alarm {
    /// Somebody got in, or may have.
    SecurityIncident,
    /// Data came into wrong hands.
    DataBreach,
    /// Data is gone.
    DataLoss,
}

/// By what a ticket looks like something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sign {
    /// The customer writes these words.
    Words(String),
    /// The category.
    Category(CategoryName),
    /// A tag.
    Tag(Tag),
}

impl Reason {
    /// The reason that a person chose, when a person did.
    #[must_use]
    pub fn manual(&self) -> Option<ManualReason> {
        match self {
            Self::Manual { reason, .. } => Some(*reason),
            _ => None,
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ClockWarned { commitment, due_at } => {
                write!(f, "{commitment} is due at {}", in_utc(*due_at))
            }
            Self::ClockMissed { commitment, due_at } => {
                let due_at = in_utc(*due_at);
                write!(f, "{commitment} was due at {due_at} and was missed")
            }
            Self::SeverityIs { severity } => write!(f, "the severity is {severity}"),
            Self::SignShown { alarm, sign } => write!(f, "{alarm}: {sign}"),
            Self::Unresolved { after } => write!(f, "not resolved {after:#} after it was opened"),
            Self::AccountsAffected {
                accounts,
                within,
                key,
            } => write!(
                f,
                "{accounts} accounts are affected within {within:#}: {key}"
            ),
            Self::Manual { reason, note } if note.is_empty() => reason.fmt(f),
            Self::Manual { reason, note } => write!(f, "{reason}: {note}"),
        }
    }
}

impl fmt::Display for Alarm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SecurityIncident => "a security incident",
            Self::DataBreach => "a breach of data",
            Self::DataLoss => "a loss of data",
        })
    }
}

impl fmt::Display for Sign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Words(words) => write!(f, "the customer writes \u{201c}{words}\u{201d}"),
            Self::Category(category) => write!(f, "the category is {category}"),
            Self::Tag(tag) => write!(f, "the tag {tag}"),
        }
    }
}

/// An instant for several readers, whose zones may differ.
pub(super) fn in_utc(at: Timestamp) -> impl fmt::Display {
    at.strftime("%Y-%m-%d %H:%M UTC")
}
