//! Macros: several actions on a ticket under one name.

mod action;
mod apply;

pub use apply::MacroPreview;

use mainstay_domain::id::{AgentId, MacroId, TicketId};
use mainstay_domain::macro_::Macro;
use mainstay_domain::role::Permission;
use mainstay_domain::ticket::Ticket;
use mainstay_store::macro_;

use crate::caller::Caller;
use crate::context::App;
use crate::error::{Expected, Result};
use crate::field::Faults;
use crate::mail::Vocabulary;
use crate::owned::{may_write, usable};
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
        usable(caller, id, macro_::find(&self.read(), id).await?)
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
        may_write(caller, &new)?;
        let vocabulary = Vocabulary::load(self).await?;
        self.check_macro(&vocabulary, owner, &new).await?;
        let tx = self.begin().await?;
        macro_::insert(&tx, &new).await?;
        self.note_owned(&tx, caller, "macro.created", &[&new])
            .await?;
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
        let vocabulary = Vocabulary::load(self).await?;
        let tx = self.begin().await?;
        let before = usable(caller, id, macro_::lock(&tx, id).await?)?;
        expected.check(fingerprint(&before))?;
        let mut after = before.clone();
        change(&mut after);
        let agent = caller.agent()?;
        may_write(caller, &before)?;
        may_write(caller, &after)?;
        self.check_macro(&vocabulary, agent, &after).await?;
        macro_::update(&tx, &after).await?;
        self.note_owned(&tx, caller, "macro.changed", &[&before, &after])
            .await?;
        tx.commit().await?;
        Ok(after)
    }

    /// Removes a macro.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when there is none, [`AppError::Forbidden`] when it is not the caller's to remove.
    pub async fn remove_macro(&self, caller: &Caller, id: MacroId) -> Result<()> {
        let tx = self.begin().await?;
        let found = usable(caller, id, macro_::lock(&tx, id).await?)?;
        may_write(caller, &found)?;
        macro_::remove(&tx, id).await?;
        self.note_owned(&tx, caller, "macro.removed", &[&found])
            .await?;
        Ok(tx.commit().await?)
    }

    /// Checks a macro before it is kept: its actions are tried on a ticket that is not there, so that a slip in a text is
    /// found now and not in front of a customer.
    async fn check_macro(
        &self,
        vocabulary: &Vocabulary,
        agent: AgentId,
        found: &Macro,
    ) -> Result<()> {
        let mut faults = Faults::default();
        faults.name("name", &found.name);
        faults.text("description", &found.description);
        faults.text("actions", &found.actions);
        faults.finish()?;
        let actions = action::parse(&found.actions)?;
        let now = self.now();
        let nowhere = Ticket::unopened(self.new_id::<TicketId>(now), 0, String::new(), now);
        let words = vocabulary
            .of(self, &self.read(), nowhere, Some(agent))
            .await?;
        action::steps(&actions, agent, &words)?;
        Ok(())
    }
}
