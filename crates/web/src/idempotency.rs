//! Idempotency keys: a POST that is sent again with its key has its effect once and is answered as the first time.

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{FromRequestParts as _, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use mainstay_app::Caller;
use mainstay_app::idempotency::{Answer, Claim, Key};
use serde::{Deserialize, Serialize};

use crate::Web;
use crate::api::takes_file;
use crate::auth::Identified;
use crate::problem::{self, Kind, Problem};

/// The header that carries the key.
const KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// The header that marks an answer given before.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// The headers of an answer that are kept with it.
const KEPT: [HeaderName; 3] = [header::CONTENT_TYPE, header::ETAG, header::LOCATION];

/// Marks an answer that carries a secret: it is given once and never kept.
#[derive(Debug, Clone, Copy)]
pub struct GivenOnce;

/// Watches over keys.
pub async fn guard(State(web): State<Web>, request: Request, next: Next) -> Response {
    let is_guarded = request.method() == Method::POST && request.headers().contains_key(KEY);
    // A file is not read whole here: its handler watches over the key itself.
    if !is_guarded || takes_file(&request) {
        return next.run(request).await;
    }
    match once(web, request, next).await {
        Ok(response) => response,
        Err(problem) => problem.into_response(),
    }
}

async fn once(web: Web, request: Request, next: Next) -> problem::Result<Response> {
    let (mut parts, body) = request.into_parts();
    let key = key(&parts.headers)?.to_owned();
    // Somebody who is not signed in has no keys; their request is answered as any other.
    let Ok(Identified(caller)) = Identified::from_request_parts(&mut parts, &web).await else {
        return Ok(next.run(Request::from_parts(parts, body)).await);
    };
    let bytes = to_bytes(body, web.options.limits.body).await.map_err(|_| {
        Problem::new(
            Kind::TooLarge,
            "The body is larger than this server accepts, or broke off.",
        )
    })?;
    let target = parts.uri.path_and_query().map_or("", |path| path.as_str());
    let key = Key::new(caller.actor, &key, &[target.as_bytes(), &bytes]);
    under_key(
        &web,
        &key,
        next.run(Request::from_parts(parts, Body::from(bytes))),
    )
    .await
}

/// Answers a request whose body is streamed once for its key, if it has one. `request` is what tells it from others.
pub async fn streamed(
    web: &Web,
    caller: &Caller,
    headers: &HeaderMap,
    request: &[&[u8]],
    answer: impl Future<Output = problem::Result<Response>>,
) -> problem::Result<Response> {
    if !headers.contains_key(KEY) {
        return answer.await;
    }
    let key = Key::new(caller.actor, key(headers)?, request);
    let answer = async { answer.await.unwrap_or_else(IntoResponse::into_response) };
    under_key(web, &key, answer).await
}

/// Answers as it was answered before under the key, or for the first time.
async fn under_key(
    web: &Web,
    key: &Key,
    answer: impl Future<Output = Response>,
) -> problem::Result<Response> {
    match web.app.claim(key).await? {
        Claim::Ours => {}
        Claim::Answered(answer) => return replay(answer),
        Claim::Underway => {
            return Err(Problem::new(
                Kind::Conflict,
                "A request with this idempotency key is being answered, or was cut off: look whether it had its effect before you use another key.",
            ));
        }
        Claim::Reused => {
            return Err(Problem::new(
                Kind::KeyReused,
                "This idempotency key was sent with another request: use a new key for a new request.",
            ));
        }
    }
    finish(web, key, answer.await).await
}

fn key(headers: &HeaderMap) -> problem::Result<&str> {
    headers
        .get(KEY)
        .and_then(|value| value.to_str().ok())
        .filter(|key| (1..=255).contains(&key.len()))
        .ok_or_else(|| {
            Problem::unreadable_parameter("idempotency-key", "expected 1 to 255 visible characters")
        })
}

/// An answer as it is kept.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    headers: Vec<(String, String)>,
    body: String,
}

/// What becomes of a key.
#[derive(Debug, PartialEq, Eq)]
enum After {
    /// The answer is kept with it.
    Keep,
    /// Nothing was done: the same request may be sent again.
    Release,
    /// It stays taken without an answer: whoever sends the request again is told to look first.
    Hold,
}

fn after(response: &Response) -> After {
    let problem = response.extensions().get::<Problem>();
    let status = response.status();
    if problem.is_some_and(|problem| problem.kind() == Kind::InDoubt) {
        After::Hold
    } else if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
        After::Release
    } else {
        After::Keep
    }
}

async fn finish(web: &Web, key: &Key, response: Response) -> problem::Result<Response> {
    let status = response.status();
    match after(&response) {
        After::Keep => {}
        After::Release => {
            web.app.release(key).await?;
            return Ok(response);
        }
        After::Hold => return Ok(response),
    }
    let secret = response.extensions().get::<GivenOnce>().is_some();
    let (mut parts, body) = response.into_parts();
    // A problem is rendered again further out, with the path it happened at; the stored one is rendered from itself.
    let bytes = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let kept = if secret {
        kept_in_place_of_a_secret()
    } else {
        (status, keep(&parts.headers, &bytes))
    };
    let answer = Answer {
        status: u32::from(kept.0.as_u16()),
        body: serde_json::to_string(&kept.1).unwrap_or_default(),
    };
    web.app.answer(key, &answer).await?;
    parts.headers.remove(header::CONTENT_LENGTH);
    Ok(Response::from_parts(parts, Body::from(bytes)))
}

fn keep(headers: &HeaderMap, body: &Bytes) -> Kept {
    let headers = KEPT
        .iter()
        .filter_map(|name| {
            let value = headers.get(name)?.to_str().ok()?;
            Some((name.to_string(), value.to_owned()))
        })
        .collect();
    Kept {
        headers,
        body: String::from_utf8_lossy(body).into_owned(),
    }
}

fn kept_in_place_of_a_secret() -> (StatusCode, Kept) {
    let kept = Kept {
        headers: Vec::new(),
        body: "This was done, but its answer held a secret, which is shown once and not kept."
            .to_owned(),
    };
    (StatusCode::CONFLICT, kept)
}

fn replay(answer: Answer) -> problem::Result<Response> {
    let unreadable = |_| Problem::new(Kind::Broken, "The answer that was kept cannot be read.");
    let kept: Kept = serde_json::from_str(&answer.body).map_err(unreadable)?;
    let status = u16::try_from(answer.status)
        .ok()
        .and_then(|status| StatusCode::from_u16(status).ok())
        .unwrap_or(StatusCode::OK);
    let mut response = if kept.headers.is_empty() && status == StatusCode::CONFLICT {
        Problem::new(Kind::Conflict, kept.body).into_response()
    } else {
        let mut response = (status, kept.body).into_response();
        for (name, value) in &kept.headers {
            if let (Ok(name), Ok(value)) =
                (name.parse::<HeaderName>(), HeaderValue::from_str(value))
            {
                response.headers_mut().insert(name, value);
            }
        }
        response
    };
    response
        .headers_mut()
        .insert(REPLAYED, HeaderValue::from_static("true"));
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_given_back_only_where_nothing_was_done() {
        let problem = |kind| Problem::new(kind, "").into_response();
        assert_eq!(after(&problem(Kind::Unavailable)), After::Release);
        assert_eq!(after(&problem(Kind::TooMany)), After::Release);
        assert_eq!(after(&problem(Kind::InDoubt)), After::Hold);
        assert_eq!(after(&problem(Kind::Invalid)), After::Keep);
        assert_eq!(after(&StatusCode::CREATED.into_response()), After::Keep);
    }
}
