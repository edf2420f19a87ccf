//! The vocabulary of webhooks: what receivers are told, derived from the facts of the ledger.

use mainstay_domain::event::{Actor, Event, EventKind, Origin, Side, Visibility};
use mainstay_domain::id::MessageId;
use mainstay_domain::status::{Status, StatusKind};
use mainstay_domain::ticket::Ticket;
use serde_json::{Value, json};

/// Every kind of event a subscription can name, with what it tells. A name, once released, keeps its meaning.
pub const EVENT_TYPES: &[(&str, &str)] = &[
    (
        "ticket.opened",
        "A ticket was opened, by the customer or for them; the message it begins with belongs to it.",
    ),
    ("ticket.replied", "An agent answered publicly."),
    ("ticket.customer_replied", "The customer wrote again."),
    ("ticket.noted", "Somebody left an internal note."),
    (
        "ticket.automatic_message",
        "A machine answered, or a mail system said that a message could not be delivered.",
    ),
    (
        "ticket.status_changed",
        "The status changed, to whatever status.",
    ),
    (
        "ticket.resolved",
        "The ticket was resolved; beside ticket.status_changed.",
    ),
    (
        "ticket.closed",
        "The ticket was closed; beside ticket.status_changed.",
    ),
    (
        "ticket.reopened",
        "A resolved or closed ticket was opened again; beside ticket.status_changed.",
    ),
    (
        "ticket.rated",
        "The customer rated how the ticket was handled, or changed their rating.",
    ),
    ("ticket.severity_changed", "The severity changed."),
    (
        "ticket.assigned",
        "The ticket was assigned to another agent, or to nobody.",
    ),
    (
        "ticket.team_changed",
        "The ticket was handed to another team, or to none.",
    ),
    (
        "ticket.merged",
        "The ticket was merged into another, where it lives on.",
    ),
    (
        "ticket.split",
        "Messages of the ticket were split off into a new one.",
    ),
    (
        "ticket.updated",
        "Anything else about the ticket changed: category, tags, subject, fields, followers, links, contact, account, contract.",
    ),
    ("clock.warned", "A clock came near its due instant."),
    (
        "clock.missed",
        "A clock passed its due instant: a promise was not kept.",
    ),
    (
        "clock.corrected",
        "A miss that was told before turned out to be none.",
    ),
    ("escalation.raised", "An escalation was raised."),
    ("escalation.acknowledged", "Somebody took an escalation on."),
    ("escalation.resolved", "An escalation was resolved."),
];

/// What a test sends.
pub(super) const TEST_EVENT: &str = "webhook.test";

/// Whether a subscription's list of events has this type: it is empty, or names the type, or its group as in `clock.*`.
pub(super) fn is_wanted(wanted: &[String], event: &str) -> bool {
    wanted.is_empty()
        || wanted
            .iter()
            .any(|pattern| match pattern.strip_suffix('*') {
                Some(group) => event.starts_with(group),
                None => pattern == event,
            })
}

/// Whether a text in a subscription's list of events can ever fit.
pub(super) fn is_known(pattern: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some("") => true,
        Some(group) => {
            group.ends_with('.') && EVENT_TYPES.iter().any(|(name, _)| name.starts_with(group))
        }
        None => EVENT_TYPES.iter().any(|(name, _)| *name == pattern),
    }
}

/// The types of the events that a fact makes: one, and a second where a change of status means more than that.
pub(super) fn types(kind: &EventKind) -> Vec<&'static str> {
    let one = match kind {
        EventKind::Opened { .. } => "ticket.opened",
        EventKind::MessageAdded {
            visibility: Visibility::Internal,
            origin: Origin::Person,
            ..
        } => "ticket.noted",
        EventKind::MessageAdded {
            origin: Origin::Person,
            side,
            ..
        } => match side {
            Side::Agent => "ticket.replied",
            Side::Customer => "ticket.customer_replied",
        },
        EventKind::MessageAdded { .. } => "ticket.automatic_message",
        EventKind::StatusChanged { from, to } => {
            return ["ticket.status_changed"]
                .into_iter()
                .chain(turn(from, to))
                .collect();
        }
        EventKind::Rated { .. } => "ticket.rated",
        EventKind::SeverityChanged { .. } => "ticket.severity_changed",
        EventKind::AssigneeChanged { .. } => "ticket.assigned",
        EventKind::TeamChanged { .. } => "ticket.team_changed",
        EventKind::MergedInto { .. } => "ticket.merged",
        EventKind::SplitInto { .. } => "ticket.split",
        EventKind::ClockWarned { .. } => "clock.warned",
        EventKind::ClockMissed { .. } => "clock.missed",
        EventKind::ClockCorrected { .. } => "clock.corrected",
        EventKind::EscalationRaised { .. } => "escalation.raised",
        EventKind::EscalationAcknowledged { .. } => "escalation.acknowledged",
        EventKind::EscalationResolved { .. } => "escalation.resolved",
        // Whatever else is or will be recorded changes the ticket, and is told as that.
        _ => "ticket.updated",
    };
    vec![one]
}

