//! The facts of the ledger.
//!
//! A fact is never changed and never removed. It carries two instants: when it happened, which every rule uses, and
//! when it was recorded, which tells a late fact from a timely one. The stored form is the serialization of these
//! types: a variant or field, once released, keeps its name.

mod about;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::id::{
    AccountId, AgentId, ContactId, EscalationId, EventId, MessageId, TeamId, TicketId,
};
use crate::name::{CalendarName, CategoryName, CommitmentName, LadderName, Tag, TierName};
use crate::policy::PolicyVersion;
use crate::rating::Score;
use crate::routing::AssignmentReason;
use crate::severity::Severity;
use crate::status::Status;

/// A fact about a ticket, as the ledger keeps it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Identifies the fact.
    pub id: EventId,
    /// When it happened.
    pub at: Timestamp,
    /// When it was recorded; later than `at` for a fact that came in late.
    pub recorded_at: Timestamp,
    /// Its place in the ledger of the ticket: two facts of the same instant keep this order.
    pub sequence: u64,
    /// Who did it.
    pub actor: Actor,
    /// The policy in force when it was recorded.
    pub policy: PolicyVersion,
    /// What happened.
    pub kind: EventKind,
}

/// Who did something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    /// A person at the customer.
    Contact(ContactId),
    /// A person who serves.
    Agent(AgentId),
    /// The program, by a rule of the pack or a due instant.
    System,
}

impl Actor {
    /// The side the actor stands on; the program stands on neither.
    #[must_use]
    pub fn side(self) -> Option<Side> {
        match self {
            Self::Contact(_) => Some(Side::Customer),
            Self::Agent(_) => Some(Side::Agent),
            Self::System => None,
        }
    }
}

/// The two sides of a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// The customer's.
    Customer,
    /// Ours.
    Agent,
}

impl Side {
    /// The side across.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Customer => Self::Agent,
            Self::Agent => Self::Customer,
        }
    }
}

/// Who may read a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Visibility {
    /// Everybody on the ticket: a public reply.
    Public,
    /// Only those who serve: an internal note.
    Internal,
}

/// Whether a person wrote a message. Only a person's message moves a clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// A person wrote it.
    Person,
    /// A machine answered by itself: out of office, a receipt, a list.
    Automatic,
    /// A mail system says that a message could not be delivered.
    Bounce,
}

/// By which way a ticket or a message came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// E-mail.
    Email,
    /// The customer portal.
    Portal,
    /// The API.
    Api,
    /// A telephone call that an agent wrote down.
    Phone,
    /// Live chat.
    Chat,
    /// A shared Slack channel.
    Slack,
    /// An alert of a monitoring system.
    Alert,
    /// History brought in from another system.
    Import,
}

impl Channel {
    /// Every channel.
    pub const ALL: [Self; 8] = [
        Self::Email,
        Self::Portal,
        Self::Api,
        Self::Phone,
        Self::Chat,
        Self::Slack,
        Self::Alert,
        Self::Import,
    ];

    /// The channel's name in packs and on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Portal => "portal",
            Self::Api => "api",
            Self::Phone => "phone",
            Self::Chat => "chat",
            Self::Slack => "slack",
            Self::Alert => "alert",
            Self::Import => "import",
        }
    }
}

/// What the account was sold, as far as clocks depend on it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ContractTerms {
    /// The tier of the contract in force, if there is one.
    pub tier: Option<TierName>,
    /// What the contract promises otherwise than the pack; it wins over the pack.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub overrides: Vec<TargetOverride>,
}

/// A target that a contract names, in place of the pack's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetOverride {
    /// The commitment it changes.
    pub commitment: CommitmentName,
    /// Only for this severity; every severity when absent.
    pub severity: Option<Severity>,
    /// The promised time, if the contract changes it.
    pub target: Option<SignedDuration>,
    /// The calendar it is counted on, if the contract changes it.
    pub calendar: Option<CalendarName>,
    /// Where the contract says so, for the explanation.
    pub clause: String,
}

/// What another ticket's clock had used when that ticket was merged into this one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CarriedClock {
    /// The commitment.
    pub commitment: CommitmentName,
    /// When the other clock started.
    pub started_at: Timestamp,
    /// How much of the target it had used, in business time.
    pub used: SignedDuration,
}

/// That a person said something for the other side to read: what makes a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spoken {
    /// When.
    pub at: Timestamp,
    /// On which side.
    pub side: Side,
}

