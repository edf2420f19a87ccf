//! Macros, views and webhooks at work, and the tokens that the history names.

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::service::{Client, Service};

/// A ticket of a customer.
async fn ticket(client: &Client<'_>, subject: &str) -> String {
    let input = json!({"subject": subject, "message": "It hurts.", "severity": "P3"});
    client.make("/tickets", input).await
}

fn kinds(history: &Value) -> Vec<&str> {
    let facts = history.as_array().unwrap();
    facts
        .iter()
        .map(|fact| fact["kind"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn a_macro_is_previewed_and_applied() {
    let service = Service::start().await;
    let ana = service.agent("ana@example.com", "agent").await;
    let client = service.client("ana@example.com").await;
    let id = ticket(&client, "Printer").await;
    let actions = json!([
        {"do": "reply", "text": "About ticket {{ ticket.number }}: we look into {{ ticket.subject }}."},
        {"do": "note", "text": "Known."},
        {"do": "set_severity", "to": "P2", "reason": "many ask"},
        {"do": "assign", "to": "me"},
        {"do": "add_tags", "tags": ["Printer"]},
        {"do": "set_status", "to": "pending_customer"},
    ]);
    let input = json!({"name": "Looking", "actions": actions});
    let made = client.make("/macros", input).await;
    let path = format!("/tickets/{id}/macros/{made}");
    service.advance(SignedDuration::from_mins(5));

    let before = client.get(&format!("/tickets/{id}/history")).await.body["items"].clone();
    let preview = client.get(&path).await;
    assert_eq!(preview.status, 200, "{}", preview.body);
    assert_eq!(
        preview.body["messages"],
        json!([
            {"visibility": "public", "text": "About ticket 1: we look into Printer."},
            {"visibility": "internal", "text": "Known."},
        ])
    );
    assert_eq!(preview.body["ticket"]["status"], "pending_customer");
    let after = client.get(&format!("/tickets/{id}/history")).await.body["items"].clone();
    assert_eq!(before, after);

    let applied = client.post(&path, json!({})).await;
    assert_eq!(applied.status, 200, "{}", applied.body);
    assert_eq!(applied.body["severity"], "P2");
    assert_eq!(applied.body["assignee"], ana);
    assert_eq!(applied.body["tags"], json!(["printer"]));
    assert_eq!(applied.body["status"], "pending_customer");
    let messages = client.get(&format!("/tickets/{id}/messages")).await.body["items"].clone();
    assert_eq!(messages[1]["text"], "About ticket 1: we look into Printer.");
    assert_eq!(messages[2]["visibility"], "internal");
    let history = client.get(&format!("/tickets/{id}/history")).await.body["items"].clone();
    let previewed = preview.body["facts"].as_array().unwrap().len();
    let added = kinds(&history).len() - kinds(&before).len();
    assert_eq!(added, previewed);
}

#[tokio::test]
async fn a_macro_does_everything_or_nothing() {
    let service = Service::start().await;
    service.agent("ana@example.com", "agent").await;
    service.agent("eve@example.com", "success_manager").await;
    let admin = service.admin().await;
    let id = ticket(&admin, "Printer").await;
    let make = |actions: Value| {
        let input = json!({"name": "Ours", "shared": true, "actions": actions});
        let admin = &admin;
        async move { admin.make("/macros", input).await }
    };
    let assigns =
        make(json!([{"do": "reply", "text": "Hello."}, {"do": "assign", "to": "me"}])).await;
    let closes =
        make(json!([{"do": "reply", "text": "Hello."}, {"do": "set_status", "to": "gone"}])).await;
    let history = format!("/tickets/{id}/history");
    let before = admin.get(&history).await.body;

    // A success manager may answer but not assign.
    let eve = service.client("eve@example.com").await;
    for method in ["GET", "POST"] {
        let request = eve.request(
            method,
            &format!("/tickets/{id}/macros/{assigns}"),
            Some(json!({})),
        );
        let refused = service.send(request).await;
        assert_eq!(refused.status, 403, "{}", refused.body);
    }
    let ana = service.client("ana@example.com").await;
    let refused = ana
        .post(&format!("/tickets/{id}/macros/{closes}"), json!({}))
        .await;
    assert_eq!(refused.status, 422, "{}", refused.body);
    assert_eq!(admin.get(&history).await.body, before);
    let messages = admin.get(&format!("/tickets/{id}/messages")).await.body["items"].clone();
    assert_eq!(messages.as_array().unwrap().len(), 1);

    // Somebody else's own macro is as if it were not there.
    let input = json!({"name": "Mine", "actions": [{"do": "follow"}]});
    let own = ana.make("/macros", input).await;
    let unseen = eve
        .post(&format!("/tickets/{id}/macros/{own}"), json!({}))
        .await;
    assert_eq!(unseen.status, 404);
}

#[tokio::test]
async fn a_macro_that_could_never_work_is_not_kept() {
    let service = Service::start().await;
    let admin = service.admin().await;
    let actions = json!([
        {"do": "reply", "text": "Dear {{ contact.nam }},"},
        {"do": "set_severity", "to": "P9"},
    ]);
    let refused = admin
        .post("/macros", json!({"name": "Bad", "actions": actions}))
        .await;
    assert_eq!(refused.status, 422);
    let errors = refused.body["errors"].as_array().unwrap();
    assert_eq!(errors[0]["pointer"], "/actions/0/text");
    let detail = errors[0]["detail"].as_str().unwrap();
    assert!(detail.contains("did you mean `contact.name`?"), "{detail}");
    assert_eq!(errors[1]["pointer"], "/actions/1/to");
    let made = admin
        .make("/macros", json!({"name": "Ours", "shared": true}))
        .await;
    let trail = admin.get(&format!("/audit?subject={made}")).await.body;
    assert_eq!(trail["items"][0]["action"], "macro.created");
}

#[tokio::test]
async fn a_view_lists_the_tickets_of_its_query() {
    let service = Service::start().await;
    service.agent("ana@example.com", "agent").await;
    let admin = service.admin().await;
    let ana = service.client("ana@example.com").await;
    for subject in ["one", "two", "three"] {
        let id = ticket(&ana, subject).await;
        let mine = ana
            .patch(&format!("/tickets/{id}"), json!({"assignee": null}))
            .await;
        assert_eq!(mine.status, 200, "{}", mine.body);
    }
    let input = json!({"name": "Mine", "shared": true, "query": "assignee=me&sort=-number"});
    let mine = admin.make("/views", input).await;
    let path = format!("/views/{mine}/tickets");
    assert_eq!(ana.get(&path).await.body["items"], json!([]));
    let me = ana.get("/me").await.body;
    let me = me["id"].as_str().unwrap();
    let all = ana.get("/tickets?sort=number").await.body;
    for found in all["items"].as_array().unwrap() {
        let id = found["id"].as_str().unwrap();
        let taken = ana
            .patch(&format!("/tickets/{id}"), json!({"assignee": me}))
            .await;
        assert_eq!(taken.status, 200, "{}", taken.body);
    }
    let page = ana.get(&format!("{path}?limit=2")).await.body;
    let numbers = |page: &Value| -> Vec<u64> {
        let items = page["items"].as_array().unwrap();
        items
            .iter()
            .map(|item| item["number"].as_u64().unwrap())
            .collect()
    };
    assert_eq!(numbers(&page), [3, 2]);
    let next = page["next"].as_str().unwrap();
    assert!(next.starts_with(&format!("/api/v1{path}?")), "{next}");
    let rest = ana.get(next).await.body;
    assert_eq!(numbers(&rest), [1]);
    assert!(rest.get("next").is_none());
    assert_eq!(admin.get(&path).await.body["items"], json!([]));

    for query in [
        "severty=P1",
        "severity=P9",
        "sort=size",
        "limit=5",
        "cursor=x",
    ] {
        let refused = ana
            .post("/views", json!({"name": "Bad", "query": query}))
            .await;
        assert_eq!(refused.status, 422, "{query}");
        assert_eq!(refused.body["errors"][0]["pointer"], "/query", "{query}");
    }
}

#[tokio::test]
async fn a_webhook_names_events_that_exist_and_can_be_tried_out() {
    let service = Service::start().await;
    let admin = service.admin().await;
    let input =
        json!({"url": "https://hooks.example/in", "events": ["ticket.opened", "ticket.oponed"]});
    let refused = admin.post("/webhooks", input).await;
    assert_eq!(refused.status, 422);
    assert_eq!(refused.body["errors"][0]["pointer"], "/events/1");
    let events = admin.get("/webhook-events").await.body["items"].clone();
    let names: Vec<&str> = events
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["name"].as_str().unwrap())
        .collect();
    assert!(names.contains(&"clock.missed"), "{names:?}");
    let input = json!({"url": "https://hooks.example/in", "events": names});
    let id = admin.make("/webhooks", input).await;
    let queued = admin.post(&format!("/webhooks/{id}/test"), json!({})).await;
    assert_eq!(queued.status, 202, "{}", queued.body);
    assert_eq!(queued.body["state"], "queued");
    let delivery = queued.body["id"].as_str().unwrap();
    let path = format!("/webhooks/{id}/deliveries/{delivery}");
    assert_eq!(admin.get(&path).await.body["body"]["type"], "webhook.test");
    let waiting = admin.post(&format!("{path}/resend"), json!({})).await;
    assert_eq!(waiting.status, 409, "{}", waiting.body);
}

#[tokio::test]
async fn what_a_program_did_names_its_token() {
    let service = Service::start().await;
    let admin = service.admin().await;
    let id = ticket(&admin, "Printer").await;
    let made = admin
        .post("/tokens", json!({"name": "ci", "scopes": ["*"]}))
        .await
        .body;
    let (token, secret) = (
        made["id"].as_str().unwrap(),
        made["secret"].as_str().unwrap(),
    );
    let program = Client::nobody(&service).with("authorization", &format!("Bearer {secret}"));
    let change = program
        .patch(&format!("/tickets/{id}"), json!({"severity": "P1"}))
        .await;
    assert_eq!(change.status, 200, "{}", change.body);
    let reply = json!({"text": "We know."});
    assert_eq!(
        program
            .post(&format!("/tickets/{id}/messages"), reply)
            .await
            .status,
        201
    );
    let opened = ticket(&program, "Another").await;
    program.make("/accounts", json!({"name": "Acme"})).await;
    admin
        .patch(&format!("/tickets/{id}"), json!({"subject": "Plotter"}))
        .await;

    let history = admin.get(&format!("/tickets/{id}/history")).await.body["items"].clone();
    let me = admin.get("/me").await.body["id"].clone();
    for fact in history.as_array().unwrap() {
        let by_program = ["severity_changed", "message_added", "status_changed"];
        let is_first = fact["sequence"].as_u64().unwrap() <= 2;
        let expected = !is_first && by_program.contains(&fact["kind"].as_str().unwrap());
        assert_eq!(fact["token"] == token, expected, "{fact}");
        assert_eq!(fact["actor"]["id"], me, "{fact}");
    }
    let history = admin.get(&format!("/tickets/{opened}/history")).await.body;
    assert_eq!(history["items"][0]["token"], token);
    let trail = admin.get("/audit?action=account.created").await.body;
    assert_eq!(trail["items"][0]["actor"], me);
    assert_eq!(trail["items"][0]["detail"]["token"], token);
    let trail = admin
        .get(&format!("/audit?subject_kind=ticket&subject={id}"))
        .await
        .body;
    assert_eq!(trail["items"].as_array().unwrap().len(), 2);
}
