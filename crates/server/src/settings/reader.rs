//! Reads settings out of the places they may be given in, and collects everything that is wrong with them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::Serialize;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::value::Secret;
use crate::Failure;

/// The beginning of the names of our environment variables.
const PREFIX: &str = "MAINSTAY_";

/// Variables of ours that are no settings.
const OTHER_VARIABLES: [&str; 6] = [
    "MAINSTAY_CONFIG",
    "MAINSTAY_REQUIRE_ALL",
    "MAINSTAY_SKIP_UI",
    "MAINSTAY_TEST_",
    "MAINSTAY_TOKEN",
    "MAINSTAY_URL",
];

/// Settings that a variable which other programs share may give as well, after our own.
const STANDARD_VARIABLES: [(&str, &str); 1] =
    [("telemetry.otlp_endpoint", "OTEL_EXPORTER_OTLP_ENDPOINT")];

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Nobody gave it.
    Default,
    /// The settings file, at a line and column from 1.
    File(PathBuf, usize, usize),
    /// This environment variable.
    Environment(String),
    /// This flag.
    Flag(&'static str),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path, line, column) => write!(f, "{}:{line}:{column}", path.display()),
            Self::Environment(name) => f.write_str(name),
            Self::Flag(flag) => f.write_str(flag),
        }
    }
}

impl Serialize for Origin {
    fn serialize<S: serde::Serializer>(&self, writer: S) -> Result<S::Ok, S::Error> {
        writer.collect_str(self)
    }
}

/// A setting as `mainstay config` shows it.
#[derive(Debug, Clone, Serialize)]
pub struct Shown {
    /// Its key.
    pub key: String,
    /// Its value; absent when it is not set. Secrets are masked.
    pub value: Option<String>,
    /// Where the value came from.
    pub origin: Origin,
}

/// What was given, and what has been read of it so far.
#[derive(Debug)]
pub struct Reader {
    file: BTreeMap<String, FileValue>,
    environment: BTreeMap<String, String>,
    flags: BTreeMap<&'static str, (&'static str, String)>,
    known: BTreeSet<String>,
    shown: Vec<Shown>,
    faults: Vec<String>,
}

#[derive(Debug)]
struct FileValue {
    text: Result<String, &'static str>,
    key_at: Origin,
    value_at: Origin,
}

