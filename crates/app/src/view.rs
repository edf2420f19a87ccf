//! Saved views: lists of tickets somebody wants to see again.

use mainstay_domain::id::ViewId;
use mainstay_domain::role::Permission;
use mainstay_domain::view::View;
use mainstay_store::view;

use crate::caller::Caller;
use crate::context::App;
use crate::error::{Expected, Result};
use crate::field::Faults;
use crate::owned::{may_write, usable};
use crate::secret::fingerprint;

impl App {
    /// The caller's views and those for everybody, in their order.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] for a portal user.
    pub async fn views(&self, caller: &Caller) -> Result<Vec<View>> {
        caller.require(Permission::ReadTickets)?;
        Ok(view::usable_by(&self.read(), caller.agent()?).await?)
    }

    /// A view.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when there is none, or it is somebody else's.
    pub async fn view(&self, caller: &Caller, id: ViewId) -> Result<View> {
        usable(caller, id, view::find(&self.read(), id).await?)
    }

    /// Saves a view of the caller's, or for everybody, filled in by `fill`.
    ///
    /// # Errors
    /// [`AppError::Invalid`] for wrong fields, [`AppError::Forbidden`] for a view for everybody without `view.share`.
    pub async fn create_view(&self, caller: &Caller, fill: impl FnOnce(&mut View)) -> Result<View> {
        let owner = caller.agent()?;
        let now = self.now();
        let mut view = View {
            id: self.new_id(now),
            name: String::new(),
            owner: Some(owner),
            query: String::new(),
            position: 0,
            created_at: now,
        };
        fill(&mut view);
        may_write(caller, &view)?;
        check(&view)?;
        let tx = self.begin().await?;
        view::insert(&tx, &view).await?;
        self.note_owned(&tx, caller, "view.created", &[&view])
            .await?;
        tx.commit().await?;
        Ok(view)
    }

    /// Changes a view by `change`.
    ///
    /// # Errors
    /// As [`create_view`](Self::create_view), and [`AppError::Changed`] when it is not what the caller expects.
    pub async fn update_view(
        &self,
        caller: &Caller,
        id: ViewId,
        expected: &Expected,
        change: impl FnOnce(&mut View),
    ) -> Result<View> {
        let tx = self.begin().await?;
        let before = usable(caller, id, view::lock(&tx, id).await?)?;
        expected.check(fingerprint(&before))?;
        let mut after = before.clone();
        change(&mut after);
        may_write(caller, &before)?;
        may_write(caller, &after)?;
        check(&after)?;
        view::update(&tx, &after).await?;
        self.note_owned(&tx, caller, "view.changed", &[&before, &after])
            .await?;
        tx.commit().await?;
        Ok(after)
    }

    /// Removes a view.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when there is none, [`AppError::Forbidden`] when it is not the caller's to remove.
    pub async fn remove_view(&self, caller: &Caller, id: ViewId) -> Result<()> {
        let tx = self.begin().await?;
        let view = usable(caller, id, view::lock(&tx, id).await?)?;
        may_write(caller, &view)?;
        view::remove(&tx, id).await?;
        self.note_owned(&tx, caller, "view.removed", &[&view])
            .await?;
        Ok(tx.commit().await?)
    }
}

fn check(view: &View) -> Result<()> {
    let mut faults = Faults::default();
    faults.name("name", &view.name);
    if view.query.len() > 4_000 {
        faults.add("query", "at most 4000 bytes");
    }
    faults.finish()
}
