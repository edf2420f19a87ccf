//! Writing escalations, several at once.

use std::collections::{BTreeMap, BTreeSet};

use mainstay_domain::dispatch::DispatchAct;
use mainstay_domain::escalation::{EscalationEventKind, NotifyChannel, Reason, Refusal, next_due};
use mainstay_domain::id::{AgentId, TicketId};
use mainstay_domain::notification::{About, Notification};
use mainstay_domain::ticket::{Scope, Ticket};
use mainstay_store::change::Change;
use mainstay_store::escalation::{StoredEscalation, WrittenEscalation};
use mainstay_store::{Transaction, change, escalation, ticket};

use super::EscalationWriter;
use crate::context::App;
use crate::error::Result;
use crate::escalation::Everybody;
use crate::notification::{tell, tell_pagers};
use crate::ticket::TicketWriter;

/// Tells the people of the steps taken, and writes what is new of several escalations, each of which stands there once. The
/// next step of each is dated anew even when nothing is. `known` are tickets that need not be read again.
pub(crate) async fn save_together(
    app: &App,
    tx: &Transaction,
    writers: Vec<EscalationWriter<'_>>,
    known: &[Ticket],
) -> Result<()> {
    prepare(app, tx, writers, known).await?.write(app, tx).await
}

/// What is new of several escalations, and whom to tell what: to be written.
pub(crate) struct Prepared<'a> {
    writers: Vec<EscalationWriter<'a>>,
    tickets: BTreeMap<TicketId, Ticket>,
    /// What people are told.
    pub notifications: Vec<Notification>,
    /// Who is told so of what a clock reports, as whoever is need not be told of the clock as well.
    pub told: ToldOfClocks,
}

/// Says whom to tell of the steps taken by several escalations, each of which stands there once. `known` are tickets as they will
/// be when it is written, and need not be read.
pub(crate) async fn prepare<'a>(
    app: &App,
    tx: &Transaction,
    mut writers: Vec<EscalationWriter<'a>>,
    known: &[Ticket],
) -> Result<Prepared<'a>> {
    writers.retain(|writer| writer.state.is_some());
    let tickets = tickets_of(tx, &writers, known).await?;
    let mut notifications: Vec<Notification> = Vec::new();
    let mut told = ToldOfClocks::default();
    if writers.iter().any(EscalationWriter::takes_step) {
        let everybody = Everybody::load(app, tx, tickets.values()).await?;
        for writer in &mut writers {
            let about = writer.tickets(&tickets);
            let of_steps = writer.tell_people(&everybody, &about)?;
            if let Some(report) = writer.raised_by_clock() {
                told.add(&report, &of_steps);
            }
            notifications.extend(of_steps);
        }
    }
    Ok(Prepared {
        writers,
        tickets,
        notifications,
        told,
    })
}

impl Prepared<'_> {
    /// Writes it, after the tickets that were known.
    pub async fn write(self, app: &App, tx: &Transaction) -> Result<()> {
        write(app, tx, &self.writers).await?;
        for writer in &self.writers {
            writer.tell_pagers().await?;
        }
        tell(app, tx, &self.notifications).await?;
        for writer in &self.writers {
            Box::pin(writer.note_on_tickets(&writer.tickets(&self.tickets))).await?;
        }
        Ok(())
    }
}

/// Who was told by a step of what a clock reports: of which ticket, and by which channel of what.
#[derive(Default)]
pub(crate) struct ToldOfClocks(BTreeMap<(Option<TicketId>, AgentId), Vec<Report>>);

type Report = (NotifyChannel, About);

impl ToldOfClocks {
    fn add(&mut self, report: &About, of_steps: &[Notification]) {
        for it in of_steps {
            let told = self.0.entry((it.ticket, it.recipient)).or_default();
            let shown = it.is_shown().then_some(NotifyChannel::InApp);
            let channels = shown.into_iter().chain([it.channel]);
            told.extend(channels.map(|channel| (channel, report.clone())));
        }
    }

    /// Whether somebody is told the same of a ticket by a step, by this channel.
    pub fn covers(
        &self,
        ticket: TicketId,
        recipient: AgentId,
        channel: NotifyChannel,
        about: &About,
    ) -> bool {
        let told = self.0.get(&(Some(ticket), recipient));
        let mut told = told.into_iter().flatten();
        told.any(|(by, report)| *by == channel && report == about)
    }
}

