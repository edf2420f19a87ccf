//! Jobs: work that a transaction asked for and that is done after it.

use jiff::Timestamp;

use crate::id::JobId;

/// A job in the queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Identifies it.
    pub id: JobId,
    /// What is to be done, such as `send_mail`.
    pub kind: String,
    /// With what: a JSON object of ids.
    pub payload: String,
    /// Not before this instant.
    pub run_at: Timestamp,
    /// No two jobs in the queue have the same key.
    pub dedup_key: Option<String>,
    /// How many times it was tried and failed.
    pub attempts: u32,
    /// Why the last try failed.
    pub last_error: Option<String>,
    /// When it was given up, if it was: a person may look at it and queue it again.
    pub dead_at: Option<Timestamp>,
    /// When it was queued.
    pub created_at: Timestamp,
}
