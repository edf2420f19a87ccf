//! Tiers, and the people behind them.

use mainstay_policy::to_json;
use serde_json::{Value, json};

use crate::{list, pack, shown};

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
fn the_team_of_the_framework_001_has_its_size() {
    let shown = shown("premium-support");
    let found: Vec<Value> = list(&shown, "roles")
        .iter()
        .filter(|role| !role["headcount"].is_null())
        .map(|role| {
            json!([
                role["name"],
                role["headcount"]["min"],
                role["headcount"]["max"]
            ])
        })
        .collect();
    // Team Composition: 1, 2-4, 4-6 and 1-2 people.
    assert_eq!(
        json!(found),
        json!([
            ["enterprise_support_manager", 1, 1],
            ["account_support_manager", 2, 4],
            ["enterprise_support_engineer", 4, 6],
            ["solutions_architect", 1, 2],
        ])
    );
}

#[test]
fn channels_are_those_of_the_frameworks() {
    let severities = shown("customer-operations");
    let found: Vec<&Value> = list(&severities, "severities")
        .iter()
        .map(|severity| &severity["channels"])
        .collect();
    // 5.1: Phone/Email, then Email/Portal.
    let by_mail = json!(["email", "portal"]);
    assert_eq!(
        found,
        [&json!(["phone", "email"]), &by_mail, &by_mail, &by_mail]
    );
    // 000, Support Channels: chat from Professional on, phone and Slack for Enterprise only.
    let tiers = shown("client-scaling");
    let channels: Vec<Value> = list(&tiers, "tiers")
        .iter()
        .map(|tier| tier["entitlements"]["channels"].clone())
        .collect();
    assert_eq!(
        json!(channels),
        json!([
            ["email", "portal", "chat", "phone", "slack"],
            ["email", "portal", "chat"],
            ["email", "portal"],
            ["email", "portal"],
        ])
    );
    // 000, Reporting Frequency.
    let reporting: Vec<Value> = list(&tiers, "tiers")
        .iter()
        .map(|tier| tier["entitlements"]["reporting"].clone())
        .collect();
    assert_eq!(
        json!(reporting),
        json!([
            ["weekly", "monthly"],
            ["monthly"],
            ["quarterly"],
            ["annual"]
        ])
    );
}
