//! What surrounds every route: request ids, the log of requests, problem documents for every error, security headers,
//! limits on time and size, compression.

use std::any::Any;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, HttpBody as _};
use axum::extract::{DefaultBodyLimit, MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, Method, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use http_body_util::BodyExt as _;
use mainstay_app::measure::{HTTP_PROBLEMS, HTTP_SECONDS, Stopwatch};
use mainstay_app::trace::{self, TRACEPARENT};
use metrics::{counter, histogram};
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{NotForContentType, Predicate, SizeAbove};
use tower_http::request_id::{
    MakeRequestId, PropagateRequestIdLayer, RequestId, SetRequestIdLayer,
};
use tower_http::timeout::{TimeoutBody, TimeoutError};
use tracing::{Instrument as _, field};
use uuid::Uuid;

use crate::api::takes_file;
use crate::problem::{self, Kind, Problem};

/// The header that carries a request's identifier.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Limits on every request.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The largest body, in bytes.
    pub body: usize,
    /// The longest wait for the next part of a body.
    pub body_time: Duration,
    /// The longest time until an answer begins.
    pub time: Duration,
    /// The longest time until an answer begins where the body is a file, which a slow line takes long to send.
    pub upload_time: Duration,
    /// How often a silent stream is given a sign of life, and whether its listener may still listen is asked.
    pub heartbeat: Duration,
}

/// Surrounds the routes.
pub fn surround(routes: Router, limits: Limits) -> Router {
    let compressed = SizeAbove::new(1024)
        .and(NotForContentType::GRPC)
        .and(NotForContentType::IMAGES)
        .and(NotForContentType::SSE);
    let layers = ServiceBuilder::new()
        .layer(SetRequestIdLayer::new(REQUEST_ID, NewRequestId))
        .layer(middleware::from_fn(log))
        .layer(PropagateRequestIdLayer::new(REQUEST_ID))
        .layer(middleware::from_fn(harden))
        .layer(CompressionLayer::new().compress_when(compressed))
        .layer(middleware::from_fn(problem::finish))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(middleware::from_fn_with_state(limits, limit_time))
        .layer(DefaultBodyLimit::max(limits.body));
    routes.layer(layers)
}

/// Gives a request an identifier of ours where the caller's proxy gave none.
#[derive(Debug, Clone, Copy)]
struct NewRequestId;

impl MakeRequestId for NewRequestId {
    fn make_request_id<B>(&mut self, _: &axum::http::Request<B>) -> Option<RequestId> {
        #[expect(
            clippy::disallowed_methods,
            reason = "nothing depends on this number but the eyes of whoever reads the log"
        )]
        let id = Uuid::new_v4().to_string();
        HeaderValue::from_str(&id).ok().map(RequestId::new)
    }
}

/// Logs each request by its route, never by its path or query, which may hold addresses and words of people.
async fn log(mut request: Request, next: Next) -> Response {
    limit_request_id(&mut request);
    let id = request
        .extensions()
        .get::<RequestId>()
        .and_then(|id| id.header_value().to_str().ok())
        .unwrap_or_default();
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("(none)", MatchedPath::as_str);
    let span = tracing::info_span!(
        "request",
        id,
        method = %request.method(),
        route,
        status = field::Empty,
    );
    let parent = request.headers().get(TRACEPARENT);
    trace::continue_from(&span, parent.and_then(|value| value.to_str().ok()));
    let labels = [("method", method_of(&request)), ("route", route.to_owned())];
    async {
        let began = Stopwatch::start();
        let response = next.run(request).await;
        let status = response.status();
        measure(&labels, began, &response);
        tracing::Span::current().record("status", status.as_u16());
        if status.is_server_error() {
            trace::fail(&tracing::Span::current());
            tracing::error!(status = status.as_u16(), "request failed");
        } else {
            tracing::debug!(status = status.as_u16(), "request answered");
        }
        response
    }
    .instrument(span)
    .await
}

/// The method, where it is one that somebody serves: others are of endless number.
fn method_of(request: &Request) -> String {
    match request.method().as_str() {
        method @ ("GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS") => method,
        _ => "other",
    }
    .to_owned()
}

/// Measures a request by its route; a path that is no route of ours counts as one.
fn measure(labels: &[(&'static str, String); 2], began: Stopwatch, response: &Response) {
    let class = format!("{}xx", response.status().as_u16() / 100);
    let [method, route] = labels.clone();
    histogram!(HTTP_SECONDS, "method" => method.1, "route" => route.1, "status" => class)
        .record(began.elapsed());
    if let Some(problem) = response.extensions().get::<Problem>() {
        counter!(HTTP_PROBLEMS, "kind" => problem.kind().name()).increment(1);
    }
}

/// Tells the count of each kind of problem from the start, so that whoever watches sees the first of them.
pub fn count_problems_from_zero() {
    for kind in Kind::ALL {
        counter!(HTTP_PROBLEMS, "kind" => kind.name()).absolute(0);
    }
}

/// Replaces an identifier that the caller chose if it is too long or too strange to be written into a log.
fn limit_request_id(request: &mut Request) {
    let fits = |id: &HeaderValue| {
        id.len() <= 64
            && id
                .as_bytes()
                .iter()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte))
    };
    let kept = request
        .extensions()
        .get::<RequestId>()
        .is_some_and(|id| fits(id.header_value()));
    if !kept && let Some(id) = NewRequestId.make_request_id(request) {
        request
            .headers_mut()
            .insert(REQUEST_ID, id.header_value().clone());
        request.extensions_mut().insert(id);
    }
}

