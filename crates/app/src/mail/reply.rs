//! Sending an agent's public reply to the customer.

use jiff::Timestamp;
use mainstay_channels::compose::{
    Attachment, ComposeError, ComposedMail, Correspondent, Origin, OutgoingMail, ReturnPath,
};
use mainstay_channels::template::{Language, TemplateError};
use mainstay_domain::event::{Actor, Side};
use mainstay_domain::id::{MailboxId, MessageId, TicketId};
use mainstay_domain::mail::{OutgoingMail as StoredMail, OutgoingMailState};
use mainstay_domain::message::Message;
use mainstay_domain::ticket::{Scope, Ticket};
use mainstay_store::thread::ThreadEntry;
use mainstay_store::{
    Connection, Transaction, contact, mail, message, participant, thread, ticket,
};

use super::identity::Identity;
use super::letter::{Said, Subject};
use crate::context::App;
use crate::error::{AppError, Result};
use crate::job::{Job, JobFailure};
use crate::transaction::transact;

/// Renders a reply into a mail that is to be sent. A second run finds the mail of the first and does nothing.
pub(crate) async fn deliver_reply(app: &App, id: MessageId) -> Result<(), JobFailure> {
    let identity = app.mail_identity().await?;
    let message_id = identity.message_id(id.uuid());
    let reader = app.read();
    if mail::find_by_message_id(&reader, &message_id)
        .await?
        .is_some()
    {
        return Ok(());
    }
    let message = message::find(&reader, Scope::Everything, id)
        .await?
        .ok_or_else(|| JobFailure::Fail(format!("there is no message {id}")))?;
    let Some(found) = ticket::find(&reader, Scope::Everything, message.ticket).await? else {
        return Err(JobFailure::Fail("the ticket is gone".to_owned()));
    };
    let identity = app.mail_identity_of(&found.ticket).await?;
    let Some(outgoing) = write(app, &identity, found.ticket, &message, message_id).await? else {
        // The customer reads it in the portal, or was called.
        return Ok(());
    };
    queue(app, outgoing, Some(id)).await?;
    Ok(())
}

/// A mail that is ready to be queued.
pub(super) struct ReadyMail {
    pub mail: OutgoingMail,
    pub composed: ComposedMail,
    pub ticket: Ticket,
    /// The mailbox in whose name it leaves.
    pub mailbox: Option<MailboxId>,
    /// Whether there is a server for it.
    pub has_way_out: bool,
    /// It is left out where one that carries no message of a person was queued for its recipient after this instant.
    pub unless_after: Option<Timestamp>,
}

/// The reply as a mail; nothing when nobody can be written to.
async fn write(
    app: &App,
    identity: &Identity,
    ticket: Ticket,
    message: &Message,
    message_id: String,
) -> Result<Option<ReadyMail>> {
    let reader = app.read();
    let author = match message.author {
        Actor::Agent(agent) => Some(agent),
        Actor::Contact(_) | Actor::System => None,
    };
    let conversation = message::of_ticket(&reader, Scope::Everything, ticket.id).await?;
    let answered = last_of_customer(&conversation, message);
    let subject = Subject::load(app, &reader, ticket, author).await?;
    let (to, cc) = recipients(&reader, identity, &subject, answered).await?;
    let Some(to) = to else {
        return Ok(None);
    };
    let threading = Threading::of(&reader, subject.ticket.id, &conversation, answered).await?;
    let language = subject.language(answered.and_then(|message| message.language.as_deref()));
    let quoted = match answered {
        Some(answered) => quotation(&reader, &subject, answered, language).await?,
        None => String::new(),
    };
    let said = Said {
        text: message.text.trim_end(),
        quoted: &quoted,
    };
    let rendered = subject
        .render(app, identity, "reply", language, Some(&said))
        .map_err(unrenderable)?;
    let html = subject.render_html(app, identity, message, language, &quoted);
    let reply_address = identity.reply_address(&subject.ticket);
    let mail = OutgoingMail {
        from: subject.sender(identity),
        to: vec![to],
        cc,
        return_path: return_path(identity, reply_address.as_ref()),
        reply_to: reply_address.map(Correspondent::new),
        subject: rendered.subject,
        text: rendered.text,
        html,
        message_id,
        in_reply_to: threading.parent,
        references: threading.references,
        origin: Origin::Person,
        date: message.at,
        attachments: files(app, message).await?,
    };
    ready(identity, mail, subject.ticket).map(Some)
}

