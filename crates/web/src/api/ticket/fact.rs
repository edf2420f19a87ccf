//! The wire form of what happened to a ticket.

use jiff::Timestamp;
use mainstay_app::ticket::ByToken;
use mainstay_domain::event::{Actor, Event, EventKind};
use mainstay_domain::id::{AccountId, AgentId, ContactId, TeamId};
use mainstay_domain::name::{CategoryName, Tag, TierName};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::body::{self, ActorBody};
use super::reason::AssignmentReasonBody;

/// A fact of a ticket's ledger.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Fact)]
pub struct FactBody {
    /// Identifies it.
    pub id: Uuid,
    /// Its place in the ledger, from 1.
    pub sequence: u64,
    /// When it happened.
    pub at: Timestamp,
    /// When it was recorded.
    pub recorded_at: Timestamp,
    /// Who did it.
    pub actor: ActorBody,
    /// The API token by which it was done, when a program did it in the actor's name.
    pub token: Option<Uuid>,
    /// The version of the policy that was in force.
    pub policy: u32,
    /// What happened.
    #[serde(flatten)]
    pub what: WhatBody,
}

/// What happened to a ticket, in parts, so that each reader can be told in their own language.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FactWhat)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum WhatBody {
    /// It was opened.
    Opened {
        /// By which way it came.
        channel: &'static str,
        /// Its first severity, `P1` to `P4`.
        severity: &'static str,
        /// Its first status.
        status: String,
    },
    /// A message was added.
    MessageAdded {
        /// Which.
        message: Uuid,
        /// Which side wrote it: `customer` or `agent`.
        side: &'static str,
        /// `public` or `internal`.
        visibility: &'static str,
        /// `person`, `automatic` or `bounce`.
        origin: &'static str,
        /// By which way it came.
        channel: &'static str,
    },
    /// The status changed.
    StatusChanged {
        /// Before.
        from: String,
        /// After.
        to: String,
    },
    /// The severity changed.
    SeverityChanged {
        /// Before.
        from: &'static str,
        /// After.
        to: &'static str,
        /// Why, when somebody said so.
        reason: Option<String>,
    },
    /// The category changed.
    CategoryChanged {
        /// After; absent for none.
        to: Option<String>,
    },
    /// It was handed to another account.
    AccountChanged {
        /// After; absent for none.
        to: Option<Uuid>,
    },
    /// The account's contract changed meanwhile.
    TermsChanged {
        /// The tier after; absent for none.
        tier: Option<String>,
    },
    /// It was handed to another team.
    TeamChanged {
        /// After; absent for none.
        to: Option<Uuid>,
    },
    /// It was assigned to another agent.
    AssigneeChanged {
        /// After; absent for nobody.
        to: Option<Uuid>,
        /// Why this agent, in an English sentence, when a rule chose.
        reason: Option<String>,
        /// The same in parts; absent where an earlier version of the program wrote it down.
        because: Option<AssignmentReasonBody>,
    },
    /// Tags were added.
    TagsAdded {
        /// Which.
        tags: Vec<String>,
    },
    /// Tags were removed.
    TagsRemoved {
        /// Which.
        tags: Vec<String>,
    },
    /// It is for another contact.
    ContactChanged {
        /// After; absent for nobody.
        to: Option<Uuid>,
    },
    /// The subject changed.
    SubjectChanged {
        /// After.
        to: String,
    },
    /// A custom field was set, or cleared.
    FieldChanged {
        /// Which.
        field: String,
        /// After; absent when cleared.
        to: Option<String>,
    },
    /// Somebody began to follow it.
    FollowerAdded {
        /// Who.
        agent: Uuid,
    },
    /// Somebody ceased to follow it.
    FollowerRemoved {
        /// Who.
        agent: Uuid,
    },
    /// It was linked to another ticket.
    Linked {
        /// The other ticket.
        to: Uuid,
        /// How they relate, such as `caused_by`.
        relation: String,
    },
    /// A link was removed.
    Unlinked {
        /// The other ticket.
        to: Uuid,
    },
    /// A change was undone: for the clocks it never was.
    ChangeUndone {
        /// The number of the change's first fact.
        first: u64,
        /// The number of its last fact.
        last: u64,
    },
    /// It was merged into another.
    MergedInto {
        /// The other ticket.
        ticket: Uuid,
        /// Its number.
        number: u64,
    },
    /// Another was merged into it.
    MergedFrom {
        /// The other ticket.
        ticket: Uuid,
        /// Its number.
        number: u64,
    },
    /// It was split off another.
    SplitFrom {
        /// The other ticket.
        ticket: Uuid,
        /// Its number.
        number: u64,
    },
    /// Messages of it were split off into another.
    SplitInto {
        /// The other ticket.
        ticket: Uuid,
        /// Its number.
        number: u64,
    },
    /// The customer rated it.
    Rated {
        /// `good` or `bad`.
        score: &'static str,
        /// What they said besides.
        comment: Option<String>,
    },
    /// An escalation was raised.
    EscalationRaised {
        /// Which.
        escalation: Uuid,
        /// By which ladder.
        ladder: String,
    },
    /// Somebody took an escalation on.
    EscalationAcknowledged {
        /// Which.
        escalation: Uuid,
    },
    /// An escalation was resolved.
    EscalationResolved {
        /// Which.
        escalation: Uuid,
    },
    /// A promise came near its due instant.
    ClockWarned {
        /// By which commitment.
        commitment: String,
        /// When it is due.
        due_at: Timestamp,
    },
    /// A promise was missed.
    ClockMissed {
        /// By which commitment.
        commitment: String,
        /// When it was due.
        due_at: Timestamp,
    },
    /// A promise that was recorded as missed turned out not to be, as a fact came in late.
    ClockCorrected {
        /// By which commitment.
        commitment: String,
    },
}

