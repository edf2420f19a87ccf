//! Promises about the service.

use mainstay_policy::to_json;
use serde_json::{Value, json};

use crate::{list, pack, shown};

/// Tier, percent, allowance in seconds a month, credit in percent.
type Uptime = (&'static str, f64, f64, Option<f64>);

#[test]
fn uptime_is_that_of_the_frameworks() {
    let scaling: &[Uptime] = &[
        ("Enterprise", 99.99, 4.38 * 60.0, Some(25.0)),
        ("Professional", 99.9, 43.8 * 60.0, Some(15.0)),
        ("Standard", 99.5, 3.65 * 3600.0, Some(10.0)),
        ("Starter", 99.0, 7.3 * 3600.0, Some(5.0)),
    ];
    // 002 names no downtime: 0.05%, 0.1% and 0.2% of 730 hours.
    let success: &[Uptime] = &[
        ("Enterprise Elite", 99.95, 1314.0, None),
        ("Enterprise Premium", 99.9, 2628.0, None),
        ("Enterprise Standard", 99.8, 5256.0, None),
    ];
    // 003 names hours a year.
    let service: &[Uptime] = &[
        ("Enterprise", 99.95, 4.38 * 3600.0 / 12.0, None),
        ("Premium", 99.9, 8.76 * 3600.0 / 12.0, None),
        ("Standard", 99.5, 43.8 * 3600.0 / 12.0, None),
    ];
    for (name, rows) in [
        ("client-scaling", scaling),
        ("client-success", success),
        ("service-support", service),
        ("premium-support", &[]),
        ("customer-operations", &[]),
    ] {
        let shown = to_json(&pack(name));
        let found: Vec<&Value> = shown["commitments"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|entry| entry["name"] == "uptime")
            .collect();
        assert_eq!(found.len(), rows.len(), "{name}");
        for (entry, (tier, percent, allowance, credit)) in found.iter().zip(rows) {
            assert_eq!(entry["tier"], *tier);
            assert_eq!(entry["severity"], Value::Null);
            assert_eq!(entry["target_percent"].as_f64(), Some(*percent));
            let seconds = entry["allowance_seconds_per_month"].as_f64().unwrap();
            assert!(
                (seconds - allowance).abs() < 0.001,
                "{name} {tier}: {seconds}"
            );
            assert_eq!(entry["credit_percent"].as_f64(), *credit);
        }
    }
    // The very figure of the table, without a binary fraction's tail.
    let scaling = to_json(&pack("client-scaling"));
    assert!(
        scaling
            .to_string()
            .contains("\"allowance_seconds_per_month\":262.8,")
    );
}

#[test]
fn speed_and_recovery_are_as_the_framework_003_says() {
    let shown = to_json(&pack("service-support"));
    let below = |tier: &str, measure: &str| {
        shown["performance"]
            .as_array()
            .unwrap()
            .iter()
            .find(|promise| promise["tier"] == tier && promise["measure"] == measure)
            .map(|promise| {
                (
                    promise["below_seconds"].as_f64().unwrap(),
                    promise["percentile"].clone(),
                )
            })
            .unwrap()
    };
    for (tier, api, database, external, assessment) in [
        ("Standard", 5.0, 0.5, 10.0, 30.0),
        ("Premium", 2.0, 0.2, 5.0, 10.0),
        ("Enterprise", 1.0, 0.1, 2.0, 5.0),
    ] {
        assert_eq!(below(tier, "api_response_time"), (api, json!(95)));
        assert_eq!(below(tier, "database_query_time"), (database, json!(95)));
        assert_eq!(
            below(tier, "external_api_response_time"),
            (external, json!(95))
        );
        assert_eq!(
            below(tier, "risk_assessment_processing_time"),
            (assessment, json!(95))
        );
    }
    assert_eq!(
        shown["recovery"],
        json!([
            { "tier": "Enterprise", "recovery_time_seconds": 7200, "data_loss_seconds": 1800 },
            { "tier": "Premium", "recovery_time_seconds": 14400, "data_loss_seconds": 3600 },
            { "tier": "Standard", "recovery_time_seconds": 28800, "data_loss_seconds": 14400 },
        ])
    );
}

#[test]
fn speed_is_as_the_framework_002_says() {
    let shown = shown("client-success");
    let found: Vec<Value> = list(&shown, "performance")
        .iter()
        .map(|promise| {
            json!([
                promise["tier"],
                promise["measure"],
                promise["below_seconds"]
            ])
        })
        .collect();
    // <200ms, <300ms, <400ms.
    assert_eq!(
        json!(found),
        json!([
            ["Enterprise Elite", "response_time", 0.2],
            ["Enterprise Premium", "response_time", 0.3],
            ["Enterprise Standard", "response_time", 0.4],
        ])
    );
}
