//! Testing mail as it is set: the servers are asked, and a mail that we write to ourselves is seen to come in.
//!
//! The mail takes the very way that a customer's takes: the server that sends ours, whatever lies between, and the mailbox
//! that is watched. It bears a message id of ours, so that it is recognised as our own and becomes no ticket.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::future::join_all;
use mainstay_channels::compose::{
    Correspondent, Origin as LetterOrigin, OutgoingMail as Letter, ReturnPath,
};
use mainstay_domain::id::{MailboxId, OutgoingMailId};
use mainstay_domain::mail::{OutgoingMail, OutgoingMailState, RawMail};
pub use mainstay_domain::mailbox::MailStep;
use mainstay_domain::role::Permission;
use mainstay_store::{PageRequest, mail};

use super::identity::Identity;
use crate::audit::Action;
use crate::caller::Caller;
use crate::context::App;
use crate::error::{AppError, Result};
use crate::mailbox::OpenMailbox;

/// Among so many of the latest mails the one that tests is looked for: it is waited for, so it is among the latest.
const LATEST: u32 = 200;

/// At which step it failed, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailFault {
    /// The step.
    pub step: MailStep,
    /// What happened, in the server's words where it said something.
    pub reason: String,
}

impl MailFault {
    /// The server did not answer in time.
    #[must_use]
    pub fn late(step: MailStep, after: Duration) -> Self {
        Self {
            step,
            reason: format!("no answer for {} s", after.as_secs()),
        }
    }
}

/// What became of a check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Checked {
    /// The settings name no server.
    NotSet,
    /// Every step was taken.
    Passed,
    /// A step failed, and none after it was tried.
    Failed(MailFault),
}

impl From<std::result::Result<(), MailFault>> for Checked {
    fn from(outcome: std::result::Result<(), MailFault>) -> Self {
        outcome.map_or_else(Self::Failed, |()| Self::Passed)
    }
}

/// A mailbox that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedMailbox {
    /// Who signs in.
    pub user: String,
    /// The server.
    pub host: String,
    /// The folder.
    pub folder: String,
    /// What became of it.
    pub checked: Checked,
}

/// Asks the mail servers of the settings. Each method answers within half a minute, so that a person can wait for it.
#[async_trait]
pub trait MailCheck: fmt::Debug + Send + Sync + 'static {
    /// Asks the server that mail is sent through to let us in, and hands over this mail.
    async fn send(&self, mail: &OutgoingMail) -> Checked;

    /// Opens each mailbox that mail is fetched from.
    async fn mailboxes(&self) -> Vec<CheckedMailbox>;
}

/// What a test of mail has shown so far. Whether the mail arrives is asked for afterwards, as that takes a while.
#[derive(Debug, Clone)]
pub struct MailTest {
    /// Under which id its arrival is asked for.
    pub id: OutgoingMailId,
    /// To which address a mail was sent.
    pub address: String,
    /// What became of sending it.
    pub sending: Checked,
    /// The mailboxes that mail is fetched from.
    pub mailboxes: Vec<CheckedMailbox>,
}

/// What a test of mail asks.
struct TestPlan {
    identity: Arc<Identity>,
    address: String,
    mailboxes: Vec<OpenMailbox>,
    /// The mailboxes of the settings, too.
    is_all: bool,
}

impl App {
    /// Asks every mail server that is set to let us in, and sends a mail to the address that customers write to.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] without the permission `settings.update`; [`AppError::Invalid`] when that address is none.
    pub async fn test_mail(&self, caller: &Caller) -> Result<MailTest> {
        caller.require(Permission::UpdateSettings)?;
        let identity = self.mail_identity().await?;
        let mut mailboxes = self.open_mailboxes().await?.open;
        mailboxes.retain(|mailbox| mailbox.active);
        let plan = TestPlan {
            address: identity.from.clone(),
            identity,
            mailboxes,
            is_all: true,
        };
        self.ask(caller, plan).await
    }

    /// Asks the servers of one mailbox to let us in, and sends a mail by it to itself. A mailbox that is paused is tested all
    /// the same.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when there is none, [`AppError::Forbidden`] without the permission `settings.update`.
    pub async fn test_mailbox(&self, caller: &Caller, id: MailboxId) -> Result<MailTest> {
        let mailbox = self.open_mailbox(self.mailbox(caller, id).await?)?;
        let plan = TestPlan {
            identity: self.mail_identity().await?,
            address: mailbox.address.clone(),
            mailboxes: vec![mailbox],
            is_all: false,
        };
        self.ask(caller, plan).await
    }

