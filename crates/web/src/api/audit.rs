//! The audit trail: who did what.

use axum::Json;
use axum::extract::{OriginalUri, State};
use jiff::Timestamp;
use mainstay_app::{AuditFilter, TimeRange};
use mainstay_domain::audit::AuditEntry;
use mainstay_domain::event::Actor;
use mainstay_domain::id::{AccountId, AgentId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::me::{PersonKind, person};
use crate::Web;
use crate::auth::Auth;
use crate::input::Parameters;
use crate::page::{self, Limit, Page};
use crate::problem::Result;

/// The routes.
pub fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new().routes(routes!(list))
}

/// Something somebody did.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditEntry)]
pub struct AuditEntryBody {
    /// Identifies it.
    pub id: Uuid,
    /// When.
    pub at: Timestamp,
    /// On which side stood who did it.
    pub actor_kind: PersonKind,
    /// Which agent or contact did it; absent for the program itself.
    pub actor: Option<Uuid>,
    /// What they did, such as `token.created`.
    pub action: String,
    /// To what kind of thing.
    pub subject_kind: String,
    /// To which one.
    pub subject: String,
    /// Which account it concerns.
    pub account: Option<Uuid>,
    /// The particulars.
    pub detail: serde_json::Value,
}

impl From<AuditEntry> for AuditEntryBody {
    fn from(entry: AuditEntry) -> Self {
        let (actor_kind, actor) = person(entry.actor);
        Self {
            id: entry.id,
            at: entry.at,
            actor_kind,
            actor,
            action: entry.action,
            subject_kind: entry.subject_kind,
            subject: entry.subject,
            account: entry.account.map(AccountId::uuid),
            detail: serde_json::from_str(&entry.detail).unwrap_or_default(),
        }
    }
}

/// Which entries to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ListAudit {
    /// What this agent did.
    agent: Option<Uuid>,
    /// This action, such as `token.created`.
    action: Option<String>,
    /// What was done to this kind of thing.
    subject_kind: Option<String>,
    /// What was done to this one.
    subject: Option<String>,
    /// What concerns this account.
    account: Option<Uuid>,
    /// From this instant on.
    #[param(value_type = Option<String>, format = DateTime)]
    from: Option<Timestamp>,
    /// Before this instant.
    #[param(value_type = Option<String>, format = DateTime)]
    until: Option<Timestamp>,
    /// How many things a page holds.
    #[param(value_type = Option<u16>, minimum = 1, maximum = 200)]
    limit: Option<Limit>,
    /// Where to go on, from the `next` of the page before.
    cursor: Option<String>,
}

/// List who did what, latest first.
#[utoipa::path(get, path = "/audit", tag = "audit", params(ListAudit),
    responses((status = 200, body = Page<AuditEntryBody>)))]
async fn list(
    State(web): State<Web>,
    Auth(caller): Auth,
    OriginalUri(uri): OriginalUri,
    Parameters(query): Parameters<ListAudit>,
) -> Result<Json<Page<AuditEntryBody>>> {
    let filter = AuditFilter {
        actor: query.agent.map(|id| Actor::Agent(AgentId::from(id))),
        action: query.action,
        subject_kind: query.subject_kind,
        subject: query.subject,
        account: query.account.map(AccountId::from),
        at: TimeRange {
            from: query.from,
            until: query.until,
        },
    };
    let part = page::request("audit", query.limit, query.cursor.as_deref())?;
    let found = web.app.audit_trail(&caller, &filter, part).await?;
    Ok(Json(page::of(&uri, "audit", found, AuditEntryBody::from)))
}
