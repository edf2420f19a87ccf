//! A customer writes, the right clocks start, and the promise is kept or its miss recorded.

use jiff::SignedDuration;
use mainstay_domain::clock::ClockState;
use mainstay_domain::event::{EventKind, Side, Visibility};
use mainstay_domain::id::TicketId;
use mainstay_domain::message::Message;
use mainstay_domain::severity::Severity;
use mainstay_domain::status::StatusKind;
use mainstay_store::PageRequest;
use mainstay_tests::{TestApp, instant};

#[tokio::test]
async fn an_answer_in_time_keeps_the_promise() {
    let test = TestApp::start("client-scaling").await;
    let account = test.account("Acme", "Enterprise").await;
    let ticket = test.customer_opens(account, Severity::P1).await;
    let clock = test.clock(ticket.id, "first_response").await;
    assert_eq!(clock.due_at, Some(instant("2026-03-02T10:00:00Z")));

    test.advance(SignedDuration::from_mins(40)).await;
    test.adds(&ticket, test.says(Side::Agent)).await;
    test.advance(SignedDuration::from_hours(3)).await;

    let clock = test.clock(ticket.id, "first_response").await;
    assert_eq!(clock.state(), ClockState::Met);
    assert_eq!(clock.used, SignedDuration::from_mins(40));
    let missed = test.ledger(ticket.id).await.into_iter().any(
        |event| matches!(event.kind, EventKind::ClockMissed { ref commitment, .. } if commitment.as_str() == "first_response"),
    );
    assert!(!missed);
    let punctuality = test.app.punctuality();
    assert!(
        punctuality.done > 0 && punctuality.late == 0,
        "{punctuality:?}"
    );
    test.finish().await;
}

/// The machine that took the answer in had its clock set back.
#[tokio::test]
async fn an_answer_from_before_the_ticket_answers_it_as_it_is_opened() {
    let test = TestApp::start("client-scaling").await;
    let account = test.account("Acme", "Enterprise").await;
    let ticket = test.customer_opens(account, Severity::P1).await;
    let mut answer = test.says(Side::Agent);
    answer.at = ticket.opened_at - SignedDuration::from_secs(1);
    test.adds(&ticket, answer).await;
    test.advance(SignedDuration::from_hours(3)).await;

    let clock = test.clock(ticket.id, "first_response").await;
    assert_eq!(clock.state(), ClockState::Met);
    assert_eq!(clock.used, SignedDuration::ZERO);
    test.finish().await;
}

/// The node was down while the clock ran out, and somebody answers before the worker looks.
#[tokio::test]
async fn what_came_due_before_a_late_answer_is_recorded_all_the_same() {
    let test = TestApp::start("client-scaling").await;
    let account = test.account("Acme", "Enterprise").await;
    let ticket = test.customer_opens(account, Severity::P1).await;
    test.run_due().await;
    test.clock.advance(SignedDuration::from_hours(2));
    test.adds(&ticket, test.says(Side::Agent)).await;
    test.run_due().await;
    let fired = |kind: &EventKind| match kind {
        EventKind::ClockWarned { commitment, .. } | EventKind::ClockMissed { commitment, .. } => {
            commitment.as_str() == "first_response"
        }
        _ => false,
    };
    let fired: Vec<_> = test
        .ledger(ticket.id)
        .await
        .into_iter()
        .filter(|event| fired(&event.kind))
        .map(|event| (event.at, event.kind.name()))
        .collect();
    let due = instant("2026-03-02T10:00:00Z");
    assert_eq!(fired.last(), Some(&(due, "clock_missed")), "{fired:?}");
    assert!(fired.len() > 1, "the warnings too: {fired:?}");
    test.run_due().await;
    test.finish().await;
}

