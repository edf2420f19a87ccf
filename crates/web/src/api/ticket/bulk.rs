//! The same change of several tickets, and undoing it.

use axum::Json;
use axum::extract::State;
use mainstay_app::AppError;
use mainstay_domain::id::TicketId;
use mainstay_domain::ticket::Changed;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::TicketKey;
use super::input::TicketChangeInput;
use crate::Web;
use crate::auth::Auth;
use crate::input::Body;
use crate::problem::Result;

/// How many tickets are changed at once at the most.
const MOST: usize = 500;

/// The same change of several tickets.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct BulkChangeInput {
    /// Which tickets, at most 500.
    #[schema(max_items = 500)]
    tickets: Vec<TicketKey>,
    /// What to change.
    change: TicketChangeInput,
}

/// Changes of several tickets that are to be undone.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct BulkUndoInput {
    /// Which changes, at most 500.
    #[schema(max_items = 500)]
    changes: Vec<UndoInput>,
}

/// A change of a ticket that is to be undone.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct UndoInput {
    /// The ticket.
    ticket: TicketKey,
    /// The version before the change, as the outcome of the change says it.
    #[serde(deserialize_with = "version")]
    before: u64,
    /// The version after the change.
    #[serde(deserialize_with = "version")]
    after: u64,
}

/// A version as the store counts them: no greater number can be one.
fn version<'de, D: serde::Deserializer<'de>>(reader: D) -> std::result::Result<u64, D::Error> {
    let version = u64::deserialize(reader)?;
    match i64::try_from(version) {
        Ok(_) => Ok(version),
        Err(_) => Err(serde::de::Error::custom(format!(
            "{version} is no version: expected a number from 0 to {}",
            i64::MAX
        ))),
    }
}

/// What became of one ticket of several.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BulkOutcome)]
pub(super) struct BulkOutcomeBody {
    /// The ticket as it was asked for: its identifier or its number.
    asked: String,
    /// The ticket; absent when it was not changed.
    ticket: Option<Uuid>,
    /// Whether it is as it was asked to be.
    done: bool,
    /// Why it is not.
    reason: Option<String>,
    /// The version before the change, by which it can be undone; absent where nothing was to be changed.
    before: Option<u64>,
    /// The version after the change.
    after: Option<u64>,
}

impl BulkOutcomeBody {
    fn of(key: TicketKey, outcome: Result<(TicketId, Option<Changed>)>) -> Self {
        let done = outcome.as_ref().ok().copied();
        let changed = done.and_then(|(_, changed)| changed);
        let changed = changed.filter(|changed| changed.before < changed.after);
        Self {
            asked: key.to_string(),
            done: done.is_some(),
            ticket: done.map(|(id, _)| id.uuid()),
            before: changed.map(|changed| changed.before),
            after: changed.map(|changed| changed.after),
            reason: outcome.err().map(|problem| problem.detail().to_owned()),
        }
    }
}

/// Change several tickets alike, each for itself: one that refuses does not stop the others. For a minute it can be undone.
#[utoipa::path(post, path = "/tickets/bulk", tag = "tickets", request_body = BulkChangeInput,
    responses((status = 200, body = Vec<BulkOutcomeBody>)))]
pub(super) async fn change(
    State(web): State<Web>,
    Auth(caller): Auth,
    Body(input): Body<BulkChangeInput>,
) -> Result<Json<Vec<BulkOutcomeBody>>> {
    at_most(input.tickets.len(), "tickets")?;
    let changes = input.change.into_changes(&web.app, &caller).await?;
    let mut found = Vec::with_capacity(input.tickets.len());
    for key in input.tickets {
        let ticket = key.find(&web.app, &caller).await;
        found.push((key, ticket.map(|stored| stored.ticket.id)));
    }
    let ids: Vec<TicketId> = found
        .iter()
        .filter_map(|(_, ticket)| ticket.as_ref().ok().copied())
        .collect();
    let changed = web.app.change_tickets(&caller, &ids, &changes).await?;
    let changed = changed
        .into_iter()
        .map(|outcome| outcome.map(Some).map_err(Into::into));
    Ok(Json(outcomes(found, changed)))
}

/// Undo changes of several tickets that one has made within the last minute, each for itself: what was set is as it was
/// before, unless somebody has changed the same since. What was done and what undoes it both stay in the history.
#[utoipa::path(post, path = "/tickets/bulk/undo", tag = "tickets", request_body = BulkUndoInput,
    responses((status = 200, body = Vec<BulkOutcomeBody>)))]
pub(super) async fn undo(
    State(web): State<Web>,
    Auth(caller): Auth,
    Body(input): Body<BulkUndoInput>,
) -> Result<Json<Vec<BulkOutcomeBody>>> {
    at_most(input.changes.len(), "changes")?;
    let (mut found, mut changes) = (Vec::new(), Vec::new());
    for UndoInput {
        ticket,
        before,
        after,
    } in input.changes
    {
        let stored = ticket.find(&web.app, &caller).await;
        let id = stored.map(|stored| stored.ticket.id);
        if let Ok(id) = id {
            changes.push((id, Changed { before, after }));
        }
        found.push((ticket, id));
    }
    let undone = web.app.undo_changes(&caller, &changes).await?;
    let undone = undone
        .into_iter()
        .map(|outcome| outcome.map(|_| None).map_err(Into::into));
    Ok(Json(outcomes(found, undone)))
}

fn at_most(count: usize, field: &'static str) -> Result<()> {
    if count > MOST {
        return Err(AppError::invalid(field, format!("at most {MOST} at once")).into());
    }
    Ok(())
}

/// What became of each ticket that was asked for; `changed` says it of those that were found, in their order.
fn outcomes(
    found: Vec<(TicketKey, Result<TicketId>)>,
    mut changed: impl Iterator<Item = Result<Option<Changed>>>,
) -> Vec<BulkOutcomeBody> {
    found
        .into_iter()
        .map(|(key, ticket)| {
            let outcome = ticket.and_then(|id| {
                let changed = changed.next().transpose()?;
                Ok((id, changed.flatten()))
            });
            BulkOutcomeBody::of(key, outcome)
        })
        .collect()
}
