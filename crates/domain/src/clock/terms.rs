//! Which promised time a ticket has: the contract before the pack, the most specific target of the pack first.

use jiff::SignedDuration;
use mainstay_calendar::Calendar;

use crate::commitment::{Commitment, Source, Target};
use crate::condition::TicketFacts;
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
    /// The terms of a commitment for a ticket, or nothing where neither contract nor pack promises anything, or the
    /// commitment is not about such tickets.
    #[must_use]
    pub fn select(policy: &Policy, commitment: &Commitment, facts: &TicketFacts) -> Option<Self> {
        if !commitment.applies.holds(facts) {
            return None;
        }
        let target = most_specific(&commitment.targets, facts);
        let overriding = facts
            .terms
            .overrides
            .iter()
            .filter(|o| o.commitment == commitment.name)
            .filter(|o| o.severity.is_none_or(|severity| severity == facts.severity))
            .max_by_key(|o| o.severity.is_some());
        let calendar_name = overriding
            .and_then(|o| o.calendar.clone())
            .or_else(|| target.and_then(|t| t.calendar.clone()))
            .or_else(|| commitment.calendar.clone())
            .or_else(|| {
                let tier = facts.terms.tier.as_ref()?;
                policy.support_hours.get(tier).cloned()
            })
            .unwrap_or_else(|| policy.default_calendar.clone());
        Some(Self {
            target: overriding
                .and_then(|o| o.target)
                .or_else(|| target.map(|t| t.duration))?,
            calendar: policy.calendars.get(&calendar_name)?.clone(),
            calendar_name,
            origin: match (overriding, target) {
                (Some(o), _) => TermsOrigin::Contract {
                    clause: o.clause.clone(),
                    instead_of: target.map(|t| t.source.clone()),
                },
                (None, Some(t)) => TermsOrigin::Pack(t.source.clone()),
                (None, None) => return None,
            },
        })
    }
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
