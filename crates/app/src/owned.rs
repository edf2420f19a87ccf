//! What agents keep for themselves or for everybody: views and macros.

use std::fmt::Display;

use mainstay_domain::id::AgentId;
use mainstay_domain::macro_::Macro;
use mainstay_domain::role::Permission;
use mainstay_domain::view::View;
use mainstay_store::Transaction;

use crate::audit::Action;
use crate::caller::Caller;
use crate::context::App;
use crate::error::{AppError, Result};

/// Something that belongs to one agent, or to everybody.
pub(crate) trait Owned {
    /// What it is called.
    const NOUN: &'static str;
    /// What it takes to write one that is everybody's.
    const SHARE: Permission;

    fn id(&self) -> String;
    fn name(&self) -> &str;
    /// Nobody where it is everybody's.
    fn owner(&self) -> Option<AgentId>;
}

impl Owned for View {
    const NOUN: &'static str = "view";
    const SHARE: Permission = Permission::ShareViews;

    fn id(&self) -> String {
        self.id.to_string()
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn owner(&self) -> Option<AgentId> {
        self.owner
    }
}

impl Owned for Macro {
    const NOUN: &'static str = "macro";
    const SHARE: Permission = Permission::UpdateMacros;

    fn id(&self) -> String {
        self.id.to_string()
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn owner(&self) -> Option<AgentId> {
        self.owner
    }
}

/// Somebody else's own is as if it were not there.
pub(crate) fn usable<T: Owned>(caller: &Caller, id: impl Display, found: Option<T>) -> Result<T> {
    caller.require(Permission::ReadTickets)?;
    let agent = caller.agent()?;
    found
        .filter(|found| found.owner().is_none_or(|owner| owner == agent))
        .ok_or_else(|| AppError::no_such(T::NOUN, id))
}

/// Demands that the caller may make it what it is.
pub(crate) fn may_write<T: Owned>(caller: &Caller, thing: &T) -> Result<()> {
    caller.require(Permission::ReadTickets)?;
    let agent = caller.agent()?;
    match thing.owner() {
        Some(owner) if owner == agent => Ok(()),
        Some(_) => Err(AppError::Forbidden(format!(
            "A {} is kept for oneself or for everybody.",
            T::NOUN
        ))),
        None => caller.require(T::SHARE),
    }
}

impl App {
    /// What everybody uses is administration and stands in the audit trail; what one keeps for oneself does not. Of a
    /// change both what was and what is are given: it concerns everybody where either does.
    pub(crate) async fn note_owned<T: Owned>(
        &self,
        tx: &Transaction,
        caller: &Caller,
        what: &'static str,
        versions: &[&T],
    ) -> Result<()> {
        let is_shared = versions.iter().any(|version| version.owner().is_none());
        let Some(last) = versions.last().filter(|_| is_shared) else {
            return Ok(());
        };
        let action = Action::new(what, T::NOUN, last.id());
        let action = action.with(serde_json::json!({ "name": last.name() }));
        self.record(tx, caller, action).await
    }
}
