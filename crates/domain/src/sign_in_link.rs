//! Links by which somebody signs in, or sets a password they forgot.

use jiff::Timestamp;

use crate::digest::Digest;
use crate::event::Actor;
use crate::id::SignInLinkId;

/// A link that was asked for. It serves once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignInLink {
    /// Identifies it.
    pub id: SignInLinkId,
    /// What it is for.
    pub purpose: LinkPurpose,
    /// The address it was asked for, which may be nobody's.
    pub address: String,
    /// Whose it is; absent until it is sent, and for ever where the address is nobody's.
    pub actor: Option<Actor>,
    /// The digest of its secret; absent until it is sent.
    pub secret: Option<Digest>,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it ends unless it is used.
    pub expires_at: Timestamp,
}

/// What a link is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkPurpose {
    /// To sign in without a password.
    SignIn,
    /// To set a new password.
    NewPassword,
}
