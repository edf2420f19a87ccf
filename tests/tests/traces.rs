//! What a collector of traces is told: which span belongs to which, and nothing of anybody. A process has one log and one way
//! to a collector, so this is alone in its file.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use jiff::SignedDuration;
use mainstay_app::token::{EVERYTHING, NewToken};
use mainstay_app::{App, Caller};
use mainstay_domain::agent::Agent;
use mainstay_domain::event::Actor;
use mainstay_domain::role::BuiltIn;
use mainstay_server::logging;
use mainstay_server::time::SimulatedClock;
use mainstay_tests::instant;
use mainstay_tests::service::{RunningService, settings};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::AnyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use prost::Message as _;
use serde_json::json;
use tokio::net::TcpListener;

const MAIL: &str = "From: Zacharias Quill <zquill@customer.example>\r\nTo: support@example.com\r\n\
    Subject: Xylophones are broken\r\nMessage-ID: <1@customer.example>\r\n\r\nThe bassoon plays itself.\r\n";

const CALLERS_TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const CALLERS_SPAN: &str = "b7ad6b7169203331";

/// What the collector was sent, and to which traces the calls of webhooks belonged.
#[derive(Clone, Default)]
struct Received {
    bodies: Arc<Mutex<Vec<Vec<u8>>>>,
    called: Arc<Mutex<Vec<String>>>,
}

impl Received {
    /// Listens on loopback, as the collector and as the receiver of webhooks.
    async fn listen(&self) -> String {
        let router = Router::new()
            .route("/v1/traces", post(collect))
            .route("/hook", post(take_call))
            .with_state(self.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        tokio::spawn(async move { axum::serve(listener, router).await });
        format!("http://{address}")
    }

    fn called(&self) -> Vec<String> {
        self.called.lock().expect("nobody panicked").clone()
    }
}

async fn collect(State(received): State<Received>, body: axum::body::Bytes) -> StatusCode {
    let mut bodies = received.bodies.lock().expect("nobody panicked");
    bodies.push(body.to_vec());
    StatusCode::OK
}

async fn take_call(State(received): State<Received>, headers: HeaderMap) -> StatusCode {
    let traceparent = headers
        .get("traceparent")
        .and_then(|said| said.to_str().ok());
    let mut called = received.called.lock().expect("nobody panicked");
    called.push(traceparent.unwrap_or_default().to_owned());
    StatusCode::OK
}

/// The spans that arrived.
struct Spans(Vec<Span>);

impl Spans {
    fn read(bodies: &[Vec<u8>]) -> Self {
        let mut spans = Vec::new();
        for body in bodies {
            let request = ExportTraceServiceRequest::decode(&**body).expect("OTLP");
            for resource in request.resource_spans {
                let of = resource.resource.expect("a resource").attributes;
                assert!(of.iter().any(|said| said.key == "service.name"), "{of:?}");
                for scope in resource.scope_spans {
                    spans.extend(scope.spans);
                }
            }
        }
        Self(spans)
    }

    fn named(&self, name: &str) -> Vec<&Span> {
        let found: Vec<&Span> = self.0.iter().filter(|span| span.name == name).collect();
        let names: Vec<&str> = self.0.iter().map(|span| span.name.as_str()).collect();
        assert!(!found.is_empty(), "there is no span {name} in {names:?}");
        found
    }

