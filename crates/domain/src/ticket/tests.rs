//! The rules of a ticket, each by an example.

use jiff::{Timestamp, ToSpan};
use uuid::Uuid;

use super::*;
use crate::event::{Actor, Channel, ContractTerms, Origin, Side, Spoken, Visibility};
use crate::id::{EventId, MessageId};
use crate::name::StatusName;
use crate::policy::PolicyVersion;
use crate::severity::Severity;
use crate::status::Status;

/// A ticket and the hour at which the next thing happens to it.
struct Story {
    ticket: Ticket,
    now: Timestamp,
}

impl Story {
    fn opened() -> Self {
        let now: Timestamp = "2026-03-02T09:00:00Z".parse().unwrap();
        let mut story = Self {
            ticket: Ticket::unopened(id(1), 1, "Printer on fire".to_owned(), now),
            now,
        };
        story
            .does(Command::Open(NewTicket {
                account: Some(id(7)),
                contact: None,
                channel: Channel::Email,
                severity: Severity::P2,
                category: None,
                team: None,
                assignee: None,
                terms: ContractTerms::default(),
                tags: Vec::new(),
            }))
            .unwrap();
        story.hears(Side::Customer);
        story
    }

    fn does(&mut self, command: Command<'_>) -> Result<Vec<&'static str>, Refusal> {
        let kinds = self.ticket.decide(command, &[])?;
        let names = kinds.iter().map(EventKind::name).collect();
        for kind in kinds {
            let sequence = self.ticket.version + 1;
            self.ticket.apply(&Event {
                id: EventId::from(Uuid::from_u128(sequence.into())),
                at: self.now,
                recorded_at: self.now,
                sequence,
                actor: Actor::System,
                policy: PolicyVersion(1),
                kind,
            });
        }
        self.now += 1.hour();
        Ok(names)
    }

    fn hears(&mut self, side: Side) -> Vec<&'static str> {
        self.adds(side, Visibility::Public, Origin::Person).unwrap()
    }

    fn adds(
        &mut self,
        side: Side,
        visibility: Visibility,
        origin: Origin,
    ) -> Result<Vec<&'static str>, Refusal> {
        self.does(Command::AddMessage {
            message: NewMessage {
                message: MessageId::from(Uuid::from_u128(9)),
                side,
                visibility,
                origin,
                channel: Channel::Email,
            },
            then: None,
        })
    }

    fn becomes(&mut self, status: &str) {
        self.does(Command::SetStatus(StatusName::from(status)))
            .unwrap();
        assert_eq!(self.status(), status);
    }

    fn status(&self) -> &str {
        self.ticket.facts.status.name.as_str()
    }
}

fn id<I: From<Uuid>>(n: u128) -> I {
    I::from(Uuid::from_u128(n))
}

#[test]
fn the_opening_message_leaves_a_ticket_new_and_our_reply_opens_it() {
    let mut story = Story::opened();
    assert_eq!(story.status(), "new");
    assert_eq!(
        story.hears(Side::Agent),
        ["message_added", "status_changed"]
    );
    assert_eq!(story.status(), "open");
}

#[test]
fn a_person_at_the_customer_reopens_and_a_machine_or_a_note_does_not() {
    for waiting in ["pending_customer", "on_hold", "resolved"] {
        for origin in [Origin::Automatic, Origin::Bounce] {
            let mut story = Story::opened();
            story.becomes(waiting);
            story
                .adds(Side::Customer, Visibility::Public, origin)
                .unwrap();
            assert_eq!(story.status(), waiting, "{origin:?}");
        }
        let mut story = Story::opened();
        story.becomes(waiting);
        story
            .adds(Side::Agent, Visibility::Internal, Origin::Person)
            .unwrap();
        assert_eq!(story.status(), waiting);
        story.hears(Side::Customer);
        assert_eq!(story.status(), "open");
    }
}

#[test]
fn a_closed_ticket_takes_notes_but_no_conversation() {
    let mut story = Story::opened();
    story.becomes("closed");
    assert_eq!(
        story.adds(Side::Customer, Visibility::Public, Origin::Person),
        Err(Refusal::Closed)
    );
    assert_eq!(
        story.adds(Side::Agent, Visibility::Internal, Origin::Person),
        Ok(vec!["message_added"])
    );
}

