//! What people do with escalations.

use mainstay_domain::escalation::{
    Command, Demand, Escalation, Fact, ManualReason, Reason, Refusal, Review, Situation, Subject,
    TriggerKind, Verdict, demands,
};
use mainstay_domain::event::Actor;
use mainstay_domain::id::{AgentId, EscalationId, TicketId};
use mainstay_domain::name::LadderName;
use mainstay_domain::role::Permission;
use mainstay_store::escalation::StoredPhase;
use mainstay_store::ticket::StoredTicket;
use mainstay_store::{Transaction, agent, escalation};

use super::EscalationWriter;
use super::read::EscalationView;
use crate::caller::Caller;
use crate::context::App;
use crate::error::{AppError, Result};
use crate::field::{Faults, check_text};
use crate::transaction::transact;

/// Somebody escalates a ticket by hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RaiseEscalation {
    /// Which ticket.
    pub ticket: TicketId,
    /// Why.
    pub reason: ManualReason,
    /// What they write beside it.
    pub note: String,
    /// By which ladder; the policy chooses by the reason when absent.
    pub ladder: Option<LadderName>,
    /// At which level of the ladder it begins, where one is named.
    pub level: Option<u8>,
}

/// Something to be recorded of an escalation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Record {
    /// Somebody takes it on: the caller.
    Acknowledge,
    /// It moves on: to the next step, or to a level further up.
    MoveOn {
        /// To which level; the next step when absent.
        level: Option<u8>,
        /// Why.
        reason: String,
    },
    /// How severe the issue is and whom it hurts.
    Assess(String),
    /// What is to be done.
    Decide(String),
    /// People or means are given to it.
    AllocateResources {
        /// Which agents.
        agents: Vec<AgentId>,
        /// What for, or what else.
        text: String,
    },
    /// How it goes.
    NoteProgress(String),
    /// The issue is resolved: how.
    Resolve(String),
    /// Whether the resolution holds. One that does not opens the escalation again.
    Verify {
        /// Whether it does.
        verdict: Verdict,
        /// What was found, and whether the customer is content.
        text: String,
    },
    /// What happened, why, and what changes.
    Review(Review),
    /// It was raised in error: why.
    Cancel(String),
}

impl Record {
    fn permission(&self) -> Permission {
        match self {
            Self::Acknowledge => Permission::AcknowledgeEscalations,
            Self::Review(_) | Self::Cancel(_) => Permission::ReviewEscalations,
            _ => Permission::HandleEscalations,
        }
    }

    /// Refuses words that are longer than they may be.
    fn check(&self) -> Result<()> {
        let mut faults = Faults::default();
        match self {
            Self::Acknowledge => {}
            Self::MoveOn { reason, .. } | Self::Cancel(reason) => faults.text("reason", reason),
            Self::Assess(text)
            | Self::Decide(text)
            | Self::AllocateResources { text, .. }
            | Self::NoteProgress(text)
            | Self::Resolve(text)
            | Self::Verify { text, .. } => faults.text("text", text),
            Self::Review(review) => {
                faults.text("what_happened", &review.what_happened);
                faults.text("cause", &review.cause);
                faults.text("changes", &review.changes);
            }
        }
        faults.finish()
    }

    fn command(&self, state: Option<&Escalation>, actor: Actor) -> Command {
        match self.clone() {
            Self::Acknowledge => Command::Acknowledge {
                step: state.and_then(|state| step_told(state, actor)),
            },
            Self::MoveOn { level, reason } => Command::MoveOn { level, reason },
            Self::Assess(text) => Command::Assess { text },
            Self::Decide(text) => Command::Decide { text },
            Self::AllocateResources { agents, text } => Command::AllocateResources { agents, text },
            Self::NoteProgress(text) => Command::NoteProgress { text },
            Self::Resolve(text) => Command::Resolve { text },
            Self::Verify { verdict, text } => Command::Verify { verdict, text },
            Self::Review(review) => Command::Review(review),
            Self::Cancel(reason) => Command::Cancel { reason },
        }
    }
}

