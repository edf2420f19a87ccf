//! The settings in force.

use axum::Json;
use axum::extract::State;
use mainstay_domain::role::Permission;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::auth::Auth;
use crate::page::Page;
use crate::problem::Result;
use crate::{Setting, Web};

/// The routes.
pub fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new().routes(routes!(list))
}

/// List the settings in force and where each came from. Secrets are masked.
#[utoipa::path(get, path = "/settings", tag = "settings", responses((status = 200, body = Page<Setting>)))]
async fn list(State(web): State<Web>, Auth(caller): Auth) -> Result<Json<Page<Setting>>> {
    caller.require(Permission::ReadSettings)?;
    Ok(Json(Page::whole(web.options.settings.iter().cloned())))
}
