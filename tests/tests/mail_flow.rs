//! Mail in and out, from the raw bytes to the ticket, its clocks and the answer.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::SignedDuration;
use mail_parser::MessageParser;
use mainstay_app::job::{Job, MOST_ATTEMPTS};
use mainstay_app::mail::{
    FilingDecision, MailOptions, MailTransport, RecordingTransport, RefileInto,
};
use mainstay_app::ticket::MessageText;
use mainstay_app::{AppError, Caller, Options};
use mainstay_channels::smtp::{RefusedRecipient, SmtpFailure, SmtpReceipt};
use mainstay_domain::account::Account;
use mainstay_domain::agent::Agent;
use mainstay_domain::contact::Contact;
use mainstay_domain::contract::Contract;
use mainstay_domain::event::{Actor, EventKind, Origin, Side, Visibility};
use mainstay_domain::id::{AccountId, RawMailId, TicketId};
use mainstay_domain::mail::{OutgoingMail, OutgoingMailState, RawMail, RawMailState};
use mainstay_domain::message::Message;
use mainstay_domain::name::{StatusName, TierName};
use mainstay_domain::severity::Severity;
use mainstay_domain::status::StatusKind;
use mainstay_domain::team::Team;
use mainstay_domain::ticket::{Scope, Ticket};
use mainstay_store::{PageRequest, account, agent, contact, contract, mail, message, team, ticket};
use mainstay_testing::{PostgresServer, require};
use mainstay_tests::TestApp;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// A support desk with one customer, Ana of Acme (Enterprise), and one agent, Bea.
struct Desk {
    test: TestApp,
    transport: Arc<RecordingTransport>,
    acme: AccountId,
    bea: Caller,
}

impl Desk {
    async fn open() -> Self {
        Self::open_on("sqlite::memory:", None).await
    }

    async fn open_on(url: &str, language: Option<&str>) -> Self {
        Self::open_with(url, language, MailOptions::default()).await
    }

    async fn open_with(url: &str, language: Option<&str>, mail: MailOptions) -> Self {
        let transport = Arc::new(RecordingTransport::default());
        let options = Options {
            mail: MailOptions {
                from: "support@desk.example".to_owned(),
                reply_domain: Some("desk.example".to_owned()),
                company: "Desk Inc".to_owned(),
                transport: Some(transport.clone()),
                ..mail
            },
            ..Options::default()
        };
        let test = TestApp::start_with(url, "mainstay", options).await;
        let (acme, bea) = settle(&test, language).await;
        Self {
            test,
            transport,
            acme,
            bea,
        }
    }

    /// Takes in a mail and does what follows.
    async fn gets(&self, letter: &Letter<'_>) -> RawMail {
        self.gets_by("pipe", &letter.raw()).await
    }

    async fn gets_by(&self, source: &str, raw: &str) -> RawMail {
        self.test.clock.advance(SignedDuration::from_secs(1));
        let now = self.test.app.now();
        let received = self
            .test
            .app
            .receive_mail(raw.as_bytes().to_vec(), source, now)
            .await
            .expect("a store that answers");
        self.test.run_due().await;
        self.mail(received.id).await
    }

    async fn mail(&self, id: RawMailId) -> RawMail {
        let reader = self.test.app.store().read();
        let found = mail::find_received(&reader, id).await.expect("a store");
        found.expect("a received mail")
    }

    async fn ticket_of(&self, mail: &RawMail) -> Ticket {
        self.ticket(mail.ticket.unwrap_or_else(|| panic!("not filed: {mail:?}")))
            .await
    }

    async fn ticket(&self, id: TicketId) -> Ticket {
        let reader = self.test.app.store().read();
        let found = ticket::find(&reader, Scope::Everything, id).await;
        found.expect("a store").expect("a ticket").ticket
    }

    async fn tickets(&self) -> u64 {
        let reader = self.test.app.store().read();
        let filter = ticket::TicketFilter::default();
        ticket::count(&reader, Scope::Everything, &filter)
            .await
            .expect("a store")
    }

    async fn messages(&self, ticket: TicketId) -> Vec<Message> {
        let reader = self.test.app.store().read();
        message::of_ticket(&reader, Scope::Everything, ticket)
            .await
            .expect("a store")
    }

