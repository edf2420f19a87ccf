//! Making a delivery, and what becomes of one that nobody takes.
//!
//! A delivery keeps its id through all of its tries, and one that was taken is not made again when its job runs twice.
//! As with mail one window remains: when the program dies after the receiver took it and before that was written down,
//! it is made again, under the same `webhook-id`, by which the receiver recognises the copy.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use mainstay_channels::webhook::{self as channel, SigningSecret, WebhookOutcome};
use mainstay_domain::event::Visibility;
use mainstay_domain::id::{JobId, MessageId, WebhookDeliveryId};
use mainstay_domain::ticket::Scope;
use mainstay_domain::webhook::{Webhook, WebhookDelivery, WebhookDeliveryState};
use mainstay_store::{Transaction, job, message, webhook};
use metrics::counter;
use serde_json::{Value, json};
use tracing::field::Empty;
use tracing::{Instrument as _, Span};

use crate::audit::Action;
use crate::caller::Caller;
use crate::context::App;
use crate::error::Result;
use crate::job::{JobFailure, MOST_ATTEMPTS};
use crate::measure::WEBHOOKS;
use crate::trace;
use crate::transaction::transact;

/// A subscription whose every try has failed for so long is switched off.
pub const SWITCHED_OFF_AFTER: SignedDuration = SignedDuration::from_hours(5 * 24);

/// How long nobody else may take the job: longer than an attempt takes.
const CALLING_LEASE: SignedDuration = SignedDuration::from_mins(2);

/// The longest wait that a receiver may ask for: more would leave it unclear whether it is failing.
const LONGEST_WAIT: Duration = Duration::from_secs(6 * 3600);

/// Makes one attempt at a delivery, and writes down how it went.
pub(crate) async fn call_webhook(
    app: &App,
    job: JobId,
    id: WebhookDeliveryId,
) -> Result<(), JobFailure> {
    let Some(transport) = app.options().webhooks.clone() else {
        return Ok(());
    };
    let (to, delivery) = match transact!(app, tx => claim(app, tx, job, id))? {
        Claimed::Delivery(claimed) => *claimed,
        Claimed::Nothing => return Ok(()),
        Claimed::LostLease => return Err(JobFailure::Lost),
    };
    let secret = app.unseal(&super::purpose(to.id), &to.secret)?;
    let outcome = match SigningSecret::parse(&secret) {
        Ok(secret) => {
            let span = tracing::debug_span!("call_webhook", webhook = %to.id, delivery = %id, status = Empty);
            let traceparent = trace::traceparent(&span);
            let attempt = channel::WebhookDelivery {
                url: &to.url,
                id: &delivery.id.to_string(),
                at: app.now(),
                body: delivery.body.as_bytes(),
                secrets: &[secret],
                traceparent: traceparent.as_deref(),
            };
            let outcome = transport.deliver(&attempt).instrument(span.clone()).await;
            note_in_span(&span, &outcome);
            outcome
        }
        Err(error) => WebhookOutcome::Permanent {
            reason: format!("the secret of the subscription cannot be used: {error}"),
            status: None,
        },
    };
    transact!(app, tx => note_outcome(app, tx, &to, &delivery, &outcome))?;
    let told = match &outcome {
        WebhookOutcome::Delivered { .. } => "delivered",
        WebhookOutcome::Retry { .. } if delivery.attempts < MOST_ATTEMPTS => "retry",
        _ => "dead",
    };
    counter!(WEBHOOKS, "outcome" => told).increment(1);
    match outcome {
        WebhookOutcome::Retry {
            reason,
            retry_after,
            ..
        } if delivery.attempts < MOST_ATTEMPTS => Err(JobFailure::RetryAfter {
            reason,
            wait: retry_after.unwrap_or_default().min(LONGEST_WAIT),
        }),
        _ => Ok(()),
    }
}

fn note_in_span(span: &Span, outcome: &WebhookOutcome) {
    let status = match outcome {
        WebhookOutcome::Delivered { status } => Some(*status),
        WebhookOutcome::Retry { status, .. } | WebhookOutcome::Permanent { status, .. } => {
            trace::fail(span);
            *status
        }
    };
    if let Some(status) = status {
        span.record("status", status);
    }
}

enum Claimed {
    Delivery(Box<(Webhook, WebhookDelivery)>),
    /// It was made or given up, or nobody wants it any more.
    Nothing,
    /// Another worker has the job.
    LostLease,
}