/// Gives a request up that takes too long, and says whether that is the client's fault: whether its body was not there.
async fn limit_time(State(limits): State<Limits>, request: Request, next: Next) -> Response {
    let time = if takes_file(&request) {
        limits.upload_time
    } else {
        limits.time
    };
    let method = request.method().clone();
    let has_stalled = Arc::new(AtomicBool::new(false));
    let request = request.map(|body| watched(body, limits.body_time, has_stalled.clone()));
    let mut answering = pin!(next.run(request));
    tokio::select! {
        response = &mut answering => match has_stalled.load(Ordering::Acquire) {
            true => too_slow(),
            false => response,
        },
        // Whoever reads the body holds its share of the mark until the end of it.
        () = tokio::time::sleep(time) => match Arc::strong_count(&has_stalled) > 1 {
            true => too_slow(),
            false => given_up(&method),
        },
    }
}

/// A body that breaks off, and marks it, when no further part of it comes in time.
fn watched(body: Body, time: Duration, has_stalled: Arc<AtomicBool>) -> Body {
    if body.is_end_stream() {
        return body;
    }
    Body::new(TimeoutBody::new(time, body).map_err(move |error| {
        if error.is::<TimeoutError>() {
            has_stalled.store(true, Ordering::Release);
        }
        error
    }))
}

/// What was to be done may be on its way to the disk when it is given up.
fn given_up(method: &Method) -> Response {
    let detail = match method.is_safe() {
        true => "The request took too long and was given up.",
        false => {
            "The request took too long and was given up. It may have been done: look before you send it again."
        }
    };
    Problem::new(Kind::Unavailable, detail).into_response()
}

fn too_slow() -> Response {
    Problem::new(
        Kind::TooSlow,
        "The body of the request was not there in time: nothing was done.",
    )
    .into_response()
}

/// The headers by which a browser keeps what we answer from being misused.
async fn harden(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let rules = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "same-origin"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'",
        ),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ),
    ];
    for (name, value) in rules {
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
    // What the API answers is about somebody: no cache between us and them may keep it.
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("private, no-cache"));
    response
}

