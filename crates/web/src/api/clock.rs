//! Clocks: what was promised about a ticket, how it stands, and why.

use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use mainstay_calendar::ClosedReason;
use mainstay_domain::clock::{Clock, Explanation, Span, SpanReason, Terms, TermsOrigin};
use mainstay_domain::id::TicketId;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::Web;
use crate::auth::Auth;
use crate::input::{Id, Parameters};
use crate::problem::Result;

/// The routes.
pub fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(explain))
}

/// A running commitment.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Clock)]
pub struct ClockBody {
    /// The commitment, such as `first_response`.
    pub commitment: String,
    /// Which of the ticket's promises of this name, from 1.
    pub cycle: u32,
    /// `running`, `paused`, `met`, `missed` or `cancelled`.
    pub state: String,
    /// When it started.
    pub started_at: Timestamp,
    /// When it is or was due; absent while it is paused with time left.
    pub due_at: Option<Timestamp>,
    /// When it is or was due as promised at the start.
    pub promised_due_at: Option<Timestamp>,
    /// When it was missed.
    pub missed_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// How much of the target was used, in seconds of business time.
    pub used_seconds: i64,
    /// What is promised now.
    pub terms: Option<TermsBody>,
    /// What was promised at the start.
    pub promised: Option<TermsBody>,
    /// The place in the pack that states the commitment.
    pub source: String,
    /// The version of the policy that made the promise.
    pub policy: u32,
}

/// What is promised.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Terms)]
pub struct TermsBody {
    /// The promised time, in seconds.
    pub target_seconds: i64,
    /// The calendar it is counted on.
    pub calendar: String,
    /// Who says so: the place in the pack, or the clause of the contract.
    pub origin: String,
}

impl From<Terms> for TermsBody {
    fn from(terms: Terms) -> Self {
        Self {
            target_seconds: terms.target.as_secs(),
            calendar: terms.calendar_name.into(),
            origin: match terms.origin {
                TermsOrigin::Pack(source) => source.to_string(),
                TermsOrigin::Contract { clause, .. } => format!("contract: {clause}"),
            },
        }
    }
}

impl From<Clock> for ClockBody {
    fn from(clock: Clock) -> Self {
        Self {
            state: clock.state().to_owned(),
            commitment: clock.commitment.into(),
            cycle: clock.cycle,
            started_at: clock.started_at,
            due_at: clock.due_at,
            promised_due_at: clock.promised_due_at,
            missed_at: clock.missed_at,
            ended_at: clock.outcome.map(|outcome| outcome.at),
            used_seconds: clock.used.as_secs(),
            terms: clock.terms.map(TermsBody::from),
            promised: clock.promised.map(TermsBody::from),
            source: clock.source.to_string(),
            policy: clock.policy.0,
        }
    }
}

/// Why a deadline is what it is: the counted spans add up to the time used, and to the target where they reach the
/// due instant.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Explanation)]
pub struct ExplanationBody {
    /// The clock that is explained.
    pub clock: ClockBody,
    /// The terms it is explained under.
    pub terms: TermsBody,
    /// Every span, in order and without a gap.
    pub spans: Vec<SpanBody>,
}

/// A span of a deadline's ledger.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Span)]
pub struct SpanBody {
    /// From when.
    pub from: Timestamp,
    /// Until when.
    pub until: Timestamp,
    /// How much of it counts, in seconds.
    pub counted_seconds: f64,
    /// Why it counts or does not.
    pub reason: String,
    /// The fact that made the clock run, pause or stop.
    pub cause: Uuid,
    /// Whether it lies in the future: what will be if nothing happens until the clock is due.
    pub expected: bool,
}

impl From<Span> for SpanBody {
    fn from(span: Span) -> Self {
        Self {
            from: span.from,
            until: span.until,
            counted_seconds: span.counted.as_secs_f64(),
            reason: reason(&span.reason),
            cause: span.cause.uuid(),
            expected: span.is_expected,
        }
    }
}

impl From<Explanation> for ExplanationBody {
    fn from(explanation: Explanation) -> Self {
        Self {
            clock: explanation.clock.into(),
            terms: explanation.terms.into(),
            spans: explanation.spans.into_iter().map(SpanBody::from).collect(),
        }
    }
}

fn reason(reason: &SpanReason) -> String {
    match reason {
        SpanReason::Open(calendar) => format!("{calendar} is open"),
        SpanReason::Closed(calendar, why) => format!("{calendar} is closed: {}", closed(why)),
        SpanReason::Paused => "the clock is paused".to_owned(),
        SpanReason::Done => "the ticket was done".to_owned(),
        SpanReason::Carried(number) => format!("taken over from ticket {number}"),
    }
}

fn closed(why: &ClosedReason) -> String {
    match why {
        ClosedReason::OutsideHours => "outside its hours".to_owned(),
        ClosedReason::Exception { date } => format!("{date} has other hours"),
        ClosedReason::Break { date } => format!("a break on {date}"),
        ClosedReason::Holiday {
            date,
            name: Some(name),
        } => format!("{name} on {date}"),
        ClosedReason::Holiday { date, name: None } => format!("a holiday on {date}"),
    }
}

/// List the clocks of a ticket as they stand now.
#[utoipa::path(get, path = "/tickets/{id}/clocks", tag = "clocks", params(("id" = Uuid, Path)),
    responses((status = 200, body = Vec<ClockBody>)))]
async fn list(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(id): Id<TicketId>,
) -> Result<Json<Vec<ClockBody>>> {
    let clocks = web.app.clocks(&caller, id).await?;
    Ok(Json(clocks.into_iter().map(ClockBody::from).collect()))
}

/// Which clocks to explain.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Which {
    /// Those of this commitment; every one when left out.
    commitment: Option<String>,
}

/// Explain the deadlines of a ticket, span by span.
#[utoipa::path(get, path = "/tickets/{id}/clocks/explanation", tag = "clocks",
    params(("id" = Uuid, Path), Which), responses((status = 200, body = Vec<ExplanationBody>)))]
async fn explain(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(id): Id<TicketId>,
    Parameters(query): Parameters<Which>,
) -> Result<Json<Vec<ExplanationBody>>> {
    let commitment = query.commitment.as_deref();
    let found = web.app.explain_clocks(&caller, id, commitment).await?;
    Ok(Json(found.into_iter().map(ExplanationBody::from).collect()))
}
