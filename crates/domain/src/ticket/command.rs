//! What may be asked of a ticket.

use jiff::Timestamp;

use crate::event::{CarriedClock, Channel, ContractTerms, Origin, Side, Spoken, Visibility};
use crate::id::{AccountId, AgentId, ContactId, EscalationId, MessageId, TeamId, TicketId};
use crate::name::{CategoryName, LadderName, StatusName, Tag};
use crate::rating::Score;
use crate::routing::AssignmentReason;
use crate::severity::Severity;
use crate::ticket::{Changed, Ticket};

/// A ticket that is to be opened.
#[derive(Debug, Clone, PartialEq)]
pub struct NewTicket {
    /// Whose ticket it is, when known.
    pub account: Option<AccountId>,
    /// For which contact, when known.
    pub contact: Option<ContactId>,
    /// By which way it comes.
    pub channel: Channel,
    /// Its severity.
    pub severity: Severity,
    /// Its category.
    pub category: Option<CategoryName>,
    /// The team that routing chose.
    pub team: Option<TeamId>,
    /// The agent that assignment chose.
    pub assignee: Option<AgentId>,
    /// What the account was sold.
    pub terms: ContractTerms,
    /// Its tags.
    pub tags: Vec<Tag>,
}

/// A message that is to be added. Its text and attachments are stored beside the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewMessage {
    /// Identifies it.
    pub message: MessageId,
    /// Which side wrote it.
    pub side: Side,
    /// Who may read it.
    pub visibility: Visibility,
    /// Whether a person wrote it.
    pub origin: Origin,
    /// By which way it comes.
    pub channel: Channel,
}

/// What may be asked of a ticket.
#[derive(Debug, Clone, PartialEq)]
pub enum Command<'a> {
    /// Open it.
    Open(NewTicket),
    /// Add a message, and set a status with it where the writer chose one.
    AddMessage {
        /// The message.
        message: NewMessage,
        /// The status the writer chose.
        then: Option<StatusName>,
    },
    /// Set the status.
    SetStatus(StatusName),
    /// Set the severity.
    SetSeverity {
        /// After.
        to: Severity,
        /// Why.
        reason: Option<String>,
    },
    /// Set or clear the category.
    SetCategory(Option<CategoryName>),
    /// File the ticket under another account, or under none.
    SetAccount {
        /// After.
        to: Option<AccountId>,
        /// What that account was sold.
        terms: ContractTerms,
    },
    /// Note that the account's contract has changed.
    SetTerms {
        /// After.
        terms: ContractTerms,
        /// What changed.
        reason: String,
    },
    /// Set or clear the contact.
    SetContact(Option<ContactId>),
    /// Hand the ticket to another team, or to none.
    SetTeam(Option<TeamId>),
    /// Assign the ticket to another agent, or to nobody.
    Assign {
        /// After.
        to: Option<AgentId>,
        /// Why this agent, when a rule chose.
        because: Option<Box<AssignmentReason>>,
    },
    /// Add tags.
    AddTags(Vec<Tag>),
    /// Remove tags.
    RemoveTags(Vec<Tag>),
    /// Set the subject.
    SetSubject(String),
    /// Set or clear a custom field.
    SetField {
        /// The field.
        field: String,
        /// After; absent to clear.
        to: Option<String>,
    },
    /// Begin to follow.
    Follow(AgentId),
    /// Cease to follow.
    Unfollow(AgentId),
    /// Link to another ticket.
    Link {
        /// The other ticket.
        to: TicketId,
        /// How they relate.
        relation: String,
    },
    /// Remove a link.
    Unlink(TicketId),
    /// Merge this ticket into another.
    MergeInto(&'a Ticket),
    /// Take over the conversation and the running clocks of a ticket that is merged into this one.
    TakeOver {
        /// The other ticket.
        ticket: TicketId,
        /// The other ticket's number.
        number: u64,
        /// The clocks that were running there.
        clocks: Vec<CarriedClock>,
        /// What was said there, in the order in which it was said.
        messages: Vec<Spoken>,
    },
    /// Note that what was done before makes up for a change.
    NoteUndone {
        /// The change.
        changed: Changed,
        /// The number of the first fact that makes up for it.
        restored: u64,
    },
    /// Note that this ticket was split off another.
    NoteSplitFrom {
        /// The other ticket.
        ticket: TicketId,
        /// The other ticket's number.
        number: u64,
        /// The message it begins with.
        message: MessageId,
    },
    /// Split messages off into a new ticket.
    SplitInto {
        /// The new ticket.
        ticket: TicketId,
        /// The new ticket's number.
        number: u64,
        /// The messages that go.
        messages: Vec<MessageId>,
    },
    /// Rate how it was handled.
    Rate {
        /// How.
        score: Score,
        /// What the customer said besides.
        comment: Option<String>,
        /// When.
        at: Timestamp,
    },
    /// Note that an escalation was raised.
    NoteEscalation {
        /// The escalation.
        escalation: EscalationId,
        /// By which ladder.
        ladder: LadderName,
        /// Why.
        reason: String,
    },
    /// Note that an escalation was acknowledged.
    NoteAcknowledgement(EscalationId),
    /// Note that an escalation was resolved.
    NoteEscalationResolved(EscalationId),
}
