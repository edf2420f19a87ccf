//! How long it takes to fold a ticket's ledger into its clocks. The goal is 5 µs for a ticket of 8 events and 4 commitments
//! (which make 5 clocks, the update being promised twice).
//!
//! `cargo bench -p mainstay-domain`

use std::sync::Arc;

use jiff::civil::date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use mainstay_calendar::{Calendar, CalendarSpec, TimeOfDay, TimeRange, Weekly};
use mainstay_domain::clock::{explain, fold};
use mainstay_domain::commitment::{
    Commitment, Occurrence, Reopen, Repeat, Source, Target, Trigger, Warning, WarningPoint,
};
use mainstay_domain::condition::Condition;
use mainstay_domain::event::{
    Actor, Channel, ContractTerms, Event, EventKind, Origin, Side, Visibility,
};
use mainstay_domain::name::{CalendarName, TierName};
use mainstay_domain::policy::{Policy, PolicyBook, PolicyVersion, Title};
use mainstay_domain::severity::Severity;
use mainstay_domain::status::{Status, StatusKind};
use uuid::Uuid;

fn main() {
    divan::main();
}

/// How many tickets are replayed in a round.
const TICKETS: usize = 1000;

/// How many ledgers differ: each begins in another minute.
const DIFFERENT: usize = 7000;

#[divan::bench]
fn replay_tickets(bencher: divan::Bencher<'_, '_>) {
    let book = book();
    let tickets: Vec<Vec<Event>> = (0..TICKETS).map(ledger).collect();
    let now = instant(40_000);
    bencher
        .counter(divan::counter::ItemsCount::new(TICKETS))
        .bench(|| {
            for ticket in &tickets {
                assert_eq!(fold(divan::black_box(ticket), &book, now).len(), 5);
            }
        });
}

/// What a store of that size takes on one core: each ticket is one of all the ledgers that differ, which together are larger than
/// a processor's nearest caches.
#[divan::bench(sample_count = 1, sample_size = 1)]
fn replay_a_million_tickets(bencher: divan::Bencher<'_, '_>) {
    let book = book();
    let tickets: Vec<Vec<Event>> = (0..DIFFERENT).map(ledger).collect();
    let now = instant(40_000);
    bencher
        .counter(divan::counter::ItemsCount::new(1_000_000_usize))
        .bench_local(|| {
            for ticket in tickets.iter().cycle().take(1_000_000) {
                assert_eq!(fold(divan::black_box(ticket), &book, now).len(), 5);
            }
        });
}

#[divan::bench]
fn replay_one_ticket(bencher: divan::Bencher<'_, '_>) {
    let (book, ticket) = (book(), ledger(0));
    let now = instant(40_000);
    bencher.bench(|| fold(divan::black_box(&ticket), &book, now));
}

#[divan::bench]
fn explain_one_clock(bencher: divan::Bencher<'_, '_>) {
    let clocks = fold(&ledger(0), &book(), instant(40_000));
    bencher
        .with_inputs(|| clocks[0].clone())
        .bench_values(|clock| explain(clock, instant(40_000)));
}

/// First response, next response, update and resolution, as a pack promises them.
fn book() -> PolicyBook {
    let hours = TimeRange::new(time(9), time(17));
    let spec = CalendarSpec::new("Europe/Madrid", Weekly::monday_to_friday(hours));
    let mut policy = Policy::empty("bench", CalendarName::from("office"));
    let office = Calendar::new(spec).expect("the office is open");
    policy
        .calendars
        .insert(CalendarName::from("office"), office);
    policy
        .calendars
        .insert(CalendarName::from("always"), Calendar::always());
    policy
        .support_hours
        .insert(TierName::from("Gold"), CalendarName::from("office"));
    let waiting = Condition::StatusKind(vec![StatusKind::PendingCustomer, StatusKind::OnHold]);
    policy.commitments = vec![
        Commitment {
            stop: on([Occurrence::AgentReply, Occurrence::Done]),
            ..commitment("first_response", Occurrence::Opened, 1)
        },
        Commitment {
            stop: on([Occurrence::AgentReply, Occurrence::Done]),
            repeat: Repeat::EachStart,
            ..commitment("next_response", Occurrence::CustomerMessage, 2)
        },
        Commitment {
            reset: on([Occurrence::AgentReply]),
            stop: on([Occurrence::Done]),
            pause: waiting.clone(),
            ..commitment("update", Occurrence::Opened, 4)
        },
        Commitment {
            stop: on([Occurrence::Done]),
            pause: waiting,
            reopen: Reopen::Resume,
            ..commitment("resolution", Occurrence::Opened, 8)
        },
    ];
    PolicyBook::of(PolicyVersion(1), Arc::new(policy))
}

