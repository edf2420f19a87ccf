//! People are reached by every channel that a ladder names, told by e-mail where one fails, and answer by a link.

#![expect(clippy::unwrap_used, reason = "what is not as expected fails the test")]

mod acknowledging;
mod channel;
mod house;
mod sink;