/// Bounces come to the signed address, where there is one: then they find their ticket whatever they say.
pub(super) fn return_path(identity: &Identity, reply_address: Option<&String>) -> ReturnPath {
    ReturnPath::Address(reply_address.unwrap_or(&identity.from).clone())
}

pub(super) fn ready(identity: &Identity, mail: OutgoingMail, ticket: Ticket) -> Result<ReadyMail> {
    let composed = mail.compose().map_err(uncomposable)?;
    let mailbox = identity.mailbox_from(&mail.from.address);
    Ok(ReadyMail {
        mailbox,
        has_way_out: identity.has_way_out(mailbox),
        unless_after: None,
        mail,
        composed,
        ticket,
    })
}

fn uncomposable(error: ComposeError) -> AppError {
    AppError::invalid("mail", error.to_string())
}

pub(super) fn unrenderable(error: TemplateError) -> AppError {
    AppError::broken("The mail could not be written.", error.to_string())
}

/// The last message of the customer before this one: the one it answers.
fn last_of_customer<'a>(conversation: &'a [Message], before: &Message) -> Option<&'a Message> {
    conversation
        .iter()
        .take_while(|message| message.id != before.id)
        .filter(|message| {
            message.visibility == mainstay_domain::event::Visibility::Public
                && message.origin == mainstay_domain::event::Origin::Person
                && message.author.side() == Some(Side::Customer)
        })
        .last()
}

/// To whom the reply goes: the contact, at the address they wrote from; and whoever else takes part, but us.
async fn recipients(
    on: &impl Connection,
    identity: &Identity,
    subject: &Subject,
    answered: Option<&Message>,
) -> Result<(Option<Correspondent>, Vec<Correspondent>)> {
    let Some(contact) = subject.contact.as_ref().filter(|contact| contact.active) else {
        return Ok((None, Vec::new()));
    };
    let wrote_from = answered.and_then(|message| message.sender.as_ref());
    let known = wrote_from.filter(|address| {
        let mut addresses = contact.addresses.iter();
        addresses.any(|known| known.eq_ignore_ascii_case(address))
    });
    let Some(address) = known.or_else(|| contact.addresses.first()) else {
        return Ok((None, Vec::new()));
    };
    let participants = participant::of_ticket(on, subject.ticket.id).await?;
    let cc = participants
        .into_iter()
        .filter(|other| !other.eq_ignore_ascii_case(address) && !identity.is_ours(other))
        .map(Correspondent::new)
        .collect();
    let to = Correspondent::named(contact.name.clone(), address.clone());
    Ok((Some(to), cc))
}

/// The headers that keep a conversation together in the customer's mail program.
pub(super) struct Threading {
    pub parent: Option<String>,
    pub references: Vec<String>,
}

impl Threading {
    /// The message ids of a ticket in the order of its conversation; the one that is answered last.
    pub async fn of(
        on: &impl Connection,
        ticket: TicketId,
        conversation: &[Message],
        answered: Option<&Message>,
    ) -> Result<Self> {
        let mut entries = thread::of_ticket(on, ticket).await?;
        // Receipts, which are of no message, follow the first message.
        entries.sort_by_key(|entry| {
            let place = conversation
                .iter()
                .position(|m| Some(m.id) == entry.message);
            (place.unwrap_or(0), entry.message.is_none())
        });
        let parent = entries
            .iter()
            .find(|entry| entry.message.is_some() && entry.message == answered.map(|m| m.id))
            .or_else(|| entries.last())
            .map(|entry| entry.message_id.clone());
        Ok(Self {
            parent,
            references: entries.into_iter().map(|entry| entry.message_id).collect(),
        })
    }
}

