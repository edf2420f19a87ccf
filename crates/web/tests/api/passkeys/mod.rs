//! Passkeys: registering them, signing in with them, losing them.

pub mod device;

use jiff::SignedDuration;
use mainstay_app::Options;
use serde_json::{Value, json};

use crate::service::{Answer, Client, PASSWORD, Service};
use device::Device;

/// What a browser is asked for a new passkey.
async fn begun(client: &Client<'_>) -> Value {
    let begun = client
        .post("/me/passkeys/challenges", json!({"password": PASSWORD}))
        .await;
    assert_eq!(begun.status, 201, "{}", begun.body);
    begun.body["options"].clone()
}

async fn register(client: &Client<'_>, device: &mut Device, name: &str) -> Answer {
    let credential = device.makes(&begun(client).await);
    let body = json!({"name": name, "credential": credential});
    client.post("/me/passkeys", body).await
}

/// What a browser is asked that signs in.
async fn asked(service: &Service) -> Value {
    let asked = Client::nobody(service)
        .post("/passkeys/challenges", json!({}))
        .await;
    assert_eq!(asked.status, 201, "{}", asked.body);
    asked.body["options"].clone()
}

async fn answer(service: &Service, credential: &Value) -> Answer {
    let body = json!({"credential": credential});
    Client::nobody(service)
        .post("/passkeys/session", body)
        .await
}

async fn sign_in(service: &Service, device: &mut Device) -> Answer {
    answer(service, &device.signs(&asked(service).await)).await
}

/// An administrator with a passkey.
async fn with_passkey(service: &Service) -> (Client<'_>, Device) {
    let admin = service.admin().await;
    let mut device = Device::new(1);
    let registered = register(&admin, &mut device, "Laptop").await;
    assert_eq!(registered.status, 201, "{}", registered.body);
    (admin, device)
}

async fn is_audited(admin: &Client<'_>, action: &str) -> bool {
    let trail = admin.get("/audit").await.body;
    let entries = trail["items"].as_array().unwrap();
    entries.iter().any(|entry| entry["action"] == action)
}

#[tokio::test]
async fn a_passkey_signs_in_without_a_password_and_shows_when() {
    let service = Service::start().await;
    let (admin, mut device) = with_passkey(&service).await;
    assert!(is_audited(&admin, "passkey.registered").await);
    service.advance(SignedDuration::from_hours(1));
    let signed_in = sign_in(&service, &mut device).await;
    assert_eq!(signed_in.status, 201, "{}", signed_in.body);
    assert_eq!(signed_in.body["email"], "admin@example.com");
    assert!(signed_in.headers.contains_key("set-cookie"));
    let list = admin.get("/me/passkeys").await;
    let passkey = &list.body["items"][0];
    assert_eq!(passkey["name"], "Laptop");
    assert_eq!(passkey["backed_up"], true);
    assert_eq!(passkey["created_at"], "2026-03-02T09:00:00.123456Z");
    assert_eq!(passkey["last_used_at"], "2026-03-02T10:00:00.123456Z");
}

#[tokio::test]
async fn what_is_asked_names_us_and_the_passkeys_that_are_there() {
    let service = Service::start().await;
    let (admin, _) = with_passkey(&service).await;
    let options = begun(&admin).await;
    assert_eq!(
        options["rp"],
        json!({"id": "localhost", "name": "Mainstay"})
    );
    assert_eq!(options["user"]["name"], "admin@example.com");
    assert_eq!(options["timeout"], 300_000);
    assert_eq!(options["attestation"], "none");
    assert_eq!(
        options["excludeCredentials"][0]["id"]
            .as_str()
            .unwrap()
            .len(),
        43
    );
    let selection = &options["authenticatorSelection"];
    assert_eq!(selection["residentKey"], "required");
    assert_eq!(selection["userVerification"], "required");
    let options = asked(&service).await;
    assert_eq!(options["userVerification"], "required");
    assert_eq!(options["allowCredentials"], json!([]));
    assert_eq!(options["timeout"], 300_000);
}

