//! The map: which column of another system's export means what here. Read from TOML; every mistake carries its place.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::fmt::strtime;
use jiff::tz::TimeZone;
use serde::Deserialize;
use serde::de::{Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use toml::Spanned;

use super::document::Cells;

/// The maps that come with the program, by name.
const BUILTIN: [(&str, &str); 2] = [
    (
        "servicenow-incidents",
        include_str!("../../../../maps/servicenow-incidents.toml"),
    ),
    (
        "zendesk-tickets",
        include_str!("../../../../maps/zendesk-tickets.toml"),
    ),
];

/// How the columns of another system's export are read.
#[derive(Debug, Clone)]
pub struct ImportMap {
    /// What is wrong with it is said with the file it came from.
    file: String,
    text: String,
    pub(super) form: Form,
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

    /// A mistake at a place of the map.
    pub(super) fn problem(&self, span: Range<usize>, message: &str) -> MapProblem {
        problem(&self.file, &self.text, span, message)
    }

    /// Refuses columns that a file with this header does not have, or has twice.
    pub(super) fn check_header(&self, header: &[String]) -> Result<(), MapProblem> {
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
        None => format!("it has {}", candidates.join(", ")),
    }
}

/// The map as it stands in the file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Form {
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
pub(super) struct TicketForm {
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
pub(super) struct EventsForm {
    pub at: Spanned<Templates>,
    #[serde(default)]
    pub order_by: Option<Spanned<Templates>>,
}

/// An account, a contact, a team or an agent.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PartyForm {
    #[serde(default)]
    pub external_id: Option<Spanned<Templates>>,
    #[serde(default)]
    pub name: Option<Spanned<Templates>>,
    #[serde(default)]
    pub email: Option<Spanned<Templates>>,
}

/// Values of a column, and what each means here.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Table {
    pub from: Spanned<Templates>,
    #[serde(default)]
    pub values: BTreeMap<String, Spanned<Meaning>>,
    #[serde(default)]
    pub when_missing: Option<Spanned<Meaning>>,
    #[serde(default)]
    pub when_unknown: Option<Spanned<Meaning>>,
}

/// What a value means here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Meaning {
    Is(String),
    /// The row says nothing, for this reason.
    Ignore(String),
}

/// A list of names and values, such as Zendesk's custom fields.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FieldList {
    pub from: String,
    pub name: String,
    pub value: String,
    #[serde(default)]
    pub prefix: String,
}

/// A verdict of the other system to be put beside ours.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CompareForm {
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

/// The form of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Format {
    Csv,
    Json,
    JsonLines,
}

/// How the bytes of the file are text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
pub(super) enum Encoding {
    #[default]
    #[serde(rename = "utf-8")]
    Utf8,
    #[serde(rename = "latin-1")]
    Latin1,
    #[serde(rename = "windows-1252")]
    Windows1252,
}

/// What the bytes 0x80 to 0x9f are in windows-1252; those that are nothing there are taken as Latin-1's controls.
const WINDOWS_1252: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}',
    '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

impl Encoding {
    /// The text of bytes.
    pub fn decode(self, bytes: &[u8]) -> Result<Cow<'_, str>, String> {
        match self {
            Self::Utf8 => std::str::from_utf8(bytes).map(Cow::Borrowed).map_err(|error| {
                let byte = bytes.get(error.valid_up_to()).copied().unwrap_or_default();
                format!(
                    "this is not UTF-8 (byte {byte:#04x}); if the file is in another encoding, name it in the map, \
                     such as encoding = \"windows-1252\""
                )
            }),
            Self::Latin1 => Ok(bytes.iter().map(|byte| char::from(*byte)).collect()),
            Self::Windows1252 => Ok(bytes
                .iter()
                .map(|byte| match byte {
                    0x80..=0x9f => WINDOWS_1252[usize::from(byte - 0x80)],
                    byte => char::from(*byte),
                })
                .collect()),
        }
    }
}

/// A text with `{column}` in it, or several of which the first is taken whose columns all have a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Templates(Vec<Vec<Part>>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Column(String),
}

impl Templates {
    fn columns(&self) -> impl Iterator<Item = &str> {
        self.0.iter().flatten().filter_map(|part| match part {
            Part::Column(name) => Some(name.as_str()),
            Part::Text(_) => None,
        })
    }

    /// The text, where it names no column.
    pub fn constant(&self) -> Option<&str> {
        match self.0.as_slice() {
            [parts] => match parts.as_slice() {
                [Part::Text(text)] => Some(text),
                _ => None,
            },
            _ => None,
        }
    }

