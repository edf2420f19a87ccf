//! A mailbox that is set up over the API while the service runs: its mail becomes tickets, answers leave in its name, and when
//! it is paused neither does.

use std::sync::Arc;
use std::time::Duration;

use mail_parser::MessageParser;
use mainstay_app::ticket::MessageText;
use mainstay_app::token::NewToken;
use mainstay_app::{App, Caller};
use mainstay_channels::compose::{Correspondent, Origin, OutgoingMail, ReturnPath};
use mainstay_domain::event::{Actor, Side, Visibility};
use mainstay_domain::ticket::{Scope, Ticket};
use mainstay_server::service::Service;
use mainstay_server::time::WallClock;
use mainstay_store::{mailbox, ticket};
use mainstay_testing::{DovecotServer, EximServer, require};
use mainstay_tests::post::mail_program;
use mainstay_tests::service::settings;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

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

fn letter(id: &str) -> OutgoingMail {
    OutgoingMail {
        from: Correspondent::named("Casey", "customer@example.test"),
        to: vec![Correspondent::new("support@example.test")],
        cc: vec![],
        reply_to: None,
        return_path: ReturnPath::Sender,
        subject: "The export stops half way".to_owned(),
        text: "It stops at row 100.\n".to_owned(),
        html: None,
        message_id: id.to_owned(),
        in_reply_to: None,
        references: vec![],
        origin: Origin::Person,
        date: jiff::Timestamp::now(),
        attachments: vec![],
    }
}

async fn ticket_of(app: &App, number: u64) -> Option<Ticket> {
    let found = ticket::find_by_number(&app.store().read(), Scope::Everything, number).await;
    found.expect("a store").map(|found| found.ticket)
}

/// An administrator's program.
struct Program {
    http: reqwest::Client,
    url: String,
    token: String,
}

impl Program {
    async fn ask(&self, method: &str, path: &str, body: Value) -> Value {
        let url = format!("{}/api/v1{path}", self.url);
        let method = method.parse().expect("a method");
        let mut request = self.http.request(method, &url).bearer_auth(&self.token);
        if body != Value::Null {
            request = request.json(&body);
        }
        if let Some(tag) = body.get("active").map(|_| self.tag(path)) {
            request = request.header("if-match", tag.await);
        }
        let answer = request.send().await.expect("an answer");
        let status = answer.status();
        let body = answer.text().await.expect("a body");
        assert!(status.is_success(), "{status} {body}");
        serde_json::from_str(&body).unwrap_or_default()
    }

    async fn tag(&self, path: &str) -> String {
        let url = format!("{}/api/v1{path}", self.url);
        let answer = self.http.get(url).bearer_auth(&self.token).send().await;
        let answer = answer.expect("an answer");
        let tag = answer.headers().get("etag").expect("a tag");
        tag.to_str().expect("a text").to_owned()
    }

    /// The state of the one mailbox.
    async fn state(&self) -> Value {
        self.ask("GET", "/mailboxes", Value::Null).await["items"][0].clone()
    }
}

