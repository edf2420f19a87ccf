//! `mainstay mail receive`, as a mail server runs it.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

const LETTER: &[u8] = b"From: eva@example.com\r\nMessage-ID: <1@example.com>\r\n\r\nHello\r\n";

fn receive(folder: &Path, arguments: &[&str], message: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_mainstay"))
        .args(["mail", "receive"])
        .args(arguments)
        .current_dir(folder)
        .env_remove("MAINSTAY_DATABASE_URL")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program");
    let mut input = child.stdin.take().expect("a pipe");
    input.write_all(message).expect("a program that reads");
    drop(input);
    child.wait_with_output().expect("an end")
}

fn answer(output: &Output) -> serde_json::Value {
    serde_json::from_slice(&output.stdout).expect("JSON")
}

#[test]
fn a_message_is_safe_once_the_command_ends_with_0() {
    let folder = tempfile::tempdir().unwrap();
    let first = receive(folder.path(), &["--json"], LETTER);
    assert_eq!(first.status.code(), Some(0), "{first:?}");
    assert_eq!(answer(&first)["new"], true);
    // A mail server that did not hear the answer gives the message again.
    let again = receive(folder.path(), &["--json"], LETTER);
    assert_eq!(again.status.code(), Some(0), "{again:?}");
    assert_eq!(answer(&again)["new"], false);
    assert_eq!(answer(&again)["id"], answer(&first)["id"]);
}

#[test]
fn the_mail_server_is_told_to_try_again_when_the_store_is_away() {
    let folder = tempfile::tempdir().unwrap();
    // A folder where the database would be: it can be neither opened nor made.
    std::fs::create_dir(folder.path().join("taken")).unwrap();
    let output = receive(folder.path(), &["--database", "sqlite:taken"], LETTER);
    assert_eq!(output.status.code(), Some(75), "{output:?}");
    assert!(
        String::from_utf8_lossy(&output.stderr).starts_with("error: the store cannot be opened")
    );
    // The same when somebody has broken the settings.
    let output = receive(folder.path(), &["--config", "missing.toml"], LETTER);
    assert_eq!(output.status.code(), Some(75), "{output:?}");
}

#[test]
fn nothing_is_no_message() {
    let folder = tempfile::tempdir().unwrap();
    let output = receive(folder.path(), &[], b"\n");
    assert_eq!(output.status.code(), Some(65), "{output:?}");
}
