//! Mail: what was received and where it went, and what could not be delivered.

use axum::Json;
use axum::body::Body as Content;
use axum::extract::{OriginalUri, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use jiff::Timestamp;
use mainstay_app::AppError;
use mainstay_app::mail::{FilingDecision, RefileInto};
use mainstay_domain::id::{OutgoingMailId, RawMailId};
use mainstay_domain::mail::{OutgoingMail, OutgoingMailState, RawMail, RawMailState};
use mainstay_domain::role::Permission;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::attachment::save;
use super::ticket::TicketKey;
use crate::Web;
use crate::auth::Auth;
use crate::input::{Binary, Body, Id, Parameters};
use crate::page::{self, Limit, Page};
use crate::problem::{Kind, Problem, Result};

/// The routes.
pub fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new()
        .routes(routes!(receive))
        .routes(routes!(received))
        .routes(routes!(read))
        .routes(routes!(raw))
        .routes(routes!(replay))
        .routes(routes!(refile))
        .routes(routes!(accept))
        .routes(routes!(outgoing))
        .routes(routes!(dead))
        .routes(routes!(resend))
}

/// A mail that is safe in the store.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MailReceipt)]
struct ReceiptBody {
    /// Under which identifier.
    id: Uuid,
    /// Whether it was new: the same mail is kept once, however often it is handed over.
    new: bool,
}

/// A mail as it was received.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReceivedMail)]
struct ReceivedBody {
    /// Identifies it.
    id: Uuid,
    /// By which way it came: `pipe`, `http`, or `imap:` and the mailbox's name.
    source: String,
    /// Its own message id.
    message_id: Option<String>,
    /// The SHA-256 of its bytes, in hexadecimal.
    sha256: String,
    /// When it was received.
    received_at: Timestamp,
    /// `new` until it is read, then `parsed`, `ignored` (a loop, a flood, a bounce of nothing), `failed`, or `held` until
    /// somebody accepts it: it bears an agent's address and is not proven to be theirs.
    state: &'static str,
    /// Where it went, and why.
    decision: Option<DecisionBody>,
    /// The ticket it went to.
    ticket: Option<Uuid>,
    /// The message it became.
    message: Option<Uuid>,
    /// Why it could not be filed, when it failed.
    error: Option<String>,
}

/// Where a mail went, and why.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FilingDecision)]
struct DecisionBody {
    /// `append`, `open`, `hold` or `ignore`.
    route: String,
    /// Why, in a sentence.
    reason: String,
    /// The ticket it went to.
    ticket: Option<Uuid>,
    /// The closed ticket that the new one follows.
    follows: Option<Uuid>,
    /// The sender's address.
    sender: Option<String>,
    /// The agent who decided otherwise than the rules.
    by: Option<Uuid>,
    /// Where it had gone before somebody decided otherwise.
    #[schema(no_recursion)]
    before: Option<Box<DecisionBody>>,
}

impl From<FilingDecision> for DecisionBody {
    fn from(decision: FilingDecision) -> Self {
        Self {
            route: decision.route,
            reason: decision.reason,
            ticket: decision.ticket.map(|id| id.uuid()),
            follows: decision.follows.map(|id| id.uuid()),
            sender: decision.sender,
            by: decision.by.map(|id| id.uuid()),
            before: decision.before.map(|before| Box::new((*before).into())),
        }
    }
}

impl From<RawMail> for ReceivedBody {
    fn from(mail: RawMail) -> Self {
        Self {
            id: mail.id.uuid(),
            decision: FilingDecision::of(&mail).map(Into::into),
            source: mail.source,
            message_id: mail.message_id,
            sha256: mail.digest.to_string(),
            received_at: mail.received_at,
            state: received_state(mail.state),
            ticket: mail.ticket.map(|id| id.uuid()),
            message: mail.message.map(|id| id.uuid()),
            error: mail.error,
        }
    }
}

