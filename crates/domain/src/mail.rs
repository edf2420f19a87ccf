//! Mail: as it was received, and as it is sent.

use jiff::Timestamp;

use crate::digest::Digest;
use crate::id::{AccountId, MailboxId, MessageId, OutgoingMailId, RawMailId, TicketId};

/// A mail exactly as it was received, before anything read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawMail {
    /// Identifies it.
    pub id: RawMailId,
    /// The digest of its bytes.
    pub digest: Digest,
    /// By which way it came: `pipe`, `http`, or `imap:` and the mailbox's name.
    pub source: String,
    /// Its own message id, as far as a header could be found.
    pub message_id: Option<String>,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// When it was received.
    pub received_at: Timestamp,
    /// What became of it.
    pub state: RawMailState,
    /// How it was decided where it belongs, as JSON.
    pub decision: Option<String>,
    /// The ticket it went to.
    pub ticket: Option<TicketId>,
    /// The message it became.
    pub message: Option<MessageId>,
    /// Why it could not be read, when it failed.
    pub error: Option<String>,
    /// The mailbox that was set up in which it was read, wherever that is read by now.
    pub mailbox: Option<MailboxId>,
}

/// What became of a received mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RawMailState {
    /// Nothing has read it yet.
    New,
    /// It was read and filed.
    Parsed,
    /// It bears the address of one of us and is not proven to be theirs: nothing was done but to note it on its ticket,
    /// until a person accepts it.
    Held,
    /// It could not be read.
    Failed,
    /// It was read and deliberately not filed: a loop, a flood, a bounce of no ticket.
    Ignored,
}

/// A mail to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutgoingMail {
    /// Identifies it.
    pub id: OutgoingMailId,
    /// Its message id without angle brackets; unique, so that nothing is sent twice.
    pub message_id: String,
    /// The account it concerns.
    pub account: Option<AccountId>,
    /// The ticket it concerns.
    pub ticket: Option<TicketId>,
    /// The message it carries.
    pub message: Option<MessageId>,
    /// The envelope's sender; empty for a message that must not be answered by a machine.
    pub sender: String,
    /// The envelope's recipients.
    pub recipients: Vec<String>,
    /// Its subject, for those who look at the queue.
    pub subject: String,
    /// The rendered message.
    pub bytes: Vec<u8>,
    /// How far it is.
    pub state: OutgoingMailState,
    /// How many times sending was tried.
    pub attempts: u32,
    /// Why the last try failed.
    pub last_error: Option<String>,
    /// What the server answered when it took the message.
    pub receipt: Option<String>,
    /// When it was queued.
    pub created_at: Timestamp,
    /// When the server took it.
    pub sent_at: Option<Timestamp>,
    /// The mailbox in whose name it leaves; absent for the one of the settings.
    pub mailbox: Option<MailboxId>,
}

/// How far a mail to be sent is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OutgoingMailState {
    /// Waiting for its first try.
    Queued,
    /// Being handed over. Who finds a mail in this state after a crash cannot know whether the server took it.
    Sending,
    /// The server took it.
    Sent,
    /// A try failed; another follows.
    Retry,
    /// Given up; a person may look at it and send it again.
    Dead,
}
