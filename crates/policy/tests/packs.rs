//! The packs that come with the program: they are sound, and they say what the frameworks say.

use std::collections::BTreeSet;

use mainstay_policy::{Pack, builtin, builtin_names, schema_files, to_json, to_text};
use serde_json::{Value, json};

fn pack(name: &str) -> Pack {
    let source = builtin(name).expect("a pack that comes with the program");
    mainstay_policy::load(&source).unwrap_or_else(|refusal| {
        let text: Vec<String> = refusal
            .problems
            .iter()
            .map(|problem| problem.render(&source))
            .collect();
        panic!("{}", text.join("\n"))
    })
}

const PACKS: [&str; 6] = [
    "client-scaling",
    "client-success",
    "customer-operations",
    "mainstay",
    "premium-support",
    "service-support",
];

#[test]
fn every_pack_is_sound_and_nothing_in_it_is_suspicious() {
    assert_eq!(builtin_names().collect::<Vec<_>>(), PACKS);
    for name in PACKS {
        let pack = pack(name);
        assert_eq!(pack.policy.pack, name);
        assert_eq!(pack.warnings, [], "{name}");
        assert_eq!(pack.digest.len(), 64);
        assert!(to_text(&pack).contains(&pack.policy.title));
    }
}

#[test]
fn every_file_of_a_pack_names_its_schema() {
    for name in PACKS {
        for (file, text) in builtin(name).unwrap().files() {
            let stem = file.trim_end_matches(".toml");
            let first = text.lines().next().unwrap_or_default();
            assert_eq!(
                first,
                format!("#:schema ../schema/{stem}.json"),
                "{name}/{file}"
            );
        }
    }
}

#[test]
fn every_pack_has_every_message_in_three_languages() {
    for name in PACKS {
        let pack = pack(name);
        for (message, _) in mainstay_policy::MESSAGES {
            for language in ["en", "es", "pt"] {
                assert!(
                    pack.policy
                        .templates
                        .iter()
                        .any(|template| template.name.as_str() == *message
                            && template.language == language),
                    "{name} has no {message} in {language}"
                );
            }
        }
    }
}

#[test]
fn the_schemas_in_the_project_are_those_of_the_code() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../packs/schema");
    for (name, text) in schema_files() {
        let path = format!("{folder}/{name}");
        assert!(
            std::fs::read_to_string(&path).unwrap_or_default() == text,
            "{name} is stale: run `mainstay policy schema --out packs/schema`"
        );
    }
    let there: BTreeSet<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    let expected: BTreeSet<String> = schema_files().into_iter().map(|(name, _)| name).collect();
    assert_eq!(there, expected);
}

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// Every promise of the frameworks' tables: tier, commitment, then P1 to P4 (0 where nothing is promised).
type Row = (&'static str, &'static str, [u64; 4]);

const CLIENT_SCALING: &[Row] = &[
    // Response Times
    (
        "Enterprise",
        "first_response",
        [HOUR, 4 * HOUR, 8 * HOUR, 24 * HOUR],
    ),
    (
        "Professional",
        "first_response",
        [4 * HOUR, 8 * HOUR, 24 * HOUR, 72 * HOUR],
    ),
    (
        "Standard",
        "first_response",
        [24 * HOUR, 48 * HOUR, 72 * HOUR, 5 * DAY],
    ),
    // Communication Templates: updates every [30] minutes
    ("Enterprise", "update", [1800, 0, 0, 0]),
    ("Professional", "update", [1800, 0, 0, 0]),
    ("Standard", "update", [1800, 0, 0, 0]),
];

const PREMIUM_SUPPORT: &[Row] = &[
    // SLA Comparison Across Tiers
    (
        "Standard",
        "first_response",
        [4 * HOUR, 8 * HOUR, 24 * HOUR, 0],
    ),
    (
        "Professional",
        "first_response",
        [2 * HOUR, 4 * HOUR, 12 * HOUR, 0],
    ),
    (
        "Enterprise",
        "first_response",
        [HOUR, 2 * HOUR, 4 * HOUR, 0],
    ),
    (
        "Enterprise Plus",
        "first_response",
        [30 * MINUTE, HOUR, 2 * HOUR, 0],
    ),
    ("Standard", "resolution", [24 * HOUR, 72 * HOUR, 0, 0]),
    ("Professional", "resolution", [12 * HOUR, 48 * HOUR, 0, 0]),
    ("Enterprise", "resolution", [8 * HOUR, 24 * HOUR, 0, 0]),
    ("Enterprise Plus", "resolution", [4 * HOUR, 12 * HOUR, 0, 0]),
];

