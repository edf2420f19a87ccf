//! Entity tags: a reader learns which version it read, a writer says which version it means to change.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use mainstay_app::Expected;

use crate::problem::{Kind, Problem};

/// An answer with the version of the thing in it.
#[derive(Debug)]
pub struct Tagged<T>(pub u64, pub T);

impl<T: IntoResponse> IntoResponse for Tagged<T> {
    fn into_response(self) -> Response {
        let mut response = self.1.into_response();
        response.headers_mut().insert(header::ETAG, tag(self.0));
        response
    }
}

/// The answer to having made something: where it is, its version, and the thing.
pub fn created<T: IntoResponse>(path: &str, version: u64, body: T) -> Response {
    let mut response = Tagged(version, (StatusCode::CREATED, body)).into_response();
    if let Ok(path) = HeaderValue::from_str(&format!("{}{path}", crate::api::ROOT)) {
        response.headers_mut().insert(header::LOCATION, path);
    }
    response
}

fn tag(version: u64) -> HeaderValue {
    // Digits within quotes are always a valid header value.
    HeaderValue::from_str(&format!("\"{version}\"")).unwrap_or(HeaderValue::from_static("\"0\""))
}

/// The versions the caller means to change, from `If-Match`, which is required.
#[derive(Debug)]
pub struct IfMatch(pub Expected);

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        expected(&parts.headers)?.map(Self).ok_or_else(|| {
            Problem::new(
                Kind::PreconditionRequired,
                "Send the `etag` you were given when you read this in an `if-match` header, or `*` to overwrite whatever is there.",
            )
        })
    }
}

/// The versions the caller means to change, where saying so is optional.
#[derive(Debug)]
pub struct MaybeIfMatch(pub Expected);

impl<S: Send + Sync> FromRequestParts<S> for MaybeIfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Ok(Self(expected(&parts.headers)?.unwrap_or(Expected::Any)))
    }
}

fn expected(headers: &HeaderMap) -> Result<Option<Expected>, Problem> {
    let mut versions = Vec::new();
    let mut given = false;
    for value in headers.get_all(header::IF_MATCH) {
        given = true;
        let text = value.to_str().unwrap_or_default();
        for tag in text.split(',').map(str::trim) {
            if tag == "*" {
                return Ok(Some(Expected::Any));
            }
            versions.push(version(tag).ok_or_else(|| {
                Problem::unreadable_parameter(
                    "if-match",
                    format!("{tag} is not an entity tag of ours: expected one like \"17\""),
                )
            })?);
        }
    }
    Ok(given.then_some(Expected::OneOf(versions)))
}

/// The version in a tag. A weak tag, which a proxy makes when it compresses an answer, means the same version here.
fn version(tag: &str) -> Option<u64> {
    tag.strip_prefix("W/")
        .unwrap_or(tag)
        .strip_prefix('"')?
        .strip_suffix('"')?
        .parse()
        .ok()
}

/// The versions the reader has already, from `If-None-Match`.
#[derive(Debug)]
pub struct Known(Vec<u64>);

impl<S: Send + Sync> FromRequestParts<S> for Known {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let versions = parts
            .headers
            .get_all(header::IF_NONE_MATCH)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|text| text.split(',').map(str::trim))
            .filter_map(version)
            .collect();
        Ok(Self(versions))
    }
}

impl Known {
    /// Answers with the thing, or with 304 when the reader has this version already.
    pub fn answer<T: IntoResponse>(&self, version: u64, body: T) -> Response {
        if self.0.contains(&version) {
            return Tagged(version, StatusCode::NOT_MODIFIED).into_response();
        }
        Tagged(version, body).into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: &'static str) -> Result<Option<Expected>, Problem> {
        let mut headers = HeaderMap::new();
        headers.insert(header::IF_MATCH, HeaderValue::from_static(value));
        expected(&headers)
    }

    #[test]
    fn tags_are_read_as_versions() {
        assert_eq!(expected(&HeaderMap::new()).unwrap(), None);
        assert_eq!(read("*").unwrap(), Some(Expected::Any));
        assert_eq!(
            read("\"3\", W/\"4\"").unwrap(),
            Some(Expected::OneOf(vec![3, 4]))
        );
    }

    #[test]
    fn a_foreign_tag_is_refused() {
        for text in ["3", "\"abc\"", "\"3", ""] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
