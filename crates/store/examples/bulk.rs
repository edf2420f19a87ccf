//! Measures the store under a year of made-up history: how fast it is filled, and what the common questions cost then.
//!
//! `cargo run -p mainstay-store --example bulk -- [ADDRESS] [TICKETS]`; without an address in a temporary file.

#![expect(clippy::unwrap_used, reason = "a measurement that cannot go on ends")]
#![expect(clippy::disallowed_methods, reason = "a measurement reads a clock")]

use std::time::Instant;

use jiff::Timestamp;
use mainstay_domain::account::Account;
use mainstay_domain::event::{
    Actor, Channel, ContractTerms, Event, EventKind, Origin, Side, Visibility,
};
use mainstay_domain::id::uuid_at;
use mainstay_domain::message::Message;
use mainstay_domain::policy::PolicyVersion;
use mainstay_domain::severity::Severity;
use mainstay_domain::status::{Status, StatusKind};
use mainstay_domain::ticket::{Scope, Ticket};
use mainstay_store::clock::{self, ClockState, StoredClock, TicketClocks};
use mainstay_store::ticket::{
    Direction, NextDue, StoredTicket, TicketFilter, TicketKey, TicketSort,
};
use mainstay_store::{
    PageRequest, Store, StoreOptions, account, due, ledger, message, search, ticket,
};
use uuid::Uuid;

const ACCOUNTS: u32 = 60;
const EVENTS: u32 = 10;
const MESSAGES: u32 = 3;
const CLOCKS: u32 = 4;
const AT_ONCE: u32 = 500;

/// Prints the mean of twenty answers, after one that warms up.
macro_rules! measure {
    ($what:literal, $question:expr) => {{
        $question.await.unwrap();
        let began = Instant::now();
        for _ in 0..20 {
            $question.await.unwrap();
        }
        println!(
            "{:>9.0} µs  {}",
            began.elapsed().as_secs_f64() * 1e6 / 20.0,
            $what
        );
    }};
}
#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let url = arguments.next().unwrap_or_else(|| {
        let path = std::env::temp_dir().join(format!("mainstay-bulk-{}.db", std::process::id()));
        format!("sqlite:{}", path.display())
    });
    let tickets: u32 = arguments.next().map_or(5_000, |text| text.parse().unwrap());
    let store = Store::open(&StoreOptions::new(&url)).await.unwrap();
    fill(&store, tickets).await;
    ask(&store, tickets).await;
    if let Some(path) = url.strip_prefix("sqlite:") {
        let bytes = std::fs::metadata(path).unwrap().len();
        println!("the file holds {} MB", bytes / 1_000_000);
        store.close().await.unwrap();
        let _ = std::fs::remove_file(path);
    }
}

async fn fill(store: &Store, tickets: u32) {
    let began = Instant::now();
    let tx = store.begin().await.unwrap();
    let accounts: Vec<Account> = (1..=ACCOUNTS).map(an_account).collect();
    account::insert_many(&tx, &accounts).await.unwrap();
    tx.commit().await.unwrap();
    for first in (1..=tickets).step_by(AT_ONCE as usize) {
        let numbers = first..(first + AT_ONCE).min(tickets + 1);
        let tx = store.begin().await.unwrap();
        let stored: Vec<StoredTicket> = numbers.clone().map(a_ticket).collect();
        ticket::insert_many(&tx, &stored).await.unwrap();
        let events: Vec<(u32, Event)> = numbers
            .clone()
            .flat_map(|number| {
                (1..=EVENTS).map(move |sequence| (number, an_event(number, sequence)))
            })
            .collect();
        let events = events
            .iter()
            .map(|(number, event)| (id(*number), Some(id(number % ACCOUNTS + 1)), event));
        ledger::append_many(&tx, events).await.unwrap();
        let messages: Vec<Message> = numbers
            .clone()
            .flat_map(|number| (0..MESSAGES).map(move |place| a_message(number, place)))
            .collect();
        message::insert_many(&tx, &messages).await.unwrap();
        let clocks: Vec<StoredClock> = numbers
            .flat_map(|number| (0..CLOCKS).map(move |place| a_clock(number, place)))
            .collect();
        clock::insert_many(&tx, &clocks).await.unwrap();
        tx.commit().await.unwrap();
    }
    let rows = tickets * (1 + EVENTS + MESSAGES + CLOCKS);
    let seconds = began.elapsed().as_secs_f64();
    println!(
        "{rows} rows in {seconds:.1} s: {:.0} rows/s, {:.0} tickets/s",
        f64::from(rows) / seconds,
        f64::from(tickets) / seconds
    );
}

