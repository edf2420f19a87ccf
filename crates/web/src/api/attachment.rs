//! The files that came with messages.

use std::fmt::Write as _;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use mainstay_domain::id::MessageId;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::Web;
use crate::auth::Auth;
use crate::input::InnerId;
use crate::problem::Result;

/// The routes.
pub fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new().routes(routes!(download))
}

/// The media types that are handed on as the sender gave them. Whatever a browser might run is not among them.
const HARMLESS: [&str; 5] = [
    "image/",
    "audio/",
    "video/",
    "application/pdf",
    "text/plain",
];

/// The longest file name that is offered, in characters.
const LONGEST_NAME: usize = 150;

/// Download a file that came with a message, by its position among the message's files, from 0. A browser is told to
/// save it and never to show it.
#[utoipa::path(get, path = "/messages/{id}/attachments/{inner}", tag = "tickets",
    params(("id" = Uuid, Path), ("inner" = u32, Path)),
    responses(
        (status = 200, body = Vec<u8>, content_type = "application/octet-stream"),
        (status = 304),
    ))]
async fn download(
    State(web): State<Web>,
    Auth(caller): Auth,
    InnerId(message, position): InnerId<MessageId, u32>,
    headers: HeaderMap,
) -> Result<Response> {
    let file = web.app.attachment(&caller, message, position).await?;
    let tag = format!("\"{}\"", file.digest);
    let known = headers
        .get(header::IF_NONE_MATCH)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|tags| tags.split(',').any(|known| known.trim() == tag));
    if known {
        return Ok((StatusCode::NOT_MODIFIED, [(header::ETAG, tag)]).into_response());
    }
    let bytes = web.app.blobs().get(file.digest).await?;
    let mut response = save(bytes.into(), &file.file_name, &file.content_type);
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    Ok(response)
}

/// Bytes that a browser saves under a name and never shows, whatever is in them.
pub(super) fn save(bytes: Body, name: &str, media_type: &str) -> Response {
    let media_type = match media_type.trim().to_ascii_lowercase() {
        text if text.starts_with("image/svg") => None,
        text if HARMLESS.iter().any(|harmless| text.starts_with(harmless)) => {
            HeaderValue::from_str(&text).ok()
        }
        _ => None,
    };
    let media_type = media_type.unwrap_or(HeaderValue::from_static("application/octet-stream"));
    let disposition =
        HeaderValue::from_str(&disposition(name)).unwrap_or(HeaderValue::from_static("attachment"));
    let headers = [
        (header::CONTENT_TYPE, media_type),
        (header::CONTENT_DISPOSITION, disposition),
        (
            header::X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        ),
        // Whoever manages to have it shown all the same finds that nothing in it runs.
        (
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static("sandbox; default-src 'none'"),
        ),
    ];
    (headers, bytes).into_response()
}

/// `attachment` with the name twice, as RFC 6266 wants it: for old readers in ASCII, for others in UTF-8.
fn disposition(name: &str) -> String {
    let name: String = name
        .rsplit(['/', '\\'])
        .next()
        .unwrap_or_default()
        .chars()
        .filter(|c| !c.is_control())
        .take(LONGEST_NAME)
        .collect();
    let name = if name.trim().is_empty() {
        "file"
    } else {
        name.trim()
    };
    let plain: String = name
        .chars()
        .map(|c| match c {
            '"' | '\\' | '%' => '_',
            c if c.is_ascii() => c,
            _ => '_',
        })
        .collect();
    let mut encoded = String::new();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing into a String cannot fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_offered_without_its_folders_and_tricks() {
        assert_eq!(
            disposition("../etc/Übersicht \"1\".pdf"),
            "attachment; filename=\"_bersicht _1_.pdf\"; filename*=UTF-8''%C3%9Cbersicht%20%221%22.pdf"
        );
        assert_eq!(
            disposition("a\r\nset-cookie: x"),
            "attachment; filename=\"aset-cookie: x\"; filename*=UTF-8''aset-cookie%3A%20x"
        );
        assert!(disposition(" ").contains("\"file\""));
    }

    #[test]
    fn what_a_browser_might_run_comes_as_bytes() {
        let given = |media_type| {
            let response = save(Body::empty(), "x", media_type);
            assert_eq!(response.headers()["x-content-type-options"], "nosniff");
            let value = response.headers()["content-type"].to_str().unwrap();
            value.to_owned()
        };
        for harmful in [
            "text/html",
            "image/svg+xml",
            "application/xhtml+xml",
            "text/javascript",
            "Text/HTML; charset=utf-8",
            "a\nb",
            "",
        ] {
            assert_eq!(given(harmful), "application/octet-stream", "{harmful}");
        }
        assert_eq!(given("image/png"), "image/png");
        assert_eq!(
            given("text/plain; charset=utf-8"),
            "text/plain; charset=utf-8"
        );
    }
}
