//! `mainstay import` and `mainstay export` as a person types them.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

const FILE: &str = r#"[
  {"id": 1, "subject": "One", "status": "solved", "priority": "high", "organization_id": 4, "requester_id": 2,
   "created_at": "2024-01-05T10:00:00Z", "updated_at": "2024-01-05T11:00:00Z", "description": "Help."},
  {"id": 2, "subject": "Two", "status": "lost", "created_at": "2024-01-05T10:00:00Z"}
]"#;

fn mainstay(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_mainstay"))
        .args(arguments)
        .args(["--data", "data"])
        .current_dir(folder)
        .output()
        .expect("the program starts")
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)))
}

/// What an archive tells.
fn exported(archive: Vec<u8>) -> Value {
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(archive)).expect("an archive");
    let account = archive.by_name("account.json").expect("the account");
    serde_json::from_reader(account).expect("JSON")
}

#[test]
fn tickets_come_in_once_and_go_out_whole() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    std::fs::write(folder.join("tickets.json"), FILE).unwrap();
    let import = [
        "import",
        "tickets",
        "tickets.json",
        "--map",
        "zendesk-tickets",
        "--json",
        "--rejected",
        "rejected.csv",
    ];
    let first = json(&mainstay(folder, &import));
    assert_eq!(
        (&first["imported"], &first["rejected"]),
        (&1.into(), &1.into())
    );
    let rejected = std::fs::read_to_string(folder.join("rejected.csv")).unwrap();
    assert!(
        rejected.starts_with("row,line,external_id,outcome,reason\n2,,2,rejected,\"unknown status"),
        "{rejected}"
    );
    let again = json(&mainstay(folder, &import));
    assert_eq!(
        (&again["imported"], &again["known"]),
        (&0.into(), &1.into())
    );

    let account = exported(mainstay(folder, &["export", "4"]).stdout);
    assert_eq!(account["tickets"][0]["messages"][0]["text"], "Help.");
    let written = mainstay(
        folder,
        &["export", "Zendesk organisation 4", "--out", "account.zip"],
    );
    assert!(written.status.success());
    let file = exported(std::fs::read(folder.join("account.zip")).unwrap());
    assert_eq!(file["tickets"], account["tickets"]);
    assert!(!mainstay(folder, &["export", "nobody"]).status.success());
}

#[test]
fn what_cannot_be_brought_in_leaves_the_store_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    std::fs::write(folder.join("broken.json"), &FILE[..100]).unwrap();
    std::fs::write(folder.join("tickets.json"), FILE).unwrap();
    let broken = mainstay(
        folder,
        &[
            "import",
            "tickets",
            "broken.json",
            "--map",
            "zendesk-tickets",
        ],
    );
    let told = String::from_utf8(broken.stderr).unwrap();
    assert!(
        !broken.status.success() && told.contains("broken.json: the file is not JSON"),
        "{told}"
    );
    assert!(!folder.join("data").exists(), "no store was made");
    let check = [
        "import",
        "tickets",
        "tickets.json",
        "--map",
        "zendesk-tickets",
        "--check",
        "--json",
    ];
    let checked = json(&mainstay(folder, &check));
    assert_eq!(
        (&checked["tickets"], &checked["imported"]),
        (&1.into(), &0.into())
    );
    assert!(!folder.join("data").exists(), "no store was made");
    let misfit = [
        "import",
        "tickets",
        "tickets.json",
        "--map",
        "zendesk-tickets",
        "--pack",
        "premium-support",
    ];
    let told = String::from_utf8(mainstay(folder, &misfit).stderr).unwrap();
    // Neither has put a policy in force, so another pack may still be chosen.
    let other = [
        "import",
        "tickets",
        "tickets.json",
        "--map",
        "zendesk-tickets",
        "--pack",
        "mainstay",
        "--json",
    ];
    let report = mainstay(folder, &other);
    assert!(
        told.contains("--tier") || json(&report)["known"] == 1,
        "{told}"
    );
    assert!(
        report.status.success(),
        "{}",
        String::from_utf8_lossy(&report.stderr)
    );
}
