//! The one way by which a ticket changes.
//!
//! A [`TicketWriter`] holds a ticket with its whole ledger inside a transaction. Commands are decided on it one after the
//! other; [`TicketWriter::save`] then writes the new facts, the row and the clocks, all at once.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use mainstay_domain::clock::{Clock, fold};
use mainstay_domain::condition::TicketFacts;
use mainstay_domain::escalation::next_unresolved;
use mainstay_domain::event::{Actor, Event, EventKind};
use mainstay_domain::id::{MessageId, TicketId};
use mainstay_domain::message::Message;
use mainstay_domain::ticket::{Command, Scope, Ticket};
use mainstay_store::change::Change;
use mainstay_store::due::DueSubject;
use mainstay_store::ticket::{NextDue, StoredTicket};
use mainstay_store::{Transaction, change, clock, due, ledger, ticket};

use super::fire::unrecorded;
use super::stored_clock::stored_clocks;
use crate::context::App;
use crate::error::{AppError, Result};
use crate::escalation;
use crate::policy::PolicyInForce;
use crate::webhook::publish;

/// A ticket that is being changed.
pub(crate) struct TicketWriter<'a> {
    app: &'a App,
    tx: &'a Transaction,
    policy: Arc<PolicyInForce>,
    now: Timestamp,
    pub ticket: Ticket,
    events: Vec<Event>,
    /// How many of the events the store has already.
    stored: usize,
    /// What held of the ticket before each new event; nothing before the one that opens it.
    before: Vec<Option<TicketFacts>>,
    /// What new messages say.
    said: BTreeMap<MessageId, String>,
    /// What the store says is due next.
    next_due: Option<NextDue>,
    /// What is written with a ticket that is opened.
    opening: Opening,
}

/// What is written with a ticket that is opened.
#[derive(Default)]
pub(crate) struct Opening {
    /// The name of its account.
    pub account_name: Option<String>,
    /// What it was opened with.
    pub message: Option<Message>,
}

/// A new fact, and what held of the ticket before and after it.
pub(crate) struct NewFact {
    pub event: Event,
    pub before: Option<TicketFacts>,
    pub after: TicketFacts,
}

impl<'a> TicketWriter<'a> {
    /// A ticket that is to be opened.
    pub fn unopened(app: &'a App, tx: &'a Transaction, ticket: Ticket, opening: Opening) -> Self {
        Self {
            opening,
            next_due: None,
            app,
            tx,
            policy: app.policy(),
            now: app.now(),
            ticket,
            events: Vec::new(),
            stored: 0,
            before: Vec::new(),
            said: BTreeMap::new(),
        }
    }

    /// Loads a ticket and its ledger. Two who load the same ticket exclude each other when they save: the places in its
    /// ledger are unique, and the second must load again.
    pub async fn load(app: &'a App, tx: &'a Transaction, id: TicketId) -> Result<Self> {
        let StoredTicket { ticket, next_due } = ticket::find(tx, Scope::Everything, id)
            .await?
            .ok_or_else(|| AppError::no_such("ticket", id))?;
        let events = ledger::load(tx, id).await?;
        Ok(Self {
            opening: Opening::default(),
            next_due,
            app,
            tx,
            policy: app.policy(),
            now: not_before(&events, app.now()),
            stored: events.len(),
            ticket,
            events,
            before: Vec::new(),
            said: BTreeMap::new(),
        })
    }

    /// Decides a command that happens now; says how many facts it made.
    pub fn decide(&mut self, actor: Actor, command: Command<'_>) -> Result<usize> {
        self.decide_at(actor, self.now, command)
    }

    /// Decides a command that happened at another instant.
    pub fn decide_at(
        &mut self,
        actor: Actor,
        at: Timestamp,
        command: Command<'_>,
    ) -> Result<usize> {
        let kinds = self.ticket.decide(command, &self.policy.statuses())?;
        let count = kinds.len();
        for kind in kinds {
            self.record(actor, at, kind);
        }
        Ok(count)
    }

