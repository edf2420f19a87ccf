//! The map: which column of another system's export means what here. Read from TOML; every mistake carries its place.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

use jiff::Timestamp;
use mainstay_domain::name::CommitmentName;
use serde::Deserialize;
use serde::de::{Deserializer, Error as _, IgnoredAny};
use toml::Spanned;

use crate::date::{DateFormat, Zone};
use crate::encoding::{Delimiter, Encoding, Format};
use crate::known::Known;
use crate::table::{Meaning, Table};
use crate::template::Templates;

/// The maps that come with the program, by name.
const BUILTIN: [(&str, &str); 3] = [
    (
        "servicenow-incidents",
        include_str!("../../../maps/servicenow-incidents.toml"),
    ),
    (
        "zendesk-csv",
        include_str!("../../../maps/zendesk-csv.toml"),
    ),
    (
        "zendesk-tickets",
        include_str!("../../../maps/zendesk-tickets.toml"),
    ),
];

/// How the columns of another system's export are read.
#[derive(Debug, Clone)]
pub struct ImportMap {
    /// What is wrong with it is said with the file it came from.
    file: String,
    text: String,
    pub(crate) form: Form,
}

/// Something that is wrong with a map.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MapProblem(String);

impl fmt::Display for MapProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for MapProblem {}

impl ImportMap {
    /// Reads a map; `file` is what its mistakes are said to stand in.
    ///
    /// # Errors
    /// Says what is wrong, with file, line and column.
    pub fn parse(file: &str, text: &str) -> Result<Self, MapProblem> {
        let form = toml::from_str(text).map_err(|error| {
            let message = error.message().trim().replace('\n', " ");
            problem(file, text, error.span().unwrap_or(0..0), &message)
        })?;
        Ok(Self {
            file: file.to_owned(),
            text: text.to_owned(),
            form,
        })
    }

    /// A map that comes with the program.
    #[must_use]
    pub fn builtin(name: &str) -> Option<Self> {
        let (_, text) = BUILTIN.iter().find(|(other, _)| *other == name)?;
        Self::parse(&format!("maps/{name}.toml"), text).ok()
    }

    /// The names of the maps that come with the program.
    pub fn builtin_names() -> impl Iterator<Item = &'static str> {
        BUILTIN.iter().map(|(name, _)| *name)
    }

    /// The system the tickets come from: external ids are unique within it.
    #[must_use]
    pub fn name(&self) -> &str {
        self.form.name.get_ref()
    }

    /// The map as it is written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What the other system's verdict is called, and our commitment beside it, where the map names one.
    #[must_use]
    pub fn comparison(&self) -> Option<(&str, CommitmentName)> {
        let compare = self.form.compare.as_ref()?;
        let commitment = CommitmentName::from(compare.commitment.as_str());
        Some((&compare.name, commitment))
    }

    /// Refuses what the map gives and is not known, tiers apart.
    ///
    /// # Errors
    /// Says what is wrong, with file, line and column.
    pub fn check(&self, known: &Known) -> Result<(), MapProblem> {
        let form = &self.form;
        for (what, table) in [
            ("status", &form.status),
            ("severity", &form.severity),
            ("category", &form.category),
            ("channel", &form.channel),
        ] {
            self.check_table(what, table.as_ref(), known)?;
        }
        Ok(())
    }

    /// Refuses tiers that the map gives and that are not known.
    ///
    /// # Errors
    /// Says what is wrong, with file, line and column.
    pub fn check_tiers(&self, known: &Known) -> Result<(), MapProblem> {
        self.check_table("tier", self.form.tier.as_ref(), known)
    }

    fn check_table(
        &self,
        what: &str,
        table: Option<&Spanned<Table>>,
        known: &Known,
    ) -> Result<(), MapProblem> {
        let Some(table) = table.map(Spanned::get_ref) else {
            return Ok(());
        };
        let refused = |span, fault: String| self.problem(span, &fault);
        for meaning in table.meanings() {
            if let Meaning::Is(value) = meaning.get_ref() {
                known
                    .check(what, value)
                    .map_err(|fault| refused(meaning.span(), fault))?;
            }
        }
        if table.values.is_empty()
            && let Some(value) = table.from.get_ref().constant()
        {
            known
                .check(what, value)
                .map_err(|fault| refused(table.from.span(), fault))?;
        }
        Ok(())
    }

    /// A mistake at a place of the map.
    fn problem(&self, span: Range<usize>, message: &str) -> MapProblem {
        problem(&self.file, &self.text, span, message)
    }

    /// Refuses columns that a file with this header does not have, or has twice.
    pub(crate) fn check_header(&self, header: &[String]) -> Result<(), MapProblem> {
        for templates in self.form.templates() {
            for column in templates.get_ref().columns() {
                let count = header.iter().filter(|name| *name == column).count();
                let fault = match count {
                    1 => continue,
                    0 => format!(
                        "the file has no column {column:?}; {}",
                        nearest(column, header)
                    ),
                    _ => format!("the file has {count} columns {column:?}: rename all but one"),
                };
                return Err(self.problem(templates.span(), &fault));
            }
        }
        Ok(())
    }
}

