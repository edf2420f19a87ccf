//! Tickets and their ledger.

use mainstay_domain::event::EventKind;
use mainstay_domain::id::TicketId;
use mainstay_domain::severity::Severity;
use mainstay_domain::ticket::Scope;
use mainstay_store::ticket::{self, Direction, TicketFilter, TicketKey, TicketSort};
use mainstay_store::{PageRequest, Store, StoreError, ledger, message, search};

use crate::engine::{Fresh, on_each_engine};
use crate::given;

on_each_engine!(
    a_ticket_and_its_facts_are_read_as_written,
    a_ticket_is_inserted_with_what_opened_it,
    of_two_writers_who_saw_the_same_one_is_refused,
    numbers_are_never_given_twice,
    what_was_looked_at_is_written_while_it_stands,
    reading_then_writing_together_is_never_refused,
    pages_are_complete_while_tickets_come,
    what_is_not_committed_is_not_there,
    several_tickets_are_locked_and_written_at_once,
    a_tag_of_a_node_of_before_says_when_its_ticket_was_opened,
);

async fn several_tickets_are_locked_and_written_at_once(fresh: &Fresh) {
    let tx = fresh.store.begin().await.unwrap();
    given::tickets(&tx, 1..=3).await;
    for number in 1..=3 {
        let ledger = [given::opened(number)];
        ledger::append(&tx, given::id(number), None, &ledger)
            .await
            .unwrap();
    }
    tx.commit().await.unwrap();

    let tx = fresh.store.begin().await.unwrap();
    let ids = [given::id(3), given::id(1), given::id(9)];
    let before = ticket::lock_many(&tx, &ids).await.unwrap();
    let numbers: Vec<u64> = before.iter().map(|stored| stored.ticket.number).collect();
    assert_eq!(
        numbers,
        [1, 3],
        "by number, and what is not there is left out"
    );
    let mut after = before.clone();
    after[0].ticket.facts.tags = vec!["urgent".into()];
    after[1].ticket.subject = "Another subject".to_owned();
    for stored in &mut after {
        stored.ticket.version += 1;
    }
    let changed: Vec<_> = before.iter().zip(&after).collect();
    ticket::update_locked(&tx, &changed).await.unwrap();
    tx.commit().await.unwrap();

    let on = fresh.store.read();
    let found = ticket::find_many(&on, Scope::Everything, &ids).await;
    assert_eq!(found.unwrap(), after);
    let tagged = TicketFilter {
        tags: vec!["urgent".into()],
        ..TicketFilter::default()
    };
    let count = ticket::count(&on, Scope::Everything, &tagged).await;
    assert_eq!(count.unwrap(), 1);
    let words = PageRequest::first(9);
    let hits = search::search(&on, Scope::Everything, "another", words).await;
    assert_eq!(hits.unwrap().items.len(), 1);
    let hits = search::search(&on, Scope::Everything, "3", words).await;
    assert_eq!(
        hits.unwrap().items.len(),
        0,
        "the subject of before is gone"
    );

    let ledgers = ledger::load_many(&on, &ids).await.unwrap();
    let of = |number| ledgers.get(&given::id(number)).map(Vec::as_slice);
    assert_eq!(of(1), Some(&[given::opened(1)][..]));
    assert_eq!(of(9), None);
}

async fn a_ticket_and_its_facts_are_read_as_written(fresh: &Fresh) {
    let tx = fresh.store.begin().await.unwrap();
    let stored = given::ticket(7);
    ticket::insert(&tx, &stored).await.unwrap();
    let facts = [
        given::opened(7),
        given::event(
            7,
            2,
            EventKind::SeverityChanged {
                from: Severity::P3,
                to: Severity::P1,
                reason: Some("nul \0 and 'quotes' \"\\".to_owned()),
            },
        ),
    ];
    ledger::append(&tx, stored.ticket.id, None, &facts)
        .await
        .unwrap();
    tx.commit().await.unwrap();

    let on = fresh.store.read();
    let found = ticket::find_by_number(&on, Scope::Everything, 7)
        .await
        .unwrap();
    assert_eq!(found.as_ref(), Some(&stored));
    assert_eq!(
        ticket::find(&on, Scope::Everything, stored.ticket.id)
            .await
            .unwrap(),
        found
    );
    assert_eq!(ledger::load(&on, stored.ticket.id).await.unwrap(), facts);
    assert_eq!(
        ticket::find_by_number(&on, Scope::Everything, 8)
            .await
            .unwrap(),
        None
    );
}