#[tokio::test]
async fn each_warning_and_the_miss_are_recorded_once_with_their_own_instants() {
    let test = TestApp::start("client-scaling").await;
    let account = test.account("Acme", "Enterprise").await;
    let ticket = test.customer_opens(account, Severity::P1).await;
    test.run_due().await;
    // The program sleeps through it all and notices hours later: the stamps are still the instants themselves.
    test.clock.advance(SignedDuration::from_hours(5));
    test.run_due().await;
    test.run_due().await;
    assert!(test.app.punctuality().late > 0, "hours late is late");
    let mut fired: Vec<String> = test
        .ledger(ticket.id)
        .await
        .into_iter()
        .filter_map(|event| match &event.kind {
            EventKind::ClockWarned {
                commitment,
                warning,
                ..
            } => Some(format!("{} {commitment} warning {warning}", event.at)),
            EventKind::ClockMissed { commitment, .. } => {
                Some(format!("{} {commitment} missed", event.at))
            }
            _ => None,
        })
        .filter(|line| line.contains("first_response"))
        .collect();
    fired.sort();
    assert_eq!(
        fired,
        [
            "2026-03-02T09:30:00Z first_response warning 0",
            "2026-03-02T09:48:00Z first_response warning 1",
            "2026-03-02T10:00:00Z first_response missed",
        ]
    );
    test.finish().await;
}

#[tokio::test]
async fn a_new_contract_corrects_the_clock_and_keeps_what_was_promised() {
    let test = TestApp::start("client-scaling").await;
    let account = test.account("Acme", "Enterprise").await;
    let ticket = test.customer_opens(account, Severity::P1).await;
    test.advance(SignedDuration::from_mins(10)).await;
    test.app
        .create_contract(&test.agent(), account, |contract| {
            contract.tier = "Professional".into();
            contract.starts_on = "2026-03-02".parse().unwrap();
        })
        .await
        .unwrap();
    test.run_due().await;
    let clock = test.clock(ticket.id, "first_response").await;
    assert_eq!(
        clock.promised_due_at,
        Some(instant("2026-03-02T10:00:00Z")),
        "what was promised stays"
    );
    assert_eq!(clock.due_at, Some(instant("2026-03-02T13:00:00Z")));
    test.finish().await;
}

#[tokio::test]
async fn merging_keeps_the_earlier_start_and_cancels_the_other_clocks() {
    let test = TestApp::start("client-scaling").await;
    let account = test.account("Acme", "Enterprise").await;
    let first = test.customer_opens(account, Severity::P2).await;
    test.advance(SignedDuration::from_mins(30)).await;
    let second = test.customer_opens(account, Severity::P2).await;
    test.app
        .merge_ticket(&test.agent(), first.id, second.id)
        .await
        .unwrap();
    let kept = test.clock(second.id, "first_response").await;
    assert_eq!(kept.started_at, instant("2026-03-02T09:00:00Z"));
    assert_eq!(kept.due_at, Some(instant("2026-03-02T13:00:00Z")));
    let cancelled = test.clock(first.id, "first_response").await;
    assert_eq!(cancelled.state(), ClockState::Cancelled);
    assert_eq!(conversation(&test, second.id).await.len(), 2);
    test.advance(SignedDuration::from_hours(1)).await;
    test.finish().await;
}

async fn conversation(test: &TestApp, ticket: TicketId) -> Vec<Message> {
    let page = PageRequest::first(10);
    let found = test.app.messages(&test.agent(), ticket, page).await;
    found.unwrap().items
}

#[tokio::test]
async fn an_answered_ticket_merged_into_an_unanswered_one_answers_it() {
    let test = TestApp::start("mainstay").await;
    let account = test.account("Acme", "Professional").await;
    let answered = test.customer_opens(account, Severity::P2).await;
    let twin = test.customer_opens(account, Severity::P2).await;
    test.advance(SignedDuration::from_mins(20)).await;
    test.adds(&answered, test.says(Side::Agent)).await;
    test.advance(SignedDuration::from_mins(40)).await;
    let merged = test
        .app
        .merge_ticket(&test.agent(), answered.id, twin.id)
        .await
        .unwrap();
    assert_eq!(merged.facts.status.kind, StatusKind::Open);
    assert_eq!(merged.facts.awaiting, Some(Side::Customer));
    let replied_at = instant("2026-03-02T09:20:00Z");
    assert_eq!(merged.facts.last_message_at, Some(replied_at));
    let response = test.clock(twin.id, "first_response").await;
    assert_eq!(response.state(), ClockState::Met);
    assert_eq!(response.outcome.map(|outcome| outcome.at), Some(replied_at));

    // What the customer writes then is asked anew, and from then on.
    test.adds(&twin, test.says(Side::Customer)).await;
    let next = test.clock(twin.id, "next_response").await;
    assert_eq!(next.started_at, instant("2026-03-02T10:00:00Z"));
    test.finish().await;
}

