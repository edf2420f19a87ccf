//! Storm control: many alerts to one person become one digest, and closed hours are left in peace.
//!
//! [`plan`] is asked whenever an alert comes in and whenever a delivery it has planned is due. It says of every
//! pending alert in which delivery it goes and when; nothing is dropped. The caller sends what is planned for now, and
//! writes down for every other alert until when it is held: that instant is a promise, which a later plan may
//! shorten and never puts off.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use mainstay_calendar::Calendar;

use super::ladder::NotifyChannel;
use crate::id::{AgentId, NotificationId};

/// Something a person is to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alert {
    /// Identifies it.
    pub id: NotificationId,
    /// Whom it is for.
    pub to: AgentId,
    /// By which channel.
    pub channel: NotifyChannel,
    /// How soon it must be read.
    pub urgency: Urgency,
    /// Whether it reaches somebody whose hours are closed.
    pub wake: Wake,
    /// When it arose.
    pub at: Timestamp,
    /// Until when an earlier plan holds it at the most.
    pub held_until: Option<Timestamp>,
}

/// How soon an alert must be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Urgency {
    /// When there is time.
    Routine,
    /// Now.
    Urgent,
}

/// Whether an alert reaches somebody whose hours are closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Wake {
    /// It waits until their hours open.
    No,
    /// It reaches them at once, because the ladder says so.
    Yes,
}

/// A delivery that was made, be it of one alert or of a digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sent {
    /// To whom.
    pub to: AgentId,
    /// By which channel.
    pub channel: NotifyChannel,
    /// When.
    pub at: Timestamp,
}

/// How many deliveries a person gets by one channel before their alerts are gathered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StormRules {
    /// How many deliveries within a window go out one by one. At least 1.
    pub burst: u32,
    /// The window for routine alerts.
    pub window: SignedDuration,
    /// The window for urgent alerts, which is not longer.
    pub urgent_window: SignedDuration,
}

impl Default for StormRules {
    /// Three deliveries in a quarter of an hour, or in five minutes when it is urgent; then a digest.
    fn default() -> Self {
        Self {
            burst: 3,
            window: SignedDuration::from_mins(15),
            urgent_window: SignedDuration::from_mins(5),
        }
    }
}

/// A delivery: one alert, or a digest of several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// To whom.
    pub to: AgentId,
    /// By which channel.
    pub channel: NotifyChannel,
    /// When it goes: the plan's own instant, or later.
    pub at: Timestamp,
    /// Why then.
    pub why: Why,
    /// The alerts in it, in the order in which they arose. Never empty.
    pub alerts: Vec<NotificationId>,
}

/// Why a delivery goes when it goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// Nothing holds it.
    Now,
    /// It was promised for now at the latest.
    Promised,
    /// The person was told so much lately that what comes is gathered until then.
    Digest,
    /// The person's hours are closed until then.
    Hours,
}

/// Plans every pending alert: each is in exactly one delivery, and a person gets at most two by a channel, one that
/// may go as soon as the storm allows and one that waits for their hours.
///
/// `sent` is what was delivered lately, as far back as the longer window. `hours` are people's working hours; somebody
/// who has none is always reached. What is shown in the program itself disturbs nobody and goes at once. A person
/// whose hours never open again is told now rather than never.
#[must_use]
pub fn plan(
    pending: &[Alert],
    sent: &[Sent],
    hours: &BTreeMap<AgentId, Calendar>,
    rules: &StormRules,
    now: Timestamp,
) -> Vec<Delivery> {
    let mut by_person: BTreeMap<(AgentId, NotifyChannel), Vec<&Alert>> = BTreeMap::new();
    for alert in pending {
        by_person
            .entry((alert.to, alert.channel))
            .or_default()
            .push(alert);
    }
    let mut deliveries = Vec::new();
    for ((to, channel), mut alerts) in by_person {
        alerts.sort_by_key(|alert| (alert.at, alert.id));
        let person = Person {
            to,
            channel,
            hours: hours.get(&to),
        };
        if channel == NotifyChannel::InApp {
            deliveries.push(person.delivery(&alerts, now, Why::Now));
            continue;
        }
        let (may_go, waits): (Vec<&Alert>, Vec<&Alert>) = alerts.into_iter().partition(|alert| {
            alert.wake == Wake::Yes || is_promised(alert, now) || person.is_on(now)
        });
        if !may_go.is_empty() {
            let (at, why) = person.release(&may_go, sent, rules, now);
            deliveries.push(person.delivery(&may_go, at, why));
        }
        if !waits.is_empty() {
            let opens = person.next_on(now);
            let promised = waits.iter().filter_map(|alert| alert.held_until).min();
            let at = promised
                .map_or(opens, |promised| promised.min(opens))
                .max(now);
            deliveries.push(person.delivery(&waits, at, Why::Hours));
        }
    }
    deliveries
}

