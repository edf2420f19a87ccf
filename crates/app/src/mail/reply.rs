//! Sending an agent's public reply to the customer.

use std::collections::BTreeSet;

use jiff::Timestamp;
use mainstay_channels::compose::{
    Attachment, ComposeError, ComposedMail, Correspondent, Origin, OutgoingMail, ReturnPath,
};
use mainstay_channels::template::{Language, TemplateError};
use mainstay_domain::event::{Actor, Side};
use mainstay_domain::id::{MailboxId, MessageId};
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
    let identity = identity.towards(&reader, &found.ticket).await?;
    let Some(outgoing) = write(app, &identity, found.ticket, &message, message_id).await? else {
        // The customer reads it in the portal, or was called.
        return Ok(());
    };
    queue(app, &[outgoing], None).await?;
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
    /// The message of a person that it carries, if it carries one.
    pub message: Option<MessageId>,
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
    let known = thread::of_ticket(&reader, subject.ticket.id).await?;
    let threading = Threading::of(known, &conversation, answered);
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
    ready(identity, mail, subject.ticket, Some(message.id)).map(Some)
}

/// Bounces come to the signed address, where there is one: then they find their ticket whatever they say.
pub(super) fn return_path(identity: &Identity, reply_address: Option<&String>) -> ReturnPath {
    ReturnPath::Address(reply_address.unwrap_or(&identity.from).clone())
}

pub(super) fn ready(
    identity: &Identity,
    mail: OutgoingMail,
    ticket: Ticket,
    message: Option<MessageId>,
) -> Result<ReadyMail> {
    let composed = mail.compose().map_err(uncomposable)?;
    let mailbox = identity.mailbox_from(&mail.from.address);
    Ok(ReadyMail {
        mailbox,
        has_way_out: identity.has_way_out(mailbox),
        mail,
        composed,
        ticket,
        message,
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
    /// The message ids that are known of a ticket in the order of its conversation; the one that is answered last.
    pub fn of(
        mut entries: Vec<ThreadEntry>,
        conversation: &[Message],
        answered: Option<&Message>,
    ) -> Self {
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
        Self {
            parent,
            references: entries.into_iter().map(|entry| entry.message_id).collect(),
        }
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

impl ReadyMail {
    /// As it is kept.
    fn stored(&self, app: &App) -> StoredMail {
        let now = app.now();
        let recipients = self.composed.recipients.iter();
        let sender = self.composed.sender.as_ref();
        StoredMail {
            id: app.new_id(now),
            message_id: self.mail.message_id.clone(),
            account: self.ticket.facts.account,
            ticket: Some(self.ticket.id),
            message: self.message,
            sender: sender.map(ToString::to_string).unwrap_or_default(),
            recipients: recipients.map(ToString::to_string).collect(),
            subject: self.mail.subject.clone(),
            bytes: self.composed.bytes.clone(),
            state: OutgoingMailState::Queued,
            attempts: 0,
            last_error: None,
            receipt: None,
            created_at: now,
            sent_at: None,
            mailbox: self.mailbox,
        }
    }
}

/// Queues mails with the jobs that send them, in one transaction, but for those that are queued already. Where `unless_after` is
/// given, none goes to somebody to whom one that carries no message of a person was queued after that instant, and one at most to
/// everybody.
pub(super) async fn queue(
    app: &App,
    mails: &[ReadyMail],
    unless_after: Option<Timestamp>,
) -> Result<()> {
    let mails: Vec<(&ReadyMail, StoredMail)> = mails
        .iter()
        .map(|ready| (ready, ready.stored(app)))
        .collect();
    transact!(app, tx => async {
        let mut told = match unless_after {
            Some(since) => told_since(tx, &mails, since).await?,
            None => BTreeSet::new(),
        };
        let ids: Vec<String> = mails.iter().map(|(_, stored)| stored.message_id.clone()).collect();
        let written = mail::written_among(tx, &ids).await?;
        let mut queued = Vec::with_capacity(mails.len());
        for (ready, stored) in &mails {
            if stored.recipients.iter().any(|recipient| told.contains(recipient)) {
                tracing::debug!(ticket = ?stored.ticket, "nothing is sent: the last such mail to this address is too recent");
            } else if !written.contains(&stored.message_id) {
                queued.push((*ready, stored));
                if unless_after.is_some() {
                    told.extend(stored.recipients.iter().cloned());
                }
            }
        }
        put_in_queue(app, tx, &queued).await
    })?;
    app.wake();
    Ok(())
}

/// Which recipients of mails were told something by us alone since an instant. Whoever asks so of the same recipients waits until this
/// transaction has ended.
async fn told_since(
    tx: &Transaction,
    mails: &[(&ReadyMail, StoredMail)],
    since: Timestamp,
) -> Result<BTreeSet<String>> {
    let recipients = mails.iter().flat_map(|(_, stored)| &stored.recipients);
    let recipients: BTreeSet<&String> = recipients.collect();
    let recipients: Vec<String> = recipients.into_iter().cloned().collect();
    mail::hold_recipients(tx, &recipients).await?;
    Ok(mail::told_automatically(tx, &recipients, since).await?)
}

async fn put_in_queue(
    app: &App,
    tx: &Transaction,
    mails: &[(&ReadyMail, &StoredMail)],
) -> Result<()> {
    mail::enqueue_many(tx, mails.iter().map(|(_, stored)| *stored)).await?;
    let entries: Vec<ThreadEntry> = mails
        .iter()
        .map(|(ready, stored)| ThreadEntry {
            message_id: stored.message_id.clone(),
            ticket: ready.ticket.id,
            message: ready.message,
        })
        .collect();
    thread::insert(tx, &entries).await?;
    for (_, stored) in mails.iter().filter(|(ready, _)| ready.has_way_out) {
        let send = Job::SendMail { mail: stored.id };
        send.queue(app, tx, app.now()).await?;
    }
    Ok(())
}
