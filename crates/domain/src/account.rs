//! Accounts: the customer organisations.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::id::{AccountId, AgentId};
use crate::name::RoleName;

/// A customer organisation. Its tier is its contract's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Identifies it.
    pub id: AccountId,
    /// Its name.
    pub name: String,
    /// What another system calls it; unique where given.
    pub external_id: Option<String>,
    /// The language to write to it in, as a BCP 47 tag such as `pt-BR`.
    pub language: Option<String>,
    /// Its IANA time zone, such as `America/Sao_Paulo`.
    pub time_zone: Option<String>,
    /// The domains of its e-mail addresses, lower-case; a domain belongs to one account.
    pub domains: Vec<String>,
    /// Who looks after it.
    pub people: Vec<NamedPerson>,
    /// Custom fields by name.
    pub fields: BTreeMap<String, String>,
    /// Notes for those who serve.
    pub notes: String,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was archived, if it was: it remains for the record and takes part in nothing.
    pub archived_at: Option<Timestamp>,
}

/// A person who looks after an account, in a role.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct NamedPerson {
    /// In which role, such as `success_manager`.
    pub role: RoleName,
    /// Who.
    pub agent: AgentId,
}
