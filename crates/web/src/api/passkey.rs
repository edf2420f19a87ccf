//! Passkeys: registering one's own, and signing in with one.
//!
//! What a browser is asked for and what it answers has the form of WebAuthn Level 3, which browsers write and read
//! themselves (`PublicKeyCredential.parseCreationOptionsFromJSON`, `toJSON` and their like).

use axum::extract::{OriginalUri, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use jiff::Timestamp;
use mainstay_app::passkey::{NewPasskey, PasskeySignIn, PasskeyView};
use mainstay_domain::id::PasskeyId;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::me::MeBody;
use super::session::welcome;
use crate::Web;
use crate::auth::{self, Auth, Identified};
use crate::idempotency::GivenOnce;
use crate::input::{Body, Id, Parameters};
use crate::page::{self, ListQuery, Page};
use crate::peer::Peer;
use crate::problem::Result;

/// The routes.
pub fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new()
        .routes(routes!(list, register))
        .routes(routes!(begin))
        .routes(routes!(remove))
        .routes(routes!(ask))
        .routes(routes!(sign_in))
}

/// A passkey that somebody registered.
#[derive(Serialize, ToSchema)]
#[schema(as = Passkey)]
struct PasskeyBody {
    /// Identifies it.
    id: Uuid,
    /// What its owner calls it.
    name: String,
    /// Whether the device keeps a copy elsewhere, so that losing the device does not lose it.
    backed_up: bool,
    /// When it was registered.
    created_at: Timestamp,
    /// When somebody last signed in with it.
    last_used_at: Option<Timestamp>,
}

impl From<PasskeyView> for PasskeyBody {
    fn from(view: PasskeyView) -> Self {
        Self {
            id: view.passkey.id.uuid(),
            name: view.passkey.name,
            backed_up: view.is_backed_up,
            created_at: view.passkey.created_at,
            last_used_at: view.passkey.last_used_at,
        }
    }
}

/// The proof that it is oneself who keeps one's passkeys.
#[derive(Deserialize, ToSchema)]
#[schema(as = PasskeyProofInput)]
#[serde(deny_unknown_fields)]
struct ProofInput {
    /// One's password. Who has none must have signed in less than ten minutes ago.
    password: Option<String>,
}

/// What a browser is to be asked.
#[derive(Serialize, ToSchema)]
#[schema(as = PasskeyChallenge)]
struct ChallengeBody {
    /// WebAuthn's `PublicKeyCredentialCreationOptionsJSON` or `PublicKeyCredentialRequestOptionsJSON`.
    #[schema(value_type = Object)]
    options: Value,
}

/// A passkey that somebody registers.
#[derive(Deserialize, ToSchema)]
#[schema(as = PasskeyInput)]
#[serde(deny_unknown_fields)]
struct NewInput {
    /// What to call it.
    name: String,
    /// What the browser answered: WebAuthn's `RegistrationResponseJSON`.
    #[schema(value_type = Object)]
    credential: Value,
}

/// What a passkey answered.
#[derive(Deserialize, ToSchema)]
#[schema(as = SignInByPasskeyInput)]
#[serde(deny_unknown_fields)]
struct AnswerInput {
    /// What the browser answered: WebAuthn's `AuthenticationResponseJSON`.
    #[schema(value_type = Object)]
    credential: Value,
}

/// List one's passkeys, the latest registered first.
#[utoipa::path(get, path = "/me/passkeys", tag = "passkeys", params(ListQuery),
    responses((status = 200, body = Page<PasskeyBody>)))]
async fn list(
    State(web): State<Web>,
    Identified(caller): Identified,
    OriginalUri(uri): OriginalUri,
    Parameters(part): Parameters<ListQuery>,
) -> Result<Json<Page<PasskeyBody>>> {
    let passkeys = web.app.passkeys(&caller).await?;
    page::slice(
        &uri,
        "passkeys",
        &part,
        passkeys,
        |found| found.passkey.id,
        PasskeyBody::from,
    )
}

/// Begin to register a passkey of one's own. The answer is for `navigator.credentials.create`; it holds for five minutes.
#[utoipa::path(post, path = "/me/passkeys/challenges", tag = "passkeys", request_body = ProofInput,
    responses((status = 201, body = ChallengeBody)))]
async fn begin(
    State(web): State<Web>,
    Identified(caller): Identified,
    Body(input): Body<ProofInput>,
) -> Result<impl IntoResponse> {
    let options = web.app.begin_passkey(&caller, input.password).await?;
    Ok(challenge(options))
}

/// Register a passkey of one's own, by which one signs in without a password.
#[utoipa::path(post, path = "/me/passkeys", tag = "passkeys", request_body = NewInput,
    responses((status = 201, body = PasskeyBody)))]
async fn register(
    State(web): State<Web>,
    Identified(caller): Identified,
    Body(input): Body<NewInput>,
) -> Result<impl IntoResponse> {
    let new = NewPasskey {
        name: input.name,
        credential: input.credential,
    };
    let registered = web.app.register_passkey(&caller, new).await?;
    Ok((StatusCode::CREATED, Json(PasskeyBody::from(registered))))
}

/// Remove one of one's passkeys.
#[utoipa::path(post, path = "/me/passkeys/{id}/removal", tag = "passkeys", params(("id" = Uuid, Path)),
    request_body = ProofInput, responses((status = 204)))]
async fn remove(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(id): Id<PasskeyId>,
    Body(input): Body<ProofInput>,
) -> Result<StatusCode> {
    web.app.remove_passkey(&caller, id, input.password).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ask for a passkey to sign in with. The answer is for `navigator.credentials.get`; it holds for five minutes.
#[utoipa::path(post, path = "/passkeys/challenges", tag = "passkeys", security(()),
    responses((status = 201, body = ChallengeBody)))]
async fn ask(State(web): State<Web>) -> Result<impl IntoResponse> {
    Ok(challenge(web.app.ask_for_passkey().await?))
}

/// Sign in by what a passkey answered; it serves as both factors. The answer sets a cookie.
#[utoipa::path(post, path = "/passkeys/session", tag = "passkeys", request_body = AnswerInput,
    security(()), responses((status = 201, body = MeBody)))]
async fn sign_in(
    State(web): State<Web>,
    Peer(address): Peer,
    headers: HeaderMap,
    Body(input): Body<AnswerInput>,
) -> Result<Response> {
    let sign_in = PasskeySignIn {
        credential: input.credential,
        user_agent: auth::user_agent(&headers),
        address,
    };
    welcome(&web, web.app.sign_in_by_passkey(sign_in).await?).await
}

fn challenge(options: Value) -> impl IntoResponse {
    let body = Json(ChallengeBody { options });
    (StatusCode::CREATED, Extension(GivenOnce), body)
}
