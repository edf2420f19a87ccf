//! API tokens.

use axum::extract::{OriginalUri, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::{Extension, Json};
use jiff::Timestamp;
use mainstay_app::token::NewToken;
use mainstay_domain::event::Actor;
use mainstay_domain::id::TokenId;
use mainstay_domain::token::ApiToken;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::Web;
use crate::auth::Auth;
use crate::idempotency::GivenOnce;
use crate::input::{Body, Id, Parameters};
use crate::page::{self, ListQuery, Page};
use crate::problem::Result;

/// The routes.
pub fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(revoke))
}

/// A token for the API.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Token)]
pub struct TokenBody {
    /// Identifies it.
    pub id: Uuid,
    /// What its owner calls it.
    pub name: String,
    /// In whose name it acts: an agent or a contact.
    pub owner: Option<Uuid>,
    /// What it may do: names of permissions, or `*` for everything its owner may.
    pub scopes: Vec<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends; never when absent.
    pub expires_at: Option<Timestamp>,
    /// When it was last used, to within minutes.
    pub last_used_at: Option<Timestamp>,
    /// When it was revoked, if it was.
    pub revoked_at: Option<Timestamp>,
    /// The token itself: given once, when it is made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
}

impl From<ApiToken> for TokenBody {
    fn from(token: ApiToken) -> Self {
        Self {
            id: token.id.uuid(),
            name: token.name,
            owner: match token.actor {
                Actor::Agent(id) => Some(id.uuid()),
                Actor::Contact(id) => Some(id.uuid()),
                Actor::System => None,
            },
            scopes: token.scopes,
            created_at: token.created_at,
            expires_at: token.expires_at,
            last_used_at: token.last_used_at,
            revoked_at: token.revoked_at,
            secret: None,
        }
    }
}

/// What a new token is to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TokenInput {
    /// What you call it.
    pub name: String,
    /// What it may do: names of permissions such as `ticket.read`, or `*` for everything you may.
    pub scopes: Vec<String>,
    /// When it ends; never when absent.
    pub expires_at: Option<Timestamp>,
}

/// List one's tokens, latest first; an administrator sees everybody's.
#[utoipa::path(get, path = "/tokens", tag = "tokens", params(ListQuery),
    responses((status = 200, body = Page<TokenBody>)))]
async fn list(
    State(web): State<Web>,
    Auth(caller): Auth,
    OriginalUri(uri): OriginalUri,
    Parameters(part): Parameters<ListQuery>,
) -> Result<Json<Page<TokenBody>>> {
    let part = page::request("tokens", part.limit, part.cursor.as_deref())?;
    let found = web.app.tokens(&caller, part).await?;
    Ok(Json(page::of(&uri, "tokens", found, TokenBody::from)))
}

/// Make a token that acts in one's name. The answer holds it, this once.
#[utoipa::path(post, path = "/tokens", tag = "tokens", request_body = TokenInput,
    responses((status = 201, body = TokenBody)))]
async fn create(
    State(web): State<Web>,
    Auth(caller): Auth,
    Body(input): Body<TokenInput>,
) -> Result<impl IntoResponse> {
    let new = NewToken {
        name: input.name,
        scopes: input.scopes,
        expires_at: input.expires_at,
    };
    let (token, secret) = web.app.create_token(&caller, new).await?;
    let body = TokenBody {
        secret: Some(secret),
        ..TokenBody::from(token)
    };
    Ok((StatusCode::CREATED, Extension(GivenOnce), Json(body)))
}

/// Revoke a token.
#[utoipa::path(delete, path = "/tokens/{id}", tag = "tokens", params(("id" = Uuid, Path)),
    responses((status = 204)))]
async fn revoke(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(id): Id<TokenId>,
) -> Result<StatusCode> {
    web.app.revoke_token(&caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
