//! Accounts: the customer organisations.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{OriginalUri, State};
use axum::response::Response;
use jiff::Timestamp;
use mainstay_app::account_ledger::AccountFact;
use mainstay_app::secret::fingerprint;
use mainstay_app::{AccountFilter, AccountSummary, Archived, Caller};
use mainstay_domain::account::{Account, NamedPerson};
use mainstay_domain::id::{AccountId, AgentId};
use mainstay_domain::name::RoleName;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::attainment::KeptBody;
use super::ticket::ActorBody;
use crate::Web;
use crate::auth::Auth;
use crate::etag::{IfMatch, Known, Tagged, created};
use crate::input::{Body, Id, Parameters, change, given};
use crate::page::{self, Limit, ListQuery, Page};
use crate::problem::Result;

/// The routes.
pub fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(read, update))
        .routes(routes!(ledger))
}

/// A customer organisation.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Account)]
pub struct AccountBody {
    /// Identifies it.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// What another system calls it.
    pub external_id: Option<String>,
    /// The language to write to it in, as a BCP 47 tag.
    pub language: Option<String>,
    /// Its IANA time zone.
    pub time_zone: Option<String>,
    /// The domains of its e-mail addresses.
    pub domains: Vec<String>,
    /// Who looks after it.
    pub people: Vec<NamedPersonBody>,
    /// Custom fields by name.
    pub fields: BTreeMap<String, String>,
    /// Notes for those who serve; absent for portal users.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notes: Option<String>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was archived, if it was.
    pub archived_at: Option<Timestamp>,
}

/// An account in a list of them.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AccountSummary)]
struct SummaryBody {
    #[serde(flatten)]
    account: AccountBody,
    /// The tier of the contract in force; absent where there is none, or you may not read contracts.
    tier: Option<String>,
    /// How the promises of the last 90 days were kept; absent where there were none, or you may not see clocks.
    kept: Option<KeptBody>,
}

impl SummaryBody {
    fn of(summary: AccountSummary, caller: &Caller) -> Self {
        Self {
            account: AccountBody::of(summary.account, caller),
            tier: summary.tier.map(String::from),
            kept: summary
                .kept
                .map(|kept| KeptBody::new(kept.met, kept.missed, kept.open, kept.cancelled)),
        }
    }
}

/// Somebody who looks after an account, in a role.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(as = NamedPerson)]
#[serde(deny_unknown_fields)]
pub struct NamedPersonBody {
    /// In which role, such as `success_manager`.
    pub role: String,
    /// Which agent.
    pub agent: Uuid,
}

impl AccountBody {
    fn of(account: Account, caller: &Caller) -> Self {
        Self {
            id: account.id.uuid(),
            name: account.name,
            external_id: account.external_id,
            language: account.language,
            time_zone: account.time_zone,
            domains: account.domains,
            people: account
                .people
                .into_iter()
                .map(NamedPersonBody::of)
                .collect(),
            fields: account.fields,
            notes: caller.contact().is_none().then_some(account.notes),
            created_at: account.created_at,
            archived_at: account.archived_at,
        }
    }
}

impl NamedPersonBody {
    fn of(person: NamedPerson) -> Self {
        Self {
            role: person.role.into(),
            agent: person.agent.uuid(),
        }
    }

    fn into_domain(self) -> NamedPerson {
        NamedPerson {
            role: RoleName::from(self.role),
            agent: AgentId::from(self.agent),
        }
    }
}

/// A fact of an account's own ledger.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AccountFact)]
struct AccountFactBody {
    /// Identifies it.
    id: Uuid,
    /// When it happened.
    at: Timestamp,
    /// When it was recorded.
    recorded_at: Timestamp,
    /// Who did it.
    actor: ActorBody,
    /// The version of the policy that was in force.
    policy: u32,
    /// What happened, such as `tier_changed`.
    kind: String,
    /// The particulars.
    #[schema(value_type = Object)]
    detail: serde_json::Value,
}

impl From<AccountFact> for AccountFactBody {
    fn from(fact: AccountFact) -> Self {
        Self {
            id: fact.id.uuid(),
            at: fact.at,
            recorded_at: fact.recorded_at,
            actor: fact.actor.into(),
            policy: fact.policy.0,
            kind: fact.kind,
            detail: serde_json::from_str(&fact.payload).unwrap_or_default(),
        }
    }
}

/// What an account is to be. What is left out stays as it is; a new account needs a name.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AccountInput {
    /// Its name.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = String)]
    pub name: Option<String>,
    /// What another system calls it; unique.
    #[serde(default, deserialize_with = "change")]
    #[schema(value_type = Option<String>)]
    pub external_id: Option<Option<String>>,
    /// The language to write to it in, as a BCP 47 tag such as `pt-BR`.
    #[serde(default, deserialize_with = "change")]
    #[schema(value_type = Option<String>)]
    pub language: Option<Option<String>>,
    /// Its IANA time zone, such as `America/Sao_Paulo`.
    #[serde(default, deserialize_with = "change")]
    #[schema(value_type = Option<String>)]
    pub time_zone: Option<Option<String>>,
    /// The domains of its e-mail addresses; a domain belongs to one account.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Vec<String>)]
    pub domains: Option<Vec<String>>,
    /// Who looks after it.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Vec<NamedPersonBody>)]
    pub people: Option<Vec<NamedPersonBody>>,
    /// Custom fields by name; replaces those there are.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = BTreeMap<String, String>)]
    pub fields: Option<BTreeMap<String, String>>,
    /// Notes for those who serve.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = String)]
    pub notes: Option<String>,
    /// Whether it is archived: it then remains for the record and takes part in nothing.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = bool)]
    pub archived: Option<bool>,
}

