//! Routing: which severity, category, team and agent a new ticket gets where nobody has said so.

use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use mainstay_domain::account::Account;
use mainstay_domain::agent::Agent;
use mainstay_domain::condition::TicketFacts;
use mainstay_domain::event::{ContractTerms, Side};
use mainstay_domain::id::{AgentId, TeamId};
use mainstay_domain::name::{CategoryName, Language, RoleName, Skill, Tag};
use mainstay_domain::policy::Policy;
use mainstay_domain::routing::{
    AssignmentReason, Candidate, Incoming, Needs, Owner, Routed, RoutingOutcome, Strategy,
    UnassignedReason, Words, assign,
};
use mainstay_domain::severity::Severity;
use mainstay_domain::team::Team;
use mainstay_store::ticket::OpenLoad;
use mainstay_store::{Transaction, agent, team, ticket};

use crate::context::App;
use crate::error::Result;
use crate::ticket::OpenTicket;

/// The severity of a ticket of which neither the caller, a rule nor its category says anything.
const DEFAULT_SEVERITY: Severity = Severity::P3;

/// What a new ticket gets.
pub(crate) struct Routing {
    pub severity: Severity,
    pub category: Option<CategoryName>,
    pub team: Option<TeamId>,
    pub tags: Vec<Tag>,
    /// Who takes it, and why, when a rule chose.
    pub assignee: Option<(AgentId, AssignmentReason)>,
}

/// Who could be given a ticket, as far as a transaction that opens several has asked already, with what it gave them since.
#[derive(Default)]
pub(crate) struct Roster {
    asked: Mutex<Vec<Choice>>,
}

/// A question that was asked: of whom, and what each has to do.
struct Choice {
    among: Option<Vec<AgentId>>,
    found: Vec<(Agent, OpenLoad)>,
}

impl Roster {
    /// Somebody was given a ticket that was opened at an instant.
    pub fn gave(&self, to: AgentId, opened_at: Timestamp) {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let found = asked.iter_mut().flat_map(|asked| &mut asked.found);
        for (_, load) in found.filter(|(agent, _)| agent.id == to) {
            load.tickets += 1;
            load.last_opened_at = load.last_opened_at.max(Some(opened_at));
        }
    }

    /// What was asked does not hold any more: tickets changed that were there before.
    pub fn forget(&self) {
        self.asked
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }

    async fn candidates(
        &self,
        tx: &Transaction,
        policy: &Policy,
        among: Option<Vec<AgentId>>,
    ) -> Result<Vec<Candidate>> {
        if let Some(known) = self.known(policy, among.as_deref()) {
            return Ok(known);
        }
        let found = ticket::candidates(tx, among.as_deref()).await?;
        let candidates = candidates_of(policy, &found);
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.push(Choice { among, found });
        Ok(candidates)
    }

    fn known(&self, policy: &Policy, among: Option<&[AgentId]>) -> Option<Vec<Candidate>> {
        let asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let known = asked.iter().find(|asked| asked.among.as_deref() == among)?;
        Some(candidates_of(policy, &known.found))
    }
}

fn candidates_of(policy: &Policy, found: &[(Agent, OpenLoad)]) -> Vec<Candidate> {
    let found = found.iter();
    found
        .map(|(agent, load)| candidate(policy, agent, load))
        .collect()
}

/// Routes a ticket that is to be opened. Whatever the caller has said stands; the rules of the policy in force fill in
/// the rest.
pub(crate) async fn route(
    app: &App,
    tx: &Transaction,
    roster: &Roster,
    open: &OpenTicket,
    account: Option<&Account>,
    terms: &ContractTerms,
    now: Timestamp,
) -> Result<Routing> {
    let policy = app.policy();
    let policy = policy.current();
    let hinted = open.category.clone().or_else(|| hinted(policy, open));
    let facts = facts_of(open, hinted.clone(), terms, policy);
    let routed = rules(policy, open, account, &facts);
    let outcome = &routed.outcome;
    // A rule knows better than a word.
    let ruled = open.category.clone().or_else(|| outcome.category.clone());
    let category = ruled.or(hinted);
    let (mut team, mut named) = (open.team, None);
    if team.is_none() {
        named = team_of(app, tx, outcome).await?;
        team = named.as_ref().map(|team| team.id);
    }
    let assignee = match open.assignee {
        Some(_) => None,
        None => {
            let owner = owner(tx, outcome, account).await?;
            let strategy = outcome.strategy.or(owner.map(|_| Strategy::NamedOwner));
            match strategy {
                Some(strategy) => {
                    let team = TeamAsked { id: team, named };
                    let candidates = candidates(tx, roster, policy, team, owner).await?;
                    choose(&candidates, strategy, open, &routed, owner, now)
                }
                None => None,
            }
        }
    };
    let mut tags = open.tags.clone();
    tags.extend(outcome.tags.iter().cloned());
    tags.sort();
    tags.dedup();
    Ok(Routing {
        severity: open
            .severity
            .or(outcome.severity)
            .or_else(|| severity_of(policy, category.as_ref()))
            .unwrap_or(DEFAULT_SEVERITY),
        category,
        team,
        tags,
        assignee,
    })
}

