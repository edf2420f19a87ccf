//! Mailboxes with their secrets open: for the moment in which they are used or changed, and nowhere else.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::{Deref, DerefMut};

use mainstay_domain::id::MailboxId;
use mainstay_domain::mailbox::Mailbox;
use mainstay_store::mailbox;

use crate::context::App;
use crate::error::Result;

/// A mailbox whose secrets are open. It does not show them.
#[derive(Clone, PartialEq, Eq)]
pub struct OpenMailbox {
    mailbox: Mailbox,
    /// The secrets that cannot be opened, by their part, as they were sealed and as they stand in the mailbox.
    sealed: BTreeMap<&'static str, String>,
}

impl OpenMailbox {
    pub(crate) fn new(mailbox: Mailbox) -> Self {
        Self {
            mailbox,
            sealed: BTreeMap::new(),
        }
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
                          Give the key back, or enter the password or token anew";

impl fmt::Debug for OpenMailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OpenMailbox({})", self.mailbox.id)
    }
}

impl Deref for OpenMailbox {
    type Target = Mailbox;

    fn deref(&self) -> &Mailbox {
        &self.mailbox
    }
}

impl DerefMut for OpenMailbox {
    fn deref_mut(&mut self) -> &mut Mailbox {
        &mut self.mailbox
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
        Ok(OpenMailbox::new(mailbox))
    }

    /// Opens a mailbox as far as that can be done, to change it: whoever lost the key can enter what was sealed with it anew.
    pub(crate) fn open_mailbox_to_change(&self, mut mailbox: Mailbox) -> OpenMailbox {
        let id = mailbox.id;
        let mut sealed = BTreeMap::new();
        for (part, secret) in mailbox.secrets() {
            match self.unseal(&purpose(id, part), secret) {
                Ok(open) => *secret = open,
                Err(_) => {
                    sealed.insert(part, secret.clone());
                }
            }
        }
        OpenMailbox { mailbox, sealed }
    }

    /// Seals the secrets of a mailbox; one that could not be opened and was not entered anew stays as it was sealed.
    pub(crate) fn close_mailbox(&self, opened: OpenMailbox) -> Result<Mailbox> {
        let OpenMailbox {
            mut mailbox,
            mut sealed,
        } = opened;
        let id = mailbox.id;
        for (part, secret) in mailbox.secrets() {
            *secret = match sealed.remove(part) {
                Some(sealed) if *secret == sealed => sealed,
                _ => self.seal(&purpose(id, part), secret)?,
            };
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
    use crate::error::Expected;
    use crate::mailbox::{MailboxChange, SecretChange, ServerChange};
    use crate::vault::{Vault, VaultKey};

    /// Two programs on one store, each with a key of its own.
    async fn with_two_keys() -> [App; 2] {
        let store = Store::open(&StoreOptions::new("sqlite::memory:")).await;
        let store = store.unwrap();
        [1, 2].map(|byte: u8| {
            let options = Options {
                vault: Vault::new(vec![VaultKey::new([byte; 32])]),
                ..Options::default()
            };
            let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
            App::new(store.clone(), clock, [byte; 32], options)
        })
    }

    fn server(secret: Option<&str>) -> ServerChange {
        ServerChange {
            host: "smtp.desk.example".to_owned(),
            port: None,
            security: MailSecurity::Tls,
            user: Some("help".to_owned()),
            secret: secret.map(|secret| SecretChange::Password(secret.to_owned())),
            folder: None,
        }
    }

    #[tokio::test]
    async fn what_was_sealed_with_a_lost_key_is_entered_anew() {
        let [before, now] = with_two_keys().await;
        let admin = Caller::machine();
        let change = MailboxChange {
            address: Some("help@desk.example".to_owned()),
            incoming: Some(Some(server(Some("reads")))),
            outgoing: Some(Some(server(Some("sends")))),
            ..MailboxChange::default()
        };
        let made = before.create_mailbox(&admin, change).await.unwrap();
        let update = async |change| {
            let expected = Expected::Any;
            let updated = now.update_mailbox(&admin, made.id, &expected, change).await;
            updated.unwrap()
        };

        let paused = update(MailboxChange {
            active: Some(false),
            incoming: Some(Some(server(None))),
            ..MailboxChange::default()
        })
        .await;
        assert!(!paused.active);
        assert!(
            before.open_mailbox(paused).is_ok(),
            "what is not given stays sealed as it was"
        );
        let half = update(MailboxChange {
            outgoing: Some(Some(server(Some("sends again")))),
            ..MailboxChange::default()
        })
        .await;
        assert!(now.open_mailbox(half).is_err());
        let whole = update(MailboxChange {
            incoming: Some(Some(server(Some("reads again")))),
            ..MailboxChange::default()
        })
        .await;
        let mut opened = now.open_mailbox(whole).unwrap();
        let secrets = opened.secrets();
        let secrets: Vec<&str> = secrets.iter().map(|(_, secret)| secret.as_str()).collect();
        assert_eq!(secrets, ["reads again", "sends again"]);
    }

    #[tokio::test]
    async fn a_mailbox_whose_secrets_cannot_be_opened_stands_in_the_way_of_no_other() {
        let [before, now] = with_two_keys().await;
        for (app, address) in [(&before, "old@desk.example"), (&now, "new@desk.example")] {
            let change = MailboxChange {
                address: Some(address.to_owned()),
                outgoing: Some(Some(server(Some("hunter2")))),
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
