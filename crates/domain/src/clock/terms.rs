//! Which promised time a ticket has: the contract before the pack, the most specific target of the pack first.

use jiff::SignedDuration;
use mainstay_calendar::Calendar;

use crate::commitment::{Commitment, Source, Target};
use crate::condition::TicketFacts;
use crate::event::TargetOverride;
use crate::name::CalendarName;
use crate::policy::Policy;

/// What is promised: how much time, counted on which calendar, and who says so.
#[derive(Debug, Clone, PartialEq)]
pub struct Terms {
    /// The promised time.
    pub target: SignedDuration,
    /// The calendar's name.
    pub calendar_name: CalendarName,
    /// The calendar, ready to count on.
    pub calendar: Calendar,
    /// Who says so.
    pub origin: TermsOrigin,
}

/// Who promised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TermsOrigin {
    /// The pack, at this place.
    Pack(Source),
    /// The account's contract, in this clause; the pack's place is named where it gave what the contract left open.
    Contract {
        /// The clause.
        clause: String,
        /// The pack's target that it changes, if there is one.
        instead_of: Option<Source>,
    },
}

impl Terms {
    /// What is promised about a ticket, or nothing where neither contract nor pack promises anything, or the commitment
    /// is not about such tickets.
    #[must_use]
    pub fn select(policy: &Policy, commitment: &Commitment, facts: &TicketFacts) -> Option<Self> {
        Selection::new(policy, commitment, facts).map(|selection| selection.to_terms())
    }
}

/// Which words of contract and pack are about a ticket: what [`Terms`] are made of, borrowed.
pub(super) struct Selection<'a> {
    time: SignedDuration,
    calendar_name: &'a CalendarName,
    calendar: &'a Calendar,
    /// The target of the pack that fits, also where the contract says something else.
    target: Option<&'a Target>,
    /// The contract's words about the time, and those about the calendar.
    overrides: [Option<&'a TargetOverride>; 2],
}

impl<'a> Selection<'a> {
    /// What is promised about a ticket, or nothing where neither contract nor pack promises anything, or the
    /// commitment is not about such tickets.
    pub fn new(
        policy: &'a Policy,
        commitment: &'a Commitment,
        facts: &'a TicketFacts,
    ) -> Option<Self> {
        if !commitment.applies.holds(facts) {
            return None;
        }
        let target = most_specific(&commitment.targets, facts);
        let of_time = most_specific_override(commitment, facts, |o| o.target.is_some());
        let of_calendar = most_specific_override(commitment, facts, |o| o.calendar.is_some());
        let calendar_name = of_calendar
            .and_then(|o| o.calendar.as_ref())
            .or_else(|| target.and_then(|target| target.calendar.as_ref()))
            .or(commitment.calendar.as_ref())
            .or_else(|| policy.support_hours.get(facts.terms.tier.as_ref()?))
            .unwrap_or(&policy.default_calendar);
        Some(Self {
            time: of_time
                .and_then(|o| o.target)
                .or_else(|| target.map(|target| target.duration))?,
            calendar_name,
            calendar: policy.calendars.get(calendar_name)?,
            target,
            overrides: [of_time, of_calendar],
        })
    }

    /// Whether terms say the same.
    pub fn is(&self, terms: &Terms) -> bool {
        self.time == terms.target
            && *self.calendar_name == terms.calendar_name
            && *self.calendar == terms.calendar
            && match (&terms.origin, self.target, self.overrides) {
                (TermsOrigin::Pack(source), Some(target), [None, None]) => *source == target.source,
                (origin, ..) => *origin == self.origin(),
            }
    }

    /// The terms.
    pub fn to_terms(&self) -> Terms {
        Terms {
            target: self.time,
            calendar_name: self.calendar_name.clone(),
            calendar: self.calendar.clone(),
            origin: self.origin(),
        }
    }

    /// Who promised. A contract may name the time, the calendar or both, in one clause or two.
    fn origin(&self) -> TermsOrigin {
        let source = self.target.map(|target| target.source.clone());
        let clause = match self.overrides {
            [Some(time), Some(calendar)] if time.clause != calendar.clause => {
                format!("{}; {}", time.clause, calendar.clause)
            }
            [Some(only), _] | [None, Some(only)] => only.clause.clone(),
            [None, None] => return TermsOrigin::Pack(source.unwrap_or_default()),
        };
        TermsOrigin::Contract {
            clause,
            instead_of: source,
        }
    }
}

/// The contract's words about a commitment that are worth something: those for the severity before those for all.
fn most_specific_override<'a>(
    commitment: &Commitment,
    facts: &'a TicketFacts,
    says: impl Fn(&TargetOverride) -> bool,
) -> Option<&'a TargetOverride> {
    facts
        .terms
        .overrides
        .iter()
        .filter(|o| o.commitment == commitment.name)
        .filter(|o| o.severity.is_none_or(|severity| severity == facts.severity))
        .filter(|o| says(o))
        .max_by_key(|o| o.severity.is_some())
}

/// The target that names most of what the ticket is. Two that name equally many cannot both fit: the pack would have
/// been refused.
fn most_specific<'a>(targets: &'a [Target], facts: &TicketFacts) -> Option<&'a Target> {
    targets
        .iter()
        .filter(|target| fits(target, facts))
        .max_by_key(|target| target.specificity())
}

fn fits(target: &Target, facts: &TicketFacts) -> bool {
    target.severity.is_none_or(|s| s == facts.severity)
        && target
            .tier
            .as_ref()
            .is_none_or(|t| facts.terms.tier.as_ref() == Some(t))
        && target
            .category
            .as_ref()
            .is_none_or(|c| facts.category.as_ref() == Some(c))
        && target.channel.is_none_or(|c| c == facts.channel)
        && target
            .tag
            .as_ref()
            .is_none_or(|tag| facts.tags.contains(tag))
}
