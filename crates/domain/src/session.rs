//! Sessions of people who signed in.

use jiff::Timestamp;

use crate::digest::Digest;
use crate::event::Actor;
use crate::id::SessionId;

/// A session. The secret that the browser carries is not kept, only its digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Identifies it.
    pub id: SessionId,
    /// The digest of its secret.
    pub secret: Digest,
    /// Who signed in: an agent or a contact.
    pub actor: Actor,
    /// With which program, in its own words.
    pub user_agent: String,
    /// When they signed in.
    pub created_at: Timestamp,
    /// When it was last used.
    pub last_seen_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
}
