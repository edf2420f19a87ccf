//! Escalation ladders: who is told next, after what.

use std::borrow::Cow;

use jiff::SignedDuration;
use mainstay_domain::condition::Condition;
use mainstay_domain::escalation::{
    EscalationTrigger, Grouping, HandOver, Ladder, ManualReason, NotifyChannel, Recipient, Signs,
    Step, StepTiming, TriggerKind,
};
use mainstay_domain::name::{AgentAddress, LadderName, TeamName};
use mainstay_domain::severity::Severity;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::condition::{ConditionForm, tag, words};
use crate::names::Definitions;
use crate::place::{At, Place};
use crate::problem::Problem;
use crate::reading::{FromToml, Many, Reader, Text, Toml, read_text, record, text_value};
use crate::text::{Length, Name, TagText, Vocabulary, Word};
use crate::tier::strings;

record! {
    /// A ladder: steps that are taken one after the other until somebody acknowledges.
    struct LadderForm as "a ladder" {
        /// Its name.
        name: At<Name>,
        /// What it is for, in a sentence.
        description: String,
        /// The tickets it is for; all of them when absent.
        applies: Option<ConditionForm>,
        /// What raises it; any one suffices.
        triggers: Option<Many<LadderTriggerForm>>,
        /// Its steps, in order.
        step: Vec<StepForm>,
        /// The ladder on which the escalation goes on when the last step did not help.
        next: Option<HandOverForm>,
    }
}

record! {
    /// What raises a ladder.
    struct LadderTriggerForm as "a ladder's trigger" {
        /// What must be so.
        on: At<Word<TriggerWord>>,
        /// `sla_breached`, `sla_at_risk`: which commitments; any when absent.
        commitments: Option<Many<At<Name>>>,
        /// `severity_is`: which severities.
        severity: Option<Many<Word<Severity>>>,
        /// `accounts_affected`: how many different accounts, from 2.
        accounts: Option<At<u32>>,
        /// `accounts_affected`: within which time.
        window: Option<Length>,
        /// `accounts_affected`: tags that begin with this, such as `component:`, belong together; the category decides
        /// when absent.
        tag_prefix: Option<String>,
        /// `security_incident`, `data_breach`, `data_loss`: in one of these categories.
        categories: Option<Many<At<Name>>>,
        /// … or with one of these tags.
        tags: Option<Many<TagText>>,
        /// … or with one of these words or phrases in the text.
        words: Option<Many<String>>,
        /// `unresolved`: so long after the ticket was opened.
        after: Option<Length>,
        /// `unresolved`: the calendar on which that is counted; every hour counts when absent.
        calendar: Option<At<Name>>,
        /// `manual`: for which reasons; any when absent.
        reasons: Option<Many<Word<ManualReason>>>,
        /// The level at which the ladder begins; its foot when absent.
        level: Option<At<LevelNumber>>,
    }
}

/// What can raise a ladder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TriggerWord {
    SlaBreached,
    SlaAtRisk,
    SeverityIs,
    AccountsAffected,
    SecurityIncident,
    DataBreach,
    DataLoss,
    Unresolved,
    Manual,
}

impl TriggerWord {
    const ALL: [Self; 9] = [
        Self::SlaBreached,
        Self::SlaAtRisk,
        Self::SeverityIs,
        Self::AccountsAffected,
        Self::SecurityIncident,
        Self::DataBreach,
        Self::DataLoss,
        Self::Unresolved,
        Self::Manual,
    ];

    fn as_str(self) -> &'static str {
        match self {
            Self::SlaBreached => "sla_breached",
            Self::SlaAtRisk => "sla_at_risk",
            Self::SeverityIs => "severity_is",
            Self::AccountsAffected => "accounts_affected",
            Self::SecurityIncident => "security_incident",
            Self::DataBreach => "data_breach",
            Self::DataLoss => "data_loss",
            Self::Unresolved => "unresolved",
            Self::Manual => "manual",
        }
    }

    /// The keys that say more about it, besides `on` and `level`.
    fn keys(self) -> &'static [&'static str] {
        match self {
            Self::SlaBreached | Self::SlaAtRisk => &["commitments"],
            Self::SeverityIs => &["severity"],
            Self::AccountsAffected => &["accounts", "window", "tag_prefix"],
            Self::SecurityIncident | Self::DataBreach | Self::DataLoss => {
                &["categories", "tags", "words"]
            }
            Self::Unresolved => &["after", "calendar"],
            Self::Manual => &["reasons"],
        }
    }
}

impl Vocabulary for TriggerWord {
    const WHAT: &'static str = "something that raises a ladder";

    fn words() -> Vec<(&'static str, Self)> {
        Self::ALL.map(|word| (word.as_str(), word)).to_vec()
    }
}

