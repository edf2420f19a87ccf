//! One of everything, so that it can be asked for.

use axum::body::Body;
use mainstay_app::Tick;
use mainstay_domain::event::Actor;
use mainstay_domain::id::JobId;
use mainstay_domain::job::Job;
use mainstay_domain::passkey::Passkey;
use mainstay_domain::second_factor::Authenticator;
use mainstay_store::{job, passkey, second_factor};
use serde_json::{Value, json};

use super::question::Things;
use crate::service::{Client, PASSWORD, Service};

/// Everybody in the portal: the column, the account, the address, what they may.
pub const CONTACTS: [(&str, &str, &str, &str); 5] = [
    ("own_admin", "own", "olga@own.example", "administrator"),
    ("own_asker", "own", "carl@own.example", "contact"),
    ("own_other", "own", "otto@own.example", "contact"),
    (
        "foreign_admin",
        "foreign",
        "fay@foreign.example",
        "administrator",
    ),
    ("foreign", "foreign", "finn@foreign.example", "contact"),
];

const LETTER: &str = "From: Carl <carl@own.example>\r\n\
    To: support@localhost\r\n\
    Subject: The export is broken\r\n\
    Message-ID: <one@own.example>\r\n\
    Date: Mon, 2 Mar 2026 08:59:00 +0000\r\n\
    MIME-Version: 1.0\r\n\
    Content-Type: multipart/mixed; boundary=\"b\"\r\n\
    \r\n\
    --b\r\n\
    Content-Type: text/html\r\n\
    \r\n\
    <p>It says that it cannot be written.</p><img src=\"https://pictures.example/1.gif\">\r\n\
    --b\r\n\
    Content-Type: text/plain\r\n\
    Content-Disposition: attachment; filename=\"log.txt\"\r\n\
    \r\n\
    disk full\r\n\
    --b--\r\n";

/// Makes one of everything, so that it can be asked for.
pub async fn fill(service: &Service, things: &mut Things) {
    let admin = service.client("administrator@example.com").await;
    let applied = admin
        .post("/policy/versions", json!({"pack": "mainstay"}))
        .await;
    assert_eq!(applied.status, 201, "{}", applied.body);
    admin
        .post("/policy/versions", json!({"pack": "premium-support"}))
        .await;
    let back = admin.post("/policy/versions/1/rollback", json!({})).await;
    assert_eq!(back.status, 201, "{}", back.body);
    // The second is not in force, so that it can be rolled back to.
    things.insert("/policy/versions", "2".to_owned());
    let policy = admin.get("/policy").await.body;
    let calendar = text(&policy["calendars"][0]["name"]);
    things.insert("/calendars", calendar.replace('/', "%2F"));

    let me = admin.get("/me").await.body["id"].take();
    things.insert("/agents", things["engineer"].clone());
    let team = json!({"name": "Support", "members": [me], "on_call": [me]});
    things.insert("/teams", admin.make("/teams", team).await);
    // Each on the heap: together they are more than the stack of a test holds.
    Box::pin(rota(&admin, things)).await;
    Box::pin(people(&admin, things)).await;
    Box::pin(conversation(service, &admin, things)).await;
    Box::pin(done_ticket(&admin, things)).await;
    Box::pin(tools(service, &admin, things)).await;
    Box::pin(given_up(service, things)).await;
}

/// Who is on call, and somebody who stands in.
async fn rota(admin: &Client<'_>, things: &mut Things) {
    let path = format!("/teams/{}/on-call", things["/teams"]);
    let me = &things["administrator"];
    let layer = json!({"name": "primary", "agents": [me], "starts_on": "2026-03-02", "hand_over": "09:00",
        "time_zone": "UTC", "turn_days": 7});
    let whatever = admin.with("if-match", "*");
    let set = whatever.put(&path, json!({"layers": [layer]})).await;
    assert_eq!(set.status, 200, "{}", set.body);
    let cover = json!({"agent": me, "until": "2026-03-03T09:00:00Z"});
    let covered = admin.post(&format!("{path}/covers"), cover).await;
    assert!(covered.status.is_success(), "{}", covered.body);
    let shown = admin.get(&path).await.body;
    things.insert("/teams/on-call/covers", text(&shown["covers"][0]["id"]));
}

