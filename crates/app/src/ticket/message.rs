//! Writing into a conversation.

use jiff::Timestamp;
use mainstay_domain::attachment::Attachment;
use mainstay_domain::event::{Actor, Channel, Origin, Side, Visibility};
use mainstay_domain::id::{AgentId, MessageId, RawMailId, TicketId, UploadId};
use mainstay_domain::message::Message;
use mainstay_domain::name::StatusName;
use mainstay_domain::role::Permission;
use mainstay_domain::status::StatusKind;
use mainstay_domain::ticket::{Command, NewMessage, Ticket};
use mainstay_store::{Transaction, message};

use super::mention::tell_mentioned;
use super::{TicketWriter, TokenTrail};
use crate::attachment::attach_uploads;
use crate::caller::Caller;
use crate::context::App;
use crate::error::{AppError, Result};
use crate::field::check_message;
use crate::job::Job;
use crate::transaction::transact;

/// A message that somebody wrote.
#[derive(Debug, Clone)]
pub struct MessageText {
    /// Identifies it.
    pub id: MessageId,
    /// Which side wrote it.
    pub side: Side,
    /// Who may read it.
    pub visibility: Visibility,
    /// Whether a person wrote it.
    pub origin: Origin,
    /// By which way it came.
    pub channel: Channel,
    /// The address it came from, as the sender's mail program wrote it.
    pub sender: Option<String>,
    /// What was said, as plain text.
    pub text: String,
    /// The same as sanitised HTML.
    pub html: Option<String>,
    /// What it quotes of earlier messages.
    pub quoted: Option<String>,
    /// The language it is written in, as far as it was recognised.
    pub language: Option<String>,
    /// The agents it mentions.
    pub mentions: Vec<AgentId>,
    /// The files that came with it; their bytes are stored already.
    pub attachments: Vec<Attachment>,
    /// The uploads of its writer that it takes besides.
    pub uploads: Vec<UploadId>,
    /// The mail it was read from.
    pub raw_mail: Option<RawMailId>,
    /// When it was written, or received.
    pub at: Timestamp,
}

impl MessageText {
    /// A plain text of one side, written by a person now.
    #[must_use]
    pub fn plain(app: &App, side: Side, visibility: Visibility, text: impl Into<String>) -> Self {
        let at = app.now();
        Self {
            id: app.new_id(at),
            side,
            visibility,
            origin: Origin::Person,
            channel: Channel::Api,
            sender: None,
            text: text.into(),
            html: None,
            quoted: None,
            language: None,
            mentions: Vec::new(),
            attachments: Vec::new(),
            uploads: Vec::new(),
            raw_mail: None,
            at,
        }
    }

    /// Takes the uploads' bytes over, before the transaction that writes the message.
    pub(super) async fn adopt_uploads(&mut self, app: &App, caller: &Caller) -> Result<()> {
        let adopted = app.adopt_uploads(caller, &self.uploads).await?;
        self.attachments.extend(adopted);
        Ok(())
    }

    /// What a contact may write: a public message of a person on the customer's side.
    pub(super) fn keep_to_customer(&mut self) {
        self.side = Side::Customer;
        self.visibility = Visibility::Public;
        self.origin = Origin::Person;
        self.mentions.clear();
    }

    /// Whether it belongs to the conversation with the customer: public, and written by a person.
    #[must_use]
    pub fn is_conversation(&self) -> bool {
        self.visibility == Visibility::Public && self.origin == Origin::Person
    }

    /// The message as it is stored, beside the fact that it was added.
    pub(super) fn row(&self, ticket: TicketId, author: Actor) -> Message {
        Message {
            id: self.id,
            ticket,
            author,
            sender: self.sender.clone(),
            visibility: self.visibility,
            origin: self.origin,
            channel: self.channel,
            text: self.text.clone(),
            html: self.html.clone(),
            quoted: self.quoted.clone(),
            language: self.language.clone(),
            mentions: self.mentions.clone(),
            attachments: self.attachments.clone(),
            raw_mail: self.raw_mail,
            at: self.at,
        }
    }
}

