//! Which ladders a fact raises.

use jiff::Timestamp;

use super::affected::{Limit, Sighting, grouped, same_group};
use super::command::Command;
use super::due::{DueError, Rules, count};
use super::ladder::Ladder;
use super::reason::{Alarm, Reason, Sign};
use super::record::Subject;
use super::state::Escalation;
use super::trigger::{EscalationTrigger, ManualReason, Signs, TriggerKind};
use crate::condition::TicketFacts;
use crate::event::{EventKind, Origin, Side, Visibility};
use crate::id::{EscalationId, TicketId};
use crate::name::LadderName;
use crate::routing::Words;

/// A fact, and the ticket it is about.
#[derive(Debug, Clone, Copy)]
pub struct Situation<'a> {
    /// The ticket.
    pub ticket: TicketId,
    /// What held of it before the fact; absent when the fact opened it.
    pub before: Option<&'a TicketFacts>,
    /// What holds of it after the fact.
    pub after: &'a TicketFacts,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// The fact.
    pub fact: Fact<'a>,
    /// When the fact happened.
    pub at: Timestamp,
    /// The ladders that the commitment raises, when the fact is a clock's warning or miss whose consequence is to
    /// escalate.
    pub consequences: &'a [LadderName],
    /// The escalations that are open: those of the ticket, and those of groups.
    pub open: &'a [OpenEscalation<'a>],
    /// Which accounts' open tickets have lately borne which tags and categories; as far back, and forward for a fact
    /// that came in late, as the longest window of a ladder. The ticket itself may be among them or not.
    pub sightings: &'a [Sighting],
}

/// What may raise a ladder.
#[derive(Debug, Clone, Copy)]
pub enum Fact<'a> {
    /// A fact of the ticket's ledger, among them what the clocks report.
    Recorded {
        /// The fact.
        kind: &'a EventKind,
        /// The subject, and what the message itself says without what it quotes. Only a message of the customer, or
        /// the opening, is searched for words.
        texts: &'a [&'a str],
    },
    /// Time has passed: what was due after the one instant, and not after the other, is due now. Windows that follow
    /// each other without a gap raise each ladder once.
    Elapsed {
        /// Until when the caller has asked before.
        after: Timestamp,
        /// Until when it asks now.
        until: Timestamp,
    },
    /// Somebody escalates by hand.
    Manual {
        /// Why.
        reason: ManualReason,
        /// What they wrote beside it.
        note: &'a str,
    },
}

/// An escalation that is open.
#[derive(Debug, Clone, Copy)]
pub struct OpenEscalation<'a> {
    /// Identifies it.
    pub id: EscalationId,
    /// As it stands.
    pub escalation: &'a Escalation,
}

/// What a fact asks for.
#[derive(Debug, Clone, PartialEq)]
pub enum Demand {
    /// Raise an escalation.
    Raise {
        /// About what.
        subject: Subject,
        /// By which ladder.
        ladder: LadderName,
        /// At which level it begins; the ladder's foot when absent.
        level: Option<u8>,
        /// Why.
        reason: Reason,
    },
    /// Move an open escalation up to a level.
    MoveUp {
        /// Which.
        escalation: EscalationId,
        /// To which level.
        level: u8,
        /// Why.
        reason: Reason,
    },
    /// Add tickets to an open escalation of a group.
    Join {
        /// Which.
        escalation: EscalationId,
        /// The tickets.
        tickets: Vec<TicketId>,
    },
}

impl Demand {
    /// The open escalation it is about, and the command to give it; a command without one raises a new escalation.
    #[must_use]
    pub fn into_command(self) -> (Option<EscalationId>, Command) {
        match self {
            Self::Raise {
                subject,
                ladder,
                level,
                reason,
            } => (
                None,
                Command::Raise {
                    subject,
                    ladder,
                    level,
                    reason,
                },
            ),
            Self::MoveUp {
                escalation,
                level,
                reason,
            } => (
                Some(escalation),
                Command::MoveOn {
                    level: Some(level),
                    reason: reason.to_string(),
                },
            ),
            Self::Join {
                escalation,
                tickets,
            } => (Some(escalation), Command::JoinTickets { tickets }),
        }
    }
}

