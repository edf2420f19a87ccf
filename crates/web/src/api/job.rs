//! Jobs that were given up: work that was asked for and not done.

use axum::Json;
use axum::extract::{OriginalUri, State};
use axum::http::StatusCode;
use jiff::Timestamp;
use mainstay_domain::id::JobId;
use mainstay_domain::job::Job;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::Web;
use crate::auth::Auth;
use crate::input::{Id, Parameters};
use crate::page::{self, ListQuery, Page};
use crate::problem::Result;

/// The routes.
pub fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(requeue))
}

/// A job that was given up.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = GivenUpJob)]
pub struct GivenUpJobBody {
    /// Identifies it.
    id: Uuid,
    /// What was to be done, such as `deliver_reply`.
    kind: String,
    /// With what, as JSON: ids only.
    payload: String,
    /// How many times it was tried.
    attempts: u32,
    /// Why the last try failed.
    reason: Option<String>,
    /// When it was queued.
    created_at: Timestamp,
    /// When it was given up.
    given_up_at: Option<Timestamp>,
}

impl From<Job> for GivenUpJobBody {
    fn from(job: Job) -> Self {
        Self {
            id: job.id.uuid(),
            kind: job.kind,
            payload: job.payload,
            attempts: job.attempts,
            reason: job.last_error,
            created_at: job.created_at,
            given_up_at: job.dead_at,
        }
    }
}

/// List the jobs that were given up, the latest first.
#[utoipa::path(get, path = "/jobs/given-up", tag = "jobs", params(ListQuery),
    responses((status = 200, body = Page<GivenUpJobBody>)))]
async fn list(
    State(web): State<Web>,
    Auth(caller): Auth,
    OriginalUri(uri): OriginalUri,
    Parameters(part): Parameters<ListQuery>,
) -> Result<Json<Page<GivenUpJobBody>>> {
    let part = page::request("jobs", part.limit, part.cursor.as_deref())?;
    let found = web.app.given_up_jobs(&caller, part).await?;
    Ok(Json(page::of(&uri, "jobs", found, GivenUpJobBody::from)))
}

/// Queue a job that was given up again.
#[utoipa::path(post, path = "/jobs/{id}/requeue", tag = "jobs", params(("id" = Uuid, Path)),
    responses((status = 204)))]
async fn requeue(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(id): Id<JobId>,
) -> Result<StatusCode> {
    web.app.requeue_job(&caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
