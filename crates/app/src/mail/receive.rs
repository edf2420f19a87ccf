//! Receiving mail: stored as it came, before anything parses it.

use jiff::Timestamp;
use mainstay_domain::id::{MailboxId, RawMailId};
use mainstay_domain::mail::{RawMail, RawMailState};
use mainstay_domain::role::Permission;
use mainstay_domain::ticket::Scope;
use mainstay_store::mail::{self, Received};
use mainstay_store::{Page, PageRequest, Transaction, ticket};
use tracing::Instrument as _;

use super::file::FilingDecision;
use super::read::read_mail;
use crate::attachment::digest;
use crate::caller::Caller;
use crate::context::App;
use crate::error::{AppError, Result};
use crate::gathering::{Gathered, Gathering, do_with_others};
use crate::job::Job;
use crate::measure::{note_received, way_in};

/// A mail that is safe in the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReceivedMail {
    /// Under which id.
    pub id: RawMailId,
    /// Whether it was new; the same mail that comes the same way again is kept once.
    pub is_new: bool,
}

impl Gathered for RawMail {
    type Answer = Received;

    /// Nothing is decided: each of them writes while the other waits for the disk.
    const SIDE_BY_SIDE: usize = 2;

    fn waiting(app: &App) -> &Gathering<Self> {
        app.arriving_mails()
    }

    fn bytes(&self) -> usize {
        self.bytes.len()
    }

    async fn do_all(app: &App, tx: &Transaction, all: &[&Self]) -> Result<Vec<Received>> {
        let received = mail::receive(tx, all).await?;
        let new = all.iter().zip(&received);
        let new = new.filter(|(_, received)| **received == Received::Now);
        let jobs = new.map(|(mail, _)| Job::ReadMail { raw_mail: mail.id });
        let jobs: Vec<Job> = jobs.collect();
        Job::queue_all(app, tx, &jobs, app.now()).await?;
        Ok(received)
    }
}

/// What became of a received mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filed {
    /// How far it is.
    pub state: RawMailState,
    /// Where it went and why, once that is decided.
    pub decision: Option<FilingDecision>,
    /// The number of its ticket.
    pub ticket: Option<u64>,
    /// Why it could not be filed, if it could not.
    pub error: Option<String>,
}

/// By which way a mail came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WayIn {
    /// What it is called: `pipe`, `http`, or `imap:` and the mailbox's name.
    pub source: String,
    /// The mailbox that was set up in which it was read.
    pub mailbox: Option<MailboxId>,
}

impl From<&str> for WayIn {
    fn from(source: &str) -> Self {
        Self {
            source: source.to_owned(),
            mailbox: None,
        }
    }
}

impl App {
    /// Takes in a mail: its bytes are stored as they are, and a job is queued that reads and files it. Once this
    /// returns, the mail cannot be lost.
    ///
    /// An instant in the future counts as now.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] without the permission `mail.receive`; [`AppError::Invalid`] when there is nothing, or more
    /// than may be taken in; [`AppError::Unavailable`] when it could not be stored and should be offered again.
    pub async fn receive_mail(
        &self,
        caller: &Caller,
        raw: Vec<u8>,
        way: impl Into<WayIn>,
        received_at: Timestamp,
    ) -> Result<ReceivedMail> {
        let way = way.into();
        caller.require(Permission::ReceiveMail)?;
        if raw.trim_ascii().is_empty() {
            return Err(AppError::invalid("message", "there is no message"));
        }
        let (length, limit) = (raw.len(), self.options().mail.max_message);
        if length > limit {
            return Err(AppError::invalid(
                "message",
                format!(
                    "has {length} bytes, and no more than {limit} are taken in (mail.max_message)"
                ),
            ));
        }
        let now = self.now();
        let mail = RawMail {
            id: self.new_id(now),
            digest: digest(&raw),
            source: way.source,
            message_id: message_id(&raw),
            bytes: raw,
            received_at: received_at.min(now),
            state: RawMailState::New,
            decision: None,
            ticket: None,
            message: None,
            error: None,
            mailbox: way.mailbox,
        };
        let span =
            tracing::debug_span!("receive_mail", source = way_in(&mail.source), mail = %mail.id);
        let (id, way_in) = (mail.id, mail.source.clone());
        let received = do_with_others(self, mail).instrument(span).await?;
        if received == Received::Now {
            note_received(&way_in);
        }
        self.wake_for_jobs();
        Ok(match received {
            Received::Now => ReceivedMail { id, is_new: true },
            Received::Before(id) => ReceivedMail { id, is_new: false },
        })
    }

