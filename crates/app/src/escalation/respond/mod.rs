//! What follows from what happens to a ticket: escalations are raised, moved up, joined and ended, and people are told.
//!
//! It is decided before the ticket is written, so that its ledger takes in what was raised, and saved after it, in the
//! same transaction.

mod elapsed;
mod group;
mod known;

pub(crate) use known::KnownEscalations;

use jiff::Timestamp;
use mainstay_domain::agent::Agent;
use mainstay_domain::clock::Clock;
use mainstay_domain::commitment::Consequence;
use mainstay_domain::escalation::{
    Command, Demand, Fact, NotifyChannel, Reason, Refusal, Situation, Subject, demands,
};
use mainstay_domain::event::{Actor, Event, EventKind};
use mainstay_domain::id::{AgentId, TicketId};
use mainstay_domain::name::{CommitmentName, LadderName};
use mainstay_domain::notification::{About, Notification};
use mainstay_domain::severity::Severity;
use mainstay_domain::ticket::Ticket;
use mainstay_store::Transaction;
use mainstay_store::escalation::StoredEscalation;

use super::{EscalationWriter, Everybody, Prepared, prepare};
use crate::context::App;
use crate::error::Result;
use crate::notification::{EVERYDAY_CHANNELS, Notice, reason_words};
use crate::policy::LadderRules;
use crate::policy::PolicyInForce;
use crate::ticket::{NewFact, TicketWriter};

/// What followed, to be saved once the ticket is.
pub(crate) struct Response<'a> {
    ticket: TicketId,
    escalations: Vec<EscalationWriter<'a>>,
    consequences: Vec<ClockConsequence>,
}

/// That a clock warned or was missed, and that somebody is to be told of it.
struct ClockConsequence {
    consequence: Consequence,
    about: About,
    at: Timestamp,
    cause: String,
}

/// Decides what follows from the new facts of a ticket, and from the time that has passed.
pub(crate) async fn respond<'a>(
    writer: &mut TicketWriter<'a>,
    clocks: &[Clock],
) -> Result<Response<'a>> {
    let mut responder = Responder::begin(writer).await?;
    for fact in writer.new_facts() {
        responder.follow_fact(writer, clocks, &fact).await?;
    }
    responder.follow_time(writer)?;
    let Responder {
        mut escalations,
        consequences,
        ..
    } = responder;
    escalations.retain(|escalation| !escalation.new_events().is_empty());
    let mut facts = Vec::new();
    for escalation in &mut escalations {
        facts.extend(escalation.facts_for(writer.ticket.id));
        escalation.noted_on(writer.ticket.id);
    }
    for (actor, at, kind) in facts {
        writer.record(actor, at, kind);
    }
    Ok(Response {
        ticket: writer.ticket.id,
        escalations,
        consequences,
    })
}

/// Writes what followed of several tickets, which are written already, and tells people.
pub(crate) async fn save_responses(
    app: &App,
    tx: &Transaction,
    responses: Vec<Response<'_>>,
    tickets: &[Ticket],
) -> Result<()> {
    let prepared = Box::pin(prepare_responses(app, tx, responses, tickets)).await?;
    prepared.write(app, tx).await
}

/// Says whom to tell what of several tickets as they will be: to be written once these are.
pub(crate) async fn prepare_responses<'a>(
    app: &App,
    tx: &Transaction,
    responses: Vec<Response<'a>>,
    tickets: &[Ticket],
) -> Result<Prepared<'a>> {
    let (mut escalations, mut told) = (Vec::new(), Vec::new());
    for response in responses {
        escalations.extend(response.escalations);
        let consequences = response.consequences.into_iter();
        told.extend(consequences.map(|consequence| (response.ticket, consequence)));
    }
    let mut prepared = prepare(app, tx, escalations, tickets).await?;
    if told.is_empty() {
        return Ok(prepared);
    }
    let everybody = Everybody::load(app, tx, tickets.iter()).await?;
    for (id, consequence) in &told {
        let Some(ticket) = tickets.iter().find(|ticket| ticket.id == *id) else {
            continue;
        };
        let is_told = |agent, channel| {
            let about = &consequence.about;
            prepared.told.covers(ticket.id, agent, channel, about)
        };
        let of_it = consequence.notifications(app, &everybody, ticket, is_told);
        prepared.notifications.extend(of_it);
    }
    Ok(prepared)
}

impl ClockConsequence {
    /// What the people whom it is to be told are told of a ticket, but for those who are told it anyway.
    fn notifications(
        &self,
        app: &App,
        everybody: &Everybody,
        ticket: &Ticket,
        is_told: impl Fn(AgentId, NotifyChannel) -> bool,
    ) -> Vec<Notification> {
        let policy = app.policy();
        let people = everybody.about(std::slice::from_ref(ticket));
        let agents = match &self.consequence {
            Consequence::NotifyAssignee => people.assignee_or_nearest(),
            Consequence::NotifyTeam => people.team_or_nearest(),
            Consequence::NotifyRole(role) => people.role_or_nearest(role),
            Consequence::Escalate(_) => Vec::new(),
        };
        if agents.is_empty() {
            tracing::warn!(ticket = %ticket.id, consequence = self.consequence.kind(), "nobody was found to be told");
        }
        let mut notifications = Vec::new();
        for agent in people.find(&agents) {
            let mut channels = EVERYDAY_CHANNELS.to_vec();
            channels.retain(|channel| !is_told(agent.id, *channel));
            if !channels.is_empty() {
                let notice = self.notice(ticket, agent, &policy);
                notifications.extend(notice.to(app, agent.id, &channels));
            }
        }
        notifications
    }

