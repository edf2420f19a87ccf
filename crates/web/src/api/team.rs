//! Teams of agents.

use axum::Json;
use axum::extract::{OriginalUri, State};
use axum::response::Response;
use jiff::Timestamp;
use mainstay_app::secret::fingerprint;
use mainstay_domain::id::{AgentId, TeamId};
use mainstay_domain::name::CalendarName;
use mainstay_domain::team::Team;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::account::set;
use crate::Web;
use crate::auth::Auth;
use crate::etag::{IfMatch, Known, Tagged, created};
use crate::input::{Body, Id, Parameters, change, given};
use crate::page::{self, ListQuery, Page};
use crate::problem::Result;

/// The routes.
pub fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(read, update))
        .routes(routes!(load))
}

/// A team of agents.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Team)]
pub struct TeamBody {
    /// Identifies it.
    pub id: Uuid,
    /// Its name; unique.
    pub name: String,
    /// The address its mail comes from, where it has one of its own.
    pub email: Option<String>,
    /// The calendar of its working hours; the pack's default when absent.
    pub calendar: Option<String>,
    /// Who belongs to it.
    pub members: Vec<Uuid>,
    /// Who is on call now. Where nobody is, whoever is to be told tells the whole team.
    pub on_call: Vec<Uuid>,
    /// When it was created.
    pub created_at: Timestamp,
}

impl From<Team> for TeamBody {
    fn from(team: Team) -> Self {
        Self {
            id: team.id.uuid(),
            name: team.name,
            email: team.email,
            calendar: team.calendar.map(String::from),
            members: team.members.into_iter().map(AgentId::uuid).collect(),
            on_call: team.on_call.into_iter().map(AgentId::uuid).collect(),
            created_at: team.created_at,
        }
    }
}

/// What a team is to be. What is left out stays as it is; a new team needs a name.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TeamInput {
    /// Its name; unique.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = String)]
    pub name: Option<String>,
    /// The address its mail comes from.
    #[serde(default, deserialize_with = "change")]
    #[schema(value_type = Option<String>)]
    pub email: Option<Option<String>>,
    /// The calendar of its working hours.
    #[serde(default, deserialize_with = "change")]
    #[schema(value_type = Option<String>)]
    pub calendar: Option<Option<String>>,
    /// Who belongs to it; replaces those who do.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Vec<Uuid>)]
    pub members: Option<Vec<Uuid>>,
    /// Who of them is on call now; replaces those who are.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Vec<Uuid>)]
    pub on_call: Option<Vec<Uuid>>,
}

impl TeamInput {
    fn apply(self, team: &mut Team) {
        set(&mut team.name, self.name);
        set(&mut team.email, self.email);
        let calendar = self.calendar.map(|name| name.map(CalendarName::from));
        set(&mut team.calendar, calendar);
        let members = self
            .members
            .map(|members| members.into_iter().map(AgentId::from).collect());
        set(&mut team.members, members);
        let on_call = self
            .on_call
            .map(|on_call| on_call.into_iter().map(AgentId::from).collect());
        set(&mut team.on_call, on_call);
    }
}

/// List teams by name.
#[utoipa::path(get, path = "/teams", tag = "teams", params(ListQuery),
    responses((status = 200, body = Page<TeamBody>)))]
async fn list(
    State(web): State<Web>,
    Auth(caller): Auth,
    OriginalUri(uri): OriginalUri,
    Parameters(part): Parameters<ListQuery>,
) -> Result<Json<Page<TeamBody>>> {
    let teams = web.app.teams(&caller).await?;
    page::slice(
        &uri,
        "teams",
        &part,
        teams,
        |found| found.id,
        TeamBody::from,
    )
}

/// Make a team.
#[utoipa::path(post, path = "/teams", tag = "teams", request_body = TeamInput,
    responses((status = 201, body = TeamBody)))]
async fn create(
    State(web): State<Web>,
    Auth(caller): Auth,
    Body(input): Body<TeamInput>,
) -> Result<Response> {
    let team = web
        .app
        .create_team(&caller, |team| input.apply(team))
        .await?;
    let path = format!("/teams/{}", team.id);
    let version = fingerprint(&team);
    Ok(created(&path, version, Json(TeamBody::from(team))))
}

/// Read a team.
#[utoipa::path(get, path = "/teams/{id}", tag = "teams", params(("id" = Uuid, Path)),
    responses((status = 200, body = TeamBody), (status = 304)))]
async fn read(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(id): Id<TeamId>,
    known: Known,
) -> Result<Response> {
    let team = web.app.team(&caller, id).await?;
    let version = fingerprint(&team);
    Ok(known.answer(version, Json(TeamBody::from(team))))
}

/// Change a team.
#[utoipa::path(patch, path = "/teams/{id}", tag = "teams", request_body = TeamInput,
    params(("id" = Uuid, Path), ("if-match" = String, Header)),
    responses((status = 200, body = TeamBody)))]
async fn update(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(id): Id<TeamId>,
    IfMatch(expected): IfMatch,
    Body(input): Body<TeamInput>,
) -> Result<Tagged<Json<TeamBody>>> {
    let team = web
        .app
        .update_team(&caller, id, &expected, |team| input.apply(team))
        .await?;
    Ok(Tagged(fingerprint(&team), Json(team.into())))
}

/// What a team has to do, and who is there to do it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TeamLoad)]
pub struct TeamLoadBody {
    /// How many undone tickets lie with the team.
    pub tickets: u64,
    /// How many of them are assigned to nobody.
    pub unassigned: u64,
    /// How many of them have something that is due already.
    pub overdue: u64,
    /// Its members.
    pub members: Vec<MemberLoadBody>,
}

/// What a member of a team has to do.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MemberLoad)]
pub struct MemberLoadBody {
    /// Who.
    pub agent: Uuid,
    /// Their name.
    pub name: String,
    /// Whether they work here still.
    pub active: bool,
    /// Whether they are on call for the team now.
    pub on_call: bool,
    /// How many undone tickets are assigned to them, of whichever team.
    pub tickets: u64,
    /// How many they can have at once.
    pub capacity: u32,
}

/// What a team has to do, and who is there to do it.
#[utoipa::path(get, path = "/teams/{id}/load", tag = "teams",
    params(("id" = Uuid, Path)), responses((status = 200, body = TeamLoadBody)))]
async fn load(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(id): Id<TeamId>,
) -> Result<Json<TeamLoadBody>> {
    let load = web.app.team_load(&caller, id).await?;
    let member = |member: mainstay_app::team::MemberLoad| MemberLoadBody {
        agent: member.agent.id.uuid(),
        name: member.agent.name,
        active: member.agent.active,
        on_call: member.on_call,
        tickets: member.tickets,
        capacity: member.agent.capacity,
    };
    Ok(Json(TeamLoadBody {
        tickets: load.tickets,
        unassigned: load.unassigned,
        overdue: load.overdue,
        members: load.members.into_iter().map(member).collect(),
    }))
}
