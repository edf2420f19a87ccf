//! The one way by which a ticket changes.
//!
//! A [`TicketWriter`] holds a ticket with its whole ledger inside a transaction. Commands are decided on it one after the
//! other; [`TicketWriter::save`] then writes the new facts, the row and the clocks, all at once.

use std::sync::Arc;

use jiff::Timestamp;
use mainstay_domain::clock::{Clock, fold};
use mainstay_domain::event::{Actor, Event, EventKind};
use mainstay_domain::id::TicketId;
use mainstay_domain::ticket::{Command, Scope, Ticket};
use mainstay_store::change::Change;
use mainstay_store::ticket::{NextDue, StoredTicket};
use mainstay_store::{Transaction, change, clock, ledger, ticket};

use super::stored_clock::stored_clocks;
use crate::context::App;
use crate::error::{AppError, Result};
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
}

/// What was written.
pub(crate) struct Written {
    pub ticket: Ticket,
    /// The new facts, in the order in which they were recorded.
    pub facts: Vec<Event>,
    /// The clocks as they stand now.
    pub clocks: Vec<Clock>,
}

impl<'a> TicketWriter<'a> {
    /// A ticket that is to be opened.
    pub fn unopened(app: &'a App, tx: &'a Transaction, ticket: Ticket) -> Self {
        Self {
            app,
            tx,
            policy: app.policy(),
            now: app.now(),
            ticket,
            events: Vec::new(),
            stored: 0,
        }
    }

    /// Loads a ticket and its ledger. Two who load the same ticket exclude each other when they save: the places in its
    /// ledger are unique, and the second must load again.
    pub async fn load(app: &'a App, tx: &'a Transaction, id: TicketId) -> Result<Self> {
        let ticket = ticket::find(tx, Scope::Everything, id)
            .await?
            .ok_or_else(|| AppError::no_such("ticket", id))?
            .ticket;
        let events = ledger::load(tx, id).await?;
        Ok(Self {
            app,
            tx,
            policy: app.policy(),
            now: app.now(),
            stored: events.len(),
            ticket,
            events,
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
        self.ticket.apply(&event);
        self.events.push(event);
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
    pub async fn save(self) -> Result<Written> {
        if self.events.len() == self.stored {
            let clocks = self.clocks();
            return Ok(Written {
                ticket: self.ticket,
                facts: Vec::new(),
                clocks,
            });
        }
        self.refresh().await
    }

    /// Writes what is new, and the clocks as they are folded now even when nothing is.
    pub async fn refresh(mut self) -> Result<Written> {
        let mut clocks = self.clocks();
        if self.note_corrections(&clocks) {
            clocks = self.clocks();
        }
        let id = self.ticket.id;
        let facts = self.events.split_off(self.stored);
        self.write(id, &facts, &clocks).await?;
        Ok(Written {
            ticket: self.ticket,
            facts,
            clocks,
        })
    }

    async fn write(&self, id: TicketId, facts: &[Event], clocks: &[Clock]) -> Result<()> {
        let account = self.ticket.facts.account;
        let row = StoredTicket {
            ticket: self.ticket.clone(),
            next_due: next_due(clocks),
        };
        if self.stored == 0 {
            ticket::insert(self.tx, &row).await?;
        } else {
            let expected = self.ticket.version - facts.len() as u64;
            ticket::update(self.tx, &row, expected).await?;
        }
        clock::replace(self.tx, id, &stored_clocks(id, clocks)).await?;
        if facts.is_empty() {
            return Ok(());
        }
        ledger::append(self.tx, id, account, facts).await?;
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

    /// Writes down that a recorded miss was undone by a late fact, once for each.
    fn note_corrections(&mut self, clocks: &[Clock]) -> bool {
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
        let any = !undone.is_empty();
        for kind in undone {
            self.record(Actor::System, self.now, kind);
        }
        any
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

/// What falls due first, by which people sort.
pub(super) fn next_due(clocks: &[Clock]) -> Option<NextDue> {
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
