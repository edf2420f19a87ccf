//! The whole store, row by row: read as it is at one instant while others write, and written into an empty one.
//!
//! What is read does not depend on the engine: identifiers are bytes, booleans are booleans, and what an engine makes by
//! itself (the index of words, the transaction that wrote a change) is left out. So a store can be read from one engine and
//! written to the other, and both give the same rows again.

mod catalog;
mod fill;
mod snapshot;

pub use catalog::{Kind, Table};
pub use fill::Filling;
pub use snapshot::Snapshot;

/// A value of a row.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// Nothing.
    Null,
    /// A whole number.
    Integer(i64),
    /// A number.
    Real(f64),
    /// A text.
    Text(String),
    /// Yes or no.
    Boolean(bool),
    /// Bytes, an identifier among them.
    Bytes(Vec<u8>),
}
