//! Mail that agents write, or that claims to be theirs.

use jiff::SignedDuration;
use mainstay_app::mail::{MailOptions, RefileInto, WayIn};
use mainstay_app::{AppError, Caller};
use mainstay_domain::event::{Actor, Visibility};
use mainstay_domain::mail::{RawMail, RawMailState};
use mainstay_domain::role::Permission;
use mainstay_domain::ticket::Ticket;
use mainstay_store::{PageRequest, contact, mail, mailbox};

use crate::desk::{Desk, Letter, Sent, reason};

const VOUCHED: &str = "Authentication-Results: mx.desk.example;\r\n spf=pass smtp.mailfrom=bea@desk.example;\r\n \
                       dmarc=pass header.from=desk.example\r\n";

async fn desk_behind(authserv_id: &str) -> Desk {
    let mail = MailOptions {
        authserv_id: Some(authserv_id.to_owned()),
        ..MailOptions::default()
    };
    Desk::open_with("sqlite::memory:", None, mail).await
}

/// What Bea writes, or somebody in her name, to the address that customers are told.
fn from_bea<'a>(to: &'a str, id: &'a str) -> Letter<'a> {
    Letter {
        from: "Bea <bea@desk.example>",
        to,
        id,
        body: "I am on it.\r\n",
        ..Letter::default()
    }
}

/// Checks that a mail was kept and did nothing else than to leave a note.
async fn is_held(desk: &Desk, ticket: &Ticket, raw: &RawMail, sent: usize) {
    assert_eq!(raw.state, RawMailState::Held, "{}", reason(raw));
    assert_eq!(raw.ticket, Some(ticket.id));
    assert_eq!(desk.state(ticket.id, "first_response").await, "running");
    assert_eq!(
        desk.to_customer().len(),
        sent,
        "nothing went to the customer"
    );
    let now = desk.ticket(ticket.id).await;
    assert_eq!(now.facts.status, ticket.facts.status);
    let messages = desk.messages(ticket.id).await;
    let public = messages
        .iter()
        .filter(|m| m.visibility == Visibility::Public);
    assert_eq!(
        public.count(),
        1,
        "the customer sees their own message alone"
    );
    let reader = desk.test.app.store().read();
    let stranger = contact::find_by_address(&reader, "bea@desk.example").await;
    assert!(
        stranger.expect("a store").is_none(),
        "no agent becomes a customer"
    );
}

#[tokio::test]
async fn an_agent_whom_our_server_vouches_for_answers_by_mail() {
    let desk = desk_behind("mx.desk.example").await;
    let ticket = desk.ticket_of(&desk.gets(&Letter::default()).await).await;
    let signed = desk.last_sent().reply_to;
    let raw = desk
        .gets(&Letter {
            fields: VOUCHED,
            ..from_bea(&signed, "bea1@desk.example")
        })
        .await;
    assert_eq!(raw.ticket, Some(ticket.id));
    assert_eq!(desk.state(ticket.id, "first_response").await, "met");
    let answer = desk.last_sent();
    assert_eq!(answer.to, ["ana@acme.example"]);
    assert!(answer.text.contains("I am on it."));
    desk.test.finish().await;
}

