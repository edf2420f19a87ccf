//! Saved views.

use axum::Json;
use axum::extract::{OriginalUri, State};
use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;
use mainstay_app::secret::fingerprint;
use mainstay_app::{App, AppError, Caller};
use mainstay_domain::id::{AgentId, ViewId};
use mainstay_domain::view::View;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::account::set;
use super::ticket::{ListTickets, TicketBody};
use crate::Web;
use crate::auth::Auth;
use crate::etag::{IfMatch, Known, Tagged, created};
use crate::input::{Body, Id, Parameters, given};
use crate::page::{self, ListQuery, Page};
use crate::problem::Result;

/// The routes.
pub fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(counts))
        .routes(routes!(read, update, remove))
        .routes(routes!(tickets))
}

/// A list of tickets somebody wants to see again.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = View)]
pub struct ViewBody {
    /// Identifies it.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// Whose it is; everybody's when absent.
    pub owner: Option<Uuid>,
    /// Which tickets it lists and how, as the query of `/api/v1/tickets`.
    pub query: String,
    /// Its place among the views, from 0.
    pub position: u32,
    /// When it was saved.
    pub created_at: Timestamp,
}

impl From<View> for ViewBody {
    fn from(view: View) -> Self {
        Self {
            id: view.id.uuid(),
            name: view.name,
            owner: view.owner.map(AgentId::uuid),
            query: view.query,
            position: view.position,
            created_at: view.created_at,
        }
    }
}

/// What a view is to be. What is left out stays as it is; a new view needs a name.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ViewInput {
    /// Its name.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = String)]
    pub name: Option<String>,
    /// Whether it is everybody's, or one's own.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = bool)]
    pub shared: Option<bool>,
    /// Which tickets it lists and how, as the query of `/api/v1/tickets`.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = String)]
    pub query: Option<String>,
    /// Its place among the views, from 0.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = u32)]
    pub position: Option<u32>,
}

impl ViewInput {
    /// Refuses a query that could not be run.
    fn check(&self, app: &App, caller: &Caller) -> Result<()> {
        let Some(query) = &self.query else {
            return Ok(());
        };
        ListTickets::of_view(query, app, caller)
            .map_err(|problem| AppError::invalid("query", problem.detail().to_owned()))?;
        Ok(())
    }

    fn apply(self, view: &mut View, agent: AgentId) {
        set(&mut view.name, self.name);
        set(&mut view.query, self.query);
        set(&mut view.position, self.position);
        set(
            &mut view.owner,
            self.shared.map(|shared| (!shared).then_some(agent)),
        );
    }
}

/// List one's own views and everybody's, in their order.
#[utoipa::path(get, path = "/views", tag = "views", params(ListQuery),
    responses((status = 200, body = Page<ViewBody>)))]
async fn list(
    State(web): State<Web>,
    Auth(caller): Auth,
    OriginalUri(uri): OriginalUri,
    Parameters(part): Parameters<ListQuery>,
) -> Result<Json<Page<ViewBody>>> {
    let views = web.app.views(&caller).await?;
    page::slice(
        &uri,
        "views",
        &part,
        views,
        |found| found.id,
        ViewBody::from,
    )
}

/// Save a view.
#[utoipa::path(post, path = "/views", tag = "views", request_body = ViewInput,
    responses((status = 201, body = ViewBody)))]
async fn create(
    State(web): State<Web>,
    Auth(caller): Auth,
    Body(input): Body<ViewInput>,
) -> Result<Response> {
    let agent = caller.agent()?;
    input.check(&web.app, &caller)?;
    let view = web
        .app
        .create_view(&caller, |view| input.apply(view, agent))
        .await?;
    let path = format!("/views/{}", view.id);
    Ok(created(
        &path,
        fingerprint(&view),
        Json(ViewBody::from(view)),
    ))
}

/// Read a view.
#[utoipa::path(get, path = "/views/{id}", tag = "views", params(("id" = Uuid, Path)),
    responses((status = 200, body = ViewBody), (status = 304)))]
async fn read(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(id): Id<ViewId>,
    known: Known,
) -> Result<Response> {
    let view = web.app.view(&caller, id).await?;
    Ok(known.answer(fingerprint(&view), Json(ViewBody::from(view))))
}

/// Change a view.
#[utoipa::path(patch, path = "/views/{id}", tag = "views", request_body = ViewInput,
    params(("id" = Uuid, Path), ("if-match" = String, Header)),
    responses((status = 200, body = ViewBody)))]
async fn update(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(id): Id<ViewId>,
    IfMatch(expected): IfMatch,
    Body(input): Body<ViewInput>,
) -> Result<Tagged<Json<ViewBody>>> {
    let agent = caller.agent()?;
    input.check(&web.app, &caller)?;
    let view = web
        .app
        .update_view(&caller, id, &expected, |view| input.apply(view, agent))
        .await?;
    Ok(Tagged(fingerprint(&view), Json(view.into())))
}

/// Remove a view.
#[utoipa::path(delete, path = "/views/{id}", tag = "views", params(("id" = Uuid, Path)),
    responses((status = 204)))]
async fn remove(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(id): Id<ViewId>,
) -> Result<StatusCode> {
    web.app.remove_view(&caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// List the tickets of a view, as `/api/v1/tickets` does with its query.
#[utoipa::path(get, path = "/views/{id}/tickets", tag = "views", params(("id" = Uuid, Path), ListQuery),
    responses((status = 200, body = Page<TicketBody>)))]
async fn tickets(
    State(web): State<Web>,
    Auth(caller): Auth,
    OriginalUri(uri): OriginalUri,
    Id(id): Id<ViewId>,
    Parameters(part): Parameters<ListQuery>,
) -> Result<Json<Page<TicketBody>>> {
    let view = web.app.view(&caller, id).await?;
    let wanted = ListTickets::of_view(&view.query, &web.app, &caller).map_err(|problem| {
        AppError::Refused(format!("The view cannot be run: {}", problem.detail()))
    })?;
    wanted.run(&web, &caller, &uri, &part).await
}

/// How many tickets a view lists.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ViewCount)]
pub struct ViewCountBody {
    /// Which view.
    pub view: Uuid,
    /// How many tickets it lists; absent when it cannot be run any more.
    pub tickets: Option<u64>,
}

/// How many tickets each of one's views lists.
#[utoipa::path(get, path = "/views/counts", tag = "views",
    responses((status = 200, body = Page<ViewCountBody>)))]
async fn counts(State(web): State<Web>, Auth(caller): Auth) -> Result<Json<Page<ViewCountBody>>> {
    let mut counts = Vec::new();
    for view in web.app.views(&caller).await? {
        let filter = ListTickets::of_view(&view.query, &web.app, &caller)
            .and_then(|wanted| wanted.filter(&web.app, &caller));
        let tickets = match filter {
            Ok(filter) => Some(web.app.count_tickets(&caller, &filter).await?),
            Err(_) => None,
        };
        counts.push(ViewCountBody {
            view: view.id.uuid(),
            tickets,
        });
    }
    Ok(Json(Page::whole(counts)))
}
