//! Who bears which role, is in which team and is on call, as far as some tickets ask for it.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use mainstay_domain::account::Account;
use mainstay_domain::agent::Agent;
use mainstay_domain::escalation::{Directory, Step, Told};
use mainstay_domain::id::{AgentId, TeamId};
use mainstay_domain::name::{AgentAddress, RoleName, TeamName};
use mainstay_domain::on_call::Rota;
use mainstay_domain::team::Team;
use mainstay_domain::ticket::Ticket;
use mainstay_store::{Transaction, account, agent, on_call, team};

use crate::context::App;
use crate::error::Result;
use crate::policy::PolicyInForce;

/// The people who serve, and some tickets. Those who may not be given work any more are nowhere among them.
pub(crate) struct People {
    agents: Vec<Agent>,
    teams: Vec<Team>,
    rotas: BTreeMap<TeamId, Rota>,
    hours: Arc<PolicyInForce>,
    now: Timestamp,
    tickets: Vec<(Ticket, Option<Account>)>,
}

impl People {
    /// Loads everybody, and the accounts of the tickets.
    pub async fn load(app: &App, tx: &Transaction, tickets: &[Ticket]) -> Result<Self> {
        let mut agents = agent::all(tx).await?;
        agents.retain(|agent| agent.active);
        let mut with_accounts = Vec::with_capacity(tickets.len());
        for ticket in tickets {
            let account = match ticket.facts.account {
                Some(id) => account::find(tx, id).await?,
                None => None,
            };
            with_accounts.push((ticket.clone(), account));
        }
        Ok(Self {
            agents,
            teams: team::all(tx).await?,
            rotas: on_call::all_rotas(tx).await?,
            hours: app.policy(),
            now: app.now(),
            tickets: with_accounts,
        })
    }

    /// Whom a step tells about the tickets: about several, everybody whom it would tell about one of them.
    pub fn told(&self, step: &Step) -> Told {
        let mut all = Told::default();
        for (index, (ticket, account)) in self.tickets.iter().enumerate() {
            let told = step.told(&AboutTicket {
                people: self,
                ticket,
                account: account.as_ref(),
            });
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

    fn first(&self) -> Option<AboutTicket<'_>> {
        self.tickets.first().map(|(ticket, account)| AboutTicket {
            people: self,
            ticket,
            account: account.as_ref(),
        })
    }

    fn bearers(&self, role: &RoleName) -> Vec<AgentId> {
        self.agents
            .iter()
            .filter(|agent| agent.roles.contains(role))
            .map(|agent| agent.id)
            .collect()
    }

    /// Those of them who may be given work.
    pub fn find(&self, agents: &[AgentId]) -> Vec<&Agent> {
        let known = |id: &AgentId| self.agents.iter().find(|agent| agent.id == *id);
        agents.iter().filter_map(known).collect()
    }

    fn active(&self, agents: &[AgentId]) -> Vec<AgentId> {
        agents
            .iter()
            .copied()
            .filter(|id| self.agents.iter().any(|agent| agent.id == *id))
            .collect()
    }

    fn named_team(&self, name: &str) -> Option<&Team> {
        self.teams
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
        let rota = self.rotas.get(&team.id).filter(|rota| !rota.is_empty());
        let Some(rota) = rota else {
            return self.active(&team.on_call);
        };
        rota.on_call(&self.hours.current().calendars, self.now)
            .iter()
            .filter(|found| layer.is_none_or(|layer| found.layer.eq_ignore_ascii_case(layer)))
            .map(|found| self.active(&[found.agent]))
            .find(|found| !found.is_empty())
            .unwrap_or_default()
    }

    fn members(&self, team: Option<TeamId>) -> Vec<AgentId> {
        self.teams
            .iter()
            .find(|known| Some(known.id) == team)
            .map_or(Vec::new(), |team| self.active(&team.members))
    }
}

/// The people as one ticket sees them.
struct AboutTicket<'a> {
    people: &'a People,
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
