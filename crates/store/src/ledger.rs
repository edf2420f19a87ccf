//! The ledger: what happened, in the order in which it was recorded.
//!
//! Nothing is ever changed or removed here. A fact of a ticket carries its place in the ticket's own ledger, and no two
//! facts have the same place, so of two writers who decided upon the same state one is refused.

use std::collections::BTreeMap;

use jiff::Timestamp;
use mainstay_domain::event::{Actor, Event};
use mainstay_domain::id::{AccountId, EventId, TicketId};
use mainstay_domain::policy::PolicyVersion;

use crate::column::{Field, Scalar, from_json, to_json};
use crate::connection::{Connection, Transaction, all, one};
use crate::error::StoreError;
use crate::page::{Cursor, Page, PageRequest, oldest_first};
use crate::put_off::insert_later;
use crate::record::{fetch_all, insert_all, record, select};
use crate::row::Row;
use crate::sql::Sql;
use crate::ticket::TimeRange;

/// A fact about an account, such as a contract that began.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountFact {
    /// Identifies it.
    pub id: EventId,
    /// About which account.
    pub account: AccountId,
    /// When it happened.
    pub at: Timestamp,
    /// When it was recorded.
    pub recorded_at: Timestamp,
    /// Who did it.
    pub actor: Actor,
    /// The policy in force when it was recorded.
    pub policy: PolicyVersion,
    /// What happened, such as `contract_started`.
    pub kind: String,
    /// The particulars, as a JSON object.
    pub payload: String,
}

record!(AccountFact in "event" { id, account, at, recorded_at, actor, policy, kind, payload });

const COLUMNS: [&str; 10] = [
    "id",
    "ticket",
    "account",
    "sequence",
    "at",
    "recorded_at",
    "actor",
    "policy",
    "kind",
    "payload",
];

/// Appends facts of a ticket. The account is the one the ticket is filed under after them.
///
/// # Errors
/// [`StoreError::Conflict`] when a place in the ledger is taken: somebody else was first.
pub async fn append(
    tx: &Transaction,
    ticket: TicketId,
    account: Option<AccountId>,
    events: &[Event],
) -> Result<(), StoreError> {
    append_many(tx, events.iter().map(|event| (ticket, account, event))).await
}

/// Appends facts of many tickets, several with each statement.
///
/// # Errors
/// As [`append`].
pub async fn append_many<'a>(
    tx: &Transaction,
    events: impl IntoIterator<Item = (TicketId, Option<AccountId>, &'a Event)>,
) -> Result<(), StoreError> {
    let rows = events
        .into_iter()
        .map(|(ticket, account, event)| {
            vec![
                event.id.to_value(),
                ticket.to_value(),
                account.to_value(),
                event.sequence.to_value(),
                event.at.to_value(),
                event.recorded_at.to_value(),
                event.actor.to_value(),
                event.policy.to_value(),
                event.kind.name().to_owned().to_value(),
                to_json(&event.kind).to_value(),
            ]
        })
        .collect();
    insert_later(tx, "event", &COLUMNS, rows, "").await
}

/// Every fact of a ticket, in order.
///
/// # Errors
/// [`StoreError::Corrupt`] when one cannot be read.
pub async fn load(on: &impl Connection, ticket: TicketId) -> Result<Vec<Event>, StoreError> {
    let sql = Sql::new(SELECT_EVENT)
        .with(" WHERE ticket = ", &ticket)
        .then(" ORDER BY sequence");
    all(on, sql)
        .await?
        .iter()
        .map(|row| read_event(row, 0))
        .collect()
}

/// Every fact of several tickets, in order, by ticket.
///
/// # Errors
/// As [`load`].
pub async fn load_many(
    on: &impl Connection,
    tickets: &[TicketId],
) -> Result<BTreeMap<TicketId, Vec<Event>>, StoreError> {
    let mut ledgers: BTreeMap<TicketId, Vec<Event>> = BTreeMap::new();
    for tickets in tickets.chunks(5_000) {
        let mut sql = Sql::new(format!("{SELECT_EVENT} WHERE ticket IN ("));
        sql.bind_all(tickets).push(") ORDER BY ticket, sequence");
        for row in all(on, sql).await? {
            let (ticket, event) = read_with_ticket(&row)?;
            ledgers.entry(ticket).or_default().push(event);
        }
    }
    Ok(ledgers)
}

/// The facts of a ticket, in order, in pages.
///
/// # Errors
/// [`StoreError::Corrupt`] when one cannot be read.
pub async fn of_ticket(
    on: &impl Connection,
    ticket: TicketId,
    page: PageRequest,
) -> Result<Page<Event>, StoreError> {
    let mut sql = Sql::new(SELECT_EVENT).with(" WHERE ticket = ", &ticket);
    if let Some(after) = page.after {
        sql.push(" AND sequence > ").bind(&after.key);
    }
    let sql = sql.with(" ORDER BY sequence LIMIT ", &(i64::from(page.limit) + 1));
    let rows = all(on, sql).await?;
    let facts: Result<Vec<Event>, StoreError> = rows.iter().map(|row| read_event(row, 0)).collect();
    Ok(Page::of(facts?, page.limit, |fact| Cursor {
        key: i64::try_from(fact.sequence).unwrap_or(i64::MAX),
        tie: 0,
    }))
}

