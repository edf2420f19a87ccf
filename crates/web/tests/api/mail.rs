//! Mail through the API: handed over, looked at, filed elsewhere, downloaded, sent again.

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use mainstay_app::Tick;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::service::{Client, Service};

const LETTER: &str = "From: Casey <casey@customer.example>\r\n\
    To: support@localhost\r\n\
    Subject: The export is broken\r\n\
    Message-ID: <one@customer.example>\r\n\
    Date: Mon, 2 Mar 2026 08:59:00 +0000\r\n\
    MIME-Version: 1.0\r\n\
    Content-Type: multipart/mixed; boundary=\"b\"\r\n\
    \r\n\
    --b\r\n\
    Content-Type: text/plain; charset=utf-8\r\n\
    \r\n\
    It says that it cannot be written.\r\n\
    --b\r\n\
    Content-Type: text/html; name=\"page.html\"\r\n\
    Content-Disposition: attachment; filename=\"page.html\"\r\n\
    \r\n\
    <script>alert(1)</script>\r\n\
    --b--\r\n";

/// Hands a raw message over and returns the status and the answer.
async fn hand_over(client: &Client<'_>, service: &Service, raw: &str) -> (StatusCode, Value) {
    let mut request = client.request("POST", "/mail", None);
    *request.body_mut() = Body::from(raw.to_owned());
    let kind = "message/rfc822".parse().unwrap();
    request.headers_mut().insert("content-type", kind);
    let answer = service.send(request).await;
    (answer.status, answer.body)
}

async fn work(service: &Service) {
    while service.app.tick().await.unwrap() == Tick::More {}
}

async fn download(service: &Service, request: Request<Body>) -> (StatusCode, HeaderMap, Vec<u8>) {
    let response = service.router.clone().oneshot(request).await.unwrap();
    let (status, headers) = (response.status(), response.headers().clone());
    let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    (status, headers, bytes.to_vec())
}

#[tokio::test]
async fn a_message_handed_over_becomes_a_ticket_and_says_why() {
    let service = Service::start().await;
    let admin = service.admin().await;
    let (status, receipt) = hand_over(&admin, &service, LETTER).await;
    assert_eq!(status, 202, "{receipt}");
    assert_eq!(receipt["new"], true);
    let (_, again) = hand_over(&admin, &service, LETTER).await;
    assert_eq!(again, json!({"id": receipt["id"], "new": false}));
    let path = format!("/mail/received/{}", receipt["id"].as_str().unwrap());
    assert_eq!(admin.get(&path).await.body["state"], "new");

    work(&service).await;
    let read = admin.get(&path).await.body;
    assert_eq!(read["state"], "parsed", "{read}");
    assert_eq!(read["decision"]["route"], "open");
    assert!(
        read["decision"]["reason"]
            .as_str()
            .is_some_and(|why| !why.is_empty())
    );
    let ticket = admin
        .get(&format!("/tickets/{}", read["ticket"].as_str().unwrap()))
        .await
        .body;
    assert_eq!(ticket["subject"], "The export is broken");

    let listed = admin.get("/mail/received?state=parsed").await.body;
    assert_eq!(listed["items"][0]["id"], receipt["id"]);
    let failed = admin.get("/mail/received?state=failed").await.body;
    assert_eq!(failed["items"], json!([]));
    assert_eq!(admin.get("/mail/received?state=lost").await.status, 422);
    let replayed = admin.post(&format!("{path}/replay"), json!({})).await;
    assert_eq!(replayed.status, 200, "{}", replayed.body);

    let (status, headers, bytes) =
        download(&service, admin.request("GET", &format!("{path}/raw"), None)).await;
    assert_eq!(status, 200);
    assert_eq!(bytes, LETTER.as_bytes());
    assert_eq!(headers["content-type"], "application/octet-stream");
}

#[tokio::test]
async fn a_decision_is_undone() {
    let service = Service::start().await;
    let admin = service.admin().await;
    let (_, receipt) = hand_over(&admin, &service, LETTER).await;
    work(&service).await;
    let path = format!("/mail/received/{}", receipt["id"].as_str().unwrap());
    let first = admin.get(&path).await.body["ticket"].clone();
    let other = json!({"subject": "Exports", "message": "They break."});
    let other = admin.post("/tickets", other).await.body;
    let number = other["number"].to_string();
    let moved = admin
        .post(&format!("{path}/refile"), json!({"ticket": number}))
        .await;
    assert_eq!(moved.status, 200, "{}", moved.body);
    assert_eq!(moved.body["ticket"], other["id"]);
    assert_eq!(moved.body["decision"]["before"]["route"], "open");
    assert!(moved.body["decision"]["by"].is_string());
    assert_ne!(moved.body["ticket"], first);
    let nowhere = admin
        .post(&format!("{path}/refile"), json!({"ticket": "soon"}))
        .await;
    assert_eq!(nowhere.status, 422);
}

