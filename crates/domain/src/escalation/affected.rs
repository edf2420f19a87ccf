//! When several accounts are affected by one thing.

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap, HashSet};

use jiff::{SignedDuration, Timestamp};

use super::ladder::{Ladder, Ladders};
use super::raise::{Demand, Fact, OpenEscalation, Situation, open_on};
use super::reason::Reason;
use super::record::{GroupKey, Subject};
use super::trigger::{EscalationTrigger, Grouping, TriggerKind};
use crate::condition::TicketFacts;
use crate::id::{AccountId, TicketId};

/// That an account's ticket bore a tag or a category.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sighting {
    /// The account.
    pub account: AccountId,
    /// The ticket.
    pub ticket: TicketId,
    /// The tag or category.
    pub key: GroupKey,
    /// Since when.
    pub at: Timestamp,
}

/// When several accounts are affected.
#[derive(Clone, Copy)]
pub(super) struct Limit<'a> {
    /// How many accounts.
    pub(super) count: u32,
    /// Within which time.
    pub(super) window: SignedDuration,
    /// What makes tickets belong together.
    pub(super) by: &'a Grouping,
}

/// What is demanded about the groups that the ticket has just come to.
pub(super) fn grouped(
    situation: &Situation<'_>,
    ladder: &Ladder,
    trigger: &EscalationTrigger,
    limit: Limit<'_>,
) -> Vec<Demand> {
    let (Some(account), Fact::Recorded { .. }) = (situation.after.account, situation.fact) else {
        return Vec::new();
    };
    let known = match situation.before {
        Some(before)
            if before.account == Some(account)
                && !before.status.kind.is_done()
                && ladder.applies.holds(before)
                && trigger.when.holds(before) =>
        {
            limit.by.keys(before)
        }
        _ => Vec::new(),
    };
    let own = |key: &GroupKey| Sighting {
        account,
        ticket: situation.ticket,
        key: key.clone(),
        at: situation.at,
    };
    let came_to = limit.by.keys(situation.after).into_iter();
    came_to
        .filter(|key| !known.contains(key) && !situation.after.status.kind.is_done())
        .filter_map(|key| {
            if let Some(open) = open_of_group(situation.open, ladder, &key) {
                return Some(Demand::Join {
                    escalation: open.id,
                    tickets: vec![situation.ticket],
                });
            }
            let affected = affected(situation.sightings, &own(&key), limit.window);
            let accounts = affected.accounts.len();
            (accounts >= limit.count as usize).then(|| Demand::Raise {
                reason: Reason::AccountsAffected {
                    accounts,
                    within: limit.window,
                    key: key.clone(),
                },
                subject: Subject::Group {
                    key,
                    tickets: affected.tickets,
                },
                ladder: ladder.name.clone(),
                level: trigger.level,
            })
        })
        .collect()
}

/// Whether two demands of different triggers come to the same.
pub(super) fn same_group(one: &Demand, other: &Demand) -> bool {
    match (one, other) {
        (
            Demand::Raise {
                subject: Subject::Group { key: a, .. },
                ladder: one,
                ..
            },
            Demand::Raise {
                subject: Subject::Group { key: b, .. },
                ladder: other,
                ..
            },
        ) => a == b && one == other,
        (Demand::Join { escalation: a, .. }, Demand::Join { escalation: b, .. }) => a == b,
        _ => false,
    }
}

/// The accounts affected by one thing, and their tickets in the order of time.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Affected {
    /// The accounts, each once.
    pub accounts: BTreeSet<AccountId>,
    /// The tickets, each once.
    pub tickets: Vec<TicketId>,
}

/// Of the windows of a length that hold a sighting, what the one with most accounts holds, both ends included.
///
/// Windows that reach past the sighting count too, so that a fact recorded late is seen as it would have been in time.
#[must_use]
pub fn affected(sightings: &[Sighting], new: &Sighting, window: SignedDuration) -> Affected {
    let mut alike: Vec<&Sighting> = sightings
        .iter()
        .filter(|seen| seen.key == new.key)
        .chain([new])
        .collect();
    alike.sort_by_key(|seen| (seen.at, seen.ticket));
    let is_within = |begin: &Sighting, seen: &Sighting| seen.at.duration_since(begin.at) <= window;
    let mut most = 0..0;
    let mut most_accounts = 0;
    // How often each account is seen from `first` to before `end`, which only move on: an outage has thousands of tickets.
    let mut seen_of: HashMap<AccountId, usize> = HashMap::new();
    let mut end = 0;
    // A window that holds most can always be moved to begin with one of its sightings.
    for (first, begin) in alike.iter().enumerate() {
        while let Some(seen) = alike.get(end).filter(|seen| is_within(begin, seen)) {
            *seen_of.entry(seen.account).or_default() += 1;
            end += 1;
        }
        if begin.at <= new.at && is_within(begin, new) && seen_of.len() > most_accounts {
            most = first..end;
            most_accounts = seen_of.len();
        }
        if let Entry::Occupied(mut seen) = seen_of.entry(begin.account) {
            *seen.get_mut() -= 1;
            if *seen.get() == 0 {
                seen.remove();
            }
        }
    }
    let held = &alike[most];
    let mut known = HashSet::new();
    Affected {
        accounts: held.iter().map(|seen| seen.account).collect(),
        tickets: held
            .iter()
            .map(|seen| seen.ticket)
            .filter(|ticket| known.insert(*ticket))
            .collect(),
    }
}

/// The longest window in which a ladder counts accounts: how far back the sightings must reach. Nothing when none
/// does.
#[must_use]
pub fn longest_window(ladders: &Ladders) -> Option<SignedDuration> {
    ladders
        .values()
        .flat_map(|ladder| &ladder.triggers)
        .filter_map(|trigger| match &trigger.on {
            TriggerKind::AccountsAffected { window, .. } => Some(*window),
            _ => None,
        })
        .max()
}

/// Whether it must be counted whom a group affects that a ticket has come to: whether a ladder for the ticket counts the group that has
/// no open escalation of it yet. Once it has, one more ticket belongs to it whenever it comes.
#[must_use]
pub fn is_to_be_counted(
    key: &GroupKey,
    facts: &TicketFacts,
    open: &[OpenEscalation<'_>],
    ladders: &Ladders,
) -> bool {
    let counts = |trigger: &EscalationTrigger| match &trigger.on {
        TriggerKind::AccountsAffected { by, .. } => {
            trigger.when.holds(facts) && by.keys(facts).contains(key)
        }
        _ => false,
    };
    ladders
        .values()
        .filter(|ladder| ladder.applies.holds(facts) && ladder.triggers.iter().any(counts))
        .any(|ladder| open_of_group(open, ladder, key).is_none())
}

/// The open escalation of a group by a ladder.
fn open_of_group<'a>(
    open: &[OpenEscalation<'a>],
    ladder: &Ladder,
    key: &GroupKey,
) -> Option<OpenEscalation<'a>> {
    open_on(
        open,
        ladder,
        |open| matches!(&open.escalation.subject, Subject::Group { key: of, .. } if of == key),
    )
}
