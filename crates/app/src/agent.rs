//! Agents: the people who serve.

use jiff::Timestamp;
use mainstay_domain::agent::Agent;
use mainstay_domain::event::Actor;
use mainstay_domain::id::AgentId;
use mainstay_domain::name::RoleName;
use mainstay_domain::role::{BuiltIn, Permission};
use mainstay_store::{Transaction, agent};

use crate::audit::Action;
use crate::caller::{Caller, Credential};
use crate::context::App;
use crate::error::{AppError, Expected, Result};
use crate::field::Faults;
use crate::secret::fingerprint;

impl App {
    /// Every agent, by name.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] without the permission `agent.read`.
    pub async fn agents(&self, caller: &Caller) -> Result<Vec<Agent>> {
        caller.require(Permission::ReadAgents)?;
        Ok(agent::all(&self.read()).await?)
    }

    /// Whether there is anybody who serves: a new installation has nobody.
    ///
    /// # Errors
    /// Fails when the store does not answer.
    pub async fn has_agents(&self) -> Result<bool> {
        Ok(!agent::all(&self.read()).await?.is_empty())
    }

    /// An agent.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when there is none.
    pub async fn agent(&self, caller: &Caller, id: AgentId) -> Result<Agent> {
        if caller.actor != Actor::Agent(id) {
            caller.require(Permission::ReadAgents)?;
        }
        agent::find(&self.read(), id)
            .await?
            .ok_or_else(|| AppError::no_such("agent", id))
    }

    /// Makes an agent, filled in by `fill`, who signs in with the password if one is given.
    ///
    /// # Errors
    /// [`AppError::Invalid`] for wrong fields, [`AppError::Conflict`] for an address that is taken.
    pub async fn create_agent(
        &self,
        caller: &Caller,
        password: Option<String>,
        fill: impl FnOnce(&mut Agent),
    ) -> Result<Agent> {
        caller.require(Permission::UpdateAgents)?;
        let now = self.now();
        let mut agent = self.blank_agent(now);
        if let Some(zone) = self.company(&self.read()).await?.time_zone {
            agent.time_zone = zone;
        }
        fill(&mut agent);
        self.check_agent(&agent)?;
        self.seal_pager(&mut agent)?;
        let hash = match password {
            Some(password) => Some(self.hash_password(password).await?),
            None => None,
        };
        let tx = self.begin().await?;
        agent::insert(&tx, &agent).await?;
        if let Some(hash) = &hash {
            agent::set_password_hash(&tx, agent.id, Some(hash)).await?;
        }
        self.record(&tx, caller, Action::new("agent.created", "agent", agent.id))
            .await?;
        tx.commit().await?;
        Ok(agent)
    }

    /// Changes an agent by `change`. How they themselves are reached, everybody signed in may say.
    ///
    /// # Errors
    /// As [`create_agent`](Self::create_agent); [`AppError::Changed`] when they are not what the caller expects;
    /// [`AppError::Conflict`] when nobody would be left who can administer.
    pub async fn update_agent(
        &self,
        caller: &Caller,
        id: AgentId,
        expected: &Expected,
        change: impl FnOnce(&mut Agent),
    ) -> Result<Agent> {
        // A token may not do by the way what it was not given.
        let is_themselves =
            caller.actor == Actor::Agent(id) && !matches!(caller.credential, Credential::Token(_));
        if !is_themselves {
            caller.require(Permission::UpdateAgents)?;
        }
        let tx = self.begin().await?;
        let before = agent::lock(&tx, id)
            .await?
            .ok_or_else(|| AppError::no_such("agent", id))?;
        expected.check(fingerprint(&before))?;
        let mut after = before.clone();
        change(&mut after);
        if !is_reached_otherwise_at_most(&before, &after) {
            caller.require(Permission::UpdateAgents)?;
        }
        if after.pager == before.pager {
            let unchanged = Agent {
                pager: None,
                ..after.clone()
            };
            self.check_agent(&unchanged)?;
        } else {
            self.check_agent(&after)?;
            self.seal_pager(&mut after)?;
        }
        if after != before {
            agent::update(&tx, &after).await?;
            self.keep_an_administrator(&tx, &before).await?;
            self.record(&tx, caller, Action::new("agent.changed", "agent", id))
                .await?;
        }
        tx.commit().await?;
        Ok(after)
    }

