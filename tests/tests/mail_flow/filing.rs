//! Where mail goes, and how that is undone.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use mainstay_app::mail::{FilingDecision, RefileInto};
use mainstay_app::{AppError, Caller};
use mainstay_domain::event::EventKind;
use mainstay_domain::id::RawMailId;
use mainstay_domain::mail::RawMailState;
use mainstay_domain::name::TierName;
use mainstay_domain::severity::Severity;
use mainstay_store::contact;
use mainstay_testing::{PostgresServer, require};

use crate::desk::{Desk, Letter, busy, reason};

#[tokio::test]
async fn a_mail_becomes_a_ticket_with_its_clocks_and_a_receipt() {
    let desk = Desk::open().await;
    let raw = desk
        .gets(&Letter {
            subject: "Reports are down",
            ..Letter::default()
        })
        .await;
    assert_eq!(raw.state, RawMailState::Parsed);
    assert_eq!(reason(&raw), "A new ticket: it refers to nothing we know.");

    let ticket = desk.ticket_of(&raw).await;
    assert_eq!(ticket.facts.account, Some(desk.acme));
    assert_eq!(ticket.facts.terms.tier, Some(TierName::from("Enterprise")));
    // The pack says that “down” hints at an outage, which is critical.
    assert_eq!(ticket.facts.severity, Severity::P1);
    assert_eq!(ticket.facts.assignee, desk.bea.agent().ok());
    let clock = desk.test.clock(ticket.id, "first_response").await;
    assert_eq!(
        clock.due_at,
        Some(raw.received_at + SignedDuration::from_mins(15))
    );
    let why = desk
        .test
        .ledger(ticket.id)
        .await
        .into_iter()
        .find_map(|event| match event.kind {
            EventKind::AssigneeChanged { reason, .. } => reason,
            _ => None,
        });
    insta::assert_snapshot!(
        why.unwrap(),
        @"by the rule “everything else” (pack.toml:22): the least load of 1: 0 of at most 100 tickets"
    );

    let receipt = desk.last_sent();
    assert_eq!(receipt.to, ["ana@acme.example"]);
    assert_eq!(receipt.envelope_sender, "");
    assert_eq!(receipt.auto_submitted.as_deref(), Some("auto-replied"));
    assert_eq!(receipt.in_reply_to, "first@acme.example");
    assert_eq!(
        receipt.subject,
        format!("[#{}] Reports are down", ticket.number)
    );
    insta::assert_snapshot!(receipt.text, @r"
    Hello Ana,

    your message has arrived. Its number is 1.
    We will answer by 2026-03-02 10:15 CET.
    You can follow it here: http://localhost:8080/tickets/1
    To add something, just reply to this message.

    Support
    ");
    desk.test.finish().await;
}

#[tokio::test]
async fn what_comes_back_to_us_is_stopped() {
    let desk = Desk::open().await;
    let ticket = desk.ticket_of(&desk.gets(&Letter::default()).await).await;
    desk.answers(&ticket, "Which report?").await;
    let ours = desk.transport.sent().pop().unwrap();
    let raw = String::from_utf8(ours.bytes).unwrap();
    let back = desk.gets_by("imap:x", &raw).await;
    assert_eq!(back.state, RawMailState::Ignored);
    insta::assert_snapshot!(
        reason(&back),
        @"The mail is our own, come back: it bears a message id that we gave."
    );
    let self_written = desk
        .gets(&Letter {
            from: "support@desk.example",
            id: "x@desk.example",
            ..Letter::default()
        })
        .await;
    insta::assert_snapshot!(
        reason(&self_written),
        @"The mail is our own, come back: its sender is our own address."
    );
    let marked = desk
        .gets(&Letter {
            id: "y@acme.example",
            fields: "X-Loop: support@desk.example\r\n",
            ..Letter::default()
        })
        .await;
    insta::assert_snapshot!(
        reason(&marked),
        @"The mail is our own, come back: its X-Loop mark names our own address."
    );
    assert_eq!(desk.tickets().await, 1);
    desk.test.finish().await;
}

#[tokio::test]
async fn a_flood_is_held_back_and_ebbs() {
    let desk = Desk::open().await;
    let flood = async |from: u32, to: u32| {
        let mut states = Vec::new();
        for number in from..to {
            let id = format!("{number}@acme.example");
            let body = format!("Number {number}\r\n");
            let letter = Letter {
                id: &id,
                body: &body,
                ..Letter::default()
            };
            states.push(desk.gets(&letter).await.state);
        }
        states
    };
    let states = flood(0, 45).await;
    let filed = |states: &[RawMailState]| {
        states
            .iter()
            .filter(|state| **state == RawMailState::Parsed)
            .count()
    };
    assert_eq!(filed(&states), 40);
    assert_eq!(desk.tickets().await, 40);
    // One receipt for all of them: the others would have come within the hour.
    assert_eq!(desk.sent().len(), 1);
    desk.test.advance(SignedDuration::from_mins(11)).await;
    assert_eq!(filed(&flood(50, 52).await), 2);
    desk.test.finish().await;
}

/// Where receipts are written side by side, too.
#[tokio::test(flavor = "multi_thread")]
async fn mails_that_are_filed_at_once_get_one_receipt() {
    let Some(program) = require(PostgresServer::find()) else {
        return;
    };
    let url = PostgresServer::shared(&program).fresh_database();
    let desk = Desk::open_on(&url, None).await;
    let machine = Caller::machine();
    for number in 0..8 {
        let id = format!("{number}@acme.example");
        let letter = Letter {
            id: &id,
            ..Letter::default()
        };
        let (app, raw) = (&desk.test.app, letter.raw().into_bytes());
        let received = app.receive_mail(&machine, raw, "pipe", app.now());
        received.await.expect("a store that answers");
    }
    desk.test.run_due().await;
    assert_eq!(desk.tickets().await, 8);
    assert_eq!(desk.to_customer().len(), 1);
    desk.test.finish().await;
}

/// Where mails wait and are filed together, as after an outage, on both engines: as if each had come by itself.
#[tokio::test(flavor = "multi_thread")]
async fn mails_that_wait_are_filed_together_as_they_are_one_by_one() {
    let mut urls = vec!["sqlite::memory:".to_owned()];
    if let Some(program) = require(PostgresServer::find()) {
        urls.push(PostgresServer::shared(&program).fresh_database());
    }
    for url in urls {
        let desk = Desk::open_on(&url, None).await;
        let (app, machine) = (&desk.test.app, Caller::machine());
        let receive = async |letter: &Letter<'_>, way: &str| {
            let raw = letter.raw().into_bytes();
            let received = app.receive_mail(&machine, raw, way, app.now());
            received.await.expect("a store that answers").id
        };
        let (mut waiting, mut twins) = (Vec::new(), Vec::new());
        // Two whom nobody knows by turns, one of whom writes more than one may.
        for number in 0..45 {
            let id = format!("{number}@acme.example");
            let letter = Letter {
                from: "nora@acme.example",
                id: &id,
                ..Letter::default()
            };
            waiting.push(receive(&letter, "pipe").await);
            if number < 3 {
                let other = format!("other-{id}");
                let letter = Letter {
                    from: "omar@acme.example",
                    id: &other,
                    ..letter
                };
                twins = vec![
                    receive(&letter, "pipe").await,
                    receive(&letter, "imap:support").await,
                ];
            }
        }
        desk.test.run_due().await;

        let filed = async |ids: Vec<RawMailId>| {
            let mut filed = 0;
            for id in ids {
                match desk.mail(id).await.state {
                    RawMailState::Parsed => filed += 1,
                    state => assert_eq!(state, RawMailState::Ignored, "{url}"),
                }
            }
            filed
        };
        assert_eq!(filed(waiting).await, 40, "{url}");
        assert_eq!(filed(twins).await, 1, "{url}");
        assert_eq!(desk.tickets().await, 43, "{url}");
        let mut told: Vec<_> = desk.sent().into_iter().flat_map(|mail| mail.to).collect();
        told.sort();
        assert_eq!(told, ["nora@acme.example", "omar@acme.example"], "{url}");
        let reader = app.store().read();
        for address in ["nora@acme.example", "omar@acme.example"] {
            let known = contact::find_by_address(&reader, address).await.unwrap();
            assert!(known.is_some(), "{address}");
        }
        desk.test.finish().await;
    }
}

