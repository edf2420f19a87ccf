//! Pictures from elsewhere: shown when somebody asks, and only to whoever may read the message.

use axum::body::{Body, to_bytes};
use jiff::SignedDuration;
use mainstay_app::Options;
use mainstay_app::remote_image::{ImageFault, RecordingImages};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::service::{Client, PASSWORD, Service};

const LETTER: &str = "From: Casey <casey@customer.example>\r\n\
    To: support@localhost\r\n\
    Subject: Look\r\n\
    Message-ID: <look@customer.example>\r\n\
    Content-Type: text/html\r\n\
    \r\n\
    <p>Look:</p><img src=\"https://pictures.example/1.gif\"><img src=\"https://pictures.example/2.svg\">\
    <img src=\"https://pictures.example/3.html\"><img src=\"https://inside.example/4.png\">\
    <img src=\"/api/v1/messages/1/images/0\"><img src=\"https://pictures.example/gone.png\">\r\n";

const GIF: &[u8] = b"GIF89a\x01\x00\x01\x00";

struct Desk {
    service: Service,
    images: std::sync::Arc<RecordingImages>,
    message: String,
    account: String,
}

/// A desk to which a letter with pictures came.
async fn desk() -> Desk {
    let refused = ImageFault::Refused("the address leads into a private network".to_owned());
    let images = RecordingImages::holding([
        ("https://pictures.example/1.gif", Ok(GIF.to_vec())),
        (
            "https://pictures.example/2.svg",
            Ok(b"<svg xmlns='x' onload='alert(1)'/>".to_vec()),
        ),
        (
            "https://pictures.example/3.html",
            Ok(b"<!doctype html><script>alert(1)</script>".to_vec()),
        ),
        ("https://inside.example/4.png", Err(refused)),
    ]);
    let options = Options {
        images: Some(images.clone()),
        ..Options::default()
    };
    let service = Service::start_with(options).await;
    let admin = service.admin().await;
    let account = admin
        .make(
            "/accounts",
            json!({"name": "Customer", "domains": ["customer.example"]}),
        )
        .await;
    let contact =
        json!({"account": account, "name": "Casey", "addresses": ["casey@customer.example"]});
    admin.make("/contacts", contact).await;
    let mut request = admin
        .with("content-type", "message/rfc822")
        .request("POST", "/mail", None);
    *request.body_mut() = Body::from(LETTER);
    let received = service.send(request).await.body["id"].clone();
    let id = received.as_str().unwrap().parse().unwrap();
    service.app.file_received(id).await.unwrap();
    let read = admin
        .get(&format!("/mail/received/{}", received.as_str().unwrap()))
        .await;
    let message = read.body["message"].as_str().expect("a message").to_owned();
    Desk {
        service,
        images,
        message,
        account,
    }
}

impl Desk {
    async fn addresses(&self, client: &Client<'_>) -> Vec<String> {
        let path = format!("/messages/{}/images", self.message);
        let listed = client.get(&path).await;
        assert_eq!(listed.status, 200, "{}", listed.body);
        let items = listed.body["items"].as_array().unwrap();
        let address = |item: &Value| item["address"].as_str().unwrap().to_owned();
        items.iter().map(address).collect()
    }

    /// A contact who signs in.
    async fn contact(&self, name: &str, account: &str) -> Client<'_> {
        let admin = self.service.admin().await;
        let address = format!("{name}@elsewhere.example");
        let input = json!({"account": account, "name": name, "addresses": [address], "portal": "administrator"});
        let id = admin.make("/contacts", input).await;
        let set = admin
            .put(
                &format!("/contacts/{id}/password"),
                json!({"password": PASSWORD}),
            )
            .await;
        assert!(set.status.is_success(), "{}", set.body);
        self.service.client(&address).await
    }
}

