//! The pictures that a message names and does not bring.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use mainstay_domain::id::MessageId;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::attachment::save;
use crate::Web;
use crate::auth::Auth;
use crate::input::{Binary, Id, InnerId, Parameters};
use crate::page::Page;
use crate::problem::Result;

/// The routes.
pub fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(show))
        .routes(routes!(image_senders))
        .routes(routes!(trust_image_sender, distrust_image_sender))
}

/// A picture of a message that lies elsewhere.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RemoteImage)]
struct ImageBody {
    /// Where it is shown, for as long as the address serves.
    address: String,
    /// Until when the address serves.
    expires_at: Timestamp,
}

/// A sender whose pictures you always see.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ImageSender)]
struct SenderBody {
    /// Their address, in lower case.
    address: String,
    /// Since when.
    created_at: Timestamp,
}

/// By what an address is known to be ours.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Signed {
    /// Until when it serves.
    expires: Timestamp,
    /// Its signature.
    signature: String,
}

/// List the pictures of a message that lie elsewhere, in the order in which they stand, each with an address at which the
/// service shows it. Nothing is fetched before one is asked for; the sender may then learn that the message is read.
#[utoipa::path(get, path = "/messages/{id}/images", tag = "images", params(("id" = Uuid, Path)),
    responses((status = 200, body = Page<ImageBody>)))]
async fn list(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(id): Id<MessageId>,
) -> Result<Json<Page<ImageBody>>> {
    let images = web.app.remote_images(&caller, id).await?;
    let expires_at = images.expires_at;
    Ok(Json(Page::whole((0..).zip(images.signatures).map(
        |(position, signature): (u32, String)| ImageBody {
            address: format!(
                "{}/messages/{id}/images/{position}?expires={expires_at}&signature={signature}",
                super::ROOT
            ),
            expires_at,
        },
    ))))
}

/// Show a picture of a message that lies elsewhere, by an address that the list of them gave. It is fetched from a public
/// address only, without cookies and without saying who reads; PNG, JPEG, GIF and WebP pictures of at most 8 MiB are shown.
#[utoipa::path(get, path = "/messages/{id}/images/{image}", tag = "images",
    params(("id" = Uuid, Path), ("image" = u32, Path), Signed),
    responses((status = 200, body = Binary, content_type = "*/*")))]
async fn show(
    State(web): State<Web>,
    Auth(caller): Auth,
    InnerId(message, position): InnerId<MessageId, u32>,
    Parameters(signed): Parameters<Signed>,
) -> Result<Response> {
    let image = web
        .app
        .remote_image(
            &caller,
            message,
            position,
            signed.expires,
            &signed.signature,
        )
        .await?;
    let mut response = save(Body::from(image.bytes), "picture", image.content_type);
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_DISPOSITION,
        HeaderValue::from_static("inline"),
    );
    // What was fetched once need not be fetched again by the same browser.
    headers.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("private, max-age=3600"),
    );
    Ok(response)
}

/// List the senders whose pictures you always see.
#[utoipa::path(get, path = "/me/image-senders", tag = "me", responses((status = 200, body = Page<SenderBody>)))]
async fn image_senders(
    State(web): State<Web>,
    Auth(caller): Auth,
) -> Result<Json<Page<SenderBody>>> {
    let senders = web.app.image_senders(&caller).await?;
    Ok(Json(Page::whole(senders.into_iter().map(|sender| {
        SenderBody {
            address: sender.address,
            created_at: sender.created_at,
        }
    }))))
}

/// Always see the pictures of a sender from now on: the address is the path's last part.
#[utoipa::path(put, path = "/me/image-senders/{id}", tag = "me", params(("id" = String, Path)),
    responses((status = 204)))]
async fn trust_image_sender(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(address): Id<String>,
) -> Result<impl IntoResponse> {
    web.app.trust_image_sender(&caller, &address).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Be asked again about the pictures of a sender.
#[utoipa::path(delete, path = "/me/image-senders/{id}", tag = "me", params(("id" = String, Path)),
    responses((status = 204)))]
async fn distrust_image_sender(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(address): Id<String>,
) -> Result<impl IntoResponse> {
    web.app.distrust_image_sender(&caller, &address).await?;
    Ok(StatusCode::NO_CONTENT)
}
