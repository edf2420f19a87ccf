//! What is done with tickets.

mod change;
mod fire;
mod merge;
mod message;
mod open;
mod read;
mod stored_clock;
mod writer;

pub use change::Change;
pub use message::MessageText;
pub use open::OpenTicket;
pub(crate) use writer::{NewFact, TicketWriter, Written};