/// What can happen to a ticket.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum EventKind {
    /// The ticket was opened.
    Opened {
        /// Whose ticket it is, when known.
        account: Option<AccountId>,
        /// For which contact, when known.
        contact: Option<ContactId>,
        /// By which way it came.
        channel: Channel,
        /// Its first severity.
        severity: Severity,
        /// Its first category.
        category: Option<CategoryName>,
        /// Its first status.
        status: Status,
        /// The team it was routed to.
        team: Option<TeamId>,
        /// The agent it was assigned to.
        assignee: Option<AgentId>,
        /// What the account was sold.
        terms: ContractTerms,
        /// Its first tags.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        tags: Vec<Tag>,
    },
    /// A message was added to the conversation.
    MessageAdded {
        /// The message.
        message: MessageId,
        /// Which side wrote it.
        side: Side,
        /// Who may read it.
        visibility: Visibility,
        /// Whether a person wrote it.
        origin: Origin,
        /// By which way it came.
        channel: Channel,
    },
    /// The status changed.
    StatusChanged {
        /// Before.
        from: Status,
        /// After.
        to: Status,
    },
    /// The severity changed.
    SeverityChanged {
        /// Before.
        from: Severity,
        /// After.
        to: Severity,
        /// Why, when somebody said so.
        reason: Option<String>,
    },
    /// The category changed.
    CategoryChanged {
        /// After.
        to: Option<CategoryName>,
    },
    /// The ticket was handed to another account (it was filed under the wrong one, or under none).
    AccountChanged {
        /// After.
        to: Option<AccountId>,
        /// What that account was sold.
        terms: ContractTerms,
    },
    /// The account's contract changed while the ticket was open.
    TermsChanged {
        /// After.
        terms: ContractTerms,
        /// What changed, for the explanation.
        reason: String,
    },
    /// The ticket was handed to another team.
    TeamChanged {
        /// After.
        to: Option<TeamId>,
    },
    /// The ticket was assigned to another agent.
    AssigneeChanged {
        /// After.
        to: Option<AgentId>,
        /// Why this agent, in an English sentence, when a rule chose.
        reason: Option<String>,
        /// The same in parts; absent where a version wrote it that knew the sentence alone.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        because: Option<Box<AssignmentReason>>,
    },
    /// Tags were added.
    TagsAdded {
        /// Which.
        tags: Vec<Tag>,
    },
    /// Tags were removed.
    TagsRemoved {
        /// Which.
        tags: Vec<Tag>,
    },
    /// The ticket is for another contact.
    ContactChanged {
        /// After.
        to: Option<ContactId>,
    },
    /// The subject changed.
    SubjectChanged {
        /// After.
        to: String,
    },
    /// A custom field was set, or cleared.
    FieldChanged {
        /// The field.
        field: String,
        /// After; absent when cleared.
        to: Option<String>,
    },
    /// Somebody began to follow the ticket.
    FollowerAdded {
        /// Who.
        agent: AgentId,
    },
    /// Somebody ceased to follow the ticket.
    FollowerRemoved {
        /// Who.
        agent: AgentId,
    },
    /// The ticket was linked to another.
    Linked {
        /// The other ticket.
        to: TicketId,
        /// How they relate, such as `caused_by`.
        relation: String,
    },
    /// A link was removed.
    Unlinked {
        /// The other ticket.
        to: TicketId,
    },
    /// Somebody undid a change: neither its facts nor those that make up for them count for the clocks.
    ChangeUndone {
        /// The number of the change's first fact.
        first: u64,
        /// The number of its last fact.
        last: u64,
        /// The number of the first fact that makes up for them; this fact follows the last one.
        restored: u64,
    },
    /// This ticket was merged into another: its clocks are cancelled.
    MergedInto {
        /// The other ticket.
        ticket: TicketId,
        /// The other ticket's number, for people.
        number: u64,
    },
    /// Another ticket was merged into this one: the two are one conversation from now on.
    MergedFrom {
        /// The other ticket.
        ticket: TicketId,
        /// The other ticket's number, for people.
        number: u64,
        /// The clocks that were running there.
        clocks: Vec<CarriedClock>,
        /// What was said there, in the order in which it was said. Facts of old do not tell.
        #[serde(default)]
        messages: Vec<Spoken>,
    },
    /// This ticket was split off another, from one of its messages on.
    SplitFrom {
        /// The other ticket.
        ticket: TicketId,
        /// The other ticket's number, for people.
        number: u64,
        /// The message it begins with.
        message: MessageId,
    },
    /// Messages of this ticket were split off into another.
    SplitInto {
        /// The other ticket.
        ticket: TicketId,
        /// The other ticket's number, for people.
        number: u64,
        /// The messages that went.
        messages: Vec<MessageId>,
    },
    /// The customer rated how the ticket was handled, or changed an earlier rating.
    Rated {
        /// How.
        score: Score,
        /// What they said besides.
        comment: Option<String>,
    },
    /// An escalation was raised.
    EscalationRaised {
        /// The escalation.
        escalation: EscalationId,
        /// By which ladder.
        ladder: LadderName,
        /// Why.
        reason: String,
    },
    /// Somebody took the escalation on.
    EscalationAcknowledged {
        /// The escalation.
        escalation: EscalationId,
    },
    /// The escalation was resolved.
    EscalationResolved {
        /// The escalation.
        escalation: EscalationId,
    },
    /// A clock came near its due instant: `at` is the warning's instant, not the tick's.
    ClockWarned {
        /// The commitment.
        commitment: CommitmentName,
        /// Which cycle of it, from 1.
        cycle: u32,
        /// Which of the commitment's warnings, from 0.
        warning: usize,
        /// When the clock is due.
        due_at: Timestamp,
    },
    /// A clock passed its due instant: `at` is the due instant, not the tick's.
    ClockMissed {
        /// The commitment.
        commitment: CommitmentName,
        /// Which cycle of it, from 1.
        cycle: u32,
        /// When the clock was due.
        due_at: Timestamp,
    },
    /// A clock that had been recorded as missed turned out not to be, because a fact came in late.
    ClockCorrected {
        /// The commitment.
        commitment: CommitmentName,
        /// Which cycle of it, from 1.
        cycle: u32,
        /// What was corrected and by which fact, in words.
        reason: String,
    },
}
