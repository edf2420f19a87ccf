//! Exports: everything that is kept of an account, to be taken out.

use jiff::Timestamp;

use crate::event::Actor;
use crate::id::{AccountId, ExportId};

/// An export that somebody asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Export {
    /// Identifies it.
    pub id: ExportId,
    /// Of which account.
    pub account: AccountId,
    /// How much of it.
    pub extent: ExportExtent,
    /// Who asked.
    pub requested_by: Actor,
    /// When.
    pub requested_at: Timestamp,
    /// How far it is.
    pub state: ExportState,
    /// Why it could not be written, if it could not.
    pub last_error: Option<String>,
    /// When it was written, if it was.
    pub finished_at: Option<Timestamp>,
    /// When the archive is removed, once there is one.
    pub expires_at: Option<Timestamp>,
    /// The archive's size in bytes, once there is one.
    pub size: Option<u64>,
    /// How many files could not be read any more and are missing from it.
    pub lost_files: u64,
}

/// How much of an account an export holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportExtent {
    /// Everything that is kept.
    Everything,
    /// What the portal shows: no internal notes, no ledger, no escalations, no raw mails.
    Portal,
}

/// How far an export is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportState {
    /// It waits to be written, or is being written.
    Queued,
    /// It can be downloaded.
    Ready,
    /// It could not be written.
    Failed,
    /// Its archive was removed.
    Expired,
}
