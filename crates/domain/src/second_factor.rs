//! The second factor of a sign-in: an authenticator that shows a code, and codes on paper for when it is lost.

use jiff::Timestamp;

use crate::digest::Digest;
use crate::event::Actor;
use crate::id::{AuthenticatorId, RecoveryCodeId};

/// A program that shows time-based codes (TOTP, RFC 6238).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authenticator {
    /// Identifies it.
    pub id: AuthenticatorId,
    /// Whose it is. Everybody has one at most.
    pub actor: Actor,
    /// The secret it shares with us, sealed.
    pub secret: String,
    /// When it was begun to be set up.
    pub created_at: Timestamp,
    /// When its owner proved that it works; a sign-in asks for it from then on.
    pub confirmed_at: Option<Timestamp>,
    /// The span of time, counted since 1970, of the last code that was accepted: no code is accepted twice.
    pub last_span: u64,
}

/// A code that takes the authenticator's place, once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecoveryCode {
    /// Identifies it.
    pub id: RecoveryCodeId,
    /// Whose it is.
    pub actor: Actor,
    /// The digest of the code.
    pub code: Digest,
}
