//! A server on loopback in the place of those who carry notifications.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use mainstay_channels::notify::{
    Gateway, Notifier, NotifySettings, Pager, Slack, Telephone, Twilio,
};
use mainstay_channels::secret::Secret;
use mainstay_channels::webhook::Destinations;

/// A server on loopback that keeps what it is sent and answers as it is told, 200 otherwise.
pub struct Sink {
    address: std::net::SocketAddr,
    shared: Arc<Shared>,
    server: tokio::task::JoinHandle<()>,
}

#[derive(Default)]
struct Shared {
    received: Mutex<Vec<(String, String)>>,
    answers: Mutex<VecDeque<(u16, Option<u32>, &'static str)>>,
    always: Mutex<Option<u16>>,
}

async fn take(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    let body = axum::body::to_bytes(request.into_body(), 1 << 20)
        .await
        .unwrap();
    let body = String::from_utf8(body.to_vec()).unwrap();
    shared.received.lock().unwrap().push((path, body));
    if let Some((status, wait, body)) = shared.answers.lock().unwrap().pop_front() {
        let status = StatusCode::from_u16(status).unwrap();
        return match wait {
            Some(wait) => (status, [("retry-after", wait.to_string())], body).into_response(),
            None => (status, body).into_response(),
        };
    }
    let always = shared.always.lock().unwrap().unwrap_or(200);
    (
        StatusCode::from_u16(always).unwrap(),
        r#"{"ok":true,"sid":"SM1"}"#,
    )
        .into_response()
}

impl Sink {
    pub async fn open() -> Self {
        let shared = Arc::new(Shared::default());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().fallback(take).with_state(shared.clone());
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self {
            address,
            shared,
            server,
        }
    }

    /// Answers nobody any more.
    pub fn close(&self) {
        self.server.abort();
    }

    fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn answer_next(&self, status: u16, wait: Option<u32>, body: &'static str) {
        let mut answers = self.shared.answers.lock().unwrap();
        answers.push_back((status, wait, body));
    }

    pub fn answer_always(&self, status: u16) {
        *self.shared.always.lock().unwrap() = Some(status);
    }

    /// What arrived whose path ends so.
    pub fn at(&self, ending: &str) -> Vec<String> {
        let received = self.shared.received.lock().unwrap();
        received
            .iter()
            .filter(|(path, _)| path.ends_with(ending))
            .map(|(_, body)| body.clone())
            .collect()
    }

    pub fn notifier(&self, destinations: Destinations) -> Notifier {
        Notifier::new(NotifySettings {
            destinations,
            timeout: Duration::from_secs(30),
            extra_authorities: Vec::new(),
            user_agent: "mainstay/test".to_owned(),
            slack: Some(Slack::Bot {
                base_url: self.url(),
                token: Secret::new("xoxb-1"),
                channel: None,
            }),
            sms: Some(Telephone::Twilio(Twilio {
                base_url: self.url(),
                account: "AC1".to_owned(),
                token: Secret::new("secret"),
                from: "+15005550006".to_owned(),
            })),
            voice: Some(Telephone::Gateway(
                Gateway::new(
                    Secret::new(format!("{}/call", self.url())),
                    "application/json",
                    Vec::new(),
                    None,
                )
                .unwrap(),
            )),
            pager: Some(Pager::PagerDuty {
                base_url: self.url(),
                key: None,
            }),
        })
        .unwrap()
    }
}
