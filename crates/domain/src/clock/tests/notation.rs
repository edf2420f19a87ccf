//! A small notation in which ledgers, commitments and clocks are written as text, so that a test is data.
//!
//! Every line of a ledger is `TIME [recorded TIME] [vN] WHO AND WHAT`, in the week of Monday, 2 March 2026, UTC:
//! `09:00` is on Monday, `Tue 09:00` on Tuesday. Every line of commitments is `NAME: CLAUSE; CLAUSE; …`.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use mainstay_calendar::{Calendar, CalendarSpec, Holiday, TimeOfDay, TimeRange, Weekly};

use crate::clock::{Cancellation, Clock, OutcomeKind, fold};
use crate::commitment::{
    Commitment, Occurrence, Reopen, Repeat, Source, Target, Trigger, Warning, WarningPoint,
};
use crate::condition::{Condition, NamedTeam};
use crate::event::{
    Actor, CarriedClock, Channel, ContractTerms, Event, EventKind, Origin, Side, Spoken,
    TargetOverride, Visibility,
};
use crate::id::EscalationId;
use crate::name::{CalendarName, StatusName};
use crate::policy::{Policy, PolicyBook, PolicyVersion};
use crate::status::{Status, StatusKind};

/// Folds the ledger at an instant and compares the clocks, one a line.
#[track_caller]
pub fn check(commitments: &str, ledger: &str, now: &str, expected: &str) {
    let clocks = clocks(commitments, ledger, now);
    let lines: Vec<String> = clocks.iter().map(line).collect();
    let expected: Vec<&str> = lines_of(expected).collect();
    assert_eq!(lines, expected, "at {now}");
}

/// Folds the ledger under one policy.
pub fn clocks(commitments: &str, ledger: &str, now: &str) -> Vec<Clock> {
    let book = PolicyBook::of(PolicyVersion(1), Arc::new(policy(commitments)));
    fold(&events(ledger), &book, instant(now))
}

/// A policy of these commitments. `office` is open from Monday to Friday, 09:00 to 17:00 with Thursday off, `always`
/// is the default.
pub fn policy(commitments: &str) -> Policy {
    let mut policy = Policy::empty("test", CalendarName::from("always"));
    policy.calendars = [("always", Calendar::always()), ("office", office())]
        .map(|(name, calendar)| (CalendarName::from(name), calendar))
        .into();
    policy.support_hours = [("Gold", "always"), ("Silver", "office")]
        .map(|(tier, calendar)| (tier.into(), calendar.into()))
        .into();
    policy.commitments = lines_of(commitments)
        .zip(1..)
        .map(|(line, number)| commitment(line, number))
        .collect();
    policy
}

fn office() -> Calendar {
    let time = |text: &str| text.parse::<TimeOfDay>().unwrap();
    let hours = TimeRange::new(time("09:00"), time("17:00"));
    let mut spec = CalendarSpec::new("UTC", Weekly::monday_to_friday(hours));
    spec.holidays.push(Holiday {
        date: jiff::civil::date(2026, 3, 5),
        name: Some("Founders' Day".into()),
    });
    Calendar::new(spec).unwrap()
}

fn lines_of(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty())
}

/// Reads `Tue 09:00:05`; without a day it is Monday.
pub fn instant(text: &str) -> Timestamp {
    let (day, time) = text.trim().rsplit_once(' ').unwrap_or(("Mon", text.trim()));
    let days = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
    let day = 2 + days.iter().position(|name| *name == day).unwrap();
    let seconds = if time.len() == 5 { ":00" } else { "" };
    format!("2026-03-{day:02}T{time}{seconds}Z")
        .parse()
        .unwrap()
}

/// Reads `1h30m`, `45m`, `90s`.
pub fn time(text: &str) -> SignedDuration {
    text.parse().unwrap_or_else(|e| panic!("{text}: {e}"))
}

/// An identifier made of a name.
pub fn id<I: From<uuid::Uuid>>(name: &str) -> I {
    let mut bytes = [0; 16];
    for (place, byte) in bytes.iter_mut().zip(name.bytes()) {
        *place = byte;
    }
    I::from(uuid::Uuid::from_bytes(bytes))
}

