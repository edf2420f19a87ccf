//! Who is on call in a team.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;
use jiff::civil::{Date, Time};
use mainstay_app::on_call::{Duty, OnDuty};
use mainstay_app::secret::fingerprint;
use mainstay_domain::id::{AgentId, CoverId, TeamId};
use mainstay_domain::name::CalendarName;
use mainstay_domain::on_call::{Cover, DutySpan, Layer, LayerSpec};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::account::set;
use crate::Web;
use crate::auth::Auth;
use crate::etag::{IfMatch, Known, Tagged};
use crate::input::{Body, Id, InnerId, Parameters};
use crate::page::Page;
use crate::problem::Result;

/// The routes.
pub fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new()
        .routes(routes!(read_on_call, set_rota))
        .routes(routes!(duty_spans))
        .routes(routes!(add_cover))
        .routes(routes!(remove_cover))
}

/// At which instant.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct DutyQuery {
    /// The instant to look at; now when absent.
    #[param(value_type = Option<String>, format = DateTime)]
    pub at: Option<Timestamp>,
}

/// Between which instants.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct DutySpansQuery {
    /// From when.
    #[param(value_type = String, format = DateTime)]
    pub from: Timestamp,
    /// Until when: 62 days later at most.
    #[param(value_type = String, format = DateTime)]
    pub until: Timestamp,
}

/// A span in which the same person is on call in a layer all the while.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DutySpan)]
pub struct DutySpanBody {
    /// The layer.
    pub layer: String,
    /// Who.
    pub agent: Uuid,
    /// The cover by which they are, if they stand in.
    pub cover: Option<Uuid>,
    /// From when.
    pub from: Timestamp,
    /// Until when.
    pub until: Timestamp,
}

/// Who is on call in a team, and by which rota.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Duty)]
pub struct DutyBody {
    /// The team.
    pub team: Uuid,
    /// The instant that was looked at.
    pub at: Timestamp,
    /// Who is on call then, the first layer's first: a ladder tells the first of them.
    pub on_call: Vec<OnDutyBody>,
    /// The layers of the rota; empty where the team's flagged members are on call.
    pub layers: Vec<LayerBody>,
    /// Who stands in for whom, and when; of two that overlap the later one counts.
    pub covers: Vec<CoverBody>,
}

/// Somebody who is on call.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OnDuty)]
pub struct OnDutyBody {
    /// In which layer; absent for a flagged member of a team without a rota.
    pub layer: Option<String>,
    /// Who.
    pub agent: Uuid,
    /// The cover by which they are, if they stand in.
    pub cover: Option<Uuid>,
    /// When somebody else is, or nobody, as far as that is foreseen.
    pub until: Option<Timestamp>,
}

/// A layer of a rota.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = OnCallLayer)]
#[serde(deny_unknown_fields)]
pub struct LayerBody {
    /// Its name, unique in the rota, such as `primary`.
    pub name: String,
    /// Who takes turns, in this order: members of the team.
    pub agents: Vec<Uuid>,
    /// The day on which the first of them takes over.
    #[schema(value_type = String, format = Date)]
    pub starts_on: Date,
    /// The local time of day at which one hands over to the next, such as `09:00`.
    #[schema(value_type = String)]
    pub hand_over: Time,
    /// The IANA time zone of that time.
    pub time_zone: String,
    /// How many days a turn lasts: 1 for daily, 7 for weekly.
    #[schema(minimum = 1, maximum = 366)]
    pub turn_days: u32,
    /// The calendar outside of whose hours nobody is on call.
    pub hours: Option<String>,
}

/// The rota of a team.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RotaInput {
    /// Its layers, the one that is told first first. Without any, the team's flagged members are on call.
    pub layers: Vec<LayerBody>,
}

/// Somebody stands in for whoever has the turn, for a while.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Cover)]
pub struct CoverBody {
    /// Identifies it.
    pub id: Uuid,
    /// The layer.
    pub layer: String,
    /// Who stands in.
    pub agent: Uuid,
    /// From when.
    pub from: Timestamp,
    /// Until when.
    pub until: Timestamp,
    /// Why.
    pub reason: String,
}

/// A cover to be added.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CoverInput {
    /// The layer; the first one when absent.
    pub layer: Option<String>,
    /// Who stands in.
    pub agent: Uuid,
    /// From when; now when absent.
    pub from: Option<Timestamp>,
    /// Until when.
    pub until: Timestamp,
    /// Why, for people.
    pub reason: Option<String>,
}

