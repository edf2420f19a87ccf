//! What merging and splitting would do to the clocks.

use axum::Json;
use axum::extract::State;
use mainstay_app::ticket::Effect;
use mainstay_domain::id::MessageId;
use serde::Serialize;
use utoipa::ToSchema;

use super::clock::ClockBody;
use super::input::{MergeInput, SplitInput, TicketKey};
use crate::Web;
use crate::auth::Auth;
use crate::input::{Body, Id};
use crate::problem::Result;

/// What would become of a ticket's clocks.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Effect)]
pub struct EffectBody {
    /// The number of the ticket that would remain, or that would be split.
    ticket: u64,
    /// Its clocks as they are.
    before: Vec<ClockBody>,
    /// Its clocks as they would be.
    after: Vec<ClockBody>,
    /// The clocks of the ticket that would be split off.
    split_off: Vec<ClockBody>,
}

impl From<Effect> for EffectBody {
    fn from(effect: Effect) -> Self {
        let bodies = |clocks: &[_]| clocks.iter().map(Into::into).collect();
        Self {
            ticket: effect.ticket.number,
            before: bodies(&effect.before),
            after: bodies(&effect.after),
            split_off: bodies(&effect.split_off),
        }
    }
}

/// See what merging a ticket into another would do to the clocks of the other. Nothing is changed.
#[utoipa::path(post, path = "/tickets/{id}/merge/preview", operation_id = "preview_merge", tag = "tickets",
    request_body = MergeInput, params(("id" = String, Path)), responses((status = 200, body = EffectBody)))]
pub(super) async fn merge(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(key): Id<TicketKey>,
    Body(input): Body<MergeInput>,
) -> Result<Json<EffectBody>> {
    let from = key.find(&web.app, &caller).await?.ticket.id;
    let into = input.into.resolve(&web.app, &caller, "into").await?;
    let effect = web.app.preview_merge(&caller, from, into).await?;
    Ok(Json(effect.into()))
}

/// See what splitting messages off would do to the clocks. Nothing is changed.
#[utoipa::path(post, path = "/tickets/{id}/split/preview", operation_id = "preview_split", tag = "tickets",
    request_body = SplitInput, params(("id" = String, Path)), responses((status = 200, body = EffectBody)))]
pub(super) async fn split(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(key): Id<TicketKey>,
    Body(input): Body<SplitInput>,
) -> Result<Json<EffectBody>> {
    let from = key.find(&web.app, &caller).await?.ticket.id;
    let messages: Vec<MessageId> = input.messages.into_iter().map(Into::into).collect();
    let effect = web
        .app
        .preview_split(&caller, from, &messages, &input.subject)
        .await?;
    Ok(Json(effect.into()))
}