    /// Records a fact.
    pub fn record(&mut self, actor: Actor, at: Timestamp, kind: EventKind) {
        let event = Event {
            id: self.app.new_id(self.now),
            at,
            recorded_at: self.now,
            sequence: self.ticket.version + 1,
            actor,
            policy: self.policy.version(),
            kind,
        };
        let opened = !self.events.is_empty();
        self.before.push(opened.then(|| self.ticket.facts.clone()));
        self.ticket.apply(&event);
        self.events.push(event);
    }

    /// Takes in what a new message says, for the rules that look for words.
    pub fn hear(&mut self, message: MessageId, text: &str) {
        self.said.insert(message, text.to_owned());
    }

    /// What a new message says, as far as it is known.
    pub fn said(&self, message: MessageId) -> Option<&str> {
        self.said.get(&message).map(String::as_str)
    }

    /// The new facts, in the order in which they were recorded.
    pub fn new_facts(&self) -> Vec<NewFact> {
        let new = self.events.iter().skip(self.stored);
        let after = self.before.iter().skip(1).flatten().cloned();
        let after = after.chain([self.ticket.facts.clone()]);
        new.zip(&self.before)
            .zip(after)
            .map(|((event, before), after)| NewFact {
                event: event.clone(),
                before: before.clone(),
                after,
            })
            .collect()
    }

    /// What the store has of the ledger.
    pub fn stored_events(&self) -> &[Event] {
        self.events.get(..self.stored).unwrap_or_default()
    }

