//! Passkeys (WebAuthn): keys that somebody's device or password manager keeps for them, and uses only when it has verified
//! that it is them.

use jiff::Timestamp;

use crate::digest::Digest;
use crate::event::Actor;
use crate::id::{PasskeyChallengeId, PasskeyId};

/// A passkey that somebody registered. We have its public half alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passkey {
    /// Identifies it.
    pub id: PasskeyId,
    /// Whose it is.
    pub actor: Actor,
    /// What its owner calls it.
    pub name: String,
    /// What the device knows it by (the credential id).
    pub credential: Vec<u8>,
    /// The public key, and what the device said once and for all when it was registered.
    pub public_key: Vec<u8>,
    /// What may change each time it is used: the counter of signatures, and whether it is backed up.
    pub state: Vec<u8>,
    /// When it was registered.
    pub created_at: Timestamp,
    /// When somebody last signed in with it.
    pub last_used_at: Option<Timestamp>,
}

/// What a passkey is asked to sign, once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasskeyChallenge {
    /// Identifies it.
    pub id: PasskeyChallengeId,
    /// The digest of the challenge.
    pub challenge: Digest,
    /// Who registers a passkey by it; nobody where somebody signs in.
    pub actor: Option<Actor>,
    /// What was asked, sealed.
    pub state: String,
    /// Until when an answer counts.
    pub expires_at: Timestamp,
}
