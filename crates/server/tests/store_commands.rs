//! The commands that work on a store, as scripts and people meet them.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;

use jiff::Timestamp;
use mainstay_app::ticket::{MessageText, OpenTicket};
use mainstay_app::{App, Caller, ManualClock, Options};
use mainstay_domain::contract::Contract;
use mainstay_domain::event::{Channel, Side, Visibility};
use mainstay_domain::severity::Severity;
use mainstay_store::{Store, StoreOptions};
use serde_json::Value;

fn command(data: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mainstay"));
    command.args(arguments).arg("--data").arg(data);
    command
}

fn mainstay(data: &Path, arguments: &[&str]) -> Output {
    command(data, arguments)
        .output()
        .expect("the program starts")
}

/// Runs a command that must succeed, and returns what it printed.
fn told(data: &Path, arguments: &[&str]) -> String {
    let output = mainstay(data, arguments);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {error}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn json(data: &Path, arguments: &[&str]) -> Value {
    let text = told(data, &[arguments, &["--json"]].concat());
    serde_json::from_str(&text).expect("one JSON value")
}

/// Runs a command that must fail, and returns what it said.
fn refused(data: &Path, arguments: &[&str]) -> String {
    let output = mainstay(data, arguments);
    assert_eq!(output.status.code(), Some(1), "{arguments:?}");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder")
}

#[test]
fn packs_are_applied_listed_and_rolled_back() {
    let folder = folder();
    let data = folder.path();
    let first = json(
        data,
        &["policy", "apply", "mainstay", "--note", "the first"],
    );
    assert_eq!(first["version"], 1);
    let second = told(data, &["policy", "apply", "premium-support"]);
    assert!(second.contains("in force as version 2"), "{second}");
    assert!(second.contains("mainstay policy diff @1 @2"), "{second}");
    let again = refused(data, &["policy", "apply", "premium-support"]);
    assert!(again.contains("in force already"), "{again}");

    let shown = json(data, &["policy", "show", "@in-force"]);
    assert_eq!(shown["pack"], "premium-support");
    assert_eq!(json(data, &["policy", "show", "@1"])["pack"], "mainstay");
    assert_eq!(json(data, &["policy", "rollback", "1"])["version"], 3);
    let same = json(data, &["policy", "diff", "@1", "@in-force"]);
    assert_eq!(same["changes"], Value::Array(Vec::new()));

    let history = json(data, &["policy", "history"]);
    let packs: Vec<&str> = history
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|version| version["pack"].as_str())
        .collect();
    assert_eq!(packs, ["mainstay", "premium-support", "mainstay"]);
    assert_eq!(history[0]["note"], "the first");
    assert_eq!(history[0]["digest"], history[2]["digest"]);
    assert!(told(data, &["policy", "history"]).contains("3*"));
    let missing = refused(data, &["policy", "rollback", "9"]);
    assert!(missing.contains("no policy version 9") && missing.contains("policy history"));
}

#[test]
fn a_pack_that_is_wrong_is_not_applied() {
    let folder = folder();
    let pack = folder.path().join("pack");
    std::fs::create_dir(&pack).expect("a folder");
    std::fs::write(pack.join("pack.toml"), "name = \"x\"\n").expect("a file");
    let name = pack.to_str().expect("a path in UTF-8");
    let error = refused(folder.path(), &["policy", "apply", name]);
    assert!(error.contains("no `version`"), "{error}");
    let error = refused(folder.path(), &["policy", "history"]);
    assert!(error.contains("there is no store at"), "{error}");
}

#[test]
fn a_slip_in_the_name_of_the_store_makes_none() {
    let folder = folder();
    let data = folder.path().join("nowhere");
    for arguments in [
        ["policy", "history"].as_slice(),
        &["policy", "preview", "mainstay"],
        &["policy", "check", "@in-force"],
        &["clock", "explain", "1"],
        &["calendar", "show", "24/7"],
        &["export", "Acme"],
        &["admin", "token", "--email", "a@b.example", "--name", "x"],
    ] {
        let error = refused(&data, arguments);
        assert!(
            error.contains("there is no store at"),
            "{arguments:?}: {error}"
        );
    }
    assert!(!data.exists());
}

#[test]
fn a_calendar_of_the_policy_in_force_is_shown() {
    let folder = folder();
    let data = folder.path();
    told(data, &["policy", "apply", "mainstay"]);
    let week = ["calendar", "show", "business-days", "--from", "2026-12-25"];
    let shown = json(data, &week);
    assert_eq!(shown["days"][0]["date"], "2026-12-21");
    assert_eq!(shown["days"][4]["open_seconds"], 0);
    assert_eq!(shown["days"][4]["closed_by"][0], "Christmas Day");
    assert!(told(data, &week).contains("Christmas Day"));
    let missing = refused(data, &["calendar", "show", "nobody"]);
    assert!(missing.contains("business-days"), "{missing}");
}

