//! Assignment: who of those who could takes a ticket, and why.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::fmt;

use jiff::Timestamp;
use mainstay_calendar::Calendar;

use super::reason::{AssignmentReason, Choice};
use super::rule::{OffHours, Strategy};
use crate::id::AgentId;
use crate::name::{Language, Skill};

/// Somebody who might take a ticket.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// Who.
    pub agent: AgentId,
    /// How many open tickets they have.
    pub open_load: u32,
    /// How many they may have.
    pub capacity: u32,
    /// What they are good at.
    pub skills: BTreeSet<Skill>,
    /// The languages they write.
    pub languages: BTreeSet<Language>,
    /// Their working hours; somebody without any is always on.
    pub hours: Option<Calendar>,
    /// Until when they are away, if they are.
    pub away_until: Option<Timestamp>,
    /// When they were last assigned a ticket; nothing when never.
    pub last_assigned_at: Option<Timestamp>,
}

impl Candidate {
    /// From when on they work: `now` when they are on, nothing when they never are again.
    #[must_use]
    pub fn next_on(&self, now: Timestamp) -> Option<Timestamp> {
        let from = self.away_until.map_or(now, |until| until.max(now));
        match &self.hours {
            None => Some(from),
            Some(hours) => hours.next_open(from),
        }
    }

    /// The number of tickets they could still take.
    #[must_use]
    pub fn room(&self) -> u32 {
        self.capacity.saturating_sub(self.open_load)
    }
}

/// What a ticket needs of whoever takes it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Needs {
    /// The named owner, who comes before anybody else if they can take it; with [`Strategy::NamedOwner`] only they do.
    pub owner: Option<AgentId>,
    /// What the agent must be good at: all of it.
    pub skills: Vec<Skill>,
    /// The language they must write.
    pub language: Option<Language>,
    /// Whether somebody whose hours are closed may take it.
    pub off_hours: OffHours,
}

/// Who takes a ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    /// Who.
    pub agent: AgentId,
    /// Why. Which rules were followed is for whoever followed them to add.
    pub reason: AssignmentReason,
    /// Why the others could not.
    pub considered: Vec<Considered>,
}

/// That nobody takes a ticket.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Unassigned {
    /// Why.
    pub reason: UnassignedReason,
    /// Why each of them could not.
    pub considered: Vec<Considered>,
}

/// Why nobody takes a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UnassignedReason {
    /// There was nobody to ask.
    #[error("there is nobody to assign it to: the team has no agents")]
    NoCandidates,
    /// The strategy wants the named owner, and there is none.
    #[error(
        "no owner is named: name one for the account, or let the rule choose by load or in turn"
    )]
    NoOwner,
    /// The named owner cannot take it.
    #[error("the named owner cannot take it: {0}")]
    OwnerCannot(WhyNotKind),
    /// Somebody has what it needs, but nobody of them has room.
    #[error("everybody who could take it is at capacity")]
    AtCapacity,
    /// Somebody could take it, but is not on now.
    #[error("nobody who could take it is on now; somebody is again at {next_on}")]
    OffHours {
        /// When the first of them is on again.
        next_on: Timestamp,
    },
    /// Somebody could take it, but none of them is ever on again.
    #[error("nobody who could take it is ever on again: see to their working hours")]
    NeverOn,
    /// Nobody has the skills or the language.
    #[error("nobody has the skills and the language it needs")]
    NobodyFits,
}

/// A candidate who could not take a ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Considered {
    /// Who.
    pub agent: AgentId,
    /// Why not.
    pub why: WhyNot,
}

/// Why somebody cannot take a ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WhyNot {
    /// They lack a skill.
    LacksSkill(Skill),
    /// They do not write the language.
    LacksLanguage(Language),
    /// They have as many tickets as they may.
    AtCapacity {
        /// How many they have.
        open: u32,
        /// How many they may have.
        capacity: u32,
    },
    /// Their hours are closed, or they are away.
    OffHours {
        /// When they are on again, if ever.
        next_on: Option<Timestamp>,
    },
    /// Only the named owner is asked.
    NotTheOwner,
}

