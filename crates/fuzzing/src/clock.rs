//! Clocks: a ledger in any order, read so far or as a whole, comes to the same clocks, and each can be explained.

use std::sync::{Arc, LazyLock};

use arbitrary::{Arbitrary, Unstructured};
use jiff::{SignedDuration, Timestamp};
use mainstay_domain::clock::{Clock, explain, fold};
use mainstay_domain::commitment::Reopen;
use mainstay_domain::event::{
    Actor, CarriedClock, Channel, ContractTerms, Event, EventKind, Origin, Side, Spoken,
    TargetOverride, Visibility,
};
use mainstay_domain::policy::{Policy, PolicyBook, PolicyVersion};
use mainstay_domain::severity::Severity;
use mainstay_domain::status::{Status, StatusKind};
use mainstay_policy::{builtin, builtin_names, load};
use uuid::Uuid;

/// Monday 2 March 2026, 00:00 in UTC, from which the minutes of events count.
const BEGIN: SignedDuration = SignedDuration::from_secs(1_772_409_600);

/// The policies of all packs that come with the program, each a version.
static POLICIES: LazyLock<Vec<Arc<Policy>>> = LazyLock::new(|| {
    builtin_names()
        .filter_map(builtin)
        .filter_map(|source| Some(Arc::new(load(&source).ok()?.policy)))
        .collect()
});

static BOOK: LazyLock<PolicyBook> = LazyLock::new(|| {
    let mut book = PolicyBook::default();
    for (version, policy) in (1..).zip(POLICIES.iter()) {
        book.insert(PolicyVersion(version), Arc::clone(policy));
    }
    book
});

#[derive(Debug, Arbitrary)]
struct Ledger {
    /// Which pack; a later event may be under another one.
    policy: u8,
    happenings: Vec<Recorded>,
    /// When somebody looks, and once more, in minutes.
    now: u16,
    later: u16,
    /// How the ledger is shuffled.
    turn: u8,
}

#[derive(Debug, Arbitrary)]
struct Recorded {
    minute: u16,
    microseconds: u8,
    /// Recorded so many times ten minutes after it happened, where it is over 200.
    late: u8,
    /// Under the next policy, where it is over 250.
    policy: u8,
    by: u8,
    what: Happening,
}

#[derive(Debug, Arbitrary)]
enum Happening {
    Opened {
        severity: u8,
        status: u8,
        tier: u8,
        category: u8,
        channel: u8,
    },
    Message {
        agent: bool,
        internal: bool,
        origin: u8,
    },
    Status {
        from: u8,
        to: u8,
    },
    Severity {
        to: u8,
    },
    Category {
        to: u8,
    },
    Account {
        tier: u8,
    },
    Terms {
        tier: u8,
        commitment: u8,
        minutes: Option<u16>,
        calendar: Option<u8>,
    },
    Team(bool),
    Assignee(bool),
    Escalated,
    Acknowledged,
    MergedInto,
    MergedFrom {
        clocks: Vec<(u8, u16, u16)>,
        messages: Vec<(u16, bool)>,
    },
    Warned {
        commitment: u8,
        cycle: u8,
        warning: u8,
    },
    Missed {
        commitment: u8,
        cycle: u8,
        before: u16,
    },
    Subject,
}

/// Any bytes taken for the ledger of a ticket.
///
/// # Panics
/// When the order in which facts are given or the facts to come change its clocks, or a clock does not add up.
pub fn clock(data: &[u8]) {
    let Ok(ledger) = Ledger::arbitrary(&mut Unstructured::new(data)) else {
        return;
    };
    let events = ledger.events();
    let (one, other) = (minute(ledger.now), minute(ledger.later));
    let (now, later) = (one.min(other), one.max(other));
    let clocks = fold(&events, &BOOK, now);
    for clock in &clocks {
        check_clock(clock, now);
    }
    check_order(&ledger, &events, &clocks, now);
    check_stored(&events, &clocks, now);
    if ledger.is_simple() {
        check_future(&events, &clocks, now, later);
    }
}

