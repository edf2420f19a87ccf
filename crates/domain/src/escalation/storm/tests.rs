use jiff::ToSpan;
use mainstay_calendar::{CalendarSpec, TimeOfDay, TimeRange, Weekly};
use proptest::prelude::*;
use uuid::Uuid;

use super::*;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn id(number: usize) -> NotificationId {
    NotificationId::from(Uuid::from_u128(number as u128))
}

fn anna() -> AgentId {
    AgentId::from(Uuid::from_u128(1))
}

fn alert(number: usize, time: &str) -> Alert {
    Alert {
        id: id(number),
        to: anna(),
        channel: NotifyChannel::Email,
        urgency: Urgency::Routine,
        wake: Wake::No,
        at: at(time),
        held_until: None,
    }
}

fn sent(time: &str) -> Sent {
    Sent {
        to: anna(),
        channel: NotifyChannel::Email,
        at: at(time),
    }
}

/// Anna works on weekdays from 9 to 17, UTC.
fn hours() -> BTreeMap<AgentId, Calendar> {
    let day = TimeRange::new(
        TimeOfDay::new(9, 0).unwrap(),
        TimeOfDay::new(17, 0).unwrap(),
    );
    let calendar = Calendar::new(CalendarSpec::new("UTC", Weekly::monday_to_friday(day))).unwrap();
    BTreeMap::from([(anna(), calendar)])
}

/// The plan by the default rules, a line a delivery.
fn planned(pending: &[Alert], sent: &[Sent], now: &str) -> Vec<String> {
    plan(pending, sent, &hours(), &StormRules::default(), at(now))
        .iter()
        .map(|delivery| {
            let when = delivery.at.strftime("%a %H:%M");
            format!("{} at {when}: {:?}", delivery.alerts.len(), delivery.why)
        })
        .collect()
}

const BURST: [&str; 3] = [
    "2026-03-02T10:00:00Z",
    "2026-03-02T10:04:00Z",
    "2026-03-02T10:05:00Z",
];

#[test]
fn a_single_alert_goes_at_once() {
    let one = alert(1, "2026-03-02T10:00:00Z");
    assert_eq!(
        planned(&[one], &[], "2026-03-02T10:00:00Z"),
        ["1 at Mon 10:00: Now"]
    );
}

#[test]
fn alerts_of_the_same_instant_are_one_digest() {
    let alerts = [1, 2, 3].map(|number| alert(number, "2026-03-02T10:00:00Z"));
    assert_eq!(
        planned(&alerts, &[], "2026-03-02T10:00:00Z"),
        ["3 at Mon 10:00: Now"]
    );
}

#[test]
fn after_a_burst_what_comes_is_gathered_until_the_window_has_passed() {
    let lately = BURST.map(sent);
    let alerts = [
        alert(1, "2026-03-02T10:06:00Z"),
        alert(2, "2026-03-02T10:07:00Z"),
    ];
    assert_eq!(
        planned(&alerts, &lately, "2026-03-02T10:07:00Z"),
        ["2 at Mon 10:15: Digest"]
    );
    assert_eq!(
        planned(&alerts, &lately, "2026-03-02T10:15:00Z"),
        ["2 at Mon 10:15: Now"]
    );
}

#[test]
fn an_urgent_alert_is_held_more_shortly_and_takes_the_others_along() {
    let lately = BURST.map(sent);
    let urgent = Alert {
        urgency: Urgency::Urgent,
        ..alert(2, "2026-03-02T10:04:30Z")
    };
    let alerts = [alert(1, "2026-03-02T10:04:20Z"), urgent];
    assert_eq!(
        planned(&alerts, &lately, "2026-03-02T10:05:00Z"),
        ["2 at Mon 10:05: Now"]
    );
    let closer = [
        sent("2026-03-02T10:02:00Z"),
        sent("2026-03-02T10:04:00Z"),
        sent("2026-03-02T10:05:00Z"),
    ];
    assert_eq!(
        planned(&alerts, &closer, "2026-03-02T10:05:00Z"),
        ["2 at Mon 10:07: Digest"]
    );
}

