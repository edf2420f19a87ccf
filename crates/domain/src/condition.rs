//! Conditions: what must hold of a ticket for a rule of the pack to apply.

use jiff::Timestamp;

use crate::event::{Channel, ContractTerms, Side};
use crate::id::{AccountId, AgentId, TeamId};
use crate::name::{CategoryName, StatusName, Tag, TeamName, TierName};
use crate::severity::Severity;
use crate::status::{Status, StatusKind};

/// What is known of a ticket at an instant, as far as rules ask for it.
#[derive(Debug, Clone, PartialEq)]
pub struct TicketFacts {
    /// Whose ticket it is.
    pub account: Option<AccountId>,
    /// By which way it came.
    pub channel: Channel,
    /// Its severity.
    pub severity: Severity,
    /// Its category.
    pub category: Option<CategoryName>,
    /// Its status.
    pub status: Status,
    /// The team it lies with.
    pub team: Option<TeamId>,
    /// The agent it is assigned to.
    pub assignee: Option<AgentId>,
    /// What the account was sold.
    pub terms: ContractTerms,
    /// Its tags.
    pub tags: Vec<Tag>,
    /// Who must write next: the side that did not write the last public message of a person.
    pub awaiting: Option<Side>,
    /// When a person last wrote a public message. Opening by the customer counts as one.
    pub last_message_at: Option<Timestamp>,
}

/// A team as a pack names it, and which one that is.
///
/// A pack can name teams only; which team bears the name is settled once, when the pack is applied. So renaming a team
/// changes nothing that was decided before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedTeam {
    /// Its name in the pack.
    pub name: TeamName,
    /// The team; absent where none bore the name when the pack was applied. No ticket lies with such a team.
    pub id: Option<TeamId>,
}

/// Something that holds of a ticket, or does not.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Condition {
    /// Holds of every ticket.
    #[default]
    Always,
    /// Holds of none.
    Never,
    /// Every one of these holds.
    All(Vec<Self>),
    /// One of these holds.
    Any(Vec<Self>),
    /// This does not hold.
    Not(Box<Self>),
    /// The status is one of these.
    Status(Vec<StatusName>),
    /// The status is of one of these kinds.
    StatusKind(Vec<StatusKind>),
    /// The severity is one of these.
    Severity(Vec<Severity>),
    /// The tier is one of these.
    Tier(Vec<TierName>),
    /// The category is one of these.
    Category(Vec<CategoryName>),
    /// It lies with one of these teams.
    Team(Vec<NamedTeam>),
    /// It came by one of these ways.
    Channel(Vec<Channel>),
    /// It bears one of these tags.
    Tag(Vec<Tag>),
    /// This side must write next.
    Awaiting(Side),
    /// It is assigned to somebody.
    Assigned,
    /// It is known whose it is: a stranger has no account.
    Account,
}

impl Condition {
    /// Whether the condition holds of a ticket.
    #[must_use]
    pub fn holds(&self, facts: &TicketFacts) -> bool {
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::All(all) => all.iter().all(|condition| condition.holds(facts)),
            Self::Any(any) => any.iter().any(|condition| condition.holds(facts)),
            Self::Not(condition) => !condition.holds(facts),
            Self::Status(names) => names.contains(&facts.status.name),
            Self::StatusKind(kinds) => kinds.contains(&facts.status.kind),
            Self::Severity(severities) => severities.contains(&facts.severity),
            Self::Tier(tiers) => facts
                .terms
                .tier
                .as_ref()
                .is_some_and(|tier| tiers.contains(tier)),
            Self::Category(categories) => facts
                .category
                .as_ref()
                .is_some_and(|category| categories.contains(category)),
            Self::Team(teams) => {
                facts.team.is_some() && teams.iter().any(|team| team.id == facts.team)
            }
            Self::Channel(channels) => channels.contains(&facts.channel),
            Self::Tag(tags) => facts.tags.iter().any(|tag| tags.contains(tag)),
            Self::Awaiting(side) => facts.awaiting == Some(*side),
            Self::Assigned => facts.assignee.is_some(),
            Self::Account => facts.account.is_some(),
        }
    }

    /// Every team that it names.
    pub(crate) fn teams_mut(&mut self) -> Vec<&mut NamedTeam> {
        match self {
            Self::Team(teams) => teams.iter_mut().collect(),
            Self::All(parts) | Self::Any(parts) => {
                parts.iter_mut().flat_map(Self::teams_mut).collect()
            }
            Self::Not(inner) => inner.teams_mut(),
            _ => Vec::new(),
        }
    }
}
