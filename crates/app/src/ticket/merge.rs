//! Merging tickets, and splitting them.

use mainstay_domain::clock::Clock;
use mainstay_domain::conversation::Conversation;
use mainstay_domain::event::{Actor, Side};
use mainstay_domain::id::{MessageId, TicketId};
use mainstay_domain::role::Permission;
use mainstay_domain::ticket::{Command, NewMessage, NewTicket, Scope, Ticket};
use mainstay_store::{Transaction, account, message, ticket};

use super::open::check_subject;
use super::{Opening, TicketWriter, TokenTrail};
use crate::caller::Caller;
use crate::context::App;
use crate::error::{AppError, Result};
use crate::transaction::transact;

impl App {
    /// Merges one ticket into another: the two are one conversation from now on, the earlier starts of its clocks go over,
    /// and its own clocks are cancelled.
    ///
    /// # Errors
    /// [`AppError::NotFound`], [`AppError::Forbidden`], and [`AppError::Refused`] for tickets of different accounts,
    /// merged ones, or the same one.
    pub async fn merge_ticket(
        &self,
        caller: &Caller,
        from: TicketId,
        into: TicketId,
    ) -> Result<Ticket> {
        caller.require(Permission::MergeTickets)?;
        let actor = caller.actor;
        let ticket = transact!(self, tx => async {
            let trail = TokenTrail::begin(tx, caller, &[from, into]).await?;
            let ticket = merge(self, tx, from, into, actor).await?;
            trail.end(self, tx).await?;
            Ok(ticket)
        })?;
        self.wake();
        Ok(ticket)
    }

    /// Splits messages off into a new ticket of the same account, whose clocks start with the first of them.
    ///
    /// # Errors
    /// [`AppError::NotFound`], [`AppError::Forbidden`], [`AppError::Invalid`] when no message is named, one is not the
    /// ticket's, or all are.
    pub async fn split_ticket(
        &self,
        caller: &Caller,
        from: TicketId,
        messages: &[MessageId],
        subject: &str,
    ) -> Result<Ticket> {
        caller.require(Permission::MergeTickets)?;
        let actor = caller.actor;
        let ticket = transact!(self, tx => async {
            let trail = TokenTrail::begin(tx, caller, &[from]).await?;
            let ticket = split(self, tx, from, messages, subject, actor).await?;
            trail.opened(&ticket).end(self, tx).await?;
            Ok(ticket)
        })?;
        self.wake();
        Ok(ticket)
    }
}

/// What would become of tickets and their clocks.
#[derive(Debug, Clone)]
pub struct Effect {
    /// What the ticket would be that remains, or the one it is split from.
    pub ticket: Ticket,
    /// Its clocks as they are.
    pub before: Vec<Clock>,
    /// Its clocks as they would be.
    pub after: Vec<Clock>,
    /// The clocks of the ticket that would be split off.
    pub split_off: Vec<Clock>,
}

impl App {
    /// What merging one ticket into another would do to the clocks. Nothing is changed.
    ///
    /// # Errors
    /// As [`merge_ticket`](Self::merge_ticket).
    pub async fn preview_merge(
        &self,
        caller: &Caller,
        from: TicketId,
        into: TicketId,
    ) -> Result<Effect> {
        caller.require(Permission::MergeTickets)?;
        let before = self.clocks(caller, into).await?;
        let tx = self.begin().await?;
        merge(self, &tx, from, into, caller.actor).await?;
        let merged = TicketWriter::load(self, &tx, into).await?;
        let effect = Effect {
            before,
            after: merged.clocks(),
            ticket: merged.ticket,
            split_off: Vec::new(),
        };
        tx.rollback().await?;
        Ok(effect)
    }

    /// What splitting messages off would do to the clocks. Nothing is changed.
    ///
    /// # Errors
    /// As [`split_ticket`](Self::split_ticket).
    pub async fn preview_split(
        &self,
        caller: &Caller,
        from: TicketId,
        messages: &[MessageId],
        subject: &str,
    ) -> Result<Effect> {
        caller.require(Permission::MergeTickets)?;
        let before = self.clocks(caller, from).await?;
        let tx = self.begin().await?;
        let new = split(self, &tx, from, messages, subject, caller.actor).await?;
        let rest = TicketWriter::load(self, &tx, from).await?;
        let effect = Effect {
            before,
            after: rest.clocks(),
            split_off: TicketWriter::load(self, &tx, new.id).await?.clocks(),
            ticket: rest.ticket,
        };
        tx.rollback().await?;
        Ok(effect)
    }
}