    fn notice(&self, ticket: &Ticket, reader: &Agent, policy: &PolicyInForce) -> Notice {
        let what = match &self.about {
            About::ClockWarned { commitment, due_at } => {
                let (commitment, due_at) = (commitment.clone(), *due_at);
                reason_words(&Reason::ClockWarned { commitment, due_at }, reader, policy)
            }
            About::ClockMissed { commitment, due_at } => {
                let (commitment, due_at) = (commitment.clone(), *due_at);
                reason_words(&Reason::ClockMissed { commitment, due_at }, reader, policy)
            }
            About::EscalationStep { name, .. } | About::Mentioned { by: name, .. } => name.clone(),
        };
        let severity = ticket.facts.severity;
        Notice {
            about: self.about.clone(),
            ticket: Some(ticket.id),
            escalation: None,
            title: format!("#{} ({severity}): {what}", ticket.number),
            detail: ticket.subject.clone(),
            urgency: Notice::urgency(severity == Severity::P1),
            wake: Notice::wake(false),
            at: self.at,
            cause: self.cause.clone(),
        }
    }
}

/// What follows, while it is being decided.
struct Responder<'a> {
    app: &'a App,
    tx: &'a Transaction,
    rules: LadderRules,
    ticket: TicketId,
    escalations: Vec<EscalationWriter<'a>>,
    /// The ticket's escalations that are over.
    over: Vec<StoredEscalation>,
    consequences: Vec<ClockConsequence>,
    /// Since when the program has known what it knew of the ticket before the new facts.
    known_since: Timestamp,
}

impl<'a> Responder<'a> {
    async fn begin(writer: &TicketWriter<'a>) -> Result<Self> {
        let (app, tx) = (writer.app(), writer.transaction());
        let rules = writer.policy().ladder_rules();
        let last = writer.stored_events().last();
        let mut responder = Self {
            app,
            tx,
            ticket: writer.ticket.id,
            escalations: Vec::new(),
            over: Vec::new(),
            consequences: Vec::new(),
            known_since: last
                .filter(|event| event.policy == rules.version)
                .map_or(app.now(), |event| event.recorded_at),
            rules,
        };
        if last.is_none() {
            return Ok(responder);
        }
        let known = match writer.known_escalations() {
            Some(known) => known.clone(),
            None => KnownEscalations::of(tx, responder.ticket).await?,
        };
        let open = known.open.into_iter();
        let open = open.map(|(stored, facts)| EscalationWriter::of(app, tx, stored, facts));
        responder.escalations = open.collect();
        responder.over = known.over;
        Ok(responder)
    }

    /// Follows a new fact of the ticket's ledger.
    async fn follow_fact(
        &mut self,
        writer: &TicketWriter<'_>,
        clocks: &[Clock],
        fact: &NewFact,
    ) -> Result<()> {
        let event = &fact.event;
        let consequences = consequences(writer, clocks, event);
        let at = self.instant(event);
        let groups = self.groups(fact);
        let sightings = self.sightings(&groups, &fact.after, event.at).await?;
        let texts = texts(writer, &event.kind);
        let ladders: Vec<LadderName> = consequences
            .iter()
            .filter_map(|consequence| match consequence {
                Consequence::Escalate(ladder) => Some(ladder.clone()),
                _ => None,
            })
            .filter(|ladder| self.rules.rules().ladders.contains_key(ladder))
            .collect();
        let demanded = self.demanded(&Situation {
            ticket: self.ticket,
            before: fact.before.as_ref(),
            after: &fact.after,
            opened_at: writer.ticket.opened_at,
            fact: Fact::Recorded {
                kind: &event.kind,
                texts: &texts,
            },
            at: event.at,
            consequences: &ladders,
            open: &[],
            sightings: &sightings,
        });
        for demand in demanded {
            self.meet(Actor::System, at, demand)?;
        }
        self.note_consequences(event, consequences);
        self.follow_change(writer, fact).await
    }

    /// When something that follows from a fact happens: of what a clock reports, the foreseen instant itself, unless
    /// the program came to know only later that there was such an instant; of anything else, now.
    fn instant(&self, event: &Event) -> Timestamp {
        match event.kind {
            EventKind::ClockWarned { .. } | EventKind::ClockMissed { .. } => {
                event.at.max(self.known_since)
            }
            _ => self.app.now(),
        }
    }

    /// What is demanded; nothing, and a word in the log, when the policy cannot say: a fact is never kept from the
    /// ledger by a ladder that does not work.
    fn demanded(&self, situation: &Situation<'_>) -> Vec<Demand> {
        let open: Vec<_> = self
            .escalations
            .iter()
            .filter_map(EscalationWriter::open)
            .collect();
        let situation = Situation {
            open: &open,
            ..*situation
        };
        demands(&situation, self.rules.rules()).unwrap_or_else(|error| {
            tracing::error!(ticket = %self.ticket, %error, "it cannot be said what a fact escalates");
            Vec::new()
        })
    }