/// At which step somebody was told last.
fn step_told(state: &Escalation, actor: Actor) -> Option<usize> {
    let Actor::Agent(agent) = actor else {
        return None;
    };
    state
        .notifications
        .iter()
        .rev()
        .find(|told| told.to == agent)
        .and_then(|told| told.step.as_ref())
        .map(|step| step.step)
}

impl App {
    /// Escalates a ticket by hand, and returns the escalations that take the reason: raised by it, moved up by it, or
    /// open already.
    ///
    /// # Errors
    /// [`AppError::NotFound`] for a ticket that is not there or that the caller may not see, [`AppError::Forbidden`],
    /// [`AppError::Invalid`] for a ladder or level that the policy does not have, [`AppError::Refused`] when no ladder
    /// takes the reason.
    pub async fn raise_escalation(
        &self,
        caller: &Caller,
        raise: &RaiseEscalation,
    ) -> Result<Vec<EscalationId>> {
        caller.require(Permission::RaiseEscalations)?;
        caller.require(Permission::ReadEscalations)?;
        check_text("note", &raise.note)?;
        let ticket = self.visible_ticket(caller, raise.ticket).await?;
        let actor = caller.actor;
        let raised = transact!(self, tx => raise_by_hand(self, tx, actor, &ticket, raise))?;
        self.wake();
        Ok(raised)
    }

    /// A customer asks that their ticket be escalated.
    ///
    /// # Errors
    /// [`AppError::NotFound`] for a ticket that is not there or that the caller may not see, [`AppError::Forbidden`],
    /// [`AppError::Invalid`] without a word why, [`AppError::Refused`] when no ladder takes such a request.
    pub async fn ask_for_escalation(
        &self,
        caller: &Caller,
        ticket: TicketId,
        note: &str,
    ) -> Result<()> {
        caller.require(Permission::PortalEscalate)?;
        if note.trim().is_empty() {
            return Err(AppError::invalid("note", "say in a sentence why"));
        }
        check_text("note", note)?;
        let found = self.visible_ticket(caller, ticket).await?;
        let raise = RaiseEscalation {
            ticket,
            reason: ManualReason::CustomerRequest,
            note: note.to_owned(),
            ladder: None,
            level: None,
        };
        let actor = caller.actor;
        transact!(self, tx => raise_by_hand(self, tx, actor, &found, &raise))?;
        self.wake();
        Ok(())
    }

    /// Records something of an escalation, and shows it as it then is.
    ///
    /// # Errors
    /// [`AppError::NotFound`], [`AppError::Forbidden`], [`AppError::Invalid`] for empty words, an agent or a level that is
    /// not there, [`AppError::Refused`] when it is over, not resolved yet, or at the top of its ladder.
    pub async fn record_escalation(
        &self,
        caller: &Caller,
        id: EscalationId,
        record: &Record,
    ) -> Result<EscalationView> {
        caller.require(record.permission())?;
        // It is shown afterwards: who may not see it is told so before anything is written.
        caller.require(Permission::ReadEscalations)?;
        record.check()?;
        let actor = caller.actor;
        transact!(self, tx => async {
            if let Record::AllocateResources { agents, .. } = record {
                check_agents(tx, agents).await?;
            }
            let mut writer = EscalationWriter::load(self, tx, id).await?;
            let command = record.command(writer.state(), actor);
            writer.decide(actor, command)?;
            writer.save().await
        })?;
        self.wake();
        self.escalation(caller, id).await
    }
}

async fn check_agents(tx: &Transaction, agents: &[AgentId]) -> Result<()> {
    for id in agents {
        if agent::find(tx, *id).await?.is_none() {
            return Err(AppError::invalid(
                "agents",
                format!("there is no agent {id}"),
            ));
        }
    }
    Ok(())
}