#[test]
fn closed_hours_hold_an_alert_until_they_open_unless_the_ladder_wakes() {
    let night = "2026-03-06T22:00:00Z";
    let wakes = Alert {
        wake: Wake::Yes,
        ..alert(2, night)
    };
    assert_eq!(
        planned(&[alert(1, night), wakes], &[], night),
        ["1 at Fri 22:00: Now", "1 at Mon 09:00: Hours"]
    );
}

#[test]
fn what_is_shown_in_the_program_waits_for_nothing() {
    let night = "2026-03-06T22:00:00Z";
    let shown = Alert {
        channel: NotifyChannel::InApp,
        ..alert(1, night)
    };
    assert_eq!(planned(&[shown], &[], night), ["1 at Fri 22:00: Now"]);
}

#[test]
fn a_promise_is_kept_whatever_has_been_sent_meanwhile() {
    let promised = Alert {
        held_until: Some(at("2026-03-02T10:06:00Z")),
        ..alert(1, "2026-03-02T09:59:00Z")
    };
    let lately = BURST.map(sent);
    assert_eq!(
        planned(
            std::slice::from_ref(&promised),
            &lately,
            "2026-03-02T10:05:30Z"
        ),
        ["1 at Mon 10:06: Digest"]
    );
    assert_eq!(
        planned(&[promised], &lately, "2026-03-02T10:06:00Z"),
        ["1 at Mon 10:06: Promised"]
    );
}

#[test]
fn a_digest_goes_as_the_person_goes_and_not_the_next_morning() {
    let lately = [
        sent("2026-03-02T16:56:00Z"),
        sent("2026-03-02T16:57:00Z"),
        sent("2026-03-02T16:58:00Z"),
    ];
    let late = alert(1, "2026-03-02T16:59:00Z");
    assert_eq!(
        planned(&[late], &lately, "2026-03-02T16:59:00Z"),
        ["1 at Mon 17:00: Digest"]
    );
}

#[test]
fn what_is_promised_in_closed_hours_does_not_take_along_what_can_wait() {
    let closing = "2026-03-02T17:00:00Z";
    let promised = Alert {
        held_until: Some(at(closing)),
        ..alert(1, "2026-03-02T16:59:00Z")
    };
    assert_eq!(
        planned(&[promised, alert(2, closing)], &[], closing),
        ["1 at Mon 17:00: Now", "1 at Tue 09:00: Hours"]
    );
}

#[test]
fn one_whose_hours_never_open_again_is_told_now() {
    let mut spec = CalendarSpec::new("UTC", Weekly::default());
    spec.exceptions
        .insert("2026-03-02".parse().unwrap(), vec![TimeRange::ALL_DAY]);
    let hours = BTreeMap::from([(anna(), Calendar::new(spec).unwrap())]);
    let now = at("2026-04-01T10:00:00Z");
    let deliveries = plan(
        &[alert(1, "2026-04-01T10:00:00Z")],
        &[],
        &hours,
        &StormRules::default(),
        now,
    );
    assert_eq!((deliveries[0].at, deliveries[0].why), (now, Why::Now));
}

/// Lives through a run as the caller does: plans whenever an alert arises and whenever a planned delivery is due.
struct Life {
    hours: BTreeMap<AgentId, Calendar>,
    pending: Vec<Alert>,
    sent: Vec<Sent>,
    delivered: Vec<(NotificationId, Timestamp)>,
    first_promise: BTreeMap<NotificationId, Timestamp>,
}

impl Life {
    /// Plans, sends what is planned for now, and says when to plan again.
    fn tick(&mut self, now: Timestamp) -> Option<Timestamp> {
        let deliveries = plan(
            &self.pending,
            &self.sent,
            &self.hours,
            &StormRules::default(),
            now,
        );
        let planned: Vec<NotificationId> = deliveries
            .iter()
            .flat_map(|delivery| delivery.alerts.iter().copied())
            .collect();
        let mut once = planned.clone();
        once.sort_unstable();
        once.dedup();
        assert_eq!(once.len(), planned.len(), "an alert is planned twice");
        assert_eq!(once.len(), self.pending.len(), "an alert is dropped");
        for delivery in deliveries {
            assert!(delivery.at >= now && !delivery.alerts.is_empty());
            for id in &delivery.alerts {
                self.first_promise.entry(*id).or_insert(delivery.at);
            }
            if delivery.at == now {
                self.sent.push(Sent {
                    to: delivery.to,
                    channel: delivery.channel,
                    at: now,
                });
                self.delivered
                    .extend(delivery.alerts.iter().map(|id| (*id, now)));
                self.pending
                    .retain(|alert| !delivery.alerts.contains(&alert.id));
            } else {
                for alert in &mut self.pending {
                    if delivery.alerts.contains(&alert.id) {
                        let held = alert.held_until.get_or_insert(delivery.at);
                        assert!(delivery.at <= *held, "a promise is put off");
                        *held = delivery.at;
                    }
                }
            }
        }
        self.pending
            .iter()
            .filter_map(|alert| alert.held_until)
            .min()
    }
}

