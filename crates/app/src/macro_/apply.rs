//! Applying a macro to a ticket: all of its actions, or none.

use mainstay_domain::event::{Event, Side, Visibility};
use mainstay_domain::id::{AgentId, MacroId, MessageId, TicketId};
use mainstay_domain::role::Permission;
use mainstay_domain::ticket::Ticket;
use mainstay_store::Transaction;

use super::action::{MacroAction, Step, parse, steps};
use crate::caller::Caller;
use crate::context::App;
use crate::error::Result;
use crate::mail::Vocabulary;
use crate::ticket::{
    MessageText, StoredTicket, TicketWriter, TokenTrail, add_message, command, deliver_message,
    next_due,
};
use crate::transaction::transact;

/// What a macro would do to a ticket as it stands.
#[derive(Debug, Clone)]
pub struct MacroPreview {
    /// The ticket as it would be, with what would then fall due first.
    pub ticket: StoredTicket,
    /// What would be said, in order, its variables filled in.
    pub says: Vec<(Visibility, String)>,
    /// The facts that would be recorded.
    pub facts: Vec<Event>,
}

/// Who applies what.
struct Application<'a> {
    caller: &'a Caller,
    agent: AgentId,
    actions: Vec<MacroAction>,
    vocabulary: Vocabulary,
}

impl App {
    /// Applies a macro to a ticket, in one go: when one of its actions is refused or not the caller's to do, none is done.
    ///
    /// # Errors
    /// [`AppError::NotFound`](crate::AppError::NotFound) for a ticket or macro that the caller does not see,
    /// [`AppError::Forbidden`](crate::AppError::Forbidden) when an action needs a permission they lack,
    /// [`AppError::Refused`](crate::AppError::Refused) and [`AppError::Invalid`](crate::AppError::Invalid) as the rules
    /// of each action say.
    pub async fn apply_macro(
        &self,
        caller: &Caller,
        ticket: TicketId,
        id: MacroId,
    ) -> Result<Ticket> {
        let application = self.application(caller, ticket, id).await?;
        let applied = transact!(self, tx => application.apply(self, tx, ticket))?;
        self.wake();
        Ok(applied)
    }

    /// What a macro would do to a ticket now. Nothing is changed.
    ///
    /// # Errors
    /// As [`apply_macro`](Self::apply_macro): what it would refuse is refused here too.
    pub async fn preview_macro(
        &self,
        caller: &Caller,
        ticket: TicketId,
        id: MacroId,
    ) -> Result<MacroPreview> {
        let application = self.application(caller, ticket, id).await?;
        let tx = self.begin().await?;
        let preview = application.preview(self, &tx, ticket).await;
        tx.rollback().await?;
        preview
    }

    async fn application<'a>(
        &self,
        caller: &'a Caller,
        ticket: TicketId,
        id: MacroId,
    ) -> Result<Application<'a>> {
        let agent = caller.agent()?;
        self.visible_ticket(caller, ticket).await?;
        let found = self.macro_(caller, id).await?;
        Ok(Application {
            caller,
            agent,
            actions: parse(&found.actions)?,
            vocabulary: Vocabulary::load(self).await?,
        })
    }
}

impl Application<'_> {
    async fn apply(&self, app: &App, tx: &Transaction, ticket: TicketId) -> Result<Ticket> {
        let trail = TokenTrail::begin(tx, self.caller, &[ticket]).await?;
        let (writer, messages) = self.decide(app, tx, ticket).await?;
        let written = writer.save().await?.ticket;
        for message in &messages {
            deliver_message(app, tx, ticket, self.caller.actor, message).await?;
        }
        trail.end(app, tx).await?;
        Ok(written)
    }

    async fn preview(&self, app: &App, tx: &Transaction, ticket: TicketId) -> Result<MacroPreview> {
        let before = TicketWriter::load(app, tx, ticket).await?.events().len();
        let (writer, messages) = self.decide(app, tx, ticket).await?;
        Ok(MacroPreview {
            facts: writer.events().iter().skip(before).cloned().collect(),
            says: messages
                .into_iter()
                .map(|message| (message.visibility, message.text))
                .collect(),
            ticket: StoredTicket {
                next_due: next_due(&writer.clocks()),
                ticket: writer.ticket,
            },
        })
    }

    /// Decides every action, in order, on the ticket as the ones before leave it. The texts speak of the ticket as it was
    /// when the macro was chosen, which is what the agent saw.
    async fn decide<'a>(
        &self,
        app: &'a App,
        tx: &'a Transaction,
        ticket: TicketId,
    ) -> Result<(TicketWriter<'a>, Vec<MessageText>)> {
        let mut writer = TicketWriter::load(app, tx, ticket).await?;
        let subject = writer.ticket.clone();
        let words = self
            .vocabulary
            .of(app, tx, subject, Some(self.agent))
            .await?;
        let mut messages = Vec::new();
        let mut ids = self.message_ids(app).into_iter();
        for step in steps(&self.actions, self.agent, &words)? {
            self.caller.require(permission(&step))?;
            match step {
                Step::Change(change) => {
                    let command = command(app, tx, &change).await?;
                    writer.decide(self.caller.actor, command)?;
                }
                Step::Say(visibility, text) => {
                    let mut message = MessageText::plain(app, Side::Agent, visibility, text);
                    message.id = ids.next().unwrap_or(message.id);
                    add_message(&mut writer, self.caller.actor, &message, None)?;
                    messages.push(message);
                }
            }
        }
        Ok((writer, messages))
    }

    /// Messages of one instant are shown in the order of their identifiers, so these are given in order.
    fn message_ids(&self, app: &App) -> Vec<MessageId> {
        let now = app.now();
        let mut ids: Vec<MessageId> = self.actions.iter().map(|_| app.new_id(now)).collect();
        ids.sort();
        ids
    }
}

fn permission(step: &Step) -> Permission {
    match step {
        Step::Change(change) => change.permission_of_agent(),
        Step::Say(Visibility::Public, _) => Permission::ReplyToTickets,
        Step::Say(Visibility::Internal, _) => Permission::NoteTickets,
    }
}