/// The kinds of [`WhyNot`], without their particulars.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhyNotKind {
    /// A skill is lacking.
    Skill,
    /// The language is lacking.
    Language,
    /// The capacity is used up.
    Capacity,
    /// The hours are closed, or the agent is away.
    Hours,
    /// The owner is not in the team, or serves no longer.
    NotACandidate,
}

impl fmt::Display for WhyNotKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Skill => "they lack a skill",
            Self::Language => "they do not write the language",
            Self::Capacity => "they are at capacity",
            Self::Hours => "they are not on",
            Self::NotACandidate => "they are not in the team",
        })
    }
}

impl fmt::Display for WhyNot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LacksSkill(skill) => write!(f, "lacks the skill {skill}"),
            Self::LacksLanguage(language) => write!(f, "does not write {language}"),
            Self::AtCapacity { open, capacity } => {
                write!(f, "has {open} of at most {capacity} tickets")
            }
            Self::OffHours {
                next_on: Some(next_on),
            } => write!(f, "is not on until {next_on}"),
            Self::OffHours { next_on: None } => f.write_str("is never on again"),
            Self::NotTheOwner => f.write_str("is not the named owner"),
        }
    }
}

/// Chooses who takes a ticket, and explains the choice.
///
/// Nobody is chosen over their capacity, nor without the skills and the language. Somebody who is not on is chosen only
/// when nobody who could take it is on and [`Needs::off_hours`] says so. The choice depends on nothing but what is given,
/// not on the order of the candidates.
///
/// # Errors
/// When nobody can take it: why, and when that changes by itself.
pub fn assign(
    candidates: &[Candidate],
    strategy: Strategy,
    needs: &Needs,
    now: Timestamp,
) -> Result<Assignment, Unassigned> {
    let mut able: Vec<(&Candidate, Timestamp)> = Vec::new();
    let mut considered = Vec::new();
    for candidate in candidates {
        match why_not(candidate, strategy, needs, now) {
            None => able.push((candidate, now)),
            Some(why) => considered.push(Considered {
                agent: candidate.agent,
                why,
            }),
        }
    }
    if able.is_empty() && needs.off_hours == OffHours::NextOn {
        able = first_on_again(candidates, &considered);
        considered.retain(|other| !able.iter().any(|(able, _)| able.agent == other.agent));
    }
    let of = able.len();
    let owner = able
        .iter()
        .copied()
        .find(|(candidate, _)| Some(candidate.agent) == needs.owner);
    let chosen = owner.or_else(|| {
        able.into_iter()
            .min_by(|(a, _), (b, _)| prefer(strategy, a, b))
    });
    match chosen {
        Some((candidate, on)) => Ok(Assignment {
            agent: candidate.agent,
            reason: reason(candidate, strategy, needs, of, (on > now).then_some(on)),
            considered,
        }),
        None => Err(Unassigned {
            reason: unassigned(candidates, &considered, strategy, needs),
            considered,
        }),
    }
}

/// Why a candidate cannot take it now: what cannot change first, the hours last.
fn why_not(
    candidate: &Candidate,
    strategy: Strategy,
    needs: &Needs,
    now: Timestamp,
) -> Option<WhyNot> {
    if strategy == Strategy::NamedOwner && Some(candidate.agent) != needs.owner {
        return Some(WhyNot::NotTheOwner);
    }
    if let Some(skill) = needs
        .skills
        .iter()
        .find(|skill| !candidate.skills.contains(*skill))
    {
        return Some(WhyNot::LacksSkill(skill.clone()));
    }
    if let Some(language) = &needs.language
        && !candidate.languages.contains(language)
    {
        return Some(WhyNot::LacksLanguage(language.clone()));
    }
    if candidate.room() == 0 {
        return Some(WhyNot::AtCapacity {
            open: candidate.open_load,
            capacity: candidate.capacity,
        });
    }
    let next_on = candidate.next_on(now);
    (next_on != Some(now)).then_some(WhyNot::OffHours { next_on })
}

