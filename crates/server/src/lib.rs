//! The `mainstay` program: commands, settings, wiring, worker loop, shutdown.
//!
//! Each command lives in a module of its own under [`command`]; this file only says which there are.

pub mod command;
mod failure;
pub mod key;
pub mod logging;
pub mod mail;
pub mod metrics;
pub mod notify;
mod random;
pub mod service;
pub mod settings;
pub mod time;
pub mod traces;
pub mod webhook;

pub use command::CommandLine;
pub use failure::Failure;

/// What the program calls itself where it asks others.
pub(crate) const USER_AGENT: &str = concat!("mainstay/", env!("CARGO_PKG_VERSION"));
