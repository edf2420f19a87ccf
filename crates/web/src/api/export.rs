//! Exports: everything that is kept of an account, asked for now and fetched when it is written.

use axum::Json;
use axum::extract::{OriginalUri, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use mainstay_app::export::Export;
use mainstay_domain::export::{ExportExtent, ExportState};
use mainstay_domain::id::{AccountId, ExportId};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::attachment::{body, save};
use super::ticket::ActorBody;
use crate::Web;
use crate::auth::Auth;
use crate::input::{Binary, Id, InnerId, Parameters};
use crate::page::{self, ListQuery, Page};
use crate::problem::Result;

/// The routes.
pub fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new()
        .routes(routes!(list, request))
        .routes(routes!(read))
        .routes(routes!(archive))
}

/// An export of an account.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Export)]
struct ExportBody {
    /// Identifies it.
    id: Uuid,
    /// Of which account.
    account: Uuid,
    /// `everything`, or `portal` for what the portal shows.
    extent: &'static str,
    /// `queued`, `ready`, `failed` or `expired`.
    state: &'static str,
    /// Why it could not be written, if it could not.
    last_error: Option<String>,
    /// Who asked.
    requested_by: ActorBody,
    /// When.
    requested_at: Timestamp,
    /// When it was written.
    finished_at: Option<Timestamp>,
    /// Until when its archive can be fetched.
    expires_at: Option<Timestamp>,
    /// The archive's size in bytes.
    size: Option<u64>,
    /// How many files could not be read any more and are missing from it.
    lost_files: u64,
    /// Where its archive is fetched, once it is ready.
    url: Option<String>,
}

impl From<Export> for ExportBody {
    fn from(export: Export) -> Self {
        let url = format!(
            "{}/accounts/{}/exports/{}/archive",
            crate::api::ROOT,
            export.account,
            export.id
        );
        Self {
            id: export.id.uuid(),
            account: export.account.uuid(),
            extent: match export.extent {
                ExportExtent::Everything => "everything",
                ExportExtent::Portal => "portal",
            },
            state: match export.state {
                ExportState::Queued => "queued",
                ExportState::Ready => "ready",
                ExportState::Failed => "failed",
                ExportState::Expired => "expired",
            },
            last_error: export.last_error,
            requested_by: export.requested_by.into(),
            requested_at: export.requested_at,
            finished_at: export.finished_at,
            expires_at: export.expires_at,
            size: export.size,
            lost_files: export.lost_files,
            url: (export.state == ExportState::Ready).then_some(url),
        }
    }
}

/// Ask for everything that is kept of an account; a portal administrator for what the portal shows of their own. Look at
/// its state until it is ready. One that is being written already is not begun again.
#[utoipa::path(post, path = "/accounts/{id}/exports", tag = "exports", params(("id" = Uuid, Path)),
    responses((status = 202, body = ExportBody)))]
async fn request(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(account): Id<AccountId>,
) -> Result<Response> {
    let export = web.app.request_export(&caller, account).await?;
    let place = format!(
        "{}/accounts/{account}/exports/{}",
        crate::api::ROOT,
        export.id
    );
    let body = Json(ExportBody::from(export));
    Ok((StatusCode::ACCEPTED, [(header::LOCATION, place)], body).into_response())
}

/// List the exports of an account that were asked for in the last ninety days, latest first.
#[utoipa::path(get, path = "/accounts/{id}/exports", tag = "exports",
    params(("id" = Uuid, Path), ListQuery), responses((status = 200, body = Page<ExportBody>)))]
async fn list(
    State(web): State<Web>,
    Auth(caller): Auth,
    OriginalUri(uri): OriginalUri,
    Id(account): Id<AccountId>,
    Parameters(part): Parameters<ListQuery>,
) -> Result<Json<Page<ExportBody>>> {
    let exports = web.app.exports(&caller, account).await?;
    page::slice(
        &uri,
        "exports",
        &part,
        exports,
        |export| export.id,
        ExportBody::from,
    )
}

/// Read how far an export is.
#[utoipa::path(get, path = "/accounts/{id}/exports/{export}", tag = "exports",
    params(("id" = Uuid, Path), ("export" = Uuid, Path)), responses((status = 200, body = ExportBody)))]
async fn read(
    State(web): State<Web>,
    Auth(caller): Auth,
    InnerId(account, id): InnerId<AccountId, ExportId>,
) -> Result<Json<ExportBody>> {
    Ok(Json(web.app.export(&caller, account, id).await?.into()))
}

/// Download the archive of an export, which can be fetched for seven days. Its form is described in `docs/import.md`.
#[utoipa::path(get, path = "/accounts/{id}/exports/{export}/archive", tag = "exports",
    params(("id" = Uuid, Path), ("export" = Uuid, Path)),
    responses((status = 200, body = Binary, content_type = "application/octet-stream")))]
async fn archive(
    State(web): State<Web>,
    Auth(caller): Auth,
    InnerId(account, id): InnerId<AccountId, ExportId>,
) -> Result<Response> {
    let contents = web.app.fetch_export(&caller, account, id).await?;
    let name = format!("account-{account}.zip");
    Ok(save(body(contents, false), &name, "application/zip"))
}