    /// Sets an agent's password and ends their sessions.
    ///
    /// # Errors
    /// [`AppError::Invalid`] for a password that is too short, [`AppError::NotFound`] for an unknown agent.
    pub async fn set_agent_password(
        &self,
        caller: &Caller,
        id: AgentId,
        password: String,
    ) -> Result<()> {
        caller.require(Permission::UpdateAgents)?;
        let hash = self.hash_password(password).await?;
        let tx = self.begin().await?;
        if agent::find(&tx, id).await?.is_none() {
            return Err(AppError::no_such("agent", id));
        }
        agent::set_password_hash(&tx, id, Some(&hash)).await?;
        mainstay_store::session::remove_of(&tx, Actor::Agent(id)).await?;
        self.record(&tx, caller, Action::new("agent.password_set", "agent", id))
            .await?;
        Ok(tx.commit().await?)
    }

    /// An agent of whom nothing is known yet.
    pub(crate) fn blank_agent(&self, now: Timestamp) -> Agent {
        Agent {
            id: self.new_id(now),
            email: String::new(),
            name: String::new(),
            roles: vec![RoleName::from(BuiltIn::Agent.as_str())],
            languages: Vec::new(),
            skills: Vec::new(),
            capacity: 20,
            calendar: None,
            time_zone: "UTC".to_owned(),
            phone: None,
            slack: None,
            pager: None,
            active: true,
            created_at: now,
        }
    }

    /// Seals the key of a pager that was just given.
    fn seal_pager(&self, agent: &mut Agent) -> Result<()> {
        if let Some(key) = &agent.pager {
            agent.pager = Some(self.seal(&pager_purpose(agent.id), key)?);
        }
        Ok(())
    }

    /// Refuses a change after which nobody could undo it.
    async fn keep_an_administrator(&self, tx: &Transaction, before: &Agent) -> Result<()> {
        let roles = self.roles();
        let administers =
            |agent: &Agent| agent.active && roles.allows(&agent.roles, Permission::UpdateAgents);
        if !administers(before) || agent::all(tx).await?.iter().any(administers) {
            return Ok(());
        }
        Err(AppError::Conflict(
            "Nobody would be left who can administer: make somebody else an administrator first."
                .to_owned(),
        ))
    }

    pub(crate) fn check_agent(&self, agent: &Agent) -> Result<()> {
        let mut faults = Faults::default();
        faults.address("email", &agent.email);
        faults.name("name", &agent.name);
        faults.time_zone("time_zone", &agent.time_zone);
        if let Some(phone) = &agent.phone {
            faults.phone("phone", phone);
        }
        if let Some(slack) = &agent.slack {
            faults.slack_member("slack", slack);
        }
        if let Some(pager) = &agent.pager {
            faults.pager_key("pager", pager);
        }
        let roles = self.roles();
        for (index, role) in agent.roles.iter().enumerate() {
            match roles.get(role) {
                Some(role) if role.side() == Some(mainstay_domain::event::Side::Customer) => {
                    faults.add_entry(
                        "roles",
                        index,
                        format!("{} is a role of the portal", role.name),
                    );
                }
                Some(_) => {}
                None => faults.add_entry("roles", index, format!("there is no role {role}")),
            }
        }
        faults.finish()
    }
}

/// What the key of an agent's pager is sealed for.
pub(crate) fn pager_purpose(id: AgentId) -> String {
    format!("pager:{id}")
}

/// Whether a change is at most one of how the agent is reached, which everybody may say of themselves.
fn is_reached_otherwise_at_most(before: &Agent, after: &Agent) -> bool {
    let as_before = Agent {
        phone: before.phone.clone(),
        slack: before.slack.clone(),
        pager: before.pager.clone(),
        ..after.clone()
    };
    as_before == *before
}
