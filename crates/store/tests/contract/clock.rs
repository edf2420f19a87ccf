//! Clocks, and what is due by them.

use std::collections::BTreeSet;

use mainstay_domain::name::CommitmentName;
use mainstay_domain::policy::PolicyVersion;
use mainstay_domain::ticket::Scope;
use mainstay_store::clock::{self, AttainmentFilter, ClockState, StoredClock, WarningGiven};
use mainstay_store::due::{self, DueSubject, NextWork};
use mainstay_store::ticket::{self, Direction, NextDue, TicketFilter, TicketKey, TicketSort};
use mainstay_store::{PageRequest, StoreError};

use crate::engine::{Fresh, on_each_engine};
use crate::given::{self, at};

on_each_engine!(
    clocks_are_replaced_in_one_go,
    clocks_of_a_new_ticket_make_it_due,
    promises_are_counted_by_how_they_were_kept,
    what_is_due_comes_in_order_and_once,
    what_is_kept_from_a_reader_is_not_due_next,
);

fn a_clock(ticket: u32, commitment: &str, next_at: Option<i64>) -> StoredClock {
    StoredClock {
        ticket: given::id(ticket),
        commitment: CommitmentName::from(commitment),
        cycle: 1,
        state: ClockState::Running,
        policy: PolicyVersion(3),
        calendar: Some("business".into()),
        target: Some(given::seconds(3_600)),
        started_at: at(i64::from(ticket)),
        promised_due_at: next_at.map(at),
        due_at: next_at.map(at),
        stopped_at: None,
        missed_at: None,
        cancelled_at: None,
        warnings: vec![WarningGiven {
            warning: 0,
            at: at(5),
        }],
        next_at: next_at.map(at),
        detail: "{}".to_owned(),
    }
}

async fn what_is_due_comes_in_order_and_once(fresh: &Fresh) {
    let tx = fresh.store.begin().await.unwrap();
    given::tickets(&tx, 1..=4).await;
    assert_eq!(due::next_instant(&tx).await.unwrap(), None);
    for (ticket, next_at) in [(1, Some(40)), (2, Some(10)), (3, Some(30)), (4, None)] {
        given::clocks(&tx, ticket, &[a_clock(ticket, "first_response", next_at)]).await;
    }
    let escalation = DueSubject::Escalation(given::id(9));
    due::set(&tx, escalation, Some(at(20))).await.unwrap();
    tx.commit().await.unwrap();

    let on = fresh.store.read();
    assert_eq!(due::next_instant(&on).await.unwrap(), Some(at(10)));
    let work = |now| due::next_work(&on, at(now));
    assert_eq!(work(9).await.unwrap(), NextWork::Later(Some(at(10))));
    assert_eq!(work(10).await.unwrap(), NextWork::Now);

    let tx = fresh.store.begin().await.unwrap();
    let taken = due::lease_due(&tx, at(35), "node", at(95), 2)
        .await
        .unwrap();
    let subjects: Vec<_> = taken.iter().map(|due| (due.subject, due.at)).collect();
    assert_eq!(
        subjects,
        [
            (DueSubject::Ticket(given::id(2)), at(10)),
            (escalation, at(20))
        ]
    );
    let taken = due::lease_due(&tx, at(35), "other", at(95), 10)
        .await
        .unwrap();
    assert_eq!(taken.len(), 1);
    assert_eq!(due::backlog(&tx, at(35)).await.unwrap(), (0, None));
    let work = due::next_work(&tx, at(35)).await.unwrap();
    assert_eq!(work, NextWork::Now, "a lease may count for nothing");
    assert_eq!(due::next_instant(&tx).await.unwrap(), Some(at(40)));

    // Saving the clocks of a ticket ends its lease; what is not due any more is gone from the index.
    given::clocks(&tx, 2, &[a_clock(2, "first_response", Some(36))]).await;
    due::set(&tx, escalation, None).await.unwrap();
    assert_eq!(due::next_instant(&tx).await.unwrap(), Some(at(36)));
    let taken = due::lease_due(&tx, at(200), "third", at(300), 10)
        .await
        .unwrap();
    assert_eq!(
        taken.iter().map(|due| due.at).collect::<Vec<_>>(),
        [at(30), at(36), at(40)],
        "a lease that ended is given to another"
    );
}

