//! Links by mail: to sign in, and to set a password that was forgotten.

use std::sync::Arc;

use jiff::SignedDuration;
use mainstay_app::mail::{MailOptions, RecordingTransport};
use mainstay_app::{Options, Tick};
use serde_json::{Value, json};

use crate::service::{Answer, Client, PASSWORD, Service};

/// A service whose mail can be read.
struct House {
    service: Service,
    sent: Arc<RecordingTransport>,
}

impl House {
    async fn build() -> Self {
        let sent = Arc::new(RecordingTransport::default());
        let options = Options {
            mail: MailOptions {
                transport: Some(sent.clone()),
                ..MailOptions::default()
            },
            ..Options::default()
        };
        let service = Service::start_with(options).await;
        let admin = service.admin().await;
        let account = admin.make("/accounts", json!({"name": "Own"})).await;
        for (email, portal, language) in [
            ("ana@own.example", json!("contact"), "es"),
            ("joao@own.example", json!("contact"), "pt-BR"),
            ("out@own.example", Value::Null, "en"),
        ] {
            let input = json!({"account": account, "name": "Ana", "addresses": [email],
                "portal": portal, "language": language});
            admin.make("/contacts", input).await;
        }
        Self { service, sent }
    }

    async fn ask(&self, email: &str, purpose: &str) -> Answer {
        let nobody = Client::nobody(&self.service);
        let answer = nobody
            .post(
                "/sign-in-links",
                json!({"email": email, "purpose": purpose}),
            )
            .await;
        while self.service.app.tick().await.unwrap() == Tick::More {}
        answer
    }

    /// The texts that were sent, subject first.
    fn letters(&self) -> Vec<(String, String)> {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).replace("=\r\n", "");
        let sent = self.sent.sent();
        sent.into_iter()
            .map(|mail| (mail.subject, text(&mail.bytes)))
            .collect()
    }

    /// The secret in the last mail.
    fn token(&self) -> String {
        let (_, text) = self.letters().pop().unwrap();
        let start = text.find("msl_").unwrap();
        text[start..]
            .chars()
            .take_while(|c| c.is_ascii_alphanumeric() || "-_".contains(*c))
            .collect()
    }
}

#[tokio::test]
async fn a_customer_signs_in_by_a_link_once() {
    let house = House::build().await;
    assert_eq!(house.ask("Ana@own.example", "sign_in").await.status, 202);
    let (subject, text) = house.letters().pop().unwrap();
    assert_eq!(subject, "Su enlace para entrar en Mainstay");
    assert!(text.contains("/sign-in-link#msl_"), "{text}");
    let nobody = Client::nobody(&house.service);
    let token = house.token();
    let use_it = || nobody.post("/sign-in-links/session", json!({"token": token}));
    let in_ = use_it().await;
    assert_eq!(in_.status, 201, "{}", in_.body);
    assert_eq!(in_.body["kind"], "contact");
    let cookie = in_.headers["set-cookie"].to_str().unwrap();
    let ana = nobody.with("cookie", cookie.split(';').next().unwrap());
    assert_eq!(ana.get("/me").await.body["email"], "ana@own.example");
    assert_eq!(use_it().await.status, 401, "it serves once");
}

#[tokio::test]
async fn two_who_come_with_one_link_are_one() {
    let house = House::build().await;
    house.ask("ana@own.example", "sign_in").await;
    let body = json!({"token": house.token()});
    let nobody = Client::nobody(&house.service);
    let (one, other) = tokio::join!(
        nobody.post("/sign-in-links/session", body.clone()),
        nobody.post("/sign-in-links/session", body),
    );
    let mut statuses = [one.status.as_u16(), other.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 401]);
}

#[tokio::test]
async fn a_link_ends_by_itself_and_serves_its_purpose_only() {
    let house = House::build().await;
    house.ask("ana@own.example", "sign_in").await;
    let token = house.token();
    let nobody = Client::nobody(&house.service);
    let body = json!({"token": token, "password": "another horse"});
    let wrong = nobody.put("/sign-in-links/password", body).await;
    assert_eq!(wrong.status, 401, "a link to sign in sets no password");
    house.service.advance(SignedDuration::from_mins(30));
    let late = nobody
        .post("/sign-in-links/session", json!({"token": token}))
        .await;
    assert_eq!(late.status, 401);
}