/// A mail to be sent, or sent.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OutgoingMail)]
struct OutgoingBody {
    /// Identifies it.
    id: Uuid,
    /// Its message id.
    message_id: String,
    /// The account it concerns.
    account: Option<Uuid>,
    /// The ticket it concerns.
    ticket: Option<Uuid>,
    /// The message it carries.
    message: Option<Uuid>,
    /// To whom.
    recipients: Vec<String>,
    /// Its subject.
    subject: String,
    /// `queued`, `sending`, `sent`, `retry`, or `dead` when it was given up.
    state: &'static str,
    /// How many times sending was tried.
    attempts: u32,
    /// Why the last try failed.
    last_error: Option<String>,
    /// What the server answered when it took the mail.
    receipt: Option<String>,
    /// When it was queued.
    created_at: Timestamp,
    /// When the server took it.
    sent_at: Option<Timestamp>,
}

impl From<OutgoingMail> for OutgoingBody {
    fn from(mail: OutgoingMail) -> Self {
        Self {
            id: mail.id.uuid(),
            message_id: mail.message_id,
            account: mail.account.map(|id| id.uuid()),
            ticket: mail.ticket.map(|id| id.uuid()),
            message: mail.message.map(|id| id.uuid()),
            recipients: mail.recipients,
            subject: mail.subject,
            state: outgoing_state(mail.state),
            attempts: mail.attempts,
            last_error: mail.last_error,
            receipt: mail.receipt,
            created_at: mail.created_at,
            sent_at: mail.sent_at,
        }
    }
}

/// Which received mails to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct ListReceived {
    /// `new`, `parsed`, `held`, `failed` or `ignored`; all when absent.
    state: Option<String>,
    /// How many things a page holds.
    #[param(value_type = Option<u16>, minimum = 1, maximum = 200)]
    limit: Option<Limit>,
    /// Where to go on, from the `next` of the page before.
    cursor: Option<String>,
}

/// Which mails to be sent to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct ListOutgoing {
    /// `queued`, `sending`, `sent`, `retry` or `dead`; all when absent.
    state: Option<String>,
    /// How many things a page holds.
    #[param(value_type = Option<u16>, minimum = 1, maximum = 200)]
    limit: Option<Limit>,
    /// Where to go on, from the `next` of the page before.
    cursor: Option<String>,
}

/// Which part of a list to give.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct ListDead {
    /// How many things a page holds.
    #[param(value_type = Option<u16>, minimum = 1, maximum = 200)]
    limit: Option<Limit>,
    /// Where to go on, from the `next` of the page before.
    cursor: Option<String>,
}

/// Hand over a raw message (RFC 5322), as a mail server does. It is stored as it is; then it is read and filed.
#[utoipa::path(post, path = "/mail", tag = "mail",
    request_body(content = Binary, content_type = "message/rfc822", description = "The raw message."),
    responses((status = 202, body = ReceiptBody)))]
async fn receive(
    State(web): State<Web>,
    Auth(caller): Auth,
    headers: HeaderMap,
    raw: Content,
) -> Result<(StatusCode, Json<ReceiptBody>)> {
    demand_message(&headers)?;
    // Mail has a limit of its own: its files come with it.
    let limit = web.app.options().mail.max_message;
    let raw = axum::body::to_bytes(raw, limit).await.map_err(|_| {
        let told = format!(
            "The message has more than {limit} bytes, which is all that is taken in (mail.max_message), or broke off."
        );
        Problem::new(Kind::TooLarge, told)
    })?;
    let received = web
        .app
        .receive_mail(&caller, raw.into(), "http", web.app.now())
        .await?;
    let receipt = ReceiptBody {
        id: received.id.uuid(),
        new: received.is_new,
    };
    Ok((StatusCode::ACCEPTED, Json(receipt)))
}