/// What a fact asks for, ladder by ladder.
///
/// A state, such as a severity or a tag, raises a ladder when it comes to be, not as long as it lasts: an escalation
/// that was resolved is not raised again by the next message. About one ticket, or one group, at most one escalation
/// by a ladder is open; where a trigger begins further up than that one has come, it moves up. Nothing but a person
/// raises an escalation about a ticket that is done. Of ladders for manual reasons, those that name the reason come
/// before those that take any.
///
/// # Errors
/// When a ladder counts on a calendar that the policy does not have, or that never reaches the instant.
pub fn demands(situation: &Situation<'_>, rules: Rules<'_>) -> Result<Vec<Demand>, DueError> {
    if let Some(unknown) = situation
        .consequences
        .iter()
        .find(|name| !rules.ladders.contains_key(*name))
    {
        return Err(DueError::UnknownLadder(unknown.clone()));
    }
    let said = words_said(situation);
    let named = names_reason(situation, rules);
    let mut demands = Vec::new();
    for ladder in rules.ladders.values() {
        if !ladder.applies.holds(situation.after) {
            continue;
        }
        let mut raised: Vec<(Option<u8>, Reason)> = Vec::new();
        for trigger in &ladder.triggers {
            if !trigger.when.holds(situation.after) {
                continue;
            }
            if let TriggerKind::AccountsAffected { count, window, by } = &trigger.on {
                let limit = Limit {
                    count: *count,
                    window: *window,
                    by,
                };
                for demand in grouped(situation, ladder, trigger, limit) {
                    if !demands.iter().any(|made| same_group(made, &demand)) {
                        demands.push(demand);
                    }
                }
            } else if let Some(reason) = fires(situation, rules, ladder, trigger, &said, named)? {
                raised.push((trigger.level, reason));
            }
        }
        if raised.is_empty()
            && situation.consequences.contains(&ladder.name)
            && !situation.after.status.kind.is_done()
        {
            raised.extend(clock_reported(situation).map(|reason| (None, reason)));
        }
        // The first of the most demanding: `max_by_key` would take the last.
        let worst = raised.into_iter().rev().max_by_key(|(level, _)| *level);
        if let Some((level, reason)) = worst {
            let subject = Subject::Ticket {
                ticket: situation.ticket,
            };
            demands.extend(raise_or_move(situation, ladder, subject, level, reason));
        }
    }
    Ok(demands)
}

/// The next instant after `after` at which a ladder may be raised because the ticket is not resolved: when to ask
/// again with [`Fact::Elapsed`].
///
/// # Errors
/// When a ladder counts on a calendar that the policy does not have, or that never reaches the instant.
pub fn next_unresolved(
    facts: &TicketFacts,
    opened_at: Timestamp,
    after: Timestamp,
    rules: Rules<'_>,
) -> Result<Option<Timestamp>, DueError> {
    if facts.status.kind.is_done() {
        return Ok(None);
    }
    let mut next: Option<Timestamp> = None;
    for ladder in rules.ladders.values() {
        for trigger in &ladder.triggers {
            if let TriggerKind::Unresolved {
                after: wait,
                calendar,
            } = &trigger.on
            {
                let at = count(ladder, rules, opened_at, *wait, calendar.as_ref())?;
                if at > after && next.is_none_or(|next| at < next) {
                    next = Some(at);
                }
            }
        }
    }
    Ok(next)
}

/// Why a trigger about the ticket itself fires; nothing when it does not.
fn fires(
    situation: &Situation<'_>,
    rules: Rules<'_>,
    ladder: &Ladder,
    trigger: &EscalationTrigger,
    said: &[Words],
    named: bool,
) -> Result<Option<Reason>, DueError> {
    if let (TriggerKind::Manual { reasons }, Fact::Manual { reason, note }) =
        (&trigger.on, situation.fact)
    {
        let takes = reasons.contains(&reason) || (reasons.is_empty() && !named);
        return Ok(takes.then(|| Reason::Manual {
            reason,
            note: note.trim().to_owned(),
        }));
    }
    if situation.after.status.kind.is_done() {
        return Ok(None);
    }
    let recorded = match situation.fact {
        Fact::Recorded { kind, .. } => Some(kind),
        Fact::Elapsed { .. } | Fact::Manual { .. } => None,
    };
    let mattered =
        |before: &TicketFacts| ladder.applies.holds(before) && trigger.when.holds(before);
    Ok(match (&trigger.on, recorded) {
        (
            TriggerKind::SlaBreached { commitments },
            Some(EventKind::ClockMissed { commitment, .. }),
        )
        | (
            TriggerKind::SlaAtRisk { commitments },
            Some(EventKind::ClockWarned { commitment, .. }),
        ) if commitments.is_empty() || commitments.contains(commitment) => {
            clock_reported(situation)
        }
        (TriggerKind::SeverityIs(severities), Some(_)) => begins(situation, mattered, |facts| {
            let severity = facts.severity;
            severities
                .contains(&severity)
                .then_some(Reason::SeverityIs { severity })
        }),
        (TriggerKind::SecurityIncident(signs), Some(_)) => {
            shows(situation, mattered, signs, said, Alarm::SecurityIncident)
        }
        (TriggerKind::DataBreach(signs), Some(_)) => {
            shows(situation, mattered, signs, said, Alarm::DataBreach)
        }
        (TriggerKind::DataLoss(signs), Some(_)) => {
            shows(situation, mattered, signs, said, Alarm::DataLoss)
        }
        (
            TriggerKind::Unresolved {
                after: wait,
                calendar,
            },
            None,
        ) => {
            let Fact::Elapsed { after, until } = situation.fact else {
                return Ok(None);
            };
            let due = count(ladder, rules, situation.opened_at, *wait, calendar.as_ref())?;
            (due > after && due <= until).then_some(Reason::Unresolved { after: *wait })
        }
        _ => None,
    })
}