/// What a change of status means besides.
fn turn(from: &Status, to: &Status) -> Option<&'static str> {
    match (from.kind, to.kind) {
        (from, StatusKind::Resolved) if from != StatusKind::Resolved => Some("ticket.resolved"),
        (from, StatusKind::Closed) if from != StatusKind::Closed => Some("ticket.closed"),
        (from, to) if from.is_done() && !to.is_done() => Some("ticket.reopened"),
        _ => None,
    }
}

/// The body of an event: what happened, and the ticket as it stands after everything that was recorded with it. It holds
/// no text of a message; `message` names the one it is about.
pub(super) fn body(
    name: &str,
    ticket: &Ticket,
    url: &str,
    fact: &Event,
    message: Option<MessageId>,
) -> Value {
    let mut data = json!({
        "ticket": summary(ticket, url),
        "fact": {
            "id": fact.id.uuid(),
            "sequence": fact.sequence,
            "at": fact.at,
            "recorded_at": fact.recorded_at,
            "actor": actor(fact.actor),
            "kind": fact.kind.name(),
            "details": details(&fact.kind),
        },
    });
    if let Some(message) = message {
        data["message"] = json!({ "id": message.uuid() });
    }
    json!({ "type": name, "timestamp": fact.at, "data": data })
}

fn summary(ticket: &Ticket, url: &str) -> Value {
    let facts = &ticket.facts;
    json!({
        "id": ticket.id.uuid(),
        "number": ticket.number,
        "url": format!("{url}/tickets/{}", ticket.number),
        "subject": ticket.subject,
        "account": facts.account.map(|id| id.uuid()),
        "contact": ticket.contact.map(|id| id.uuid()),
        "channel": facts.channel.as_str(),
        "severity": facts.severity.as_str(),
        "category": facts.category.as_ref().map(|name| name.as_str()),
        "status": facts.status.name.as_str(),
        "status_kind": facts.status.kind.as_str(),
        "team": facts.team.map(|id| id.uuid()),
        "assignee": facts.assignee.map(|id| id.uuid()),
        "tier": facts.terms.tier.as_ref().map(|name| name.as_str()),
        "tags": facts.tags.iter().map(|tag| tag.as_str()).collect::<Vec<_>>(),
        "opened_at": ticket.opened_at,
        "resolved_at": ticket.resolved_at,
        "closed_at": ticket.closed_at,
        "version": ticket.version,
    })
}

fn actor(actor: Actor) -> Value {
    match actor {
        Actor::Agent(id) => json!({ "kind": "agent", "id": id.uuid() }),
        Actor::Contact(id) => json!({ "kind": "contact", "id": id.uuid() }),
        Actor::System => json!({ "kind": "system", "id": null }),
    }
}

