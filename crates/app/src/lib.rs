//! Use cases: load, decide, save and queue.
//!
//! [`App`] holds what every use case works with; what it can do stands in one file for each noun, as methods of it.
//! Every use case takes the [`Caller`] and checks what they may do before anything else.

mod account;
mod agent;
pub mod audit;
mod caller;
mod contact;
mod context;
mod contract;
mod error;
pub mod feed;
pub mod field;
pub mod idempotency;
mod macro_;
pub mod password;
pub mod secret;
pub mod session;
mod team;
mod throttle;
pub mod token;
mod view;
mod webhook;

pub use caller::{Caller, Credential};
pub use context::{App, Clock, Ids, ManualClock, Options, Tick};
pub use error::{AppError, Expected, Fault, Result};
pub use mainstay_store::account::{AccountFilter, Archived};
pub use mainstay_store::audit::AuditFilter;
pub use mainstay_store::contact::ContactFilter;
pub use mainstay_store::ticket::TimeRange;
pub use mainstay_store::{Cursor, Page, PageRequest};