/// A mailbox that was set up in the browser is behind another server than those of the settings: anybody may write there in the name of
/// theirs.
#[tokio::test]
async fn of_a_mailbox_that_was_set_up_its_own_server_vouches() {
    let desk = desk_behind("mx.desk.example").await;
    let ticket = desk.ticket_of(&desk.gets(&Letter::default()).await).await;
    let (signed, sent) = (desk.last_sent().reply_to, desk.to_customer().len());
    let mut help = desk.sets_up_help().await;
    let source = help.source().expect("it is read");
    let letter = |id| Letter {
        fields: VOUCHED,
        ..from_bea(&signed, id)
    };
    let raw = letter("bea1@desk.example").raw();
    is_held(
        &desk,
        &ticket,
        &desk.gets_by(source.as_str(), &raw).await,
        sent,
    )
    .await;

    help.authserv_id = Some("mx.desk.example".to_owned());
    let tx = desk.test.app.store().begin().await.expect("a transaction");
    mailbox::update(&tx, &help).await.expect("a mailbox");
    tx.commit().await.expect("a commit");
    // What another server took in before the mailbox was moved, it does not vouch for.
    let moved = WayIn {
        source: "imap:help@old.desk.example/INBOX".to_owned(),
        mailbox: Some(help.id),
    };
    let raw = letter("bea2@desk.example").raw();
    is_held(&desk, &ticket, &desk.gets_by(moved, &raw).await, sent).await;
    let raw = letter("bea3@desk.example").raw();
    desk.gets_by(source.as_str(), &raw).await;
    assert_eq!(desk.state(ticket.id, "first_response").await, "met");
    desk.test.finish().await;
}

#[tokio::test]
async fn somebody_who_only_claims_to_be_an_agent_is_not_believed() {
    let desk = desk_behind("mx.desk.example").await;
    let ticket = desk.ticket_of(&desk.gets(&Letter::default()).await).await;
    let signed = desk.last_sent().reply_to;
    let forged = "Authentication-Results: mx.desk.example; dmarc=fail header.from=desk.example\r\n\
                  Authentication-Results: mx.desk.example; dmarc=pass header.from=desk.example\r\n";
    let sent = desk.to_customer().len();
    for (id, fields) in [
        ("f1@evil.example", ""),
        ("f2@evil.example", forged),
        (
            "f3@evil.example",
            "Authentication-Results: mx.evil.example; dmarc=pass\r\n",
        ),
        (
            "f4@evil.example",
            "Authentication-Results: mx.desk.example; dmarc=pass header.from=evil.example\r\n",
        ),
        (
            "f5@evil.example",
            "Authentication-Results: mx.desk.example; dkim=pass header.d=evil.example\r\n",
        ),
        (
            "f6@evil.example",
            "Authentication-Results: mx.desk.example; spf=none (a; dmarc=pass )\r\n",
        ),
    ] {
        let raw = desk
            .gets(&Letter {
                fields,
                ..from_bea(&signed, id)
            })
            .await;
        is_held(&desk, &ticket, &raw, sent).await;
    }
    desk.test.finish().await;
}

#[tokio::test]
async fn a_vouched_mail_that_names_several_authors_proves_none() {
    let desk = desk_behind("mx.desk.example").await;
    let ticket = desk.ticket_of(&desk.gets(&Letter::default()).await).await;
    let signed = desk.last_sent().reply_to;
    let sent = desk.to_customer().len();
    let two = Letter {
        from: "Bea <bea@desk.example>, Eve <eve@desk.example>",
        fields: VOUCHED,
        ..from_bea(&signed, "two@desk.example")
    };
    let twice = format!("From: Eve <eve@desk.example>\r\n{VOUCHED}");
    let twice = Letter {
        fields: &twice,
        ..from_bea(&signed, "twice@desk.example")
    };
    for letter in [two, twice] {
        let raw = desk.gets(&letter).await;
        is_held(&desk, &ticket, &raw, sent).await;
    }
    desk.test.finish().await;
}

