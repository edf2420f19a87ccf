//! Calendar arithmetic against figures that other people's libraries computed, read as `mainstay calendar run` reads them.
//!
//! The figures come from the tests of published business-time libraries (`spec_vectors`) and from running several of them
//! on random calendars (`generated_*`). Where libraries differ on a duration that ends exactly at a window's edge, ours
//! must always be the closing instant (adding) or the opening instant (subtracting).

use std::fs;
use std::path::Path;

use mainstay_server::command::calendar::vectors::VectorFile;
use serde_json::Value;

#[test]
fn published_tests_hold() {
    check_file("spec_vectors.json", 79);
}

#[test]
fn figures_that_three_libraries_agree_on_hold() {
    check_file("generated_agree.json", 1259);
}

#[test]
fn figures_that_two_of_three_libraries_agree_on_hold() {
    check_file("generated_majority.json", 18);
}

fn check_file(name: &str, count: usize) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("data/calendar")
        .join(name);
    let bytes = fs::read(path).expect("the figures lie beside the test");
    let file = VectorFile::parse(&bytes).expect("the file is in the format");
    let wrong: Vec<_> = file
        .cases()
        .iter()
        .zip(file.outcomes())
        .filter_map(|(case, outcome)| complaint(case, &outcome.result))
        .collect();
    assert_eq!(file.cases().len(), count);
    assert!(
        wrong.is_empty(),
        "{} of {count} cases are wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

/// What is wrong with an answer, if anything is.
fn complaint(case: &Value, result: &Result<Value, String>) -> Option<String> {
    let id = &case["id"];
    match (case.get("expect_error"), result) {
        (Some(_), Err(_)) => None,
        (Some(reason), Ok(answer)) => Some(format!(
            "{id}: expected a refusal ({reason}), found {answer}"
        )),
        (None, Err(error)) => Some(format!("{id}: {error}")),
        (None, Ok(answer)) => {
            let expected = expected_edge(case);
            (expected != *answer).then(|| format!("{id}: expected {expected}, found {answer}"))
        }
    }
}

/// The one answer we accept. At a boundary it is the edge next to the counted open time: the earlier of the possible
/// instants when adding, the later when subtracting.
fn expected_edge(case: &Value) -> Value {
    let mut candidates = vec![case["expect"].clone()];
    if case.get("boundary") == Some(&Value::Bool(true)) {
        candidates.extend(case["also_ok"].as_array().into_iter().flatten().cloned());
    }
    // Instants in UTC with equal precision sort as texts.
    let by_text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    candidates.sort_by_key(by_text);
    if case["op"] == "subtract" {
        candidates.reverse();
    }
    candidates.swap_remove(0)
}