#[tokio::test]
async fn the_same_mail_is_filed_once_however_it_comes() {
    let desk = Desk::open().await;
    let letter = Letter::default().raw();
    let first = desk.gets_by("imap:support", &letter).await;
    let again = desk.gets_by("imap:support", &letter).await;
    assert_eq!(first.id, again.id);
    let other_way = desk.gets_by("pipe", &letter).await;
    assert_eq!(other_way.state, RawMailState::Ignored);
    // By another server, which writes another trace line.
    let traced = format!("Received: from elsewhere\r\n{letter}");
    let other_road = desk.gets_by("imap:sales", &traced).await;
    assert_eq!(
        (other_road.state, reason(&other_road).as_str()),
        (RawMailState::Ignored, "The same mail was taken in before.")
    );
    assert_eq!(desk.tickets().await, 1);
    desk.test.finish().await;
}

#[tokio::test]
async fn a_decision_can_be_undone() {
    let desk = Desk::open().await;
    let ticket = desk.ticket_of(&desk.gets(&Letter::default()).await).await;
    let from_home = desk
        .gets(&Letter {
            from: "ana@home.example",
            id: "home@home.example",
            body: "I forgot: it is the monthly one.\r\n",
            ..Letter::default()
        })
        .await;
    let wrong = desk.ticket_of(&from_home).await;
    assert_ne!(wrong.id, ticket.id);

    // Into the ticket it belongs to: what remains is merged.
    let app = &desk.test.app;
    let into = RefileInto::Ticket(ticket.id);
    app.refile_mail(&desk.bea, from_home.id, into)
        .await
        .unwrap();
    assert_eq!(desk.messages(ticket.id).await.len(), 2);
    assert_eq!(desk.ticket(wrong.id).await.merged_into, Some(ticket.id));
    let moved = desk.mail(from_home.id).await;
    assert_eq!(moved.ticket, Some(ticket.id));
    let decision = FilingDecision::of(&moved).unwrap();
    assert_eq!(decision.reason, "Filed by hand by Bea.");
    assert_eq!(decision.before.unwrap().route, "open");

    // And out again, into a ticket of its own.
    let own = app
        .refile_mail(&desk.bea, from_home.id, RefileInto::NewTicket)
        .await
        .unwrap();
    assert_eq!(desk.messages(own).await.len(), 1);
    assert_eq!(desk.messages(ticket.id).await.len(), 1);
    let split = desk.test.ledger(ticket.id).await;
    assert!(
        split
            .iter()
            .any(|event| matches!(event.kind, EventKind::SplitInto { .. }))
    );
    // A later answer to that mail follows it.
    let later = desk
        .gets(&Letter {
            from: "ana@home.example",
            id: "home2@home.example",
            in_reply_to: "home@home.example",
            body: "And the yearly one.\r\n",
            ..Letter::default()
        })
        .await;
    assert_eq!(later.ticket, Some(own));

    // With others in the ticket only the message goes.
    app.refile_mail(&desk.bea, later.id, RefileInto::Ticket(ticket.id))
        .await
        .unwrap();
    assert_eq!(desk.messages(own).await.len(), 1);
    assert_eq!(desk.messages(ticket.id).await.len(), 2);
    desk.test.run_due().await;
    desk.test.finish().await;
}

