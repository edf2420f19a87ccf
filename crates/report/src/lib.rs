//! The ledger of a deadline, in rows and in words.

pub mod explanation;
