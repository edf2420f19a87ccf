//! Severities, support levels, statuses, categories and roles.

use std::collections::BTreeSet;

use mainstay_domain::event::Channel;
use mainstay_domain::name::{CategoryName, RoleName, StatusName};
use mainstay_domain::policy::{
    CategoryDefinition, LevelTime, RoleDefinition, SeverityDefinition, StatusDefinition,
    SupportLevel,
};
use mainstay_domain::role::{BuiltIn, Permission};
use mainstay_domain::severity::Severity;
use mainstay_domain::status::StatusKind;

use crate::condition::words;
use crate::names::Definitions;
use crate::place::At;
use crate::problem::{Problem, suggestion};
use crate::reading::{Many, record};
use crate::text::{LanguageText, Length, Name, Percent, Vocabulary, Word};
use crate::tier::{RangeForm, languages, strings};

record! {
    /// What a severity means.
    struct SeverityForm as "a severity" {
        /// Which severity.
        severity: At<Word<Severity>>,
        /// What people call it.
        title: String,
        /// What a ticket of this severity is about; one suffices.
        definition: Many<String>,
        /// How it is answered, in a sentence, beside the commitments.
        response: Option<String>,
        /// By which ways it may be reported, where that depends on the severity.
        channels: Option<Many<Word<Channel>>>,
    }
}

record! {
    /// A level of support.
    struct LevelForm as "a support level" {
        /// Its number, from 1.
        level: At<u32>,
        /// What people call it.
        title: String,
        /// What it resolves.
        resolves: String,
        /// What its people know.
        skills: Option<Many<String>>,
        /// What they work with.
        tools: Option<Many<String>>,
        /// What the level is measured by.
        measure: Option<String>,
        /// Which share of what comes to it the level is to resolve itself.
        target_share: Option<Percent>,
        /// What the share is a share of, such as `tickets`.
        target_share_of: Option<String>,
        /// How soon something is to be done.
        times: Option<Vec<LevelTimeForm>>,
        /// The calendar that says when it is there.
        hours: Option<At<Name>>,
        /// The languages it serves in.
        languages: Option<Many<LanguageText>>,
        /// When it hands over to the next level.
        hands_over: Option<String>,
    }
}

record! {
    /// How soon a support level is to do something.
    struct LevelTimeForm as "a level's time" {
        /// What is to be done.
        what: Word<LevelTask>,
        /// To what, such as `critical`.
        of: String,
        /// How soon at the earliest, where a range is given.
        from: Option<Length>,
        /// How soon at the latest.
        within: Length,
    }
}

/// What a support level does within a time.
#[derive(Debug, Clone, Copy)]
pub(crate) enum LevelTask {
    Response,
    Resolution,
}

impl LevelTask {
    fn as_str(self) -> &'static str {
        match self {
            Self::Response => "response",
            Self::Resolution => "resolution",
        }
    }
}

impl Vocabulary for LevelTask {
    const WHAT: &'static str = "what a level does within a time";

    fn words() -> Vec<(&'static str, Self)> {
        [Self::Response, Self::Resolution]
            .map(|task| (task.as_str(), task))
            .to_vec()
    }
}

record! {
    /// A status that the pack adds to the built-in ones.
    struct StatusForm as "a status" {
        /// Its name.
        name: At<Name>,
        /// What people call it.
        title: String,
        /// What it means to the program.
        kind: Word<StatusKind>,
    }
}

record! {
    /// A category of tickets.
    struct CategoryForm as "a category" {
        /// Its name.
        name: At<Name>,
        /// What people call it.
        title: String,
        /// What belongs in it.
        description: String,
        /// Words that hint at it, for routing.
        words: Option<Many<String>>,
        /// The severity of its tickets where nobody says otherwise.
        severity: Option<Word<Severity>>,
    }
}