    /// The transaction it is changed in.
    pub fn transaction(&self) -> &'a Transaction {
        self.tx
    }

    /// The use cases it is changed by.
    pub fn app(&self) -> &'a App {
        self.app
    }

    /// The policies it is changed under.
    pub fn policy(&self) -> &Arc<PolicyInForce> {
        &self.policy
    }

    /// The whole ledger, with what is not stored yet.
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// The clocks as they stand now.
    pub fn clocks(&self) -> Vec<Clock> {
        fold(&self.events, self.policy.book(), self.now)
    }

    /// Writes what is new. Nothing is written when nothing happened.
    pub async fn save(self) -> Result<StoredTicket> {
        if self.events.len() == self.stored {
            return Ok(StoredTicket {
                ticket: self.ticket,
                next_due: self.next_due,
            });
        }
        self.refresh().await
    }

    /// Writes what is new, and the clocks as they are folded now even when nothing is; raises the escalations that
    /// follow, and tells people. What came due in the meantime and was not acted on yet is left to the worker, at once.
    pub async fn refresh(mut self) -> Result<StoredTicket> {
        let mut clocks = self.clocks();
        self.note_corrections(&clocks);
        let response = escalation::respond(&mut self, &clocks).await?;
        if self.events.len() > self.stored {
            clocks = self.clocks();
        }
        let overdue = unrecorded(&self.events, &clocks);
        let tx = self.tx;
        let stored = self.finish(&clocks).await?;
        let ticket = &stored.ticket;
        if let Some((at, _)) = overdue.first() {
            // The clocks are folded past these instants, so that nothing else would ever be due on them.
            due::set(tx, DueSubject::Ticket(ticket.id), Some(*at)).await?;
        }
        response.save(ticket).await?;
        Ok(stored)
    }

    /// Writes what is new, from which no escalation follows.
    pub async fn save_quietly(mut self) -> Result<StoredTicket> {
        let clocks = self.clocks();
        self.note_corrections(&clocks);
        let clocks = self.clocks();
        self.finish(&clocks).await
    }

    async fn finish(mut self, clocks: &[Clock]) -> Result<StoredTicket> {
        let facts = self.events.split_off(self.stored);
        let row = StoredTicket {
            ticket: self.ticket.clone(),
            next_due: next_due(clocks),
        };
        self.write(&row, &facts, clocks).await?;
        Ok(row)
    }

    async fn write(&self, row: &StoredTicket, facts: &[Event], clocks: &[Clock]) -> Result<()> {
        let (id, account) = (self.ticket.id, self.ticket.facts.account);
        if self.stored == 0 {
            let Opening {
                account_name,
                message,
            } = &self.opening;
            let name = account_name.as_deref();
            ticket::insert_opened(self.tx, row, name, message.as_ref()).await?;
        } else {
            let expected = self.ticket.version - facts.len() as u64;
            ticket::update(self.tx, row, expected).await?;
        }
        self.write_clocks(id, clocks).await?;
        if facts.is_empty() {
            return Ok(());
        }
        ledger::append(self.tx, id, account, facts).await?;
        publish(self.app, self.tx, &self.ticket, facts).await?;
        let kind = if self.stored == 0 {
            "ticket.opened"
        } else {
            "ticket.changed"
        };
        let change = Change {
            at: self.now,
            kind: kind.to_owned(),
            ticket: Some(id),
            account,
            subject: None,
        };
        Ok(change::append(self.tx, &[change]).await?)
    }

    /// Writes the clocks, and makes the ticket due at their next instant, or at the one at which a ladder asks whether it is
    /// resolved, when that is before.
    async fn write_clocks(&self, id: TicketId, clocks: &[Clock]) -> Result<()> {
        let ladders = self.policy.ladder_rules();
        let ticket = &self.ticket;
        let asked = next_unresolved(&ticket.facts, ticket.opened_at, self.now, ladders.rules());
        let asked = asked.unwrap_or_else(|error| {
            tracing::error!(ticket = %id, %error, "a ladder cannot say when to ask whether a ticket is resolved");
            None
        });
        let stored = stored_clocks(id, clocks);
        if self.stored == 0 {
            return Ok(clock::insert(self.tx, id, &stored, asked).await?);
        }
        clock::replace(self.tx, id, &stored).await?;
        let next = clocks.iter().filter_map(|clock| clock.next_at).min();
        match asked.filter(|asked| next.is_none_or(|next| *asked < next)) {
            Some(asked) => Ok(due::set(self.tx, DueSubject::Ticket(id), Some(asked)).await?),
            None => Ok(()),
        }
    }

    /// Writes down that a recorded miss was undone by a late fact, once for each.
    fn note_corrections(&mut self, clocks: &[Clock]) {
        let undone: Vec<EventKind> = clocks
            .iter()
            .filter(|clock| clock.retracted_miss.is_some())
            .filter(|clock| !self.is_corrected(clock))
            .map(|clock| {
                let by = clock.late_events.last();
                EventKind::ClockCorrected {
                    commitment: clock.commitment.clone(),
                    cycle: clock.cycle,
                    reason: match by {
                        Some(late) => format!(
                            "A fact of {} was recorded only at {}: the promise had been kept, or was not due yet.",
                            late.at, late.recorded_at
                        ),
                        None => "The ledger as it is now shows no miss.".to_owned(),
                    },
                }
            })
            .collect();
        for kind in undone {
            self.record(Actor::System, self.now, kind);
        }
    }

    fn is_corrected(&self, clock: &Clock) -> bool {
        let mut corrected = false;
        for event in &self.events {
            match &event.kind {
                EventKind::ClockMissed {
                    commitment, cycle, ..
                } if *commitment == clock.commitment && *cycle == clock.cycle => corrected = false,
                EventKind::ClockCorrected {
                    commitment, cycle, ..
                } if *commitment == clock.commitment && *cycle == clock.cycle => corrected = true,
                _ => {}
            }
        }
        corrected
    }
}

/// The present, as far as a ledger goes: what another process has recorded a moment ago lies in no writer's future, though
/// the clocks of the two differ. What a clock that was a day wrong has recorded counts for nothing.
fn not_before(events: &[Event], now: Timestamp) -> Timestamp {
    let recorded = events.iter().map(|event| event.recorded_at);
    let credible = recorded.filter(|at| at.duration_since(now) < SignedDuration::from_hours(24));
    credible.max().map_or(now, |last| last.max(now))
}

/// What falls due first, by which people sort.
pub(crate) fn next_due(clocks: &[Clock]) -> Option<NextDue> {
    clocks
        .iter()
        .filter(|clock| clock.is_open())
        .filter_map(|clock| {
            Some(NextDue {
                at: clock.due_at?,
                commitment: clock.commitment.clone(),
            })
        })
        .min_by_key(|due| due.at)
}
