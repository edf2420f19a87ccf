//! What may be done with an escalation, and what becomes of it.

use jiff::Timestamp;

use super::command::{Command, Refusal};
use super::due::{Due, DueError, DueStep, Rules, next_due};
use super::ladder::Ladder;
use super::record::{EscalationEvent, EscalationEventKind, Review, StepCause, Subject, Verdict};
use super::state::{Escalation, Phase};
use crate::event::Actor;
use crate::id::{AgentId, TicketId};

/// Decides a command: the facts that follow, or why it is refused. No facts at all mean that everything is already as
/// the command wants it.
///
/// `state` is absent when nothing has been raised. A step that came due is stamped with the instant at which it was
/// due; everything else with `now`.
///
/// # Errors
/// A [`Refusal`] that says what is wrong and what to do instead.
pub fn decide(
    state: Option<&Escalation>,
    rules: Rules<'_>,
    command: Command,
    actor: Actor,
    now: Timestamp,
) -> Result<Vec<EscalationEvent>, Refusal> {
    let stamp = |kind| EscalationEvent {
        at: now,
        actor,
        kind,
    };
    let Some(state) = state else {
        let (raised, level) = raised(command)?;
        return raise(rules, stamp(raised), level, now);
    };
    let kind = match command {
        Command::Raise { .. } => return Err(Refusal::AlreadyRaised),
        Command::Advance => return settle(state.clone(), rules, Vec::new(), now),
        Command::MoveOn { level, reason } => {
            let kind = moved_on(state, rules, level, &reason)?;
            return follow(state, rules, stamp(kind), now);
        }
        Command::FindNobody { step } => {
            return match found_nobody(state, step)? {
                Some(kind) => follow(state, rules, stamp(kind), now),
                None => Ok(Vec::new()),
            };
        }
        Command::JoinTickets { tickets } => joined(state, &tickets)?,
        Command::Acknowledge { step } => acknowledged(state, step)?,
        Command::NoteSeverity { from, to } => (state.is_open() && from != to)
            .then_some(EscalationEventKind::SeverityNoted { from, to }),
        Command::RecordNotification {
            step,
            to,
            channel,
            outcome,
        } => Some(EscalationEventKind::Notified {
            step,
            to,
            channel,
            outcome,
        }),
        Command::Assess { text } => Some(EscalationEventKind::Assessed {
            text: noted(state, "the assessment", &text)?,
        }),
        Command::Decide { text } => Some(EscalationEventKind::Decided {
            text: noted(state, "the decision", &text)?,
        }),
        Command::AllocateResources { agents, text } => Some(allocated(state, agents, &text)?),
        Command::NoteProgress { text } => Some(EscalationEventKind::Progressed {
            text: noted(state, "the progress note", &text)?,
        }),
        Command::Resolve { text } => Some(resolved(state, &text)?),
        Command::Verify { verdict, text } => Some(verified(state, verdict, &text)?),
        Command::Review(review) => Some(reviewed(state, &review)?),
        Command::Cancel { reason } => Some(cancelled(state, &reason)?),
    };
    Ok(kind.into_iter().map(stamp).collect())
}

fn raised(command: Command) -> Result<(EscalationEventKind, Option<u8>), Refusal> {
    let Command::Raise {
        subject,
        ladder,
        level,
        reason,
    } = command
    else {
        return Err(Refusal::NotRaised);
    };
    let raised = EscalationEventKind::Raised {
        subject,
        ladder,
        reason: written("the reason", &reason.to_string())?,
        manual: reason.manual(),
        parts: Some(reason),
    };
    Ok((raised, level))
}

fn found_nobody(state: &Escalation, step: usize) -> Result<Option<EscalationEventKind>, Refusal> {
    must_be_open(state)?;
    let ladder = state.ladder();
    match state
        .steps
        .iter()
        .find(|taken| taken.ladder == *ladder && taken.step == step)
    {
        None => Err(not_taken(state, step)),
        Some(taken) if taken.nobody_found => Ok(None),
        Some(_) => Ok(Some(EscalationEventKind::NobodyFound {
            ladder: ladder.clone(),
            step,
        })),
    }
}

