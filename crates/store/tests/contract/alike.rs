//! Both engines give the same answers to the same script, whatever it does.

use std::collections::BTreeSet;

use mainstay_domain::event::{Channel, Visibility};
use mainstay_domain::job::Job;
use mainstay_domain::severity::Severity;
use mainstay_domain::status::{Status, StatusKind};
use mainstay_domain::ticket::Scope;
use mainstay_store::clock::{self, ClockState, StoredClock};
use mainstay_store::ticket::{
    self, Direction, NextDue, TallyBy, TicketFilter, TicketKey, TicketSort, TimeRange,
};
use mainstay_store::{
    PageRequest, Store, Transaction, account, contact, due, job, message, search,
};

use crate::engine::{Engine, Fresh};
use crate::given::{self, at};

#[tokio::test(flavor = "multi_thread")]
async fn the_same_script_gives_the_same_answers() {
    let Some(postgres) = Fresh::open(Engine::Postgres).await else {
        return;
    };
    let sqlite = Fresh::open(Engine::Sqlite).await.unwrap();
    let one = transcript(&sqlite.store).await;
    let other = transcript(&postgres.store).await;
    assert_eq!(one.len(), other.len());
    for (number, (one, other)) in one.iter().zip(&other).enumerate() {
        assert_eq!(one, other, "answer {number}");
    }
    let told = one.iter().filter(|answer| answer.len() > 60).count();
    assert!(
        told * 2 > one.len(),
        "most answers should say something: {told} of {}",
        one.len()
    );
}

/// Numbers that look random and are the same every time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u32) -> u32 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        u32::try_from(self.0 >> 33).unwrap() % limit
    }

    fn is_one_in(&mut self, chance: u32) -> bool {
        self.below(chance) == 0
    }

    fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.below(u32::try_from(from.len()).unwrap()) as usize].clone()
    }

    fn some<T: Clone>(&mut self, from: &[T]) -> Vec<T> {
        if self.is_one_in(3) {
            (0..=self.below(2)).map(|_| self.pick(from)).collect()
        } else {
            Vec::new()
        }
    }
}

const WORDS: [&str; 12] = [
    "replica",
    "réplica",
    "Replicas",
    "lag",
    "10:42",
    "东京",
    "naïve",
    "o'brien",
    "AND",
    "100%",
    "ß",
    "İstanbul",
];
const TAGS: [&str; 4] = ["vip", "Network", "ünïcode", "a b"];

async fn transcript(store: &Store) -> Vec<String> {
    let mut dice = Dice(7);
    let mut answers = Vec::new();
    let tx = store.begin().await.unwrap();
    for number in 1..=3 {
        account::insert(&tx, &given::account(number)).await.unwrap();
        contact::insert(&tx, &given::contact(number, Some(number)))
            .await
            .unwrap();
    }
    tx.commit().await.unwrap();
    let mut tickets = 0;
    for round in 0..400 {
        let tx = store.begin().await.unwrap();
        match dice.below(9) {
            0 | 1 => open(&tx, &mut dice, &mut tickets).await,
            2 => change(&tx, &mut dice, tickets).await,
            3 => write(&tx, &mut dice, round, tickets).await,
            4 => queue(&tx, &mut dice, round, &mut answers).await,
            5 => run(&tx, &mut dice, tickets, &mut answers).await,
            6 | 7 => list(&tx, &mut dice, &mut answers).await,
            _ => look_for(&tx, &mut dice, &mut answers).await,
        }
        if dice.is_one_in(8) {
            // The script goes on as if this had not happened: a ticket that was opened gives its number back.
            tickets -= u32::from(tickets > 0 && ticket_is_new(&tx, store, tickets).await);
            tx.rollback().await.unwrap();
        } else {
            tx.commit().await.unwrap();
        }
    }
    answers
}

async fn ticket_is_new(tx: &Transaction, store: &Store, number: u32) -> bool {
    let number = u64::from(number);
    let inside = ticket::find_by_number(tx, Scope::Everything, number)
        .await
        .unwrap();
    let outside = ticket::find_by_number(&store.read(), Scope::Everything, number)
        .await
        .unwrap();
    inside.is_some() && outside.is_none()
}