    /// Every span of a name within each span of another name.
    fn within(&self, outer: &str, inner: &str) -> Vec<&Span> {
        let mut found = Vec::new();
        for span in self.named(outer) {
            let child = self.0.iter().find(|child| {
                child.name == inner
                    && child.parent_span_id == span.span_id
                    && child.trace_id == span.trace_id
            });
            found.push(child.unwrap_or_else(|| panic!("there is no {inner} in {span:?}")));
        }
        found
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn said(span: &Span) -> BTreeMap<&str, String> {
    let text = |value: &AnyValue| match &value.value {
        Some(Value::StringValue(text)) => text.clone(),
        Some(Value::IntValue(number)) => number.to_string(),
        Some(Value::BoolValue(is_so)) => is_so.to_string(),
        other => panic!("{other:?}"),
    };
    let attributes = span.attributes.iter();
    attributes
        .map(|said| {
            (
                said.key.as_str(),
                said.value.as_ref().map(text).unwrap_or_default(),
            )
        })
        .collect()
}

/// Acme, an Enterprise customer, and somebody who serves. Returns a token that may do everything.
async fn settle(app: &App) -> String {
    let machine = Caller::machine();
    let pack = mainstay_policy::builtin("mainstay").expect("a pack");
    let applied = app.apply_policy(&machine, &pack, "test").await;
    applied.expect("a pack that can be applied");
    let fill = |agent: &mut Agent| {
        agent.email = "yvonne@house.example".to_owned();
        agent.name = "Yvonne Umber".to_owned();
        agent.roles = vec![BuiltIn::Administrator.as_str().into()];
    };
    let agent = app.create_agent(&machine, None, fill).await;
    let account = app.create_account(&machine, |account| {
        account.name = "Acme Instruments".to_owned();
        account.domains = vec!["customer.example".to_owned()];
    });
    let account = account.await.expect("an account").id;
    let contract = app.create_contract(&machine, account, |contract| {
        contract.tier = "Enterprise".into();
        contract.starts_on = "2026-01-01".parse().expect("a date");
    });
    contract.await.expect("a contract");
    let new = NewToken {
        name: "test".to_owned(),
        scopes: vec![EVERYTHING.to_owned()],
        expires_at: None,
    };
    let actor = Actor::Agent(agent.expect("an agent").id);
    let issued = app.issue_token(&machine, actor, new).await;
    issued.expect("a token").1
}

async fn until(what: &str, mut look: impl AsyncFnMut() -> bool) {
    for _ in 0..3000 {
        if look().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("waited in vain until {what}");
}

fn text(folder: &Path, receiver: &str) -> String {
    // Nobody listens at the mail server's port, so that a mail cannot be handed over. The log says nothing: traces are to be sent
    // whatever its level is.
    format!(
        "data = {folder:?}\n[http]\nlisten = \"127.0.0.1:0\"\n[mail]\nfrom = \"support@example.com\"\n\
         [smtp]\nhost = \"127.0.0.1\"\nport = 9\ntls = \"none\"\n[webhooks]\nallow_private_addresses = true\n\
         [telemetry]\notlp_endpoint = {receiver:?}\n[log]\nlevel = \"off\"\n"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn spans_arrive_belong_together_and_name_nobody() {
    let received = Received::default();
    let receiver = received.listen().await;
    let folder = tempfile::tempdir().expect("a folder");
    let settings = settings(&text(folder.path(), &receiver));
    let (settings, traces) = tokio::task::spawn_blocking(|| {
        let traces = logging::start(&settings).expect("a way to the collector");
        (settings, traces)
    })
    .await
    .expect("no panic");
    let clock = Arc::new(SimulatedClock::new(instant("2026-03-02T09:00:00Z"), 0.0));
    let service = RunningService::begin(settings, clock.clone()).await;
    let token = settle(&service.app).await;
    let client = reqwest::Client::new();
    let asks = async |path: &str, body: String, kind: &str| {
        let answer = client
            .post(format!("{}/api/v1{path}", service.url))
            .bearer_auth(&token)
            .header("content-type", kind)
            .header(
                "traceparent",
                format!("00-{CALLERS_TRACE}-{CALLERS_SPAN}-01"),
            )
            .header("tracestate", "vendor=zquill")
            .body(body)
            .send()
            .await
            .expect("an answer");
        assert!(answer.status().is_success(), "{path}: {answer:?}");
    };
    let hook = json!({ "url": format!("{receiver}/hook") }).to_string();
    asks("/webhooks", hook, "application/json").await;
    asks("/mail", MAIL.to_owned(), "message/rfc822").await;
    let app = &service.app;
    until("a webhook was called", async || {
        !received.called().is_empty()
    })
    .await;
    clock.advance(SignedDuration::from_hours(72));
    until("nothing is due", async || {
        let (reader, now) = (app.store().read(), app.now());
        let standing = mainstay_store::due::standing(&reader, now, now).await;
        let jobs = mainstay_store::job::queue(&reader, now)
            .await
            .expect("a store");
        standing.expect("a store").overdue == 0
            && jobs.iter().all(|kind| kind.runnable_since.is_none())
    })
    .await;
    service.end().await;
    // What has not left yet leaves at the end, which a busy machine is given time for.
    let traces = traces.expect("a collector is set");
    let end = move || traces.end_within(Duration::from_secs(60));
    let ended = tokio::task::spawn_blocking(end).await;
    ended.expect("no panic").expect("the last spans leave");

    let bodies = received.bodies.lock().expect("nobody panicked").clone();
    let spans = Spans::read(&bodies);
    // Among the bytes an `@` may stand for anything.
    let in_words = format!("{:?}", spans.0);
    assert!(!in_words.contains('@'), "{in_words}");
    tells_of_requests(&spans);
    tells_of_work(&spans);
    tells_the_receiver(&spans, &received.called());
    for private in [
        "zquill",
        "Quill",
        "Xylophone",
        "bassoon",
        "yvonne",
        "Umber",
        "Instruments",
        "127.0.0.1",
        &token,
    ] {
        let is_told = |body: &Vec<u8>| {
            body.windows(private.len())
                .any(|part| part == private.as_bytes())
        };
        assert!(
            !bodies.iter().any(is_told),
            "the collector was told {private:?}"
        );
    }
}

/// A request is a child of the caller's span, and what it does of the request.
fn tells_of_requests(spans: &Spans) {
    let requests = spans.named("POST /api/v1/mail");
    let [request] = requests[..] else {
        panic!("{requests:?}");
    };
    assert_eq!(hexadecimal(&request.trace_id), CALLERS_TRACE);
    assert_eq!(hexadecimal(&request.parent_span_id), CALLERS_SPAN);
    assert_eq!(request.kind(), SpanKind::Server);
    assert_eq!(request.trace_state, "");
    let attributes = said(request);
    assert_eq!(attributes["http.response.status_code"], "202");
    assert!(
        attributes.contains_key("mainstay.request"),
        "{attributes:?}"
    );
    let received = spans.within("POST /api/v1/mail", "receive_mail");
    assert_eq!(said(received[0])["mainstay.mail.source"], "http");
    let transactions = spans.within("receive_mail", "transaction");
    let attributes = said(transactions[0]);
    assert_eq!(attributes["db.system.name"], "sqlite");
    assert_eq!(attributes["mainstay.committed"], "true");
}

/// Jobs and what is due begin traces of their own.
fn tells_of_work(spans: &Spans) {
    for (outer, inner) in [
        ("job read_mail", "transaction"),
        ("job send_mail", "send_mail"),
        ("job call_webhook", "call_webhook"),
        ("due", "transaction"),
    ] {
        spans.within(outer, inner);
        for span in spans.named(outer) {
            assert!(span.parent_span_id.is_empty(), "{span:?}");
        }
    }
    for span in spans.named("send_mail") {
        assert_eq!(span.kind(), SpanKind::Client);
        let status = span.status.as_ref().expect("a status");
        assert_eq!(status.code, 2, "it failed: {span:?}");
    }
    let alone = |span: &&Span| span.name == "transaction" && span.parent_span_id.is_empty();
    assert_eq!(spans.0.iter().find(alone), None, "it belongs to nothing");
}

/// A call of a webhook says to which span it belongs.
fn tells_the_receiver(spans: &Spans, called: &[String]) {
    let mut calls: Vec<String> = spans
        .named("call_webhook")
        .iter()
        .map(|span| {
            assert_eq!(said(span)["http.response.status_code"], "200");
            let (trace, span) = (hexadecimal(&span.trace_id), hexadecimal(&span.span_id));
            format!("00-{trace}-{span}-01")
        })
        .collect();
    let mut called = called.to_vec();
    calls.sort();
    called.sort();
    assert_eq!(calls, called);
}
