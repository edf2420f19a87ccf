//! A backup is made while the program runs, restored on either engine, and compared row by row.

use std::io::Cursor;
use std::path::Path;
use std::process::Command;

use futures::TryStreamExt as _;
use jiff::SignedDuration;
use mainstay_app::attachment::{Blobs, Contents, Place};
use mainstay_app::backup::{self, BackupError, Summary};
use mainstay_app::{App, AppError, Caller, Options};
use mainstay_domain::event::Side;
use mainstay_domain::severity::Severity;
use mainstay_store::dump::{Cell, Snapshot};
use mainstay_store::{Store, StoreError, StoreOptions};
use mainstay_testing::{PostgresServer, require};
use mainstay_tests::TestApp;

/// A company with tickets, clocks that warned and were missed, escalations, messages and a file.
async fn company(url: &str) -> TestApp {
    let test = TestApp::start_on(url, "mainstay").await;
    let account = test.account("Acme", "Enterprise").await;
    for severity in [Severity::P1, Severity::P2] {
        let ticket = test.customer_opens(account, severity).await;
        test.advance(SignedDuration::from_hours(1)).await;
        test.adds(&ticket, test.says(Side::Agent)).await;
    }
    test.run_due().await;
    test.app
        .blobs()
        .put("the bytes of a file")
        .await
        .expect("a file");
    test
}

async fn backup(test: &TestApp) -> Vec<u8> {
    let (store, blobs) = (test.app.store(), test.app.blobs());
    let (bytes, summary) = backup::write(store, Some(blobs), test.app.now(), Vec::new())
        .await
        .expect("a backup");
    assert_eq!(summary.files, 1);
    assert!(summary.rows["event"] > 5 && summary.rows["clock"] > 2);
    bytes
}

async fn restore(bytes: &[u8], url: &str) -> Result<Summary, BackupError> {
    let blobs = Blobs::in_memory();
    let options = StoreOptions::new(url);
    let summary = backup::read(Cursor::new(bytes), &options, Some(&blobs)).await?;
    let files = blobs.list().await.expect("files");
    assert_eq!(files.len() as u64, summary.files);
    Ok(summary)
}

/// Every row of every table, as text, in an order of its own.
async fn rows(url: &str) -> Vec<(String, Vec<String>)> {
    let store = Store::open(&StoreOptions::new(url)).await.expect("a store");
    let snapshot = Snapshot::of(&store).await.expect("a snapshot");
    let mut all = Vec::new();
    for table in snapshot.tables() {
        let mut rows = Vec::new();
        snapshot
            .rows(table, |row: Vec<Cell>| {
                rows.push(format!("{row:?}"));
                Ok::<(), StoreError>(())
            })
            .await
            .expect("rows");
        // What a program must know to run on a store is not the same on each engine.
        rows.retain(|row| !row.contains("schema_needs"));
        rows.sort();
        all.push((table.name.clone(), rows));
    }
    all
}

