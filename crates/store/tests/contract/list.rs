//! Lists of tickets, and who may see what.

use std::collections::BTreeMap;

use mainstay_domain::event::{Channel, ContractTerms, Visibility};
use mainstay_domain::id::MessageId;
use mainstay_domain::severity::Severity;
use mainstay_domain::status::{Status, StatusKind};
use mainstay_domain::team::Team;
use mainstay_domain::ticket::{Link, Scope};
use mainstay_store::ticket::{
    self, Direction, NextDue, StoredTicket, Tally, TallyBy, TicketFilter, TicketKey, TicketSort,
    TimeRange,
};
use mainstay_store::{PageRequest, Reader, account, agent, contact, message, search, team};

use crate::engine::{Fresh, on_each_engine};
use crate::given::{self, at};

on_each_engine!(
    a_portal_user_sees_only_what_is_theirs,
    every_filter_narrows,
    tags_followers_and_links_follow_the_ticket,
    messages_are_outlined_without_what_they_say,
);

async fn numbers(on: &Reader, scope: Scope, filter: &TicketFilter) -> Vec<u64> {
    let sort = TicketSort {
        key: TicketKey::Number,
        direction: Direction::Ascending,
    };
    let page = ticket::list(on, scope, filter, sort, PageRequest::first(100))
        .await
        .unwrap();
    let numbers: Vec<u64> = page
        .items
        .iter()
        .map(|stored| stored.ticket.number)
        .collect();
    assert_eq!(
        ticket::count(on, scope, filter).await.unwrap(),
        numbers.len() as u64
    );
    numbers
}

/// Two accounts with two contacts each, and a ticket of each contact: 1 and 2 of the first account, 3 and 4 of the
/// second. Ticket 5 is nobody's.
async fn two_accounts(fresh: &Fresh) {
    let tx = fresh.store.begin().await.unwrap();
    agent::insert(&tx, &given::agent(1)).await.unwrap();
    account::insert_many(&tx, &[given::account(1), given::account(2)])
        .await
        .unwrap();
    let contacts: Vec<_> = (1..=4)
        .map(|number| given::contact(number, Some(number.div_ceil(2))))
        .collect();
    contact::insert_many(&tx, &contacts).await.unwrap();
    for number in 1..=5 {
        let mut stored = given::ticket(number);
        if number < 5 {
            stored.ticket.facts.account = Some(given::id(number.div_ceil(2)));
            stored.ticket.contact = Some(given::id(number));
        }
        ticket::insert(&tx, &stored).await.unwrap();
        let public = given::message(number * 10, number, "the replica lags");
        let mut note = given::message(number * 10 + 1, number, "a secret about the replica");
        note.visibility = Visibility::Internal;
        message::insert_many(&tx, &[public, note]).await.unwrap();
    }
    tx.commit().await.unwrap();
}

async fn a_portal_user_sees_only_what_is_theirs(fresh: &Fresh) {
    two_accounts(fresh).await;
    let on = fresh.store.read();
    let cases = [
        (Scope::Everything, vec![1, 2, 3, 4, 5]),
        (Scope::Account(given::id(1)), vec![1, 2]),
        (Scope::Contact(given::id(2), given::id(3)), vec![3]),
        // A contact of another account than the one named sees nothing, even of their own.
        (Scope::Contact(given::id(1), given::id(3)), vec![]),
        (Scope::Account(given::id(9)), vec![]),
    ];
    for (scope, expected) in cases {
        assert_eq!(
            numbers(&on, scope, &TicketFilter::default()).await,
            expected,
            "{scope:?}"
        );
        // A filter that names another account cannot widen the scope.
        let wide = TicketFilter {
            accounts: vec![Some(given::id(1)), Some(given::id(2)), None],
            ..TicketFilter::default()
        };
        assert_eq!(numbers(&on, scope, &wide).await, expected, "{scope:?}");
        let ids: Vec<_> = (1..=5).map(given::id).collect();
        let many = ticket::find_many(&on, scope, &ids).await.unwrap();
        assert_eq!(
            many.iter()
                .map(|stored| stored.ticket.number)
                .collect::<Vec<_>>(),
            expected
        );
        let hits = search::search(&on, scope, "replica", PageRequest::first(10))
            .await
            .unwrap();
        let mut found: Vec<u64> = hits.items.iter().map(|hit| hit.number).collect();
        found.reverse();
        assert_eq!(found, expected, "{scope:?}");
        for number in 1..=5_u32 {
            let sees = expected.contains(&u64::from(number));
            let by_id = ticket::find(&on, scope, given::id(number)).await.unwrap();
            let by_number = ticket::find_by_number(&on, scope, u64::from(number))
                .await
                .unwrap();
            assert_eq!(
                (by_id.is_some(), by_number.is_some()),
                (sees, sees),
                "{scope:?} {number}"
            );
            let messages = message::of_ticket(&on, scope, given::id(number))
                .await
                .unwrap();
            let readable = match (sees, scope) {
                (false, _) => 0,
                (true, Scope::Everything) => 2,
                (true, _) => 1,
            };
            assert_eq!(messages.len(), readable, "{scope:?} {number}");
            let note: MessageId = given::id(number * 10 + 1);
            let note = message::find(&on, scope, note).await.unwrap();
            assert_eq!(
                note.is_some(),
                scope == Scope::Everything,
                "{scope:?} {number}"
            );
        }
        let secret = search::search(&on, scope, "secret", PageRequest::first(10))
            .await
            .unwrap();
        assert_eq!(
            secret.items.is_empty(),
            scope != Scope::Everything,
            "{scope:?}"
        );
        let words = TicketFilter {
            words: Some("secret".to_owned()),
            ..TicketFilter::default()
        };
        assert_eq!(
            numbers(&on, scope, &words).await.is_empty(),
            scope != Scope::Everything
        );
    }
}

