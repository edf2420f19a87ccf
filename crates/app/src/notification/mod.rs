//! Telling those who serve: what they are to know, when it goes out, and the proof that it did.

mod deliver;
mod hours;
mod inbox;
mod mail;
mod notice;

pub use mainstay_store::notification::ReadState;

pub(crate) use deliver::note_mail;
pub(crate) use notice::{EVERYDAY_CHANNELS, Notice, tell};