#[tokio::test]
async fn whether_an_address_is_somebodys_is_not_said() {
    let house = House::build().await;
    let known = house.ask("ana@own.example", "sign_in").await;
    let unknown = house.ask("nobody@own.example", "sign_in").await;
    let without_portal = house.ask("out@own.example", "sign_in").await;
    for other in [&unknown, &without_portal] {
        assert_eq!((other.status, &other.body), (known.status, &known.body));
    }
    assert_eq!(house.letters().len(), 1, "only one of them may sign in");
    let wrong = house.ask("no address", "sign_in").await;
    assert_eq!(wrong.status, 422);
}

#[tokio::test]
async fn who_asks_too_often_has_to_wait_whoever_it_is() {
    let house = House::build().await;
    for email in ["ana@own.example", "nobody@own.example"] {
        for _ in 0..3 {
            assert_eq!(house.ask(email, "sign_in").await.status, 202);
        }
        let refused = house.ask(email, "sign_in").await;
        assert_eq!(refused.status, 429, "{email}");
        assert!(refused.headers.contains_key("retry-after"));
    }
}

#[tokio::test]
async fn a_forgotten_password_is_set_anew_and_everything_open_ends() {
    let house = House::build().await;
    let here = house.service.admin().await;
    // Those who serve get a link to set a password, whichever they ask for.
    assert_eq!(house.ask("admin@example.com", "sign_in").await.status, 202);
    let (subject, text) = house.letters().pop().unwrap();
    assert_eq!(subject, "Set a new password for Mainstay");
    assert!(text.contains("/new-password#msl_"), "{text}");
    let first = house.token();
    house.ask("admin@example.com", "new_password").await;
    let second = house.token();
    let nobody = Client::nobody(&house.service);
    let set = |token: &str, password: &str| {
        nobody.put(
            "/sign-in-links/password",
            json!({"token": token, "password": password}),
        )
    };
    let short = set(&second, "short").await;
    assert_eq!(short.status, 422);
    assert_eq!(short.body["errors"][0]["pointer"], "/password");
    assert_eq!(set(&second, "another horse").await.status, 204);
    assert_eq!(
        set(&first, "a third horse").await.status,
        401,
        "all links end"
    );
    assert_eq!(here.get("/me").await.status, 401, "all sessions end");
    let sign_in = |password: &str| {
        nobody.post(
            "/sessions",
            json!({"email": "admin@example.com", "password": password}),
        )
    };
    assert_eq!(sign_in(PASSWORD).await.status, 401);
    assert_eq!(sign_in("another horse").await.status, 201);
}

#[tokio::test]
async fn somebody_is_written_to_in_the_language_they_chose() {
    let house = House::build().await;
    house.ask("joao@own.example", "new_password").await;
    assert_eq!(
        house.letters().pop().unwrap().0,
        "Defina uma nova senha para Mainstay"
    );
    let admin = house.service.admin().await;
    let change = json!({"name": "Ada", "language": "es", "time_zone": "Europe/Madrid"});
    let changed = admin.patch("/me", change).await;
    assert_eq!(changed.status, 200, "{}", changed.body);
    assert_eq!(changed.body["name"], "Ada");
    assert_eq!(changed.body["language"], "es");
    assert_eq!(changed.body["time_zone"], "Europe/Madrid");
    assert_eq!(admin.get("/me").await.body, changed.body);
    house.ask("admin@example.com", "new_password").await;
    assert_eq!(
        house.letters().pop().unwrap().0,
        "Elija una contraseña nueva para Mainstay"
    );
    let wrong = admin.patch("/me", json!({"time_zone": "Mars/Base"})).await;
    assert_eq!(wrong.status, 422);
    assert_eq!(wrong.body["errors"][0]["pointer"], "/time_zone");
}
