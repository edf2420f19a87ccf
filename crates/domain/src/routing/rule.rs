//! Routing rules as data.

use crate::commitment::Source;
use crate::condition::{Condition, TicketFacts};
use crate::name::{AgentAddress, CategoryName, Language, RoleName, Skill, Tag, TeamName};
use crate::routing::{Finding, Followed, Words};
use crate::severity::Severity;

/// The routing of a policy.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Routing {
    /// How many of the rules that fit are followed.
    pub matching: Matching,
    /// The rules, in order.
    pub rules: Vec<RoutingRule>,
}

/// How many of the rules that fit a ticket are followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Matching {
    /// The first one alone.
    #[default]
    First,
    /// Every one in order: tags and skills add up, of anything else the first rule that says something wins. Every
    /// condition is asked of the ticket as it came, not as an earlier rule has left it.
    All,
}

/// A routing rule.
#[derive(Debug, Clone, PartialEq)]
pub struct RoutingRule {
    /// Its name, unique in the pack.
    pub name: String,
    /// The tickets it fits.
    pub when: RoutingWhen,
    /// What it gives them.
    pub then: RoutingOutcome,
    /// Where the pack says so.
    pub source: Source,
}

/// What must hold of a ticket: everything that is said.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RoutingWhen {
    /// What must hold of its facts: tier, category, severity, channel, tags and so on.
    pub facts: Condition,
    /// Its subject or first message holds one of these words or phrases: whole words, whatever their case and
    /// accents. Any text will do when none is named.
    pub words: Vec<String>,
    /// Its subject holds one of these, likewise.
    pub subject_words: Vec<String>,
    /// It is written in one of these languages. A ticket whose language is not known fits none. Any language, known
    /// or not, will do when none is named.
    pub languages: Vec<Language>,
    /// Its account has a named person of this role.
    pub account_role: Option<RoleName>,
}

/// What a rule gives a ticket; whatever is absent stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RoutingOutcome {
    /// The team it is handed to.
    pub team: Option<TeamName>,
    /// The person it is assigned to, before any strategy is asked.
    pub owner: Option<Owner>,
    /// Its category.
    pub category: Option<CategoryName>,
    /// Its severity.
    pub severity: Option<Severity>,
    /// Tags it gets.
    pub tags: Vec<Tag>,
    /// What its agent must be good at.
    pub skills: Vec<Skill>,
    /// How an agent of the team is chosen; nobody is when absent.
    pub strategy: Option<Strategy>,
    /// Who is chosen when nobody is on; nobody when no rule says so.
    pub off_hours: Option<OffHours>,
}

/// A person named by a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Owner {
    /// The account's named person of this role.
    AccountRole(RoleName),
    /// One agent.
    Person(AgentAddress),
}

/// Whether somebody whose hours are closed may be assigned a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum OffHours {
    /// Never: the ticket waits in the team until somebody is on.
    #[default]
    Wait,
    /// When nobody who could take it is on, whoever is on again first, and of those whom the strategy prefers.
    NextOn,
}

/// How an agent is chosen among those who can take a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Strategy {
    /// Whose load is the smallest share of their capacity.
    LeastLoad,
    /// Who was assigned a ticket longest ago.
    RoundRobin,
    /// The named owner, and nobody else.
    NamedOwner,
}

/// A ticket to be routed.
#[derive(Debug, Clone, Copy)]
pub struct Incoming<'a> {
    /// What is known of it.
    pub facts: &'a TicketFacts,
    /// Its subject.
    pub subject: &'a str,
    /// Its first message, without what it quotes.
    pub text: &'a str,
    /// The language it is written in, when that is known.
    pub language: Option<&'a Language>,
    /// The roles for which its account has a named person.
    pub account_roles: &'a [RoleName],
}

/// How a ticket was routed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Routed {
    /// What it gets.
    pub outcome: RoutingOutcome,
    /// The rules that were followed, in order.
    pub followed: Vec<Followed>,
}

impl Routing {
    /// Routes a ticket.
    #[must_use]
    pub fn route(&self, ticket: &Incoming<'_>) -> Routed {
        let subject = Words::of(ticket.subject);
        let text = Words::of(ticket.text);
        let mut routed = Routed::default();
        for rule in &self.rules {
            let Some(found) = rule.when.fits(ticket, &subject, &text) else {
                continue;
            };
            routed.outcome.add(&rule.then);
            routed.followed.push(Followed {
                rule: rule.name.clone(),
                source: rule.source.clone(),
                found,
            });
            if self.matching == Matching::First {
                break;
            }
        }
        routed
    }
}

impl RoutingWhen {
    /// What was found in a ticket that fits; nothing when it does not.
    fn fits(&self, ticket: &Incoming<'_>, subject: &Words, text: &Words) -> Option<Vec<Finding>> {
        if !self.facts.holds(ticket.facts) {
            return None;
        }
        let mut found = Vec::new();
        if !self.words.is_empty() {
            let word = subject
                .first_of(&self.words)
                .or_else(|| text.first_of(&self.words))?;
            found.push(Finding::Word(word.to_owned()));
        }
        if !self.subject_words.is_empty() {
            let word = subject.first_of(&self.subject_words)?;
            found.push(Finding::SubjectWord(word.to_owned()));
        }
        if !self.languages.is_empty() {
            let language = ticket
                .language
                .filter(|language| self.languages.contains(language))?;
            found.push(Finding::Language(language.clone()));
        }
        if let Some(role) = &self.account_role {
            if !ticket.account_roles.contains(role) {
                return None;
            }
            found.push(Finding::AccountRole(role.clone()));
        }
        Some(found)
    }
}

impl RoutingOutcome {
    /// Adds what a further rule says: tags and skills add up, of anything else the first word stands.
    fn add(&mut self, further: &Self) {
        fn first<T: Clone>(said: &mut Option<T>, further: &Option<T>) {
            if said.is_none() {
                said.clone_from(further);
            }
        }
        fn union<T: Clone + PartialEq>(said: &mut Vec<T>, further: &[T]) {
            for item in further {
                if !said.contains(item) {
                    said.push(item.clone());
                }
            }
        }
        first(&mut self.team, &further.team);
        first(&mut self.owner, &further.owner);
        first(&mut self.category, &further.category);
        first(&mut self.severity, &further.severity);
        first(&mut self.strategy, &further.strategy);
        first(&mut self.off_hours, &further.off_hours);
        union(&mut self.tags, &further.tags);
        union(&mut self.skills, &further.skills);
    }
}
