//! Mailboxes as an administrator sees them: those of the settings and those that were set up, with how they do.

use jiff::{SignedDuration, Timestamp};
use mainstay_domain::mailbox::{MailHealth, Mailbox};
use mainstay_domain::role::Permission;
use mainstay_store::{mail, mailbox};

use super::health::sending;
use crate::caller::Caller;
use crate::context::App;
use crate::error::Result;

/// A mailbox, and how it does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailboxView {
    /// The mailbox. Its secrets are sealed, or left out.
    pub mailbox: Mailbox,
    /// Whether the settings name it: then nobody changes it here, and its id is nil.
    pub is_set: bool,
    /// How it was found when it was last read.
    pub reading: MailHealth,
    /// How its server was found when it was last sent through.
    pub sending: MailHealth,
    /// How many mails came in since the instant that was asked for.
    pub received: u64,
}

impl App {
    /// Every mailbox, those of the settings first, with how many mails came in since an instant: the last day where none is
    /// given.
    ///
    /// # Errors
    /// [`AppError::Forbidden`](crate::AppError::Forbidden) without the permission `settings.update`.
    pub async fn mailboxes(
        &self,
        caller: &Caller,
        since: Option<Timestamp>,
    ) -> Result<Vec<MailboxView>> {
        caller.require(Permission::UpdateSettings)?;
        let reader = self.read();
        let health = mailbox::health(&reader).await?;
        let of = |name: &str| {
            let found = health.iter().find(|(known, _)| known == name);
            found.map(|(_, health)| health.clone()).unwrap_or_default()
        };
        let now = self.now();
        let day_ago = now
            .saturating_sub(SignedDuration::from_hours(24))
            .unwrap_or(now);
        // Whoever asks for all there ever was is told of the last month.
        let month_ago = now
            .saturating_sub(SignedDuration::from_hours(24 * 31))
            .unwrap_or(now);
        let since = since.unwrap_or(day_ago).max(month_ago);
        let set = self.options().mail.mailboxes.iter().cloned();
        let set = set.map(|mailbox| (mailbox, true));
        let stored = mailbox::all(&reader).await?.into_iter();
        let mut views = Vec::new();
        for (mailbox, is_set) in set.chain(stored.map(|mailbox| (mailbox, false))) {
            let source = mailbox.source();
            let received = match &source {
                Some(source) => mail::count_received(&reader, source, since).await?,
                None => 0,
            };
            views.push(MailboxView {
                reading: source.as_deref().map(of).unwrap_or_default(),
                sending: match &mailbox.outgoing {
                    Some(_) => of(&sending((!is_set).then_some(mailbox.id))),
                    None => MailHealth::default(),
                },
                mailbox,
                is_set,
                received,
            });
        }
        Ok(views)
    }
}