#[tokio::test]
async fn a_file_is_saved_and_never_shown() {
    let service = Service::start().await;
    let admin = service.admin().await;
    let (_, receipt) = hand_over(&admin, &service, LETTER).await;
    work(&service).await;
    let path = format!("/mail/received/{}", receipt["id"].as_str().unwrap());
    let ticket = admin.get(&path).await.body["ticket"].clone();
    let messages = format!("/tickets/{}/messages", ticket.as_str().unwrap());
    let file = admin.get(&messages).await.body["items"][0]["attachments"][0].clone();
    assert_eq!(file["file_name"], "page.html");
    let url = file["url"].as_str().unwrap();
    let (status, headers, bytes) = download(&service, admin.request("GET", url, None)).await;
    assert_eq!(status, 200);
    assert_eq!(
        String::from_utf8_lossy(&bytes).trim(),
        "<script>alert(1)</script>"
    );
    assert_eq!(headers["content-type"], "application/octet-stream");
    assert_eq!(headers["x-content-type-options"], "nosniff");
    let disposition = headers["content-disposition"].to_str().unwrap();
    assert!(disposition.starts_with("attachment;"), "{disposition}");
    let tag = headers["etag"].to_str().unwrap();
    let known = admin.with("if-none-match", tag).get(url).await;
    assert_eq!(known.status, 304);
    let beyond = url.replace("/attachments/0", "/attachments/7");
    assert_eq!(admin.get(&beyond).await.status, 404);
    let nobody = Client::nobody(&service).get(url).await;
    assert_eq!(nobody.status, 401);
}

#[tokio::test]
async fn only_a_mail_server_hands_mail_over() {
    let service = Service::start().await;
    service.agent("manager@example.com", "manager").await;
    let manager = service.client("manager@example.com").await;
    let (status, _) = hand_over(&manager, &service, LETTER).await;
    assert_eq!(status, 403);
    let admin = service.admin().await;
    assert_eq!(hand_over(&admin, &service, " \r\n").await.0, 422);
    assert_eq!(
        admin.post("/mail", json!({"raw": LETTER})).await.status,
        415
    );
    let secret = admin
        .post("/tokens", json!({"name": "mx", "scopes": ["mail.receive"]}))
        .await
        .body["secret"]
        .take();
    let bearer = format!("Bearer {}", secret.as_str().unwrap());
    let server = Client::nobody(&service).with("authorization", &bearer);
    assert_eq!(hand_over(&server, &service, LETTER).await.0, 202);
    assert_eq!(server.get("/mail/received").await.status, 403);
}

#[tokio::test]
async fn a_dead_mail_is_seen_and_sent_again() {
    let service = Service::start().await;
    let admin = service.admin().await;
    let id = service.dead_mail().await;

    let dead = admin.get("/mail/dead").await.body;
    assert_eq!(dead["items"][0]["last_error"], "550 no such user");
    let path = format!("/mail/dead/{id}/resend");
    let queued = admin.post(&path, json!({})).await;
    assert_eq!(queued.status, 200, "{}", queued.body);
    assert_eq!(queued.body["state"], "queued");
    assert_eq!(admin.get("/mail/dead").await.body["items"], json!([]));
    let outgoing = admin.get("/mail/outgoing?state=queued").await.body;
    assert_eq!(outgoing["items"][0]["id"], id.to_string());
    // It is no longer dead.
    assert_eq!(admin.post(&path, json!({})).await.status, 409);
}

#[tokio::test]
async fn a_long_message_is_taken_in_and_one_that_is_too_long_refused() {
    let service = Service::start().await;
    let admin = service.admin().await;
    let long = format!("{LETTER}\r\n{}", "x".repeat(60 << 20));
    let (status, receipt) = hand_over(&admin, &service, &long).await;
    assert_eq!(status, 202, "{receipt}");
    work(&service).await;
    let id = receipt["id"].as_str().unwrap();
    let read = admin.get(&format!("/mail/received/{id}")).await.body;
    assert_eq!(read["state"], "parsed", "{read}");
    let too_long = format!("{LETTER}\r\n{}", "x".repeat(64 << 20));
    let (status, problem) = hand_over(&admin, &service, &too_long).await;
    assert_eq!(status, 413, "{problem}");
    let told = problem["detail"].as_str().unwrap();
    assert!(
        told.contains("67108864 bytes") && told.contains("mail.max_message"),
        "{told}"
    );
}