    /// Reads and files a mail that was received, at once rather than when a worker comes to it. Done twice, also at the same
    /// time, it is filed once. A mail that cannot be filed now is left to the worker.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when there is none; [`AppError::Unavailable`] when the store does not answer.
    pub async fn file_received(&self, id: RawMailId) -> Result<Filed> {
        if let Err(failure) = read_mail(self, id, false).await {
            tracing::debug!(%id, ?failure, "a mail is left to the worker");
        }
        let reader = self.read();
        let mail = mail::find_received(&reader, id)
            .await?
            .ok_or_else(|| AppError::no_such("received mail", id))?;
        let ticket = match mail.ticket {
            Some(ticket) => ticket::find(&reader, Scope::Everything, ticket).await?,
            None => None,
        };
        Ok(Filed {
            state: mail.state,
            decision: FilingDecision::of(&mail),
            ticket: ticket.map(|found| found.ticket.number),
            error: mail.error,
        })
    }

    /// Received mails, the latest first: those in one state, such as [`RawMailState::Failed`], or all.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] without the permission `mail.read`.
    pub async fn received_mails(
        &self,
        caller: &Caller,
        state: Option<RawMailState>,
        page: PageRequest,
    ) -> Result<Page<RawMail>> {
        caller.require(Permission::ReadMail)?;
        Ok(mail::list_received(&self.read(), state, page).await?)
    }

    /// A received mail.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when there is none, [`AppError::Forbidden`] without the permission `mail.read`.
    pub async fn received_mail(&self, caller: &Caller, id: RawMailId) -> Result<RawMail> {
        caller.require(Permission::ReadMail)?;
        mail::find_received(&self.read(), id)
            .await?
            .ok_or_else(|| AppError::no_such("received mail", id))
    }
}

/// The longest message id that is looked for, in bytes: RFC 5322 allows no longer line.
const LONGEST_ID: usize = 998;

/// The message id of a mail that nothing has parsed: what stands in angle brackets after the first `Message-ID:` of the
/// header, if anything does.
fn message_id(raw: &[u8]) -> Option<String> {
    const NAME: &[u8] = b"message-id:";
    let header = raw.split(|byte| *byte == b'\n').take_while(|line| {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        !line.is_empty()
    });
    let mut found: Option<Vec<u8>> = None;
    for line in header {
        match &mut found {
            // The field may go on in the next line.
            Some(value) if line.first().is_some_and(u8::is_ascii_whitespace) => {
                value.extend_from_slice(line);
            }
            Some(_) => break,
            None => {
                let name = line.get(..NAME.len()).unwrap_or_default();
                if name.eq_ignore_ascii_case(NAME) {
                    found = Some(line[NAME.len()..].to_vec());
                }
            }
        }
    }
    let value = found?;
    let value = String::from_utf8_lossy(&value);
    let (_, rest) = value.split_once('<')?;
    let (id, _) = rest.split_once('>')?;
    let id = id.trim();
    (!id.is_empty() && id.len() <= LONGEST_ID).then(|| id.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(raw: &str, expected: Option<&str>) {
        assert_eq!(message_id(raw.as_bytes()).as_deref(), expected);
    }

    #[test]
    fn the_message_id_is_found_without_parsing() {
        check("Subject: x\r\nMESSAGE-ID: <a@b>\r\n\r\nHi", Some("a@b"));
        check("Message-ID:\r\n <a@b>\r\nTo: x\r\n\r\n", Some("a@b"));
        check("Subject: x\n\nMessage-ID: <in@body>\n", None);
        check("Message-ID: a@b\n\n", None);
        check("Message-ID: <\u{fffd}@b>", Some("\u{fffd}@b"));
        check("", None);
    }
}
