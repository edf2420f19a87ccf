//! Escalations and notifications, as those who serve and those who ask see them.

use mainstay_app::Tick;
use serde_json::{Value, json};

use crate::service::{Answer, Client, PASSWORD, Service};

/// A service under the default pack, and a critical ticket of an account with somebody in the portal.
async fn critical(service: &Service, admin: &Client<'_>) -> (String, String) {
    let pack = mainstay_policy::builtin("mainstay").unwrap();
    let machine = mainstay_app::Caller::machine();
    service.app.apply_policy(&machine, &pack, "").await.unwrap();
    let account = admin.make("/accounts", json!({"name": "Acme"})).await;
    let me = admin.get("/me").await.body["id"].clone();
    let team = json!({"name": "Support", "members": [me], "on_call": [me]});
    let team = admin.make("/teams", team).await;
    let input = json!({"subject": "All is down", "message": "Help!", "severity": "P1", "account": account,
        "team": team});
    (account, admin.make("/tickets", input).await)
}

async fn rest(service: &Service) {
    while service.app.tick().await.unwrap() == Tick::More {}
}

fn texts<'a>(answer: &'a Answer, list: &str, field: &str) -> Vec<&'a str> {
    let items = answer.body[list].as_array().into_iter().flatten();
    items
        .map(|item| item[field].as_str().unwrap_or_default())
        .collect()
}

#[tokio::test]
async fn an_escalation_is_read_taken_on_and_brought_to_its_end() {
    let service = Service::start().await;
    let admin = service.admin().await;
    service.agent("eva@example.com", "engineer").await;
    let (_, ticket) = critical(&service, &admin).await;
    rest(&service).await;

    let listed = admin
        .get(&format!("/escalations?phase=open&ticket={ticket}"))
        .await;
    assert_eq!(listed.status, 200, "{}", listed.body);
    assert_eq!(texts(&listed, "items", "ladder"), ["critical"]);
    let parts = &listed.body["items"][0]["parts"];
    assert_eq!(*parts, json!({"code": "severity_is", "severity": "P1"}));
    let by_number = admin.get("/escalations?phase=open&ticket=1").await;
    assert_eq!(by_number.body["items"], listed.body["items"]);
    let nothing = admin.get("/escalations?ticket=2").await;
    assert_eq!(nothing.status, 422, "{}", nothing.body);
    let id = listed.body["items"][0]["id"].as_str().unwrap();
    let path = format!("/escalations/{id}");
    let read = admin.get(&path).await;
    assert_eq!(read.body["next"]["name"], "Engineering");
    assert_eq!(read.body["next"]["at"], "2026-03-02T09:15:00.123456Z");
    assert_eq!(read.body["events"][0]["what"]["type"], "raised");
    assert_eq!(read.body["parts"], *parts);
    assert!(
        read.body["unrecorded"]
            .as_array()
            .unwrap()
            .contains(&json!("assessment"))
    );

    let records = format!("{path}/records");
    let taken = admin.post(&records, json!({"type": "acknowledge"})).await;
    assert_eq!(taken.status, 200, "{}", taken.body);
    assert_eq!(taken.body["next"], Value::Null);
    let mine = admin.get("/escalations?mine=true").await;
    assert_eq!(texts(&mine, "items", "id"), [id]);
    let eva = service.client("eva@example.com").await;
    let none = eva.get("/escalations?mine=true").await;
    assert_eq!(none.body["items"], json!([]));

    for record in [
        json!({"type": "assess", "text": "Everybody."}),
        json!({"type": "decide", "text": "Restart."}),
        json!({"type": "allocate_resources", "text": "All of us."}),
        json!({"type": "note_progress", "text": "Restarting."}),
        json!({"type": "resolve", "text": "Restarted."}),
        json!({"type": "verify", "holds": true, "text": "It runs."}),
    ] {
        let answer = eva.post(&records, record).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
    }
    let review = json!({"type": "review", "what_happened": "It fell over.", "cause": "Heat.", "changes": "A fan."});
    assert_eq!(eva.post(&records, review.clone()).await.status, 403);
    let reviewed = admin.post(&records, review).await;
    assert_eq!(reviewed.body["unrecorded"], json!([]));
    assert_eq!(reviewed.body["phase"], "resolved");
    let over = admin
        .post(&records, json!({"type": "move_on", "reason": "More."}))
        .await;
    assert_eq!(over.status, 409, "{}", over.body);
    let unknown = admin.post(&records, json!({"type": "panic"})).await;
    assert_eq!(unknown.status, 422, "{}", unknown.body);
}

#[tokio::test]
async fn somebody_escalates_by_hand_with_a_reason() {
    let service = Service::start().await;
    let admin = service.admin().await;
    let (account, _) = critical(&service, &admin).await;
    let input = json!({"subject": "Slow", "severity": "P3", "account": account});
    let ticket = admin.make("/tickets", input).await;
    let wrong = json!({"ticket": ticket, "reason": "boredom"});
    let refused = admin.post("/escalations", wrong).await;
    assert_eq!(refused.status, 422, "{}", refused.body);
    assert_eq!(refused.body["errors"][0]["pointer"], "/reason");
    let wrong = json!({"ticket": ticket, "reason": "churn_threat", "ladder": "stairs"});
    let refused = admin.post("/escalations", wrong).await;
    assert_eq!(refused.body["errors"][0]["pointer"], "/ladder");

    let input = json!({"ticket": ticket, "reason": "churn_threat", "note": "They look elsewhere."});
    let raised = admin.post("/escalations", input.clone()).await;
    assert_eq!(raised.status, 201, "{}", raised.body);
    assert_eq!(raised.body[0]["ladder"], "relationship");
    assert_eq!(raised.body[0]["manual_reason"], "churn_threat");
    let again = admin.post("/escalations", input).await;
    assert_eq!(again.body[0]["id"], raised.body[0]["id"]);
}

