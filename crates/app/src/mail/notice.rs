//! What the program itself tells the customer of a ticket, in its conversation: that a message has arrived, or that the ticket is
//! resolved.

use jiff::Timestamp;
use mainstay_channels::compose::{Correspondent, Origin, OutgoingMail, ReturnPath};
use mainstay_domain::id::TicketId;
use mainstay_domain::message::Message;
use mainstay_domain::ticket::{Scope, Ticket};
use mainstay_store::{mail, message, ticket};
use uuid::Uuid;

use super::identity::Identity;
use super::letter::Subject;
use super::reply::{Threading, queue, ready, unrenderable};
use crate::context::App;
use crate::job::JobFailure;

/// A notice that is not written yet.
pub(super) struct Notice {
    pub identity: Identity,
    pub conversation: Vec<Message>,
    /// Nothing is sent to somebody to whom a mail of ours that answers nobody was queued after this instant.
    pub unless_after: Option<Timestamp>,
    message_id: String,
}

impl Notice {
    /// Begins the notice of a ticket whose message id follows from `cause`; nothing where it was written before.
    pub async fn begin(
        app: &App,
        id: TicketId,
        cause: Uuid,
    ) -> Result<Option<(Self, Ticket)>, JobFailure> {
        let identity = app.mail_identity().await?;
        let message_id = identity.message_id(cause);
        let reader = app.read();
        if mail::find_by_message_id(&reader, &message_id)
            .await?
            .is_some()
        {
            return Ok(None);
        }
        let found = ticket::find(&reader, Scope::Everything, id)
            .await?
            .ok_or_else(|| JobFailure::Fail(format!("there is no ticket {id}")))?;
        let identity = app.mail_identity_of(&found.ticket).await?;
        let conversation = message::of_ticket(&reader, Scope::Everything, id).await?;
        let notice = Self {
            identity,
            conversation,
            unless_after: None,
            message_id,
        };
        Ok(Some((notice, found.ticket)))
    }

    /// Writes it by a template, in the language of the message that it answers, and queues it. Bounces go nowhere, so that two
    /// programs never answer each other for ever.
    pub async fn send(
        &self,
        app: &App,
        subject: Subject,
        to: Correspondent,
        template: &str,
        origin: Origin,
        answered: Option<&Message>,
    ) -> Result<(), JobFailure> {
        let language = subject.language(answered.and_then(|message| message.language.as_deref()));
        let rendered = subject
            .render(app, &self.identity, template, language, None)
            .map_err(unrenderable)?;
        let ticket = subject.ticket.id;
        let threading = Threading::of(&app.read(), ticket, &self.conversation, answered).await?;
        let mail = OutgoingMail {
            from: subject.sender(&self.identity),
            to: vec![to],
            cc: Vec::new(),
            reply_to: self
                .identity
                .reply_address(&subject.ticket)
                .map(Correspondent::new),
            return_path: ReturnPath::Nowhere,
            subject: rendered.subject,
            text: rendered.text,
            html: None,
            message_id: self.message_id.clone(),
            in_reply_to: threading.parent,
            references: threading.references,
            origin,
            date: app.now(),
            attachments: Vec::new(),
        };
        let mut ready = ready(&self.identity, mail, subject.ticket)?;
        ready.unless_after = self.unless_after;
        queue(app, ready, None).await?;
        Ok(())
    }
}
