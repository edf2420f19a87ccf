//! Delivering what waits: storm control says what goes now, alone or in a digest, and what is held until when.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use mainstay_domain::agent::Agent;
use mainstay_domain::escalation::storm::{Alert, Delivery, StormRules, plan};
use mainstay_domain::escalation::{Command, DeliveryOutcome, NotifyChannel, StepRef};
use mainstay_domain::event::Actor;
use mainstay_domain::id::{AgentId, EscalationId, OutgoingMailId};
use mainstay_domain::mail::OutgoingMailState;
use mainstay_domain::notification::{Notification, NotificationState};
use mainstay_store::due::DueSubject;
use mainstay_store::{Transaction, agent, due, mail, notification};
use uuid::Uuid;

use super::dispatch::{go_by_mail, mail_of_the_same, obstacle, queue};
use super::hours::hours_of;
use super::mail::send_notification_mail;
use crate::context::App;
use crate::error::Result;
use crate::escalation::{EscalationWriter, save_together};
use crate::mail::Identity;
use crate::transaction::transact;

impl App {
    /// Delivers what waits for a person and may go now, and dates the rest.
    pub(crate) async fn deliver_notifications(&self, recipient: AgentId) -> Result<()> {
        // The keys of message ids may have to be made first, in a transaction of their own.
        let identity = self.mail_identity().await?;
        transact!(self, tx => deliver(self, tx, &identity, recipient))
    }
}

async fn deliver(
    app: &App,
    tx: &Transaction,
    identity: &Identity,
    recipient: AgentId,
) -> Result<()> {
    let now = app.now();
    // Whoever tells the person something makes this row due: to hold it first is to see everything they wrote, or to let
    // them make it due again.
    due::hold(tx, DueSubject::Agent(recipient), now).await?;
    let waiting = notification::pending(tx, recipient).await?;
    let person = agent::find(tx, recipient).await?.filter(|it| it.active);
    let Some(person) = person else {
        let reason = "the agent may not sign in any more";
        let mut told = Vec::new();
        for held in waiting {
            told.push(give_up(tx, held, reason).await?);
        }
        record(app, tx, &told).await?;
        due::set(tx, DueSubject::Agent(recipient), None).await?;
        return Ok(());
    };
    let mut told = Vec::new();
    let mut waiting = reachable(app, tx, &person, waiting, &mut told).await?;
    waiting.sort_by_key(Notification::place);
    let rules = StormRules::default();
    let since = now.checked_sub(rules.window).unwrap_or(Timestamp::MIN);
    let sent = notification::dispatched_after(tx, recipient, since).await?;
    let policy = app.policy();
    let hours: BTreeMap<_, _> = hours_of(&person, policy.current())
        .map(|hours| (recipient, hours))
        .into_iter()
        .collect();
    let alerts: Vec<Alert> = waiting.iter().map(Notification::alert).collect();
    let mut next: Option<Timestamp> = None;
    for delivery in plan(&alerts, &sent, &hours, &rules, now) {
        let alerts: BTreeSet<_> = delivery.alerts.iter().collect();
        let carried: Vec<Notification> = waiting
            .iter()
            .filter(|waiting| alerts.contains(&waiting.id))
            .cloned()
            .collect();
        if delivery.at <= now {
            told.extend(dispatch(app, tx, identity, &person, &delivery, carried).await?);
        } else {
            next = Some(next.map_or(delivery.at, |next| next.min(delivery.at)));
            told.extend(hold(tx, carried, delivery.at).await?);
        }
    }
    record(app, tx, &told).await?;
    // What could not be delivered may have made its ladder go on, to this very person.
    let planned: BTreeSet<_> = waiting.iter().map(|waiting| waiting.id).collect();
    let anew = notification::pending(tx, recipient).await?;
    if anew.iter().any(|anew| !planned.contains(&anew.id)) {
        next = Some(now);
    }
    Ok(due::set(tx, DueSubject::Agent(recipient), next).await?)
}

