//! Mail, both ways: received, filed, answered, sent.
//!
//! A mail that comes in is stored as received by [`App::receive_mail`](crate::App::receive_mail) before anything parses
//! it. A job then reads it, decides where it belongs ([`mainstay_domain::threading`]) and files it; the decision stays
//! with the mail and can be undone.
//!
//! A mail that goes out is rendered into the store first, with a message id that follows from what it carries, and sent
//! by a job of its own. So nothing is sent twice because a job ran twice. One window remains that no mail system can
//! close: when the program dies after the server took a mail and before that was written down, the mail is handed over
//! again, with the same message id, by which the receiving side recognises the copy.

mod access;
mod acknowledge;
mod bounce;
mod check;
mod evidence;
mod file;
mod hold;
mod identity;
mod letter;
mod notice;
mod part;
mod post;
mod proof;
mod rating;
mod read;
mod reading;
mod receive;
mod refile;
mod reply;
mod send;
mod transport;
mod verdict;
mod vocabulary;

pub use check::{Checked, CheckedMailbox, MailCheck, MailFault, MailStep, MailTest};
pub use file::FilingDecision;
pub(crate) use identity::KEY_NAME as MAIL_KEY;
pub use identity::{FloodLimit, MailOptions};
pub use rating::{RatingStanding, RatingView};
pub use receive::{Filed, ReceivedMail, WayIn};
pub use refile::RefileInto;
pub use transport::{MailTransport, RecordingTransport};

pub(crate) use access::Addressee;
pub(crate) use acknowledge::acknowledge;
pub(crate) use identity::Identity;
pub(crate) use letter::templates;
pub(crate) use post::post;
pub(crate) use rating::{ask_for_rating, queue_rating};
pub(crate) use read::{Read, file_together, read_mail, read_together};
pub(crate) use reply::deliver_reply;
pub(crate) use send::send_mail;
pub(crate) use vocabulary::Vocabulary;