/// Neither the order in which the facts are given nor those after now matter.
fn check_order(ledger: &Ledger, events: &[Event], clocks: &[Clock], now: Timestamp) {
    let mut so_far: Vec<Event> = events
        .iter()
        .filter(|event| event.at <= now)
        .cloned()
        .collect();
    assert_eq!(
        fold(&so_far, &BOOK, now),
        clocks,
        "what is to come changes what was"
    );
    if !so_far.is_empty() {
        let turn = usize::from(ledger.turn) % so_far.len();
        so_far.rotate_left(turn);
    }
    assert_eq!(
        fold(&so_far, &BOOK, now),
        clocks,
        "the order in which facts are given matters"
    );
}

/// The stored form of the facts says the same.
fn check_stored(events: &[Event], clocks: &[Clock], now: Timestamp) {
    let stored = serde_json::to_string(events).unwrap_or_default();
    match serde_json::from_str::<Vec<Event>>(&stored) {
        Ok(events) => assert_eq!(fold(&events, &BOOK, now), clocks, "stored as {stored}"),
        Err(error) => panic!("{error} in {stored}"),
    }
}

/// A clock's parts fit each other, and its explanation adds up.
fn check_clock(clock: &Clock, now: Timestamp) {
    assert!(clock.started_at <= now, "{clock:?}");
    assert!(clock.used >= SignedDuration::ZERO, "{clock:?}");
    assert!(clock.cycle > 0);
    assert!(clock.next_at.is_none_or(|next| next > now), "{clock:?}");
    assert!(clock.warned.iter().all(|warned| warned.at <= now));
    assert!(clock.missed_at.is_none_or(|at| at <= now), "{clock:?}");
    let used = clock.used;
    let started_at = clock.started_at;
    let Some(explanation) = explain(clock.clone(), now) else {
        assert!(clock.terms.is_none() && clock.promised.is_none());
        return;
    };
    let mut reached = started_at;
    let mut past = SignedDuration::ZERO;
    for span in &explanation.spans {
        assert_eq!(span.from, reached, "a gap or an overlap in {explanation:?}");
        assert!(span.from < span.until, "{explanation:?}");
        reached = span.until;
        if !span.is_expected {
            past += span.counted;
        }
    }
    if clock.terms.is_some() {
        assert_eq!(past, used, "{explanation:?}");
    }
}

/// Later is known what was known before, and until its next instant nothing happens to a clock by itself. Facts that came
/// late and other tickets may change what was; these ledgers have none of them.
fn check_future(events: &[Event], clocks: &[Clock], now: Timestamp, later: Timestamp) {
    let after = fold(events, &BOOK, later);
    let is_quiet = !events
        .iter()
        .any(|event| event.at > now && event.at <= later);
    for before in clocks {
        let same = after
            .iter()
            .find(|clock| clock.commitment == before.commitment && clock.cycle == before.cycle);
        let Some(same) = same else {
            panic!("{before:?} is gone in {after:?}");
        };
        assert_eq!(same.started_at, before.started_at);
        assert!(
            same.warned.starts_with(&before.warned),
            "{before:?} {same:?}"
        );
        if before.missed_at.is_some() {
            assert_eq!(same.missed_at, before.missed_at);
        }
        if is_quiet && before.next_at.is_some_and(|next| next > later) {
            assert!(
                same.missed_at == before.missed_at,
                "{before:?} was missed before its next instant: {same:?}"
            );
        }
    }
}

fn minute(number: u16) -> Timestamp {
    Timestamp::UNIX_EPOCH + BEGIN + SignedDuration::from_mins(i64::from(number))
}

/// One of several, whatever the number.
fn pick<T>(all: &[T], number: u8) -> Option<&T> {
    all.get(usize::from(number).checked_rem(all.len())?)
}

impl Ledger {
    fn events(&self) -> Vec<Event> {
        // Long ledgers show nothing that shorter ones do not.
        let happenings = self.happenings.iter().take(40);
        (0_u64..)
            .zip(happenings)
            .map(|(sequence, recorded)| self.event(sequence, recorded))
            .collect()
    }