/// An administrator, their program, and a team.
async fn administrator(app: &App, url: String) -> (Caller, Program, String) {
    let machine = Caller::machine();
    let made = app.create_agent(&machine, None, |agent| {
        agent.name = "Ada".to_owned();
        agent.email = "ada@desk.example".to_owned();
        agent.roles = vec!["administrator".into()];
    });
    let ada = made.await.expect("an agent");
    let made = app.create_team(&machine, |team| team.name = "Second line".to_owned());
    let team = made.await.expect("a team").id.uuid().to_string();
    let new = NewToken {
        name: "test".to_owned(),
        scopes: vec!["*".to_owned()],
        expires_at: None,
    };
    let actor = Actor::Agent(ada.id);
    let issued = app.issue_token(&machine, actor, new).await;
    let (_, token) = issued.expect("a token");
    let http = reqwest::Client::new();
    let caller = Caller { actor, ..machine };
    (caller, Program { http, url, token }, team)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mailbox_set_up_over_the_api_receives_sends_and_pauses() {
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
    let text = format!(
        "data = {:?}\n[http]\nlisten = \"127.0.0.1:0\"\n",
        folder.path()
    );
    let service = Service::start(settings(&text), Arc::new(WallClock))
        .await
        .expect("a service");
    let app = service.app().clone();
    let machine = Caller::machine();
    let pack = mainstay_policy::builtin("mainstay").expect("a pack");
    app.apply_policy(&machine, &pack, "test")
        .await
        .expect("a pack that can be applied");
    let url = format!("http://{}", service.address());
    let stop = CancellationToken::new();
    let running = tokio::spawn(service.run(stop.clone()));
    let (ada, program, team) = administrator(&app, url).await;

    let made = program
        .ask(
            "POST",
            "/mailboxes",
            json!({
                "address": "support@example.test",
                "team": team,
                "signed_replies": true,
                "incoming": {"host": "127.0.0.1", "port": mailboxes.port(), "security": "none",
                    "user": "support", "password": "wrong"},
                "outgoing": {"host": "127.0.0.1", "port": exim.port(), "security": "none"},
            }),
        )
        .await;
    let path = format!("/mailboxes/{}", made["id"].as_str().expect("an id"));
    let fault = until("it is told that the password is wrong", async || {
        let state = program.state().await;
        state["reading"]["step"].as_str().map(str::to_owned)
    })
    .await;
    assert_eq!(fault, "sign_in");

    let right = json!({"active": true, "incoming": {"host": "127.0.0.1", "port": mailboxes.port(),
        "security": "none", "user": "support", "password": DovecotServer::PASSWORD}});
    program.ask("PATCH", &path, right).await;
    until("the mailbox is read", async || {
        let reading = program.state().await["reading"].clone();
        (reading["worked_at"] != Value::Null && reading["step"] == Value::Null).then_some(())
    })
    .await;
    let test = program
        .ask("POST", &format!("{path}/tests"), Value::Null)
        .await;
    assert_eq!(test["sending"]["outcome"], "passed", "{test}");
    assert_eq!(
        test["mailboxes"][0]["checked"]["outcome"], "passed",
        "{test}"
    );
    let arrival = format!("/mail/tests/{}", test["id"].as_str().expect("an id"));
    until("the mail of the test arrives", async || {
        let arrived = program.ask("GET", &arrival, Value::Null).await;
        (arrived["arrived_at"] != Value::Null).then_some(())
    })
    .await;

    let post = mail_program(&exim);
    post.send(&letter("one@customer.example"))
        .await
        .expect("a letter that is taken");
    let first = until("there is a ticket", async || ticket_of(&app, 1).await).await;
    assert_eq!(
        first.facts.team.map(|team| team.uuid().to_string()),
        Some(team)
    );
    let answer = MessageText::plain(&app, Side::Agent, Visibility::Public, "Which export?");
    app.add_message(&ada, first.id, answer, None)
        .await
        .expect("an answer");
    let mails = {
        let mailboxes = Arc::clone(&mailboxes);
        tokio::task::spawn_blocking(move || mailboxes.wait_for_mail("customer", 2))
            .await
            .expect("no panic")
    };
    let answer = mails
        .iter()
        .filter_map(|raw| MessageParser::default().parse(raw))
        .find(|mail| {
            mail.body_text(0)
                .is_some_and(|text| text.contains("Which export?"))
        })
        .expect("the answer");
    let from = answer.from().and_then(|from| from.first()?.address());
    assert_eq!(from, Some("support@example.test"));
    let reply_to = answer.reply_to().and_then(|to| to.first()?.address());
    assert!(
        reply_to.is_some_and(|to| to.starts_with("support+1.")),
        "{reply_to:?}"
    );
    until("two mails are counted", async || {
        (program.state().await["received"] == 2).then_some(())
    })
    .await;

    program.ask("PATCH", &path, json!({"active": false})).await;
    until("nobody watches the mailbox", async || {
        let (name, now) = ("support@127.0.0.1/INBOX", app.now());
        let tx = app.store().begin().await.expect("a store");
        let free = mailbox::watch(&tx, name, "elsewhere", now, now).await;
        free.expect("a store").then_some(())
    })
    .await;
    let answer = MessageText::plain(&app, Side::Agent, Visibility::Public, "It waits.");
    app.add_message(&ada, first.id, answer, None)
        .await
        .expect("an answer");
    post.send(&letter("two@customer.example"))
        .await
        .expect("a letter that is taken");
    assert_eq!(program.state().await["received"], 2);
    until("the answer waits", async || {
        let waiting = program
            .ask("GET", "/mail/outgoing?state=queued", Value::Null)
            .await;
        (waiting["items"].as_array()?.len() == 1).then_some(())
    })
    .await;
    assert_eq!(ticket_of(&app, 2).await, None);

    program.ask("PATCH", &path, json!({"active": true})).await;
    until("there is a second ticket", async || {
        ticket_of(&app, 2).await
    })
    .await;
    let mailboxes = Arc::clone(&mailboxes);
    let mails = tokio::task::spawn_blocking(move || mailboxes.wait_for_mail("customer", 3));
    assert!(mails.await.expect("no panic").len() >= 3);

    stop.cancel();
    running.await.expect("no panic").expect("an orderly end");
}
