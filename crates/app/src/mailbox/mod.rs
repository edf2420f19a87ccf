//! Mailboxes that an administrator sets up in the browser, beside those of the settings.
//!
//! What is set up lies in the store, its secrets sealed, so that every node knows it: each looks every second, and at once where
//! it was changed by that very node. A lease decides which of them reads a mailbox. In whose name a mail leaves is written
//! down with it ([`way_out`]).

mod change;
mod health;
mod open;
mod position;
mod server;
mod view;
mod way_out;

pub use change::{MailboxChange, OAuthChange, SecretChange, ServerChange};
pub use open::{OpenMailbox, OpenedMailboxes, SEALED};
pub use server::{MailServers, UnusableServer};
pub use view::MailboxView;

pub(crate) use open::purpose;
pub(crate) use way_out::{Out, choose, primary};

use mainstay_domain::id::MailboxId;
use mainstay_domain::mailbox::Mailbox;
use mainstay_domain::role::Permission;
use mainstay_store::{Transaction, job, mailbox, team};

use crate::audit::Action;
use crate::caller::Caller;
use crate::context::App;
use crate::error::{AppError, Expected, Result};
use crate::job::Job;
use crate::secret::fingerprint;
use crate::transaction::transact;

impl App {
    /// A mailbox that was set up. Its secrets are sealed.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when there is none, [`AppError::Forbidden`] without the permission `settings.update`.
    pub async fn mailbox(&self, caller: &Caller, id: MailboxId) -> Result<Mailbox> {
        caller.require(Permission::UpdateSettings)?;
        mailbox::find_set_up(&self.read(), id)
            .await?
            .ok_or_else(|| AppError::no_such("mailbox", id))
    }

    /// Sets a mailbox up. Mails that wait for a way out leave by it.
    ///
    /// # Errors
    /// [`AppError::Invalid`] for wrong fields, [`AppError::Conflict`] when there is one with its address,
    /// [`AppError::Forbidden`] without the permission `settings.update`.
    pub async fn create_mailbox(&self, caller: &Caller, change: MailboxChange) -> Result<Mailbox> {
        caller.require(Permission::UpdateSettings)?;
        let now = self.now();
        let mut opened = OpenMailbox::new(Mailbox {
            id: self.new_id(now),
            address: String::new(),
            team: None,
            incoming: None,
            outgoing: None,
            signed_replies: false,
            authserv_id: None,
            active: true,
            created_at: now,
        });
        change.apply(&mut opened)?;
        let tx = self.begin().await?;
        self.check_mailbox(&tx, &opened).await?;
        let new = self.close_mailbox(opened)?;
        mailbox::insert(&tx, &new).await?;
        self.record(
            &tx,
            caller,
            Action::new("mailbox.created", "mailbox", new.id),
        )
        .await?;
        tx.commit().await?;
        self.mailboxes_changed().await;
        Ok(new)
    }

    /// Changes a mailbox. A secret that is not given stays, as long as it goes to the same server for the same user.
    ///
    /// # Errors
    /// As [`create_mailbox`](Self::create_mailbox), and [`AppError::Changed`] when it is not what the caller expects.
    pub async fn update_mailbox(
        &self,
        caller: &Caller,
        id: MailboxId,
        expected: &Expected,
        change: MailboxChange,
    ) -> Result<Mailbox> {
        caller.require(Permission::UpdateSettings)?;
        let tx = self.begin().await?;
        let before = mailbox::lock(&tx, id)
            .await?
            .ok_or_else(|| AppError::no_such("mailbox", id))?;
        expected.check(fingerprint(&before))?;
        let opened_before = self.open_mailbox_to_change(before.clone());
        let mut opened = opened_before.clone();
        change.apply(&mut opened)?;
        if opened == opened_before {
            tx.rollback().await?;
            // Whoever says the same again may have mended something at the server.
            self.hasten_mail_by(id).await?;
            return Ok(before);
        }
        self.check_mailbox(&tx, &opened).await?;
        let after = self.close_mailbox(opened)?;
        mailbox::update(&tx, &after).await?;
        self.forget_mailbox_health(&tx, &before).await?;
        let action = match (before.active, after.active) {
            (true, false) => "mailbox.paused",
            (false, true) => "mailbox.resumed",
            _ => "mailbox.changed",
        };
        self.record(&tx, caller, Action::new(action, "mailbox", id))
            .await?;
        tx.commit().await?;
        self.mailboxes_changed().await;
        if let Err(error) = self.hasten_mail_by(id).await {
            tracing::warn!(%error, "mail that is to be tried again is so in its own time");
        }
        Ok(after)
    }

    /// Removes a mailbox. The mail that came and went by it stays.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when there is none, [`AppError::Forbidden`] without the permission `settings.update`.
    pub async fn remove_mailbox(&self, caller: &Caller, id: MailboxId) -> Result<()> {
        let found = self.mailbox(caller, id).await?;
        let tx = self.begin().await?;
        if !mailbox::remove(&tx, id).await? {
            return Err(AppError::no_such("mailbox", id));
        }
        self.forget_mailbox_health(&tx, &found).await?;
        self.record(&tx, caller, Action::new("mailbox.removed", "mailbox", id))
            .await?;
        tx.commit().await?;
        self.mailboxes_changed().await;
        Ok(())
    }

    /// Tells this node at once; the others look every second. What waits may have a way out now. What was committed stands, so
    /// where that cannot be asked for the worker asks for it a little later.
    async fn mailboxes_changed(&self) {
        self.mailbox_news().notify_one();
        if let Err(error) = self.send_waiting_mail().await {
            tracing::warn!(%error, "mail that waits is queued a little later");
        }
    }

    /// Lets the mails that leave by a mailbox be tried at once, whatever they waited for: it was mended, perhaps.
    async fn hasten_mail_by(&self, id: MailboxId) -> Result<()> {
        let keys: Vec<String> = self
            .mails_by(id)
            .await?
            .into_iter()
            .map(|mail| Job::SendMail { mail }.key())
            .collect::<Result<_>>()?;
        let now = self.now();
        transact!(self, tx => async { Ok(job::hasten(tx, &keys, now).await?) })?;
        self.wake();
        Ok(())
    }

    /// Refuses what could not work, and what another mailbox has.
    async fn check_mailbox(&self, tx: &Transaction, opened: &OpenMailbox) -> Result<()> {
        change::check(opened)?;
        if let Some(servers) = &self.options().mail.servers {
            servers
                .check(opened)
                .map_err(|unusable| unusable.into_error())?;
        }
        if let Some(team) = opened.team
            && team::find(tx, team).await?.is_none()
        {
            return Err(AppError::invalid("team", "there is no such team"));
        }
        let stored = mailbox::all(tx).await?;
        let set = &self.options().mail.mailboxes;
        let stored = || stored.iter().filter(|other| other.id != opened.id);
        let read = set.iter().filter(|other| other.incoming.is_some());
        if stored()
            .chain(read)
            .any(|other| other.address == opened.address)
        {
            return Err(AppError::invalid(
                "address",
                "there is a mailbox with this address",
            ));
        }
        let name = opened.reading_name();
        let mut others = stored().chain(set);
        if name.is_some() && others.any(|other| other.reading_name() == name) {
            return Err(AppError::invalid(
                "incoming",
                "another mailbox reads this folder of this user",
            ));
        }
        Ok(())
    }
}
