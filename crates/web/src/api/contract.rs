//! Contracts: what accounts were sold.

use axum::Json;
use axum::extract::{OriginalUri, State};
use axum::http::Uri;
use axum::response::Response;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use mainstay_app::contract::ContractPreview;
use mainstay_app::secret::fingerprint;
use mainstay_domain::contract::Contract;
use mainstay_domain::event::TargetOverride;
use mainstay_domain::id::{AccountId, ContractId};
use mainstay_domain::name::{CalendarName, CommitmentName, TierName};
use mainstay_domain::severity::Severity;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::account::set;
use super::policy::DifferenceBody;
use crate::Web;
use crate::auth::Auth;
use crate::etag::{IfMatch, Known, Tagged, created};
use crate::input::{Body, Id, Parameters, change, given};
use crate::page::{self, ListQuery, Page};
use crate::problem::Result;

/// The routes.
pub fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(preview_new))
        .routes(routes!(read, update))
        .routes(routes!(preview))
}

/// What an account was sold.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Contract)]
pub struct ContractBody {
    /// Identifies it.
    pub id: Uuid,
    /// Whose it is.
    pub account: Uuid,
    /// The tier that was sold.
    pub tier: String,
    /// The first day of its term.
    pub starts_on: Date,
    /// The last day of its term; a contract without one runs until it is ended.
    pub ends_on: Option<Date>,
    /// When the renewal falls due.
    pub renews_on: Option<Date>,
    /// What it is worth a year, in minor units of the currency.
    pub value: i64,
    /// The currency, by its ISO 4217 code.
    pub currency: String,
    /// What it promises otherwise than the pack.
    pub overrides: Vec<TargetOverrideBody>,
    /// When it was recorded.
    pub created_at: Timestamp,
}

/// A target that a contract names, in place of the pack's.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = TargetOverride)]
#[serde(deny_unknown_fields)]
pub struct TargetOverrideBody {
    /// The commitment it changes, such as `first_response`.
    pub commitment: String,
    /// Only for this severity, `P1` to `P4`; every severity when absent.
    #[schema(value_type = Option<String>, pattern = "^P[1-4]$")]
    pub severity: Option<Severity>,
    /// The promised time in seconds, if the contract changes it.
    pub target_seconds: Option<i64>,
    /// The calendar it is counted on, if the contract changes it.
    pub calendar: Option<String>,
    /// Where the contract says so.
    pub clause: String,
}

impl From<TargetOverride> for TargetOverrideBody {
    fn from(entry: TargetOverride) -> Self {
        Self {
            commitment: entry.commitment.into(),
            severity: entry.severity,
            target_seconds: entry.target.map(|target| target.as_secs()),
            calendar: entry.calendar.map(String::from),
            clause: entry.clause,
        }
    }
}

impl From<TargetOverrideBody> for TargetOverride {
    fn from(body: TargetOverrideBody) -> Self {
        Self {
            commitment: CommitmentName::from(body.commitment),
            severity: body.severity,
            target: body.target_seconds.map(SignedDuration::from_secs),
            calendar: body.calendar.map(CalendarName::from),
            clause: body.clause,
        }
    }
}

impl From<Contract> for ContractBody {
    fn from(contract: Contract) -> Self {
        Self {
            id: contract.id.uuid(),
            account: contract.account.uuid(),
            tier: contract.tier.into(),
            starts_on: contract.starts_on,
            ends_on: contract.ends_on,
            renews_on: contract.renews_on,
            value: contract.value,
            currency: contract.currency,
            overrides: contract.overrides.into_iter().map(Into::into).collect(),
            created_at: contract.created_at,
        }
    }
}

/// What a contract is to be. What is left out stays as it is; a new contract needs a tier and a first day.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ContractInput {
    /// The tier that was sold.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = String)]
    pub tier: Option<String>,
    /// The first day of its term.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Date)]
    pub starts_on: Option<Date>,
    /// The last day of its term.
    #[serde(default, deserialize_with = "change")]
    #[schema(value_type = Option<String>, format = Date)]
    pub ends_on: Option<Option<Date>>,
    /// When the renewal falls due.
    #[serde(default, deserialize_with = "change")]
    #[schema(value_type = Option<String>, format = Date)]
    pub renews_on: Option<Option<Date>>,
    /// What it is worth a year, in minor units of the currency.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = i64)]
    pub value: Option<i64>,
    /// The currency, by its ISO 4217 code.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = String)]
    pub currency: Option<String>,
    /// What it promises otherwise than the pack; replaces what there is.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Vec<TargetOverrideBody>)]
    pub overrides: Option<Vec<TargetOverrideBody>>,
}

impl ContractInput {
    fn apply(self, contract: &mut Contract) {
        set(&mut contract.tier, self.tier.map(TierName::from));
        set(&mut contract.starts_on, self.starts_on);
        set(&mut contract.ends_on, self.ends_on);
        set(&mut contract.renews_on, self.renews_on);
        set(&mut contract.value, self.value);
        set(&mut contract.currency, self.currency);
        let overrides = self
            .overrides
            .map(|entries| entries.into_iter().map(Into::into).collect());
        set(&mut contract.overrides, overrides);
    }
}

