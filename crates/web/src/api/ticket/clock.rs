//! The clocks of a ticket, and why each deadline is what it is.

use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use mainstay_app::explanation::{Row, rows};
use mainstay_domain::clock::{Cancellation, Clock, Explanation, OutcomeKind, Terms, TermsOrigin};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::input::TicketKey;
use super::reason::{CancellationBody, SpanReasonBody};
use crate::Web;
use crate::auth::Auth;
use crate::input::{Id, Parameters};
use crate::page::Page;
use crate::problem::Result;

/// A clock: one promise about a ticket.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Clock)]
pub struct ClockBody {
    /// The commitment.
    commitment: String,
    /// Which of the ticket's promises of this name, from 1.
    cycle: u32,
    /// `running`, `paused`, `met`, `missed` or `cancelled`.
    state: &'static str,
    /// The version of the policy that made the promise.
    policy: u32,
    /// When it started.
    started_at: Timestamp,
    /// What was promised when it started.
    promised: Option<TermsBody>,
    /// What is promised now, after changes of severity, tier or contract.
    terms: Option<TermsBody>,
    /// When it is or was due as promised at the start.
    promised_due_at: Option<Timestamp>,
    /// When it is or was due under the present terms; absent while it is paused.
    due_at: Option<Timestamp>,
    /// How much of the target is used, in seconds of the calendar.
    used_seconds: i64,
    /// How much is left, in seconds of the calendar; negative when it is overdrawn.
    left_seconds: Option<i64>,
    /// The warnings that were given.
    warned_at: Vec<Timestamp>,
    /// When it was missed.
    missed_at: Option<Timestamp>,
    /// When it ended.
    ended_at: Option<Timestamp>,
    /// Why it was cancelled, if it was, in an English sentence.
    cancelled: Option<String>,
    /// The same in parts.
    cancelled_because: Option<CancellationBody>,
    /// The instant at which something happens next.
    next_at: Option<Timestamp>,
    /// When facts that moved it were recorded late.
    corrected_by: Vec<LateFactBody>,
    /// The due instant of a recorded miss that a late fact undid.
    retracted_miss: Option<Timestamp>,
}

/// What is promised: how much time, counted on which calendar, and who says so.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Terms)]
pub struct TermsBody {
    /// The promised time in seconds of the calendar.
    target_seconds: i64,
    /// The calendar.
    calendar: String,
    /// The place in the pack, such as `commitments.toml:42`.
    pack: Option<String>,
    /// The clause of the contract that says otherwise than the pack.
    contract: Option<String>,
}

/// A fact that was recorded later than it happened.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LateFact)]
pub struct LateFactBody {
    /// The fact.
    fact: Uuid,
    /// When it happened.
    at: Timestamp,
    /// When it was recorded.
    recorded_at: Timestamp,
}

impl From<&Terms> for TermsBody {
    fn from(terms: &Terms) -> Self {
        let (pack, contract) = match &terms.origin {
            TermsOrigin::Pack(source) => (Some(source.to_string()), None),
            TermsOrigin::Contract { clause, instead_of } => (
                instead_of.as_ref().map(ToString::to_string),
                Some(clause.clone()),
            ),
        };
        Self {
            target_seconds: terms.target.as_secs(),
            calendar: terms.calendar_name.to_string(),
            pack,
            contract,
        }
    }
}

impl From<&Clock> for ClockBody {
    fn from(clock: &Clock) -> Self {
        Self {
            commitment: clock.commitment.to_string(),
            cycle: clock.cycle,
            state: clock.state().as_str(),
            policy: clock.policy.0,
            started_at: clock.started_at,
            promised: clock.promised.as_ref().map(Into::into),
            terms: clock.terms.as_ref().map(Into::into),
            promised_due_at: clock.promised_due_at,
            due_at: clock.due_at,
            used_seconds: clock.used.as_secs(),
            left_seconds: clock.left().map(|left| left.as_secs()),
            warned_at: clock.warned.iter().map(|warned| warned.at).collect(),
            missed_at: clock.missed_at,
            ended_at: clock.outcome.as_ref().map(|outcome| outcome.at),
            cancelled: cancelled_by(clock).map(cancellation),
            cancelled_because: cancelled_by(clock).map(Into::into),
            next_at: clock.next_at,
            corrected_by: clock
                .late_events
                .iter()
                .map(|late| LateFactBody {
                    fact: late.event.uuid(),
                    at: late.at,
                    recorded_at: late.recorded_at,
                })
                .collect(),
            retracted_miss: clock.retracted_miss,
        }
    }
}

