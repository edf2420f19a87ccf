//! Long lists, read page by page: nothing twice, nothing left out, in the order that is promised.

use mainstay_domain::digest::Digest;
use mainstay_domain::event::{Actor, EventKind, Visibility};
use mainstay_domain::id::{EventId, JobId, MessageId, TokenId};
use mainstay_domain::job::Job;
use mainstay_domain::policy::PolicyVersion;
use mainstay_domain::severity::Severity;
use mainstay_domain::ticket::Scope;
use mainstay_domain::token::ApiToken;
use mainstay_store::ledger::{self, AccountFact};
use mainstay_store::{
    Page, PageRequest, StoreError, account, contact, job, message, ticket, token,
};

use crate::engine::{Fresh, on_each_engine};
use crate::given::{self, at};

on_each_engine!(
    a_conversation_comes_in_pages,
    ledgers_come_in_pages,
    jobs_that_were_given_up_come_in_pages,
    tokens_come_in_pages,
);

/// Reads a list to its end, two rows at a time, and says how many pages it had.
async fn walk<T>(
    read: impl AsyncFn(PageRequest) -> Result<Page<T>, StoreError>,
) -> (Vec<T>, usize) {
    let mut found = Vec::new();
    let mut part = PageRequest::first(2);
    for pages in 1.. {
        let page = read(part).await.unwrap();
        assert!(page.items.len() <= 2);
        found.extend(page.items);
        match page.next {
            // A cursor goes out as text and comes back.
            Some(next) => part.after = Some(next.to_string().parse().unwrap()),
            None => return (found, pages),
        }
    }
    unreachable!("a list ends")
}

async fn a_conversation_comes_in_pages(fresh: &Fresh) {
    let tx = fresh.store.begin().await.unwrap();
    account::insert(&tx, &given::account(1)).await.unwrap();
    let ana = given::contact(1, Some(1));
    contact::insert(&tx, &ana).await.unwrap();
    let mut stored = given::ticket(1);
    stored.ticket.facts.account = Some(given::id(1));
    stored.ticket.contact = Some(given::id(1));
    ticket::insert(&tx, &stored).await.unwrap();
    given::tickets(&tx, [2]).await;
    let mut messages: Vec<_> = (10..15)
        .map(|number| given::message(number, 1, "the replica lags"))
        .collect();
    // Three in the same instant stand in the order of their identifiers.
    messages[1].at = messages[3].at;
    messages[2].at = messages[3].at;
    messages[4].visibility = Visibility::Internal;
    message::insert_many(&tx, &messages).await.unwrap();
    message::insert(&tx, &given::message(20, 2, "elsewhere"))
        .await
        .unwrap();
    let whole = message::of_ticket(&tx, Scope::Everything, given::id(1))
        .await
        .unwrap();
    assert_eq!(whole, messages);
    let read = async |page| message::list(&tx, Scope::Everything, given::id(1), page).await;
    assert_eq!(walk(read).await, (messages.clone(), 3));

    // The customer reads what is public, and not whom it calls in.
    let theirs = Scope::Account(given::id(1));
    let read = async |page| message::list(&tx, theirs, given::id(1), page).await;
    for message in &mut messages {
        message.mentions.clear();
    }
    messages.pop();
    assert_eq!(walk(read).await, (messages.clone(), 2));
    let one: MessageId = messages[0].id;
    let found = message::find(&tx, theirs, one).await.unwrap();
    assert_eq!(found.as_ref(), messages.first());
    let foreign = Scope::Account(given::id(9));
    let read = async |page| message::list(&tx, foreign, given::id(1), page).await;
    assert_eq!(walk(read).await, (Vec::new(), 1));
}

async fn ledgers_come_in_pages(fresh: &Fresh) {
    let tx = fresh.store.begin().await.unwrap();
    account::insert(&tx, &given::account(1)).await.unwrap();
    given::tickets(&tx, [1, 2]).await;
    let mut facts = vec![given::opened(1)];
    facts.extend((2..6).map(|sequence| {
        let (from, to) = (Severity::P3, Severity::P1);
        given::event(
            1,
            sequence,
            EventKind::SeverityChanged {
                from,
                to,
                reason: None,
            },
        )
    }));
    ledger::append(&tx, given::id(1), Some(given::id(1)), &facts)
        .await
        .unwrap();
    ledger::append(&tx, given::id(2), Some(given::id(1)), &[given::opened(2)])
        .await
        .unwrap();
    let read = async |page| ledger::of_ticket(&tx, given::id(1), page).await;
    assert_eq!(walk(read).await, (facts, 3));

    let about: Vec<AccountFact> = (70..74)
        .map(|number| AccountFact {
            id: given::id::<EventId>(number),
            account: given::id(1),
            at: at(5 + i64::from(number) / 72),
            recorded_at: at(9),
            actor: Actor::System,
            policy: PolicyVersion(1),
            kind: "contract_started".to_owned(),
            payload: "{}".to_owned(),
        })
        .collect();
    ledger::append_account_facts(&tx, &about).await.unwrap();
    let read = async |page| ledger::of_account(&tx, given::id(1), page).await;
    assert_eq!(walk(read).await, (about, 2));
}

async fn jobs_that_were_given_up_come_in_pages(fresh: &Fresh) {
    let tx = fresh.store.begin().await.unwrap();
    let jobs: Vec<Job> = (1..=6)
        .map(|number| Job {
            id: given::id(number),
            kind: "send_mail".to_owned(),
            payload: "{}".to_owned(),
            run_at: at(0),
            dedup_key: None,
            attempts: 0,
            last_error: None,
            dead_at: None,
            created_at: at(0),
        })
        .collect();
    job::enqueue_many(&tx, &jobs).await.unwrap();
    job::lease(&tx, at(1), "w", at(90), 10).await.unwrap();
    for (job, dead_at) in jobs.iter().zip([10, 20, 20, 20, 5]) {
        let given_up = job::give_up(&tx, job.id, "w", at(dead_at), "never").await;
        assert!(given_up.unwrap());
    }
    let (dead, pages) = walk(async |page| job::dead(&tx, page).await).await;
    let dead: Vec<JobId> = dead.into_iter().map(|job| job.id).collect();
    let expected: Vec<JobId> = [4, 3, 2, 1, 5].map(given::id).into();
    assert_eq!((dead, pages), (expected, 3));
}

async fn tokens_come_in_pages(fresh: &Fresh) {
    let tx = fresh.store.begin().await.unwrap();
    for number in 1..=5 {
        let made = ApiToken {
            id: given::id(number),
            name: "ci".to_owned(),
            secret: Digest([u8::try_from(number).unwrap(); 32]),
            actor: Actor::Agent(given::id(number % 2)),
            scopes: Vec::new(),
            created_at: at(i64::from(number) / 3),
            expires_at: None,
            last_used_at: None,
            revoked_at: None,
        };
        token::insert(&tx, &made).await.unwrap();
    }
    let ids = async |actor| {
        let (tokens, pages) = walk(async |page| token::list(&tx, actor, page).await).await;
        let ids: Vec<TokenId> = tokens.into_iter().map(|token| token.id).collect();
        (ids, pages)
    };
    let expected: Vec<TokenId> = [5, 4, 3, 2, 1].map(given::id).into();
    assert_eq!(ids(None).await, (expected, 3));
    let one: Vec<TokenId> = [5, 3, 1].map(given::id).into();
    assert_eq!(ids(Some(Actor::Agent(given::id(1)))).await, (one, 2));
}
