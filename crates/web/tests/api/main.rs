//! Drives the service through its router, on a store that vanishes.

mod accounts;
mod events;
mod idempotency;
mod people;
mod service;
mod sessions;
mod tokens;