/// The ticket as the rules see it: as it came, with the severity that it has unless a rule says otherwise.
fn facts_of(
    open: &OpenTicket,
    category: Option<CategoryName>,
    terms: &ContractTerms,
    policy: &Policy,
) -> TicketFacts {
    let severity = open
        .severity
        .or_else(|| severity_of(policy, category.as_ref()));
    TicketFacts {
        account: open.account,
        channel: open.channel,
        severity: severity.unwrap_or(DEFAULT_SEVERITY),
        category,
        team: open.team,
        assignee: open.assignee,
        terms: terms.clone(),
        tags: open.tags.clone(),
        awaiting: Some(Side::Agent),
        last_message_at: None,
        ..TicketFacts::unopened()
    }
}

fn severity_of(policy: &Policy, category: Option<&CategoryName>) -> Option<Severity> {
    let category = policy
        .categories
        .iter()
        .find(|known| Some(&known.name) == category)?;
    category.severity
}

/// The first category whose words stand in the subject, or else in the text.
fn hinted(policy: &Policy, open: &OpenTicket) -> Option<CategoryName> {
    let text = open.message.as_ref().map_or("", |message| &message.text);
    [open.subject.as_str(), text].into_iter().find_map(|text| {
        let words = Words::of(text);
        let category = policy
            .categories
            .iter()
            .find(|category| words.first_of(&category.words).is_some());
        category.map(|category| category.name.clone())
    })
}

fn rules(
    policy: &Policy,
    open: &OpenTicket,
    account: Option<&Account>,
    facts: &TicketFacts,
) -> Routed {
    let roles: Vec<RoleName> = account
        .map(|account| {
            let people = account.people.iter();
            people.map(|person| person.role.clone()).collect()
        })
        .unwrap_or_default();
    let language = language_of(open);
    policy.routing.route(&Incoming {
        facts,
        subject: &open.subject,
        text: open.message.as_ref().map_or("", |message| &message.text),
        language: language.as_ref(),
        account_roles: &roles,
    })
}

fn language_of(open: &OpenTicket) -> Option<Language> {
    open.message
        .as_ref()
        .and_then(|message| message.language.as_deref())
        .map(plain_language)
}

/// `pt` of `pt-BR`.
fn plain_language(tag: &str) -> Language {
    let language = tag.split(['-', '_']).next().unwrap_or_default();
    Language::from(language.to_lowercase())
}

/// The team whose members are asked.
struct TeamAsked {
    /// Absent where all are asked.
    id: Option<TeamId>,
    /// The same, where it was read already.
    named: Option<Team>,
}

impl TeamAsked {
    /// Its members; absent where there is no such team.
    async fn members(self, tx: &Transaction) -> Result<Option<Vec<AgentId>>> {
        let team = match (self.named, self.id) {
            (Some(team), _) => Some(team),
            (None, Some(id)) => team::find(tx, id).await?,
            (None, None) => None,
        };
        Ok(team.map(|team| team.members))
    }
}

async fn team_of(app: &App, tx: &Transaction, outcome: &RoutingOutcome) -> Result<Option<Team>> {
    let Some(name) = &outcome.team else {
        return Ok(None);
    };
    let find = async { Ok(team::find_by_name(tx, name.as_str()).await?) };
    let known = app
        .kept()
        .teams_by_name
        .or_ask(app, tx, name.as_str(), find);
    let found = known.await?;
    if found.is_none() {
        tracing::warn!(team = %name, "a routing rule names a team that does not exist: make it or change the rule");
    }
    Ok(found)
}

