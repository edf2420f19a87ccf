//! The first run: making the first administrator from the browser.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use mainstay_app::set_up::FirstAdministrator;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::me::MeBody;
use super::session::welcome;
use crate::Web;
use crate::auth;
use crate::input::Body;
use crate::problem::Result;

/// The routes.
pub fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new().routes(routes!(read, create))
}

/// Whether the program waits to be set up.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SetUp)]
struct SetUpBody {
    /// Whether nobody serves yet, so that the first administrator can be made.
    needed: bool,
}

/// Who is to be the first administrator.
#[derive(Deserialize, ToSchema)]
#[schema(as = SetUpInput)]
#[serde(deny_unknown_fields)]
struct SetUpInput {
    /// The code that `mainstay serve` printed when it started.
    code: String,
    /// Their name.
    name: String,
    /// The address they sign in with.
    email: String,
    /// Their password, of at least 10 characters.
    password: String,
    /// Their IANA time zone; UTC when absent.
    time_zone: Option<String>,
}

/// Say whether the program waits to be set up.
#[utoipa::path(get, path = "/set-up", tag = "set_up", security(()),
    responses((status = 200, body = SetUpBody)))]
async fn read(State(web): State<Web>) -> Result<Json<SetUpBody>> {
    let needed = !web.app.has_agents().await?;
    Ok(Json(SetUpBody { needed }))
}

/// Make the first administrator with the code that the program printed, and sign them in. The answer sets a cookie. Refused
/// as soon as somebody serves.
#[utoipa::path(post, path = "/set-up", tag = "set_up", request_body = SetUpInput, security(()),
    responses((status = 201, body = MeBody)))]
async fn create(
    State(web): State<Web>,
    headers: HeaderMap,
    Body(input): Body<SetUpInput>,
) -> Result<Response> {
    let first = FirstAdministrator {
        code: input.code,
        name: input.name,
        email: input.email,
        password: input.password,
        time_zone: input.time_zone.unwrap_or_else(|| "UTC".to_owned()),
        user_agent: auth::user_agent(&headers),
    };
    let signed_in = web.app.set_up(first).await?;
    welcome(&web, signed_in).await
}
