//! Mailboxes with their secrets open: for the moment in which they are used or changed, and nowhere else.

use std::fmt;
use std::ops::{Deref, DerefMut};

use mainstay_domain::id::MailboxId;
use mainstay_domain::mailbox::Mailbox;
use mainstay_store::mailbox;

use crate::context::App;
use crate::error::Result;

/// A mailbox whose secrets are open. It does not show them.
#[derive(Clone, PartialEq, Eq)]
pub struct OpenMailbox(Mailbox);

impl OpenMailbox {
    pub(crate) fn new(mailbox: Mailbox) -> Self {
        Self(mailbox)
    }
}

/// The mailboxes that were set up. One whose secrets cannot be opened stands in the way of no other.
#[derive(Debug, Default)]
pub struct OpenedMailboxes {
    /// Those whose secrets are open.
    pub open: Vec<OpenMailbox>,
    /// Those whose secrets cannot be opened.
    pub sealed: Vec<Mailbox>,
}

/// Why a mailbox whose secrets cannot be opened is neither read nor sent from, and what would do.
pub const SEALED: &str = "its password or token cannot be opened: it was sealed with a key that this node does not have. \
                          Give the key back, or remove the mailbox and set it up again";

impl fmt::Debug for OpenMailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OpenMailbox({})", self.0.id)
    }
}

impl Deref for OpenMailbox {
    type Target = Mailbox;

    fn deref(&self) -> &Mailbox {
        &self.0
    }
}

impl DerefMut for OpenMailbox {
    fn deref_mut(&mut self) -> &mut Mailbox {
        &mut self.0
    }
}

/// What a secret of a mailbox is sealed for.
pub(crate) fn purpose(id: MailboxId, part: &str) -> String {
    format!("mailbox:{id}:{part}")
}

impl App {
    /// Every mailbox that was set up, its secrets open, for whoever reads them.
    ///
    /// # Errors
    /// Fails when the store does not answer.
    pub async fn open_mailboxes(&self) -> Result<OpenedMailboxes> {
        let mut opened = OpenedMailboxes::default();
        for mailbox in mailbox::all(&self.read()).await? {
            match self.open_mailbox(mailbox.clone()) {
                Ok(open) => opened.open.push(open),
                Err(_) => opened.sealed.push(mailbox),
            }
        }
        Ok(opened)
    }

    pub(crate) fn open_mailbox(&self, mut mailbox: Mailbox) -> Result<OpenMailbox> {
        let id = mailbox.id;
        for (part, secret) in mailbox.secrets() {
            *secret = self.unseal(&purpose(id, part), secret)?;
        }
        Ok(OpenMailbox(mailbox))
    }

    pub(crate) fn close_mailbox(&self, opened: OpenMailbox) -> Result<Mailbox> {
        let mut mailbox = opened.0;
        let id = mailbox.id;
        for (part, secret) in mailbox.secrets() {
            *secret = self.seal(&purpose(id, part), secret)?;
        }
        Ok(mailbox)
    }

    /// Waits until a mailbox may have been set up, changed or removed by this process. For one waiter, which looks now and then
    /// besides: others change them too.
    pub async fn mailboxes_may_have_changed(&self) {
        self.mailbox_news().notified().await;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use jiff::Timestamp;
    use mainstay_domain::mailbox::MailSecurity;
    use mainstay_store::{Store, StoreOptions};

    use super::*;
    use crate::caller::Caller;
    use crate::context::{ManualClock, Options};
    use crate::mailbox::{MailboxChange, SecretChange, ServerChange};
    use crate::vault::{Vault, VaultKey};

    #[tokio::test]
    async fn a_mailbox_whose_secrets_cannot_be_opened_stands_in_the_way_of_no_other() {
        let store = Store::open(&StoreOptions::new("sqlite::memory:")).await;
        let store = store.unwrap();
        let with_key = |byte: u8| {
            let options = Options {
                vault: Vault::new(vec![VaultKey::new([byte; 32])]),
                ..Options::default()
            };
            let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
            App::new(store.clone(), clock, [byte; 32], options)
        };
        let [before, now] = [1, 2].map(with_key);
        for (app, address) in [(&before, "old@desk.example"), (&now, "new@desk.example")] {
            let change = MailboxChange {
                address: Some(address.to_owned()),
                outgoing: Some(Some(ServerChange {
                    host: "smtp.desk.example".to_owned(),
                    port: None,
                    security: MailSecurity::Tls,
                    user: Some("help".to_owned()),
                    secret: Some(SecretChange::Password("hunter2".to_owned())),
                    folder: None,
                })),
                ..MailboxChange::default()
            };
            let made = app.create_mailbox(&Caller::machine(), change).await;
            made.unwrap();
        }
        let found = now.open_mailboxes().await.unwrap();
        let [open] = &found.open[..] else {
            panic!("{found:?}");
        };
        assert_eq!(open.address, "new@desk.example");
        let [sealed] = &found.sealed[..] else {
            panic!("{found:?}");
        };
        assert_eq!(sealed.address, "old@desk.example");
    }
}