async fn open(tx: &Transaction, dice: &mut Dice, tickets: &mut u32) {
    *tickets += 1;
    let mut stored = given::ticket(*tickets);
    shuffle(&mut stored, dice);
    ticket::insert(tx, &stored).await.unwrap();
}

async fn change(tx: &Transaction, dice: &mut Dice, tickets: u32) {
    if tickets == 0 {
        return;
    }
    let number = u64::from(1 + dice.below(tickets));
    let before = ticket::find_by_number(tx, Scope::Everything, number)
        .await
        .unwrap()
        .unwrap();
    let mut stored = before.clone();
    stored.ticket.version += 1;
    shuffle(&mut stored, dice);
    ticket::update(tx, &before, &stored).await.unwrap();
}

fn shuffle(stored: &mut ticket::StoredTicket, dice: &mut Dice) {
    let ticket = &mut stored.ticket;
    ticket.subject = format!("{} {}", dice.pick(&WORDS), dice.pick(&WORDS));
    ticket.facts.severity = dice.pick(&Severity::ALL);
    ticket.facts.status = Status::from(dice.pick(&StatusKind::ALL));
    ticket.facts.channel = dice.pick(&Channel::ALL);
    ticket.facts.tags = dice.some(&TAGS).into_iter().map(Into::into).collect();
    let account = dice.below(4);
    ticket.facts.account = (account > 0).then(|| given::id(account));
    ticket.contact = (account > 0 && dice.is_one_in(2)).then(|| given::id(account));
    ticket.updated_at = at(i64::from(dice.below(50)));
    ticket.customer_updated_at = at(i64::from(dice.below(50)));
    stored.next_due = dice.is_one_in(2).then(|| NextDue {
        at: at(i64::from(dice.below(20))),
        commitment: "update".into(),
    });
}

async fn write(tx: &Transaction, dice: &mut Dice, round: u32, tickets: u32) {
    if tickets == 0 {
        return;
    }
    let text: Vec<&str> = (0..dice.below(12)).map(|_| dice.pick(&WORDS)).collect();
    let mut message = given::message(10_000 + round, 1 + dice.below(tickets), &text.join(" "));
    message.mentions.clear();
    if dice.is_one_in(3) {
        message.visibility = Visibility::Internal;
    }
    message::insert(tx, &message).await.unwrap();
}

async fn queue(tx: &Transaction, dice: &mut Dice, round: u32, answers: &mut Vec<String>) {
    let queued = Job {
        id: given::id(20_000 + round),
        kind: "notify".to_owned(),
        payload: "{}".to_owned(),
        run_at: at(i64::from(dice.below(400))),
        dedup_key: dice.is_one_in(2).then(|| format!("key {}", dice.below(5))),
        attempts: 0,
        last_error: None,
        dead_at: None,
        created_at: at(0),
    };
    answers.push(format!("{:?}", job::enqueue(tx, &queued).await.unwrap()));
    let now = i64::from(dice.below(400));
    let leased = job::lease(tx, at(now), "w", at(now + 5), 3).await.unwrap();
    for leased in &leased {
        match dice.below(3) {
            0 => job::complete(tx, leased.id, "w").await.unwrap(),
            1 => job::retry(tx, leased.id, "w", at(now + 50), "later")
                .await
                .unwrap(),
            _ => job::give_up(tx, leased.id, "w", at(now), "never")
                .await
                .unwrap(),
        };
    }
    answers.push(format!("{leased:?}"));
    answers.push(format!(
        "{:?} {:?}",
        job::next_job_at(tx).await.unwrap(),
        job::dead(tx, PageRequest::first(3)).await.unwrap().items
    ));
}

