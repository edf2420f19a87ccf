//! A mailbox that is set up over the API while the service runs: its mail becomes tickets, answers leave in its name, and when
//! it is paused neither does.

use std::sync::Arc;

use mail_parser::MessageParser;
use mainstay_app::ticket::MessageText;
use mainstay_app::token::NewToken;
use mainstay_app::{App, Caller};
use mainstay_channels::compose::OutgoingMail;
use mainstay_domain::event::{Actor, Side, Visibility};
use mainstay_domain::ticket::{Scope, Ticket};
use mainstay_server::time::WallClock;
use mainstay_store::{job, mailbox, ticket};
use mainstay_testing::{DovecotServer, EximServer};
use mainstay_tests::post::{Post, letter, until};
use mainstay_tests::service::{RunningService, settings};
use serde_json::{Value, json};

fn write(id: &str) -> OutgoingMail {
    letter(id, "The export stops half way", "It stops at row 100.\n")
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
    let Some(post) = Post::open() else {
        return;
    };
    let mailboxes = &post.mailboxes;
    let folder = tempfile::tempdir().expect("a folder");
    let text = format!(
        "data = {:?}\n[http]\nlisten = \"127.0.0.1:0\"\n",
        folder.path()
    );
    let service = RunningService::begin(settings(&text), Arc::new(WallClock)).await;
    let (app, url) = (service.app.clone(), service.url.clone());
    let machine = Caller::machine();
    let pack = mainstay_policy::builtin("mainstay").expect("a pack");
    app.apply_policy(&machine, &pack, "test")
        .await
        .expect("a pack that can be applied");
    let (ada, program, team) = administrator(&app, url).await;

    let outgoing = |password: &str| {
        json!({"host": "127.0.0.1", "port": post.exim.port(), "security": "none",
            "user": EximServer::USER, "password": password})
    };
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
                "outgoing": outgoing("wrong"),
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

    post.customer_sends(&write("one@customer.example")).await;
    let first = until("there is a ticket", async || ticket_of(&app, 1).await).await;
    assert_eq!(
        first.facts.team.map(|team| team.uuid().to_string()),
        Some(team)
    );
    let waits = async || {
        let queued = job::queue(&app.store().read(), app.now()).await;
        let mut queued = queued.expect("a store").into_iter();
        queued.any(|queue| {
            queue.kind == "send_mail" && queue.waiting > 0 && queue.runnable_since.is_none()
        })
    };
    until("the receipt waits for another try", async || {
        waits().await.then_some(())
    })
    .await;
    let right = json!({"active": true, "outgoing": outgoing(EximServer::PASSWORD)});
    program.ask("PATCH", &path, right).await;
    assert!(!waits().await, "it is tried at once");
    post.customer_mails(1).await;

    // On a busy machine a server may answer later than the service waits for it.
    let mut tests = 0;
    let test = until("a test is passed", async || {
        tests += 1;
        let test = program
            .ask("POST", &format!("{path}/tests"), Value::Null)
            .await;
        let passed = |checked: &Value| checked["outcome"] == "passed";
        let is_passed = passed(&test["sending"]) && passed(&test["mailboxes"][0]["checked"]);
        is_passed.then_some(test)
    })
    .await;
    let arrival = format!("/mail/tests/{}", test["id"].as_str().expect("an id"));
    until("the mail of the test arrives", async || {
        let arrived = program.ask("GET", &arrival, Value::Null).await;
        (arrived["arrived_at"] != Value::Null).then_some(())
    })
    .await;

    let answer = MessageText::plain(&app, Side::Agent, Visibility::Public, "Which export?");
    app.add_message(&ada, first.id, answer, None)
        .await
        .expect("an answer");
    let mails = post.customer_mails(2).await;
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
    until(
        "the letter and the mail of the test are counted",
        async || {
            let counted = program.state().await["received"].as_u64();
            counted.filter(|counted| *counted > 1)
        },
    )
    .await;

    program.ask("PATCH", &path, json!({"active": false})).await;
    until("nobody watches the mailbox", async || {
        let (name, now) = ("support@127.0.0.1/INBOX", app.now());
        let tx = app.store().begin().await.expect("a store");
        let free = mailbox::watch(&tx, name, "elsewhere", now, now).await;
        free.expect("a store").then_some(())
    })
    .await;
    let counted = program.state().await["received"].clone();
    let most = 1 + tests;
    assert!(counted.as_u64().is_some_and(|counted| counted <= most));
    let answer = MessageText::plain(&app, Side::Agent, Visibility::Public, "It waits.");
    app.add_message(&ada, first.id, answer, None)
        .await
        .expect("an answer");
    post.customer_sends(&write("two@customer.example")).await;
    assert_eq!(program.state().await["received"], counted);
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
    post.customer_mails(3).await;
    service.end().await;
}
