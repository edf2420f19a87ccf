//! Agents: the people who serve.

use axum::Json;
use axum::extract::{OriginalUri, State};
use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;
use mainstay_app::secret::fingerprint;
use mainstay_domain::agent::Agent;
use mainstay_domain::event::Actor;
use mainstay_domain::id::{AgentId, SessionId};
use mainstay_domain::name::{CalendarName, RoleName};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::account::set;
use super::session::{PasswordInput, SessionBody};
use crate::Web;
use crate::auth::Auth;
use crate::etag::{IfMatch, Known, Tagged, created};
use crate::input::{Body, Id, InnerId, Parameters, change, given};
use crate::page::{self, ListQuery, Page};
use crate::problem::Result;

/// The routes.
pub fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(read, update))
        .routes(routes!(set_password))
        .routes(routes!(list_sessions))
        .routes(routes!(end_session))
        .routes(routes!(reset_second_factor))
}

/// A person who serves.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Agent)]
pub struct AgentBody {
    /// Identifies them.
    pub id: Uuid,
    /// The address they sign in with.
    pub email: String,
    /// Their name.
    pub name: String,
    /// Their roles.
    pub roles: Vec<String>,
    /// The languages they serve in, as BCP 47 tags.
    pub languages: Vec<String>,
    /// What they know, in the words that routing rules use.
    pub skills: Vec<String>,
    /// How many open tickets they take at once.
    pub capacity: u32,
    /// The calendar of their working hours; the pack's default when absent.
    pub calendar: Option<String>,
    /// Their IANA time zone.
    pub time_zone: String,
    /// Their phone number for texts and calls, as E.164 writes it.
    pub phone: Option<String>,
    /// Their member id in Slack.
    pub slack: Option<String>,
    /// Whether a pager of theirs is known. Its key is a secret and never shown.
    pub has_pager: bool,
    /// Whether they may sign in and be given work.
    pub active: bool,
    /// When they were created.
    pub created_at: Timestamp,
}

impl From<Agent> for AgentBody {
    fn from(agent: Agent) -> Self {
        Self {
            id: agent.id.uuid(),
            email: agent.email,
            name: agent.name,
            roles: agent.roles.into_iter().map(String::from).collect(),
            languages: agent.languages,
            skills: agent.skills,
            capacity: agent.capacity,
            calendar: agent.calendar.map(String::from),
            time_zone: agent.time_zone,
            phone: agent.phone,
            slack: agent.slack,
            has_pager: agent.pager.is_some(),
            active: agent.active,
            created_at: agent.created_at,
        }
    }
}

/// What an agent is to be. What is left out stays as it is; a new agent needs an address and a name.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AgentInput {
    /// The address they sign in with; unique.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = String)]
    pub email: Option<String>,
    /// Their name.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = String)]
    pub name: Option<String>,
    /// Their roles.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Vec<String>)]
    pub roles: Option<Vec<String>>,
    /// The languages they serve in, as BCP 47 tags.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Vec<String>)]
    pub languages: Option<Vec<String>>,
    /// What they know, in the words that routing rules use.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Vec<String>)]
    pub skills: Option<Vec<String>>,
    /// How many open tickets they take at once.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = u32)]
    pub capacity: Option<u32>,
    /// The calendar of their working hours.
    #[serde(default, deserialize_with = "change")]
    #[schema(value_type = Option<String>)]
    pub calendar: Option<Option<String>>,
    /// Their IANA time zone.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = String)]
    pub time_zone: Option<String>,
    /// Their phone number for texts and calls, as E.164 writes it, such as `+34600000000`. Everybody may change their own.
    #[serde(default, deserialize_with = "change")]
    #[schema(value_type = Option<String>)]
    pub phone: Option<Option<String>>,
    /// Their member id in Slack, such as `U012AB3CD`. Everybody may change their own.
    #[serde(default, deserialize_with = "change")]
    #[schema(value_type = Option<String>)]
    pub slack: Option<Option<String>>,
    /// The key of their pager. Everybody may change their own.
    #[serde(default, deserialize_with = "change")]
    #[schema(value_type = Option<String>)]
    pub pager: Option<Option<String>>,
    /// Whether they may sign in and be given work.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = bool)]
    pub active: Option<bool>,
}