impl App {
    /// Adds a message to a ticket. An agent's public reply is sent to the customer.
    ///
    /// # Errors
    /// [`AppError::NotFound`] for a ticket that is not there or that the caller may not see, [`AppError::Forbidden`],
    /// [`AppError::Refused`] when the ticket is closed or merged, [`AppError::Invalid`] for an empty text without
    /// attachments or one that is too long, and for an upload that is not the caller's to attach.
    pub async fn add_message(
        &self,
        caller: &Caller,
        ticket: TicketId,
        mut message: MessageText,
        then: Option<StatusName>,
    ) -> Result<Ticket> {
        self.visible_ticket(caller, ticket).await?;
        if caller.contact().is_some() {
            caller.require(Permission::PortalWrite)?;
            if message.visibility == Visibility::Internal {
                // To publish what was meant to be kept would be worse than to refuse it.
                return Err(AppError::invalid(
                    "visibility",
                    "only those who serve write internal notes",
                ));
            }
            if let Some(status) = then.as_ref().filter(|status| !may_say(status)) {
                return Err(AppError::invalid(
                    "status",
                    format!(
                        "{status} is not for a customer to say: expected open, resolved or closed"
                    ),
                ));
            }
            message.keep_to_customer();
        } else if message.visibility == Visibility::Internal {
            caller.require(Permission::NoteTickets)?;
        } else {
            caller.require(Permission::ReplyToTickets)?;
        }
        check_message("text", &message.text)?;
        message.adopt_uploads(self, caller).await?;
        let author = caller.actor;
        let ticket = transact!(self, tx => async {
            let trail = TokenTrail::begin(tx, caller, &[ticket]).await?;
            attach_uploads(self, tx, caller, &message.uploads).await?;
            let changed = append_message(self, tx, ticket, author, &message, then.clone()).await?;
            trail.end(self, tx).await?;
            Ok(changed)
        })?;
        self.wake();
        Ok(ticket)
    }
}

/// Whether a contact may say that their ticket has this status: that it is solved, or is not. What would pause a clock is for
/// those who serve to say.
fn may_say(status: &StatusName) -> bool {
    [StatusKind::Open, StatusKind::Resolved, StatusKind::Closed]
        .iter()
        .any(|kind| kind.as_str() == status.as_str())
}

/// Adds a message within a transaction.
pub(crate) async fn append_message(
    app: &App,
    tx: &Transaction,
    ticket: TicketId,
    author: Actor,
    message: &MessageText,
    then: Option<StatusName>,
) -> Result<Ticket> {
    let mut writer = TicketWriter::load(app, tx, ticket).await?;
    add_message(&mut writer, author, message, then)?;
    let written = writer.save().await?;
    deliver_message(app, tx, ticket, author, message).await?;
    Ok(written.ticket)
}

/// Writes a message down whose adding was decided and saved, tells those whom it mentions, and sends an agent's public
/// reply to the customer.
pub(crate) async fn deliver_message(
    app: &App,
    tx: &Transaction,
    ticket: TicketId,
    author: Actor,
    message: &MessageText,
) -> Result<()> {
    message::insert(tx, &message.row(ticket, author)).await?;
    tell_mentioned(app, tx, ticket, author, message).await?;
    if message.side == Side::Agent && message.is_conversation() {
        let deliver = Job::DeliverReply {
            message: message.id,
        };
        deliver.queue(app, tx, app.now()).await?;
    }
    Ok(())
}

/// Decides that a message is added.
pub(crate) fn add_message(
    writer: &mut TicketWriter<'_>,
    author: Actor,
    message: &MessageText,
    then: Option<StatusName>,
) -> Result<()> {
    if message.text.trim().is_empty() && message.attachments.is_empty() && message.html.is_none() {
        return Err(AppError::invalid("text", "must not be empty"));
    }
    writer.hear(message.id, &message.text);
    writer.decide_at(
        author,
        message.at,
        Command::AddMessage {
            message: NewMessage {
                message: message.id,
                side: message.side,
                visibility: message.visibility,
                origin: message.origin,
                channel: message.channel,
            },
            then,
        },
    )?;
    Ok(())
}
