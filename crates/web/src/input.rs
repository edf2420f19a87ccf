//! What handlers take in: bodies, identifiers in the path, and query parameters, each refused with a problem that says
//! what is wrong and where.

use std::fmt::Display;
use std::str::FromStr;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, FromRequestParts, RawPathParams, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::error::Category;
use serde_path_to_error::Segment;
use utoipa::ToSchema;

use crate::problem::{InputError, Kind, Problem};

/// Bytes as they are: how a body that is a file stands in the description of the API.
#[derive(Debug, ToSchema)]
#[schema(value_type = String, format = Binary)]
pub struct Binary(pub Vec<u8>);

/// A JSON body.
#[derive(Debug)]
pub struct Body<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        if !is_json(request.headers()) {
            return Err(Problem::new(
                Kind::UnsupportedMediaType,
                "The body must be JSON: send it with `content-type: application/json`.",
            ));
        }
        let bytes = Bytes::from_request(request, state)
            .await
            .map_err(|rejection| unreadable(&rejection))?;
        let other = match bytes.trim_ascii_start().first() {
            Some(b'[') => Some("an array"),
            Some(b'"') => Some("a text"),
            Some(b'-' | b'0'..=b'9') => Some("a number"),
            _ => None,
        };
        if let Some(other) = other {
            return Err(Problem::new(
                Kind::Invalid,
                format!("The body is {other}: expected an object with named fields."),
            ));
        }
        parse_json(&bytes).map(Self)
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .map(|kind| kind.trim().to_ascii_lowercase())
        .is_some_and(|kind| {
            kind == "application/json"
                || (kind.starts_with("application/") && kind.ends_with("+json"))
        })
}

pub(crate) fn unreadable(rejection: &BytesRejection) -> Problem {
    if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
        Problem::new(
            Kind::TooLarge,
            "The body is larger than this server accepts.",
        )
    } else {
        Problem::new(
            Kind::Malformed,
            "The body broke off before its end: send the request again.",
        )
    }
}

/// Reads a JSON text, and says where it is wrong.
///
/// # Errors
/// Returns a problem with line and column for a text that is not JSON, and with a pointer for one that does not fit.
pub fn parse_json<T: DeserializeOwned>(text: &[u8]) -> Result<T, Problem> {
    let mut reader = serde_json::Deserializer::from_slice(text);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = segments(error.path());
        misfit(path, error.inner())
    })?;
    reader.end().map_err(|error| misfit(Vec::new(), &error))?;
    Ok(value)
}

fn segments(path: &serde_path_to_error::Path) -> Vec<String> {
    path.iter()
        .filter_map(|segment| match segment {
            Segment::Seq { index } => Some(index.to_string()),
            Segment::Map { key } => Some(key.clone()),
            Segment::Enum { .. } | Segment::Unknown => None,
        })
        .collect()
}

fn misfit(mut path: Vec<String>, error: &serde_json::Error) -> Problem {
    let message = without_place(&error.to_string());
    if error.classify() != Category::Data {
        let detail = format!(
            "The body is not JSON: {message} at line {} column {}.",
            error.line(),
            error.column()
        );
        return Problem::new(Kind::Malformed, detail);
    }
    // The reader names the field that is missing only in its words; the pointer should name it too.
    if let Some(field) = message
        .strip_prefix("missing field `")
        .and_then(|rest| rest.strip_suffix('`'))
    {
        path.push(field.to_owned());
    }
    let error = InputError::in_body(&path, message);
    let place = error.pointer.as_deref().unwrap_or_default();
    let detail = if place.is_empty() {
        format!("The body does not fit: {}.", error.detail)
    } else {
        format!("The body does not fit at {place}: {}.", error.detail)
    };
    Problem::new(Kind::Invalid, detail).with_errors(vec![error])
}

/// The message of a JSON error without " at line 1 column 2", which means nothing once the pointer is known.
fn without_place(message: &str) -> String {
    match message.rfind(" at line ") {
        Some(at) => message[..at].to_owned(),
        None => message.to_owned(),
    }
}

/// The identifier in the path, the parameter called `id`.
#[derive(Debug, Clone, Copy)]
pub struct Id<I>(pub I);

impl<S: Send + Sync, I: FromStr<Err: Display>> FromRequestParts<S> for Id<I> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        parameter(parts, state, |name| name == "id").await.map(Self)
    }
}

/// The identifiers in the path of a thing within a thing: the parameter called `id`, and the one called after its noun.
#[derive(Debug, Clone, Copy)]
pub struct InnerId<O, I>(pub O, pub I);

impl<S, O, I> FromRequestParts<S> for InnerId<O, I>
where
    S: Send + Sync,
    O: FromStr<Err: Display> + Send,
    I: FromStr<Err: Display>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let outer = parameter(parts, state, |name| name == "id").await?;
        let inner = parameter(parts, state, |name| name != "id").await?;
        Ok(Self(outer, inner))
    }
}

