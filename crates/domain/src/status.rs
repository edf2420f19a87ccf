//! The status of a ticket.

use serde::{Deserialize, Serialize};

use crate::name::StatusName;

/// What a status means to the program. A pack may add statuses of its own, each of one of these kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StatusKind {
    /// Nobody has taken it yet.
    New,
    /// Somebody works on it.
    Open,
    /// The customer must answer first.
    PendingCustomer,
    /// Something outside must happen first.
    OnHold,
    /// Answered; the customer may still disagree.
    Resolved,
    /// Over; a later message makes a follow-up.
    Closed,
}

impl StatusKind {
    /// Every kind, in the order a ticket usually passes through them.
    pub const ALL: [Self; 6] = [
        Self::New,
        Self::Open,
        Self::PendingCustomer,
        Self::OnHold,
        Self::Resolved,
        Self::Closed,
    ];

    /// The name of the built-in status of this kind.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Open => "open",
            Self::PendingCustomer => "pending_customer",
            Self::OnHold => "on_hold",
            Self::Resolved => "resolved",
            Self::Closed => "closed",
        }
    }

    /// Whether the work is over: resolved or closed.
    #[must_use]
    pub fn is_done(self) -> bool {
        matches!(self, Self::Resolved | Self::Closed)
    }
}

/// A status: its name and what it means.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Status {
    /// The name, unique in a pack.
    pub name: StatusName,
    /// What it means.
    pub kind: StatusKind,
}

impl From<StatusKind> for Status {
    /// The built-in status of a kind.
    fn from(kind: StatusKind) -> Self {
        Self {
            name: StatusName::from(kind.as_str()),
            kind,
        }
    }
}
