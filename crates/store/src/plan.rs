//! How SQLite goes about the questions that are asked all the time: by an index, however much is open.

use jiff::Timestamp;
use mainstay_domain::digest::Digest;
use mainstay_domain::escalation::GroupKey;
use uuid::Uuid;

use crate::audit::{Link, chain_sql};
use crate::column::Field;
use crate::connection::all;
use crate::escalation::sightings_sql;
use crate::page::PageRequest;
use crate::sql::Sql;
use crate::ticket::list::{OPEN_LOAD, candidates_sql};
use crate::ticket::nearest::open_due_sql;
use crate::{Store, StoreOptions, due, job};

#[tokio::test]
async fn what_is_due_is_found_by_an_index() {
    let now = Timestamp::UNIX_EPOCH;
    let questions = [
        ("due", Sql::new(due::NEXT)),
        ("due", due::lease_sql(now, "node", now, 10).then(")")),
        ("job", Sql::new(job::NEXT)),
        ("job", job::lease_sql(now, "worker", now, 10).then(")")),
        ("ticket", Sql::new(OPEN_LOAD)),
        ("o", candidates_sql()),
    ];
    for (table, question) in questions {
        let plan = plan(&question).await;
        for step in &plan {
            let reads_all = step.contains(&format!("SCAN {table}"));
            assert!(
                !reads_all || step.contains("USING"),
                "{question:?} reads the whole table: {plan:#?}"
            );
        }
        assert!(
            plan.iter().any(|step| step.contains("INDEX")),
            "{question:?}: {plan:#?}"
        );
    }
}

#[tokio::test]
async fn whoever_has_solved_much_costs_no_more_to_ask_about() {
    let plan = plan(&candidates_sql()).await;
    let tickets: Vec<&String> = plan.iter().filter(|step| step.contains(" o ")).collect();
    assert!(!tickets.is_empty(), "{plan:#?}");
    for step in tickets {
        assert!(step.contains("ticket_open_load"), "{plan:#?}");
    }
}

#[tokio::test]
async fn a_page_of_what_is_open_is_read_in_the_order_of_an_index() {
    let after = "7b-1c8".parse().unwrap();
    let now = Timestamp::UNIX_EPOCH;
    for (after, before) in [(None, None), (Some(after), None), (None, Some(now))] {
        let page = PageRequest { limit: 200, after };
        let plan = plan(&open_due_sql(before, page)).await;
        assert!(
            plan.iter().any(|step| step.contains("ticket_next_due"))
                && !plan.iter().any(|step| step.contains("ORDER BY")),
            "after {after:?}, before {before:?}: {plan:#?}"
        );
    }
}

#[tokio::test]
async fn what_waits_for_its_place_in_the_trail_is_found_by_its_id() {
    let place = |place| Link {
        place,
        hash: Digest([0; 32]),
    };
    let links: Vec<_> = (1..=200)
        .map(|number| (Uuid::nil(), place(number)))
        .collect();
    let plan = plan(&chain_sql(&links)).await;
    assert!(
        plan.iter()
            .any(|step| step.starts_with("SEARCH audit") && step.contains("(id=?)")),
        "{plan:#?}"
    );
}

#[tokio::test]
async fn a_group_is_looked_for_in_what_came_to_it_in_the_span() {
    let (from, until) = (Timestamp::MIN, Timestamp::UNIX_EPOCH);
    let by_tag = "ticket_tag_opened (tag=? AND opened_at>? AND opened_at<?)";
    let by_category = "ticket_category (category=? AND opened_at>? AND opened_at<?)";
    for (key, opened) in [
        (GroupKey::Tag("outage".into()), by_tag),
        (GroupKey::Category("data".into()), by_category),
    ] {
        let plan = plan(&sightings_sql(&key, from, until)).await;
        let joined = "event_kind (kind=? AND at>? AND at<?)";
        for index in [opened, "event_ticket (ticket=? AND sequence=?)", joined] {
            let is_used = plan.iter().any(|step| step.contains(index));
            assert!(is_used, "{key:?} by {index}: {plan:#?}");
        }
        let goes_through_all = plan.iter().any(|step| step.starts_with("SCAN "));
        assert!(!goes_through_all, "{key:?}: {plan:#?}");
    }
}

/// How SQLite goes about a question, step by step.
async fn plan(question: &Sql) -> Vec<String> {
    let store = Store::open(&StoreOptions::new("sqlite::memory:"))
        .await
        .unwrap();
    let explained = question.clone().explained();
    let rows = all(&store.read(), explained).await.unwrap();
    let step = |row| String::read(row, 3).unwrap();
    rows.iter().map(step).collect()
}