fn demand_message(headers: &HeaderMap) -> Result<()> {
    let media_type = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .map(|value| value.trim().to_ascii_lowercase());
    match media_type.as_deref() {
        Some("message/rfc822" | "message/global" | "application/octet-stream") => Ok(()),
        _ => Err(Problem::new(
            Kind::UnsupportedMediaType,
            "The body must be a raw message: send it with `content-type: message/rfc822`.",
        )),
    }
}

/// List received mails, the latest first.
#[utoipa::path(get, path = "/mail/received", tag = "mail", params(ListReceived),
    responses((status = 200, body = Page<ReceivedBody>)))]
async fn received(
    State(web): State<Web>,
    Auth(caller): Auth,
    OriginalUri(uri): OriginalUri,
    Parameters(query): Parameters<ListReceived>,
) -> Result<Json<Page<ReceivedBody>>> {
    let state = chosen(query.state.as_deref(), &RECEIVED_STATES, received_state)?;
    let part = page::request("received", query.limit, query.cursor.as_deref())?;
    let found = web.app.received_mails(&caller, state, part).await?;
    Ok(Json(page::of(&uri, "received", found, ReceivedBody::from)))
}

/// Read what became of a received mail, and why.
#[utoipa::path(get, path = "/mail/received/{id}", tag = "mail", params(("id" = Uuid, Path)),
    responses((status = 200, body = ReceivedBody)))]
async fn read(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(id): Id<RawMailId>,
) -> Result<Json<ReceivedBody>> {
    Ok(Json(web.app.received_mail(&caller, id).await?.into()))
}

/// Download a received mail exactly as it came.
#[utoipa::path(get, path = "/mail/received/{id}/raw", tag = "mail", params(("id" = Uuid, Path)),
    responses((status = 200, body = Binary, content_type = "application/octet-stream")))]
async fn raw(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(id): Id<RawMailId>,
) -> Result<Response> {
    let mail = web.app.received_mail(&caller, id).await?;
    let name = format!("{id}.eml");
    Ok(save(Content::from(mail.bytes), &name, "message/rfc822"))
}

/// Read a received mail again, from its bytes as they came.
#[utoipa::path(post, path = "/mail/received/{id}/replay", tag = "mail", params(("id" = Uuid, Path)),
    responses((status = 200, body = ReceivedBody)))]
async fn replay(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(id): Id<RawMailId>,
) -> Result<Json<ReceivedBody>> {
    web.app.replay_mail(&caller, id).await?;
    Ok(Json(web.app.received_mail(&caller, id).await?.into()))
}

/// Where a mail is to go instead.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = RefileInput)]
#[serde(deny_unknown_fields)]
struct RefileInput {
    /// Into this ticket, by its identifier or its number; into a ticket of its own when absent.
    ticket: Option<String>,
}

/// File a mail elsewhere than the rules did. Clocks count as if it had been there from the start; both tickets record
/// it.
#[utoipa::path(post, path = "/mail/received/{id}/refile", tag = "mail", request_body = RefileInput,
    params(("id" = Uuid, Path)), responses((status = 200, body = ReceivedBody)))]
async fn refile(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(id): Id<RawMailId>,
    Body(input): Body<RefileInput>,
) -> Result<Json<ReceivedBody>> {
    // Asked before the ticket is looked for, so that whoever may not learns nothing of it.
    caller.require(Permission::MergeTickets)?;
    let into = match input.ticket {
        None => RefileInto::NewTicket,
        Some(text) => {
            let key: TicketKey = text.parse().map_err(|error: super::ticket::NoTicketKey| {
                AppError::invalid("ticket", error.to_string())
            })?;
            RefileInto::Ticket(key.find(&web.app, &caller).await?.ticket.id)
        }
    };
    web.app.refile_mail(&caller, id, into).await?;
    Ok(Json(web.app.received_mail(&caller, id).await?.into()))
}

/// Accept a held mail as written by the agent whose address it bears: it is filed as theirs, and goes out to the
/// customer.
#[utoipa::path(post, path = "/mail/received/{id}/accept", tag = "mail", params(("id" = Uuid, Path)),
    responses((status = 200, body = ReceivedBody)))]
