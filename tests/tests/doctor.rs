//! What the check-up finds, and what it mends.

use jiff::SignedDuration;
use mainstay_app::doctor::{Kind, Treatment};
use mainstay_domain::event::Side;
use mainstay_domain::severity::Severity;
use mainstay_testing::{PostgresServer, require};
use mainstay_tests::TestApp;
use sea_orm::{ConnectionTrait as _, Database};

async fn what_was_damaged_is_found_and_mended(url: &str) {
    let test = TestApp::start_on(url, "mainstay").await;
    let account = test.account("Acme", "Enterprise").await;
    let ticket = test.customer_opens(account, Severity::P1).await;
    test.customer_opens(account, Severity::P2).await;
    test.advance(SignedDuration::from_hours(1)).await;
    test.adds(&ticket, test.says(Side::Agent)).await;
    test.run_due().await;
    let kinds = async |treatment| -> Vec<(Kind, bool)> {
        let seen = test.app.check_up(treatment).await.expect("a check-up");
        assert_eq!(seen.tickets, 2);
        seen.findings
            .iter()
            .map(|found| (found.kind, found.mended))
            .collect()
    };
    assert_eq!(kinds(Treatment::Look).await, []);
    let damage = Database::connect(url).await.expect("a connection");
    let run = async |sql: &str| {
        let done = damage.execute_unprepared(sql).await.expect("a statement");
        assert!(done.rows_affected() > 0, "{sql}");
    };
    run("UPDATE clock SET due_at = due_at + 1 WHERE commitment = 'resolution' AND ticket = (SELECT id FROM ticket WHERE number = 1)").await;
    run("DELETE FROM due WHERE subject = (SELECT id FROM ticket WHERE number = 2)").await;
    test.app
        .blobs()
        .put("named by nobody")
        .await
        .expect("a file");
    assert_eq!(
        kinds(Treatment::Look).await,
        [
            (Kind::Clocks, false),
            (Kind::Clocks, false),
            (Kind::OrphanedFile, false)
        ]
    );
    assert_eq!(
        kinds(Treatment::Repair).await,
        [
            (Kind::Clocks, true),
            (Kind::Clocks, true),
            (Kind::OrphanedFile, false)
        ]
    );
    assert_eq!(kinds(Treatment::Look).await, [(Kind::OrphanedFile, false)]);

    run("UPDATE audit SET subject = 'another' WHERE place = 1").await;
    run("DELETE FROM event WHERE sequence = 2 AND ticket = (SELECT id FROM ticket WHERE number = 1)").await;
    let found = kinds(Treatment::Repair).await;
    for kind in [Kind::Ledger, Kind::Audit] {
        assert!(found.contains(&(kind, false)), "{found:?}");
    }
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_damaged_is_found_and_mended_on_sqlite() {
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite:{}", folder.path().join("store.db").display());
    what_was_damaged_is_found_and_mended(&url).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_damaged_is_found_and_mended_on_postgresql() {
    let Some(found) = require(PostgresServer::find()) else {
        return;
    };
    let server = PostgresServer::start(&found);
    what_was_damaged_is_found_and_mended(&server.fresh_database()).await;
}
