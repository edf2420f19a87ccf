//! What an agent has on their desk: drafts, messages that can still be held back, and who else is at a ticket.

use axum::Json;
use axum::extract::{OriginalUri, State};
use axum::http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use mainstay_app::presence::{Doing, Presence};
use mainstay_domain::draft::Draft;
use mainstay_domain::event::Visibility;
use mainstay_domain::id::AgentId;
use mainstay_domain::name::StatusName;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::body;
use super::input::{TicketKey, VisibilityInput};
use crate::Web;
use crate::auth::Auth;
use crate::input::{Body, Id, Parameters};
use crate::page::{self, ListQuery, Page};
use crate::problem::Result;

/// What an agent writes on a ticket and has not said yet.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Draft)]
pub struct DraftBody {
    /// On which ticket.
    ticket: Uuid,
    /// What is written so far.
    text: String,
    /// `public` or `internal`.
    visibility: &'static str,
    /// The agents it mentions.
    mentions: Vec<Uuid>,
    /// The status the ticket is to have then.
    status: Option<String>,
    /// When it was last changed.
    updated_at: Timestamp,
    /// When it leaves by itself; until then it can be held back.
    leaves_at: Option<Timestamp>,
    /// Why it could not leave, when it should have.
    refused: Option<String>,
}

impl From<Draft> for DraftBody {
    fn from(draft: Draft) -> Self {
        Self {
            ticket: draft.ticket.uuid(),
            text: draft.text,
            visibility: body::visibility(draft.visibility),
            mentions: draft.mentions.into_iter().map(AgentId::uuid).collect(),
            status: draft.status.map(String::from),
            updated_at: draft.updated_at,
            leaves_at: draft.leaves_at,
            refused: draft.refused,
        }
    }
}

/// What an agent writes on a ticket, in place of what was kept.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DraftInput {
    /// What is written so far.
    text: String,
    /// `public` (the default) or `internal`.
    #[serde(default)]
    visibility: VisibilityInput,
    /// The agents it mentions.
    #[serde(default)]
    mentions: Vec<Uuid>,
    /// The status the ticket is to have then, by its name.
    status: Option<String>,
}

/// When to send a draft.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SendInput {
    /// After how many seconds it leaves, 0 to 300; 10 when absent. Until then it can be held back.
    #[schema(minimum = 0, maximum = 300)]
    after_seconds: Option<u32>,
}

/// How long a message can be held back when nobody says.
const USUAL_MOMENT: u32 = 10;

/// List everything one writes, the latest changed first.
#[utoipa::path(get, path = "/drafts", operation_id = "drafts", tag = "tickets", params(ListQuery),
    responses((status = 200, body = Page<DraftBody>)))]
pub(super) async fn list(
    State(web): State<Web>,
    Auth(caller): Auth,
    OriginalUri(uri): OriginalUri,
    Parameters(part): Parameters<ListQuery>,
) -> Result<Json<Page<DraftBody>>> {
    let drafts = web.app.drafts(&caller).await?;
    page::slice(
        &uri,
        "drafts",
        &part,
        drafts,
        |found| found.ticket,
        DraftBody::from,
    )
}

/// Read what one writes on a ticket.
#[utoipa::path(get, path = "/tickets/{id}/draft", operation_id = "read_draft", tag = "tickets",
    params(("id" = String, Path)), responses((status = 200, body = DraftBody)))]
pub(super) async fn read(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(key): Id<TicketKey>,
) -> Result<Json<DraftBody>> {
    let id = key.find(&web.app, &caller).await?.ticket.id;
    Ok(Json(web.app.draft(&caller, id).await?.into()))
}

/// Keep what one writes on a ticket.
#[utoipa::path(put, path = "/tickets/{id}/draft", operation_id = "keep_draft", tag = "tickets",
    request_body = DraftInput, params(("id" = String, Path)), responses((status = 200, body = DraftBody)))]
pub(super) async fn keep(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(key): Id<TicketKey>,
    Body(input): Body<DraftInput>,
) -> Result<Json<DraftBody>> {
    let id = key.find(&web.app, &caller).await?.ticket.id;
    let fill = |draft: &mut Draft| {
        draft.text.clone_from(&input.text);
        draft.visibility = match input.visibility {
            VisibilityInput::Public => Visibility::Public,
            VisibilityInput::Internal => Visibility::Internal,
        };
        draft.mentions = input.mentions.iter().copied().map(AgentId::from).collect();
        draft.status = input.status.clone().map(StatusName::from);
    };
    Ok(Json(web.app.keep_draft(&caller, id, fill).await?.into()))
}