/// A level of a ladder, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct LevelNumber(pub u8);

impl FromToml for LevelNumber {
    fn what() -> Cow<'static, str> {
        Cow::Borrowed("a level: a whole number from 1 to 255")
    }

    fn from_toml(value: &Toml<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        let number = value
            .get_ref()
            .as_integer()
            .and_then(|integer| u8::from_str_radix(integer.as_str(), integer.radix()).ok())
            .filter(|number| *number > 0);
        if number.is_none() {
            reader.wrong_kind(value, &Self::what());
        }
        number.map(Self)
    }
}

impl JsonSchema for LevelNumber {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        Cow::Borrowed("LevelNumber")
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "integer", "minimum": 1, "maximum": 255 })
    }
}

record! {
    /// A step of a ladder.
    struct StepForm as "a step" {
        /// Its name, for people.
        name: String,
        /// The level it reaches, from 1; levels never fall.
        level: At<LevelNumber>,
        /// Who is told: `assignee`, `ticket_team`, `role:…`, `account_role:…`, `team:…`, `on_call:…`, `person:…`.
        who: Many<At<WhoText>>,
        /// When it is taken; together with the step before it (or when the ladder is raised) when absent.
        after: Option<AfterForm>,
        /// By which channels; `in_app` and `email` when absent.
        channels: Option<Many<Word<NotifyChannel>>>,
        /// Within which time somebody told should respond.
        respond_within: Option<Length>,
        /// Whether it reaches somebody whose hours are closed.
        wake: Option<bool>,
    }
}

/// Who is told, before names are checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum WhoText {
    Assignee,
    TicketTeam,
    Role(String),
    AccountRole(String),
    Team(String),
    OnCall(String),
    Person(String),
}

text_value!(WhoText);

impl Text for WhoText {
    const WHAT: &'static str = "who is told: \"assignee\", \"ticket_team\", or \"role:…\", \"account_role:…\", \"team:…\", \"on_call:…\", \"person:…\"";

    fn parse(text: &str) -> Result<Self, (String, Option<String>)> {
        let refuse = || {
            (
                format!("`{text}` names nobody"),
                Some("to tell everybody of a role, write \"role:support_manager\"".to_owned()),
            )
        };
        match text.split_once(':') {
            None if text == "assignee" => Ok(Self::Assignee),
            None if text == "ticket_team" => Ok(Self::TicketTeam),
            None => Err(refuse()),
            Some((kind, name)) => {
                let name = name.trim();
                if name.is_empty() {
                    return Err(refuse());
                }
                let name = name.to_owned();
                match kind {
                    "role" => Ok(Self::Role(name)),
                    "account_role" => Ok(Self::AccountRole(name)),
                    "team" => Ok(Self::Team(name)),
                    "on_call" => Ok(Self::OnCall(name)),
                    "person" => Ok(Self::Person(name)),
                    _ => Err(refuse()),
                }
            }
        }
    }

    fn schema() -> Schema {
        json_schema!({
            "type": "string",
            "pattern": "^(assignee|ticket_team|(role|account_role|team|on_call|person):.+)$"
        })
    }
}

/// When a step is taken: `"by_hand"`, `{ unacknowledged = "30m" }` or `{ unresolved = "24h" }`.
#[derive(Debug, Clone)]
pub(crate) enum AfterForm {
    ByHand,
    Table(AfterTable),
}

record! {
    /// After how long a step is taken: exactly one of `unacknowledged` and `unresolved`.
    struct AfterTable as "when a step is taken" {
        /// When nobody has acknowledged for so long since the step before.
        unacknowledged: Option<Length>,
        /// When it is not resolved so long after the escalation was raised.
        unresolved: Option<Length>,
        /// The calendar on which that is counted; every hour counts when absent.
        calendar: Option<At<Name>>,
    }
}

#[derive(Debug, Clone, Copy)]
struct ByHand;

impl Text for ByHand {
    const WHAT: &'static str =
        "\"by_hand\", { unacknowledged = \"30m\" } or { unresolved = \"24h\" }";

    fn parse(text: &str) -> Result<Self, (String, Option<String>)> {
        if text == "by_hand" {
            return Ok(Self);
        }
        Err((format!("`{text}` does not say when a step is taken"), None))
    }
}

impl FromToml for AfterForm {
    fn what() -> Cow<'static, str> {
        Cow::Borrowed(ByHand::WHAT)
    }

    fn from_toml(value: &Toml<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        if value.get_ref().is_table() {
            return AfterTable::from_toml(value, reader).map(Self::Table);
        }
        read_text::<ByHand>(value, reader).map(|ByHand| Self::ByHand)
    }
}