/// The particulars of a fact, as far as a receiver can use them. What a contract says stays with us.
fn details(kind: &EventKind) -> Value {
    match kind {
        EventKind::MessageAdded {
            side, visibility, ..
        } => json!({
            "side": match side {
                Side::Customer => "customer",
                Side::Agent => "agent",
            },
            "visibility": match visibility {
                Visibility::Public => "public",
                Visibility::Internal => "internal",
            },
        }),
        EventKind::StatusChanged { from, to } => {
            json!({ "from": from.name.as_str(), "to": to.name.as_str() })
        }
        EventKind::SeverityChanged { from, to, reason } => {
            json!({ "from": from.as_str(), "to": to.as_str(), "reason": reason })
        }
        EventKind::AssigneeChanged { to, reason, .. } => {
            json!({ "to": to.map(|id| id.uuid()), "reason": reason })
        }
        EventKind::Rated { score, comment } => {
            json!({ "score": score.as_str(), "comment": comment })
        }
        EventKind::TeamChanged { to } => json!({ "to": to.map(|id| id.uuid()) }),
        EventKind::CategoryChanged { to } => {
            json!({ "to": to.as_ref().map(|name| name.as_str()) })
        }
        EventKind::AccountChanged { to, .. } => json!({ "to": to.map(|id| id.uuid()) }),
        EventKind::ContactChanged { to } => json!({ "to": to.map(|id| id.uuid()) }),
        EventKind::SubjectChanged { to } => json!({ "to": to }),
        EventKind::FieldChanged { field, to } => json!({ "field": field, "to": to }),
        EventKind::TagsAdded { tags } | EventKind::TagsRemoved { tags } => {
            json!({ "tags": tags.iter().map(|tag| tag.as_str()).collect::<Vec<_>>() })
        }
        EventKind::FollowerAdded { agent } | EventKind::FollowerRemoved { agent } => {
            json!({ "agent": agent.uuid() })
        }
        EventKind::Linked { to, relation } => json!({ "to": to.uuid(), "relation": relation }),
        EventKind::Unlinked { to } => json!({ "to": to.uuid() }),
        EventKind::MergedInto { ticket, number }
        | EventKind::MergedFrom { ticket, number, .. }
        | EventKind::SplitFrom { ticket, number, .. }
        | EventKind::SplitInto { ticket, number, .. } => {
            json!({ "ticket": ticket.uuid(), "number": number })
        }
        EventKind::ClockWarned {
            commitment,
            cycle,
            due_at,
            ..
        }
        | EventKind::ClockMissed {
            commitment,
            cycle,
            due_at,
        } => json!({ "commitment": commitment.as_str(), "cycle": cycle, "due_at": due_at }),
        EventKind::ClockCorrected {
            commitment,
            cycle,
            reason,
        } => json!({ "commitment": commitment.as_str(), "cycle": cycle, "reason": reason }),
        EventKind::EscalationRaised {
            escalation,
            ladder,
            reason,
        } => json!({
            "escalation": escalation.uuid(),
            "ladder": ladder.as_str(),
            "reason": reason,
        }),
        EventKind::EscalationAcknowledged { escalation }
        | EventKind::EscalationResolved { escalation } => {
            json!({ "escalation": escalation.uuid() })
        }
        _ => json!({}),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(kind: StatusKind) -> Status {
        Status::from(kind)
    }

    #[test]
    fn a_change_of_status_says_what_it_means() {
        let table: Vec<String> = [
            (StatusKind::New, StatusKind::Open),
            (StatusKind::Open, StatusKind::Resolved),
            (StatusKind::Resolved, StatusKind::Closed),
            (StatusKind::Closed, StatusKind::Open),
            (StatusKind::Resolved, StatusKind::OnHold),
        ]
        .into_iter()
        .map(|(from, to)| {
            let kind = EventKind::StatusChanged {
                from: status(from),
                to: status(to),
            };
            types(&kind).join(" + ")
        })
        .collect();
        insta::assert_snapshot!(table.join("\n"), @r"
        ticket.status_changed
        ticket.status_changed + ticket.resolved
        ticket.status_changed + ticket.closed
        ticket.status_changed + ticket.reopened
        ticket.status_changed + ticket.reopened
        ");
    }

    #[test]
    fn a_subscription_wants_what_it_names() {
        let names = |names: &[&str]| -> Vec<String> {
            names.iter().map(|name| (*name).to_owned()).collect()
        };
        assert!(is_wanted(&[], "clock.missed"));
        assert!(is_wanted(&names(&["*"]), "clock.missed"));
        assert!(is_wanted(&names(&["clock.*"]), "clock.missed"));
        assert!(is_wanted(
            &names(&["ticket.opened", "clock.missed"]),
            "clock.missed"
        ));
        assert!(!is_wanted(&names(&["ticket.*"]), "clock.missed"));
        assert!(!is_wanted(&names(&["clock.mis"]), "clock.missed"));
        for known in ["*", "clock.*", "ticket.opened"] {
            assert!(is_known(known), "{known}");
        }
        for unknown in ["", "clock", "clock*", "tickets.*", "ticket.open", "*.*"] {
            assert!(!is_known(unknown), "{unknown}");
        }
    }
}