/// Throw away what one writes on a ticket.
#[utoipa::path(delete, path = "/tickets/{id}/draft", operation_id = "discard_draft", tag = "tickets",
    params(("id" = String, Path)), responses((status = 204)))]
pub(super) async fn discard(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(key): Id<TicketKey>,
) -> Result<StatusCode> {
    let id = key.find(&web.app, &caller).await?.ticket.id;
    web.app.discard_draft(&caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Send what one wrote on a ticket, after a moment in which it can be held back. Until it leaves, no clock stops.
#[utoipa::path(post, path = "/tickets/{id}/draft/send", operation_id = "send_draft", tag = "tickets",
    request_body = SendInput, params(("id" = String, Path)), responses((status = 202, body = DraftBody)))]
pub(super) async fn send(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(key): Id<TicketKey>,
    Body(input): Body<SendInput>,
) -> Result<(StatusCode, Json<DraftBody>)> {
    let id = key.find(&web.app, &caller).await?.ticket.id;
    let moment = SignedDuration::from_secs(input.after_seconds.unwrap_or(USUAL_MOMENT).into());
    let draft = web.app.send_draft(&caller, id, moment).await?;
    Ok((StatusCode::ACCEPTED, Json(draft.into())))
}

/// Hold back what is on its way: it is a draft again.
#[utoipa::path(delete, path = "/tickets/{id}/draft/send", operation_id = "hold_draft", tag = "tickets",
    params(("id" = String, Path)), responses((status = 200, body = DraftBody)))]
pub(super) async fn hold(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(key): Id<TicketKey>,
) -> Result<Json<DraftBody>> {
    let id = key.find(&web.app, &caller).await?.ticket.id;
    Ok(Json(web.app.hold_draft(&caller, id).await?.into()))
}

/// Somebody who is at a ticket.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Presence)]
pub struct PresenceBody {
    /// Who.
    agent: Uuid,
    /// What they do.
    doing: DoingBody,
    /// Until when they count as there, unless they say so again.
    until: Timestamp,
}

/// What somebody does at a ticket.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[schema(as = Doing)]
#[serde(rename_all = "snake_case")]
pub enum DoingBody {
    /// Reads it.
    Reading,
    /// Writes on it.
    Typing,
}

impl From<Presence> for PresenceBody {
    fn from(presence: Presence) -> Self {
        Self {
            agent: presence.agent.uuid(),
            doing: match presence.doing {
                Doing::Reading => DoingBody::Reading,
                Doing::Typing => DoingBody::Typing,
            },
            until: presence.until,
        }
    }
}

/// What one does at a ticket.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PresenceInput {
    /// What one does.
    doing: DoingBody,
}

/// List who else is at a ticket.
#[utoipa::path(get, path = "/tickets/{id}/presence", operation_id = "read_presence", tag = "tickets",
    params(("id" = String, Path)), responses((status = 200, body = Page<PresenceBody>)))]
pub(super) async fn others(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(key): Id<TicketKey>,
) -> Result<Json<Page<PresenceBody>>> {
    let id = key.find(&web.app, &caller).await?.ticket.id;
    let others = web.app.others_at(&caller, id).await?;
    Ok(Json(Page::whole(others.into_iter().map(Into::into))))
}

/// Say that one is at a ticket, to be said again every half minute; answers who else is. Those who listen to events are
/// told of it as `ticket.presence`.
#[utoipa::path(put, path = "/tickets/{id}/presence", operation_id = "be_present", tag = "tickets",
    request_body = PresenceInput, params(("id" = String, Path)), responses((status = 200, body = Page<PresenceBody>)))]
pub(super) async fn be(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(key): Id<TicketKey>,
    Body(input): Body<PresenceInput>,
) -> Result<Json<Page<PresenceBody>>> {
    let id = key.find(&web.app, &caller).await?.ticket.id;
    let doing = match input.doing {
        DoingBody::Reading => Doing::Reading,
        DoingBody::Typing => Doing::Typing,
    };
    let others = web.app.be_at(&caller, id, doing).await?;
    Ok(Json(Page::whole(others.into_iter().map(Into::into))))
}

/// Say that one has left a ticket.
#[utoipa::path(delete, path = "/tickets/{id}/presence", operation_id = "leave", tag = "tickets",
    params(("id" = String, Path)), responses((status = 204)))]
pub(super) async fn leave(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(key): Id<TicketKey>,
) -> Result<StatusCode> {
    let id = key.find(&web.app, &caller).await?.ticket.id;
    web.app.leave(&caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
