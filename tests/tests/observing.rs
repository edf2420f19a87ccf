//! What can be seen from outside, and that what is made of it names nothing that is not there.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use mainstay_app::measure::MEASURES;
use mainstay_app::{Caller, TimeRange};
use mainstay_server::time::SimulatedClock;
use mainstay_store::due;
use mainstay_tests::instant;
use mainstay_tests::service::{RunningService, settings};
use serde_json::Value;

const MAIL: &[u8] = b"From: Casey <casey@customer.example>\r\nTo: support@example.com\r\nSubject: Nothing works\r\n\r\nHelp.\r\n";

/// The measures that a file names, without what a histogram appends.
fn named(text: &str) -> BTreeSet<String> {
    let of_word = |character: char| !(character.is_ascii_alphanumeric() || character == '_');
    let parts = ["_bucket", "_sum", "_count"];
    let base = |name: &str| {
        parts
            .iter()
            .find_map(|part| name.strip_suffix(part))
            .unwrap_or(name)
            .to_owned()
    };
    text.split(of_word)
        .filter(|word| word.starts_with("mainstay_"))
        .map(base)
        .collect()
}

fn file(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    std::fs::read_to_string(path).expect("a file of the project")
}

#[test]
fn what_watches_names_measures_that_exist() {
    let known: BTreeSet<String> = MEASURES
        .iter()
        .map(|measure| measure.name.to_owned())
        .collect();
    for path in [
        "ops/alerts.yml",
        "ops/grafana.json",
        "crates/server/src/command/top.rs",
    ] {
        let named = named(&file(path));
        assert!(named.len() >= 8, "{path}");
        let strange: Vec<_> = named.difference(&known).collect();
        assert!(strange.is_empty(), "{path}: {strange:?}");
    }
    let documented = named(&file("docs/operations.md"));
    assert_eq!(documented, known, "docs/operations.md");
    assert_eq!(
        named(&file("ops/grafana.json")),
        known,
        "everything is drawn"
    );
}

/// What an expression asks for: a series by its name, and by what its labels must say.
#[derive(Debug)]
struct Selector {
    name: String,
    /// Label, operator and value.
    labels: Vec<(String, String, String)>,
}

impl Selector {
    /// Every selector of an expression that begins with our prefix.
    fn all_of(expression: &str) -> Vec<Self> {
        let begins = expression.match_indices("mainstay_").map(|(at, _)| at);
        let of_name = |character: char| character.is_ascii_alphanumeric() || character == '_';
        let selector = |at: usize| {
            let rest = &expression[at..];
            let end = rest.find(|character| !of_name(character));
            let (name, rest) = rest.split_at(end.unwrap_or(rest.len()));
            let inner = rest.strip_prefix('{').and_then(|rest| rest.split_once('}'));
            let labels = inner.map_or("", |(labels, _)| labels);
            Self {
                name: name.to_owned(),
                labels: labels.split(',').filter_map(matcher).collect(),
            }
        };
        begins.map(selector).collect()
    }

    /// Whether a line of the measurements is a series of it.
    fn selects(&self, line: &str) -> bool {
        let Some((series, value)) = line.rsplit_once(' ') else {
            return false;
        };
        let (name, labels) = series.split_once('{').unwrap_or((series, ""));
        let says = |(label, operator, wanted): &(String, String, String)| {
            let begin = format!("{label}=\"");
            let mut parts = labels.trim_end_matches('}').split("\",");
            let said = parts.find_map(|part| part.strip_prefix(&begin));
            let said = said.unwrap_or_default().trim_end_matches('"');
            match operator.as_str() {
                "=" => said == wanted,
                "!=" => said != wanted,
                "=~" => wanted.split('|').any(|one| one == said),
                other => panic!("the test does not know the operator {other}"),
            }
        };
        name == self.name && value.parse::<f64>().is_ok() && self.labels.iter().all(says)
    }
}

fn matcher(text: &str) -> Option<(String, String, String)> {
    let (left, right) = text.split_once('"')?;
    let label = left.trim_end_matches(['=', '!', '~']);
    Some((
        label.trim().to_owned(),
        left[label.len()..].to_owned(),
        right.trim_end_matches('"').to_owned(),
    ))
}

/// What the alerts and the dashboard ask for.
fn watched() -> Vec<String> {
    let alerts = file("ops/alerts.yml");
    let mut expressions: Vec<String> = alerts
        .lines()
        .filter_map(|line| line.trim().strip_prefix("expr: "))
        .map(str::to_owned)
        .collect();
    for panel in panels() {
        for target in panel["targets"].as_array().expect("targets") {
            expressions.push(target["expr"].as_str().expect("an expression").to_owned());
        }
    }
    expressions
}

fn panels() -> Vec<Value> {
    let dashboard: Value =
        serde_json::from_str(&file("ops/grafana.json")).expect("a dashboard in JSON");
    dashboard["panels"].as_array().expect("panels").clone()
}