async fn people(admin: &Client<'_>, things: &mut Things) {
    let own = admin.make("/accounts", json!({"name": "Own"})).await;
    let foreign = admin.make("/accounts", json!({"name": "Foreign"})).await;
    for (name, account, email, portal) in CONTACTS {
        let account = if account == "own" { &own } else { &foreign };
        let input =
            json!({"account": account, "name": name, "addresses": [email], "portal": portal});
        let id = admin.make("/contacts", input).await;
        let password = json!({"password": PASSWORD});
        let set = admin
            .put(&format!("/contacts/{id}/password"), password)
            .await;
        assert_eq!(set.status, 204, "{}", set.body);
        if name == "own_asker" {
            things.insert("/contacts", id);
        }
    }
    let contract =
        json!({"tier": "standard", "starts_on": "2026-01-01", "value": 1, "currency": "EUR"});
    let contract = admin
        .make(&format!("/accounts/{own}/contracts"), contract)
        .await;
    things.insert("/contracts", contract);
    things.insert("/accounts", own);
}

/// A ticket that the asker opened by mail, with what belongs to it.
async fn conversation(service: &Service, admin: &Client<'_>, things: &mut Things) {
    let mut request = admin
        .with("content-type", "message/rfc822")
        .request("POST", "/mail", None);
    *request.body_mut() = Body::from(LETTER);
    let received = text(&service.send(request).await.body["id"]);
    work(service).await;
    let read = admin.get(&format!("/mail/received/{received}")).await.body;
    let ticket = text(&read["ticket"]);
    things.insert("/mail/received", received);
    let mut request = admin
        .with("content-type", "message/rfc822")
        .request("POST", "/mail", None);
    *request.body_mut() = Body::from(
        "From: engineer@example.com\r\nMessage-ID: <held@example.com>\r\n\r\nI look into it.\r\n",
    );
    let held = text(&service.send(request).await.body["id"]);
    work(service).await;
    let read = admin.get(&format!("/mail/received/{held}")).await.body;
    assert_eq!(read["state"], "held");
    things.insert("held mail", held);
    let path = format!("/tickets/{ticket}");
    let change =
        json!({"severity": "P1", "severity_reason": "All is down", "team": things["/teams"]});
    let changed = admin.with("if-match", "*").patch(&path, change).await;
    assert_eq!(changed.status, 200, "{}", changed.body);
    let answer = admin
        .post(&format!("{path}/messages"), json!({"text": "We look."}))
        .await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    let messages = admin.get(&format!("{path}/messages")).await.body;
    let has_file = |message: &&Value| {
        message["attachments"]
            .as_array()
            .is_some_and(|all| !all.is_empty())
    };
    let (first, second): (Vec<&Value>, Vec<&Value>) = items(&messages).iter().partition(has_file);
    things.insert("/messages", text(&first[0]["id"]));
    things.insert("/messages/attachments", "0".to_owned());
    let images = admin
        .get(&format!("/messages/{}/images", things["/messages"]))
        .await
        .body;
    let address = text(&items(&images)[0]["address"]);
    let (_, image) = address.rsplit_once('/').unwrap();
    things.insert("/messages/images", image.to_owned());
    let trusted = admin
        .put("/me/image-senders/carl@own.example", json!({}))
        .await;
    assert_eq!(trusted.status, 204, "{}", trusted.body);
    things.insert("/me/image-senders", "carl@own.example".to_owned());
    things.insert("/mail/tests", admin.make("/mail/tests", json!({})).await);
    things.insert("second message", text(&second[0]["id"]));
    let other =
        json!({"subject": "Slow", "account": things["/accounts"], "contact": things["/contacts"]});
    things.insert("other ticket", admin.make("/tickets", other).await);
    let draft = admin
        .put(&format!("{path}/draft"), json!({"text": "Soon."}))
        .await;
    assert_eq!(draft.status, 200, "{}", draft.body);
    things.insert("/tickets", ticket);
    work(service).await;
    things.insert(
        "/escalations",
        id_of_first(&admin.get("/escalations").await.body),
    );
    things.insert(
        "/notifications",
        id_of_first(&admin.get("/notifications").await.body),
    );
}

/// A ticket of the asker's that is resolved.
async fn done_ticket(admin: &Client<'_>, things: &mut Things) {
    let input =
        json!({"subject": "Done", "account": things["/accounts"], "contact": things["/contacts"]});
    let done = admin.make("/tickets", input).await;
    let resolved = admin
        .with("if-match", "*")
        .patch(&format!("/tickets/{done}"), json!({"status": "resolved"}))
        .await;
    assert_eq!(resolved.status, 200, "{}", resolved.body);
    things.insert("done ticket", done);
}

