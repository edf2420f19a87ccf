//! When a ladder moves on by itself.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use mainstay_calendar::{Calendar, CalendarError};

use super::ladder::{Ladder, Ladders, StepTiming};
use super::record::StepCause;
use super::state::Escalation;
use crate::name::{CalendarName, LadderName};

/// What a ladder counts on.
#[derive(Debug, Clone, Copy)]
pub struct Rules<'a> {
    /// The ladders of the policy under which the escalation was raised.
    pub ladders: &'a Ladders,
    /// The calendars of that policy.
    pub calendars: &'a BTreeMap<CalendarName, Calendar>,
}

/// What is due next, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// When.
    pub at: Timestamp,
    /// What.
    pub what: DueStep,
    /// Why.
    pub cause: StepCause,
}

/// What can be due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DueStep {
    /// A step of the ladder the escalation is on, from 0.
    Step(usize),
    /// The hand-over to this ladder.
    HandOver(LadderName),
}

/// Why it cannot be said when the next step is due.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum DueError {
    /// The ladder is not in the policy.
    #[error("the policy has no ladder {0}; replay the escalation under the policy that raised it")]
    UnknownLadder(LadderName),
    /// The calendar is not in the policy.
    #[error("ladder {ladder} counts on calendar {calendar}, which the policy does not have")]
    UnknownCalendar {
        /// The ladder.
        ladder: LadderName,
        /// The calendar.
        calendar: CalendarName,
    },
    /// The calendar cannot count so far.
    #[error("a step of ladder {ladder} cannot be dated: {error}")]
    Calendar {
        /// The ladder.
        ladder: LadderName,
        /// Why.
        error: CalendarError,
    },
}

/// What is due next on an escalation, and when; nothing when nothing more happens by itself.
///
/// Steps are taken in order and none twice. A step that waits for want of an acknowledgement is never due once there
/// is one, nor are the steps that go together with it. One that waits for want of a resolution is due all the same; when
/// it is due before the steps ahead of it, those are passed over, because its instant was promised.
///
/// # Errors
/// When the policy lacks the ladder or a calendar of it, or the calendar never reaches the instant.
pub fn next_due(escalation: &Escalation, rules: Rules<'_>) -> Result<Option<Due>, DueError> {
    if !escalation.is_open() {
        return Ok(None);
    }
    let ladder = rules
        .ladders
        .get(escalation.ladder())
        .ok_or_else(|| DueError::UnknownLadder(escalation.ladder().clone()))?;
    let mut earliest: Option<Due> = None;
    let mut in_sequence = true;
    for (what, timing) in ahead(escalation, ladder) {
        let since = escalation.waiting_since();
        let found = match timing {
            StepTiming::OnRaise => in_sequence.then_some((since, StepCause::Together)),
            StepTiming::Unacknowledged { .. } if escalation.acknowledged.is_some() => None,
            StepTiming::Unacknowledged { after, calendar } if in_sequence => {
                let at = match escalation.last_step() {
                    Some(last) if last.nobody_found => since,
                    _ => count(ladder, rules, since, *after, calendar.as_ref())?,
                };
                Some((at, StepCause::Unacknowledged))
            }
            StepTiming::Unresolved { after, calendar } => {
                let at = count(
                    ladder,
                    rules,
                    escalation.raised_at,
                    *after,
                    calendar.as_ref(),
                )?;
                Some((at.max(since), StepCause::Unresolved))
            }
            StepTiming::Unacknowledged { .. } | StepTiming::ByHand => None,
        };
        // Only the step next in order may wait for an acknowledgement; what lies behind it waits for that step.
        in_sequence = false;
        if let Some((at, cause)) = found {
            let at = at.max(escalation.not_before);
            if earliest.as_ref().is_none_or(|due| at < due.at) {
                earliest = Some(Due { at, what, cause });
            }
        }
    }
    Ok(earliest)
}

/// The steps that are not taken yet and the hand-over behind them, unless it would lead back.
fn ahead<'a>(
    escalation: &Escalation,
    ladder: &'a Ladder,
) -> impl Iterator<Item = (DueStep, &'a StepTiming)> {
    let steps = ladder
        .steps
        .iter()
        .enumerate()
        .skip(escalation.next_step)
        .map(|(index, step)| (DueStep::Step(index), &step.after));
    let next = ladder
        .next
        .as_ref()
        .filter(|next| !escalation.ladders.contains(&next.ladder))
        .map(|next| (DueStep::HandOver(next.ladder.clone()), &next.after));
    steps.chain(next)
}

/// The instant at which so much time has passed on the calendar.
pub(super) fn count(
    ladder: &Ladder,
    rules: Rules<'_>,
    since: Timestamp,
    after: SignedDuration,
    calendar: Option<&CalendarName>,
) -> Result<Timestamp, DueError> {
    let always = Calendar::always();
    let calendar = match calendar {
        None => &always,
        Some(name) => rules
            .calendars
            .get(name)
            .ok_or_else(|| DueError::UnknownCalendar {
                ladder: ladder.name.clone(),
                calendar: name.clone(),
            })?,
    };
    calendar
        .add(since, after)
        .map_err(|error| DueError::Calendar {
            ladder: ladder.name.clone(),
            error,
        })
}
