//! A pack as a whole: its files, and how they are read.

mod lower;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use mainstay_domain::name::TeamName;
use mainstay_domain::policy::{MessageTemplate, Policy, TemplateOrigin};

use crate::builtin::{DEFAULT_PACK, builtin};
use crate::calendar::CalendarForm;
use crate::commitment::CommitmentForm;
use crate::definition::{CategoryForm, LevelForm, RoleForm, SeverityForm, StatusForm};
use crate::escalation::LadderForm;
use crate::place::{At, Place};
use crate::problem::{Level, Problem, suggestion};
use crate::reading::{Lost, Reader, record};
use crate::routing::RoutingForm;
use crate::service::{PerformanceForm, RecoveryForm, UptimeForm};
use crate::source::{MAIN_FILE, PackSource};
use crate::template::TemplateForm;
use crate::text::Name;
use crate::tier::TierForm;

/// A pack that has been read and can be used.
#[derive(Debug, Clone)]
pub struct Pack {
    /// What it says.
    pub policy: Policy,
    /// The SHA-256 of its text, in hexadecimal.
    pub digest: String,
    /// What in it is probably not meant.
    pub warnings: Vec<Problem>,
    /// The teams that it names, and where.
    pub teams: Vec<(TeamName, Place)>,
}

impl Pack {
    /// A warning for every place that names a team which is not among those that there are. The pack can be used: nothing
    /// lies with such a team, and nobody of it is told.
    #[must_use]
    pub fn unknown_teams(&self, known: &[&str]) -> Vec<Problem> {
        self.teams
            .iter()
            .filter(|(name, _)| !known.contains(&name.as_str()))
            .map(|(name, place)| {
                Problem::warning(place, format!("there is no team `{name}`"))
                    .expected("what is said of it does nothing")
                    .help(format!(
                        "create the team `{name}`, then apply the pack again"
                    ))
                    .maybe_help(suggestion(name.as_str(), known))
            })
            .collect()
    }
}

/// A pack that cannot be used: everything that is wrong with it, errors and warnings, in the order of its files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What is wrong; at least one is an error.
    pub problems: Vec<Problem>,
}

