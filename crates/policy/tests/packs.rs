//! The packs that come with the program are sound.

use std::collections::BTreeSet;

use mainstay_policy::{Pack, builtin, builtin_names, schema_files, to_json, to_text};

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

#[test]
fn the_default_pack_promises_every_tier_and_severity_a_response_and_a_resolution() {
    let shown = to_json(&pack("mainstay"));
    let entries = shown["commitments"].as_array().unwrap();
    for commitment in [
        "first_response",
        "next_response",
        "resolution",
        "hand_over",
        "hand_over_engineering",
    ] {
        let count = entries
            .iter()
            .filter(|entry| entry["name"] == commitment)
            .count();
        assert_eq!(count, 16, "{commitment}");
    }
}