#[tokio::test]
async fn a_customer_asks_and_sees_nothing_of_ours() {
    let service = Service::start().await;
    let admin = service.admin().await;
    let (account, ticket) = critical(&service, &admin).await;
    let foreign = admin.make("/accounts", json!({"name": "Foreign"})).await;
    for (email, account) in [
        ("ana@own.example", &account),
        ("eve@foreign.example", &foreign),
    ] {
        let input = json!({"account": account, "name": email, "addresses": [email], "portal": "administrator"});
        let id = admin.make("/contacts", input).await;
        let path = format!("/contacts/{id}/password");
        admin.put(&path, json!({"password": PASSWORD})).await;
    }
    let ana = service.client("ana@own.example").await;
    let eve = service.client("eve@foreign.example").await;
    let path = format!("/tickets/{ticket}/escalation-requests");
    assert_eq!(eve.post(&path, json!({"note": "Me!"})).await.status, 404);
    assert_eq!(ana.post(&path, json!({"note": " "})).await.status, 422);
    assert_eq!(
        ana.post(&path, json!({"note": "We lose money."}))
            .await
            .status,
        204
    );
    assert_eq!(ana.get("/escalations").await.status, 403);
    assert_eq!(ana.get("/notifications").await.status, 403);
    let listed = admin.get(&format!("/escalations?ticket={ticket}")).await;
    // Both were raised in the same instant.
    let mut ladders = texts(&listed, "items", "ladder");
    ladders.sort_unstable();
    assert_eq!(ladders, ["breach", "critical"]);
}

#[tokio::test]
async fn what_is_noted_of_clocks_and_escalations_changes_nothing_of_a_ticket() {
    let service = Service::start().await;
    let admin = service.admin().await;
    let (account, _) = critical(&service, &admin).await;
    let contract = json!({"tier": "Enterprise", "starts_on": "2026-01-01"});
    let contracts = format!("/accounts/{account}/contracts");
    admin.make(&contracts, contract).await;
    let input =
        json!({"subject": "Slow", "message": "Help!", "severity": "P1", "account": account});
    let ticket = admin.make("/tickets", input).await;
    let path = format!("/tickets/{ticket}");
    let before = admin.get(&path).await;
    let tag = before.headers["etag"].to_str().unwrap().to_owned();
    service.advance(jiff::SignedDuration::from_hours(24));
    rest(&service).await;
    let after = admin.get(&path).await;
    assert!(after.body["version"].as_u64() > before.body["version"].as_u64());
    assert_eq!(after.body["updated_at"], before.body["updated_at"]);
    let history = admin.get(&format!("{path}/history?limit=200")).await;
    let mut facts = history.body["items"].as_array().unwrap().iter();
    let missed = facts.find(|fact| fact["kind"] == "clock_missed");
    assert!(
        missed.unwrap()["commitment"].is_string(),
        "{}",
        history.body
    );

    let change = json!({"severity": "P2"});
    let changed = admin.with("if-match", &tag).patch(&path, change).await;
    assert_eq!(changed.status, 200, "{}", changed.body);
    let change = json!({"severity": "P3"});
    let stale = admin.with("if-match", &tag).patch(&path, change).await;
    assert_eq!(stale.status, 412, "somebody changed it by now");
    let listed = admin.get("/tickets?sort=-last_message").await;
    assert_eq!(listed.status, 200, "{}", listed.body);
}

#[tokio::test]
async fn what_one_is_told_is_listed_and_read() {
    let service = Service::start().await;
    let admin = service.admin().await;
    let (account, _) = critical(&service, &admin).await;
    rest(&service).await;
    let count = || async { admin.get("/notifications/unread").await.body["count"].clone() };
    assert_eq!(count().await, 1);
    let listed = admin.get("/notifications?unread=true").await;
    assert_eq!(
        texts(&listed, "items", "title"),
        ["Escalation of #1 (P1): Front line"]
    );
    let about = &listed.body["items"][0]["about"];
    assert_eq!(about["code"], "escalation_step", "{about}");
    let shown = &listed.body["items"][0];
    assert_eq!(
        shown["of"],
        json!({"number": 1, "severity": "P1", "subject": "All is down"})
    );
    assert_eq!(shown["tickets"], 1);
    assert_eq!(
        shown["reason"],
        json!({"code": "severity_is", "severity": "P1"})
    );
    let id = listed.body["items"][0]["id"].as_str().unwrap();
    let read = admin
        .post(&format!("/notifications/{id}/read"), json!({}))
        .await;
    assert_eq!(read.status, 200, "{}", read.body);
    assert_eq!(count().await, 0);
    let team = admin.get("/teams").await.body["items"][0]["id"].clone();
    for subject in ["Down again", "And again"] {
        let input = json!({"subject": subject, "severity": "P1", "account": account, "team": team});
        admin.make("/tickets", input).await;
    }
    assert_eq!(count().await, 2);
    let all = admin.post("/notifications/read", json!({})).await;
    assert_eq!(all.body["count"], 2);
    assert_eq!(count().await, 0);
}
