//! What is done with tickets.

mod change;
mod fire;
mod history;
mod merge;
mod message;
mod open;
mod read;
mod stored_clock;
mod terms;
mod writer;

pub use change::Change;
pub(crate) use history::bring_in;
pub use history::{Recorded, TicketHistory};
pub use mainstay_store::search::Hit;
pub use mainstay_store::ticket::{
    Direction, NextDue, StoredTicket, TicketFilter, TicketKey, TicketSort, TimeRange,
};
pub use message::MessageText;
pub use open::OpenTicket;
pub(crate) use writer::{NewFact, TicketWriter, Written};
