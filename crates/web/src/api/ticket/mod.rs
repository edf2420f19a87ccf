//! Tickets: requests of customers, their conversations and their clocks.

mod body;
mod bulk;
mod clock;
mod desk;
mod fact;
mod input;
mod list;
mod preview;
mod reason;

use axum::Json;
use axum::extract::{OriginalUri, State};
use axum::response::Response;
use mainstay_app::ticket::StoredTicket;
use mainstay_domain::id::{MacroId, MessageId};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) use self::body::{ActorBody, TicketBody};
pub(super) use self::input::{NoTicketKey, TicketKey};

use self::body::MessageBody;
use self::fact::FactBody;
use self::input::{
    MergeInput, NewMessageInput, NewTicketInput, RatingInput, SplitInput, TicketChangeInput,
};
pub(super) use self::list::ListTickets;
use crate::Web;
use crate::auth::Auth;
use crate::etag::{Known, MaybeIfMatch, Tagged, created};
use crate::input::{Body, Id, InnerId, Parameters};
use crate::page::{self, ListQuery, Page};
use crate::problem::Result;

/// The routes.
pub fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new()
        .routes(routes!(list::list, create))
        .routes(routes!(list::count))
        .routes(routes!(list::search))
        .routes(routes!(bulk::change))
        .routes(routes!(bulk::undo))
        .routes(routes!(read, update))
        .routes(routes!(messages, add_message))
        .routes(routes!(history))
        .routes(routes!(clock::list))
        .routes(routes!(clock::explain))
        .routes(routes!(merge))
        .routes(routes!(preview::merge))
        .routes(routes!(desk::list))
        .routes(routes!(desk::read, desk::keep, desk::discard))
        .routes(routes!(desk::send, desk::hold))
        .routes(routes!(desk::others, desk::be, desk::leave))
        .routes(routes!(rate))
        .routes(routes!(split))
        .routes(routes!(preview::split))
        .routes(routes!(preview_macro, apply_macro))
}

/// Open a ticket. Its clocks start at once.
#[utoipa::path(post, path = "/tickets", tag = "tickets", request_body = NewTicketInput,
    responses((status = 201, body = TicketBody)))]
async fn create(
    State(web): State<Web>,
    Auth(caller): Auth,
    Body(input): Body<NewTicketInput>,
) -> Result<Response> {
    let request = input.into_request(&web.app, &caller)?;
    let stored = web.app.open_ticket(&caller, request).await?;
    let path = format!("/tickets/{}", stored.ticket.id);
    let version = stored.ticket.version;
    Ok(created(&path, version, Json(TicketBody::of(stored))))
}

/// Read a ticket, by its identifier or its number.
#[utoipa::path(get, path = "/tickets/{id}", tag = "tickets", params(("id" = String, Path)),
    responses((status = 200, body = TicketBody), (status = 304)))]
async fn read(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(key): Id<TicketKey>,
    known: Known,
) -> Result<Response> {
    let stored = key.find(&web.app, &caller).await?;
    Ok(known.answer(stored.ticket.version, Json(TicketBody::of(stored))))
}

/// Change a ticket: everything that is given, or nothing. Its clocks follow at once.
#[utoipa::path(patch, path = "/tickets/{id}", tag = "tickets", request_body = TicketChangeInput,
    params(("id" = String, Path), ("if-match" = Option<String>, Header)),
    responses((status = 200, body = TicketBody)))]
async fn update(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(key): Id<TicketKey>,
    MaybeIfMatch(expected): MaybeIfMatch,
    Body(input): Body<TicketChangeInput>,
) -> Result<Tagged<Json<TicketBody>>> {
    let id = key.find(&web.app, &caller).await?.ticket.id;
    let changes = input.into_changes(&web.app, &caller).await?;
    web.app
        .change_ticket(&caller, id, &expected, &changes)
        .await?;
    Ok(tagged(web.app.ticket(&caller, id).await?))
}

/// Rate how a ticket was handled, once it is resolved. For its customer; rated again within two weeks, the rating changes.
#[utoipa::path(put, path = "/tickets/{id}/rating", tag = "tickets", params(("id" = String, Path)),
    request_body = RatingInput, responses((status = 200, body = TicketBody)))]
async fn rate(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(key): Id<TicketKey>,
    Body(input): Body<RatingInput>,
) -> Result<Tagged<Json<TicketBody>>> {
    let id = key.find(&web.app, &caller).await?.ticket.id;
    web.app
        .rate_ticket(&caller, id, input.score.into(), input.comment)
        .await?;
    Ok(tagged(web.app.ticket(&caller, id).await?))
}

/// The conversation of a ticket, oldest first. A portal user is not shown internal notes.
#[utoipa::path(get, path = "/tickets/{id}/messages", tag = "tickets", 
    params(("id" = String, Path), ListQuery), responses((status = 200, body = Page<MessageBody>)))]
async fn messages(
    State(web): State<Web>,
    Auth(caller): Auth,
    OriginalUri(uri): OriginalUri,
    Id(key): Id<TicketKey>,
    Parameters(part): Parameters<ListQuery>,
) -> Result<Json<Page<MessageBody>>> {
    let id = key.find(&web.app, &caller).await?.ticket.id;
    let part = page::request("messages", part.limit, part.cursor.as_deref())?;
    let found = web.app.messages(&caller, id, part).await?;
    let form = |message| MessageBody::of(message, &caller);
    Ok(Json(page::of(&uri, "messages", found, form)))
}

/// Write a public reply or an internal note. A public reply of those who serve goes out to the customer.
#[utoipa::path(post, path = "/tickets/{id}/messages", tag = "tickets", request_body = NewMessageInput,
    params(("id" = String, Path)), responses((status = 201, body = TicketBody)))]
