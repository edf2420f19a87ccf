//! Use cases: load, decide, save and queue.
//!
//! [`App`] holds what every use case works with; what it can do stands in one file for each noun, as methods of it.
//! Every use case that somebody asks for takes the [`Caller`] and checks what they may do before anything else. What no
//! person asks for takes none: mail that came in, jobs, what is due, and the feed of changes.

mod account;
pub mod account_ledger;
mod agent;
pub mod attachment;
pub mod attainment;
pub mod audit;
pub mod backup;
pub mod calendar;
mod caller;
pub mod company;
mod contact;
mod context;
pub mod contract;
pub mod demo;
pub mod doctor;
pub mod draft;
mod error;
pub mod escalation;
pub mod export;
pub mod feed;
pub mod field;
pub mod idempotency;
pub mod import;
pub mod job;
pub mod lateness;
pub mod macro_;
pub mod mail;
pub mod me;
pub mod measure;
pub mod names;
pub mod notification;
pub mod on_call;
mod owned;
pub mod passkey;
pub mod password;
pub mod policy;
pub mod portal;
pub mod presence;
pub mod remote_image;
mod routing;
pub mod search;
pub mod second_factor;
pub mod secret;
pub mod session;
pub mod set_up;
pub mod sign_in;
pub mod sign_in_link;
pub mod team;
mod throttle;
pub mod ticket;
pub mod tidy;
pub mod time;
pub mod token;
pub mod trace;
mod transaction;
mod vault;
mod view;
pub mod webhook;
pub mod worker;

pub use account::AccountSummary;
pub use caller::{Caller, Credential};
pub use context::{App, Clock, Ids, ManualClock, Options};
pub use error::{AppError, Expected, Fault, Result};
pub use mainstay_channels::template::Language;
pub use mainstay_report::explanation;
pub use mainstay_store::account::{AccountFilter, Archived};
pub use mainstay_store::audit::AuditFilter;
pub use mainstay_store::contact::ContactFilter;
pub use mainstay_store::ticket::TimeRange;
pub use mainstay_store::{Cursor, Page, PageRequest};
pub use vault::{NoVaultKey, Vault, VaultKey, key_in_use};
pub use worker::Tick;