record! {
    /// A role: who is told, who is responsible, and what they may do.
    struct RoleForm as "a role" {
        /// Its name.
        name: At<Name>,
        /// What people call it.
        title: String,
        /// What its people do.
        description: String,
        /// Whom they report to.
        reports_to: Option<At<Name>>,
        /// How many people.
        headcount: Option<RangeForm>,
        /// How many accounts one person looks after.
        accounts_per_person: Option<RangeForm>,
        /// Which support level they work on.
        level: Option<At<u32>>,
        /// They may do what this built-in role may.
        like: Option<Word<BuiltIn>>,
        /// What else they may do.
        permissions: Option<Many<Word<Permission>>>,
    }
}

impl SeverityForm {
    /// The definition.
    pub fn lower(&self) -> SeverityDefinition {
        SeverityDefinition {
            severity: self.severity.value.0,
            title: self.title.clone(),
            definition: self.definition.0.clone(),
            response: self.response.clone(),
            channels: words(&self.channels).unwrap_or_default(),
            source: self.place.source(),
        }
    }
}

impl LevelForm {
    /// The level, its names checked.
    pub fn lower(&self, names: &mut Definitions<'_>) -> SupportLevel {
        let times = self.times.iter().flatten().map(|time| LevelTime {
            what: time.what.0.as_str().to_owned(),
            of: time.of.clone(),
            from: time.from.map(|Length(from)| from),
            within: time.within.0,
        });
        SupportLevel {
            level: self.level.value,
            title: self.title.clone(),
            resolves: self.resolves.clone(),
            skills: strings(&self.skills),
            tools: strings(&self.tools),
            measure: self.measure.clone(),
            target_share_percent: self.target_share.map(|Percent(percent)| percent),
            target_share_of: self.target_share_of.clone(),
            times: times.collect(),
            hours: self.hours.as_ref().map(|name| names.calendar(name)),
            languages: languages(&self.languages),
            hands_over: self.hands_over.clone(),
            source: self.place.source(),
        }
    }
}

impl StatusForm {
    /// The status.
    pub fn lower(&self) -> StatusDefinition {
        StatusDefinition {
            name: StatusName::from(self.name.value.0.as_str()),
            title: self.title.clone(),
            kind: self.kind.0,
            source: self.place.source(),
        }
    }
}

impl CategoryForm {
    /// The category.
    pub fn lower(&self) -> CategoryDefinition {
        CategoryDefinition {
            name: CategoryName::from(self.name.value.0.as_str()),
            title: self.title.clone(),
            description: self.description.clone(),
            words: strings(&self.words),
            severity: self.severity.map(|Word(severity)| severity),
            source: self.place.source(),
        }
    }
}

impl RoleForm {
    /// The role, its names checked.
    pub fn lower(&self, names: &mut Definitions<'_>) -> RoleDefinition {
        if let Some(level) = &self.level {
            let text = level.value.to_string();
            if !names.levels.has(&text) {
                let problem = Problem::error(&level.place, format!("unknown support level {text}"))
                    .expected("expected a support level that the pack defines")
                    .maybe_help(suggestion(&text, &names.levels.all()));
                names.report(problem);
            }
        }
        let role = RoleDefinition {
            name: RoleName::from(self.name.value.0.as_str()),
            title: self.title.clone(),
            description: self.description.clone(),
            reports_to: self.reports_to.as_ref().map(|name| names.role(name)),
            headcount: self.headcount.as_ref().map(|range| range.lower(names)),
            accounts_per_person: self
                .accounts_per_person
                .as_ref()
                .map(|range| range.lower(names)),
            level: self.level.as_ref().map(|level| level.value),
            permissions: self.all_permissions(),
            source: self.place.source(),
        };
        if !role.permissions.is_empty() && role.role().side().is_none() {
            names.report(
                Problem::error(
                    &self.name.place,
                    format!(
                        "the role `{}` mixes portal permissions with our own",
                        role.name
                    ),
                )
                .expected("expected permissions of one side")
                .help("make two roles of it: nobody at a customer may do what those who serve do"),
            );
        }
        role
    }

    fn all_permissions(&self) -> BTreeSet<Permission> {
        let like = self.like.map(|Word(role)| role.role().permissions);
        like.into_iter()
            .flatten()
            .chain(words(&self.permissions).into_iter().flatten())
            .collect()
    }
}
