//! Nobody answers, and the ladder is climbed to its end; several programs do it together.

use jiff::SignedDuration;
use mainstay_app::escalation::{EscalationFilter, Record};
use mainstay_app::mail::MailOptions;
use mainstay_app::notification::ReadState;
use mainstay_app::{App, AppError, Options, PageRequest, Tick};
use mainstay_domain::escalation::{NotifyChannel, Phase, Review, Verdict};
use mainstay_domain::event::EventKind;
use mainstay_domain::mail::OutgoingMail;
use mainstay_domain::notification::NotificationState;
use mainstay_domain::severity::Severity;
use mainstay_store::{Store, StoreOptions};
use mainstay_testing::{PostgresServer, require};
use mainstay_tests::instant;

use crate::house::{House, written};

async fn main_story(house: House) {
    let test = &house.test;
    let ticket = house.opens(house.account, Severity::P2, &[]).await;

    // Half of the hour to the first response is used: whoever has the ticket is told.
    test.advance(SignedDuration::from_mins(30)).await;
    let shown = test
        .app
        .notifications(&house.ana, ReadState::Unread, PageRequest::first(10))
        .await
        .unwrap();
    assert!(
        shown.items.iter().all(|told| told
            .detail
            .contains("First response is due at 2026-03-02 10:00 UTC")),
        "{shown:?}"
    );
    let subjects = |mails: Vec<OutgoingMail>| -> Vec<String> {
        mails.into_iter().map(|mail| mail.subject).collect()
    };
    assert_eq!(
        subjects(house.mails_to(&house.ana)),
        ["Escalation: #1 (P2, Acme), Those who can still keep it"]
    );
    let ladders: Vec<_> = house
        .escalations(ticket.id)
        .await
        .iter()
        .map(|view| view.escalation.ladder().to_string())
        .collect();
    assert_eq!(ladders, ["at-risk"]);

    // It is missed, and nobody takes it on; an hour later the engineer is told.
    test.advance(SignedDuration::from_mins(100)).await;
    let breach = house.by_ladder(ticket.id, "breach").await;
    let next = breach.next.clone().unwrap();
    assert_eq!(
        (next.at, next.name.as_deref(), next.level),
        (instant("2026-03-02T13:00:00Z"), Some("Management"), Some(3))
    );
    let id = breach.stored.id;
    let mails: Vec<String> = house.mails_to(&house.eva).iter().map(written).collect();
    insta::allow_duplicates! {
        insta::assert_snapshot!(mails.join("---"), @"
        Escalation: #1 (P2, Acme), Engineering and success manager

        Eva, you are told because of: First response was due at 2026-03-02 10:00 UTC and was missed.

        It does not work
        Acme (Enterprise), P2, new
        Please respond within 1h.
        Acknowledge it here: http://localhost:8080/a
        ");
    }
    let raised = test.ledger(ticket.id).await.into_iter().find(|event| {
        matches!(&event.kind, EventKind::EscalationRaised { escalation, .. } if *escalation == id)
    });
    assert_eq!(raised.unwrap().at, instant("2026-03-02T10:00:00Z"));

    // She takes it on: nobody else is told, whatever time passes.
    let view = house.records(&house.eva, id, Record::Acknowledge).await;
    assert_eq!(view.escalation.acknowledged.unwrap().step, Some(1));
    assert_eq!(view.next, None);
    test.advance(SignedDuration::from_hours(4)).await;
    assert_eq!(house.by_ladder(ticket.id, "breach").await.stored.level, 2);
    let before = house.mails_to(&house.max).len();

    house
        .records(&house.eva, id, Record::Assess("One account.".into()))
        .await;
    house
        .records(&house.eva, id, Record::Decide("Roll back.".into()))
        .await;
    let resources = Record::AllocateResources {
        agents: vec![house.eva.agent().unwrap()],
        text: "The rest of the day.".into(),
    };
    house.records(&house.eva, id, resources).await;
    house
        .records(&house.eva, id, Record::NoteProgress("Rolled back.".into()))
        .await;
    house
        .records(
            &house.eva,
            id,
            Record::Resolve("The release was at fault.".into()),
        )
        .await;
    let verify = Record::Verify {
        verdict: Verdict::Holds,
        text: "Acme is content.".into(),
    };
    let view = house.records(&house.eva, id, verify).await;
    let parts: Vec<String> = view
        .unrecorded
        .iter()
        .map(|part| format!("{part:?}"))
        .collect();
    assert_eq!(parts, ["Review"]);
    let review = Record::Review(Review {
        what_happened: "A release broke the import.".into(),
        cause: "No test of large files.".into(),
        changes: "There is one now.".into(),
    });
    let refused = test.app.record_escalation(&house.eva, id, &review).await;
    assert!(
        matches!(refused, Err(AppError::Forbidden(_))),
        "{refused:?}"
    );
    let view = house.records(&house.max, id, review).await;
    assert_eq!(view.unrecorded, []);
    assert!(matches!(view.escalation.phase, Phase::Resolved { .. }));
    assert_eq!(house.mails_to(&house.max).len(), before);
    // Whoever was told was told once, and each telling ended in one delivery.
    for told in &view.notifications {
        assert_eq!(told.state, NotificationState::Delivered, "{told:?}");
    }
    insta::allow_duplicates! {
        insta::assert_snapshot!(house.told(&view), @"
        10:00:00 raised: first_response was due at 2026-03-02 10:00 UTC and was missed
        10:00:00 step 0 taken: Raised
        10:00:00 told Ana by in_app: Sent
        10:00:00 told Ana by email: Sent
        11:00:00 step 1 taken: Unacknowledged
        11:00:00 told Eva by in_app: Sent
        11:00:00 told Eva by email: Sent
        11:10:00 acknowledged at Some(1)
        15:10:00 Assessed
        15:10:00 Decided
        15:10:00 ResourcesAllocated
        15:10:00 Progressed
        15:10:00 resolved: The release was at fault.
        15:10:00 Verified
        15:10:00 Reviewed
        ");
    }

    test.advance(SignedDuration::from_hours(1)).await;
    house.test.finish().await;
}

#[tokio::test]
async fn nobody_answers_until_somebody_does() {
    main_story(House::open("mainstay").await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_answers_until_somebody_does_on_postgres() {
    let Some(server) = require(PostgresServer::find()) else {
        return;
    };
    let server = PostgresServer::start(&server);
    main_story(House::open_on(&server.fresh_database(), "mainstay").await).await;
}

/// Several programs share a database: each step and each mail happens once.
#[tokio::test(flavor = "multi_thread")]
async fn programs_that_share_a_database_tell_everybody_once() {
    let Some(server) = require(PostgresServer::find()) else {
        return;
    };
    let server = PostgresServer::start(&server);
    let url = server.fresh_database();
    let house = House::open_on(&url, "mainstay").await;
    for _ in 0..20 {
        house.opens(house.account, Severity::P1, &[]).await;
    }
    let mut others = Vec::new();
    for number in 0..3_u8 {
        let options = Options {
            node: format!("other {number}"),
            mail: MailOptions {
                transport: Some(house.mails.clone()),
                ..MailOptions::default()
            },
            ..Options::default()
        };
        let store = Store::open(&StoreOptions::new(&url)).await.unwrap();
        let clock = house.test.clock.clone();
        let app = App::new(store, clock, [number + 50; 32], options);
        app.load_policy().await.unwrap();
        others.push(app);
    }
    // Twenty minutes on, the engineer is told of each ticket, too.
    for _ in 0..20 {
        house.test.clock.advance(SignedDuration::from_mins(1));
        let mut working = tokio::task::JoinSet::new();
        for app in others.iter().cloned().chain([house.test.app.clone()]) {
            working.spawn(async move {
                loop {
                    match app.tick().await {
                        Ok(Tick::More) => {}
                        Ok(Tick::Idle(_)) => return,
                        // Whoever lost against the others too often goes on the next time, as a worker does.
                        Err(error) => return eprintln!("a round was lost: {error}"),
                    }
                }
            });
        }
        while let Some(outcome) = working.join_next().await {
            outcome.unwrap();
        }
    }
    // What somebody had taken and could not do is done when their lease has ended, or their first pause.
    house.test.advance(SignedDuration::from_mins(2)).await;
    let page = PageRequest::first(100);
    let listed = house
        .test
        .app
        .escalations(&house.max, &EscalationFilter::default(), page)
        .await
        .unwrap();
    let critical: Vec<_> = listed
        .items
        .iter()
        .filter(|stored| stored.ladder.as_str() == "critical")
        .collect();
    assert_eq!(critical.len(), 20);
    let mut deliveries = std::collections::BTreeSet::new();
    for stored in critical {
        let view = house.view(stored.id).await;
        let steps: Vec<usize> = view
            .escalation
            .steps
            .iter()
            .map(|taken| taken.step)
            .collect();
        assert_eq!(steps, [0, 1, 2]);
        let mails = view
            .notifications
            .iter()
            .filter(|told| told.channel == NotifyChannel::Email);
        let told: Vec<_> = mails
            .clone()
            .map(|told| house.name(told.recipient))
            .collect();
        assert_eq!(told, ["Ana", "Eva"]);
        for mail in mails {
            assert_eq!(mail.state, NotificationState::Delivered);
            deliveries.insert((mail.recipient, mail.delivery));
        }
    }
    let eva = house.eva.agent().unwrap();
    let to_eva = deliveries.iter().filter(|(to, _)| *to == eva).count();
    let sent = house.mails_to(&house.eva).len();
    assert_eq!(to_eva, sent, "each mail was sent once");
    house.test.finish().await;
}
