//! Problem documents (RFC 9457): the one form in which every error leaves the program.

use std::borrow::Cow;
use std::error::Error;
use std::fmt::Write as _;
use std::time::Duration;

use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use mainstay_app::{AppError, Fault};
use serde::Serialize;
use utoipa::ToSchema;

/// The media type of a problem document.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// What every handler returns.
pub type Result<T, E = Problem> = std::result::Result<T, E>;

/// The kinds of problem. A client may rely on the `type` and the status of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The request cannot be read.
    Malformed,
    /// Nobody is signed in, or the credential is no good.
    Unauthorised,
    /// The code of the second factor is missing or wrong.
    SecondFactorRequired,
    /// The caller may not do this.
    Forbidden,
    /// There is no such thing.
    NotFound,
    /// There is such a thing, but it does not know this method.
    MethodNotAllowed,
    /// The request contradicts the state of things.
    Conflict,
    /// The thing changed since the caller read it.
    Changed,
    /// The request is too large.
    TooLarge,
    /// The body is not of a type that can be read.
    UnsupportedMediaType,
    /// The request can be read, but what it says is wrong.
    Invalid,
    /// The idempotency key was used for another request.
    KeyReused,
    /// The request must say which version of the thing it changes.
    PreconditionRequired,
    /// The request asks by a name that is not ours.
    Misdirected,
    /// The caller asks too often.
    TooMany,
    /// The request took too long to arrive.
    TooSlow,
    /// A fault of the program.
    Broken,
    /// It may have been done or not.
    InDoubt,
    /// Something the program needs does not answer in time.
    Unavailable,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 19] = [
        Self::Malformed,
        Self::Unauthorised,
        Self::SecondFactorRequired,
        Self::Forbidden,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::Conflict,
        Self::Changed,
        Self::TooLarge,
        Self::UnsupportedMediaType,
        Self::Invalid,
        Self::KeyReused,
        Self::PreconditionRequired,
        Self::Misdirected,
        Self::TooMany,
        Self::TooSlow,
        Self::Broken,
        Self::InDoubt,
        Self::Unavailable,
    ];

    /// The last part of the problem's `type`.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.row().1
    }

    /// The HTTP status.
    #[must_use]
    pub fn status(self) -> StatusCode {
        self.row().0
    }

    /// What this kind of problem is called.
    #[must_use]
    pub fn title(self) -> &'static str {
        self.row().2
    }

    fn row(self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Self::Malformed => (
                StatusCode::BAD_REQUEST,
                "malformed",
                "The request cannot be read",
            ),
            Self::Unauthorised => (
                StatusCode::UNAUTHORIZED,
                "unauthorised",
                "You are not signed in",
            ),
            Self::SecondFactorRequired => (
                StatusCode::UNAUTHORIZED,
                "second-factor-required",
                "A second factor is needed",
            ),
            Self::Forbidden => (StatusCode::FORBIDDEN, "forbidden", "You may not do this"),
            Self::NotFound => (StatusCode::NOT_FOUND, "not-found", "There is no such thing"),
            Self::MethodNotAllowed => (
                StatusCode::METHOD_NOT_ALLOWED,
                "method-not-allowed",
                "This cannot be done here",
            ),
            Self::Conflict => (
                StatusCode::CONFLICT,
                "conflict",
                "The state of things does not allow this",
            ),
            Self::Changed => (
                StatusCode::PRECONDITION_FAILED,
                "changed",
                "Somebody else changed this",
            ),
            Self::TooLarge => (
                StatusCode::PAYLOAD_TOO_LARGE,
                "too-large",
                "The request is too large",
            ),
            Self::UnsupportedMediaType => (
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "unsupported-media-type",
                "The body is of the wrong type",
            ),
            Self::Invalid => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "invalid",
                "The input is wrong",
            ),
            Self::KeyReused => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "key-reused",
                "The idempotency key belongs to another request",
            ),
            Self::PreconditionRequired => (
                StatusCode::PRECONDITION_REQUIRED,
                "precondition-required",
                "The request must say which version it changes",
            ),
            Self::Misdirected => (
                StatusCode::MISDIRECTED_REQUEST,
                "misdirected",
                "This server goes by another name",
            ),
            Self::TooMany => (
                StatusCode::TOO_MANY_REQUESTS,
                "too-many",
                "You ask too often",
            ),
            Self::TooSlow => (
                StatusCode::REQUEST_TIMEOUT,
                "too-slow",
                "The request took too long to arrive",
            ),
            Self::Broken => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "broken",
                "Something is broken on our side",
            ),
            Self::InDoubt => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "in-doubt",
                "It is not known whether this was done",
            ),
            Self::Unavailable => (
                StatusCode::SERVICE_UNAVAILABLE,
                "unavailable",
                "The service cannot answer just now",
            ),
        }
    }

    /// The kind for an error answer that some library made.
    fn of_status(status: StatusCode) -> Self {
        Self::ALL
            .into_iter()
            .find(|kind| kind.status() == status)
            .unwrap_or(if status.is_server_error() {
                Self::Broken
            } else {
                Self::Malformed
            })
    }
}

