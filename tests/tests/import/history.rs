//! Rows become facts, once, wherever an import is cut off.

use std::collections::BTreeSet;
use std::pin::pin;
use std::task::Poll;

use mainstay_app::Caller;
use mainstay_app::import::{ImportMap, ImportOptions, Remark};

use mainstay_store::{account, agent, team};
use mainstay_tests::TestApp;

use crate::log::{
    HEADER, INCIDENT, assert_cache_is_fold, import, log_map, synthetic_log, tell, tickets,
};
use crate::zendesk::ZENDESK;

#[tokio::test]
async fn rows_of_a_log_become_facts_in_the_order_of_time() {
    let test = TestApp::start("mainstay").await;
    let report = import(&test, &log_map(), format!("{HEADER}{INCIDENT}").as_bytes())
        .await
        .unwrap();
    assert_eq!((report.rows, report.tickets, report.imported), (7, 1, 1));
    assert_eq!(report.count(Remark::Ignored), 1);
    let found = tickets(&test).await;
    let ticket = &found[0].ticket;
    assert_eq!(ticket.subject, "INC1: printer");
    insta::assert_snapshot!(tell(&test.ledger(ticket.id).await), @r"
    2015-03-02T12:30:00Z opened P3 new by import
    2015-03-02T12:30:00Z field_changed reopened = 0
    2015-03-02T13:00:00Z status_changed open
    2015-03-02T14:00:00Z team_changed
    2015-03-02T14:00:00Z assignee_changed
    2015-03-02T14:00:00Z status_changed pending_customer
    2015-03-02T14:00:00Z severity_changed P1
    2015-03-02T14:00:00Z status_changed open
    2015-03-02T14:30:00Z clock_warned first_response
    2015-03-02T15:42:00Z clock_warned first_response
    2015-03-02T15:42:00Z clock_warned update
    2015-03-02T16:30:00Z clock_missed first_response
    2015-03-02T16:30:00Z clock_missed update
    2015-03-02T19:00:00Z field_changed reopened = 1
    2015-03-02T19:00:00Z status_changed resolved
    2015-03-07T19:00:00Z status_changed closed
    ");
    assert_cache_is_fold(&test, ticket).await;
    let comparison = report.comparison.unwrap();
    assert_eq!(comparison.theirs_missed.total(), 1, "the last row counts");
    let reader = test.app.store().read();
    let people = agent::all(&reader).await.unwrap();
    let made = people.iter().find(|agent| agent.name == "Bo").unwrap();
    assert!(
        !made.active,
        "somebody whom nobody has placed yet is given no work"
    );
    assert_eq!(team::all(&reader).await.unwrap().len(), 2);
    assert!(
        account::find_by_name(&reader, "acme")
            .await
            .unwrap()
            .is_some()
    );
    test.run_due().await;
    test.finish().await;
}

#[tokio::test]
async fn an_import_that_was_stopped_goes_on_and_brings_nothing_in_twice() {
    let test = TestApp::start("mainstay").await;
    let (map, log) = (log_map(), synthetic_log(450));
    let options = ImportOptions::default();
    let asked = std::cell::Cell::new(0);
    let stopped = || asked.replace(asked.get() + 1) >= 1;
    let caller = Caller::machine();
    let first = test
        .app
        .import_tickets(&caller, &map, log.as_bytes(), &options, |_| {}, stopped)
        .await
        .unwrap();
    assert_eq!((first.imported, first.known, first.left), (200, 0, 250));
    let second = import(&test, &map, log.as_bytes()).await.unwrap();
    assert_eq!((second.imported, second.known, second.left), (250, 200, 0));
    let third = import(&test, &map, log.as_bytes()).await.unwrap();
    assert_eq!((third.imported, third.known), (0, 450));
    // Whoever runs last is shown the whole comparison.
    assert_eq!(second.comparison, third.comparison);
    assert_eq!(third.comparison.as_ref().unwrap().theirs_met.total(), 360);
    let found = tickets(&test).await;
    assert_eq!(found.len(), 450);
    assert_eq!(second.made.accounts + first.made.accounts, 7);
    assert_eq!(second.made.agents + first.made.agents, 11);
    for stored in found.iter().step_by(37) {
        assert_cache_is_fold(&test, &stored.ticket).await;
    }
    test.run_due().await;
    test.finish().await;
}

#[tokio::test]
async fn an_import_may_be_cut_off_anywhere() {
    let test = TestApp::start("mainstay").await;
    let (map, log) = (log_map(), synthetic_log(420));
    let mut polls = 1;
    let report = loop {
        let mut work = pin!(import(&test, &map, log.as_bytes()));
        let mut left = polls;
        let ended = std::future::poll_fn(|context| match work.as_mut().poll(context) {
            Poll::Ready(report) => Poll::Ready(Some(report)),
            Poll::Pending if left == 0 => Poll::Ready(None),
            Poll::Pending => {
                left -= 1;
                Poll::Pending
            }
        })
        .await;
        if let Some(report) = ended {
            break report.unwrap();
        }
        polls += 7;
    };
    assert_eq!(report.imported + report.known, 420);
    let subjects: BTreeSet<String> = tickets(&test)
        .await
        .into_iter()
        .map(|stored| stored.ticket.subject)
        .collect();
    assert_eq!(subjects.len(), 420);
    assert_eq!(tickets(&test).await.len(), 420);
    test.run_due().await;
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_runs_on_postgresql_too() {
    let Some(tools) = mainstay_testing::require(mainstay_testing::PostgresServer::find()) else {
        return;
    };
    let server = mainstay_testing::PostgresServer::start(&tools);
    let test = TestApp::start_on(&server.fresh_database(), "mainstay").await;
    let report = import(&test, &log_map(), synthetic_log(230).as_bytes())
        .await
        .unwrap();
    assert_eq!(report.imported, 230);
    // PostgreSQL keeps no NUL in a text.
    let strange = ZENDESK
        .replace("It burns.", "It \\u0000 burns.")
        .replace("VIP", "V\\u0000P")
        .replace("745", "\\u0000");
    let map = ImportMap::builtin("zendesk-tickets").unwrap();
    let report = import(&test, &map, strange.as_bytes()).await.unwrap();
    assert_eq!(report.imported, 2);
    for stored in tickets(&test).await.iter().step_by(29) {
        assert_cache_is_fold(&test, &stored.ticket).await;
    }
    test.run_due().await;
    test.finish().await;
}

#[tokio::test]
async fn two_systems_keep_their_tickets_apart() {
    let test = TestApp::start("mainstay").await;
    let (map, log) = (log_map(), format!("{HEADER}{INCIDENT}"));
    import(&test, &map, log.as_bytes()).await.unwrap();
    let options = ImportOptions {
        source: Some("another".to_owned()),
        ..ImportOptions::default()
    };
    let caller = Caller::machine();
    let report = test
        .app
        .import_tickets(&caller, &map, log.as_bytes(), &options, |_| {}, || false)
        .await
        .unwrap();
    assert_eq!(
        (report.imported, report.made.accounts),
        (1, 0),
        "the account is known by its name"
    );
    test.run_due().await;
    test.finish().await;
}

/// The incident log that is described in `docs/import.md`; only its first incidents, so that the test is short.
#[tokio::test]
async fn the_first_incidents_of_a_real_log_are_brought_in() {
    let Some(folder) = std::env::var_os("MAINSTAY_TEST_DATA") else {
        assert!(
            std::env::var_os("MAINSTAY_REQUIRE_ALL").is_none_or(|value| value != "1"),
            "MAINSTAY_TEST_DATA is not set, and MAINSTAY_REQUIRE_ALL=1 wants every test run"
        );
        eprintln!(
            "skipped: the log is absent; set MAINSTAY_TEST_DATA to the folder that holds `tickets`"
        );
        return;
    };
    let path = std::path::Path::new(&folder).join("tickets/incident_event_log.csv.gz");
    let test = TestApp::start("mainstay").await;
    let map = ImportMap::builtin("servicenow-incidents").unwrap();
    let options = ImportOptions {
        limit: Some(2_000),
        ..ImportOptions::default()
    };
    let file = std::fs::File::open(&path).unwrap();
    let caller = Caller::machine();
    let report = test
        .app
        .import_tickets(&caller, &map, file, &options, |_| {}, || false)
        .await
        .unwrap();
    assert_eq!(
        (report.rows, report.tickets, report.imported),
        (119_998, 20_769, 2_000)
    );
    assert_eq!(
        (
            report.count(Remark::Rejected),
            report.count(Remark::Ignored)
        ),
        (0, 2)
    );
    let comparison = report.comparison.unwrap();
    let judged = comparison.theirs_met.total() + comparison.theirs_missed.total();
    assert_eq!(judged, 2_000);
    assert_eq!(
        comparison.theirs_met.none + comparison.theirs_missed.none,
        0,
        "every incident is promised something"
    );
    let found = tickets(&test).await;
    for stored in found.iter().step_by(97) {
        assert_cache_is_fold(&test, &stored.ticket).await;
    }
    test.run_due().await;
    test.finish().await;
}
