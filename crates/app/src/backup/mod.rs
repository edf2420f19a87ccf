//! The whole of what is kept, in one stream: a backup, what is restored from it, and a move from one store to another.

mod format;
mod read;
mod write;

use std::collections::BTreeMap;

use mainstay_store::StoreError;

pub use read::{read, restored_from};
pub use write::write;

/// Why a stream could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The stream itself: a disk that is full, a pipe that broke.
    #[error("{0}")]
    Stream(#[from] std::io::Error),
    /// It is damaged, cut off, or no backup.
    #[error("{0}")]
    Damaged(String),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The store of files.
    #[error("{0}")]
    Files(String),
}

/// What a stream holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// How many rows of each table.
    pub rows: BTreeMap<String, u64>,
    /// How many files: attachments, uploads that wait for a message, and archives of exports.
    pub files: u64,
    /// Files that the store of attachments could not give, by name: what is wrong with each.
    pub unreadable: Vec<String>,
}

impl Summary {
    /// How many rows in all.
    #[must_use]
    pub fn all_rows(&self) -> u64 {
        self.rows.values().sum()
    }
}
