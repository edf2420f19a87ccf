//! Telling those who serve: what they are to know, when it goes out, and the proof that it did.

mod deliver;
mod dispatch;
mod hours;
mod inbox;
mod link;
mod mail;
mod notice;
mod words;

pub use dispatch::{MOST_TRIES, NotifyTransport};
pub use inbox::Subjects;
pub use mainstay_store::notification::ReadState;

pub(crate) use deliver::note_mail;
pub(crate) use dispatch::{send_dispatch, tell_pagers};
pub(crate) use notice::{EVERYDAY_CHANNELS, Notice, tell};
pub(crate) use words::{
    escalation_title, language_of, local, mention_title, reason_of, reason_words,
};