async fn accept(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(id): Id<RawMailId>,
) -> Result<Json<ReceivedBody>> {
    web.app.accept_mail(&caller, id).await?;
    Ok(Json(web.app.received_mail(&caller, id).await?.into()))
}

/// List mails to be sent and sent, the latest first.
#[utoipa::path(get, path = "/mail/outgoing", tag = "mail", params(ListOutgoing),
    responses((status = 200, body = Page<OutgoingBody>)))]
async fn outgoing(
    State(web): State<Web>,
    Auth(caller): Auth,
    OriginalUri(uri): OriginalUri,
    Parameters(query): Parameters<ListOutgoing>,
) -> Result<Json<Page<OutgoingBody>>> {
    let state = chosen(query.state.as_deref(), &OUTGOING_STATES, outgoing_state)?;
    let part = page::request("outgoing", query.limit, query.cursor.as_deref())?;
    let found = web.app.outgoing_mails(&caller, state, part).await?;
    Ok(Json(page::of(&uri, "outgoing", found, OutgoingBody::from)))
}

/// List the mails that were given up, the latest first.
#[utoipa::path(get, path = "/mail/dead", tag = "mail", params(ListDead),
    responses((status = 200, body = Page<OutgoingBody>)))]
async fn dead(
    State(web): State<Web>,
    Auth(caller): Auth,
    OriginalUri(uri): OriginalUri,
    Parameters(query): Parameters<ListDead>,
) -> Result<Json<Page<OutgoingBody>>> {
    let part = page::request("dead", query.limit, query.cursor.as_deref())?;
    let found = web.app.dead_letters(&caller, part).await?;
    Ok(Json(page::of(&uri, "dead", found, OutgoingBody::from)))
}

/// Send a mail again that was given up.
#[utoipa::path(post, path = "/mail/dead/{id}/resend", tag = "mail", params(("id" = Uuid, Path)),
    responses((status = 200, body = OutgoingBody)))]
async fn resend(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(id): Id<OutgoingMailId>,
) -> Result<Json<OutgoingBody>> {
    Ok(Json(web.app.resend(&caller, id).await?.into()))
}

const RECEIVED_STATES: [RawMailState; 5] = [
    RawMailState::New,
    RawMailState::Parsed,
    RawMailState::Held,
    RawMailState::Failed,
    RawMailState::Ignored,
];

fn received_state(state: RawMailState) -> &'static str {
    match state {
        RawMailState::New => "new",
        RawMailState::Parsed => "parsed",
        RawMailState::Held => "held",
        RawMailState::Failed => "failed",
        RawMailState::Ignored => "ignored",
    }
}

const OUTGOING_STATES: [OutgoingMailState; 5] = [
    OutgoingMailState::Queued,
    OutgoingMailState::Sending,
    OutgoingMailState::Sent,
    OutgoingMailState::Retry,
    OutgoingMailState::Dead,
];

fn outgoing_state(state: OutgoingMailState) -> &'static str {
    match state {
        OutgoingMailState::Queued => "queued",
        OutgoingMailState::Sending => "sending",
        OutgoingMailState::Sent => "sent",
        OutgoingMailState::Retry => "retry",
        OutgoingMailState::Dead => "dead",
    }
}

/// The state of this name.
fn chosen<S: Copy>(
    text: Option<&str>,
    known: &[S],
    name: impl Fn(S) -> &'static str,
) -> Result<Option<S>> {
    let Some(text) = text else { return Ok(None) };
    let found = known.iter().copied().find(|state| name(*state) == text);
    found.map(Some).ok_or_else(|| {
        let names: Vec<&str> = known.iter().map(|state| name(*state)).collect();
        let told = format!("{text:?} is no state: expected one of {}", names.join(", "));
        Problem::bad_parameter("state", told)
    })
}
