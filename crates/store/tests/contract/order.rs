//! What comes first in a list of tickets, and what next.

use mainstay_domain::severity::Severity;
use mainstay_domain::status::StatusKind;
use mainstay_domain::ticket::Scope;
use mainstay_store::PageRequest;
use mainstay_store::ticket::{self, Direction, NextDue, TicketFilter, TicketKey, TicketSort};

use crate::engine::{Fresh, on_each_engine};
use crate::given::{self, at};

on_each_engine!(
    lists_are_sorted_by_the_nearest_breach,
    what_is_open_is_listed_by_the_nearest_breach,
);

async fn lists_are_sorted_by_the_nearest_breach(fresh: &Fresh) {
    let tx = fresh.store.begin().await.unwrap();
    for (number, due) in [
        (1, None),
        (2, Some(90)),
        (3, Some(10)),
        (4, None),
        (5, Some(10)),
    ] {
        let mut stored = given::ticket(number);
        stored.next_due = due.map(|second| NextDue {
            at: at(second),
            commitment: "resolution".into(),
        });
        ticket::insert(&tx, &stored).await.unwrap();
    }
    for (direction, expected) in [
        (Direction::Ascending, [3, 5, 2, 1, 4]),
        (Direction::Descending, [4, 1, 2, 5, 3]),
    ] {
        let sort = TicketSort {
            key: TicketKey::NextDue,
            direction,
        };
        let mut seen = Vec::new();
        let mut page = PageRequest::first(2);
        loop {
            let part = ticket::list(&tx, Scope::Everything, &TicketFilter::default(), sort, page)
                .await
                .unwrap();
            seen.extend(part.items.iter().map(|stored| stored.ticket.number));
            page.after = part.next;
            if page.after.is_none() {
                break;
            }
        }
        assert_eq!(seen, expected);
    }
}

async fn what_is_open_is_listed_by_the_nearest_breach(fresh: &Fresh) {
    let tx = fresh.store.begin().await.unwrap();
    for (number, kind, due) in [
        (1, StatusKind::Open, None),
        (2, StatusKind::New, Some(90)),
        (3, StatusKind::Closed, Some(5)),
        (4, StatusKind::OnHold, None),
        (5, StatusKind::PendingCustomer, Some(10)),
        (6, StatusKind::Resolved, None),
        (7, StatusKind::Open, Some(10)),
        (8, StatusKind::New, None),
    ] {
        let mut stored = given::ticket(number);
        stored.ticket.facts.status = kind.into();
        stored.next_due = due.map(|second| NextDue {
            at: at(second),
            commitment: "resolution".into(),
        });
        ticket::insert(&tx, &stored).await.unwrap();
    }
    let open = TicketFilter {
        status_kinds: (StatusKind::ALL.into_iter())
            .filter(|kind| !kind.is_done())
            .collect(),
        ..TicketFilter::default()
    };
    let narrowed = TicketFilter {
        severities: vec![Severity::P1, Severity::P2, Severity::P3, Severity::P4],
        ..open.clone()
    };
    let sort = TicketSort {
        key: TicketKey::NextDue,
        direction: Direction::Ascending,
    };
    let urgent = TicketFilter {
        due_before: Some(at(50)),
        ..open.clone()
    };
    let (all, due): (&[u64], &[u64]) = (&[5, 7, 2, 1, 4, 8], &[5, 7]);
    for (filter, limit, expected) in [
        (&open, 1, all),
        (&open, 2, all),
        (&open, 3, all),
        (&open, 9, all),
        (&narrowed, 2, all),
        (&urgent, 1, due),
        (&urgent, 9, due),
    ] {
        let mut seen = Vec::new();
        let mut page = PageRequest::first(limit);
        loop {
            let part = ticket::list(&tx, Scope::Everything, filter, sort, page).await;
            let part = part.unwrap();
            assert!(part.items.len() <= limit as usize);
            seen.extend(part.items.iter().map(|stored| stored.ticket.number));
            page.after = part.next;
            if page.after.is_none() {
                break;
            }
        }
        assert_eq!(seen, expected, "{limit} at a time of {filter:?}");
    }
}