fn commitment(name: &str, start: Occurrence, hours: i64) -> Commitment {
    let source = Source {
        file: "commitments.toml".into(),
        line: 1,
    };
    let target = |severity, factor: i64| Target {
        tier: Some("Gold".into()),
        severity: Some(severity),
        category: None,
        channel: None,
        tag: None,
        duration: SignedDuration::from_hours(hours * factor),
        calendar: None,
        source: source.clone(),
    };
    Commitment {
        name: name.into(),
        title: Title::default(),
        description: String::new(),
        internal: false,
        applies: Condition::Always,
        start: on([start]),
        pause: Condition::Never,
        stop: Vec::new(),
        reset: Vec::new(),
        cancel: Vec::new(),
        repeat: Repeat::Once,
        reopen: Reopen::Ignore,
        calendar: None,
        targets: Severity::ALL
            .into_iter()
            .zip(1..)
            .map(|(severity, factor)| target(severity, factor))
            .collect(),
        warnings: vec![Warning {
            at: WarningPoint::Used(75.0),
            consequences: Vec::new(),
            source: source.clone(),
        }],
        on_missed: Vec::new(),
        source,
    }
}

fn on<const N: usize>(occurrences: [Occurrence; N]) -> Vec<Trigger> {
    occurrences
        .into_iter()
        .map(|on| Trigger {
            on,
            when: Condition::Always,
            by: None,
        })
        .collect()
}

fn time(hour: u32) -> TimeOfDay {
    TimeOfDay::new(hour, 0).expect("an hour of the day")
}

/// An instant so many minutes after the beginning of a Monday.
fn instant(minutes: i64) -> Timestamp {
    date(2026, 3, 2)
        .to_zoned(TimeZone::UTC)
        .expect("UTC has no gaps")
        .saturating_add(minutes.minutes())
        .timestamp()
}

/// Eight events: opened, its message, taken, answered, waiting, answered by the customer, raised, resolved.
fn ledger(number: usize) -> Vec<Event> {
    let customer = Actor::Contact(Uuid::from_u128(1).into());
    let agent = Actor::Agent(Uuid::from_u128(2).into());
    let status = Status::from;
    let change = |from, to| EventKind::StatusChanged {
        from: status(from),
        to: status(to),
    };
    let message = |side| EventKind::MessageAdded {
        message: Uuid::from_u128(3).into(),
        side,
        visibility: Visibility::Public,
        origin: Origin::Person,
        channel: Channel::Email,
    };
    let opened = EventKind::Opened {
        account: None,
        contact: None,
        channel: Channel::Email,
        severity: Severity::P3,
        category: None,
        status: status(StatusKind::New),
        team: None,
        assignee: None,
        terms: ContractTerms {
            tier: Some("Gold".into()),
            overrides: Vec::new(),
        },
        tags: Vec::new(),
    };
    let raised = EventKind::SeverityChanged {
        from: Severity::P3,
        to: Severity::P2,
        reason: None,
    };
    let happenings = [
        (0, customer, opened),
        (0, customer, message(Side::Customer)),
        (20, agent, change(StatusKind::New, StatusKind::Open)),
        (45, agent, message(Side::Agent)),
        (
            46,
            agent,
            change(StatusKind::Open, StatusKind::PendingCustomer),
        ),
        (
            900,
            customer,
            change(StatusKind::PendingCustomer, StatusKind::Open),
        ),
        (1000, agent, raised),
        (1400, agent, change(StatusKind::Open, StatusKind::Resolved)),
    ];
    let start = i64::try_from(number % DIFFERENT).unwrap_or(0);
    happenings
        .into_iter()
        .zip(1u64..)
        .map(|((minutes, actor, kind), sequence)| Event {
            id: Uuid::from_u128(u128::from(sequence)).into(),
            at: instant(start + minutes),
            recorded_at: instant(start + minutes),
            sequence,
            actor,
            policy: PolicyVersion(1),
            kind,
        })
        .collect()
}
