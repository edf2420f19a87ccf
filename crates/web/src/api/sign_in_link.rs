//! Links by mail: to sign in without a password, and to set a password that was forgotten.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use mainstay_app::second_factor::Proof;
use mainstay_app::sign_in_link::OpenedLink;
use mainstay_domain::sign_in_link::LinkPurpose;
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::me::MeBody;
use super::session::welcome;
use crate::Web;
use crate::auth;
use crate::input::Body;
use crate::peer::Peer;
use crate::problem::Result;

/// The routes.
pub fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new()
        .routes(routes!(create))
        .routes(routes!(sign_in))
        .routes(routes!(set_password))
}

/// A link that somebody asks for.
#[derive(Deserialize, ToSchema)]
#[schema(as = SignInLinkInput)]
#[serde(deny_unknown_fields)]
struct LinkInput {
    /// The address to send it to.
    email: String,
    /// What it is for.
    purpose: PurposeBody,
}

/// What a link is for.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[schema(as = SignInLinkPurpose)]
#[serde(rename_all = "snake_case")]
enum PurposeBody {
    /// To sign in to the portal without a password.
    SignIn,
    /// To set a new password.
    NewPassword,
}

impl From<PurposeBody> for LinkPurpose {
    fn from(purpose: PurposeBody) -> Self {
        match purpose {
            PurposeBody::SignIn => Self::SignIn,
            PurposeBody::NewPassword => Self::NewPassword,
        }
    }
}

/// A link that was opened.
#[derive(Deserialize, ToSchema)]
#[schema(as = SignInByLinkInput)]
#[serde(deny_unknown_fields)]
struct OpenedInput {
    /// What stands in the link after `#`.
    token: String,
    /// The code that their authenticator shows, or a recovery code, of those who have a second factor.
    code: Option<String>,
    /// In the place of a code: what a passkey of theirs answered to a challenge of `/passkeys/challenges`, as WebAuthn's
    /// `AuthenticationResponseJSON`.
    #[schema(value_type = Option<Object>)]
    passkey: Option<Value>,
}

/// A password set by a link.
#[derive(Deserialize, ToSchema)]
#[schema(as = PasswordByLinkInput)]
#[serde(deny_unknown_fields)]
struct NewPasswordInput {
    /// What stands in the link after `#`.
    token: String,
    /// The password from now on, of at least 10 characters.
    password: String,
}

/// Ask for a link by mail. The answer is the same whether the address is somebody's or not.
#[utoipa::path(post, path = "/sign-in-links", tag = "sign_in_links", request_body = LinkInput, security(()),
    responses((status = 202, description = "A link is sent if the address is somebody's")))]
async fn create(
    State(web): State<Web>,
    Peer(address): Peer,
    Body(input): Body<LinkInput>,
) -> Result<StatusCode> {
    web.app
        .ask_for_link(input.purpose.into(), &input.email, address)
        .await?;
    Ok(StatusCode::ACCEPTED)
}

/// Sign in by a link. It serves once. The answer sets a cookie.
#[utoipa::path(post, path = "/sign-in-links/session", tag = "sign_in_links", request_body = OpenedInput,
    security(()), responses((status = 201, body = MeBody)))]
async fn sign_in(
    State(web): State<Web>,
    Peer(address): Peer,
    headers: HeaderMap,
    Body(input): Body<OpenedInput>,
) -> Result<Response> {
    let opened = OpenedLink {
        token: input.token,
        proof: Proof {
            code: input.code,
            passkey: input.passkey,
        },
        user_agent: auth::user_agent(&headers),
        address,
    };
    welcome(&web, web.app.sign_in_by_link(opened).await?).await
}

/// Set a password by a link. It serves once; every session of theirs ends.
#[utoipa::path(put, path = "/sign-in-links/password", tag = "sign_in_links",
    request_body = NewPasswordInput, security(()), responses((status = 204)))]
async fn set_password(
    State(web): State<Web>,
    Body(input): Body<NewPasswordInput>,
) -> Result<StatusCode> {
    web.app
        .set_password_by_link(&input.token, input.password)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
