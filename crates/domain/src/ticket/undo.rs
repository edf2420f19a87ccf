//! Undoing: what puts a ticket back as it was before some of its facts. The facts stay; new ones make up for them.

use jiff::{SignedDuration, Timestamp};

use super::Refusal;
use crate::condition::TicketFacts;
use crate::event::{Actor, Event, EventKind};
use crate::id::{AgentId, TeamId};
use crate::name::{CategoryName, StatusName, Tag};
use crate::severity::Severity;

/// How long after a change it can be undone.
pub const UNDO_WITHIN: SignedDuration = SignedDuration::from_secs(60);

/// Something of a ticket that is put back as it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Restored {
    /// The status.
    Status(StatusName),
    /// The severity.
    Severity(Severity),
    /// The category.
    Category(Option<CategoryName>),
    /// The team.
    Team(Option<TeamId>),
    /// The assignee.
    Assignee(Option<AgentId>),
    /// Tags that were removed.
    AddTags(Vec<Tag>),
    /// Tags that were added.
    RemoveTags(Vec<Tag>),
}

/// The facts of one change: those after the version `before`, up to the version `after`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Changed {
    /// How many facts the ticket had before the change.
    pub before: u64,
    /// How many it had after it.
    pub after: u64,
}

/// What makes up for a change. An empty list means that the change made no difference.
///
/// `events` is the ledger in the order in which it was recorded. What follows from a change by itself, such as an
/// escalation, stays: it is acknowledged or resolved as any other.
///
/// # Errors
/// A refusal when the change was not made by `actor` within [`UNDO_WITHIN`], when somebody has changed the same since, or
/// when it is of a kind that cannot be undone.
pub fn undo(
    events: &[Event],
    changed: Changed,
    actor: Actor,
    now: Timestamp,
) -> Result<Vec<Restored>, Refusal> {
    let is_of_change =
        |event: &&Event| event.sequence > changed.before && event.sequence <= changed.after;
    let facts: Vec<&Event> = events.iter().filter(is_of_change).collect();
    let is_whole = changed.before < changed.after
        && u64::try_from(facts.len()) == Ok(changed.after - changed.before);
    let is_own = facts.iter().any(|event| event.actor == actor)
        && facts
            .iter()
            .all(|event| event.actor == actor || event.actor == Actor::System);
    if !is_whole || !is_own {
        return Err(Refusal::UndoOfOthers);
    }
    if facts
        .iter()
        .any(|event| now.duration_since(event.recorded_at) > UNDO_WITHIN)
    {
        return Err(Refusal::UndoTooLate);
    }
    let [was, is] = [changed.before, changed.after].map(|version| facts_at(events, version));
    let mut restored = Vec::new();
    for event in &facts {
        let back = make_up(event, &was, &is)?;
        restored.extend(
            back.into_iter()
                .filter(|back| !restored.contains(back))
                .collect::<Vec<_>>(),
        );
    }
    let later = events.iter().filter(|event| event.sequence > changed.after);
    for event in later {
        if let Some(back) = restored.iter().find(|back| back.is_touched_by(&event.kind)) {
            return Err(Refusal::UndoOvertaken(back.noun()));
        }
    }
    Ok(restored)
}

/// What held of the ticket when it had so many facts.
fn facts_at(events: &[Event], version: u64) -> TicketFacts {
    let mut facts = TicketFacts::unopened();
    for event in events.iter().filter(|event| event.sequence <= version) {
        facts.apply(event);
    }
    facts
}

/// What makes up for one fact of a change before which `was` held, and after which `is` holds.
fn make_up(event: &Event, was: &TicketFacts, is: &TicketFacts) -> Result<Vec<Restored>, Refusal> {
    let if_other = |differs: bool, back: Restored| if differs { vec![back] } else { Vec::new() };
    let missing = |of: &TicketFacts, from: &TicketFacts| -> Vec<Tag> {
        let is_missing = |tag: &&Tag| !from.tags.contains(tag);
        of.tags.iter().filter(is_missing).cloned().collect()
    };
    Ok(match &event.kind {
        EventKind::StatusChanged { .. } => if_other(
            was.status != is.status,
            Restored::Status(was.status.name.clone()),
        ),
        EventKind::SeverityChanged { .. } => if_other(
            was.severity != is.severity,
            Restored::Severity(was.severity),
        ),
        EventKind::CategoryChanged { .. } => if_other(
            was.category != is.category,
            Restored::Category(was.category.clone()),
        ),
        EventKind::TeamChanged { .. } => if_other(was.team != is.team, Restored::Team(was.team)),
        EventKind::AssigneeChanged { .. } => if_other(
            was.assignee != is.assignee,
            Restored::Assignee(was.assignee),
        ),
        EventKind::TagsAdded { .. } => {
            let added = missing(is, was);
            if_other(!added.is_empty(), Restored::RemoveTags(added))
        }
        EventKind::TagsRemoved { .. } => {
            let removed = missing(was, is);
            if_other(!removed.is_empty(), Restored::AddTags(removed))
        }
        // They follow by themselves, and change nothing of what somebody set.
        EventKind::EscalationRaised { .. }
        | EventKind::EscalationAcknowledged { .. }
        | EventKind::EscalationResolved { .. }
        | EventKind::ClockWarned { .. }
        | EventKind::ClockMissed { .. }
        | EventKind::ClockCorrected { .. } => Vec::new(),
        other => return Err(Refusal::NotUndoable(other.name())),
    })
}

impl Restored {
    /// What it is about, in words for people.
    fn noun(&self) -> &'static str {
        match self {
            Self::Status(_) => "status",
            Self::Severity(_) => "severity",
            Self::Category(_) => "category",
            Self::Team(_) => "team",
            Self::Assignee(_) => "assignee",
            Self::AddTags(_) | Self::RemoveTags(_) => "tags",
        }
    }

    /// Whether a fact is about the same.
    fn is_touched_by(&self, kind: &EventKind) -> bool {
        match (self, kind) {
            (Self::Status(_), EventKind::StatusChanged { .. } | EventKind::MergedInto { .. })
            | (Self::Severity(_), EventKind::SeverityChanged { .. })
            | (Self::Category(_), EventKind::CategoryChanged { .. })
            | (Self::Team(_), EventKind::TeamChanged { .. })
            | (Self::Assignee(_), EventKind::AssigneeChanged { .. }) => true,
            (
                Self::AddTags(own) | Self::RemoveTags(own),
                EventKind::TagsAdded { tags } | EventKind::TagsRemoved { tags },
            ) => own.iter().any(|tag| tags.contains(tag)),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests;
