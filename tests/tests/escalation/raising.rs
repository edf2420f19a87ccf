//! What raises an escalation, and what ends it.

use jiff::SignedDuration;
use mainstay_app::escalation::{EscalationView, Record};
use mainstay_app::ticket::{Change, OpenTicket};
use mainstay_app::{AppError, Caller};
use mainstay_domain::escalation::{ManualReason, NotifyChannel, Phase, Subject};
use mainstay_domain::event::{Channel, EventKind, Side};
use mainstay_domain::id::TicketId;
use mainstay_domain::severity::Severity;
use mainstay_tests::instant;

use crate::house::House;

#[tokio::test]
async fn a_critical_ticket_is_escalated_at_once() {
    let house = House::open("mainstay").await;
    let ticket = house.opens(house.account, Severity::P1, &[]).await;
    let view = house.by_ladder(ticket.id, "critical").await;
    assert_eq!(view.escalation.raised_at, house.test.app.now());
    assert_eq!(view.escalation.reason, "the severity is P1");
    let pending = view
        .notifications
        .iter()
        .filter(|told| told.channel == NotifyChannel::Email);
    assert_eq!(pending.count(), 1);
    house.test.run_due().await;
    let view = house.by_ladder(ticket.id, "critical").await;
    insta::assert_snapshot!(house.told(&view), @"
    09:00:00 raised: the severity is P1
    09:00:00 step 0 taken: Raised
    09:00:00 step 1 taken: Together
    09:00:00 told Ana by in_app: Sent
    09:00:00 told Ana by email: Sent
    ");
    // Nothing more follows from looking again.
    house.test.run_due().await;
    assert_eq!(
        house.by_ladder(ticket.id, "critical").await.events,
        view.events
    );
    house.test.finish().await;
}

#[tokio::test]
async fn what_was_slept_through_is_caught_up_with_its_own_instants() {
    let house = House::open("mainstay").await;
    let ticket = house.opens(house.account, Severity::P2, &[]).await;
    house.test.run_due().await;
    house.test.clock.advance(SignedDuration::from_mins(150));
    house.test.run_due().await;
    let view = house.by_ladder(ticket.id, "breach").await;
    let steps: Vec<_> = view.escalation.steps.iter().map(|step| step.at).collect();
    assert_eq!(
        steps,
        [
            instant("2026-03-02T10:00:00Z"),
            instant("2026-03-02T11:00:00Z")
        ]
    );
    house.test.finish().await;
}

#[tokio::test]
async fn three_accounts_on_one_component_are_one_escalation() {
    let house = House::open("mainstay").await;
    let test = &house.test;
    let mut tickets = Vec::new();
    for name in ["Acme", "Bolt", "Core", "Dune"] {
        let account = test.account(name, "Standard").await;
        tickets.push(
            house
                .opens(account, Severity::P3, &["component:mail"])
                .await,
        );
        let again = house.opens(account, Severity::P3, &["other"]).await;
        assert_eq!(house.escalations(again.id).await, []);
        test.advance(SignedDuration::from_mins(10)).await;
        let raised = house.escalations(tickets[0].id).await.len();
        assert_eq!(raised, usize::from(tickets.len() >= 3), "after {name}");
    }
    let view = house.by_ladder(tickets[3].id, "critical").await;
    let ids: Vec<TicketId> = tickets.iter().map(|ticket| ticket.id).collect();
    assert!(
        matches!(&view.escalation.subject, Subject::Group { tickets, .. } if *tickets == ids),
        "{:?}",
        view.escalation.subject
    );
    assert_eq!(view.escalation.steps[0].level, 3);
    assert_eq!(house.mails_to(&house.max).len(), 1);
    for id in &ids {
        let ledger = test.ledger(*id).await;
        let raised = ledger
            .iter()
            .filter(|event| matches!(event.kind, EventKind::EscalationRaised { .. }));
        assert_eq!(raised.count(), 1);
    }
    // It ends with the last of its tickets.
    for id in &ids {
        let open = house.view(view.stored.id).await.escalation.is_open();
        assert!(open);
        house.changes(*id, Change::Status("resolved".into())).await;
    }
    assert!(!house.view(view.stored.id).await.escalation.is_open());
    test.run_due().await;
    house.test.finish().await;
}

#[tokio::test]
async fn accounts_apart_in_time_are_no_group() {
    let house = House::open("mainstay").await;
    for name in ["Acme", "Bolt", "Core"] {
        let account = house.test.account(name, "Standard").await;
        let ticket = house
            .opens(account, Severity::P4, &["component:mail"])
            .await;
        assert_eq!(house.escalations(ticket.id).await, []);
        house.test.advance(SignedDuration::from_mins(40)).await;
    }
    house.test.finish().await;
}

#[tokio::test]
async fn what_is_not_resolved_in_a_day_moves_up_once() {
    let house = House::open("mainstay").await;
    let starter = house.test.account("Small", "Starter").await;
    let ticket = house.opens(starter, Severity::P4, &[]).await;
    house.test.advance(SignedDuration::from_hours(1)).await;
    house.test.adds(&ticket, house.test.says(Side::Agent)).await;
    // Twenty-four business hours, nine to five, from Monday nine o'clock.
    let due = instant("2026-03-04T17:00:00Z");
    house
        .test
        .advance(due.duration_since(house.test.app.now()) - SignedDuration::from_secs(1))
        .await;
    assert_eq!(house.escalations(ticket.id).await, []);
    house.test.advance(SignedDuration::from_secs(1)).await;
    let view = house.by_ladder(ticket.id, "breach").await;
    assert_eq!((view.escalation.raised_at, view.stored.level), (due, 2));
    assert_eq!(
        view.escalation.reason,
        "not resolved 24h after it was opened"
    );

    // Cancelled, it is not raised again by the next word; nor resolved and written to.
    let cancel = Record::Cancel("A wish, not a fault.".into());
    house.records(&house.max, view.stored.id, cancel).await;
    house.test.adds(&ticket, house.test.says(Side::Agent)).await;
    house.test.advance(SignedDuration::from_hours(30)).await;
    assert_eq!(house.escalations(ticket.id).await.len(), 1);
    house.test.finish().await;
}

#[tokio::test]
async fn a_ticket_that_is_merged_away_takes_its_escalation_with_it() {
    let house = House::open("mainstay").await;
    let from = house.opens(house.account, Severity::P1, &[]).await;
    let into = house.opens(house.account, Severity::P2, &[]).await;
    house.test.run_due().await;
    house
        .test
        .app
        .merge_ticket(&house.test.agent(), from.id, into.id)
        .await
        .unwrap();
    let view = house.by_ladder(from.id, "critical").await;
    assert!(matches!(view.escalation.phase, Phase::Cancelled { .. }));
    assert_eq!(
        view.escalation.cancelled_because.as_deref(),
        Some("The ticket was merged into #2.")
    );
    house.test.advance(SignedDuration::from_mins(29)).await;
    assert_eq!(house.mails_to(&house.eva).len(), 0);
    house.test.finish().await;
}

#[tokio::test]
async fn a_ticket_that_is_done_ends_its_escalation() {
    let house = House::open("mainstay").await;
    let ticket = house.opens(house.account, Severity::P1, &[]).await;
    house
        .changes(ticket.id, Change::Severity(Severity::P2, None))
        .await;
    let view = house.by_ladder(ticket.id, "critical").await;
    assert!(view.escalation.is_open());
    assert_eq!(
        view.escalation.progress[0].text,
        "The severity changed from P1 to P2."
    );
    house
        .changes(ticket.id, Change::Status("resolved".into()))
        .await;
    let view = house.by_ladder(ticket.id, "critical").await;
    assert!(matches!(view.escalation.phase, Phase::Resolved { .. }));
    house.test.advance(SignedDuration::from_hours(2)).await;
    assert_eq!(house.by_ladder(ticket.id, "critical").await.stored.level, 1);
    house.test.finish().await;
}

#[tokio::test]
async fn a_customer_asks_for_escalation() {
    let house = House::open("mainstay").await;
    let ticket = house.opens(house.account, Severity::P3, &[]).await;
    let customer = house.test.contact_of(house.account);
    let app = &house.test.app;
    app.ask_for_escalation(&customer, ticket.id, "We lose money.")
        .await
        .unwrap();
    let view = house.by_ladder(ticket.id, "breach").await;
    assert_eq!(view.escalation.manual, Some(ManualReason::CustomerRequest));
    assert_eq!(view.escalation.raised_by, customer.actor);
    assert!(view.escalation.reason.contains("We lose money."));
    // Asking again raises nothing more, and is not lost.
    app.ask_for_escalation(&customer, ticket.id, "Every hour.")
        .await
        .unwrap();
    let view = house.by_ladder(ticket.id, "breach").await;
    assert!(view.escalation.progress[0].text.contains("Every hour."));

    let other = house.test.account("Other", "Standard").await;
    let stranger = house.test.contact_of(other);
    let refused = app
        .ask_for_escalation(&stranger, ticket.id, "Me too.")
        .await;
    assert!(matches!(refused, Err(AppError::NotFound(_))), "{refused:?}");
    let refused = app.escalation(&customer, view.stored.id).await;
    assert!(
        matches!(refused, Err(AppError::Forbidden(_))),
        "{refused:?}"
    );
    house.test.run_due().await;
    house.test.finish().await;
}

#[tokio::test]
async fn words_of_the_customer_raise_a_ladder() {
    let house = House::open("mainstay").await;
    let ticket = house.opens(house.account, Severity::P3, &[]).await;
    assert_eq!(house.escalations(ticket.id).await, []);
    let mut message = house.test.says(Side::Customer);
    message.text = "We have LOST DATA since yesterday.".to_owned();
    house.test.adds(&ticket, message).await;
    let view = house.by_ladder(ticket.id, "critical").await;
    assert!(
        view.escalation.reason.contains("lost data"),
        "{}",
        view.escalation.reason
    );
    assert_eq!(view.stored.level, 2);
    house.test.run_due().await;
    house.test.finish().await;
}

#[tokio::test]
async fn a_new_policy_asks_about_what_is_open() {
    let house = House::open("client-scaling").await;
    let starter = house.test.account("Small", "Starter").await;
    let ticket = house.opens(starter, Severity::P4, &[]).await;
    house.test.advance(SignedDuration::from_hours(80)).await;
    house.test.adds(&ticket, house.test.says(Side::Agent)).await;
    let is_asked = |view: &EscalationView| view.escalation.reason.starts_with("not resolved 24h");
    assert!(!house.escalations(ticket.id).await.iter().any(is_asked));
    let pack = mainstay_policy::builtin("mainstay").unwrap();
    let machine = Caller::machine();
    house
        .test
        .app
        .apply_policy(&machine, &pack, "")
        .await
        .unwrap();
    house.test.run_due().await;
    let views = house.escalations(ticket.id).await;
    let raised: Vec<_> = views.iter().filter(|view| is_asked(view)).collect();
    assert_eq!(raised.len(), 1);
    // It is raised when it became known, not in a past in which nobody could have acted.
    assert_eq!(raised[0].escalation.raised_at, house.test.app.now());
    house.test.run_due().await;
    assert_eq!(house.escalations(ticket.id).await.len(), views.len());
    house.test.finish().await;
}

#[tokio::test]
async fn a_strangers_words_wake_nobody_until_somebody_knows_who_they_are() {
    let house = House::open("mainstay").await;
    let open = OpenTicket {
        subject: "Production is down".to_owned(),
        account: None,
        contact: None,
        channel: Channel::Email,
        severity: None,
        category: None,
        team: None,
        assignee: None,
        tags: Vec::new(),
        message: Some(house.test.says(Side::Customer)),
        at: None,
    };
    let opened = house.test.app.open_ticket(&house.ana, open).await;
    let ticket = opened.unwrap().ticket;
    assert_eq!(ticket.facts.severity, Severity::P1, "proposed by its words");
    house.test.advance(SignedDuration::from_hours(1)).await;
    let critical = |views: Vec<EscalationView>| {
        let mut ladders = views.into_iter();
        ladders.any(|view| view.escalation.ladder().as_str() == "critical")
    };
    assert!(!critical(house.escalations(ticket.id).await));

    let account = Change::Account(Some(house.account));
    house.changes(ticket.id, account).await;
    assert!(critical(house.escalations(ticket.id).await));
    house.test.run_due().await;
    house.test.finish().await;
}
