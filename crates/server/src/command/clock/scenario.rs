//! Replaying scenarios: a ticket's history against a pack, at given instants, with what is expected of its clocks.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use mainstay_domain::clock::{Clock, explain, fold};
use mainstay_domain::event::Event;
use mainstay_domain::name::CalendarName;
use mainstay_domain::policy::{Policy, PolicyBook, PolicyVersion};
use mainstay_policy::{DEFAULT_PACK, PackSource, builtin};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::explain::tables;
use super::form::{ExpectationForm, FORMAT, FileForm, ScenarioForm};
use super::{ledger, wire};
use crate::Failure;
use crate::command::calendar::vectors::read_calendar;

/// A file of scenarios that has been read.
pub struct ScenarioFile {
    name: String,
    text: String,
    folder: PathBuf,
    form: FileForm,
}

/// What a replay prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// The clocks, as JSON.
    Clocks,
    /// The clocks and their spans, as JSON.
    Spans,
    /// Tables for people.
    Text,
}

/// A scenario that was replayed.
pub struct Replay {
    /// What is printed of it.
    pub line: String,
    /// How many fields were compared with an expectation.
    pub checked: usize,
    /// The expectations that do not hold, in words.
    pub failures: Vec<String>,
}

impl Replay {
    /// A scenario that could not be replayed.
    pub fn refused(id: &str, failure: &Failure, detail: Detail) -> Self {
        let what = failure.message();
        Self {
            line: match detail {
                Detail::Text => format!("scenario {id}\n  {what}"),
                Detail::Clocks | Detail::Spans => json!({ "id": id, "error": what }).to_string(),
            },
            checked: 0,
            failures: Vec::new(),
        }
    }
}

impl ScenarioFile {
    /// Reads a file: JSON if it begins with a brace, otherwise TOML. Packs are looked for in `folder`.
    ///
    /// # Errors
    /// Says in which line what is wrong.
    pub fn parse(name: &str, text: &str, folder: &Path) -> Result<Self, Failure> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        // A file of another format is wrong in its first word, not in the first field that this one does not have.
        let named: FormatForm = read_form(name, text)?;
        match named.format {
            Some(format) if format == FORMAT => {}
            Some(other) => {
                let remedy = if other.as_str() == Some("calendar-vectors/1") {
                    "`mainstay calendar run` computes the cases of such a file".to_owned()
                } else {
                    format!("{HELP}; a file of scenarios says format = \"{FORMAT}\"")
                };
                let what = format!("{name}: the format is {other}, expected \"{FORMAT}\"");
                return Err(Failure::new(what).with_remedy(remedy));
            }
            None => {
                let what = format!("{name}: `format` is missing, expected \"{FORMAT}\"");
                return Err(Failure::new(what).with_remedy(HELP));
            }
        }
        let form: FileForm = read_form(name, text)?;
        let mut ids = HashSet::new();
        let mut all = form.scenarios.iter().map(|scenario| &scenario.id);
        if let Some(twice) = all.find(|id| !ids.insert(id.as_str())) {
            return Err(
                Failure::new(format!("{name}: two scenarios are called `{twice}`")).with_remedy(
                    "give each an id of its own, so that what is printed can be told apart",
                ),
            );
        }
        Ok(Self {
            name: name.to_owned(),
            text: text.to_owned(),
            folder: folder.to_owned(),
            form,
        })
    }

    /// The scenarios' ids, in their order.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.form
            .scenarios
            .iter()
            .map(|scenario| scenario.id.as_str())
    }

    /// Replays the scenarios, one after another.
    pub fn replays(&self, detail: Detail) -> impl Iterator<Item = Result<Replay, Failure>> {
        let mut packs = HashMap::new();
        self.form.scenarios.iter().map(move |scenario| {
            let place = self.place(&scenario.id);
            let policy = self.policy(scenario, &mut packs)?;
            replay(scenario, policy, detail, &place)
                .map_err(|what| Failure::new(format!("{place}: {what}")))
        })
    }

    /// Where a scenario begins, for messages.
    fn place(&self, id: &str) -> String {
        let quoted = serde_json::to_string(id).unwrap_or_default();
        match self.text.find(&quoted) {
            Some(offset) => {
                let line = self.text[..offset].matches('\n').count() + 1;
                format!("{}:{line}: scenario `{id}`", self.name)
            }
            None => format!("{}: scenario `{id}`", self.name),
        }
    }

    /// The policy of a scenario: its own pack or the file's, with its own calendars.
    fn policy(
        &self,
        scenario: &ScenarioForm,
        packs: &mut HashMap<PackSourceName, Policy>,
    ) -> Result<Policy, Failure> {
        let named = |pack: &Option<String>, text: &Option<String>| match (text, pack) {
            (Some(text), _) => Some(PackSourceName::Text(text.clone())),
            (None, Some(pack)) => Some(PackSourceName::Named(pack.clone())),
            (None, None) => None,
        };
        let source = named(&scenario.pack, &scenario.pack_text)
            .or_else(|| named(&self.form.pack, &self.form.pack_text))
            .unwrap_or_else(|| PackSourceName::Named(DEFAULT_PACK.to_owned()));
        let mut policy = match packs.get(&source) {
            Some(policy) => policy.clone(),
            None => {
                let policy = self.load(&source)?;
                packs.insert(source, policy.clone());
                policy
            }
        };
        for (name, calendar) in &scenario.calendars {
            let calendar = read_calendar(calendar).map_err(|what| {
                let place = self.place(&scenario.id);
                Failure::new(format!("{place}: calendar `{name}`: {what}"))
            })?;
            let name = CalendarName::from(name.as_str());
            policy.calendars.insert(name, calendar);
        }
        Ok(policy)
    }

    fn load(&self, name: &PackSourceName) -> Result<Policy, Failure> {
        let source = match name {
            PackSourceName::Text(text) => PackSource::new([("pack.toml", text.as_str())]),
            PackSourceName::Named(name) => {
                let folder = self.folder.join(name);
                if folder.is_dir() {
                    PackSource::from_folder(&folder)
                        .map_err(|error| Failure::new(error.to_string()))?
                } else {
                    builtin(name).ok_or_else(|| {
                        let what = format!("{}: there is no pack `{name}`", self.name);
                        Failure::new(what).with_remedy(
                            "name a folder beside the file, or a pack that comes with the program \
                             (`mainstay policy list`)",
                        )
                    })?
                }
            }
        };
        let pack = mainstay_policy::load(&source).map_err(|refusal| {
            let problems: Vec<String> = refusal
                .problems
                .iter()
                .map(|problem| problem.render(&source))
                .collect();
            Failure::new(format!(
                "the pack of {} cannot be used\n{}",
                self.name,
                problems.join("\n")
            ))
        })?;
        let mut policy = pack.policy;
        policy.settle_teams(|name| Some(ledger::team_of(name.as_str())));
        Ok(policy)
    }
}

