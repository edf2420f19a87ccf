//! Signing in and out, guessing, and writes that other pages make a browser send.

use argon2::{Algorithm, Argon2, Params, PasswordHasher as _, Version};
use jiff::SignedDuration;
use mainstay_store::agent;
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
    let options = mainstay_app::Options {
        public_url: "http://mainstay.example".to_owned(),
        ..mainstay_app::Options::default()
    };
    let service = Service::start_with(options).await;
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

#[tokio::test]
async fn by_https_the_cookie_is_bound_to_the_host() {
    let options = mainstay_app::Options {
        public_url: "https://mainstay.example".to_owned(),
        ..mainstay_app::Options::default()
    };
    let service = Service::start_with(options).await;
    let body = json!({"email": "admin@example.com", "password": PASSWORD});
    let nobody = Client::nobody(&service);
    let answer = nobody.post("/sessions", body).await;
    let cookie = answer.headers["set-cookie"].to_str().unwrap();
    assert!(
        cookie.starts_with("__Host-mainstay_session=mss_"),
        "{cookie}"
    );
    for part in ["; Secure", "Path=/"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert!(!cookie.contains("Domain"), "{cookie}");
    let pair = cookie.split(';').next().unwrap();
    assert_eq!(nobody.with("cookie", pair).get("/me").await.status, 200);
    // A neighbour on the domain can set one of the plain name: it counts for nothing.
    let plain = pair.trim_start_matches("__Host-");
    assert_eq!(nobody.with("cookie", plain).get("/me").await.status, 401);
}

#[tokio::test]
async fn a_password_kept_by_a_weak_hash_is_hashed_anew_on_signing_in() {
    let weak = Params::new(8192, 1, 1, None).unwrap();
    let weak = Argon2::new(Algorithm::Argon2id, Version::V0x13, weak)
        .hash_password_with_salt(PASSWORD.as_bytes(), b"salt of a test..")
        .unwrap()
        .to_string();
    let service = Service::start().await;
    let store = service.app.store();
    let admin = agent::find_by_email(&store.read(), "admin@example.com")
        .await
        .unwrap()
        .unwrap();
    let kept = async || agent::password_hash(&store.read(), admin.id).await.unwrap();
    let strong = kept().await;
    service.admin().await;
    assert_eq!(kept().await, strong, "one of today stays");
    let tx = store.begin().await.unwrap();
    agent::set_password_hash(&tx, admin.id, Some(&weak))
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let wrong = json!({"email": "admin@example.com", "password": "wrong password"});
    let refused = Client::nobody(&service).post("/sessions", wrong).await;
    assert_eq!(refused.status, 401);
    assert_eq!(kept().await.as_ref(), Some(&weak));
    service.admin().await;
    let upgraded = kept().await.unwrap();
    assert!(upgraded.contains("m=19456,t=2"), "{upgraded}");
    service.admin().await;
}
