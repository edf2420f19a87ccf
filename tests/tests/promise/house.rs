//! A company that serves, between a real mail server, real mailboxes and a service that runs.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::time::Duration;

use mainstay_app::token::{EVERYTHING, NewToken};
use mainstay_app::{App, Caller};
use mainstay_channels::compose::OutgoingMail;
use mainstay_channels::smtp::{SmtpSecurity, SmtpSettings, SmtpTransport};
use mainstay_domain::agent::Agent;
use mainstay_domain::event::Actor;
use mainstay_server::Failure;
use mainstay_server::service::Service;
use mainstay_server::time::{SimulatedClock, remember};
use mainstay_store::{due, job};
use mainstay_testing::{DovecotServer, EximServer, require};
use mainstay_tests::instant;
use mainstay_tests::service::settings as read;
use serde_json::Value;
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::letter::{Inbox, Mail};

/// When the walk begins: a Monday morning.
pub const MORNING: &str = "2026-03-02T09:00:00Z";

/// The address that people are told.
const PUBLIC_URL: &str = "https://desk.example.test";

/// Everybody who has a mailbox: two that the service reads, a customer, and those who serve.
const USERS: [&str; 6] = ["support", "sales", "casey", "ana", "eva", "max"];

/// Ana answers tickets in the team Support, Eva is an engineer, Max leads. Casey writes for Acme, an Enterprise customer.
pub struct House {
    pub exim: EximServer,
    pub app: App,
    mailboxes: Arc<DovecotServer>,
    folder: TempDir,
    url: String,
    token: String,
    http: reqwest::Client,
    inboxes: BTreeMap<&'static str, Inbox>,
    stop: CancellationToken,
    running: JoinHandle<Result<(), Failure>>,
}

impl House {
    /// Opens at [`MORNING`]; nothing where a server is not installed.
    pub async fn open() -> Option<Self> {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let dovecot = require(DovecotServer::find())?;
        let exim = require(EximServer::find())?;
        let mailboxes = Arc::new(DovecotServer::start(&dovecot, &USERS));
        let exim = EximServer::start(&exim, &mailboxes);
        let folder = tempfile::tempdir().expect("a folder");
        let text = settings(folder.path(), &exim, &mailboxes);
        std::fs::write(folder.path().join("mainstay.toml"), &text).expect("settings");
        let clock = SimulatedClock::new(instant(MORNING), 0.0);
        let service = Service::start(read(&text), Arc::new(clock)).await;
        let service = service.expect("a service");
        let app = service.app().clone();
        let url = format!("http://{}", service.address());
        let token = settle(&app).await;
        remember(app.clone()).await.expect("a store");
        let stop = CancellationToken::new();
        let running = tokio::spawn(service.run(stop.clone()));
        Some(Self {
            exim,
            app,
            inboxes: USERS.map(|user| (user, Inbox::of(&mailboxes, user))).into(),
            mailboxes,
            folder,
            url,
            token,
            http: reqwest::Client::new(),
            stop,
            running,
        })
    }

    /// Ends the service in order.
    pub async fn close(self) {
        self.stop.cancel();
        let ended = self.running.await.expect("no panic");
        ended.expect("an orderly end");
    }

    /// Runs the program as a process of its own, beside the service.
    pub async fn runs(&self, arguments: &[&str], input: &[u8]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_faults"));
        command
            .arg("mainstay")
            .args(arguments)
            .current_dir(self.folder.path())
            .env_remove("MAINSTAY_DATABASE_URL")
            .env("MAINSTAY_URL", &self.url)
            .env("MAINSTAY_TOKEN", &self.token)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let input = input.to_vec();
        let run = move || {
            let mut child = command.spawn().expect("the program");
            let mut pipe = child.stdin.take().expect("a pipe");
            std::io::Write::write_all(&mut pipe, &input).expect("a program that reads");
            drop(pipe);
            child.wait_with_output().expect("an end")
        };
        tokio::task::spawn_blocking(run).await.expect("no panic")
    }

    /// The same of a command that must succeed and prints JSON.
    pub async fn told(&self, arguments: &[&str]) -> Value {
        read_json(&self.runs(arguments, b"").await)
    }

    /// Hands a mail over as a mail server does, and says what became of it.
    pub async fn pipe(&self, raw: &str) -> Value {
        let output = self.runs(&["mail", "receive", "--json"], raw.as_bytes());
        let told = read_json(&output.await);
        self.rests().await;
        told
    }

