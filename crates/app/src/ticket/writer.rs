//! The one way by which a ticket changes.
//!
//! A [`TicketWriter`] holds a ticket with its whole ledger inside a transaction. Commands are decided on it one after the
//! other; [`TicketWriter::save`] then writes the new facts, the row and the clocks, all at once. [`write_together`] does so
//! for several tickets.

mod write;

pub(crate) use write::{Decided, Loaded, write_together};

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
use mainstay_store::clock::TicketClocks;
use mainstay_store::ticket::{NextDue, StoredTicket};
use mainstay_store::{Transaction, ledger, ticket};

use super::fire::unrecorded;
use super::stored_clock::stored_clocks;
use crate::context::App;
use crate::error::{AppError, Result};
use crate::escalation::{self, KnownEscalations, Response, save_responses};
use crate::policy::PolicyInForce;

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
    /// What the store has of it; nothing when it is to be opened.
    loaded: Option<Loaded>,
    /// Its escalations, where they were read already.
    known: Option<KnownEscalations>,
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
            loaded: None,
            known: None,
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
        let stored = ticket::find(tx, Scope::Everything, id)
            .await?
            .ok_or_else(|| AppError::no_such("ticket", id))?;
        let events = ledger::load(tx, id).await?;
        Ok(Self::of(app, tx, Loaded::Free(stored), events))
    }

    /// Loads several tickets, those that are there, with their ledgers and escalations. Nobody else writes them until the
    /// transaction ends.
    pub async fn lock_many(
        app: &'a App,
        tx: &'a Transaction,
        ids: &[TicketId],
    ) -> Result<Vec<Self>> {
        let stored = ticket::lock_many(tx, ids).await?;
        let mut ledgers = ledger::load_many(tx, ids).await?;
        let mut known = KnownEscalations::of_many(tx, ids).await?;
        let mut writers = Vec::with_capacity(stored.len());
        for stored in stored {
            let id = stored.ticket.id;
            let events = ledgers.remove(&id).unwrap_or_default();
            let mut writer = Self::of(app, tx, Loaded::Locked(stored), events);
            writer.known = Some(known.remove(&id).unwrap_or_default());
            writers.push(writer);
        }
        Ok(writers)
    }

    /// Since which version nothing of the ticket itself changed: whatever came after was noted beside it.
    pub fn unchanged_since(&self) -> u64 {
        let changed = self
            .events
            .iter()
            .rev()
            .find(|event| !event.kind.is_beside());
        changed.map_or(0, |event| event.sequence)
    }

    fn of(app: &'a App, tx: &'a Transaction, loaded: Loaded, events: Vec<Event>) -> Self {
        let ticket = loaded.stored().ticket.clone();
        Self {
            opening: Opening::default(),
            loaded: Some(loaded),
            known: None,
            app,
            tx,
            policy: app.policy(),
            now: not_before(&events, app.now()),
            stored: events.len(),
            ticket,
            events,
            before: Vec::new(),
            said: BTreeMap::new(),
        }
    }

    /// Whether what happens to it may change other tickets, or be changed by what happens to them: it cannot be decided
    /// together with others.
    pub fn stands_alone(&self) -> bool {
        let has_group = self.known.as_ref().is_some_and(KnownEscalations::has_group);
        has_group || self.ticket.facts.status.kind.is_done()
    }

    /// Its escalations, where they were read already.
    pub fn known_escalations(&self) -> Option<&KnownEscalations> {
        self.known.as_ref()
    }

    /// Whether anything happened to it.
    pub fn is_changed(&self) -> bool {
        self.events.len() > self.stored
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

    /// Records a fact. Nothing happens to a ticket before it is opened: an answer may be said to come earlier where the clock of
    /// the machine that took it in was behind.
    pub fn record(&mut self, actor: Actor, at: Timestamp, kind: EventKind) {
        let event = Event {
            id: self.app.new_id(self.now),
            at: at.max(self.ticket.opened_at),
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
        match self.loaded {
            Some(loaded) if self.events.len() == self.stored => Ok(loaded.into_stored()),
            _ => self.refresh().await,
        }
    }

    /// Writes what is new, and the clocks as they are folded now even when nothing is; raises the escalations that
    /// follow, and tells people. What came due in the meantime and was not acted on yet is left to the worker, at once.
    pub async fn refresh(self) -> Result<StoredTicket> {
        let (app, tx) = (self.app, self.tx);
        // What follows is long; on the heap it takes nothing from the stack of whoever asked.
        let (decided, response) = Box::pin(self.conclude()).await?;
        let written = Box::pin(write_together(app, tx, &[decided])).await?;
        let tickets: Vec<Ticket> = written.iter().map(|stored| stored.ticket.clone()).collect();
        Box::pin(save_responses(app, tx, vec![response], &tickets)).await?;
        only(written)
    }

    /// Decides what follows from what is new, and says what is to be written.
    pub async fn conclude(mut self) -> Result<(Decided, Response<'a>)> {
        let mut clocks = self.clocks();
        self.note_corrections(&clocks);
        let response = escalation::respond(&mut self, &clocks).await?;
        if self.events.len() > self.stored {
            clocks = self.clocks();
        }
        // The clocks are folded past these instants, so that nothing else would ever be due on them.
        let overdue = unrecorded(&self.events, &clocks).into_iter().next();
        let decided = self.decided(&clocks, overdue.map(|(at, _)| at));
        Ok((decided, response))
    }

    /// Writes what is new, from which no escalation follows.
    pub async fn save_quietly(mut self) -> Result<StoredTicket> {
        let clocks = self.clocks();
        self.note_corrections(&clocks);
        let clocks = self.clocks();
        let (app, tx) = (self.app, self.tx);
        let decided = self.decided(&clocks, None);
        only(Box::pin(write_together(app, tx, &[decided])).await?)
    }

    fn decided(mut self, clocks: &[Clock], overdue: Option<Timestamp>) -> Decided {
        let due_at = overdue.or_else(|| self.next_instant(clocks));
        Decided {
            clocks: TicketClocks {
                ticket: self.ticket.id,
                clocks: stored_clocks(self.ticket.id, clocks),
                due_at,
            },
            facts: self.events.split_off(self.stored),
            stored: StoredTicket {
                ticket: self.ticket,
                next_due: next_due(clocks),
            },
            loaded: self.loaded,
            opening: self.opening,
            now: self.now,
        }
    }

    /// The next instant of the clocks, or the one at which a ladder asks whether the ticket is resolved, when that is before.
    fn next_instant(&self, clocks: &[Clock]) -> Option<Timestamp> {
        let ladders = self.policy.ladder_rules();
        let ticket = &self.ticket;
        let asked = next_unresolved(&ticket.facts, ticket.opened_at, self.now, ladders.rules());
        let asked = asked.unwrap_or_else(|error| {
            tracing::error!(ticket = %ticket.id, %error, "a ladder cannot say when to ask whether a ticket is resolved");
            None
        });
        let next = clocks.iter().filter_map(|clock| clock.next_at);
        next.chain(asked).min()
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

/// What was written of one ticket.
fn only(mut written: Vec<StoredTicket>) -> Result<StoredTicket> {
    let gone = || AppError::broken("A ticket was not written.", "nothing came back of it");
    written.pop().ok_or_else(gone)
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
