//! Who the recipients of a step are, by name.

use super::ladder::{NotifyChannel, Recipient, Step};
use crate::id::AgentId;
use crate::name::{AgentAddress, RoleName, TeamName};

/// Who bears which role and who is in which team, as far as one escalation asks for it.
pub trait Directory {
    /// The account's named people of a role.
    fn account_role(&self, role: &RoleName) -> Vec<AgentId>;
    /// Everybody who bears a role.
    fn role(&self, role: &RoleName) -> Vec<AgentId>;
    /// The agent who signs in by an address.
    fn person(&self, address: &AgentAddress) -> Option<AgentId>;
    /// Everybody in a team.
    fn team(&self, team: &TeamName) -> Vec<AgentId>;
    /// Whoever is on call in a team now.
    fn on_call(&self, team: &TeamName) -> Vec<AgentId>;
    /// Whoever the ticket is assigned to.
    fn assignee(&self) -> Option<AgentId>;
    /// Everybody in the team the ticket lies with.
    fn ticket_team(&self) -> Vec<AgentId>;
}

/// Whom a step tells.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Told {
    /// Whom, and by which channel: each pair once, in the order of the step.
    pub people: Vec<(AgentId, NotifyChannel)>,
    /// The recipients for whom nobody was found. When nobody was found at all, the ladder is not to wait:
    /// [`FindNobody`](super::Command::FindNobody).
    pub missing: Vec<Recipient>,
}

impl Told {
    /// Whom, each person once, with all their channels, in the order of the step.
    #[must_use]
    pub fn by_person(&self) -> Vec<(AgentId, Vec<NotifyChannel>)> {
        let mut by_person: Vec<(AgentId, Vec<NotifyChannel>)> = Vec::new();
        for (agent, channel) in &self.people {
            match by_person.iter_mut().find(|(known, _)| known == agent) {
                Some((_, channels)) => channels.push(*channel),
                None => by_person.push((*agent, vec![*channel])),
            }
        }
        by_person
    }
}

impl Step {
    /// Finds whom the step tells. Where nobody is on call in a team, the whole team is told: better too many than
    /// nobody.
    #[must_use]
    pub fn told(&self, directory: &impl Directory) -> Told {
        let mut told = Told::default();
        for recipient in &self.who {
            let agents = find(recipient, directory);
            if agents.is_empty() {
                told.missing.push(recipient.clone());
            }
            for agent in agents {
                for channel in &self.channels {
                    if !told.people.contains(&(agent, *channel)) {
                        told.people.push((agent, *channel));
                    }
                }
            }
        }
        told
    }
}

fn find(recipient: &Recipient, directory: &impl Directory) -> Vec<AgentId> {
    match recipient {
        Recipient::AccountRole(role) => directory.account_role(role),
        Recipient::Role(role) => directory.role(role),
        Recipient::Person(address) => directory.person(address).into_iter().collect(),
        Recipient::Team(team) => directory.team(team),
        Recipient::OnCall(team) => {
            let on_call = directory.on_call(team);
            if on_call.is_empty() {
                directory.team(team)
            } else {
                on_call
            }
        }
        Recipient::Assignee => directory.assignee().into_iter().collect(),
        Recipient::TicketTeam => directory.ticket_team(),
    }
}