async fn clocks_of_a_new_ticket_make_it_due(fresh: &Fresh) {
    let tx = fresh.store.begin().await.unwrap();
    given::tickets(&tx, 1..=4).await;
    let clocks = |ticket, next_at| {
        [
            a_clock(ticket, "first_response", next_at),
            a_clock(ticket, "resolution", Some(90)),
        ]
    };
    for (ticket, next_at, asked, due_at) in [
        (1, Some(10), None, Some(10)),
        (2, Some(10), Some(5), Some(5)),
        (3, None, Some(200), Some(90)),
    ] {
        let id = given::id(ticket);
        let written = clocks(ticket, next_at);
        clock::insert(&tx, id, &written, asked.map(at))
            .await
            .unwrap();
        assert_eq!(clock::of_ticket(&tx, id).await.unwrap(), written);
        let next = due::next_of(&tx, DueSubject::Ticket(id)).await.unwrap();
        assert_eq!(next, due_at.map(at));
    }
    clock::insert(&tx, given::id(4), &[], None).await.unwrap();
    let never = due::next_of(&tx, DueSubject::Ticket(given::id(4))).await;
    assert_eq!(never.unwrap(), None);
    tx.commit().await.unwrap();

    let tx = fresh.store.begin().await.unwrap();
    let again = async {
        clock::insert(&tx, given::id(1), &clocks(1, None), None).await?;
        tx.commit().await
    };
    let again = again.await;
    assert!(matches!(again, Err(StoreError::Conflict(_))), "{again:?}");
    let tx = fresh.store.begin().await.unwrap();
    let of_nobody = async {
        clock::insert(&tx, given::id(9), &[a_clock(9, "update", None)], None).await?;
        tx.commit().await
    };
    let of_nobody = of_nobody.await;
    assert!(
        matches!(of_nobody, Err(StoreError::Conflict(_))),
        "{of_nobody:?}"
    );
}

async fn clocks_are_replaced_in_one_go(fresh: &Fresh) {
    let tx = fresh.store.begin().await.unwrap();
    given::tickets(&tx, 1..=2).await;
    let first = [
        a_clock(1, "first_response", Some(10)),
        a_clock(1, "update", Some(5)),
    ];
    given::clocks(&tx, 1, &first).await;
    given::clocks(&tx, 2, &[a_clock(2, "update", Some(50))]).await;
    let mut later = a_clock(1, "first_response", Some(99));
    later.state = ClockState::Paused;
    later.target = None;
    let resolution = a_clock(1, "resolution", None);
    given::clocks(&tx, 1, &[later.clone(), resolution.clone()]).await;
    assert_eq!(
        clock::of_ticket(&tx, given::id(1)).await.unwrap(),
        [later, resolution]
    );
    assert_eq!(clock::of_ticket(&tx, given::id(2)).await.unwrap().len(), 1);
    assert_eq!(due::next_instant(&tx).await.unwrap(), Some(at(50)));
    given::clocks(&tx, 1, &[]).await;
    assert_eq!(clock::of_ticket(&tx, given::id(1)).await.unwrap(), []);
}

