//! The clocks of other products, as packs, against the cases that those products publish.
//!
//! `docs/scenarios.md` says what each model is and how its facts become a ledger.

#![expect(
    clippy::unwrap_used,
    reason = "a test fails where something is missing"
)]

use std::path::{Path, PathBuf};

use mainstay_server::command::clock::scenario::{Detail, ScenarioFile};
use serde_json::{Map, Value, json};

fn data(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("data")
        .join(path)
}

/// Every case of the file, and how many there are: a case that was lost would prove nothing.
#[test]
fn the_cases_of_other_products_hold() {
    let text = std::fs::read_to_string(data("calendar/sla_scenarios.json")).unwrap();
    let file: Value = serde_json::from_str(&text).unwrap();
    let cases = file["scenarios"].as_array().unwrap();
    assert_eq!(cases.len(), 43);
    assert_eq!(file["count"], 43);
    let (mut failures, mut checked) = (Vec::new(), 0);
    for case in cases {
        let case = Case::new(case);
        for (field, expected) in case.expect {
            let found = case.find(field);
            checked += 1;
            if !case.is_near(expected, &found) {
                failures.push(format!(
                    "{}: {field} is {found}, expected {expected}",
                    case.id
                ));
            }
        }
    }
    assert_eq!(checked, 108, "the fields of all cases");
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn every_model_is_a_sound_pack() {
    let mut models = 0;
    for entry in std::fs::read_dir(data("scenarios/models")).unwrap() {
        let model = entry.unwrap().file_name().into_string().unwrap();
        let empty = json!({
            "format": "clock-scenarios/1",
            "pack": format!("models/{model}"),
            "scenarios": [{ "id": "opened", "events": [{ "at": "2026-03-02T09:00:00Z", "type": "opened" }] }],
        });
        run(&empty, Detail::Clocks);
        models += 1;
    }
    assert_eq!(models, 6);
}

#[test]
fn the_examples_of_the_documentation_hold() {
    let path = data("scenarios/examples.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let file = ScenarioFile::parse("examples.toml", &text, path.parent().unwrap()).unwrap();
    let mut checked = 0;
    for replay in file.replays(Detail::Spans) {
        let replay = replay.unwrap();
        assert_eq!(replay.failures, Vec::<String>::new());
        checked += replay.checked;
    }
    assert_eq!(checked, 31);
}

/// A case of the file.
struct Case<'a> {
    id: &'a str,
    model: &'a str,
    case: &'a Value,
    expect: &'a Map<String, Value>,
}

impl<'a> Case<'a> {
    fn new(case: &'a Value) -> Self {
        Self {
            id: case["id"].as_str().unwrap(),
            model: case["model"].as_str().unwrap(),
            case,
            expect: case["expect"].as_object().unwrap(),
        }
    }

    /// What our clocks say of a field.
    fn find(&self, field: &str) -> Value {
        if let Some(commitment) = field.strip_suffix("_due").filter(|name| *name != "next") {
            return self.last(&self.clocks_as_if_running(), commitment)["due_at"].clone();
        }
        let clocks = self.clocks();
        let ended = |suffix: &str, value: &str| {
            let clock = self.last(&clocks, field.strip_suffix(suffix).unwrap());
            match clock["ended_at"].is_null() {
                true => Value::Null,
                false => clock[value].clone(),
            }
        };
        match field {
            "next_due" => earliest_due(&clocks),
            "due" if self.model == "rt" => earliest_due(&clocks),
            "due" => self.last(&clocks, "period")["due_at"].clone(),
            "first_response_at" => self.last(&clocks, "first_response")["ended_at"].clone(),
            "unpaused_elapsed_seconds" => {
                let used = |at: &Value| {
                    let clocks = self.clocks_at(at.as_str().unwrap(), false, Detail::Clocks);
                    self.last(&clocks, "life")["used_seconds"]
                        .as_i64()
                        .unwrap_or(0)
                };
                let window = &self.case["window"];
                json!(used(&window["end"]) - used(&window["start"]))
            }
            "total_paused_seconds" => {
                let holds = clocks.iter().filter(|clock| clock["commitment"] == "hold");
                json!(
                    holds
                        .map(|clock| clock["used_seconds"].as_i64().unwrap())
                        .sum::<i64>()
                )
            }
            "created_outside_hours" => {
                let created = self.ticket("created_at");
                let clocks = self.clocks_at(created.as_str().unwrap(), false, Detail::Spans);
                json!(clocks[0]["spans"][0]["counted_seconds"] == 0)
            }
            "status" => json!(self.frappe_status(&clocks)),
            _ if field.ends_with("_elapsed_seconds") => ended("_elapsed_seconds", "used_seconds"),
            _ if field.ends_with("_margin_seconds") => ended("_margin_seconds", "left_seconds"),
            _ => panic!("{}: unknown field {field}", self.id),
        }
    }

    fn frappe_status(&self, clocks: &[Value]) -> &'static str {
        let resolution = self.last(clocks, "resolution");
        if clocks.iter().any(|clock| clock["state"] == "missed") {
            "failed"
        } else if resolution["state"] == "met" {
            "fulfilled"
        } else if resolution["state"] == "paused" {
            "paused"
        } else if self.last(clocks, "first_response")["state"] == "running" {
            "first_response_due"
        } else {
            "resolution_due"
        }
    }

    /// The last clock of a name; null where there is none.
    fn last(&self, clocks: &[Value], commitment: &str) -> Value {
        let mut of_name = clocks
            .iter()
            .filter(|clock| clock["commitment"] == commitment);
        of_name.next_back().cloned().unwrap_or_default()
    }

    fn clocks(&self) -> Vec<Value> {
        self.clocks_at(&self.evaluate_at(), false, Detail::Clocks)
    }

    /// In Zammad a last pausing state that has not ended does not pause: a due instant is shown as if the clock ran on.
    fn clocks_as_if_running(&self) -> Vec<Value> {
        let runs_on = self.model == "zammad-2018";
        self.clocks_at(&self.evaluate_at(), runs_on, Detail::Clocks)
    }

    /// The instant at which the case is looked at: its own, or that of the last fact.
    fn evaluate_at(&self) -> String {
        if let Some(at) = self.case["evaluate_at"].as_str() {
            return at.to_owned();
        }
        let events = self.events(false);
        let instants = events.iter().map(|event| event["at"].as_str().unwrap());
        instants.max().unwrap().to_owned()
    }

    fn clocks_at(&self, at: &str, runs_on: bool, detail: Detail) -> Vec<Value> {
        let line = run(
            &json!({
                "format": "clock-scenarios/1",
                "pack": format!("models/{}", self.model),
                "scenarios": [{
                    "id": self.id,
                    "calendars": { "desk": self.case["calendar"] },
                    "events": self.events(runs_on),
                    "evaluate_at": [at],
                }],
            }),
            detail,
        );
        line["evaluations"][0]["clocks"].as_array().unwrap().clone()
    }

    fn ticket(&self, field: &str) -> &Value {
        &self.case["ticket"][field]
    }

    /// The facts of the ticket as events, in the order in which they happened.
    fn events(&self, runs_on: bool) -> Vec<Value> {
        let created = self.ticket("created_at").clone();
        let mut states: Vec<(Value, String)> = self
            .list("state_history")
            .map(|state| {
                (
                    state["at"].clone(),
                    state["to"].as_str().unwrap().to_lowercase(),
                )
            })
            .collect();
        let pauses = |state: &str| {
            let pausing = self.case["pausing_states"].as_array();
            pausing.is_some_and(|states| states.iter().any(|pausing| pausing == state))
        };
        if let Some((_, last)) = states
            .last_mut()
            .filter(|(_, last)| runs_on && pauses(last))
        {
            "open".clone_into(last);
        }
        let mut states = states.into_iter().peekable();
        let first = states.next_if(|(at, _)| *at == created);
        let mut events = vec![json!({
            "at": created,
            "type": "opened",
            "status": first.map_or("new".to_owned(), |(_, state)| state),
            "severity": self.severity(),
            "tags": self.settings(),
            "overrides": self.overrides(),
        })];
        // Of one instant, a message comes before the state that it brings about, and a solution after the state that
        // is solved.
        let messages: Vec<Value> = self
            .list("events")
            .map(|event| json!({ "at": event["at"], "type": event["type"] }))
            .collect();
        let answer = messages.iter().find(|event| event["type"] == "agent_reply");
        let answered = match self.ticket("first_response_at") {
            Value::Null => answer.map_or(&Value::Null, |answer| &answer["at"]),
            at => at,
        };
        let tag = |at: &Value, tag| json!({ "at": at, "type": "tags_added", "tags": [tag] });
        let contact =
            |field, kind| fact(self.ticket(field), |at| json!({ "at": at, "type": kind }));
        events.extend(fact(answered, |at| tag(at, "first-response")));
        events.extend(contact("last_agent_contact_at", "agent_reply"));
        events.extend(contact("last_customer_contact_at", "customer_message"));
        events.extend(messages);
        events.extend(states.map(|(at, to)| json!({ "at": at, "type": "status", "to": to })));
        events.extend(fact(self.ticket("closed_at"), |at| tag(at, "solved")));
        events.extend(fact(&self.case["due_from"]["start"], |at| {
            tag(at, "period")
        }));
        events.sort_by_key(|event| event["at"].as_str().unwrap().to_owned());
        events
    }

    fn list(&self, field: &str) -> impl Iterator<Item = &'a Value> {
        self.case["ticket"][field].as_array().into_iter().flatten()
    }

    /// Zammad's three priorities as severities.
    fn severity(&self) -> &'static str {
        severity_of(self.ticket("priority").as_str().unwrap_or("2 normal"))
    }

    /// RT's settings, which the model's pack reads as tags.
    fn settings(&self) -> Vec<&'static str> {
        let policy = &self.case["policy"];
        let mut settings = Vec::new();
        for (field, tag) in [
            ("response_ignored_in", "response-ignored-when-stalled"),
            (
                "keep_in_loop_ignored_in",
                "keep-in-loop-ignored-when-stalled",
            ),
        ] {
            if let Some(states) = policy[field].as_array() {
                assert_eq!(*states, [json!("stalled")], "{}", self.id);
                settings.push(tag);
            }
        }
        if policy["exclude_time_in_ignored"] == true {
            settings.push("exclude-time-when-ignored");
        }
        settings
    }

    /// What the case promises, as a contract's own targets.
    fn overrides(&self) -> Vec<Value> {
        let policy = self.case["policy"].as_object().unwrap();
        let only_for = policy.get("applies_if").map(|applies| {
            let priorities = applies["priority_in"].as_array().unwrap();
            assert_eq!(priorities.len(), 1, "{}", self.id);
            severity_of(priorities[0].as_str().unwrap())
        });
        let mut promises: Vec<(&str, &Value)> = policy
            .iter()
            .filter_map(|(field, value)| Some((field.strip_suffix("_seconds")?, value)))
            .collect();
        if !self.case["due_from"].is_null() {
            promises.push(("period", &self.case["due_from"]["seconds"]));
        }
        promises
            .into_iter()
            .map(|(commitment, within)| {
                let mut promise = json!({ "commitment": commitment, "within": within });
                if let Some(severity) = only_for {
                    promise["severity"] = json!(severity);
                }
                promise
            })
            .collect()
    }

    fn is_near(&self, expected: &Value, found: &Value) -> bool {
        let instant = |value: &Value| value.as_str()?.parse::<jiff::Timestamp>().ok();
        match (instant(expected), instant(found)) {
            (Some(expected), Some(found)) => {
                let tolerance = self.case["tolerance_seconds"].as_i64().unwrap_or(0);
                expected.duration_since(found).abs().as_secs() <= tolerance
            }
            _ => expected == found,
        }
    }
}

/// An event for an instant that is given.
fn fact(at: &Value, event: impl FnOnce(&Value) -> Value) -> Option<Value> {
    (!at.is_null()).then(|| event(at))
}

/// The earliest due instant of the clocks that are still open.
fn earliest_due(clocks: &[Value]) -> Value {
    clocks
        .iter()
        .filter(|clock| clock["ended_at"].is_null() && !clock["due_at"].is_null())
        .map(|clock| clock["due_at"].as_str().unwrap())
        .min()
        .map_or(Value::Null, |due| json!(due))
}

fn severity_of(priority: &str) -> &'static str {
    match priority {
        "1 low" => "P4",
        "2 normal" => "P3",
        "3 high" => "P2",
        other => panic!("unknown priority {other}"),
    }
}

/// Replays a file of one scenario.
fn run(file: &Value, detail: Detail) -> Value {
    let text = file.to_string();
    let file = ScenarioFile::parse("scenario", &text, &data("scenarios"))
        .unwrap_or_else(|failure| panic!("{failure}"));
    let replay = file.replays(detail).next().unwrap();
    let replay = replay.unwrap_or_else(|failure| panic!("{failure}"));
    serde_json::from_str(&replay.line).unwrap()
}
