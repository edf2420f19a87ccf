//! What is done with tickets.

mod asked;
mod batch;
mod change;
mod fire;
mod history;
mod mention;
mod merge;
mod message;
mod open;
mod rating;
mod read;
mod stored_clock;
mod terms;
mod together;
mod trail;
mod walk;
mod writer;

pub(crate) use asked::AskedTicket;
pub(crate) use batch::Batch;
pub use change::Change;
pub(crate) use change::command;
pub use history::{Recorded, TicketHistory};
pub(crate) use history::{Unfolded, bring_in, write_unfolded};
pub use mainstay_store::search::Hit;
pub use mainstay_store::ticket::{
    Direction, NextDue, StoredTicket, TicketFilter, TicketKey, TicketSort, TimeRange,
};
pub use merge::Effect;
pub(crate) use merge::{merge, split};
pub use message::MessageText;
pub(crate) use message::{add_message, append_message, deliver_message};
pub use open::OpenTicket;
pub(crate) use open::{LONGEST_SUBJECT, open_ticket};
pub(crate) use rating::rating_comment;
pub(crate) use stored_clock::stored_clocks;
pub(crate) use terms::day_of;
pub(crate) use together::Work;
pub use trail::ByToken;
pub(crate) use trail::TokenTrail;
pub(crate) use walk::OpenTickets;
pub(crate) use writer::{NewFact, Opening, TicketWriter, next_due};