impl JsonSchema for AfterForm {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        Cow::Borrowed("AfterForm")
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let table = generator.subschema_for::<AfterTable>();
        json_schema!({ "anyOf": [{ "const": "by_hand" }, table] })
    }
}

record! {
    /// The ladder on which an escalation goes on.
    struct HandOverForm as "a hand-over" {
        /// The other ladder.
        ladder: At<Name>,
        /// When; together with the last step when absent.
        after: Option<AfterForm>,
    }
}

impl LadderForm {
    /// The ladder, its names and the order of its levels checked.
    pub fn lower(&self, names: &mut Definitions<'_>) -> Ladder {
        if self.step.is_empty() && !names.lost.any() {
            names.report(
                Problem::error(
                    &self.name.place,
                    format!("the ladder `{}` has no steps", self.name.value.0),
                )
                .expected("expected at least one [[ladder.step]]"),
            );
        }
        for pair in self.step.windows(2) {
            if pair[1].level.value < pair[0].level.value {
                names.report(
                    Problem::error(&pair[1].level.place, "a ladder does not lead down")
                        .expected(format!(
                            "expected level {} or higher",
                            pair[0].level.value.0
                        ))
                        .related(&pair[0].level.place, "the step before"),
                );
            }
        }
        let highest = self.step.last().map(|step| step.level.value);
        Ladder {
            name: LadderName::from(self.name.value.0.as_str()),
            description: self.description.clone(),
            applies: self
                .applies
                .as_ref()
                .map_or(Condition::Always, |applies| applies.lower(names)),
            triggers: self
                .triggers
                .iter()
                .flat_map(|Many(forms)| forms)
                .filter_map(|form| form.lower(highest, names))
                .collect(),
            steps: self.step.iter().map(|step| step.lower(names)).collect(),
            next: self.next.as_ref().map(|next| HandOver {
                ladder: names.ladder(&next.ladder),
                after: timing(next.after.as_ref(), names),
            }),
            source: self.place.source(),
        }
    }

    /// The ladder to which it hands over, and where it says so.
    pub fn hand_over(&self) -> Option<&At<Name>> {
        self.next.as_ref().map(|next| &next.ladder)
    }
}

impl StepForm {
    fn lower(&self, names: &mut Definitions<'_>) -> Step {
        Step {
            name: self.name.clone(),
            level: self.level.value.0,
            who: self.who.0.iter().map(|who| recipient(who, names)).collect(),
            after: timing(self.after.as_ref(), names),
            channels: words(&self.channels)
                .unwrap_or_else(|| vec![NotifyChannel::InApp, NotifyChannel::Email]),
            respond_within: self.respond_within.map(|Length(within)| within),
            wake: self.wake.unwrap_or(false),
            source: self.place.source(),
        }
    }
}

fn recipient(who: &At<WhoText>, names: &mut Definitions<'_>) -> Recipient {
    let mut role = |name: &String| {
        names.role(&At {
            value: Name(name.clone()),
            place: who.place.clone(),
        })
    };
    match &who.value {
        WhoText::Assignee => Recipient::Assignee,
        WhoText::TicketTeam => Recipient::TicketTeam,
        WhoText::Role(name) => Recipient::Role(role(name)),
        WhoText::AccountRole(name) => Recipient::AccountRole(role(name)),
        WhoText::Team(name) => Recipient::Team(TeamName::from(name.as_str())),
        WhoText::OnCall(name) => Recipient::OnCall(TeamName::from(name.as_str())),
        WhoText::Person(name) => Recipient::Person(AgentAddress::from(name.as_str())),
    }
}

fn timing(after: Option<&AfterForm>, names: &mut Definitions<'_>) -> StepTiming {
    let table = match after {
        None => return StepTiming::OnRaise,
        Some(AfterForm::ByHand) => return StepTiming::ByHand,
        Some(AfterForm::Table(table)) => table,
    };
    let calendar = table.calendar.as_ref().map(|name| names.calendar(name));
    match (table.unacknowledged, table.unresolved) {
        (Some(Length(after)), None) => StepTiming::Unacknowledged { after, calendar },
        (None, Some(Length(after))) => StepTiming::Unresolved { after, calendar },
        _ => {
            names.report(
                Problem::error(&table.place, "a step is taken after exactly one thing")
                    .expected("expected one of `unacknowledged` and `unresolved`"),
            );
            StepTiming::ByHand
        }
    }
}

impl LadderTriggerForm {
    fn lower(
        &self,
        highest: Option<LevelNumber>,
        names: &mut Definitions<'_>,
    ) -> Option<EscalationTrigger> {
        self.refuse_foreign_keys(names);
        if let (Some(level), Some(highest)) = (&self.level, highest)
            && level.value > highest
        {
            names.report(
                Problem::error(
                    &level.place,
                    format!("the ladder has no level {}", level.value.0),
                )
                .expected(format!("expected a level up to {}", highest.0)),
            );
        }
        Some(EscalationTrigger {
            on: self.kind(names)?,
            level: self.level.as_ref().map(|level| level.value.0),
        })
    }

