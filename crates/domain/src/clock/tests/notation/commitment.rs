//! Commitments, as the notation writes them.

use crate::commitment::{
    Commitment, Occurrence, Reopen, Repeat, Source, Target, Trigger, Warning, WarningPoint,
};
use crate::condition::{Condition, NamedTeam};
use crate::event::Side;
use crate::name::StatusName;
use crate::policy::Title;
use crate::status::{Status, StatusKind};

use super::{id, time};

/// Reads `NAME: CLAUSE; CLAUSE; …`.
pub fn commitment(line: &str, number: u32) -> Commitment {
    let (name, clauses) = line.split_once(':').unwrap();
    let source = Source {
        file: "commitments.toml".into(),
        line: number,
    };
    let mut commitment = Commitment {
        name: name.into(),
        title: Title::default(),
        description: String::new(),
        internal: false,
        applies: Condition::Always,
        start: Vec::new(),
        pause: Condition::Never,
        stop: Vec::new(),
        reset: Vec::new(),
        cancel: Vec::new(),
        repeat: Repeat::Once,
        reopen: Reopen::Ignore,
        calendar: None,
        targets: Vec::new(),
        warnings: Vec::new(),
        on_missed: Vec::new(),
        source: source.clone(),
    };
    for clause in clauses.split(';').map(str::trim) {
        let (key, rest) = clause.split_once(' ').unwrap_or((clause, ""));
        let items = rest.split(',').map(str::trim);
        match key {
            "applies" => commitment.applies = condition(rest),
            "start" => commitment.start = items.map(trigger).collect(),
            "pause" => commitment.pause = condition(rest),
            "stop" => commitment.stop = items.map(trigger).collect(),
            "reset" => commitment.reset = items.map(trigger).collect(),
            "cancel" => commitment.cancel = items.map(trigger).collect(),
            "each" => commitment.repeat = Repeat::EachStart,
            "reopen" => {
                commitment.reopen = match rest {
                    "resume" => Reopen::Resume,
                    "restart" => Reopen::Restart,
                    "new" => Reopen::NewCycle,
                    other => panic!("reopen {other}"),
                };
            }
            "calendar" => commitment.calendar = Some(rest.into()),
            "target" => commitment.targets = items.map(|item| target(item, &source)).collect(),
            "warn" => commitment.warnings = items.map(|item| warning(item, &source)).collect(),
            other => panic!("clause {other}"),
        }
    }
    commitment
}

/// Reads `[WORD|WORD] occurrence` and `occurrence by agent`.
fn trigger(text: &str) -> Trigger {
    let (when, text) = match text.strip_prefix('[') {
        Some(rest) => {
            let (when, text) = rest.split_once("] ").unwrap();
            (condition(when), text)
        }
        None => (Condition::Always, text),
    };
    let (text, by) = match text.split_once(" by ") {
        Some((text, "agent")) => (text, Some(Side::Agent)),
        Some((text, "customer")) => (text, Some(Side::Customer)),
        _ => (text, None),
    };
    let on = match text {
        "opened" => Occurrence::Opened,
        "customer_message" => Occurrence::CustomerMessage,
        "agent_reply" => Occurrence::AgentReply,
        "status_changed" => Occurrence::StatusChanged,
        "done" => Occurrence::Done,
        "reopened" => Occurrence::Reopened,
        "severity_changed" => Occurrence::SeverityChanged,
        "category_changed" => Occurrence::CategoryChanged,
        "team_changed" => Occurrence::TeamChanged,
        "assigned" => Occurrence::Assigned,
        "escalated" => Occurrence::Escalated,
        "acknowledged" => Occurrence::Acknowledged,
        other => match other.split_once('=') {
            Some(("tagged", tag)) => Occurrence::Tagged(tag.into()),
            Some(("entered", kind)) => Occurrence::Entered(status(kind).kind),
            _ => panic!("occurrence {other}"),
        },
    };
    Trigger { on, when, by }
}

/// Reads words joined by `|`: any of them holds. `!WORD` is the contrary.
fn condition(text: &str) -> Condition {
    Condition::Any(text.split('|').map(word).collect())
}

fn word(text: &str) -> Condition {
    if let Some(rest) = text.strip_prefix('!') {
        return Condition::Not(Box::new(word(rest)));
    }
    if let Ok(severity) = text.parse() {
        return Condition::Severity(vec![severity]);
    }
    match text.split_once('=') {
        Some(("tier", name)) => Condition::Tier(vec![name.into()]),
        Some(("team", name)) => Condition::Team(vec![NamedTeam {
            name: name.into(),
            id: Some(id(name)),
        }]),
        Some(("tag", name)) => Condition::Tag(vec![name.into()]),
        Some(("category", name)) => Condition::Category(vec![name.into()]),
        Some(("awaiting", "agent")) => Condition::Awaiting(Side::Agent),
        Some(("awaiting", "customer")) => Condition::Awaiting(Side::Customer),
        _ => Condition::Status(vec![StatusName::from(text)]),
    }
}

/// Reads `WORD WORD 1h`, with `P1`, `tier=`, `tag=`, `category=`, `on=` (a calendar).
fn target(text: &str, source: &Source) -> Target {
    let (selectors, duration) = text.rsplit_once(' ').unwrap_or(("", text));
    let mut target = Target {
        tier: None,
        severity: None,
        category: None,
        channel: None,
        tag: None,
        duration: time(duration),
        calendar: None,
        source: source.clone(),
    };
    for selector in selectors.split_whitespace() {
        match selector.split_once('=') {
            None => target.severity = Some(selector.parse().unwrap()),
            Some(("tier", name)) => target.tier = Some(name.into()),
            Some(("tag", name)) => target.tag = Some(name.into()),
            Some(("category", name)) => target.category = Some(name.into()),
            Some(("on", name)) => target.calendar = Some(name.into()),
            Some(other) => panic!("selector {other:?}"),
        }
    }
    target
}

/// Reads `50%` and `15m left`.
fn warning(text: &str, source: &Source) -> Warning {
    let at = match text.strip_suffix('%') {
        Some(percent) => WarningPoint::Used(percent.parse().unwrap()),
        None => WarningPoint::Left(time(text.strip_suffix(" left").unwrap())),
    };
    Warning {
        at,
        consequences: Vec::new(),
        source: source.clone(),
    }
}

/// A built-in status, or one of the test's own, written `name:kind`.
pub fn status(text: &str) -> Status {
    let (name, kind) = text.split_once(':').unwrap_or((text, text));
    let kind = StatusKind::ALL
        .into_iter()
        .find(|known| known.as_str() == kind)
        .unwrap_or_else(|| panic!("status {text}"));
    Status {
        name: name.into(),
        kind,
    }
}
