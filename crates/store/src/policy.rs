//! The packs that were applied, one version after the other. A rollback is a version too.

use std::collections::BTreeMap;

use jiff::Timestamp;
use mainstay_domain::digest::Digest;
use mainstay_domain::event::Actor;
use mainstay_domain::id::TeamId;
use mainstay_domain::name::TeamName;
use mainstay_domain::policy::PolicyVersion;

use crate::column::Field;
use crate::connection::{Connection, Transaction, one};
use crate::error::StoreError;
use crate::record::{self, fetch_all, fetch_one, insert_all, record, select};
use crate::sql::Sql;

/// A pack as it was applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppliedPack {
    /// Which version it is.
    pub version: PolicyVersion,
    /// The pack's name.
    pub pack: String,
    /// The digest of its files.
    pub digest: Digest,
    /// Its files: text by name.
    pub files: BTreeMap<String, String>,
    /// Which teams its conditions meant when it was applied, by the names that they bear in it.
    pub teams: BTreeMap<TeamName, TeamId>,
    /// When it was applied.
    pub applied_at: Timestamp,
    /// Who applied it.
    pub applied_by: Actor,
    /// Why.
    pub note: String,
}

record!(AppliedPack in "policy_version" { version, pack, digest, files, teams, applied_at, applied_by, note });

/// A pack as it was applied, without its files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppliedSummary {
    /// Which version it is.
    pub version: PolicyVersion,
    /// The pack's name.
    pub pack: String,
    /// The digest of its files.
    pub digest: Digest,
    /// Which teams its conditions meant when it was applied, by the names that they bear in it.
    pub teams: BTreeMap<TeamName, TeamId>,
    /// When it was applied.
    pub applied_at: Timestamp,
    /// Who applied it.
    pub applied_by: Actor,
    /// Why.
    pub note: String,
}

record!(AppliedSummary in "policy_version" { version, pack, digest, teams, applied_at, applied_by, note });

impl From<AppliedPack> for AppliedSummary {
    fn from(pack: AppliedPack) -> Self {
        Self {
            version: pack.version,
            pack: pack.pack,
            digest: pack.digest,
            teams: pack.teams,
            applied_at: pack.applied_at,
            applied_by: pack.applied_by,
            note: pack.note,
        }
    }
}

/// Makes a pack the one in force. Its version is one more than the latest's.
///
/// # Errors
/// [`StoreError::Conflict`] when its version is taken: somebody else applied a pack meanwhile.
pub async fn apply(tx: &Transaction, pack: &AppliedPack) -> Result<(), StoreError> {
    insert_all(tx, [pack]).await
}

/// The pack in force, if any was ever applied.
///
/// # Errors
/// [`StoreError::Corrupt`] when it cannot be read.
pub async fn latest(on: &impl Connection) -> Result<Option<AppliedPack>, StoreError> {
    fetch_one(
        on,
        select::<AppliedPack>().then(" ORDER BY t.version DESC LIMIT 1"),
    )
    .await
}

/// The number of the version in force, if any was ever applied: what nodes ask to learn of another's change.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn latest_version(on: &impl Connection) -> Result<Option<PolicyVersion>, StoreError> {
    let row = one(on, Sql::new("SELECT MAX(version) FROM policy_version")).await?;
    row.map_or(Ok(None), |row| Field::read(&row, 0))
}

/// A version.
///
/// # Errors
/// [`StoreError::Corrupt`] when it cannot be read.
pub async fn find(
    on: &impl Connection,
    version: PolicyVersion,
) -> Result<Option<AppliedPack>, StoreError> {
    record::find(on, &version).await
}

/// Every version, oldest first.
///
/// # Errors
/// [`StoreError::Corrupt`] when one cannot be read.
pub async fn all(on: &impl Connection) -> Result<Vec<AppliedPack>, StoreError> {
    fetch_all(on, select::<AppliedPack>().then(" ORDER BY t.version")).await
}

/// Every version without its files, oldest first.
///
/// # Errors
/// [`StoreError::Corrupt`] when one cannot be read.
pub async fn summaries(on: &impl Connection) -> Result<Vec<AppliedSummary>, StoreError> {
    fetch_all(on, select::<AppliedSummary>().then(" ORDER BY t.version")).await
}