/// List the contracts of an account, latest first.
#[utoipa::path(get, path = "/accounts/{id}/contracts", tag = "contracts", 
    params(("id" = Uuid, Path), ListQuery), responses((status = 200, body = Page<ContractBody>)))]
async fn list(
    State(web): State<Web>,
    Auth(caller): Auth,
    OriginalUri(uri): OriginalUri,
    Id(account): Id<AccountId>,
    Parameters(part): Parameters<ListQuery>,
) -> Result<Json<Page<ContractBody>>> {
    let contracts = web.app.contracts(&caller, account).await?;
    page::slice(
        &uri,
        "contracts",
        &part,
        contracts,
        |found| found.id,
        ContractBody::from,
    )
}

/// Make a contract.
#[utoipa::path(post, path = "/accounts/{id}/contracts", tag = "contracts", request_body = ContractInput,
    params(("id" = Uuid, Path)), responses((status = 201, body = ContractBody)))]
async fn create(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(account): Id<AccountId>,
    Body(input): Body<ContractInput>,
) -> Result<Response> {
    let contract = web
        .app
        .create_contract(&caller, account, |contract| input.apply(contract))
        .await?;
    let path = format!("/contracts/{}", contract.id);
    let version = fingerprint(&contract);
    Ok(created(&path, version, Json(ContractBody::from(contract))))
}

/// Read a contract.
#[utoipa::path(get, path = "/contracts/{id}", tag = "contracts", params(("id" = Uuid, Path)),
    responses((status = 200, body = ContractBody), (status = 304)))]
async fn read(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(id): Id<ContractId>,
    known: Known,
) -> Result<Response> {
    let contract = web.app.contract(&caller, id).await?;
    let version = fingerprint(&contract);
    Ok(known.answer(version, Json(ContractBody::from(contract))))
}

/// Change a contract.
#[utoipa::path(patch, path = "/contracts/{id}", tag = "contracts", request_body = ContractInput,
    params(("id" = Uuid, Path), ("if-match" = String, Header)),
    responses((status = 200, body = ContractBody)))]
async fn update(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(id): Id<ContractId>,
    IfMatch(expected): IfMatch,
    Body(input): Body<ContractInput>,
) -> Result<Tagged<Json<ContractBody>>> {
    let contract = web
        .app
        .update_contract(&caller, id, &expected, |contract| input.apply(contract))
        .await?;
    Ok(Tagged(fingerprint(&contract), Json(contract.into())))
}

/// What a contract would change of a page of the account's tickets.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ContractPreview)]
struct ContractPreviewBody {
    /// The first day on which other terms would be in force; absent when it makes no difference.
    from: Option<Date>,
    /// How many tickets were looked at.
    tickets: usize,
    /// The running clocks that would be due at another instant, were those terms in force now.
    items: Vec<DifferenceBody>,
    /// The path and query that look at the next ones; absent when all were looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

impl ContractPreviewBody {
    fn of(uri: &Uri, preview: ContractPreview) -> Self {
        let looked_at = mainstay_app::Page {
            items: preview.clocks,
            next: preview.next,
        };
        let page = page::of(uri, "contract_preview", looked_at, DifferenceBody::from);
        Self {
            from: preview.from,
            tickets: preview.tickets,
            items: page.items,
            next: page.next,
        }
    }
}

/// Show which running clocks would be due at another instant if an account had a further contract: those of a page of its
/// tickets at a time. Nothing is changed.
#[utoipa::path(post, path = "/accounts/{id}/contracts/preview", tag = "contracts",
    request_body = ContractInput, params(("id" = Uuid, Path), ListQuery),
    responses((status = 200, body = ContractPreviewBody)))]
async fn preview_new(
    State(web): State<Web>,
    Auth(caller): Auth,
    OriginalUri(uri): OriginalUri,
    Id(account): Id<AccountId>,
    Parameters(part): Parameters<ListQuery>,
    Body(input): Body<ContractInput>,
) -> Result<Json<ContractPreviewBody>> {
    let request = page::request("contract_preview", part.limit, part.cursor.as_deref())?;
    let fill = |contract: &mut Contract| input.apply(contract);
    let preview = web
        .app
        .preview_new_contract(&caller, account, fill, request)
        .await?;
    Ok(Json(ContractPreviewBody::of(&uri, preview)))
}

/// Show which running clocks would be due at another instant if a contract were changed: those of a page of the account's
/// tickets at a time. Nothing is changed.
#[utoipa::path(post, path = "/contracts/{id}/preview", tag = "contracts",
    request_body = ContractInput, params(("id" = Uuid, Path), ListQuery),
    responses((status = 200, body = ContractPreviewBody)))]
async fn preview(
    State(web): State<Web>,
    Auth(caller): Auth,
    OriginalUri(uri): OriginalUri,
    Id(id): Id<ContractId>,
    Parameters(part): Parameters<ListQuery>,
    Body(input): Body<ContractInput>,
) -> Result<Json<ContractPreviewBody>> {
    let request = page::request("contract_preview", part.limit, part.cursor.as_deref())?;
    let change = |contract: &mut Contract| input.apply(contract);
    let preview = web
        .app
        .preview_contract(&caller, id, change, request)
        .await?;
    Ok(Json(ContractPreviewBody::of(&uri, preview)))
}
