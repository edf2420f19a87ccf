//! Macros: several actions on a ticket under one name.

use mainstay_domain::id::{AgentId, MacroId};
use mainstay_domain::macro_::Macro;
use mainstay_domain::role::Permission;
use mainstay_store::macro_;

use crate::caller::Caller;
use crate::context::App;
use crate::error::{AppError, Expected, Result};
use crate::field::Faults;
use crate::secret::fingerprint;

impl App {
    /// The caller's macros and those for everybody, by name.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] for a portal user.
    pub async fn macros(&self, caller: &Caller) -> Result<Vec<Macro>> {
        caller.require(Permission::ReadTickets)?;
        Ok(macro_::usable_by(&self.read(), caller.agent()?).await?)
    }

    /// A macro.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when there is none, or it is somebody else's.
    pub async fn macro_(&self, caller: &Caller, id: MacroId) -> Result<Macro> {
        let agent = caller.agent()?;
        macro_::find(&self.read(), id)
            .await?
            .filter(|found| found.owner.is_none_or(|owner| owner == agent))
            .ok_or_else(|| AppError::no_such("macro", id))
    }

    /// Makes a macro of the caller's, or for everybody, filled in by `fill`.
    ///
    /// # Errors
    /// [`AppError::Invalid`] for wrong fields, [`AppError::Forbidden`] for one for everybody without `macro.update`.
    pub async fn create_macro(
        &self,
        caller: &Caller,
        fill: impl FnOnce(&mut Macro),
    ) -> Result<Macro> {
        let owner = caller.agent()?;
        let now = self.now();
        let mut new = Macro {
            id: self.new_id(now),
            name: String::new(),
            description: String::new(),
            owner: Some(owner),
            actions: "[]".to_owned(),
            created_at: now,
        };
        fill(&mut new);
        may_write(caller, owner, &new)?;
        check(&new)?;
        let tx = self.begin().await?;
        macro_::insert(&tx, &new).await?;
        tx.commit().await?;
        Ok(new)
    }

    /// Changes a macro by `change`.
    ///
    /// # Errors
    /// As [`create_macro`](Self::create_macro), and [`AppError::Changed`] when it is not what the caller expects.
    pub async fn update_macro(
        &self,
        caller: &Caller,
        id: MacroId,
        expected: &Expected,
        change: impl FnOnce(&mut Macro),
    ) -> Result<Macro> {
        let before = self.macro_(caller, id).await?;
        expected.check(fingerprint(&before))?;
        let mut after = before.clone();
        change(&mut after);
        let agent = caller.agent()?;
        may_write(caller, agent, &before)?;
        may_write(caller, agent, &after)?;
        check(&after)?;
        let tx = self.begin().await?;
        macro_::update(&tx, &after).await?;
        tx.commit().await?;
        Ok(after)
    }

    /// Removes a macro.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when there is none, [`AppError::Forbidden`] when it is not the caller's to remove.
    pub async fn remove_macro(&self, caller: &Caller, id: MacroId) -> Result<()> {
        let found = self.macro_(caller, id).await?;
        may_write(caller, caller.agent()?, &found)?;
        let tx = self.begin().await?;
        macro_::remove(&tx, id).await?;
        Ok(tx.commit().await?)
    }
}

fn may_write(caller: &Caller, agent: AgentId, found: &Macro) -> Result<()> {
    caller.require(Permission::ReadTickets)?;
    match found.owner {
        Some(owner) if owner == agent => Ok(()),
        Some(_) => Err(AppError::Forbidden(
            "A macro is kept for oneself or for everybody.".into(),
        )),
        None => caller.require(Permission::UpdateMacros),
    }
}

fn check(found: &Macro) -> Result<()> {
    let mut faults = Faults::default();
    faults.name("name", &found.name);
    faults.text("description", &found.description);
    faults.text("actions", &found.actions);
    faults.finish()
}
