//! What the program itself tells the customer of a ticket, in its conversation: that a message has arrived, or that the ticket is
//! resolved.

use std::collections::BTreeMap;
use std::sync::Arc;

use mainstay_channels::compose::{Correspondent, Origin, OutgoingMail, ReturnPath};
use mainstay_domain::id::TicketId;
use mainstay_domain::message::Message;
use mainstay_domain::ticket::{Scope, Ticket};
use mainstay_store::thread::ThreadEntry;
use mainstay_store::{mail, message, thread, ticket};
use uuid::Uuid;

use super::identity::Identity;
use super::letter::Subject;
use super::reply::{ReadyMail, Threading, ready, unrenderable};
use crate::context::App;
use crate::job::JobFailure;

/// A notice that is not written yet.
pub(super) struct Notice {
    pub identity: Arc<Identity>,
    /// Its messages, oldest first, without what they say.
    pub conversation: Vec<Message>,
    /// The message ids that are known of the ticket.
    known: Vec<ThreadEntry>,
    message_id: String,
}

impl Notice {
    /// Begins the notice of a ticket whose message id follows from `cause`; nothing where it was written before.
    pub async fn begin(
        app: &App,
        id: TicketId,
        cause: Uuid,
    ) -> Result<Option<(Self, Ticket)>, JobFailure> {
        Ok(Self::begin_all(app, &[(id, cause)]).await?.pop())
    }

    /// Begins a notice of each of several tickets, each named once, in their order, but for those that were written before.
    pub async fn begin_all(
        app: &App,
        causes: &[(TicketId, Uuid)],
    ) -> Result<Vec<(Self, Ticket)>, JobFailure> {
        let identity = app.mail_identity().await?;
        let signed = causes.iter();
        let signed = signed.map(|(ticket, cause)| (*ticket, identity.message_id(*cause)));
        let mut message_ids: BTreeMap<TicketId, String> = signed.collect();
        let reader = app.read();
        let ids: Vec<String> = message_ids.values().cloned().collect();
        let written = mail::written_among(&reader, &ids).await?;
        message_ids.retain(|_, id| !written.contains(id));
        let ids: Vec<TicketId> = message_ids.keys().copied().collect();
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut tickets = ticket::find_many(&reader, Scope::Everything, &ids).await?;
        tickets.sort_by_key(|found| causes.iter().position(|(id, _)| *id == found.ticket.id));
        let mut conversations: BTreeMap<TicketId, Vec<Message>> = BTreeMap::new();
        for message in message::outlines_of_tickets(&reader, &ids).await? {
            let conversation = conversations.entry(message.ticket).or_default();
            conversation.push(message);
        }
        let mut known: BTreeMap<TicketId, Vec<ThreadEntry>> = BTreeMap::new();
        for entry in thread::of_tickets(&reader, &ids).await? {
            known.entry(entry.ticket).or_default().push(entry);
        }
        let mut begun = Vec::with_capacity(tickets.len());
        for found in tickets {
            let id = found.ticket.id;
            let Some(message_id) = message_ids.remove(&id) else {
                continue;
            };
            let notice = Self {
                identity: identity.towards(&reader, &found.ticket).await?,
                conversation: conversations.remove(&id).unwrap_or_default(),
                known: known.remove(&id).unwrap_or_default(),
                message_id,
            };
            begun.push((notice, found.ticket));
        }
        match message_ids.keys().next() {
            Some(id) => Err(JobFailure::Fail(format!("there is no ticket {id}"))),
            None => Ok(begun),
        }
    }

    /// Writes it by a template, in the language of the message that it answers. Bounces go nowhere, so that two programs never answer
    /// each other for ever.
    pub fn write(
        self,
        app: &App,
        subject: Subject,
        to: Correspondent,
        template: &str,
        origin: Origin,
        answered: Option<&Message>,
    ) -> Result<ReadyMail, JobFailure> {
        let language = subject.language(answered.and_then(|message| message.language.as_deref()));
        let rendered = subject
            .render(app, &self.identity, template, language, None)
            .map_err(unrenderable)?;
        let threading = Threading::of(self.known, &self.conversation, answered);
        let reply_address = self.identity.reply_address(&subject.ticket);
        let mail = OutgoingMail {
            from: subject.sender(&self.identity),
            to: vec![to],
            cc: Vec::new(),
            reply_to: reply_address.map(Correspondent::new),
            return_path: ReturnPath::Nowhere,
            subject: rendered.subject,
            text: rendered.text,
            html: None,
            message_id: self.message_id,
            in_reply_to: threading.parent,
            references: threading.references,
            origin,
            date: app.now(),
            attachments: Vec::new(),
        };
        Ok(ready(&self.identity, mail, subject.ticket, None)?)
    }
}
