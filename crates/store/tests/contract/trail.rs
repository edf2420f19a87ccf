//! What happened, for those who read it later: the feed of changes, the audit trail, the facts about accounts.

use mainstay_domain::audit::AuditEntry;
use mainstay_domain::digest::Digest;

use mainstay_domain::event::Actor;

use mainstay_domain::policy::PolicyVersion;

use mainstay_store::audit::{AuditFilter, Link};
use mainstay_store::change::{Change, Place};

use mainstay_store::ledger::AccountFact;

use mainstay_store::retention::{self, Fleeting};
use mainstay_store::{PageRequest, Transaction, account, audit, change, ledger};

use crate::engine::{Fresh, on_each_engine};
use crate::given::{self, at};

on_each_engine!(
    the_feed_misses_nothing,
    the_chain_of_the_trail_never_forks,
    an_entry_waits_until_it_is_linked,
    the_trail_is_listed_latest_first,
    facts_about_accounts_stand_beside_those_of_tickets,
);

fn a_change(number: i64) -> Change {
    Change {
        at: at(number),
        kind: "ticket.updated".to_owned(),
        ticket: Some(given::id(u32::try_from(number).unwrap())),
        account: None,
        subject: Some(number.to_string()),
    }
}

/// Writers commit in another order than they write in; a reader that asks all the while is told of each change once.
async fn the_feed_misses_nothing(fresh: &Fresh) {
    let writers: Vec<_> = (0..8)
        .map(|writer| {
            let store = fresh.store.clone();
            tokio::spawn(async move {
                for round in 0..10 {
                    let tx = store.begin().await.unwrap();
                    change::append(&tx, &[a_change(writer * 100 + round)])
                        .await
                        .unwrap();
                    tokio::task::yield_now().await;
                    change::append(&tx, &[a_change(writer * 100 + round + 50)])
                        .await
                        .unwrap();
                    tx.commit().await.unwrap();
                }
            })
        })
        .collect();
    let on = fresh.store.read();
    let mut place = Place::START;
    let mut seen = Vec::new();
    loop {
        let is_over = writers.iter().all(tokio::task::JoinHandle::is_finished);
        let part = change::after(&on, place, 7).await.unwrap();
        let is_empty = part.is_empty();
        for (at, change) in part {
            assert!(at > place);
            place = at.to_string().parse().unwrap();
            seen.push(change.subject.unwrap().parse::<i64>().unwrap());
        }
        if is_over && is_empty {
            break;
        }
        tokio::task::yield_now().await;
    }
    let mut expected: Vec<i64> = (0..8)
        .flat_map(|writer| {
            (0..10).flat_map(move |round| [writer * 100 + round, writer * 100 + round + 50])
        })
        .collect();
    expected.sort_unstable();
    seen.sort_unstable();
    assert_eq!(seen, expected);
    assert_eq!(change::latest(&on).await.unwrap(), place);
    let tx = fresh.store.begin().await.unwrap();
    assert_eq!(
        retention::prune(&tx, Fleeting::Changes, at(99), 30)
            .await
            .unwrap(),
        20
    );
}

fn trail_entry(number: u32) -> AuditEntry {
    AuditEntry {
        id: given::id(number),
        at: at(0),
        actor: Actor::System,
        action: "token.created".to_owned(),
        subject_kind: "token".to_owned(),
        subject: number.to_string(),
        account: None,
        detail: "{}".to_owned(),
    }
}

async fn the_chain_of_the_trail_never_forks(fresh: &Fresh) {
    let writes = (1..=8).map(|number| {
        let store = fresh.store.clone();
        tokio::spawn(async move {
            let tx = store.begin().await.unwrap();
            let entry = trail_entry(number);
            audit::append(&tx, &entry, Digest([9; 32])).await.unwrap();
            tx.commit().await.unwrap();
            let tx = store.begin().await.unwrap();
            let head = audit::take_head(&tx).await.unwrap();
            let mut hash = head.hash;
            hash.0[0] += 1;
            let link = Link {
                place: head.place + 1,
                hash,
            };
            audit::chain(&tx, &[(entry.id, link)]).await.unwrap();
            tx.commit().await.unwrap();
        })
    });
    for write in writes.collect::<Vec<_>>() {
        write.await.unwrap();
    }
    let on = fresh.store.read();
    let chain = audit::chained(&on, 0, 100).await.unwrap();
    let places: Vec<(u64, u8)> = chain
        .iter()
        .map(|(_, link)| (link.place, link.hash.0[0]))
        .collect();
    assert_eq!(places, (1..=8).zip(1..=8).collect::<Vec<_>>());
    assert_eq!(audit::head(&on).await.unwrap(), chain[7].1);
    assert_eq!(audit::chained(&on, 6, 1).await.unwrap(), chain[6..7]);
    assert_eq!(audit::count_unchained(&on).await.unwrap(), 0);
    assert_eq!(audit::waiting(&on, 9).await.unwrap(), []);
}

