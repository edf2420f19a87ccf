//! The fault test, briefly: the long run is `cargo run -p mainstay-tests --bin faults`.

use std::process::Command;

fn survives(arguments: &[&str]) {
    let output = Command::new(env!("CARGO_BIN_EXE_faults"))
        .args(arguments)
        .output()
        .expect("the program starts");
    let told = String::from_utf8_lossy(&output.stdout);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}\n{error}");
}

#[test]
fn one_node_on_sqlite_loses_nothing_and_does_nothing_twice() {
    survives(&["--engine", "sqlite", "--kills", "20"]);
}

#[test]
fn three_nodes_on_postgresql_lose_nothing_and_do_nothing_twice() {
    let found = mainstay_testing::PostgresServer::find();
    if mainstay_testing::require(found).is_some() {
        survives(&["--engine", "postgres", "--kills", "20"]);
    }
}

#[test]
fn a_file_is_upgraded_under_its_node() {
    survives(&["--engine", "sqlite", "--upgrade"]);
}

#[test]
fn nodes_of_two_versions_share_postgresql_and_one_too_old_refuses() {
    let found = mainstay_testing::PostgresServer::find();
    if mainstay_testing::require(found).is_some() {
        survives(&["--engine", "postgres", "--upgrade"]);
    }
}
