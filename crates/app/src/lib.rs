//! Use cases: load, decide, save and queue.

mod caller;
mod context;
mod error;
pub mod password;
mod throttle;

pub use caller::{Caller, Credential};
pub use context::{App, Clock, Ids, ManualClock, Options, Tick};
pub use error::{AppError, Expected, Fault, Result};
