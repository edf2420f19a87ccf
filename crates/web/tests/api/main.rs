//! Drives the service through its router, on a store that vanishes.

mod accounts;
mod events;
mod idempotency;
mod people;
mod policy;
mod service;
mod sessions;
mod tickets;
mod time;
mod tokens;
