//! `mainstay policy` as scripts and people meet it: what it prints, and with which code it ends.

use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::Value;

fn mainstay(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_mainstay"))
        .arg("policy")
        .args(arguments)
        .output()
        .expect("the program starts")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A folder under the build's own, with a pack in it.
fn folder(name: &str, pack: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&folder).expect("the folder can be made");
    std::fs::write(folder.join("pack.toml"), pack).expect("the pack can be written");
    folder
}

#[test]
fn a_sound_pack_ends_with_nothing_wrong() {
    let output = mainstay(&["check", "mainstay"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(text(&output.stdout).ends_with("sound\n"));
}

#[test]
fn a_single_file_is_no_pack_and_the_folder_is_named() {
    let folder = folder("single", "name = \"x\"\n");
    let file = folder.join("pack.toml");
    let output = mainstay(&["check", file.to_str().expect("a path in UTF-8")]);
    assert_eq!(output.status.code(), Some(1));
    let told = text(&output.stderr);
    assert!(told.contains("is a file, and a pack is a folder"), "{told}");
    assert!(told.contains(&folder.display().to_string()), "{told}");
}

#[test]
fn a_wrong_pack_ends_with_1_and_points_at_every_mistake() {
    let folder = folder(
        "wrong",
        "name = \"x\"\ntitel = \"X\"\ndefault_calendar = \"y\"\n",
    );
    let path = folder.to_str().expect("a path in UTF-8");
    let output = mainstay(&["check", path]);
    assert_eq!(output.status.code(), Some(1));
    let told = text(&output.stderr);
    for part in [
        "--> pack.toml:2:1",
        "did you mean `title`?",
        "no `version`",
        "no `description`",
        "4 errors",
    ] {
        assert!(told.contains(part), "{part} is not in {told}");
    }
    let output = mainstay(&["check", path, "--json"]);
    assert_eq!(output.status.code(), Some(1));
    let told: Value = serde_json::from_slice(&output.stdout).expect("one JSON value");
    assert_eq!(told["sound"], false);
    let problem = told["problems"]
        .as_array()
        .and_then(|problems| problems.iter().find(|problem| problem["line"] == 2))
        .expect("the misspelt key is reported");
    assert_eq!(problem["column"], 1);
    assert_eq!(problem["file"], "pack.toml");
    assert_eq!(problem["level"], "error");
}

#[test]
fn a_pack_that_is_not_there_is_told_with_those_that_are() {
    let output = mainstay(&["show", "nowhere"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("client-scaling"));
}

#[test]
fn show_prints_one_json_value_with_the_parts_that_scripts_use() {
    for pack in [
        "client-scaling",
        "premium-support",
        "client-success",
        "service-support",
        "customer-operations",
        "mainstay",
    ] {
        let output = mainstay(&["show", pack, "--json"]);
        assert!(output.status.success(), "{}", text(&output.stderr));
        let shown: Value = serde_json::from_slice(&output.stdout).expect("one JSON value");
        assert_eq!(shown["pack"], pack);
        assert!(shown["version"].is_string());
        for part in ["tiers", "commitments", "escalation"] {
            assert!(
                shown[part].as_array().is_some_and(|part| !part.is_empty()),
                "{pack} has no {part}"
            );
        }
        for entry in shown["commitments"].as_array().into_iter().flatten() {
            assert!(
                entry["tier"].is_string()
                    && entry["name"].is_string()
                    && entry["calendar"].is_string()
            );
        }
    }
}

#[test]
fn diff_and_list_and_schema_speak_json_too() {
    let same = mainstay(&["diff", "mainstay", "mainstay"]);
    assert_eq!(text(&same.stdout), "The packs say the same.\n");
    for arguments in [
        &["diff", "mainstay", "client-scaling", "--json"][..],
        &["list", "--json"],
        &["variables", "--json"],
        &["schema"],
        &["schema", "tiers"],
    ] {
        let output = mainstay(arguments);
        assert!(output.status.success(), "{arguments:?}");
        let value: Result<Value, _> = serde_json::from_slice(&output.stdout);
        assert!(value.is_ok(), "{arguments:?}");
    }
}
