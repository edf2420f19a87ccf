//! Ladders as data: who is told, after what, by which channel.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use jiff::SignedDuration;

use super::trigger::EscalationTrigger;
use crate::commitment::Source;
use crate::condition::Condition;
use crate::name::{AgentAddress, CalendarName, LadderName, RoleName, TeamName};

/// The ladders of a policy by name.
pub type Ladders = BTreeMap<LadderName, Ladder>;

/// A way up: steps that are taken one after the other until somebody acknowledges.
#[derive(Debug, Clone, PartialEq)]
pub struct Ladder {
    /// Its name, unique in the pack.
    pub name: LadderName,
    /// What it is for, in a sentence for people.
    pub description: String,
    /// The tickets it is for at all: tiers may have ladders of their own.
    pub applies: Condition,
    /// What raises it. Any one suffices; a ladder without triggers is raised only by a commitment's consequence or by
    /// another ladder's hand-over.
    pub triggers: Vec<EscalationTrigger>,
    /// Its steps in the order in which they are taken. A ladder has at least one.
    pub steps: Vec<Step>,
    /// What follows the last step.
    pub next: Option<HandOver>,
    /// Where the pack says so.
    pub source: Source,
}

impl Ladder {
    /// The place of the first step of a level, or of the first higher one when the ladder has no step of that very
    /// level. Nothing when every step is below it.
    #[must_use]
    pub fn step_of_level(&self, level: u8) -> Option<usize> {
        self.steps.iter().position(|step| step.level >= level)
    }
}

/// A step of a ladder.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// Its name, for people, such as `Director of Support`.
    pub name: String,
    /// The level it reaches, from 1; several steps may be of one level, and levels never fall.
    pub level: u8,
    /// Who is told.
    pub who: Vec<Recipient>,
    /// When it is taken.
    pub after: StepTiming,
    /// By which channels, all of them.
    pub channels: Vec<NotifyChannel>,
    /// Within which time, counted without a calendar, somebody told should respond: what the message says and what
    /// reports measure. When the ladder moves on is said by the next step's `after`, not here.
    pub respond_within: Option<SignedDuration>,
    /// Whether it reaches somebody whose hours are closed.
    pub wake: bool,
    /// Where the pack says so.
    pub source: Source,
}

/// What follows when the last step of a ladder did not help: the escalation goes on at the foot of another ladder.
/// The policy crate refuses ladders that hand over in a circle.
#[derive(Debug, Clone, PartialEq)]
pub struct HandOver {
    /// The other ladder.
    pub ladder: LadderName,
    /// When. `OnRaise` hands over together with the last step.
    pub after: StepTiming,
}

/// When a step is taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StepTiming {
    /// Together with the step before it; the first one as soon as the escalation is raised.
    OnRaise,
    /// When nobody has acknowledged for so long since the step before it was taken; since the escalation was raised
    /// for a first step.
    Unacknowledged {
        /// How long, counted on the calendar.
        after: SignedDuration,
        /// The calendar; every hour counts when absent.
        calendar: Option<CalendarName>,
    },
    /// When the escalation is not resolved so long after it was raised, whether it is acknowledged or not.
    Unresolved {
        /// How long, counted on the calendar.
        after: SignedDuration,
        /// The calendar; every hour counts when absent.
        calendar: Option<CalendarName>,
    },
    /// Only by hand.
    ByHand,
}

/// Who is told.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Recipient {
    /// Those of the account's named people who bear this role: its account manager, its success manager.
    AccountRole(RoleName),
    /// Everybody who bears this role.
    Role(RoleName),
    /// One agent.
    Person(AgentAddress),
    /// Everybody in a team.
    Team(TeamName),
    /// Whoever is on call in a team.
    OnCall(TeamName),
    /// Whoever the ticket is assigned to.
    Assignee,
    /// Everybody in the team the ticket lies with.
    TicketTeam,
}

impl Recipient {
    /// Of which kind it is, in words for a log: a person's address does not belong there.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::AccountRole(_) => "a role at the account",
            Self::Role(_) => "a role",
            Self::Person(_) => "a person",
            Self::Team(_) => "a team",
            Self::OnCall(_) => "whoever is on call",
            Self::Assignee => "the assignee",
            Self::TicketTeam => "the ticket's team",
        }
    }
}

/// By which channel somebody is told.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum NotifyChannel {
    /// In the program itself.
    InApp,
    /// E-mail.
    Email,
    /// Slack.
    Slack,
    /// A text message.
    Sms,
    /// A telephone call that reads the message aloud.
    Voice,
    /// A pager.
    Pager,
}

impl NotifyChannel {
    /// Every channel.
    pub const ALL: [Self; 6] = [
        Self::InApp,
        Self::Email,
        Self::Slack,
        Self::Sms,
        Self::Voice,
        Self::Pager,
    ];

    /// The channel's name in packs and on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InApp => "in_app",
            Self::Email => "email",
            Self::Slack => "slack",
            Self::Sms => "sms",
            Self::Voice => "voice",
            Self::Pager => "pager",
        }
    }
}

impl fmt::Display for NotifyChannel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A text that names no channel.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no channel by which to tell somebody: expected in_app, email, slack, sms, voice or pager"
)]
pub struct UnknownNotifyChannel(String);

impl FromStr for NotifyChannel {
    type Err = UnknownNotifyChannel;

    fn from_str(text: &str) -> Result<Self, UnknownNotifyChannel> {
        Self::ALL
            .into_iter()
            .find(|channel| channel.as_str() == text)
            .ok_or_else(|| UnknownNotifyChannel(text.to_owned()))
    }
}