    /// Lets time pass at once, and everything be done that falls due meanwhile.
    pub async fn advance(&self, by: &str) {
        self.told(&["time", "advance", by, "--json"]).await;
        self.rests().await;
    }

    /// Waits until nothing is due any more.
    pub async fn rests(&self) {
        until("nothing is due", async || {
            let (reader, now) = (self.app.store().read(), self.app.now());
            let standing = due::standing(&reader, now, now).await.expect("a store");
            let jobs = job::queue(&reader, now).await.expect("a store");
            let is_idle = jobs.iter().all(|kind| kind.runnable_since.is_none());
            (standing.overdue == 0 && is_idle).then_some(())
        })
        .await;
    }

    /// The mails of a state that the service wrote.
    pub async fn outgoing(&self, state: &str) -> Vec<Value> {
        let path = format!("/mail/outgoing?state={state}&limit=200");
        let listed = self.get(&path).await;
        listed["items"].as_array().expect("a list").clone()
    }

    pub async fn get(&self, path: &str) -> Value {
        self.asks(self.http.get(self.at(path))).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Value {
        self.asks(self.http.post(self.at(path)).json(&body)).await
    }

    /// Uploads a file and says under which identifier.
    pub async fn upload(&self, name: &str, bytes: &[u8]) -> String {
        let path = self.at(&format!("/attachments?name={name}"));
        let made = self.asks(self.http.post(path).body(bytes.to_vec())).await;
        made["id"].as_str().expect("an identifier").to_owned()
    }

    fn at(&self, path: &str) -> String {
        format!("{}/api/v1{path}", self.url)
    }

    async fn asks(&self, request: reqwest::RequestBuilder) -> Value {
        let answer = request.bearer_auth(&self.token).send().await;
        let answer = answer.expect("a service that answers");
        let status = answer.status();
        let body = answer.text().await.expect("a body");
        assert!(status.is_success(), "{status}: {body}");
        serde_json::from_str(&body).unwrap_or(Value::Null)
    }

    /// The clocks of a ticket: `commitment cycle state until`, a line each.
    pub async fn clocks(&self, ticket: u64) -> String {
        let listed = self.get(&format!("/tickets/{ticket}/clocks")).await;
        let clocks = listed["items"].as_array().expect("a list").iter();
        let line = |clock: &Value| {
            let word = |name: &str| clock[name].as_str().unwrap_or("-").to_owned();
            let until = if clock["ended_at"].is_string() {
                "ended_at"
            } else {
                "due_at"
            };
            let (name, state) = (word("commitment"), word("state"));
            format!("{name} {} {state} {}", clock["cycle"], word(until))
        };
        let mut lines: Vec<String> = clocks.map(line).collect();
        lines.sort();
        lines.join("\n")
    }

    /// What came into somebody's mailbox since it was last looked at, read by IMAP, as soon as everything is there that the
    /// service has handed over.
    pub async fn inbox(&self, user: &str) -> Vec<Mail> {
        let address = format!("{user}@{}", DovecotServer::DOMAIN);
        let sent = self.outgoing("sent").await;
        let to_them = |mail: &&Value| mail["recipients"][0] == *address;
        let count = sent.iter().filter(to_them).count();
        until(&format!("{user} has {count} mails"), async || {
            (self.mailboxes.mail(user).len() >= count).then_some(())
        })
        .await;
        self.inboxes[user].look().await
    }

    /// Follows a link of a mail, as a browser does.
    pub async fn follows(&self, link: &str) {
        let answer = self.http.get(self.here(link)).send().await;
        let status = answer.expect("a service that answers").status();
        assert!(status.is_success(), "{link}: {status}");
    }

    /// Presses the button of the page that a link of an escalation leads to.
    pub async fn takes_on(&self, link: &str) {
        let answer = self.http.post(self.here(link)).send().await;
        let status = answer.expect("a service that answers").status();
        assert!(status.is_success(), "{link}: {status}");
    }

    /// The address at which the service really is of one that it tells people.
    fn here(&self, link: &str) -> String {
        link.replacen(PUBLIC_URL, &self.url, 1)
    }

    /// Keeps a file in the folder of the service, and says where.
    pub fn keeps(&self, name: &str, bytes: &[u8]) -> String {
        let path = self.folder.path().join(name);
        std::fs::write(&path, bytes).expect("our own folder");
        path.to_str().expect("a path").to_owned()
    }

    /// Puts a message into a mailbox, as the delivery agent of another mail server does.
    pub fn deliver(&self, user: &str, name: &str, raw: &str) {
        self.mailboxes.deliver(user, name, raw.as_bytes());
    }

    /// Sends a letter from somebody's mail program, and waits until the service has read it.
    pub async fn sends(&self, letter: &OutgoingMail) -> Value {
        let post = SmtpTransport::new(SmtpSettings {
            host: "127.0.0.1".to_owned(),
            port: self.exim.port(),
            security: SmtpSecurity::None,
            credentials: None,
            extra_authorities: vec![],
            hello_name: Some("desk.example.test".to_owned()),
            timeout: Duration::from_secs(30),
            content_timeout: Duration::from_secs(30),
        });
        let sent = post.expect("settings").send(letter).await;
        sent.unwrap_or_else(|error| panic!("{error}\n{}", self.exim.log()));
        self.received(&letter.message_id).await
    }

    /// A received mail by its message id, once it was read.
    pub async fn received(&self, message_id: &str) -> Value {
        let found = until(&format!("{message_id} is read"), async || {
            let listed = self.get("/mail/received?limit=200").await;
            let mut mails = listed["items"].as_array().expect("a list").iter();
            let found = mails.find(|mail| mail["message_id"] == message_id)?;
            (found["state"] != "new").then(|| found.clone())
        })
        .await;
        self.rests().await;
        found
    }
}

fn settings(folder: &Path, exim: &EximServer, mailboxes: &DovecotServer) -> String {
    let mailbox = |user: &str| {
        format!(
            "[[mail.mailboxes]]\nhost = \"127.0.0.1\"\nport = {}\ntls = \"none\"\nuser = \"{user}\"\npassword = \"{}\"\n",
            mailboxes.port(),
            DovecotServer::PASSWORD,
        )
    };
    format!(
        "data = {folder:?}\n[http]\nlisten = \"127.0.0.1:0\"\npublic_url = {PUBLIC_URL:?}\n\
         [mail]\nfrom = \"support@{domain}\"\nreply_domain = \"{domain}\"\ncompany = \"Desk\"\n{}{}\
         [smtp]\nhost = \"127.0.0.1\"\nport = {}\ntls = \"none\"\n",
        mailbox("support"),
        mailbox("sales"),
        exim.port(),
        domain = DovecotServer::DOMAIN,
    )
}

/// Puts the default pack in force and everybody in their place. Returns a token that may do everything.
async fn settle(app: &App) -> String {
    let machine = Caller::machine();
    let pack = mainstay_policy::builtin("mainstay").expect("a pack");
    let applied = app.apply_policy(&machine, &pack, "test").await;
    applied.expect("a pack that can be applied");
    let mut served = Vec::new();
    for (name, role) in [
        ("Ana", "agent"),
        ("Eva", "engineer"),
        ("Max", "manager"),
        ("Ada", "administrator"),
    ] {
        let fill = |agent: &mut Agent| {
            agent.name = name.to_owned();
            agent.email = format!("{}@{}", name.to_lowercase(), DovecotServer::DOMAIN);
            agent.roles = vec![role.into()];
            agent.languages = vec!["en".to_owned()];
        };
        let made = app.create_agent(&machine, None, fill).await;
        served.push(made.expect("an agent").id);
    }
    let team = app.create_team(&machine, |team| {
        team.name = "Support".to_owned();
        team.members = vec![served[0]];
    });
    team.await.expect("a team");
    let account = app.create_account(&machine, |account| account.name = "Acme".to_owned());
    let account = account.await.expect("an account").id;
    let contract = app.create_contract(&machine, account, |contract| {
        contract.tier = "Enterprise".into();
        contract.starts_on = "2026-01-01".parse().expect("a date");
    });
    contract.await.expect("a contract");
    let contact = app.create_contact(&machine, |contact| {
        contact.name = "Casey".to_owned();
        contact.addresses = vec![format!("casey@{}", DovecotServer::DOMAIN)];
        contact.account = Some(account);
    });
    contact.await.expect("a contact");
    let new = NewToken {
        name: "walk".to_owned(),
        scopes: vec![EVERYTHING.to_owned()],
        expires_at: None,
    };
    let issued = app
        .issue_token(&machine, Actor::Agent(served[3]), new)
        .await;
    issued.expect("a token").1
}

/// Waits until something is so.
pub async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(60);
    loop {
        if let Some(found) = look().await {
            return found;
        }
        let now = tokio::time::Instant::now();
        assert!(now < deadline, "waited in vain until {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn read_json(output: &Output) -> Value {
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{error}");
    serde_json::from_slice(&output.stdout).unwrap_or_else(|fault| panic!("{fault}: {error}"))
}