#[test]
fn before_there_is_a_store_a_calendar_of_the_recommended_pack_is_shown() {
    let folder = folder();
    let output = Command::new(env!("CARGO_BIN_EXE_mainstay"))
        .args(["calendar", "show", "business-days", "--from", "2026-12-25"])
        .current_dir(folder.path())
        .output()
        .expect("the program starts");
    assert!(output.status.success());
    assert!(String::from_utf8_lossy(&output.stdout).contains("Christmas Day"));
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(told.contains("no store yet"), "{told}");
    assert_eq!(
        std::fs::read_dir(folder.path()).expect("a folder").count(),
        0
    );
}

#[test]
fn an_administrator_and_a_token_are_made() {
    let folder = folder();
    let data = folder.path();
    let create = ["admin", "create", "--email", "ada@example.com"];
    let made = json(data, &create);
    assert!(
        made["password"]
            .as_str()
            .is_some_and(|word| word.len() >= 12)
    );
    assert!(refused(data, &create).contains("already"));
    let token = told(
        data,
        &[
            "admin",
            "token",
            "--email",
            "ADA@example.com",
            "--name",
            "ci",
        ],
    );
    assert!(
        token.starts_with("mst_") && token.ends_with('\n'),
        "{token}"
    );
    let wrong = [
        "admin",
        "token",
        "--email",
        "ada@example.com",
        "--name",
        "ci",
        "--scopes",
        "ticket.raed",
    ];
    assert!(refused(data, &wrong).contains("ticket.raed"));
    let nobody = [
        "admin",
        "token",
        "--email",
        "eve@example.com",
        "--name",
        "ci",
    ];
    assert!(refused(data, &nobody).contains("there are ada@example.com"));

    let password = folder.path().join("password");
    std::fs::write(&password, "correct horse battery\n").expect("a file");
    let path = password.to_str().expect("a path in UTF-8");
    let from_file = [
        "admin",
        "create",
        "--email",
        "bob@example.com",
        "--password-file",
        path,
    ];
    assert_eq!(json(data, &from_file)["password"], Value::Null);
    let mut asked = command(
        data,
        &[
            "admin",
            "create",
            "--email",
            "eve@example.com",
            "--password-stdin",
        ],
    )
    .stdin(Stdio::piped())
    .stdout(Stdio::null())
    .spawn()
    .expect("the program starts");
    let mut input = asked.stdin.take().expect("a pipe");
    input
        .write_all(b"correct horse battery\n")
        .expect("written");
    drop(input);
    assert!(asked.wait().expect("an end").success());
}

/// A store with a ticket of an enterprise customer, opened at nine o'clock on a Monday.
async fn store_in(data: &Path) -> Store {
    let url = format!("sqlite:{}", data.join("mainstay.db").display());
    Store::open(&StoreOptions::new(&url))
        .await
        .expect("a store")
}

async fn remember_time(data: &Path, time: &str) {
    let store = store_in(data).await;
    let tx = store.begin().await.expect("a transaction");
    mainstay_store::setting::set(&tx, "simulated_time", time)
        .await
        .expect("kept");
    tx.commit().await.expect("committed");
}