/// Who takes the ticket, and why; nobody when nobody can.
fn choose(
    candidates: &[Candidate],
    strategy: Strategy,
    open: &OpenTicket,
    routed: &Routed,
    owner: Option<AgentId>,
    now: Timestamp,
) -> Option<(AgentId, AssignmentReason)> {
    let outcome = &routed.outcome;
    let mut needs = Needs {
        owner,
        skills: outcome.skills.clone(),
        language: language_of(open),
        off_hours: outcome.off_hours.unwrap_or_default(),
    };
    let mut chosen = assign(candidates, strategy, &needs, now);
    let nobody_writes_it = matches!(&chosen, Err(none) if lacks_language(none.reason));
    if nobody_writes_it {
        // Better somebody who must have it translated than nobody at all.
        needs.language = None;
        chosen = assign(candidates, strategy, &needs, now);
    }
    match chosen {
        Ok(chosen) => Some((
            chosen.agent,
            AssignmentReason {
                rules: routed.followed.clone(),
                ..chosen.reason
            },
        )),
        Err(nobody) => {
            tracing::info!(reason = %nobody, "a new ticket is assigned to nobody");
            None
        }
    }
}

fn lacks_language(reason: UnassignedReason) -> bool {
    use mainstay_domain::routing::WhyNotKind::Language;
    matches!(
        reason,
        UnassignedReason::NobodyFits | UnassignedReason::OwnerCannot(Language)
    )
}

/// The person the rule names.
async fn owner(
    tx: &Transaction,
    outcome: &RoutingOutcome,
    account: Option<&Account>,
) -> Result<Option<AgentId>> {
    Ok(match &outcome.owner {
        None => None,
        Some(Owner::AccountRole(role)) => account.and_then(|account| {
            let person = account.people.iter().find(|person| person.role == *role);
            person.map(|person| person.agent)
        }),
        Some(Owner::Person(address)) => agent::find_by_email(tx, address.as_str())
            .await?
            .map(|agent| agent.id),
    })
}

/// The active agents of the team, or all of them where there is no team, and the named owner.
async fn candidates(
    tx: &Transaction,
    roster: &Roster,
    policy: &Policy,
    team: TeamAsked,
    owner: Option<AgentId>,
) -> Result<Vec<Candidate>> {
    let mut among = team.members(tx).await?;
    if let (Some(among), Some(owner)) = (&mut among, owner) {
        among.push(owner);
    }
    roster.candidates(tx, policy, among).await
}

fn candidate(policy: &Policy, agent: &Agent, load: &OpenLoad) -> Candidate {
    let calendar = agent.calendar.as_ref().unwrap_or(&policy.default_calendar);
    Candidate {
        agent: agent.id,
        open_load: u32::try_from(load.tickets).unwrap_or(u32::MAX),
        capacity: agent.capacity,
        skills: agent
            .skills
            .iter()
            .map(|skill| Skill::from(skill.as_str()))
            .collect(),
        languages: agent
            .languages
            .iter()
            .map(|tag| plain_language(tag))
            .collect(),
        hours: policy.calendars.get(calendar).cloned(),
        away_until: None,
        last_assigned_at: load.last_opened_at,
    }
}

#[cfg(test)]
mod tests {
    use mainstay_domain::id::AgentId;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn what_was_given_since_counts() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let found = [1, 2].map(|number| {
            let agent = Agent {
                id: AgentId::from(Uuid::from_u128(number)),
                email: String::new(),
                name: String::new(),
                roles: Vec::new(),
                languages: Vec::new(),
                skills: Vec::new(),
                capacity: 10,
                calendar: None,
                time_zone: String::new(),
                phone: None,
                slack: None,
                pager: None,
                active: true,
                created_at: at(0),
            };
            let load = OpenLoad {
                agent: agent.id,
                tickets: 3,
                last_opened_at: Some(at(50)),
            };
            (agent, load)
        });
        let given_to = found[0].0.id;
        let roster = Roster::default();
        let asked = Choice {
            among: None,
            found: found.to_vec(),
        };
        roster.asked.lock().unwrap().push(asked);
        roster.gave(given_to, at(40));
        roster.gave(given_to, at(60));
        let policy = Policy::empty("none", "always".into());
        let known = roster.known(&policy, None).unwrap();
        let loads = known.iter().map(|it| (it.open_load, it.last_assigned_at));
        let loads: Vec<_> = loads.collect();
        assert_eq!(loads, [(5, Some(at(60))), (3, Some(at(50)))]);
        assert!(roster.known(&policy, Some(&[given_to])).is_none());
        roster.forget();
        assert!(roster.known(&policy, None).is_none());
    }
}
