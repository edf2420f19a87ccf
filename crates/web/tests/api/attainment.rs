//! What is read to see how the day stands: attainment, load, counts, and what merging would do.

use jiff::SignedDuration;
use mainstay_app::Caller;
use serde_json::{Value, json};

use crate::service::{Client, PASSWORD, Service};

/// A service that promises what the pack `mainstay` promises, and an account of its highest tier.
async fn promising(service: &Service) -> (Client<'_>, String) {
    let folder = std::path::Path::new("../../packs/mainstay");
    let pack = mainstay_policy::PackSource::from_folder(folder).unwrap();
    let machine = Caller::machine();
    service.app.apply_policy(&machine, &pack, "").await.unwrap();
    let admin = service.admin().await;
    let account = admin.make("/accounts", json!({"name": "Acme"})).await;
    let policy = service.app.policy();
    let tier = policy.current().support_hours.keys().next().unwrap();
    let contract = json!({"tier": tier.to_string(), "starts_on": "2026-01-01"});
    let path = format!("/accounts/{account}/contracts");
    admin.make(&path, contract).await;
    (admin, account)
}

async fn open(admin: &Client<'_>, account: &str, subject: &str) -> Value {
    let input =
        json!({"subject": subject, "message": subject, "severity": "P3", "account": account});
    let opened = admin.post("/tickets", input).await;
    assert_eq!(opened.status, 201, "{}", opened.body);
    opened.body
}

fn path(ticket: &Value, rest: &str) -> String {
    format!("/tickets/{}{rest}", ticket["number"])
}

#[tokio::test]
async fn attainment_counts_what_was_kept_for_those_who_may_know() {
    let service = Service::start().await;
    let (admin, account) = promising(&service).await;
    let answered = open(&admin, &account, "A").await;
    open(&admin, &account, "B").await;
    let reply = json!({"text": "We look into it."});
    let written = admin.post(&path(&answered, "/messages"), reply).await;
    assert_eq!(written.status, 201);
    service.advance(SignedDuration::from_secs(1));
    let query = "attainment?commitment=first_response";
    let report = admin.get(&format!("/accounts/{account}/{query}")).await;
    assert_eq!(report.status, 200, "{}", report.body);
    let kept = json!({"met": 1, "missed": 0, "open": 1, "cancelled": 0, "percent": 100.0});
    assert_eq!(report.body["total"], kept);
    assert_eq!(report.body["kinds"][0]["severity"], "P3");
    assert_eq!(admin.get(&format!("/{query}")).await.body["total"], kept);
    let listed = &admin.get("/accounts").await.body["items"][0];
    assert_eq!(listed["kept"]["met"], 1, "{listed}");
    let contracts = admin.get(&format!("/accounts/{account}/contracts")).await;
    assert_eq!(listed["tier"], contracts.body["items"][0]["tier"]);
    service.agent("engineer@example.com", "engineer").await;
    let engineer = service.client("engineer@example.com").await;
    let listed = &engineer.get("/accounts").await.body["items"][0];
    assert_eq!(listed["kept"]["met"], 1, "{listed}");
    assert!(listed["tier"].is_null(), "an engineer reads no contracts");
    let past = format!("/{query}&until=2026-03-01T00:00:00Z");
    assert_eq!(admin.get(&past).await.body["total"]["met"], 0);
    let backwards = "/attainment?from=2026-03-02T00:00:00Z&until=2026-03-01T00:00:00Z";
    assert_eq!(admin.get(backwards).await.status, 422);

    let foreign = admin.make("/accounts", json!({"name": "Foreign"})).await;
    for (email, account, portal) in [
        ("boss@own.example", &account, "administrator"),
        ("ana@own.example", &account, "contact"),
        ("eve@foreign.example", &foreign, "administrator"),
    ] {
        let input =
            json!({"account": account, "name": email, "addresses": [email], "portal": portal});
        let id = admin.make("/contacts", input).await;
        let password = json!({"password": PASSWORD});
        admin
            .put(&format!("/contacts/{id}/password"), password)
            .await;
    }
    let boss = service.client("boss@own.example").await;
    assert_eq!(boss.get(&format!("/{query}")).await.body["total"], kept);
    let ana = service.client("ana@own.example").await;
    assert_eq!(ana.get(&format!("/{query}")).await.status, 403);
    let eve = service.client("eve@foreign.example").await;
    let theirs = eve.get(&format!("/accounts/{account}/{query}")).await;
    assert_eq!(theirs.status, 404);
    assert_eq!(eve.get(&format!("/{query}")).await.body["total"]["met"], 0);
}

