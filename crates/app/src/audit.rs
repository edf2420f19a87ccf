//! The audit trail: who did what, written in the transaction that did it.

use std::fmt::Display;

use mainstay_domain::audit::AuditEntry;
use mainstay_domain::digest::Digest;
use mainstay_domain::event::Actor;
use mainstay_domain::id::AccountId;
use mainstay_domain::role::Permission;
use mainstay_store::audit::{self, AuditFilter, Link};
use mainstay_store::{Page, PageRequest, Transaction};
use uuid::Uuid;

use crate::caller::{Caller, Credential};
use crate::context::App;
use crate::error::Result;
use crate::secret::digest;
use crate::transaction::transact;

/// Something somebody did.
#[derive(Debug, Clone)]
pub struct Action {
    name: &'static str,
    subject_kind: &'static str,
    subject: String,
    account: Option<AccountId>,
    detail: serde_json::Value,
}

impl Action {
    /// What was done, such as `token.created`, to what kind of thing, and to which one.
    #[must_use]
    pub fn new(name: &'static str, subject_kind: &'static str, subject: impl Display) -> Self {
        Self {
            name,
            subject_kind,
            subject: subject.to_string(),
            account: None,
            detail: serde_json::json!({}),
        }
    }

    /// Which account it concerns.
    #[must_use]
    pub fn of_account(mut self, account: impl Into<Option<AccountId>>) -> Self {
        self.account = account.into();
        self
    }

    /// The particulars; never a secret.
    #[must_use]
    pub fn with(mut self, detail: serde_json::Value) -> Self {
        self.detail = detail;
        self
    }
}

/// What there is to say of the chain of the audit trail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuditVerdict {
    /// Every entry is as it was written, and none is missing.
    Whole {
        /// So many entries.
        entries: u64,
        /// So many more are older than the chain, about which it says nothing.
        before: u64,
    },
    /// Somebody meddled with the store.
    Broken {
        /// The place of the first entry that is wrong, counted from 1.
        place: u64,
        /// The entry, where there is one.
        entry: Option<Uuid>,
        /// What is wrong with it.
        what: &'static str,
    },
}

impl AuditVerdict {
    fn broken(place: u64, entry: Option<Uuid>, what: &'static str) -> Self {
        Self::Broken { place, entry, what }
    }
}

/// So many entries are linked in one transaction: nobody else writes on SQLite meanwhile.
const LINKED_AT_ONCE: u32 = 200;

/// And so many times in a row.
const ROUNDS: u32 = 1_000;

/// So many entries are read at once when the chain is gone through.
const VERIFIED_AT_ONCE: u32 = 1_000;

/// The digest of an entry at its place after another. Each part is preceded by its length, so that no two entries have
/// the same bytes.
fn link_hash(before: Digest, place: u64, entry: &AuditEntry) -> Digest {
    let account = entry.account.map(|id| id.to_string()).unwrap_or_default();
    let at = entry.at.as_microsecond().to_string();
    let actor = match entry.actor {
        Actor::Agent(id) => format!("agent:{id}"),
        Actor::Contact(id) => format!("contact:{id}"),
        Actor::System => "system".to_owned(),
    };
    let (place, id) = (place.to_string(), entry.id.to_string());
    let parts = [
        place.as_str(),
        &id,
        &at,
        &actor,
        &entry.action,
        &entry.subject_kind,
        &entry.subject,
        &account,
        &entry.detail,
    ];
    let mut bytes = before.0.to_vec();
    for part in parts {
        bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
        bytes.extend_from_slice(part.as_bytes());
    }
    digest(&bytes)
}

/// The digest of an entry that waits for its place.
fn own_hash(entry: &AuditEntry) -> Digest {
    link_hash(Digest([0; 32]), 0, entry)
}

impl App {
    /// Writes what the caller did into the audit trail.
    ///
    /// # Errors
    /// Fails when the store does not answer.
    pub(crate) async fn record(
        &self,
        tx: &Transaction,
        caller: &Caller,
        action: Action,
    ) -> Result<()> {
        let now = self.now();
        let mut detail = action.detail;
        if let (Credential::Token(token), Some(detail)) =
            (caller.credential, detail.as_object_mut())
        {
            // The actor says in whose name it was done; the token says by which of their programs.
            detail.insert("token".to_owned(), token.uuid().to_string().into());
        }
        let entry = AuditEntry {
            id: self.new_id::<Uuid>(now),
            at: now,
            actor: caller.actor,
            action: action.name.to_owned(),
            subject_kind: action.subject_kind.to_owned(),
            subject: action.subject,
            account: action.account,
            detail: detail.to_string(),
        };
        Ok(audit::append(tx, &entry, own_hash(&entry)).await?)
    }

