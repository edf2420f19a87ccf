//! Contacts: the people at an account.

use jiff::Timestamp;

use crate::id::{AccountId, ContactId};

/// A person at an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    /// Identifies them.
    pub id: ContactId,
    /// Where they work; absent for somebody nobody has placed yet.
    pub account: Option<AccountId>,
    /// Their name.
    pub name: String,
    /// Their e-mail addresses as they write them, the one to write to first. Whatever its letters' case, an address
    /// belongs to one contact.
    pub addresses: Vec<String>,
    /// The language to write to them in, where it is not the account's.
    pub language: Option<String>,
    /// Their telephone number.
    pub phone: Option<String>,
    /// What they may do in the portal; nothing when absent.
    pub portal: Option<PortalRole>,
    /// Whether they may sign in and be written to.
    pub active: bool,
    /// When they were created.
    pub created_at: Timestamp,
}

/// What a contact may see in the portal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PortalRole {
    /// Their own tickets.
    Contact,
    /// Every ticket of the account.
    Administrator,
}
