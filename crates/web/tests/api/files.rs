//! Files in and out: uploads, who may attach them, and how they are handed out.

use std::convert::Infallible;

use axum::body::{Body, Bytes, to_bytes};
use axum::http::{Request, StatusCode};
use futures::stream;
use jiff::SignedDuration;
use mainstay_app::Tick;
use mainstay_app::attachment::AttachmentLimits;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::service::{Answer, Client, PASSWORD, Service};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01";

fn file(client: &Client<'_>, path: &str, bytes: impl Into<Body>) -> Request<Body> {
    let mut request = client.request("POST", path, None);
    *request.body_mut() = bytes.into();
    request
}

async fn upload(
    client: &Client<'_>,
    service: &Service,
    name: &str,
    bytes: impl Into<Body>,
) -> Answer {
    let path = format!("/attachments?name={name}");
    service.send(file(client, &path, bytes)).await
}

async fn uploaded(
    client: &Client<'_>,
    service: &Service,
    name: &str,
    bytes: &'static [u8],
) -> String {
    let answer = upload(client, service, name, bytes).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    answer.body["id"].as_str().unwrap().to_owned()
}

async fn work(service: &Service) {
    while service.app.tick().await.unwrap() == Tick::More {}
}

/// Someone at an account of their own who signs in to the portal.
async fn customer<'a>(service: &'a Service, admin: &Client<'_>, name: &str) -> Client<'a> {
    let account = admin.make("/accounts", json!({"name": name})).await;
    let email = format!("casey@{name}.example");
    let contact = json!({
        "name": "Casey", "addresses": [email], "account": account, "portal": "contact",
    });
    let contact = admin.make("/contacts", contact).await;
    let path = format!("/contacts/{contact}/password");
    let set = admin.put(&path, json!({"password": PASSWORD})).await;
    assert!(set.status.is_success(), "{}", set.body);
    service.client(&email).await
}

struct Saved {
    status: StatusCode,
    headers: axum::http::HeaderMap,
    bytes: Bytes,
}

async fn download(service: &Service, request: Request<Body>) -> Saved {
    let response = service.router.clone().oneshot(request).await.unwrap();
    Saved {
        status: response.status(),
        headers: response.headers().clone(),
        bytes: to_bytes(response.into_body(), usize::MAX).await.unwrap(),
    }
}

/// A ticket with these uploads in its first message, and the files as the message shows them.
async fn ticket_with(client: &Client<'_>, uploads: &[&str]) -> (String, Value) {
    let ticket = json!({"subject": "See", "message": "Here.", "attachments": uploads});
    let ticket = client.make("/tickets", ticket).await;
    let messages = client
        .get(&format!("/tickets/{ticket}/messages"))
        .await
        .body;
    (ticket, messages["items"][0]["attachments"].clone())
}

#[tokio::test]
async fn a_file_is_uploaded_attached_and_downloaded_again() {
    let service = Service::start().await;
    let admin = service.admin().await;
    let answer = upload(&admin, &service, "..%2F..%2Fetc%2F%E2%80%AEscreen.png", PNG).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    let body = &answer.body;
    assert_eq!(body["file_name"], "screen.png");
    assert_eq!(body["content_type"], "image/png");
    assert_eq!(body["size"], PNG.len());
    assert_eq!(body["expires_at"], "2026-03-03T09:00:00.123456Z");
    let id = body["id"].as_str().unwrap();
    assert_eq!(
        answer.headers["location"],
        format!("/api/v1/attachments/{id}")
    );
    assert_eq!(&admin.get(&format!("/attachments/{id}")).await.body, body);

    let (ticket, files) = ticket_with(&admin, &[id]).await;
    assert_eq!(files[0]["sha256"], body["sha256"]);
    let url = files[0]["url"].as_str().unwrap();
    let saved = download(&service, admin.request("GET", url, None)).await;
    assert_eq!((saved.status, &saved.bytes[..]), (StatusCode::OK, PNG));
    assert_eq!(saved.headers["content-length"], PNG.len().to_string());
    assert_eq!(
        saved.headers["content-security-policy"],
        "sandbox; default-src 'none'"
    );
    let disposition = |saved: &Saved| {
        saved.headers["content-disposition"]
            .to_str()
            .unwrap()
            .to_owned()
    };
    assert!(disposition(&saved).starts_with("attachment; filename=\"screen.png\""));
    let shown = download(
        &service,
        admin.request("GET", &format!("{url}?inline=true"), None),
    )
    .await;
    assert_eq!(
        (disposition(&shown).as_str(), &shown.bytes[..]),
        ("inline", PNG)
    );
    assert_eq!(shown.headers["x-content-type-options"], "nosniff");
    let part = admin.with("range", "bytes=1-3").request("GET", url, None);
    let part = download(&service, part).await;
    assert_eq!(
        (part.status, &part.bytes[..]),
        (StatusCode::PARTIAL_CONTENT, &b"PNG"[..])
    );
    assert_eq!(
        part.headers["content-range"],
        format!("bytes 1-3/{}", PNG.len())
    );

    // It is taken, and once only.
    let reply = json!({"text": "Again.", "attachments": [id]});
    let again = admin
        .post(&format!("/tickets/{ticket}/messages"), reply)
        .await;
    assert_eq!(again.status, 422, "{}", again.body);
    assert_eq!(again.body["errors"][0]["pointer"], "/attachments/0");
    // A message may consist of files.
    let other = uploaded(&admin, &service, "b.txt", b"words").await;
    let reply = json!({"attachments": [other]});
    let sent = admin
        .post(&format!("/tickets/{ticket}/messages"), reply)
        .await;
    assert_eq!(sent.status, 201, "{}", sent.body);

    // When its day is over only what the message took is left.
    service.advance(SignedDuration::from_hours(25));
    work(&service).await;
    assert_eq!(admin.get(&format!("/attachments/{id}")).await.status, 404);
    let saved = download(&service, admin.request("GET", url, None)).await;
    assert_eq!((saved.status, &saved.bytes[..]), (StatusCode::OK, PNG));
}

