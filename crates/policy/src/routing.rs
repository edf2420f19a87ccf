//! Routing rules: which team, person, category and severity a new ticket gets.

use mainstay_domain::condition::Condition;
use mainstay_domain::name::{AgentAddress, Language, Skill};
use mainstay_domain::routing::{
    Matching, OffHours, Owner, Routing, RoutingOutcome, RoutingRule, RoutingWhen, Strategy,
};
use mainstay_domain::severity::Severity;

use crate::condition::{ConditionForm, tag};
use crate::names::Definitions;
use crate::place::At;
use crate::problem::Problem;
use crate::reading::{Many, record};
use crate::text::{LanguageText, Name, TagText, Vocabulary, Word};
use crate::tier::strings;

record! {
    /// How new tickets are routed.
    struct RoutingForm as "a routing" {
        /// How many of the rules that fit are followed: `first` (the default) or `all`.
        matching: Option<Word<Matching>>,
        /// The rules, in order.
        rule: Option<Vec<RuleForm>>,
    }
}

record! {
    /// A routing rule: everything it asks for must hold, then it gives what it names.
    struct RuleForm as "a routing rule" {
        /// Its name.
        name: At<Name>,
        /// What must hold of the ticket.
        when: Option<ConditionForm>,
        /// Its subject or first message holds one of these words or phrases.
        words: Option<Many<String>>,
        /// Its subject holds one of these.
        subject_words: Option<Many<String>>,
        /// It is written in one of these languages.
        languages: Option<Many<LanguageText>>,
        /// Its account has a named person of this role.
        has_account_role: Option<At<Name>>,
        /// The team it is handed to.
        team: Option<At<Name>>,
        /// It is assigned to the account's named person of this role.
        owner_role: Option<At<Name>>,
        /// It is assigned to this agent, by sign-in address.
        owner: Option<At<Name>>,
        /// Its category.
        category: Option<At<Name>>,
        /// Its severity.
        severity: Option<Word<Severity>>,
        /// Tags it gets.
        tags: Option<Many<TagText>>,
        /// What its agent must be good at.
        skills: Option<Many<Name>>,
        /// How an agent of the team is chosen: `least_load`, `round_robin` or `named_owner`.
        strategy: Option<Word<Strategy>>,
        /// Who is chosen when nobody is on: `wait` or `next_on`.
        off_hours: Option<Word<OffHours>>,
    }
}

impl Vocabulary for Matching {
    const WHAT: &'static str = "how many rules are followed";

    fn words() -> Vec<(&'static str, Self)> {
        vec![("first", Self::First), ("all", Self::All)]
    }
}

impl Vocabulary for Strategy {
    const WHAT: &'static str = "a way to choose an agent";

    fn words() -> Vec<(&'static str, Self)> {
        vec![
            ("least_load", Self::LeastLoad),
            ("round_robin", Self::RoundRobin),
            ("named_owner", Self::NamedOwner),
        ]
    }
}

impl Vocabulary for OffHours {
    const WHAT: &'static str = "who is chosen when nobody is on";

    fn words() -> Vec<(&'static str, Self)> {
        vec![("wait", Self::Wait), ("next_on", Self::NextOn)]
    }
}

impl RoutingForm {
    /// The routing, its names checked.
    pub fn lower(&self, names: &mut Definitions<'_>) -> Routing {
        let mut seen = crate::names::Names::default();
        let mut rules = Vec::new();
        for form in self.rule.iter().flatten() {
            seen.define("routing rule", &form.name, names.problems);
            rules.push(form.lower(names));
        }
        Routing {
            matching: self
                .matching
                .map_or(Matching::First, |Word(matching)| matching),
            rules,
        }
    }
}

impl RuleForm {
    fn lower(&self, names: &mut Definitions<'_>) -> RoutingRule {
        let when = RoutingWhen {
            facts: self
                .when
                .as_ref()
                .map_or(Condition::Always, |when| when.lower(names)),
            words: strings(&self.words),
            subject_words: strings(&self.subject_words),
            languages: self
                .languages
                .iter()
                .flat_map(|Many(all)| all)
                .map(|language| Language::from(language.0.as_str()))
                .collect(),
            account_role: self.has_account_role.as_ref().map(|name| names.role(name)),
        };
        let then = RoutingOutcome {
            team: self.team.as_ref().map(|name| names.team(name)),
            owner: self.owner(names),
            category: self.category.as_ref().map(|name| names.category(name)),
            severity: self.severity.map(|Word(severity)| severity),
            tags: self
                .tags
                .iter()
                .flat_map(|Many(all)| all)
                .map(tag)
                .collect(),
            skills: self
                .skills
                .iter()
                .flat_map(|Many(all)| all)
                .map(|name| Skill::from(name.0.as_str()))
                .collect(),
            strategy: self.strategy.map(|Word(strategy)| strategy),
            off_hours: self.off_hours.map(|Word(off_hours)| off_hours),
        };
        if then == RoutingOutcome::default() {
            names.report(
                Problem::error(
                    &self.name.place,
                    format!("the routing rule `{}` gives nothing", self.name.value.0),
                )
                .expected("expected a team, an owner, a category, a severity, tags or skills"),
            );
        }
        RoutingRule {
            name: self.name.value.0.clone(),
            when,
            then,
            source: self.place.source(),
        }
    }

    fn owner(&self, names: &mut Definitions<'_>) -> Option<Owner> {
        match (&self.owner_role, &self.owner) {
            (Some(role), None) => Some(Owner::AccountRole(names.role(role))),
            (None, Some(person)) => {
                Some(Owner::Person(AgentAddress::from(person.value.0.as_str())))
            }
            (Some(_), Some(person)) => {
                names.report(
                    Problem::error(&person.place, "a ticket has one owner")
                        .expected("expected one of `owner_role` and `owner`"),
                );
                None
            }
            (None, None) => None,
        }
    }
}
