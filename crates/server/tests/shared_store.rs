//! Processes on one PostgreSQL database: nodes share it, a demonstration has it alone.

use std::process::Command;

use mainstay_store::{Claim, Store, StoreOptions};
use mainstay_testing::{PostgresServer, require};

/// Runs a command on the store that must fail, and returns what it said.
fn refused(command: &str, url: &str) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let output = Command::new(env!("CARGO_BIN_EXE_mainstay"))
        .args([command, "--listen", "127.0.0.1:0", "--database", url])
        .arg("--data")
        .arg(folder.path())
        .output()
        .expect("the program starts");
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{error}");
    error
}

#[tokio::test]
async fn a_demonstration_has_a_database_alone() {
    let Some(program) = require(PostgresServer::find()) else {
        return;
    };
    let url = PostgresServer::shared(&program).fresh_database();
    let store = Store::open(&StoreOptions::new(&url)).await;
    let store = store.expect("a store");
    let node = store.claim(Claim::Shared).await.expect("an answer");
    assert!(node.is_some(), "nobody works on it yet");
    let error = refused("demo", &url);
    assert!(error.contains("works on this store already"), "{error}");

    // Beside a demonstration neither another nor a service begins.
    let url = PostgresServer::shared(&program).fresh_database();
    let store = Store::open(&StoreOptions::new(&url)).await;
    let store = store.expect("a store");
    let demonstration = store.claim(Claim::Alone).await.expect("an answer");
    assert!(demonstration.is_some(), "nobody works on it yet");
    let error = refused("demo", &url);
    assert!(error.contains("works on this store already"), "{error}");
    let error = refused("serve", &url);
    assert!(
        error.contains("a demonstration works on this store"),
        "{error}"
    );
}
