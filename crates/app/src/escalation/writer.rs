//! The one way by which an escalation changes.
//!
//! An [`EscalationWriter`] holds an escalation inside a transaction. Commands are decided on it one after the other;
//! [`EscalationWriter::save`] tells the people of the steps that were taken and writes everything at once: the facts,
//! the row with the instant of the next step, what the ledgers of the tickets record, and whom to tell. [`save_together`]
//! does that for several at once.

mod save;

pub(crate) use save::{Prepared, prepare, save_together};

use jiff::Timestamp;
use mainstay_domain::agent::Agent;
use mainstay_domain::escalation::{
    Command, Escalation, EscalationEvent, EscalationEventKind, NotifyChannel, OpenEscalation,
    Refusal, Step, StepCause, StepRef, decide,
};
use mainstay_domain::event::{Actor, EventKind};
use mainstay_domain::id::{EscalationId, TicketId};
use mainstay_domain::notification::{About, Notification};
use mainstay_domain::severity::Severity;
use mainstay_domain::ticket::Ticket;
use mainstay_store::escalation::StoredEscalation;
use mainstay_store::{Transaction, escalation};

use super::Everybody;
use crate::context::App;
use crate::error::{AppError, Result};
use crate::notification::{Notice, escalation_title, reason_of};
use crate::policy::LadderRules;

/// An escalation that is being changed.
pub(crate) struct EscalationWriter<'a> {
    app: &'a App,
    tx: &'a Transaction,
    pub id: EscalationId,
    rules: LadderRules,
    state: Option<Escalation>,
    events: Vec<EscalationEvent>,
    /// What the store has of it; nothing when it is to be raised.
    loaded: Option<StoredEscalation>,
    /// How many of the events the store has already.
    stored: usize,
    /// How many of the events were looked at for people to tell.
    told: usize,
    /// A ticket whose ledger has taken in the facts already.
    noted_on: Option<TicketId>,
}

impl<'a> EscalationWriter<'a> {
    /// An escalation that is to be raised under the policy in force.
    pub fn unraised(app: &'a App, tx: &'a Transaction, rules: LadderRules) -> Self {
        Self {
            app,
            tx,
            id: app.new_id(app.now()),
            rules,
            state: None,
            events: Vec::new(),
            loaded: None,
            stored: 0,
            told: 0,
            noted_on: None,
        }
    }

    /// Loads an escalation.
    pub async fn load(app: &'a App, tx: &'a Transaction, id: EscalationId) -> Result<Self> {
        let found = Self::load_many(app, tx, &[id]).await?.pop();
        found.ok_or_else(|| AppError::no_such("escalation", id))
    }

    /// Loads several escalations, those that are there.
    pub async fn load_many(
        app: &'a App,
        tx: &'a Transaction,
        ids: &[EscalationId],
    ) -> Result<Vec<Self>> {
        let stored = escalation::find_many(tx, ids).await?;
        Self::with_facts(app, tx, stored).await
    }

    /// The same of escalations whose rows were read.
    pub async fn with_facts(
        app: &'a App,
        tx: &'a Transaction,
        stored: Vec<StoredEscalation>,
    ) -> Result<Vec<Self>> {
        let ids: Vec<EscalationId> = stored.iter().map(|stored| stored.id).collect();
        let mut facts = escalation::load_many(tx, &ids).await?;
        let mut facts_of = |id| facts.remove(&id).unwrap_or_default();
        let stored = stored.into_iter();
        let writers = stored.map(|stored| {
            let facts = facts_of(stored.id);
            Self::of(app, tx, stored, facts)
        });
        Ok(writers.collect())
    }

    /// An escalation as it was read.
    pub fn of(
        app: &'a App,
        tx: &'a Transaction,
        loaded: StoredEscalation,
        events: Vec<EscalationEvent>,
    ) -> Self {
        Self {
            app,
            tx,
            id: loaded.id,
            rules: app.policy().ladder_rules_of(loaded.policy),
            loaded: Some(loaded),
            state: Escalation::fold(&events),
            stored: events.len(),
            told: events.len(),
            events,
            noted_on: None,
        }
    }

    /// The escalation as it stands.
    pub fn state(&self) -> Option<&Escalation> {
        self.state.as_ref()
    }