    fn event(&self, sequence: u64, recorded: &Recorded) -> Event {
        let at =
            minute(recorded.minute) + SignedDuration::from_micros(i64::from(recorded.microseconds));
        let late = i64::from(recorded.late.saturating_sub(200)) * 10;
        let version = (usize::from(self.policy) + usize::from(recorded.policy > 250))
            .checked_rem(POLICIES.len())
            .unwrap_or(0);
        let (customer, agent) = (Uuid::from_u128(1), Uuid::from_u128(2));
        Event {
            id: Uuid::from_u128(u128::from(sequence) + 100).into(),
            at,
            recorded_at: at + SignedDuration::from_mins(late),
            sequence,
            actor: match recorded.by % 3 {
                0 => Actor::Contact(customer.into()),
                1 => Actor::Agent(agent.into()),
                _ => Actor::System,
            },
            policy: PolicyVersion(version as u32 + 1),
            kind: match POLICIES.get(version) {
                Some(policy) if sequence > 0 => recorded.what.kind(policy, at),
                Some(policy) => recorded.what.opening(policy),
                None => EventKind::SubjectChanged { to: String::new() },
            },
        }
    }

    /// Whether nothing in it may change what was: nothing late, no merge, and no reopening that forgets a miss.
    fn is_simple(&self) -> bool {
        let restarts = |policy: &Arc<Policy>| {
            let mut commitments = policy.commitments.iter();
            commitments.any(|commitment| commitment.reopen == Reopen::Restart)
        };
        let may_change = |recorded: &Recorded| {
            recorded.late > 200
                || recorded.policy > 250
                || matches!(
                    recorded.what,
                    Happening::MergedFrom { .. }
                        | Happening::Missed { .. }
                        | Happening::Opened { .. }
                )
        };
        let Some((first, rest)) = self.happenings.split_first() else {
            return true;
        };
        first.late <= 200
            && first.policy <= 250
            && rest.iter().all(|later| later.minute > first.minute)
            && !rest.iter().any(may_change)
            && !pick(&POLICIES, self.policy).is_some_and(restarts)
    }
}

impl Happening {
    /// The event with which a ledger begins: an opening, whatever else was drawn.
    fn opening(&self, policy: &Policy) -> EventKind {
        let Self::Opened {
            severity,
            status,
            tier,
            category,
            channel,
        } = self
        else {
            let plain = Self::Opened {
                severity: 2,
                status: 0,
                tier: 1,
                category: 0,
                channel: 0,
            };
            return plain.opening(policy);
        };
        EventKind::Opened {
            account: None,
            contact: None,
            channel: *pick(&Channel::ALL, *channel).unwrap_or(&Channel::Email),
            severity: severity_of(*severity),
            category: pick(&policy.categories, *category).map(|category| category.name.clone()),
            status: status_of(*status),
            team: None,
            assignee: None,
            terms: sold(policy, *tier),
            tags: Vec::new(),
        }
    }

