//! The names of those who serve.

use std::collections::BTreeMap;

use mainstay_domain::id::{AgentId, TeamId};
use mainstay_store::{agent, team};

use crate::context::App;
use crate::error::Result;

pub(super) struct Names {
    agents: BTreeMap<AgentId, String>,
    teams: BTreeMap<TeamId, String>,
}

impl Names {
    pub async fn load(app: &App) -> Result<Self> {
        let reader = app.read();
        let agents = agent::all(&reader).await?;
        let teams = team::all(&reader).await?;
        Ok(Self {
            agents: agents
                .into_iter()
                .map(|agent| (agent.id, agent.name))
                .collect(),
            teams: teams.into_iter().map(|team| (team.id, team.name)).collect(),
        })
    }

    pub fn agent(&self, id: AgentId) -> Option<&str> {
        self.agents.get(&id).map(String::as_str)
    }

    pub fn team(&self, id: TeamId) -> Option<&str> {
        self.teams.get(&id).map(String::as_str)
    }
}
