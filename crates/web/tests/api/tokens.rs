//! API tokens: shown once, narrower than their owner, revoked for good.

use jiff::SignedDuration;
use serde_json::json;

use crate::service::{Client, Service};

#[tokio::test]
async fn a_token_acts_in_its_owners_name_within_its_scopes() {
    let service = Service::start().await;
    let admin = service.admin().await;
    let input = json!({"name": "ci", "scopes": ["agent.read"]});
    let made = admin.post("/tokens", input).await;
    assert_eq!(made.status, 201);
    let secret = made.body["secret"].as_str().unwrap();
    assert!(secret.starts_with("mst_"));

    let program = Client::nobody(&service).with("authorization", &format!("Bearer {secret}"));
    assert_eq!(program.get("/agents").await.status, 200);
    let refused = program
        .post("/agents", json!({"email": "x@y.zz", "name": "X"}))
        .await;
    assert_eq!(refused.status, 403);
    let listed = admin.get("/tokens").await.body["items"].clone();
    assert!(listed[0].get("secret").is_none(), "{listed}");
    assert!(listed[0]["last_used_at"].is_string());

    let path = format!("/tokens/{}", made.body["id"].as_str().unwrap());
    assert_eq!(admin.delete(&path).await.status, 204);
    let answer = program.get("/agents").await;
    assert_eq!(answer.status, 401);
    assert!(answer.headers.contains_key("www-authenticate"));
}

#[tokio::test]
async fn a_token_ends_when_it_says() {
    let service = Service::start().await;
    let admin = service.admin().await;
    let input = json!({"name": "ci", "scopes": ["*"], "expires_at": "2026-03-02T10:00:00Z"});
    let made = admin.post("/tokens", input).await;
    let secret = made.body["secret"].as_str().unwrap();
    let program = Client::nobody(&service).with("authorization", &format!("Bearer {secret}"));
    assert_eq!(program.get("/me").await.status, 200);
    service.advance(SignedDuration::from_hours(1));
    assert_eq!(program.get("/me").await.status, 401);
}

#[tokio::test]
async fn a_wrong_scope_and_a_past_end_are_named() {
    let service = Service::start().await;
    let admin = service.admin().await;
    let input =
        json!({"name": "", "scopes": ["*", "agent.raed"], "expires_at": "2020-01-01T00:00:00Z"});
    let refused = admin.post("/tokens", input).await;
    assert_eq!(refused.status, 422);
    let pointers: Vec<&str> = refused.body["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["pointer"].as_str().unwrap())
        .collect();
    assert_eq!(pointers, ["/name", "/scopes/1", "/expires_at"]);
}

#[tokio::test]
async fn a_token_makes_no_other_token() {
    let service = Service::start().await;
    service.agent("other@example.com", "agent").await;
    let other = service.client("other@example.com").await;
    let input = || json!({"name": "ci", "scopes": ["*"]});
    let made = other.post("/tokens", input()).await;
    let secret = made.body["secret"].as_str().unwrap();
    let program = Client::nobody(&service).with("authorization", &format!("Bearer {secret}"));
    assert_eq!(program.post("/tokens", input()).await.status, 403);
}

#[tokio::test]
async fn credentials_that_are_none_are_refused() {
    let service = Service::start().await;
    for value in [
        "Bearer nonsense",
        "Bearer mst_unknown",
        "Basic YTpi",
        "Bearer",
    ] {
        let answer = Client::nobody(&service)
            .with("authorization", value)
            .get("/me")
            .await;
        assert_eq!(answer.status, 401, "{value}");
    }
    assert_eq!(Client::nobody(&service).get("/me").await.status, 401);
}

#[tokio::test]
async fn nobody_sees_or_revokes_somebody_elses_token_without_the_permission() {
    let service = Service::start().await;
    service.agent("other@example.com", "agent").await;
    let admin = service.admin().await;
    let other = service.client("other@example.com").await;
    let id = admin
        .make("/tokens", json!({"name": "ci", "scopes": ["*"]}))
        .await;
    assert_eq!(other.get("/tokens").await.body["items"], json!([]));
    assert_eq!(other.delete(&format!("/tokens/{id}")).await.status, 404);
}

#[tokio::test]
async fn nobody_promises_a_program_what_they_may_not_do() {
    let service = Service::start().await;
    service.agent("other@example.com", "viewer").await;
    let other = service.client("other@example.com").await;
    let input = json!({"name": "ci", "scopes": ["ticket.read", "policy.apply"]});
    let refused = other.post("/tokens", input).await;
    assert_eq!(refused.status, 422, "{}", refused.body);
    assert_eq!(refused.body["errors"][0]["pointer"], "/scopes/1");
    assert_eq!(other.get("/tokens").await.body["items"], json!([]));
}

#[tokio::test]
async fn whoever_may_read_the_audit_trail_is_told_what_a_token_is_called() {
    let service = Service::start().await;
    service.agent("ana@example.com", "agent").await;
    let admin = service.admin().await;
    let input = json!({"name": "nightly", "scopes": ["agent.read"]});
    let token = admin.make("/tokens", input).await;
    let path = format!("/names?ids={token}");
    let told = json!([{"id": token, "kind": "token", "name": "nightly"}]);
    assert_eq!(admin.get(&path).await.body["items"], told);
    let ana = service.client("ana@example.com").await;
    assert_eq!(ana.get(&path).await.body["items"], json!([]));
}
