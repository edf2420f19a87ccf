//! The whole service between a real mail server and real mailboxes: a customer's letter arrives by IMAP as it is
//! delivered, the answer goes out by SMTP, and the customer's answer to that finds its ticket.

use std::sync::Arc;
use std::time::Duration;

use mail_parser::{Message, MessageParser};
use mainstay_app::ticket::MessageText;
use mainstay_app::{App, Caller};
use mainstay_channels::compose::{Correspondent, Origin, OutgoingMail, ReturnPath};
use mainstay_domain::event::{Actor, Side, Visibility};
use mainstay_domain::ticket::{Scope, Ticket};
use mainstay_server::service::Service;
use mainstay_server::time::WallClock;
use mainstay_store::{message, ticket};
use mainstay_testing::{DovecotServer, EximServer, require};
use mainstay_tests::post::{mail_program, mail_settings};
use tokio_util::sync::CancellationToken;

fn letter(to: &str, id: &str, text: &str) -> OutgoingMail {
    OutgoingMail {
        from: Correspondent::named("Casey", "customer@example.test"),
        to: vec![Correspondent::new(to)],
        cc: vec![],
        reply_to: None,
        return_path: ReturnPath::Sender,
        subject: "The export stops half way".to_owned(),
        text: text.to_owned(),
        html: None,
        message_id: id.to_owned(),
        in_reply_to: None,
        references: vec![],
        origin: Origin::Person,
        date: jiff::Timestamp::now(),
        attachments: vec![],
    }
}

/// Waits until something is so.
async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(60);
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(
            tokio::time::Instant::now() < deadline,
            "waited in vain until {what}"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn the_ticket(app: &App) -> Ticket {
    until("there is a ticket", async || {
        let found = ticket::find_by_number(&app.store().read(), Scope::Everything, 1).await;
        found.expect("a store").map(|found| found.ticket)
    })
    .await
}

async fn conversation(
    app: &App,
    ticket: &Ticket,
    length: usize,
) -> Vec<mainstay_domain::message::Message> {
    until("the conversation is long enough", async || {
        let messages = message::of_ticket(&app.store().read(), Scope::Everything, ticket.id).await;
        messages.ok().filter(|messages| messages.len() >= length)
    })
    .await
}

/// The customer's mails once there are so many, oldest first.
async fn customer_mails(mailboxes: &Arc<DovecotServer>, count: usize) -> Vec<Vec<u8>> {
    let mailboxes = Arc::clone(mailboxes);
    tokio::task::spawn_blocking(move || mailboxes.wait_for_mail("customer", count))
        .await
        .expect("no panic")
}

fn header<'a>(message: &'a Message<'_>, name: &str) -> &'a str {
    message
        .header(name.to_owned())
        .and_then(|value| value.as_text())
        .unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_its_answer_and_the_answer_to_that() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let Some(program) = require(DovecotServer::find()) else {
        return;
    };
    let mailboxes = Arc::new(DovecotServer::start(&program, &["support", "customer"]));
    let Some(program) = require(EximServer::find()) else {
        return;
    };
    let exim = EximServer::start(&program, &mailboxes);
    let folder = tempfile::tempdir().expect("a folder");
    let mut settings = mail_settings(folder.path(), &exim, &mailboxes, "");
    settings.mail.ask_for_rating = true;
    let service = Service::start(settings, Arc::new(WallClock))
        .await
        .expect("a service");
    let app = service.app().clone();
    let pack = mainstay_policy::builtin("mainstay").expect("a pack");
    app.apply_policy(&Caller::machine(), &pack, "test")
        .await
        .expect("a pack that can be applied");
    let address = service.address();
    let stop = CancellationToken::new();
    let running = tokio::spawn(service.run(stop.clone()));

    let post = mail_program(&exim);
    post.send(&letter(
        "support@example.test",
        "one@customer.example",
        "It stops at row 100.\n",
    ))
    .await
    .expect("a letter that is taken");

    let ticket = the_ticket(&app).await;
    assert_eq!(ticket.subject, "The export stops half way");
    let receipt = customer_mails(&mailboxes, 1).await.remove(0);
    let receipt = MessageParser::default().parse(&receipt).expect("a mail");
    assert_eq!(header(&receipt, "Auto-Submitted"), "auto-replied");
    assert_eq!(header(&receipt, "In-Reply-To"), "one@customer.example");
    assert_eq!(receipt.return_path().as_text().unwrap_or_default(), "");

    let agent = Caller {
        actor: Actor::Agent(app.new_id(app.now())),
        ..Caller::machine()
    };
    let text = MessageText::plain(&app, Side::Agent, Visibility::Public, "Which export?");
    app.add_message(&agent, ticket.id, text, None)
        .await
        .expect("an answer");
    let mails = customer_mails(&mailboxes, 2).await;
    let answer = mails
        .iter()
        .filter_map(|raw| MessageParser::default().parse(raw))
        .find(|mail| mail.header("Auto-Submitted").is_none())
        .expect("the answer");
    assert_eq!(header(&answer, "In-Reply-To"), "one@customer.example");
    assert!(
        answer
            .body_text(0)
            .unwrap_or_default()
            .contains("Which export?")
    );
    let reply_to = answer
        .reply_to()
        .and_then(|to| to.first()?.address())
        .expect("a reply address");
    assert_eq!(answer.return_path().as_text(), Some(reply_to));

    // From another address, without a reference: only the signed address says where it belongs.
    let mut reply = letter(reply_to, "two@customer.example", "The one of January.\n");
    reply.from = Correspondent::new("casey.at.home@example.org");
    post.send(&reply).await.expect("a letter that is taken");
    let messages = conversation(&app, &ticket, 3).await;
    assert_eq!(messages[2].text, "The one of January.");

    let text = MessageText::plain(&app, Side::Agent, Visibility::Public, "It is mended.");
    let resolved = Some("resolved".into());
    app.add_message(&agent, ticket.id, text, resolved)
        .await
        .expect("an answer that resolves");
    let mails = customer_mails(&mailboxes, 4).await;
    let asked = mails
        .iter()
        .filter_map(|raw| MessageParser::default().parse(raw))
        .filter_map(|mail| mail.body_text(0).map(|text| text.into_owned()))
        .find_map(|text| Some(text.split_once("/rate/")?.1.to_owned()))
        .expect("links to rate");
    let path = asked.split_whitespace().next().expect("a link");
    assert!(path.ends_with("/good"), "{path}");
    let page = format!("http://{address}/rate/{path}");
    let http = reqwest::Client::new();
    let looked = http.get(&page).send().await.expect("a page");
    assert_eq!(looked.status(), 200);
    assert_eq!(the_ticket(&app).await.rating, None, "looking rates nothing");
    let filled = http.post(&page).body("score=good&comment=Quick+help.");
    assert_eq!(filled.send().await.expect("a page").status(), 200);
    let rating = the_ticket(&app).await.rating.expect("a rating");
    assert_eq!(rating.comment.as_deref(), Some("Quick help."));

    stop.cancel();
    running.await.expect("no panic").expect("an orderly end");
    let reader = app.store().read();
    let state = mainstay_store::mailbox::find(&reader, "support@127.0.0.1/INBOX").await;
    assert_eq!(state.expect("a store").expect("a position").last_uid, 2);
}