/// Merges within a transaction.
pub(crate) async fn merge(
    app: &App,
    tx: &Transaction,
    from: TicketId,
    into: TicketId,
    actor: Actor,
) -> Result<Ticket> {
    let mut source = TicketWriter::load(app, tx, from).await?;
    let mut target = TicketWriter::load(app, tx, into).await?;
    let clocks = source.clocks().iter().filter_map(Clock::carried).collect();
    let messages = Conversation::of(source.events()).into_messages();
    source.decide(actor, Command::MergeInto(&target.ticket))?;
    target.decide(
        actor,
        Command::TakeOver {
            ticket: from,
            number: source.ticket.number,
            clocks,
            messages,
        },
    )?;
    source.save().await?;
    let ticket = target.save().await?.ticket;
    let conversation = message::of_ticket(tx, Scope::Everything, from).await?;
    let messages: Vec<MessageId> = conversation.iter().map(|message| message.id).collect();
    message::move_to(tx, &messages, into).await?;
    Ok(ticket)
}

/// Splits within a transaction.
pub(crate) async fn split(
    app: &App,
    tx: &Transaction,
    from: TicketId,
    messages: &[MessageId],
    subject: &str,
    actor: Actor,
) -> Result<Ticket> {
    let mut source = TicketWriter::load(app, tx, from).await?;
    let conversation = message::of_ticket(tx, Scope::Everything, from).await?;
    let moved: Vec<_> = conversation
        .iter()
        .filter(|message| messages.contains(&message.id))
        .collect();
    check_subject(subject)?;
    let Some(first) = moved.first() else {
        return Err(AppError::invalid(
            "messages",
            "name at least one message of the ticket",
        ));
    };
    if moved.len() < messages.len() {
        return Err(AppError::invalid(
            "messages",
            "one of them is not a message of the ticket",
        ));
    }
    if moved.len() == conversation.len() {
        return Err(AppError::invalid(
            "messages",
            "all messages were named: one must remain",
        ));
    }
    let number = ticket::next_number(tx).await?;
    let id: TicketId = app.new_id(app.now());
    let unopened = Ticket::unopened(id, number, subject.to_owned(), first.at);
    let account_name = match source.ticket.facts.account {
        Some(account) => account::find(tx, account)
            .await?
            .map(|account| account.name),
        None => None,
    };
    // Its messages are there already.
    let opening = Opening {
        account_name,
        message: None,
    };
    let mut new = TicketWriter::unopened(app, tx, unopened, opening);
    let facts = source.ticket.facts.clone();
    let opening = NewTicket {
        account: facts.account,
        contact: source.ticket.contact,
        channel: first.channel,
        severity: facts.severity,
        category: facts.category,
        team: facts.team,
        assignee: facts.assignee,
        terms: facts.terms,
        tags: facts.tags,
    };
    new.decide_at(first.author, first.at, Command::Open(opening))?;
    new.decide(
        actor,
        Command::NoteSplitFrom {
            ticket: from,
            number: source.ticket.number,
            message: first.id,
        },
    )?;
    for message in &moved {
        let side = message.author.side().unwrap_or(Side::Customer);
        let added = NewMessage {
            message: message.id,
            side,
            visibility: message.visibility,
            origin: message.origin,
            channel: message.channel,
        };
        let command = Command::AddMessage {
            message: added,
            then: None,
        };
        new.hear(message.id, &message.text);
        new.decide_at(message.author, message.at, command)?;
    }
    source.decide(
        actor,
        Command::SplitInto {
            ticket: id,
            number,
            messages: messages.to_vec(),
        },
    )?;
    source.save().await?;
    let ticket = new.save().await?.ticket;
    message::move_to(tx, messages, id).await?;
    Ok(ticket)
}