#[tokio::test]
async fn without_a_server_to_trust_nobody_is_believed_but_by_their_own_address() {
    let desk = Desk::open().await;
    let ticket = desk.ticket_of(&desk.gets(&Letter::default()).await).await;
    let everybodys = desk.last_sent().reply_to;
    let sent = desk.to_customer().len();
    // What a verdict says counts for nothing, as anybody may have written it.
    let raw = desk
        .gets(&Letter {
            fields: VOUCHED,
            ..from_bea(&everybodys, "bea1@desk.example")
        })
        .await;
    is_held(&desk, &ticket, &raw, sent).await;
    assert_eq!(
        reason(&raw),
        "Held at ticket 1 until a person accepts it: it bears the address of Bea, and no mail server is trusted to \
         vouch for it (mail.authserv_id)."
    );
    // A notice about the clock tells Bea an address that is hers alone.
    let to_bea = |mail: &Sent| mail.to == ["bea@desk.example"] && !mail.reply_to.is_empty();
    let mut notice = None;
    for _hour in 0..200 {
        desk.test.clock.advance(SignedDuration::from_hours(1));
        desk.test.run_due().await;
        notice = desk.sent().into_iter().find(to_bea);
        if notice.is_some() {
            break;
        }
    }
    let notice = notice.expect("a notice that can be answered");
    assert!(
        notice
            .text
            .contains("Answer this mail, and the customer reads it")
    );
    let hers = &notice.reply_to;
    assert_ne!(*hers, everybodys);
    let sent = desk.to_customer().len();
    let raw = desk
        .gets(&Letter {
            from: "Ben <ben@desk.example>",
            ..from_bea(hers, "ben@desk.example")
        })
        .await;
    assert_ne!(
        raw.ticket,
        Some(ticket.id),
        "the address serves nobody else"
    );
    let spoiled = "Authentication-Results: mx; dmarc=fail\r\n";
    let raw = desk
        .gets(&Letter {
            fields: spoiled,
            ..from_bea(hers, "disowned@desk.example")
        })
        .await;
    assert_eq!(raw.state, RawMailState::Held, "{}", reason(&raw));
    let raw = desk.gets(&from_bea(hers, "bea2@desk.example")).await;
    assert_eq!(raw.ticket, Some(ticket.id), "{}", reason(&raw));
    assert_eq!(raw.state, RawMailState::Parsed);
    let messages = desk.messages(ticket.id).await;
    let answer = messages.last().expect("an answer");
    assert_eq!(answer.visibility, Visibility::Public);
    assert_eq!(answer.author, desk.bea.actor);
    let answers = desk.to_customer().split_off(sent);
    assert_eq!(
        answers
            .iter()
            .filter(|mail| mail.text.contains("I am on it."))
            .count(),
        1
    );
    desk.test.finish().await;
}

#[tokio::test]
async fn a_held_mail_is_accepted_once_and_only_then_goes_out() {
    let desk = Desk::open().await;
    let ticket = desk.ticket_of(&desk.gets(&Letter::default()).await).await;
    let signed = desk.last_sent().reply_to;
    let sent = desk.to_customer().len();
    let raw = desk.gets(&from_bea(&signed, "bea1@desk.example")).await;
    is_held(&desk, &ticket, &raw, sent).await;
    let messages = desk.messages(ticket.id).await;
    let note = messages.last().expect("a note");
    assert_eq!(note.visibility, Visibility::Internal);
    assert_eq!(note.author, Actor::System);
    assert_eq!(note.raw_mail, Some(raw.id));
    assert_eq!(note.quoted.as_deref(), Some("I am on it."));
    // The same by another way is the same mail, and reading it again leaves no second note.
    let again = desk
        .gets_by("http", &from_bea(&signed, "bea1@desk.example").raw())
        .await;
    assert_eq!(again.state, RawMailState::Ignored);
    let app = &desk.test.app;
    app.replay_mail(&desk.bea, raw.id).await.expect("a replay");
    desk.test.run_due().await;
    assert_eq!(desk.mail(raw.id).await.state, RawMailState::Held);
    assert_eq!(desk.messages(ticket.id).await.len(), messages.len());
    let reader = app.store().read();
    let held = mail::list_received(&reader, Some(RawMailState::Held), PageRequest::first(10)).await;
    assert_eq!(held.expect("a list").items.len(), 1);

    let refiled = app
        .refile_mail(&desk.bea, raw.id, RefileInto::NewTicket)
        .await;
    assert!(matches!(refiled, Err(AppError::Refused(_))), "{refiled:?}");
    let mut reader = desk.bea.clone();
    reader.permissions.remove(&Permission::ReplyToTickets);
    let refused = app.accept_mail(&reader, raw.id).await;
    assert!(
        matches!(refused, Err(AppError::Forbidden(_))),
        "{refused:?}"
    );
    is_held(&desk, &ticket, &desk.mail(raw.id).await, sent).await;

    let filed = app.accept_mail(&desk.bea, raw.id).await.expect("accepted");
    desk.test.run_due().await;
    assert_eq!(filed, ticket.id);
    let raw = desk.mail(raw.id).await;
    assert_eq!(raw.state, RawMailState::Parsed);
    assert_eq!(reason(&raw), "Accepted as written by Bea by Bea.");
    assert_eq!(desk.state(ticket.id, "first_response").await, "met");
    let answers = desk.to_customer().split_off(sent);
    assert_eq!(answers.len(), 1);
    assert!(answers[0].text.contains("I am on it."));
    let twice = app.accept_mail(&desk.bea, raw.id).await;
    assert!(matches!(twice, Err(AppError::Refused(_))), "{twice:?}");
    desk.test.finish().await;
}