async fn run(tx: &Transaction, dice: &mut Dice, tickets: u32, answers: &mut Vec<String>) {
    if tickets == 0 {
        return;
    }
    let number = 1 + dice.below(tickets);
    let clocks: Vec<StoredClock> = (0..dice.below(4))
        .map(|cycle| StoredClock {
            ticket: given::id(number),
            commitment: dice.pick(&["update", "resolution"]).into(),
            cycle: cycle + 1,
            state: dice.pick(&[ClockState::Running, ClockState::Met, ClockState::Missed]),
            policy: mainstay_domain::policy::PolicyVersion(1),
            calendar: None,
            target: Some(given::seconds(i64::from(dice.below(9_999)))),
            started_at: at(i64::from(dice.below(9))),
            promised_due_at: None,
            due_at: Some(at(i64::from(dice.below(99)))),
            stopped_at: None,
            missed_at: None,
            cancelled_at: None,
            warnings: Vec::new(),
            next_at: dice.is_one_in(2).then(|| at(i64::from(dice.below(200)))),
            detail: "{}".to_owned(),
        })
        .collect();
    given::clocks(tx, number, &clocks).await;
    let now = i64::from(dice.below(200));
    let taken = due::lease_due(tx, at(now), "node", at(now + 3), 2)
        .await
        .unwrap();
    answers.push(format!(
        "{taken:?} {:?}",
        due::next_instant(tx).await.unwrap()
    ));
    answers.push(format!(
        "{:?}",
        clock::attainment(
            tx,
            Scope::Everything,
            &clock::AttainmentFilter {
                from: at(0),
                until: at(9),
                account: None,
                team: None,
                tier: None,
                commitment: None,
                hidden: BTreeSet::new(),
            }
        )
        .await
        .unwrap()
    ));
    answers.push(format!(
        "{:?}",
        clock::of_ticket(tx, given::id(number)).await.unwrap()
    ));
}

fn scope(dice: &mut Dice) -> Scope {
    let account = 1 + dice.below(3);
    match dice.below(4) {
        0 => Scope::Account(given::id(account)),
        1 => Scope::Contact(given::id(account), given::id(account)),
        _ => Scope::Everything,
    }
}

async fn list(tx: &Transaction, dice: &mut Dice, answers: &mut Vec<String>) {
    let scope = scope(dice);
    let filter = TicketFilter {
        status_kinds: dice.some(&StatusKind::ALL),
        severities: dice.some(&Severity::ALL),
        channels: dice.some(&Channel::ALL),
        accounts: dice.some(&[None, Some(given::id(1)), Some(given::id(2))]),
        tags: dice.some(&TAGS).into_iter().map(Into::into).collect(),
        updated: TimeRange {
            from: dice.is_one_in(4).then(|| at(10)),
            until: dice.is_one_in(4).then(|| at(40)),
        },
        due_before: dice.is_one_in(5).then(|| at(10)),
        words: dice.is_one_in(5).then(|| dice.pick(&WORDS).to_owned()),
        ..TicketFilter::default()
    };
    let sort = TicketSort {
        key: dice.pick(&[
            TicketKey::NextDue,
            TicketKey::Updated,
            TicketKey::LastMessage,
            TicketKey::Opened,
            TicketKey::Severity,
            TicketKey::Number,
        ]),
        direction: dice.pick(&[Direction::Ascending, Direction::Descending]),
    };
    let mut page = PageRequest::first(1 + dice.below(6));
    for _ in 0..3 {
        let part = ticket::list(tx, scope, &filter, sort, page).await.unwrap();
        answers.push(format!("{part:?}"));
        page.after = part.next;
        if page.after.is_none() {
            break;
        }
    }
    let by = dice.pick(&[
        TallyBy::Status,
        TallyBy::Severity,
        TallyBy::Channel,
        TallyBy::Tier,
    ]);
    answers.push(format!(
        "{:?}",
        ticket::tally(tx, scope, &filter, by).await.unwrap()
    ));
}

async fn look_for(tx: &Transaction, dice: &mut Dice, answers: &mut Vec<String>) {
    let scope = scope(dice);
    let query: Vec<&str> = (0..=dice.below(2)).map(|_| dice.pick(&WORDS)).collect();
    let page = PageRequest::first(1 + dice.below(4));
    answers.push(format!(
        "{query:?} {:?}",
        search::search(tx, scope, &query.join(" "), page)
            .await
            .unwrap()
    ));
}