/// What is answered, as mail programs quote it: below a line that says who wrote it, and when.
async fn quotation(
    on: &impl Connection,
    subject: &Subject,
    answered: &Message,
    language: Language,
) -> Result<String> {
    let writer = match answered.author {
        Actor::Contact(id) => contact::find(on, id).await?.map(|contact| contact.name),
        Actor::Agent(_) | Actor::System => None,
    };
    let writer = writer.or_else(|| answered.sender.clone());
    let lines = answered
        .text
        .trim()
        .lines()
        .map(|line| format!("> {line}").trim_end().to_owned());
    let head = writer.map(|writer| wrote(&subject.local(answered.at), &writer, language));
    Ok(head
        .into_iter()
        .chain(lines)
        .collect::<Vec<String>>()
        .join("\n"))
}

/// The line above a quotation, as it is recognised when the customer answers below it.
fn wrote(at: &str, writer: &str, language: Language) -> String {
    match language {
        Language::English => format!("On {at}, {writer} wrote:"),
        Language::Spanish => format!("El {at}, {writer} escribió:"),
        Language::Portuguese => format!("Em {at}, {writer} escreveu:"),
    }
}

async fn files(app: &App, message: &Message) -> Result<Vec<Attachment>> {
    let mut files = Vec::with_capacity(message.attachments.len());
    for file in &message.attachments {
        files.push(Attachment {
            file_name: file.file_name.clone(),
            content_type: file.content_type.clone(),
            bytes: app.blobs().get(file.digest).await?.to_vec(),
        });
    }
    Ok(files)
}

/// Queues a mail with the job that sends it, unless it is queued already.
pub(super) async fn queue(app: &App, ready: ReadyMail, message: Option<MessageId>) -> Result<()> {
    let now = app.now();
    let stored = StoredMail {
        id: app.new_id(now),
        message_id: ready.mail.message_id.clone(),
        account: ready.ticket.facts.account,
        ticket: Some(ready.ticket.id),
        message,
        sender: ready
            .composed
            .sender
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default(),
        recipients: ready
            .composed
            .recipients
            .iter()
            .map(ToString::to_string)
            .collect(),
        subject: ready.mail.subject.clone(),
        bytes: ready.composed.bytes.clone(),
        state: OutgoingMailState::Queued,
        attempts: 0,
        last_error: None,
        receipt: None,
        created_at: now,
        sent_at: None,
        mailbox: ready.mailbox,
    };
    transact!(app, tx => async {
        match ready.unless_after {
            Some(since) if told_since(tx, &stored, since).await? => Ok(()),
            _ => queue_once(app, tx, &stored, ready.has_way_out).await,
        }
    })?;
    app.wake();
    Ok(())
}

/// Whether a recipient of a mail was told something by us alone since an instant. Whoever asks so of the same recipient waits until
/// this transaction has ended.
async fn told_since(tx: &Transaction, stored: &StoredMail, since: Timestamp) -> Result<bool> {
    for recipient in &stored.recipients {
        mail::hold_recipient(tx, recipient).await?;
        if mail::count_automatic(tx, recipient, since).await? > 0 {
            tracing::debug!(ticket = ?stored.ticket, "nothing is sent: the last such mail to this address is too recent");
            return Ok(true);
        }
    }
    Ok(false)
}

async fn queue_once(
    app: &App,
    tx: &Transaction,
    stored: &StoredMail,
    has_way_out: bool,
) -> Result<()> {
    if mail::find_by_message_id(tx, &stored.message_id)
        .await?
        .is_some()
    {
        return Ok(());
    }
    mail::enqueue(tx, stored).await?;
    if let Some(ticket) = stored.ticket {
        let entry = ThreadEntry {
            message_id: stored.message_id.clone(),
            ticket,
            message: stored.message,
        };
        thread::insert(tx, &[entry]).await?;
    }
    if has_way_out {
        let send = Job::SendMail { mail: stored.id };
        send.queue(app, tx, app.now()).await?;
    }
    Ok(())
}
