use super::*;
use crate::name::{AgentAddress, TeamName};

/// Agents 1 to 3 are platform; 2 is on call there, nobody is in billing; the account's manager is 4.
struct House;

impl Directory for House {
    fn account_role(&self, role: &RoleName) -> Vec<AgentId> {
        match role.as_str() {
            "account_manager" => vec![agent(4)],
            _ => Vec::new(),
        }
    }

    fn role(&self, role: &RoleName) -> Vec<AgentId> {
        match role.as_str() {
            "manager" => vec![agent(4), agent(5)],
            _ => Vec::new(),
        }
    }

    fn person(&self, address: &AgentAddress) -> Option<AgentId> {
        (address.as_str() == "cto@example.com").then(|| agent(9))
    }

    fn team(&self, team: &TeamName) -> Vec<AgentId> {
        match team.as_str() {
            "platform" => vec![agent(1), agent(2), agent(3)],
            "billing" => vec![agent(6)],
            _ => Vec::new(),
        }
    }

    fn on_call(&self, team: &TeamName) -> Vec<AgentId> {
        match team.as_str() {
            "platform" => vec![agent(2)],
            _ => Vec::new(),
        }
    }

    fn assignee(&self) -> Option<AgentId> {
        Some(agent(1))
    }

    fn ticket_team(&self) -> Vec<AgentId> {
        Vec::new()
    }
}

fn told(who: Vec<Recipient>, channels: Vec<NotifyChannel>) -> (Vec<(u128, &'static str)>, usize) {
    let step = Step {
        who,
        channels,
        ..step(1, StepTiming::OnRaise)
    };
    let told = step.told(&House);
    let people = told
        .people
        .iter()
        .map(|(agent, channel)| (agent.uuid().as_u128(), channel.as_str()))
        .collect();
    (people, told.missing.len())
}

#[test]
fn everybody_is_told_once_by_each_channel() {
    let who = vec![
        Recipient::AccountRole("account_manager".into()),
        Recipient::Role("manager".into()),
        Recipient::Person("cto@example.com".into()),
        Recipient::Assignee,
    ];
    assert_eq!(
        told(who, vec![NotifyChannel::Email, NotifyChannel::Sms]),
        (
            vec![
                (4, "email"),
                (4, "sms"),
                (5, "email"),
                (5, "sms"),
                (9, "email"),
                (9, "sms"),
                (1, "email"),
                (1, "sms")
            ],
            0
        )
    );
}

#[test]
fn where_nobody_is_on_call_the_team_is_told() {
    let on_call = |team: &str| {
        told(
            vec![Recipient::OnCall(team.into())],
            vec![NotifyChannel::Pager],
        )
    };
    assert_eq!(on_call("platform"), (vec![(2, "pager")], 0));
    assert_eq!(on_call("billing"), (vec![(6, "pager")], 0));
    assert_eq!(on_call("legal"), (vec![], 1));
}

#[test]
fn who_was_not_found_is_named() {
    let who = vec![
        Recipient::TicketTeam,
        Recipient::Role("director".into()),
        Recipient::Person("nobody@example.com".into()),
        Recipient::Team("platform".into()),
    ];
    let (people, missing) = told(who, vec![NotifyChannel::InApp]);
    assert_eq!((people.len(), missing), (3, 3));
}
