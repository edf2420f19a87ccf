//! Files that are wrong: packs and tables.

use std::fs;

use serde_json::{Value, json};

use crate::house::{House, refused, run};

#[test]
fn a_pack_with_a_typo_is_pointed_at_and_what_is_in_force_stays() {
    let house = House::open(&[]);
    let before = house.get("/policy").json();
    let pack = house.folder.path().join("pack");
    fs::create_dir(&pack).expect("a folder");
    let text = "name = \"ours\"\ntitel = \"Ours\"\nversion = \"1\"\ndescription = \"d\"\ndefault_calendar = \"office\"\n";
    fs::write(pack.join("pack.toml"), text).expect("a file");
    let path = pack.display().to_string();
    for command in ["check", "apply"] {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_mainstay"))
            .args(["policy", command, &path, "--data"])
            .arg(house.folder.path())
            .output()
            .expect("the program starts");
        let told = refused(&output);
        assert!(told.contains("--> pack.toml:2:1"), "{told}");
        assert!(told.contains("did you mean `title`?"), "{told}");
    }
    let told = house.ask(
        "POST",
        "/policy/versions",
        &json!({"files": {"pack.toml": text}, "note": "ours"}),
    );
    assert_eq!(told.status, 422, "{told:?}");
    assert!(told.body.contains("did you mean `title`?"), "{told:?}");
    assert_eq!(house.get("/policy").json()["version"], before["version"]);
}

#[test]
fn a_table_with_broken_quotes_is_told_line_by_line_and_the_good_rows_come_in() {
    let house = House::closed();
    let folder = house.folder.path();
    let map = r#"
        name = "ours"
        description = "Ours"
        format = "csv"
        time_zone = "UTC"
        date_formats = ["rfc3339"]
        [ticket]
        external_id = "{id}"
        subject = "{subject}"
        opened_at = "{opened}"
        [account]
        name = "Acme"
        [contact]
        name = "Eva"
        [status]
        from = "{status}"
        [status.values]
        open = "open"
        [severity]
        from = "{severity}"
        [severity.values]
        low = "P4"
    "#;
    fs::write(folder.join("map.toml"), map).expect("a file");
    let table = "id,subject,opened,status,severity\n\
        1,\"All is well\",2026-01-05T09:00:00Z,open,low\n\
        2,\"Never closed,2026-01-05T10:00:00Z,open,low\n\
        3,\"Fine \"in the\" middle\",2026-01-05T11:00:00Z,open,low\n\
        4,Well again,2026-01-05T12:00:00Z,open,low\n";
    fs::write(folder.join("table.csv"), table).expect("a file");
    let import = ["import", "tickets", "table.csv", "--map", "map.toml"];
    let output = run(
        folder,
        &[&import[..], &["--json", "--rejected", "rejected.csv"]].concat(),
    );
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{said}"));
    let rejected = fs::read_to_string(folder.join("rejected.csv")).expect("a file");
    assert_eq!(report["rejected"], 2, "{rejected}");
    for line in ["3", "4"] {
        let mut told = rejected.lines();
        let told = told.find(|told| told.split(',').nth(1) == Some(line));
        assert!(
            told.is_some_and(|told| told.contains("quote")),
            "{rejected}"
        );
    }
    assert_eq!(report["imported"], 2, "{report}");
}
