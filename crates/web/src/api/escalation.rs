//! Escalations: who is told next, and what is recorded of each.

mod reason;

use std::str::FromStr as _;

use axum::Json;
use axum::extract::{OriginalUri, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use mainstay_app::escalation::{
    EscalationFilter, EscalationView, RaiseEscalation, Record, StoredEscalation, StoredPhase,
};
use mainstay_app::{AppError, Caller};
use mainstay_domain::escalation::{
    EscalationEvent, ManualReason, Part, Reason, Review, StepCause, Verdict,
};
use mainstay_domain::id::{AgentId, EscalationId, TicketId};
use mainstay_domain::name::LadderName;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

pub(super) use self::reason::ReasonBody;
use super::me::{PersonKind, person};
use super::notification::NotificationBody;
use super::ticket::TicketKey;
use crate::Web;
use crate::auth::Auth;
use crate::input::{Body, Id, Parameters};
use crate::page::{self, Limit, Page};
use crate::problem::Result;

/// The routes.
pub fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new()
        .routes(routes!(list, raise))
        .routes(routes!(read))
        .routes(routes!(record))
        .routes(routes!(ask))
}

/// An escalation, as lists show it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Escalation)]
pub struct EscalationBody {
    /// Identifies it.
    pub id: Uuid,
    /// What it is about: `ticket:…`, `tag:…` or `category:…`.
    pub subject: String,
    /// The tickets it is about.
    pub tickets: Vec<Uuid>,
    /// The ladder it is on.
    pub ladder: String,
    /// Where it stands.
    pub phase: EscalationPhase,
    /// The level it has reached; 0 before the first step.
    pub level: u32,
    /// Why it was raised, in English.
    pub reason: String,
    /// The same in parts, to be said in the reader's language; absent where an earlier version of the program raised it.
    pub parts: Option<ReasonBody>,
    /// When it was raised.
    pub raised_at: Timestamp,
    /// When somebody took it on, while they have it.
    pub acknowledged_at: Option<Timestamp>,
    /// Who took it on.
    pub acknowledged_by: Option<Uuid>,
    /// When it was resolved or cancelled.
    pub ended_at: Option<Timestamp>,
    /// When its next step is due, unless somebody acts.
    pub next_at: Option<Timestamp>,
}

/// Where an escalation stands.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EscalationPhase {
    /// It is being worked on, or waits to be.
    Open,
    /// The issue is resolved.
    Resolved,
    /// It was raised in error, or its ticket was merged away.
    Cancelled,
}

impl From<StoredPhase> for EscalationPhase {
    fn from(phase: StoredPhase) -> Self {
        match phase {
            StoredPhase::Open => Self::Open,
            StoredPhase::Resolved => Self::Resolved,
            StoredPhase::Cancelled => Self::Cancelled,
        }
    }
}

impl From<EscalationPhase> for StoredPhase {
    fn from(phase: EscalationPhase) -> Self {
        match phase {
            EscalationPhase::Open => Self::Open,
            EscalationPhase::Resolved => Self::Resolved,
            EscalationPhase::Cancelled => Self::Cancelled,
        }
    }
}

impl EscalationBody {
    fn of(stored: StoredEscalation, parts: Option<Reason>) -> Self {
        Self {
            id: stored.id.uuid(),
            subject: stored.subject_key,
            tickets: stored.tickets.into_iter().map(TicketId::uuid).collect(),
            ladder: stored.ladder.into(),
            phase: stored.phase.into(),
            level: stored.level,
            reason: stored.reason,
            parts: parts.map(Into::into),
            raised_at: stored.raised_at,
            acknowledged_at: stored.acknowledged_at,
            acknowledged_by: stored.acknowledged_by.and_then(|actor| person(actor).1),
            ended_at: stored.ended_at,
            next_at: stored.next_at,
        }
    }
}

/// An escalation with everything that is known of it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EscalationRecord)]
pub struct EscalationViewBody {
    /// As lists show it.
    #[serde(flatten)]
    pub escalation: EscalationBody,
    /// The reason a person chose, when a person raised it, such as `customer_request`.
    pub manual_reason: Option<String>,
    /// Which of the seven parts are not recorded yet: `assessment`, `decision`, `notification`, `resources`, `progress`,
    /// `verification`, `review`.
    pub unrecorded: Vec<String>,
    /// What happens next by itself, unless somebody acts.
    pub next: Option<NextStepBody>,
    /// What was recorded of it, in order.
    pub events: Vec<EscalationEventBody>,
    /// Whom it told, and how far each notification is.
    pub notifications: Vec<NotificationBody>,
}

/// What happens next by itself.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = NextStep)]
pub struct NextStepBody {
    /// When.
    pub at: Timestamp,
    /// On which ladder.
    pub ladder: String,
    /// The step's name; absent for a hand-over to the ladder's foot.
    pub name: Option<String>,
    /// The level it reaches.
    pub level: Option<u8>,
    /// Why: `raised`, `together`, `unacknowledged`, `unresolved` or `moved`.
    pub cause: &'static str,
}

