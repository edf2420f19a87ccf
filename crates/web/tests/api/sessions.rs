//! Signing in and out, guessing, and writes that other pages make a browser send.

use jiff::SignedDuration;
use serde_json::json;

use crate::service::{Client, PASSWORD, Service};

#[tokio::test]
async fn somebody_signs_in_sees_who_they_are_and_signs_out() {
    let service = Service::start().await;
    let admin = service.admin().await;
    let me = admin.get("/me").await;
    assert_eq!(me.body["email"], "admin@example.com");
    assert_eq!(me.body["roles"], json!(["administrator"]));

    let out = admin.delete("/sessions/current").await;
    assert_eq!(out.status, 204);
    assert!(
        out.headers["set-cookie"]
            .to_str()
            .unwrap()
            .contains("Max-Age=0")
    );
    assert_eq!(admin.get("/me").await.status, 401);
}

#[tokio::test]
async fn the_cookie_is_out_of_reach_of_scripts_and_other_sites() {
    let service = Service::start().await;
    let body = json!({"email": "ADMIN@example.com", "password": PASSWORD});
    let answer = Client::nobody(&service).post("/sessions", body).await;
    let cookie = answer.headers["set-cookie"].to_str().unwrap();
    for part in ["HttpOnly", "SameSite=Lax", "Path=/"] {
        assert!(cookie.contains(part), "{cookie}");
    }
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_address_get_the_same_answer() {
    let service = Service::start().await;
    let nobody = Client::nobody(&service);
    let wrong = json!({"email": "admin@example.com", "password": "wrong password"});
    let unknown = json!({"email": "nobody@example.com", "password": PASSWORD});
    let (wrong, unknown) = (
        nobody.post("/sessions", wrong).await,
        nobody.post("/sessions", unknown).await,
    );
    assert_eq!(wrong.status, 401);
    assert_eq!(wrong.body, unknown.body);
}

#[tokio::test]
async fn a_guesser_has_to_wait_and_the_wait_ends() {
    let service = Service::start().await;
    let nobody = Client::nobody(&service);
    let wrong = || json!({"email": "admin@example.com", "password": "wrong password"});
    for _ in 0..5 {
        assert_eq!(nobody.post("/sessions", wrong()).await.status, 401);
    }
    let right = || json!({"email": "admin@example.com", "password": PASSWORD});
    let refused = nobody.post("/sessions", right()).await;
    assert_eq!(refused.status, 429);
    assert_eq!(refused.headers["retry-after"], "1");
    service.advance(SignedDuration::from_secs(1));
    assert_eq!(nobody.post("/sessions", right()).await.status, 201);
}

#[tokio::test]
async fn a_session_ends_when_it_is_not_used_and_lasts_when_it_is() {
    let service = Service::start().await;
    let admin = service.admin().await;
    for _ in 0..3 {
        service.advance(SignedDuration::from_hours(10 * 24));
        assert_eq!(admin.get("/me").await.status, 200);
    }
    service.advance(SignedDuration::from_hours(15 * 24));
    assert_eq!(admin.get("/me").await.status, 401);
}

#[tokio::test]
async fn sessions_are_seen_and_ended_one_by_one() {
    let service = Service::start().await;
    let here = service.admin().await;
    let there = service.admin().await;
    let sessions = here.get("/sessions").await.body["items"].clone();
    assert_eq!(sessions.as_array().unwrap().len(), 2);
    let other = sessions
        .as_array()
        .unwrap()
        .iter()
        .find(|session| session["current"] == false)
        .unwrap();
    let path = format!("/sessions/{}", other["id"].as_str().unwrap());
    assert_eq!(here.delete(&path).await.status, 204);
    assert_eq!(here.delete(&path).await.status, 404);
    assert_eq!(there.get("/me").await.status, 401);
    assert_eq!(here.get("/me").await.status, 200);
}

#[tokio::test]
async fn nobody_ends_somebody_elses_session() {
    let service = Service::start().await;
    service.agent("other@example.com", "agent").await;
    let admin = service.admin().await;
    let other = service.client("other@example.com").await;
    let id = other.get("/me").await.body["session"].clone();
    let path = format!("/sessions/{}", id.as_str().unwrap());
    assert_eq!(admin.delete(&path).await.status, 404);
    assert_eq!(other.get("/me").await.status, 200);
}

#[tokio::test]
async fn a_write_by_cookie_must_show_where_it_comes_from() {
    let service = Service::start().await;
    let admin = service.admin().await;
    let bare = admin.without("x-requested-with");
    let team = || json!({"name": "First line"});
    assert_eq!(bare.get("/me").await.status, 200);
    assert_eq!(bare.post("/teams", team()).await.status, 403);
    let foreign = bare
        .with("host", "mainstay.example")
        .with("origin", "https://evil.example");
    assert_eq!(foreign.post("/teams", team()).await.status, 403);
    let own = bare
        .with("host", "mainstay.example")
        .with("origin", "https://mainstay.example");
    assert_eq!(own.post("/teams", team()).await.status, 201);
}

#[tokio::test]
async fn changing_the_password_ends_the_other_sessions() {
    let service = Service::start().await;
    let here = service.admin().await;
    let there = service.admin().await;
    let wrong = json!({"old": "wrong password", "password": "another horse"});
    let refused = here.put("/me/password", wrong).await;
    assert_eq!(refused.status, 422);
    assert_eq!(refused.body["errors"][0]["pointer"], "/old");
    let right = json!({"old": PASSWORD, "password": "another horse"});
    assert_eq!(here.put("/me/password", right).await.status, 204);
    assert_eq!(there.get("/me").await.status, 401);
    assert_eq!(here.get("/me").await.status, 200);
    let body = json!({"email": "admin@example.com", "password": "another horse"});
    let again = Client::nobody(&service).post("/sessions", body).await;
    assert_eq!(again.status, 201);
}

#[tokio::test]
async fn somebody_who_is_disabled_is_out_at_once() {
    let service = Service::start().await;
    let id = service.agent("other@example.com", "agent").await;
    let admin = service.admin().await;
    let other = service.client("other@example.com").await;
    let path = format!("/agents/{id}");
    let disabled = admin
        .with("if-match", "*")
        .patch(&path, json!({"active": false}))
        .await;
    assert_eq!(disabled.status, 200);
    assert_eq!(other.get("/me").await.status, 401);
}