fn arising() -> impl Strategy<Value = Vec<(i64, bool, bool, u8)>> {
    // Minutes after the alert before, urgent, wakes, channel.
    let gap = prop_oneof![6 => 0i64..4, 2 => 0i64..60, 1 => 0i64..1500];
    prop::collection::vec((gap, any::<bool>(), any::<bool>(), 0u8..3), 1..60)
}

fn live(
    arising: &[(i64, bool, bool, u8)],
    hours: BTreeMap<AgentId, Calendar>,
) -> (Vec<Alert>, Life) {
    let mut life = Life {
        hours,
        pending: Vec::new(),
        sent: Vec::new(),
        delivered: Vec::new(),
        first_promise: BTreeMap::new(),
    };
    let mut now = at("2026-03-06T15:00:00Z");
    let mut next: Option<Timestamp> = None;
    let mut all = Vec::new();
    for (number, (gap, urgent, wakes, channel)) in arising.iter().enumerate() {
        let arises = now + gap.minutes();
        while let Some(due) = next.filter(|due| *due <= arises) {
            next = life.tick(due);
        }
        now = arises;
        let channels = [
            NotifyChannel::Email,
            NotifyChannel::Sms,
            NotifyChannel::InApp,
        ];
        let alert = Alert {
            channel: channels[usize::from(*channel)],
            urgency: if *urgent {
                Urgency::Urgent
            } else {
                Urgency::Routine
            },
            wake: if *wakes { Wake::Yes } else { Wake::No },
            at: now,
            ..alert(number, "2026-03-06T15:00:00Z")
        };
        all.push(alert.clone());
        life.pending.push(alert);
        next = life.tick(now);
    }
    while let Some(due) = next {
        next = life.tick(due);
    }
    (all, life)
}

proptest! {
    #[test]
    fn every_alert_is_delivered_once_and_by_the_instant_first_promised(arising in arising()) {
        let (all, life) = live(&arising, hours());
        prop_assert!(life.pending.is_empty());
        let mut delivered: Vec<NotificationId> = life.delivered.iter().map(|(id, _)| *id).collect();
        delivered.sort_unstable();
        let ids: Vec<NotificationId> = all.iter().map(|alert| alert.id).collect();
        prop_assert_eq!(delivered, ids);
        for (id, when) in &life.delivered {
            prop_assert!(*when <= life.first_promise[id]);
        }
    }

    #[test]
    fn nobody_is_disturbed_in_closed_hours_unless_the_ladder_wakes(arising in arising()) {
        let (all, life) = live(&arising, hours());
        let calendar = &life.hours[&anna()];
        for (id, when) in &life.delivered {
            let alert = all.iter().find(|alert| alert.id == *id).unwrap();
            let on = calendar.is_open(*when) || calendar.prev_open(*when) == Some(*when);
            prop_assert!(on || alert.wake == Wake::Yes || alert.channel == NotifyChannel::InApp);
        }
    }

    #[test]
    fn no_window_holds_more_deliveries_than_a_burst(arising in arising()) {
        // Without closed hours every delivery is bounded by the storm alone.
        let (_, life) = live(&arising, BTreeMap::new());
        let rules = StormRules::default();
        for channel in [NotifyChannel::Email, NotifyChannel::Sms] {
            let times: Vec<Timestamp> = life.sent.iter()
                .filter(|sent| sent.channel == channel).map(|sent| sent.at).collect();
            for run in times.windows(rules.burst as usize + 1) {
                let length = run[run.len() - 1].duration_since(run[0]);
                prop_assert!(length >= rules.urgent_window, "{:?}", run);
            }
        }
    }
}
