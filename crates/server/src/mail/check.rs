//! Testing mail as the settings say, for the person who waits for it.

use std::fmt::Display;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::future::join_all;
use mainstay_app::mail::{Checked, CheckedMailbox, MailCheck, MailFault, MailStep, MailTransport};
use mainstay_channels::imap::{ImapError, MailboxClient};
use mainstay_channels::smtp::SmtpTransport;
use mainstay_domain::mail::OutgoingMail;

use super::{mailbox_client, transport};
use crate::Failure;
use crate::settings::Settings;

/// How long a step may take: a person waits, and three of them must end before the request is given up.
pub(super) const PATIENCE: Duration = Duration::from_secs(8);

/// The mail servers of the settings.
#[derive(Debug)]
struct Servers {
    smtp: Option<SmtpTransport>,
    mailboxes: Vec<MailboxClient>,
}

/// What asks the mail servers of the settings.
///
/// # Errors
/// Fails when a password would cross a network in the clear, or TLS cannot be prepared.
pub(super) fn mail_check(settings: &Settings) -> Result<Arc<dyn MailCheck>, Failure> {
    let mail = &settings.mail;
    let mailboxes = mail.mailboxes.iter();
    Ok(Arc::new(Servers {
        smtp: mail
            .smtp
            .as_ref()
            .map(|smtp| transport(mail, smtp, PATIENCE))
            .transpose()?,
        mailboxes: mailboxes
            .map(|mailbox| mailbox_client(settings, mailbox, PATIENCE))
            .collect::<Result<_, Failure>>()?,
    }))
}

#[async_trait]
impl MailCheck for Servers {
    async fn send(&self, mail: &OutgoingMail) -> Checked {
        let Some(smtp) = &self.smtp else {
            return Checked::NotSet;
        };
        send(smtp, mail).await
    }

    async fn mailboxes(&self) -> Vec<CheckedMailbox> {
        join_all(self.mailboxes.iter().map(look)).await
    }
}

/// Hands a mail over, step by step.
pub(super) async fn send(smtp: &SmtpTransport, mail: &OutgoingMail) -> Checked {
    let steps = async {
        attempt(MailStep::Reach, smtp.check_connection()).await?;
        attempt(MailStep::SignIn, smtp.check_sign_in()).await?;
        attempt(MailStep::HandOver, MailTransport::send(smtp, mail)).await?;
        Ok(())
    };
    steps.await.into()
}

/// A server that cannot be asked at all.
pub(super) fn unusable(reason: String) -> Checked {
    Checked::Failed(MailFault {
        step: MailStep::Reach,
        reason,
    })
}

/// Takes a step, unless it takes too long.
async fn attempt<T, E: Display>(
    step: MailStep,
    work: impl Future<Output = Result<T, E>>,
) -> Result<T, MailFault> {
    match tokio::time::timeout(PATIENCE, work).await {
        Ok(outcome) => outcome.map_err(|error| MailFault {
            step,
            reason: error.to_string(),
        }),
        Err(_) => Err(MailFault::late(step, PATIENCE)),
    }
}

async fn look(client: &MailboxClient) -> CheckedMailbox {
    let mailbox = client.mailbox();
    CheckedMailbox {
        user: mailbox.user.clone(),
        host: mailbox.host.clone(),
        folder: mailbox.folder.clone(),
        checked: open(client).await,
    }
}

/// Opens the folder that is read.
pub(super) async fn open(client: &MailboxClient) -> Checked {
    match tokio::time::timeout(3 * PATIENCE, client.check()).await {
        Ok(Ok(())) => Checked::Passed,
        Ok(Err(error)) => Checked::Failed(fault(&error)),
        Err(_) => Checked::Failed(MailFault::late(MailStep::Reach, 3 * PATIENCE)),
    }
}

/// At which step a mailbox could not be read.
pub(super) fn fault(error: &ImapError) -> MailFault {
    let step = match error {
        ImapError::Unreachable { .. } | ImapError::Broken { .. } => MailStep::Reach,
        ImapError::SignIn { .. } | ImapError::Token { .. } => MailStep::SignIn,
        ImapError::Folder { .. } => MailStep::OpenFolder,
    };
    MailFault {
        step,
        reason: error.to_string(),
    }
}
