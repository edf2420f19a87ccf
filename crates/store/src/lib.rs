//! The store: ledger, rows, queue, on SQLite and PostgreSQL.
//!
//! A [`Store`] is opened once and cloned freely. What only reads takes a [`Reader`] or a [`Transaction`], by the sealed
//! trait [`Connection`]; what writes takes a [`Transaction`], whose writes become visible and durable together when it
//! is committed. The functions stand in one module for each noun, named as the noun's file in the domain.
//!
//! Both engines run the same SQL, so every function answers alike on both; where they differ, `contract.rs` among the
//! tests says so by failing. Instants are kept to the microsecond: a finer one is cut off.

pub mod account;
pub mod agent;
pub mod audit;
pub mod change;
mod claim;
pub mod clock;
mod column;
pub mod connection;
pub mod contact;
pub mod contract;
pub mod dispatch;
pub mod draft;
pub mod due;
pub mod dump;
mod error;
pub mod escalation;
pub mod export;
pub mod idempotency;
pub mod image_sender;
pub mod imported;
pub mod job;
pub mod ledger;
pub mod macro_;
pub mod mail;
pub mod mailbox;
pub mod message;
mod named_list;
pub mod names;
mod news;
pub mod notification;
pub mod on_call;
mod open;
pub mod page;
pub mod participant;
pub mod passkey;
mod password;
#[cfg(test)]
mod plan;
pub mod policy;
pub mod presence;
mod put_off;
mod rare;
mod record;
pub mod retention;
mod row;
mod schema;
pub mod search;
pub mod second_factor;
pub mod session;
pub mod setting;
pub mod sign_in_failure;
pub mod sign_in_link;
mod sql;
mod sqlite;
pub mod team;
pub mod thread;
pub mod ticket;
pub mod token;
pub mod upload;
pub mod view;
pub mod webhook;
mod words;

pub use claim::{Claim, Claimed};
pub use connection::{Connection, Reader, Transaction};
pub use error::StoreError;
pub use open::{PoolStanding, Store, StoreOptions};
pub use page::{Cursor, Page, PageRequest};
