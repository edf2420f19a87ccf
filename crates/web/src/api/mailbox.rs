//! Mailboxes: those of the settings, shown, and those that an administrator sets up.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use mainstay_app::mailbox::{MailboxChange, MailboxView, OAuthChange, SecretChange, ServerChange};
use mainstay_app::secret::fingerprint;
use mainstay_app::{AppError, Fault};
use mainstay_domain::id::{MailboxId, TeamId};
use mainstay_domain::mailbox::{
    MailCredential, MailHealth, MailSecurity, MailServer, MailStep, Mailbox,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::mail_test::TestBody;
use crate::Web;
use crate::auth::Auth;
use crate::etag::{IfMatch, Known, Tagged, created};
use crate::input::{Body, Id, Parameters, change, given};
use crate::page::Page;
use crate::problem::Result;

/// The routes.
pub fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(read, update, remove))
        .routes(routes!(test))
}

/// A mailbox: an address of ours, where its mail is read, and what sends in its name.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Mailbox)]
struct MailboxBody {
    /// Identifies it; absent for one of the settings, which nobody changes here.
    id: Option<Uuid>,
    /// The address that people write to.
    address: String,
    /// The team that new tickets from it go to; the policy's rules choose where it is absent.
    team: Option<Uuid>,
    /// Where its mail is read by IMAP.
    incoming: Option<ServerBody>,
    /// The server that takes what is written in its name.
    outgoing: Option<ServerBody>,
    /// Whether answers go to signed addresses (`name+anything@domain`), which its server must deliver to it.
    signed_replies: bool,
    /// The name by which its server signs its verdicts on senders (`Authentication-Results`).
    authserv_id: Option<String>,
    /// Whether it is in use; one that is paused is neither read nor sent from, and what is to be sent waits.
    active: bool,
    /// When it was made; absent for one of the settings.
    created_at: Option<Timestamp>,
}

/// A mail server. Its secrets are never given out.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MailServer)]
struct ServerBody {
    /// Its host.
    host: String,
    /// Its port.
    port: u16,
    /// How the connection is secured: `tls`, `starttls`, or `none` within the machine itself.
    security: &'static str,
    /// Who signs in.
    user: Option<String>,
    /// What they sign in with: `password` or `oauth`; absent where nobody signs in.
    sign_in: Option<&'static str>,
    /// How tokens are asked for, where they sign in with tokens.
    oauth: Option<OAuthBody>,
    /// The folder that is read; absent for a server that sends.
    folder: Option<String>,
}

/// How tokens for a mail server are asked for.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MailOAuth)]
struct OAuthBody {
    /// The address that gives them.
    token_url: String,
    /// What the provider calls us.
    client_id: String,
    /// What the token is to permit.
    scope: Option<String>,
    /// Whether a client secret is kept.
    has_client_secret: bool,
    /// Whether a refresh token is kept: then a person agreed, else we ask in our own name.
    has_refresh_token: bool,
}

impl MailboxBody {
    fn of(mailbox: Mailbox, is_set: bool) -> Self {
        let incoming = mailbox.incoming.map(|incoming| ServerBody {
            folder: Some(incoming.folder),
            ..incoming.server.into()
        });
        Self {
            id: (!is_set).then(|| mailbox.id.uuid()),
            address: mailbox.address,
            team: mailbox.team.map(TeamId::uuid),
            incoming,
            outgoing: mailbox.outgoing.map(Into::into),
            signed_replies: mailbox.signed_replies,
            authserv_id: mailbox.authserv_id,
            active: mailbox.active,
            created_at: (!is_set).then_some(mailbox.created_at),
        }
    }
}

impl From<MailServer> for ServerBody {
    fn from(server: MailServer) -> Self {
        let (user, credential) = match server.sign_in {
            Some(sign_in) => (Some(sign_in.user), Some(sign_in.credential)),
            None => (None, None),
        };
        let (sign_in, oauth) = match credential {
            None => (None, None),
            Some(MailCredential::Password(_)) => (Some("password"), None),
            Some(MailCredential::OAuth(oauth)) => (
                Some("oauth"),
                Some(OAuthBody {
                    token_url: oauth.token_url,
                    client_id: oauth.client_id,
                    scope: oauth.scope,
                    has_client_secret: oauth.client_secret.is_some(),
                    has_refresh_token: oauth.refresh_token.is_some(),
                }),
            ),
        };
        Self {
            host: server.host,
            port: server.port,
            security: match server.security {
                MailSecurity::Tls => "tls",
                MailSecurity::Starttls => "starttls",
                MailSecurity::None => "none",
            },
            user,
            sign_in,
            oauth,
            folder: None,
        }
    }
}

