//! Asking a customer by mail how their ticket was handled, and the page behind the links.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use jiff::SignedDuration;
use mainstay_app::mail::{MailOptions, RecordingTransport};
use mainstay_app::{Options, Tick};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::service::{Client, Service};

/// A service that asks for ratings, and a ticket of Carl's, who reads Spanish.
struct House {
    service: Service,
    sent: Arc<RecordingTransport>,
}

impl House {
    async fn build(ask_for_rating: bool) -> Self {
        let sent = Arc::new(RecordingTransport::default());
        let options = Options {
            mail: MailOptions {
                transport: Some(sent.clone()),
                ask_for_rating,
                ..MailOptions::default()
            },
            ..Options::default()
        };
        let service = Service::start_with(options).await;
        let pack = mainstay_policy::builtin("mainstay").unwrap();
        let machine = mainstay_app::Caller::machine();
        service.app.apply_policy(&machine, &pack, "").await.unwrap();
        let admin = service.admin().await;
        let account = admin.make("/accounts", json!({"name": "Own"})).await;
        let carl = json!({"account": account, "name": "Carl", "addresses": ["carl@own.example"],
            "language": "es"});
        let carl = admin.make("/contacts", carl).await;
        let ticket = json!({"subject": "<i>Slow</i>", "account": account, "contact": carl});
        admin.make("/tickets", ticket).await;
        Self { service, sent }
    }

    async fn change(&self, change: Value) {
        let admin = self.service.admin().await;
        let changed = admin
            .with("if-match", "*")
            .patch("/tickets/1", change)
            .await;
        assert_eq!(changed.status, 200, "{}", changed.body);
        while self.service.app.tick().await.unwrap() == Tick::More {}
    }

    /// The texts that went to the customer.
    fn letters(&self) -> Vec<String> {
        let sent = self.sent.sent().into_iter();
        sent.filter(|mail| mail.recipients == ["carl@own.example"])
            .map(|mail| String::from_utf8_lossy(&mail.bytes).replace("=\r\n", ""))
            .collect()
    }

    /// The path of the last link of a score.
    fn link(&self, score: &str) -> String {
        let letters = self.letters();
        let (_, after) = letters.last().unwrap().split_once("/rate/").unwrap();
        let token: String = after.chars().take(48).collect();
        format!("/rate/{token}/{score}")
    }

    /// The page as somebody sees it who is not signed in.
    async fn page(&self, path: &str, filled: Option<&str>) -> (StatusCode, String) {
        let method = if filled.is_some() { "POST" } else { "GET" };
        let request = Request::builder().method(method).uri(path);
        let body = Body::from(filled.unwrap_or_default().to_owned());
        let request = request.body(body).unwrap();
        let response = self.service.router.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, String::from_utf8(bytes.to_vec()).unwrap())
    }

    async fn rating(&self) -> Value {
        let admin = self.service.admin().await;
        admin.get("/tickets/1").await.body["rating"].clone()
    }
}

#[tokio::test]
async fn looking_stores_nothing_and_the_button_rates() {
    let house = House::build(true).await;
    house.change(json!({"status": "resolved"})).await;
    let letters = house.letters();
    assert_eq!(letters.len(), 1, "{letters:?}");
    assert!(letters[0].contains("/rate/"), "{}", letters[0]);
    for score in ["good", "bad"] {
        let (status, text) = house.page(&house.link(score), None).await;
        assert_eq!(status, 200, "{text}");
        assert!(text.contains("<html lang=\"es\">"), "{text}");
        assert!(text.contains("&lt;i&gt;Slow&lt;/i&gt;"), "{text}");
        let chosen = format!("value=\"{score}\" checked");
        assert!(text.contains(&chosen), "{text}");
    }
    assert_eq!(house.rating().await, Value::Null, "scanners follow links");

    let link = house.link("bad");
    let (status, text) = house
        .page(&link, Some("score=bad&comment=It+took+d%C3%ADas."))
        .await;
    assert_eq!(status, 200);
    assert!(text.contains("Gracias por su valoración"), "{text}");
    let rating = house.rating().await;
    assert_eq!(
        (&rating["score"], &rating["comment"]),
        (&json!("bad"), &json!("It took días."))
    );
    let (_, text) = house.page(&house.link("good"), None).await;
    assert!(
        text.contains("It took días.</textarea>"),
        "a change of mind keeps the words: {text}"
    );
    house.page(&house.link("good"), Some("score=good")).await;
    assert_eq!(house.rating().await["score"], "good");
    let history = house.service.admin().await.get("/tickets/1/history").await;
    let facts = history.body["items"].as_array().unwrap();
    let rated = facts.iter().filter(|fact| fact["kind"] == "rated");
    assert!(
        rated.clone().all(|fact| fact["actor"]["kind"] == "contact"),
        "{facts:?}"
    );
    assert_eq!(rated.count(), 2);
}

#[tokio::test]
async fn a_link_that_cannot_be_used_says_why() {
    let house = House::build(true).await;
    house.change(json!({"status": "resolved"})).await;
    let link = house.link("good");
    house.change(json!({"status": "open"})).await;
    let (status, text) = house.page(&link, Some("score=good")).await;
    assert_eq!(status, 409);
    assert!(text.contains("Volvemos a trabajar en ello"), "{text}");
    house.change(json!({"status": "resolved"})).await;
    assert_eq!(
        house.letters().len(),
        2,
        "what is resolved again is asked about again"
    );
    house.page(&link, Some("score=good")).await;
    house.service.advance(SignedDuration::from_hours(15 * 24));
    let (status, text) = house.page(&link, Some("score=bad")).await;
    assert_eq!(
        (status.as_u16(), house.rating().await["score"].clone()),
        (409, json!("good"))
    );
    assert!(text.contains("definitiva"), "{text}");
    house.service.advance(SignedDuration::from_hours(16 * 24));
    let (status, text) = house.page(&link, Some("score=bad")).await;
    assert_eq!(status, 410);
    assert!(text.contains("ha caducado"), "{text}");
    let forged = link.replace("/good", "x/good");
    let zeros = format!("/rate/{}/good", "a".repeat(48));
    for wrong in [
        "/rate/x/good",
        &forged,
        &zeros,
        &link.replace("good", "fine"),
    ] {
        let (status, text) = house.page(wrong, Some("score=fine")).await;
        assert_eq!(status, 404, "{wrong}");
        assert!(text.contains("This link does not work"), "{text}");
    }
}

#[tokio::test]
async fn nobody_is_asked_unless_it_is_set_nor_by_a_ticket_that_is_open_again() {
    let silent = House::build(false).await;
    silent.change(json!({"status": "resolved"})).await;
    assert_eq!(silent.letters(), [""; 0]);

    let house = House::build(true).await;
    let admin = house.service.admin().await;
    for status in ["resolved", "open"] {
        let admin: Client<'_> = admin.with("if-match", "*");
        admin.patch("/tickets/1", json!({"status": status})).await;
    }
    while house.service.app.tick().await.unwrap() == Tick::More {}
    assert_eq!(house.letters(), [""; 0]);
}