const CLIENT_SUCCESS: &[Row] = &[
    // Tiered Success Management Framework
    ("Enterprise Elite", "first_response", [HOUR; 4]),
    ("Enterprise Premium", "first_response", [2 * HOUR; 4]),
    ("Enterprise Standard", "first_response", [4 * HOUR; 4]),
    // Incident Response Protocol
    (
        "Enterprise Elite",
        "acknowledgement",
        [15 * MINUTE, 0, 0, 0],
    ),
    (
        "Enterprise Premium",
        "acknowledgement",
        [15 * MINUTE, 0, 0, 0],
    ),
    (
        "Enterprise Standard",
        "acknowledgement",
        [15 * MINUTE, 0, 0, 0],
    ),
    // Platform Performance
    ("Enterprise Elite", "resolution", [2 * HOUR, 0, 0, 0]),
    ("Enterprise Premium", "resolution", [2 * HOUR, 0, 0, 0]),
    ("Enterprise Standard", "resolution", [2 * HOUR, 0, 0, 0]),
];

const SERVICE_SUPPORT: &[Row] = &[
    // Support Response SLA
    (
        "Standard",
        "first_response",
        [4 * HOUR, 8 * HOUR, 24 * HOUR, 48 * HOUR],
    ),
    (
        "Premium",
        "first_response",
        [2 * HOUR, 4 * HOUR, 8 * HOUR, 24 * HOUR],
    ),
    (
        "Enterprise",
        "first_response",
        [HOUR, 2 * HOUR, 4 * HOUR, 8 * HOUR],
    ),
];

const CUSTOMER_OPERATIONS: &[Row] = &[
    // 5.1 Ongoing Support Model
    (
        "Enterprise",
        "first_response",
        [HOUR, 4 * HOUR, 24 * HOUR, 48 * HOUR],
    ),
    (
        "Enterprise",
        "resolution",
        [4 * HOUR, 24 * HOUR, 72 * HOUR, 7 * DAY],
    ),
];

#[test]
fn the_promises_are_those_of_the_frameworks_and_no_others() {
    for (name, rows) in [
        ("client-scaling", CLIENT_SCALING),
        ("premium-support", PREMIUM_SUPPORT),
        ("client-success", CLIENT_SUCCESS),
        ("service-support", SERVICE_SUPPORT),
        ("customer-operations", CUSTOMER_OPERATIONS),
    ] {
        let mut expected = BTreeSet::new();
        for (tier, commitment, times) in rows {
            for (severity, seconds) in ["P1", "P2", "P3", "P4"].iter().zip(times) {
                if *seconds > 0 {
                    expected.insert(format!("{tier} {severity} {commitment} {seconds}"));
                }
            }
        }
        let shown = to_json(&pack(name));
        let found: BTreeSet<String> = shown["commitments"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|entry| entry["name"] != "uptime")
            .map(|entry| {
                let text = |key: &str| entry[key].as_str().unwrap().to_owned();
                format!(
                    "{} {} {} {}",
                    text("tier"),
                    text("severity"),
                    text("name"),
                    entry["target_seconds"]
                )
            })
            .collect();
        assert_eq!(found, expected, "{name}");
    }
}

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
fn who_qualifies_is_as_the_frameworks_say() {
    // Tier, least and greatest yearly value, premium in percent, price a month.
    let expected = json!([
        ["client-scaling", "Enterprise", 50000, null, null, null],
        ["client-scaling", "Professional", 10000, 50000, null, null],
        ["client-scaling", "Standard", 2000, 10000, null, null],
        ["client-scaling", "Starter", null, 2000, null, null],
        ["premium-support", "Enterprise Plus", 200000, null, 40, null],
        ["premium-support", "Enterprise", 50000, null, 25, null],
        ["premium-support", "Professional", 10000, null, 15, null],
        ["premium-support", "Standard", null, null, null, null],
        [
            "client-success",
            "Enterprise Elite",
            100000,
            null,
            null,
            null
        ],
        [
            "client-success",
            "Enterprise Premium",
            50000,
            100000,
            null,
            null
        ],
        [
            "client-success",
            "Enterprise Standard",
            25000,
            50000,
            null,
            null
        ],
        ["service-support", "Enterprise", null, null, null, 2000],
        ["service-support", "Premium", null, null, null, 500],
        ["service-support", "Standard", null, null, null, 0],
        ["customer-operations", "Enterprise", null, null, null, null],
    ]);
    let mut found = Vec::new();
    for name in [
        "client-scaling",
        "premium-support",
        "client-success",
        "service-support",
        "customer-operations",
    ] {
        for tier in to_json(&pack(name))["tiers"].as_array().unwrap() {
            let qualification = &tier["qualification"];
            found.push(json!([
                name,
                tier["name"],
                qualification["yearly_value"]["min"],
                qualification["yearly_value"]["max"],
                qualification["price_premium_percent"],
                qualification["monthly_price"],
            ]));
        }
    }
    assert_eq!(Value::Array(found), expected);
}

