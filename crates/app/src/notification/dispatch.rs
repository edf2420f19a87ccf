//! Short messages: by Slack, text message, telephone or pager, and what becomes of one that nobody takes.
//!
//! A dispatch keeps its id through all of its tries, and one that was taken is not sent again when its job runs twice.
//! One window remains, as with mail: when the program dies after the far side took it and before that was written down,
//! it is sent again; a pager recognises the copy by the escalation, a gateway by its `idempotency-key`.

use std::collections::BTreeSet;
use std::time::Duration;

use async_trait::async_trait;
use jiff::SignedDuration;
use mainstay_channels::notify::{Act, Medium, Notifier, NotifyOutcome, ShortMessage};
use mainstay_domain::agent::Agent;
use mainstay_domain::dispatch::{Dispatch, DispatchAct, DispatchState};
use mainstay_domain::escalation::{DeliveryOutcome, NotifyChannel};
use mainstay_domain::id::{DispatchId, EscalationId, JobId};
use mainstay_domain::notification::{Notification, NotificationState};
use mainstay_store::due::DueSubject;
use mainstay_store::{Transaction, agent, dispatch, due, job, notification};
use metrics::counter;
use tracing::Instrument as _;

use super::deliver::{Told, hand_over, record};
use super::link::Links;
use super::words::alerts;
use crate::agent::pager_purpose;
use crate::context::App;
use crate::error::Result;
use crate::job::{Job, JobFailure};
use crate::mail::Identity;
use crate::measure::MESSAGES;
use crate::trace;
use crate::transaction::transact;

/// How often a short message is tried. Six tries span a quarter of an hour; whoever was not reached by then is told by
/// e-mail.
pub const MOST_TRIES: u32 = 6;

/// How long nobody else may take the job: longer than an attempt takes.
const SENDING_LEASE: SignedDuration = SignedDuration::from_mins(2);

/// The longest wait that the far side may ask for.
const LONGEST_WAIT: Duration = Duration::from_secs(15 * 60);

/// Makes one attempt at one short message.
#[async_trait]
pub trait NotifyTransport: std::fmt::Debug + Send + Sync + 'static {
    /// Whether a way is set up.
    fn is_set_up(&self, medium: Medium) -> bool;
    /// Whether a way reaches somebody whose own address is not known.
    fn reaches_anybody(&self, medium: Medium) -> bool;
    /// Makes the attempt, within a minute.
    async fn send(&self, medium: Medium, message: &ShortMessage<'_>) -> NotifyOutcome;
}

#[async_trait]
impl NotifyTransport for Notifier {
    fn is_set_up(&self, medium: Medium) -> bool {
        Self::is_set_up(self, medium)
    }

    fn reaches_anybody(&self, medium: Medium) -> bool {
        Self::reaches_anybody(self, medium)
    }

    async fn send(&self, medium: Medium, message: &ShortMessage<'_>) -> NotifyOutcome {
        Self::send(self, medium, message).await
    }
}

/// The way of a channel; none for those that are no short messages.
fn medium(channel: NotifyChannel) -> Option<Medium> {
    match channel {
        NotifyChannel::InApp | NotifyChannel::Email => None,
        NotifyChannel::Slack => Some(Medium::Slack),
        NotifyChannel::Sms => Some(Medium::Sms),
        NotifyChannel::Voice => Some(Medium::Voice),
        NotifyChannel::Pager => Some(Medium::Pager),
    }
}

/// How a person is reached; the key of a pager as it is kept, sealed.
fn address(person: &Agent, medium: Medium) -> Option<&str> {
    match medium {
        Medium::Slack => person.slack.as_deref(),
        Medium::Sms | Medium::Voice => person.phone.as_deref(),
        Medium::Pager => person.pager.as_deref(),
    }
}

/// Why a channel does not reach a person; nothing when it does.
pub(super) fn obstacle(app: &App, channel: NotifyChannel, person: &Agent) -> Option<String> {
    let medium = medium(channel)?;
    let transport = app.options().notify.as_ref();
    let Some(transport) = transport.filter(|transport| transport.is_set_up(medium)) else {
        return Some(format!("no way to reach people by {channel} is set up"));
    };
    if address(person, medium).is_some() || transport.reaches_anybody(medium) {
        return None;
    }
    let what = match medium {
        Medium::Slack => "Slack member id",
        Medium::Sms | Medium::Voice => "phone number",
        Medium::Pager => "pager key",
    };
    Some(format!("{} has no {what}", person.name))
}