#[tokio::test]
async fn mail_flows_on_postgresql_too() {
    let Some(program) = require(PostgresServer::find()) else {
        return;
    };
    let url = PostgresServer::shared(&program).fresh_database();
    let desk = Desk::open_on(&url, Some("pt")).await;
    let raw = desk.gets(&Letter::default()).await;
    let ticket = desk.ticket_of(&raw).await;
    desk.answers(&ticket, "Which report?").await;
    let answer = desk.last_sent();
    let reply = desk
        .gets(&Letter {
            to: &answer.reply_to,
            cc: "carl@partner.example",
            id: "second@acme.example",
            body: "The monthly one.\r\n",
            ..Letter::default()
        })
        .await;
    assert_eq!(reply.ticket, Some(ticket.id));
    let again = desk.gets_by("http", &Letter::default().raw()).await;
    assert_eq!(again.state, RawMailState::Ignored);
    desk.transport.answer_next(busy());
    desk.answers(&ticket, "Thank you.").await;
    desk.test.advance(SignedDuration::from_mins(1)).await;
    assert_eq!(
        desk.last_sent().to,
        ["ana@acme.example", "carl@partner.example"]
    );
    let own = desk
        .test
        .app
        .refile_mail(&desk.bea, reply.id, RefileInto::NewTicket)
        .await
        .unwrap();
    assert_eq!(desk.messages(own).await.len(), 1);
    desk.test.app.replay_mail(&desk.bea, raw.id).await.unwrap();
    desk.test.run_due().await;
    desk.test.finish().await;
}