    /// Links the entries of the audit trail that wait. One that was not written by the program stays as it is, for
    /// [`verify_audit`](Self::verify_audit) to point at, and keeps no other waiting.
    ///
    /// # Errors
    /// Fails when the store does not answer.
    pub async fn link_audit(&self) -> Result<()> {
        // What comes meanwhile is linked the next time.
        for _ in 0..ROUNDS {
            if audit::waiting(&self.read(), 1).await?.is_empty() {
                break;
            }
            let linked = transact!(self, tx => async {
                let mut last = audit::take_head(tx).await?;
                let mut links = Vec::new();
                for (entry, digest) in audit::waiting(tx, LINKED_AT_ONCE).await? {
                    if digest == own_hash(&entry) {
                        let place = last.place + 1;
                        last = Link { place, hash: link_hash(last.hash, place, &entry) };
                        links.push((entry.id, last));
                    }
                }
                audit::chain(tx, &links).await?;
                Ok(links.len())
            })?;
            if linked == 0 {
                break;
            }
        }
        Ok(())
    }

    /// Goes through the chain of the audit trail from its beginning, and says whether anybody changed, removed or put in
    /// an entry past the program.
    ///
    /// # Errors
    /// Fails when the store does not answer.
    pub async fn verify_audit(&self) -> Result<AuditVerdict> {
        let on = self.read();
        // What is appended meanwhile is left to the next time.
        let head = audit::head(&on).await?;
        let mut last = Link {
            place: 0,
            hash: Digest([0; 32]),
        };
        while last.place < head.place {
            let entries = audit::chained(&on, last.place, VERIFIED_AT_ONCE).await?;
            if entries.is_empty() {
                return Ok(AuditVerdict::broken(last.place + 1, None, "it is missing"));
            }
            for (entry, link) in entries {
                if link.place != last.place + 1 {
                    return Ok(AuditVerdict::broken(last.place + 1, None, "it is missing"));
                }
                if link.hash != link_hash(last.hash, link.place, &entry) {
                    let what = "it, or the one before it, was changed";
                    return Ok(AuditVerdict::broken(link.place, Some(entry.id), what));
                }
                last = link;
                if last.place == head.place {
                    break;
                }
            }
        }
        if last.hash != head.hash {
            let what = "it is not the one that was written last";
            return Ok(AuditVerdict::broken(last.place, None, what));
        }
        let waiting = audit::waiting(&on, u32::MAX).await?;
        if let Some((entry, _)) = waiting
            .iter()
            .find(|(entry, hash)| *hash != own_hash(entry))
        {
            let what = "it was not written by the program";
            return Ok(AuditVerdict::broken(last.place + 1, Some(entry.id), what));
        }
        Ok(AuditVerdict::Whole {
            entries: last.place + waiting.len() as u64,
            before: audit::count_unchained(&on).await?,
        })
    }

    /// The audit trail, latest first.
    ///
    /// # Errors
    /// [`Forbidden`](crate::AppError::Forbidden) without the permission `audit.read`.
    pub async fn audit_trail(
        &self,
        caller: &Caller,
        filter: &AuditFilter,
        page: PageRequest,
    ) -> Result<Page<AuditEntry>> {
        caller.require(Permission::ReadAudit)?;
        Ok(audit::list(&self.read(), filter, page).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;

    #[test]
    fn a_digest_depends_on_every_part_and_where_it_ends() {
        let entry = AuditEntry {
            id: Uuid::nil(),
            at: Timestamp::UNIX_EPOCH,
            actor: Actor::System,
            action: "token.created".to_owned(),
            subject_kind: "token".to_owned(),
            subject: "a".to_owned(),
            account: None,
            detail: "{}".to_owned(),
        };
        let zero = Digest([0; 32]);
        let of = |entry: &AuditEntry| link_hash(zero, 1, entry);
        let known = of(&entry);
        let shifted = AuditEntry {
            subject_kind: "toke".to_owned(),
            subject: "na".to_owned(),
            ..entry.clone()
        };
        let moved = AuditEntry {
            account: Some(AccountId::from(Uuid::nil())),
            ..entry.clone()
        };
        let other_actor = AuditEntry {
            actor: Actor::Agent(Uuid::nil().into()),
            ..entry.clone()
        };
        for other in [shifted, moved, other_actor] {
            assert_ne!(of(&other), known);
        }
        assert_ne!(link_hash(zero, 2, &entry), known);
        assert_ne!(link_hash(known, 1, &entry), known);
    }
}
