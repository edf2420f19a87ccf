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
fn the_mail_server_keeps_the_message_also_when_nothing_can_be_printed() {
    // A device that is always full, which only some systems have.
    let Ok(full) = std::fs::File::options().write(true).open("/dev/full") else {
        eprintln!("SKIPPED: there is no /dev/full here");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "no folder").unwrap();
    let url = format!("sqlite:{}", file.join("mainstay.db").display());
    let ended = Command::new(env!("CARGO_BIN_EXE_mainstay"))
        .args(["mail", "receive", "--database", &url])
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .stderr(full)
        .status()
        .expect("the program");
    assert_eq!(ended.code(), Some(75));
}

#[test]
fn a_message_that_was_taken_in_is_not_given_back_because_nothing_can_be_printed() {
    let Ok(full) = std::fs::File::options().write(true).open("/dev/full") else {
        eprintln!("SKIPPED: there is no /dev/full here");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("letter"), LETTER).unwrap();
    for arguments in [&[][..], &["--json"]] {
        let letter = std::fs::File::open(folder.path().join("letter")).unwrap();
        let ended = Command::new(env!("CARGO_BIN_EXE_mainstay"))
            .args(["mail", "receive"])
            .args(arguments)
            .current_dir(folder.path())
            .env_remove("MAINSTAY_DATABASE_URL")
            .stdin(letter)
            .stdout(full.try_clone().unwrap())
            .output()
            .expect("the program");
        assert_eq!(ended.status.code(), Some(0), "{ended:?}");
        let said = String::from_utf8_lossy(&ended.stderr);
        assert!(said.contains("cannot write to standard output"), "{said}");
    }
    let again = receive(folder.path(), &["--json"], LETTER);
    assert_eq!(answer(&again)["new"], false);
}

#[test]
fn the_command_says_what_became_of_the_message() {
    let folder = tempfile::tempdir().unwrap();
    let said = |arguments: &[&str], message: &str| {
        let output = receive(folder.path(), arguments, message.as_bytes());
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let letter = String::from_utf8_lossy(LETTER);
    let opened = said(&[], &letter);
    assert!(
        opened.starts_with("opened ticket #1: A new ticket: it refers to nothing we know.\n"),
        "{opened}"
    );
    let again = said(&[], &letter);
    assert!(
        again.starts_with("taken in before, in ticket #1: "),
        "{again}"
    );
    let answers = letter
        .replace("<1@", "<2@")
        .replace("\r\n\r\n", "\r\nIn-Reply-To: <1@example.com>\r\n\r\nMore: ");
    let added = said(&[], &answers);
    assert!(
        added.starts_with("added to ticket #1: Belongs to ticket 1: "),
        "{added}"
    );
    let machine = "From: a@b.example\r\nAuto-Submitted: auto-replied\r\n\r\nAway\r\n";
    assert!(said(&[], machine).starts_with("set aside: A machine wrote it"));
    let nobody = said(&[], "Subject: x\r\n\r\nHello\r\n");
    assert!(
        nobody.starts_with("stored, but it could not be filed: "),
        "{nobody}"
    );
    assert_eq!(said(&["--quiet"], "From: c@d.example\r\n\r\nHello\r\n"), "");
    let json = said(&["--json"], "From: e@f.example\r\n\r\nHello\r\n");
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(
        (&json["outcome"], &json["ticket"]),
        (&"opened".into(), &3.into())
    );
}

#[test]
fn a_message_that_is_too_long_goes_back_to_its_sender() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("mainstay.toml"),
        "[mail]\nmax_message = \"1 MiB\"\n",
    )
    .unwrap();
    let long = [LETTER, &vec![b'x'; 60 << 20]].concat();
    let output = receive(folder.path(), &[], &long);
    assert_eq!(output.status.code(), Some(65), "{output:?}");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("more than 1048576 bytes"), "{said}");
    assert!(said.contains("mail.max_message"), "{said}");
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
