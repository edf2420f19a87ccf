//! Commitments: what is promised, when its clock starts, pauses, stops, and what follows.

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use crate::condition::Condition;
use crate::event::{Channel, Side};
use crate::name::{
    CalendarName, CategoryName, CommitmentName, FileName, LadderName, RoleName, Tag, TierName,
};
use crate::policy::Title;
use crate::severity::Severity;
use crate::status::StatusKind;

/// A commitment about tickets.
#[derive(Debug, Clone, PartialEq)]
pub struct Commitment {
    /// Its name, unique in the pack.
    pub name: CommitmentName,
    /// What people call it.
    pub title: Title,
    /// What it promises, in a sentence for people.
    pub description: String,
    /// Whether it is a promise among ourselves, of which customers are told nothing.
    pub internal: bool,
    /// The tickets it is about at all. A clock whose ticket ceases to fit is cancelled.
    pub applies: Condition,
    /// What starts its clock. A start while the clock is running changes nothing.
    pub start: Vec<Trigger>,
    /// While this holds, the clock is paused.
    pub pause: Condition,
    /// What keeps the promise.
    pub stop: Vec<Trigger>,
    /// What keeps the promise and promises again: a new cycle starts at the same instant.
    pub reset: Vec<Trigger>,
    /// What makes the promise void.
    pub cancel: Vec<Trigger>,
    /// Whether a start after the clock has stopped makes a new cycle.
    pub repeat: Repeat,
    /// What reopening the ticket does to a clock that had stopped because the ticket was done.
    pub reopen: Reopen,
    /// The calendar its time is counted on, where a target names none; the tier's support hours where this is absent.
    pub calendar: Option<CalendarName>,
    /// The promised times. The most specific one that fits a ticket is its target; without one there is no promise.
    pub targets: Vec<Target>,
    /// When to warn before the clock is due.
    pub warnings: Vec<Warning>,
    /// What follows when the promise is missed.
    pub on_missed: Vec<Consequence>,
    /// Where the pack says so.
    pub source: Source,
}

/// Whether a clock that has stopped may start again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeat {
    /// One promise a ticket.
    Once,
    /// Every start makes a promise: an exchange, an update, a hand-over.
    EachStart,
}

/// What reopening does to a clock that had stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reopen {
    /// Nothing: the promise was kept or missed once and for all.
    Ignore,
    /// The clock goes on with what it had used; the time in between is not counted.
    Resume,
    /// The same clock starts from nothing; its first outcome no longer counts.
    Restart,
    /// A new cycle starts from nothing; the first outcome stands.
    NewCycle,
}

/// An occurrence that moves a clock, if the ticket then fits the condition.
#[derive(Debug, Clone, PartialEq)]
pub struct Trigger {
    /// What must happen.
    pub on: Occurrence,
    /// What must hold of the ticket just after it.
    pub when: Condition,
    /// Only when this side did it; either side, or the program, when absent.
    pub by: Option<Side>,
}

/// What can move a clock. An automatic reply, a bounce and an internal note are no occurrences.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Occurrence {
    /// The ticket is opened, by either side.
    Opened,
    /// A person at the customer writes a public message. Opening by the customer counts as one.
    CustomerMessage,
    /// An agent writes a public reply.
    AgentReply,
    /// The status becomes one that fits the trigger's condition, and was another before.
    StatusChanged,
    /// The ticket becomes done: resolved or closed.
    Done,
    /// The status leaves a done kind.
    Reopened,
    /// The status becomes one of this kind, from another kind.
    Entered(StatusKind),
    /// The severity changes.
    SeverityChanged,
    /// The category changes.
    CategoryChanged,
    /// The ticket is handed to another team.
    TeamChanged,
    /// The ticket is assigned to an agent.
    Assigned,
    /// One of these tags is added.
    Tagged(Tag),
    /// An escalation is raised on the ticket.
    Escalated,
    /// An escalation of the ticket is acknowledged.
    Acknowledged,
}

/// A promised time, for the tickets it fits. An absent selector fits every ticket.
#[derive(Debug, Clone, PartialEq)]
pub struct Target {
    /// Only accounts in this tier.
    pub tier: Option<TierName>,
    /// Only tickets of this severity.
    pub severity: Option<Severity>,
    /// Only tickets of this category.
    pub category: Option<CategoryName>,
    /// Only tickets that came by this way.
    pub channel: Option<Channel>,
    /// Only tickets that bear this tag.
    pub tag: Option<Tag>,
    /// The promised time, counted on the calendar.
    pub duration: SignedDuration,
    /// The calendar, where it differs from the commitment's.
    pub calendar: Option<CalendarName>,
    /// Where the pack says so.
    pub source: Source,
}

impl Target {
    /// How many selectors it names: of the targets that fit, the one that names most wins, and the pack is refused
    /// when two that can fit the same ticket name equally many.
    #[must_use]
    pub fn specificity(&self) -> usize {
        usize::from(self.tier.is_some())
            + usize::from(self.severity.is_some())
            + usize::from(self.category.is_some())
            + usize::from(self.channel.is_some())
            + usize::from(self.tag.is_some())
    }
}

/// When to warn, and whom.
#[derive(Debug, Clone, PartialEq)]
pub struct Warning {
    /// At which point of the clock.
    pub at: WarningPoint,
    /// What follows.
    pub consequences: Vec<Consequence>,
    /// Where the pack says so.
    pub source: Source,
}

/// A point on a clock, in the time that the clock counts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum WarningPoint {
    /// When this share of the target is used, in percent: more than 0, less than 100.
    Used(f64),
    /// When this much of the target is left.
    Left(SignedDuration),
}

impl WarningPoint {
    /// How much of a target has been used when the warning is given; nothing when the target is shorter than what is
    /// to be left.
    #[must_use]
    pub fn used_at(self, target: SignedDuration) -> Option<SignedDuration> {
        match self {
            Self::Used(percent) => Some(target.mul_f64(percent / 100.0)),
            Self::Left(left) => (left < target).then(|| target - left),
        }
    }
}

/// What follows when a clock warns or is missed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Consequence {
    /// Tell whoever the ticket is assigned to.
    NotifyAssignee,
    /// Tell the team it lies with.
    NotifyTeam,
    /// Tell everybody of a role that looks after the account.
    NotifyRole(RoleName),
    /// Raise an escalation by this ladder.
    Escalate(LadderName),
}

impl Consequence {
    /// Of which kind it is, in words for a log.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::NotifyAssignee => "tell the assignee",
            Self::NotifyTeam => "tell the team",
            Self::NotifyRole(_) => "tell a role",
            Self::Escalate(_) => "escalate",
        }
    }
}

/// A place in a pack.
#[derive(Debug, Clone, PartialEq, Eq, Default, Hash, Serialize, Deserialize)]
pub struct Source {
    /// The file within the pack, such as `commitments.toml`.
    pub file: FileName,
    /// The line, from 1.
    pub line: u32,
}

impl std::fmt::Display for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}