    /// The text, filled in from a row.
    pub fn fill(&self, cells: &Cells<'_>, missing: &[String]) -> Option<String> {
        self.0.iter().find_map(|parts| {
            let mut text = String::new();
            for part in parts {
                match part {
                    Part::Text(fixed) => text.push_str(fixed),
                    Part::Column(name) => {
                        text.push_str(&cells.text(name).filter(|value| !missing.contains(value))?);
                    }
                }
            }
            Some(text)
        })
    }

    /// The entries of a list: a JSON array's, or what stands between commas and semicolons.
    pub fn entries(&self, cells: &Cells<'_>, missing: &[String]) -> Vec<String> {
        if let [parts] = self.0.as_slice()
            && let [Part::Column(name)] = parts.as_slice()
            && let Some(serde_json::Value::Array(items)) = cells.value(name)
        {
            return items
                .iter()
                .map(|item| {
                    item.as_str()
                        .map_or_else(|| item.to_string(), str::to_owned)
                })
                .collect();
        }
        let text = self.fill(cells, missing).unwrap_or_default();
        text.split([',', ';'])
            .map(|entry| entry.trim().to_owned())
            .filter(|entry| !entry.is_empty())
            .collect()
    }
}

impl Table {
    /// What a value means: nothing where it is missing and the map does not say more.
    ///
    /// # Errors
    /// Says that the value is none the map knows.
    pub fn meaning(
        &self,
        what: &str,
        cells: &Cells<'_>,
        missing: &[String],
    ) -> Result<Option<Meaning>, String> {
        let known = |value: &str| {
            let exact = self.values.get(value);
            exact
                .or_else(|| {
                    let mut pairs = self.values.iter();
                    pairs
                        .find(|(key, _)| key.eq_ignore_ascii_case(value))
                        .map(|(_, meaning)| meaning)
                })
                .map(|meaning| meaning.get_ref().clone())
        };
        let given = |meaning: &Option<Spanned<Meaning>>| {
            meaning.as_ref().map(|meaning| meaning.get_ref().clone())
        };
        let Some(value) = self.from.get_ref().fill(cells, missing) else {
            return Ok(given(&self.when_missing));
        };
        if self.values.is_empty() {
            return Ok(Some(Meaning::Is(value)));
        }
        let entries = self.from.get_ref().entries(cells, missing);
        known(&value)
            .or_else(|| entries.iter().find_map(|entry| known(entry)))
            .or_else(|| given(&self.when_unknown))
            .map(Some)
            .ok_or_else(|| {
                let values: Vec<&str> = self.values.keys().map(String::as_str).collect();
                format!(
                    "unknown {what} {value:?}: the map knows {}; add it under [{what}.values], or say `when_unknown`",
                    values.join(", ")
                )
            })
    }

    /// Every meaning that the map can give.
    pub fn meanings(&self) -> impl Iterator<Item = &Spanned<Meaning>> {
        self.values
            .values()
            .chain(&self.when_missing)
            .chain(&self.when_unknown)
    }
}

impl<'de> Deserialize<'de> for Templates {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TemplatesVisitor;
        impl<'de> Visitor<'de> for TemplatesVisitor {
            type Value = Templates;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text such as \"{column}\", or a list of such of which the first that fits is taken")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Templates, E> {
                Ok(Templates(vec![parts(text).map_err(E::custom)?]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Templates, A::Error> {
                let mut templates = Vec::new();
                while let Some(text) = list.next_element::<String>()? {
                    templates.push(parts(&text).map_err(A::Error::custom)?);
                }
                Ok(Templates(templates))
            }
        }
        deserializer.deserialize_any(TemplatesVisitor)
    }
}

/// `Incident {number}`; `{{` and `}}` stand for the braces themselves.
fn parts(text: &str) -> Result<Vec<Part>, String> {
    let mut parts = Vec::new();
    let mut fixed = String::new();
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '{' | '}' if letters.peek() == Some(&letter) => {
                letters.next();
                fixed.push(letter);
            }
            '{' => {
                let mut name = String::new();
                loop {
                    match letters.next() {
                        Some('}') => break,
                        Some(letter) => name.push(letter),
                        None => return Err(format!("`{{` is not closed in {text:?}")),
                    }
                }
                let name = name.trim();
                if name.is_empty() {
                    return Err(format!("`{{}}` names no column in {text:?}"));
                }
                if !fixed.is_empty() {
                    parts.push(Part::Text(std::mem::take(&mut fixed)));
                }
                parts.push(Part::Column(name.to_owned()));
            }
            '}' => {
                return Err(format!(
                    "`}}` closes nothing in {text:?}; write it twice for the brace itself"
                ));
            }
            letter => fixed.push(letter),
        }
    }
    if !fixed.is_empty() {
        parts.push(Part::Text(fixed));
    }
    if parts.is_empty() {
        return Err("an empty text names no column".to_owned());
    }
    Ok(parts)
}