fn acknowledged(
    state: &Escalation,
    step: Option<usize>,
) -> Result<Option<EscalationEventKind>, Refusal> {
    must_be_open(state)?;
    if let Some(step) = step
        && !state.steps.iter().any(|taken| taken.step == step)
    {
        return Err(not_taken(state, step));
    }
    Ok(state
        .acknowledged
        .is_none()
        .then_some(EscalationEventKind::Acknowledged { step }))
}

fn allocated(
    state: &Escalation,
    agents: Vec<AgentId>,
    text: &str,
) -> Result<EscalationEventKind, Refusal> {
    must_not_be_cancelled(state)?;
    if agents.is_empty() {
        written("what is allocated", text)?;
    }
    Ok(EscalationEventKind::ResourcesAllocated {
        agents,
        text: text.trim().to_owned(),
    })
}

fn resolved(state: &Escalation, text: &str) -> Result<EscalationEventKind, Refusal> {
    must_be_open(state)?;
    Ok(EscalationEventKind::Resolved {
        text: written("the resolution", text)?,
    })
}

fn verified(
    state: &Escalation,
    verdict: Verdict,
    text: &str,
) -> Result<EscalationEventKind, Refusal> {
    must_not_be_cancelled(state)?;
    must_not_be_reviewed(state)?;
    if state.is_open() {
        return Err(Refusal::NotResolved { what: "verify" });
    }
    Ok(EscalationEventKind::Verified {
        verdict,
        text: written("the verification", text)?,
    })
}

fn reviewed(state: &Escalation, review: &Review) -> Result<EscalationEventKind, Refusal> {
    must_not_be_reviewed(state)?;
    if state.is_open() {
        return Err(Refusal::NotResolved { what: "review" });
    }
    Ok(EscalationEventKind::Reviewed(Review {
        what_happened: written("what happened", &review.what_happened)?,
        cause: written("the cause", &review.cause)?,
        changes: written("what changes", &review.changes)?,
    }))
}

fn cancelled(state: &Escalation, reason: &str) -> Result<EscalationEventKind, Refusal> {
    must_be_open(state)?;
    Ok(EscalationEventKind::Cancelled {
        reason: written("the reason", reason)?,
    })
}

/// The words of a part of the record, which may be written until the escalation is cancelled.
fn noted(state: &Escalation, what: &'static str, text: &str) -> Result<String, Refusal> {
    must_not_be_cancelled(state)?;
    written(what, text)
}

/// Raises an escalation and takes the steps that are due at once.
fn raise(
    rules: Rules<'_>,
    raised: EscalationEvent,
    level: Option<u8>,
    now: Timestamp,
) -> Result<Vec<EscalationEvent>, Refusal> {
    let Some(mut state) = Escalation::fold([&raised]) else {
        return Err(Refusal::NotRaised);
    };
    let ladder = ladder_of(&state, rules)?;
    let mut events = vec![raised];
    if let Some(level) = level {
        let step = step_of_level(ladder, level)?;
        let taken = EscalationEvent {
            at: now,
            actor: Actor::System,
            kind: take(ladder, step, StepCause::Raised),
        };
        state.apply(&taken);
        events.push(taken);
    }
    settle(state, rules, events, now)
}

/// Applies a fact and takes the steps that are due after it.
fn follow(
    state: &Escalation,
    rules: Rules<'_>,
    first: EscalationEvent,
    now: Timestamp,
) -> Result<Vec<EscalationEvent>, Refusal> {
    let mut state = state.clone();
    state.apply(&first);
    settle(state, rules, vec![first], now)
}

/// Takes every step that is due by now, each stamped with the instant at which it was due. Ends because no step is
/// taken twice and no ladder entered twice.
fn settle(
    mut state: Escalation,
    rules: Rules<'_>,
    mut events: Vec<EscalationEvent>,
    now: Timestamp,
) -> Result<Vec<EscalationEvent>, Refusal> {
    while let Some(due) = next_due(&state, rules)?.filter(|due| due.at <= now) {
        let event = EscalationEvent {
            at: due.at,
            actor: Actor::System,
            kind: taken_when_due(&state, rules, due)?,
        };
        state.apply(&event);
        events.push(event);
    }
    Ok(events)
}