    /// Bea answers.
    async fn answers(&self, ticket: &Ticket, text: &str) -> Message {
        self.test.clock.advance(SignedDuration::from_secs(1));
        let text = MessageText::plain(&self.test.app, Side::Agent, Visibility::Public, text);
        let id = text.id;
        self.test
            .app
            .add_message(&self.bea, ticket.id, text, None)
            .await
            .expect("a message");
        self.test.run_due().await;
        let messages = self.messages(ticket.id).await;
        messages.into_iter().find(|m| m.id == id).expect("it")
    }

    /// What was handed over since the test began, in order.
    fn sent(&self) -> Vec<Sent> {
        self.transport.sent().iter().map(Sent::read).collect()
    }

    /// The mail that carries a message.
    async fn mail_of(&self, message: &Message) -> OutgoingMail {
        let mails = self.outgoing(message.ticket).await;
        let found = mails
            .into_iter()
            .find(|mail| mail.message == Some(message.id));
        found.expect("a mail with the message")
    }

    fn last_sent(&self) -> Sent {
        self.sent().pop().expect("a mail that was sent")
    }

    async fn outgoing(&self, ticket: TicketId) -> Vec<OutgoingMail> {
        let reader = self.test.app.store().read();
        mail::of_ticket(&reader, ticket).await.expect("a store")
    }

    async fn state(&self, ticket: TicketId, commitment: &str) -> &'static str {
        self.test.clock(ticket, commitment).await.state().as_str()
    }

    async fn sets_status(&self, ticket: TicketId, status: &str) {
        let change = mainstay_app::ticket::Change::Status(StatusName::from(status));
        self.test
            .app
            .change_ticket(&self.bea, ticket, &mainstay_app::Expected::Any, &[change])
            .await
            .expect("a change");
        self.test.run_due().await;
    }
}

async fn settle(test: &TestApp, language: Option<&str>) -> (AccountId, Caller) {
    let now = test.app.now();
    let acme: AccountId = test.app.new_id(now);
    let bea = Agent {
        id: test.app.new_id(now),
        email: "bea@desk.example".to_owned(),
        name: "Bea".to_owned(),
        roles: vec!["agent".into()],
        languages: vec!["en".to_owned(), "es".to_owned()],
        skills: Vec::new(),
        capacity: 100,
        calendar: None,
        time_zone: "UTC".to_owned(),
        active: true,
        created_at: now,
    };
    let tx = test.app.store().begin().await.expect("a transaction");
    agent::insert(&tx, &bea).await.expect("an agent");
    let support = Team {
        id: test.app.new_id(now),
        name: "Support".to_owned(),
        email: None,
        calendar: None,
        members: vec![bea.id],
        on_call: Vec::new(),
        created_at: now,
    };
    team::insert(&tx, &support).await.expect("a team");
    let account = Account {
        id: acme,
        name: "Acme".to_owned(),
        external_id: None,
        language: language.map(str::to_owned),
        time_zone: Some("Europe/Madrid".to_owned()),
        domains: vec!["acme.example".to_owned()],
        people: Vec::new(),
        fields: BTreeMap::new(),
        notes: String::new(),
        created_at: now,
        archived_at: None,
    };
    account::insert(&tx, &account).await.expect("an account");
    let sold = Contract {
        id: test.app.new_id(now),
        account: acme,
        tier: TierName::from("Enterprise"),
        starts_on: "2026-01-01".parse().expect("a date"),
        ends_on: None,
        renews_on: None,
        value: 0,
        currency: "USD".to_owned(),
        overrides: Vec::new(),
        created_at: now,
    };
    contract::insert(&tx, &sold).await.expect("a contract");
    let ana = Contact {
        id: test.app.new_id(now),
        account: Some(acme),
        name: "Ana".to_owned(),
        addresses: vec!["ana@acme.example".to_owned()],
        language: None,
        phone: None,
        portal: None,
        active: true,
        created_at: now,
    };
    contact::insert(&tx, &ana).await.expect("a contact");
    tx.commit().await.expect("a commit");
    let caller = Caller {
        actor: Actor::Agent(bea.id),
        name: bea.name,
        ..Caller::machine()
    };
    (acme, caller)
}

