//! The service under test, and a client of it.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use jiff::{SignedDuration, Timestamp};
use mainstay_app::{App, Caller, ManualClock};
use mainstay_domain::id::OutgoingMailId;
use mainstay_domain::mail::{OutgoingMail, OutgoingMailState};
use mainstay_store::{Store, StoreOptions, mail};
use mainstay_web::{Hosts, Limits, Options, Passed, Rates, Web, router};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

/// The password of everybody in the tests.
pub const PASSWORD: &str = "correct horse";

/// A service with an administrator.
pub struct Service {
    pub app: App,
    pub clock: Arc<ManualClock>,
    pub router: Router,
    pub stop: CancellationToken,
}

/// An answer.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Value,
}

impl Service {
    pub async fn start() -> Self {
        Self::start_with(mainstay_app::Options::default()).await
    }

    /// The same with other options.
    pub async fn start_with(options: mainstay_app::Options) -> Self {
        let service = Self::on("sqlite::memory:", 1, options).await;
        service.agent("admin@example.com", "administrator").await;
        service
    }

    /// A service on a store that holds what it holds. Two services that work on the same store one after the other need
    /// different seeds, or they would give the same identifiers.
    pub async fn on(url: &str, seed: u8, options: mainstay_app::Options) -> Self {
        Self::on_with(url, seed, options, Rates::default()).await
    }

    /// The same where nobody may ask more often than this.
    pub async fn on_with(
        url: &str,
        seed: u8,
        options: mainstay_app::Options,
        rates: Rates,
    ) -> Self {
        let store = Store::open(&StoreOptions::new(url)).await.unwrap();
        let clock = Arc::new(ManualClock::at(
            "2026-03-02T09:00:00.123456789Z".parse().unwrap(),
        ));
        let app = App::new(store, clock.clone(), [seed; 32], options);
        let stop = CancellationToken::new();
        let options = Options {
            limits: Limits {
                body: 100_000,
                time: Duration::from_secs(60),
                upload_time: Duration::from_secs(60),
                body_time: Duration::from_secs(60),
                heartbeat: Duration::from_millis(100),
            },
            stop: stop.clone(),
            rates,
            passed: Passed(Arc::new(|| Duration::ZERO)),
            hosts: Hosts::default(),
            trusted_proxies: Vec::new(),
            worker_alive: Box::new(|| true),
            jobs_alive: Box::new(|| true),
            settings: Vec::new(),
        };
        let web = Web::new(app.clone(), options);
        Self {
            app,
            clock,
            router: router(web),
            stop,
        }
    }

    pub async fn agent(&self, email: &str, role: &str) -> String {
        let fill = |agent: &mut mainstay_domain::agent::Agent| {
            agent.email = email.to_owned();
            agent.name = role.to_owned();
            agent.roles = vec![role.into()];
        };
        let agent = self
            .app
            .create_agent(&Caller::machine(), Some(PASSWORD.to_owned()), fill)
            .await
            .unwrap();
        agent.id.to_string()
    }

    pub fn advance(&self, by: SignedDuration) -> Timestamp {
        self.clock.advance(by);
        self.app.now()
    }

    /// Sends a request as it is.
    pub async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let headers = response.headers().clone();
        let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Answer {
            status,
            headers,
            body,
        }
    }

    /// A mail that the mail server refused for good.
    pub async fn dead_mail(&self) -> OutgoingMailId {
        let now = self.app.now();
        let id = self.app.new_id(now);
        let dead = OutgoingMail {
            id,
            message_id: "dead@localhost".to_owned(),
            account: None,
            ticket: None,
            message: None,
            sender: "support@localhost".to_owned(),
            recipients: vec!["casey@customer.example".to_owned()],
            subject: "Your ticket".to_owned(),
            bytes: b"Subject: Your ticket\r\n\r\nHello".to_vec(),
            state: OutgoingMailState::Dead,
            attempts: 8,
            last_error: Some("550 no such user".to_owned()),
            receipt: None,
            created_at: now,
            sent_at: None,
            mailbox: None,
        };
        let tx = self.app.store().begin().await.unwrap();
        mail::insert_many(&tx, &[dead]).await.unwrap();
        tx.commit().await.unwrap();
        id
    }

    /// Signs in and returns a client with the cookie.
    pub async fn client(&self, email: &str) -> Client<'_> {
        let answer = Client::nobody(self)
            .post("/sessions", json!({"email": email, "password": PASSWORD}))
            .await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        let cookie = answer.headers["set-cookie"].to_str().unwrap();
        let pair = cookie.split(';').next().unwrap().to_owned();
        Client::nobody(self)
            .with("cookie", &pair)
            .with("x-requested-with", "mainstay")
    }

    pub async fn admin(&self) -> Client<'_> {
        self.client("admin@example.com").await
    }
}

/// Somebody who uses the API.
#[derive(Clone)]
pub struct Client<'a> {
    service: &'a Service,
    headers: Vec<(String, String)>,
}

impl<'a> Client<'a> {
    pub fn nobody(service: &'a Service) -> Self {
        Self {
            service,
            headers: Vec::new(),
        }
    }

    pub fn with(&self, name: &str, value: &str) -> Self {
        let mut client = self.clone();
        client.headers.push((name.to_owned(), value.to_owned()));
        client
    }

    pub fn with_all(&self, headers: &[(String, String)]) -> Self {
        let mut client = self.clone();
        client.headers.extend_from_slice(headers);
        client
    }

    pub fn headers(&self) -> &[(String, String)] {
        &self.headers
    }

    pub fn without(&self, name: &str) -> Self {
        let mut client = self.clone();
        client.headers.retain(|(header, _)| header != name);
        client
    }

    pub fn request(&self, method: &str, path: &str, body: Option<Value>) -> Request<Body> {
        let path = match path.strip_prefix("/api/") {
            Some(_) => path.to_owned(),
            None => format!("/api/v1{path}"),
        };
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        match body {
            Some(body) => request
                .header("content-type", "application/json")
                .body(Body::from(body.to_string())),
            None => request.body(Body::empty()),
        }
        .unwrap()
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.service.send(self.request("GET", path, None)).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.service.send(self.request("DELETE", path, None)).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.service
            .send(self.request("POST", path, Some(body)))
            .await
    }

    pub async fn put(&self, path: &str, body: Value) -> Answer {
        self.service
            .send(self.request("PUT", path, Some(body)))
            .await
    }

    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        self.service
            .send(self.request("PATCH", path, Some(body)))
            .await
    }

    /// Makes something and returns its id.
    pub async fn make(&self, path: &str, body: Value) -> String {
        let answer = self.post(path, body).await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        answer.body["id"].as_str().unwrap().to_owned()
    }
}
