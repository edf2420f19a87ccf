//! Routing rules as data.

use crate::commitment::Source;
use crate::condition::Condition;
use crate::name::{AgentAddress, CategoryName, Language, RoleName, Skill, Tag, TeamName};
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
}

/// A person named by a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Owner {
    /// The account's named person of this role.
    AccountRole(RoleName),
    /// One agent.
    Person(AgentAddress),
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