fn team(number: u32) -> Team {
    Team {
        id: given::id(number),
        name: format!("Team {number}"),
        email: None,
        calendar: None,
        members: vec![given::id(1)],
        on_call: vec![given::id(1)],
        created_at: at(0),
    }
}

/// Ticket 1 differs from ticket 2 in everything one can filter by.
async fn two_tickets(fresh: &Fresh) {
    two_accounts(fresh).await;
    let tx = fresh.store.begin().await.unwrap();
    team::insert(&tx, &team(1)).await.unwrap();
    for number in [1, 2, 3, 4, 5] {
        let before = ticket::find(&tx, Scope::Everything, given::id(number))
            .await
            .unwrap()
            .unwrap();
        let mut stored = before.clone();
        if number == 1 {
            let facts = &mut stored.ticket.facts;
            facts.status = Status {
                name: "waiting for parts".into(),
                kind: StatusKind::OnHold,
            };
            facts.severity = Severity::P1;
            facts.terms = ContractTerms {
                tier: Some("Enterprise".into()),
                overrides: Vec::new(),
            };
            facts.category = Some("technical".into());
            facts.team = Some(given::id(1));
            facts.assignee = Some(given::id(1));
            facts.channel = Channel::Phone;
            facts.tags = vec!["vip".into(), "network".into()];
            stored.ticket.followers = vec![given::id(1)];
            stored.ticket.updated_at = at(1_000);
            stored.next_due = Some(NextDue {
                at: at(50),
                commitment: "first_response".into(),
            });
        }
        stored.ticket.version = 2;
        ticket::update(&tx, &before, &stored).await.unwrap();
    }
    tx.commit().await.unwrap();
}