impl Reader {
    /// Collects what was given.
    ///
    /// # Errors
    /// Fails when the file is not TOML.
    pub fn new(
        file: Option<(&Path, &str)>,
        environment: BTreeMap<String, String>,
        flags: BTreeMap<&'static str, (&'static str, String)>,
    ) -> Result<Self, Failure> {
        let file = match file {
            Some((path, text)) => parse_file(path, text)?,
            None => BTreeMap::new(),
        };
        Ok(Self {
            file,
            environment,
            flags,
            known: BTreeSet::new(),
            shown: Vec::new(),
            faults: Vec::new(),
        })
    }

    /// A value with a default.
    pub fn value<T: FromStr<Err: fmt::Display> + fmt::Display>(
        &mut self,
        key: &str,
        default: T,
    ) -> T {
        let (value, origin) = match self.parsed(key) {
            Some((value, origin)) => (value, origin),
            None => (default, Origin::Default),
        };
        self.show(key, Some(value.to_string()), origin);
        value
    }

    /// A text with a default.
    pub fn text(&mut self, key: &str, default: &str) -> String {
        self.value(key, default.to_owned())
    }

    /// A value that need not be set.
    pub fn maybe<T: FromStr<Err: fmt::Display> + fmt::Display>(&mut self, key: &str) -> Option<T> {
        let (value, origin) = self.parsed(key).unzip();
        self.show(
            key,
            value.as_ref().map(ToString::to_string),
            origin.unwrap_or(Origin::Default),
        );
        value
    }

    /// A text that must be set.
    pub fn required(&mut self, key: &str) -> String {
        let value = self.maybe(key);
        self.demand(key, value)
    }

    /// A secret that need not be set.
    pub fn secret(&mut self, key: &str) -> Option<Secret> {
        let (secret, origin) = self.given_secret(key).unzip();
        self.show(
            key,
            secret.as_ref().map(Secret::masked),
            origin.unwrap_or(Origin::Default),
        );
        secret
    }

    /// An address whose path is a secret, which need not be set.
    pub fn secret_address(&mut self, key: &str) -> Option<Secret> {
        let (secret, origin) = self.given_secret(key).unzip();
        self.show(
            key,
            secret.as_ref().map(Secret::masked_address),
            origin.unwrap_or(Origin::Default),
        );
        secret
    }

    /// A secret with a default that is none.
    pub fn secret_or(&mut self, key: &str, default: &str) -> Secret {
        let (secret, origin) = self
            .given_secret(key)
            .unwrap_or_else(|| (Secret::new(default.to_owned()), Origin::Default));
        self.show(key, Some(secret.masked()), origin);
        secret
    }

    /// A secret that must be set.
    pub fn required_secret(&mut self, key: &str) -> Secret {
        let value = self.secret(key).map(|secret| secret.expose().to_owned());
        Secret::new(self.demand(key, value))
    }

    /// How long a list is: one more than the highest place that is given.
    pub fn length(&self, list: &str) -> usize {
        let in_file = self.file.keys().filter_map(|key| place(key, list, '.'));
        let variable = variable(list);
        let in_environment = self
            .environment
            .keys()
            .filter_map(|name| place(name, &variable, '_'));
        in_file
            .chain(in_environment)
            .max()
            .map_or(0, |last| last + 1)
    }

    /// Notes something that is wrong with several settings together.
    pub fn fault(&mut self, what: impl Into<String>) {
        self.faults.push(what.into());
    }

    /// Ends the reading: every setting, and what looks like one and is not.
    ///
    /// # Errors
    /// Returns everything that was wrong.
    pub fn finish(mut self) -> Result<(Vec<Shown>, Vec<String>), Failure> {
        let unknown: Vec<String> = self
            .file
            .iter()
            .filter(|(key, _)| !self.known.contains(*key))
            .map(|(key, value)| {
                let remedy = did_you_mean(key, self.known.iter().map(String::as_str));
                format!("{}: unknown key {key}{remedy}", value.key_at)
            })
            .collect();
        self.faults.extend(unknown);
        if self.faults.is_empty() {
            let warnings = self.foreign_variables();
            return Ok((self.shown, warnings));
        }
        let list = self.faults.join("\n  ");
        Err(
            Failure::new(format!("the settings are wrong\n  {list}")).with_remedy(
                "`mainstay config` prints every setting there is; mend these and try again",
            ),
        )
    }

    /// Variables with our prefix that are no settings. Only a warning: a cluster names variables after its services.
    fn foreign_variables(&self) -> Vec<String> {
        let variables: Vec<String> = self.known.iter().map(|key| variable(key)).collect();
        self.environment
            .keys()
            .filter(|name| name.starts_with(PREFIX))
            .filter(|name| !OTHER_VARIABLES.iter().any(|other| name.starts_with(other)))
            .filter(|name| !variables.contains(name))
            .map(|name| {
                let remedy = did_you_mean(name, variables.iter().map(String::as_str));
                format!("{name} is no setting{remedy}")
            })
            .collect()
    }

    fn given(&mut self, key: &str) -> Option<(String, Origin)> {
        self.known.insert(key.to_owned());
        if let Some((flag, text)) = self.flags.get(key) {
            return Some((text.clone(), Origin::Flag(flag)));
        }
        let standard = STANDARD_VARIABLES.iter().filter(|(of, _)| *of == key);
        for name in
            std::iter::once(variable(key)).chain(standard.map(|(_, name)| (*name).to_owned()))
        {
            if let Some(text) = self.environment.get(&name) {
                return Some((text.clone(), Origin::Environment(name)));
            }
        }
        let value = self.file.get(key)?;
        match &value.text {
            Ok(text) => Some((text.clone(), value.value_at.clone())),
            Err(what) => {
                let fault = format!(
                    "{}: {key}: expected a single value, not {what}",
                    value.value_at
                );
                self.faults.push(fault);
                None
            }
        }
    }

    fn parsed<T: FromStr<Err: fmt::Display>>(&mut self, key: &str) -> Option<(T, Origin)> {
        let (text, origin) = self.given(key)?;
        match text.parse() {
            Ok(value) => Some((value, origin)),
            Err(error) => {
                let error = error.to_string();
                // Our own types quote what they were given; those of the standard library do not.
                let quoted = if error.contains(&text) && !text.is_empty() {
                    error
                } else {
                    format!("{text:?}: {error}")
                };
                self.faults.push(format!("{origin}: {key}: {quoted}"));
                None
            }
        }
    }

    fn given_secret(&mut self, key: &str) -> Option<(Secret, Origin)> {
        let file_key = format!("{key}_file");
        let direct = self.given(key);
        let from_file = self.given(&file_key);
        match (direct, from_file) {
            (Some(_), Some((_, origin))) => {
                self.faults.push(format!(
                    "{origin}: {key} and {file_key} are both set: keep one"
                ));
                None
            }
            (Some((text, origin)), None) => Some((Secret::new(text), origin)),
            (None, Some((path, origin))) => match std::fs::read_to_string(&path) {
                Ok(text) => {
                    let text = text.trim_end_matches(['\r', '\n']).to_owned();
                    Some((Secret::new(text), origin))
                }
                Err(error) => {
                    self.faults
                        .push(format!("{origin}: {file_key}: {path}: {error}"));
                    None
                }
            },
            (None, None) => None,
        }
    }

    fn demand(&mut self, key: &str, value: Option<String>) -> String {
        if value.is_none() {
            let name = variable(key);
            self.faults
                .push(format!("{key} is missing: set it in the file or as {name}"));
        }
        value.unwrap_or_default()
    }

    fn show(&mut self, key: &str, value: Option<String>, origin: Origin) {
        self.shown.push(Shown {
            key: key.to_owned(),
            value,
            origin,
        });
    }
}

