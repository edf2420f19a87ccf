//! A second factor: setting it up, signing in with it, losing it.

use std::sync::Arc;

use jiff::SignedDuration;
use mainstay_app::mail::{MailOptions, RecordingTransport};
use mainstay_app::{Options, Tick};
use serde_json::{Value, json};
use totp_rs::{Builder, Secret, Totp};

use crate::service::{Answer, Client, PASSWORD, Service};

/// What an authenticator would show.
struct Device(Totp);

impl Device {
    fn told(enrolment: &Value) -> Self {
        let secret = enrolment["secret"].as_str().unwrap();
        let totp = Builder::new()
            .with_secret(Secret::try_from_base32(secret).unwrap())
            .with_account_name("a")
            .build();
        Self(totp.unwrap())
    }

    fn code(&self, service: &Service) -> String {
        let now = u64::try_from(service.app.now().as_second()).unwrap();
        self.0.generate(now).to_string()
    }
}

async fn enrol(service: &Service, client: &Client<'_>) -> (Device, Vec<String>) {
    let begun = client
        .post("/me/second-factor", json!({"password": PASSWORD}))
        .await;
    assert_eq!(begun.status, 201, "{}", begun.body);
    assert!(begun.body["picture"].as_str().unwrap().contains("<svg"));
    let device = Device::told(&begun.body);
    let confirmed = client
        .post(
            "/me/second-factor/confirmation",
            json!({"code": device.code(service)}),
        )
        .await;
    assert_eq!(confirmed.status, 200, "{}", confirmed.body);
    let codes = confirmed.body["recovery_codes"].as_array().unwrap();
    let codes = codes.iter().map(|code| code.as_str().unwrap().to_owned());
    (device, codes.collect())
}

async fn sign_in(service: &Service, code: Option<&str>) -> Answer {
    let body = json!({"email": "admin@example.com", "password": PASSWORD, "code": code});
    Client::nobody(service).post("/sessions", body).await
}

#[tokio::test]
async fn a_sign_in_asks_for_the_code_and_takes_each_once() {
    let service = Service::start().await;
    let admin = service.admin().await;
    let other = service.admin().await;
    let (device, _) = enrol(&service, &admin).await;
    assert_eq!(other.get("/me").await.status, 401, "it was opened without");
    assert_eq!(
        admin.get("/me").await.body["second_factor"]["enabled"],
        true
    );
    let asked = sign_in(&service, None).await;
    assert_eq!(asked.status, 401);
    assert_eq!(asked.body["type"], "/api/problems/second-factor-required");
    let used = device.code(&service);
    assert_eq!(
        sign_in(&service, Some(&used)).await.status,
        401,
        "used to confirm"
    );
    service.advance(SignedDuration::from_secs(30));
    let code = device.code(&service);
    assert_eq!(sign_in(&service, Some(&code)).await.status, 201);
    assert_eq!(sign_in(&service, Some(&code)).await.status, 401);
    service.advance(SignedDuration::from_secs(120));
    assert_eq!(
        sign_in(&service, Some(&code)).await.status,
        401,
        "it is over"
    );
}

#[tokio::test]
async fn a_wrong_password_does_not_tell_of_the_second_factor() {
    let service = Service::start().await;
    enrol(&service, &service.admin().await).await;
    let body = json!({"email": "admin@example.com", "password": "wrong password"});
    let refused = Client::nobody(&service).post("/sessions", body).await;
    assert_eq!(refused.body["type"], "/api/problems/unauthorised");
}

#[tokio::test]
async fn who_guesses_codes_has_to_wait() {
    let service = Service::start().await;
    enrol(&service, &service.admin().await).await;
    for _ in 0..5 {
        assert_eq!(sign_in(&service, Some("000000")).await.status, 401);
    }
    assert_eq!(sign_in(&service, Some("000000")).await.status, 429);
}

