//! What a person was told in the program itself.

use mainstay_domain::escalation::DeliveryOutcome;
use mainstay_domain::id::NotificationId;
use mainstay_domain::notification::Notification;
use mainstay_store::notification::{self, ReadState};
use mainstay_store::{Page, PageRequest};

use super::deliver::record;
use crate::caller::Caller;
use crate::context::App;
use crate::error::{AppError, Result};
use crate::transaction::transact;

impl App {
    /// What the caller was told, the latest first.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] for somebody who does not serve.
    pub async fn notifications(
        &self,
        caller: &Caller,
        read: ReadState,
        page: PageRequest,
    ) -> Result<Page<Notification>> {
        let agent = caller.agent()?;
        Ok(notification::in_app(&self.read(), agent, read, page).await?)
    }

    /// How much of what the caller was told they have not read.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] for somebody who does not serve.
    pub async fn unread_notifications(&self, caller: &Caller) -> Result<u64> {
        let agent = caller.agent()?;
        Ok(notification::count_unread(&self.read(), agent).await?)
    }

    /// Notes that the caller read what they were told: of an escalation, the proof that it arrived.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when there is none, or it is somebody else's; [`AppError::Forbidden`] for somebody who does
    /// not serve.
    pub async fn read_notification(
        &self,
        caller: &Caller,
        id: NotificationId,
    ) -> Result<Notification> {
        let agent = caller.agent()?;
        transact!(self, tx => async {
            let mut found = notification::find(tx, id)
                .await?
                .filter(|found| found.recipient == agent)
                .ok_or_else(|| AppError::no_such("notification", id))?;
            if found.read_at.is_none() {
                found.read_at = Some(self.now());
                notification::update(tx, &found).await?;
                record(self, tx, &found, DeliveryOutcome::Delivered).await?;
            }
            Ok(found)
        })
    }

    /// Notes that the caller read everything they were told, and says how much was new.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] for somebody who does not serve.
    pub async fn read_all_notifications(&self, caller: &Caller) -> Result<u64> {
        let agent = caller.agent()?;
        let now = self.now();
        transact!(self, tx => async { Ok(notification::read_all(tx, agent, now).await?) })
    }
}