#[tokio::test]
async fn an_upload_that_no_message_takes_is_removed_and_its_twin_stays() {
    let service = Service::start().await;
    let admin = service.admin().await;
    let kept = uploaded(&admin, &service, "a.txt", b"the same").await;
    let (_, files) = ticket_with(&admin, &[&kept]).await;
    let left = uploaded(&admin, &service, "b.txt", b"the same").await;
    service.advance(SignedDuration::from_hours(23));
    work(&service).await;
    assert_eq!(admin.get(&format!("/attachments/{left}")).await.status, 200);
    service.advance(SignedDuration::from_hours(1));
    work(&service).await;
    assert_eq!(admin.get(&format!("/attachments/{left}")).await.status, 404);
    let refused = json!({"subject": "Late", "message": "x", "attachments": [left]});
    assert_eq!(admin.post("/tickets", refused).await.status, 422);
    let url = files[0]["url"].as_str().unwrap();
    let saved = download(&service, admin.request("GET", url, None)).await;
    assert_eq!(&saved.bytes[..], b"the same");

    let gone = uploaded(&admin, &service, "c.txt", b"regretted").await;
    let path = format!("/attachments/{gone}");
    assert_eq!(admin.delete(&path).await.status, 204);
    assert_eq!(admin.get(&path).await.status, 404);
    assert_eq!(admin.delete(&path).await.status, 404);
}

#[tokio::test]
async fn an_upload_is_nobody_elses() {
    let service = Service::start().await;
    let admin = service.admin().await;
    let ours = customer(&service, &admin, "ours").await;
    let theirs = customer(&service, &admin, "theirs").await;
    let id = uploaded(&ours, &service, "plan.txt", b"secret").await;
    let path = format!("/attachments/{id}");
    let stolen = json!({"subject": "Mine now", "message": "x", "attachments": [id]});
    for other in [&theirs, &admin] {
        assert_eq!(other.get(&path).await.status, 404);
        assert_eq!(other.delete(&path).await.status, 404);
        let answer = other.post("/tickets", stolen.clone()).await;
        assert_eq!(answer.status, 422, "{}", answer.body);
        assert!(!answer.body.to_string().contains("secret"));
    }
    let (_, files) = ticket_with(&ours, &[&id]).await;
    let url = files[0]["url"].as_str().unwrap();
    assert_eq!(theirs.get(url).await.status, 404);
    assert_eq!(ours.get(url).await.status, 200);
    assert_eq!(admin.get(url).await.status, 200);
    service.agent("viewer@example.com", "viewer").await;
    let viewer = service.client("viewer@example.com").await;
    assert_eq!(upload(&viewer, &service, "a", "x").await.status, 403);
    assert_eq!(
        upload(&Client::nobody(&service), &service, "a", "x")
            .await
            .status,
        401
    );
}