async fn promises_are_counted_by_how_they_were_kept(fresh: &Fresh) {
    let tx = fresh.store.begin().await.unwrap();
    given::tickets(&tx, 1..=5).await;
    let states = [
        ClockState::Met,
        ClockState::Missed,
        ClockState::Paused,
        ClockState::Cancelled,
        ClockState::Met,
    ];
    let clocks: Vec<StoredClock> = (1..=5)
        .zip(states)
        .map(|(number, state)| StoredClock {
            state,
            ..a_clock(number, "update", None)
        })
        .collect();
    clock::insert_many(&tx, &clocks).await.unwrap();
    let kept = clock::attainment(&tx, Scope::Everything, &started(0, 5))
        .await
        .unwrap();
    assert_eq!(kept.len(), 1);
    assert_eq!(
        (kept[0].met, kept[0].missed, kept[0].open, kept[0].cancelled),
        (1, 1, 1, 1)
    );
    for narrower in [
        AttainmentFilter {
            team: Some(given::id(1)),
            ..started(0, 5)
        },
        AttainmentFilter {
            account: Some(given::id(1)),
            ..started(0, 5)
        },
        AttainmentFilter {
            tier: Some("Gold".into()),
            ..started(0, 5)
        },
        AttainmentFilter {
            commitment: Some("other".into()),
            ..started(0, 5)
        },
        AttainmentFilter {
            hidden: BTreeSet::from([kept[0].commitment.clone()]),
            ..started(0, 5)
        },
    ] {
        let none = clock::attainment(&tx, Scope::Everything, &narrower).await;
        assert_eq!(none.unwrap(), [], "{narrower:?}");
    }
    let elsewhere = Scope::Account(given::id(1));
    assert_eq!(
        clock::attainment(&tx, elsewhere, &started(0, 9))
            .await
            .unwrap(),
        []
    );
}

async fn what_is_kept_from_a_reader_is_not_due_next(fresh: &Fresh) {
    let tx = fresh.store.begin().await.unwrap();
    let mut clocks = Vec::new();
    for (number, commitment, due) in [(1, "hand_over", 10), (2, "update", 20), (3, "hand_over", 5)]
    {
        let mut stored = given::ticket(number);
        stored.next_due = Some(NextDue {
            at: at(due),
            commitment: commitment.into(),
        });
        ticket::insert(&tx, &stored).await.unwrap();
        clocks.push(a_clock(number, commitment, Some(due)));
    }
    clocks.push(a_clock(1, "resolution", Some(30)));
    // What is over is not due: of the third ticket nothing is left.
    clocks.push(StoredClock {
        stopped_at: Some(at(7)),
        ..a_clock(3, "update", Some(8))
    });
    clock::insert_many(&tx, &clocks).await.unwrap();
    tx.commit().await.unwrap();

    let on = fresh.store.read();
    let sort = TicketSort {
        key: TicketKey::NextDue,
        direction: Direction::Ascending,
    };
    let walked = async |filter: &TicketFilter| {
        let mut page = PageRequest::first(1);
        let mut walked = Vec::new();
        loop {
            let found = ticket::list(&on, Scope::Everything, filter, sort, page)
                .await
                .unwrap();
            for stored in &found.items {
                let next = stored
                    .next_due
                    .as_ref()
                    .map(|due| due.commitment.to_string());
                walked.push((stored.ticket.number, next.unwrap_or_default()));
            }
            match found.next {
                Some(next) => page.after = Some(next),
                None => break walked,
            }
        }
    };
    let said = |all: &[(u64, &str)]| -> Vec<(u64, String)> {
        all.iter()
            .map(|(number, name)| (*number, (*name).to_owned()))
            .collect()
    };
    let all = TicketFilter::default();
    let of_all = [(3, "hand_over"), (1, "hand_over"), (2, "update")];
    assert_eq!(walked(&all).await, said(&of_all));
    let hidden = TicketFilter {
        hidden: BTreeSet::from(["hand_over".into()]),
        ..TicketFilter::default()
    };
    let of_rest = [(2, "update"), (1, "resolution"), (3, "")];
    assert_eq!(walked(&hidden).await, said(&of_rest));
    let soon = |filter: &TicketFilter| TicketFilter {
        due_before: Some(at(25)),
        ..filter.clone()
    };
    let count = async |filter| {
        ticket::count(&on, Scope::Everything, &filter)
            .await
            .unwrap()
    };
    assert_eq!(
        (count(soon(&all)).await, count(soon(&hidden)).await),
        (3, 1)
    );
}

/// Every promise that started from one second to another.
fn started(from: i64, until: i64) -> AttainmentFilter {
    AttainmentFilter {
        from: at(from),
        until: at(until),
        account: None,
        team: None,
        tier: None,
        commitment: None,
        hidden: BTreeSet::new(),
    }
}
