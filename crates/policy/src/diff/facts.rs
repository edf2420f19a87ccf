//! Everything a policy says, as keys and values that can be compared.

use std::collections::{BTreeSet, HashMap};

use mainstay_calendar::{CalendarSpec, TimeOfDay, TimeRange};
use mainstay_domain::commitment::{Commitment, Consequence, WarningPoint};
use mainstay_domain::escalation::Ladder;
use mainstay_domain::policy::{CalendarHours, Policy};
use serde_json::Value;

use crate::show::{self, promises, recipient};
use crate::table::timing;
use crate::text::length_text;
use crate::words::{condition_text, reopen_text, repeat_text, statistic_text, triggers_text};

/// A part, a subject, and what about it.
pub(super) type Key = (&'static str, String, String);

/// The times of day at which hours begin or end in either pack, by calendar and weekday.
#[derive(Default)]
pub(super) struct Edges(HashMap<(String, &'static str), BTreeSet<TimeOfDay>>);

/// The edges of every calendar of these policies.
pub(super) fn edges(policies: &[&Policy]) -> Edges {
    let mut edges = Edges::default();
    for calendar in policies
        .iter()
        .flat_map(|policy| &policy.calendar_definitions)
    {
        let CalendarHours::Weekly(spec) = &calendar.hours else {
            continue;
        };
        for (day, ranges) in crate::hours::week(spec) {
            let of_day = edges.0.entry((calendar.name.to_string(), day)).or_default();
            of_day.extend(ranges.iter().flat_map(|range| [range.open, range.close]));
        }
    }
    edges
}

impl Edges {
    /// Cuts a range wherever the other pack's hours begin or end, so that only the hours that differ are told. A range
    /// across midnight is told whole.
    fn split(&self, calendar: &str, day: &'static str, range: TimeRange) -> Vec<TimeRange> {
        let Some(edges) = self.0.get(&(calendar.to_owned(), day)) else {
            return vec![range];
        };
        if range.close <= range.open {
            return vec![range];
        }
        let inside: Vec<TimeOfDay> = edges.range(range.open..=range.close).copied().collect();
        inside
            .windows(2)
            .map(|pair| TimeRange::new(pair[0], pair[1]))
            .collect()
    }
}

/// Everything a policy says, as keys and values that can be compared.
#[derive(Default)]
struct Facts(Vec<(Key, String)>);

impl Facts {
    fn add(
        &mut self,
        part: &'static str,
        subject: impl Into<String>,
        what: impl Into<String>,
        value: impl Into<String>,
    ) {
        self.0
            .push(((part, subject.into(), what.into()), value.into()));
    }

    /// Adds every value of a JSON object, nested ones with dotted keys.
    fn add_json(&mut self, part: &'static str, subject: &str, prefix: &str, value: &Value) {
        match value {
            Value::Null => {}
            Value::Object(object) => {
                for (key, value) in object {
                    // The name is the subject itself, and a tier's hours are its `support_hours`.
                    if ["name", "language", "hours", "from"].contains(&key.as_str()) {
                        continue;
                    }
                    let path = if prefix.is_empty() {
                        key.clone()
                    } else {
                        format!("{prefix}.{key}")
                    };
                    self.add_json(part, subject, &path, value);
                }
            }
            Value::Array(items) if items.is_empty() => {}
            Value::String(text) => self.add(part, subject, prefix, text),
            other => self.add(part, subject, prefix, other.to_string()),
        }
    }
}

/// What a policy says, hours cut at these edges.
pub(super) fn facts(policy: &Policy, edges: &Edges) -> Vec<(Key, String)> {
    let mut facts = Facts::default();
    facts.add("pack", "", "name", &policy.pack);
    facts.add("pack", "", "version", &policy.pack_version);
    facts.add("pack", "", "title", &policy.title);
    facts.add("pack", "", "currency", &policy.currency);
    facts.add(
        "pack",
        "",
        "default calendar",
        policy.default_calendar.as_str(),
    );
    add_described(&mut facts, policy);
    add_promises(&mut facts, policy);
    for commitment in &policy.commitments {
        add_commitment(&mut facts, commitment);
    }
    for calendar in &policy.calendar_definitions {
        add_calendar(&mut facts, calendar.name.as_str(), &calendar.hours, edges);
    }
    for ladder in &policy.ladders {
        add_ladder(&mut facts, ladder);
    }
    facts.0
}

/// What JSON shows in full: tiers, severities, levels, statuses, categories, roles, templates.
fn add_described(facts: &mut Facts, policy: &Policy) {
    let described = show::described(policy);
    for (part, key) in [
        ("tier", "tiers"),
        ("severity", "severities"),
        ("level", "levels"),
        ("status", "statuses"),
        ("category", "categories"),
        ("role", "roles"),
        ("template", "templates"),
    ] {
        for entry in described[key].as_array().into_iter().flatten() {
            let name = ["name", "severity", "level"]
                .iter()
                .find_map(|key| entry.get(*key))
                .map_or_else(String::new, |name| {
                    name.as_str()
                        .map_or_else(|| name.to_string(), str::to_owned)
                });
            let subject = match entry.get("language").and_then(Value::as_str) {
                Some(language) => format!("{name} ({language})"),
                None => name,
            };
            facts.add_json(part, &subject, "", entry);
        }
    }
}

fn add_promises(facts: &mut Facts, policy: &Policy) {
    for promise in promises(policy) {
        let target = promise.target;
        let selectors: String = [
            target
                .category
                .as_ref()
                .map(|name| format!(" category {name}")),
            target
                .channel
                .map(|channel| format!(" by {}", channel.as_str())),
            target.tag.as_ref().map(|tag| format!(" tagged {tag}")),
        ]
        .into_iter()
        .flatten()
        .collect();
        let severity = promise.severity.map_or("", |severity| severity.as_str());
        let subject = format!(
            "{} {severity} {}{selectors}",
            promise.tier, promise.commitment.name
        );
        facts.add(
            "promise",
            subject,
            "target",
            format!("{} on {}", length_text(target.duration), promise.calendar),
        );
    }
    for promise in &policy.uptime {
        let subject = promise.tier.as_str();
        facts.add(
            "uptime",
            subject,
            "target",
            format!("{}%", promise.target_percent),
        );
        facts.add(
            "uptime",
            subject,
            "allowance a month",
            length_text(promise.allowance),
        );
        if let Some(credit) = promise.credit_percent {
            facts.add("uptime", subject, "credit", format!("{credit}%"));
        }
    }
    for promise in &policy.performance {
        let statistic = statistic_text(promise.statistic);
        let subject = format!("{} {}", promise.tier, promise.measure);
        facts.add(
            "performance",
            subject,
            statistic,
            length_text(promise.below),
        );
    }
    for promise in &policy.recovery {
        let subject = promise.tier.as_str();
        facts.add(
            "recovery",
            subject,
            "recovery time",
            length_text(promise.recovery_time),
        );
        facts.add(
            "recovery",
            subject,
            "data loss",
            length_text(promise.data_loss),
        );
    }
}

fn add_commitment(facts: &mut Facts, commitment: &Commitment) {
    let subject = commitment.name.as_str();
    facts.add("commitment", subject, "promises", &commitment.description);
    for (language, title) in commitment.title.all() {
        facts.add("commitment", subject, format!("title ({language})"), title);
    }
    if commitment.internal {
        facts.add("commitment", subject, "internal", "");
    }
    for (what, condition) in [
        ("applies", &commitment.applies),
        ("pauses while", &commitment.pause),
    ] {
        facts.add("commitment", subject, what, condition_text(condition));
    }
    for (what, triggers) in [
        ("starts when", &commitment.start),
        ("stops when", &commitment.stop),
        ("resets when", &commitment.reset),
        ("is cancelled when", &commitment.cancel),
    ] {
        facts.add("commitment", subject, what, triggers_text(triggers));
    }
    facts.add(
        "commitment",
        subject,
        "repeats",
        repeat_text(commitment.repeat),
    );
    facts.add(
        "commitment",
        subject,
        "on reopening",
        reopen_text(commitment.reopen),
    );
    for warning in &commitment.warnings {
        let point = match warning.at {
            WarningPoint::Used(share) => format!("warning at {share}% used"),
            WarningPoint::Left(left) => format!("warning with {} left", length_text(left)),
        };
        facts.add(
            "commitment",
            subject,
            point,
            consequences(&warning.consequences),
        );
    }
    facts.add(
        "commitment",
        subject,
        "missed",
        consequences(&commitment.on_missed),
    );
}

fn consequences(consequences: &[Consequence]) -> String {
    let texts: Vec<String> = consequences
        .iter()
        .map(|consequence| match consequence {
            Consequence::NotifyAssignee => "notify assignee".to_owned(),
            Consequence::NotifyTeam => "notify team".to_owned(),
            Consequence::NotifyRole(role) => format!("notify {role}"),
            Consequence::Escalate(ladder) => format!("escalate {ladder}"),
        })
        .collect();
    texts.join(", ")
}

fn add_calendar(facts: &mut Facts, name: &str, hours: &CalendarHours, edges: &Edges) {
    match hours {
        CalendarHours::Always => facts.add("calendar", name, "always open", ""),
        CalendarHours::Union(members) => {
            for member in members {
                facts.add("calendar", name, format!("open with {member}"), "");
            }
        }
        CalendarHours::Weekly(spec) => {
            facts.add("calendar", name, "time zone", &spec.time_zone);
            add_hours(facts, name, spec, edges);
        }
    }
}

/// Every open hour, holiday, exception and break is a fact of its own, so that what is added and removed can be told.
fn add_hours(facts: &mut Facts, name: &str, spec: &CalendarSpec, edges: &Edges) {
    for (day, ranges) in crate::hours::week(spec) {
        for piece in ranges
            .iter()
            .flat_map(|range| edges.split(name, day, *range))
        {
            facts.add("calendar", name, format!("open {day} {piece}"), "");
        }
    }
    for holiday in &spec.holidays {
        facts.add("calendar", name, format!("holiday {}", holiday.date), "");
    }
    for holiday in &spec.yearly_holidays {
        let what = format!("yearly holiday {:02}-{:02}", holiday.month, holiday.day);
        facts.add("calendar", name, what, "");
    }
    for (what, dates) in [("exception", &spec.exceptions), ("break", &spec.breaks)] {
        for (date, ranges) in dates {
            let ranges: Vec<String> = ranges.iter().map(ToString::to_string).collect();
            let hours = if ranges.is_empty() {
                "closed".to_owned()
            } else {
                ranges.join(" and ")
            };
            facts.add("calendar", name, format!("{what} {date}"), hours);
        }
    }
}

fn add_ladder(facts: &mut Facts, ladder: &Ladder) {
    let subject = ladder.name.as_str();
    for trigger in &ladder.triggers {
        let mut described = show::trigger(trigger);
        let level = described["level"].take();
        facts.add(
            "ladder",
            subject,
            format!("raised by {}", words(&described)),
            level.as_u64().map_or_else(
                || "at its foot".to_owned(),
                |level| format!("at level {level}"),
            ),
        );
    }
    for (index, step) in ladder.steps.iter().enumerate() {
        let who: Vec<String> = step.who.iter().map(recipient).collect();
        let channels: Vec<&str> = step
            .channels
            .iter()
            .map(|channel| channel.as_str())
            .collect();
        let respond = step.respond_within.map_or_else(String::new, |within| {
            format!(", responds within {}", length_text(within))
        });
        let wake = if step.wake { ", wakes" } else { "" };
        facts.add(
            "ladder",
            subject,
            format!("step {}", index + 1),
            format!(
                "{} (level {}): {} by {}, {}{respond}{wake}",
                step.name,
                step.level,
                who.join(" and "),
                channels.join(" and "),
                timing(&step.after)
            ),
        );
    }
    if let Some(next) = &ladder.next {
        facts.add(
            "ladder",
            subject,
            "goes on with",
            format!("{}, {}", next.ladder, timing(&next.after)),
        );
    }
}

/// A trigger in a line: its word, then whatever says more about it.
fn words(trigger: &Value) -> String {
    let mut parts = vec![trigger["on"].as_str().unwrap_or_default().to_owned()];
    for (key, value) in trigger.as_object().into_iter().flatten() {
        let list = value.as_array();
        if key == "on" || value.is_null() || list.is_some_and(Vec::is_empty) {
            continue;
        }
        let text = list.map_or_else(
            || value.to_string().replace('"', ""),
            |items| {
                let items: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
                items.join("/")
            },
        );
        parts.push(format!("{key} {text}"));
    }
    parts.join(" ")
}