#[tokio::test]
async fn what_a_browser_might_run_is_never_shown() {
    let service = Service::start().await;
    let admin = service.admin().await;
    let files: [(&str, &'static [u8]); 4] = [
        ("page.png", b"<html><script>alert(1)</script>"),
        (
            "picture.png",
            b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        ),
        ("paper.pdf", b"%PDF-1.7\n"),
        ("words.txt", b"just words"),
    ];
    for (name, bytes) in files {
        let id = uploaded(&admin, &service, name, bytes).await;
        let (_, files) = ticket_with(&admin, &[&id]).await;
        let url = format!("{}?inline=true", files[0]["url"].as_str().unwrap());
        let saved = download(&service, admin.request("GET", &url, None)).await;
        let header = |name: &str| saved.headers[name].to_str().unwrap();
        assert!(
            header("content-disposition").starts_with("attachment;"),
            "{name}"
        );
        assert_eq!(
            header("content-security-policy"),
            "sandbox; default-src 'none'"
        );
        for active in ["html", "svg", "xml", "script"] {
            assert!(!header("content-type").contains(active), "{name}");
        }
    }
}

#[tokio::test]
async fn a_file_that_is_too_large_is_refused_before_it_is_read_and_while_it_is() {
    let limits = AttachmentLimits {
        file: 1000,
        message: 1500,
        waiting: 2500,
    };
    let service = Service::start_with(mainstay_app::Options {
        attachments: limits,
        ..mainstay_app::Options::default()
    })
    .await;
    let admin = service.admin().await;
    let mut announced = file(
        &admin,
        "/attachments",
        Body::from_stream(stream::pending::<Result<Bytes, Infallible>>()),
    );
    announced
        .headers_mut()
        .insert("content-length", 1001.into());
    let answer = service.send(announced).await;
    assert_eq!(answer.status, 413);
    let detail = answer.body["detail"].as_str().unwrap();
    assert!(detail.contains("1000 bytes"), "{detail}");
    let endless = stream::repeat_with(|| Ok::<_, Infallible>(Bytes::from_static(&[7; 100])));
    let answer = upload(&admin, &service, "zeros", Body::from_stream(endless)).await;
    assert_eq!(answer.status, 413);

    let mut ids = Vec::new();
    for _ in 0..2 {
        ids.push(uploaded(&admin, &service, "a", &[b'a'; 1000]).await);
    }
    let both = json!({"subject": "Two", "message": "x", "attachments": ids});
    assert_eq!(admin.post("/tickets", both).await.status, 413);
    let third = upload(&admin, &service, "a", &[b'a'; 1000][..]).await;
    assert_eq!(third.status, 413, "{}", third.body);
    ticket_with(&admin, &[&ids[0]]).await;
    uploaded(&admin, &service, "a", &[b'a'; 1000]).await;
}

#[tokio::test]
async fn an_upload_that_breaks_off_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let service = Service::start_with(mainstay_app::Options {
        blobs: mainstay_app::attachment::Blobs::in_folder(folder.path()).unwrap(),
        ..mainstay_app::Options::default()
    })
    .await;
    let admin = service.admin().await;
    let broken = || {
        let parts = [Ok(Bytes::from_static(b"the first half")), Err("cut")];
        Body::from_stream(stream::iter(parts))
    };
    let answer = upload(&admin, &service, "a", broken()).await;
    assert_eq!(answer.status, 422, "{}", answer.body);
    // The same under a key, which stays free for the whole file.
    let keyed = admin.with("idempotency-key", "k");
    assert_eq!(upload(&keyed, &service, "a", broken()).await.status, 422);
    // Whoever goes away in the middle is a future that is dropped.
    let endless = stream::iter([Ok::<_, Infallible>(Bytes::from_static(b"half"))]);
    let endless = futures::StreamExt::chain(endless, stream::pending());
    let mut pending = Box::pin(upload(&admin, &service, "a", Body::from_stream(endless)));
    assert!(futures::poll!(&mut pending).is_pending());
    drop(pending);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    assert_eq!(service.app.next_instant().await.unwrap(), None);
    let whole = upload(&keyed, &service, "a", "the first half and the second").await;
    assert_eq!(whole.status, 201, "{}", whole.body);
    assert_eq!(
        std::fs::read_dir(folder.path().join("uploads"))
            .unwrap()
            .count(),
        1
    );
}

#[tokio::test]
async fn the_same_upload_under_the_same_key_is_one() {
    let service = Service::start().await;
    let admin = service.admin().await.with("idempotency-key", "one");
    let first = upload(&admin, &service, "a.txt", "words").await;
    let again = upload(&admin, &service, "a.txt", "words").await;
    assert_eq!(
        (first.status, again.status),
        (StatusCode::CREATED, StatusCode::CREATED)
    );
    assert_eq!(first.body, again.body);
    assert_eq!(again.headers["location"], first.headers["location"]);
    assert_eq!(again.headers["idempotency-replayed"], "true");
    let other = upload(&admin, &service, "a.txt", "other words").await;
    assert_eq!(other.status, 422);
    assert_eq!(other.body["type"], "/api/problems/key-reused");
}

#[tokio::test]
async fn a_form_brings_a_file_too() {
    let service = Service::start().await;
    let admin = service.admin().await;
    let form = |body: &str| {
        let mut request = file(&admin, "/attachments", body.replace('\n', "\r\n"));
        let kind = "multipart/form-data; boundary=b".parse().unwrap();
        request.headers_mut().insert("content-type", kind);
        request
    };
    let answer = service
        .send(form("--b\nContent-Disposition: form-data; name=\"note\"\n\nx\n--b\nContent-Disposition: form-data; name=\"file\"; filename=\"C:\\\\a\\\\notes.txt\"\nContent-Type: text/html\n\nwords\n--b--\n"))
        .await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    assert_eq!(answer.body["file_name"], "notes.txt");
    assert_eq!(answer.body["content_type"], "text/plain");
    assert_eq!(answer.body["size"], 5);
    let none = service
        .send(form(
            "--b\nContent-Disposition: form-data; name=\"note\"\n\nx\n--b--\n",
        ))
        .await;
    assert_eq!(none.status, 400, "{}", none.body);
    let cut = form("--b\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\n\nwor");
    assert_eq!(service.send(cut).await.status, 422);
}
