//! What can be seen from outside, and that what is made of it names nothing that is not there.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use mainstay_app::measure::{MEASURES, MeasureKind};
use mainstay_server::service::Service;
use mainstay_server::settings::{Reader, Settings};
use mainstay_server::time::WallClock;
use tokio_util::sync::CancellationToken;

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
    let dashboard: serde_json::Value =
        serde_json::from_str(&file("ops/grafana.json")).expect("a dashboard in JSON");
    assert_eq!(named(&dashboard.to_string()), known, "everything is drawn");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_tells_what_it_measures() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let folder = tempfile::tempdir().expect("a folder");
    let text = format!(
        "data = {:?}\n[http]\nlisten = \"127.0.0.1:0\"\n[metrics]\nlisten = \"127.0.0.1:0\"\n",
        folder.path()
    );
    let given = Some((Path::new("mainstay.toml"), text.as_str()));
    let reader = Reader::new(given, BTreeMap::new(), BTreeMap::new()).expect("settings");
    let settings = Settings::read(reader).expect("settings");
    let service = Service::start(settings, Arc::new(WallClock))
        .await
        .expect("a service");
    let app = service.app().clone();
    let public = format!("http://{}", service.address());
    let address = service.metrics_address().expect("an address for metrics");
    let stop = CancellationToken::new();
    let running = tokio::spawn(service.run(stop.clone()));

    let mail = app
        .receive_mail(
            &mainstay_app::Caller::machine(),
            MAIL.to_vec(),
            "imap:casey@customer.example",
            app.now(),
        )
        .await
        .expect("a mail");
    app.file_received(mail.id).await.expect("a filed mail");
    let client = reqwest::Client::new();
    let ask = async |url: String| {
        let answer = client.get(url).send().await.expect("an answer");
        (
            answer.status().as_u16(),
            answer.text().await.expect("a text"),
        )
    };
    assert_eq!(ask(format!("{public}/api/v1/tickets/7")).await.0, 401);
    assert_eq!(
        ask(format!("{public}/nowhere/casey@customer.example"))
            .await
            .0,
        200
    );

    let (status, told) = ask(format!("http://{address}/metrics")).await;
    assert_eq!(status, 200, "{told}");
    for line in [
        "mainstay_mail_received_total{source=\"imap\"} 1",
        "mainstay_http_problems_total{kind=\"unauthorised\"} 1",
        "mainstay_live_listeners 0",
        "mainstay_queue_dead_jobs{kind=\"send_mail\"} 0",
    ] {
        assert!(told.contains(line), "{line} is missing:\n{told}");
    }
    let route = "route=\"/api/v1/tickets/{id}\",status=\"4xx\"";
    assert!(told.contains(route), "{told}");
    for measure in MEASURES {
        // What was counted never yet is not told; what stands in the store always is.
        if measure.kind == MeasureKind::Gauge {
            assert!(
                told.contains(&format!("\n{}", measure.name)),
                "{}",
                measure.name
            );
        }
    }
    assert!(!told.contains("casey"), "{told}");
    let strange: Vec<_> = named(&told)
        .into_iter()
        .filter(|name| MEASURES.iter().all(|measure| measure.name != name))
        .collect();
    assert!(strange.is_empty(), "{strange:?}");
    let elsewhere = ask(format!("{public}/metrics")).await.1;
    assert!(
        !elsewhere.contains("mainstay_build_info"),
        "the public address tells them too"
    );
    stop.cancel();
    running.await.expect("no panic").expect("an end in order");
}