/// A person by one channel.
struct Person<'a> {
    to: AgentId,
    channel: NotifyChannel,
    hours: Option<&'a Calendar>,
}

impl Person<'_> {
    fn is_on(&self, at: Timestamp) -> bool {
        // One whose hours never open again could wait for ever.
        self.hours
            .is_none_or(|hours| hours.is_open(at) || hours.next_open(at).is_none())
    }

    fn next_on(&self, at: Timestamp) -> Timestamp {
        self.hours
            .and_then(|hours| hours.next_open(at))
            .unwrap_or(at)
    }

    /// When those alerts go that need not wait for hours: together, when the first of them may.
    fn release(
        &self,
        alerts: &[&Alert],
        sent: &[Sent],
        rules: &StormRules,
        now: Timestamp,
    ) -> (Timestamp, Why) {
        let Some(at) = alerts
            .iter()
            .map(|alert| self.storm_until(alert.urgency, sent, rules, now))
            .min()
        else {
            return (now, Why::Now);
        };
        if at <= now {
            return (now, Why::Now);
        }
        if alerts.iter().any(|alert| is_promised(alert, now)) {
            return (now, Why::Promised);
        }
        let promised = alerts.iter().filter_map(|alert| alert.held_until).min();
        let at = promised.map_or(at, |promised| promised.min(at));
        (self.before_closing(alerts, at, now), Why::Digest)
    }

    /// When so few deliveries lie within the window that another may go.
    fn storm_until(
        &self,
        urgency: Urgency,
        sent: &[Sent],
        rules: &StormRules,
        now: Timestamp,
    ) -> Timestamp {
        let window = match urgency {
            Urgency::Routine => rules.window,
            Urgency::Urgent => rules.urgent_window.min(rules.window),
        };
        let mut lately: Vec<Timestamp> = sent
            .iter()
            .filter(|sent| sent.to == self.to && sent.channel == self.channel && sent.at <= now)
            .map(|sent| sent.at)
            .collect();
        lately.sort_unstable_by(|a, b| b.cmp(a));
        let burst = usize::try_from(rules.burst.max(1)).unwrap_or(usize::MAX);
        match lately.get(burst - 1) {
            Some(first) => first.checked_add(window).unwrap_or(now).max(now),
            None => now,
        }
    }

    /// A digest that would be ready only after the person has gone goes as they go, not the next morning; unless it
    /// may wake them anyway.
    fn before_closing(&self, alerts: &[&Alert], at: Timestamp, now: Timestamp) -> Timestamp {
        let Some(hours) = self.hours.filter(|hours| hours.is_open(now)) else {
            return at;
        };
        if alerts.iter().all(|alert| alert.wake == Wake::Yes) {
            return at;
        }
        hours.next_close(now).map_or(at, |close| close.min(at))
    }

    fn delivery(&self, alerts: &[&Alert], at: Timestamp, why: Why) -> Delivery {
        Delivery {
            to: self.to,
            channel: self.channel,
            at,
            why,
            alerts: alerts.iter().map(|alert| alert.id).collect(),
        }
    }
}

fn is_promised(alert: &Alert, now: Timestamp) -> bool {
    alert.held_until.is_some_and(|until| until <= now)
}

#[cfg(test)]
mod tests;
