//! The page behind the link of a notification.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use mainstay_app::Tick;
use mainstay_app::mail::{MailOptions, RecordingTransport};
use serde_json::json;
use tower::ServiceExt as _;

use crate::service::Service;

/// The page as somebody sees it who is not signed in.
async fn page(service: &Service, method: &str, path: &str) -> (StatusCode, String) {
    let request = Request::builder().method(method).uri(path);
    let request = request.body(Body::empty()).unwrap();
    let response = service.router.clone().oneshot(request).await.unwrap();
    let status = response.status();
    let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    (status, String::from_utf8(bytes.to_vec()).unwrap())
}

#[tokio::test]
async fn opening_the_link_changes_nothing_and_its_button_acknowledges() {
    let mails = Arc::new(RecordingTransport::default());
    let options = mainstay_app::Options {
        mail: MailOptions {
            transport: Some(mails.clone()),
            ..MailOptions::default()
        },
        ..mainstay_app::Options::default()
    };
    let service = Service::on("sqlite::memory:", 1, options).await;
    service.agent("admin@example.com", "administrator").await;
    let admin = service.admin().await;
    let pack = mainstay_policy::builtin("mainstay").unwrap();
    let machine = mainstay_app::Caller::machine();
    service.app.apply_policy(&machine, &pack, "").await.unwrap();
    let account = admin.make("/accounts", json!({"name": "Acme"})).await;
    let me = admin.get("/me").await.body["id"].clone();
    let spanish = json!({"languages": ["es"]});
    let path = format!("/agents/{}", me.as_str().unwrap());
    let changed = admin.with("if-match", "*").patch(&path, spanish).await;
    assert_eq!(changed.status, 200, "{}", changed.body);
    let team = json!({"name": "Support", "members": [me], "on_call": [me]});
    let team = admin.make("/teams", team).await;
    let input = json!({"subject": "<b>All</b> is down", "message": "Help!", "severity": "P1",
        "account": account, "team": team});
    let ticket = admin.make("/tickets", input).await;
    while service.app.tick().await.unwrap() == Tick::More {}

    let link = mails.sent().iter().find_map(|mail| {
        let text = String::from_utf8(mail.bytes.clone())
            .unwrap()
            .replace("=\r\n", "");
        let (_, after) = text.split_once("http://localhost:8080/a/")?;
        Some(format!("/a/{}", after.chars().take(48).collect::<String>()))
    });
    let link = link.unwrap();
    let escalations = format!("/escalations?ticket={ticket}");
    let phase = |acknowledged: bool| {
        let (admin, escalations) = (&admin, &escalations);
        async move {
            let listed = admin.get(escalations).await.body;
            let id = listed["items"][0]["id"].as_str().unwrap();
            let read = admin.get(&format!("/escalations/{id}")).await.body;
            let events = read["events"].as_array().unwrap();
            let is = |event: &serde_json::Value| event["what"]["type"] == "acknowledged";
            assert_eq!(events.iter().any(is), acknowledged);
        }
    };
    for _ in 0..3 {
        let (status, text) = page(&service, "GET", &link).await;
        assert_eq!(status, 200);
        assert!(
            text.contains("<button>Hacerme cargo como administrator</button>"),
            "{text}"
        );
        assert!(text.contains("<html lang=\"es\">"), "{text}");
        assert!(text.contains("&lt;b&gt;All&lt;/b&gt;"), "{text}");
    }
    phase(false).await;
    let (status, text) = page(&service, "POST", &link).await;
    assert_eq!(status, 200);
    assert!(text.contains("<h1>Confirmado</h1>"), "{text}");
    phase(true).await;
    let (_, text) = page(&service, "POST", &link).await;
    assert!(text.contains("<h1>Ya confirmado</h1>"), "{text}");
    assert!(text.contains("administrator se hizo cargo el"), "{text}");
}

#[tokio::test]
async fn a_link_that_we_did_not_sign_is_unknown() {
    let service = Service::start().await;
    let long = "a".repeat(48);
    for (method, token) in [
        ("GET", "nothing"),
        ("POST", "%3Cscript%3E"),
        ("POST", &long),
    ] {
        let (status, text) = page(&service, method, &format!("/a/{token}")).await;
        assert_eq!(status, 404, "{method} {token}");
        assert!(text.contains("This link does not work"), "{text}");
        assert!(!text.contains("<script>"), "{text}");
    }
}
