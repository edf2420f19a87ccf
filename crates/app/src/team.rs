//! Teams of agents.

use mainstay_domain::agent::Agent;
use mainstay_domain::id::TeamId;
use mainstay_domain::role::Permission;
use mainstay_domain::status::StatusKind;
use mainstay_domain::team::Team;
use mainstay_store::ticket::TicketFilter;
use mainstay_store::{agent, team, ticket};

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
        let before = team::lock(&tx, id)
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

/// What a team has to do, and who is there to do it.
#[derive(Debug, Clone)]
pub struct TeamLoad {
    /// How many undone tickets lie with the team.
    pub tickets: u64,
    /// How many of them are assigned to nobody.
    pub unassigned: u64,
    /// How many of them have something that is due already.
    pub overdue: u64,
    /// Its members, in the team's order.
    pub members: Vec<MemberLoad>,
}

/// What a member of a team has to do.
#[derive(Debug, Clone)]
pub struct MemberLoad {
    /// Who.
    pub agent: Agent,
    /// Whether they are on call for the team now.
    pub on_call: bool,
    /// How many undone tickets are assigned to them, of whichever team.
    pub tickets: u64,
}

impl App {
    /// What a team has to do, and who is there to do it.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when there is no such team, [`AppError::Forbidden`] without the permission `agent.read`.
    pub async fn team_load(&self, caller: &Caller, id: TeamId) -> Result<TeamLoad> {
        let team = self.team(caller, id).await?;
        let on = self.read();
        let undone = TicketFilter {
            status_kinds: StatusKind::ALL
                .into_iter()
                .filter(|kind| !kind.is_done())
                .collect(),
            teams: vec![Some(id)],
            ..TicketFilter::default()
        };
        let unassigned = TicketFilter {
            assignees: vec![None],
            ..undone.clone()
        };
        let overdue = TicketFilter {
            due_before: Some(self.now()),
            ..undone.clone()
        };
        let everything = caller.scope()?;
        let loads = ticket::open_load(&on).await?;
        let mut members = Vec::with_capacity(team.members.len());
        for member in &team.members {
            if let Some(agent) = agent::find(&on, *member).await? {
                let load = loads.iter().find(|load| load.agent == *member);
                members.push(MemberLoad {
                    on_call: team.on_call.contains(member),
                    tickets: load.map_or(0, |load| load.tickets),
                    agent,
                });
            }
        }
        Ok(TeamLoad {
            tickets: ticket::count(&on, everything, &undone).await?,
            unassigned: ticket::count(&on, everything, &unassigned).await?,
            overdue: ticket::count(&on, everything, &overdue).await?,
            members,
        })
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
