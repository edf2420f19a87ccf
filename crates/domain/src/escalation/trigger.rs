//! Triggers: what raises a ladder.

use std::fmt;
use std::str::FromStr;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::record::GroupKey;
use crate::condition::{Condition, TicketFacts};
use crate::name::{CalendarName, CategoryName, CommitmentName, Tag};
use crate::severity::Severity;

/// What raises a ladder, and where on the ladder it begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EscalationTrigger {
    /// What must be so.
    pub on: TriggerKind,
    /// What must hold of the ticket besides.
    pub when: Condition,
    /// The level at which the ladder begins: steps below it are passed over. The ladder's foot when absent. On an
    /// escalation of the ladder that is open already, the ladder moves up to it.
    pub level: Option<u8>,
}

/// The kinds of triggers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TriggerKind {
    /// One of these commitments was missed; any when none is named.
    SlaBreached {
        /// Which.
        commitments: Vec<CommitmentName>,
    },
    /// One of these commitments has warned that it is soon due; any when none is named.
    SlaAtRisk {
        /// Which.
        commitments: Vec<CommitmentName>,
    },
    /// The ticket is open and its severity is one of these.
    SeverityIs(Vec<Severity>),
    /// So many accounts have tickets on one component or category within a window.
    AccountsAffected {
        /// How many different accounts, from 2.
        count: u32,
        /// The length of the sliding window, counted without a calendar.
        window: SignedDuration,
        /// What makes tickets belong together.
        by: Grouping,
    },
    /// The ticket looks like a security incident.
    SecurityIncident(Signs),
    /// The ticket looks like a breach of data: somebody saw what they should not have.
    DataBreach(Signs),
    /// The ticket looks like a loss or corruption of data.
    DataLoss(Signs),
    /// The ticket is not resolved so long after it was opened.
    Unresolved {
        /// How long, counted on the calendar.
        after: SignedDuration,
        /// The calendar; every hour counts when absent.
        calendar: Option<CalendarName>,
    },
    /// Somebody escalates for one of these reasons; any when none is named.
    Manual {
        /// Which.
        reasons: Vec<ManualReason>,
    },
}

/// What makes the tickets of several accounts belong together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Grouping {
    /// A tag that begins with this, such as `component:`; every tag when the text is empty.
    Tag {
        /// The beginning of the tags that count.
        prefix: String,
    },
    /// The category.
    Category,
}

impl Grouping {
    /// The groups that a ticket is of.
    #[must_use]
    pub fn keys(&self, facts: &TicketFacts) -> Vec<GroupKey> {
        match self {
            Self::Tag { prefix } => facts
                .tags
                .iter()
                .filter(|tag| tag.as_str().starts_with(prefix.as_str()))
                .cloned()
                .map(GroupKey::Tag)
                .collect(),
            Self::Category => facts
                .category
                .iter()
                .cloned()
                .map(GroupKey::Category)
                .collect(),
        }
    }
}

/// What a ticket of some kind looks like: any one sign suffices.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Signs {
    /// It is in one of these categories.
    pub categories: Vec<CategoryName>,
    /// It bears one of these tags.
    pub tags: Vec<Tag>,
    /// Its subject or text holds one of these words or phrases: whole words, whatever their case and accents.
    pub words: Vec<String>,
}

/// Why a person escalates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ManualReason {
    /// The customer asks for it.
    CustomerRequest,
    /// The support team decides so.
    TeamDecision,
    /// The management decides so, or higher authority is needed.
    ManagementDecision,
    /// The matter is technically complex, or needs special knowledge.
    TechnicalComplexity,
    /// Another team is needed.
    CrossTeam,
    /// The platform itself is at fault.
    PlatformIssue,
    /// The customer's business suffers.
    BusinessImpact,
    /// Our name suffers.
    ReputationalRisk,
    /// The customer threatens to leave.
    ChurnThreat,
    /// An executive of the customer complains.
    ExecutiveComplaint,
    /// A relationship between executives is at stake.
    ExecutiveRelationship,
    /// A security incident.
    SecurityIncident,
    /// A breach of data.
    DataBreach,
    /// A loss of data.
    DataLoss,
    /// A missing feature stops the customer, or one must be developed.
    FeatureBlocker,
    /// The contract is at stake.
    Contract,
    /// A legal matter.
    Legal,
    /// A strategic matter or partnership.
    Strategic,
}

impl ManualReason {
    /// Every reason.
    pub const ALL: [Self; 18] = [
        Self::CustomerRequest,
        Self::TeamDecision,
        Self::ManagementDecision,
        Self::TechnicalComplexity,
        Self::CrossTeam,
        Self::PlatformIssue,
        Self::BusinessImpact,
        Self::ReputationalRisk,
        Self::ChurnThreat,
        Self::ExecutiveComplaint,
        Self::ExecutiveRelationship,
        Self::SecurityIncident,
        Self::DataBreach,
        Self::DataLoss,
        Self::FeatureBlocker,
        Self::Contract,
        Self::Legal,
        Self::Strategic,
    ];

    /// The reason's name in packs and on the wire, such as `customer_request`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CustomerRequest => "customer_request",
            Self::TeamDecision => "team_decision",
            Self::ManagementDecision => "management_decision",
            Self::TechnicalComplexity => "technical_complexity",
            Self::CrossTeam => "cross_team",
            Self::PlatformIssue => "platform_issue",
            Self::BusinessImpact => "business_impact",
            Self::ReputationalRisk => "reputational_risk",
            Self::ChurnThreat => "churn_threat",
            Self::ExecutiveComplaint => "executive_complaint",
            Self::ExecutiveRelationship => "executive_relationship",
            Self::SecurityIncident => "security_incident",
            Self::DataBreach => "data_breach",
            Self::DataLoss => "data_loss",
            Self::FeatureBlocker => "feature_blocker",
            Self::Contract => "contract",
            Self::Legal => "legal",
            Self::Strategic => "strategic",
        }
    }
}

impl fmt::Display for ManualReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.as_str().replace('_', " "))
    }
}

/// A text that names no reason.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no reason to escalate by hand: expected one of {known}", known = ManualReason::ALL.map(ManualReason::as_str).join(", "))]
pub struct UnknownManualReason {
    text: String,
}

impl FromStr for ManualReason {
    type Err = UnknownManualReason;

    fn from_str(text: &str) -> Result<Self, UnknownManualReason> {
        Self::ALL
            .into_iter()
            .find(|reason| reason.as_str() == text)
            .ok_or_else(|| UnknownManualReason {
                text: text.to_owned(),
            })
    }
}
