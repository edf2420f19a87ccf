//! Who bears which role, is in which team and is on call, as far as some tickets ask for it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use mainstay_domain::account::Account;
use mainstay_domain::agent::Agent;
use mainstay_domain::escalation::{Directory, Step, Told};
use mainstay_domain::id::{AccountId, AgentId, TeamId};
use mainstay_domain::name::{AgentAddress, RoleName, TeamName};
use mainstay_domain::on_call::Rota;
use mainstay_domain::team::Team;
use mainstay_domain::ticket::Ticket;
use mainstay_store::{Transaction, account, agent, on_call, team};

use crate::context::App;
use crate::error::Result;
use crate::policy::PolicyInForce;

/// Everybody who serves, and the accounts of some tickets. Those who may not be given work any more are nowhere among them.
pub(crate) struct Everybody {
    agents: Vec<Agent>,
    teams: Vec<Team>,
    rotas: BTreeMap<TeamId, Rota>,
    hours: Arc<PolicyInForce>,
    now: Timestamp,
    accounts: BTreeMap<AccountId, Account>,
}

impl Everybody {
    /// Loads everybody, and the accounts of tickets.
    pub async fn load<'t>(
        app: &App,
        tx: &Transaction,
        tickets: impl Iterator<Item = &'t Ticket>,
    ) -> Result<Self> {
        let accounts: BTreeSet<AccountId> =
            tickets.filter_map(|ticket| ticket.facts.account).collect();
        let accounts: Vec<AccountId> = accounts.into_iter().collect();
        let mut agents = agent::all(tx).await?;
        agents.retain(|agent| agent.active);
        let accounts = account::find_many(tx, &accounts).await?.into_iter();
        Ok(Self {
            agents,
            teams: team::all(tx).await?,
            rotas: on_call::all_rotas(tx).await?,
            hours: app.policy(),
            now: app.now(),
            accounts: accounts.map(|account| (account.id, account)).collect(),
        })
    }

    /// The people as these tickets see them.
    pub fn about<'a>(&'a self, tickets: &'a [Ticket]) -> People<'a> {
        People {
            everybody: self,
            tickets,
        }
    }
}

/// The people who serve, as some tickets see them.
#[derive(Clone, Copy)]
pub(crate) struct People<'a> {
    everybody: &'a Everybody,
    tickets: &'a [Ticket],
}

impl<'a> People<'a> {
    /// Whom a step tells about the tickets: about several, everybody whom it would tell about one of them.
    pub fn told(&self, step: &Step) -> Told {
        let mut all = Told::default();
        for (index, ticket) in self.tickets.iter().enumerate() {
            let told = step.told(&self.of(ticket));
            for person in told.people {
                if !all.people.contains(&person) {
                    all.people.push(person);
                }
            }
            // Missing is who was found for none of the tickets.
            if index == 0 {
                all.missing = told.missing;
            } else {
                all.missing.retain(|missing| told.missing.contains(missing));
            }
        }
        all
    }

    /// Whoever the first ticket is assigned to; the team it lies with where nobody is; those who lead where it lies
    /// with nobody: a promise that nobody owns is told to somebody all the same.
    pub fn assignee_or_nearest(&self) -> Vec<AgentId> {
        let assignee = self.first().and_then(|about| about.assignee());
        match assignee {
            Some(assignee) => vec![assignee],
            None => self.team_or_nearest(),
        }
    }

    /// The team the first ticket lies with; those who lead where it lies with none.
    pub fn team_or_nearest(&self) -> Vec<AgentId> {
        let team = self.first().map_or(Vec::new(), |about| about.ticket_team());
        if team.is_empty() {
            let leads = RoleName::from(mainstay_domain::role::BuiltIn::Manager.as_str());
            return self.bearers(&leads);
        }
        team
    }

    /// Those of the account's named people who bear a role; everybody who bears it where the account names nobody.
    pub fn role_or_nearest(&self, role: &RoleName) -> Vec<AgentId> {
        let named = self
            .first()
            .map_or(Vec::new(), |about| about.account_role(role));
        if named.is_empty() {
            return self.bearers(role);
        }
        named
    }