/// The environment variable of a key.
fn variable(key: &str) -> String {
    format!("{PREFIX}{}", key.replace('.', "_").to_uppercase())
}

/// The place in a list that a key is about.
fn place(key: &str, list: &str, separator: char) -> Option<usize> {
    let rest = key.strip_prefix(list)?.strip_prefix(separator)?;
    rest.split(separator)
        .next()?
        .parse()
        .ok()
        .filter(|place| *place < 100)
}

fn did_you_mean<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> String {
    known
        .map(|candidate| (strsim::jaro_winkler(name, candidate), candidate))
        .filter(|(likeness, _)| *likeness > 0.85)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| format!(": did you mean {candidate}?"))
        .unwrap_or_default()
}

fn parse_file(path: &Path, text: &str) -> Result<BTreeMap<String, FileValue>, Failure> {
    let place = |at: usize| {
        let (line, column) = line_and_column(text, at);
        Origin::File(path.to_owned(), line, column)
    };
    let table = DeTable::parse(text).map_err(|error| {
        let at = place(error.span().map_or(0, |span| span.start));
        Failure::new(format!("{at}: {}", error.message()))
            .with_remedy("the settings file is written in TOML: a key, `=`, and a value in quotes")
    })?;
    let mut values = BTreeMap::new();
    flatten(&mut values, "", table.get_ref(), &place);
    Ok(values)
}

fn flatten(
    values: &mut BTreeMap<String, FileValue>,
    prefix: &str,
    table: &DeTable<'_>,
    place: &impl Fn(usize) -> Origin,
) {
    for (name, value) in table {
        let key = format!("{prefix}{}", name.get_ref());
        match value.get_ref() {
            DeValue::Table(inner) => flatten(values, &format!("{key}."), inner, place),
            DeValue::Array(items) if items.iter().all(|item| item.get_ref().is_table()) => {
                for (index, item) in items.iter().enumerate() {
                    if let DeValue::Table(inner) = item.get_ref() {
                        flatten(values, &format!("{key}.{index}."), inner, place);
                    }
                }
            }
            _ => {
                let value = FileValue {
                    text: scalar(value),
                    key_at: place(name.span().start),
                    value_at: place(value.span().start),
                };
                values.insert(key, value);
            }
        }
    }
}

fn scalar(value: &Spanned<DeValue<'_>>) -> Result<String, &'static str> {
    match value.get_ref() {
        DeValue::String(text) => Ok(text.to_string()),
        DeValue::Integer(number) => Ok(number.to_string()),
        DeValue::Float(number) => Ok(number.to_string()),
        DeValue::Boolean(truth) => Ok(truth.to_string()),
        DeValue::Datetime(time) => Ok(time.to_string()),
        DeValue::Array(_) => Err("a list"),
        DeValue::Table(_) => Err("a table"),
    }
}

fn line_and_column(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before
        .rsplit('\n')
        .next()
        .unwrap_or_default()
        .chars()
        .count()
        + 1;
    (line, column)
}