fn cancelled_by(clock: &Clock) -> Option<&Cancellation> {
    match &clock.outcome.as_ref()?.kind {
        OutcomeKind::Stopped => None,
        OutcomeKind::Cancelled(reason) => Some(reason),
    }
}

fn cancellation(reason: &Cancellation) -> String {
    match reason {
        Cancellation::Merged(number) => format!("The ticket was merged into ticket {number}."),
        Cancellation::NoPromise => "After a change nothing of the kind is promised.".to_owned(),
        Cancellation::Rule => "The policy says so.".to_owned(),
    }
}

/// The ledger of a deadline.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Explanation)]
pub struct ExplanationBody {
    /// The clock that is explained.
    clock: ClockBody,
    /// Where the pack states the commitment.
    commitment_source: String,
    /// The terms under which it is explained.
    terms: TermsBody,
    /// Every span from the start to the end, without gap: the counted ones add up to the time used, and to the target
    /// where they go on to the due instant.
    spans: Vec<SpanBody>,
    /// The sum of what counts, in seconds.
    counted_seconds: i64,
    /// The sum of all spans, in seconds.
    total_seconds: i64,
}

/// A span of a deadline's ledger.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Span)]
pub struct SpanBody {
    /// From when.
    from: Timestamp,
    /// Until when.
    until: Timestamp,
    /// How long, in seconds.
    seconds: i64,
    /// How much of it counts, in seconds.
    counted_seconds: i64,
    /// Why it counts or not, in an English sentence.
    reason: String,
    /// The same in parts.
    why: SpanReasonBody,
    /// By which rule of the commitment.
    rule: &'static str,
    /// The place in the pack.
    source: String,
    /// The fact since which the rule applies.
    cause: Uuid,
    /// Whether it lies in the future: what will be if nothing happens.
    is_expected: bool,
}

impl From<Row> for SpanBody {
    fn from(row: Row) -> Self {
        Self {
            from: row.from,
            until: row.until,
            seconds: row.seconds,
            counted_seconds: row.counted_seconds,
            reason: row.reason,
            why: row.why.into(),
            rule: row.rule,
            source: row.source.to_string(),
            cause: row.cause.uuid(),
            is_expected: row.is_expected,
        }
    }
}

impl From<&Explanation> for ExplanationBody {
    fn from(explanation: &Explanation) -> Self {
        let spans: Vec<SpanBody> = rows(explanation).into_iter().map(Into::into).collect();
        Self {
            clock: (&explanation.clock).into(),
            commitment_source: explanation.clock.source.to_string(),
            terms: (&explanation.terms).into(),
            counted_seconds: spans.iter().map(|span| span.counted_seconds).sum(),
            total_seconds: spans.iter().map(|span| span.seconds).sum(),
            spans,
        }
    }
}

/// The clocks of a ticket as they stand now.
#[utoipa::path(get, path = "/tickets/{id}/clocks", tag = "clocks", params(("id" = String, Path)),
    responses((status = 200, body = Page<ClockBody>)))]
pub(super) async fn list(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(key): Id<TicketKey>,
) -> Result<Json<Page<ClockBody>>> {
    let ticket = key.find(&web.app, &caller).await?.ticket.id;
    let clocks = web.app.clocks(&caller, ticket).await?;
    Ok(Json(Page::whole(clocks.iter().map(Into::into))))
}

/// Which deadlines to explain.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Explain {
    /// Only those of this commitment.
    commitment: Option<String>,
}

/// Explain why each deadline of a ticket is what it is, span by span.
#[utoipa::path(get, path = "/tickets/{id}/explanation", tag = "clocks",
    params(("id" = String, Path), Explain),
    responses((status = 200, body = Page<ExplanationBody>)))]
pub(super) async fn explain(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(key): Id<TicketKey>,
    Parameters(query): Parameters<Explain>,
) -> Result<Json<Page<ExplanationBody>>> {
    let ticket = key.find(&web.app, &caller).await?.ticket.id;
    let explanations = web
        .app
        .explain_clocks(&caller, ticket, query.commitment.as_deref())
        .await?;
    Ok(Json(Page::whole(explanations.iter().map(Into::into))))
}
