//! The audit trail: who did what, written in the transaction that did it.

use std::fmt::Display;

use mainstay_domain::audit::AuditEntry;
use mainstay_domain::id::AccountId;
use mainstay_domain::role::Permission;
use mainstay_store::audit::{self, AuditFilter};
use mainstay_store::{Page, PageRequest, Transaction};
use uuid::Uuid;

use crate::caller::{Caller, Credential};
use crate::context::App;
use crate::error::Result;

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
        Ok(audit::append(tx, &[entry]).await?)
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
