//! What a customer thinks of how a ticket was handled.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::ticket::{Refusal, Ticket};

/// How long a rating may be changed by who gave it.
pub const CHANGED_WITHIN: SignedDuration = SignedDuration::from_hours(14 * 24);

/// How a customer rates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Score {
    /// It was handled well.
    Good,
    /// It was not.
    Bad,
}

impl Score {
    /// Its name on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Bad => "bad",
        }
    }
}

/// A rating that was given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rating {
    /// How.
    pub score: Score,
    /// What they said besides.
    pub comment: Option<String>,
    /// When they first rated.
    pub first_at: Timestamp,
    /// When they last did.
    pub at: Timestamp,
}

impl Ticket {
    /// Whether the ticket may be rated now: it is done, and an earlier rating is still young.
    ///
    /// # Errors
    /// The refusal, if it may not.
    pub fn may_be_rated(&self, now: Timestamp) -> Result<(), Refusal> {
        if !self.facts.status.kind.is_done() {
            return Err(Refusal::NotDone);
        }
        let is_old = |rating: &Rating| now.duration_since(rating.first_at) >= CHANGED_WITHIN;
        if self.rating.as_ref().is_some_and(is_old) {
            return Err(Refusal::RatedForGood);
        }
        Ok(())
    }
}
