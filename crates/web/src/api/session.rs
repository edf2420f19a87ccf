//! Signing in and out, and who one is.

use axum::Json;
use axum::extract::{OriginalUri, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse};
use jiff::Timestamp;
use mainstay_app::session::Credentials;
use mainstay_app::{Caller, Credential};
use mainstay_domain::event::Actor;
use mainstay_domain::id::{AccountId, SessionId};
use mainstay_domain::session::Session;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::Web;
use crate::auth::{self, Auth};
use crate::input::{Body, Id, Parameters};
use crate::page::{self, ListQuery, Page};
use crate::peer::Peer;
use crate::problem::Result;

/// The routes.
pub fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new()
        .routes(routes!(list, sign_in))
        .routes(routes!(sign_out))
        .routes(routes!(end))
        .routes(routes!(me))
        .routes(routes!(change_password))
}

/// What somebody gives to sign in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignInInput {
    /// Their e-mail address.
    pub email: String,
    /// Their password.
    pub password: String,
}

/// A new password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordInput {
    /// The password, of at least 10 characters.
    pub password: String,
}

/// A change of one's own password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordChangeInput {
    /// The password until now.
    pub old: String,
    /// The password from now on, of at least 10 characters.
    pub password: String,
}

/// Who somebody is and what they may do.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Me)]
pub struct MeBody {
    /// On which side they stand.
    pub kind: PersonKind,
    /// Identifies the agent or contact; absent for the program itself.
    pub id: Option<Uuid>,
    /// Their name.
    pub name: String,
    /// The address they sign in with.
    pub email: String,
    /// The account of a contact.
    pub account: Option<Uuid>,
    /// Their roles.
    pub roles: Vec<String>,
    /// What they may do, as far as this session or token goes.
    pub permissions: Vec<String>,
    /// The session they came with, if they came with one.
    pub session: Option<Uuid>,
}

/// On which side somebody stands.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PersonKind {
    /// Somebody who serves.
    Agent,
    /// Somebody at a customer.
    Contact,
    /// The program itself.
    System,
}

/// Somebody as the API names them.
pub(super) fn person(actor: Actor) -> (PersonKind, Option<Uuid>) {
    match actor {
        Actor::Agent(id) => (PersonKind::Agent, Some(id.uuid())),
        Actor::Contact(id) => (PersonKind::Contact, Some(id.uuid())),
        Actor::System => (PersonKind::System, None),
    }
}

impl From<Caller> for MeBody {
    fn from(caller: Caller) -> Self {
        let (kind, id) = person(caller.actor);
        let permissions = caller.permissions.iter();
        Self {
            kind,
            id,
            name: caller.name,
            email: caller.email,
            account: caller.account.map(AccountId::uuid),
            roles: caller.roles.into_iter().map(String::from).collect(),
            permissions: permissions.map(ToString::to_string).collect(),
            session: match caller.credential {
                Credential::Session(id) => Some(id.uuid()),
                Credential::Token(_) | Credential::Machine => None,
            },
        }
    }
}

/// Where somebody is signed in.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Session)]
pub struct SessionBody {
    /// Identifies it.
    pub id: Uuid,
    /// With which program, in its own words.
    pub user_agent: String,
    /// When they signed in.
    pub created_at: Timestamp,
    /// When it was last used, to within minutes.
    pub last_seen_at: Timestamp,
    /// When it ends unless it is used.
    pub expires_at: Timestamp,
    /// Whether it is the one this request came with.
    pub current: bool,
}

impl SessionBody {
    fn of(session: Session, credential: Credential) -> Self {
        Self {
            id: session.id.uuid(),
            user_agent: session.user_agent,
            created_at: session.created_at,
            last_seen_at: session.last_seen_at,
            expires_at: session.expires_at,
            current: credential == Credential::Session(session.id),
        }
    }
}

/// Sign in with an address and a password. The answer sets a cookie.
#[utoipa::path(post, path = "/sessions", tag = "sessions", request_body = SignInInput, security(()),
    responses((status = 201, body = MeBody)))]
async fn sign_in(
    State(web): State<Web>,
    Peer(address): Peer,
    headers: HeaderMap,
    Body(input): Body<SignInInput>,
) -> Result<impl IntoResponse> {
    let credentials = Credentials {
        email: input.email,
        password: input.password,
        user_agent: auth::user_agent(&headers),
        address,
    };
    let signed_in = web.app.sign_in(credentials).await?;
    let cookie = auth::signing_in(&web, &signed_in.secret);
    let body = Json(MeBody::from(signed_in.caller));
    Ok((
        StatusCode::CREATED,
        AppendHeaders([(header::SET_COOKIE, cookie)]),
        body,
    ))
}

/// Sign out: the session of this request ends.
#[utoipa::path(delete, path = "/sessions/current", tag = "sessions", responses((status = 204)))]
async fn sign_out(State(web): State<Web>, Auth(caller): Auth) -> Result<impl IntoResponse> {
    if let Credential::Session(id) = caller.credential {
        web.app.end_session(&caller, id).await?;
    }
    let cookie = auth::signing_out(&web);
    Ok((
        StatusCode::NO_CONTENT,
        AppendHeaders([(header::SET_COOKIE, cookie)]),
    ))
}

/// List where one is signed in, the latest used first.
#[utoipa::path(get, path = "/sessions", tag = "sessions", params(ListQuery),
    responses((status = 200, body = Page<SessionBody>)))]
async fn list(
    State(web): State<Web>,
    Auth(caller): Auth,
    OriginalUri(uri): OriginalUri,
    Parameters(part): Parameters<ListQuery>,
) -> Result<Json<Page<SessionBody>>> {
    let sessions = web.app.sessions(&caller).await?;
    page::slice(
        &uri,
        "sessions",
        &part,
        sessions,
        |found| found.id,
        |session| SessionBody::of(session, caller.credential),
    )
}

/// End one of one's sessions.
#[utoipa::path(delete, path = "/sessions/{id}", tag = "sessions", params(("id" = Uuid, Path)),
    responses((status = 204)))]
async fn end(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(id): Id<SessionId>,
) -> Result<StatusCode> {
    web.app.end_session(&caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Say who one is and what one may do.
#[utoipa::path(get, path = "/me", tag = "sessions", responses((status = 200, body = MeBody)))]
async fn me(Auth(caller): Auth) -> Json<MeBody> {
    Json(caller.into())
}

/// Change one's own password. One's other sessions end.
#[utoipa::path(put, path = "/me/password", tag = "sessions", request_body = PasswordChangeInput,
    responses((status = 204)))]
async fn change_password(
    State(web): State<Web>,
    Auth(caller): Auth,
    Body(input): Body<PasswordChangeInput>,
) -> Result<StatusCode> {
    web.app
        .change_password(&caller, input.old, input.password)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
