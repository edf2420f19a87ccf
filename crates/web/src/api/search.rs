//! Searching everything at once.

use axum::Json;
use axum::extract::State;
use mainstay_app::search::{Found, Segment, Subject, segments};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::Web;
use crate::auth::Auth;
use crate::input::Parameters;
use crate::page::{Limit, Page};
use crate::problem::Result;

/// The routes.
pub fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new().routes(routes!(everything))
}

/// What to search for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct SearchEverything {
    /// Words, or the number of a ticket; the last word may be the beginning of one.
    q: String,
    /// How many things of each kind are told at most.
    #[param(value_type = Option<u16>, minimum = 1, maximum = 200)]
    limit: Option<Limit>,
}

/// Something that was found.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Found)]
struct FoundBody {
    /// `account`, `contact`, `ticket`, or `message` for a ticket in which something was said.
    kind: &'static str,
    /// The account, the contact or the ticket.
    id: Uuid,
    /// The number of a ticket.
    number: Option<u64>,
    /// Where a contact works, or whose ticket it is.
    account: Option<Uuid>,
    /// The severity of a ticket, `P1` to `P4`.
    severity: Option<&'static str>,
    /// The status of a ticket.
    status: Option<String>,
    /// What that status means.
    status_kind: Option<&'static str>,
    /// The message in which the words stand.
    message: Option<Uuid>,
    /// Its name: the subject of a ticket, the name of an account or a contact.
    name: Vec<SegmentBody>,
    /// Where else the words stand; empty where they stand in the name.
    excerpt: Vec<SegmentBody>,
}

/// A part of a text.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Segment)]
pub(super) struct SegmentBody {
    /// The part.
    text: String,
    /// Whether it is a word that was asked for.
    is_match: bool,
}

impl From<Segment> for SegmentBody {
    fn from(segment: Segment) -> Self {
        Self {
            text: segment.text,
            is_match: segment.is_match,
        }
    }
}

/// A text in parts, those that a query asks for marked.
pub(super) fn marked(text: &str, query: &str) -> Vec<SegmentBody> {
    segments(text, query).into_iter().map(Into::into).collect()
}

impl FoundBody {
    fn of(found: &Found, query: &str) -> Self {
        let (kind, id, account, ticket) = match &found.subject {
            Subject::Account(id) => ("account", id.uuid(), None, None),
            Subject::Contact(id, account) => ("contact", *id, *account, None),
            Subject::Ticket(ticket) => {
                let kind = match ticket.message {
                    Some(_) => "message",
                    None => "ticket",
                };
                (kind, ticket.id.uuid(), ticket.account, Some(ticket))
            }
        };
        Self {
            kind,
            id,
            number: ticket.map(|ticket| ticket.number),
            account: account.map(Into::into),
            severity: ticket.map(|ticket| ticket.severity.as_str()),
            status: ticket.map(|ticket| ticket.status.name.clone().into()),
            status_kind: ticket.map(|ticket| ticket.status.kind.as_str()),
            message: ticket.and_then(|ticket| ticket.message).map(Into::into),
            name: marked(&found.name, query),
            excerpt: marked(&found.excerpt, query),
        }
    }
}

/// Search tickets with their messages, accounts and contacts at once: what fits best comes first. `GET /search` goes through
/// all tickets page by page.
#[utoipa::path(get, path = "/search/everything", tag = "search", params(SearchEverything),
    responses((status = 200, body = Page<FoundBody>)))]
async fn everything(
    State(web): State<Web>,
    Auth(caller): Auth,
    Parameters(query): Parameters<SearchEverything>,
) -> Result<Json<Page<FoundBody>>> {
    let limit = query.limit.unwrap_or_default().count();
    let found = web.app.search_everything(&caller, &query.q, limit).await?;
    Ok(Json(Page::whole(
        found.iter().map(|found| FoundBody::of(found, &query.q)),
    )))
}