/// A fact about an escalation.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EscalationEvent)]
pub struct EscalationEventBody {
    /// When it happened: of a step that came due, the due instant.
    pub at: Timestamp,
    /// On which side stood who did it.
    pub actor_kind: PersonKind,
    /// Which agent or contact did it; absent for the program itself.
    pub actor: Option<Uuid>,
    /// What happened, with its particulars; `type` says what it is, such as `step_taken`.
    #[schema(value_type = Object)]
    pub what: serde_json::Value,
}

impl From<EscalationEvent> for EscalationEventBody {
    fn from(event: EscalationEvent) -> Self {
        let (actor_kind, actor) = person(event.actor);
        Self {
            at: event.at,
            actor_kind,
            actor,
            what: serde_json::to_value(&event.kind).unwrap_or_default(),
        }
    }
}

impl From<EscalationView> for EscalationViewBody {
    fn from(view: EscalationView) -> Self {
        let manual = view.escalation.manual;
        Self {
            escalation: EscalationBody::of(view.stored, view.escalation.parts),
            manual_reason: manual.map(|reason| reason.as_str().to_owned()),
            unrecorded: view.unrecorded.into_iter().map(part).collect(),
            next: view.next.map(|next| NextStepBody {
                at: next.at,
                ladder: next.ladder.into(),
                name: next.name,
                level: next.level,
                cause: cause(&next.cause),
            }),
            events: view.events.into_iter().map(Into::into).collect(),
            notifications: view.notifications.into_iter().map(Into::into).collect(),
        }
    }
}

fn part(part: Part) -> String {
    match part {
        Part::Assessment => "assessment",
        Part::Decision => "decision",
        Part::Notification => "notification",
        Part::Resources => "resources",
        Part::Progress => "progress",
        Part::Verification => "verification",
        Part::Review => "review",
    }
    .to_owned()
}

fn cause(cause: &StepCause) -> &'static str {
    match cause {
        StepCause::Raised => "raised",
        StepCause::Together => "together",
        StepCause::Unacknowledged => "unacknowledged",
        StepCause::Unresolved => "unresolved",
        StepCause::Moved { .. } => "moved",
    }
}

/// Which escalations to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ListEscalations {
    /// Those in this phase.
    #[param(inline)]
    phase: Option<EscalationPhase>,
    /// Those about this ticket: its identifier, or its number.
    #[param(value_type = Option<String>)]
    ticket: Option<TicketKey>,
    /// Those that the caller took on, or was told of.
    #[serde(default)]
    mine: bool,
    /// How many things a page holds.
    #[param(value_type = Option<u16>, minimum = 1, maximum = 200)]
    limit: Option<Limit>,
    /// Where to go on, from the `next` of the page before.
    cursor: Option<String>,
}

/// Somebody escalates a ticket by hand.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EscalationInput {
    /// Which ticket.
    pub ticket: Uuid,
    /// Why, such as `customer_request`, `team_decision`, `management_decision`, `technical_complexity`,
    /// `business_impact`, `churn_threat` or `executive_complaint`.
    pub reason: String,
    /// What is to be known beside it.
    #[serde(default)]
    pub note: String,
    /// By which ladder; the policy chooses by the reason when absent.
    pub ladder: Option<String>,
    /// At which level of that ladder it begins.
    pub level: Option<u8>,
}

/// What is recorded of an escalation.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum EscalationRecordInput {
    /// The caller takes it on.
    Acknowledge {},
    /// It moves on: to the next step, or to a level further up.
    MoveOn {
        /// To which level; the next step when absent.
        level: Option<u8>,
        /// Why.
        reason: String,
    },
    /// How severe the issue is and whom it hurts.
    Assess {
        /// In words.
        text: String,
    },
    /// What is to be done.
    Decide {
        /// In words.
        text: String,
    },
    /// People or means are given to it.
    AllocateResources {
        /// Which agents.
        #[serde(default)]
        agents: Vec<Uuid>,
        /// What for, or what else.
        #[serde(default)]
        text: String,
    },
    /// How it goes.
    NoteProgress {
        /// In words.
        text: String,
    },
    /// The issue is resolved.
    Resolve {
        /// How.
        text: String,
    },
    /// Whether the resolution holds.
    Verify {
        /// Whether it does; one that does not opens the escalation again.
        holds: bool,
        /// What was found, and whether the customer is content.
        text: String,
    },
    /// What is learnt afterwards.
    Review {
        /// What happened.
        what_happened: String,
        /// Why.
        cause: String,
        /// What changes, so that it does not happen again.
        changes: String,
    },
    /// It was raised in error.
    Cancel {
        /// Why.
        reason: String,
    },
}

