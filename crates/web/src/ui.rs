//! The web client: built by `build.rs`, embedded with its compressed twins, and served to browsers.

use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use rust_embed::{EmbeddedFile, RustEmbed};

use crate::problem::{Kind, Problem};

/// What a browser may do on our pages: run our scripts, from files; show our pictures and those of a message; nothing else.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; frame-src 'self'; manifest-src 'self'; \
    base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// The pages with which the client begins, whatever their address.
const INDEX: &str = "index.html";

#[derive(RustEmbed)]
#[folder = "$OUT_DIR/ui"]
struct Assets;

/// Answers what no route of the API does: a file of the client, or else the page with which it begins, which finds its own
/// way by the address.
pub async fn serve(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    let path = uri.path().trim_start_matches('/');
    if path == "api" || path.starts_with("api/") {
        return Problem::new(
            Kind::NotFound,
            "There is no such route. The routes are described at /api/docs.",
        )
        .into_response();
    }
    if method != Method::GET && method != Method::HEAD {
        return Problem::new(Kind::MethodNotAllowed, "Pages are only read.").into_response();
    }
    if let Some(file) = file(path, &headers) {
        return file;
    }
    // A file that is not there is not a page: a script of an older build must fail, not be answered with HTML.
    if path.starts_with("assets/") {
        return StatusCode::NOT_FOUND.into_response();
    }
    file(INDEX, &headers).unwrap_or_else(|| StatusCode::NOT_FOUND.into_response())
}

/// A file of the client, compressed where the browser takes it so.
fn file(path: &str, headers: &HeaderMap) -> Option<Response> {
    let plain = Assets::get(path)?;
    let kind = plain.metadata.mimetype().to_owned();
    let tag = tag_of(&plain);
    if headers
        .get(header::IF_NONE_MATCH)
        .is_some_and(|seen| *seen == tag)
    {
        return Some((StatusCode::NOT_MODIFIED, [(header::ETAG, tag)]).into_response());
    }
    let accepted = headers
        .get(header::ACCEPT_ENCODING)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let compressed = [("br", "br"), ("gzip", "gz")]
        .into_iter()
        .filter(|(encoding, _)| accepts(accepted, encoding))
        .find_map(|(encoding, suffix)| {
            Assets::get(&format!("{path}.{suffix}")).map(|file| (encoding, file))
        });
    let mut response = match compressed {
        Some((encoding, file)) => {
            ([(header::CONTENT_ENCODING, encoding)], file.data).into_response()
        }
        None => plain.data.into_response(),
    };
    let answer = response.headers_mut();
    answer.insert(header::ETAG, tag);
    answer.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    answer.insert(
        header::CACHE_CONTROL,
        // The name of an asset holds the hash of its content, so it never changes.
        HeaderValue::from_static(if path.starts_with("assets/") {
            "public, max-age=31536000, immutable"
        } else {
            "no-cache"
        }),
    );
    answer.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(CONTENT_SECURITY_POLICY),
    );
    if let Ok(kind) = HeaderValue::from_str(&kind) {
        answer.insert(header::CONTENT_TYPE, kind);
    }
    Some(response)
}

/// Whether a browser takes an encoding, by its `Accept-Encoding`.
fn accepts(accepted: &str, encoding: &str) -> bool {
    accepted.split(',').any(|offer| {
        let mut parts = offer.split(';').map(str::trim);
        parts
            .next()
            .is_some_and(|name| name.eq_ignore_ascii_case(encoding))
            && !parts.any(|weight| matches!(weight, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"))
    })
}

fn tag_of(file: &EmbeddedFile) -> HeaderValue {
    let mut tag = String::from("\"");
    for byte in &file.metadata.sha256_hash()[..12] {
        tag.push_str(&format!("{byte:02x}"));
    }
    tag.push('"');
    // Hexadecimal digits within quotes are always a valid header value.
    HeaderValue::from_str(&tag).unwrap_or(HeaderValue::from_static("\"0\""))
}

#[cfg(test)]
mod tests {
    use super::accepts;

    #[test]
    fn an_encoding_is_taken_as_the_browser_says() {
        for (accepted, encoding, takes) in [
            ("gzip, deflate, br", "br", true),
            ("gzip;q=1.0, br;q=0", "br", false),
            ("GZIP", "gzip", true),
            ("", "gzip", false),
            ("brotli", "br", false),
        ] {
            assert_eq!(
                accepts(accepted, encoding),
                takes,
                "{encoding} of {accepted}"
            );
        }
    }
}
