//! Use cases: load, decide, save and queue.

mod context;
mod error;

pub use context::{App, Clock, Ids, ManualClock, Options, Tick};
pub use error::{AppError, Expected, Fault, Result};