fn sqlite(folder: &Path, name: &str) -> String {
    format!("sqlite:{}", folder.join(name).display())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_restored_is_what_was_there_row_by_row() {
    let folder = tempfile::tempdir().expect("a folder");
    let (from, to) = (sqlite(folder.path(), "a.db"), sqlite(folder.path(), "b.db"));
    let test = company(&from).await;
    let bytes = backup(&test).await;
    restore(&bytes, &to).await.expect("a restored store");
    assert_eq!(rows(&from).await, rows(&to).await);
    // It works on: the next ticket gets the next number, and words are found again.
    let store = Store::open(&StoreOptions::new(&to)).await.expect("a store");
    let tx = store.begin().await.expect("a transaction");
    let number = mainstay_store::ticket::next_number(&tx).await;
    assert_eq!(number, Ok(3));
    tx.rollback().await.expect("a rollback");
    let again = restore(&bytes, &to).await.expect_err("it is not empty");
    assert!(again.to_string().contains("not empty"), "{again}");
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn uploads_that_wait_and_archives_are_restored_and_can_be_used() {
    let folder = tempfile::tempdir().expect("a folder");
    let (from, to) = (sqlite(folder.path(), "a.db"), sqlite(folder.path(), "b.db"));
    let test = company(&from).await;
    let (app, machine) = (&test.app, Caller::machine());
    let account = test.account("Umbrella", "Enterprise").await;
    // It comes in several parts of the stream.
    let screen = vec![7; 3 << 20];
    let parts = futures::stream::iter([Ok::<_, std::io::Error>(screen.clone().into())]);
    let file = app.receive_file(&machine, "screen.png", None, parts).await;
    let upload = app.keep_upload(&machine, file.expect("a file")).await;
    let upload = upload.expect("an upload");
    let export = app.request_export(&machine, account).await;
    let export = export.expect("an export");
    test.run_due().await;
    app.finish_long_jobs().await;
    let archive = whole(app.fetch_export(&machine, account, export.id).await).await;

    let (bytes, summary) = backup::write(app.store(), Some(app.blobs()), app.now(), Vec::new())
        .await
        .expect("a backup");
    assert_eq!(summary.files, 3);
    let blobs = Blobs::in_memory();
    let read = backup::read(Cursor::new(&bytes), &StoreOptions::new(&to), Some(&blobs)).await;
    assert_eq!(read.expect("a restored store").files, 3);

    let store = Store::open(&StoreOptions::new(&to)).await.expect("a store");
    let options = Options {
        blobs: blobs.clone(),
        ..Options::default()
    };
    let restored = App::new(store, test.clock.clone(), [7; 32], options);
    let again = whole(restored.fetch_export(&machine, account, export.id).await).await;
    assert!(again == archive, "the archive is another");
    let waiting = restored.find_upload(&machine, upload.id).await;
    assert_eq!(waiting.expect("the upload").digest, upload.digest);
    let held = blobs.open_at(Place::Upload(upload.id), None).await;
    let held = held.expect("an answer").expect("the bytes of the upload");
    assert!(whole(Ok(held)).await == screen, "the upload is another");
    test.finish().await;
}

async fn whole(contents: Result<Contents, AppError>) -> Vec<u8> {
    let contents = contents.expect("contents");
    let parts: Vec<_> = contents.bytes.try_collect().await.expect("bytes");
    parts.concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_that_is_damaged_or_cut_off_is_refused_and_nothing_kept() {
    let folder = tempfile::tempdir().expect("a folder");
    let to = sqlite(folder.path(), "b.db");
    let test = company(&sqlite(folder.path(), "a.db")).await;
    let bytes = backup(&test).await;
    let mut damaged = bytes.clone();
    let middle = damaged.len() / 2;
    damaged[middle] ^= 1;
    for broken in [
        &damaged[..],
        &bytes[..bytes.len() - 20],
        b"no backup at all",
    ] {
        let refused = restore(broken, &to).await.expect_err("it is broken");
        assert!(matches!(refused, BackupError::Damaged(_)), "{refused:?}");
    }
    restore(&bytes, &to).await.expect("nothing was kept before");
    test.finish().await;
}

fn mainstay(arguments: &[&str]) -> (bool, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_faults"))
        .arg("mainstay")
        .args(arguments)
        .output()
        .expect("the program starts");
    let told = [output.stdout, output.stderr].concat();
    (
        output.status.success(),
        String::from_utf8_lossy(&told).into_owned(),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_moves_to_postgresql_and_back() {
    let Some(program) = require(PostgresServer::find()) else {
        return;
    };
    let server = PostgresServer::start(&program);
    let folder = tempfile::tempdir().expect("a folder");
    let (from, back) = (sqlite(folder.path(), "a.db"), sqlite(folder.path(), "b.db"));
    let test = company(&from).await;
    test.finish().await;
    let there = server.fresh_database();
    let (done, told) = mainstay(&["move", &from, &there]);
    assert!(done, "{told}");
    assert_eq!(rows(&from).await, rows(&there).await);
    let (done, told) = mainstay(&["move", &there, &back]);
    assert!(done, "{told}");
    assert_eq!(rows(&from).await, rows(&back).await);
    let (done, told) = mainstay(&["move", &there, &back]);
    assert!(!done && told.contains("not empty"), "{told}");
    // New rows get keys after those that were brought.
    let store = Store::open(&StoreOptions::new(&there))
        .await
        .expect("a store");
    let tx = store.begin().await.expect("a transaction");
    assert_eq!(mainstay_store::ticket::next_number(&tx).await, Ok(3));
    tx.commit().await.expect("a commit");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_encrypted_backup_is_restored_by_its_passphrase_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).display().to_string();
    let test = company(&sqlite(folder.path(), "mainstay.db")).await;
    test.finish().await;
    std::fs::write(path("right"), "correct horse\n").expect("a file");
    std::fs::write(path("wrong"), "battery staple\n").expect("a file");
    let (file, data, new) = (path("backup"), path(""), path("new"));
    let (right, wrong) = (path("right"), path("wrong"));
    let (done, told) = mainstay(&[
        "backup",
        &file,
        "--passphrase-file",
        &right,
        "--data",
        &data,
    ]);
    assert!(done, "{told}");
    for secret in [&[][..], &["--passphrase-file", &wrong]] {
        let arguments = [&["restore", &file, "--data", &new][..], secret].concat();
        let (done, told) = mainstay(&arguments);
        assert!(!done && told.contains("passphrase"), "{told}");
    }
    let (done, told) = mainstay(&[
        "restore",
        &file,
        "--data",
        &new,
        "--passphrase-file",
        &right,
    ]);
    assert!(done, "{told}");
    let restored = sqlite(Path::new(&new), "mainstay.db");
    assert_eq!(
        rows(&sqlite(folder.path(), "mainstay.db")).await,
        rows(&restored).await
    );
    let (done, told) = mainstay(&["backup", &file, "--data", &data]);
    assert!(!done && told.contains("is there already"), "{told}");
}