#[tokio::test]
async fn splitting_starts_anew_from_the_message_split_off() {
    let test = TestApp::start("client-scaling").await;
    let account = test.account("Acme", "Enterprise").await;
    let ticket = test.customer_opens(account, Severity::P2).await;
    test.advance(SignedDuration::from_mins(20)).await;
    test.adds(&ticket, test.says(Side::Customer)).await;
    test.advance(SignedDuration::from_mins(20)).await;
    let messages = conversation(&test, ticket.id).await;
    let split = test
        .app
        .split_ticket(
            &test.agent(),
            ticket.id,
            &[messages[1].id],
            "Another matter",
        )
        .await
        .unwrap();
    let clock = test.clock(split.id, "first_response").await;
    assert_eq!(clock.started_at, instant("2026-03-02T09:20:00Z"));
    assert_eq!(clock.due_at, Some(instant("2026-03-02T13:20:00Z")));
    assert_eq!(clock.late_events, []);
    test.finish().await;
}

#[tokio::test]
async fn a_contact_sees_and_changes_nothing_of_another_account() {
    let test = TestApp::start("client-scaling").await;
    let acme = test.account("Acme", "Enterprise").await;
    let other = test.account("Other", "Standard").await;
    let ticket = test.customer_opens(acme, Severity::P3).await;
    let stranger = test.contact_of(other);
    assert!(test.app.ticket(&stranger, ticket.id).await.is_err());
    assert!(test.app.clocks(&stranger, ticket.id).await.is_err());
    let page = PageRequest::first(10);
    assert!(test.app.messages(&stranger, ticket.id, page).await.is_err());
    let message = test.says(Side::Customer);
    assert!(
        test.app
            .add_message(&stranger, ticket.id, message, None)
            .await
            .is_err()
    );
    let mut note = test.says(Side::Customer);
    note.visibility = Visibility::Internal;
    let refused = test
        .app
        .add_message(&test.contact_of(acme), ticket.id, note, None)
        .await;
    assert!(matches!(refused, Err(mainstay_app::AppError::Invalid(_))));
    assert_eq!(test.ledger(ticket.id).await.len(), 2);
    test.run_due().await;
    test.finish().await;
}

#[tokio::test]
async fn a_ticket_for_a_contact_is_their_accounts_and_no_others() {
    let test = TestApp::start("client-scaling").await;
    let acme = test.account("Acme", "Enterprise").await;
    let other = test.account("Other", "Standard").await;
    let alma = test
        .app
        .create_contact(&test.agent(), |contact| {
            contact.account = Some(acme);
            contact.name = "Alma".to_owned();
            contact.addresses = vec!["alma@acme.example".to_owned()];
        })
        .await
        .unwrap();
    let for_alma = |account| mainstay_app::ticket::OpenTicket {
        subject: "It does not work".to_owned(),
        account,
        contact: Some(alma.id),
        channel: mainstay_domain::event::Channel::Phone,
        severity: Some(Severity::P1),
        category: None,
        team: None,
        assignee: None,
        tags: Vec::new(),
        message: None,
        at: None,
    };
    let opened = test.app.open_ticket(&test.agent(), for_alma(None)).await;
    let opened = opened.unwrap().ticket;
    assert_eq!(opened.facts.account, Some(acme));
    let clock = test.clock(opened.id, "first_response").await;
    assert_eq!(clock.due_at, Some(instant("2026-03-02T10:00:00Z")));
    let refused = test
        .app
        .open_ticket(&test.agent(), for_alma(Some(other)))
        .await;
    assert!(matches!(refused, Err(mainstay_app::AppError::Invalid(_))));
    test.run_due().await;
    test.finish().await;
}
