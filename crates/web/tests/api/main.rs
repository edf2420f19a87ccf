//! Drives the service through its router, on a store that vanishes.

#![expect(clippy::unwrap_used, reason = "what is not as expected fails the test")]

mod accounts;
mod attainment;
mod bulk;
mod company;
mod contracts;
mod desk;
mod escalations;
mod events;
mod exports;
mod files;
mod hooks;
mod idempotency;
mod internal;
mod links;
mod mail;
mod mailboxes;
mod on_call;
mod passkeys;
mod people;
mod policy;
mod rates;
mod ratings;
mod ratings_by_mail;
mod remote_images;
mod roles;
mod search;
mod second_factors;
mod service;
mod sessions;
mod set_up;
mod sign_in_links;
mod tickets;
mod time;
mod tokens;
