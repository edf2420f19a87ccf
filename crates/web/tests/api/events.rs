//! Live events: told in order, to those who may know of them, from where somebody left off.

use axum::body::{Body, BodyDataStream};
use futures::StreamExt as _;
use mainstay_domain::id::{AccountId, TicketId};
use mainstay_store::change::{self, Change};
use serde_json::json;
use tower::ServiceExt as _;
use uuid::Uuid;

use crate::service::{Client, PASSWORD, Service};

/// Somebody who listens.
struct Listener {
    stream: BodyDataStream,
    text: String,
}

impl Listener {
    async fn start(service: &Service, client: &Client<'_>, path: &str) -> Self {
        let request = client.request("GET", path, None::<serde_json::Value>);
        let response = service.router.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), 200);
        let body: Body = response.into_body();
        let mut listener = Self {
            stream: body.into_data_stream(),
            text: String::new(),
        };
        assert_eq!(listener.next().await.unwrap(), ": listening");
        listener
    }

    /// The next event, or nothing when the stream has ended.
    async fn next(&mut self) -> Option<String> {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let event = event.to_owned();
                self.text = rest.to_owned();
                if event == ": still here" {
                    continue;
                }
                return Some(event);
            }
            let chunk = self.stream.next().await?.unwrap();
            self.text.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }

    async fn kind(&mut self) -> String {
        let event = self.next().await.unwrap();
        field(&event, "event")
    }
}

fn field(event: &str, name: &str) -> String {
    event
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
        .unwrap_or_default()
        .to_owned()
}

async fn happen(service: &Service, kind: &str, account: Option<AccountId>) {
    happen_often(service, kind, account, 1).await;
}

async fn happen_often(service: &Service, kind: &str, account: Option<AccountId>, times: usize) {
    let change = Change {
        at: service.app.now(),
        kind: kind.to_owned(),
        ticket: None::<TicketId>,
        account,
        subject: None,
    };
    let tx = service.app.store().begin().await.unwrap();
    change::append(&tx, &vec![change; times]).await.unwrap();
    tx.commit().await.unwrap();
    service.app.announce();
}

#[tokio::test]
async fn changes_are_told_in_order_and_again_to_who_comes_back() {
    let service = Service::start().await;
    let admin = service.admin().await;
    happen(&service, "before", None).await;
    let mut listener = Listener::start(&service, &admin, "/events").await;
    happen(&service, "first", None).await;
    happen(&service, "second", None).await;
    let first = listener.next().await.unwrap();
    assert_eq!(field(&first, "event"), "first");
    assert_eq!(listener.kind().await, "second");

    let seen = field(&first, "id");
    let back = admin.with("last-event-id", &seen);
    let mut listener = Listener::start(&service, &back, "/events").await;
    assert_eq!(listener.kind().await, "second");
    happen(&service, "third", None).await;
    assert_eq!(listener.kind().await, "third");
    let path = format!("/events?last_event_id={seen}");
    let mut listener = Listener::start(&service, &admin, &path).await;
    assert_eq!(listener.kind().await, "second");
}

#[tokio::test]
async fn who_missed_too_much_is_told_to_reload() {
    let service = Service::start().await;
    let admin = service.admin().await;
    happen_often(&service, "many", None, 3_000).await;
    let back = admin.with("last-event-id", "0-0");
    let mut listener = Listener::start(&service, &back, "/events").await;
    let mut told = 0;
    while listener.kind().await != "reload" {
        told += 1;
    }
    assert!(told <= 2_000, "{told}");
    happen(&service, "next", None).await;
    assert_eq!(listener.kind().await, "next");
}

#[tokio::test]
async fn a_slow_listener_is_told_to_reload_and_goes_on() {
    let service = Service::start().await;
    let admin = service.admin().await;
    let mut listener = Listener::start(&service, &admin, "/events").await;
    let mut witness = Listener::start(&service, &admin, "/events").await;
    for _ in 0..30 {
        happen_often(&service, "many", None, 50).await;
        // The witness keeps up, so that the hub is known to have told every change.
        for _ in 0..50 {
            assert_eq!(witness.kind().await, "many");
        }
    }
    let mut kinds = Vec::new();
    while kinds.last().is_none_or(|kind| kind != "reload") {
        kinds.push(listener.kind().await);
    }
    assert!(kinds.len() < 200, "{}", kinds.len());
    happen(&service, "next", None).await;
    while listener.kind().await != "next" {}
}

#[tokio::test]
async fn a_portal_user_is_told_of_their_own_account_only() {
    let service = Service::start().await;
    let admin = service.admin().await;
    let own = admin.make("/accounts", json!({"name": "Own"})).await;
    let input = json!({"account": own, "name": "Boss", "addresses": ["boss@own.example"], "portal": "administrator"});
    let id = admin.make("/contacts", input).await;
    let path = format!("/contacts/{id}/password");
    admin.put(&path, json!({"password": PASSWORD})).await;
    let portal = service.client("boss@own.example").await;
    let mut listener = Listener::start(&service, &portal, "/events").await;
    let own = own.parse::<AccountId>().unwrap();
    happen(&service, "internal", None).await;
    happen(&service, "foreign", Some(AccountId::from(Uuid::nil()))).await;
    happen(&service, "own", Some(own)).await;
    assert_eq!(listener.kind().await, "own");
}

#[tokio::test]
async fn the_stream_ends_when_the_program_does() {
    let service = Service::start().await;
    let admin = service.admin().await;
    let mut listener = Listener::start(&service, &admin, "/events").await;
    service.stop.cancel();
    assert_eq!(listener.next().await, None);
    assert_eq!(
        Client::nobody(&service)
            .get("/api/openapi.json")
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn who_is_signed_out_hears_nothing_more() {
    let service = Service::start().await;
    let admin = service.admin().await;
    let mut listener = Listener::start(&service, &admin, "/events").await;
    assert_eq!(admin.delete("/sessions/current").await.status, 204);
    // At most what happens before the next sign of life is told; then the stream ends, however much goes on.
    let goes_on = async {
        for _ in 0..10_000 {
            happen(&service, "late", None).await;
        }
    };
    let ends = async { while listener.next().await.is_some() {} };
    tokio::select! {
        () = goes_on => panic!("somebody who is signed out still listens"),
        () = ends => {}
    }
}

#[tokio::test]
async fn a_place_that_is_none_is_refused() {
    let service = Service::start().await;
    let admin = service.admin().await;
    let answer = admin
        .with("last-event-id", "yesterday")
        .get("/events")
        .await;
    assert_eq!(answer.status, 400);
}
