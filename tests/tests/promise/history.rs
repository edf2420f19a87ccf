//! A real log of incidents, brought in beside the service that runs.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};

use crate::house::House;

/// How many rows of the log are brought in.
const ROWS: usize = 400;

/// The beginning of the log, with whole incidents only; nothing where it is not at hand.
fn slice() -> Option<String> {
    let Some(folder) = std::env::var_os("MAINSTAY_TEST_DATA") else {
        assert!(
            std::env::var_os("MAINSTAY_REQUIRE_ALL").is_none(),
            "MAINSTAY_TEST_DATA is not set, and MAINSTAY_REQUIRE_ALL=1 wants every test run"
        );
        println!("skipped: set MAINSTAY_TEST_DATA to the folder that holds `tickets`");
        return None;
    };
    let path = PathBuf::from(folder).join("tickets/incident_event_log.csv.gz");
    let file = std::fs::File::open(path).expect("the log");
    let lines = BufReader::new(flate2::read::GzDecoder::new(file)).lines();
    let mut rows: Vec<String> = lines.take(ROWS).map(|line| line.expect("text")).collect();
    let number = |row: &String| row.split(',').next().unwrap_or_default().to_owned();
    // The last incident may be cut.
    let last = rows.last().map(number);
    rows.retain(|row| Some(number(row)) != last);
    Some(rows.join("\n"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_of_incidents_comes_in_once_and_explains_itself() {
    let Some(log) = slice() else { return };
    let Some(house) = House::open().await else {
        return;
    };
    let numbers = log.lines().skip(1).filter_map(|row| row.split(',').next());
    let incidents: std::collections::BTreeSet<&str> = numbers.collect();
    let file = house.keeps("log.csv", log.as_bytes());
    let map = Path::new(env!("CARGO_MANIFEST_DIR")).join("../maps/servicenow-incidents.toml");
    let map = map.to_str().expect("a path");
    let import = ["import", "tickets", &file, "--map", map, "--json"];
    let report = house.told(&import).await;
    house.rests().await;
    assert_eq!(report["imported"], incidents.len(), "{report}");
    assert_eq!(report["rejected"], 0, "{report}");
    let again = house.told(&import).await;
    assert_eq!(
        (&again["imported"], &again["known"]),
        (&0.into(), &incidents.len().into()),
        "{again}"
    );

    let found = house.get("/tickets?limit=1&sort=number").await;
    let number = found["items"][0]["number"].to_string();
    let told = house
        .runs(&["clock", "explain", &number, "resolution"], b"")
        .await;
    let told = String::from_utf8(told.stdout).expect("text");
    assert!(told.contains("in all"), "{told}");
    // Bringing history in tells nobody of it.
    assert!(house.inbox("ana").await.is_empty());
    house.close().await;
}