/// What waits, once it is known which channels reach the person: what they do not reach goes by e-mail, and with the
/// e-mail about the same where there is one already.
async fn reachable(
    app: &App,
    tx: &Transaction,
    person: &Agent,
    waiting: Vec<Notification>,
    outcomes: &mut Vec<Told>,
) -> Result<Vec<Notification>> {
    let mut remaining = Vec::with_capacity(waiting.len());
    for mut told in waiting {
        if told.fallback.is_none()
            && let Some(reason) = obstacle(app, told.channel, person)
        {
            outcomes.push(go_by_mail(tx, &mut told, &reason).await?);
        }
        let same = match told.fallback {
            Some(_) => mail_of_the_same(tx, &told).await?,
            None => None,
        };
        let Some(mail) = same else {
            remaining.push(told);
            continue;
        };
        if mail.state == NotificationState::GivenUp {
            let reason = mail.last_error.unwrap_or_default();
            outcomes.push(give_up(tx, told, &reason).await?);
            continue;
        }
        told.state = mail.state;
        told.delivery = mail.delivery;
        told.dispatched_at = mail.dispatched_at;
        told.delivered_at = mail.delivered_at;
        notification::update(tx, &told).await?;
    }
    Ok(remaining)
}

/// Hands one delivery to its channel, be it of one alert or of a digest.
async fn dispatch(
    app: &App,
    tx: &Transaction,
    identity: &Identity,
    person: &Agent,
    delivery: &Delivery,
    mut carried: Vec<Notification>,
) -> Result<Vec<Told>> {
    let now = app.now();
    match delivery.channel {
        NotifyChannel::InApp => {
            for shown in &mut carried {
                shown.state = NotificationState::Delivered;
                shown.dispatched_at = Some(now);
                shown.delivered_at = Some(now);
            }
            notification::update_many(tx, &carried).await?;
            let carried = carried.into_iter();
            return Ok(carried
                .map(|shown| (shown, DeliveryOutcome::Sent))
                .collect());
        }
        NotifyChannel::Email => {
            let mail = send_notification_mail(app, tx, identity, person, &carried).await?;
            hand_over(tx, &mut carried, mail.uuid(), now).await?;
        }
        NotifyChannel::Slack | NotifyChannel::Sms | NotifyChannel::Voice | NotifyChannel::Pager => {
            queue(app, tx, identity, person, delivery.channel, carried).await?;
        }
    }
    Ok(Vec::new())
}

/// Writes down that alerts went with a delivery.
pub(super) async fn hand_over(
    tx: &Transaction,
    carried: &mut [Notification],
    delivery: Uuid,
    now: Timestamp,
) -> Result<()> {
    for handed in carried.iter_mut() {
        handed.state = NotificationState::Dispatched;
        handed.dispatched_at = Some(now);
        handed.delivery = Some(delivery);
    }
    Ok(notification::update_many(tx, carried).await?)
}

/// Writes down until when alerts are held: a promise that a later plan may only shorten.
async fn hold(
    tx: &Transaction,
    mut carried: Vec<Notification>,
    until: Timestamp,
) -> Result<Vec<Told>> {
    carried.retain(|held| held.held_until.is_none_or(|promised| promised > until));
    for held in &mut carried {
        held.held_until = Some(until);
    }
    notification::update_many(tx, &carried).await?;
    let carried = carried.into_iter();
    Ok(carried
        .map(|held| (held, DeliveryOutcome::Held { until }))
        .collect())
}

async fn give_up(tx: &Transaction, mut lost: Notification, reason: &str) -> Result<Told> {
    tracing::warn!(id = %lost.id, channel = %lost.channel, "a notification could not be delivered");
    lost.state = NotificationState::GivenUp;
    lost.last_error = Some(reason.to_owned());
    notification::update(tx, &lost).await?;
    let outcome = DeliveryOutcome::GivenUp {
        reason: reason.to_owned(),
    };
    Ok((lost, outcome))
}

