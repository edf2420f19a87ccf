//! Who one is, and what one may change about oneself.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::{Extension, Json};
use mainstay_app::me::ProfileChange;
use mainstay_app::second_factor::Enrolment;
use mainstay_app::{Caller, Credential};
use mainstay_domain::event::Actor;
use mainstay_domain::id::AccountId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::session::PasswordInput;
use crate::Web;
use crate::auth::{Auth, Identified};
use crate::idempotency::GivenOnce;
use crate::input::Body;
use crate::problem::Result;

/// The routes.
pub fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new()
        .routes(routes!(read, update))
        .routes(routes!(change_password))
        .routes(routes!(begin_second_factor))
        .routes(routes!(confirm_second_factor))
        .routes(routes!(remove_second_factor))
        .routes(routes!(renew_recovery_codes))
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
    /// Whether they have a password.
    pub password: bool,
    /// The session they came with, if they came with one.
    pub session: Option<Uuid>,
    /// The language they are written to in, as a BCP 47 tag.
    pub language: Option<String>,
    /// Their IANA time zone; absent for contacts.
    pub time_zone: Option<String>,
    /// How far they are with their second factor.
    pub second_factor: SecondFactorBody,
}

/// How far somebody is with their second factor.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SecondFactor)]
pub struct SecondFactorBody {
    /// Whether a sign-in by a password or a link asks for it.
    pub enabled: bool,
    /// Whether one of their roles requires it. Until it is enabled, they can do nothing but set it up.
    pub required: bool,
    /// Whether an authenticator that shows codes is set up.
    pub authenticator: bool,
    /// How many passkeys they have. Where a second factor is required, one is enough.
    pub passkeys: u32,
    /// How many recovery codes are left.
    pub recovery_codes: u32,
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

impl MeBody {
    /// Who a caller is.
    pub(super) async fn of(web: &Web, caller: Caller) -> Result<Self> {
        let factor = web.app.second_factor(&caller).await?;
        let profile = web.app.profile(&caller).await?;
        let (language, time_zone) = profile.map_or((None, None), |profile| {
            (profile.language, profile.time_zone)
        });
        let password = web.app.has_password(&caller).await?;
        let (kind, id) = person(caller.actor);
        let permissions = caller.permissions.iter();
        Ok(Self {
            kind,
            id,
            email: caller.email,
            account: caller.account.map(AccountId::uuid),
            permissions: permissions.map(ToString::to_string).collect(),
            name: caller.name,
            password,
            roles: caller.roles.into_iter().map(String::from).collect(),
            session: match caller.credential {
                Credential::Session(id) => Some(id.uuid()),
                Credential::Token(_) | Credential::Machine => None,
            },
            language,
            time_zone,
            second_factor: SecondFactorBody {
                enabled: factor.is_enabled,
                required: factor.is_required,
                authenticator: factor.has_authenticator,
                passkeys: factor.passkeys,
                recovery_codes: factor.recovery_codes,
            },
        })
    }
}

/// A change of what somebody says of themselves; what is absent stays.
#[derive(Deserialize, ToSchema)]
#[schema(as = MeInput)]
#[serde(deny_unknown_fields)]
struct MeInput {
    /// Their name.
    name: Option<String>,
    /// The language they are written to in, as a BCP 47 tag.
    language: Option<String>,
    /// Their IANA time zone, of those who serve.
    time_zone: Option<String>,
}

/// A change of one's own password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PasswordChangeInput {
    /// The password until now.
    old: String,
    /// The password from now on, of at least 10 characters.
    password: String,
}

/// What an authenticator is to be told. It is shown once.
#[derive(Serialize, ToSchema)]
#[schema(as = SecondFactorEnrolment)]
struct EnrolmentBody {
    /// The secret in base32, to be typed where no picture can be taken.
    secret: String,
    /// The same as an `otpauth` address.
    url: String,
    /// The address as a QR code: an SVG picture.
    picture: String,
}

