//! Tickets: requests of customers, their conversations and their clocks.

mod body;
mod clock;
mod input;
mod list;

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use mainstay_app::ticket::StoredTicket;
use mainstay_domain::id::{MessageId, TicketId};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

pub(super) use self::input::{NoTicketKey, TicketKey};

use self::body::{FactBody, MessageBody, TicketBody};
use self::input::{
    BulkChangeInput, MergeInput, NewMessageInput, NewTicketInput, SplitInput, TicketChangeInput,
};
use crate::Web;
use crate::auth::Auth;
use crate::etag::{Known, MaybeIfMatch, Tagged, created};
use crate::input::{Body, Id};
use crate::problem::{Problem, Result};

/// The routes.
pub fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new()
        .routes(routes!(list::list, create))
        .routes(routes!(list::search))
        .routes(routes!(bulk))
        .routes(routes!(read, update))
        .routes(routes!(messages, add_message))
        .routes(routes!(history))
        .routes(routes!(clock::list))
        .routes(routes!(clock::explain))
        .routes(routes!(merge))
        .routes(routes!(split))
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
    let ticket = web.app.open_ticket(&caller, request).await?;
    let stored = web.app.ticket(&caller, ticket.id).await?;
    let path = format!("/tickets/{}", ticket.id);
    Ok(created(&path, ticket.version, Json(TicketBody::of(stored))))
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
    let changes = input.into_changes()?;
    web.app
        .change_ticket(&caller, id, &expected, &changes)
        .await?;
    Ok(tagged(web.app.ticket(&caller, id).await?))
}

/// What became of one ticket of several.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BulkOutcome)]
struct BulkOutcomeBody {
    /// The ticket.
    ticket: Uuid,
    /// Whether it was changed.
    done: bool,
    /// Why it was not.
    reason: Option<String>,
}

/// Change several tickets alike, each for itself: one that refuses does not stop the others.
#[utoipa::path(post, path = "/tickets/bulk", tag = "tickets", request_body = BulkChangeInput,
    responses((status = 200, body = Vec<BulkOutcomeBody>)))]
async fn bulk(
    State(web): State<Web>,
    Auth(caller): Auth,
    Body(input): Body<BulkChangeInput>,
) -> Result<Json<Vec<BulkOutcomeBody>>> {
    if input.tickets.len() > 500 {
        return Err(mainstay_app::AppError::invalid("tickets", "at most 500 at once").into());
    }
    let ids: Vec<TicketId> = input.tickets.into_iter().map(Into::into).collect();
    let changes = input.change.into_changes()?;
    let outcomes = web.app.change_tickets(&caller, &ids, &changes).await?;
    let body = |(ticket, outcome): (TicketId, mainstay_app::Result<_>)| BulkOutcomeBody {
        ticket: ticket.uuid(),
        done: outcome.is_ok(),
        reason: outcome
            .err()
            .map(|error| Problem::from(error).detail().to_owned()),
    };
    Ok(Json(outcomes.into_iter().map(body).collect()))
}

/// The conversation of a ticket, oldest first. A portal user is not shown internal notes.
#[utoipa::path(get, path = "/tickets/{id}/messages", tag = "tickets", params(("id" = String, Path)),
    responses((status = 200, body = Vec<MessageBody>)))]
async fn messages(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(key): Id<TicketKey>,
) -> Result<Json<Vec<MessageBody>>> {
    let id = key.find(&web.app, &caller).await?.ticket.id;
    let messages = web.app.messages(&caller, id).await?;
    Ok(Json(messages.into_iter().map(Into::into).collect()))
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
#[utoipa::path(get, path = "/tickets/{id}/history", tag = "tickets", params(("id" = String, Path)),
    responses((status = 200, body = Vec<FactBody>)))]
async fn history(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(key): Id<TicketKey>,
) -> Result<Json<Vec<FactBody>>> {
    let id = key.find(&web.app, &caller).await?.ticket.id;
    let facts = web.app.ticket_history(&caller, id).await?;
    Ok(Json(facts.into_iter().map(Into::into).collect()))
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
    let into = TicketId::from(input.into);
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

fn tagged(stored: StoredTicket) -> Tagged<Json<TicketBody>> {
    Tagged(stored.ticket.version, Json(TicketBody::of(stored)))
}
