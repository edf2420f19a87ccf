//! What is done with tickets.

mod fire;
mod stored_clock;
mod writer;

pub(crate) use writer::{TicketWriter, Written};
