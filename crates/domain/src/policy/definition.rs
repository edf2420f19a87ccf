//! What a pack says about the things a ticket can be: its severity, its status, its category; and the support levels
//! and roles that work on it.

use std::collections::BTreeSet;

use jiff::SignedDuration;

use crate::commitment::Source;
use crate::event::Channel;
use crate::name::{CalendarName, CategoryName, RoleName, StatusName};
use crate::policy::tier::Range;
use crate::role::{Permission, Role};
use crate::severity::Severity;
use crate::status::StatusKind;

/// What a severity means.
#[derive(Debug, Clone, PartialEq)]
pub struct SeverityDefinition {
    /// Which severity.
    pub severity: Severity,
    /// What people call it, such as `Critical`.
    pub title: String,
    /// What a ticket of this severity is about; one suffices.
    pub definition: Vec<String>,
    /// How it is answered, in a sentence, where the framework says so beside its tables.
    pub response: Option<String>,
    /// By which ways it may be reported, where that depends on the severity.
    pub channels: Vec<Channel>,
    /// Where the pack says so.
    pub source: Source,
}

/// A level of support.
#[derive(Debug, Clone, PartialEq)]
pub struct SupportLevel {
    /// Its number, from 1.
    pub level: u32,
    /// What people call it, such as `Frontline support`.
    pub title: String,
    /// What it resolves.
    pub resolves: String,
    /// What its people know.
    pub skills: Vec<String>,
    /// What they work with.
    pub tools: Vec<String>,
    /// What the level is measured by.
    pub measure: Option<String>,
    /// Which share of what comes to it the level is to resolve itself, in percent.
    pub target_share_percent: Option<f64>,
    /// What the share is a share of, such as `tickets`.
    pub target_share_of: Option<String>,
    /// How soon something is to be done.
    pub times: Vec<LevelTime>,
    /// When it is there.
    pub hours: Option<CalendarName>,
    /// The languages it serves in, as BCP 47 tags.
    pub languages: Vec<String>,
    /// When it hands over to the next level.
    pub hands_over: Option<String>,
    /// Where the pack says so.
    pub source: Source,
}

/// How soon a support level is to do something.
#[derive(Debug, Clone, PartialEq)]
pub struct LevelTime {
    /// What is to be done: `response` or `resolution`.
    pub what: String,
    /// To what, such as `critical`.
    pub of: String,
    /// How soon at the earliest, where the framework writes a range.
    pub from: Option<SignedDuration>,
    /// How soon, at the latest.
    pub within: SignedDuration,
}

/// A status that the pack adds to the built-in ones.
#[derive(Debug, Clone, PartialEq)]
pub struct StatusDefinition {
    /// Its name.
    pub name: StatusName,
    /// What people call it.
    pub title: String,
    /// What it means to the program.
    pub kind: StatusKind,
    /// Where the pack says so.
    pub source: Source,
}

/// A category of tickets.
#[derive(Debug, Clone, PartialEq)]
pub struct CategoryDefinition {
    /// Its name.
    pub name: CategoryName,
    /// What people call it.
    pub title: String,
    /// What belongs in it.
    pub description: String,
    /// Words that hint at it, for routing.
    pub words: Vec<String>,
    /// The severity of its tickets where nobody says otherwise.
    pub severity: Option<Severity>,
    /// Where the pack says so.
    pub source: Source,
}

/// A role that the pack names: who is told, who is responsible.
#[derive(Debug, Clone, PartialEq)]
pub struct RoleDefinition {
    /// Its name.
    pub name: RoleName,
    /// What people call it.
    pub title: String,
    /// What its people do.
    pub description: String,
    /// Whom they report to.
    pub reports_to: Option<RoleName>,
    /// How many people.
    pub headcount: Option<Range>,
    /// How many accounts one person looks after.
    pub accounts_per_person: Option<Range>,
    /// Which support level they work on.
    pub level: Option<u32>,
    /// What they may do.
    pub permissions: BTreeSet<Permission>,
    /// Where the pack says so.
    pub source: Source,
}

impl RoleDefinition {
    /// The role as permissions are asked of it.
    #[must_use]
    pub fn role(&self) -> Role {
        Role {
            name: self.name.clone(),
            description: self.description.clone(),
            permissions: self.permissions.clone(),
        }
    }
}