/// `file:line:column: message`, with the line and the place marked in it.
fn problem(file: &str, text: &str, span: Range<usize>, message: &str) -> MapProblem {
    let start = (0..=span.start.min(text.len()))
        .rev()
        .find(|index| text.is_char_boundary(*index))
        .unwrap_or(0);
    let before = &text[..start];
    let number = before.matches('\n').count() + 1;
    let line_start = before.rfind('\n').map_or(0, |index| index + 1);
    let column = before[line_start..].chars().count() + 1;
    let line = text[line_start..].lines().next().unwrap_or_default();
    let end = span
        .end
        .clamp(start, line_start + line.len().max(start - line_start));
    let width = text
        .get(start..end)
        .map_or(1, |marked| marked.chars().count())
        .max(1);
    let margin = " ".repeat(number.to_string().len());
    MapProblem(format!(
        "{file}:{number}:{column}: {message}\n{margin} |\n{number} | {line}\n{margin} | {}{}",
        " ".repeat(column - 1),
        "^".repeat(width),
    ))
}

/// So many columns of a file are named where one is missing.
const MOST_NAMED: usize = 40;

fn nearest(name: &str, candidates: &[String]) -> String {
    let folded = name.to_lowercase();
    let near = candidates
        .iter()
        .map(|candidate| {
            (
                strsim::damerau_levenshtein(&folded, &candidate.to_lowercase()),
                candidate,
            )
        })
        .filter(|(distance, candidate)| *distance <= (candidate.chars().count() / 3).max(1))
        .min_by_key(|(distance, _)| *distance);
    match near {
        Some((_, near)) => format!("did you mean {near:?}?"),
        None if candidates.len() > MOST_NAMED => format!(
            "it has {} and {} more",
            candidates[..MOST_NAMED].join(", "),
            candidates.len() - MOST_NAMED
        ),
        None => format!("it has {}", candidates.join(", ")),
    }
}

/// The map as it stands in the file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Form {
    pub name: Spanned<SourceName>,
    #[serde(rename = "description", default)]
    _description: Option<IgnoredAny>,
    #[serde(default)]
    pub format: Option<Format>,
    #[serde(default)]
    pub records: Option<String>,
    #[serde(default)]
    pub delimiter: Option<Delimiter>,
    #[serde(default)]
    pub encoding: Encoding,
    #[serde(default)]
    pub missing: Vec<String>,
    #[serde(default)]
    pub time_zone: Zone,
    #[serde(default)]
    pub date_formats: Vec<DateFormat>,
    pub ticket: TicketForm,
    #[serde(default)]
    pub events: Option<EventsForm>,
    #[serde(default)]
    pub account: PartyForm,
    #[serde(default)]
    pub contact: PartyForm,
    #[serde(default)]
    pub team: PartyForm,
    #[serde(default)]
    pub assignee: PartyForm,
    #[serde(default)]
    pub status: Option<Spanned<Table>>,
    #[serde(default)]
    pub severity: Option<Spanned<Table>>,
    #[serde(default)]
    pub category: Option<Spanned<Table>>,
    #[serde(default)]
    pub channel: Option<Spanned<Table>>,
    #[serde(default)]
    pub tier: Option<Spanned<Table>>,
    #[serde(default)]
    pub fields: BTreeMap<String, Spanned<Templates>>,
    #[serde(default)]
    pub field_list: Vec<FieldList>,
    #[serde(default)]
    pub compare: Option<CompareForm>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TicketForm {
    pub external_id: Spanned<Templates>,
    pub subject: Spanned<Templates>,
    #[serde(default)]
    pub description: Option<Spanned<Templates>>,
    pub opened_at: Spanned<Templates>,
    #[serde(default)]
    pub resolved_at: Option<Spanned<Templates>>,
    #[serde(default)]
    pub closed_at: Option<Spanned<Templates>>,
    #[serde(default)]
    pub updated_at: Option<Spanned<Templates>>,
    #[serde(default)]
    pub tags: Option<Spanned<Templates>>,
}