    async fn ask(&self, caller: &Caller, plan: TestPlan) -> Result<MailTest> {
        let id: OutgoingMailId = self.new_id(self.now());
        let mail = self.mail_of_test(&plan, id).await?;
        let (sending, mut mailboxes) =
            tokio::join!(self.send_test(&plan, &mail), self.open_planned(&plan));
        if let (Some(check), true) = (&self.options().mail.check, plan.is_all) {
            let mut set = check.mailboxes().await;
            set.append(&mut mailboxes);
            mailboxes = set;
        }
        let tx = self.begin().await?;
        self.record(&tx, caller, Action::new("mail.tested", "mail", id))
            .await?;
        tx.commit().await?;
        Ok(MailTest {
            id,
            address: plan.address,
            sending,
            mailboxes,
        })
    }

    /// Hands the mail of a test to the server that takes what is written from its address.
    async fn send_test(&self, plan: &TestPlan, mail: &OutgoingMail) -> Checked {
        let options = &self.options().mail;
        let by =
            |mailbox: &&OpenMailbox| mailbox.outgoing.is_some() && Some(mailbox.id) == mail.mailbox;
        match (&options.servers, plan.mailboxes.iter().find(by)) {
            (Some(servers), Some(mailbox)) => servers.send(mailbox, mail).await,
            _ => match &options.check {
                Some(check) => check.send(mail).await,
                None => Checked::NotSet,
            },
        }
    }

    async fn open_planned(&self, plan: &TestPlan) -> Vec<CheckedMailbox> {
        let Some(servers) = &self.options().mail.servers else {
            return Vec::new();
        };
        let read = plan.mailboxes.iter().filter_map(|mailbox| {
            let incoming = mailbox.incoming.as_ref()?;
            Some(async move {
                CheckedMailbox {
                    user: mailbox.address.clone(),
                    host: incoming.server.host.clone(),
                    folder: incoming.folder.clone(),
                    checked: servers.open(mailbox).await,
                }
            })
        });
        join_all(read).await
    }

    async fn mail_of_test(&self, plan: &TestPlan, id: OutgoingMailId) -> Result<OutgoingMail> {
        let (identity, address) = (&plan.identity, &plan.address);
        let company = self.company_in_mail(&self.read()).await?;
        let letter = Letter {
            from: Correspondent::named(company, address),
            to: vec![Correspondent::new(address)],
            cc: Vec::new(),
            reply_to: None,
            return_path: ReturnPath::Sender,
            subject: "A test of the mailbox".to_owned(),
            text: "Mainstay wrote this mail to itself, to see that it arrives. It becomes no ticket, and may be deleted.\n"
                .to_owned(),
            html: None,
            message_id: identity.message_id(id.uuid()),
            in_reply_to: None,
            references: Vec::new(),
            origin: LetterOrigin::Generated,
            date: self.now(),
            attachments: Vec::new(),
        };
        let composed = letter
            .compose()
            .map_err(|error| AppError::broken("The test mail could not be written.", error))?;
        Ok(OutgoingMail {
            id,
            message_id: letter.message_id,
            account: None,
            ticket: None,
            message: None,
            sender: address.clone(),
            recipients: vec![address.clone()],
            subject: letter.subject,
            bytes: composed.bytes,
            state: OutgoingMailState::Sending,
            attempts: 1,
            last_error: None,
            receipt: None,
            created_at: self.now(),
            sent_at: None,
            mailbox: identity.mailbox_from(address),
        })
    }

    /// The mail of a test as it came in, once it did.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] without the permission `settings.update`.
    pub async fn mail_test_arrival(
        &self,
        caller: &Caller,
        id: OutgoingMailId,
    ) -> Result<Option<RawMail>> {
        caller.require(Permission::UpdateSettings)?;
        let awaited = self.mail_identity().await?.message_id(id.uuid());
        let page = PageRequest::first(LATEST);
        let latest = mail::list_received(&self.read(), None, page).await?;
        Ok(latest
            .items
            .into_iter()
            .find(|mail| mail.message_id.as_deref() == Some(awaited.as_str())))
    }
}
