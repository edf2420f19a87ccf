//! Escalation ladders: who is told next, after what.

mod trigger;

use std::borrow::Cow;

use mainstay_domain::condition::Condition;
use mainstay_domain::escalation::{HandOver, Ladder, NotifyChannel, Recipient, Step, StepTiming};
use mainstay_domain::name::{AgentAddress, LadderName};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::condition::{ConditionForm, words};
use crate::names::Definitions;
use crate::place::At;
use crate::problem::Problem;
use crate::reading::{FromToml, Many, Reader, Text, Toml, read_text, record, text_value};
use crate::text::{Length, Name, Word};
use trigger::LadderTriggerForm;

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
    Table(Box<AfterTable>),
}

record! {
    /// After how long a step is taken: exactly one of `unacknowledged` and `unresolved`.
    struct AfterTable as "when a step is taken" {
        /// When nobody has acknowledged for so long since the step before.
        unacknowledged: Option<At<Length>>,
        /// When it is not resolved so long after the escalation was raised.
        unresolved: Option<At<Length>>,
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
            return AfterTable::from_toml(value, reader).map(|table| Self::Table(Box::new(table)));
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
        for (index, step) in self.step.iter().enumerate() {
            if let Some(first) = self.step[..index]
                .iter()
                .find(|first| first.name == step.name)
            {
                names.report(
                    Problem::error(&step.place, format!("two steps are called `{}`", step.name))
                        .expected(
                            "expected a name of its own, by which people tell the steps apart",
                        )
                        .related(&first.place, "the first of that name"),
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
        if self.who.0.is_empty() && !names.lost.any() {
            names.report(
                Problem::error(
                    &self.place,
                    format!("the step `{}` tells nobody", self.name),
                )
                .expected("expected at least one in `who`")
                .help("to tell whoever works on the ticket, write who = \"assignee\""),
            );
        }
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
    let at = |name: &String| At {
        value: Name(name.clone()),
        place: who.place.clone(),
    };
    match &who.value {
        WhoText::Assignee => Recipient::Assignee,
        WhoText::TicketTeam => Recipient::TicketTeam,
        WhoText::Role(name) => Recipient::Role(names.role(&at(name))),
        WhoText::AccountRole(name) => Recipient::AccountRole(names.role(&at(name))),
        WhoText::Team(name) => Recipient::Team(names.team(&at(name))),
        WhoText::OnCall(name) => Recipient::OnCall(names.team(&at(name))),
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
    for length in table.unacknowledged.iter().chain(&table.unresolved) {
        refuse_zero(length, names);
    }
    match (&table.unacknowledged, &table.unresolved) {
        (Some(length), None) => StepTiming::Unacknowledged {
            after: length.value.0,
            calendar,
        },
        (None, Some(length)) => StepTiming::Unresolved {
            after: length.value.0,
            calendar,
        },
        _ => {
            names.report(
                Problem::error(&table.place, "a step is taken after exactly one thing")
                    .expected("expected one of `unacknowledged` and `unresolved`"),
            );
            StepTiming::ByHand
        }
    }
}

fn refuse_zero(length: &At<Length>, names: &mut Definitions<'_>) {
    if !length.value.0.is_positive() {
        names.report(
            Problem::error(&length.place, "a step that waits for no time does not wait")
                .expected("expected a time longer than zero")
                .help("leave `after` out to take the step together with the one before"),
        );
    }
}