async fn parameter<S: Send + Sync, I: FromStr<Err: Display>>(
    parts: &mut Parts,
    state: &S,
    is_meant: fn(&str) -> bool,
) -> Result<I, Problem> {
    let parameters = RawPathParams::from_request_parts(parts, state)
        .await
        .map_err(|_| Problem::new(Kind::Malformed, "The path is not valid UTF-8."))?;
    let (name, text) = parameters
        .iter()
        .find(|(name, _)| is_meant(name))
        .unwrap_or_default();
    text.parse()
        .map_err(|error: I::Err| Problem::unreadable_parameter(name, error.to_string()))
}

/// The parameters of the query. Unknown ones are refused when `T` denies unknown fields, as every one here does.
#[derive(Debug)]
pub struct Parameters<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Parameters<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parameters(parts.uri.query().unwrap_or_default()).map(Self)
    }
}

/// Reads a query.
///
/// # Errors
/// Returns a problem that names the parameter which is unknown or wrong.
pub fn parameters<T: DeserializeOwned>(query: &str) -> Result<T, Problem> {
    let reader = serde_urlencoded::Deserializer::new(form_urlencoded::parse(query.as_bytes()));
    serde_path_to_error::deserialize(reader).map_err(|error| {
        let path = segments(error.path());
        let message = error.inner().to_string();
        match path.first() {
            Some(name) => Problem::bad_parameter(name, message),
            None => Problem::new(Kind::Invalid, format!("The query is wrong: {message}.")),
        }
    })
}

/// A field of a change: absent leaves it as it is, `null` clears it, a value sets it (RFC 7396).
///
/// Use with `#[serde(default, deserialize_with = "change")]` on an `Option<Option<T>>`.
///
/// # Errors
/// Fails as the value's own reading does.
pub fn change<'de, D, T>(reader: D) -> Result<Option<Option<T>>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Deserialize<'de>,
{
    Option::<T>::deserialize(reader).map(Some)
}

/// A field of a change that cannot be cleared: absent leaves it as it is, a value sets it, `null` is refused.
///
/// Use with `#[serde(default, deserialize_with = "given")]` on an `Option<T>`.
///
/// # Errors
/// Fails for `null`, and as the value's own reading does.
pub fn given<'de, D, T>(reader: D) -> Result<Option<T>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Deserialize<'de>,
{
    let value = Option::<T>::deserialize(reader)?;
    value.map(Some).ok_or_else(|| {
        serde::de::Error::custom("this cannot be cleared: leave it out to keep it, or give a value")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only whether it can be read matters here")]
    struct Account {
        name: String,
        #[serde(default)]
        domains: Vec<Domain>,
        #[serde(default, deserialize_with = "change")]
        note: Option<Option<String>>,
        #[serde(default, deserialize_with = "given")]
        size: Option<u8>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only whether it can be read matters here")]
    struct Domain {
        host: String,
    }

    fn refusal(text: &str) -> String {
        let problem = parse_json::<Account>(text.as_bytes()).unwrap_err();
        format!("{problem:#?}")
            .lines()
            .map(str::trim)
            .collect::<Vec<_>>()
            .join(" ")
    }

    #[test]
    fn an_unknown_field_is_named_with_its_pointer() {
        let text = refusal(r#"{"name":"Acme","domains":[{"host":"a"},{"host":"b","hots":"c"}]}"#);
        assert!(text.contains("\"/domains/1/hots\""), "{text}");
        assert!(
            text.contains("unknown field `hots`, expected `host`"),
            "{text}"
        );
    }

    #[test]
    fn a_missing_field_is_named_with_its_pointer() {
        let text = refusal(r#"{"domains":[{}],"name":"x"}"#);
        assert!(text.contains("\"/domains/0/host\""), "{text}");
    }

    #[test]
    fn a_wrong_type_is_named_with_its_pointer() {
        let text = refusal(r#"{"name":7}"#);
        assert!(text.contains("\"/name\""), "{text}");
        assert!(
            text.contains("invalid type: integer `7`, expected a string"),
            "{text}"
        );
    }

    #[test]
    fn broken_json_is_named_with_line_and_column() {
        let text = refusal("{\"name\":\n  oops}");
        assert!(text.contains("Malformed"), "{text}");
        assert!(text.contains("line 2 column 3"), "{text}");
    }

    #[test]
    fn something_after_the_end_is_refused() {
        assert!(refusal("{\"name\":\"a\"} x").contains("Malformed"));
    }

    #[test]
    fn deep_nesting_is_refused_without_exhausting_the_stack() {
        let text = "[".repeat(100_000);
        assert!(parse_json::<serde_json::Value>(text.as_bytes()).is_err());
    }

    #[test]
    fn null_clears_and_absence_leaves() {
        let cleared: Account = parse_json(br#"{"name":"a","note":null}"#).unwrap();
        let left: Account = parse_json(br#"{"name":"a"}"#).unwrap();
        assert_eq!((cleared.note, left.note), (Some(None), None));
    }

    #[test]
    fn null_for_what_cannot_be_cleared_is_refused_with_its_pointer() {
        let text = refusal(r#"{"name":"a","size":null}"#);
        assert!(text.contains("\"/size\""), "{text}");
        assert!(text.contains("cannot be cleared"), "{text}");
        let set: Account = parse_json(br#"{"name":"a","size":7}"#).unwrap();
        assert_eq!(set.size, Some(7));
    }
}
