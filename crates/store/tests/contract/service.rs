//! What the service needs besides: idempotency, policies, settings, the feed, webhooks, views, macros, the trail.

use std::collections::BTreeMap;

use mainstay_domain::audit::AuditEntry;
use mainstay_domain::digest::Digest;
use mainstay_domain::draft::Draft;
use mainstay_domain::event::{Actor, Visibility};
use mainstay_domain::macro_::Macro;
use mainstay_domain::policy::PolicyVersion;
use mainstay_domain::view::View;
use mainstay_domain::webhook::{Webhook, WebhookDelivery, WebhookDeliveryState};
use mainstay_store::audit::{AuditFilter, Link};
use mainstay_store::change::{Change, Place};
use mainstay_store::idempotency::{Answer, Known};
use mainstay_store::ledger::AccountFact;
use mainstay_store::policy::AppliedPack;
use mainstay_store::presence::{Doing, Presence};
use mainstay_store::retention::{self, Fleeting};
use mainstay_store::{
    PageRequest, StoreError, Transaction, account, agent, audit, change, draft, idempotency,
    ledger, macro_, policy, presence, setting, sign_in_failure, view, webhook,
};

use crate::engine::{Fresh, on_each_engine};
use crate::given::{self, at};

on_each_engine!(
    a_request_is_done_once,
    packs_are_versions,
    settings_are_remembered,
    the_feed_misses_nothing,
    webhooks_and_their_deliveries,
    views_and_macros_are_ones_own_or_everybodys,
    who_reads_a_row_to_change_it_loses_nobodys_change,
    drafts_are_one_for_each_agent_and_ticket,
    who_is_at_a_ticket_is_known_for_a_while,
    wrong_passwords_are_counted_for_all_nodes,
    what_is_over_is_removed_in_batches,
    the_chain_of_the_trail_never_forks,
    the_trail_is_listed_latest_first,
    facts_about_accounts_stand_beside_those_of_tickets,
);

async fn a_request_is_done_once(fresh: &Fresh) {
    let actor = Actor::Agent(given::id(1));
    let (request, other) = (Digest([1; 32]), Digest([2; 32]));
    let tx = fresh.store.begin().await.unwrap();
    let take = async |request, now| {
        idempotency::take(&tx, actor, "k", request, at(now), at(now + 100))
            .await
            .unwrap()
    };
    assert_eq!(take(request, 0).await, Known::New);
    assert_eq!(take(request, 1).await, Known::InProgress);
    assert_eq!(take(other, 1).await, Known::OtherRequest);
    let answer = Answer {
        status: 201,
        body: r#"{"number":1}"#.to_owned(),
    };
    idempotency::answer(&tx, actor, "k", &answer).await.unwrap();
    assert_eq!(take(request, 2).await, Known::Answered(answer));
    assert_eq!(
        idempotency::find(&tx, Actor::System, "k", request)
            .await
            .unwrap(),
        Known::New
    );
    assert_eq!(
        take(other, 100).await,
        Known::New,
        "an expired key is as good as new"
    );
    assert_eq!(
        retention::prune(&tx, Fleeting::IdempotencyKeys, at(150), 9)
            .await
            .unwrap(),
        0
    );
    assert_eq!(
        retention::prune(&tx, Fleeting::IdempotencyKeys, at(200), 9)
            .await
            .unwrap(),
        1
    );
}

async fn packs_are_versions(fresh: &Fresh) {
    let pack = |version: u32| AppliedPack {
        teams: [("Engineering".into(), given::id(3))].into(),
        version: PolicyVersion(version),
        pack: "mainstay".to_owned(),
        digest: Digest([u8::try_from(version).unwrap(); 32]),
        files: BTreeMap::from([("pack.toml".to_owned(), "name = \"mainstay\"\n".to_owned())]),
        applied_at: at(i64::from(version)),
        applied_by: Actor::System,
        note: "first".to_owned(),
    };
    let tx = fresh.store.begin().await.unwrap();
    assert_eq!(policy::latest(&tx).await.unwrap(), None);
    policy::apply(&tx, &pack(1)).await.unwrap();
    policy::apply(&tx, &pack(2)).await.unwrap();
    assert_eq!(policy::latest(&tx).await.unwrap(), Some(pack(2)));
    assert_eq!(
        policy::find(&tx, PolicyVersion(1)).await.unwrap(),
        Some(pack(1))
    );
    assert_eq!(policy::all(&tx).await.unwrap(), [pack(1), pack(2)]);
    let refused = policy::apply(&tx, &pack(2)).await;
    assert!(
        matches!(refused, Err(StoreError::Conflict(_))),
        "{refused:?}"
    );
}

