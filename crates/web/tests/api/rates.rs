//! How often somebody may ask, and by which name.

use std::net::SocketAddr;
use std::num::NonZeroU32;

use axum::extract::ConnectInfo;
use mainstay_web::{Rate, Rates};
use serde_json::json;

use crate::service::{Answer, Client, Service};

async fn strict() -> Service {
    let rate = |burst| {
        Some(Rate {
            per_second: NonZeroU32::MIN,
            burst: NonZeroU32::new(burst).unwrap(),
        })
    };
    let rates = Rates {
        credential: rate(5),
        address: rate(3),
    };
    let options = mainstay_app::Options::default();
    let service = Service::on_with("sqlite::memory:", 1, options, rates).await;
    service.agent("admin@example.com", "administrator").await;
    service
}

async fn get_from(client: &Client<'_>, service: &Service, path: &str, address: &str) -> Answer {
    let mut request = client.request("GET", path, None);
    let address: SocketAddr = address.parse().unwrap();
    request.extensions_mut().insert(ConnectInfo(address));
    service.send(request).await
}

#[tokio::test]
async fn a_session_is_counted_by_itself_wherever_it_comes_from() {
    let service = strict().await;
    let (one, other) = (service.admin().await, service.admin().await);
    for round in 0..5 {
        let answer = get_from(&one, &service, "/me", &format!("192.0.2.{round}:1")).await;
        assert_eq!(answer.status, 200);
    }
    let refused = get_from(&one, &service, "/me", "192.0.2.9:1").await;
    assert_eq!(refused.status, 429);
    assert_eq!(refused.headers["retry-after"], "1");
    assert_eq!(refused.body["type"], "/api/problems/too-many");
    assert_eq!(
        get_from(&other, &service, "/me", "192.0.2.1:1")
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn strangers_are_counted_by_their_address_on_every_open_route() {
    let service = strict().await;
    let nobody = Client::nobody(&service);
    for path in ["/set-up", "/portal", "/set-up"] {
        assert_eq!(
            get_from(&nobody, &service, path, "192.0.2.1:1")
                .await
                .status,
            200
        );
    }
    let refused = get_from(&nobody, &service, "/set-up", "192.0.2.1:2").await;
    assert_eq!(refused.status, 429);
    let other = get_from(&nobody, &service, "/set-up", "192.0.2.2:1").await;
    assert_eq!(other.status, 200);
    // A cookie that is no good does not help, and neither does one that is.
    let admin = service.admin().await;
    assert_eq!(
        get_from(&admin, &service, "/set-up", "192.0.2.1:3")
            .await
            .status,
        429
    );
}

#[tokio::test]
async fn guessed_credentials_are_counted_as_strangers() {
    let service = strict().await;
    for round in 0..3 {
        let guess = Client::nobody(&service).with("authorization", &format!("Bearer mst_{round}"));
        assert_eq!(
            get_from(&guess, &service, "/me", "192.0.2.1:1")
                .await
                .status,
            401
        );
    }
    let guess = Client::nobody(&service).with("authorization", "Bearer mst_9");
    assert_eq!(
        get_from(&guess, &service, "/me", "192.0.2.1:1")
            .await
            .status,
        429
    );
    let admin = service.admin().await;
    let signed_in = get_from(&admin, &service, "/me", "192.0.2.1:1").await;
    assert_eq!(
        signed_in.status, 200,
        "a colleague at the same address goes on"
    );
}

#[tokio::test]
async fn a_request_by_a_name_that_is_not_ours_is_refused() {
    let service = Service::start().await;
    let admin = service.admin().await;
    for (host, status) in [
        ("localhost:8080", 200),
        ("127.0.0.1", 200),
        ("evil.example", 421),
    ] {
        let answer = admin.with("host", host).get("/me").await;
        assert_eq!(answer.status, status, "{host}");
    }
    let page = Client::nobody(&service).with("host", "evil.example");
    let refused = page.get("/api/openapi.json").await;
    assert_eq!(refused.status, 421, "what needs no credential too");
    assert_eq!(refused.body["type"], "/api/problems/misdirected");
    let sign_in = json!({"email": "admin@example.com", "password": "guess"});
    assert_eq!(page.post("/sessions", sign_in).await.status, 421);
}
