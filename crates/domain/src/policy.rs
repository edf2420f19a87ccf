//! The policy in force: everything a pack says, checked and ready to be asked.

use std::collections::BTreeMap;
use std::sync::Arc;

use mainstay_calendar::Calendar;
use serde::{Deserialize, Serialize};

use crate::commitment::Commitment;
use crate::name::{CalendarName, TierName};

/// Which version of the policy: 1 for the first pack that was applied, then one more with every apply and rollback.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PolicyVersion(pub u32);

/// A policy. Built by the `policy` crate, which has checked that every name it uses is defined.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    /// The pack's name.
    pub pack: String,
    /// The commitments about tickets.
    pub commitments: Vec<Commitment>,
    /// The calendars, ready to count on.
    pub calendars: BTreeMap<CalendarName, Calendar>,
    /// The calendar of a tier's support hours.
    pub support_hours: BTreeMap<TierName, CalendarName>,
    /// The calendar where neither a target, a commitment nor a tier names one.
    pub default_calendar: CalendarName,
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

    /// A version; the latest one that is not newer where that very version is not in the book.
    #[must_use]
    pub fn get(&self, version: PolicyVersion) -> Option<&Arc<Policy>> {
        self.versions
            .range(..=version)
            .next_back()
            .map(|(_, policy)| policy)
    }
}