/// The tickets that something is told of or recorded on.
async fn tickets_of(
    tx: &Transaction,
    writers: &[EscalationWriter<'_>],
    known: &[Ticket],
) -> Result<BTreeMap<TicketId, Ticket>> {
    let asked: BTreeSet<TicketId> = writers
        .iter()
        .filter(|writer| writer.concerns_tickets())
        .filter_map(|writer| writer.state.as_ref())
        .flat_map(|state| state.subject.tickets().iter().copied())
        .collect();
    let mut tickets: BTreeMap<TicketId, Ticket> = known
        .iter()
        .filter(|ticket| asked.contains(&ticket.id))
        .map(|ticket| (ticket.id, ticket.clone()))
        .collect();
    let others = asked.into_iter().filter(|id| !tickets.contains_key(id));
    let others: Vec<TicketId> = others.collect();
    let found = ticket::find_many(tx, Scope::Everything, &others).await?;
    tickets.extend(
        found
            .into_iter()
            .map(|found| (found.ticket.id, found.ticket)),
    );
    Ok(tickets)
}

async fn write(app: &App, tx: &Transaction, writers: &[EscalationWriter<'_>]) -> Result<()> {
    let now = app.now();
    let (mut written, mut changes) = (Vec::new(), Vec::new());
    for writer in writers {
        let Some(it) = writer.written()? else {
            continue;
        };
        if !it.events.is_empty() {
            let kind = match it.before {
                None => "escalation.raised",
                Some(_) => "escalation.changed",
            };
            changes.push(Change {
                at: now,
                kind: kind.to_owned(),
                ticket: it.stored.tickets.first().copied(),
                // Those who serve are told; the customer sees the ticket change.
                account: None,
                subject: Some(it.stored.id.to_string()),
            });
        }
        written.push(it);
    }
    escalation::write_many(tx, &written, now).await?;
    Ok(change::append(tx, &changes).await?)
}

impl EscalationWriter<'_> {
    /// What a clock reported, by which it was raised just now.
    fn raised_by_clock(&self) -> Option<About> {
        self.new_events().iter().find_map(|event| {
            let EscalationEventKind::Raised { parts, .. } = &event.kind else {
                return None;
            };
            match parts.clone()? {
                Reason::ClockWarned { commitment, due_at } => {
                    Some(About::ClockWarned { commitment, due_at })
                }
                Reason::ClockMissed { commitment, due_at } => {
                    Some(About::ClockMissed { commitment, due_at })
                }
                _ => None,
            }
        })
    }

    fn takes_step(&self) -> bool {
        let mut new = self.new_events().iter();
        new.any(|event| matches!(event.kind, EscalationEventKind::StepTaken { .. }))
    }

    /// Whether a ticket must be looked at: to tell somebody of it, or to record something on it.
    fn concerns_tickets(&self) -> bool {
        self.takes_step()
            || self.new_events().iter().any(|event| {
                matches!(event.kind, EscalationEventKind::TicketsJoined { .. })
                    || event.ticket_fact(self.id).is_some()
            })
    }

    /// Its tickets among those that were found, in its own order.
    fn tickets(&self, found: &BTreeMap<TicketId, Ticket>) -> Vec<Ticket> {
        let state = self.state.as_ref();
        let ids = state.map_or(&[][..], |state| state.subject.tickets());
        ids.iter().filter_map(|id| found.get(id)).cloned().collect()
    }

    /// What is to be written of it.
    fn written(&self) -> Result<Option<WrittenEscalation>> {
        let Some(state) = &self.state else {
            return Ok(None);
        };
        let due = next_due(state, self.rules.rules()).map_err(Refusal::Policy)?;
        let version = self.events.len() as u64;
        let next_at = due.map(|due| due.at);
        Ok(Some(WrittenEscalation {
            stored: StoredEscalation::of(self.id, state, self.rules.version, next_at, version),
            before: self.loaded.clone(),
            events: self.new_events().to_vec(),
        }))
    }

    /// Tells the pagers that were alarmed when somebody took it on, and when it is over.
    async fn tell_pagers(&self) -> Result<()> {
        let mut latest_first = self.new_events().iter().rev();
        let act = latest_first.find_map(|event| match &event.kind {
            EscalationEventKind::Acknowledged { .. } => Some(DispatchAct::Acknowledge),
            EscalationEventKind::Resolved { .. } | EscalationEventKind::Cancelled { .. } => {
                Some(DispatchAct::Resolve)
            }
            _ => None,
        });
        match act {
            Some(act) => tell_pagers(self.app, self.tx, self.id, act).await,
            None => Ok(()),
        }
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
}