/// A mail somebody writes.
#[derive(Clone)]
struct Letter<'a> {
    from: &'a str,
    to: &'a str,
    cc: &'a str,
    subject: &'a str,
    id: &'a str,
    in_reply_to: &'a str,
    /// Further header fields, each with its line end.
    fields: &'a str,
    body: &'a str,
}

impl Default for Letter<'_> {
    fn default() -> Self {
        Self {
            from: "Ana <ana@acme.example>",
            to: "support@desk.example",
            cc: "",
            subject: "Something is odd",
            id: "first@acme.example",
            in_reply_to: "",
            fields: "",
            body: "The totals do not add up.\r\n",
        }
    }
}

impl Letter<'_> {
    fn raw(&self) -> String {
        let mut raw = format!(
            "From: {}\r\nTo: {}\r\nSubject: {}\r\nMessage-ID: <{}>\r\n",
            self.from, self.to, self.subject, self.id
        );
        if !self.cc.is_empty() {
            raw.push_str(&format!("Cc: {}\r\n", self.cc));
        }
        if !self.in_reply_to.is_empty() {
            let id = self.in_reply_to;
            raw.push_str(&format!("In-Reply-To: <{id}>\r\nReferences: <{id}>\r\n"));
        }
        format!("{raw}{}\r\n{}", self.fields, self.body)
    }
}

/// A mail that was handed over.
#[derive(Debug)]
struct Sent {
    to: Vec<String>,
    envelope_sender: String,
    subject: String,
    text: String,
    message_id: String,
    in_reply_to: String,
    references: Vec<String>,
    reply_to: String,
    auto_submitted: Option<String>,
}

impl Sent {
    fn read(mail: &OutgoingMail) -> Self {
        let parsed = MessageParser::default()
            .parse(&mail.bytes)
            .expect("a message");
        let ids = |value: &mail_parser::HeaderValue<'_>| -> Vec<String> {
            let list = value.as_text_list();
            list.map(|ids| ids.iter().map(ToString::to_string).collect())
                .unwrap_or_default()
        };
        Self {
            to: mail.recipients.clone(),
            envelope_sender: mail.sender.clone(),
            subject: parsed.subject().unwrap_or_default().to_owned(),
            text: parsed
                .body_text(0)
                .unwrap_or_default()
                .replace("\r\n", "\n"),
            message_id: parsed.message_id().unwrap_or_default().to_owned(),
            in_reply_to: ids(parsed.in_reply_to()).join(" "),
            references: ids(parsed.references()),
            reply_to: parsed
                .reply_to()
                .and_then(|to| to.first()?.address().map(str::to_owned))
                .unwrap_or_default(),
            auto_submitted: parsed
                .header("Auto-Submitted")
                .and_then(|value| value.as_text().map(str::to_owned)),
        }
    }
}

fn reason(mail: &RawMail) -> String {
    FilingDecision::of(mail).expect("a decision").reason
}

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
async fn a_mail_that_nobody_sent_is_listed_and_can_be_filed_by_hand() {
    let desk = Desk::open().await;
    let raw = desk
        .gets_by("pipe", "Subject: lost\r\n\r\nWho am I?\r\n")
        .await;
    assert_eq!(raw.state, RawMailState::Failed);
    insta::assert_snapshot!(
        raw.error.clone().unwrap(),
        @"From: the mail names no sender, so nobody can be answered: file it by hand"
    );
    let app = &desk.test.app;
    let failed = app
        .received_mails(
            &desk.bea,
            Some(RawMailState::Failed),
            PageRequest::first(10),
        )
        .await
        .unwrap();
    assert_eq!(failed.items.len(), 1);
    // Reading it again changes nothing, and loses nothing.
    app.replay_mail(&desk.bea, raw.id).await.unwrap();
    desk.test.run_due().await;
    assert_eq!(desk.mail(raw.id).await.state, RawMailState::Failed);
    let ticket = app
        .refile_mail(&desk.bea, raw.id, RefileInto::NewTicket)
        .await
        .unwrap();
    let messages = desk.messages(ticket).await;
    assert_eq!(messages[0].text, "Who am I?");
    desk.test.run_due().await;
    desk.test.finish().await;
}

