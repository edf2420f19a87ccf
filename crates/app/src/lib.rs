//! Use cases: load, decide, save and queue.

mod caller;
mod context;
mod error;
pub mod job;
pub mod password;
pub mod policy;
mod throttle;
pub mod ticket;
mod transaction;
pub mod worker;

pub use caller::{Caller, Credential};
pub use context::{App, Clock, Ids, ManualClock, Options};
pub use error::{AppError, Expected, Fault, Result};
pub use worker::Tick;
