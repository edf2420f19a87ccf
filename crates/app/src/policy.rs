//! The policies: which is in force, which were, and changing them.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use mainstay_calendar::Calendar;
use mainstay_domain::clock::{Clock, fold, fold_under};
use mainstay_domain::digest::Digest;
use mainstay_domain::escalation::{Ladders, Rules};
use mainstay_domain::event::Actor;
use mainstay_domain::name::{CalendarName, CommitmentName};
use mainstay_domain::policy::{Policy, PolicyBook, PolicyVersion};
use mainstay_domain::role::Permission;
use mainstay_domain::status::{Status, StatusKind};
use mainstay_domain::ticket::Scope;
use mainstay_policy::{Pack, Problem, Refusal};
pub use mainstay_policy::{PackSource, builtin, builtin_names};
use mainstay_store::policy::AppliedPack;
use mainstay_store::ticket::{Direction, TicketFilter, TicketKey, TicketSort};
use mainstay_store::{PageRequest, ledger, policy, ticket};

use crate::audit::Action;
use crate::caller::Caller;
use crate::context::App;
use crate::error::{AppError, Fault, Result};
use crate::job::Job;
use crate::transaction::transact;

/// Every version of the policy, and which one is in force.
#[derive(Debug, Clone)]
pub struct PolicyInForce {
    version: PolicyVersion,
    current: Arc<Policy>,
    ladders: Arc<Ladders>,
    book: PolicyBook,
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

/// A pack that was applied, without its files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppliedVersion {
    /// Which version it is.
    pub version: PolicyVersion,
    /// The pack's name.
    pub pack: String,
    /// The SHA-256 of its files.
    pub digest: Digest,
    /// When it was applied.
    pub applied_at: Timestamp,
    /// Who applied it.
    pub applied_by: Actor,
    /// Why.
    pub note: String,
}

impl From<AppliedPack> for AppliedVersion {
    fn from(pack: AppliedPack) -> Self {
        Self {
            version: pack.version,
            pack: pack.pack,
            digest: pack.digest,
            applied_at: pack.applied_at,
            applied_by: pack.applied_by,
            note: pack.note,
        }
    }
}

/// A version of the policy with what it promises.
#[derive(Debug, Clone, PartialEq)]
pub struct ShownPolicy {
    /// Which version.
    pub applied: AppliedVersion,
    /// What it promises: the whole pack, flattened.
    pub promises: serde_json::Value,
}

/// A running clock that would be due at another instant under a draft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClockDifference {
    /// The ticket's number.
    pub ticket: u64,
    /// The commitment.
    pub commitment: CommitmentName,
    /// When it is due as promised; absent where nothing of the kind is promised.
    pub due_at: Option<Timestamp>,
    /// When it would be due; absent where the draft promises nothing of the kind.
    pub would_be_due_at: Option<Timestamp>,
}

impl App {
    /// Reads the versions of the policy from the store and puts the latest in force in this process.
    ///
    /// # Errors
    /// [`AppError::Broken`] when a version that was applied cannot be read any more.
    pub async fn load_policy(&self) -> Result<()> {
        let mut book = PolicyBook::default();
        let mut latest = None;
        for applied in policy::all(&self.store().read()).await? {
            let version = applied.version;
            let source = PackSource::new(applied.files);
            let pack = mainstay_policy::load(&source).map_err(|refusal| {
                AppError::broken(
                    format!(
                        "Version {} of the policy cannot be read any more.",
                        version.0
                    ),
                    render(&source, &refusal),
                )
            })?;
            let pack = Arc::new(pack.policy);
            book.insert(version, Arc::clone(&pack));
            latest = Some((version, pack));
        }
        if let Some((version, current)) = latest {
            self.put_in_force(PolicyInForce::new(version, current, book));
        }
        Ok(())
    }