    fn kind(&self, names: &mut Definitions<'_>) -> Option<TriggerKind> {
        Some(match self.on.value.0 {
            TriggerWord::SlaBreached => TriggerKind::SlaBreached {
                commitments: self.commitment_names(names),
            },
            TriggerWord::SlaAtRisk => TriggerKind::SlaAtRisk {
                commitments: self.commitment_names(names),
            },
            TriggerWord::SeverityIs => {
                let severities = words(&self.severity);
                TriggerKind::SeverityIs(self.required("severity", severities, names)?)
            }
            TriggerWord::AccountsAffected => self.accounts_affected(names)?,
            TriggerWord::SecurityIncident => TriggerKind::SecurityIncident(self.signs(names)?),
            TriggerWord::DataBreach => TriggerKind::DataBreach(self.signs(names)?),
            TriggerWord::DataLoss => TriggerKind::DataLoss(self.signs(names)?),
            TriggerWord::Unresolved => {
                let after = self.after.map(|Length(after)| after);
                TriggerKind::Unresolved {
                    after: self.required("after", after, names)?,
                    calendar: self.calendar.as_ref().map(|name| names.calendar(name)),
                }
            }
            TriggerWord::Manual => TriggerKind::Manual {
                reasons: words(&self.reasons).unwrap_or_default(),
            },
        })
    }

    fn commitment_names(
        &self,
        names: &mut Definitions<'_>,
    ) -> Vec<mainstay_domain::name::CommitmentName> {
        self.commitments
            .iter()
            .flat_map(|Many(all)| all)
            .map(|name| names.commitment(name))
            .collect()
    }

    fn accounts_affected(&self, names: &mut Definitions<'_>) -> Option<TriggerKind> {
        let window: Option<SignedDuration> = self.window.map(|Length(window)| window);
        let count = self.required("accounts", self.accounts.as_ref(), names);
        let window = self.required("window", window, names);
        let (count, window) = (count?, window?);
        if count.value < 2 {
            names.report(
                Problem::error(&count.place, "one account is affected by every ticket")
                    .expected("expected 2 or more"),
            );
        }
        Some(TriggerKind::AccountsAffected {
            count: count.value,
            window,
            by: self
                .tag_prefix
                .as_ref()
                .map_or(Grouping::Category, |prefix| Grouping::Tag {
                    prefix: prefix.clone(),
                }),
        })
    }

    fn signs(&self, names: &mut Definitions<'_>) -> Option<Signs> {
        let signs = Signs {
            categories: self
                .categories
                .iter()
                .flat_map(|Many(all)| all)
                .map(|name| names.category(name))
                .collect(),
            tags: self
                .tags
                .iter()
                .flat_map(|Many(all)| all)
                .map(tag)
                .collect(),
            words: strings(&self.words),
        };
        let some = (signs != Signs::default()).then_some(signs);
        self.required("categories` or `tags` or `words", some, names)
    }

    fn required<T>(&self, key: &str, value: Option<T>, names: &mut Definitions<'_>) -> Option<T> {
        if value.is_none() {
            names.report(missing(self.on.value.0, key, &self.on.place));
        }
        value
    }

    /// A key that belongs to another kind of trigger would be ignored in silence, so it is refused.
    fn refuse_foreign_keys(&self, names: &mut Definitions<'_>) {
        let given = [
            ("commitments", self.commitments.is_some()),
            ("severity", self.severity.is_some()),
            ("accounts", self.accounts.is_some()),
            ("window", self.window.is_some()),
            ("tag_prefix", self.tag_prefix.is_some()),
            ("categories", self.categories.is_some()),
            ("tags", self.tags.is_some()),
            ("words", self.words.is_some()),
            ("after", self.after.is_some()),
            ("calendar", self.calendar.is_some()),
            ("reasons", self.reasons.is_some()),
        ];
        let on = self.on.value.0;
        for (key, is_given) in given {
            if is_given && !on.keys().contains(&key) {
                names.report(
                    Problem::error(
                        &self.on.place,
                        format!("`{key}` says nothing about `{}`", on.as_str()),
                    )
                    .expected(format!(
                        "expected only {}",
                        crate::problem::listed(on.keys())
                    )),
                );
            }
        }
    }
}

fn missing(on: TriggerWord, key: &str, place: &Place) -> Problem {
    Problem::error(place, format!("`{}` needs `{key}`", on.as_str()))
        .expected(format!("expected `{key}` beside it"))
}