async fn a_ticket_is_inserted_with_what_opened_it(fresh: &Fresh) {
    let tx = fresh.store.begin().await.unwrap();
    let stored = given::ticket(1);
    let said = given::message(1, 1, "The export breaks off");
    ticket::insert_opened(&tx, &stored, Some("Gadgets Inc"), Some(&said))
        .await
        .unwrap();
    let silent = given::ticket(2);
    ticket::insert_opened(&tx, &silent, None, None)
        .await
        .unwrap();
    tx.commit().await.unwrap();

    let on = fresh.store.read();
    for stored in [&stored, &silent] {
        let found = ticket::find(&on, Scope::Everything, stored.ticket.id).await;
        assert_eq!(found.unwrap().as_ref(), Some(stored));
    }
    let read = message::find(&on, Scope::Everything, said.id).await;
    assert_eq!(read.unwrap(), Some(said));
    // By its subject, what was said, and the name of its account; without these nothing of them is there.
    for (words, numbers) in [
        ("subject", &[1, 2][..]),
        ("breaks", &[1]),
        ("gadgets", &[1]),
    ] {
        let hits = search::search(&on, Scope::Everything, words, PageRequest::first(9)).await;
        let mut found: Vec<u64> = hits.unwrap().items.iter().map(|hit| hit.number).collect();
        found.sort_unstable();
        assert_eq!(found, numbers, "{words}");
    }

    let tx = fresh.store.begin().await.unwrap();
    let again = async {
        ticket::insert_opened(&tx, &given::ticket(1), None, None).await?;
        tx.commit().await
    };
    let again = again.await;
    assert!(matches!(again, Err(StoreError::Conflict(_))), "{again:?}");
}

async fn of_two_writers_who_saw_the_same_one_is_refused(fresh: &Fresh) {
    let tx = fresh.store.begin().await.unwrap();
    given::tickets(&tx, [1]).await;
    ledger::append(&tx, given::id(1), None, &[given::opened(1)])
        .await
        .unwrap();
    tx.commit().await.unwrap();

    let before = given::ticket(1);
    let mut changed = before.clone();
    changed.ticket.version = 2;
    changed.ticket.subject = "First".to_owned();
    let tx = fresh.store.begin().await.unwrap();
    ticket::update(&tx, &before, &changed).await.unwrap();
    tx.commit().await.unwrap();

    changed.ticket.subject = "Second".to_owned();
    let tx = fresh.store.begin().await.unwrap();
    let refused = ticket::update(&tx, &before, &changed).await;
    assert!(
        matches!(refused, Err(StoreError::Conflict(_))),
        "{refused:?}"
    );
    let mut same_place = given::opened(1);
    same_place.id = given::id(999);
    let refused = async {
        ledger::append(&tx, given::id(1), None, &[same_place]).await?;
        tx.commit().await
    };
    let refused = refused.await;
    assert!(
        matches!(refused, Err(StoreError::Conflict(_))),
        "{refused:?}"
    );

    let found = ticket::find(&fresh.store.read(), Scope::Everything, given::id(1))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(found.ticket.subject, "First");
}

async fn numbers_are_never_given_twice(fresh: &Fresh) {
    let takers = (0..20).map(|_| {
        let store = fresh.store.clone();
        tokio::spawn(async move {
            let tx = store.begin().await.unwrap();
            let mut numbers = ticket::next_numbers(&tx, 3).await.unwrap();
            numbers.push(ticket::next_number(&tx).await.unwrap());
            tx.commit().await.unwrap();
            numbers
        })
    });
    let mut numbers = Vec::new();
    for taker in takers.collect::<Vec<_>>() {
        numbers.extend(taker.await.unwrap());
    }
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=80).collect::<Vec<u64>>());
}

async fn reading_then_writing_together_is_never_refused(fresh: &Fresh) {
    let tx = fresh.store.begin().await.unwrap();
    given::tickets(&tx, 1..=400).await;
    tx.commit().await.unwrap();
    let writers: Vec<_> = (1..=400)
        .map(|number| tokio::spawn(touch(fresh.store.clone(), number)))
        .collect();
    for writer in writers {
        writer.await.unwrap().unwrap();
    }
    let on = fresh.store.read();
    let untouched = TicketFilter {
        severities: vec![Severity::P3],
        ..TicketFilter::default()
    };
    assert_eq!(
        ticket::count(&on, Scope::Everything, &untouched)
            .await
            .unwrap(),
        0
    );
}

async fn touch(store: Store, number: u32) -> Result<(), StoreError> {
    let tx = store.begin().await?;
    let before = ticket::find_by_number(&tx, Scope::Everything, u64::from(number))
        .await?
        .unwrap();
    let mut stored = before.clone();
    stored.ticket.facts.severity = Severity::P1;
    stored.ticket.version += 1;
    ticket::update(&tx, &before, &stored).await?;
    tx.commit().await
}