    /// The escalation as the rules see it; nothing before it is raised.
    pub fn open(&self) -> Option<OpenEscalation<'_>> {
        Some(OpenEscalation {
            id: self.id,
            escalation: self.state()?,
        })
    }

    /// Its new facts.
    pub fn new_events(&self) -> &[EscalationEvent] {
        self.events.get(self.stored..).unwrap_or_default()
    }

    /// Decides a command that happens now.
    pub fn decide(&mut self, actor: Actor, command: Command) -> Result<(), Refusal> {
        self.decide_at(actor, self.app.now(), command)
    }

    /// Decides a command that happened at an instant that was foreseen, never before the latest fact.
    pub fn decide_at(
        &mut self,
        actor: Actor,
        at: Timestamp,
        command: Command,
    ) -> Result<(), Refusal> {
        let latest = self.events.last().map_or(at, |event| event.at);
        let events = decide(
            self.state.as_ref(),
            self.rules.rules(),
            command,
            actor,
            at.max(latest),
        )?;
        for event in events {
            match &mut self.state {
                Some(state) => state.apply(&event),
                None => self.state = Escalation::fold([&event]),
            }
            self.events.push(event);
        }
        Ok(())
    }

    /// Says that the ledger of a ticket takes in the new facts by other hands.
    pub fn noted_on(&mut self, ticket: TicketId) {
        self.noted_on = Some(ticket);
    }

    /// What the ledger of a ticket records of the new facts.
    pub fn facts_for(&self, ticket: TicketId) -> Vec<(Actor, Timestamp, EventKind)> {
        let Some(state) = &self.state else {
            return Vec::new();
        };
        self.new_events()
            .iter()
            .filter_map(|event| {
                let kind = match &event.kind {
                    // A ticket that joins is escalated from then on.
                    EscalationEventKind::TicketsJoined { tickets } => tickets
                        .contains(&ticket)
                        .then(|| EventKind::EscalationRaised {
                            escalation: self.id,
                            ladder: state.ladder().clone(),
                            reason: state.reason.clone(),
                        }),
                    _ => event.ticket_fact(self.id),
                };
                kind.map(|kind| (event.actor, event.at, kind))
            })
            .collect()
    }

    /// Tells the people of the steps taken, and writes what is new. The next step is dated anew even when nothing is.
    pub async fn save(self) -> Result<()> {
        Box::pin(save_together(self.app, self.tx, vec![self], &[])).await?;
        Ok(())
    }

    /// Finds whom each new step tells. Where nobody is found, at the last step or at those taken together with it, the
    /// ladder goes on at once.
    fn tell_people(
        &mut self,
        everybody: &Everybody,
        tickets: &[Ticket],
    ) -> Result<Vec<Notification>> {
        let mut notifications = Vec::new();
        let people = everybody.about(tickets);
        let mut last: Option<StepRef> = None;
        loop {
            while let Some(event) = self.events.get(self.told) {
                self.told += 1;
                let EscalationEventKind::StepTaken {
                    ladder,
                    step,
                    level,
                    ..
                } = &event.kind
                else {
                    continue;
                };
                let taken = StepRef {
                    ladder: ladder.clone(),
                    step: *step,
                };
                let (at, level) = (event.at, *level);
                if let Some(step) = self.step(&taken) {
                    let told = people.told(&step);
                    for missing in &told.missing {
                        tracing::warn!(escalation = %self.id, ladder = %taken.ladder, recipient = missing.kind(), "nobody was found to be told");
                    }
                    for (agent, channels) in told.by_person() {
                        for reader in people.find(&[agent]) {
                            let notice = self.notice(tickets, &step, &taken, (level, at), reader);
                            notifications.extend(notice.to(self.app, agent, &channels));
                        }
                    }
                }
                last = Some(taken);
            }
            let Some(step) = last.take() else { break };
            let together = self.taken_together(&step);
            let is_told = |told: &Notification| told.step().is_some_and(|it| together.contains(it));
            if !notifications.iter().any(is_told) {
                self.find_nobody(&step)?;
            }
        }
        self.record_in_app(&notifications)?;
        Ok(notifications)
    }

    /// A step and those that were taken together with it, in the order in which they were taken.
    pub fn taken_together(&self, step: &StepRef) -> Vec<StepRef> {
        let steps = self.state.as_ref().map_or(&[][..], |state| &state.steps);
        let batches = steps
            .chunk_by(|one, next| next.cause == StepCause::Together && one.ladder == next.ladder);
        for batch in batches {
            let together: Vec<StepRef> = batch
                .iter()
                .map(|taken| StepRef {
                    ladder: taken.ladder.clone(),
                    step: taken.step,
                })
                .collect();
            if together.contains(step) {
                return together;
            }
        }
        vec![step.clone()]
    }

    fn step(&self, taken: &StepRef) -> Option<Step> {
        let ladder = self.rules.rules().ladders.get(&taken.ladder)?;
        ladder.steps.get(taken.step).cloned()
    }

    /// Records that nobody can be told at a step, unless the escalation has gone on to another ladder or is over.
    pub fn find_nobody(&mut self, step: &StepRef) -> Result<(), Refusal> {
        let on_it = self
            .state
            .as_ref()
            .is_some_and(|state| state.is_open() && *state.ladder() == step.ladder);
        if on_it {
            self.decide(Actor::System, Command::FindNobody { step: step.step })?;
        }
        Ok(())
    }

    fn notice(
        &self,
        tickets: &[Ticket],
        step: &Step,
        taken: &StepRef,
        (level, at): (u8, Timestamp),
        reader: &Agent,
    ) -> Notice {
        let worst = tickets.iter().map(|ticket| ticket.facts.severity).min();
        let first = tickets.first();
        let subject = first.map_or("", |ticket| ticket.subject.as_str());
        let state = self.state.as_ref();
        let reason = state.map_or_else(String::new, |state| {
            reason_of(state, reader, &self.app.policy())
        });
        Notice {
            about: About::EscalationStep {
                step: taken.clone(),
                name: step.name.clone(),
                level,
            },
            ticket: first.map(|ticket| ticket.id),
            escalation: Some(self.id),
            title: escalation_title(tickets, &step.name, reader),
            detail: format!("{subject}: {reason}"),
            urgency: Notice::urgency(step.wake || worst == Some(Severity::P1)),
            wake: Notice::wake(step.wake),
            at,
            cause: format!("escalation:{}:{}:{}", self.id, taken.ladder, taken.step),
        }
    }

    /// What is shown in the program itself has arrived when it is written.
    fn record_in_app(&mut self, notifications: &[Notification]) -> Result<(), Refusal> {
        for notification in notifications {
            if notification.is_shown() {
                self.decide(
                    Actor::System,
                    Command::RecordNotification {
                        step: notification.step().cloned(),
                        to: notification.recipient,
                        channel: NotifyChannel::InApp,
                        outcome: mainstay_domain::escalation::DeliveryOutcome::Sent,
                    },
                )?;
            }
        }
        Ok(())
    }
}
