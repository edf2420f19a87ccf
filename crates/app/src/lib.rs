//! Use cases: load, decide, save and queue.

mod context;
mod error;

pub use context::{Clock, ManualClock};
pub use error::{AppError, Expected, Fault, Result};
