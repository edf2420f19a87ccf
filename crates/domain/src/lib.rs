//! The nouns of Mainstay and the pure rules that govern them.
//!
//! Nothing here reads a clock, draws a random number, or touches a disk or a network: the instant and the source of
//! identifiers are parameters. Serialization is derived only for the [`event`]s, because the ledger stores them; the
//! forms that travel over HTTP belong to the `web` crate.

pub mod account;
pub mod account_event;
pub mod agent;
pub mod attachment;
pub mod audit;
pub mod clock;
pub mod commitment;
pub mod condition;
pub mod contact;
pub mod contract;
pub mod conversation;
pub mod digest;
pub mod dispatch;
pub mod draft;
pub mod escalation;
pub mod event;
pub mod export;
mod facts;
pub mod id;
pub mod job;
pub mod letter;
pub mod macro_;
pub mod mail;
pub mod mailbox;
pub mod message;
pub mod name;
pub mod notification;
pub mod on_call;
pub mod passkey;
pub mod policy;
pub mod rating;
pub mod role;
pub mod routing;
pub mod search;
pub mod second_factor;
pub mod session;
pub mod severity;
pub mod sign_in_link;
pub mod status;
pub mod team;
pub mod threading;
pub mod ticket;
pub mod token;
pub mod view;
pub mod webhook;