#[tokio::test]
async fn the_load_of_a_team_and_the_counts_of_views_are_told() {
    let service = Service::start().await;
    let admin = service.admin().await;
    let ana = service.agent("ana@example.com", "agent").await;
    let team = json!({"name": "First", "members": [ana], "on_call": [ana]});
    let team = admin.make("/teams", team).await;
    for (subject, assignee) in [("A", json!(ana)), ("B", json!(null))] {
        let input = json!({"subject": subject, "message": "x", "team": team, "assignee": assignee});
        let opened = admin.post("/tickets", input).await;
        assert_eq!(opened.status, 201, "{}", opened.body);
        let clear = json!({"assignee": assignee});
        admin.patch(&path(&opened.body, ""), clear).await;
    }
    let load = admin.get(&format!("/teams/{team}/load")).await;
    assert_eq!(load.status, 200, "{}", load.body);
    assert_eq!(
        (&load.body["tickets"], &load.body["unassigned"]),
        (&json!(2), &json!(1))
    );
    assert_eq!(load.body["members"][0]["tickets"], 1);
    assert_eq!(load.body["members"][0]["on_call"], true);

    let view = json!({"name": "Nobody's", "query": "assignee=none"});
    let view = admin.make("/views", view).await;
    let counts = admin.get("/views/counts").await.body;
    assert_eq!(counts["items"], json!([{"view": view, "tickets": 1}]));
    let count = admin.get("/tickets/count?status=undone").await.body;
    assert_eq!(count, json!({"tickets": 2}));
}

#[tokio::test]
async fn what_merging_and_splitting_would_do_is_seen_and_not_done() {
    let service = Service::start().await;
    let (admin, account) = promising(&service).await;
    let first = open(&admin, &account, "first").await;
    service.advance(SignedDuration::from_mins(30));
    let second = open(&admin, &account, "second").await;
    let input = json!({"into": second["number"]});
    let preview = admin
        .post(&path(&first, "/merge/preview"), input.clone())
        .await;
    assert_eq!(preview.status, 200, "{}", preview.body);
    let due = |clocks: &Value| {
        let clocks = clocks.as_array().unwrap();
        let mut named = clocks.iter();
        named
            .find(|clock| clock["commitment"] == "first_response")
            .unwrap()["due_at"]
            .clone()
    };
    // The earlier start is kept, so what remains would be due earlier.
    let (before, after) = (due(&preview.body["before"]), due(&preview.body["after"]));
    assert!(after.as_str() < before.as_str(), "{after} {before}");
    let unchanged = admin.get(&path(&first, "")).await.body;
    assert_eq!(unchanged["merged_into"], Value::Null);
    let clocks = admin.get(&path(&second, "/clocks")).await.body;
    assert_eq!(due(&clocks["items"]), before);

    let merged = admin.post(&path(&first, "/merge"), input).await;
    assert_eq!(merged.status, 200, "{}", merged.body);
    let clocks = admin.get(&path(&second, "/clocks")).await.body;
    assert_eq!(due(&clocks["items"]), after, "as it was foretold");

    let messages = admin.get(&path(&second, "/messages")).await.body;
    let split = json!({"messages": [messages["items"][1]["id"]], "subject": "third"});
    let preview = admin.post(&path(&second, "/split/preview"), split).await;
    assert_eq!(preview.status, 200, "{}", preview.body);
    assert!(!preview.body["split_off"].as_array().unwrap().is_empty());
    assert_eq!(admin.get("/tickets/count").await.body["tickets"], 2);
}
