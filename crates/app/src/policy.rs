//! The policies: which is in force, which were, and changing them.

use std::sync::Arc;

use mainstay_calendar::Calendar;
use mainstay_domain::name::CalendarName;
use mainstay_domain::policy::{Policy, PolicyBook, PolicyVersion};
use mainstay_domain::status::Status;

/// Every version of the policy, and which one is in force.
#[derive(Debug, Clone)]
pub struct PolicyInForce {
    version: PolicyVersion,
    current: Arc<Policy>,
    book: PolicyBook,
}

impl PolicyInForce {
    /// A book in which one version is in force.
    ///
    /// The version must be in the book.
    #[must_use]
    pub fn new(version: PolicyVersion, current: Arc<Policy>, mut book: PolicyBook) -> Self {
        book.insert(version, Arc::clone(&current));
        Self {
            version,
            current,
            book,
        }
    }

    /// No policy: nothing is promised to anybody until a pack is applied.
    #[must_use]
    pub fn none() -> Self {
        let always = CalendarName::from("always");
        let mut policy = Policy::empty("none", always.clone());
        policy.calendars.insert(always, Calendar::always());
        Self::new(PolicyVersion(0), Arc::new(policy), PolicyBook::default())
    }

    /// The version in force.
    #[must_use]
    pub fn version(&self) -> PolicyVersion {
        self.version
    }

    /// The policy in force.
    #[must_use]
    pub fn current(&self) -> &Arc<Policy> {
        &self.current
    }

    /// Every version.
    #[must_use]
    pub fn book(&self) -> &PolicyBook {
        &self.book
    }

    /// The statuses that the policy in force adds to the built-in ones.
    #[must_use]
    pub fn statuses(&self) -> Vec<Status> {
        self.current
            .statuses
            .iter()
            .map(|definition| Status {
                name: definition.name.clone(),
                kind: definition.kind,
            })
            .collect()
    }
}