    fn first(self) -> Option<AboutTicket<'a>> {
        self.tickets.first().map(|ticket| self.of(ticket))
    }

    fn of(self, ticket: &'a Ticket) -> AboutTicket<'a> {
        let accounts = &self.everybody.accounts;
        AboutTicket {
            people: self,
            ticket,
            account: ticket.facts.account.and_then(|id| accounts.get(&id)),
        }
    }

    fn bearers(&self, role: &RoleName) -> Vec<AgentId> {
        self.everybody
            .agents
            .iter()
            .filter(|agent| agent.roles.contains(role))
            .map(|agent| agent.id)
            .collect()
    }

    /// Those of them who may be given work.
    pub fn find(self, agents: &[AgentId]) -> Vec<&'a Agent> {
        let known = |id: &AgentId| self.everybody.agents.iter().find(|agent| agent.id == *id);
        agents.iter().filter_map(known).collect()
    }

    fn active(&self, agents: &[AgentId]) -> Vec<AgentId> {
        agents
            .iter()
            .copied()
            .filter(|id| self.everybody.agents.iter().any(|agent| agent.id == *id))
            .collect()
    }

    fn named_team(&self, name: &str) -> Option<&Team> {
        self.everybody
            .teams
            .iter()
            .find(|team| team.name.eq_ignore_ascii_case(name))
    }

    /// Whoever is on call: of a rota, in the layer that is named after a slash, as in `Support/secondary`, or in the
    /// first layer in which somebody is; without a rota, the members that are flagged.
    fn on_call(&self, name: &TeamName) -> Vec<AgentId> {
        let (team, layer) = match (
            self.named_team(name.as_str()),
            name.as_str().rsplit_once('/'),
        ) {
            (None, Some((team, layer))) => (self.named_team(team), Some(layer)),
            (team, _) => (team, None),
        };
        let Some(team) = team else {
            return Vec::new();
        };
        let rota = self
            .everybody
            .rotas
            .get(&team.id)
            .filter(|rota| !rota.is_empty());
        let Some(rota) = rota else {
            return self.active(&team.on_call);
        };
        rota.on_call(
            &self.everybody.hours.current().calendars,
            self.everybody.now,
        )
        .iter()
        .filter(|found| layer.is_none_or(|layer| found.layer.eq_ignore_ascii_case(layer)))
        .map(|found| self.active(&[found.agent]))
        .find(|found| !found.is_empty())
        .unwrap_or_default()
    }

    fn members(&self, team: Option<TeamId>) -> Vec<AgentId> {
        self.everybody
            .teams
            .iter()
            .find(|known| Some(known.id) == team)
            .map_or(Vec::new(), |team| self.active(&team.members))
    }
}

/// The people as one ticket sees them.
struct AboutTicket<'a> {
    people: People<'a>,
    ticket: &'a Ticket,
    account: Option<&'a Account>,
}

impl Directory for AboutTicket<'_> {
    fn account_role(&self, role: &RoleName) -> Vec<AgentId> {
        let Some(account) = self.account else {
            return Vec::new();
        };
        let named: Vec<AgentId> = account
            .people
            .iter()
            .filter(|person| person.role == *role)
            .map(|person| person.agent)
            .collect();
        self.people.active(&named)
    }

    fn role(&self, role: &RoleName) -> Vec<AgentId> {
        self.people.bearers(role)
    }

    fn person(&self, address: &AgentAddress) -> Option<AgentId> {
        self.people
            .everybody
            .agents
            .iter()
            .find(|agent| agent.email.eq_ignore_ascii_case(address.as_str()))
            .map(|agent| agent.id)
    }

    fn team(&self, team: &TeamName) -> Vec<AgentId> {
        // Where nobody is on call in a layer, the whole team is told.
        let named = self.people.named_team(team.as_str()).or_else(|| {
            let (team, _) = team.as_str().rsplit_once('/')?;
            self.people.named_team(team)
        });
        named.map_or(Vec::new(), |team| self.people.active(&team.members))
    }

    fn on_call(&self, team: &TeamName) -> Vec<AgentId> {
        self.people.on_call(team)
    }

    fn assignee(&self) -> Option<AgentId> {
        let assignee = self.ticket.facts.assignee?;
        self.people.active(&[assignee]).first().copied()
    }

    fn ticket_team(&self) -> Vec<AgentId> {
        self.people.members(self.ticket.facts.team)
    }
}
