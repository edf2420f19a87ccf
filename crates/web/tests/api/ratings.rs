//! What customers think of how their tickets were handled.

use jiff::SignedDuration;
use serde_json::json;

use crate::service::{Client, PASSWORD, Service};

/// A ticket of Carl's, its path and Carl.
async fn desk(service: &Service) -> (String, Client<'_>) {
    let admin = service.admin().await;
    let account = admin.make("/accounts", json!({"name": "Own"})).await;
    let carl = json!({"account": account, "name": "Carl", "addresses": ["carl@own.example"],
        "portal": "contact"});
    let carl = admin.make("/contacts", carl).await;
    let password = json!({"password": PASSWORD});
    admin
        .put(&format!("/contacts/{carl}/password"), password)
        .await;
    let ticket = json!({"subject": "Slow", "account": account, "contact": carl});
    let ticket = admin.make("/tickets", ticket).await;
    let client = service.client("carl@own.example").await;
    (format!("/tickets/{ticket}"), client)
}

async fn set_status(service: &Service, path: &str, status: &str) {
    let admin = service.admin().await;
    let changed = admin
        .with("if-match", "*")
        .patch(path, json!({"status": status}))
        .await;
    assert_eq!(changed.status, 200, "{}", changed.body);
}

#[tokio::test]
async fn a_customer_rates_what_is_resolved_and_changes_their_mind_for_a_while() {
    let service = Service::start().await;
    let (path, carl) = desk(&service).await;
    let rating = format!("{path}/rating");
    let early = carl.put(&rating, json!({"score": "good"})).await;
    assert_eq!(early.status, 409, "{}", early.body);
    set_status(&service, &path, "resolved").await;
    let bad = json!({"score": "bad", "comment": "  It took days.  "});
    let rated = carl.put(&rating, bad.clone()).await;
    assert_eq!(rated.status, 200, "{}", rated.body);
    assert_eq!(rated.body["rating"]["score"], "bad");
    assert_eq!(rated.body["rating"]["comment"], "It took days.");
    let version = rated.body["version"].clone();
    let again = carl.put(&rating, bad).await;
    assert_eq!(again.body["version"], version, "the same is told once");

    service.advance(SignedDuration::from_hours(14 * 24 - 1));
    let carl = service.client("carl@own.example").await;
    let better = carl.put(&rating, json!({"score": "good"})).await;
    assert_eq!(better.body["rating"]["score"], "good");
    let shown = service.admin().await.get(&path).await;
    assert_eq!(shown.body["rating"], better.body["rating"]);
    service.advance(SignedDuration::from_hours(1));
    let late = carl.put(&rating, json!({"score": "bad"})).await;
    assert_eq!(late.status, 409, "{}", late.body);
    let history = service.admin().await.get(&format!("{path}/history")).await;
    let scores: Vec<&str> = history.body["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|fact| fact["kind"] == "rated")
        .map(|fact| fact["score"].as_str().unwrap())
        .collect();
    assert_eq!(scores, ["bad", "good"]);
}

#[tokio::test]
async fn a_ticket_that_is_opened_again_is_not_rated_any_more() {
    let service = Service::start().await;
    let (path, carl) = desk(&service).await;
    set_status(&service, &path, "resolved").await;
    let rating = format!("{path}/rating");
    assert_eq!(
        carl.put(&rating, json!({"score": "good"})).await.status,
        200
    );
    set_status(&service, &path, "open").await;
    assert_eq!(carl.get(&path).await.body["rating"], json!(null));
    set_status(&service, &path, "resolved").await;
    let again = carl.put(&rating, json!({"score": "bad"})).await;
    assert_eq!(again.body["rating"]["score"], "bad", "{}", again.body);
    let wrong = carl.put(&rating, json!({"score": "fine"})).await;
    assert_eq!(wrong.status, 422);
}