async fn ask(store: &Store, tickets: u32) {
    let on = store.read();
    let everything = Scope::Everything;
    let one = Scope::Account(id(7));
    let open = TicketFilter {
        status_kinds: vec![StatusKind::New, StatusKind::Open],
        ..TicketFilter::default()
    };
    let sort = TicketSort {
        key: TicketKey::NextDue,
        direction: Direction::Ascending,
    };
    let page = PageRequest::first(50);
    measure!("a ticket", ticket::find_by_number(&on, everything, 77));
    measure!("its facts", ledger::load(&on, id(77)));
    measure!("its messages", message::of_ticket(&on, everything, id(77)));
    measure!(
        "50 open tickets nearest to a breach",
        ticket::list(&on, everything, &open, sort, page)
    );
    measure!(
        "the same of one account",
        ticket::list(&on, one, &open, sort, page)
    );
    measure!("how many are open", ticket::count(&on, everything, &open));
    measure!(
        "a search of two words",
        search::search(&on, everything, "replica lag", page)
    );
    measure!(
        "the same of one account",
        search::search(&on, one, "replica lag", page)
    );
    measure!(
        "a search of a rare word",
        search::search(&on, everything, &format!("word{tickets}"), page)
    );
    measure!("the next instant", due::next_instant(&on));
    let began = Instant::now();
    for number in 1..=100 {
        let tx = store.begin().await.unwrap();
        let mut stored = ticket::find(&tx, everything, id(number))
            .await
            .unwrap()
            .unwrap();
        let before = stored.clone();
        stored.ticket.version += 1;
        ledger::append(&tx, id(number), None, &[an_event(number, EVENTS + 1)])
            .await
            .unwrap();
        ticket::update(&tx, &before, &stored).await.unwrap();
        let clocks: Vec<StoredClock> = (0..CLOCKS).map(|place| a_clock(number, place)).collect();
        let written = TicketClocks {
            ticket: id(number),
            due_at: clocks.iter().filter_map(|clock| clock.next_at).min(),
            clocks,
        };
        clock::replace_many(&tx, &[written]).await.unwrap();
        tx.commit().await.unwrap();
    }
    println!(
        "{:>9.0} µs  a change of a ticket, durably",
        began.elapsed().as_secs_f64() * 1e6 / 100.0
    );
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_750_000_000 + second).unwrap()
}

fn id<I: From<Uuid>>(number: u32) -> I {
    let mut random = [0; 10];
    random[6..].copy_from_slice(&number.to_be_bytes());
    I::from(uuid_at(at(0), random))
}

fn an_account(number: u32) -> Account {
    Account {
        id: id(number),
        name: format!("Customer {number}"),
        external_id: None,
        language: None,
        time_zone: None,
        domains: vec![format!("customer{number}.example")],
        people: Vec::new(),
        fields: std::collections::BTreeMap::new(),
        notes: String::new(),
        created_at: at(0),
        archived_at: None,
    }
}

fn a_ticket(number: u32) -> StoredTicket {
    let mut ticket = Ticket::unopened(
        id(number),
        u64::from(number),
        format!("Replica {number} lags behind"),
        at(0),
    );
    ticket.facts.account = Some(id(number % ACCOUNTS + 1));
    ticket.facts.channel = Channel::Email;
    ticket.facts.severity = Severity::ALL[number as usize % 4];
    let kind = if number.is_multiple_of(20) {
        StatusKind::Open
    } else {
        StatusKind::Closed
    };
    ticket.facts.status = Status::from(kind);
    ticket.facts.tags = vec!["network".into(), "import".into()];
    ticket.version = u64::from(EVENTS);
    ticket.opened_at = at(i64::from(number));
    ticket.updated_at = at(i64::from(number));
    StoredTicket {
        ticket,
        next_due: (kind == StatusKind::Open).then(|| NextDue {
            at: at(i64::from(number)),
            commitment: "resolution".into(),
        }),
    }
}

fn an_event(number: u32, sequence: u32) -> Event {
    let kind = match sequence {
        1 => EventKind::Opened {
            account: Some(id(number % ACCOUNTS + 1)),
            contact: None,
            channel: Channel::Email,
            severity: Severity::P3,
            category: None,
            status: Status::from(StatusKind::New),
            team: None,
            assignee: None,
            terms: ContractTerms::default(),
            tags: Vec::new(),
        },
        _ => EventKind::MessageAdded {
            message: id(number * MESSAGES),
            side: Side::Agent,
            visibility: Visibility::Public,
            origin: Origin::Person,
            channel: Channel::Email,
        },
    };
    Event {
        id: id(number * (EVENTS + 2) + sequence),
        at: at(i64::from(number + sequence)),
        recorded_at: at(i64::from(number + sequence)),
        sequence: u64::from(sequence),
        actor: Actor::System,
        policy: PolicyVersion(1),
        kind,
    }
}

fn a_message(number: u32, place: u32) -> Message {
    let text = format!(
        "Hello, the replica in region {} lags by word{number} seconds since {place} this morning. We restarted it and the \
         lag came back after a few minutes, and queries time out. Please tell us what to do; our customers notice. {}",
        number % 7,
        "The log says nothing unusual about the connection or the disk. ".repeat(6)
    );
    Message {
        id: id(number * MESSAGES + place),
        ticket: id(number),
        author: Actor::System,
        sender: None,
        visibility: Visibility::Public,
        origin: Origin::Person,
        channel: Channel::Email,
        text,
        html: None,
        quoted: None,
        language: None,
        mentions: Vec::new(),
        attachments: Vec::new(),
        raw_mail: None,
        at: at(i64::from(number + place)),
    }
}

fn a_clock(number: u32, place: u32) -> StoredClock {
    let is_open = number.is_multiple_of(20);
    StoredClock {
        ticket: id(number),
        commitment: format!("commitment-{place}").into(),
        cycle: 1,
        state: if is_open {
            ClockState::Running
        } else {
            ClockState::Met
        },
        policy: PolicyVersion(1),
        calendar: Some("business-hours".into()),
        target: None,
        started_at: at(i64::from(number)),
        promised_due_at: Some(at(i64::from(number))),
        due_at: Some(at(i64::from(number))),
        stopped_at: None,
        missed_at: None,
        cancelled_at: None,
        warnings: Vec::new(),
        next_at: is_open.then(|| at(i64::from(number))),
        detail: "{}".to_owned(),
    }
}