fn commitment(line: &str, number: u32) -> Commitment {
    let (name, clauses) = line.split_once(':').unwrap();
    let source = Source {
        file: "commitments.toml".into(),
        line: number,
    };
    let mut commitment = Commitment {
        name: name.into(),
        description: String::new(),
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
fn status(text: &str) -> Status {
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

/// Reads a ledger.
pub fn events(ledger: &str) -> Vec<Event> {
    let mut state = status("new");
    let mut severity = crate::severity::Severity::P3;
    lines_of(ledger)
        .zip(1..)
        .map(|(line, sequence)| {
            let mut words: Vec<&str> = line.split_whitespace().collect();
            let at = take_instant(&mut words);
            let recorded_at = if words[0] == "recorded" {
                words.remove(0);
                take_instant(&mut words)
            } else {
                at
            };
            let version = words[0].strip_prefix('v').and_then(|v| v.parse().ok());
            if version.is_some() {
                words.remove(0);
            }
            let actor = match words[0] {
                "customer" => Actor::Contact(id("contact")),
                "agent" => Actor::Agent(id("agent")),
                _ => Actor::System,
            };
            if actor != Actor::System || words[0] == "system" {
                words.remove(0);
            }
            Event {
                id: id(&format!("event {sequence}")),
                at,
                recorded_at,
                sequence,
                actor,
                policy: PolicyVersion(version.unwrap_or(1)),
                kind: happening(&words, actor, &mut state, &mut severity),
            }
        })
        .collect()
}

fn take_instant(words: &mut Vec<&str>) -> Timestamp {
    let mut text = words.remove(0).to_owned();
    if !text.contains(':') {
        text = format!("{text} {}", words.remove(0));
    }
    instant(&text)
}

fn happening(
    words: &[&str],
    actor: Actor,
    state: &mut Status,
    severity: &mut crate::severity::Severity,
) -> EventKind {
    let message = |visibility, origin| EventKind::MessageAdded {
        message: id("message"),
        side: match actor {
            Actor::Agent(_) => Side::Agent,
            _ => Side::Customer,
        },
        visibility,
        origin,
        channel: Channel::Email,
    };
    match words {
        ["opens", rest @ ..] => opened(rest, actor, state, severity),
        ["writes"] => message(Visibility::Public, Origin::Person),
        ["notes"] => message(Visibility::Internal, Origin::Person),
        ["answers_automatically"] => message(Visibility::Public, Origin::Automatic),
        ["bounces"] => message(Visibility::Public, Origin::Bounce),
        ["status", to] => {
            let to = status(to);
            let from = std::mem::replace(state, to.clone());
            EventKind::StatusChanged { from, to }
        }
        ["severity", to] => {
            let to = to.parse().unwrap();
            let from = std::mem::replace(severity, to);
            EventKind::SeverityChanged {
                from,
                to,
                reason: None,
            }
        }
        ["category", to] => EventKind::CategoryChanged {
            to: Some((*to).into()),
        },
        ["terms", rest @ ..] => EventKind::TermsChanged {
            terms: terms(rest),
            reason: "renewal".into(),
        },
        ["account", name, rest @ ..] => EventKind::AccountChanged {
            to: Some(id(name)),
            terms: terms(rest),
        },
        ["team", name] => EventKind::TeamChanged { to: Some(id(name)) },
        ["takes"] => EventKind::AssigneeChanged {
            to: Some(id("agent")),
            reason: None,
        },
        ["tags", tag] => EventKind::TagsAdded {
            tags: vec![(*tag).into()],
        },
        ["untags", tag] => EventKind::TagsRemoved {
            tags: vec![(*tag).into()],
        },
        ["escalates"] => EventKind::EscalationRaised {
            escalation: id("escalation"),
            ladder: "ladder".into(),
            reason: "late".into(),
        },
        ["acknowledges"] => EventKind::EscalationAcknowledged {
            escalation: id::<EscalationId>("escalation"),
        },
        ["merged_into", number] => EventKind::MergedInto {
            ticket: id(number),
            number: number.parse().unwrap(),
        },
        ["merged_from", number, name, since, used, said @ ..] => EventKind::MergedFrom {
            ticket: id(number),
            number: number.parse().unwrap(),
            clocks: (*name != "-")
                .then(|| CarriedClock {
                    commitment: (*name).into(),
                    started_at: instant(since),
                    used: time(used),
                })
                .into_iter()
                .collect(),
            messages: said.iter().map(|text| spoken(text)).collect(),
        },
        ["split_from", number] => EventKind::SplitFrom {
            ticket: id(number),
            number: number.parse().unwrap(),
            message: id("message"),
        },
        ["missed", name, cycle, due] => EventKind::ClockMissed {
            commitment: (*name).into(),
            cycle: cycle.parse().unwrap(),
            due_at: instant(due),
        },
        other => panic!("happening {other:?}"),
    }
}

/// Reads `agent@09:30`.
fn spoken(text: &str) -> Spoken {
    let (side, at) = text.split_once('@').unwrap();
    let side = match side {
        "agent" => Side::Agent,
        _ => Side::Customer,
    };
    let at = instant(at);
    Spoken { at, side }
}

fn opened(
    words: &[&str],
    actor: Actor,
    state: &mut Status,
    severity: &mut crate::severity::Severity,
) -> EventKind {
    let value = |key: &str| {
        words
            .iter()
            .find_map(|word| word.strip_prefix(key)?.strip_prefix('='))
    };
    if let Some(text) = value("status") {
        *state = status(text);
    }
    if let Some(given) = words.iter().find_map(|word| word.parse().ok()) {
        *severity = given;
    }
    EventKind::Opened {
        account: Some(id("account")),
        contact: Some(id("contact")),
        channel: match actor {
            Actor::Agent(_) => Channel::Phone,
            _ => Channel::Email,
        },
        severity: *severity,
        category: value("category").map(Into::into),
        status: state.clone(),
        team: value("team").map(id),
        assignee: None,
        terms: terms(words),
        tags: value("tag").map(Into::into).into_iter().collect(),
    }
}

/// Reads `tier=Gold` and overrides: `COMMITMENT[/P1]:2h@office`, either part of which may be absent.
fn terms(words: &[&str]) -> ContractTerms {
    let mut terms = ContractTerms::default();
    for word in words {
        if let Some(name) = word.strip_prefix("tier=") {
            terms.tier = Some(name.into());
        } else if let Some((subject, promise)) =
            word.split_once(':').filter(|(s, _)| !s.contains('='))
        {
            let (name, severity) = subject.split_once('/').unwrap_or((subject, ""));
            let (target, calendar) = promise.split_once('@').unwrap_or((promise, ""));
            terms.overrides.push(TargetOverride {
                commitment: name.into(),
                severity: severity.parse().ok(),
                target: (!target.is_empty()).then(|| time(target)),
                calendar: (!calendar.is_empty()).then(|| calendar.into()),
                clause: format!("§{}", terms.overrides.len() + 1),
            });
        }
    }
    terms
}

/// Writes a clock: its name, cycle and state, from when to when, and what else there is to say.
pub fn line(clock: &Clock) -> String {
    let mut text = format!(
        "{}#{} {} {}-",
        clock.commitment,
        clock.cycle,
        clock.state(),
        show(clock.started_at)
    );
    if let Some(outcome) = &clock.outcome {
        text += &show(outcome.at);
    }
    text += &format!(" used {:#}", clock.used);
    let mut say = |what: &str, at: Option<Timestamp>| {
        if let Some(at) = at {
            text += &format!(" {what} {}", show(at));
        }
    };
    say("due", clock.due_at);
    say(
        "promised",
        clock
            .promised_due_at
            .filter(|due| Some(*due) != clock.due_at),
    );
    say("missed", clock.missed_at);
    say("retracted", clock.retracted_miss);
    for warned in &clock.warned {
        say(&format!("warned{}", warned.warning), Some(warned.at));
    }
    if !clock.late_events.is_empty() {
        text += &format!(" late {}", clock.late_events.len());
    }
    match clock.outcome.as_ref().map(|outcome| &outcome.kind) {
        Some(OutcomeKind::Cancelled(Cancellation::Merged(number))) => {
            text += &format!(" merged into {number}");
        }
        Some(OutcomeKind::Cancelled(Cancellation::NoPromise)) => text += " no promise",
        Some(OutcomeKind::Cancelled(Cancellation::Rule)) => text += " by rule",
        _ => {}
    }
    text
}

fn show(at: Timestamp) -> String {
    let text = at.strftime("%a %H:%M:%S%.f").to_string();
    let text = text.strip_prefix("Mon ").unwrap_or(&text);
    text.strip_suffix(":00").unwrap_or(text).to_owned()
}