#[tokio::test]
async fn a_picture_is_fetched_once_and_only_when_somebody_asks() {
    let desk = desk().await;
    let admin = desk.service.admin().await;
    let addresses = desk.addresses(&admin).await;
    assert_eq!(addresses.len(), 5, "the address without a server is none");
    assert!(desk.images.asked().is_empty(), "nobody asked for one yet");
    for _ in 0..2 {
        let request = admin.request("GET", &addresses[0], None);
        let response = desk.service.router.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), 200);
        let headers = response.headers().clone();
        assert_eq!(headers["content-type"], "image/gif");
        assert_eq!(headers["x-content-type-options"], "nosniff");
        assert_eq!(
            headers["content-security-policy"],
            "sandbox; default-src 'none'"
        );
        assert!(!headers.contains_key("set-cookie"));
        let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        assert_eq!(bytes, GIF);
    }
    assert_eq!(desk.images.asked(), ["https://pictures.example/1.gif"]);
}

#[tokio::test]
async fn what_is_no_picture_and_what_may_not_be_fetched_is_refused() {
    let desk = desk().await;
    let admin = desk.service.admin().await;
    let addresses = desk.addresses(&admin).await;
    for (address, status, says) in [
        (&addresses[1], 409, "image/svg+xml"),
        (&addresses[2], 409, "text/html"),
        (&addresses[3], 409, "private network"),
        (&addresses[4], 503, "404"),
    ] {
        let answer = admin.get(address).await;
        assert_eq!(answer.status, status, "{}", answer.body);
        let detail = answer.body["detail"].as_str().unwrap();
        assert!(detail.contains(says), "{detail}");
    }
}

#[tokio::test]
async fn an_address_serves_who_may_read_the_message_and_nobody_else() {
    let desk = desk().await;
    let admin = desk.service.admin().await;
    let address = desk.addresses(&admin).await.remove(0);
    let other = admin.make("/accounts", json!({"name": "Other"})).await;
    let foreign = desk.contact("finn", &other).await;
    let path = format!("/messages/{}/images", desk.message);
    assert_eq!(foreign.get(&path).await.status, 404);
    assert_eq!(
        foreign.get(&address).await.status,
        404,
        "with an address of ours"
    );
    assert_eq!(
        Client::nobody(&desk.service).get(&address).await.status,
        401
    );
    let own = desk.contact("olga", &desk.account).await;
    assert_eq!(own.get(&address).await.status, 200);
    assert_eq!(desk.images.asked().len(), 1);
}

#[tokio::test]
async fn a_forged_or_old_address_is_refused() {
    let desk = desk().await;
    let admin = desk.service.admin().await;
    let address = desk.addresses(&admin).await.remove(0);
    let (path, _) = address.split_once('?').unwrap();
    let signature = address.split_once("signature=").unwrap().1;
    for forged in [
        address.replace("/images/0", "/images/1"),
        address.replace("/images/0", "/images/9"),
        format!("{path}?expires=2099-01-01T00:00:00Z&signature={signature}"),
        address.replace(signature, "aaaaaaaaaaaaaaaa"),
    ] {
        assert_eq!(admin.get(&forged).await.status, 403, "{forged}");
    }
    assert_eq!(admin.get(path).await.status, 422, "without a signature");
    desk.service.advance(SignedDuration::from_hours(1));
    assert_eq!(admin.get(&address).await.status, 403, "an hour later");
    assert!(desk.images.asked().is_empty());
}

#[tokio::test]
async fn an_agent_trusts_senders_for_themselves() {
    let desk = desk().await;
    let admin = desk.service.admin().await;
    let path = "/me/image-senders/Casey@Customer.example";
    assert_eq!(admin.put(path, json!({})).await.status, 204);
    assert_eq!(admin.put(path, json!({})).await.status, 204);
    let listed = admin.get("/me/image-senders").await.body;
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
    assert_eq!(listed["items"][0]["address"], "casey@customer.example");
    desk.service.agent("bea@example.com", "agent").await;
    let bea = desk.service.client("bea@example.com").await;
    assert_eq!(bea.get("/me/image-senders").await.body["items"], json!([]));
    assert_eq!(bea.delete(path).await.status, 404);
    assert_eq!(
        admin.put("/me/image-senders/casey", json!({})).await.status,
        422
    );
    assert_eq!(admin.delete(path).await.status, 204);
    assert_eq!(
        admin.get("/me/image-senders").await.body["items"],
        json!([])
    );
}
