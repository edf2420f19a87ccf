//! Conditions and triggers: when a rule of the pack applies, and what moves a clock.

use std::borrow::Cow;

use mainstay_domain::commitment::{Occurrence, Trigger};
use mainstay_domain::condition::{Condition, NamedTeam};
use mainstay_domain::event::{Channel, Side};
use mainstay_domain::name::Tag;
use mainstay_domain::severity::Severity;
use mainstay_domain::status::StatusKind;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::names::Definitions;
use crate::place::{At, Place};
use crate::problem::Problem;
use crate::reading::{FromToml, Many, Reader, Toml, record};
use crate::text::{Name, TagText, Vocabulary, Word};

record! {
    /// What must hold of a ticket: everything that is said here. An empty table holds of every ticket.
    struct ConditionForm as "a condition" {
        /// The status is one of these.
        status: Option<Many<At<Name>>>,
        /// The status is of one of these kinds: `new`, `open`, `pending_customer`, `on_hold`, `resolved`, `closed`.
        status_kind: Option<Many<Word<StatusKind>>>,
        /// The severity is one of these.
        severity: Option<Many<Word<Severity>>>,
        /// The tier of the account's contract is one of these.
        tier: Option<Many<At<Name>>>,
        /// The category is one of these.
        category: Option<Many<At<Name>>>,
        /// It came by one of these ways.
        channel: Option<Many<Word<Channel>>>,
        /// It lies with one of these teams, by their names in the store.
        team: Option<Many<At<Name>>>,
        /// It bears one of these tags.
        tag: Option<Many<TagText>>,
        /// This side must write next: the other one wrote last.
        awaiting: Option<Word<Side>>,
        /// Whether it is assigned to somebody.
        assigned: Option<bool>,
        /// Whether it is known whose it is: a stranger has no account.
        account: Option<bool>,
        /// Every one of these conditions holds.
        all: Option<Vec<ConditionForm>>,
        /// One of these conditions holds.
        any: Option<Vec<ConditionForm>>,
        /// This condition does not hold.
        not: Option<Box<ConditionForm>>,
    }
}

impl FromToml for Box<ConditionForm> {
    fn what() -> Cow<'static, str> {
        ConditionForm::what()
    }

    fn from_toml(value: &Toml<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        ConditionForm::from_toml(value, reader).map(Self::new)
    }
}

impl ConditionForm {
    /// The condition, its names checked.
    pub fn lower(&self, names: &mut Definitions<'_>) -> Condition {
        let mut parts = Vec::new();
        if let Some(Many(statuses)) = &self.status {
            let statuses = statuses.iter().map(|name| names.status(name));
            parts.push(Condition::Status(statuses.collect()));
        }
        if let Some(kinds) = words(&self.status_kind) {
            parts.push(Condition::StatusKind(kinds));
        }
        if let Some(severities) = words(&self.severity) {
            parts.push(Condition::Severity(severities));
        }
        if let Some(Many(tiers)) = &self.tier {
            parts.push(Condition::Tier(
                tiers.iter().map(|name| names.tier(name)).collect(),
            ));
        }
        if let Some(Many(categories)) = &self.category {
            let categories = categories.iter().map(|name| names.category(name));
            parts.push(Condition::Category(categories.collect()));
        }
        if let Some(channels) = words(&self.channel) {
            parts.push(Condition::Channel(channels));
        }
        if let Some(Many(teams)) = &self.team {
            let teams = teams.iter().map(|name| NamedTeam {
                name: names.team(name),
                id: None,
            });
            parts.push(Condition::Team(teams.collect()));
        }
        if let Some(Many(tags)) = &self.tag {
            parts.push(Condition::Tag(tags.iter().map(tag).collect()));
        }
        if let Some(Word(side)) = self.awaiting {
            parts.push(Condition::Awaiting(side));
        }
        let asked = [
            (self.assigned, Condition::Assigned),
            (self.account, Condition::Account),
        ];
        parts.extend(asked.into_iter().filter_map(|(asked, condition)| {
            asked.map(|holds| {
                if holds {
                    condition
                } else {
                    Condition::Not(Box::new(condition))
                }
            })
        }));
        if let Some(all) = &self.all {
            parts.extend(all.iter().map(|condition| condition.lower(names)));
        }
        if let Some(any) = &self.any {
            let any = any.iter().map(|condition| condition.lower(names));
            parts.push(Condition::Any(any.collect()));
        }
        if let Some(not) = &self.not {
            parts.push(Condition::Not(Box::new(not.lower(names))));
        }
        match parts.len() {
            0 => Condition::Always,
            1 => parts.remove(0),
            _ => Condition::All(parts),
        }
    }
}

/// The values of a list of words.
pub(crate) fn words<T: Copy>(list: &Option<Many<Word<T>>>) -> Option<Vec<T>> {
    let Many(words) = list.as_ref()?;
    Some(words.iter().map(|Word(value)| *value).collect())
}