impl From<Duty> for DutyBody {
    fn from(duty: Duty) -> Self {
        Self {
            team: duty.team.id.uuid(),
            at: duty.at,
            on_call: duty.on_call.into_iter().map(Into::into).collect(),
            layers: duty.rota.layers.iter().map(Into::into).collect(),
            covers: duty.rota.covers.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<OnDuty> for OnDutyBody {
    fn from(found: OnDuty) -> Self {
        Self {
            layer: found.layer,
            agent: found.agent.uuid(),
            cover: found.cover.map(CoverId::uuid),
            until: found.until,
        }
    }
}

impl From<DutySpan> for DutySpanBody {
    fn from(span: DutySpan) -> Self {
        Self {
            layer: span.layer,
            agent: span.agent.uuid(),
            cover: span.cover.map(CoverId::uuid),
            from: span.from,
            until: span.until,
        }
    }
}

impl From<&Layer> for LayerBody {
    fn from(layer: &Layer) -> Self {
        let spec = layer.spec();
        Self {
            name: spec.name.clone(),
            agents: spec.agents.iter().map(|agent| agent.uuid()).collect(),
            starts_on: spec.starts_on,
            hand_over: spec.hand_over,
            time_zone: spec.time_zone.clone(),
            turn_days: spec.turn_days,
            hours: spec.hours.clone().map(String::from),
        }
    }
}

impl From<LayerBody> for LayerSpec {
    fn from(body: LayerBody) -> Self {
        Self {
            name: body.name,
            agents: body.agents.into_iter().map(AgentId::from).collect(),
            starts_on: body.starts_on,
            hand_over: body.hand_over,
            time_zone: body.time_zone,
            turn_days: body.turn_days,
            hours: body.hours.map(CalendarName::from),
        }
    }
}

impl From<Cover> for CoverBody {
    fn from(cover: Cover) -> Self {
        Self {
            id: cover.id.uuid(),
            layer: cover.layer,
            agent: cover.agent.uuid(),
            from: cover.from,
            until: cover.until,
            reason: cover.reason,
        }
    }
}

/// See who is on call in a team at an instant, and by which rota.
#[utoipa::path(get, path = "/teams/{id}/on-call", tag = "teams", params(("id" = Uuid, Path), DutyQuery),
    responses((status = 200, body = DutyBody), (status = 304)))]
async fn read_on_call(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(id): Id<TeamId>,
    Parameters(query): Parameters<DutyQuery>,
    known: Known,
) -> Result<Response> {
    let duty = web.app.on_call(&caller, id, query.at).await?;
    let version = fingerprint(&duty.rota);
    Ok(known.answer(version, Json(DutyBody::from(duty))))
}

/// See who is on call in a team when, between two instants, by its rota and its covers: layer by layer, each in the order
/// of time.
#[utoipa::path(get, path = "/teams/{id}/on-call/spans", tag = "teams",
    params(("id" = Uuid, Path), DutySpansQuery), responses((status = 200, body = Page<DutySpanBody>)))]
async fn duty_spans(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(id): Id<TeamId>,
    Parameters(query): Parameters<DutySpansQuery>,
) -> Result<Json<Page<DutySpanBody>>> {
    let spans = web
        .app
        .duty_spans(&caller, id, query.from, query.until)
        .await?;
    Ok(Json(Page::whole(spans.into_iter().map(Into::into))))
}

/// Set the rota of a team. Its covers stay.
#[utoipa::path(put, path = "/teams/{id}/on-call", tag = "teams", request_body = RotaInput,
    params(("id" = Uuid, Path), ("if-match" = String, Header)), responses((status = 200, body = DutyBody)))]
async fn set_rota(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(id): Id<TeamId>,
    IfMatch(expected): IfMatch,
    Body(input): Body<RotaInput>,
) -> Result<Tagged<Json<DutyBody>>> {
    let layers = input.layers.into_iter().map(LayerSpec::from).collect();
    let duty = web.app.set_rota(&caller, id, &expected, layers).await?;
    Ok(Tagged(fingerprint(&duty.rota), Json(duty.into())))
}

/// Let somebody stand in for whoever has the turn.
#[utoipa::path(post, path = "/teams/{id}/on-call/covers", tag = "teams", request_body = CoverInput,
    params(("id" = Uuid, Path)), responses((status = 201, body = CoverBody)))]
async fn add_cover(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(id): Id<TeamId>,
    Body(input): Body<CoverInput>,
) -> Result<(StatusCode, Json<CoverBody>)> {
    let fill = |cover: &mut Cover| {
        set(&mut cover.layer, input.layer);
        set(&mut cover.from, input.from);
        set(&mut cover.reason, input.reason);
        cover.agent = AgentId::from(input.agent);
        cover.until = input.until;
    };
    let cover = web.app.add_cover(&caller, id, fill).await?;
    Ok((StatusCode::CREATED, Json(cover.into())))
}

/// Remove a cover.
#[utoipa::path(delete, path = "/teams/{id}/on-call/covers/{cover}", tag = "teams",
    params(("id" = Uuid, Path), ("cover" = Uuid, Path)), responses((status = 204)))]
async fn remove_cover(
    State(web): State<Web>,
    Auth(caller): Auth,
    InnerId(id, cover): InnerId<TeamId, CoverId>,
) -> Result<StatusCode> {
    web.app.remove_cover(&caller, id, cover).await?;
    Ok(StatusCode::NO_CONTENT)
}
