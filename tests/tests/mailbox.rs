//! A letter and its answer through real mailboxes: sent by SMTP, read by IMAP, found again by what we signed.

use std::sync::Mutex;
use std::time::Duration;

use mail_parser::{Message, MessageParser};
use mainstay_channels::compose::{Correspondent, Origin, OutgoingMail, ReturnPath};
use mainstay_channels::imap::{
    AfterFetch, FetchedMessage, ImapSecurity, Intake, Mailbox, MailboxClient, Position,
};
use mainstay_channels::reply_address::{
    MessageIdDomain, MessageIdVerdict, ReplyAddress, ReplyVerdict, SigningKey, TicketReference,
};
use mainstay_channels::secret::Secret;
use mainstay_channels::smtp::{SmtpSecurity, SmtpSettings, SmtpTransport};
use mainstay_testing::{DovecotServer, EximServer, require};
use uuid::Uuid;

#[derive(Default)]
struct Pile(Mutex<Vec<Vec<u8>>>);

impl Intake for Pile {
    async fn receive(&self, message: FetchedMessage) -> Result<(), String> {
        self.0.lock().expect("no panic").push(message.raw);
        Ok(())
    }
}

/// The only message of a mailbox, read by IMAP once it has been delivered.
async fn only_message(server: &DovecotServer, user: &str) -> Vec<u8> {
    let _ = server.wait_for_mail(user, 1);
    let mailbox = Mailbox {
        host: "127.0.0.1".to_owned(),
        port: server.port(),
        security: ImapSecurity::None,
        user: user.to_owned(),
        credential: Secret::new(DovecotServer::PASSWORD).into(),
        extra_authorities: vec![],
        folder: "INBOX".to_owned(),
        after_fetch: AfterFetch::MarkSeen,
        timeout: Duration::from_secs(30),
        content_timeout: Duration::from_secs(30),
        most_bytes: 1_000_000,
        idle: Duration::from_secs(60),
    };
    let pile = Pile::default();
    let client = MailboxClient::new(mailbox).expect("the settings are right");
    let report = client
        .poll(&mut Position::default(), &pile)
        .await
        .expect("the server answers");
    assert_eq!(report.acknowledged, 1);
    pile.0.into_inner().expect("no panic").remove(0)
}

fn mail(from: &str, to: &str) -> OutgoingMail {
    OutgoingMail {
        from: Correspondent::new(from),
        to: vec![Correspondent::new(to)],
        cc: vec![],
        reply_to: None,
        return_path: ReturnPath::Sender,
        subject: "Printer".to_owned(),
        text: "Hello\n".to_owned(),
        html: None,
        message_id: "first@customer.example".to_owned(),
        in_reply_to: None,
        references: vec![],
        origin: Origin::Person,
        date: "2026-03-01T12:30:00Z".parse().expect("a date"),
        attachments: vec![],
    }
}

/// What a mail program writes when a person presses "reply".
fn reply_of_a_person(to: &Message<'_>) -> OutgoingMail {
    let answer_to = to
        .reply_to()
        .and_then(|list| list.first())
        .and_then(|address| address.address());
    let id = to.message_id().expect("every message has an id").to_owned();
    OutgoingMail {
        message_id: "second@customer.example".to_owned(),
        in_reply_to: Some(id.clone()),
        references: vec![id],
        ..mail(
            "customer@example.test",
            answer_to.expect("there is a reply address"),
        )
    }
}

#[tokio::test]
async fn an_answer_finds_its_ticket_by_address_and_by_message_id() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let Some(program) = require(DovecotServer::find()) else {
        return;
    };
    let mailboxes = DovecotServer::start(&program, &["support", "customer"]);
    let Some(program) = require(EximServer::find()) else {
        return;
    };
    let exim = EximServer::start(&program, &mailboxes);
    let transport = SmtpTransport::new(SmtpSettings {
        host: "127.0.0.1".to_owned(),
        port: exim.port(),
        security: SmtpSecurity::None,
        credentials: None,
        extra_authorities: vec![],
        hello_name: Some("mainstay.example.test".to_owned()),
        timeout: Duration::from_secs(30),
        content_timeout: Duration::from_secs(30),
    })
    .unwrap();

    let key = SigningKey::new([9; 32]).unwrap();
    let address = ReplyAddress::new("support", DovecotServer::DOMAIN).unwrap();
    let ids = MessageIdDomain::new(DovecotServer::DOMAIN).unwrap();
    let message = Uuid::from_u128(77);
    let letter = OutgoingMail {
        reply_to: Some(Correspondent::new(
            address.sign(TicketReference::Number(4711), &key),
        )),
        message_id: ids.sign(message, &key),
        ..mail("support@example.test", "customer@example.test")
    };
    transport.send(&letter).await.unwrap();
    let letter = only_message(&mailboxes, "customer").await;
    let answer = reply_of_a_person(&MessageParser::default().parse(&letter).unwrap());
    transport
        .send(&answer)
        .await
        .unwrap_or_else(|error| panic!("{error}\n{}", exim.log()));

    let answer = only_message(&mailboxes, "support").await;
    let answer = MessageParser::default().parse(&answer).unwrap();
    let to = answer.to().unwrap().first().unwrap().address().unwrap();
    assert_eq!(
        address.verify(to, &key),
        ReplyVerdict::Ours(TicketReference::Number(4711))
    );
    let parent = answer.in_reply_to().as_text().unwrap();
    assert_eq!(ids.verify(parent, &key), MessageIdVerdict::Ours(message));
}
