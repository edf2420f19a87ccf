//! Bad input, put to the program itself: each has a clear error, nothing that was acknowledged is lost, and others are served
//! meanwhile. `docs/security.md` lists every kind with the test that shows it.

mod connection;
mod file;
mod house;
mod mail;
mod request;
mod store;