/// Queues the messages that carry these notifications: one for all of them, of a pager one for each escalation.
pub(super) async fn queue(
    app: &App,
    tx: &Transaction,
    identity: &Identity,
    person: &Agent,
    channel: NotifyChannel,
    carried: Vec<Notification>,
) -> Result<()> {
    let together: Vec<Vec<Notification>> = match channel {
        NotifyChannel::Pager => carried.into_iter().map(|one| vec![one]).collect(),
        _ => vec![carried],
    };
    let now = app.now();
    let links = Links::of(app, tx, identity, together.iter().flatten()).await?;
    for mut carried in together {
        let Some(first) = carried.first() else {
            continue;
        };
        let (title, detail, url) = match carried.as_slice() {
            [only] => (only.title.clone(), only.detail.clone(), links.url(only)),
            several => {
                let titles: Vec<&str> = several.iter().map(|told| told.title.as_str()).collect();
                let title = format!("{}: {}", alerts(several.len(), person), titles.join("; "));
                (title, titles.join("\n"), app.options().public_url.clone())
            }
        };
        let new = Dispatch {
            id: app.new_id(now),
            recipient: first.recipient,
            channel,
            act: DispatchAct::Tell,
            escalation: first.escalation,
            title,
            detail,
            url,
            state: DispatchState::Queued,
            attempts: 0,
            last_error: None,
            receipt: None,
            created_at: now,
            delivered_at: None,
        };
        let id = new.id;
        insert(app, tx, &new).await?;
        hand_over(tx, &mut carried, id.uuid(), now).await?;
    }
    Ok(())
}

async fn insert(app: &App, tx: &Transaction, new: &Dispatch) -> Result<()> {
    dispatch::insert(tx, new).await?;
    let job = Job::SendDispatch { dispatch: new.id };
    job.queue(app, tx, app.now()).await
}

/// Tells the pagers that an escalation alarmed what has become of it.
pub(crate) async fn tell_pagers(
    app: &App,
    tx: &Transaction,
    escalation: EscalationId,
    act: DispatchAct,
) -> Result<()> {
    let now = app.now();
    let mut told = BTreeSet::new();
    for alarmed in dispatch::of_escalation(tx, escalation).await? {
        let is_alarm = alarmed.channel == NotifyChannel::Pager && alarmed.act == DispatchAct::Tell;
        if !is_alarm || alarmed.state == DispatchState::Dead || !told.insert(alarmed.recipient) {
            continue;
        }
        let new = Dispatch {
            id: app.new_id(now),
            act,
            state: DispatchState::Queued,
            attempts: 0,
            last_error: None,
            receipt: None,
            created_at: now,
            delivered_at: None,
            ..alarmed
        };
        insert(app, tx, &new).await?;
    }
    Ok(())
}

/// Makes one attempt at a dispatch, and writes down how it went.
pub(crate) async fn send_dispatch(app: &App, job: JobId, id: DispatchId) -> Result<(), JobFailure> {
    let (person, dispatch) = match transact!(app, tx => claim(app, tx, job, id))? {
        Claimed::Dispatch(claimed) => *claimed,
        Claimed::Nothing => return Ok(()),
        Claimed::LostLease => return Err(JobFailure::Lost),
    };
    let transport = app.options().notify.clone();
    let outcome = match (transport, medium(dispatch.channel)) {
        (Some(transport), Some(medium)) => {
            let key = dispatch.escalation.map(|id| id.to_string());
            let id = dispatch.id.to_string();
            let to = match (medium, address(&person, medium)) {
                (Medium::Pager, Some(sealed)) => {
                    Some(app.unseal(&pager_purpose(person.id), sealed)?)
                }
                (_, plain) => plain.map(str::to_owned),
            };
            let message = ShortMessage {
                id: &id,
                to: to.as_deref(),
                act: match dispatch.act {
                    DispatchAct::Tell => Act::Tell,
                    DispatchAct::Acknowledge => Act::Acknowledge,
                    DispatchAct::Resolve => Act::Resolve,
                },
                key: key.as_deref().unwrap_or(&id),
                title: &dispatch.title,
                detail: &dispatch.detail,
                url: &dispatch.url,
            };
            let span = tracing::debug_span!("send_message", dispatch = %dispatch.id, channel = %dispatch.channel);
            let outcome = transport
                .send(medium, &message)
                .instrument(span.clone())
                .await;
            if !matches!(outcome, NotifyOutcome::Delivered { .. }) {
                trace::fail(&span);
            }
            outcome
        }
        _ => NotifyOutcome::Permanent {
            reason: format!("no way to reach people by {} is set up", dispatch.channel),
        },
    };
    let attempts = dispatch.attempts;
    transact!(app, tx => note_outcome(app, tx, &dispatch, &outcome))?;
    let told = match &outcome {
        NotifyOutcome::Delivered { .. } => "delivered",
        NotifyOutcome::Retry { .. } if attempts < MOST_TRIES => "retry",
        _ => "dead",
    };
    counter!(MESSAGES, "channel" => dispatch.channel.to_string(), "outcome" => told).increment(1);
    match outcome {
        NotifyOutcome::Retry {
            reason,
            retry_after,
        } if attempts < MOST_TRIES => Err(JobFailure::RetryAfter {
            reason,
            wait: retry_after.unwrap_or_default().min(LONGEST_WAIT),
        }),
        _ => Ok(()),
    }
}

enum Claimed {
    Dispatch(Box<(Agent, Dispatch)>),
    /// It was taken or given up.
    Nothing,
    /// Another worker has the job.
    LostLease,
}

