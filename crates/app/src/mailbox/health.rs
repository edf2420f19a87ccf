//! How the servers of mailboxes were found when they were last asked.

use jiff::SignedDuration;
use mainstay_domain::id::MailboxId;
use mainstay_domain::mailbox::{MailServerFault, Mailbox, source_of};
use mainstay_store::{Transaction, mailbox};

use crate::context::App;
use crate::error::Result;
use crate::mail::MailFault;
use crate::transaction::transact;

/// A server that works is written down so often at most.
const NOTE_AGAIN: SignedDuration = SignedDuration::from_secs(60);

/// By which name it is kept how mail leaves: by a mailbox, or by the server of the settings.
pub(super) fn sending(mailbox: Option<MailboxId>) -> String {
    match mailbox {
        Some(id) => format!("smtp:{id}"),
        None => "smtp:settings".to_owned(),
    }
}

impl App {
    /// Writes down how reading a mailbox went.
    ///
    /// # Errors
    /// Fails when the store does not answer.
    pub async fn note_reading(
        &self,
        name: &str,
        outcome: std::result::Result<(), MailFault>,
    ) -> Result<()> {
        self.note_health(&source_of(name), outcome).await
    }

    /// Writes down how a mail server was found.
    pub(crate) async fn note_health(
        &self,
        name: &str,
        outcome: std::result::Result<(), MailFault>,
    ) -> Result<()> {
        let now = self.now();
        let again = now.saturating_sub(NOTE_AGAIN).unwrap_or(now);
        match outcome {
            Ok(()) => {
                if self.server_worked(name).is_some_and(|at| at > again) {
                    return Ok(());
                }
                transact!(self, tx => async {
                    Ok(mailbox::note_worked(tx, name, now, again).await?)
                })?;
                self.note_server_worked(name, Some(now));
            }
            Err(fault) => {
                self.note_server_worked(name, None);
                let fault = MailServerFault {
                    at: now,
                    step: fault.step,
                    reason: fault.reason,
                };
                transact!(self, tx => async { Ok(mailbox::note_fault(tx, name, &fault).await?) })?;
            }
        }
        Ok(())
    }

    /// What was found before a mailbox was changed says nothing of it any more.
    pub(super) async fn forget_mailbox_health(&self, tx: &Transaction, of: &Mailbox) -> Result<()> {
        if let Some(name) = of.source() {
            self.note_server_worked(&name, None);
            mailbox::forget_health(tx, &name).await?;
        }
        let sending = sending(Some(of.id));
        self.note_server_worked(&sending, None);
        Ok(mailbox::forget_health(tx, &sending).await?)
    }
}