    /// Does what is demanded. What the escalation has passed already is no mistake.
    fn meet(&mut self, actor: Actor, at: Timestamp, demand: Demand) -> Result<()> {
        let (id, command) = demand.into_command();
        let found = self
            .escalations
            .iter()
            .position(|writer| Some(writer.id) == id);
        let index = match found {
            Some(index) => index,
            None => {
                let new = EscalationWriter::unraised(self.app, self.tx, self.rules.clone());
                self.escalations.push(new);
                self.escalations.len() - 1
            }
        };
        let Some(writer) = self.escalations.get_mut(index) else {
            return Ok(());
        };
        match writer.decide_at(actor, at, command) {
            Ok(()) => writer.decide(Actor::System, Command::Advance)?,
            Err(
                Refusal::LevelPassed { .. }
                | Refusal::LadderEnds(_)
                | Refusal::NoSuchLevel { .. }
                | Refusal::Policy(_),
            ) => {}
            Err(refusal) => return Err(refusal.into()),
        }
        self.escalations.retain(|writer| writer.state().is_some());
        Ok(())
    }

    /// Follows what ends or changes an escalation: the ticket is merged away, done, or of another severity.
    async fn follow_change(&mut self, writer: &TicketWriter<'_>, fact: &NewFact) -> Result<()> {
        let actor = fact.event.actor;
        match &fact.event.kind {
            EventKind::MergedInto { number, .. } => {
                let reason = format!("The ticket was merged into #{number}.");
                self.each_of_ticket(actor, &Command::Cancel { reason })
            }
            EventKind::SeverityChanged { from, to, .. } => {
                let (from, to) = (*from, *to);
                for writer in &mut self.escalations {
                    writer.decide(actor, Command::NoteSeverity { from, to })?;
                }
                Ok(())
            }
            EventKind::StatusChanged { from, to }
                if to.kind.is_done()
                    && !from.kind.is_done()
                    && writer.ticket.merged_into.is_none() =>
            {
                let text = format!("The ticket is {}.", to.name);
                self.each_of_ticket(actor, &Command::Resolve { text })?;
                self.resolve_groups(actor).await
            }
            _ => Ok(()),
        }
    }

    /// Decides a command on the open escalations about this ticket alone.
    fn each_of_ticket(&mut self, actor: Actor, command: &Command) -> Result<()> {
        for writer in &mut self.escalations {
            let about_it = writer.state().is_some_and(|state| {
                state.is_open() && matches!(state.subject, Subject::Ticket { .. })
            });
            if about_it {
                writer.decide(actor, command.clone())?;
            }
        }
        Ok(())
    }

    fn note_consequences(&mut self, event: &Event, consequences: Vec<Consequence>) {
        let about = match &event.kind {
            EventKind::ClockWarned {
                commitment, due_at, ..
            } => About::ClockWarned {
                commitment: commitment.clone(),
                due_at: *due_at,
            },
            EventKind::ClockMissed {
                commitment, due_at, ..
            } => About::ClockMissed {
                commitment: commitment.clone(),
                due_at: *due_at,
            },
            _ => return,
        };
        for consequence in consequences {
            if !matches!(consequence, Consequence::Escalate(_)) {
                self.consequences.push(ClockConsequence {
                    consequence,
                    about: about.clone(),
                    at: event.at,
                    cause: format!("event:{}", event.id),
                });
            }
        }
    }
}

/// What the pack says follows from what a clock reports: under the policy that made the promise.
fn consequences(writer: &TicketWriter<'_>, clocks: &[Clock], event: &Event) -> Vec<Consequence> {
    let promise = |name: &CommitmentName, cycle: u32| {
        let clock = clocks
            .iter()
            .find(|clock| clock.commitment == *name && clock.cycle == cycle)?;
        let policy = writer.policy().book().get(clock.policy)?;
        policy
            .commitments
            .iter()
            .find(|commitment| commitment.name == *name)
            .cloned()
    };
    let found = match &event.kind {
        EventKind::ClockWarned {
            commitment,
            cycle,
            warning,
            ..
        } => promise(commitment, *cycle)
            .and_then(|promise| promise.warnings.into_iter().nth(*warning))
            .map(|warning| warning.consequences),
        EventKind::ClockMissed {
            commitment, cycle, ..
        } => promise(commitment, *cycle).map(|promise| promise.on_missed),
        _ => None,
    };
    found.unwrap_or_default()
}

/// What is searched for words: the subject when the ticket is opened, and each message of the customer.
fn texts<'a>(writer: &'a TicketWriter<'_>, kind: &EventKind) -> Vec<&'a str> {
    match kind {
        EventKind::Opened { .. } => vec![writer.ticket.subject.as_str()],
        EventKind::MessageAdded { message, .. } => writer.said(*message).into_iter().collect(),
        _ => Vec::new(),
    }
}
