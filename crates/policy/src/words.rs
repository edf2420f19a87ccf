//! Conditions and triggers in words.

use mainstay_domain::commitment::{Occurrence, Reopen, Repeat, Trigger};
use mainstay_domain::condition::Condition;
use mainstay_domain::event::Side;
use mainstay_domain::policy::Statistic;

/// A condition as a phrase: `status pending_customer or on_hold`.
#[must_use]
pub fn condition_text(condition: &Condition) -> String {
    match condition {
        Condition::Always => "always".to_owned(),
        Condition::Never => "never".to_owned(),
        Condition::All(all) => joined(all, " and "),
        Condition::Any(any) => joined(any, " or "),
        Condition::Not(inner) => format!("not ({})", condition_text(inner)),
        Condition::Status(names) => one_of("status", names.iter().map(|name| name.as_str())),
        Condition::StatusKind(kinds) => {
            one_of("status kind", kinds.iter().map(|kind| kind.as_str()))
        }
        Condition::Severity(all) => one_of("severity", all.iter().map(|one| one.as_str())),
        Condition::Tier(names) => one_of("tier", names.iter().map(|name| name.as_str())),
        Condition::Category(names) => one_of("category", names.iter().map(|name| name.as_str())),
        Condition::Team(teams) => one_of("team", teams.iter().map(|team| team.name.as_str())),
        Condition::Channel(all) => one_of("channel", all.iter().map(|one| one.as_str())),
        Condition::Tag(tags) => one_of("tag", tags.iter().map(|tag| tag.as_str())),
        Condition::Awaiting(side) => format!("waiting for the {}", side_text(*side)),
        Condition::Assigned => "assigned".to_owned(),
        Condition::Account => "of a known account".to_owned(),
    }
}

fn joined(conditions: &[Condition], word: &str) -> String {
    let parts: Vec<String> = conditions
        .iter()
        .map(|condition| match condition {
            Condition::All(_) | Condition::Any(_) => format!("({})", condition_text(condition)),
            _ => condition_text(condition),
        })
        .collect();
    parts.join(word)
}

fn one_of<'a>(what: &str, values: impl Iterator<Item = &'a str>) -> String {
    let values: Vec<&str> = values.collect();
    format!("{what} {}", values.join(" or "))
}

fn side_text(side: Side) -> &'static str {
    match side {
        Side::Customer => "customer",
        Side::Agent => "agent",
    }
}

/// Triggers as a phrase: `opened; agent_reply when severity P1`.
#[must_use]
pub fn triggers_text(triggers: &[Trigger]) -> String {
    if triggers.is_empty() {
        return "nothing".to_owned();
    }
    let texts: Vec<String> = triggers.iter().map(trigger_text).collect();
    texts.join("; ")
}

fn trigger_text(trigger: &Trigger) -> String {
    let mut text = occurrence_text(&trigger.on);
    if let Some(side) = trigger.by {
        text.push_str(&format!(" by the {}", side_text(side)));
    }
    if trigger.when != Condition::Always {
        text.push_str(&format!(" when {}", condition_text(&trigger.when)));
    }
    text
}

fn occurrence_text(occurrence: &Occurrence) -> String {
    let word = match occurrence {
        Occurrence::Opened => "opened",
        Occurrence::CustomerMessage => "customer message",
        Occurrence::AgentReply => "agent reply",
        Occurrence::StatusChanged => "status changed",
        Occurrence::Done => "done",
        Occurrence::Reopened => "reopened",
        Occurrence::Entered(kind) => return format!("becomes {}", kind.as_str()),
        Occurrence::SeverityChanged => "severity changed",
        Occurrence::CategoryChanged => "category changed",
        Occurrence::TeamChanged => "handed to a team",
        Occurrence::Assigned => "assigned",
        Occurrence::Tagged(tag) => return format!("tagged {tag}"),
        Occurrence::Escalated => "escalated",
        Occurrence::Acknowledged => "acknowledged",
    };
    word.to_owned()
}

/// How a clock repeats, in a word.
pub(crate) fn repeat_text(repeat: Repeat) -> &'static str {
    match repeat {
        Repeat::Once => "once",
        Repeat::EachStart => "each_start",
    }
}

/// What reopening does, in a word.
pub(crate) fn reopen_text(reopen: Reopen) -> &'static str {
    match reopen {
        Reopen::Ignore => "ignore",
        Reopen::Resume => "resume",
        Reopen::Restart => "restart",
        Reopen::NewCycle => "new_cycle",
    }
}

/// A statistic as packs write it: `average`, `maximum`, `p95`.
pub(crate) fn statistic_text(statistic: Statistic) -> String {
    match statistic {
        Statistic::Average => "average".to_owned(),
        Statistic::Maximum => "maximum".to_owned(),
        Statistic::Percentile(share) => format!("p{share}"),
    }
}