#[test]
fn users_accounts_and_ratios_are_as_the_frameworks_say() {
    let scaling = to_json(&pack("client-scaling"));
    let bounds = |tier: &Value, key: &str| {
        let range = &tier["qualification"][key];
        json!([range["min"], range["max"]])
    };
    let tiers = scaling["tiers"].as_array().unwrap();
    let users: Vec<Value> = tiers.iter().map(|tier| bounds(tier, "users")).collect();
    let accounts: Vec<Value> = tiers.iter().map(|tier| bounds(tier, "accounts")).collect();
    assert_eq!(
        json!(users),
        json!([[1000, null], [100, 1000], [10, 100], [null, 10]])
    );
    assert_eq!(
        json!(accounts),
        json!([[1, 10], [10, 50], [50, 200], [200, null]])
    );
    let ratio = |name: &str, tier: usize| {
        let shown = to_json(&pack(name));
        shown["tiers"][tier]["entitlements"]["account_manager"]["accounts_per_person"]["max"]
            .clone()
    };
    assert_eq!(ratio("client-scaling", 1), 10);
    assert_eq!(ratio("client-success", 1), 10);
    assert_eq!(ratio("client-success", 2), 15);
    assert_eq!(ratio("premium-support", 0), 30);
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

#[test]
fn support_hours_are_those_of_the_frameworks() {
    let hours = |name: &str| -> Vec<String> {
        let shown = to_json(&pack(name));
        let tiers = shown["tiers"].as_array().unwrap();
        tiers
            .iter()
            .map(|tier| {
                let name = &tier["support_hours"];
                let calendars = shown["calendars"].as_array().unwrap();
                let calendar = calendars
                    .iter()
                    .find(|entry| entry["name"] == *name)
                    .unwrap();
                if calendar["always"] == true {
                    "always".to_owned()
                } else {
                    calendar["weekly"].to_string()
                }
            })
            .collect()
    };
    let week = |hours: &str| {
        let days = ["fri", "mon", "thu", "tue", "wed"];
        let days: Vec<String> = days
            .iter()
            .map(|day| format!("\"{day}\":[[{hours}]]"))
            .collect();
        format!("{{{}}}", days.join(","))
    };
    let nine_to_five = week("\"09:00\",\"17:00\"");
    assert_eq!(
        hours("premium-support"),
        [
            "always".to_owned(),
            week("\"00:00\",\"24:00\""),
            week("\"08:00\",\"22:00\""),
            nine_to_five.clone()
        ]
    );
    assert_eq!(
        hours("service-support"),
        [
            "always".to_owned(),
            week("\"08:00\",\"20:00\""),
            nine_to_five
        ]
    );
}

#[test]
fn the_default_pack_promises_every_tier_and_severity_a_response_and_a_resolution() {
    let shown = to_json(&pack("mainstay"));
    let entries = shown["commitments"].as_array().unwrap();
    for commitment in ["first_response", "next_response", "resolution", "hand_over"] {
        let count = entries
            .iter()
            .filter(|entry| entry["name"] == commitment)
            .count();
        assert_eq!(count, 16, "{commitment}");
    }
}
