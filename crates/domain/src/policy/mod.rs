//! The policy in force: everything a pack says, checked and ready to be asked.

mod calendar;
mod definition;
mod service;
mod template;
mod tier;
mod title;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use mainstay_calendar::Calendar;
use serde::{Deserialize, Serialize};

use crate::commitment::{Commitment, Target};
use crate::condition::Condition;
use crate::escalation::{Ladder, Ladders};
use crate::id::TeamId;
use crate::name::{CalendarName, CommitmentName, TeamName, TierName};
use crate::routing::Routing;

pub use calendar::{CalendarDefinition, CalendarHours};
pub use definition::{
    CategoryDefinition, LevelTime, RoleDefinition, SeverityDefinition, StatusDefinition,
    SupportLevel,
};
pub use service::{
    PerformancePromise, RecoveryPromise, Statistic, UptimeCommitment, monthly_allowance,
};
pub use template::{MessageTemplate, TemplateOrigin};
pub use tier::{
    AccountManager, AccountManagerKind, Bound, Entitlements, Qualification, Range, Tier,
};
pub use title::Title;

/// Which version of the policy: 1 for the first pack that was applied, then one more with every apply and rollback.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PolicyVersion(pub u32);

/// A policy. Built by the `policy` crate, which has checked that every name it uses is defined.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    /// The pack's name.
    pub pack: String,
    /// What the pack is called, for people.
    pub title: String,
    /// The version that the pack gives itself, such as `1.0.0`.
    pub pack_version: String,
    /// What the pack is, in a sentence or two.
    pub description: String,
    /// The currency of every amount of money in it, as an ISO 4217 code.
    pub currency: String,
    /// The tiers, highest first.
    pub tiers: Vec<Tier>,
    /// What each severity means, worst first.
    pub severities: Vec<SeverityDefinition>,
    /// The support levels, first line first.
    pub levels: Vec<SupportLevel>,
    /// The statuses that it adds to the built-in ones.
    pub statuses: Vec<StatusDefinition>,
    /// The ticket categories.
    pub categories: Vec<CategoryDefinition>,
    /// The roles it names.
    pub roles: Vec<RoleDefinition>,
    /// The commitments about tickets.
    pub commitments: Vec<Commitment>,
    /// The escalation ladders, in the pack's order.
    pub ladders: Vec<Ladder>,
    /// How new tickets are routed.
    pub routing: Routing,
    /// The promises of uptime.
    pub uptime: Vec<UptimeCommitment>,
    /// The promises of speed.
    pub performance: Vec<PerformancePromise>,
    /// The promises of recovery.
    pub recovery: Vec<RecoveryPromise>,
    /// The message templates: the pack's own, then the program's for those it lacks.
    pub templates: Vec<MessageTemplate>,
    /// The calendars, ready to count on.
    pub calendars: BTreeMap<CalendarName, Calendar>,
    /// What the pack says about each calendar, in its order.
    pub calendar_definitions: Vec<CalendarDefinition>,
    /// The calendar of a tier's support hours.
    pub support_hours: BTreeMap<TierName, CalendarName>,
    /// The calendar where neither a target, a commitment nor a tier names one.
    pub default_calendar: CalendarName,
}

impl Policy {
    /// A policy that promises nothing yet, for building one by hand.
    #[must_use]
    pub fn empty(pack: impl Into<String>, default_calendar: CalendarName) -> Self {
        let pack = pack.into();
        Self {
            title: pack.clone(),
            pack,
            pack_version: String::new(),
            description: String::new(),
            currency: "USD".into(),
            tiers: Vec::new(),
            severities: Vec::new(),
            levels: Vec::new(),
            statuses: Vec::new(),
            categories: Vec::new(),
            roles: Vec::new(),
            commitments: Vec::new(),
            ladders: Vec::new(),
            routing: Routing::default(),
            uptime: Vec::new(),
            performance: Vec::new(),
            recovery: Vec::new(),
            templates: Vec::new(),
            calendars: BTreeMap::new(),
            calendar_definitions: Vec::new(),
            support_hours: BTreeMap::new(),
            default_calendar,
        }
    }

    /// The ladders by name.
    #[must_use]
    pub fn ladders_by_name(&self) -> Ladders {
        self.ladders
            .iter()
            .map(|ladder| (ladder.name.clone(), ladder.clone()))
            .collect()
    }

    /// Settles which teams its conditions mean, by their names.
    pub fn settle_teams(&mut self, find: impl Fn(&TeamName) -> Option<TeamId>) {
        for team in self.conditions_mut().flat_map(Condition::teams_mut) {
            team.id = find(&team.name);
        }
    }

    fn conditions_mut(&mut self) -> impl Iterator<Item = &mut Condition> {
        let commitments = self.commitments.iter_mut().flat_map(|commitment| {
            [
                &mut commitment.start,
                &mut commitment.stop,
                &mut commitment.reset,
                &mut commitment.cancel,
            ]
            .into_iter()
            .flatten()
            .map(|trigger| &mut trigger.when)
            .chain([&mut commitment.applies, &mut commitment.pause])
        });
        let ladders = self.ladders.iter_mut().flat_map(|ladder| {
            let triggers = ladder.triggers.iter_mut();
            triggers
                .map(|trigger| &mut trigger.when)
                .chain([&mut ladder.applies])
        });
        let rules = self.routing.rules.iter_mut();
        commitments
            .chain(ladders)
            .chain(rules.map(|rule| &mut rule.when.facts))
    }

    /// The calendar a target of a commitment is counted on for a tier: the target's own, else the commitment's, else
    /// the tier's support hours, else the pack's default.
    #[must_use]
    pub fn calendar_of<'a>(
        &'a self,
        commitment: &'a Commitment,
        target: &'a Target,
        tier: Option<&TierName>,
    ) -> &'a CalendarName {
        target
            .calendar
            .as_ref()
            .or(commitment.calendar.as_ref())
            .or_else(|| tier.and_then(|tier| self.support_hours.get(tier)))
            .unwrap_or(&self.default_calendar)
    }
}

/// The versions of the policy, as far as a fold needs them.
#[derive(Debug, Clone, Default)]
pub struct PolicyBook {
    versions: BTreeMap<PolicyVersion, Arc<Policy>>,
}

impl PolicyBook {
    /// A book of one version, for a replay or a test.
    #[must_use]
    pub fn of(version: PolicyVersion, policy: Arc<Policy>) -> Self {
        Self {
            versions: BTreeMap::from([(version, policy)]),
        }
    }

    /// Adds a version.
    pub fn insert(&mut self, version: PolicyVersion, policy: Arc<Policy>) {
        self.versions.insert(version, policy);
    }

    /// Every version, oldest first.
    pub fn all(&self) -> impl Iterator<Item = &Arc<Policy>> {
        self.versions.values()
    }

    /// The commitments that are kept from customers. The latest version that has a commitment of a name decides for every
    /// clock of that name, those of before too: what is said among ourselves is told to customers neither by an old clock
    /// nor by a commitment that is gone.
    #[must_use]
    pub fn internal(&self) -> BTreeSet<CommitmentName> {
        let mut internal = BTreeSet::new();
        for commitment in self.all().flat_map(|policy| &policy.commitments) {
            match commitment.internal {
                true => internal.insert(commitment.name.clone()),
                false => internal.remove(&commitment.name),
            };
        }
        internal
    }

    /// A version; the latest one that is not newer where that very version is not in the book.
    #[must_use]
    pub fn get(&self, version: PolicyVersion) -> Option<&Arc<Policy>> {
        self.versions
            .range(..=version)
            .next_back()
            .map(|(_, policy)| policy)
    }
}