/// An error on its way out.
#[derive(Debug, Clone)]
pub struct Problem {
    kind: Kind,
    detail: Cow<'static, str>,
    errors: Vec<InputError>,
    retry_after: Option<Duration>,
}

/// One thing that is wrong with the input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct InputError {
    /// Where in the body: a JSON pointer (RFC 6901), empty for the whole body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    /// The parameter of the path, the query or the header that is wrong, where it is not the body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameter: Option<String>,
    /// What is wrong and what was expected.
    pub detail: String,
}

impl InputError {
    /// An error at a place in the body, the path given outermost first.
    #[must_use]
    pub fn in_body(path: &[String], detail: impl Into<String>) -> Self {
        let mut pointer = String::new();
        for segment in path {
            pointer.push('/');
            pointer.push_str(&segment.replace('~', "~0").replace('/', "~1"));
        }
        Self {
            pointer: Some(pointer),
            parameter: None,
            detail: detail.into(),
        }
    }

    /// An error in a parameter of the path, the query or the header.
    pub fn in_parameter(name: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            pointer: None,
            parameter: Some(name.into()),
            detail: detail.into(),
        }
    }
}

/// A problem document (RFC 9457), the form of every error.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemDocument<'a> {
    /// Which kind of problem it is; stable, and a page that explains it.
    #[serde(rename = "type")]
    pub kind: String,
    /// What this kind of problem is called.
    pub title: &'a str,
    /// The HTTP status.
    pub status: u16,
    /// What went wrong this time and how to mend it.
    pub detail: &'a str,
    /// The path of the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance: Option<&'a str>,
    /// What is wrong with the input, one entry a fault.
    #[serde(skip_serializing_if = "<[InputError]>::is_empty")]
    pub errors: &'a [InputError],
}

impl Problem {
    /// A problem of a kind.
    pub fn new(kind: Kind, detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            kind,
            detail: detail.into(),
            errors: Vec::new(),
            retry_after: None,
        }
    }

    /// Adds what is wrong with the input.
    #[must_use]
    pub fn with_errors(mut self, errors: Vec<InputError>) -> Self {
        self.errors = errors;
        self
    }

    /// Says when to ask again.
    #[must_use]
    pub fn with_retry_after(mut self, after: Duration) -> Self {
        self.retry_after = Some(after);
        self
    }

    /// A parameter of the query says something that cannot be meant.
    pub fn bad_parameter(name: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::of_parameter(Kind::Invalid, name.into(), detail.into())
    }

    /// A parameter of the path or a header is not of the form it must have.
    pub fn unreadable_parameter(name: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::of_parameter(Kind::Malformed, name.into(), detail.into())
    }

    fn of_parameter(kind: Kind, name: String, detail: String) -> Self {
        Self::new(kind, format!("{name}: {detail}"))
            .with_errors(vec![InputError::in_parameter(name, detail)])
    }

    /// What went wrong, in words.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// Of which kind it is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    pub(crate) fn render(&self, instance: Option<&str>) -> Vec<u8> {
        let document = ProblemDocument {
            kind: format!("/api/problems/{}", self.kind.name()),
            title: self.kind.title(),
            status: self.kind.status().as_u16(),
            detail: &self.detail,
            instance,
            errors: &self.errors,
        };
        serde_json::to_vec(&document).unwrap_or_default()
    }
}

