//! The names that a pack defines, so that every use of one can be checked.

use std::collections::HashMap;

use mainstay_domain::name::{
    CalendarName, CategoryName, CommitmentName, LadderName, RoleName, StatusName, TeamName,
    TierName,
};
use mainstay_domain::role::BuiltIn;
use mainstay_domain::status::StatusKind;

use crate::place::{At, Place};
use crate::problem::{Problem, suggestion};
use crate::reading::Lost;
use crate::text::Name;

/// The names of one kind of thing, in the order in which they are defined.
#[derive(Debug, Default)]
pub(crate) struct Names {
    /// Each name and where it is defined; a built-in one stands nowhere.
    defined: Vec<(String, Option<Place>)>,
    index: HashMap<String, usize>,
}

impl Names {
    /// Names that need no definition.
    fn built_in<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let mut built_in = Self::default();
        for name in names {
            built_in.add(name, None);
        }
        built_in
    }

    fn add(&mut self, name: &str, place: Option<Place>) {
        self.index.insert(name.to_owned(), self.defined.len());
        self.defined.push((name.to_owned(), place));
    }

    /// Defines a name; an error when it is defined already.
    pub fn define(&mut self, what: &str, name: &At<Name>, problems: &mut Vec<Problem>) {
        let Some(&earlier) = self.index.get(&name.value.0) else {
            self.add(&name.value.0, Some(name.place.clone()));
            return;
        };
        let problem = Problem::error(
            &name.place,
            format!("the {what} `{}` is defined twice", name.value.0),
        )
        .expected("expected another name");
        let problem = match &self.defined[earlier].1 {
            Some(place) => problem
                .related(place, "defined here first")
                .help("rename one of them, or join them into one"),
            None => problem.help(format!(
                "`{}` is built in: it needs no definition",
                name.value.0
            )),
        };
        problems.push(problem);
    }

    /// Defines a name that may take the place of a built-in one; an error when the pack itself has defined it already.
    pub fn redefine(&mut self, what: &str, name: &At<Name>, problems: &mut Vec<Problem>) {
        let built_in = self
            .index
            .get(&name.value.0)
            .filter(|&&index| self.defined[index].1.is_none());
        match built_in {
            Some(&index) => self.defined[index].1 = Some(name.place.clone()),
            None => self.define(what, name, problems),
        }
    }

    /// Whether a name is defined.
    pub fn has(&self, name: &str) -> bool {
        self.index.contains_key(name)
    }

    /// Every name.
    pub fn all(&self) -> Vec<&str> {
        self.defined.iter().map(|(name, _)| name.as_str()).collect()
    }
}

/// Everything that a pack defines, and the problems found so far.
pub(crate) struct Definitions<'a> {
    /// Calendars.
    pub calendars: Names,
    /// Tiers.
    pub tiers: Names,
    /// Categories.
    pub categories: Names,
    /// Statuses, the built-in ones included.
    pub statuses: Names,
    /// Roles, the built-in ones included.
    pub roles: Names,
    /// Commitments.
    pub commitments: Names,
    /// Ladders.
    pub ladders: Names,
    /// Support levels, by number.
    pub levels: Names,
    /// The teams that it names, and where: only the store knows which teams there are.
    pub teams: Vec<(TeamName, Place)>,
    /// What is wrong with the pack.
    pub problems: &'a mut Vec<Problem>,
    /// What could not be read.
    pub lost: &'a Lost,
}

macro_rules! lookups {
    ($($method:ident, $field:ident, $type:ident, $what:literal;)*) => {$(
        #[doc = concat!("The ", $what, " of a name that is used; an error when it is not defined.")]
        pub fn $method(&mut self, name: &At<Name>) -> $type {
            if !self.$field.has(&name.value.0) && !self.lost.has(&name.value.0) {
                let problem = Problem::error(
                    &name.place,
                    format!(concat!("unknown ", $what, " `{}`"), name.value.0),
                )
                .expected(concat!("expected a ", $what, " that the pack defines"))
                .maybe_help(suggestion(&name.value.0, &self.$field.all()));
                self.problems.push(problem);
            }
            $type::from(name.value.0.as_str())
        }
    )*};
}

impl<'a> Definitions<'a> {
    /// Nothing but what is built in.
    pub fn new(problems: &'a mut Vec<Problem>, lost: &'a Lost) -> Self {
        Self {
            calendars: Names::default(),
            tiers: Names::default(),
            categories: Names::default(),
            statuses: Names::built_in(StatusKind::ALL.map(StatusKind::as_str)),
            roles: Names::built_in(BuiltIn::ALL.map(BuiltIn::as_str)),
            commitments: Names::default(),
            ladders: Names::default(),
            levels: Names::default(),
            teams: Vec::new(),
            problems,
            lost,
        }
    }

    lookups! {
        calendar, calendars, CalendarName, "calendar";
        tier, tiers, TierName, "tier";
        category, categories, CategoryName, "category";
        status, statuses, StatusName, "status";
        role, roles, RoleName, "role";
        commitment, commitments, CommitmentName, "commitment";
        ladder, ladders, LadderName, "ladder";
    }

    /// The team of a name that is used.
    pub fn team(&mut self, name: &At<Name>) -> TeamName {
        let team = TeamName::from(name.value.0.as_str());
        self.teams.push((team.clone(), name.place.clone()));
        team
    }

    /// The role of a name that is used where `assignee` and `team` are allowed as well.
    pub fn role_to_notify(&mut self, name: &At<Name>) -> RoleName {
        let near = crate::problem::nearest(&name.value.0, ["assignee", "team"]);
        let (false, Some(near)) = (self.roles.has(&name.value.0), near) else {
            return self.role(name);
        };
        let problem = Problem::error(&name.place, format!("`{}` is nobody", name.value.0))
            .expected("expected `assignee`, `team` or a role")
            .help(format!("did you mean `{near}`?"));
        self.report(problem);
        RoleName::from(name.value.0.as_str())
    }

    /// Reports a problem.
    pub fn report(&mut self, problem: Problem) {
        self.problems.push(problem);
    }
}
