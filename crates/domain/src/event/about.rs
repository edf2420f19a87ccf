//! What a kind of fact is about.

use super::{EventKind, Visibility};
use crate::name::CommitmentName;

impl EventKind {
    /// The commitment, of a fact about nothing but a clock.
    #[must_use]
    pub fn of_clock(&self) -> Option<&CommitmentName> {
        match self {
            Self::ClockWarned { commitment, .. }
            | Self::ClockMissed { commitment, .. }
            | Self::ClockCorrected { commitment, .. } => Some(commitment),
            _ => None,
        }
    }

    /// Whether it says something of the ticket that can be undone.
    #[must_use]
    pub fn is_undoable(&self) -> bool {
        matches!(
            self,
            Self::StatusChanged { .. }
                | Self::SeverityChanged { .. }
                | Self::CategoryChanged { .. }
                | Self::TeamChanged { .. }
                | Self::AssigneeChanged { .. }
                | Self::TagsAdded { .. }
                | Self::TagsRemoved { .. }
        )
    }

    /// Whether it is noted beside the ticket, of its clocks and escalations or of what was undone, and changes nothing of the ticket itself.
    #[must_use]
    pub fn is_beside(&self) -> bool {
        matches!(
            self,
            Self::ChangeUndone { .. }
                | Self::EscalationRaised { .. }
                | Self::EscalationAcknowledged { .. }
                | Self::EscalationResolved { .. }
                | Self::ClockWarned { .. }
                | Self::ClockMissed { .. }
                | Self::ClockCorrected { .. }
        )
    }

    /// Whether the ticket changes by what was done about it: not by what is noted beside it, nor when the account was sold something else,
    /// which changes all its tickets at once.
    #[must_use]
    pub fn is_news(&self) -> bool {
        !self.is_beside() && !matches!(self, Self::TermsChanged { .. })
    }

    /// Whether the customer is told nothing of it: an internal note, and what is noted beside the ticket.
    #[must_use]
    pub fn is_among_ourselves(&self) -> bool {
        let is_note = matches!(
            self,
            Self::MessageAdded {
                visibility: Visibility::Internal,
                ..
            }
        );
        is_note || self.is_beside()
    }

    /// The variant's stored name, such as `message_added`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Opened { .. } => "opened",
            Self::MessageAdded { .. } => "message_added",
            Self::StatusChanged { .. } => "status_changed",
            Self::SeverityChanged { .. } => "severity_changed",
            Self::CategoryChanged { .. } => "category_changed",
            Self::AccountChanged { .. } => "account_changed",
            Self::TermsChanged { .. } => "terms_changed",
            Self::TeamChanged { .. } => "team_changed",
            Self::AssigneeChanged { .. } => "assignee_changed",
            Self::TagsAdded { .. } => "tags_added",
            Self::TagsRemoved { .. } => "tags_removed",
            Self::ContactChanged { .. } => "contact_changed",
            Self::SubjectChanged { .. } => "subject_changed",
            Self::FieldChanged { .. } => "field_changed",
            Self::FollowerAdded { .. } => "follower_added",
            Self::FollowerRemoved { .. } => "follower_removed",
            Self::Linked { .. } => "linked",
            Self::Unlinked { .. } => "unlinked",
            Self::ChangeUndone { .. } => "change_undone",
            Self::MergedInto { .. } => "merged_into",
            Self::MergedFrom { .. } => "merged_from",
            Self::SplitFrom { .. } => "split_from",
            Self::SplitInto { .. } => "split_into",
            Self::Rated { .. } => "rated",
            Self::EscalationRaised { .. } => "escalation_raised",
            Self::EscalationAcknowledged { .. } => "escalation_acknowledged",
            Self::EscalationResolved { .. } => "escalation_resolved",
            Self::ClockWarned { .. } => "clock_warned",
            Self::ClockMissed { .. } => "clock_missed",
            Self::ClockCorrected { .. } => "clock_corrected",
        }
    }
}
