//! A store that cannot be written, or not by this program.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Output, Stdio};

use rusqlite::Connection;

use crate::house::{House, refused, run, without_rights};

/// The store, as another program opens it.
fn database(house: &House) -> Connection {
    Connection::open(house.folder.path().join("mainstay.db")).expect("a database")
}

/// What a service says that must not start.
fn does_not_start(command: &mut Command) -> String {
    let output: Output = command
        .stdin(Stdio::null())
        .output()
        .expect("the program starts");
    refused(&output)
}

#[test]
fn a_store_that_is_read_only_is_told_at_the_start_and_left_as_it_is() {
    let house = House::closed();
    let folder = house.folder.path();
    let file = folder.join("mainstay.db");
    let before = fs::read(&file).expect("a store");
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let mode = if path.is_dir() { 0o555 } else { 0o444 };
        fs::set_permissions(path, Permissions::from_mode(mode)).expect("permissions");
    }
    fs::set_permissions(folder, Permissions::from_mode(0o555)).expect("permissions");
    let mut service = house.service(&[]);
    without_rights(&mut service, folder);
    let told = does_not_start(&mut service);
    fs::set_permissions(folder, Permissions::from_mode(0o755)).expect("permissions");
    assert!(
        told.contains("cannot be written") && told.contains("let the user"),
        "{told}"
    );
    assert_eq!(fs::read(&file).expect("a store"), before);
}

#[test]
fn a_full_disk_is_told_and_what_was_acknowledged_is_there() {
    let mut house = House::closed();
    // A file that may not grow any more is to be an error to the program, not its end.
    let trap = "trap '' XFSZ; exec \"$@\"";
    house.serve_by("sh", &["-c", trap, "sh"], &[]);
    let mut kept = vec![house.open_ticket("Before")];
    let limit = |size: &str| {
        let limited = Command::new("prlimit")
            .args(["--pid", &house.process().to_string()])
            .arg(format!("--fsize={size}:unlimited"))
            .status();
        assert!(limited.expect("prlimit").success());
    };
    limit("0");
    let told = house.try_open_ticket("On a full disk");
    assert!(!told.problem(503).is_empty(), "{told:?}");
    house.serves();
    limit("unlimited");
    kept.push(house.open_ticket("After"));
    house.kill();
    house.serve(&[]);
    for id in kept {
        assert_eq!(house.get(&format!("/tickets/{id}")).status, 200);
    }
    assert_eq!(house.get("/tickets/count").json()["tickets"], 2);
}

#[test]
fn a_locked_store_is_told_and_read_on() {
    // Who asks in vain is told after this time, within which all others must be answered.
    let house = House::open(&[("HTTP_REQUEST_TIMEOUT", "10s")]);
    let kept = house.open_ticket("Before");
    let other = database(&house);
    other.execute_batch("BEGIN IMMEDIATE").expect("the lock");
    let told = house.try_open_ticket("In vain");
    assert!(!told.problem(503).is_empty(), "{told:?}");
    assert!(
        told.json()["title"]
            .as_str()
            .expect("a title")
            .contains("just now"),
        "{told:?}"
    );
    assert_eq!(house.get(&format!("/tickets/{kept}")).status, 200);
    other.execute_batch("ROLLBACK").expect("an end");
    house.open_ticket("After");
    assert_eq!(house.get("/tickets/count").json()["tickets"], 2);
}

#[test]
fn a_store_of_a_newer_version_is_told_and_left_as_it_is() {
    let house = House::closed();
    let newer = "
        INSERT INTO seaql_migrations (version, applied_at) VALUES ('9999_flying_cars', 1);
        UPDATE setting SET value = '9999_flying_cars' WHERE name = 'schema_needs';
    ";
    database(&house).execute_batch(newer).expect("done");
    let told = does_not_start(&mut house.service(&[]));
    assert!(
        told.contains("newer version of Mainstay") && told.contains("9999_flying_cars"),
        "{told}"
    );
    let told = refused(&run(house.folder.path(), &["policy", "history"]));
    assert!(told.contains("newer version of Mainstay"), "{told}");
}

/// What is no database is not written over.
#[test]
fn a_store_that_is_no_database_is_told_and_left_as_it_is() {
    let house = House::closed();
    let file = house.folder.path().join("mainstay.db");
    for beside in ["mainstay.db-wal", "mainstay.db-shm"] {
        let _ = fs::remove_file(house.folder.path().join(beside));
    }
    let text = "These are my notes, and no database at all.\n".repeat(200);
    fs::write(&file, &text).expect("a file");
    let told = does_not_start(&mut house.service(&[]));
    assert!(told.contains("not a database"), "{told}");
    assert_eq!(fs::read_to_string(&file).expect("a file"), text);
}