/// Each row is what a ticket looked like at an instant.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EventsForm {
    pub at: Spanned<Templates>,
    #[serde(default)]
    pub order_by: Option<Spanned<Templates>>,
}

/// An account, a contact, a team or an agent.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PartyForm {
    #[serde(default)]
    pub external_id: Option<Spanned<Templates>>,
    #[serde(default)]
    pub name: Option<Spanned<Templates>>,
    #[serde(default)]
    pub email: Option<Spanned<Templates>>,
}

/// A list of names and values, such as Zendesk's custom fields.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FieldList {
    pub from: String,
    pub name: String,
    pub value: String,
    #[serde(default)]
    pub prefix: String,
}

/// A verdict of the other system to be put beside ours.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CompareForm {
    pub name: String,
    pub from: Spanned<Templates>,
    #[serde(default = "resolution")]
    pub commitment: String,
    pub met: Vec<String>,
    pub missed: Vec<String>,
}

fn resolution() -> String {
    "resolution".to_owned()
}

impl Form {
    /// Every place that names columns.
    fn templates(&self) -> impl Iterator<Item = &Spanned<Templates>> {
        let ticket = &self.ticket;
        let parties = [&self.account, &self.contact, &self.team, &self.assignee];
        let tables = [
            &self.status,
            &self.severity,
            &self.category,
            &self.channel,
            &self.tier,
        ];
        [&ticket.external_id, &ticket.subject, &ticket.opened_at]
            .into_iter()
            .chain(
                [&ticket.description, &ticket.resolved_at, &ticket.closed_at]
                    .into_iter()
                    .flatten(),
            )
            .chain([&ticket.updated_at, &ticket.tags].into_iter().flatten())
            .chain(
                self.events
                    .iter()
                    .flat_map(|events| std::iter::once(&events.at).chain(&events.order_by)),
            )
            .chain(parties.into_iter().flat_map(|party| {
                [&party.external_id, &party.name, &party.email]
                    .into_iter()
                    .flatten()
            }))
            .chain(
                tables
                    .into_iter()
                    .flatten()
                    .map(|table| &table.get_ref().from),
            )
            .chain(self.fields.values())
            .chain(self.compare.iter().map(|compare| &compare.from))
    }

    /// The instant a text names.
    pub fn instant(&self, text: &str) -> Result<Timestamp, String> {
        let found = if self.date_formats.is_empty() {
            DateFormat::Rfc3339.read(text, &self.time_zone.0)
        } else {
            self.date_formats
                .iter()
                .find_map(|format| format.read(text, &self.time_zone.0))
        };
        found.ok_or_else(|| {
            let formats: Vec<String> = self.date_formats.iter().map(ToString::to_string).collect();
            let expected = if formats.is_empty() {
                "rfc3339".to_owned()
            } else {
                formats.join(" or ")
            };
            format!("{text:?} is not a date and time of the form {expected}")
        })
    }
}

/// The name of a source: letters, digits and hyphens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SourceName(String);

impl std::ops::Deref for SourceName {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for SourceName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if is_source_name(&text) {
            return Ok(Self(text));
        }
        Err(D::Error::custom(format!(
            "{text:?} is not a name: expected {SOURCE_NAME}"
        )))
    }
}

/// What a source may be called.
pub const SOURCE_NAME: &str = "1 to 60 letters, digits, hyphens and underscores";

/// Whether a source may be called so.
#[must_use]
pub fn is_source_name(text: &str) -> bool {
    (1..=60).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_maps_of_the_program_are_sound() {
        for (name, text) in BUILTIN {
            let map = ImportMap::parse(name, text).unwrap();
            assert_eq!(map.name(), name);
        }
    }

    proptest! {
        #[test]
        fn no_map_is_too_strange(place in 0..BUILTIN[0].1.len(), noise in "[\\PC\n\"\\[\\]{}=é]{0,12}") {
            let text = BUILTIN[0].1;
            let place = (0..=place).rev().find(|index| text.is_char_boundary(*index)).unwrap_or(0);
            let _ = ImportMap::parse("map.toml", &format!("{}{noise}{}", &text[..place], &text[place..]));
            let _ = ImportMap::parse("map.toml", &noise);
        }
    }
}
