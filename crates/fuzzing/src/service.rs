//! The whole service without a connection, on a store that holds one of most things.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Method, Request, StatusCode};
use jiff::Timestamp;
use mainstay_app::token::NewToken;
use mainstay_app::{App, Caller, ManualClock};
use mainstay_domain::event::Actor;
use mainstay_store::{Store, StoreOptions};
use mainstay_web::{Hosts, Limits, Options, Passed, Rates, Web, api, router};
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;
use utoipa::openapi::path::{Operation, ParameterIn};
use utoipa::openapi::{PathItem, RefOr};

/// The largest body that is accepted, in bytes: more than any that is tried.
const LARGEST_BODY: usize = 32 << 20;

/// Monday 2 March 2026, 09:00 in UTC.
const NOW: i64 = 1_772_442_000;

/// A route of the API, as its description has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// The method.
    pub method: Method,
    /// The path, with the names of its parameters in braces.
    pub path: String,
}

/// An answer, as a program reads it.
#[derive(Debug)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its body, where that is JSON.
    pub body: Value,
    /// How long the body is, in bytes.
    pub size: usize,
}

/// Every route that takes a JSON body.
pub static WRITING: LazyLock<Vec<Route>> = LazyLock::new(|| {
    routes(|method, operation| {
        *method != Method::GET
            && operation
                .request_body
                .as_ref()
                .is_some_and(|body| match body {
                    RefOr::T(body) => body.content.contains_key("application/json"),
                    RefOr::Ref(_) => false,
                })
    })
});

/// Every route that is read by a query. The stream of events has no end and is left out.
pub static READING: LazyLock<Vec<Route>> = LazyLock::new(|| {
    let mut routes = routes(|method, operation| {
        let mut parameters = operation.parameters.iter().flatten();
        *method == Method::GET
            && parameters.any(|parameter| match parameter {
                RefOr::T(parameter) => matches!(parameter.parameter_in, ParameterIn::Query),
                RefOr::Ref(_) => false,
            })
    });
    routes.retain(|route| !route.path.ends_with("/events"));
    routes
});

fn routes(is_meant: impl Fn(&Method, &Operation) -> bool) -> Vec<Route> {
    let mut routes = Vec::new();
    for (path, item) in &api::openapi().paths.paths {
        for (method, operation) in operations(item) {
            if is_meant(&method, operation) {
                let path = path.clone();
                routes.push(Route { method, path });
            }
        }
    }
    routes
}

fn operations(item: &PathItem) -> impl Iterator<Item = (Method, &Operation)> {
    [
        (Method::GET, &item.get),
        (Method::POST, &item.post),
        (Method::PUT, &item.put),
        (Method::PATCH, &item.patch),
    ]
    .into_iter()
    .filter_map(|(method, operation)| Some((method, operation.as_ref()?)))
}

/// The route that the first line of an input names, such as `POST /tickets`; any other line stands for some route too.
pub fn named<'a>(line: &[u8], routes: &'a [Route]) -> Option<&'a Route> {
    let line = String::from_utf8_lossy(line);
    let named = routes.iter().find(|route| {
        let path = route.path.strip_prefix(api::ROOT).unwrap_or(&route.path);
        line.strip_prefix(route.method.as_str())
            .and_then(|rest| rest.strip_prefix(' '))
            == Some(path)
    });
    let sum = line.bytes().map(usize::from).sum::<usize>();
    named.or_else(|| routes.get(sum.checked_rem(routes.len())?))
}

/// A service, and what it holds.
pub struct Service {
    runtime: Runtime,
    router: Router,
    stop: CancellationToken,
    authorization: String,
    /// Identifiers by the nouns of the path that lead to them, such as `/tickets`.
    things: BTreeMap<String, String>,
}

impl Drop for Service {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl Service {
    /// A new one, always with the same things in it.
    pub fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        let now = Timestamp::from_second(NOW).expect("an instant");
        let (app, secret) = runtime.block_on(async {
            let store = Store::open(&StoreOptions::new("sqlite::memory:"))
                .await
                .expect("a store");
            let clock = Arc::new(ManualClock::at(now));
            let app = App::new(store, clock, [1; 32], mainstay_app::Options::default());
            let agent = app
                .create_agent(&Caller::machine(), None, |agent| {
                    agent.email = "ada@desk.example".to_owned();
                    agent.name = "Ada".to_owned();
                    agent.roles = vec!["administrator".into()];
                })
                .await
                .expect("an agent");
            let token = NewToken {
                name: "asks".to_owned(),
                scopes: vec!["*".to_owned()],
                expires_at: None,
            };
            let issued = app
                .issue_token(&Caller::machine(), Actor::Agent(agent.id), token)
                .await
                .expect("a token");
            (app, issued.1)
        });
        let stop = CancellationToken::new();
        let web = Web::new(app, options(stop.clone()));
        let mut service = Self {
            runtime,
            router: router(web),
            stop,
            authorization: format!("Bearer {secret}"),
            things: BTreeMap::new(),
        };
        service.fill();
        service
    }

