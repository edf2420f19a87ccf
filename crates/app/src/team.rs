//! Teams of agents.

use mainstay_domain::id::TeamId;
use mainstay_domain::role::Permission;
use mainstay_domain::team::Team;
use mainstay_store::team;

use crate::audit::Action;
use crate::caller::Caller;
use crate::context::App;
use crate::error::{AppError, Expected, Result};
use crate::field::Faults;
use crate::secret::fingerprint;

impl App {
    /// Every team, by name.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] without the permission `agent.read`.
    pub async fn teams(&self, caller: &Caller) -> Result<Vec<Team>> {
        caller.require(Permission::ReadAgents)?;
        Ok(team::all(&self.read()).await?)
    }

    /// A team.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when there is none.
    pub async fn team(&self, caller: &Caller, id: TeamId) -> Result<Team> {
        caller.require(Permission::ReadAgents)?;
        team::find(&self.read(), id)
            .await?
            .ok_or_else(|| AppError::no_such("team", id))
    }

    /// Makes a team, filled in by `fill`.
    ///
    /// # Errors
    /// [`AppError::Invalid`] for wrong fields, [`AppError::Conflict`] for a name that is taken.
    pub async fn create_team(&self, caller: &Caller, fill: impl FnOnce(&mut Team)) -> Result<Team> {
        caller.require(Permission::UpdateTeams)?;
        let now = self.now();
        let mut team = Team {
            id: self.new_id(now),
            name: String::new(),
            email: None,
            calendar: None,
            members: Vec::new(),
            on_call: Vec::new(),
            created_at: now,
        };
        fill(&mut team);
        let team = checked(team)?;
        let tx = self.begin().await?;
        team::insert(&tx, &team).await?;
        self.record(&tx, caller, Action::new("team.created", "team", team.id))
            .await?;
        tx.commit().await?;
        Ok(team)
    }

    /// Changes a team by `change`.
    ///
    /// # Errors
    /// As [`create_team`](Self::create_team), and [`AppError::Changed`] when it is not what the caller expects.
    pub async fn update_team(
        &self,
        caller: &Caller,
        id: TeamId,
        expected: &Expected,
        change: impl FnOnce(&mut Team),
    ) -> Result<Team> {
        caller.require(Permission::UpdateTeams)?;
        let tx = self.begin().await?;
        let before = team::find(&tx, id)
            .await?
            .ok_or_else(|| AppError::no_such("team", id))?;
        expected.check(fingerprint(&before))?;
        let mut after = before.clone();
        change(&mut after);
        let after = checked(after)?;
        if after != before {
            team::update(&tx, &after).await?;
            self.record(&tx, caller, Action::new("team.changed", "team", id))
                .await?;
        }
        tx.commit().await?;
        Ok(after)
    }
}

fn checked(mut team: Team) -> Result<Team> {
    let mut faults = Faults::default();
    team.name = team.name.trim().to_owned();
    faults.name("name", &team.name);
    if let Some(email) = &team.email {
        faults.address("email", email);
    }
    if team
        .on_call
        .iter()
        .any(|agent| !team.members.contains(agent))
    {
        faults.add("on_call", "only members of the team can be on call for it");
    }
    faults.finish()?;
    team.members.sort();
    team.members.dedup();
    team.on_call.sort();
    team.on_call.dedup();
    Ok(team)
}