impl AccountInput {
    fn apply(self, account: &mut Account, now: Timestamp) {
        set(&mut account.name, self.name);
        set(&mut account.external_id, self.external_id);
        set(&mut account.language, self.language);
        set(&mut account.time_zone, self.time_zone);
        set(&mut account.domains, self.domains);
        set(&mut account.fields, self.fields);
        set(&mut account.notes, self.notes);
        let people = self.people.map(|people| {
            people
                .into_iter()
                .map(NamedPersonBody::into_domain)
                .collect()
        });
        set(&mut account.people, people);
        match self.archived {
            Some(true) => account.archived_at = account.archived_at.or(Some(now)),
            Some(false) => account.archived_at = None,
            None => {}
        }
    }
}

/// Sets a field that was given.
pub(super) fn set<T>(field: &mut T, given: Option<T>) {
    if let Some(value) = given {
        *field = value;
    }
}

/// Which accounts to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ListAccounts {
    /// Accounts whose name, external id or domain holds this text.
    text: Option<String>,
    /// Accounts this agent looks after.
    agent: Option<Uuid>,
    /// Whether to list archived accounts too.
    archived: Option<bool>,
    /// How many things a page holds.
    #[param(value_type = Option<u16>, minimum = 1, maximum = 200)]
    limit: Option<Limit>,
    /// Where to go on, from the `next` of the page before.
    cursor: Option<String>,
}

/// List accounts by name, each with its tier and how the promises to it were kept. A portal user sees their own.
#[utoipa::path(get, path = "/accounts", tag = "accounts", params(ListAccounts),
    responses((status = 200, body = Page<SummaryBody>)))]
async fn list(
    State(web): State<Web>,
    Auth(caller): Auth,
    OriginalUri(uri): OriginalUri,
    Parameters(query): Parameters<ListAccounts>,
) -> Result<Json<Page<SummaryBody>>> {
    let filter = AccountFilter {
        text: query.text,
        agent: query.agent.map(AgentId::from),
        archived: match query.archived {
            Some(true) => Archived::Included,
            Some(false) | None => Archived::Left,
        },
    };
    let part = page::request("accounts", query.limit, query.cursor.as_deref())?;
    let found = web.app.accounts(&caller, &filter, part).await?;
    let form = |account| SummaryBody::of(account, &caller);
    Ok(Json(page::of(&uri, "accounts", found, form)))
}

/// Make an account.
#[utoipa::path(post, path = "/accounts", tag = "accounts", request_body = AccountInput,
    responses((status = 201, body = AccountBody)))]
async fn create(
    State(web): State<Web>,
    Auth(caller): Auth,
    Body(input): Body<AccountInput>,
) -> Result<Response> {
    let now = web.app.now();
    let account = web
        .app
        .create_account(&caller, |account| input.apply(account, now))
        .await?;
    let path = format!("/accounts/{}", account.id);
    let version = fingerprint(&account);
    Ok(created(
        &path,
        version,
        Json(AccountBody::of(account, &caller)),
    ))
}

/// Read an account.
#[utoipa::path(get, path = "/accounts/{id}", tag = "accounts", params(("id" = Uuid, Path)),
    responses((status = 200, body = AccountBody), (status = 304)))]
async fn read(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(id): Id<AccountId>,
    known: Known,
) -> Result<Response> {
    let account = web.app.account(&caller, id).await?;
    let version = fingerprint(&account);
    Ok(known.answer(version, Json(AccountBody::of(account, &caller))))
}

/// Change an account.
#[utoipa::path(patch, path = "/accounts/{id}", tag = "accounts", request_body = AccountInput,
    params(("id" = Uuid, Path), ("if-match" = String, Header)),
    responses((status = 200, body = AccountBody)))]
async fn update(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(id): Id<AccountId>,
    IfMatch(expected): IfMatch,
    Body(input): Body<AccountInput>,
) -> Result<Tagged<Json<AccountBody>>> {
    let now = web.app.now();
    let account = web
        .app
        .update_account(&caller, id, &expected, |account| {
            input.clone().apply(account, now);
        })
        .await?;
    let version = fingerprint(&account);
    Ok(Tagged(version, Json(AccountBody::of(account, &caller))))
}

/// Every fact about the account itself, oldest first: what became of it, of its contracts and of its people. The facts of
/// its tickets stand with the tickets.
#[utoipa::path(get, path = "/accounts/{id}/ledger", tag = "accounts", 
    params(("id" = Uuid, Path), ListQuery), responses((status = 200, body = Page<AccountFactBody>)))]
async fn ledger(
    State(web): State<Web>,
    Auth(caller): Auth,
    OriginalUri(uri): OriginalUri,
    Id(id): Id<AccountId>,
    Parameters(part): Parameters<ListQuery>,
) -> Result<Json<Page<AccountFactBody>>> {
    let part = page::request("account-ledger", part.limit, part.cursor.as_deref())?;
    let found = web.app.account_ledger(&caller, id, part).await?;
    Ok(Json(page::of(
        &uri,
        "account-ledger",
        found,
        AccountFactBody::from,
    )))
}