#[tokio::test]
async fn a_recovery_code_serves_once_and_new_ones_take_their_place() {
    let service = Service::start().await;
    let admin = service.admin().await;
    let (_, codes) = enrol(&service, &admin).await;
    assert_eq!(codes.len(), 10);
    let typed = codes[0].to_uppercase().replace('-', " ");
    assert_eq!(sign_in(&service, Some(&typed)).await.status, 201);
    assert_eq!(sign_in(&service, Some(&typed)).await.status, 401);
    assert_eq!(
        admin.get("/me").await.body["second_factor"]["recovery_codes"],
        9
    );
    let path = "/me/second-factor/recovery-codes";
    let wrong = admin
        .post(path, json!({"password": "wrong password"}))
        .await;
    assert_eq!(wrong.status, 422);
    let renewed = admin.post(path, json!({"password": PASSWORD})).await;
    assert_eq!(renewed.status, 200, "{}", renewed.body);
    assert_eq!(sign_in(&service, Some(&codes[1])).await.status, 401);
    let fresh = renewed.body["recovery_codes"][0].as_str().unwrap();
    assert_eq!(sign_in(&service, Some(fresh)).await.status, 201);
}

#[tokio::test]
async fn it_is_removed_with_the_password_and_not_by_a_token() {
    let service = Service::start().await;
    let admin = service.admin().await;
    let (_, codes) = enrol(&service, &admin).await;
    let again = admin
        .post("/me/second-factor", json!({"password": PASSWORD}))
        .await;
    assert_eq!(again.status, 409);
    let token = admin
        .post("/tokens", json!({"name": "all", "scopes": ["*"]}))
        .await;
    let token = format!("Bearer {}", token.body["secret"].as_str().unwrap());
    let program = Client::nobody(&service).with("authorization", &token);
    let path = "/me/second-factor/removal";
    assert_eq!(
        program
            .post(path, json!({"password": PASSWORD}))
            .await
            .status,
        403
    );
    assert_eq!(
        admin
            .post(path, json!({"password": "wrong password"}))
            .await
            .status,
        422
    );
    assert_eq!(
        admin.post(path, json!({"password": PASSWORD})).await.status,
        204
    );
    assert_eq!(sign_in(&service, None).await.status, 201);
    let body = json!({"email": "admin@example.com", "password": PASSWORD, "code": codes[0]});
    let with_old_code = Client::nobody(&service).post("/sessions", body).await;
    assert_eq!(
        with_old_code.status, 201,
        "a code that nobody asked for is no fault"
    );
}

#[tokio::test]
async fn what_was_begun_and_not_confirmed_changes_nothing() {
    let service = Service::start().await;
    let admin = service.admin().await;
    let begun = admin
        .post("/me/second-factor", json!({"password": PASSWORD}))
        .await;
    let wrong = admin
        .post("/me/second-factor/confirmation", json!({"code": "12"}))
        .await;
    assert_eq!(wrong.status, 422);
    assert_eq!(wrong.body["errors"][0]["pointer"], "/code");
    assert_eq!(sign_in(&service, None).await.status, 201);
    let device = Device::told(&begun.body);
    let renewed = admin
        .post("/me/second-factor", json!({"password": PASSWORD}))
        .await;
    assert_eq!(renewed.status, 201, "one begins anew at will");
    let code = json!({"code": device.code(&service)});
    let late = admin.post("/me/second-factor/confirmation", code).await;
    assert_eq!(late.status, 422, "the first one is gone");
}

#[tokio::test]
async fn who_lost_it_is_helped_by_an_administrator_and_that_is_audited() {
    let service = Service::start().await;
    let id = service.agent("other@example.com", "agent").await;
    let other = service.client("other@example.com").await;
    enrol(&service, &other).await;
    let admin = service.admin().await;
    let sessions = admin.get(&format!("/agents/{id}/sessions")).await;
    assert_eq!(sessions.body["items"].as_array().unwrap().len(), 1);
    let path = format!("/agents/{id}/second-factor");
    assert_eq!(other.delete(&path).await.status, 403);
    // Within one instant nothing says which of two entries came last.
    service.advance(SignedDuration::from_secs(1));
    assert_eq!(admin.delete(&path).await.status, 204);
    assert_eq!(admin.delete(&path).await.status, 404);
    assert_eq!(other.get("/me").await.status, 401);
    let audit = admin.get("/audit").await;
    assert_eq!(audit.body["items"][0]["action"], "second_factor.reset");
    service.client("other@example.com").await;
}

/// To whom letters were sent, and under which subject.
fn letters(sent: &RecordingTransport) -> Vec<(Vec<String>, String)> {
    let sent = sent.sent().into_iter();
    sent.map(|mail| (mail.recipients, mail.subject)).collect()
}

