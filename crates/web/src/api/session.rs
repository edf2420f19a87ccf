//! Signing in and out, and who is signed in where.

use axum::Json;
use axum::extract::{OriginalUri, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{AppendHeaders, IntoResponse, Response};
use jiff::Timestamp;
use mainstay_app::Credential;
use mainstay_app::second_factor::Proof;
use mainstay_app::session::SignedIn;
use mainstay_app::sign_in::Credentials;
use mainstay_domain::id::SessionId;
use mainstay_domain::session::Session;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::me::MeBody;
use crate::Web;
use crate::auth::{self, Auth, Identified};
use crate::input::{Body, Id, Parameters};
use crate::page::{self, ListQuery, Page};
use crate::peer::Peer;
use crate::problem::{Kind, Result};

/// The routes.
pub fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new()
        .routes(routes!(list, sign_in))
        .routes(routes!(current, sign_out))
        .routes(routes!(end))
}

/// What somebody gives to sign in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignInInput {
    /// Their e-mail address.
    pub email: String,
    /// Their password.
    pub password: String,
    /// The code that their authenticator shows, or a recovery code, of those who have a second factor.
    pub code: Option<String>,
    /// In the place of a code: what a passkey of theirs answered to a challenge of `/passkeys/challenges`, as WebAuthn's
    /// `AuthenticationResponseJSON`.
    #[schema(value_type = Option<Object>)]
    pub passkey: Option<Value>,
}

/// Who asks, if anybody, and how they may sign in.
#[derive(Serialize, ToSchema)]
#[schema(as = CurrentSession)]
struct CurrentBody {
    /// Who is signed in; absent when nobody is.
    me: Option<MeBody>,
    /// Whether browsers make passkeys for the address of this service.
    passkeys: bool,
}

/// A new password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordInput {
    /// The password, of at least 10 characters.
    pub password: String,
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
    /// A page of somebody's sessions, as somebody sees them who came with a credential.
    pub(super) fn page(
        uri: &Uri,
        part: &ListQuery,
        sessions: Vec<Session>,
        credential: Credential,
    ) -> Result<Json<Page<Self>>> {
        page::slice(
            uri,
            "sessions",
            part,
            sessions,
            |found| found.id,
            |session| Self::of(session, credential),
        )
    }

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

/// Sign in with an address and a password. The answer sets a cookie. Where somebody has a second factor and gives no code,
/// the answer is the problem `second-factor-required`.
#[utoipa::path(post, path = "/sessions", tag = "sessions", request_body = SignInInput, security(()),
    responses((status = 201, body = MeBody)))]
async fn sign_in(
    State(web): State<Web>,
    Peer(address): Peer,
    headers: HeaderMap,
    Body(input): Body<SignInInput>,
) -> Result<Response> {
    let credentials = Credentials {
        email: input.email,
        password: input.password,
        proof: Proof {
            code: input.code,
            passkey: input.passkey,
        },
        user_agent: auth::user_agent(&headers),
        address,
    };
    let signed_in = web.app.sign_in(credentials).await?;
    welcome(&web, signed_in).await
}

/// The answer to somebody who has just signed in.
pub(super) async fn welcome(web: &Web, signed_in: SignedIn) -> Result<Response> {
    let cookie = auth::signing_in(web, &signed_in.secret);
    let body = MeBody::of(web, signed_in.caller).await?;
    let headers = AppendHeaders([(header::SET_COOKIE, cookie)]);
    Ok((StatusCode::CREATED, headers, Json(body)).into_response())
}

/// Say who is signed in. Unlike `/me` it answers also where nobody is, for a page that does not know yet.
#[utoipa::path(get, path = "/sessions/current", tag = "sessions", security(()),
    responses((status = 200, body = CurrentBody)))]
async fn current(
    State(web): State<Web>,
    identified: Result<Identified>,
) -> Result<Json<CurrentBody>> {
    let me = match identified {
        Ok(Identified(caller)) => Some(MeBody::of(&web, caller).await?),
        Err(problem) if problem.kind() == Kind::Unauthorised => None,
        Err(problem) => return Err(problem),
    };
    let passkeys = web.app.has_passkeys();
    Ok(Json(CurrentBody { me, passkeys }))
}

/// Sign out: the session of this request ends.
#[utoipa::path(delete, path = "/sessions/current", tag = "sessions", responses((status = 204)))]
async fn sign_out(
    State(web): State<Web>,
    Identified(caller): Identified,
) -> Result<impl IntoResponse> {
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
    SessionBody::page(&uri, &part, sessions, caller.credential)
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