/// A tag of the domain.
pub(crate) fn tag(text: &TagText) -> Tag {
    Tag::from(text.0.as_str())
}

/// What moves a clock: a word, or a table that says more.
#[derive(Debug, Clone)]
pub(crate) struct TriggerForm(TriggerTable);

record! {
    /// What moves a clock: exactly one of `on`, `status` and `tag`, and what must hold besides.
    struct TriggerTable as "a trigger" {
        /// What must happen.
        on: Option<OccurrenceWord>,
        /// The status becomes one of these, having been another.
        status: Option<Many<At<Name>>>,
        /// This tag is added.
        tag: Option<TagText>,
        /// Only when this side did it.
        by: Option<Word<Side>>,
        /// Only when this holds just after it.
        when: Option<ConditionForm>,
    }
}

/// A word for an occurrence.
type OccurrenceWord = Word<OccurrenceName>;

/// The occurrences that a single word names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OccurrenceName {
    /// The status becomes one of this kind.
    Entered(StatusKind),
    /// Any of the others.
    Plain(usize),
}

/// The occurrences without parameters, and their words.
const PLAIN: [(&str, Occurrence); 11] = [
    ("opened", Occurrence::Opened),
    ("customer_message", Occurrence::CustomerMessage),
    ("agent_reply", Occurrence::AgentReply),
    ("done", Occurrence::Done),
    ("reopened", Occurrence::Reopened),
    ("severity_changed", Occurrence::SeverityChanged),
    ("category_changed", Occurrence::CategoryChanged),
    ("team_changed", Occurrence::TeamChanged),
    ("assigned", Occurrence::Assigned),
    ("escalated", Occurrence::Escalated),
    ("acknowledged", Occurrence::Acknowledged),
];

impl Vocabulary for OccurrenceName {
    const WHAT: &'static str = "something that can happen to a ticket";

    fn words() -> Vec<(&'static str, Self)> {
        let entered = StatusKind::ALL
            .into_iter()
            .filter(|kind| *kind != StatusKind::New)
            .map(|kind| (kind.as_str(), Self::Entered(kind)));
        PLAIN
            .iter()
            .enumerate()
            .map(|(index, (word, _))| (*word, Self::Plain(index)))
            .chain(entered)
            .collect()
    }
}

impl OccurrenceName {
    fn occurrence(self) -> Occurrence {
        match self {
            Self::Entered(kind) => Occurrence::Entered(kind),
            Self::Plain(index) => PLAIN[index].1.clone(),
        }
    }
}

impl FromToml for TriggerForm {
    fn what() -> Cow<'static, str> {
        Cow::Borrowed("what moves a clock, such as \"opened\" or { status = \"resolved\" }")
    }

    fn from_toml(value: &Toml<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        if value.get_ref().is_table() {
            return TriggerTable::from_toml(value, reader).map(Self);
        }
        let place = reader.place(value.span());
        let on = Word::from_toml(value, reader)?;
        Some(Self(TriggerTable {
            on: Some(on),
            status: None,
            tag: None,
            by: None,
            when: None,
            place,
        }))
    }
}

impl JsonSchema for TriggerForm {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        Cow::Borrowed("TriggerForm")
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let word = generator.subschema_for::<OccurrenceWord>();
        let table = generator.subschema_for::<TriggerTable>();
        json_schema!({ "anyOf": [word, table] })
    }
}

impl TriggerForm {
    /// The trigger, its names checked; nothing when it says nothing or too much.
    pub fn lower(&self, names: &mut Definitions<'_>) -> Option<Trigger> {
        let TriggerTable {
            on,
            status,
            tag: tag_text,
            by,
            when,
            place,
        } = &self.0;
        let mut conditions: Vec<Condition> = when
            .iter()
            .map(|condition| condition.lower(names))
            .collect();
        let on = match (on, status, tag_text) {
            (Some(Word(word)), None, None) => word.occurrence(),
            (None, Some(Many(statuses)), None) => {
                let statuses = statuses.iter().map(|name| names.status(name)).collect();
                conditions.insert(0, Condition::Status(statuses));
                Occurrence::StatusChanged
            }
            (None, None, Some(text)) => Occurrence::Tagged(tag(text)),
            _ => {
                names.report(not_one_of_three(place));
                return None;
            }
        };
        let when = match conditions.len() {
            0 => Condition::Always,
            1 => conditions.remove(0),
            _ => Condition::All(conditions),
        };
        Some(Trigger {
            on,
            when,
            by: by.map(|Word(side)| side),
        })
    }
}

fn not_one_of_three(place: &Place) -> Problem {
    Problem::error(place, "a trigger names exactly one thing that happens")
        .expected("expected one of `on`, `status` and `tag`")
        .help("write several triggers as a list: [\"opened\", { status = \"open\" }]")
}
