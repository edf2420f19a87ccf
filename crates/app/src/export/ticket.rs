//! How tickets, their clocks and their escalations stand in an export.

use mainstay_store::clock::{ClockState, StoredClock};
use mainstay_store::escalation::{StoredEscalation, StoredPhase};
use mainstay_store::ticket::StoredTicket;
use serde_json::{Value, json};

use super::names::Names;

pub(super) fn ticket_value(stored: &StoredTicket, clocks: &[StoredClock], names: &Names) -> Value {
    let ticket = &stored.ticket;
    let facts = &ticket.facts;
    json!({
        "id": ticket.id,
        "number": ticket.number,
        "subject": ticket.subject,
        "contact": ticket.contact,
        "channel": facts.channel.as_str(),
        "severity": facts.severity,
        "category": facts.category,
        "status": facts.status,
        "team": facts.team,
        "team_name": facts.team.and_then(|team| names.team(team)),
        "assignee": facts.assignee,
        "assignee_name": facts.assignee.and_then(|agent| names.agent(agent)),
        "terms": facts.terms,
        "tags": facts.tags,
        "fields": ticket.fields,
        "links": ticket.links.iter().map(|link| json!({ "to": link.to, "relation": link.relation })).collect::<Value>(),
        "merged_into": ticket.merged_into,
        "opened_at": ticket.opened_at,
        "resolved_at": ticket.resolved_at,
        "closed_at": ticket.closed_at,
        "updated_at": ticket.updated_at,
        "clocks": clocks.iter().map(clock_value).collect::<Value>(),
    })
}

fn clock_value(clock: &StoredClock) -> Value {
    json!({
        "commitment": clock.commitment,
        "cycle": clock.cycle,
        "state": match clock.state {
            ClockState::Running => "running",
            ClockState::Paused => "paused",
            ClockState::Met => "met",
            ClockState::Missed => "missed",
            ClockState::Cancelled => "cancelled",
        },
        "policy": clock.policy.0,
        "calendar": clock.calendar,
        "target_seconds": clock.target.map(|target| target.as_secs()),
        "started_at": clock.started_at,
        "promised_due_at": clock.promised_due_at,
        "due_at": clock.due_at,
        "stopped_at": clock.stopped_at,
        "missed_at": clock.missed_at,
        "cancelled_at": clock.cancelled_at,
    })
}

pub(super) fn escalation_value(stored: &StoredEscalation, facts: &Value) -> Value {
    json!({
        "id": stored.id,
        "ladder": stored.ladder,
        "phase": match stored.phase {
            StoredPhase::Open => "open",
            StoredPhase::Resolved => "resolved",
            StoredPhase::Cancelled => "cancelled",
        },
        "level": stored.level,
        "reason": stored.reason,
        "raised_at": stored.raised_at,
        "acknowledged_at": stored.acknowledged_at,
        "ended_at": stored.ended_at,
        "facts": facts,
    })
}
