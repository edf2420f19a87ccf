//! Ledgers, as the notation writes them.

use jiff::Timestamp;

use crate::event::{
    Actor, CarriedClock, Channel, ContractTerms, Event, EventKind, Origin, Side, Spoken,
    TargetOverride, Visibility,
};
use crate::id::EscalationId;
use crate::policy::PolicyVersion;
use crate::status::Status;

use super::commitment::status;
use super::{id, instant, lines_of, time};

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
        ["undoes", first, last, restored] => EventKind::ChangeUndone {
            first: first.parse().unwrap(),
            last: last.parse().unwrap(),
            restored: restored.parse().unwrap(),
        },
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
            because: None,
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
