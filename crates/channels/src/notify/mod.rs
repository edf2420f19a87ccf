//! Short messages to people: Slack, text messages, telephone calls and pagers.
//!
//! What is said to each provider is pure: a [`ShortMessage`] becomes a [`Request`]. A [`Notifier`] sends it and judges the
//! answer.

mod gateway;
mod judge;
mod pager;
mod request;
mod send;
mod slack;
mod twilio;

pub use gateway::{Gateway, GatewayError};
pub use judge::NotifyOutcome;
pub use pager::Pager;
pub use request::{Act, Medium, Request, ShortMessage};
pub use send::{Notifier, NotifySettings, NotifySettingsError};
pub use slack::Slack;
pub use twilio::{Telephone, Twilio};
