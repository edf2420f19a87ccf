//! Writing down what people are to be told.

use std::collections::BTreeSet;

use jiff::Timestamp;
use mainstay_domain::escalation::NotifyChannel;
use mainstay_domain::escalation::storm::{Urgency, Wake};
use mainstay_domain::id::{AgentId, EscalationId, TicketId};
use mainstay_domain::notification::{About, Notification, NotificationState};
use mainstay_store::change::Change;
use mainstay_store::due::DueSubject;
use mainstay_store::{Transaction, change, due, notification};

use crate::context::App;
use crate::error::Result;

/// By which channels people are told where the pack names none: a clock's warnings and misses.
pub(crate) const EVERYDAY_CHANNELS: [NotifyChannel; 2] =
    [NotifyChannel::InApp, NotifyChannel::Email];

/// Something that people are to be told.
pub(crate) struct Notice {
    pub about: About,
    pub ticket: Option<TicketId>,
    pub escalation: Option<EscalationId>,
    pub title: String,
    pub detail: String,
    pub urgency: Urgency,
    pub wake: Wake,
    pub at: Timestamp,
    /// What made it, as a key: nobody is told twice of the same.
    pub cause: String,
}

impl Notice {
    pub fn urgency(urgent: bool) -> Urgency {
        if urgent {
            Urgency::Urgent
        } else {
            Urgency::Routine
        }
    }

    pub fn wake(wake: bool) -> Wake {
        if wake { Wake::Yes } else { Wake::No }
    }

    /// The notice to one person by some channels. What is shown in the program itself has arrived with that; it goes with the
    /// first of the others, so that most people are told by one notification.
    pub fn to(
        &self,
        app: &App,
        recipient: AgentId,
        channels: &[NotifyChannel],
    ) -> impl Iterator<Item = Notification> {
        let mut shown = channels.contains(&NotifyChannel::InApp);
        let mut others: Vec<NotifyChannel> = channels.to_vec();
        others.retain(|channel| *channel != NotifyChannel::InApp);
        if others.is_empty() && shown {
            others.push(NotifyChannel::InApp);
        }
        others.into_iter().map(move |channel| {
            let shown = std::mem::take(&mut shown);
            self.by(app, recipient, channel, shown)
        })
    }

    fn by(
        &self,
        app: &App,
        recipient: AgentId,
        channel: NotifyChannel,
        shown: bool,
    ) -> Notification {
        let now = app.now();
        let arrived = (channel == NotifyChannel::InApp).then_some(now);
        Notification {
            id: app.new_id(now),
            recipient,
            channel,
            shown_at: shown.then_some(now),
            about: self.about.clone(),
            ticket: self.ticket,
            escalation: self.escalation,
            title: self.title.clone(),
            detail: self.detail.clone(),
            urgency: self.urgency,
            wake: self.wake,
            at: self.at,
            cause: self.cause.clone(),
            state: match arrived {
                Some(_) => NotificationState::Delivered,
                None => NotificationState::Pending,
            },
            held_until: None,
            fallback: None,
            delivery: None,
            dispatched_at: arrived,
            delivered_at: arrived,
            read_at: None,
            last_error: None,
        }
    }
}

/// Writes notifications, and makes their delivery due.
pub(crate) async fn tell(
    app: &App,
    tx: &Transaction,
    notifications: &[Notification],
) -> Result<()> {
    if notifications.is_empty() {
        return Ok(());
    }
    notification::insert(tx, notifications).await?;
    let now = app.now();
    let waiting: BTreeSet<AgentId> = notifications
        .iter()
        .filter(|notification| notification.state == NotificationState::Pending)
        .map(|notification| notification.recipient)
        .collect();
    let subjects: Vec<_> = waiting
        .into_iter()
        .map(|agent| (DueSubject::Agent(agent), Some(now)))
        .collect();
    due::set_many(tx, &subjects).await?;
    let shown: BTreeSet<AgentId> = notifications
        .iter()
        .filter(|notification| notification.is_shown())
        .map(|notification| notification.recipient)
        .collect();
    let changes: Vec<Change> = shown
        .into_iter()
        .map(|agent| Change {
            at: now,
            kind: "notification.shown".to_owned(),
            ticket: None,
            account: None,
            subject: Some(agent.to_string()),
        })
        .collect();
    Ok(change::append(tx, &changes).await?)
}