#[tokio::test]
async fn whoever_is_helped_is_told_by_mail_in_their_language() {
    let sent = Arc::new(RecordingTransport::default());
    let service = Service::start_with(Options {
        mail: MailOptions {
            transport: Some(sent.clone()),
            ..MailOptions::default()
        },
        ..Options::default()
    })
    .await;
    let admin = service.admin().await;
    let account = admin.make("/accounts", json!({"name": "Own"})).await;
    let mut people = Vec::new();
    for (email, portal, language) in [
        ("ana@own.example", "contact", "es"),
        ("boss@own.example", "administrator", "en"),
    ] {
        let input = json!({"account": account, "name": "Ana", "addresses": [email],
            "portal": portal, "language": language});
        let id = admin.make("/contacts", input).await;
        let password = json!({"password": PASSWORD});
        let path = format!("/contacts/{id}/password");
        assert_eq!(admin.put(&path, password).await.status, 204);
        enrol(&service, &service.client(email).await).await;
        people.push(format!("/contacts/{id}/second-factor"));
    }
    let [ana, boss] = [&people[0], &people[1]];
    assert_eq!(admin.delete(boss).await.status, 204);
    let administrator = service.client("boss@own.example").await;
    assert_eq!(administrator.delete(ana).await.status, 204);
    let own = administrator.delete(boss).await;
    assert_eq!(own.status, 409, "{}", own.body);
    service.client("ana@own.example").await;
    while service.app.tick().await.unwrap() == Tick::More {}
    let told = |address: &str, subject: &str| (vec![address.to_owned()], subject.to_owned());
    let mut letters = letters(&sent);
    letters.sort();
    assert_eq!(
        letters,
        [
            told(
                "ana@own.example",
                "Su segundo factor en Mainstay se ha restablecido"
            ),
            told(
                "boss@own.example",
                "Your second factor at Mainstay was reset"
            ),
        ]
    );
    let audit = admin.get("/audit").await;
    let entries = audit.body["items"].as_array().unwrap().iter();
    let accounts: Vec<&Value> = entries
        .filter(|entry| entry["action"] == "second_factor.reset")
        .map(|entry| &entry["account"])
        .collect();
    assert_eq!(accounts, [&json!(account), &json!(account)]);
}

#[tokio::test]
async fn an_administrator_ends_the_session_of_another() {
    let service = Service::start().await;
    let id = service.agent("other@example.com", "agent").await;
    let other = service.client("other@example.com").await;
    let admin = service.admin().await;
    let list = admin.get(&format!("/agents/{id}/sessions")).await;
    let session = list.body["items"][0]["id"].as_str().unwrap().to_owned();
    let own = admin.get("/me").await.body["session"].take();
    let wrong = format!("/agents/{id}/sessions/{}", own.as_str().unwrap());
    assert_eq!(admin.delete(&wrong).await.status, 404, "not theirs");
    let path = format!("/agents/{id}/sessions/{session}");
    assert_eq!(admin.delete(&path).await.status, 204);
    assert_eq!(other.get("/me").await.status, 401);
}

#[tokio::test]
async fn a_role_that_requires_it_does_nothing_without() {
    let options = Options {
        second_factor_roles: vec!["administrator".into()],
        ..Options::default()
    };
    let service = Service::start_with(options).await;
    service.agent("other@example.com", "agent").await;
    let admin = service.admin().await;
    let me = admin.get("/me").await;
    assert_eq!(me.status, 200);
    assert_eq!(me.body["second_factor"]["required"], true);
    assert_eq!(me.body["permissions"], json!([]));
    let refused = admin.get("/tickets").await;
    assert_eq!(refused.status, 403);
    assert!(
        refused.body["detail"]
            .as_str()
            .unwrap()
            .contains("second factor")
    );
    let token = json!({"name": "all", "scopes": ["*"]});
    assert_eq!(admin.post("/tokens", token).await.status, 403);
    enrol(&service, &admin).await;
    assert_eq!(admin.get("/tickets").await.status, 200);
    let free = service.client("other@example.com").await;
    assert_eq!(free.get("/tickets").await.status, 200);
}
