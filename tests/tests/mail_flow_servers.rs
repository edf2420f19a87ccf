//! The whole service between a real mail server and real mailboxes: a customer's letter arrives by IMAP as it is
//! delivered, the answer goes out by SMTP, and the customer's answer to that finds its ticket.

use std::sync::Arc;

use mail_parser::{Message, MessageParser};
use mainstay_app::ticket::MessageText;
use mainstay_app::{App, Caller};
use mainstay_channels::compose::{Correspondent, OutgoingMail};
use mainstay_domain::event::{Actor, Side, Visibility};
use mainstay_domain::ticket::{Scope, Ticket};
use mainstay_server::time::WallClock;
use mainstay_store::{message, ticket};
use mainstay_tests::post::{Post, letter, until};
use mainstay_tests::service::RunningService;

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

fn header<'a>(message: &'a Message<'_>, name: &str) -> &'a str {
    message
        .header(name.to_owned())
        .and_then(|value| value.as_text())
        .unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_its_answer_and_the_answer_to_that() {
    let Some(post) = Post::open() else {
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let service =
        RunningService::begin(post.settings(folder.path(), ""), Arc::new(WallClock)).await;
    let app = service.app.clone();
    let pack = mainstay_policy::builtin("mainstay").expect("a pack");
    app.apply_policy(&Caller::machine(), &pack, "test")
        .await
        .expect("a pack that can be applied");

    let first = letter(
        "one@customer.example",
        "The export stops half way",
        "It stops at row 100.\n",
    );
    post.customer_sends(&first).await;

    let ticket = the_ticket(&app).await;
    assert_eq!(ticket.subject, "The export stops half way");
    let receipt = post.customer_mails(1).await.remove(0);
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
    let mails = post.customer_mails(2).await;
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
    let reply = OutgoingMail {
        from: Correspondent::new("casey.at.home@example.org"),
        to: vec![Correspondent::new(reply_to)],
        ..letter(
            "two@customer.example",
            "The export stops half way",
            "The one of January.\n",
        )
    };
    post.customer_sends(&reply).await;
    let messages = conversation(&app, &ticket, 3).await;
    assert_eq!(messages[2].text, "The one of January.");

    let text = MessageText::plain(&app, Side::Agent, Visibility::Public, "It is mended.");
    let resolved = Some("resolved".into());
    app.add_message(&agent, ticket.id, text, resolved)
        .await
        .expect("an answer that resolves");
    let mails = post.customer_mails(4).await;
    let asked = mails
        .iter()
        .filter_map(|raw| MessageParser::default().parse(raw))
        .filter_map(|mail| mail.body_text(0).map(|text| text.into_owned()))
        .find_map(|text| Some(text.split_once("/rate/")?.1.to_owned()))
        .expect("links to rate");
    let path = asked.split_whitespace().next().expect("a link");
    assert!(path.ends_with("/good"), "{path}");
    let page = format!("{}/rate/{path}", service.url);
    let http = reqwest::Client::new();
    let looked = http.get(&page).send().await.expect("a page");
    assert_eq!(looked.status(), 200);
    assert_eq!(the_ticket(&app).await.rating, None, "looking rates nothing");
    let filled = http.post(&page).body("score=good&comment=Quick+help.");
    assert_eq!(filled.send().await.expect("a page").status(), 200);
    let rating = the_ticket(&app).await.rating.expect("a rating");
    assert_eq!(rating.comment.as_deref(), Some("Quick help."));

    service.end().await;
    let reader = app.store().read();
    let state = mainstay_store::mailbox::find(&reader, "support@127.0.0.1/INBOX").await;
    assert_eq!(state.expect("a store").expect("a position").last_uid, 2);
}