fn panicked(_: Box<dyn Any + Send + 'static>) -> Response {
    // The panic hook has logged what and where.
    Problem::new(
        Kind::Broken,
        "The fault has been logged under the request's id, which is in the x-request-id header.",
    )
    .into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::{Body, Id, Parameters};
    use crate::page::Limit;
    use axum::body::Body as HttpBody;
    use axum::http::Request as HttpRequest;
    use axum::routing::{get, post};
    use mainstay_domain::id::AccountId;
    use serde::Deserialize;
    use tower::ServiceExt as _;

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Note {
        #[expect(dead_code, reason = "only whether it can be read matters here")]
        text: String,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct List {
        #[expect(dead_code, reason = "only whether it can be read matters here")]
        limit: Option<Limit>,
    }

    fn routes() -> Router {
        let routes = Router::new()
            .route("/notes", post(|_: Body<Note>| async { "done" }))
            .route("/accounts", get(|_: Parameters<List>| async { "done" }))
            .route("/accounts/{id}", get(|_: Id<AccountId>| async { "done" }))
            .route("/panic", get(panic))
            .route(
                "/never",
                get(std::future::pending::<()>).post(std::future::pending::<()>),
            );
        let limits = Limits {
            body: 1000,
            body_time: Duration::from_millis(10),
            time: Duration::from_millis(20),
            upload_time: Duration::from_secs(60),
            heartbeat: Duration::from_secs(15),
        };
        surround(routes, limits)
    }

    #[expect(clippy::panic, reason = "this is what is tested")]
    async fn panic() -> &'static str {
        panic!("on purpose")
    }

    async fn ask(method: &str, path: &str, kind: &str, body: &str) -> (Response, String) {
        let request = HttpRequest::builder()
            .method(method)
            .uri(path)
            .header("content-type", kind)
            .body(HttpBody::from(body.to_owned()))
            .unwrap();
        let mut response = routes().oneshot(request).await.unwrap();
        let body = std::mem::take(response.body_mut());
        let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        (response, String::from_utf8(bytes.to_vec()).unwrap())
    }

    async fn problem(method: &str, path: &str, kind: &str, body: &str) -> String {
        let (response, text) = ask(method, path, kind, body).await;
        assert_eq!(response.headers()["content-type"], problem::MEDIA_TYPE);
        assert!(response.headers().contains_key("x-request-id"));
        text
    }

    #[tokio::test]
    async fn every_error_is_a_problem_document() {
        let json = "application/json";
        insta::assert_snapshot!(problem("GET", "/nowhere", json, "").await, @r#"{"type":"/api/problems/not-found","title":"There is no such thing","status":404,"detail":"There is nothing at this path; see /api/docs.","instance":"/nowhere"}"#);
        insta::assert_snapshot!(problem("GET", "/notes", json, "").await, @r#"{"type":"/api/problems/method-not-allowed","title":"This cannot be done here","status":405,"detail":"This path does not know this method; the `allow` header names those it knows.","instance":"/notes"}"#);
        insta::assert_snapshot!(problem("POST", "/notes", "text/plain", "{}").await, @r#"{"type":"/api/problems/unsupported-media-type","title":"The body is of the wrong type","status":415,"detail":"The body must be JSON: send it with `content-type: application/json`.","instance":"/notes"}"#);
        insta::assert_snapshot!(problem("POST", "/notes", json, "{\n\"text\"").await, @r#"{"type":"/api/problems/malformed","title":"The request cannot be read","status":400,"detail":"The body is not JSON: EOF while parsing an object at line 2 column 6.","instance":"/notes"}"#);
        insta::assert_snapshot!(problem("POST", "/notes", json, r#"{"text":"a","txt":1}"#).await, @r#"{"type":"/api/problems/invalid","title":"The input is wrong","status":422,"detail":"The body does not fit at /txt: unknown field `txt`, expected `text`.","instance":"/notes","errors":[{"pointer":"/txt","detail":"unknown field `txt`, expected `text`"}]}"#);
        insta::assert_snapshot!(problem("POST", "/notes", json, " \"text\"").await, @r#"{"type":"/api/problems/invalid","title":"The input is wrong","status":422,"detail":"The body is a text: expected an object with named fields.","instance":"/notes"}"#);
        insta::assert_snapshot!(problem("POST", "/notes", json, &"x".repeat(1001)).await, @r#"{"type":"/api/problems/too-large","title":"The request is too large","status":413,"detail":"The body is larger than this server accepts.","instance":"/notes"}"#);
        insta::assert_snapshot!(problem("GET", "/accounts/7", json, "").await, @r#"{"type":"/api/problems/malformed","title":"The request cannot be read","status":400,"detail":"id: \"7\" does not identify any account: expected a UUID like 0190163d-8694-739b-aea5-966c26f8ad91","instance":"/accounts/7","errors":[{"parameter":"id","detail":"\"7\" does not identify any account: expected a UUID like 0190163d-8694-739b-aea5-966c26f8ad91"}]}"#);
        insta::assert_snapshot!(problem("GET", "/accounts?limit=201", json, "").await, @r#"{"type":"/api/problems/invalid","title":"The input is wrong","status":422,"detail":"limit: \"201\" is no page size: expected a number from 1 to 200","instance":"/accounts","errors":[{"parameter":"limit","detail":"\"201\" is no page size: expected a number from 1 to 200"}]}"#);
        insta::assert_snapshot!(problem("GET", "/accounts?lmit=2", json, "").await, @r#"{"type":"/api/problems/invalid","title":"The input is wrong","status":422,"detail":"lmit: unknown field `lmit`, expected `limit`","instance":"/accounts","errors":[{"parameter":"lmit","detail":"unknown field `lmit`, expected `limit`"}]}"#);
        insta::assert_snapshot!(problem("GET", "/panic", json, "").await, @r#"{"type":"/api/problems/broken","title":"Something is broken on our side","status":500,"detail":"The fault has been logged under the request's id, which is in the x-request-id header.","instance":"/panic"}"#);
        insta::assert_snapshot!(problem("GET", "/never", json, "").await, @r#"{"type":"/api/problems/unavailable","title":"The service cannot answer just now","status":503,"detail":"The request took too long and was given up.","instance":"/never"}"#);
        insta::assert_snapshot!(problem("POST", "/never", json, "").await, @r#"{"type":"/api/problems/unavailable","title":"The service cannot answer just now","status":503,"detail":"The request took too long and was given up. It may have been done: look before you send it again.","instance":"/never"}"#);
    }

    #[tokio::test]
    async fn a_method_that_is_not_known_still_says_which_are() {
        let (response, _) = ask("DELETE", "/notes", "application/json", "").await;
        assert_eq!(response.headers()["allow"], "POST");
    }

    #[tokio::test]
    async fn answers_carry_the_headers_that_protect_a_browser() {
        let (response, _) = ask("GET", "/accounts", "", "").await;
        for name in [
            "x-content-type-options",
            "x-frame-options",
            "content-security-policy",
            "referrer-policy",
            "cache-control",
        ] {
            assert!(response.headers().contains_key(name), "{name}");
        }
    }

    #[tokio::test]
    async fn a_strange_request_id_is_replaced_and_a_good_one_kept() {
        for (given, kept) in [
            ("abc-1", true),
            ("a b\"c", false),
            (&*"x".repeat(65), false),
        ] {
            let request = HttpRequest::builder()
                .uri("/accounts")
                .header("x-request-id", given)
                .body(HttpBody::empty())
                .unwrap();
            let response = routes().oneshot(request).await.unwrap();
            assert_eq!(response.headers()["x-request-id"] == given, kept, "{given}");
        }
    }
}
