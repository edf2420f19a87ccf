//! The whole promise between real servers: a customer's mail comes through the pipe of a mail server, the right clocks
//! start, warnings, misses and escalations arrive in real mailboxes, an agent answers from one, and the clocks stop.
//!
//! The service listens, works and watches its mailboxes as in earnest. Only its time is moved by hand.

mod history;
mod house;
mod letter;
mod pipe;
mod post;
mod walk;