async fn settings_are_remembered(fresh: &Fresh) {
    let tx = fresh.store.begin().await.unwrap();
    assert_eq!(setting::get(&tx, "clock").await.unwrap(), None);
    setting::set(&tx, "clock", "1").await.unwrap();
    setting::set(&tx, "clock", "2").await.unwrap();
    assert_eq!(
        setting::get(&tx, "clock").await.unwrap().as_deref(),
        Some("2")
    );
    assert!(setting::remove(&tx, "clock").await.unwrap());
    assert!(!setting::remove(&tx, "clock").await.unwrap());
}

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

async fn webhooks_and_their_deliveries(fresh: &Fresh) {
    let tx = fresh.store.begin().await.unwrap();
    let hook = Webhook {
        id: given::id(1),
        url: "https://example.com/hook".to_owned(),
        secret: "whsec_c2VjcmV0".to_owned(),
        events: vec!["ticket.opened".to_owned()],
        account: None,
        include_messages: false,
        active: true,
        failing_since: None,
        created_at: at(0),
    };
    webhook::insert(&tx, &hook).await.unwrap();
    assert_eq!(
        webhook::all(&tx).await.unwrap(),
        std::slice::from_ref(&hook)
    );
    let delivery = |number: u32| WebhookDelivery {
        id: given::id(number),
        webhook: hook.id,
        event: "ticket.opened".to_owned(),
        body: "{}".to_owned(),
        state: WebhookDeliveryState::Queued,
        attempts: 0,
        response_status: None,
        last_error: None,
        created_at: at(i64::from(number)),
        delivered_at: None,
    };
    webhook::insert_deliveries(&tx, &[delivery(1), delivery(2)])
        .await
        .unwrap();
    let mut delivered = delivery(1);
    delivered.state = WebhookDeliveryState::Delivered;
    delivered.response_status = Some(204);
    webhook::update_delivery(&tx, &delivered).await.unwrap();
    assert_eq!(
        webhook::find_delivery(&tx, given::id(1)).await.unwrap(),
        Some(delivered.clone())
    );
    let listed = webhook::deliveries(&tx, hook.id, PageRequest::first(10))
        .await
        .unwrap();
    assert_eq!(listed.items, [delivery(2), delivered]);
    webhook::note_failing(&tx, hook.id, Some(at(5)))
        .await
        .unwrap();
    let failing = webhook::active(&tx).await.unwrap();
    assert_eq!(failing[0].failing_since, Some(at(5)));
    assert!(webhook::switch_off(&tx, hook.id).await.unwrap());
    assert!(!webhook::switch_off(&tx, hook.id).await.unwrap());
    assert_eq!(webhook::active(&tx).await.unwrap(), []);
    assert!(webhook::remove(&tx, hook.id).await.unwrap());
    assert_eq!(
        webhook::find_delivery(&tx, given::id(2)).await.unwrap(),
        None
    );
}

async fn views_and_macros_are_ones_own_or_everybodys(fresh: &Fresh) {
    let tx = fresh.store.begin().await.unwrap();
    agent::insert_many(&tx, &[given::agent(1), given::agent(2)])
        .await
        .unwrap();
    for (number, owner) in [(1, None), (2, Some(1)), (3, Some(2))] {
        let saved = View {
            id: given::id(number),
            name: format!("View {number}"),
            owner: owner.map(given::id),
            query: "status=open&sort=next_due".to_owned(),
            position: 9 - number,
            created_at: at(0),
        };
        view::insert(&tx, &saved).await.unwrap();
        assert_eq!(view::find(&tx, saved.id).await.unwrap(), Some(saved));
        let made = Macro {
            id: given::id(number),
            name: format!("Macro {number}"),
            description: String::new(),
            owner: owner.map(given::id),
            actions: "[]".to_owned(),
            created_at: at(0),
        };
        macro_::insert(&tx, &made).await.unwrap();
    }
    let views = view::usable_by(&tx, given::id(1)).await.unwrap();
    assert_eq!(
        views
            .iter()
            .map(|view| view.name.as_str())
            .collect::<Vec<_>>(),
        ["View 2", "View 1"]
    );
    let macros = macro_::usable_by(&tx, given::id(2)).await.unwrap();
    assert_eq!(
        macros
            .iter()
            .map(|made| made.name.as_str())
            .collect::<Vec<_>>(),
        ["Macro 1", "Macro 3"]
    );
    assert!(macro_::remove(&tx, given::id(1)).await.unwrap());
}