async fn an_entry_waits_until_it_is_linked(fresh: &Fresh) {
    let (entry, digest) = (trail_entry(1), Digest([9; 32]));
    let tx = fresh.store.begin().await.unwrap();
    audit::append(&tx, &entry, digest).await.unwrap();
    tx.commit().await.unwrap();
    let on = fresh.store.read();
    assert_eq!(audit::waiting(&on, 9).await.unwrap(), [(entry, digest)]);
    assert_eq!(audit::chained(&on, 0, 9).await.unwrap(), []);
    assert_eq!(audit::head(&on).await.unwrap().place, 0);
}

async fn append(tx: &Transaction, entry: &AuditEntry, place: u64) {
    let head = audit::take_head(tx).await.unwrap();
    assert_eq!(head.place, place - 1);
    let hash = Digest([u8::try_from(place).unwrap(); 32]);
    audit::append(tx, entry, hash).await.unwrap();
    audit::chain(tx, &[(entry.id, Link { place, hash })])
        .await
        .unwrap();
}

async fn the_trail_is_listed_latest_first(fresh: &Fresh) {
    let tx = fresh.store.begin().await.unwrap();
    let entries: Vec<AuditEntry> = (1..=5)
        .map(|number| AuditEntry {
            id: given::id(number),
            // Two of the same instant keep apart.
            at: at(i64::from(number / 2)),
            actor: if number == 3 {
                Actor::System
            } else {
                Actor::Agent(given::id(1))
            },
            action: "token.created".to_owned(),
            subject_kind: "token".to_owned(),
            subject: number.to_string(),
            account: None,
            detail: "{}".to_owned(),
        })
        .collect();
    for (entry, place) in entries.iter().zip(1..) {
        append(&tx, entry, place).await;
    }
    let mut seen = Vec::new();
    let mut page = PageRequest::first(2);
    loop {
        let part = audit::list(&tx, &AuditFilter::default(), page)
            .await
            .unwrap();
        seen.extend(part.items.into_iter().map(|entry| entry.subject));
        page.after = part.next;
        if page.after.is_none() {
            break;
        }
    }
    assert_eq!(seen, ["5", "4", "3", "2", "1"]);
    let system = AuditFilter {
        actor: Some(Actor::System),
        ..AuditFilter::default()
    };
    let part = audit::list(&tx, &system, PageRequest::first(9))
        .await
        .unwrap();
    assert_eq!(part.items, entries[2..3]);
    assert_eq!(
        audit::last_of(&tx, Actor::Agent(given::id(1)))
            .await
            .unwrap(),
        Some(at(2))
    );
}

async fn facts_about_accounts_stand_beside_those_of_tickets(fresh: &Fresh) {
    let tx = fresh.store.begin().await.unwrap();
    account::insert(&tx, &given::account(1)).await.unwrap();
    given::tickets(&tx, [1]).await;
    ledger::append(&tx, given::id(1), Some(given::id(1)), &[given::opened(1)])
        .await
        .unwrap();
    let fact = AccountFact {
        id: given::id(77),
        account: given::id(1),
        at: at(5),
        recorded_at: at(6),
        actor: Actor::System,
        policy: PolicyVersion(1),
        kind: "contract_started".to_owned(),
        payload: "{}".to_owned(),
    };
    ledger::append_account_facts(&tx, std::slice::from_ref(&fact))
        .await
        .unwrap();
    assert_eq!(
        ledger::account_facts(&tx, given::id(1)).await.unwrap(),
        [fact]
    );
    assert_eq!(ledger::count(&tx).await.unwrap(), 2);
}
