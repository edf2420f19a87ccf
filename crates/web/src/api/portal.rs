//! The portal: by what a customer recognises us, and how they are served.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use mainstay_app::portal::PortalService;
use mainstay_domain::policy::Title;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::Web;
use crate::auth::Auth;
use crate::problem::Result;

/// The routes.
pub fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new()
        .routes(routes!(branding))
        .routes(routes!(service))
}

/// By what a customer recognises us.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Branding)]
struct BrandingBody {
    /// Our name.
    name: String,
    /// Our logo as a `data:` address; the product's own mark when absent.
    logo: Option<String>,
    /// Our colour as `#rrggbb`; the product's own when absent.
    colour: Option<String>,
}

/// How an account is served.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PortalService)]
struct ServiceBody {
    /// The tier that was sold, where a contract is in force.
    tier: Option<TierBody>,
    /// What each severity means, worst first.
    severities: Vec<SeverityBody>,
    /// What a request may be about.
    categories: Vec<CategoryBody>,
    /// What is promised, by commitment and severity.
    promises: Vec<PromiseBody>,
    /// Who looks after the account.
    people: Vec<PersonBody>,
}

/// The tier of an account, as its people see it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PortalTier)]
struct TierBody {
    /// Its name.
    name: String,
    /// What it is, in a sentence.
    description: String,
    /// When its people are served, in words.
    support_hours: String,
}

/// What a severity means.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PortalSeverity)]
struct SeverityBody {
    /// `P1` to `P4`.
    severity: &'static str,
    /// What people call it.
    title: String,
    /// What a request of this severity is about; one suffices.
    definition: Vec<String>,
}

/// What a request may be about.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PortalCategory)]
struct CategoryBody {
    /// Its name.
    name: String,
    /// What people call it.
    title: String,
    /// What belongs in it.
    description: String,
}

/// A time that is promised.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PortalPromise)]
struct PromiseBody {
    /// By which commitment.
    commitment: String,
    /// What people call it, by language; under `und` where no language is named. Empty where the policy says nothing.
    title: BTreeMap<String, String>,
    /// What it promises, in a sentence.
    description: String,
    /// For which severity.
    severity: &'static str,
    /// Within which time, in seconds.
    target_seconds: i64,
    /// When that time counts, in words.
    calendar: String,
}

/// Somebody who looks after an account.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PortalPerson)]
struct PersonBody {
    /// In which role, such as `success_manager`.
    role: String,
    /// Their name.
    name: String,
    /// Where to write to them.
    email: String,
}

impl From<PortalService> for ServiceBody {
    fn from(service: PortalService) -> Self {
        Self {
            tier: service.tier.map(|tier| TierBody {
                name: tier.name,
                description: tier.description,
                support_hours: tier.support_hours,
            }),
            severities: service
                .severities
                .into_iter()
                .map(|defined| SeverityBody {
                    severity: defined.severity.as_str(),
                    title: defined.title,
                    definition: defined.definition,
                })
                .collect(),
            categories: service
                .categories
                .into_iter()
                .map(|defined| CategoryBody {
                    name: defined.name.into(),
                    title: defined.title,
                    description: defined.description,
                })
                .collect(),
            promises: service
                .promises
                .into_iter()
                .map(|promise| PromiseBody {
                    commitment: promise.commitment.to_string(),
                    title: title(&promise.title),
                    description: promise.description,
                    severity: promise.severity.as_str(),
                    target_seconds: promise.target_seconds,
                    calendar: promise.calendar,
                })
                .collect(),
            people: service
                .people
                .into_iter()
                .map(|person| PersonBody {
                    role: person.role,
                    name: person.name,
                    email: person.email,
                })
                .collect(),
        }
    }
}

/// Tell by what a customer recognises us. Nobody needs to be signed in.
#[utoipa::path(get, path = "/portal", tag = "portal", security(()), responses((status = 200, body = BrandingBody)))]
async fn branding(State(web): State<Web>) -> Result<Json<BrandingBody>> {
    let branding = web.app.branding().await?;
    Ok(Json(BrandingBody {
        name: branding.name,
        logo: branding.logo,
        colour: branding.colour,
    }))
}

/// Tell a contact how their account is served: what severities and categories mean, what is promised, and who looks after
/// them.
#[utoipa::path(get, path = "/portal/service", tag = "portal", responses((status = 200, body = ServiceBody)))]
async fn service(State(web): State<Web>, Auth(caller): Auth) -> Result<Json<ServiceBody>> {
    Ok(Json(web.app.portal_service(&caller).await?.into()))
}

fn title(title: &Title) -> BTreeMap<String, String> {
    let owned = |(language, text): (&str, &str)| (language.to_owned(), text.to_owned());
    title.all().map(owned).collect()
}
