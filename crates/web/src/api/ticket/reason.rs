//! Why time counts, why a promise ended and why somebody was assigned, in parts: each reader is told in their own language.

use jiff::Timestamp;
use jiff::civil::Date;
use mainstay_app::calendar::ClosedReason;
use mainstay_domain::clock::{Cancellation, SpanReason};
use mainstay_domain::routing::{AssignmentReason, Choice, Finding, Followed};
use serde::Serialize;
use utoipa::ToSchema;

/// Why a span of a deadline's ledger counts or does not.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SpanReason)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum SpanReasonBody {
    /// It counts: the calendar is open.
    Open {
        /// Which calendar.
        calendar: String,
    },
    /// The weekly hours of the calendar do not cover it.
    OutsideHours {
        /// Which calendar.
        calendar: String,
    },
    /// The date has hours of its own, which do not cover it.
    Exception {
        /// Which calendar.
        calendar: String,
        /// The date where the calendar is.
        date: Date,
    },
    /// It would be open, were it not for a break.
    Break {
        /// Which calendar.
        calendar: String,
        /// The date where the calendar is.
        date: Date,
    },
    /// The date is closed all day.
    Holiday {
        /// Which calendar.
        calendar: String,
        /// The date where the calendar is.
        date: Date,
        /// What people call it.
        name: Option<String>,
    },
    /// The clock is paused, as the commitment says.
    Paused,
    /// The ticket was done, until it was reopened.
    Done,
    /// What counts was taken over from another ticket.
    TakenOver {
        /// Its number.
        number: u64,
    },
}

impl From<SpanReason> for SpanReasonBody {
    fn from(reason: SpanReason) -> Self {
        match reason {
            SpanReason::Open(calendar) => Self::Open {
                calendar: calendar.into(),
            },
            SpanReason::Closed(calendar, closed) => {
                let calendar = calendar.into();
                match closed {
                    ClosedReason::OutsideHours => Self::OutsideHours { calendar },
                    ClosedReason::Exception { date } => Self::Exception { calendar, date },
                    ClosedReason::Break { date } => Self::Break { calendar, date },
                    ClosedReason::Holiday { date, name } => Self::Holiday {
                        calendar,
                        date,
                        name,
                    },
                }
            }
            SpanReason::Paused => Self::Paused,
            SpanReason::Done => Self::Done,
            SpanReason::Carried(number) => Self::TakenOver { number },
        }
    }
}

/// Why a promise was cancelled.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Cancellation)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum CancellationBody {
    /// The ticket was merged into another.
    Merged {
        /// Its number.
        number: u64,
    },
    /// After a change nothing of the kind is promised.
    NoPromise,
    /// The policy says so.
    Rule,
}

impl From<&Cancellation> for CancellationBody {
    fn from(reason: &Cancellation) -> Self {
        match reason {
            Cancellation::Merged(number) => Self::Merged { number: *number },
            Cancellation::NoPromise => Self::NoPromise,
            Cancellation::Rule => Self::Rule,
        }
    }
}

/// Why rules chose an agent.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AssignmentReason)]
pub struct AssignmentReasonBody {
    /// The rules of the policy that were followed, in order.
    rules: Vec<FollowedBody>,
    /// What the agent was preferred for.
    choice: ChoiceBody,
    /// What they had to be good at.
    skills: Vec<String>,
    /// The language they had to write, such as `es`.
    language: Option<String>,
    /// When they are on again, where nobody was on.
    next_on: Option<Timestamp>,
}

/// A rule of the policy that was followed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FollowedRule)]
struct FollowedBody {
    /// Its name.
    rule: String,
    /// Its place in the pack, such as `routing.toml:16`.
    source: String,
    /// What it found in the ticket.
    found: Vec<FindingBody>,
}

/// What a rule found in a ticket.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Finding)]
struct FindingBody {
    /// `word`, `subject_word`, `language` or `account_role`.
    kind: &'static str,
    /// Which.
    value: String,
}

/// What an agent was preferred for.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AssignmentChoice)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum ChoiceBody {
    /// They are the named owner.
    Owner,
    /// Theirs was the smallest load.
    LeastLoad {
        /// Among so many who could take it.
        of: usize,
        /// How many open tickets they had.
        open: u32,
        /// How many they may have.
        capacity: u32,
    },
    /// It was their turn.
    Turn {
        /// Among so many who could take it.
        of: usize,
        /// When they were last assigned a ticket; absent when never.
        last_assigned_at: Option<Timestamp>,
    },
}

impl From<AssignmentReason> for AssignmentReasonBody {
    fn from(reason: AssignmentReason) -> Self {
        Self {
            rules: reason.rules.into_iter().map(Into::into).collect(),
            choice: match reason.choice {
                Choice::Owner => ChoiceBody::Owner,
                Choice::LeastLoad { of, open, capacity } => {
                    ChoiceBody::LeastLoad { of, open, capacity }
                }
                Choice::Turn {
                    of,
                    last_assigned_at,
                } => ChoiceBody::Turn {
                    of,
                    last_assigned_at,
                },
            },
            skills: reason.skills.into_iter().map(Into::into).collect(),
            language: reason.language.map(Into::into),
            next_on: reason.next_on,
        }
    }
}

impl From<Followed> for FollowedBody {
    fn from(followed: Followed) -> Self {
        Self {
            rule: followed.rule,
            source: followed.source.to_string(),
            found: followed.found.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<Finding> for FindingBody {
    fn from(finding: Finding) -> Self {
        let (kind, value) = match finding {
            Finding::Word(word) => ("word", word),
            Finding::SubjectWord(word) => ("subject_word", word),
            Finding::Language(language) => ("language", language.into()),
            Finding::AccountRole(role) => ("account_role", role.into()),
        };
        Self { kind, value }
    }
}