    fn kind(&self, policy: &Policy, at: Timestamp) -> EventKind {
        let someone = Uuid::from_u128(7);
        let commitment = |number: u8| {
            let found = pick(&policy.commitments, number);
            found.map_or_else(|| "none".into(), |commitment| commitment.name.clone())
        };
        let earlier = |minutes: u16| at - SignedDuration::from_mins(i64::from(minutes));
        match self {
            Self::Opened { .. } => self.opening(policy),
            Self::Message {
                agent,
                internal,
                origin,
            } => EventKind::MessageAdded {
                message: someone.into(),
                side: side_of(*agent),
                visibility: if *internal {
                    Visibility::Internal
                } else {
                    Visibility::Public
                },
                origin: match origin % 8 {
                    0 => Origin::Automatic,
                    1 => Origin::Bounce,
                    _ => Origin::Person,
                },
                channel: Channel::Email,
            },
            Self::Status { from, to } => EventKind::StatusChanged {
                from: status_of(*from),
                to: status_of(*to),
            },
            Self::Severity { to } => EventKind::SeverityChanged {
                from: Severity::P3,
                to: severity_of(*to),
                reason: None,
            },
            Self::Category { to } => EventKind::CategoryChanged {
                to: pick(&policy.categories, *to).map(|category| category.name.clone()),
            },
            Self::Account { tier } => EventKind::AccountChanged {
                to: Some(someone.into()),
                terms: sold(policy, *tier),
            },
            Self::Terms {
                tier,
                commitment: number,
                minutes,
                calendar,
            } => EventKind::TermsChanged {
                terms: ContractTerms {
                    overrides: vec![TargetOverride {
                        commitment: commitment(*number),
                        severity: None,
                        target: minutes
                            .map(|minutes| SignedDuration::from_mins(i64::from(minutes) + 1)),
                        calendar: calendar.and_then(|number| {
                            let names: Vec<_> = policy.calendars.keys().collect();
                            pick(&names, number).map(|name| (*name).clone())
                        }),
                        clause: "§ 1".to_owned(),
                    }],
                    ..sold(policy, *tier)
                },
                reason: String::new(),
            },
            Self::Team(is_some) => EventKind::TeamChanged {
                to: is_some.then(|| someone.into()),
            },
            Self::Assignee(is_some) => EventKind::AssigneeChanged {
                to: is_some.then(|| someone.into()),
                reason: None,
                because: None,
            },
            Self::Escalated => EventKind::EscalationRaised {
                escalation: someone.into(),
                ladder: "support".into(),
                reason: String::new(),
            },
            Self::Acknowledged => EventKind::EscalationAcknowledged {
                escalation: someone.into(),
            },
            Self::MergedInto => EventKind::MergedInto {
                ticket: someone.into(),
                number: 7,
            },
            Self::MergedFrom { clocks, messages } => EventKind::MergedFrom {
                ticket: someone.into(),
                number: 7,
                clocks: clocks
                    .iter()
                    .take(4)
                    .map(|(number, minutes, used)| CarriedClock {
                        commitment: commitment(*number),
                        started_at: earlier(*minutes),
                        used: SignedDuration::from_mins(i64::from(*used.min(minutes))),
                    })
                    .collect(),
                messages: {
                    let mut messages: Vec<Spoken> = messages
                        .iter()
                        .take(6)
                        .map(|(minutes, agent)| Spoken {
                            at: earlier(*minutes),
                            side: side_of(*agent),
                        })
                        .collect();
                    messages.sort_by_key(|spoken| spoken.at);
                    messages
                },
            },
            Self::Warned {
                commitment: number,
                cycle,
                warning,
            } => EventKind::ClockWarned {
                commitment: commitment(*number),
                cycle: u32::from(cycle % 4) + 1,
                warning: usize::from(*warning),
                due_at: at,
            },
            Self::Missed {
                commitment: number,
                cycle,
                before,
            } => EventKind::ClockMissed {
                commitment: commitment(*number),
                cycle: u32::from(cycle % 4) + 1,
                due_at: earlier(*before),
            },
            Self::Subject => EventKind::SubjectChanged { to: String::new() },
        }
    }
}

fn sold(policy: &Policy, tier: u8) -> ContractTerms {
    ContractTerms {
        // Every fifth has no tier.
        tier: (!tier.is_multiple_of(5))
            .then(|| pick(&policy.tiers, tier).map(|tier| tier.name.clone()))
            .flatten(),
        overrides: Vec::new(),
    }
}

fn side_of(agent: bool) -> Side {
    if agent { Side::Agent } else { Side::Customer }
}

fn severity_of(number: u8) -> Severity {
    *pick(&Severity::ALL, number).unwrap_or(&Severity::P3)
}

fn status_of(number: u8) -> Status {
    Status::from(*pick(&StatusKind::ALL, number).unwrap_or(&StatusKind::Open))
}
