//! Files: uploads for messages that are yet to be written, and what came with messages.

use std::fmt::Write as _;
use std::ops::Range;

use axum::Json;
use axum::body::Body;
use axum::extract::{FromRequest as _, Multipart, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use jiff::Timestamp;
use mainstay_app::attachment::{Contents, ReceivedFile, SHOWN_INLINE, media_type};
use mainstay_app::{AppError, Caller};
use mainstay_domain::attachment::{Attachment, Upload, clean_file_name};
use mainstay_domain::id::{MessageId, UploadId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::Web;
use crate::auth::Auth;
use crate::idempotency;
use crate::input::{Binary, Id, InnerId, Parameters};
use crate::problem::{Kind, Problem, Result};

/// The routes.
pub fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new()
        .routes(routes!(upload))
        .routes(routes!(read, remove))
        .routes(routes!(download))
        .layer(axum::extract::DefaultBodyLimit::disable())
}

/// The media types that are handed on as they are recorded. Whatever a browser might run is not among them.
const HARMLESS: [&str; 5] = [
    "image/",
    "audio/",
    "video/",
    "application/pdf",
    "text/plain",
];

/// An uploaded file that waits for a message.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Upload)]
struct UploadBody {
    /// Identifies it: name it in the `attachments` of a message or a ticket.
    id: Uuid,
    /// Its name, without what could lead a program or a reader astray.
    file_name: String,
    /// Its media type, as its content says.
    content_type: String,
    /// Its size in bytes.
    size: u64,
    /// The SHA-256 of its bytes, in hexadecimal.
    sha256: String,
    /// When a message took it, if one did.
    attached_at: Option<Timestamp>,
    /// When it is removed. What a message took of it stays with the message.
    expires_at: Timestamp,
}

impl From<Upload> for UploadBody {
    fn from(upload: Upload) -> Self {
        Self {
            id: upload.id.uuid(),
            file_name: upload.file_name,
            content_type: upload.content_type,
            size: upload.size,
            sha256: upload.digest.to_string(),
            attached_at: upload.attached_at,
            expires_at: upload.expires_at,
        }
    }
}

/// How an upload is called.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct NewUpload {
    /// The file's name, where the body is the file itself.
    name: Option<String>,
}

/// Upload a file for a message that is yet to be written: as the body itself, with `?name=`, or as the first file of a
/// `multipart/form-data` form. It is yours alone, and removed after a day, unless a message takes it. What it is, is told
/// by its content.
#[utoipa::path(post, path = "/attachments", tag = "attachments", params(NewUpload),
    request_body(content = Binary, content_type = "application/octet-stream"),
    responses((status = 201, body = UploadBody)))]
async fn upload(
    State(web): State<Web>,
    Auth(caller): Auth,
    Parameters(query): Parameters<NewUpload>,
    request: Request,
) -> Result<Response> {
    let headers = request.headers().clone();
    let file = if is_form(&headers) {
        receive_form(&web, &caller, request).await?
    } else {
        let name = query.name.as_deref().unwrap_or_default();
        let announced = length(&headers);
        let bytes = request.into_body().into_data_stream();
        web.app
            .receive_file(&caller, name, announced, bytes)
            .await?
    };
    let (name, digest) = (file.file_name.clone(), file.digest);
    let mark = [b"attachments", name.as_bytes(), &digest.0];
    let kept = async {
        let upload = web.app.keep_upload(&caller, file).await?;
        let place = format!("{}/attachments/{}", crate::api::ROOT, upload.id);
        let body = Json(UploadBody::from(upload));
        Ok((StatusCode::CREATED, [(header::LOCATION, place)], body).into_response())
    };
    idempotency::streamed(&web, &caller, &headers, &mark, kept).await
}

fn is_form(headers: &HeaderMap) -> bool {
    headers
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .is_some_and(|kind| kind.to_ascii_lowercase().starts_with("multipart/form-data"))
}

fn length(headers: &HeaderMap) -> Option<u64> {
    headers
        .get(header::CONTENT_LENGTH)?
        .to_str()
        .ok()?
        .parse()
        .ok()
}

/// Receives the first file of a form.
async fn receive_form(web: &Web, caller: &Caller, request: Request) -> Result<ReceivedFile> {
    let unreadable = |what: String| Problem::new(Kind::Malformed, what);
    let mut form = Multipart::from_request(request, web)
        .await
        .map_err(|error| unreadable(format!("The form cannot be read: {}.", error.body_text())))?;
    loop {
        let field = form
            .next_field()
            .await
            .map_err(|error| unreadable(format!("The form broke off: {}.", error.body_text())))?;
        let Some(field) = field else {
            return Err(unreadable(
                "The form holds no file: send one part with a file name.".to_owned(),
            ));
        };
        if let Some(name) = field.file_name().map(str::to_owned) {
            return Ok(web.app.receive_file(caller, &name, None, field).await?);
        }
    }
}

/// Read what is known of an upload of yours.
#[utoipa::path(get, path = "/attachments/{id}", tag = "attachments", params(("id" = Uuid, Path)),
    responses((status = 200, body = UploadBody)))]
async fn read(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(id): Id<UploadId>,
) -> Result<Json<UploadBody>> {
    Ok(Json(web.app.find_upload(&caller, id).await?.into()))
}

