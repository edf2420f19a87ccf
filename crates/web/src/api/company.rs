//! What we tell of ourselves: our name, how we look, and what holds where a customer says nothing.

use axum::Json;
use axum::extract::State;
use mainstay_app::company::{Company, CompanyTold};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::Web;
use crate::auth::Auth;
use crate::input::Body;
use crate::problem::Result;

/// The routes.
pub fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new().routes(routes!(read, replace))
}

/// What we tell of ourselves.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Company)]
struct CompanyBody {
    /// Our name.
    name: Option<String>,
    /// Our logo as a `data:` address.
    logo: Option<String>,
    /// Our colour as `#rrggbb`.
    colour: Option<String>,
    /// The language in which we write to somebody of whom we know none, as a BCP 47 tag; English when absent.
    language: Option<String>,
    /// The IANA time zone of accounts and agents that have none; UTC when absent.
    time_zone: Option<String>,
    /// The fields that stand in the settings of the program, and are changed there alone.
    fixed: Vec<&'static str>,
}

/// What we tell of ourselves. What is left out or null is left open; a field that stands in the settings stays as it is
/// there.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = CompanyInput)]
#[serde(deny_unknown_fields)]
struct CompanyInput {
    /// Our name.
    name: Option<String>,
    /// Our logo as `data:image/png;base64,…`: SVG, PNG, JPEG or WebP, of at most 64 KiB.
    logo: Option<String>,
    /// Our colour as `#rrggbb`.
    colour: Option<String>,
    /// The language in which we write to somebody of whom we know none, as a BCP 47 tag.
    language: Option<String>,
    /// The IANA time zone of accounts and agents that have none.
    time_zone: Option<String>,
}

impl From<CompanyTold> for CompanyBody {
    fn from(told: CompanyTold) -> Self {
        let CompanyTold { company, settings } = told;
        let fixed = [
            ("name", settings.name.is_some()),
            ("logo", settings.logo.is_some()),
            ("colour", settings.colour.is_some()),
            ("language", settings.language.is_some()),
            ("time_zone", settings.time_zone.is_some()),
        ];
        Self {
            name: company.name,
            logo: company.logo,
            colour: company.colour,
            language: company.language,
            time_zone: company.time_zone,
            fixed: fixed
                .into_iter()
                .filter_map(|(field, is_fixed)| is_fixed.then_some(field))
                .collect(),
        }
    }
}

/// Read what we tell of ourselves.
#[utoipa::path(get, path = "/company", tag = "company", responses((status = 200, body = CompanyBody)))]
async fn read(State(web): State<Web>, Auth(caller): Auth) -> Result<Json<CompanyBody>> {
    Ok(Json(web.app.company_told(&caller).await?.into()))
}

/// Tell something else of ourselves, in place of what was told before.
#[utoipa::path(put, path = "/company", tag = "company", request_body = CompanyInput,
    responses((status = 200, body = CompanyBody)))]
async fn replace(
    State(web): State<Web>,
    Auth(caller): Auth,
    Body(input): Body<CompanyInput>,
) -> Result<Json<CompanyBody>> {
    let company = Company {
        name: input.name,
        logo: input.logo,
        colour: input.colour,
        language: input.language,
        time_zone: input.time_zone,
    };
    Ok(Json(web.app.tell_company(&caller, company).await?.into()))
}
