//! Drafts, messages that are held back, and who else is at a ticket.

use jiff::SignedDuration;
use mainstay_app::Tick;
use serde_json::{Value, json};

use crate::service::{Client, Service};

async fn ticket(admin: &Client<'_>) -> String {
    let input = json!({"subject": "Printer", "message": "It burns."});
    format!("/tickets/{}", admin.make("/tickets", input).await)
}

async fn work(service: &Service) {
    while service.app.tick().await.unwrap() == Tick::More {}
}

async fn texts(admin: &Client<'_>, path: &str) -> Vec<Value> {
    let messages = admin.get(&format!("{path}/messages")).await.body;
    let messages = messages["items"].as_array().unwrap();
    messages
        .iter()
        .map(|message| message["text"].clone())
        .collect()
}

#[tokio::test]
async fn a_draft_is_kept_for_oneself_and_leaves_after_a_moment() {
    let service = Service::start().await;
    let admin = service.admin().await;
    service.agent("other@example.com", "agent").await;
    let other = service.client("other@example.com").await;
    let path = ticket(&admin).await;
    let draft = format!("{path}/draft");
    assert_eq!(admin.get(&draft).await.status, 404);
    let kept = admin.put(&draft, json!({"text": "Wat"})).await;
    assert_eq!(kept.status, 200, "{}", kept.body);
    let input = json!({"text": "Water is on its way.", "status": "pending_customer"});
    admin.put(&draft, input).await;
    assert_eq!(admin.get(&draft).await.body["text"], "Water is on its way.");
    assert_eq!(
        admin.get("/drafts").await.body["items"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    assert_eq!(other.get(&draft).await.status, 404);

    let send = format!("{draft}/send");
    let sent = admin.post(&send, json!({"after_seconds": 20})).await;
    assert_eq!(sent.status, 202, "{}", sent.body);
    service.advance(SignedDuration::from_secs(19));
    work(&service).await;
    assert_eq!(texts(&admin, &path).await, ["It burns."]);
    let busy = admin.put(&draft, json!({"text": "x"})).await;
    assert_eq!(busy.status, 409, "{}", busy.body);
    let held = admin.delete(&send).await;
    assert_eq!(held.status, 200, "{}", held.body);
    assert_eq!(held.body["text"], "Water is on its way.");
    service.advance(SignedDuration::from_secs(60));
    work(&service).await;
    assert_eq!(
        texts(&admin, &path).await,
        ["It burns."],
        "it was held back"
    );

    admin.post(&send, json!({})).await;
    service.advance(SignedDuration::from_secs(10));
    work(&service).await;
    assert_eq!(
        texts(&admin, &path).await,
        ["It burns.", "Water is on its way."]
    );
    let answered = admin.get(&path).await.body;
    assert_eq!(answered["status"], "pending_customer");
    assert_eq!(admin.get(&draft).await.status, 404);
    assert_eq!(admin.delete(&send).await.status, 404, "it has left");
}

#[tokio::test]
async fn a_draft_that_can_no_longer_be_said_is_kept_with_the_reason() {
    let service = Service::start().await;
    let admin = service.admin().await;
    let path = ticket(&admin).await;
    let draft = format!("{path}/draft");
    let empty = admin.put(&draft, json!({"text": " "})).await;
    assert_eq!(empty.status, 200);
    let send = format!("{draft}/send");
    assert_eq!(admin.post(&send, json!({})).await.status, 422);
    let long = admin.post(&send, json!({"after_seconds": 301})).await;
    assert_eq!(long.body["errors"][0]["pointer"], "/after_seconds");
    admin.put(&draft, json!({"text": "Too late."})).await;
    admin.post(&send, json!({})).await;
    let closed = admin.patch(&path, json!({"status": "closed"})).await;
    assert_eq!(closed.status, 200, "{}", closed.body);
    service.advance(SignedDuration::from_secs(10));
    work(&service).await;
    let kept = admin.get(&draft).await.body;
    assert_eq!(kept["text"], "Too late.");
    assert!(kept["refused"].is_string(), "{kept}");
    assert_eq!(admin.delete(&draft).await.status, 204);
}

#[tokio::test]
async fn a_draft_names_a_status_and_nothing_longer() {
    let service = Service::start().await;
    let admin = service.admin().await;
    let draft = format!("{}/draft", ticket(&admin).await);
    let named = admin.put(&draft, json!({"text": "Soon.", "status": "pending"}));
    assert_eq!(named.await.body["status"], "pending");
    for status in ["", "two\nlines", &"x".repeat(201)] {
        let refused = admin.put(&draft, json!({"text": "Later.", "status": status}));
        let refused = refused.await;
        assert_eq!(refused.status, 422, "{status:?}");
        assert_eq!(refused.body["errors"][0]["pointer"], "/status");
    }
    assert_eq!(admin.get(&draft).await.body["text"], "Soon.");
}

#[tokio::test]
async fn others_see_who_is_at_a_ticket_until_they_leave_or_fall_silent() {
    let service = Service::start().await;
    let admin = service.admin().await;
    let id = service.agent("other@example.com", "agent").await;
    let other = service.client("other@example.com").await;
    let path = format!("{}/presence", ticket(&admin).await);
    let place = service.app.latest_place().await.unwrap();
    let alone = other.put(&path, json!({"doing": "reading"})).await;
    assert_eq!(alone.body["items"], json!([]));
    other.put(&path, json!({"doing": "reading"})).await;
    other.put(&path, json!({"doing": "typing"})).await;
    let seen = admin.get(&path).await.body;
    assert_eq!(seen["items"][0]["agent"], id);
    assert_eq!(seen["items"][0]["doing"], "typing");
    let news = service.app.changes_after(place).await.unwrap();
    let kinds: Vec<&str> = news.iter().map(|(_, change)| &*change.kind).collect();
    assert_eq!(
        kinds,
        ["ticket.presence", "ticket.presence"],
        "news are told once"
    );
    assert!(news.iter().all(|(_, change)| change.account.is_none()));
    assert_eq!(other.delete(&path).await.status, 204);
    assert_eq!(admin.get(&path).await.body["items"], json!([]));
    other.put(&path, json!({"doing": "typing"})).await;
    service.advance(SignedDuration::from_secs(45));
    assert_eq!(admin.get(&path).await.body["items"], json!([]));
}
