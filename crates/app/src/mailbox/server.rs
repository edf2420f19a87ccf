//! The mail servers of mailboxes, as the program reaches them.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use mainstay_domain::mail::OutgoingMail;

use super::open::OpenMailbox;
use crate::error::{AppError, Fault};
use crate::mail::{Checked, MailTransport};

/// Reaches the mail servers of mailboxes that are set up.
#[async_trait]
pub trait MailServers: fmt::Debug + Send + Sync + 'static {
    /// Refuses what could never work, before it is kept; nothing is connected.
    ///
    /// # Errors
    /// Says which part cannot be used, and why.
    fn check(&self, mailbox: &OpenMailbox) -> Result<(), UnusableServer>;

    /// What hands mails over to the server of a mailbox; nothing where it has none.
    ///
    /// # Errors
    /// Says why its server cannot be used.
    fn transport(
        &self,
        mailbox: &OpenMailbox,
    ) -> Result<Option<Arc<dyn MailTransport>>, UnusableServer>;

    /// Opens the folder that a mailbox is read from, and reads nothing. It answers within half a minute.
    async fn open(&self, mailbox: &OpenMailbox) -> Checked;

    /// Hands a mail over to the server of a mailbox. It answers within half a minute.
    async fn send(&self, mailbox: &OpenMailbox, mail: &OutgoingMail) -> Checked;
}

/// A server that cannot be used as it was set up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnusableServer {
    /// Where it says so: the path within the mailbox, such as `outgoing`, `host`.
    pub path: Vec<&'static str>,
    /// Why, and what would do.
    pub reason: String,
}

impl UnusableServer {
    pub(crate) fn into_error(self) -> AppError {
        AppError::Invalid(vec![Fault {
            path: self.path.iter().map(|&part| part.to_owned()).collect(),
            detail: self.reason,
        }])
    }
}
