//! What is done with escalations: raised by what happens to tickets, climbed when due, handled by people.

mod due;
mod handle;
mod link;
mod people;
mod policy;
mod read;
mod respond;
mod writer;

pub use handle::{RaiseEscalation, Record};
pub use link::{LinkStanding, LinkView};
pub use mainstay_store::escalation::{EscalationFilter, StoredEscalation, StoredPhase};
pub(crate) use people::Everybody;
pub use read::{EscalationView, NextStep};
pub(crate) use respond::{KnownEscalations, Response, prepare_responses, respond, save_responses};
pub(crate) use writer::{EscalationWriter, Prepared, prepare, save_together};

use mainstay_domain::escalation::Refusal;

use crate::error::AppError;

impl From<Refusal> for AppError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Empty(_) => Self::Invalid(vec![crate::error::Fault {
                path: Vec::new(),
                detail: refusal.to_string(),
            }]),
            Refusal::NoSuchLevel { .. } => Self::invalid("level", refusal.to_string()),
            Refusal::Policy(error) => {
                Self::broken("The policy cannot say what is due next.", error)
            }
            _ => Self::Refused(refusal.to_string()),
        }
    }
}
