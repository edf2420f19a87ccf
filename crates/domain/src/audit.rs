//! The audit trail: who did what, beside what the ledger of tickets already says.

use jiff::Timestamp;
use uuid::Uuid;

use crate::event::Actor;
use crate::id::AccountId;

/// An entry of the audit trail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// Identifies it; sorts by time.
    pub id: Uuid,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: Actor,
    /// What they did, such as `token.created`.
    pub action: String,
    /// To what kind of thing, such as `contact`.
    pub subject_kind: String,
    /// To which one: an id or a name.
    pub subject: String,
    /// Which account it concerns.
    pub account: Option<AccountId>,
    /// The particulars, as JSON; never a secret.
    pub detail: String,
}