async fn raise_by_hand(
    app: &App,
    tx: &Transaction,
    actor: Actor,
    ticket: &StoredTicket,
    raise: &RaiseEscalation,
) -> Result<Vec<EscalationId>> {
    let mut open = escalation::of_ticket(tx, raise.ticket).await?;
    open.retain(|stored| stored.phase == StoredPhase::Open);
    let mut open = EscalationWriter::with_facts(app, tx, open).await?;
    let demanded = match &raise.ladder {
        Some(ladder) => named(app, raise, ladder, &open)?,
        None => chosen(app, ticket, raise, &open)?,
    };
    let mut concerned = Vec::new();
    for demand in demanded {
        let (id, command) = demand.into_command();
        let mut writer = match open.iter().position(|writer| Some(writer.id) == id) {
            Some(index) => open.swap_remove(index),
            None => EscalationWriter::unraised(app, tx, app.policy().ladder_rules()),
        };
        writer.decide(actor, command)?;
        concerned.push(writer.id);
        writer.save().await?;
    }
    if concerned.is_empty() {
        concerned = note_again(app, actor, raise, open).await?;
    }
    if concerned.is_empty() {
        return Err(AppError::Refused(format!(
            "No ladder of the policy takes the reason {:?} for this ticket: name a ladder, or another reason.",
            raise.reason.as_str()
        )));
    }
    Ok(concerned)
}

/// A ladder that somebody names: raised, or moved up to the level where it is being climbed already.
fn named(
    app: &App,
    raise: &RaiseEscalation,
    ladder: &LadderName,
    open: &[EscalationWriter<'_>],
) -> Result<Vec<Demand>> {
    let rules = app.policy().ladder_rules();
    let known = rules.rules().ladders;
    if !known.contains_key(ladder) {
        let names: Vec<&str> = known.keys().map(|name| name.as_str()).collect();
        return Err(AppError::invalid(
            "ladder",
            format!("{ladder:?} is unknown: the policy has {}", names.join(", ")),
        ));
    }
    let subject = Subject::Ticket {
        ticket: raise.ticket,
    };
    let climbed = open.iter().find(|writer| {
        writer
            .state()
            .is_some_and(|state| state.subject == subject && state.ladders.contains(ladder))
    });
    if let Some(climbed) = climbed {
        let up = raise.level.map(|level| Demand::MoveUp {
            escalation: climbed.id,
            level,
            reason: reason(raise),
        });
        return Ok(up.into_iter().collect());
    }
    Ok(vec![Demand::Raise {
        subject,
        ladder: ladder.clone(),
        level: raise.level,
        reason: reason(raise),
    }])
}

/// What the policy demands for the reason.
fn chosen(
    app: &App,
    ticket: &StoredTicket,
    raise: &RaiseEscalation,
    open: &[EscalationWriter<'_>],
) -> Result<Vec<Demand>> {
    let rules = app.policy().ladder_rules();
    let open: Vec<_> = open.iter().filter_map(EscalationWriter::open).collect();
    let facts = &ticket.ticket.facts;
    let demanded = demands(
        &Situation {
            ticket: raise.ticket,
            before: Some(facts),
            after: facts,
            opened_at: ticket.ticket.opened_at,
            fact: Fact::Manual {
                reason: raise.reason,
                note: &raise.note,
            },
            at: app.now(),
            consequences: &[],
            open: &open,
            sightings: &[],
        },
        rules.rules(),
    );
    Ok(demanded.map_err(Refusal::Policy)?)
}

/// Somebody asks for what is escalated already: it is noted there.
async fn note_again(
    app: &App,
    actor: Actor,
    raise: &RaiseEscalation,
    open: Vec<EscalationWriter<'_>>,
) -> Result<Vec<EscalationId>> {
    let policy = app.policy();
    let takes = |ladder: &LadderName| {
        if let Some(named) = &raise.ladder {
            return named == ladder;
        }
        policy.current().ladders.iter().any(|known| {
            known.name == *ladder
                && known.triggers.iter().any(|trigger| {
                    matches!(&trigger.on, TriggerKind::Manual { reasons }
                        if reasons.is_empty() || reasons.contains(&raise.reason))
                })
        })
    };
    let mut noted = Vec::new();
    for mut writer in open {
        let on_it = writer
            .state()
            .is_some_and(|state| state.ladders.iter().any(takes));
        if on_it {
            let text = format!("Asked for again: {}", reason(raise));
            writer.decide(actor, Command::NoteProgress { text })?;
            noted.push(writer.id);
            writer.save().await?;
        }
    }
    Ok(noted)
}

fn reason(raise: &RaiseEscalation) -> Reason {
    Reason::Manual {
        reason: raise.reason,
        note: raise.note.trim().to_owned(),
    }
}
