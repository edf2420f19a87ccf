//! Messages: what was said on a ticket.

use jiff::Timestamp;

use crate::attachment::Attachment;
use crate::event::{Actor, Channel, Origin, Visibility};
use crate::id::{AgentId, MessageId, RawMailId, TicketId};

/// A public reply or an internal note.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Identifies it.
    pub id: MessageId,
    /// The ticket it belongs to.
    pub ticket: TicketId,
    /// Who wrote it.
    pub author: Actor,
    /// The address it came from, as the sender's mail program wrote it.
    pub sender: Option<String>,
    /// Who may read it.
    pub visibility: Visibility,
    /// Whether a person wrote it.
    pub origin: Origin,
    /// By which way it came.
    pub channel: Channel,
    /// What was said, as plain text, without what it quotes.
    pub text: String,
    /// The same as sanitised HTML, where there is any.
    pub html: Option<String>,
    /// What it quotes of earlier messages, as plain text.
    pub quoted: Option<String>,
    /// The language it is written in, as far as it was recognised.
    pub language: Option<String>,
    /// The agents it mentions.
    pub mentions: Vec<AgentId>,
    /// The files that came with it.
    pub attachments: Vec<Attachment>,
    /// The mail it was read from.
    pub raw_mail: Option<RawMailId>,
    /// When it was written.
    pub at: Timestamp,
}
