//! Changing many tickets at once, and undoing it.

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::service::{Client, Service};

#[tokio::test]
async fn many_tickets_are_changed_each_for_itself() {
    let service = Service::start().await;
    let admin = service.admin().await;
    let ticket = admin
        .make("/tickets", json!({"subject": "A", "message": "x"}))
        .await;
    let unknown = "0190163d-8694-739b-aea5-966c26f8ad91";
    let other = admin
        .post("/tickets", json!({"subject": "B", "message": "x"}))
        .await;
    let number = &other.body["number"];
    let input = json!({"tickets": [ticket, unknown, number, 99], "change": {"add_tags": ["bulk"]}});
    let outcome = admin.post("/tickets/bulk", input).await;
    assert_eq!(outcome.status, 200, "{}", outcome.body);
    assert_eq!(outcome.body[0]["done"], true);
    assert_eq!(outcome.body[1]["done"], false);
    assert!(outcome.body[1]["reason"].is_string());
    assert_eq!(outcome.body[2]["done"], true);
    assert_eq!(outcome.body[2]["ticket"], other.body["id"]);
    assert_eq!(outcome.body[3]["asked"], "99");
    assert_eq!(outcome.body[3]["done"], false);
    let read = admin.get(&format!("/tickets/{ticket}")).await.body;
    assert_eq!(read["tags"], json!(["bulk"]));
}

/// Two tickets, changed at once, and how to undo that.
async fn changed(admin: &Client<'_>, change: Value) -> (Vec<String>, Value) {
    let mut ids = Vec::new();
    for subject in ["A", "B"] {
        let input = json!({"subject": subject, "message": "x", "severity": "P3"});
        ids.push(admin.make("/tickets", input).await);
    }
    let input = json!({"tickets": ids, "change": change});
    let outcome = admin.post("/tickets/bulk", input).await;
    assert_eq!(outcome.status, 200, "{}", outcome.body);
    let changes: Vec<Value> = outcome
        .body
        .as_array()
        .unwrap()
        .iter()
        .map(|one| json!({"ticket": one["ticket"], "before": one["before"], "after": one["after"]}))
        .collect();
    (ids, json!({"changes": changes}))
}

#[tokio::test]
async fn a_change_of_many_is_undone_by_new_facts() {
    let service = Service::start().await;
    let admin = service.admin().await;
    let change = json!({"status": "resolved", "severity": "P2", "add_tags": ["bulk"]});
    let (ids, undo) = changed(&admin, change).await;
    service.advance(SignedDuration::from_secs(20));
    let undone = admin.post("/tickets/bulk/undo", undo.clone()).await;
    assert_eq!(undone.status, 200, "{}", undone.body);
    for (id, outcome) in ids.iter().zip(undone.body.as_array().unwrap()) {
        assert_eq!(outcome["done"], true, "{outcome}");
        let ticket = admin.get(&format!("/tickets/{id}")).await.body;
        assert_eq!(ticket["status"], "new");
        assert_eq!(ticket["severity"], "P3");
        assert_eq!(ticket["tags"], json!([]));
        assert_eq!(ticket["resolved_at"], Value::Null);
        let history = admin.get(&format!("/tickets/{id}/history")).await.body;
        let facts: Vec<&str> = history["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|fact| fact["kind"].as_str().unwrap())
            .collect();
        let of = |kind: &str| facts.iter().filter(|fact| **fact == kind).count();
        assert_eq!(
            of("status_changed"),
            2,
            "both stay in the history: {facts:?}"
        );
    }
    let again = admin.post("/tickets/bulk/undo", undo).await.body;
    assert_eq!(
        again[0]["done"], false,
        "what was undone is not undone again"
    );
}

#[tokio::test]
async fn what_is_undone_never_was_for_the_clocks() {
    let service = Service::start().await;
    let pack = mainstay_policy::builtin("mainstay").unwrap();
    let machine = mainstay_app::Caller::machine();
    service.app.apply_policy(&machine, &pack, "").await.unwrap();
    let admin = service.admin().await;
    let input = json!({"subject": "As it would be", "message": "x", "severity": "P3"});
    let untouched = admin.make("/tickets", input).await;
    let (ids, undo) = changed(&admin, json!({"status": "resolved", "severity": "P1"})).await;
    service.advance(SignedDuration::from_secs(20));
    admin.post("/tickets/bulk/undo", undo).await;
    let clocks = async |id: &str| {
        let clocks = admin.get(&format!("/tickets/{id}/clocks")).await.body;
        assert_ne!(clocks["items"], json!([]));
        clocks["items"].clone()
    };
    assert_eq!(clocks(&ids[0]).await, clocks(&untouched).await);
    let history = admin.get(&format!("/tickets/{}/history", ids[0])).await;
    let last = history.body["items"].as_array().unwrap().last().cloned();
    assert_eq!(last.unwrap()["kind"], "change_undone");
}

#[tokio::test]
async fn an_undo_stops_at_what_others_did_since_ticket_by_ticket() {
    let service = Service::start().await;
    let admin = service.admin().await;
    service.agent("ben@example.com", "manager").await;
    let ben = service.client("ben@example.com").await;
    let (ids, undo) = changed(&admin, json!({"status": "resolved"})).await;
    let others = ben.post("/tickets/bulk/undo", undo.clone()).await.body;
    assert_eq!(others[0]["done"], false, "{others}");
    let since = ben
        .patch(
            &format!("/tickets/{}", ids[0]),
            json!({"status": "on_hold"}),
        )
        .await;
    assert_eq!(since.status, 200, "{}", since.body);
    let noted = json!({"subject": "B, on fire"});
    ben.patch(&format!("/tickets/{}", ids[1]), noted).await;
    let undone = admin.post("/tickets/bulk/undo", undo).await.body;
    assert_eq!(undone[0]["done"], false);
    let reason = undone[0]["reason"].as_str().unwrap();
    assert!(reason.contains("status was changed since"), "{reason}");
    assert_eq!(undone[1]["done"], true, "{undone}");
    let statuses = ["on_hold", "new"];
    for (id, status) in ids.iter().zip(statuses) {
        let ticket = admin.get(&format!("/tickets/{id}")).await.body;
        assert_eq!(ticket["status"], status);
    }
}

#[tokio::test]
async fn after_a_minute_nothing_is_undone() {
    let service = Service::start().await;
    let admin = service.admin().await;
    let (ids, undo) = changed(&admin, json!({"severity": "P1"})).await;
    service.advance(SignedDuration::from_secs(61));
    let refused = admin.post("/tickets/bulk/undo", undo).await.body;
    assert_eq!(refused[0]["done"], false);
    let reason = refused[0]["reason"].as_str().unwrap();
    assert!(reason.contains("60 seconds"), "{reason}");
    let ticket = admin.get(&format!("/tickets/{}", ids[0])).await.body;
    assert_eq!(ticket["severity"], "P1");
}