#[tokio::test]
async fn several_have_names_and_each_is_removed_alone() {
    let service = Service::start().await;
    let (admin, mut laptop) = with_passkey(&service).await;
    let mut key = Device::new(2);
    service.advance(SignedDuration::from_secs(1));
    assert_eq!(register(&admin, &mut key, "Key").await.status, 201);
    let again = register(&admin, &mut key, "Key again").await;
    assert_eq!(again.status, 409, "{}", again.body);
    let nameless = register(&admin, &mut Device::new(3), " ").await;
    assert_eq!(nameless.status, 422);
    assert_eq!(nameless.body["errors"][0]["pointer"], "/name");
    let list = admin.get("/me/passkeys").await.body;
    let id = list["items"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(list["items"][0]["name"], "Key");
    let path = format!("/me/passkeys/{id}/removal");
    let wrong = admin
        .post(&path, json!({"password": "wrong password"}))
        .await;
    assert_eq!(wrong.status, 422);
    let without = admin.post(&path, json!({})).await;
    assert_eq!(without.body["errors"][0]["pointer"], "/password");
    let removal = json!({"password": PASSWORD});
    assert_eq!(admin.post(&path, removal.clone()).await.status, 204);
    assert_eq!(admin.post(&path, removal).await.status, 404);
    assert!(is_audited(&admin, "passkey.removed").await);
    assert_eq!(sign_in(&service, &mut key).await.status, 401);
    assert_eq!(sign_in(&service, &mut laptop).await.status, 201);
}

#[tokio::test]
async fn an_answer_serves_once_and_for_five_minutes() {
    let service = Service::start().await;
    let (admin, mut device) = with_passkey(&service).await;
    let credential = device.signs(&asked(&service).await);
    assert_eq!(answer(&service, &credential).await.status, 201);
    assert_eq!(answer(&service, &credential).await.status, 401, "replayed");
    let options = asked(&service).await;
    service.advance(SignedDuration::from_mins(5));
    let late = device.signs(&options);
    assert_eq!(answer(&service, &late).await.status, 401, "too late");
    let mut other = Device::new(2);
    let credential = other.makes(&begun(&admin).await);
    service.advance(SignedDuration::from_mins(5));
    let body = json!({"name": "Late", "credential": credential});
    let late = admin.post("/me/passkeys", body).await;
    assert_eq!(late.status, 404);
}

#[tokio::test]
async fn what_is_forged_is_refused() {
    let service = Service::start().await;
    let (admin, device) = with_passkey(&service).await;
    service.agent("other@example.com", "agent").await;
    let other = service.client("other@example.com").await;
    let refused = async |credential: Value, why: &str| {
        let refused = answer(&service, &credential).await;
        assert_eq!(refused.status, 401, "{why}: {}", refused.body);
        assert_eq!(refused.body["type"], "/api/problems/unauthorised", "{why}");
        // Who fails again and again has to wait.
        service.advance(SignedDuration::from_mins(16));
    };
    let mut elsewhere = device.clone();
    elsewhere.origin = "http://localhost.evil.example:8080";
    refused(elsewhere.signs(&asked(&service).await), "another origin").await;
    let mut options = asked(&service).await;
    options["rpId"] = json!("evil.example");
    refused(device.clone().signs(&options), "another relying party").await;
    let mut options = asked(&service).await;
    options["challenge"] = json!("AAAAAAAAAAAAAAAAAAAAAA");
    refused(device.clone().signs(&options), "a challenge of their own").await;
    let options = begun(&admin).await;
    let registration = json!({"challenge": options["challenge"], "rpId": "localhost"});
    refused(
        device.clone().signs(&registration),
        "a challenge to register",
    )
    .await;
    let mut unverified = device.clone();
    unverified.verifies = false;
    refused(unverified.signs(&asked(&service).await), "nobody verified").await;
    let mut tampered = device.clone().signs(&asked(&service).await);
    let mut foreign = Device::new(9);
    foreign.makes(&begun(&other).await);
    let signed = foreign.signs(&asked(&service).await);
    refused(signed.clone(), "a passkey that nobody registered").await;
    tampered["response"]["signature"] = signed["response"]["signature"].clone();
    refused(tampered, "the signature of another key").await;
    assert_eq!(
        register(&other, &mut Device::new(2), "Theirs").await.status,
        201
    );
    let mut posing = device.clone().signs(&asked(&service).await);
    posing["response"]["userHandle"] = json!("AAAAAAAAAAAAAAAAAAAAAA");
    refused(posing, "the passkey of another").await;
    let mut new = Device::new(3);
    new.origin = "https://evil.example";
    let forged = register(&admin, &mut new, "New").await;
    assert_eq!(forged.status, 422, "another origin: {}", forged.body);
    assert_eq!(forged.body["errors"][0]["pointer"], "/credential");
    new.origin = device::ORIGIN;
    new.verifies = false;
    let unverified = register(&admin, &mut new, "New").await;
    assert_eq!(unverified.status, 422, "nobody verified");
    new.verifies = true;
    let credential = new.makes(&begun(&admin).await);
    let body = json!({"name": "Taken", "credential": credential});
    let taken = other.post("/me/passkeys", body.clone()).await;
    assert_eq!(taken.status, 404, "what another was asked: {}", taken.body);
    let spoilt = admin.post("/me/passkeys", body).await;
    assert_eq!(spoilt.status, 404, "a challenge is used up by any answer");
    assert_eq!(sign_in(&service, &mut device.clone()).await.status, 201);
}

#[tokio::test]
async fn what_is_no_answer_says_so() {
    let service = Service::start().await;
    let admin = service.admin().await;
    let nonsense = json!({"id": "AA", "type": "public-key"});
    let refused = answer(&service, &nonsense).await;
    assert_eq!(refused.status, 422);
    assert_eq!(refused.body["errors"][0]["pointer"], "/credential");
    let body = json!({"name": "Laptop", "credential": nonsense});
    let refused = admin.post("/me/passkeys", body).await;
    assert_eq!(refused.status, 422);
    assert_eq!(refused.body["errors"][0]["pointer"], "/credential");
}

#[tokio::test]
async fn a_copied_passkey_is_refused_and_that_is_audited() {
    let service = Service::start().await;
    let admin = service.admin().await;
    let mut device = Device::new(1);
    device.counter = 1;
    register(&admin, &mut device, "Key").await;
    let mut copy = device.clone();
    assert_eq!(sign_in(&service, &mut device).await.status, 201);
    assert_eq!(sign_in(&service, &mut device).await.status, 201);
    assert_eq!(sign_in(&service, &mut copy).await.status, 401);
    assert!(is_audited(&admin, "passkey.refused").await);
    assert_eq!(sign_in(&service, &mut device).await.status, 201);
}

#[tokio::test]
async fn who_fails_again_and_again_has_to_wait() {
    let service = Service::start().await;
    let (_, device) = with_passkey(&service).await;
    let mut elsewhere = device.clone();
    elsewhere.origin = "https://evil.example";
    for _ in 0..5 {
        assert_eq!(sign_in(&service, &mut elsewhere).await.status, 401);
    }
    assert_eq!(sign_in(&service, &mut elsewhere).await.status, 429);
    service.client("admin@example.com").await;
}

#[tokio::test]
async fn one_takes_the_place_of_a_code() {
    let options = requiring("administrator");
    let service = Service::start_with(options).await;
    service.agent("other@example.com", "agent").await;
    let admin = service.admin().await;
    assert_eq!(admin.get("/tickets").await.status, 403);
    let elsewhere = service.admin().await;
    let mut device = Device::new(1);
    assert_eq!(register(&admin, &mut device, "Laptop").await.status, 201);
    assert_eq!(admin.get("/tickets").await.status, 200);
    assert_eq!(
        elsewhere.get("/me").await.status,
        401,
        "it was opened without"
    );
    let with = async |passkey: Value| {
        let body = json!({"email": "admin@example.com", "password": PASSWORD, "passkey": passkey});
        Client::nobody(&service).post("/sessions", body).await
    };
    let alone = with(Value::Null).await;
    assert_eq!(alone.body["type"], "/api/problems/second-factor-required");
    assert_eq!(with(device.signs(&asked(&service).await)).await.status, 201);
    let mut theirs = Device::new(2);
    let other = service.client("other@example.com").await;
    register(&other, &mut theirs, "Theirs").await;
    let refused = with(theirs.signs(&asked(&service).await)).await;
    assert_eq!(refused.body["type"], "/api/problems/second-factor-required");
    assert_eq!(
        sign_in(&service, &mut device).await.status,
        201,
        "it is both"
    );
    let codes = admin
        .post(
            "/me/second-factor/recovery-codes",
            json!({"password": PASSWORD}),
        )
        .await;
    let code = codes.body["recovery_codes"][0].as_str().unwrap();
    let body = json!({"email": "admin@example.com", "password": PASSWORD, "code": code});
    let recovered = Client::nobody(&service).post("/sessions", body).await;
    assert_eq!(recovered.status, 201, "{}", recovered.body);
}

#[tokio::test]
async fn the_last_one_stays_where_a_second_factor_is_required() {
    let service = Service::start_with(requiring("administrator")).await;
    let (admin, _) = with_passkey(&service).await;
    let list = admin.get("/me/passkeys").await.body;
    let id = list["items"][0]["id"].as_str().unwrap();
    let path = format!("/me/passkeys/{id}/removal");
    let refused = admin.post(&path, json!({"password": PASSWORD})).await;
    assert_eq!(refused.status, 409, "{}", refused.body);
    register(&admin, &mut Device::new(2), "Key").await;
    let removed = admin.post(&path, json!({"password": PASSWORD})).await;
    assert_eq!(removed.status, 204, "{}", removed.body);
}

#[tokio::test]
async fn where_none_is_required_the_password_still_serves_alone() {
    let service = Service::start().await;
    let (admin, _) = with_passkey(&service).await;
    let me = admin.get("/me").await.body;
    assert_eq!(me["second_factor"]["enabled"], false);
    assert_eq!(me["second_factor"]["passkeys"], 1);
    service.admin().await;
}

#[tokio::test]
async fn who_lost_theirs_is_helped_by_an_administrator() {
    let service = Service::start().await;
    let id = service.agent("other@example.com", "agent").await;
    let other = service.client("other@example.com").await;
    let mut device = Device::new(1);
    register(&other, &mut device, "Lost").await;
    let admin = service.admin().await;
    let path = format!("/agents/{id}/second-factor");
    assert_eq!(admin.delete(&path).await.status, 204);
    assert_eq!(admin.delete(&path).await.status, 404);
    assert_eq!(sign_in(&service, &mut device).await.status, 401);
}

#[tokio::test]
async fn a_token_keeps_no_passkeys() {
    let service = Service::start().await;
    let admin = service.admin().await;
    let token = admin
        .post("/tokens", json!({"name": "all", "scopes": ["*"]}))
        .await;
    let token = format!("Bearer {}", token.body["secret"].as_str().unwrap());
    let program = Client::nobody(&service).with("authorization", &token);
    let begun = program
        .post("/me/passkeys/challenges", json!({"password": PASSWORD}))
        .await;
    assert_eq!(begun.status, 403);
}

#[tokio::test]
async fn where_browsers_make_none_there_are_none() {
    let options = Options {
        public_url: "https://192.0.2.7".to_owned(),
        ..Options::default()
    };
    let service = Service::start_with(options).await;
    let nobody = Client::nobody(&service);
    let current = nobody.get("/sessions/current").await;
    assert_eq!(current.status, 200);
    assert_eq!(current.body, json!({"me": null, "passkeys": false}));
    let refused = nobody.post("/passkeys/challenges", json!({})).await;
    assert_eq!(refused.status, 409);
    assert!(
        refused.body["detail"]
            .as_str()
            .unwrap()
            .contains("public_url")
    );
}

#[tokio::test]
async fn the_current_session_is_told_without_an_error() {
    let service = Service::start().await;
    let admin = service.admin().await;
    let current = admin.get("/sessions/current").await.body;
    assert_eq!(current["me"]["email"], "admin@example.com");
    assert_eq!(current["passkeys"], true);
    let ended = Client::nobody(&service).with("cookie", "mainstay_session=mss_ended");
    let current = ended.get("/sessions/current").await;
    assert_eq!(current.status, 200);
    assert_eq!(current.body["me"], Value::Null);
}

fn requiring(role: &str) -> Options {
    Options {
        second_factor_roles: vec![role.into()],
        ..Options::default()
    }
}