/// What a clock reports.
fn clock_reported(situation: &Situation<'_>) -> Option<Reason> {
    let Fact::Recorded { kind, .. } = situation.fact else {
        return None;
    };
    match kind {
        EventKind::ClockMissed {
            commitment, due_at, ..
        } => Some(Reason::ClockMissed {
            commitment: commitment.clone(),
            due_at: *due_at,
        }),
        EventKind::ClockWarned {
            commitment, due_at, ..
        } => Some(Reason::ClockWarned {
            commitment: commitment.clone(),
            due_at: *due_at,
        }),
        _ => None,
    }
}

/// Why something holds of the ticket that did not hold before, or did not matter.
fn begins(
    situation: &Situation<'_>,
    mattered: impl Fn(&TicketFacts) -> bool,
    why: impl Fn(&TicketFacts) -> Option<Reason>,
) -> Option<Reason> {
    let held_before = situation.before.is_some_and(|before| {
        !before.status.kind.is_done() && mattered(before) && why(before).is_some()
    });
    if held_before {
        return None;
    }
    why(situation.after)
}

/// Why the ticket looks like what the signs describe.
fn shows(
    situation: &Situation<'_>,
    mattered: impl Fn(&TicketFacts) -> bool,
    signs: &Signs,
    said: &[Words],
    alarm: Alarm,
) -> Option<Reason> {
    let shown = |sign| Reason::SignShown { alarm, sign };
    if let Some(words) = said.iter().find_map(|words| words.first_of(&signs.words)) {
        return Some(shown(Sign::Words(words.to_owned())));
    }
    begins(situation, &mattered, |facts| {
        let category = facts.category.as_ref();
        category
            .filter(|category| signs.categories.contains(category))
            .map(|category| shown(Sign::Category(category.clone())))
    })
    .or_else(|| {
        begins(situation, &mattered, |facts| {
            let mut tags = facts.tags.iter();
            tags.find(|tag| signs.tags.contains(tag))
                .map(|tag| shown(Sign::Tag(tag.clone())))
        })
    })
}

pub(super) fn open_on<'a>(
    open: &[OpenEscalation<'a>],
    ladder: &Ladder,
    about: impl Fn(&OpenEscalation<'a>) -> bool,
) -> Option<OpenEscalation<'a>> {
    open.iter().copied().find(|open| {
        open.escalation.is_open() && open.escalation.ladders.contains(&ladder.name) && about(open)
    })
}

/// Raises the ladder, or moves the escalation up that is open on it.
fn raise_or_move(
    situation: &Situation<'_>,
    ladder: &Ladder,
    subject: Subject,
    level: Option<u8>,
    reason: Reason,
) -> Option<Demand> {
    let Some(open) = open_on(situation.open, ladder, |open| {
        open.escalation.subject == subject
    }) else {
        return Some(Demand::Raise {
            subject,
            ladder: ladder.name.clone(),
            level,
            reason,
        });
    };
    let level = level?;
    let step = ladder.step_of_level(level)?;
    let higher = *open.escalation.ladder() == ladder.name && step >= open.escalation.next_step;
    higher.then_some(Demand::MoveUp {
        escalation: open.id,
        level,
        reason,
    })
}

/// The words of the fact that count: those of the opening, and of a person at the customer.
fn words_said(situation: &Situation<'_>) -> Vec<Words> {
    match situation.fact {
        Fact::Recorded {
            kind:
                EventKind::Opened { .. }
                | EventKind::MessageAdded {
                    side: Side::Customer,
                    visibility: Visibility::Public,
                    origin: Origin::Person,
                    ..
                },
            texts,
        } => texts.iter().map(|text| Words::of(text)).collect(),
        _ => Vec::new(),
    }
}

/// Whether a ladder for this ticket names the reason for which somebody escalates.
fn names_reason(situation: &Situation<'_>, rules: Rules<'_>) -> bool {
    let Fact::Manual { reason, .. } = situation.fact else {
        return false;
    };
    rules
        .ladders
        .values()
        .filter(|ladder| ladder.applies.holds(situation.after))
        .flat_map(|ladder| &ladder.triggers)
        .filter(|trigger| trigger.when.holds(situation.after))
        .any(|trigger| matches!(&trigger.on, TriggerKind::Manual { reasons } if reasons.contains(&reason)))
}
