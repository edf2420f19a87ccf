//! How promises were kept, as it is counted while clocks are written, compared with counting every clock.

use mainstay_domain::id::AccountId;
use mainstay_domain::name::CommitmentName;
use mainstay_domain::policy::PolicyVersion;
use mainstay_domain::ticket::Scope;
use mainstay_store::clock::{self, AttainmentFilter, ClockState, KeptForAccount, StoredClock};
use mainstay_store::{Store, Transaction, account, ticket};

use crate::engine::{Engine, Fresh, on_each_engine};
use crate::given::{self, at};

on_each_engine!(what_is_counted_while_it_is_written_is_what_is_there,);

const TICKETS: u32 = 24;
const DAY: i64 = 86_400;

fn a_clock(ticket: u32, commitment: &str, state: ClockState, day: i64) -> StoredClock {
    StoredClock {
        ticket: given::id(ticket),
        commitment: CommitmentName::from(commitment),
        cycle: 1,
        state,
        policy: PolicyVersion(3),
        calendar: None,
        target: None,
        started_at: at(day * DAY),
        promised_due_at: None,
        due_at: None,
        stopped_at: None,
        missed_at: None,
        cancelled_at: None,
        warnings: Vec::new(),
        next_at: None,
        detail: "{}".to_owned(),
    }
}

const STATES: [ClockState; 5] = [
    ClockState::Running,
    ClockState::Paused,
    ClockState::Met,
    ClockState::Missed,
    ClockState::Cancelled,
];

/// The clocks of a ticket in a round: how many, in which states and of which days depends on both.
fn clocks(ticket: u32, round: u32) -> Vec<StoredClock> {
    let clock = |(index, name): (u32, &&str)| {
        let place = (ticket * 7 + round * 3 + index) as usize;
        let day = i64::from((ticket + round / 2) % 5);
        a_clock(ticket, name, STATES[place % STATES.len()], day)
    };
    let names = ["first_response", "resolution", "update"];
    let count = 1 + ((ticket + round) % 3) as usize;
    (0..).zip(names.iter().take(count)).map(clock).collect()
}

fn accounts() -> [AccountId; 3] {
    [given::id(1), given::id(2), given::id(3)]
}

async fn begin(fresh: &Fresh) {
    let tx = fresh.store.begin().await.unwrap();
    let all = [given::account(1), given::account(2), given::account(3)];
    account::insert_many(&tx, &all).await.unwrap();
    for number in 1..=TICKETS {
        let mut stored = given::ticket(number);
        let account = number % 4;
        stored.ticket.facts.account = (account != 0).then(|| given::id(account));
        ticket::insert(&tx, &stored).await.unwrap();
        clock::insert_many(&tx, &clocks(number, 0)).await.unwrap();
    }
    tx.commit().await.unwrap();
}

/// What is counted agrees with every clock, from each day on.
async fn compare(store: &Store, what: &str) {
    let on = store.read();
    for day in 0..=6 {
        let since = at(day * DAY);
        let mut counted = clock::kept_for_accounts(&on, &accounts(), since)
            .await
            .unwrap();
        counted.sort_by_key(|kept| kept.account);
        let mut expected = Vec::new();
        for account in accounts() {
            let filter = AttainmentFilter {
                from: at(day * DAY - at(0).as_second() % DAY),
                until: at(1_000 * DAY),
                account: Some(account),
                team: None,
                tier: None,
                commitment: None,
                hidden: std::collections::BTreeSet::new(),
            };
            let kinds = clock::attainment(&on, Scope::Everything, &filter)
                .await
                .unwrap();
            let sum = |of: fn(&clock::Attainment) -> u64| kinds.iter().map(of).sum();
            let kept = KeptForAccount {
                account,
                met: sum(|kind| kind.met),
                missed: sum(|kind| kind.missed),
                open: sum(|kind| kind.open),
                cancelled: sum(|kind| kind.cancelled),
            };
            if kept.met + kept.missed + kept.open + kept.cancelled > 0 {
                expected.push(kept);
            }
        }
        assert_eq!(counted, expected, "{what}, from day {day}");
    }
}

async fn change(tx: &Transaction, number: u32, round: u32) {
    if (number + round).is_multiple_of(3) {
        let stored = ticket::find(tx, Scope::Everything, given::id(number)).await;
        let before = stored.unwrap().unwrap();
        let mut stored = before.clone();
        let account = (number + round) % 4;
        stored.ticket.facts.account = (account != 0).then(|| given::id(account));
        stored.ticket.version += 1;
        ticket::update(tx, &before, &stored).await.unwrap();
    }
    if !(number + round).is_multiple_of(4) {
        given::clocks(tx, number, &clocks(number, round)).await;
    }
}

async fn what_is_counted_while_it_is_written_is_what_is_there(fresh: &Fresh) {
    begin(fresh).await;
    compare(&fresh.store, "at first").await;
    for round in 1..=6 {
        let tx = fresh.store.begin().await.unwrap();
        for number in 1..=TICKETS {
            change(&tx, number, round).await;
        }
        tx.commit().await.unwrap();
        compare(&fresh.store, "after a change").await;
        let tx = fresh.store.begin().await.unwrap();
        clock::add_up_counts(&tx).await.unwrap();
        tx.commit().await.unwrap();
        compare(&fresh.store, "added up").await;
    }
    let tx = fresh.store.begin().await.unwrap();
    change(&tx, 1, 9).await;
    tx.rollback().await.unwrap();
    compare(&fresh.store, "after something undone").await;
}

/// On PostgreSQL: on SQLite nobody else writes before this one has committed.
#[tokio::test(flavor = "multi_thread")]
async fn those_who_count_at_the_same_time_do_not_wait_for_each_other() {
    let Some(fresh) = Fresh::open(Engine::Postgres).await else {
        return;
    };
    begin(&fresh).await;
    let (one, other) = (
        fresh.store.begin().await.unwrap(),
        fresh.store.begin().await.unwrap(),
    );
    given::clocks(&one, 1, &clocks(1, 1)).await;
    given::clocks(&other, 5, &clocks(5, 1)).await;
    let adding = fresh.store.begin().await.unwrap();
    clock::add_up_counts(&adding).await.unwrap();
    adding.commit().await.unwrap();
    given::clocks(&one, 9, &clocks(9, 1)).await;
    given::clocks(&other, 13, &clocks(13, 1)).await;
    one.commit().await.unwrap();
    other.commit().await.unwrap();
    compare(&fresh.store, "after two at once").await;
}