#[test]
fn resolution_is_stamped_when_it_first_came_and_forgotten_on_reopening() {
    let mut story = Story::opened();
    let resolved_at = story.now;
    story.becomes("resolved");
    story.becomes("closed");
    assert_eq!(story.ticket.resolved_at, Some(resolved_at));
    assert_eq!(story.ticket.closed_at, Some(resolved_at + 1.hour()));
    story.becomes("open");
    assert_eq!(story.ticket.resolved_at, None);
    assert_eq!(story.ticket.closed_at, None);
}

#[test]
fn what_is_so_already_makes_no_fact() {
    let mut story = Story::opened();
    let commands = [
        Command::SetSeverity {
            to: Severity::P2,
            reason: None,
        },
        Command::SetStatus(StatusName::from("new")),
        Command::SetCategory(None),
        Command::RemoveTags(vec![Tag::from("absent")]),
        Command::SetSubject("Printer on fire".to_owned()),
        Command::Unlink(id(4)),
    ];
    for command in commands {
        assert_eq!(story.does(command), Ok(Vec::new()));
    }
}

#[test]
fn an_unknown_status_is_refused_with_the_known_ones() {
    let error = Story::opened()
        .ticket
        .decide(
            Command::SetStatus(StatusName::from("waiting")),
            &[Status {
                name: StatusName::from("waiting_for_vendor"),
                kind: StatusKind::OnHold,
            }],
        )
        .unwrap_err();
    insta::assert_snapshot!(error, @r#"status "waiting" is unknown: the policy in force names new, open, pending_customer, on_hold, resolved, closed, waiting_for_vendor"#);
}

#[test]
fn merging_closes_the_one_and_never_mixes_accounts() {
    let other = Story::opened().ticket;
    let mut story = Story::opened();
    assert_eq!(
        story.does(Command::MergeInto(&other)),
        Err(Refusal::Itself("merged into"))
    );
    let mut other = other;
    other.id = id(2);
    other.facts.account = Some(id(8));
    assert_eq!(
        story.does(Command::MergeInto(&other)),
        Err(Refusal::DifferentAccounts)
    );
    other.facts.account = Some(id(7));
    assert_eq!(
        story.does(Command::MergeInto(&other)),
        Ok(vec!["merged_into", "status_changed"])
    );
    assert_eq!(
        story.does(Command::SetStatus(StatusName::from("open"))),
        Err(Refusal::Merged(other.id))
    );
}

fn takes_over(messages: &[(i64, Side)]) -> Command<'static> {
    let opened: Timestamp = "2026-03-02T09:00:00Z".parse().unwrap();
    let messages = messages
        .iter()
        .map(|(hours, side)| Spoken {
            at: opened + hours.hours(),
            side: *side,
        })
        .collect();
    Command::TakeOver {
        ticket: id(2),
        number: 2,
        clocks: Vec::new(),
        messages,
    }
}

#[test]
fn a_merged_conversation_is_one_in_the_order_of_time() {
    let mut story = Story::opened();
    let names = story.does(takes_over(&[
        (0, Side::Customer),
        (1, Side::Agent),
        (2, Side::Agent),
    ]));
    assert_eq!(
        names.unwrap(),
        ["status_changed", "merged_from"],
        "taken up by the reply"
    );
    assert_eq!(story.ticket.facts.status.kind, StatusKind::Open);
    assert_eq!(story.ticket.facts.awaiting, Some(Side::Customer));
    let names = story.does(takes_over(&[(0, Side::Customer), (1, Side::Customer)]));
    assert_eq!(names.unwrap(), ["merged_from"]);
    assert_eq!(
        story.ticket.facts.awaiting,
        Some(Side::Customer),
        "answered since"
    );
}

#[test]
fn what_is_unanswered_in_a_ticket_merged_into_a_done_one_brings_it_back() {
    for status in ["pending_customer", "on_hold", "resolved", "closed"] {
        let mut story = Story::opened();
        story.hears(Side::Agent);
        story
            .does(Command::SetStatus(StatusName::from(status)))
            .unwrap();
        let answered = story.ticket.clone();
        story.does(takes_over(&[(0, Side::Customer)])).unwrap();
        assert_eq!(
            story.ticket.facts.status, answered.facts.status,
            "answered before"
        );
        story
            .does(takes_over(&[(0, Side::Customer), (4, Side::Customer)]))
            .unwrap();
        assert_eq!(story.ticket.facts.status.kind, StatusKind::Open, "{status}");
        assert_eq!(story.ticket.facts.awaiting, Some(Side::Agent));
    }
}