async fn every_filter_narrows(fresh: &Fresh) {
    two_tickets(fresh).await;
    let on = fresh.store.read();
    let none = TicketFilter::default;
    let cases = [
        (
            TicketFilter {
                status_kinds: vec![StatusKind::OnHold, StatusKind::Closed],
                ..none()
            },
            vec![1],
        ),
        (
            TicketFilter {
                statuses: vec!["waiting for parts".into()],
                ..none()
            },
            vec![1],
        ),
        (
            TicketFilter {
                statuses: vec!["new".into()],
                ..none()
            },
            vec![2, 3, 4, 5],
        ),
        (
            TicketFilter {
                severities: vec![Severity::P1, Severity::P2],
                ..none()
            },
            vec![1],
        ),
        (
            TicketFilter {
                tiers: vec!["Enterprise".into()],
                ..none()
            },
            vec![1],
        ),
        (
            TicketFilter {
                categories: vec![Some("technical".into())],
                ..none()
            },
            vec![1],
        ),
        (
            TicketFilter {
                categories: vec![None],
                ..none()
            },
            vec![2, 3, 4, 5],
        ),
        (
            TicketFilter {
                teams: vec![Some(given::id(1))],
                ..none()
            },
            vec![1],
        ),
        (
            TicketFilter {
                assignees: vec![Some(given::id(1))],
                ..none()
            },
            vec![1],
        ),
        (
            TicketFilter {
                assignees: vec![None],
                ..none()
            },
            vec![2, 3, 4, 5],
        ),
        (
            TicketFilter {
                assignees: vec![None, Some(given::id(1))],
                ..none()
            },
            vec![1, 2, 3, 4, 5],
        ),
        (
            TicketFilter {
                accounts: vec![Some(given::id(2)), None],
                ..none()
            },
            vec![3, 4, 5],
        ),
        (
            TicketFilter {
                contacts: vec![given::id(4)],
                ..none()
            },
            vec![4],
        ),
        (
            TicketFilter {
                channels: vec![Channel::Phone],
                ..none()
            },
            vec![1],
        ),
        (
            TicketFilter {
                tags: vec!["vip".into(), "network".into()],
                ..none()
            },
            vec![1],
        ),
        (
            TicketFilter {
                tags: vec!["vip".into(), "other".into()],
                ..none()
            },
            vec![],
        ),
        (
            TicketFilter {
                follower: Some(given::id(1)),
                ..none()
            },
            vec![1],
        ),
        (
            TicketFilter {
                updated: TimeRange {
                    from: Some(at(1_000)),
                    until: None,
                },
                ..none()
            },
            vec![1],
        ),
        (
            TicketFilter {
                opened: TimeRange {
                    from: Some(at(2)),
                    until: Some(at(4)),
                },
                ..none()
            },
            vec![2, 3],
        ),
        (
            TicketFilter {
                due_before: Some(at(51)),
                ..none()
            },
            vec![1],
        ),
        (
            TicketFilter {
                due_before: Some(at(50)),
                ..none()
            },
            vec![],
        ),
        (
            TicketFilter {
                words: Some("account 2".to_owned()),
                ..none()
            },
            // The subject of ticket 2 holds one word, the name of its account the other.
            vec![2, 3, 4],
        ),
        (
            TicketFilter {
                words: Some("\"'*:&|".to_owned()),
                ..none()
            },
            vec![],
        ),
    ];
    for (filter, expected) in cases {
        assert_eq!(
            numbers(&on, Scope::Everything, &filter).await,
            expected,
            "{filter:?}"
        );
    }
    let tally = ticket::tally(&on, Scope::Everything, &none(), TallyBy::Severity)
        .await
        .unwrap();
    let of = |value: &str, count| Tally {
        value: Some(value.to_owned()),
        count,
    };
    assert_eq!(tally, [of("1", 1), of("3", 4)]);
    let load = ticket::open_load(&on).await.unwrap();
    assert_eq!(load.len(), 1);
    assert_eq!(
        (load[0].agent, load[0].tickets, load[0].last_opened_at),
        (given::id(1), 1, Some(at(1)))
    );
    // Agent 1 can bear most, and is counted up to that; a stranger is nobody's candidate.
    let candidates = ticket::candidates(&on, Some(&[given::id(1), given::id(77)])).await;
    let candidates = candidates.unwrap();
    assert_eq!(candidates.len(), 1);
    assert_eq!(candidates[0].1, load[0]);
    let everybody = ticket::candidates(&on, None).await.unwrap();
    assert!(everybody.iter().any(|(agent, _)| agent.id == given::id(1)));
    assert_eq!(ticket::candidates(&on, Some(&[])).await.unwrap(), []);
}

async fn tags_followers_and_links_follow_the_ticket(fresh: &Fresh) {
    two_tickets(fresh).await;
    let tx = fresh.store.begin().await.unwrap();
    let before: StoredTicket = ticket::find(&tx, Scope::Everything, given::id(1))
        .await
        .unwrap()
        .unwrap();
    let mut stored = before.clone();
    stored.ticket.facts.tags = vec!["vip".into()];
    stored.ticket.followers.clear();
    stored.ticket.links = vec![Link {
        to: given::id(2),
        relation: "caused_by".to_owned(),
    }];
    stored.ticket.fields = BTreeMap::from([("order".to_owned(), "№ 7 \u{1f600}".to_owned())]);
    stored.ticket.merged_into = Some(given::id(2));
    stored.ticket.version = 3;
    stored.next_due = None;
    ticket::update(&tx, &before, &stored).await.unwrap();
    tx.commit().await.unwrap();
    let on = fresh.store.read();
    assert_eq!(
        ticket::find(&on, Scope::Everything, given::id(1))
            .await
            .unwrap(),
        Some(stored)
    );
    let network = TicketFilter {
        tags: vec!["network".into()],
        ..TicketFilter::default()
    };
    assert_eq!(
        numbers(&on, Scope::Everything, &network).await,
        Vec::<u64>::new()
    );
    assert_eq!(ticket::followers(&on, given::id(1)).await.unwrap(), []);
}

async fn messages_are_outlined_without_what_they_say(fresh: &Fresh) {
    two_accounts(fresh).await;
    let on = fresh.store.read();
    let tickets = [1, 3].map(given::id);
    let mut expected = Vec::new();
    for ticket in tickets {
        let whole = message::of_ticket(&on, Scope::Everything, ticket).await;
        expected.extend(whole.unwrap());
    }
    for message in &mut expected {
        (message.html, message.quoted) = (None, None);
        message.text.clear();
    }
    let outlines = message::outlines_of_tickets(&on, &tickets).await.unwrap();
    assert_eq!(outlines, expected);
}