/// The files of a pack: what each may hold, and what becomes of it.
macro_rules! files {
    ($($(#[$meta:meta])* $file:ident as $what:literal in $name:literal {
        $($(#[$field_meta:meta])* $field:ident: $form:ty,)*
    })*) => {
        $(
            record! {
                $(#[$meta])*
                struct $file as $what {
                    $($(#[$field_meta])* $field: Option<Vec<$form>>,)*
                }
            }
        )*

        record! {
            /// The head of a pack. A small pack may hold everything else in this file as well.
            struct PackFile as "the head of a pack" {
                /// The pack's name, which is also its folder's.
                name: At<Name>,
                /// What it is called, for people.
                title: String,
                /// The version that it gives itself, such as `1.0.0`.
                version: String,
                /// What it is, in a sentence or two.
                description: String,
                /// The currency of every amount of money in it, as an ISO 4217 code; USD when absent.
                currency: Option<At<String>>,
                /// The calendar where nothing else names one.
                default_calendar: At<Name>,
                /// How new tickets are routed.
                routing: Option<RoutingForm>,
                $($($(#[$field_meta])* $field: Option<Vec<$form>>,)*)*
            }
        }

        /// Everything a pack says, file by file, before names are checked.
        #[derive(Debug, Default)]
        struct Draft {
            head: Option<PackFile>,
            routing: Option<RoutingForm>,
            lost: Lost,
            $($($field: Vec<$form>,)*)*
        }

        impl Draft {
            /// Takes in a file; whether it is one of a pack.
            fn add(
                &mut self,
                name: &str,
                text: &str,
                problems: &mut Vec<Problem>,
            ) -> Taken {
                let mut reader = Reader::new(name, text, problems, &mut self.lost);
                match name {
                    MAIN_FILE => {
                        let Some(mut head) = reader.read::<PackFile>(text) else {
                            return Taken::Unreadable;
                        };
                        $($(self.$field.extend(head.$field.take().into_iter().flatten());)*)*
                        self.routing = head.routing.take().or(self.routing.take());
                        self.head = Some(head);
                        Taken::Read
                    }
                    "routing.toml" => {
                        let Some(routing) = reader.read::<RoutingForm>(text) else {
                            return Taken::Unreadable;
                        };
                        self.routing = Some(routing);
                        Taken::Read
                    }
                    $($name => {
                        let Some(file) = reader.read::<$file>(text) else {
                            return Taken::Unreadable;
                        };
                        $(self.$field.extend(file.$field.into_iter().flatten());)*
                        Taken::Read
                    })*
                    _ => Taken::Unknown,
                }
            }
        }

        /// What stands in which file, for whoever looks for it in another.
        pub(crate) const SECTIONS: &[(&str, &str)] = &[$($((stringify!($field), $name),)*)*];

        /// The names of the files that a pack may have.
        const FILES: &[&str] = &[MAIN_FILE, $($name,)* "routing.toml"];

        /// The JSON Schema of each kind of file, by its stem.
        pub(crate) fn schemas() -> BTreeMap<&'static str, schemars::Schema> {
            let mut schemas = BTreeMap::from([
                ("pack", schemars::schema_for!(PackFile)),
                ("routing", schemars::schema_for!(RoutingForm)),
            ]);
            $(schemas.insert($name.trim_end_matches(".toml"), schemars::schema_for!($file));)*
            schemas
        }
    };
}

/// What became of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Taken {
    Read,
    /// It is no TOML, or its head is missing: what it would have defined is not known.
    Unreadable,
    /// A pack has no such file.
    Unknown,
}

files! {
    /// The calendars of a pack.
    CalendarsFile as "the calendars" in "calendars.toml" {
        /// A calendar.
        calendar: CalendarForm,
    }
    /// The tiers of a pack, highest first.
    TiersFile as "the tiers" in "tiers.toml" {
        /// A tier.
        tier: TierForm,
    }
    /// What the severities of a pack mean.
    SeveritiesFile as "the severities" in "severities.toml" {
        /// A severity.
        severity: SeverityForm,
    }
    /// The support levels of a pack, first line first.
    LevelsFile as "the support levels" in "levels.toml" {
        /// A support level.
        level: LevelForm,
    }
    /// The statuses that a pack adds to the built-in ones.
    StatusesFile as "the statuses" in "statuses.toml" {
        /// A status.
        status: StatusForm,
    }
    /// The ticket categories of a pack.
    CategoriesFile as "the categories" in "categories.toml" {
        /// A category.
        category: CategoryForm,
    }
    /// The roles of a pack.
    RolesFile as "the roles" in "roles.toml" {
        /// A role.
        role: RoleForm,
    }
    /// The commitments about tickets.
    CommitmentsFile as "the commitments" in "commitments.toml" {
        /// A commitment.
        commitment: CommitmentForm,
    }
    /// What is promised of the service itself.
    ServiceFile as "the service promises" in "service.toml" {
        /// A promise of uptime.
        uptime: UptimeForm,
        /// A promise of speed.
        performance: PerformanceForm,
        /// A promise of recovery.
        recovery: RecoveryForm,
    }
    /// The escalation ladders of a pack.
    EscalationFile as "the ladders" in "escalation.toml" {
        /// A ladder.
        ladder: LadderForm,
    }
    /// The message templates of a pack.
    TemplatesFile as "the templates" in "templates.toml" {
        /// A template.
        template: TemplateForm,
    }
}

/// Reads a pack.
///
/// # Errors
/// Returns everything that is wrong with it, not only the first mistake.
pub fn load(source: &PackSource) -> Result<Pack, Refusal> {
    load_if(source, |_| false)
}

/// Reads a pack that was applied already, perhaps by a version of the program that was less strict: what is wrong with it
/// is a warning as long as everything that it says could be read.
///
/// # Errors
/// Returns everything that is wrong with it when something could not be read, so that it would promise something else.
pub fn load_applied(source: &PackSource) -> Result<Pack, Refusal> {
    load_if(source, |read_with_errors| !read_with_errors)
}

fn load_if(source: &PackSource, forgive: impl Fn(bool) -> bool) -> Result<Pack, Refusal> {
    let is_error = |problem: &Problem| problem.level == Level::Error;
    let mut problems = Vec::new();
    let draft = read(source, &mut problems);
    let read_with_errors = problems.iter().any(is_error);
    let lowered = draft.and_then(|draft| draft.lower(source, &mut problems));
    sort(&mut problems);
    let refused = problems.iter().any(is_error) && !forgive(read_with_errors);
    match lowered {
        Some((policy, teams)) if !refused => Ok(Pack {
            policy: with_default_templates(policy),
            digest: source.digest(),
            warnings: problems,
            teams,
        }),
        _ => Err(Refusal { problems }),
    }
}

/// The templates of the default pack, which any other pack gets where it has none of its own.
static DEFAULT_TEMPLATES: LazyLock<Vec<MessageTemplate>> = LazyLock::new(|| {
    let mut problems = Vec::new();
    // A test holds that the default pack is sound; were it not, packs would have their own templates only.
    let policy = builtin(DEFAULT_PACK)
        .and_then(|source| read(&source, &mut problems)?.lower(&source, &mut problems));
    let mut templates = policy.map_or_else(Vec::new, |(policy, _)| policy.templates);
    for template in &mut templates {
        template.origin = TemplateOrigin::Default;
    }
    templates
});

/// The templates of the default pack: what is written where no pack is applied yet.
#[must_use]
pub fn default_templates() -> &'static [MessageTemplate] {
    &DEFAULT_TEMPLATES
}

fn with_default_templates(mut policy: Policy) -> Policy {
    for default in default_templates() {
        let has_own = policy
            .templates
            .iter()
            .any(|own| own.name == default.name && own.language == default.language);
        if !has_own {
            policy.templates.push(default.clone());
        }
    }
    policy
}

fn sort(problems: &mut Vec<Problem>) {
    problems.sort_by(|a, b| {
        let key = |problem: &Problem| {
            problem
                .place
                .as_ref()
                .map(|place| (place.file.clone(), place.span.start))
        };
        key(a).cmp(&key(b))
    });
    problems.dedup();
}

fn read(source: &PackSource, problems: &mut Vec<Problem>) -> Option<Draft> {
    let mut draft = Draft::default();
    let mut complete = true;
    for (name, text) in source.files() {
        if !name.ends_with(".toml") {
            continue;
        }
        match draft.add(name, text, problems) {
            Taken::Read => {}
            Taken::Unreadable => complete = false,
            Taken::Unknown => problems.push(unknown_file(name, text)),
        }
    }
    if source.file(MAIN_FILE).is_none() {
        problems.push(
            Problem::of_pack("the pack has no `pack.toml`")
                .help("it begins with name, title, version, description and default_calendar"),
        );
    }
    // What an unreadable file defines is not known, so that every use of it would be called unknown.
    complete.then_some(draft)
}

fn unknown_file(name: &str, text: &str) -> Problem {
    let (mut unused, mut lost) = (Vec::new(), Lost::default());
    let place = Reader::new(name, text, &mut unused, &mut lost).place(0..0);
    Problem::error(&place, format!("a pack has no file `{name}`"))
        .expected("expected a file that packs have")
        .maybe_help(suggestion(name, FILES))
}