/// A mailbox, and how it does.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MailboxState)]
struct StateBody {
    /// The mailbox.
    #[serde(flatten)]
    mailbox: MailboxBody,
    /// How it was found when it was last read.
    reading: HealthBody,
    /// How its server was found when it was last sent through.
    sending: HealthBody,
    /// How many mails came in since the instant that was asked for.
    received: u64,
}

/// How a mail server was found.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MailHealth)]
struct HealthBody {
    /// When it last did what it was asked; told to the minute.
    worked_at: Option<Timestamp>,
    /// When it last failed; absent where it has worked since.
    failed_at: Option<Timestamp>,
    /// The step that failed: `reach`, `sign_in`, `open_folder` or `hand_over`.
    step: Option<&'static str>,
    /// Why it failed, in the server's words where it said something.
    reason: Option<String>,
}

impl From<MailHealth> for HealthBody {
    fn from(health: MailHealth) -> Self {
        let fault = health.fault;
        Self {
            worked_at: health.worked_at,
            failed_at: fault.as_ref().map(|fault| fault.at),
            step: fault.as_ref().map(|fault| step(fault.step)),
            reason: fault.map(|fault| fault.reason),
        }
    }
}

/// The name of a step.
pub(super) fn step(step: MailStep) -> &'static str {
    match step {
        MailStep::Reach => "reach",
        MailStep::SignIn => "sign_in",
        MailStep::OpenFolder => "open_folder",
        MailStep::HandOver => "hand_over",
    }
}

impl From<MailboxView> for StateBody {
    fn from(view: MailboxView) -> Self {
        Self {
            mailbox: MailboxBody::of(view.mailbox, view.is_set),
            reading: view.reading.into(),
            sending: view.sending.into(),
            received: view.received,
        }
    }
}

/// What a mailbox is to be. What is left out stays as it is; a new one needs an address and a server.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct MailboxInput {
    /// The address that people write to.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = String)]
    address: Option<String>,
    /// The team that new tickets from it go to; null lets the policy's rules choose.
    #[serde(default, deserialize_with = "change")]
    #[schema(value_type = Option<Uuid>)]
    team: Option<Option<Uuid>>,
    /// Where its mail is read by IMAP; null to read none.
    #[serde(default, deserialize_with = "change")]
    #[schema(value_type = Option<MailServerInput>)]
    incoming: Option<Option<MailServerInput>>,
    /// The server that takes what is written in its name; null for none.
    #[serde(default, deserialize_with = "change")]
    #[schema(value_type = Option<MailServerInput>)]
    outgoing: Option<Option<MailServerInput>>,
    /// Whether answers go to signed addresses, which its server must deliver to it.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = bool)]
    signed_replies: Option<bool>,
    /// The name by which its server signs its verdicts on senders.
    #[serde(default, deserialize_with = "change")]
    #[schema(value_type = Option<String>)]
    authserv_id: Option<Option<String>>,
    /// Whether it is in use.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = bool)]
    active: Option<bool>,
}

/// A mail server as a whole. A secret that is left out stays as long as it goes to the same server for the same user.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct MailServerInput {
    /// Its host.
    host: String,
    /// Its port; the usual one when left out.
    port: Option<u16>,
    /// How the connection is secured; `tls` when left out.
    #[serde(default)]
    security: SecurityInput,
    /// Who signs in; nobody when left out, which only a server that sends may allow.
    user: Option<String>,
    /// Their password.
    password: Option<String>,
    /// How tokens are asked for, in the place of a password.
    oauth: Option<MailOAuthInput>,
    /// The folder that is read, `INBOX` when left out.
    folder: Option<String>,
}

/// How a connection is secured.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[schema(as = MailSecurity)]
#[serde(rename_all = "snake_case")]
enum SecurityInput {
    /// TLS from the first byte.
    #[default]
    Tls,
    /// TLS after a greeting, or nothing.
    Starttls,
    /// None, within the machine itself only.
    None,
}

/// How tokens are asked for (XOAUTH2). A secret that is left out stays; an empty one is removed.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct MailOAuthInput {
    /// The address that gives them.
    token_url: String,
    /// What the provider calls us.
    client_id: String,
    /// Our secret there.
    client_secret: Option<String>,
    /// What a person agreed to; without one we ask in our own name.
    refresh_token: Option<String>,
    /// What the token is to permit.
    scope: Option<String>,
}

impl MailboxInput {
    /// # Errors
    /// [`AppError::Invalid`] where a server is given two secrets.
    fn change(self) -> mainstay_app::Result<MailboxChange> {
        let server = |part, given: Option<Option<MailServerInput>>| {
            let change = |given: Option<MailServerInput>| given.map(|it| it.change(part));
            given.map(|given| change(given).transpose()).transpose()
        };
        let input = self;
        Ok(MailboxChange {
            address: input.address,
            team: input.team.map(|team| team.map(TeamId::from)),
            incoming: server("incoming", input.incoming)?,
            outgoing: server("outgoing", input.outgoing)?,
            signed_replies: input.signed_replies,
            authserv_id: input.authserv_id,
            active: input.active,
        })
    }
}