async fn append(tx: &Transaction, entry: &AuditEntry, place: u64) {
    let head = audit::take_head(tx).await.unwrap();
    assert_eq!(head.place, place - 1);
    let hash = Digest([u8::try_from(place).unwrap(); 32]);
    audit::append(tx, entry, Link { place, hash })
        .await
        .unwrap();
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
            let head = audit::take_head(&tx).await.unwrap();
            let mut hash = head.hash;
            hash.0[0] += 1;
            let link = Link {
                place: head.place + 1,
                hash,
            };
            audit::append(&tx, &trail_entry(number), link)
                .await
                .unwrap();
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
    let of_tickets = ledger::load_of_account(&tx, given::id(1), at(0), at(10))
        .await
        .unwrap();
    assert_eq!(of_tickets, [(given::id(1), given::opened(1))]);
    assert_eq!(
        ledger::load_of_account(&tx, given::id(1), at(2), at(10))
            .await
            .unwrap(),
        []
    );
    assert_eq!(ledger::count(&tx).await.unwrap(), 2);
}

/// Six writers count each of three rows up by one, all at once.
async fn who_reads_a_row_to_change_it_loses_nobodys_change(fresh: &Fresh) {
    let tx = fresh.store.begin().await.unwrap();
    let view = View {
        id: given::id(1),
        name: "0".to_owned(),
        owner: None,
        query: String::new(),
        position: 0,
        created_at: at(0),
    };
    view::insert(&tx, &view).await.unwrap();
    let of_all = Macro {
        id: given::id(2),
        name: "0".to_owned(),
        description: String::new(),
        owner: None,
        actions: "[]".to_owned(),
        created_at: at(0),
    };
    macro_::insert(&tx, &of_all).await.unwrap();
    account::insert(&tx, &given::account(3)).await.unwrap();
    tx.commit().await.unwrap();
    let writers = (0..6).map(|_| {
        let store = fresh.store.clone();
        tokio::spawn(async move {
            let tx = store.begin().await.unwrap();
            let mut view = view::lock(&tx, given::id(1)).await.unwrap().unwrap();
            let mut found = macro_::lock(&tx, given::id(2)).await.unwrap().unwrap();
            let mut account = account::lock(&tx, given::id(3)).await.unwrap().unwrap();
            // Whoever read without locking would have read by now what the others read too.
            tokio::task::yield_now().await;
            view.position += 1;
            found.name = (found.name.parse::<u32>().unwrap() + 1).to_string();
            account.notes.push('x');
            view::update(&tx, &view).await.unwrap();
            macro_::update(&tx, &found).await.unwrap();
            account::update(&tx, &account).await.unwrap();
            tx.commit().await.unwrap();
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
    let on = fresh.store.read();
    let view = view::find(&on, given::id(1)).await.unwrap().unwrap();
    let found = macro_::find(&on, given::id(2)).await.unwrap().unwrap();
    let account = account::find(&on, given::id(3)).await.unwrap().unwrap();
    assert_eq!(
        (view.position, &*found.name, &*account.notes),
        (6, "6", "xxxxxx")
    );
}

async fn drafts_are_one_for_each_agent_and_ticket(fresh: &Fresh) {
    let tx = fresh.store.begin().await.unwrap();
    given::tickets(&tx, 1..=2).await;
    agent::insert(&tx, &given::agent(1)).await.unwrap();
    agent::insert(&tx, &given::agent(2)).await.unwrap();
    let written = |ticket, text: &str, second| Draft {
        agent: given::id(1),
        ticket: given::id(ticket),
        text: text.to_owned(),
        visibility: Visibility::Internal,
        mentions: vec![given::id(2)],
        status: Some("open".into()),
        updated_at: at(second),
        leaves_at: None,
        refused: None,
    };
    draft::put(&tx, &written(1, "He", 1)).await.unwrap();
    draft::put(&tx, &written(2, "Other", 2)).await.unwrap();
    let last = Draft {
        leaves_at: Some(at(9)),
        refused: Some("closed".to_owned()),
        ..written(1, "Hello", 3)
    };
    draft::put(&tx, &last).await.unwrap();
    let found = draft::of_agent(&tx, given::id(1)).await.unwrap();
    assert_eq!(found, [last.clone(), written(2, "Other", 2)]);
    let locked = draft::lock(&tx, given::id(1), given::id(1)).await.unwrap();
    assert_eq!(locked, Some(last));
    assert_eq!(
        draft::find(&tx, given::id(2), given::id(1)).await.unwrap(),
        None
    );
    assert!(
        draft::remove(&tx, given::id(1), given::id(1))
            .await
            .unwrap()
    );
    assert!(
        !draft::remove(&tx, given::id(1), given::id(1))
            .await
            .unwrap()
    );
}

async fn who_is_at_a_ticket_is_known_for_a_while(fresh: &Fresh) {
    let tx = fresh.store.begin().await.unwrap();
    given::tickets(&tx, 1..=2).await;
    agent::insert(&tx, &given::agent(1)).await.unwrap();
    let there = |doing, until| Presence {
        ticket: given::id(1),
        agent: given::id(1),
        doing,
        until: at(until),
    };
    presence::put(&tx, &there(Doing::Reading, 10))
        .await
        .unwrap();
    presence::put(&tx, &there(Doing::Typing, 20)).await.unwrap();
    let found = presence::at_ticket(&tx, given::id(1), at(19))
        .await
        .unwrap();
    assert_eq!(found, [there(Doing::Typing, 20)]);
    assert_eq!(
        presence::at_ticket(&tx, given::id(1), at(20))
            .await
            .unwrap(),
        []
    );
    assert_eq!(
        presence::at_ticket(&tx, given::id(2), at(1)).await.unwrap(),
        []
    );
    assert!(
        presence::remove(&tx, given::id(1), given::id(1))
            .await
            .unwrap()
    );
    assert!(
        !presence::remove(&tx, given::id(1), given::id(1))
            .await
            .unwrap()
    );
}

async fn wrong_passwords_are_counted_for_all_nodes(fresh: &Fresh) {
    let (one, other) = (Digest([1; 32]), Digest([2; 32]));
    let note = async |names: Vec<Digest>, second: i64| {
        let tx = fresh.store.begin().await.unwrap();
        sign_in_failure::note(&tx, &names, at(second), at(second - 10))
            .await
            .unwrap();
        tx.commit().await.unwrap();
    };
    note(vec![one, other], 1).await;
    note(vec![other, one], 2).await;
    note(vec![one], 3).await;
    let on = fresh.store.read();
    let mut found = sign_in_failure::since(&on, &[one, other], at(0))
        .await
        .unwrap();
    found.sort_by_key(|found| found.name.0);
    let counts: Vec<_> = found
        .iter()
        .map(|found| (found.count, found.last))
        .collect();
    assert_eq!(counts, [(3, at(3)), (2, at(2))]);
    let late = sign_in_failure::since(&on, &[one, other], at(2))
        .await
        .unwrap();
    assert_eq!(late.len(), 1, "only what failed after the instant");
    note(vec![other], 12).await;
    let anew = sign_in_failure::since(&on, &[other], at(0)).await.unwrap();
    assert_eq!(anew[0].count, 1, "what is forgotten counts from one again");
    let tx = fresh.store.begin().await.unwrap();
    sign_in_failure::clear(&tx, one).await.unwrap();
    assert_eq!(
        sign_in_failure::since(&tx, &[one], at(0)).await.unwrap(),
        []
    );
}

async fn what_is_over_is_removed_in_batches(fresh: &Fresh) {
    let tx = fresh.store.begin().await.unwrap();
    let hook = Webhook {
        id: given::id(1),
        url: "https://hooks.example/in".to_owned(),
        secret: "whsec_x".to_owned(),
        events: Vec::new(),
        account: None,
        include_messages: false,
        active: true,
        failing_since: None,
        created_at: at(0),
    };
    webhook::insert(&tx, &hook).await.unwrap();
    let states = [
        WebhookDeliveryState::Delivered,
        WebhookDeliveryState::Dead,
        WebhookDeliveryState::Delivered,
        WebhookDeliveryState::Queued,
    ];
    let deliveries: Vec<WebhookDelivery> = (1..)
        .zip(states)
        .map(|(number, state)| WebhookDelivery {
            id: given::id(number),
            webhook: given::id(1),
            event: "ticket.opened".to_owned(),
            body: "{}".to_owned(),
            state,
            attempts: 1,
            response_status: None,
            last_error: None,
            created_at: at(i64::from(number)),
            delivered_at: None,
        })
        .collect();
    webhook::insert_deliveries(&tx, &deliveries).await.unwrap();
    let prune = async |second, limit| {
        retention::prune(&tx, Fleeting::WebhookDeliveries, at(second), limit)
            .await
            .unwrap()
    };
    assert_eq!(prune(2, 1).await, 1, "no more than the batch");
    assert_eq!(prune(2, 5).await, 1, "nothing later than the instant");
    assert_eq!(prune(9, 5).await, 1, "nothing that is still to be sent");
    for what in Fleeting::ALL {
        assert_eq!(retention::prune(&tx, what, at(99), 5).await.unwrap(), 0);
    }
}