impl<'de> Deserialize<'de> for Meaning {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MeaningVisitor;
        impl<'de> Visitor<'de> for MeaningVisitor {
            type Value = Meaning;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value of ours, or { ignore = \"why\" }")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Meaning, E> {
                Ok(Meaning::Is(text.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Meaning, A::Error> {
                let entry: Option<(String, String)> = map.next_entry()?;
                match entry {
                    Some((key, reason))
                        if key == "ignore" && map.next_key::<IgnoredAny>()?.is_none() =>
                    {
                        Ok(Meaning::Ignore(reason))
                    }
                    _ => Err(A::Error::custom("expected { ignore = \"why\" }")),
                }
            }
        }
        deserializer.deserialize_any(MeaningVisitor)
    }
}

/// The name of a source: letters, digits and hyphens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SourceName(String);

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
pub(super) const SOURCE_NAME: &str = "1 to 60 letters, digits, hyphens and underscores";

/// Whether a source may be called so.
pub(super) fn is_source_name(text: &str) -> bool {
    (1..=60).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

/// What stands between two columns.
#[derive(Debug, Clone, Copy)]
pub(super) struct Delimiter(pub u8);

impl<'de> Deserialize<'de> for Delimiter {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        match text.as_bytes() {
            [byte] if byte.is_ascii() && !matches!(byte, b'"' | b'\r' | b'\n') => Ok(Self(*byte)),
            _ => Err(D::Error::custom(format!(
                "{text:?} cannot stand between columns: expected one ASCII character, such as \";\" or \"\\t\""
            ))),
        }
    }
}

/// The zone of dates that name none.
#[derive(Debug, Clone)]
pub(super) struct Zone(pub TimeZone);

impl Default for Zone {
    fn default() -> Self {
        Self(TimeZone::UTC)
    }
}

impl<'de> Deserialize<'de> for Zone {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        TimeZone::get(&name).map(Self).map_err(|_| {
            D::Error::custom(format!(
                "{name:?} is not a time zone: expected an IANA name such as \"Europe/Berlin\" or \"UTC\""
            ))
        })
    }
}

/// How dates are written.
#[derive(Debug, Clone)]
pub(super) enum DateFormat {
    Rfc3339,
    UnixSeconds,
    UnixMilliseconds,
    /// Of strptime.
    Pattern(String),
}

impl fmt::Display for DateFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Rfc3339 => "rfc3339",
            Self::UnixSeconds => "unix-seconds",
            Self::UnixMilliseconds => "unix-milliseconds",
            Self::Pattern(pattern) => pattern,
        })
    }
}

impl DateFormat {
    fn read(&self, text: &str, zone: &TimeZone) -> Option<Timestamp> {
        let local = |civil: DateTime| {
            civil
                .to_zoned(zone.clone())
                .ok()
                .map(|zoned| zoned.timestamp())
        };
        match self {
            // With an offset it is an instant; without one it is local time.
            Self::Rfc3339 => text.parse().ok().or_else(|| local(text.parse().ok()?)),
            Self::UnixSeconds => Timestamp::from_second(text.parse().ok()?).ok(),
            Self::UnixMilliseconds => Timestamp::from_millisecond(text.parse().ok()?).ok(),
            Self::Pattern(pattern) => {
                let parsed = strtime::parse(pattern, text).ok()?;
                if parsed.offset().is_some() {
                    return parsed.to_timestamp().ok();
                }
                let civil = parsed.to_datetime().or_else(|_| {
                    parsed
                        .to_date()
                        .map(|date| date.to_datetime(jiff::civil::Time::midnight()))
                });
                local(civil.ok()?)
            }
        }
    }
}

impl<'de> Deserialize<'de> for DateFormat {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let sample = jiff::civil::date(2026, 11, 21)
            .at(13, 45, 7, 0)
            .to_zoned(TimeZone::UTC);
        match text.as_str() {
            "rfc3339" => Ok(Self::Rfc3339),
            "unix-seconds" => Ok(Self::UnixSeconds),
            "unix-milliseconds" => Ok(Self::UnixMilliseconds),
            _ if text.contains('%')
                && sample.is_ok_and(|sample| {
                    strtime::format(&text, &sample).is_ok_and(|written| {
                        strtime::parse(&text, &written).is_ok_and(|read| read.to_date().is_ok())
                    })
                }) =>
            {
                Ok(Self::Pattern(text))
            }
            _ => Err(D::Error::custom(format!(
                "{text:?} is not a form of dates: expected \"rfc3339\", \"unix-seconds\", \"unix-milliseconds\" or a \
                 pattern such as \"%d/%m/%Y %H:%M\" that names a day"
            ))),
        }
    }
}