impl MailServerInput {
    fn change(self, part: &str) -> mainstay_app::Result<ServerChange> {
        let input = self;
        let secret = match (input.oauth, input.password) {
            (Some(_), Some(_)) => {
                return Err(AppError::Invalid(vec![Fault {
                    path: vec![part.to_owned(), "password".to_owned()],
                    detail: "a password or tokens, not both".to_owned(),
                }]));
            }
            (Some(oauth), None) => Some(SecretChange::OAuth(OAuthChange {
                token_url: oauth.token_url,
                client_id: oauth.client_id,
                client_secret: oauth.client_secret,
                refresh_token: oauth.refresh_token,
                scope: oauth.scope,
            })),
            (None, password) => password.map(SecretChange::Password),
        };
        Ok(ServerChange {
            host: input.host,
            port: input.port,
            security: match input.security {
                SecurityInput::Tls => MailSecurity::Tls,
                SecurityInput::Starttls => MailSecurity::Starttls,
                SecurityInput::None => MailSecurity::None,
            },
            user: input.user,
            secret,
            folder: input.folder,
        })
    }
}

/// Since when mails are counted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Since {
    /// Count the mails that came in since this instant, a month ago at most; since a day ago when left out.
    since: Option<Timestamp>,
}

/// List the mailboxes with how each does, those of the settings first.
#[utoipa::path(get, path = "/mailboxes", tag = "mailboxes", params(Since),
    responses((status = 200, body = Page<StateBody>)))]
async fn list(
    State(web): State<Web>,
    Auth(caller): Auth,
    Parameters(query): Parameters<Since>,
) -> Result<Json<Page<StateBody>>> {
    let mailboxes = web.app.mailboxes(&caller, query.since).await?;
    Ok(Json(Page::whole(mailboxes.into_iter().map(Into::into))))
}

/// Set a mailbox up. It is read, and sent from, within a second.
#[utoipa::path(post, path = "/mailboxes", tag = "mailboxes", request_body = MailboxInput,
    responses((status = 201, body = MailboxBody)))]
async fn create(
    State(web): State<Web>,
    Auth(caller): Auth,
    Body(input): Body<MailboxInput>,
) -> Result<Response> {
    let mailbox = web.app.create_mailbox(&caller, input.change()?).await?;
    let path = format!("/mailboxes/{}", mailbox.id);
    let version = fingerprint(&mailbox);
    let body = MailboxBody::of(mailbox, false);
    Ok(created(&path, version, Json(body)).into_response())
}

/// Read a mailbox that was set up.
#[utoipa::path(get, path = "/mailboxes/{id}", tag = "mailboxes", params(("id" = Uuid, Path)),
    responses((status = 200, body = MailboxBody), (status = 304)))]
async fn read(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(id): Id<MailboxId>,
    known: Known,
) -> Result<Response> {
    let mailbox = web.app.mailbox(&caller, id).await?;
    let version = fingerprint(&mailbox);
    Ok(known.answer(version, Json(MailboxBody::of(mailbox, false))))
}

/// Change a mailbox, pause it or take it up again.
#[utoipa::path(patch, path = "/mailboxes/{id}", tag = "mailboxes", request_body = MailboxInput,
    params(("id" = Uuid, Path), ("if-match" = String, Header)),
    responses((status = 200, body = MailboxBody)))]
async fn update(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(id): Id<MailboxId>,
    IfMatch(expected): IfMatch,
    Body(input): Body<MailboxInput>,
) -> Result<Tagged<Json<MailboxBody>>> {
    let mailbox = web
        .app
        .update_mailbox(&caller, id, &expected, input.change()?)
        .await?;
    Ok(Tagged(
        fingerprint(&mailbox),
        Json(MailboxBody::of(mailbox, false)),
    ))
}

/// Remove a mailbox. The mail that came and went by it stays.
#[utoipa::path(delete, path = "/mailboxes/{id}", tag = "mailboxes", params(("id" = Uuid, Path)),
    responses((status = 204)))]
async fn remove(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(id): Id<MailboxId>,
) -> Result<StatusCode> {
    web.app.remove_mailbox(&caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Test a mailbox: open it, and send a mail by it to itself. Whether that arrives is asked for at `/mail/tests/{id}`, by the
/// test's id.
#[utoipa::path(post, path = "/mailboxes/{id}/tests", tag = "mailboxes", params(("id" = Uuid, Path)),
    responses((status = 201, body = TestBody)))]
async fn test(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(id): Id<MailboxId>,
) -> Result<(StatusCode, Json<TestBody>)> {
    let test = web.app.test_mailbox(&caller, id).await?;
    Ok((StatusCode::CREATED, Json(test.into())))
}