fn taken_when_due(
    state: &Escalation,
    rules: Rules<'_>,
    due: Due,
) -> Result<EscalationEventKind, Refusal> {
    // The foot of the first ladder is taken because the escalation was raised, not because of a step before it.
    let cause = if due.cause == StepCause::Together && state.steps.is_empty() {
        StepCause::Raised
    } else {
        due.cause
    };
    match due.what {
        DueStep::Step(step) => Ok(take(ladder_of(state, rules)?, step, cause)),
        DueStep::HandOver(to) => Ok(EscalationEventKind::HandedOver { to, cause }),
    }
}

/// Where a person or a trigger moves the escalation.
fn moved_on(
    state: &Escalation,
    rules: Rules<'_>,
    level: Option<u8>,
    reason: &str,
) -> Result<EscalationEventKind, Refusal> {
    must_be_open(state)?;
    let cause = StepCause::Moved {
        reason: written("the reason", reason)?,
    };
    let ladder = ladder_of(state, rules)?;
    let step = match level {
        Some(level) => {
            let step = step_of_level(ladder, level)?;
            if step < state.next_step {
                return Err(Refusal::LevelPassed {
                    ladder: ladder.name.clone(),
                    level,
                });
            }
            step
        }
        None => state.next_step,
    };
    if step < ladder.steps.len() {
        return Ok(take(ladder, step, cause));
    }
    match &ladder.next {
        Some(next) if !state.ladders.contains(&next.ladder) => {
            Ok(EscalationEventKind::HandedOver {
                to: next.ladder.clone(),
                cause,
            })
        }
        _ => Err(Refusal::LadderEnds(ladder.name.clone())),
    }
}

fn take(ladder: &Ladder, step: usize, cause: StepCause) -> EscalationEventKind {
    EscalationEventKind::StepTaken {
        ladder: ladder.name.clone(),
        step,
        level: ladder.steps.get(step).map_or(0, |step| step.level),
        cause,
    }
}

fn step_of_level(ladder: &Ladder, level: u8) -> Result<usize, Refusal> {
    ladder
        .step_of_level(level)
        .ok_or_else(|| Refusal::NoSuchLevel {
            ladder: ladder.name.clone(),
            level,
            highest: ladder
                .steps
                .iter()
                .map(|step| step.level)
                .max()
                .unwrap_or(0),
        })
}

fn ladder_of<'a>(state: &Escalation, rules: Rules<'a>) -> Result<&'a Ladder, DueError> {
    rules
        .ladders
        .get(state.ladder())
        .ok_or_else(|| DueError::UnknownLadder(state.ladder().clone()))
}

fn joined(
    state: &Escalation,
    tickets: &[TicketId],
) -> Result<Option<EscalationEventKind>, Refusal> {
    must_be_open(state)?;
    let Subject::Group { tickets: known, .. } = &state.subject else {
        return Err(Refusal::NotAGroup);
    };
    let mut new: Vec<TicketId> = Vec::new();
    for ticket in tickets {
        if !known.contains(ticket) && !new.contains(ticket) {
            new.push(*ticket);
        }
    }
    Ok((!new.is_empty()).then_some(EscalationEventKind::TicketsJoined { tickets: new }))
}

fn written(what: &'static str, text: &str) -> Result<String, Refusal> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Refusal::Empty(what));
    }
    Ok(text.to_owned())
}

fn must_be_open(state: &Escalation) -> Result<(), Refusal> {
    match state.phase {
        Phase::Open => Ok(()),
        Phase::Resolved { at } => Err(Refusal::Over {
            how: "resolved",
            at,
        }),
        Phase::Cancelled { at } => Err(Refusal::Over {
            how: "cancelled",
            at,
        }),
    }
}

fn must_not_be_cancelled(state: &Escalation) -> Result<(), Refusal> {
    match state.phase {
        Phase::Cancelled { .. } => must_be_open(state),
        Phase::Open | Phase::Resolved { .. } => Ok(()),
    }
}

fn must_not_be_reviewed(state: &Escalation) -> Result<(), Refusal> {
    match &state.review {
        Some((_, at)) => Err(Refusal::AlreadyReviewed(*at)),
        None => Ok(()),
    }
}

fn not_taken(state: &Escalation, step: usize) -> Refusal {
    Refusal::StepNotTaken {
        step: step + 1,
        taken: state.steps.len(),
    }
}