impl FactBody {
    pub(super) fn of(event: Event, tokens: &[ByToken]) -> Self {
        let by_token = tokens
            .iter()
            .find(|(facts, _)| facts.contains(&event.sequence))
            .map(|(_, token)| token.uuid())
            // What the program adds of itself beside what a program did is its own.
            .filter(|_| event.actor != Actor::System);
        Self {
            token: by_token,
            id: event.id.uuid(),
            sequence: event.sequence,
            at: event.at,
            recorded_at: event.recorded_at,
            actor: event.actor.into(),
            policy: event.policy.0,
            what: event.kind.into(),
        }
    }
}

impl From<EventKind> for WhatBody {
    fn from(kind: EventKind) -> Self {
        match kind {
            EventKind::Opened {
                channel,
                severity,
                status,
                ..
            } => Self::Opened {
                channel: channel.as_str(),
                severity: severity.as_str(),
                status: status.name.into(),
            },
            EventKind::MessageAdded {
                message,
                side,
                visibility,
                origin,
                channel,
            } => Self::MessageAdded {
                message: message.uuid(),
                side: body::side(side),
                visibility: body::visibility(visibility),
                origin: body::origin(origin),
                channel: channel.as_str(),
            },
            EventKind::StatusChanged { from, to } => Self::StatusChanged {
                from: from.name.into(),
                to: to.name.into(),
            },
            EventKind::SeverityChanged { from, to, reason } => Self::SeverityChanged {
                from: from.as_str(),
                to: to.as_str(),
                reason,
            },
            EventKind::CategoryChanged { to } => Self::CategoryChanged {
                to: to.map(CategoryName::into),
            },
            EventKind::AccountChanged { to, .. } => Self::AccountChanged {
                to: to.map(AccountId::uuid),
            },
            EventKind::TermsChanged { terms, .. } => Self::TermsChanged {
                tier: terms.tier.map(TierName::into),
            },
            EventKind::TeamChanged { to } => Self::TeamChanged {
                to: to.map(TeamId::uuid),
            },
            EventKind::AssigneeChanged {
                to,
                reason,
                because,
            } => Self::AssigneeChanged {
                to: to.map(AgentId::uuid),
                reason,
                because: because.map(|because| (*because).into()),
            },
            EventKind::TagsAdded { tags } => Self::TagsAdded { tags: texts(tags) },
            EventKind::TagsRemoved { tags } => Self::TagsRemoved { tags: texts(tags) },
            EventKind::ContactChanged { to } => Self::ContactChanged {
                to: to.map(ContactId::uuid),
            },
            EventKind::SubjectChanged { to } => Self::SubjectChanged { to },
            EventKind::FieldChanged { field, to } => Self::FieldChanged { field, to },
            EventKind::FollowerAdded { agent } => Self::FollowerAdded {
                agent: agent.uuid(),
            },
            EventKind::FollowerRemoved { agent } => Self::FollowerRemoved {
                agent: agent.uuid(),
            },
            EventKind::Linked { to, relation } => Self::Linked {
                to: to.uuid(),
                relation,
            },
            EventKind::Unlinked { to } => Self::Unlinked { to: to.uuid() },
            EventKind::ChangeUndone { first, last, .. } => Self::ChangeUndone { first, last },
            EventKind::MergedInto { ticket, number } => Self::MergedInto {
                ticket: ticket.uuid(),
                number,
            },
            EventKind::MergedFrom { ticket, number, .. } => Self::MergedFrom {
                ticket: ticket.uuid(),
                number,
            },
            EventKind::SplitFrom { ticket, number, .. } => Self::SplitFrom {
                ticket: ticket.uuid(),
                number,
            },
            EventKind::SplitInto { ticket, number, .. } => Self::SplitInto {
                ticket: ticket.uuid(),
                number,
            },
            EventKind::Rated { score, comment } => Self::Rated {
                score: score.as_str(),
                comment,
            },
            EventKind::EscalationRaised {
                escalation, ladder, ..
            } => Self::EscalationRaised {
                escalation: escalation.uuid(),
                ladder: ladder.into(),
            },
            EventKind::EscalationAcknowledged { escalation } => Self::EscalationAcknowledged {
                escalation: escalation.uuid(),
            },
            EventKind::EscalationResolved { escalation } => Self::EscalationResolved {
                escalation: escalation.uuid(),
            },
            EventKind::ClockWarned {
                commitment, due_at, ..
            } => Self::ClockWarned {
                commitment: commitment.into(),
                due_at,
            },
            EventKind::ClockMissed {
                commitment, due_at, ..
            } => Self::ClockMissed {
                commitment: commitment.into(),
                due_at,
            },
            EventKind::ClockCorrected { commitment, .. } => Self::ClockCorrected {
                commitment: commitment.into(),
            },
        }
    }
}

fn texts(tags: Vec<Tag>) -> Vec<String> {
    tags.into_iter().map(String::from).collect()
}