/// A code that an authenticator shows.
#[derive(Deserialize, ToSchema)]
#[schema(as = SecondFactorCodeInput)]
#[serde(deny_unknown_fields)]
struct CodeInput {
    /// The code.
    code: String,
}

/// Codes that take the authenticator's place, once each. They are shown once.
#[derive(Serialize, ToSchema)]
#[schema(as = RecoveryCodes)]
struct RecoveryCodesBody {
    /// The codes.
    recovery_codes: Vec<String>,
}

/// Say who one is and what one may do.
#[utoipa::path(get, path = "/me", tag = "me",
    responses((status = 200, body = MeBody)))]
async fn read(State(web): State<Web>, Identified(caller): Identified) -> Result<Json<MeBody>> {
    Ok(Json(MeBody::of(&web, caller).await?))
}

/// Change one's name, language and time zone.
#[utoipa::path(patch, path = "/me", tag = "me", request_body = MeInput,
    responses((status = 200, body = MeBody)))]
async fn update(
    State(web): State<Web>,
    Auth(caller): Auth,
    Body(input): Body<MeInput>,
) -> Result<Json<MeBody>> {
    let change = ProfileChange {
        name: input.name,
        language: input.language,
        time_zone: input.time_zone,
    };
    web.app.update_profile(&caller, change).await?;
    let profile = web.app.profile(&caller).await?;
    let name = profile.map_or(caller.name.clone(), |profile| profile.name);
    Ok(Json(MeBody::of(&web, Caller { name, ..caller }).await?))
}

/// Change one's own password. One's other sessions end.
#[utoipa::path(put, path = "/me/password", tag = "me", request_body = PasswordChangeInput,
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

/// Begin to set up a second factor. Nothing changes until it is confirmed.
#[utoipa::path(post, path = "/me/second-factor", tag = "me", request_body = PasswordInput,
    responses((status = 201, body = EnrolmentBody)))]
async fn begin_second_factor(
    State(web): State<Web>,
    Identified(caller): Identified,
    Body(input): Body<PasswordInput>,
) -> Result<impl IntoResponse> {
    let Enrolment {
        secret,
        url,
        picture,
    } = web.app.begin_second_factor(&caller, input.password).await?;
    let body = EnrolmentBody {
        secret,
        url,
        picture,
    };
    Ok((StatusCode::CREATED, Extension(GivenOnce), Json(body)))
}

/// Confirm a second factor with a code that it shows. One's other sessions end.
#[utoipa::path(post, path = "/me/second-factor/confirmation", tag = "me", request_body = CodeInput,
    responses((status = 200, body = RecoveryCodesBody)))]
async fn confirm_second_factor(
    State(web): State<Web>,
    Identified(caller): Identified,
    Body(input): Body<CodeInput>,
) -> Result<impl IntoResponse> {
    let recovery_codes = web.app.confirm_second_factor(&caller, &input.code).await?;
    Ok((
        Extension(GivenOnce),
        Json(RecoveryCodesBody { recovery_codes }),
    ))
}

/// Take one's authenticator away, with the recovery codes.
#[utoipa::path(post, path = "/me/second-factor/removal", tag = "me", request_body = PasswordInput,
    responses((status = 204)))]
async fn remove_second_factor(
    State(web): State<Web>,
    Auth(caller): Auth,
    Body(input): Body<PasswordInput>,
) -> Result<StatusCode> {
    web.app
        .remove_second_factor(&caller, input.password)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Get new recovery codes in the place of those one had.
#[utoipa::path(post, path = "/me/second-factor/recovery-codes", tag = "me",
    request_body = PasswordInput, responses((status = 200, body = RecoveryCodesBody)))]
async fn renew_recovery_codes(
    State(web): State<Web>,
    Auth(caller): Auth,
    Body(input): Body<PasswordInput>,
) -> Result<impl IntoResponse> {
    let recovery_codes = web
        .app
        .renew_recovery_codes(&caller, input.password)
        .await?;
    Ok((
        Extension(GivenOnce),
        Json(RecoveryCodesBody { recovery_codes }),
    ))
}