async fn add_message(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(key): Id<TicketKey>,
    Body(input): Body<NewMessageInput>,
) -> Result<Response> {
    let id = key.find(&web.app, &caller).await?.ticket.id;
    let (message, then) = input.text(&web.app, &caller);
    let ticket = web.app.add_message(&caller, id, message, then).await?;
    let stored = web.app.ticket(&caller, id).await?;
    let path = format!("/tickets/{id}/messages");
    Ok(created(&path, ticket.version, Json(TicketBody::of(stored))))
}

/// Every fact of a ticket, in the order in which they were recorded: who did what, and when.
#[utoipa::path(get, path = "/tickets/{id}/history", tag = "tickets", 
    params(("id" = String, Path), ListQuery), responses((status = 200, body = Page<FactBody>)))]
async fn history(
    State(web): State<Web>,
    Auth(caller): Auth,
    OriginalUri(uri): OriginalUri,
    Id(key): Id<TicketKey>,
    Parameters(part): Parameters<ListQuery>,
) -> Result<Json<Page<FactBody>>> {
    let id = key.find(&web.app, &caller).await?.ticket.id;
    let part = page::request("history", part.limit, part.cursor.as_deref())?;
    let found = web.app.ticket_history(&caller, id, part).await?;
    let tokens = web.app.ticket_tokens(&caller, id).await?;
    let body = |fact| FactBody::of(fact, &tokens);
    Ok(Json(page::of(&uri, "history", found, body)))
}

/// Merge a ticket into another. Its conversation goes over, the earlier starts of clocks are kept, its own clocks are
/// cancelled.
#[utoipa::path(post, path = "/tickets/{id}/merge", tag = "tickets", request_body = MergeInput,
    params(("id" = String, Path)), responses((status = 200, body = TicketBody)))]
async fn merge(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(key): Id<TicketKey>,
    Body(input): Body<MergeInput>,
) -> Result<Tagged<Json<TicketBody>>> {
    let from = key.find(&web.app, &caller).await?.ticket.id;
    let into = input.into.resolve(&web.app, &caller, "into").await?;
    web.app.merge_ticket(&caller, from, into).await?;
    Ok(tagged(web.app.ticket(&caller, into).await?))
}

/// Split messages off into a new ticket, whose clocks start with the first of them.
#[utoipa::path(post, path = "/tickets/{id}/split", tag = "tickets", request_body = SplitInput,
    params(("id" = String, Path)), responses((status = 201, body = TicketBody)))]
async fn split(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(key): Id<TicketKey>,
    Body(input): Body<SplitInput>,
) -> Result<Response> {
    let from = key.find(&web.app, &caller).await?.ticket.id;
    let messages: Vec<MessageId> = input.messages.into_iter().map(Into::into).collect();
    let ticket = web
        .app
        .split_ticket(&caller, from, &messages, &input.subject)
        .await?;
    let stored = web.app.ticket(&caller, ticket.id).await?;
    let path = format!("/tickets/{}", ticket.id);
    Ok(created(&path, ticket.version, Json(TicketBody::of(stored))))
}

/// What a macro would do to a ticket.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MacroPreview)]
struct MacroPreviewBody {
    /// The ticket as it would be.
    ticket: TicketBody,
    /// What would be said, in order, its variables filled in.
    messages: Vec<SaidBody>,
    /// The facts that would be recorded.
    facts: Vec<FactBody>,
}

/// What a macro would say.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Said)]
struct SaidBody {
    /// `public` or `internal`.
    visibility: &'static str,
    /// What would be said.
    text: String,
}

/// See what a macro would do to a ticket. Nothing is changed.
#[utoipa::path(get, path = "/tickets/{id}/macros/{macro}", tag = "tickets",
    params(("id" = String, Path), ("macro" = uuid::Uuid, Path)),
    responses((status = 200, body = MacroPreviewBody)))]
async fn preview_macro(
    State(web): State<Web>,
    Auth(caller): Auth,
    InnerId(key, macro_): InnerId<TicketKey, MacroId>,
) -> Result<Json<MacroPreviewBody>> {
    let id = key.find(&web.app, &caller).await?.ticket.id;
    let preview = web.app.preview_macro(&caller, id, macro_).await?;
    let said = |(visibility, text)| SaidBody {
        visibility: body::visibility(visibility),
        text,
    };
    Ok(Json(MacroPreviewBody {
        ticket: TicketBody::of(preview.ticket),
        messages: preview.says.into_iter().map(said).collect(),
        facts: preview
            .facts
            .into_iter()
            .map(|fact| FactBody::of(fact, &[]))
            .collect(),
    }))
}

/// Apply a macro to a ticket: all of its actions, or none.
#[utoipa::path(post, path = "/tickets/{id}/macros/{macro}", tag = "tickets",
    params(("id" = String, Path), ("macro" = uuid::Uuid, Path)),
    responses((status = 200, body = TicketBody)))]
async fn apply_macro(
    State(web): State<Web>,
    Auth(caller): Auth,
    InnerId(key, macro_): InnerId<TicketKey, MacroId>,
) -> Result<Tagged<Json<TicketBody>>> {
    let id = key.find(&web.app, &caller).await?.ticket.id;
    web.app.apply_macro(&caller, id, macro_).await?;
    Ok(tagged(web.app.ticket(&caller, id).await?))
}

fn tagged(stored: StoredTicket) -> Tagged<Json<TicketBody>> {
    Tagged(stored.ticket.version, Json(TicketBody::of(stored)))
}