/// Remove an upload of yours. What a message took of it stays with the message.
#[utoipa::path(delete, path = "/attachments/{id}", tag = "attachments", params(("id" = Uuid, Path)),
    responses((status = 204)))]
async fn remove(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(id): Id<UploadId>,
) -> Result<StatusCode> {
    web.app.remove_upload(&caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// How a file is to be handed out.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Download {
    /// Let a browser show the file in place. Only PNG, JPEG, GIF and WebP pictures are, and only when they are what they
    /// say they are; everything else is saved.
    #[serde(default)]
    inline: bool,
}

/// Download a file that came with a message, by its position among the message's files, from 0. A browser is told to
/// save it; a picture it may show where `inline` asks for it.
#[utoipa::path(get, path = "/messages/{id}/attachments/{attachment}", tag = "tickets",
    params(("id" = Uuid, Path), ("attachment" = u32, Path), Download),
    responses(
        (status = 200, body = Binary, content_type = "*/*"),
        (status = 206, body = Binary, content_type = "*/*"),
        (status = 304),
    ))]
async fn download(
    State(web): State<Web>,
    Auth(caller): Auth,
    InnerId(message, position): InnerId<MessageId, u32>,
    Parameters(query): Parameters<Download>,
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
    let range = range(&headers, file.size);
    let contents = web.app.blobs().open(file.digest, range.clone()).await?;
    let mut response = if query.inline && range.is_none() {
        show(contents, &file).await?
    } else {
        save(
            body(contents, range.is_some()),
            &file.file_name,
            &file.content_type,
        )
    };
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    Ok(response)
}

/// The part of a file that is asked for, where it is one part that lies within it; otherwise the whole is answered, as
/// RFC 9110 allows.
fn range(headers: &HeaderMap, size: u64) -> Option<Range<u64>> {
    if headers.contains_key(header::IF_RANGE) {
        return None;
    }
    let text = headers.get(header::RANGE)?.to_str().ok()?;
    let (first, last) = text.strip_prefix("bytes=")?.split_once('-')?;
    let range = match (first.parse::<u64>().ok(), last.parse::<u64>().ok()) {
        (Some(first), Some(last)) => first..last.checked_add(1)?.min(size),
        (Some(first), None) if last.is_empty() => first..size,
        (None, Some(length)) if first.is_empty() => size.saturating_sub(length)..size,
        _ => return None,
    };
    (range.start < range.end).then_some(range)
}

/// The bytes as a body, with what it says of their number.
pub(super) fn body(contents: Contents, is_part: bool) -> Response {
    let Contents { size, range, bytes } = contents;
    let mut response = Body::from_stream(bytes).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_LENGTH, (range.end - range.start).into());
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    if is_part {
        let part = format!("bytes {}-{}/{size}", range.start, range.end - 1);
        if let Ok(part) = HeaderValue::from_str(&part) {
            headers.insert(header::CONTENT_RANGE, part);
        }
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
    }
    response
}

/// A picture that a browser shows in place, when it is one by what is recorded and by how it begins; any other file is
/// saved.
async fn show(mut contents: Contents, file: &Attachment) -> Result<Response> {
    let first = contents.bytes.try_next().await?.unwrap_or_default();
    let is = media_type(&first, "");
    let shown = SHOWN_INLINE.contains(&is) && file.content_type.eq_ignore_ascii_case(is);
    contents.bytes = stream::once(async { Ok::<_, AppError>(first) })
        .chain(contents.bytes)
        .boxed();
    let mut response = save(body(contents, false), &file.file_name, &file.content_type);
    if shown {
        response.headers_mut().insert(
            header::CONTENT_DISPOSITION,
            HeaderValue::from_static("inline"),
        );
    }
    Ok(response)
}

/// Bytes that a browser saves under a name and never shows, whatever is in them.
pub(super) fn save(bytes: impl IntoResponse, name: &str, media_type: &str) -> Response {
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
    let name = clean_file_name(name);
    let plain: String = name
        .chars()
        .map(|c| match c {
            '%' => '_',
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
            "attachment; filename=\"_bersicht _1_.pdf\"; filename*=UTF-8''%C3%9Cbersicht%20_1_.pdf"
        );
        assert_eq!(
            disposition("a\r\nset-cookie: x"),
            "attachment; filename=\"aset-cookie_ x\"; filename*=UTF-8''aset-cookie_%20x"
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

    #[test]
    fn a_part_that_cannot_be_given_is_answered_with_the_whole() {
        let asked = |text: &'static str| {
            let headers = HeaderMap::from_iter([(header::RANGE, HeaderValue::from_static(text))]);
            range(&headers, 10)
        };
        assert_eq!(asked("bytes=2-4"), Some(2..5));
        assert_eq!(asked("bytes=2-"), Some(2..10));
        assert_eq!(asked("bytes=-3"), Some(7..10));
        assert_eq!(asked("bytes=-30"), Some(0..10));
        assert_eq!(asked("bytes=2-400"), Some(2..10));
        for whole in [
            "bytes=10-",
            "bytes=4-2",
            "bytes=-0",
            "bytes=0-1,3-4",
            "lines=1-2",
            "bytes=-",
            "bytes=0-18446744073709551615",
        ] {
            assert_eq!(asked(whole), None, "{whole}");
        }
    }
}