async fn pages_are_complete_while_tickets_come(fresh: &Fresh) {
    let tx = fresh.store.begin().await.unwrap();
    given::tickets(&tx, 1..=50).await;
    tx.commit().await.unwrap();
    let mut newcomer = 1_000;
    for key in [
        TicketKey::Severity,
        TicketKey::Opened,
        TicketKey::NextDue,
        TicketKey::Number,
    ] {
        for direction in [Direction::Ascending, Direction::Descending] {
            let mut seen: Vec<TicketId> = Vec::new();
            let mut page = PageRequest::first(7);
            let newcomers = newcomer..newcomer + 3;
            loop {
                let on = fresh.store.read();
                let part = ticket::list(
                    &on,
                    Scope::Everything,
                    &TicketFilter::default(),
                    TicketSort { key, direction },
                    page,
                )
                .await
                .unwrap();
                seen.extend(part.items.iter().map(|stored| stored.ticket.id));
                let Some(next) = part.next else { break };
                page.after = Some(next.to_string().parse().unwrap());
                if newcomers.contains(&newcomer) {
                    let tx = fresh.store.begin().await.unwrap();
                    given::tickets(&tx, [newcomer]).await;
                    tx.commit().await.unwrap();
                    newcomer += 1;
                }
            }
            let all = seen.len();
            seen.sort_unstable();
            seen.dedup();
            assert_eq!(
                seen.len(),
                all,
                "{key:?} {direction:?}: a ticket came twice"
            );
            for number in 1..=50 {
                assert!(
                    seen.contains(&given::id(number)),
                    "{key:?} {direction:?}: {number} is missing"
                );
            }
        }
    }
}

async fn what_is_not_committed_is_not_there(fresh: &Fresh) {
    let tx = fresh.store.begin().await.unwrap();
    given::tickets(&tx, [1]).await;
    let on = fresh.store.read();
    assert_eq!(
        ticket::find_by_number(&on, Scope::Everything, 1)
            .await
            .unwrap(),
        None
    );
    drop(tx);
    let tx = fresh.store.begin().await.unwrap();
    assert_eq!(
        ticket::find_by_number(&tx, Scope::Everything, 1)
            .await
            .unwrap(),
        None
    );
    given::tickets(&tx, [1]).await;
    tx.rollback().await.unwrap();
    assert_eq!(
        ticket::find_by_number(&on, Scope::Everything, 1)
            .await
            .unwrap(),
        None
    );
}

async fn what_was_looked_at_is_written_while_it_stands(fresh: &Fresh) {
    let tx = fresh.store.begin().await.unwrap();
    given::tickets(&tx, 1..=3).await;
    tx.commit().await.unwrap();
    let ids: Vec<TicketId> = (1..=2).map(given::id).collect();
    let looking = fresh.store.begin_looking().await.unwrap();
    let seen = ticket::lock_many(&looking, &ids).await.unwrap();
    // Somebody else writes another ticket meanwhile.
    rename(&fresh.store, 3).await;
    looking.take_turn().await.unwrap();
    let mut changed = seen[0].clone();
    "Decided".clone_into(&mut changed.ticket.subject);
    changed.ticket.version += 1;
    let first = [(&seen[0], &changed)];
    ticket::update_locked(&looking, &first).await.unwrap();
    looking.commit().await.unwrap();
    let all = Scope::Everything;
    let found = ticket::find(&fresh.store.read(), all, ids[0]).await;
    assert_eq!(found.unwrap().unwrap().ticket.subject, "Decided");

    // Where tickets are locked as they are read, nobody writes one of these.
    if fresh.store.is_shared() {
        return;
    }
    let looking = fresh.store.begin_looking().await.unwrap();
    let seen = ticket::lock_many(&looking, &ids).await.unwrap();
    rename(&fresh.store, 2).await;
    looking.take_turn().await.unwrap();
    let changes: Vec<_> = seen.iter().map(|stored| (stored, stored)).collect();
    let refused = ticket::update_locked(&looking, &changes).await;
    let refused = refused.unwrap_err();
    assert!(matches!(refused, StoreError::Conflict(_)), "{refused}");
}

/// Gives the ticket of a number another subject.
async fn rename(store: &Store, number: u32) {
    let tx = store.begin().await.unwrap();
    let before = ticket::find(&tx, Scope::Everything, given::id(number)).await;
    let before = before.unwrap().unwrap();
    let mut after = before.clone();
    "Renamed".clone_into(&mut after.ticket.subject);
    after.ticket.version += 1;
    ticket::update(&tx, &before, &after).await.unwrap();
    tx.commit().await.unwrap();
}

/// A node of before writes a ticket and its tags with one statement and does not know the column.
async fn a_tag_of_a_node_of_before_says_when_its_ticket_was_opened(fresh: &Fresh) {
    let Some(server) = &fresh.server else {
        // Nobody works beside another program on SQLite; the schema has a test of its own.
        return;
    };
    let tx = fresh.store.begin().await.unwrap();
    given::tickets(&tx, [1]).await;
    tx.commit().await.unwrap();
    let address = fresh.url.split('?').next().unwrap();
    let database = address.rsplit('/').next().unwrap();
    let other = "00000000-0000-7000-8000-000000000099";
    let statement = format!(
        "WITH i0 AS (INSERT INTO ticket SELECT (jsonb_populate_record(t, jsonb_build_object('id', '{other}', 'number', 99))).* \
         FROM ticket t) INSERT INTO ticket_tag (tag, ticket) VALUES ('a', '{other}')"
    );
    server.sql(database, &statement);
    let question =
        "SELECT g.opened_at = t.opened_at FROM ticket_tag g JOIN ticket t ON t.id = g.ticket";
    assert_eq!(server.sql(database, question), "t");
}