/// Where to read on.
const HELP: &str = "docs/scenarios.md describes the format";

/// What a file says it is.
#[derive(Deserialize)]
struct FormatForm {
    format: Option<Value>,
}

fn read_form<T: DeserializeOwned>(name: &str, text: &str) -> Result<T, Failure> {
    let form = if text.trim_start().starts_with('{') {
        serde_json::from_str(text)
            .map_err(|error| format!("{name}:{}:{}: {error}", error.line(), error.column()))
    } else {
        toml::from_str(text).map_err(|error| format!("{name}: {}", error.to_string().trim()))
    };
    form.map_err(|what| Failure::new(what).with_remedy(HELP))
}

/// Where a pack comes from.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum PackSourceName {
    Text(String),
    Named(String),
}

fn replay(
    scenario: &ScenarioForm,
    policy: Policy,
    detail: Detail,
    place: &str,
) -> Result<Replay, String> {
    let events = ledger::events(&scenario.events, &policy)?;
    refuse_unknown_clocks(&scenario.expect, &policy)?;
    let book = PolicyBook::of(PolicyVersion(1), Arc::new(policy));
    let mut instants: Vec<Timestamp> = scenario.evaluate_at.iter().map(|at| at.0).collect();
    if instants.is_empty() {
        let last = events.iter().map(|event| event.at).max();
        instants.push(last.ok_or("there is neither an event nor an instant in `evaluate_at`")?);
    }
    let evaluations: Vec<(Timestamp, Vec<Clock>)> = instants
        .into_iter()
        .map(|at| (at, fold(&events, &book, at)))
        .collect();
    let mut checked = 0;
    let mut failures = Vec::new();
    for expectation in &scenario.expect {
        checked += expectation.fields.len().max(1);
        let at = expectation.at.map(|at| at.0);
        let evaluation = match at {
            None => evaluations.last(),
            Some(at) => evaluations.iter().find(|(other, _)| *other == at),
        };
        let Some((at, clocks)) = evaluation else {
            let at = at.unwrap_or_default();
            return Err(format!(
                "an expectation is about {at}, which is no instant of `evaluate_at`"
            ));
        };
        for failure in compare(expectation, clocks)? {
            failures.push(format!("{place}, at {at}: {failure}"));
        }
    }
    Ok(Replay {
        line: render(scenario, &events, evaluations, detail, &failures),
        checked,
        failures,
    })
}