impl AgentInput {
    fn apply(self, agent: &mut Agent) {
        set(&mut agent.email, self.email);
        set(&mut agent.name, self.name);
        let roles = self
            .roles
            .map(|roles| roles.into_iter().map(RoleName::from).collect());
        set(&mut agent.roles, roles);
        set(&mut agent.languages, self.languages);
        set(&mut agent.skills, self.skills);
        set(&mut agent.capacity, self.capacity);
        let calendar = self.calendar.map(|name| name.map(CalendarName::from));
        set(&mut agent.calendar, calendar);
        set(&mut agent.time_zone, self.time_zone);
        set(&mut agent.phone, self.phone);
        set(&mut agent.slack, self.slack);
        set(&mut agent.pager, self.pager);
        set(&mut agent.active, self.active);
    }
}

/// List agents by name.
#[utoipa::path(get, path = "/agents", tag = "agents", params(ListQuery),
    responses((status = 200, body = Page<AgentBody>)))]
async fn list(
    State(web): State<Web>,
    Auth(caller): Auth,
    OriginalUri(uri): OriginalUri,
    Parameters(part): Parameters<ListQuery>,
) -> Result<Json<Page<AgentBody>>> {
    let agents = web.app.agents(&caller).await?;
    page::slice(
        &uri,
        "agents",
        &part,
        agents,
        |found| found.id,
        AgentBody::from,
    )
}

/// Make an agent.
#[utoipa::path(post, path = "/agents", tag = "agents", request_body = AgentInput,
    responses((status = 201, body = AgentBody)))]
async fn create(
    State(web): State<Web>,
    Auth(caller): Auth,
    Body(input): Body<AgentInput>,
) -> Result<Response> {
    let agent = web
        .app
        .create_agent(&caller, None, |agent| input.apply(agent))
        .await?;
    let path = format!("/agents/{}", agent.id);
    let version = fingerprint(&agent);
    Ok(created(&path, version, Json(AgentBody::from(agent))))
}

/// Read an agent.
#[utoipa::path(get, path = "/agents/{id}", tag = "agents", params(("id" = Uuid, Path)),
    responses((status = 200, body = AgentBody), (status = 304)))]
async fn read(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(id): Id<AgentId>,
    known: Known,
) -> Result<Response> {
    let agent = web.app.agent(&caller, id).await?;
    let version = fingerprint(&agent);
    Ok(known.answer(version, Json(AgentBody::from(agent))))
}

/// Change an agent.
#[utoipa::path(patch, path = "/agents/{id}", tag = "agents", request_body = AgentInput,
    params(("id" = Uuid, Path), ("if-match" = String, Header)),
    responses((status = 200, body = AgentBody)))]
async fn update(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(id): Id<AgentId>,
    IfMatch(expected): IfMatch,
    Body(input): Body<AgentInput>,
) -> Result<Tagged<Json<AgentBody>>> {
    let agent = web
        .app
        .update_agent(&caller, id, &expected, |agent| input.apply(agent))
        .await?;
    Ok(Tagged(fingerprint(&agent), Json(agent.into())))
}

/// Give an agent a password. Their sessions end.
#[utoipa::path(put, path = "/agents/{id}/password", tag = "agents", request_body = PasswordInput,
    params(("id" = Uuid, Path)), responses((status = 204)))]
async fn set_password(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(id): Id<AgentId>,
    Body(input): Body<PasswordInput>,
) -> Result<StatusCode> {
    web.app
        .set_agent_password(&caller, id, input.password)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// List where an agent is signed in, the latest used first.
#[utoipa::path(get, path = "/agents/{id}/sessions", tag = "agents",
    params(("id" = Uuid, Path), ListQuery), responses((status = 200, body = Page<SessionBody>)))]
async fn list_sessions(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(id): Id<AgentId>,
    OriginalUri(uri): OriginalUri,
    Parameters(part): Parameters<ListQuery>,
) -> Result<Json<Page<SessionBody>>> {
    let sessions = web.app.sessions_of(&caller, Actor::Agent(id)).await?;
    SessionBody::page(&uri, &part, sessions, caller.credential)
}

/// End a session of an agent.
#[utoipa::path(delete, path = "/agents/{id}/sessions/{session}", tag = "agents",
    params(("id" = Uuid, Path), ("session" = Uuid, Path)), responses((status = 204)))]
async fn end_session(
    State(web): State<Web>,
    Auth(caller): Auth,
    InnerId(id, session): InnerId<AgentId, SessionId>,
) -> Result<StatusCode> {
    web.app
        .end_session_of(&caller, Actor::Agent(id), session)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Take the second factor of an agent away who lost it. Their sessions end.
#[utoipa::path(delete, path = "/agents/{id}/second-factor", tag = "agents",
    params(("id" = Uuid, Path)), responses((status = 204)))]
async fn reset_second_factor(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(id): Id<AgentId>,
) -> Result<StatusCode> {
    web.app
        .reset_second_factor(&caller, Actor::Agent(id))
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