async fn tools(service: &Service, admin: &Client<'_>, things: &mut Things) {
    let view = json!({"name": "Ours", "shared": true, "query": "status=open"});
    things.insert("/views", admin.make("/views", view).await);
    let actions = json!([{"do": "add_tags", "tags": ["known"]}]);
    let input = json!({"name": "Ours", "shared": true, "actions": actions});
    let made = admin.make("/macros", input).await;
    things.insert("/tickets/macros", made.clone());
    things.insert("/macros", made);
    let exports = format!("/accounts/{}/exports", things["/accounts"]);
    let export = admin.post(&exports, json!({})).await;
    things.insert("/accounts/exports", text(&export.body["id"]));
    work(service).await;
    service.app.finish_long_jobs().await;
    let upload = admin.post("/attachments?name=a.txt", json!({})).await;
    things.insert("/attachments", text(&upload.body["id"]));
    let token = json!({"name": "mine", "scopes": ["*"]});
    things.insert("/tokens", admin.make("/tokens", token).await);
    let webhook = json!({"url": "https://hooks.example/out", "events": ["ticket.opened"]});
    let webhook = admin.make("/webhooks", webhook).await;
    let tried = admin
        .post(&format!("/webhooks/{webhook}/test"), json!({}))
        .await;
    assert_eq!(tried.status, 202, "{}", tried.body);
    work(service).await;
    let deliveries = admin
        .get(&format!("/webhooks/{webhook}/deliveries"))
        .await
        .body;
    things.insert("/webhooks/deliveries", id_of_first(&deliveries));
    things.insert("/webhooks", webhook);
    let server = json!({"host": "smtp.desk.example", "user": "help", "password": "hunter2"});
    let mailbox = json!({"address": "help@desk.example", "outgoing": server});
    things.insert("/mailboxes", admin.make("/mailboxes", mailbox).await);
}

/// Work that failed for good.
async fn given_up(service: &Service, things: &mut Things) {
    let now = service.app.now();
    let mail = service.dead_mail().await;
    let id: JobId = service.app.new_id(now);
    let job = Job {
        id,
        kind: "deliver_mail".to_owned(),
        payload: "{}".to_owned(),
        run_at: now,
        dedup_key: None,
        attempts: 8,
        last_error: Some("no such job".to_owned()),
        dead_at: Some(now),
        created_at: now,
    };
    let tx = service.app.store().begin().await.unwrap();
    job::enqueue(&tx, &job).await.unwrap();
    tx.commit().await.unwrap();
    things.insert("/mail/dead", mail.to_string());
    things.insert("/jobs", id.to_string());
}

/// A second factor of somebody who is signed in already.
pub async fn give_second_factor(service: &Service, noun: &str, id: &str) {
    let now = service.app.now();
    let actor = match noun {
        "agent" => Actor::Agent(id.parse().unwrap()),
        _ => Actor::Contact(id.parse().unwrap()),
    };
    let authenticator = Authenticator {
        id: service.app.new_id(now),
        actor,
        secret: "AAAAAAAAAAAAAAAAAAAAAAAAAAA".to_owned(),
        created_at: now,
        confirmed_at: Some(now),
        last_span: 0,
    };
    let tx = service.app.store().begin().await.unwrap();
    second_factor::replace(&tx, &authenticator).await.unwrap();
    tx.commit().await.unwrap();
}

/// A passkey of an agent, and its name.
pub async fn give_passkey(service: &Service, agent: &str) -> String {
    let now = service.app.now();
    let passkey = Passkey {
        id: service.app.new_id(now),
        actor: Actor::Agent(agent.parse().unwrap()),
        name: "Laptop".to_owned(),
        credential: vec![1; 32],
        public_key: Vec::new(),
        state: Vec::new(),
        created_at: now,
        last_used_at: None,
    };
    let tx = service.app.store().begin().await.unwrap();
    passkey::insert(&tx, &passkey).await.unwrap();
    tx.commit().await.unwrap();
    passkey.id.to_string()
}

async fn work(service: &Service) {
    while service.app.tick().await.unwrap() == Tick::More {}
}

/// An identifier, whatever its form.
pub fn text(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

/// The entries of a list, in a page or by itself.
fn items(body: &Value) -> &[Value] {
    let list = body.get("items").unwrap_or(body);
    list.as_array().map_or(&[], Vec::as_slice)
}

fn id_of_first(body: &Value) -> String {
    text(
        &items(body)
            .first()
            .unwrap_or_else(|| panic!("nothing in {body}"))["id"],
    )
}
