//! Filling a store to measure by.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

fn load(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_mainstay"))
        .args(["bench", "load", "--json", "--data"])
        .arg(folder)
        .args(arguments)
        .output()
        .expect("the program starts")
}

fn told(output: &Output) -> Value {
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).expect("one JSON object")
}

#[test]
fn a_store_holds_what_was_asked_for_and_is_filled_once() {
    let folder = tempfile::tempdir().unwrap();
    let asked = [
        "--tickets",
        "120",
        "--open",
        "40",
        "--due",
        "10",
        "--due-in",
        "20m",
    ];
    let made = told(&load(folder.path(), &asked));
    assert_eq!(made["tickets"], 120);
    let running = made["running_clocks"].as_u64().unwrap();
    assert!((2 * 50..=3 * 50).contains(&running), "{made}");
    assert!(made["token"].as_str().unwrap().starts_with("mst_"));
    let again = load(folder.path(), &asked);
    assert!(!again.status.success());
    let error = String::from_utf8_lossy(&again.stderr);
    assert!(error.contains("a sample needs an empty one"), "{error}");
}

#[test]
fn more_open_tickets_than_there_are_to_be_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let refused = load(folder.path(), &["--tickets", "10", "--open", "11"]);
    assert!(!refused.status.success());
    let error = String::from_utf8_lossy(&refused.stderr);
    assert!(
        error.contains("ask for more tickets, or for fewer open ones"),
        "{error}"
    );
}