/// The facts recorded of every ticket, for a check or a replay: one page in the order of tickets.
///
/// # Errors
/// [`StoreError::Corrupt`] when one cannot be read.
pub async fn tickets(
    on: &impl Connection,
    page: PageRequest,
) -> Result<Page<(TicketId, u64)>, StoreError> {
    let after = page.after.map_or(0, Cursor::number);
    let sql = Sql::new("SELECT id, number FROM ticket")
        .with(" WHERE number > ", &after)
        .with(" ORDER BY number LIMIT ", &(i64::from(page.limit) + 1));
    let rows = all(on, sql).await?;
    let items: Result<Vec<(TicketId, u64)>, StoreError> = rows
        .iter()
        .map(|row| Ok((Field::read(row, 0)?, Field::read(row, 1)?)))
        .collect();
    Ok(Page::of(items?, page.limit, |(_, number)| Cursor {
        key: 0,
        tie: u128::from(*number),
    }))
}

/// How many facts there are.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn count(on: &impl Connection) -> Result<u64, StoreError> {
    let row = one(on, Sql::new("SELECT COUNT(*) FROM event")).await?;
    row.map_or(Ok(0), |row| u64::read(&row, 0))
}

/// How many facts of a kind happened in a span of time, open where nothing is said.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn count_of_kind(
    on: &impl Connection,
    kind: &str,
    at: TimeRange,
) -> Result<u64, StoreError> {
    let mut sql = Sql::new("SELECT COUNT(*) FROM event").with(" WHERE kind = ", &kind.to_owned());
    at.push(&mut sql, "at");
    let row = one(on, sql).await?;
    row.map_or(Ok(0), |row| u64::read(&row, 0))
}

/// The latest instant at which anything was written down, to the millisecond, as the identifiers tell it: facts, mails as
/// they came, and jobs.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn last_recorded(on: &impl Connection) -> Result<Option<Timestamp>, StoreError> {
    let mut last = None;
    for table in ["event", "raw_mail", "job"] {
        let sql = Sql::new(format!("SELECT id FROM {table} ORDER BY id DESC LIMIT 1"));
        let Some(row) = one(on, sql).await? else {
            continue;
        };
        let id: EventId = Field::read(&row, 0)?;
        last = last.max(instant_of(id.uuid()));
    }
    Ok(last)
}

fn instant_of(id: uuid::Uuid) -> Option<Timestamp> {
    let (seconds, nanos) = id.get_timestamp()?.to_unix();
    let nanos = i32::try_from(nanos).ok()?;
    Timestamp::new(i64::try_from(seconds).ok()?, nanos).ok()
}

/// Appends facts about accounts.
///
/// # Errors
/// [`StoreError::Conflict`] when an account is not there or a fact is.
pub async fn append_account_facts(
    tx: &Transaction,
    facts: &[AccountFact],
) -> Result<(), StoreError> {
    insert_all(tx, facts).await
}

/// Every fact about an account itself, oldest first.
///
/// # Errors
/// [`StoreError::Corrupt`] when one cannot be read.
pub async fn account_facts(
    on: &impl Connection,
    account: AccountId,
) -> Result<Vec<AccountFact>, StoreError> {
    let sql = select::<AccountFact>()
        .with(" WHERE account = ", &account)
        .then(" AND ticket IS NULL ORDER BY at, id");
    fetch_all(on, sql).await
}

/// The facts about an account itself, oldest first, in pages.
///
/// # Errors
/// [`StoreError::Corrupt`] when one cannot be read.
pub async fn of_account(
    on: &impl Connection,
    account: AccountId,
    page: PageRequest,
) -> Result<Page<AccountFact>, StoreError> {
    let mut sql = select::<AccountFact>()
        .with(" WHERE t.account = ", &account)
        .then(" AND t.ticket IS NULL");
    oldest_first(&mut sql, "t", "at", page);
    let facts: Vec<AccountFact> = fetch_all(on, sql).await?;
    Ok(Page::of(facts, page.limit, |fact| {
        Cursor::at(fact.at, fact.id.uuid())
    }))
}

const SELECT_EVENT: &str =
    "SELECT id, at, recorded_at, sequence, actor, policy, payload, ticket FROM event";

fn read_event(row: &Row, first: usize) -> Result<Event, StoreError> {
    let id: EventId = Field::read(row, first)?;
    let payload = String::read(row, first + 6)?;
    Ok(Event {
        id,
        at: Field::read(row, first + 1)?,
        recorded_at: Field::read(row, first + 2)?,
        sequence: Field::read(row, first + 3)?,
        actor: Field::read(row, first + 4)?,
        policy: PolicyVersion::from_base(Field::read(row, first + 5)?)
            .map_err(StoreError::Corrupt)?,
        kind: from_json(&payload)
            .map_err(|reason| StoreError::Corrupt(format!("the fact {id}: {reason}")))?,
    })
}

fn read_with_ticket(row: &Row) -> Result<(TicketId, Event), StoreError> {
    Ok((Field::read(row, 7)?, read_event(row, 0)?))
}
