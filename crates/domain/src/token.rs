//! API tokens.

use jiff::Timestamp;

use crate::digest::Digest;
use crate::event::Actor;
use crate::id::TokenId;

/// A token for the API. Its secret is shown once and not kept, only its digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiToken {
    /// Identifies it.
    pub id: TokenId,
    /// What its owner calls it.
    pub name: String,
    /// The digest of its secret.
    pub secret: Digest,
    /// In whose name it acts.
    pub actor: Actor,
    /// What it may do, such as `tickets:read`.
    pub scopes: Vec<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends; never when absent.
    pub expires_at: Option<Timestamp>,
    /// When it was last used.
    pub last_used_at: Option<Timestamp>,
    /// When it was revoked, if it was.
    pub revoked_at: Option<Timestamp>,
}

impl ApiToken {
    /// Whether the token may be used at an instant.
    #[must_use]
    pub fn is_valid(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|end| now < end)
    }
}