/// Counts the attempt before it is made, so that one which ends the program is not made for ever.
async fn claim(app: &App, tx: &Transaction, job: JobId, id: WebhookDeliveryId) -> Result<Claimed> {
    let until = app.now() + CALLING_LEASE;
    if !job::extend(tx, job, &app.options().node, until).await? {
        return Ok(Claimed::LostLease);
    }
    let Some(mut delivery) = webhook::find_delivery(tx, id).await? else {
        return Ok(Claimed::Nothing);
    };
    if delivery.state != WebhookDeliveryState::Queued {
        return Ok(Claimed::Nothing);
    }
    let Some(to) = webhook::find(tx, delivery.webhook).await? else {
        return Ok(Claimed::Nothing);
    };
    if !to.active || delivery.attempts >= MOST_ATTEMPTS {
        delivery.state = WebhookDeliveryState::Dead;
        delivery.last_error.get_or_insert_with(|| {
            if to.active {
                "the program ended each time while it was delivered".to_owned()
            } else {
                "the subscription is switched off".to_owned()
            }
        });
        webhook::update_delivery(tx, &delivery).await?;
        return Ok(Claimed::Nothing);
    }
    if delivery.attempts == 0 && to.include_messages {
        delivery.body = with_message(tx, &delivery.body).await?;
    }
    delivery.attempts += 1;
    webhook::update_delivery(tx, &delivery).await?;
    Ok(Claimed::Delivery(Box::new((to, delivery))))
}

/// The body with the text of the message it names, when that is public. It is put in at the first try and kept, so that
/// every try sends the same.
async fn with_message(tx: &Transaction, body: &str) -> Result<String> {
    let Ok(mut value) = serde_json::from_str::<Value>(body) else {
        return Ok(body.to_owned());
    };
    let named = value
        .pointer("/data/message/id")
        .and_then(Value::as_str)
        .and_then(|id| id.parse::<MessageId>().ok());
    let Some(id) = named else {
        return Ok(body.to_owned());
    };
    if let Some(found) = message::find(tx, Scope::Everything, id).await?
        && found.visibility == Visibility::Public
    {
        value["data"]["message"] = json!({ "id": id.uuid(), "text": found.text, "at": found.at });
    }
    Ok(value.to_string())
}

async fn note_outcome(
    app: &App,
    tx: &Transaction,
    to: &Webhook,
    claimed: &WebhookDelivery,
    outcome: &WebhookOutcome,
) -> Result<()> {
    let now = app.now();
    let mut delivery = claimed.clone();
    match outcome {
        WebhookOutcome::Delivered { status } => {
            delivery.state = WebhookDeliveryState::Delivered;
            delivery.response_status = Some(u32::from(*status));
            delivery.last_error = None;
            delivery.delivered_at = Some(now);
        }
        WebhookOutcome::Retry { reason, status, .. } => {
            delivery.response_status = status.map(u32::from);
            delivery.last_error = Some(reason.clone());
            if delivery.attempts >= MOST_ATTEMPTS {
                delivery.state = WebhookDeliveryState::Dead;
            }
        }
        WebhookOutcome::Permanent { reason, status } => {
            delivery.response_status = status.map(u32::from);
            delivery.last_error = Some(reason.clone());
            delivery.state = WebhookDeliveryState::Dead;
        }
    }
    // Whoever removed the subscription meanwhile removed its deliveries with it.
    let Some(current) = webhook::find(tx, to.id).await? else {
        return Ok(());
    };
    webhook::update_delivery(tx, &delivery).await?;
    note_health(app, tx, &current, outcome, now).await
}

/// Keeps since when a subscription has been failing, and switches off one that has for too long or whose receiver says
/// that it wants no more.
async fn note_health(
    app: &App,
    tx: &Transaction,
    to: &Webhook,
    outcome: &WebhookOutcome,
    now: Timestamp,
) -> Result<()> {
    let (reason, status) = match outcome {
        WebhookOutcome::Delivered { .. } => {
            if to.failing_since.is_some() {
                webhook::note_failing(tx, to.id, None).await?;
            }
            return Ok(());
        }
        WebhookOutcome::Retry { reason, status, .. }
        | WebhookOutcome::Permanent { reason, status } => (reason, status),
    };
    let since = to.failing_since.unwrap_or(now);
    if to.failing_since.is_none() {
        webhook::note_failing(tx, to.id, Some(since)).await?;
    }
    let wants_no_more = *status == Some(410);
    let failed_too_long = now.duration_since(since) >= SWITCHED_OFF_AFTER;
    if !(wants_no_more || failed_too_long) || !webhook::switch_off(tx, to.id).await? {
        return Ok(());
    }
    tracing::warn!(webhook = %to.id, "a subscription was switched off: its receiver takes nothing");
    let action = Action::new("webhook.switched_off", "webhook", to.id)
        .of_account(to.account)
        .with(json!({ "failing_since": since, "reason": reason }));
    app.record(tx, &Caller::machine(), action).await
}
