//! A customer and those who serve, in turns.

use jiff::SignedDuration;
use mainstay_app::mail::WayIn;
use mainstay_domain::event::{Origin, Visibility};
use mainstay_domain::mail::RawMailState;
use mainstay_domain::status::StatusKind;
use mainstay_store::{PageRequest, mailbox};

use crate::desk::{Desk, Letter, reason};

/// Its mail is read elsewhere by now, and its customers know it by its address.
#[tokio::test]
async fn a_mailbox_that_moved_answers_in_its_own_name() {
    let desk = Desk::open().await;
    let mut help = desk.sets_up_help().await;
    let way = WayIn {
        source: help.source().expect("it is read"),
        mailbox: Some(help.id),
    };
    let raw = desk.gets_by(way, &Letter::default().raw()).await;
    let ticket = desk.ticket_of(&raw).await;
    assert_eq!(desk.last_sent().to, ["ana@acme.example"]);
    if let Some(incoming) = &mut help.incoming {
        incoming.server.host = "imap.elsewhere.example".to_owned();
    }
    let tx = desk.test.app.store().begin().await.expect("a transaction");
    mailbox::update(&tx, &help).await.expect("a mailbox");
    tx.commit().await.expect("a commit");
    desk.answers(&ticket, "Which report?").await;
    assert_eq!(desk.last_sent().envelope_sender, "help@desk.example");
    desk.test.finish().await;
}

