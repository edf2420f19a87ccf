//! The packs that were applied: applying one, looking back, going back.

use std::collections::BTreeMap;

use jiff::Timestamp;
use mainstay_domain::digest::Digest;
use mainstay_domain::event::Actor;
use mainstay_domain::id::TeamId;
use mainstay_domain::name::TeamName;
use mainstay_domain::policy::{Policy, PolicyVersion};
use mainstay_domain::role::Permission;
use mainstay_policy::{Change as PackChange, Pack, PackSource, Problem};
use mainstay_store::policy::{AppliedPack, AppliedSummary};
use mainstay_store::{Connection, policy, team};

use crate::audit::Action;
use crate::caller::Caller;
use crate::context::App;
use crate::error::{AppError, Fault, Result};
use crate::job::Job;
use crate::transaction::transact;

use super::apart;

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
    /// What is wrong with it, or probably not meant: known when it is applied, and of versions that this program does not
    /// accept as they are.
    pub warnings: Vec<String>,
}

impl From<AppliedPack> for AppliedVersion {
    fn from(pack: AppliedPack) -> Self {
        AppliedSummary::from(pack).into()
    }
}

impl From<AppliedSummary> for AppliedVersion {
    fn from(pack: AppliedSummary) -> Self {
        Self {
            version: pack.version,
            pack: pack.pack,
            digest: pack.digest,
            applied_at: pack.applied_at,
            applied_by: pack.applied_by,
            note: pack.note,
            warnings: Vec::new(),
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

impl App {
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
        if self.policy().latest != PolicyVersion(0) {
            return Ok(None);
        }
        match self.apply_policy(caller, source, note).await {
            Ok(applied) => Ok(Some(applied)),
            // Another node that started at the same time was first, with the same pack.
            Err(AppError::Refused(_)) => self.load_policy().await.map(|()| None),
            Err(error) => Err(error),
        }
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
        let pack = check(source).await?;
        let mut warnings = pack.warnings.clone();
        let digest = pack
            .digest
            .parse()
            .map_err(|error| AppError::broken("The digest of a pack could not be read.", error))?;
        let (applied, known) = transact!(self, tx => async {
            let latest = policy::latest(tx).await?;
            let settled = settled_teams(tx).await?;
            let teams: BTreeMap<TeamName, TeamId> = pack
                .teams
                .iter()
                .filter_map(|(name, _)| Some((name.clone(), *settled.get(name)?)))
                .collect();
            let is_same = |latest: &AppliedPack| latest.digest == digest && latest.teams == teams;
            if latest.as_ref().is_some_and(is_same) {
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
                teams,
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
            Ok((applied, settled))
        })?;
        self.load_policy().await?;
        self.wake();
        let known: Vec<&str> = known.keys().map(TeamName::as_str).collect();
        warnings.extend(pack.unknown_teams(&known));
        let warnings = warnings.iter().map(|warning| warning.render(source));
        let warnings = warnings.collect();
        Ok(AppliedVersion {
            warnings,
            ..applied.into()
        })
    }

    /// Every version that was applied, the latest last.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] without the permission `policy.read`.
    pub async fn policy_history(&self, caller: &Caller) -> Result<Vec<AppliedVersion>> {
        caller.require(Permission::ReadPolicy)?;
        self.follow_policy().await?;
        let in_force = self.policy();
        let all = policy::summaries(&self.read()).await?;
        let shown = |applied: AppliedSummary| {
            let fault = in_force.faults().get(&applied.version);
            AppliedVersion {
                warnings: fault.cloned().into_iter().collect(),
                ..applied.into()
            }
        };
        Ok(all.into_iter().map(shown).collect())
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
        let applied = policy::find(&self.read(), version).await?;
        let applied = applied.ok_or_else(|| AppError::no_such("policy version", version.0))?;
        Ok(PackSource::new(applied.files))
    }

    /// Every pack that comes with the program, as [`mainstay_policy::to_json`] says it, to choose among.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] without the permission `policy.read`.
    pub async fn known_packs(&self, caller: &Caller) -> Result<Vec<serde_json::Value>> {
        caller.require(Permission::ReadPolicy)?;
        apart(|| {
            mainstay_policy::builtin_names()
                .filter_map(mainstay_policy::builtin)
                .map(|source| Ok(mainstay_policy::to_json(&accept(&source)?)))
                .collect()
        })
        .await?
    }

    /// What changes from one pack to another, by meaning.
    ///
    /// # Errors
    /// [`AppError::Invalid`] with every problem of a pack that is refused, [`AppError::Forbidden`] without the permission
    /// `policy.read`.
    pub async fn compare_packs(
        &self,
        caller: &Caller,
        before: &PackSource,
        after: &PackSource,
    ) -> Result<Vec<PackChange>> {
        caller.require(Permission::ReadPolicy)?;
        let (before, after) = (before.clone(), after.clone());
        apart(move || Ok(mainstay_policy::diff(&accept(&before)?, &accept(&after)?))).await?
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
        let Some(applied) = policy::find(&self.read(), in_force.version()).await? else {
            return Ok(None);
        };
        let pack = Pack {
            policy: Policy::clone(in_force.current()),
            digest: applied.digest.to_string(),
            warnings: Vec::new(),
            teams: Vec::new(),
        };
        Ok(Some(ShownPolicy {
            applied: applied.into(),
            promises: mainstay_policy::to_json(&pack),
        }))
    }
}

/// Reads a pack that somebody wants to use.
pub(super) async fn check(source: &PackSource) -> Result<Pack> {
    let source = source.clone();
    apart(move || accept(&source)).await?
}

/// As [`check`], on this very thread.
fn accept(source: &PackSource) -> Result<Pack> {
    mainstay_policy::load(source).map_err(|refusal| {
        let fault = |problem: &Problem| Fault {
            path: Vec::new(),
            detail: problem.render(source),
        };
        AppError::Invalid(refusal.problems.iter().map(fault).collect())
    })
}

/// Which team a name means in a pack that is applied now: the one that bears it, else the one that a pack applied earlier
/// meant by it, so that renaming a team takes nothing away from the packs that name it.
pub(super) async fn settled_teams(on: &impl Connection) -> Result<BTreeMap<TeamName, TeamId>> {
    let mut settled = BTreeMap::new();
    for applied in policy::summaries(on).await? {
        settled.extend(applied.teams);
    }
    for team in team::all(on).await? {
        settled.insert(TeamName::from(team.name), team.id);
    }
    Ok(settled)
}
