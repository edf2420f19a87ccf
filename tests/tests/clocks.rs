//! A customer writes, the right clocks start, and the promise is kept or its miss recorded.

use jiff::SignedDuration;
use mainstay_domain::event::{EventKind, Side};
use mainstay_domain::severity::Severity;
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
    assert_eq!(clock.state(), "met");
    assert_eq!(clock.used, SignedDuration::from_mins(40));
    let missed = test.ledger(ticket.id).await.into_iter().any(
        |event| matches!(event.kind, EventKind::ClockMissed { ref commitment, .. } if commitment.as_str() == "first_response"),
    );
    assert!(!missed);
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