    /// Applies this pack where none is in force: a service without a policy would promise nothing to anybody. Returns
    /// what was applied, if anything was.
    ///
    /// # Errors
    /// As [`App::load_policy`] and [`App::apply_policy`].
    pub async fn apply_first_policy(
        &self,
        caller: &Caller,
        source: &PackSource,
        note: &str,
    ) -> Result<Option<AppliedVersion>> {
        self.follow_policy().await?;
        if self.policy().version() != PolicyVersion(0) {
            return Ok(None);
        }
        match self.apply_policy(caller, source, note).await {
            Ok(applied) => Ok(Some(applied)),
            // Another node that started at the same time was first, with the same pack.
            Err(AppError::Refused(_)) => self.load_policy().await.map(|()| None),
            Err(error) => Err(error),
        }
    }

    /// Reads the policy again if another node has applied one.
    ///
    /// # Errors
    /// As [`App::load_policy`].
    pub async fn follow_policy(&self) -> Result<()> {
        let latest = policy::latest_version(&self.store().read()).await?;
        if latest.is_some_and(|latest| latest != self.policy().version()) {
            self.load_policy().await?;
        }
        Ok(())
    }

    /// Applies a pack: from now on it makes the promises. What was promised before stays as it was.
    ///
    /// # Errors
    /// [`AppError::Invalid`] with every problem when the pack is refused, [`AppError::Refused`] when it is the one in
    /// force already, [`AppError::Forbidden`] without the permission `policy.apply`.
    pub async fn apply_policy(
        &self,
        caller: &Caller,
        source: &PackSource,
        note: &str,
    ) -> Result<AppliedVersion> {
        caller.require(Permission::ApplyPolicy)?;
        let pack = check(source)?;
        let digest = pack
            .digest
            .parse()
            .map_err(|error| AppError::broken("The digest of a pack could not be read.", error))?;
        let applied = transact!(self, tx => async {
            let latest = policy::latest(tx).await?;
            if latest.as_ref().is_some_and(|latest| latest.digest == digest) {
                return Err(AppError::Refused(format!(
                    "This very pack is in force already, as version {}.",
                    latest.map_or(0, |latest| latest.version.0)
                )));
            }
            let applied = AppliedPack {
                version: PolicyVersion(latest.map_or(0, |latest| latest.version.0) + 1),
                pack: pack.policy.pack.clone(),
                digest,
                files: source.files().map(|(name, text)| (name.to_owned(), text.to_owned())).collect(),
                applied_at: self.now(),
                applied_by: caller.actor,
                note: note.to_owned(),
            };
            policy::apply(tx, &applied).await?;
            // There is nothing to ask about before the first policy.
            if applied.version > PolicyVersion(1) {
                let version = applied.version;
                Job::FollowPolicy { version }.queue(self, tx, self.now()).await?;
            }
            let action = Action::new("policy.applied", "policy", applied.version.0)
                .with(serde_json::json!({ "pack": applied.pack, "note": note }));
            self.record(tx, caller, action).await?;
            Ok(applied)
        })?;
        self.load_policy().await?;
        self.wake();
        Ok(applied.into())
    }

    /// Every version that was applied, the latest last.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] without the permission `policy.read`.
    pub async fn policy_history(&self, caller: &Caller) -> Result<Vec<AppliedVersion>> {
        caller.require(Permission::ReadPolicy)?;
        let all = policy::all(&self.store().read()).await?;
        Ok(all.into_iter().map(AppliedVersion::from).collect())
    }

    /// The files of a version that was applied.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when there is none of that number, [`AppError::Forbidden`] without the permission
    /// `policy.read`.
    pub async fn policy_source(
        &self,
        caller: &Caller,
        version: PolicyVersion,
    ) -> Result<PackSource> {
        caller.require(Permission::ReadPolicy)?;
        let applied = policy::find(&self.store().read(), version).await?;
        let applied = applied.ok_or_else(|| AppError::no_such("policy version", version.0))?;
        Ok(PackSource::new(applied.files))
    }

    /// Applies an earlier version again, as a new version.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when there is none of that number; otherwise as [`App::apply_policy`].
    pub async fn roll_back_policy(
        &self,
        caller: &Caller,
        version: PolicyVersion,
    ) -> Result<AppliedVersion> {
        caller.require(Permission::ApplyPolicy)?;
        let source = self.policy_source(caller, version).await?;
        let note = format!("Back to version {}.", version.0);
        self.apply_policy(caller, &source, &note).await
    }

