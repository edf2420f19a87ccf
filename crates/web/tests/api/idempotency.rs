//! A POST that is sent again with its key has its effect once.

use serde_json::json;

use crate::service::{Client, Service};

#[tokio::test]
async fn a_repeated_request_is_answered_as_the_first_time() {
    let service = Service::start().await;
    let admin = service.admin().await.with("idempotency-key", "k1");
    let first = admin.post("/accounts", json!({"name": "Acme"})).await;
    let second = admin.post("/accounts", json!({"name": "Acme"})).await;
    assert_eq!((first.status.as_u16(), second.status.as_u16()), (201, 201));
    assert_eq!(first.body, second.body);
    assert_eq!(first.headers["etag"], second.headers["etag"]);
    assert_eq!(first.headers["location"], second.headers["location"]);
    assert_eq!(second.headers["idempotency-replayed"], "true");
    let all = admin.get("/accounts").await.body;
    assert_eq!(all["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_key_stands_for_one_request_of_one_person() {
    let service = Service::start().await;
    service.agent("other@example.com", "administrator").await;
    let admin = service.admin().await.with("idempotency-key", "k1");
    admin.make("/accounts", json!({"name": "Acme"})).await;
    let other = admin.post("/accounts", json!({"name": "Other"})).await;
    assert_eq!(other.status, 422);
    assert_eq!(other.body["type"], "/api/problems/key-reused");
    assert_eq!(
        admin.post("/teams", json!({"name": "Acme"})).await.status,
        422
    );
    let somebody = service.client("other@example.com").await;
    let somebody = somebody.with("idempotency-key", "k1");
    somebody.make("/accounts", json!({"name": "Acme"})).await;
}

#[tokio::test]
async fn a_refusal_is_repeated_word_for_word() {
    let service = Service::start().await;
    let admin = service.admin().await.with("idempotency-key", "k1");
    let first = admin.post("/accounts", json!({"name": ""})).await;
    let second = admin.post("/accounts", json!({"name": ""})).await;
    assert_eq!((first.status.as_u16(), second.status.as_u16()), (422, 422));
    assert_eq!(first.body["errors"], second.body["errors"]);
    assert_eq!(second.headers["content-type"], "application/problem+json");
}

#[tokio::test]
async fn a_request_that_is_under_way_is_not_begun_again() {
    let service = Service::start().await;
    let admin = service.admin().await;
    let caller = {
        let secret = admin.request("GET", "/me", None).headers()["cookie"]
            .to_str()
            .unwrap()
            .trim_start_matches("mainstay_session=")
            .to_owned();
        service.app.by_session(&secret).await.unwrap()
    };
    let body = json!({"name": "Acme"});
    let parts: [&[u8]; 2] = [b"/api/v1/accounts", &serde_json::to_vec(&body).unwrap()];
    let key = mainstay_app::idempotency::Key::new(caller.actor, "k1", &parts);
    service.app.claim(&key).await.unwrap();
    let keyed = admin.with("idempotency-key", "k1");
    assert_eq!(keyed.post("/accounts", body.clone()).await.status, 409);
    service.app.release(&key).await.unwrap();
    assert_eq!(keyed.post("/accounts", body).await.status, 201);
}

#[tokio::test]
async fn a_secret_is_not_kept_with_its_key() {
    let service = Service::start().await;
    let admin = service.admin().await.with("idempotency-key", "k1");
    let input = || json!({"name": "ci", "scopes": ["*"]});
    let first = admin.post("/tokens", input()).await;
    assert!(first.body["secret"].is_string());
    let second = admin.post("/tokens", input()).await;
    assert_eq!(second.status, 409);
    assert!(second.body.get("secret").is_none());
    assert_eq!(
        admin.get("/tokens").await.body["items"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[tokio::test]
async fn a_key_that_is_none_is_refused_and_nobody_has_keys() {
    let service = Service::start().await;
    let admin = service.admin().await;
    let long = "x".repeat(256);
    let refused = admin
        .with("idempotency-key", &long)
        .post("/teams", json!({"name": "A"}))
        .await;
    assert_eq!(refused.status, 400);
    let nobody = Client::nobody(&service).with("idempotency-key", "k");
    assert_eq!(
        nobody.post("/teams", json!({"name": "A"})).await.status,
        401
    );
}