#[tokio::test]
async fn a_held_mail_that_belongs_nowhere_opens_a_ticket_once_it_is_accepted() {
    let desk = Desk::open().await;
    let raw = desk
        .gets(&from_bea("support@desk.example", "bea1@desk.example"))
        .await;
    assert_eq!((raw.state, raw.ticket), (RawMailState::Held, None));
    assert_eq!(desk.tickets().await, 0);
    let opened = desk.test.app.accept_mail(&desk.bea, raw.id).await;
    desk.test.run_due().await;
    let messages = desk.messages(opened.expect("accepted")).await;
    assert_eq!(messages.len(), 1);
    assert_eq!(messages[0].visibility, Visibility::Internal);
    assert!(desk.sent().is_empty());
    desk.test.finish().await;
}

#[tokio::test]
async fn an_unproven_machine_of_an_agent_moves_nothing_and_needs_nobody() {
    let desk = Desk::open().await;
    let ticket = desk.ticket_of(&desk.gets(&Letter::default()).await).await;
    let signed = desk.last_sent().reply_to;
    let sent = desk.sent().len();
    let raw = desk
        .gets(&Letter {
            fields: "Auto-Submitted: auto-replied\r\n",
            ..from_bea(&signed, "away@desk.example")
        })
        .await;
    assert_eq!(raw.state, RawMailState::Parsed, "{}", reason(&raw));
    assert_eq!(desk.state(ticket.id, "first_response").await, "running");
    let messages = desk.messages(ticket.id).await;
    assert_eq!(messages[1].visibility, Visibility::Internal);
    assert_eq!(messages[1].author, Actor::System);
    assert_eq!(desk.sent().len(), sent);
    desk.test.finish().await;
}

#[tokio::test]
async fn who_may_not_read_mail_changes_none() {
    let desk = Desk::open().await;
    let raw = desk.gets(&Letter::default()).await;
    let caller = Caller {
        permissions: [
            Permission::ResendMail,
            Permission::MergeTickets,
            Permission::ReplyToTickets,
        ]
        .into(),
        ..desk.bea.clone()
    };
    let app = &desk.test.app;
    let replayed = app.replay_mail(&caller, raw.id).await;
    assert!(
        matches!(replayed, Err(AppError::Forbidden(_))),
        "{replayed:?}"
    );
    let refiled = app
        .refile_mail(&caller, raw.id, RefileInto::NewTicket)
        .await;
    assert!(
        matches!(refiled, Err(AppError::Forbidden(_))),
        "{refiled:?}"
    );
    let accepted = app.accept_mail(&caller, raw.id).await;
    assert!(
        matches!(accepted, Err(AppError::Forbidden(_))),
        "{accepted:?}"
    );
    assert_eq!(desk.mail(raw.id).await, raw);
    desk.test.finish().await;
}