    /// The policy in force: which version it is, and what it promises, as [`mainstay_policy::to_json`] says it. Nothing
    /// where no pack was ever applied.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] without the permission `policy.read`.
    pub async fn policy_in_force(&self, caller: &Caller) -> Result<Option<ShownPolicy>> {
        caller.require(Permission::ReadPolicy)?;
        self.follow_policy().await?;
        let in_force = self.policy();
        let Some(applied) = policy::find(&self.store().read(), in_force.version()).await? else {
            return Ok(None);
        };
        let pack = Pack {
            policy: Policy::clone(in_force.current()),
            digest: applied.digest.to_string(),
            warnings: Vec::new(),
        };
        Ok(Some(ShownPolicy {
            applied: applied.into(),
            promises: mainstay_policy::to_json(&pack),
        }))
    }

    /// Which running clocks would be due at another instant, had the draft been in force all along. Nothing is changed.
    ///
    /// # Errors
    /// [`AppError::Invalid`] when the draft is refused, [`AppError::Forbidden`] without the permissions `policy.read`
    /// and `ticket.read`.
    pub async fn preview_policy(
        &self,
        caller: &Caller,
        draft: &PackSource,
    ) -> Result<Vec<ClockDifference>> {
        caller.require(Permission::ReadPolicy)?;
        caller.require(Permission::ReadTickets)?;
        let draft = check(draft)?.policy;
        let now = self.now();
        let reader = self.store().read();
        let in_force = self.policy();
        let filter = TicketFilter {
            status_kinds: StatusKind::ALL
                .into_iter()
                .filter(|kind| !kind.is_done())
                .collect(),
            ..TicketFilter::default()
        };
        let sort = TicketSort {
            key: TicketKey::Number,
            direction: Direction::Ascending,
        };
        let mut differences = Vec::new();
        let mut page = PageRequest::first(500);
        loop {
            let open = ticket::list(&reader, Scope::Everything, &filter, sort, page).await?;
            for stored in &open.items {
                let events = ledger::load(&reader, stored.ticket.id).await?;
                let promised = fold(&events, in_force.book(), now);
                let drafted = fold_under(&events, &draft, now);
                differences.extend(compare(stored.ticket.number, &promised, &drafted));
            }
            let Some(next) = open.next else {
                return Ok(differences);
            };
            page.after = Some(next);
        }
    }
}

fn check(source: &PackSource) -> Result<Pack> {
    mainstay_policy::load(source).map_err(|refusal| {
        let fault = |problem: &Problem| Fault {
            path: Vec::new(),
            detail: problem.render(source),
        };
        AppError::Invalid(refusal.problems.iter().map(fault).collect())
    })
}

fn render(source: &PackSource, refusal: &Refusal) -> String {
    let texts: Vec<String> = refusal.problems.iter().map(|p| p.render(source)).collect();
    texts.join("\n")
}

/// The open clocks of one ticket that the draft would have due at another instant, or not at all.
fn compare(number: u64, promised: &[Clock], drafted: &[Clock]) -> Vec<ClockDifference> {
    let key = |clock: &Clock| (clock.commitment.clone(), clock.cycle);
    let open = |clocks: &[Clock]| -> BTreeMap<_, _> {
        clocks
            .iter()
            .filter(|clock| clock.is_open())
            .map(|clock| (key(clock), clock.due_at))
            .collect()
    };
    let (before, after) = (open(promised), open(drafted));
    let mut keys: Vec<_> = before.keys().chain(after.keys()).collect();
    keys.sort();
    keys.dedup();
    keys.into_iter()
        .filter(|key| before.get(key) != after.get(key))
        .map(|key| ClockDifference {
            ticket: number,
            commitment: key.0.clone(),
            due_at: before.get(key).copied().flatten(),
            would_be_due_at: after.get(key).copied().flatten(),
        })
        .collect()
}
