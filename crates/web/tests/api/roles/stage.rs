//! A store in which somebody has everything, and everybody who asks.

use std::path::Path;
use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::response::Response;
use mainstay_app::remote_image::RecordingImages;
use mainstay_app::token::NewToken;
use mainstay_app::webhook::RecordingWebhooks;
use mainstay_app::{Caller, Options, Tick};
use mainstay_domain::event::Actor;
use mainstay_domain::id::{JobId, OutgoingMailId};
use mainstay_domain::job::Job;
use mainstay_domain::mail::{OutgoingMail, OutgoingMailState};
use mainstay_domain::passkey::Passkey;
use mainstay_domain::role::Permission;
use mainstay_domain::second_factor::Authenticator;
use mainstay_store::{job, mail, passkey, second_factor};
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt as _;

use super::question::{self, Things};
use super::table::{Line, Mark, Route};
use crate::service::{Client, PASSWORD, Service};

const AGENTS: [&str; 6] = [
    "administrator",
    "manager",
    "agent",
    "engineer",
    "success_manager",
    "viewer",
];

/// Everybody in the portal: the column, the account, the address, what they may.
const CONTACTS: [(&str, &str, &str, &str); 5] = [
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

/// A store prepared once, and a copy of it that is asked.
pub struct Stage {
    folder: TempDir,
    options: Options,
    things: Things,
    callers: Vec<(String, Vec<(String, String)>)>,
    copies: u8,
    service: Service,
}

impl Stage {
    pub async fn set(columns: &[String]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options = Options {
            webhooks: Some(Arc::new(RecordingWebhooks::default())),
            images: Some(RecordingImages::holding([(
                "https://pictures.example/1.gif",
                Ok(b"GIF89a".to_vec()),
            )])),
            ..Options::default()
        };
        let template = folder.path().join("template");
        std::fs::create_dir(&template).unwrap();
        let service = Service::on(&url(&template), 1, options.clone()).await;
        let mut things = Things::new();
        let mut callers = vec![("anonymous".to_owned(), Vec::new())];
        for role in AGENTS {
            let email = format!("{role}@example.com");
            let id = service.agent(&email, role).await;
            things.insert(role, id);
            callers.push((role.to_owned(), signed_in(&service, &email).await));
        }
        fill(&service, &mut things).await;
        for (name, _, email, _) in CONTACTS {
            callers.push((name.to_owned(), signed_in(&service, email).await));
        }
        // What one owns oneself: made last, since its owner goes on using it.
        let admin = Client::nobody(&service).with_all(&callers[1].1);
        let session = admin.get("/me").await.body["session"].take();
        things.insert("/sessions", text(&session));
        for (noun, column) in [("agent", "engineer"), ("contact", "own_asker")] {
            let (_, headers) = callers.iter().find(|(name, _)| name == column).unwrap();
            let session = Client::nobody(&service)
                .with_all(headers)
                .get("/me")
                .await
                .body["session"]
                .take();
            let key = ["/agents/sessions", "/contacts/sessions"][usize::from(noun == "contact")];
            things.insert(key, text(&session));
            give_second_factor(&service, noun, &things[&*format!("/{noun}s")]).await;
            if noun == "agent" {
                let passkey = give_passkey(&service, &things["/agents"]).await;
                things.insert("/me/passkeys", passkey);
            }
        }
        for column in columns {
            let token = ["token", "token_without"].contains(&column.as_str());
            let known = token || callers.iter().any(|(name, _)| name == column);
            assert!(known, "nobody is called {column}");
        }
        let mut stage = Self {
            folder,
            options,
            things,
            callers,
            copies: 1,
            service,
        };
        stage.renew().await;
        stage
    }

    /// Asks in somebody's name and says what came of it.
    pub async fn ask(&mut self, column: &str, line: &Line) -> Mark {
        let headers = match column {
            "token" => self.token(line, true).await,
            "token_without" => self.token(line, false).await,
            name => {
                let known = self.callers.iter().find(|(caller, _)| caller == name);
                known.unwrap().1.clone()
            }
        };
        let begins = line.route == Route::new("POST", "/me/second-factor");
        if begins {
            self.take_second_factors().await;
        }
        let client = Client::nobody(&self.service).with_all(&headers);
        let request = request(&client, &line.route, &self.things);
        let response = self.service.router.clone().oneshot(request).await.unwrap();
        let mark = Mark::of(response.status().as_u16());
        self.keeps_to_its_side(column, line, response).await;
        let is_changed = line.route.method != "GET"
            && !matches!(mark, Mark::Forbidden | Mark::Hidden | Mark::Unknown);
        // Guesses are counted, whoever makes them, and the next one is to be the first.
        let guesses = line.route == Route::new("POST", "/passkeys/session");
        if is_changed || begins || guesses {
            self.renew().await;
        }
        mark
    }

    /// Whoever sets up a second factor has none.
    async fn take_second_factors(&self) {
        let tx = self.service.app.store().begin().await.unwrap();
        let agent = Actor::Agent(self.things["/agents"].parse().unwrap());
        let contact = Actor::Contact(self.things["/contacts"].parse().unwrap());
        for actor in [agent, contact] {
            second_factor::remove_of(&tx, actor).await.unwrap();
        }
        tx.commit().await.unwrap();
    }

    /// What somebody of another account is shown names nothing of this one.
    async fn keeps_to_its_side(&self, column: &str, line: &Line, response: Response) {
        // The stream of events goes on for ever; it has tests of its own.
        if !column.starts_with("foreign") || line.route.path == "/events" {
            return;
        }
        let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        let shown = String::from_utf8_lossy(&bytes);
        let asked = question::path(&line.route, &self.things);
        for thing in [
            "/accounts",
            "/contacts",
            "/tickets",
            "/messages",
            "/contracts",
            "other ticket",
        ] {
            let id = &self.things[thing];
            let told = shown.contains(id.as_str()) && !asked.contains(id.as_str());
            assert!(!told, "{line}\ntells {column} of {thing} {id}: {shown}");
        }
    }

    /// A token of the administrator with what the route needs and nothing else, or with everything else.
    async fn token(&self, line: &Line, with: bool) -> Vec<(String, String)> {
        let mut scopes: Vec<String> = Permission::ALL
            .iter()
            .map(|permission| permission.as_str().to_owned())
            .filter(|scope| line.needs.contains(scope) == with)
            .collect();
        if scopes.is_empty() {
            // A token needs one at least: this one opens nothing that the table asks for.
            scopes.push("ticket.import".to_owned());
        }
        let owner = self.things["administrator"].parse().unwrap();
        let new = NewToken {
            name: "asks".to_owned(),
            scopes,
            expires_at: None,
        };
        let app = &self.service.app;
        let machine = Caller::machine();
        let (_, secret) = app
            .issue_token(&machine, Actor::Agent(owner), new)
            .await
            .unwrap();
        vec![("authorization".to_owned(), format!("Bearer {secret}"))]
    }

    /// Goes on with a fresh copy.
    async fn renew(&mut self) {
        let copy = self.folder.path().join("copy");
        if copy.exists() {
            std::fs::remove_dir_all(&copy).unwrap();
        }
        std::fs::create_dir(&copy).unwrap();
        for file in std::fs::read_dir(self.folder.path().join("template")).unwrap() {
            let file = file.unwrap();
            std::fs::copy(file.path(), copy.join(file.file_name())).unwrap();
        }
        self.copies = self.copies.wrapping_add(1).max(2);
        self.service = Service::on(&url(&copy), self.copies, self.options.clone()).await;
        self.service.app.load_policy().await.unwrap();
    }
}

/// A second factor of somebody who is signed in already.
async fn give_second_factor(service: &Service, noun: &str, id: &str) {
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

async fn give_passkey(service: &Service, agent: &str) -> String {
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

fn url(folder: &Path) -> String {
    format!("sqlite:{}", folder.join("store.db").display())
}

fn request(client: &Client<'_>, route: &Route, things: &Things) -> axum::http::Request<Body> {
    let path = question::path(route, things);
    let client = match route.method.as_str() {
        "PATCH" | "PUT" => client.with("if-match", "*"),
        _ => client.clone(),
    };
    if (route.method.as_str(), route.path.as_str()) == ("POST", "/mail") {
        let client = client.with("content-type", "message/rfc822");
        let mut request = client.request("POST", &path, None);
        *request.body_mut() =
            Body::from("From: x@y.example\r\nMessage-ID: <new@y.example>\r\n\r\nNew.\r\n");
        return request;
    }
    client.request(&route.method, &path, question::body(route, things))
}

async fn signed_in(service: &Service, email: &str) -> Vec<(String, String)> {
    service.client(email).await.headers().to_vec()
}

/// An identifier, whatever its form.
fn text(value: &Value) -> String {
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

async fn work(service: &Service) {
    while service.app.tick().await.unwrap() == Tick::More {}
}

/// Makes one of everything, so that it can be asked for.
async fn fill(service: &Service, things: &mut Things) {
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
}

/// Work that failed for good.
async fn given_up(service: &Service, things: &mut Things) {
    let now = service.app.now();
    let mail: OutgoingMailId = service.app.new_id(now);
    let dead = OutgoingMail {
        id: mail,
        message_id: "dead@localhost".to_owned(),
        account: None,
        ticket: None,
        message: None,
        sender: "support@localhost".to_owned(),
        recipients: vec!["casey@customer.example".to_owned()],
        subject: "Your ticket".to_owned(),
        bytes: b"Subject: Your ticket\r\n\r\nHello".to_vec(),
        state: OutgoingMailState::Dead,
        attempts: 8,
        last_error: Some("550 no such user".to_owned()),
        receipt: None,
        created_at: now,
        sent_at: None,
    };
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
    mail::insert_many(&tx, &[dead]).await.unwrap();
    job::enqueue(&tx, &job).await.unwrap();
    tx.commit().await.unwrap();
    things.insert("/mail/dead", mail.to_string());
    things.insert("/jobs", id.to_string());
}