/// A slip in a name must not become the clock that is rightly absent.
fn refuse_unknown_clocks(expectations: &[ExpectationForm], policy: &Policy) -> Result<(), String> {
    let known: Vec<&str> = policy
        .commitments
        .iter()
        .map(|commitment| commitment.name.as_str())
        .collect();
    let mut names = expectations.iter().map(|expectation| &expectation.clock);
    match names.find(|name| !known.contains(&name.as_str())) {
        Some(name) => Err(format!(
            "an expectation is about the unknown commitment `{name}`: the pack has {}",
            known.join(", ")
        )),
        None => Ok(()),
    }
}

/// Compares an expectation with the clock that it is about: the one of its cycle, or the last of its name.
fn compare(expectation: &ExpectationForm, clocks: &[Clock]) -> Result<Vec<String>, String> {
    let name = &expectation.clock;
    let clock = clocks
        .iter()
        .filter(|clock| clock.commitment.as_str() == name)
        .rfind(|clock| expectation.cycle.is_none_or(|cycle| cycle == clock.cycle));
    let Some(clock) = clock else {
        return Ok(match expectation.absent {
            true => Vec::new(),
            false => vec![format!("there is no clock `{name}`")],
        });
    };
    if expectation.absent {
        return Ok(vec![format!("there is a clock `{name}`")]);
    }
    let found = wire::clock(clock);
    let mut failures = Vec::new();
    for (field, expected) in &expectation.fields {
        let Some(found) = found.get(field) else {
            let known: Vec<&String> = found
                .as_object()
                .into_iter()
                .flat_map(|o| o.keys())
                .collect();
            return Err(format!(
                "an expectation names the unknown field `{field}`; known are {}",
                known
                    .iter()
                    .map(|name| name.as_str())
                    .collect::<Vec<_>>()
                    .join(", ")
            ));
        };
        if !is_as_expected(expected, found, expectation.tolerance_seconds) {
            failures.push(format!(
                "{name} #{}: {field} is {found}, expected {expected}",
                clock.cycle
            ));
        }
    }
    Ok(failures)
}

/// Whether a value is the expected one; instants and numbers may differ by a tolerance, and "none" is null.
fn is_as_expected(expected: &Value, found: &Value, tolerance_seconds: u32) -> bool {
    let instant = |value: &Value| value.as_str()?.parse::<Timestamp>().ok();
    let tolerance = f64::from(tolerance_seconds);
    if let (Some(expected), Some(found)) = (instant(expected), instant(found)) {
        return expected.duration_since(found).abs().as_secs_f64() <= tolerance;
    }
    if let (Some(expected), Some(found)) = (expected.as_f64(), found.as_f64()) {
        return (expected - found).abs() <= tolerance + 1e-6;
    }
    match (expected, found) {
        (Value::String(none), Value::Null) => none == "none",
        (Value::Array(expected), Value::Array(found)) => {
            expected.len() == found.len()
                && expected
                    .iter()
                    .zip(found)
                    .all(|(expected, found)| is_as_expected(expected, found, tolerance_seconds))
        }
        (Value::Object(expected), Value::Object(found)) => {
            expected.iter().all(|(key, expected)| {
                found
                    .get(key)
                    .is_some_and(|found| is_as_expected(expected, found, tolerance_seconds))
            })
        }
        _ => expected == found,
    }
}

fn render(
    scenario: &ScenarioForm,
    events: &[Event],
    evaluations: Vec<(Timestamp, Vec<Clock>)>,
    detail: Detail,
    failures: &[String],
) -> String {
    let number = |id| events.iter().position(|event| event.id == id);
    if detail == Detail::Text {
        let mut text = format!("scenario {}\n", scenario.id);
        for (at, clocks) in evaluations {
            text += &format!(
                "\nat {at}\n\n{}",
                tables(clocks, events, at, &TimeZone::UTC)
            );
        }
        return text;
    }
    let evaluations: Vec<Value> = evaluations
        .into_iter()
        .map(|(at, clocks)| {
            let clocks: Vec<Value> = clocks
                .into_iter()
                .map(|clock| {
                    let mut value = wire::clock(&clock);
                    if detail == Detail::Spans {
                        let spans = explain(clock, at).map(|explanation| {
                            wire::spans(&explanation, |id| number(id).map(|n| n + 1).into())
                        });
                        value["spans"] = spans.unwrap_or_default();
                    }
                    value
                })
                .collect();
            json!({ "at": wire::instant(Some(at)), "clocks": clocks })
        })
        .collect();
    json!({ "id": scenario.id, "evaluations": evaluations, "failed": failures }).to_string()
}