#[tokio::test]
async fn attachments_are_kept_beside_the_database_and_the_html_is_harmless() {
    let desk = Desk::open().await;
    let raw = desk
        .gets_by(
            "http",
            "From: ana@acme.example\r\nTo: support@desk.example\r\nSubject: file\r\nMessage-ID: <f@acme.example>\r\n\
             Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n\
             <p>See <b>this</b></p><script>alert(1)</script>\r\n--b\r\nContent-Type: image/png; name=\"a.png\"\r\n\
             Content-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename=\"a.png\"\r\n\r\naGVsbG8=\r\n--b--\r\n",
        )
        .await;
    let ticket = desk.ticket_of(&raw).await;
    let message = desk.messages(ticket.id).await.remove(0);
    assert_eq!(message.text, "See this");
    let html = message.html.unwrap();
    assert!(
        html.contains("<b>this</b>") && !html.contains("script"),
        "{html}"
    );
    let file = &message.attachments[0];
    assert_eq!(file.file_name, "a.png");
    let kept = desk.test.app.blobs().get(file.digest).await.unwrap();
    assert_eq!(kept, "hello");
    desk.test.finish().await;
}

/// Every real message that the tests are given is taken in and comes to an end: filed, set aside or shown to people.
#[tokio::test]
async fn no_real_message_is_lost() {
    let Some(data) = std::env::var_os("MAINSTAY_TEST_DATA") else {
        let required = std::env::var("MAINSTAY_REQUIRE_ALL").is_ok_and(|value| value == "1");
        assert!(
            !required,
            "MAINSTAY_TEST_DATA is not set, and MAINSTAY_REQUIRE_ALL=1 wants every test run"
        );
        println!("skipped: set MAINSTAY_TEST_DATA to the folder that holds `email`");
        return;
    };
    let desk = Desk::open().await;
    let folder = std::path::Path::new(&data).join("email/raw");
    let mut files: Vec<_> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let app = &desk.test.app;
    let mut tally = BTreeMap::new();
    for file in &files {
        let raw = std::fs::read(file).unwrap();
        desk.test.clock.advance(SignedDuration::from_mins(1));
        let received = match app
            .receive_mail(&Caller::machine(), raw, "pipe", app.now())
            .await
        {
            Ok(received) => received,
            Err(AppError::Invalid(_)) => continue,
            Err(error) => panic!("{}: {error}", file.display()),
        };
        while let mainstay_app::Tick::More = app.tick().await.unwrap() {}
        let mail = desk.mail(received.id).await;
        let filed = mail.ticket.is_some() && mail.message.is_some();
        let ended = match mail.state {
            RawMailState::New => panic!("{} was not read", file.display()),
            RawMailState::Parsed => filed,
            RawMailState::Failed => mail.error.is_some(),
            RawMailState::Ignored | RawMailState::Held => mail.decision.is_some(),
        };
        assert!(ended, "{}: {:?}", file.display(), mail.error);
        *tally.entry(format!("{:?}", mail.state)).or_insert(0) += 1;
    }
    println!("{} messages: {tally:?}", files.len());
    desk.test.finish().await;
}
