//! The one way by which an escalation changes.
//!
//! An [`EscalationWriter`] holds an escalation inside a transaction. Commands are decided on it one after the other;
//! [`EscalationWriter::save`] tells the people of the steps that were taken and writes everything at once: the facts,
//! the row with the instant of the next step, what the ledgers of the tickets record, and whom to tell.

use jiff::Timestamp;
use mainstay_domain::agent::Agent;
use mainstay_domain::dispatch::DispatchAct;
use mainstay_domain::escalation::{
    Command, Escalation, EscalationEvent, EscalationEventKind, OpenEscalation, Refusal, Step,
    StepCause, StepRef, decide, next_due,
};
use mainstay_domain::event::{Actor, EventKind};
use mainstay_domain::id::{EscalationId, TicketId};
use mainstay_domain::notification::{About, Notification, NotificationState};
use mainstay_domain::severity::Severity;
use mainstay_domain::ticket::{Scope, Ticket};
use mainstay_store::change::Change;
use mainstay_store::escalation::StoredEscalation;
use mainstay_store::{Transaction, change, escalation, ticket};

use super::People;
use crate::context::App;
use crate::error::{AppError, Result};
use crate::notification::{Notice, escalation_title, reason_of, tell, tell_pagers};
use crate::policy::LadderRules;
use crate::ticket::TicketWriter;

/// An escalation that is being changed.
pub(crate) struct EscalationWriter<'a> {
    app: &'a App,
    tx: &'a Transaction,
    pub id: EscalationId,
    rules: LadderRules,
    state: Option<Escalation>,
    events: Vec<EscalationEvent>,
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
            stored: 0,
            told: 0,
            noted_on: None,
        }
    }

    /// Loads an escalation.
    pub async fn load(app: &'a App, tx: &'a Transaction, id: EscalationId) -> Result<Self> {
        let stored = escalation::find(tx, id)
            .await?
            .ok_or_else(|| AppError::no_such("escalation", id))?;
        let events = escalation::load(tx, id).await?;
        Ok(Self {
            app,
            tx,
            id,
            rules: app.policy().ladder_rules_of(stored.policy),
            state: Escalation::fold(&events),
            stored: events.len(),
            told: events.len(),
            events,
            noted_on: None,
        })
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
    pub async fn save(mut self) -> Result<()> {
        let Some(state) = &self.state else {
            return Ok(());
        };
        let tickets = self.tickets(state.subject.tickets()).await?;
        let notifications = self.tell_people(&tickets).await?;
        self.write().await?;
        self.tell_pagers().await?;
        tell(self.app, self.tx, &notifications).await?;
        self.note_on_tickets(&tickets).await
    }

    /// Tells the pagers that were alarmed when somebody took it on, and when it is over.
    async fn tell_pagers(&self) -> Result<()> {
        let act =
            self.new_events()
                .iter()
                .rev()
                .find_map(|event| match &event.kind {
                    EscalationEventKind::Acknowledged { .. } => Some(DispatchAct::Acknowledge),
                    EscalationEventKind::Resolved { .. }
                    | EscalationEventKind::Cancelled { .. } => Some(DispatchAct::Resolve),
                    _ => None,
                });
        match act {
            Some(act) => tell_pagers(self.app, self.tx, self.id, act).await,
            None => Ok(()),
        }
    }

    async fn tickets(&self, ids: &[TicketId]) -> Result<Vec<Ticket>> {
        let mut tickets = Vec::with_capacity(ids.len());
        for id in ids {
            let found = ticket::find(self.tx, Scope::Everything, *id).await?;
            tickets.extend(found.map(|stored| stored.ticket));
        }
        Ok(tickets)
    }

    async fn write(&self) -> Result<()> {
        let Some(state) = &self.state else {
            return Ok(());
        };
        let due = next_due(state, self.rules.rules()).map_err(Refusal::Policy)?;
        let row = StoredEscalation::of(
            self.id,
            state,
            self.rules.version,
            due.map(|due| due.at),
            self.events.len() as u64,
        );
        let (new, now) = (self.new_events(), self.app.now());
        if self.stored == 0 {
            escalation::insert(self.tx, &row, new, now).await?;
        } else {
            escalation::update(self.tx, &row, self.stored as u64, new, now).await?;
        }
        if new.is_empty() {
            return Ok(());
        }
        let kind = if self.stored == 0 {
            "escalation.raised"
        } else {
            "escalation.changed"
        };
        let change = Change {
            at: now,
            kind: kind.to_owned(),
            ticket: row.tickets.first().copied(),
            // Those who serve are told; the customer sees the ticket change.
            account: None,
            subject: Some(self.id.to_string()),
        };
        Ok(change::append(self.tx, &[change]).await?)
    }

    async fn note_on_tickets(&self, tickets: &[Ticket]) -> Result<()> {
        for ticket in tickets {
            let facts = self.facts_for(ticket.id);
            if facts.is_empty() || self.noted_on == Some(ticket.id) {
                continue;
            }
            let mut writer = TicketWriter::load(self.app, self.tx, ticket.id).await?;
            for (actor, at, kind) in facts {
                writer.record(actor, at, kind);
            }
            writer.save_quietly().await?;
        }
        Ok(())
    }

    /// Finds whom each new step tells. Where nobody is found, at the last step or at those taken together with it, the
    /// ladder goes on at once.
    async fn tell_people(&mut self, tickets: &[Ticket]) -> Result<Vec<Notification>> {
        let mut notifications = Vec::new();
        let mut people = None;
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
                if people.is_none() {
                    people = Some(People::load(self.app, self.tx, tickets).await?);
                }
                if let (Some(step), Some(people)) = (self.step(&taken), &people) {
                    let told = people.told(&step);
                    for missing in &told.missing {
                        tracing::warn!(escalation = %self.id, ladder = %taken.ladder, recipient = missing.kind(), "nobody was found to be told");
                    }
                    for (agent, channel) in told.people {
                        for reader in people.find(&[agent]) {
                            let notice = self.notice(tickets, &step, &taken, (level, at), reader);
                            notifications.push(notice.to(self.app, agent, channel));
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
        let reason = state.map_or_else(String::new, |state| reason_of(state, reader));
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
            if notification.state == NotificationState::Delivered {
                self.decide(
                    Actor::System,
                    Command::RecordNotification {
                        step: notification.step().cloned(),
                        to: notification.recipient,
                        channel: notification.channel,
                        outcome: mainstay_domain::escalation::DeliveryOutcome::Sent,
                    },
                )?;
            }
        }
        Ok(())
    }
}