/// What became of telling somebody.
pub(super) type Told = (Notification, DeliveryOutcome);

/// Records with their escalations what became of telling people. Where nobody of a step can be reached any more, the
/// ladder goes on at once.
pub(super) async fn record(app: &App, tx: &Transaction, told: &[Told]) -> Result<()> {
    let mut by_escalation: BTreeMap<EscalationId, Vec<&Told>> = BTreeMap::new();
    for it in told {
        if let Some(escalation) = it.0.escalation {
            by_escalation.entry(escalation).or_default().push(it);
        }
    }
    let ids: Vec<EscalationId> = by_escalation.keys().copied().collect();
    let mut writers = EscalationWriter::load_many(app, tx, &ids).await?;
    for writer in &mut writers {
        let mut lost: Vec<StepRef> = Vec::new();
        for (told, outcome) in by_escalation.remove(&writer.id).unwrap_or_default() {
            let step = told.step().cloned();
            writer.decide(
                Actor::System,
                Command::RecordNotification {
                    step: step.clone(),
                    to: told.recipient,
                    channel: told.goes_by(),
                    outcome: outcome.clone(),
                },
            )?;
            let is_lost = matches!(outcome, DeliveryOutcome::GivenUp { .. });
            lost.extend(step.filter(|_| is_lost));
        }
        go_on_without(tx, writer, &lost).await?;
    }
    Box::pin(save_together(app, tx, writers, &[])).await?;
    Ok(())
}

/// Lets a ladder go on from steps of which somebody could not be told, if nobody else can be.
async fn go_on_without(
    tx: &Transaction,
    writer: &mut EscalationWriter<'_>,
    lost: &[StepRef],
) -> Result<()> {
    let mut asked: Vec<StepRef> = Vec::new();
    for step in lost {
        let together = writer.taken_together(step);
        let Some(last) = together.last().filter(|last| !asked.contains(last)) else {
            continue;
        };
        asked.push(last.clone());
        if nobody_reached(tx, writer.id, &together).await? {
            writer.find_nobody(last)?;
        }
    }
    Ok(())
}

/// Whether every telling of these steps was given up, and none was shown in the program.
async fn nobody_reached(tx: &Transaction, id: EscalationId, steps: &[StepRef]) -> Result<bool> {
    let told = notification::of_escalation(tx, id).await?;
    Ok(told
        .iter()
        .filter(|told| told.step().is_some_and(|step| steps.contains(step)))
        .all(|told| told.state == NotificationState::GivenUp && !told.is_shown()))
}

/// Writes down what became of a mail with what it carried: the proof of delivery. A mail that was given up and sent
/// again by a person proves it all the same.
pub(crate) async fn note_mail(app: &App, tx: &Transaction, id: OutgoingMailId) -> Result<()> {
    let carried = notification::of_delivery(tx, id.uuid()).await?;
    if carried.is_empty() {
        return Ok(());
    }
    let Some(mail) = mail::find(tx, id).await? else {
        return Ok(());
    };
    let mut outcomes = Vec::new();
    for mut told in carried {
        match (mail.state, told.state) {
            (OutgoingMailState::Sent, NotificationState::Delivered)
            | (OutgoingMailState::Dead, NotificationState::GivenUp) => {}
            (OutgoingMailState::Sent, _) => {
                told.state = NotificationState::Delivered;
                told.delivered_at = mail.sent_at.or(Some(app.now()));
                told.last_error = None;
                notification::update(tx, &told).await?;
                outcomes.push((told, DeliveryOutcome::Sent));
            }
            (OutgoingMailState::Dead, _) => {
                let reason = mail.last_error.clone().unwrap_or_default();
                let reason = format!("the e-mail was given up: {reason}");
                outcomes.push(give_up(tx, told, &reason).await?);
            }
            _ => {}
        }
    }
    record(app, tx, &outcomes).await
}