/// Counts the attempt before it is made, so that one which ends the program is not made for ever.
async fn claim(app: &App, tx: &Transaction, job: JobId, id: DispatchId) -> Result<Claimed> {
    let until = app.now() + SENDING_LEASE;
    if !job::extend(tx, job, &app.options().node, until).await? {
        return Ok(Claimed::LostLease);
    }
    let queued = dispatch::find(tx, id).await?;
    let Some(mut found) = queued.filter(|found| found.state == DispatchState::Queued) else {
        return Ok(Claimed::Nothing);
    };
    let person = agent::find(tx, found.recipient).await?;
    let obstacle = match &person {
        Some(person) if person.active => None,
        _ => Some("the agent may not sign in any more"),
    };
    let ended = "the program ended each time while it was sent";
    let obstacle = obstacle.or((found.attempts >= MOST_TRIES).then_some(ended));
    if let Some(reason) = obstacle {
        let outcome = NotifyOutcome::Permanent {
            reason: reason.to_owned(),
        };
        note_outcome(app, tx, &found, &outcome).await?;
        return Ok(Claimed::Nothing);
    }
    found.attempts += 1;
    dispatch::update(tx, &found).await?;
    Ok(match person {
        Some(person) => Claimed::Dispatch(Box::new((person, found))),
        None => Claimed::Nothing,
    })
}

async fn note_outcome(
    app: &App,
    tx: &Transaction,
    claimed: &Dispatch,
    outcome: &NotifyOutcome,
) -> Result<()> {
    let mut done = claimed.clone();
    match outcome {
        NotifyOutcome::Delivered { receipt } => {
            done.state = DispatchState::Delivered;
            done.receipt.clone_from(receipt);
            done.last_error = None;
            done.delivered_at = Some(app.now());
        }
        NotifyOutcome::Retry { reason, .. } => {
            done.last_error = Some(reason.clone());
            if done.attempts >= MOST_TRIES {
                done.state = DispatchState::Dead;
            }
        }
        NotifyOutcome::Permanent { reason } => {
            done.last_error = Some(reason.clone());
            done.state = DispatchState::Dead;
        }
    }
    match done.state {
        DispatchState::Queued => Ok(dispatch::update(tx, &done).await?),
        DispatchState::Delivered => note_delivered(app, tx, &done).await,
        DispatchState::Dead => fall_back(app, tx, &done).await,
    }
}

async fn note_delivered(app: &App, tx: &Transaction, done: &Dispatch) -> Result<()> {
    dispatch::update(tx, done).await?;
    let mut carried = notification::of_delivery(tx, done.id.uuid()).await?;
    for told in &mut carried {
        told.state = NotificationState::Delivered;
        told.delivered_at = done.delivered_at;
        told.last_error = None;
    }
    notification::update_many(tx, &carried).await?;
    let carried = carried.into_iter();
    let told: Vec<Told> = carried.map(|told| (told, DeliveryOutcome::Sent)).collect();
    record(app, tx, &told).await
}

/// What could not be sent goes by e-mail, with the reason written down.
async fn fall_back(app: &App, tx: &Transaction, dead: &Dispatch) -> Result<()> {
    tracing::warn!(id = %dead.id, channel = %dead.channel, "a short message was given up");
    // Delivering holds this row first, then the notifications: the same order keeps both from waiting for each other.
    due::hold(tx, DueSubject::Agent(dead.recipient), app.now()).await?;
    dispatch::update(tx, dead).await?;
    let reason = dead.last_error.clone().unwrap_or_default();
    let mut outcomes = Vec::new();
    for mut told in notification::of_delivery(tx, dead.id.uuid()).await? {
        told.state = NotificationState::Pending;
        told.dispatched_at = None;
        told.delivery = None;
        outcomes.push(go_by_mail(tx, &mut told, &reason).await?);
    }
    record(app, tx, &outcomes).await?;
    app.wake();
    Ok(())
}

/// Lets a notification go by e-mail, because its own channel does not reach the person.
pub(super) async fn go_by_mail(
    tx: &Transaction,
    told: &mut Notification,
    reason: &str,
) -> Result<Told> {
    tracing::warn!(id = %told.id, channel = %told.channel, "a notification goes by e-mail instead");
    let reason = format!("{reason}: it goes by e-mail instead");
    let outcome = DeliveryOutcome::Failed {
        reason: reason.clone(),
    };
    // It was its own channel that failed, not the mail by which it goes now.
    let failed = (told.clone(), outcome);
    told.fallback = Some(reason);
    notification::update(tx, told).await?;
    Ok(failed)
}

/// The e-mail that tells a person the same as a notification that goes by e-mail instead of its own channel, if the step
/// tells them by e-mail as well: they are not told twice.
pub(super) async fn mail_of_the_same(
    tx: &Transaction,
    told: &Notification,
) -> Result<Option<Notification>> {
    let Some(escalation) = told.escalation else {
        return Ok(None);
    };
    let all = notification::of_escalation(tx, escalation).await?;
    Ok(all.into_iter().find(|other| {
        other.id != told.id
            && other.recipient == told.recipient
            && other.cause == told.cause
            && other.goes_by() == NotifyChannel::Email
            && other.delivery.is_some()
    }))
}