#[tokio::test]
async fn an_ignored_mail_is_decided_anew_and_a_filed_one_is_read_anew() {
    let desk = Desk::open().await;
    let raw = desk
        .gets(&Letter {
            from: "Zoe <zoe@acme.example>",
            fields: "Auto-Submitted: auto-generated\r\n",
            id: "z@acme.example",
            ..Letter::default()
        })
        .await;
    assert_eq!(raw.state, RawMailState::Ignored);
    desk.test.app.replay_mail(&desk.bea, raw.id).await.unwrap();
    desk.test.run_due().await;
    assert_eq!(desk.mail(raw.id).await.state, RawMailState::Ignored);

    let filed = desk.gets(&Letter::default()).await;
    let ticket = desk.ticket_of(&filed).await;
    let before = desk.messages(ticket.id).await;
    let mut damaged = before[0].clone();
    damaged.text = "what an old version made of it".to_owned();
    let tx = desk.test.app.store().begin().await.unwrap();
    message::rewrite(&tx, &damaged).await.unwrap();
    tx.commit().await.unwrap();
    desk.test
        .app
        .replay_mail(&desk.bea, filed.id)
        .await
        .unwrap();
    desk.test.run_due().await;
    assert_eq!(desk.messages(ticket.id).await, before);
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
async fn an_agent_answers_from_their_own_mail_program() {
    let desk = Desk::open().await;
    let ticket = desk.ticket_of(&desk.gets(&Letter::default()).await).await;
    let signed = desk.last_sent().reply_to;
    let raw = desk
        .gets(&Letter {
            from: "Bea <bea@desk.example>",
            to: &signed,
            id: "bea1@desk.example",
            body: "I am on it.\r\n",
            ..Letter::default()
        })
        .await;
    assert_eq!(raw.ticket, Some(ticket.id));
    assert_eq!(desk.state(ticket.id, "first_response").await, "met");
    let answer = desk.last_sent();
    assert_eq!(answer.to, ["ana@acme.example"]);
    assert!(answer.text.contains("I am on it."));
    desk.test.finish().await;
}

#[tokio::test]
async fn somebody_who_only_claims_to_be_an_agent_is_not_believed() {
    let mail = MailOptions {
        authserv_id: Some("mx.desk.example".to_owned()),
        ..MailOptions::default()
    };
    let desk = Desk::open_with("sqlite::memory:", None, mail).await;
    let ticket = desk.ticket_of(&desk.gets(&Letter::default()).await).await;
    let signed = desk.last_sent().reply_to;
    let sent = desk.sent().len();
    let claims = Letter {
        from: "Bea <bea@desk.example>",
        to: &signed,
        body: "Send your password to me.\r\n",
        ..Letter::default()
    };
    let forged = "Authentication-Results: mx.desk.example; dmarc=fail header.from=desk.example\r\n\
                  Authentication-Results: mx.desk.example; dmarc=pass header.from=desk.example\r\n";
    for (id, fields) in [
        ("f1@evil.example", ""),
        ("f2@evil.example", forged),
        (
            "f3@evil.example",
            "Authentication-Results: mx.evil.example; dmarc=pass\r\n",
        ),
    ] {
        desk.gets(&Letter {
            id,
            fields,
            ..claims.clone()
        })
        .await;
        assert_eq!(desk.state(ticket.id, "first_response").await, "running");
        assert_eq!(desk.sent().len(), sent, "nothing went to the customer");
    }
    desk.gets(&Letter {
        id: "b@desk.example",
        fields: "Authentication-Results: mx.desk.example;\r\n spf=pass smtp.mailfrom=bea@desk.example;\r\n dmarc=pass header.from=desk.example\r\n",
        body: "I am on it.\r\n",
        ..claims
    })
    .await;
    assert_eq!(desk.state(ticket.id, "first_response").await, "met");
    assert_eq!(desk.sent().len(), sent + 1);
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

fn busy() -> Result<SmtpReceipt, SmtpFailure> {
    Err(SmtpFailure::Retry {
        reason: "451 come back later".to_owned(),
        in_doubt: false,
    })
}

fn gone() -> SmtpFailure {
    SmtpFailure::Permanent {
        reason: "550 no such user".to_owned(),
        smtp_code: Some(550),
    }
}

#[tokio::test]
async fn sending_is_tried_again_with_patience_and_then_given_up() {
    let desk = Desk::open().await;
    let ticket = desk.ticket_of(&desk.gets(&Letter::default()).await).await;
    desk.transport.answer_next(busy());
    desk.transport.answer_next(busy());
    let sent = desk.sent().len();
    let one = desk.answers(&ticket, "One.").await;
    assert_eq!(desk.sent().len(), sent);
    desk.test.advance(SignedDuration::from_mins(2)).await;
    assert_eq!(desk.sent().len(), sent + 1);
    let mail = desk.mail_of(&one).await;
    assert_eq!((mail.state, mail.attempts), (OutgoingMailState::Sent, 3));

    // Those who serve are told of the promises that are missed meanwhile: the server takes none of that either.
    for _ in 0..20 * MOST_ATTEMPTS {
        desk.transport.answer_next(busy());
    }
    let two = desk.answers(&ticket, "Two.").await;
    desk.test.advance(SignedDuration::from_hours(48)).await;
    let mail = desk.mail_of(&two).await;
    assert_eq!(
        (mail.state, mail.attempts),
        (OutgoingMailState::Dead, MOST_ATTEMPTS)
    );
    let note = desk.messages(ticket.id).await.pop().unwrap();
    assert_eq!(note.visibility, Visibility::Internal);
    assert!(note.text.contains("451 come back later"), "{}", note.text);

    desk.transport.take_again();
    desk.test.app.resend(&desk.bea, mail.id).await.unwrap();
    desk.test.run_due().await;
    let taken = desk.sent().into_iter();
    let times = taken.filter(|sent| sent.message_id == mail.message_id);
    assert_eq!(times.count(), 1);
    let refused = desk.test.app.resend(&desk.bea, mail.id).await;
    assert!(matches!(refused, Err(AppError::Refused(_))));
    desk.test.finish().await;
}

#[tokio::test]
async fn whom_the_server_took_it_for_is_not_sent_it_again() {
    let desk = Desk::open().await;
    let raw = desk
        .gets(&Letter {
            cc: "b@acme.example, c@acme.example",
            ..Letter::default()
        })
        .await;
    let ticket = desk.ticket_of(&raw).await;
    let refused = |recipient: &str, failure| RefusedRecipient {
        recipient: recipient.to_owned(),
        failure,
    };
    desk.transport.answer_next(Ok(SmtpReceipt {
        accepted: vec!["ana@acme.example".to_owned()],
        refused: vec![
            refused("b@acme.example", busy().unwrap_err()),
            refused("c@acme.example", gone()),
        ],
        response: "250 ok".to_owned(),
    }));
    desk.answers(&ticket, "Hello all.").await;
    desk.test.advance(SignedDuration::from_mins(1)).await;
    assert_eq!(desk.last_sent().to, ["b@acme.example"]);
    let messages = desk.messages(ticket.id).await;
    let mut notes = messages
        .iter()
        .filter(|message| message.visibility == Visibility::Internal);
    let note = notes.next().expect("a note");
    insta::assert_snapshot!(note.text, @"The reply could not be delivered to c@acme.example: 550 no such user");
    desk.test.finish().await;
}

#[tokio::test]
async fn a_permanent_refusal_is_a_dead_letter_at_once() {
    let desk = Desk::open().await;
    let ticket = desk.ticket_of(&desk.gets(&Letter::default()).await).await;
    desk.transport.answer_next(Err(gone()));
    desk.answers(&ticket, "One.").await;
    let mail = desk.outgoing(ticket.id).await.pop().unwrap();
    assert_eq!((mail.state, mail.attempts), (OutgoingMailState::Dead, 1));
    desk.test.finish().await;
}

#[tokio::test]
async fn nothing_is_sent_twice_when_a_job_runs_twice() {
    let desk = Desk::open().await;
    let raw = desk.gets(&Letter::default()).await;
    let ticket = desk.ticket_of(&raw).await;
    let answer = desk.answers(&ticket, "One.").await;
    let sent = desk.sent().len();
    assert_eq!(sent, 2);
    let jobs = [
        Job::ReadMail { raw_mail: raw.id },
        Job::Acknowledge { ticket: ticket.id },
        Job::DeliverReply { message: answer.id },
    ];
    for job in &jobs {
        desk.test.app.queue_job(job).await.unwrap();
    }
    for mail in desk.outgoing(ticket.id).await {
        let job = Job::SendMail { mail: mail.id };
        desk.test.app.queue_job(&job).await.unwrap();
    }
    desk.test.run_due().await;
    assert_eq!(desk.sent().len(), sent);
    assert_eq!(desk.messages(ticket.id).await.len(), 2);
    desk.test.finish().await;
}

/// A mail server that takes a mail and says nothing until it is told to.
#[derive(Debug, Default)]
struct SlowServer {
    asked: Notify,
    goes_on: CancellationToken,
}

#[async_trait::async_trait]
impl MailTransport for SlowServer {
    async fn send(&self, mail: &OutgoingMail) -> Result<SmtpReceipt, SmtpFailure> {
        self.asked.notify_one();
        self.goes_on.cancelled().await;
        Ok(SmtpReceipt {
            accepted: mail.recipients.clone(),
            refused: Vec::new(),
            response: "at last".to_owned(),
        })
    }
}

#[tokio::test]
async fn a_slow_mail_server_keeps_no_clock_waiting() {
    let server = Arc::new(SlowServer::default());
    let options = Options {
        mail: MailOptions {
            transport: Some(server.clone()),
            ..MailOptions::default()
        },
        ..Options::default()
    };
    let test = TestApp::start_with("sqlite::memory:", "mainstay", options).await;
    settle(&test, None).await;
    let raw = Letter::default().raw().into_bytes();
    let now = test.app.now();
    test.app.receive_mail(raw, "pipe", now).await.unwrap();
    let app = test.app.clone();
    let jobs = tokio::spawn(async move {
        while let mainstay_app::Tick::More = app.tick_jobs().await? {}
        Ok::<(), AppError>(())
    });
    server.asked.notified().await;
    let reader = test.app.store().read();
    let ticket = ticket::find_by_number(&reader, Scope::Everything, 1).await;
    let ticket = ticket.unwrap().unwrap().ticket;
    test.clock.advance(SignedDuration::from_hours(24));
    while let mainstay_app::Tick::More = test.app.tick_due().await.unwrap() {}
    assert!(!jobs.is_finished());
    let missed = test.ledger(ticket.id).await;
    let missed = missed
        .iter()
        .any(|event| matches!(event.kind, EventKind::ClockMissed { .. }));
    assert!(missed, "the clock waited for the mail server");
    server.goes_on.cancel();
    jobs.await.unwrap().unwrap();
    test.run_due().await;
    test.finish().await;
}

#[tokio::test]
async fn a_mail_left_half_sent_goes_out_under_the_same_id() {
    let desk = Desk::open().await;
    let ticket = desk.ticket_of(&desk.gets(&Letter::default()).await).await;
    desk.transport.answer_next(busy());
    desk.answers(&ticket, "One.").await;
    let mail = desk.outgoing(ticket.id).await.pop().unwrap();
    // A program that takes the mail and dies before it writes down what became of it.
    let tx = desk.test.app.store().begin().await.unwrap();
    let taken = mail::claim(&tx, mail.id).await.unwrap().unwrap();
    tx.commit().await.unwrap();
    assert_eq!(taken.state, OutgoingMailState::Sending);
    desk.test.advance(SignedDuration::from_mins(1)).await;
    assert_eq!(desk.last_sent().message_id, mail.message_id);
    let mail = desk.outgoing(ticket.id).await.pop().unwrap();
    assert_eq!((mail.state, mail.attempts), (OutgoingMailState::Sent, 3));
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
        let received = match app.receive_mail(raw, "pipe", app.now()).await {
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
            RawMailState::Ignored => mail.decision.is_some(),
        };
        assert!(ended, "{}: {:?}", file.display(), mail.error);
        *tally.entry(format!("{:?}", mail.state)).or_insert(0) += 1;
    }
    println!("{} messages: {tally:?}", files.len());
    desk.test.finish().await;
}