async fn store_with_a_ticket(data: &Path) {
    let store = store_in(data).await;
    let now: Timestamp = "2026-03-02T09:00:00Z".parse().expect("an instant");
    let app = App::new(
        store,
        Arc::new(ManualClock::at(now)),
        [3; 32],
        Options::default(),
    );
    let machine = Caller::machine();
    let pack = mainstay_policy::builtin("mainstay").expect("the default pack");
    app.apply_policy(&machine, &pack, "")
        .await
        .expect("applied");
    let account = app
        .create_account(&machine, |account| account.name = "Acme".to_owned())
        .await
        .expect("an account");
    app.create_contract(&machine, account.id, |contract: &mut Contract| {
        contract.tier = "Enterprise".into();
        contract.starts_on = jiff::civil::date(2026, 1, 1);
    })
    .await
    .expect("a contract");
    let message = MessageText::plain(&app, Side::Customer, Visibility::Public, "Help".to_owned());
    let open = OpenTicket {
        subject: "It is down".to_owned(),
        account: Some(account.id),
        contact: None,
        channel: Channel::Api,
        severity: Some(Severity::P1),
        category: None,
        team: None,
        assignee: None,
        tags: Vec::new(),
        message: Some(message),
        at: None,
    };
    app.open_ticket(&machine, open).await.expect("a ticket");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deadline_is_explained_and_a_pack_tried_out() {
    let folder = folder();
    let data = folder.path();
    store_with_a_ticket(data).await;
    let at = ["--at", "2026-03-02T09:10:00Z"];
    let explain = ["clock", "explain", "1", "first_response"];
    let explained = json(data, &[&explain[..], &at].concat());
    assert_eq!(explained["ticket"], 1);
    let clock = &explained["clocks"][0];
    assert_eq!(clock["due_at"], "2026-03-02T09:15:00Z");
    assert_eq!(clock["policy"], 1);
    let spans = clock["spans"].as_array().expect("spans");
    let sum = |key: &str| -> i64 { spans.iter().filter_map(|span| span[key].as_i64()).sum() };
    assert_eq!(clock["counted_seconds"], sum("counted_seconds"));
    assert_eq!(clock["total_seconds"], sum("seconds"));
    assert_eq!(clock["counted_seconds"], clock["target_seconds"]);
    assert!(spans.iter().all(|span| {
        span["source"]
            .as_str()
            .is_some_and(|source| source.starts_with("commitments.toml:"))
            && span["event"]["what"].is_string()
    }));

    let text = told(
        data,
        &[&explain[..], &at, &["--zone", "Asia/Tokyo"]].concat(),
    );
    assert!(
        text.contains("#1 It is down") && text.contains("18:15:00"),
        "{text}"
    );
    // A demonstration has a time of its own, and a deadline is explained as of then.
    remember_time(
        data,
        r#"{"wall":"2026-03-02T00:00:00Z","at":"2026-03-02T09:05:00Z","speed":0.0}"#,
    )
    .await;
    let shown = json(data, &explain);
    assert_eq!(shown["at"], "2026-03-02T09:05:00Z");
    assert_eq!(shown["clocks"][0]["state"], "running");

    let unknown = refused(data, &["clock", "explain", "1", "lunch"]);
    assert!(
        unknown.contains("it has") && unknown.contains("first_response"),
        "{unknown}"
    );
    assert!(refused(data, &["clock", "explain", "7"]).contains("no ticket 7"));

    let same = json(data, &["policy", "preview", "@1"]);
    assert_eq!(same["clocks"], Value::Array(Vec::new()));
    let other = json(data, &["policy", "preview", "customer-operations"]);
    let changed = other["clocks"].as_array().expect("clocks");
    assert!(changed.iter().any(|clock| {
        clock["commitment"] == "first_response" && clock["due_at"] == "2026-03-02T09:15:00Z"
    }));
    assert_eq!(
        json(data, &["policy", "history"]).as_array().map(Vec::len),
        Some(1)
    );
}

/// A service of its own process, ended with the test.
struct Served {
    process: Child,
    url: String,
    log: String,
}

impl Served {
    fn start(data: &Path) -> Self {
        let mut process = command(data, &["serve", "--listen", "127.0.0.1:0"])
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut lines = BufReader::new(process.stderr.take().expect("a pipe")).lines();
        let mut log = String::new();
        let url = loop {
            let line = lines.next().expect("a line").expect("text");
            log.push_str(&line);
            log.push('\n');
            if let Some((_, url)) = line.split_once("serving at ") {
                break url.trim().to_owned();
            }
        };
        // Nobody may block the service by not reading its log.
        std::thread::spawn(move || lines.for_each(drop));
        Self { process, url, log }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn a_service_starts_with_the_default_pack_and_keeps_what_is_in_force() {
    let folder = folder();
    let data = folder.path();
    let served = Served::start(data);
    assert!(
        served.log.contains("the default pack is in force"),
        "{}",
        served.log
    );
    assert_eq!(json(data, &["policy", "history"])[0]["pack"], "mainstay");
    drop(served);

    told(data, &["policy", "apply", "premium-support"]);
    let served = Served::start(data);
    assert!(
        !served.log.contains("the default pack is in force"),
        "{}",
        served.log
    );
    assert!(served.log.contains("premium-support"), "{}", served.log);
    let history = json(data, &["policy", "history"]);
    assert_eq!(history.as_array().map(Vec::len), Some(2));
}

#[test]
fn the_time_of_a_service_is_the_wall_clocks() {
    let folder = folder();
    let data = folder.path();
    told(data, &["admin", "create", "--email", "ada@example.com"]);
    let token = told(
        data,
        &[
            "admin",
            "token",
            "--email",
            "ada@example.com",
            "--name",
            "ci",
        ],
    );
    let served = Served::start(data);
    let time = |arguments: &[&str], token: &str| {
        Command::new(env!("CARGO_BIN_EXE_mainstay"))
            .arg("time")
            .args(arguments)
            .env("MAINSTAY_URL", &served.url)
            .env("MAINSTAY_TOKEN", token)
            .output()
            .expect("the program starts")
    };
    let shown = time(&["--json"], token.trim());
    let shown: Value = serde_json::from_slice(&shown.stdout).expect("one JSON value");
    assert_eq!(shown["simulated"], false);
    let no_number = time(&["speed", "nan"], token.trim());
    assert_eq!(no_number.status.code(), Some(2));
    let beside = mainstay(data, &["demo", "--listen", "127.0.0.1:0"]);
    assert_eq!(beside.status.code(), Some(1));
    let error = String::from_utf8_lossy(&beside.stderr).into_owned();
    assert!(error.contains("works on this store already"), "{error}");
    let moved = time(&["advance", "2h"], token.trim());
    assert_eq!(moved.status.code(), Some(1));
    let error = String::from_utf8_lossy(&moved.stderr).into_owned();
    assert!(error.contains("wall clock"), "{error}");
    let stranger = time(&[], "mst_nobody");
    let error = String::from_utf8_lossy(&stranger.stderr).into_owned();
    assert!(error.contains("mainstay admin token"), "{error}");
}
