//! The policies: which is in force, which were, and changing them.

mod applied;
mod preview;
mod title;

use std::collections::BTreeMap;
use std::sync::Arc;

use mainstay_calendar::Calendar;
use mainstay_domain::escalation::{Ladders, Rules};
use mainstay_domain::name::CalendarName;
use mainstay_domain::policy::{Policy, PolicyBook, PolicyVersion};
use mainstay_domain::status::Status;
pub use mainstay_policy::{Change as PackChange, PackSource, builtin, builtin_names};
use mainstay_policy::{Level, Problem};
use mainstay_store::policy;
use mainstay_store::policy::AppliedPack;

pub use applied::{AppliedVersion, ShownPolicy};
pub(crate) use preview::compare;
pub use preview::{ClockDifference, PolicyPreview};

use crate::context::App;
use crate::error::{AppError, Result};

/// Every version of the policy, and which one is in force.
#[derive(Debug, Clone)]
pub struct PolicyInForce {
    version: PolicyVersion,
    current: Arc<Policy>,
    ladders: Arc<Ladders>,
    book: PolicyBook,
    /// The latest version that the store has, readable or not.
    latest: PolicyVersion,
    faults: BTreeMap<PolicyVersion, String>,
}

/// What ladders count on, of one version of the policy.
#[derive(Debug, Clone)]
pub(crate) struct LadderRules {
    /// The version.
    pub version: PolicyVersion,
    policy: Arc<Policy>,
    ladders: Arc<Ladders>,
}

impl LadderRules {
    /// In the form the domain asks for.
    pub fn rules(&self) -> Rules<'_> {
        Rules {
            ladders: &self.ladders,
            calendars: &self.policy.calendars,
        }
    }
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
            ladders: Arc::new(current.ladders_by_name()),
            current,
            book,
            latest: version,
            faults: BTreeMap::new(),
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

    /// What is wrong with versions that this program does not accept as they are, and how to mend it.
    #[must_use]
    pub fn faults(&self) -> &BTreeMap<PolicyVersion, String> {
        &self.faults
    }

    /// The same in a line each, without what stands in the packs: for whoever watches the service.
    #[must_use]
    pub fn told_faults(&self) -> Vec<String> {
        let faults = self.faults.values();
        faults
            .filter_map(|fault| fault.lines().next().map(str::to_owned))
            .collect()
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

    /// The ladders of the version in force.
    pub(crate) fn ladder_rules(&self) -> LadderRules {
        LadderRules {
            version: self.version,
            policy: Arc::clone(&self.current),
            ladders: Arc::clone(&self.ladders),
        }
    }

    /// The ladders of a version: those of the latest one that is not newer where that very version is not known.
    pub(crate) fn ladder_rules_of(&self, version: PolicyVersion) -> LadderRules {
        match self.book.get(version) {
            Some(policy) if version != self.version => LadderRules {
                version,
                policy: Arc::clone(policy),
                ladders: Arc::new(policy.ladders_by_name()),
            },
            _ => self.ladder_rules(),
        }
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

impl App {
    /// Reads the versions of the policy from the store and puts the latest in force in this process.
    ///
    /// A version that this program would refuse today does not keep the service from working. Where everything that it
    /// says could still be read, it stands as it was applied; where not, the nearest version that can be read stands in
    /// for it. [`PolicyInForce::faults`] says what is wrong.
    ///
    /// # Errors
    /// [`AppError::Unavailable`] when the store does not answer.
    pub async fn load_policy(&self) -> Result<()> {
        let applied = policy::all(&self.read()).await?;
        let Some(latest) = applied.last().map(|applied| applied.version) else {
            return Ok(());
        };
        let in_force = apart(move || put_together(latest, &applied)).await?;
        for (version, fault) in in_force.faults() {
            tracing::error!(version = version.0, "{fault}");
        }
        self.put_in_force(in_force);
        Ok(())
    }

    /// Reads the policy again if another node has applied one.
    ///
    /// # Errors
    /// As [`App::load_policy`].
    pub async fn follow_policy(&self) -> Result<()> {
        let latest = policy::latest_version(&self.read()).await?;
        if latest.is_some_and(|latest| latest != self.policy().latest) {
            self.load_policy().await?;
        }
        Ok(())
    }
}

/// Works on packs where it keeps no request waiting: reading one takes a while, and nothing in it can be awaited.
async fn apart<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| AppError::broken("A pack could not be read.", error))
}

fn put_together(latest: PolicyVersion, applied: &[AppliedPack]) -> PolicyInForce {
    let mut readable: BTreeMap<PolicyVersion, Arc<Policy>> = BTreeMap::new();
    let mut strict: BTreeMap<PolicyVersion, String> = BTreeMap::new();
    let mut unreadable: BTreeMap<PolicyVersion, String> = BTreeMap::new();
    for applied in applied {
        let source = PackSource::new(applied.files.clone());
        match mainstay_policy::load_applied(&source) {
            Ok(mut pack) => {
                pack.policy
                    .settle_teams(|name| applied.teams.get(name).copied());
                readable.insert(applied.version, Arc::new(pack.policy));
                let mut errors = pack.warnings;
                errors.retain(|problem| problem.level == Level::Error);
                if !errors.is_empty() {
                    strict.insert(applied.version, render(&source, &errors));
                }
            }
            Err(refusal) => {
                unreadable.insert(applied.version, render(&source, &refusal.problems));
            }
        }
    }
    let mend = |version: PolicyVersion| {
        format!(
            "`mainstay policy check @{0}` lists what is wrong; put a corrected pack in force with `mainstay policy apply`.",
            version.0
        )
    };
    let mut faults: BTreeMap<PolicyVersion, String> = strict
        .into_iter()
        .map(|(version, problems)| {
            let told = format!(
                "This program would refuse version {} of the policy today. It goes on as it was applied. {}\n{problems}",
                version.0,
                mend(version)
            );
            (version, told)
        })
        .collect();
    let mut book = PolicyBook::default();
    for (version, policy) in &readable {
        book.insert(*version, Arc::clone(policy));
    }
    for (version, problems) in unreadable {
        let before = readable.range(..version).next_back();
        let stand_in = before.or_else(|| readable.range(version..).next());
        let told = match stand_in {
            Some((other, policy)) => {
                book.insert(version, Arc::clone(policy));
                format!("version {} stands in for it", other.0)
            }
            None => "nothing is promised by it".to_owned(),
        };
        let told = format!(
            "Version {} of the policy cannot be read by this program: {told}. {}\n{problems}",
            version.0,
            mend(version)
        );
        faults.insert(version, told);
    }
    let in_force = match readable.pop_last() {
        Some((version, current)) => PolicyInForce::new(version, current, book),
        None => PolicyInForce::none(),
    };
    PolicyInForce {
        latest,
        faults,
        ..in_force
    }
}

fn render(source: &PackSource, problems: &[Problem]) -> String {
    let texts: Vec<String> = problems.iter().map(|p| p.render(source)).collect();
    texts.join("\n")
}