/// Of those whom only their hours keep from it, the ones who are on again first.
fn first_on_again<'a>(
    candidates: &'a [Candidate],
    considered: &[Considered],
) -> Vec<(&'a Candidate, Timestamp)> {
    let on_again: Vec<(&Candidate, Timestamp)> = candidates
        .iter()
        .filter_map(|candidate| {
            let why = &considered
                .iter()
                .find(|other| other.agent == candidate.agent)?
                .why;
            match why {
                WhyNot::OffHours {
                    next_on: Some(next_on),
                } => Some((candidate, *next_on)),
                _ => None,
            }
        })
        .collect();
    let first = on_again.iter().map(|(_, next_on)| *next_on).min();
    on_again
        .into_iter()
        .filter(|(_, next_on)| Some(*next_on) == first)
        .collect()
}

/// Who comes first by a strategy; the last word has the identifier, so that the choice is always the same.
fn prefer(strategy: Strategy, a: &Candidate, b: &Candidate) -> Ordering {
    // The smaller share, without division: a/b < c/d as a·d < c·b.
    let load = (u64::from(a.open_load) * u64::from(b.capacity))
        .cmp(&(u64::from(b.open_load) * u64::from(a.capacity)));
    // Somebody who was never assigned anything sorts before everybody who was.
    let turn = a.last_assigned_at.cmp(&b.last_assigned_at);
    let ordering = match strategy {
        Strategy::LeastLoad => load.then(turn),
        Strategy::RoundRobin | Strategy::NamedOwner => turn.then(load),
    };
    ordering.then(a.agent.cmp(&b.agent))
}

fn reason(
    candidate: &Candidate,
    strategy: Strategy,
    needs: &Needs,
    of: usize,
    next_on: Option<Timestamp>,
) -> AssignmentReason {
    let choice = if Some(candidate.agent) == needs.owner {
        Choice::Owner
    } else {
        match strategy {
            Strategy::LeastLoad => Choice::LeastLoad {
                of,
                open: candidate.open_load,
                capacity: candidate.capacity,
            },
            Strategy::RoundRobin | Strategy::NamedOwner => Choice::Turn {
                of,
                last_assigned_at: candidate.last_assigned_at,
            },
        }
    };
    AssignmentReason {
        rules: Vec::new(),
        choice,
        skills: needs.skills.clone(),
        language: needs.language.clone(),
        next_on,
    }
}

fn unassigned(
    candidates: &[Candidate],
    considered: &[Considered],
    strategy: Strategy,
    needs: &Needs,
) -> UnassignedReason {
    if strategy == Strategy::NamedOwner {
        let Some(owner) = needs.owner else {
            return UnassignedReason::NoOwner;
        };
        let why = considered.iter().find(|other| other.agent == owner);
        return UnassignedReason::OwnerCannot(match why.map(|owner| &owner.why) {
            Some(WhyNot::LacksSkill(_)) => WhyNotKind::Skill,
            Some(WhyNot::LacksLanguage(_)) => WhyNotKind::Language,
            Some(WhyNot::AtCapacity { .. }) => WhyNotKind::Capacity,
            Some(WhyNot::OffHours { .. }) => WhyNotKind::Hours,
            Some(WhyNot::NotTheOwner) | None => WhyNotKind::NotACandidate,
        });
    }
    if candidates.is_empty() {
        return UnassignedReason::NoCandidates;
    }
    let off: Vec<Option<Timestamp>> = considered
        .iter()
        .filter_map(|other| match other.why {
            WhyNot::OffHours { next_on } => Some(next_on),
            _ => None,
        })
        .collect();
    if let Some(next_on) = off.iter().flatten().min() {
        return UnassignedReason::OffHours { next_on: *next_on };
    }
    if considered
        .iter()
        .any(|other| matches!(other.why, WhyNot::AtCapacity { .. }))
    {
        return UnassignedReason::AtCapacity;
    }
    if off.is_empty() {
        UnassignedReason::NobodyFits
    } else {
        UnassignedReason::NeverOn
    }
}
