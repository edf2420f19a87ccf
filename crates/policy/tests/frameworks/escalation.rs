//! Levels and ladders.

use mainstay_policy::to_json;
use serde_json::{Value, json};

use crate::{list, pack, shown};

#[test]
fn levels_resolve_the_shares_of_the_framework_000() {
    let shown = to_json(&pack("client-scaling"));
    let shares: Vec<&Value> = shown["levels"]
        .as_array()
        .unwrap()
        .iter()
        .map(|level| &level["target_share_percent"])
        .collect();
    assert_eq!(shares, [&json!(70), &json!(90), &Value::Null]);
    assert_eq!(shown["levels"][2]["times"][0]["within_seconds"], 86_400);
}

#[test]
fn escalation_levels_respond_as_the_frameworks_say() {
    let responses = |name: &str, ladder: &str| -> Vec<(u64, Option<u64>)> {
        let shown = to_json(&pack(name));
        let ladders = shown["escalation"].as_array().unwrap();
        let ladder = ladders
            .iter()
            .find(|entry| entry["name"] == ladder)
            .unwrap();
        ladder["steps"]
            .as_array()
            .unwrap()
            .iter()
            .map(|step| {
                (
                    step["level"].as_u64().unwrap(),
                    step["respond_within_seconds"].as_u64(),
                )
            })
            .collect()
    };
    // 001, Escalation Matrix: immediate, 30 minutes, 1 hour, 2 hours, 4 hours.
    assert_eq!(
        responses("premium-support", "escalation-matrix"),
        [
            (1, Some(0)),
            (2, Some(1800)),
            (3, Some(3600)),
            (4, Some(7200)),
            (5, Some(14_400))
        ]
    );
    // 003, Escalation Levels: up to 1, 4, 8 and 24 hours.
    assert_eq!(
        responses("service-support", "escalation-levels"),
        [
            (1, Some(3600)),
            (2, Some(14_400)),
            (3, Some(28_800)),
            (4, Some(86_400))
        ]
    );
    // 002, Support Tier Structure: critical and standard issues.
    let critical = responses("client-success", "critical");
    assert_eq!(
        critical
            .into_iter()
            .filter_map(|(level, seconds)| Some((level, seconds?)))
            .collect::<Vec<_>>(),
        [(1, 900), (2, 1800), (3, 3600)]
    );
    let standard = responses("client-success", "standard");
    assert_eq!(
        standard
            .into_iter()
            .filter_map(|(level, seconds)| Some((level, seconds?)))
            .collect::<Vec<_>>(),
        [(1, 3600), (2, 7200), (3, 14_400)]
    );
}

/// The times of every level: from (where it is a range) and within, in seconds.
fn times(name: &str) -> Value {
    let shown = shown(name);
    let levels = list(&shown, "levels").iter().map(|level| {
        let times = level["times"].as_array().into_iter().flatten();
        let times = times.map(|time| json!([time["from_seconds"], time["within_seconds"]]));
        times.collect::<Vec<_>>()
    });
    json!(levels.collect::<Vec<_>>())
}

#[test]
fn levels_respond_as_the_frameworks_say() {
    // 003, Escalation Levels: immediate to 1 hour, 1-4, 4-8, 8-24 hours.
    assert_eq!(
        times("service-support"),
        json!([
            [[0, 3600]],
            [[3600, 14_400]],
            [[14_400, 28_800]],
            [[28_800, 86_400]]
        ])
    );
    // 002, Support Tier Structure: 15 minutes and 1 hour, 30 minutes and 2 hours, 1 and 4 hours.
    assert_eq!(
        times("client-success"),
        json!([
            [[null, 900], [null, 3600]],
            [[null, 1800], [null, 7200]],
            [[null, 3600], [null, 14_400]],
        ])
    );
    // 004, Escalation Path: unresolved 24h.
    assert_eq!(
        times("customer-operations"),
        json!([[], [[null, 86_400]], [], [], []])
    );
    let operations = shown("customer-operations");
    let unresolved: Vec<&Value> = list(&operations, "escalation")
        .iter()
        .flat_map(|ladder| list(ladder, "triggers"))
        .filter(|trigger| trigger["on"] == "unresolved")
        .map(|trigger| &trigger["after_seconds"])
        .collect();
    assert_eq!(unresolved, [86_400, 86_400]);
}

#[test]
fn nobody_is_woken_by_the_words_of_a_stranger() {
    for name in mainstay_policy::builtin_names() {
        let shown = shown(name);
        for trigger in list(&shown, "escalation")
            .iter()
            .flat_map(|ladder| list(ladder, "triggers"))
        {
            let on = trigger["on"].as_str().expect("a word");
            let by_words = [
                "severity_is",
                "security_incident",
                "data_breach",
                "data_loss",
            ];
            if by_words.contains(&on) {
                assert_eq!(trigger["when"], "of a known account", "{name}: {trigger}");
            }
        }
    }
}