impl From<EscalationRecordInput> for Record {
    fn from(input: EscalationRecordInput) -> Self {
        match input {
            EscalationRecordInput::Acknowledge {} => Self::Acknowledge,
            EscalationRecordInput::MoveOn { level, reason } => Self::MoveOn { level, reason },
            EscalationRecordInput::Assess { text } => Self::Assess(text),
            EscalationRecordInput::Decide { text } => Self::Decide(text),
            EscalationRecordInput::AllocateResources { agents, text } => Self::AllocateResources {
                agents: agents.into_iter().map(AgentId::from).collect(),
                text,
            },
            EscalationRecordInput::NoteProgress { text } => Self::NoteProgress(text),
            EscalationRecordInput::Resolve { text } => Self::Resolve(text),
            EscalationRecordInput::Verify { holds, text } => Self::Verify {
                verdict: if holds {
                    Verdict::Holds
                } else {
                    Verdict::Fails
                },
                text,
            },
            EscalationRecordInput::Review {
                what_happened,
                cause,
                changes,
            } => Self::Review(Review {
                what_happened,
                cause,
                changes,
            }),
            EscalationRecordInput::Cancel { reason } => Self::Cancel(reason),
        }
    }
}

/// A customer asks that their ticket be escalated.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EscalationRequestInput {
    /// Why.
    pub note: String,
}

/// List escalations, latest first.
#[utoipa::path(get, path = "/escalations", tag = "escalations", params(ListEscalations),
    responses((status = 200, body = Page<EscalationBody>)))]
async fn list(
    State(web): State<Web>,
    Auth(caller): Auth,
    OriginalUri(uri): OriginalUri,
    Parameters(query): Parameters<ListEscalations>,
) -> Result<Json<Page<EscalationBody>>> {
    let ticket = match query.ticket {
        Some(TicketKey::Id(id)) => Some(id),
        Some(key) => Some(key.resolve(&web.app, &caller, "ticket").await?),
        None => None,
    };
    let filter = EscalationFilter {
        phase: query.phase.map(StoredPhase::from),
        ticket,
        concerns: mine(query.mine, &caller)?,
    };
    let part = page::request("escalations", query.limit, query.cursor.as_deref())?;
    let found = web.app.escalations(&caller, &filter, part).await?;
    let ids: Vec<EscalationId> = found.items.iter().map(|stored| stored.id).collect();
    let mut reasons = web.app.escalation_reasons(&caller, &ids).await?;
    let form = |stored: StoredEscalation| {
        let parts = reasons.remove(&stored.id);
        EscalationBody::of(stored, parts)
    };
    Ok(Json(page::of(&uri, "escalations", found, form)))
}

fn mine(wanted: bool, caller: &Caller) -> Result<Option<AgentId>> {
    Ok(if wanted { Some(caller.agent()?) } else { None })
}

/// Escalate a ticket by hand. The answer holds every escalation that takes the reason: raised by it, moved up by it, or
/// open already.
#[utoipa::path(post, path = "/escalations", tag = "escalations", request_body = EscalationInput,
    responses((status = 201, body = Vec<EscalationViewBody>)))]
async fn raise(
    State(web): State<Web>,
    Auth(caller): Auth,
    Body(input): Body<EscalationInput>,
) -> Result<Response> {
    let reason = ManualReason::from_str(&input.reason)
        .map_err(|error| AppError::invalid("reason", error.to_string()))?;
    let raise = RaiseEscalation {
        ticket: TicketId::from(input.ticket),
        reason,
        note: input.note,
        ladder: input.ladder.map(LadderName::from),
        level: input.level,
    };
    let raised = web.app.raise_escalation(&caller, &raise).await?;
    let mut bodies: Vec<EscalationViewBody> = Vec::with_capacity(raised.len());
    for id in raised {
        bodies.push(web.app.escalation(&caller, id).await?.into());
    }
    Ok((StatusCode::CREATED, Json(bodies)).into_response())
}

/// Read an escalation: what was recorded of it, what was not, and what comes next.
#[utoipa::path(get, path = "/escalations/{id}", tag = "escalations", params(("id" = Uuid, Path)),
    responses((status = 200, body = EscalationViewBody)))]
async fn read(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(id): Id<EscalationId>,
) -> Result<Json<EscalationViewBody>> {
    Ok(Json(web.app.escalation(&caller, id).await?.into()))
}

/// Record something of an escalation: take it on, move it on, assess, decide, allocate, note progress, resolve, verify,
/// review or cancel it.
#[utoipa::path(post, path = "/escalations/{id}/records", tag = "escalations", params(("id" = Uuid, Path)),
    request_body = EscalationRecordInput, responses((status = 200, body = EscalationViewBody)))]
async fn record(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(id): Id<EscalationId>,
    Body(input): Body<EscalationRecordInput>,
) -> Result<Json<EscalationViewBody>> {
    let record = Record::from(input);
    let view = web.app.record_escalation(&caller, id, &record).await?;
    Ok(Json(view.into()))
}

/// Ask that a ticket of one's own account be escalated.
#[utoipa::path(post, path = "/tickets/{id}/escalation-requests", tag = "escalations",
    params(("id" = String, Path)), request_body = EscalationRequestInput, responses((status = 204)))]
async fn ask(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(key): Id<TicketKey>,
    Body(input): Body<EscalationRequestInput>,
) -> Result<StatusCode> {
    let ticket = key.find(&web.app, &caller).await?.ticket.id;
    web.app
        .ask_for_escalation(&caller, ticket, &input.note)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
