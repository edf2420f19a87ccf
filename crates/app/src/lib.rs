//! Use cases: load, decide, save and queue.

mod context;
mod error;
pub mod job;
pub mod policy;
pub mod ticket;
mod transaction;
pub mod worker;

pub use context::{App, Clock, Ids, ManualClock, Options};
pub use error::{AppError, Expected, Fault, Result};
pub use worker::Tick;