impl From<AppError> for Problem {
    fn from(error: AppError) -> Self {
        match error {
            AppError::NotFound(what) => Self::new(Kind::NotFound, what),
            AppError::Unauthorised(what) => Self::new(Kind::Unauthorised, what),
            AppError::SecondFactorRequired(what) => Self::new(Kind::SecondFactorRequired, what),
            AppError::Forbidden(what) => Self::new(Kind::Forbidden, what),
            AppError::Conflict(what) | AppError::Refused(what) => Self::new(Kind::Conflict, what),
            AppError::Changed(what) => Self::new(Kind::Changed, what),
            AppError::Invalid(faults) => {
                let errors: Vec<InputError> = faults
                    .iter()
                    .map(|Fault { path, detail }| InputError::in_body(path, detail))
                    .collect();
                Self::new(Kind::Invalid, AppError::Invalid(faults).to_string()).with_errors(errors)
            }
            AppError::TooLarge(what) => Self::new(Kind::TooLarge, what),
            AppError::TooMany { what, retry_after } => {
                Self::new(Kind::TooMany, what).with_retry_after(retry_after)
            }
            AppError::Unavailable { what, source } => {
                tracing::error!(cause = causes(source.as_deref()), "{what}");
                Self::new(Kind::Unavailable, what).with_retry_after(Duration::from_secs(1))
            }
            AppError::InDoubt { what, source } => {
                tracing::error!(cause = causes(source.as_deref()), "{what}");
                Self::new(Kind::InDoubt, what)
            }
            AppError::Broken { what, source } => {
                tracing::error!(cause = causes(source.as_deref()), "{what}");
                // The cause may name tables, files or values: it belongs in the log, not in the answer.
                Self::new(
                    Kind::Broken,
                    "The fault has been logged under the request's id, which is in the x-request-id header.",
                )
            }
        }
    }
}

fn causes(error: Option<&(dyn Error + Send + Sync + 'static)>) -> String {
    let mut text = String::new();
    let mut next: Option<&dyn Error> = error.map(|error| error as &dyn Error);
    while let Some(error) = next {
        let separator = if text.is_empty() { "" } else { ": " };
        let _ = write!(text, "{separator}{error}");
        next = error.source();
    }
    text
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = (self.kind.status(), self.render(None)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if self.kind == Kind::Unauthorised {
            headers.insert(
                header::WWW_AUTHENTICATE,
                HeaderValue::from_static("Bearer realm=\"mainstay\""),
            );
        }
        if let Some(after) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds_up(after)));
        }
        response.extensions_mut().insert(self);
        response
    }
}

/// Whole seconds, rounded up, so that a client who obeys does not come too early.
fn seconds_up(duration: Duration) -> u64 {
    duration.as_secs() + u64::from(duration.subsec_nanos() > 0)
}

/// Marks an answer as a page that a person reads in a browser: it is no problem document, whatever its status.
#[derive(Debug, Clone, Copy)]
pub struct ForPeople;

/// Gives every error answer its final form: problems learn the path they happened at, and error answers that a library
/// made become problems too.
pub async fn finish(request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let response = next.run(request).await;
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() {
        return response;
    }
    if response.extensions().get::<ForPeople>().is_some() {
        return response;
    }
    // A problem that was answered before under the same idempotency key has its final form already.
    let is_final = response.extensions().get::<Problem>().is_none()
        && response
            .headers()
            .get(header::CONTENT_TYPE)
            .is_some_and(|kind| kind == MEDIA_TYPE);
    if is_final {
        return response;
    }
    let (mut parts, _) = response.into_parts();
    let problem = parts
        .extensions
        .remove::<Problem>()
        .unwrap_or_else(|| of_library(status));
    let mut finished = problem.clone().into_response();
    // What the library's answer carried besides its body, such as `Allow`, still holds.
    for (name, value) in &parts.headers {
        if name != header::CONTENT_TYPE && name != header::CONTENT_LENGTH {
            finished.headers_mut().insert(name, value.clone());
        }
    }
    *finished.body_mut() = problem.render(Some(&path)).into();
    finished.headers_mut().remove(header::CONTENT_LENGTH);
    finished
}

fn of_library(status: StatusCode) -> Problem {
    let kind = Kind::of_status(status);
    let detail = match kind {
        Kind::MethodNotAllowed => {
            "This path does not know this method; the `allow` header names those it knows."
        }
        Kind::NotFound => "There is nothing at this path; see /api/docs.",
        Kind::TooLarge => "The body is larger than this server accepts.",
        _ => kind.title(),
    };
    Problem::new(kind, detail)
}

#[cfg(test)]
mod tests;