#[tokio::test]
async fn an_answer_goes_out_threaded_and_stops_the_clock() {
    let desk = Desk::open().await;
    let raw = desk.gets(&Letter::default()).await;
    let ticket = desk.ticket_of(&raw).await;
    desk.test.advance(SignedDuration::from_mins(5)).await;
    desk.answers(&ticket, "We are looking into it.").await;
    assert_eq!(desk.state(ticket.id, "first_response").await, "met");

    let answer = desk.last_sent();
    assert_eq!(answer.to, ["ana@acme.example"]);
    assert_eq!(answer.in_reply_to, "first@acme.example");
    assert_eq!(answer.auto_submitted, None);
    let receipt = &desk.sent()[0];
    assert_eq!(
        answer.references,
        [receipt.message_id.as_str(), "first@acme.example"]
    );
    assert!(answer.reply_to.starts_with("support+1."), "{answer:?}");
    assert_eq!(answer.envelope_sender, answer.reply_to);
    insta::assert_snapshot!(answer.text, @r"
    We are looking into it.

    Bea
    Support

    On 2026-03-02 10:00 CET, Ana wrote:
    > The totals do not add up.
    ");
    desk.test.finish().await;
}

#[tokio::test]
async fn the_customer_answers_by_reference_and_by_the_signed_address() {
    let desk = Desk::open().await;
    let ticket = desk.ticket_of(&desk.gets(&Letter::default()).await).await;
    desk.answers(&ticket, "Which report?").await;
    let answer = desk.last_sent();
    desk.sets_status(ticket.id, "pending_customer").await;

    let by_reference = desk
        .gets(&Letter {
            id: "second@acme.example",
            in_reply_to: &answer.message_id,
            subject: "Re: whatever",
            body: "The monthly one.\r\n\r\nOn Mon, 2 Mar 2026 at 09:00, Bea <support@desk.example> wrote:\r\n> Which report?\r\n",
            ..Letter::default()
        })
        .await;
    assert_eq!(by_reference.ticket, Some(ticket.id));
    let last = desk.messages(ticket.id).await.pop().unwrap();
    assert_eq!(last.text, "The monthly one.");
    assert!(last.quoted.unwrap().contains("> Which report?"));
    assert_eq!(
        desk.ticket(ticket.id).await.facts.status.kind,
        StatusKind::Open
    );

    // A colleague at home, whom nobody knows, was forwarded the mail: its reply address is proof enough.
    let by_address = desk
        .gets(&Letter {
            from: "Ana at home <ana@home.example>",
            to: &answer.reply_to,
            id: "third@home.example",
            subject: "No subject that helps",
            body: "From my private address.\r\n",
            ..Letter::default()
        })
        .await;
    assert_eq!(by_address.ticket, Some(ticket.id));
    assert!(reason(&by_address).contains("signed reply address"));
    assert_eq!(desk.tickets().await, 1);

    // Whoever writes takes part from then on.
    desk.answers(&ticket, "Thank you both.").await;
    assert_eq!(
        desk.last_sent().to,
        ["ana@acme.example", "ana@home.example"]
    );
    desk.test.finish().await;
}

#[tokio::test]
async fn a_stranger_cannot_write_into_a_ticket() {
    let desk = Desk::open().await;
    let ticket = desk.ticket_of(&desk.gets(&Letter::default()).await).await;
    desk.answers(&ticket, "Which report?").await;
    let answer = desk.last_sent();
    let forged = answer.reply_to.replace("+1.", "+2.");
    let attempts = [
        Letter {
            subject: "Re: [#1] Something is odd",
            id: "a@evil.example",
            ..Letter::default()
        },
        Letter {
            in_reply_to: &answer.message_id,
            id: "b@evil.example",
            ..Letter::default()
        },
        Letter {
            in_reply_to: "first@acme.example",
            id: "c@evil.example",
            ..Letter::default()
        },
        Letter {
            to: &forged,
            id: "d@evil.example",
            ..Letter::default()
        },
    ];
    for letter in attempts {
        let raw = desk
            .gets(&Letter {
                from: "Mallory <mallory@evil.example>",
                ..letter
            })
            .await;
        let other = desk.ticket_of(&raw).await;
        assert_ne!(other.id, ticket.id, "{}", reason(&raw));
        assert_eq!(other.facts.account, None);
    }
    assert_eq!(desk.messages(ticket.id).await.len(), 2);
    desk.test.finish().await;
}

#[tokio::test]
async fn somebody_who_was_copied_may_answer() {
    let desk = Desk::open().await;
    let raw = desk
        .gets(&Letter {
            cc: "Carl <carl@partner.example>, bea@desk.example",
            ..Letter::default()
        })
        .await;
    let answer = desk
        .gets(&Letter {
            from: "carl@partner.example",
            id: "carl1@partner.example",
            in_reply_to: "first@acme.example",
            body: "I see it too.\r\n",
            ..Letter::default()
        })
        .await;
    assert_eq!(answer.ticket, raw.ticket);
    let ticket = desk.ticket_of(&raw).await;
    desk.answers(&ticket, "Thanks.").await;
    // Bea is one of us and needs no copy of her own answer.
    assert_eq!(
        desk.last_sent().to,
        ["ana@acme.example", "carl@partner.example"]
    );
    desk.test.finish().await;
}

#[tokio::test]
async fn an_automatic_reply_moves_nothing() {
    let desk = Desk::open().await;
    let ticket = desk.ticket_of(&desk.gets(&Letter::default()).await).await;
    desk.answers(&ticket, "Which report?").await;
    let answer = desk.last_sent();
    desk.sets_status(ticket.id, "pending_customer").await;
    let before = desk.state(ticket.id, "resolution").await;
    let sent = desk.sent().len();
    let away = Letter {
        id: "away@acme.example",
        in_reply_to: &answer.message_id,
        fields: "Auto-Submitted: auto-replied\r\n",
        subject: "Out of office",
        body: "I am away until Monday.\r\n",
        ..Letter::default()
    };
    let raw = desk.gets(&away).await;
    assert_eq!(raw.ticket, Some(ticket.id));
    let last = desk.messages(ticket.id).await.pop().unwrap();
    assert_eq!(last.origin, Origin::Automatic);
    let after = desk.ticket(ticket.id).await;
    assert_eq!(after.facts.status.kind, StatusKind::PendingCustomer);
    assert_eq!(desk.state(ticket.id, "resolution").await, before);

    desk.sets_status(ticket.id, "resolved").await;
    desk.gets(&Letter {
        id: "away2@acme.example",
        ..away.clone()
    })
    .await;
    let after = desk.ticket(ticket.id).await;
    assert_eq!(after.facts.status.kind, StatusKind::Resolved);

    // And a machine that writes to nobody in particular opens no ticket and gets no receipt.
    let raw = desk
        .gets(&Letter {
            id: "news@acme.example",
            in_reply_to: "",
            ..away
        })
        .await;
    assert_eq!(raw.state, RawMailState::Ignored);
    assert_eq!(desk.tickets().await, 1);
    assert_eq!(desk.sent().len(), sent);
    desk.test.finish().await;
}

#[tokio::test]
async fn a_bounce_is_a_note_and_marks_the_mail() {
    let desk = Desk::open().await;
    let ticket = desk.ticket_of(&desk.gets(&Letter::default()).await).await;
    desk.answers(&ticket, "Which report?").await;
    let answer = desk.last_sent();
    let status = desk.ticket(ticket.id).await.facts.status;
    let bounce = format!(
        "From: MAILER-DAEMON@mx.acme.example\r\nTo: {}\r\nSubject: Undelivered Mail Returned to Sender\r\n\
         Message-ID: <bounce@mx.acme.example>\r\nAuto-Submitted: auto-replied\r\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n\
         --b\r\n\r\nSorry.\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.acme.example\r\n\r\n\
         Final-Recipient: rfc822; ana@acme.example\r\nAction: failed\r\nStatus: 5.1.1\r\n\
         Diagnostic-Code: smtp; 550 5.1.1 no such user\r\n\r\n\
         --b\r\nContent-Type: message/rfc822\r\n\r\nMessage-ID: <{}>\r\nSubject: x\r\n\r\nHello\r\n--b--\r\n",
        answer.envelope_sender, answer.message_id
    );
    let raw = desk.gets_by("pipe", &bounce).await;
    assert_eq!(raw.ticket, Some(ticket.id), "{:?}", raw.decision);
    let note = desk.messages(ticket.id).await.pop().unwrap();
    assert_eq!(
        (note.origin, note.visibility),
        (Origin::Bounce, Visibility::Internal)
    );
    insta::assert_snapshot!(
        note.text,
        @"A mail to ana@acme.example could not be delivered: 550 5.1.1 no such user."
    );
    assert_eq!(desk.ticket(ticket.id).await.facts.status, status);
    assert_eq!(desk.state(ticket.id, "first_response").await, "met");

    let page = PageRequest::first(10);
    let dead = desk.test.app.dead_letters(&desk.bea, page).await.unwrap();
    assert_eq!(dead.items.len(), 1);
    assert_eq!(dead.items[0].message_id, answer.message_id);
    desk.test.finish().await;
}

#[tokio::test]
async fn a_closed_ticket_is_followed_up() {
    let desk = Desk::open().await;
    let ticket = desk.ticket_of(&desk.gets(&Letter::default()).await).await;
    desk.answers(&ticket, "Done.").await;
    let answer = desk.last_sent();
    desk.sets_status(ticket.id, "closed").await;
    let raw = desk
        .gets(&Letter {
            id: "again@acme.example",
            in_reply_to: &answer.message_id,
            body: "It happens again.\r\n",
            ..Letter::default()
        })
        .await;
    let follow_up = desk.ticket_of(&raw).await;
    assert_ne!(follow_up.id, ticket.id);
    assert_eq!(follow_up.links[0].to, ticket.id);
    assert_eq!(follow_up.facts.account, Some(desk.acme));
    assert_eq!(desk.state(follow_up.id, "first_response").await, "running");
    desk.test.finish().await;
}

#[tokio::test]
async fn letters_are_in_the_accounts_language() {
    for (language, expected) in [
        ("es", "Hemos recibido su mensaje"),
        ("pt-BR", "recebemos a sua mensagem"),
        ("de", "your message has arrived"),
    ] {
        let desk = Desk::open_on("sqlite::memory:", Some(language)).await;
        desk.gets(&Letter::default()).await;
        let receipt = desk.last_sent();
        assert!(
            receipt.text.contains(expected),
            "{language}: {}",
            receipt.text
        );
        desk.test.finish().await;
    }
}

#[tokio::test]
async fn a_subject_that_is_too_long_for_a_ticket_is_cut_and_no_mail_is_lost_by_it() {
    let desk = Desk::open().await;
    let subject = "é".repeat(5_000);
    let raw = desk
        .gets(&Letter {
            subject: &subject,
            ..Letter::default()
        })
        .await;
    assert_eq!(raw.state, RawMailState::Parsed);
    let ticket = desk.ticket_of(&raw).await;
    assert_eq!(ticket.subject, "é".repeat(998));
    assert_eq!(desk.last_sent().to, ["ana@acme.example"]);
    desk.test.finish().await;
}
