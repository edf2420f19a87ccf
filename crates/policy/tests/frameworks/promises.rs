//! Promises about tickets.

use std::collections::BTreeSet;

use mainstay_policy::to_json;

use crate::pack;

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
    // Tiered Support Structure, level 3: critical bugs < 24 hours
    ("Enterprise", "bug_fix", [24 * HOUR, 0, 0, 0]),
    ("Professional", "bug_fix", [24 * HOUR, 0, 0, 0]),
    ("Standard", "bug_fix", [24 * HOUR, 0, 0, 0]),
    ("Starter", "bug_fix", [24 * HOUR, 0, 0, 0]),
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
    // Support Tier Structure: critical and standard issues
    (
        "Enterprise Elite",
        "hand_over_help_desk",
        [15 * MINUTE, HOUR, HOUR, HOUR],
    ),
    (
        "Enterprise Elite",
        "hand_over_technical_support",
        [30 * MINUTE, 2 * HOUR, 2 * HOUR, 2 * HOUR],
    ),
    (
        "Enterprise Elite",
        "hand_over_engineering",
        [HOUR, 4 * HOUR, 4 * HOUR, 4 * HOUR],
    ),
    (
        "Enterprise Premium",
        "hand_over_help_desk",
        [15 * MINUTE, HOUR, HOUR, HOUR],
    ),
    (
        "Enterprise Premium",
        "hand_over_technical_support",
        [30 * MINUTE, 2 * HOUR, 2 * HOUR, 2 * HOUR],
    ),
    (
        "Enterprise Premium",
        "hand_over_engineering",
        [HOUR, 4 * HOUR, 4 * HOUR, 4 * HOUR],
    ),
    (
        "Enterprise Standard",
        "hand_over_help_desk",
        [15 * MINUTE, HOUR, HOUR, HOUR],
    ),
    (
        "Enterprise Standard",
        "hand_over_technical_support",
        [30 * MINUTE, 2 * HOUR, 2 * HOUR, 2 * HOUR],
    ),
    (
        "Enterprise Standard",
        "hand_over_engineering",
        [HOUR, 4 * HOUR, 4 * HOUR, 4 * HOUR],
    ),
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
    // Escalation Levels: the upper ends of 0-1, 1-4, 4-8 and 8-24 hours
    ("Enterprise", "hand_over_first_line", [HOUR; 4]),
    ("Enterprise", "hand_over_technical_support", [4 * HOUR; 4]),
    ("Enterprise", "hand_over_engineering", [8 * HOUR; 4]),
    ("Enterprise", "hand_over_executive", [24 * HOUR; 4]),
    ("Premium", "hand_over_first_line", [HOUR; 4]),
    ("Premium", "hand_over_technical_support", [4 * HOUR; 4]),
    ("Premium", "hand_over_engineering", [8 * HOUR; 4]),
    ("Premium", "hand_over_executive", [24 * HOUR; 4]),
    ("Standard", "hand_over_first_line", [HOUR; 4]),
    ("Standard", "hand_over_technical_support", [4 * HOUR; 4]),
    ("Standard", "hand_over_engineering", [8 * HOUR; 4]),
    ("Standard", "hand_over_executive", [24 * HOUR; 4]),
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

/// What a team must do with what it is handed is counted only while the ticket lies with that team.
#[test]
fn promises_of_teams_hold_for_their_teams() {
    for (name, teams) in [
        ("client-scaling", vec!["Engineering"]),
        (
            "client-success",
            vec![
                "Enterprise Help Desk",
                "Technical Support Specialists",
                "Senior Technical Engineers",
            ],
        ),
        (
            "service-support",
            vec![
                "First Line Support",
                "Technical Support",
                "Engineering",
                "Executive",
            ],
        ),
        ("mainstay", vec!["Engineering", "Engineering", "Support"]),
    ] {
        let pack = pack(name);
        let named: Vec<&str> = pack.teams.iter().map(|(team, _)| team.as_str()).collect();
        assert_eq!(named, teams, "{name}");
        assert_eq!(pack.unknown_teams(&teams), []);
        assert_eq!(pack.unknown_teams(&[]).len(), teams.len());
    }
}
