//! What those whom answers mention by identifier are called.

use axum::Json;
use axum::extract::State;
use mainstay_app::names::Name;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::Web;
use crate::auth::Auth;
use crate::input::Parameters;
use crate::page::Page;
use crate::problem::{Problem, Result};

/// The routes.
pub fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new().routes(routes!(list))
}

/// What somebody or something is called.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Name)]
struct NameBody {
    /// Identifies it.
    id: Uuid,
    /// What it is: `account`, `contact`, `agent`, `team`, or `token` for those who may read the audit trail.
    kind: &'static str,
    /// Its name.
    name: String,
}

impl From<Name> for NameBody {
    fn from(name: Name) -> Self {
        Self {
            id: name.id,
            kind: name.noun.as_str(),
            name: name.name,
        }
    }
}

/// Whose names.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct ListNames {
    /// The identifiers of accounts, contacts, agents, teams and tokens, between commas; at most 200.
    ids: String,
}

/// List the names that belong to identifiers. What nothing bears, or the caller may not know of, is left out.
#[utoipa::path(get, path = "/names", tag = "names", params(ListNames),
    responses((status = 200, body = Page<NameBody>)))]
async fn list(
    State(web): State<Web>,
    Auth(caller): Auth,
    Parameters(query): Parameters<ListNames>,
) -> Result<Json<Page<NameBody>>> {
    let read = |text: &str| {
        text.trim().parse().map_err(|_| {
            Problem::bad_parameter(
                "ids",
                format!("{text:?} is no identifier: expected UUIDs between commas"),
            )
        })
    };
    let ids = query
        .ids
        .split(',')
        .filter(|text| !text.is_empty())
        .map(read)
        .collect::<Result<Vec<Uuid>>>()?;
    let names = web.app.names(&caller, &ids).await?;
    Ok(Json(Page::whole(names.into_iter().map(NameBody::from))))
}
