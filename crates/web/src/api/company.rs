//! What we tell of ourselves: our name, how we look, and what holds where a customer says nothing.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use mainstay_app::company::{Company, CompanyTold};
use mainstay_app::secret::fingerprint;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::Web;
use crate::auth::Auth;
use crate::etag::{IfMatch, Known, Tagged};
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
#[utoipa::path(get, path = "/company", tag = "company", 
    responses((status = 200, body = CompanyBody), (status = 304)))]
async fn read(State(web): State<Web>, Auth(caller): Auth, known: Known) -> Result<Response> {
    let told = web.app.company_told(&caller).await?;
    Ok(known.answer(fingerprint(&told), Json(CompanyBody::from(told))))
}

/// Tell something else of ourselves, in place of what was told before.
#[utoipa::path(put, path = "/company", tag = "company", request_body = CompanyInput,
    params(("if-match" = String, Header)),
    responses((status = 200, body = CompanyBody)))]
async fn replace(
    State(web): State<Web>,
    Auth(caller): Auth,
    IfMatch(expected): IfMatch,
    Body(input): Body<CompanyInput>,
) -> Result<Tagged<Json<CompanyBody>>> {
    let company = Company {
        name: input.name,
        logo: input.logo,
        colour: input.colour,
        language: input.language,
        time_zone: input.time_zone,
    };
    let told = web.app.tell_company(&caller, &expected, company).await?;
    Ok(Tagged(fingerprint(&told), Json(told.into())))
}