#[test]
fn the_dashboard_is_laid_out_without_gaps_in_its_references() {
    let mut taken = BTreeSet::new();
    let mut identifiers = BTreeSet::new();
    for panel in panels() {
        let title = panel["title"].as_str().expect("a title");
        assert!(
            identifiers.insert(panel["id"].as_u64()),
            "{title}: its id is another's"
        );
        let place = |name: &str| panel["gridPos"][name].as_u64().expect("a place");
        assert!(
            place("x") + place("w") <= 24,
            "{title} is wider than the grid"
        );
        for x in place("x")..place("x") + place("w") {
            for y in place("y")..place("y") + place("h") {
                assert!(taken.insert((x, y)), "{title} lies on another");
            }
        }
        let targets = panel["targets"].as_array().expect("targets");
        let references: BTreeSet<_> = targets
            .iter()
            .map(|target| target["refId"].as_str())
            .collect();
        assert_eq!(references.len(), targets.len(), "{title}");
        assert_eq!(panel["datasource"]["uid"], "${source}", "{title}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_tells_what_it_measures_and_everything_that_is_watched() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = format!(
        "data = {:?}\n[http]\nlisten = \"127.0.0.1:0\"\n[metrics]\nlisten = \"127.0.0.1:0\"\n",
        folder.path()
    );
    let clock = Arc::new(SimulatedClock::new(instant("2026-03-02T09:00:00Z"), 0.0));
    let service = RunningService::begin(settings(&text), clock.clone()).await;
    make_traffic(&service, &clock).await;
    let (public, address) = (&service.url, service.metrics.expect("an address"));
    assert_eq!(ask(&format!("{public}/api/v1/tickets/7")).await.0, 401);
    let page = ask(&format!("{public}/nowhere/casey@customer.example")).await;
    assert_eq!(page.0, 200);

    // Some are recorded only after the commit that was waited for.
    let deadline = tokio::time::Instant::now() + Duration::from_secs(60);
    let told = loop {
        let (status, told) = ask(&format!("http://{address}/metrics")).await;
        assert_eq!(status, 200, "{told}");
        let missing = missing(&told);
        if missing.is_empty() {
            break told;
        }
        let is_over = tokio::time::Instant::now() > deadline;
        assert!(!is_over, "{missing:?} is missing:\n{told}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    for line in [
        "mainstay_mail_received_total{source=\"imap\"} 1",
        "mainstay_mail_received_total{source=\"pipe\"} 0",
        "mainstay_http_problems_total{kind=\"unauthorised\"} 1",
        "mainstay_http_problems_total{kind=\"broken\"} 0",
        "mainstay_live_listeners 0",
        "mainstay_queue_dead_jobs{kind=\"send_mail\"} 0",
    ] {
        assert!(told.contains(line), "{line} is missing:\n{told}");
    }
    let route = "route=\"/api/v1/tickets/{id}\",status=\"4xx\"";
    assert!(told.contains(route), "{told}");
    assert!(!told.contains("casey"), "{told}");
    let strange: Vec<_> = named(&told)
        .into_iter()
        .filter(|name| MEASURES.iter().all(|measure| measure.name != name))
        .collect();
    assert!(strange.is_empty(), "{strange:?}");
    let elsewhere = ask(&format!("{public}/metrics")).await.1;
    assert!(
        !elsewhere.contains("mainstay_build_info"),
        "the public address tells them too"
    );
    service.end().await;
}

/// The measures that are not told, and what is watched of which there is no series.
fn missing(told: &str) -> Vec<String> {
    let mut missing: Vec<String> = MEASURES
        .iter()
        .filter(|measure| !told.contains(&format!("\n{}", measure.name)))
        .map(|measure| measure.name.to_owned())
        .collect();
    for expression in watched() {
        let selectors = Selector::all_of(&expression);
        assert!(
            !selectors.is_empty() || expression.starts_with("up{"),
            "{expression}"
        );
        for selector in selectors {
            if !told.lines().any(|line| selector.selects(line)) {
                missing.push(format!("{selector:?} of {expression}"));
            }
        }
    }
    missing
}

async fn ask(url: &str) -> (u16, String) {
    let answer = reqwest::get(url).await.expect("an answer");
    let status = answer.status().as_u16();
    (status, answer.text().await.expect("a text"))
}

/// A mail that becomes a ticket, whose clocks then fall due, and a transaction that fails.
async fn make_traffic(service: &RunningService, clock: &SimulatedClock) {
    let (app, machine) = (&service.app, Caller::machine());
    let pack = mainstay_policy::builtin("mainstay").expect("a pack");
    let applied = app.apply_policy(&machine, &pack, "test").await;
    applied.expect("a pack that can be applied");
    let account = app.create_account(&machine, |account| {
        account.name = "Acme".to_owned();
        account.domains = vec!["customer.example".to_owned()];
    });
    let account = account.await.expect("an account").id;
    let contract = app.create_contract(&machine, account, |contract| {
        contract.tier = "Enterprise".into();
        contract.starts_on = "2026-01-01".parse().expect("a date");
    });
    contract.await.expect("a contract");
    let source = "imap:casey@customer.example";
    let mail = app.receive_mail(&machine, MAIL.to_vec(), source, app.now());
    let mail = mail.await.expect("a mail");
    app.file_received(mail.id).await.expect("a filed mail");
    let nothing = app.resend(&machine, app.new_id(app.now())).await;
    assert!(nothing.is_err(), "there is no mail to be sent again");
    clock.advance(SignedDuration::from_hours(72));
    for job in 0.. {
        let (reader, now) = (app.store().read(), app.now());
        let standing = due::standing(&reader, now, now).await.expect("a store");
        let ledger = TimeRange::default();
        let missed = mainstay_store::ledger::count_of_kind(&reader, "clock_missed", ledger).await;
        if standing.overdue == 0 && missed.expect("a store") > 0 {
            return;
        }
        assert!(job < 3000, "nothing falls due");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
