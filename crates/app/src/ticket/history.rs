//! Tickets that are brought in with their history: by an import, or for a demonstration.
//!
//! A [`TicketHistory`] is decided fact by fact, as it happened, and written whole. Its clocks are folded as if the program
//! had been there: what would have warned or been missed is recorded with its own instant, and nobody is told of it any
//! more.

use jiff::Timestamp;
use mainstay_domain::clock::{Clock, fold};
use mainstay_domain::event::{Actor, Event, EventKind};
use mainstay_domain::message::Message;
use mainstay_domain::ticket::{Command, NewMessage, NewTicket, Ticket};
use mainstay_store::clock::StoredClock;
use mainstay_store::ticket::StoredTicket;
use mainstay_store::{Transaction, clock, ledger, message, ticket};

use super::fire::firings;
use super::stored_clock::stored_clocks;
use super::writer::next_due;
use crate::context::App;
use crate::error::Result;
use crate::policy::PolicyInForce;

/// A ticket and everything that happened to it.
#[derive(Debug, Clone)]
pub struct TicketHistory {
    /// The ticket as it stands after the last fact.
    pub ticket: Ticket,
    facts: Vec<Fact>,
    messages: Vec<Message>,
}

#[derive(Debug, Clone)]
struct Fact {
    at: Timestamp,
    actor: Actor,
    kind: EventKind,
}

impl TicketHistory {
    /// A ticket that was opened then.
    ///
    /// # Errors
    /// Returns the domain's refusal; opening is never refused.
    pub fn open(
        app: &App,
        number: u64,
        subject: &str,
        at: Timestamp,
        actor: Actor,
        new: NewTicket,
    ) -> Result<Self> {
        let id = app.new_id(at);
        let mut history = Self {
            ticket: Ticket::unopened(id, number, subject.to_owned(), at),
            facts: Vec::new(),
            messages: Vec::new(),
        };
        history.decide(app, actor, at, Command::Open(new))?;
        Ok(history)
    }

    /// Something that was done then. Facts are given in the order in which they happened.
    ///
    /// # Errors
    /// Returns the domain's refusal.
    pub fn decide(
        &mut self,
        app: &App,
        actor: Actor,
        at: Timestamp,
        command: Command<'_>,
    ) -> Result<()> {
        let policy = app.policy();
        for kind in self.ticket.decide(command, &policy.statuses())? {
            let fact = Fact { at, actor, kind };
            self.ticket
                .apply(&event(app, &policy, &fact, self.ticket.version + 1, at));
            self.facts.push(fact);
        }
        Ok(())
    }

    /// A message that was written then.
    ///
    /// # Errors
    /// Returns the domain's refusal, such as for a ticket that was closed before.
    pub fn say(&mut self, app: &App, message: Message) -> Result<()> {
        let side = message
            .author
            .side()
            .unwrap_or(mainstay_domain::event::Side::Agent);
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
        self.decide(app, message.author, message.at, command)?;
        self.messages.push(Message {
            ticket: self.ticket.id,
            ..message
        });
        Ok(())
    }

    /// The ledger, with what the clocks would have recorded, and the clocks as they stand now.
    fn unfold(&self, app: &App, recorded: Recorded) -> (Vec<Event>, Vec<Clock>) {
        let policy = app.policy();
        let now = app.now();
        let events = self.events(app, &policy, &self.facts, recorded);
        let clocks = fold(&events, policy.book(), now);
        let mut facts = self.facts.clone();
        for clock in &clocks {
            facts.extend(firings(clock).into_iter().map(|(at, kind)| Fact {
                at,
                actor: Actor::System,
                kind,
            }));
        }
        // The sort is stable: what a clock did at an instant comes after what people did then.
        facts.sort_by_key(|fact| fact.at);
        (self.events(app, &policy, &facts, recorded), clocks)
    }

    fn events(
        &self,
        app: &App,
        policy: &PolicyInForce,
        facts: &[Fact],
        recorded: Recorded,
    ) -> Vec<Event> {
        // All of them at one instant: a fact that was recorded after the first would count as late.
        let now = app.now();
        facts
            .iter()
            .zip(1..)
            .map(|(fact, sequence)| {
                let recorded_at = match recorded {
                    Recorded::WhenItHappened => fact.at,
                    Recorded::Now => now,
                };
                event(app, policy, fact, sequence, recorded_at)
            })
            .collect()
    }
}

/// When the facts of a history count as recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recorded {
    /// As they happened: a demonstration in which the program was there all the time.
    WhenItHappened,
    /// When they were brought in.
    Now,
}

/// A history with its ledger and its clocks, ready to be written.
pub(crate) struct Unfolded {
    row: StoredTicket,
    events: Vec<Event>,
    clocks: Vec<StoredClock>,
    messages: Vec<Message>,
}

impl Unfolded {
    /// Folds the clocks of a history, and records what they would have.
    pub fn of(app: &App, history: TicketHistory, recorded: Recorded) -> Self {
        let (events, folded) = history.unfold(app, recorded);
        let mut ticket = history.ticket;
        ticket.version = events.len() as u64;
        Self {
            clocks: stored_clocks(ticket.id, &folded),
            row: StoredTicket {
                next_due: next_due(&folded),
                ticket,
            },
            events,
            messages: history.messages,
        }
    }

    /// How many facts its ledger has.
    pub fn facts(&self) -> usize {
        self.events.len()
    }

    /// The clocks as they stand now.
    pub fn clocks(&self) -> &[StoredClock] {
        &self.clocks
    }
}

/// Writes tickets with their histories, several with each statement.
pub(crate) async fn bring_in(
    app: &App,
    tx: &Transaction,
    histories: &[TicketHistory],
    recorded: Recorded,
) -> Result<()> {
    let unfolded: Vec<Unfolded> = histories
        .iter()
        .map(|history| Unfolded::of(app, history.clone(), recorded))
        .collect();
    write_unfolded(tx, &unfolded).await
}

/// Writes tickets whose histories were unfolded, several with each statement.
pub(crate) async fn write_unfolded(tx: &Transaction, unfolded: &[Unfolded]) -> Result<()> {
    let rows: Vec<StoredTicket> = unfolded.iter().map(|ticket| ticket.row.clone()).collect();
    ticket::insert_many(tx, &rows).await?;
    let mut facts = Vec::new();
    for ticket in unfolded {
        let (id, account) = (ticket.row.ticket.id, ticket.row.ticket.facts.account);
        facts.extend(ticket.events.iter().map(|event| (id, account, event)));
    }
    ledger::append_many(tx, facts).await?;
    let clocks: Vec<StoredClock> = unfolded.iter().flat_map(|t| t.clocks.clone()).collect();
    clock::insert_many(tx, &clocks).await?;
    let messages: Vec<Message> = unfolded.iter().flat_map(|t| t.messages.clone()).collect();
    message::insert_many(tx, &messages).await?;
    Ok(())
}

fn event(
    app: &App,
    policy: &PolicyInForce,
    fact: &Fact,
    sequence: u64,
    recorded_at: Timestamp,
) -> Event {
    Event {
        id: app.new_id(fact.at),
        at: fact.at,
        recorded_at,
        sequence,
        actor: fact.actor,
        policy: policy.version(),
        kind: fact.kind.clone(),
    }
}