    /// Makes one of most things.
    fn fill(&mut self) {
        let me = self.ask(&Method::GET, "/me", b"").body;
        self.keep("/agents", &me["id"]);
        self.make("/policy/versions", &json!({"pack": "mainstay"}));
        let team = json!({"name": "Support", "members": [me["id"]], "on_call": [me["id"]]});
        self.make("/teams", &team);
        self.make("/accounts", &json!({"name": "Acme"}));
        let account = self.things["/accounts"].clone();
        let contact =
            json!({"account": account, "name": "Casey", "addresses": ["casey@acme.example"]});
        self.make("/contacts", &contact);
        let contact = self.things["/contacts"].clone();
        let contract = json!({"tier": "standard", "starts_on": "2026-01-01"});
        let made = self.make(&format!("/accounts/{account}/contracts"), &contract);
        self.keep("/contracts", &made);
        for subject in ["Slow", "The export is broken"] {
            let ticket = json!({"subject": subject, "account": account, "contact": contact,
                "message": "It says that it cannot be written.", "tags": ["export"]});
            self.make("/tickets", &ticket);
        }
        self.things.insert("/tickets".to_owned(), "1".to_owned());
        let view = json!({"name": "Ours", "shared": true, "query": "status=open"});
        self.make("/views", &view);
        let actions = json!([{"do": "add_tags", "tags": ["known"]}]);
        self.make("/macros", &json!({"name": "Ours", "actions": actions}));
        let webhook = json!({"url": "https://hooks.example/out", "events": ["ticket.opened"]});
        self.make("/webhooks", &webhook);
        let ticket = self.ask(&Method::GET, "/tickets/1", b"").body;
        let escalation = json!({"ticket": ticket["id"], "reason": "churn_threat", "note": "They look elsewhere."});
        let raised = self.ask(
            &Method::POST,
            "/escalations",
            escalation.to_string().as_bytes(),
        );
        self.keep("/escalations", &raised.body[0]["id"]);
    }

    fn make(&mut self, path: &str, body: &Value) -> Value {
        let mut answer = self.ask(&Method::POST, path, body.to_string().as_bytes());
        assert!(answer.status.is_success(), "{path}: {answer:?}");
        let id = answer.body["id"].take();
        self.keep(path, &id);
        id
    }

    fn keep(&mut self, noun: &str, id: &Value) {
        let id = id.as_str().map_or_else(|| id.to_string(), str::to_owned);
        self.things.insert(noun.to_owned(), id);
    }

    /// The path of a route with what the service holds in it, and an unknown identifier where it holds none.
    pub fn path(&self, route: &Route) -> String {
        let (mut path, mut nouns) = (String::new(), String::new());
        let shown = route.path.strip_prefix(api::ROOT).unwrap_or(&route.path);
        for part in shown.split('/').skip(1) {
            path.push('/');
            if part.starts_with('{') {
                let unknown = "00000000-0000-7000-8000-000000000000";
                path.push_str(self.things.get(&nouns).map_or(unknown, String::as_str));
            } else {
                path.push_str(part);
                nouns.push('/');
                nouns.push_str(part);
            }
        }
        path
    }

    /// Asks in the name of somebody who may do everything.
    pub fn ask(&self, method: &Method, path: &str, body: &[u8]) -> Answer {
        let uri = match path.strip_prefix(api::ROOT) {
            Some(_) => path.to_owned(),
            None => format!("{}{path}", api::ROOT),
        };
        let request = Request::builder()
            .method(method)
            .uri(uri)
            .header("authorization", &self.authorization)
            .header("content-type", "application/json")
            .header("if-match", "*")
            .body(Body::from(body.to_vec()));
        let Ok(request) = request else {
            panic!("{path:?} is no address");
        };
        self.runtime.block_on(async {
            let Ok(response) = self.router.clone().oneshot(request).await;
            let status = response.status();
            let Ok(bytes) = to_bytes(response.into_body(), usize::MAX).await else {
                panic!("the answer to {method} {path} breaks off");
            };
            Answer {
                status,
                body: serde_json::from_slice(&bytes).unwrap_or(Value::Null),
                size: bytes.len(),
            }
        })
    }
}

fn options(stop: CancellationToken) -> Options {
    let long = Duration::from_secs(60);
    Options {
        limits: Limits {
            body: LARGEST_BODY,
            time: long,
            upload_time: long,
            body_time: long,
            heartbeat: long,
        },
        stop,
        rates: Rates::default(),
        passed: Passed(Arc::new(|| Duration::ZERO)),
        hosts: Hosts::default(),
        trusted_proxies: Vec::new(),
        worker_alive: Box::new(|| true),
        jobs_alive: Box::new(|| true),
        settings: Vec::new(),
    }
}

/// Writes what an address cannot hold in percent.
pub fn percent_encoded(text: &[u8]) -> String {
    let mut encoded = String::new();
    for byte in text {
        match byte {
            b'!' | b'$'..=b';' | b'=' | b'?'..=b'[' | b']' | b'_' | b'a'..=b'z' | b'~' => {
                encoded.push(char::from(*byte));
            }
            byte => {
                let _ = write!(encoded, "%{byte:02X}");
            }
        }
    }
    encoded
}

/// Whether it is done, or refused in a way that can be mended: never a fault of ours, and not longer than what was sent
/// explains.
pub fn check_answer(answer: &Answer, asked: &str, sent: usize) {
    assert!(
        !answer.status.is_server_error(),
        "{} to {asked}: {}",
        answer.status,
        answer.body
    );
    if !answer.status.is_client_error() {
        return;
    }
    let detail = answer.body["detail"].as_str().unwrap_or_default();
    assert!(
        !detail.is_empty(),
        "{} to {asked} says nothing",
        answer.status
    );
    // A value is shown as it was written, which takes six letters for one that cannot be; with the names that are known.
    assert!(
        answer.size <= 20 * sent + 20_000,
        "{} bytes to refuse {sent} to {asked}",
        answer.size
    );
}
