//! How what was promised was kept.

use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use mainstay_app::attainment::{AttainmentQuery, AttainmentReport};
use mainstay_domain::id::{AccountId, TeamId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::Web;
use crate::auth::Auth;
use crate::input::{Id, Parameters};
use crate::problem::Result;

/// The routes.
pub fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new()
        .routes(routes!(read))
        .routes(routes!(of_account))
}

/// Of which promises to tell how they were kept.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct AskAttainment {
    /// Those that started from this instant on; 90 days before the end when absent.
    #[param(value_type = Option<String>, format = DateTime)]
    from: Option<Timestamp>,
    /// Those that started before this instant; now when absent.
    #[param(value_type = Option<String>, format = DateTime)]
    until: Option<Timestamp>,
    /// Of tickets that lie with this team now.
    team: Option<Uuid>,
    /// Of tickets in this tier now.
    tier: Option<String>,
    /// Of this commitment.
    commitment: Option<String>,
}

impl AskAttainment {
    fn of(self, account: Option<AccountId>) -> AttainmentQuery {
        AttainmentQuery {
            from: self.from,
            until: self.until,
            account,
            team: self.team.map(TeamId::from),
            tier: self.tier.map(Into::into),
            commitment: self.commitment.map(Into::into),
        }
    }
}

/// How the promises that started in a period were kept.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Attainment)]
pub struct AttainmentBody {
    /// From when.
    from: Timestamp,
    /// Until when.
    until: Timestamp,
    /// All of them.
    total: KeptBody,
    /// By commitment, tier and severity.
    kinds: Vec<AttainmentKindBody>,
}

/// How promises were kept.
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(as = Kept)]
pub struct KeptBody {
    /// How many were kept in time.
    met: u64,
    /// How many were missed, be they kept since or not.
    missed: u64,
    /// How many are open and not missed.
    open: u64,
    /// How many became void.
    cancelled: u64,
    /// The share of those decided that were kept, in percent; absent while none is decided.
    percent: Option<f64>,
}

impl KeptBody {
    /// So many of each.
    pub fn new(met: u64, missed: u64, open: u64, cancelled: u64) -> Self {
        let decided = met + missed;
        #[expect(
            clippy::cast_precision_loss,
            reason = "counts of promises are far below 2^52"
        )]
        let percent = (decided > 0).then(|| met as f64 * 100.0 / decided as f64);
        Self {
            met,
            missed,
            open,
            cancelled,
            percent,
        }
    }
}

/// How the promises of a kind were kept.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AttainmentKind)]
pub struct AttainmentKindBody {
    /// The commitment.
    commitment: String,
    /// The tier the tickets are in now.
    tier: Option<String>,
    /// The severity the tickets have now.
    severity: &'static str,
    /// How they were kept.
    kept: KeptBody,
}

impl From<AttainmentReport> for AttainmentBody {
    fn from(report: AttainmentReport) -> Self {
        let sum = |count: fn(&mainstay_app::attainment::Attainment) -> u64| {
            report.kinds.iter().map(count).sum()
        };
        Self {
            from: report.from,
            until: report.until,
            total: KeptBody::new(
                sum(|kind| kind.met),
                sum(|kind| kind.missed),
                sum(|kind| kind.open),
                sum(|kind| kind.cancelled),
            ),
            kinds: report
                .kinds
                .into_iter()
                .map(|kind| AttainmentKindBody {
                    commitment: kind.commitment.to_string(),
                    tier: kind.tier.map(String::from),
                    severity: kind.severity.as_str(),
                    kept: KeptBody::new(kind.met, kind.missed, kind.open, kind.cancelled),
                })
                .collect(),
        }
    }
}

/// How promises were kept, by commitment, tier and severity. A portal user sees those of their tickets.
#[utoipa::path(get, path = "/attainment", tag = "attainment", params(AskAttainment),
    responses((status = 200, body = AttainmentBody)))]
async fn read(
    State(web): State<Web>,
    Auth(caller): Auth,
    Parameters(query): Parameters<AskAttainment>,
) -> Result<Json<AttainmentBody>> {
    Ok(Json(
        web.app.attainment(&caller, query.of(None)).await?.into(),
    ))
}

/// How the promises to an account were kept.
#[utoipa::path(get, path = "/accounts/{id}/attainment", tag = "attainment",
    params(("id" = Uuid, Path), AskAttainment), responses((status = 200, body = AttainmentBody)))]
async fn of_account(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(account): Id<AccountId>,
    Parameters(query): Parameters<AskAttainment>,
) -> Result<Json<AttainmentBody>> {
    let query = query.of(Some(account));
    Ok(Json(web.app.attainment(&caller, query).await?.into()))
}
