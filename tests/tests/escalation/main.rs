//! A promise is in danger, then missed; the right people are told, one after the other, until somebody takes it on.

#![expect(clippy::unwrap_used, reason = "what is not as expected fails the test")]

mod house;
mod raising;
mod story;
mod telling;
