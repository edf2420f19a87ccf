//! Tickets: the fold of each one's facts, kept for reading, and the instant at which it is next due.
//!
//! A portal user may see some tickets only. Every function that reads tickets therefore wants a [`Scope`].

mod hidden;
pub(crate) mod list;
pub(crate) mod nearest;
mod row;

use std::collections::BTreeMap;

use jiff::Timestamp;
use mainstay_domain::id::{AccountId, AgentId, ContactId, TicketId};
use mainstay_domain::message::Message;
use mainstay_domain::name::{CommitmentName, Tag};
use mainstay_domain::ticket::{Link, Scope, Ticket};

pub use hidden::keep_from_reader;
pub use list::{
    Direction, TicketFilter, TicketKey, TicketSort, TimeRange, candidates, count, list, open_load,
    tally,
};
pub use list::{OpenLoad, Tally, TallyBy};

use crate::column::Field;
use crate::connection::{Connection, Transaction, all, one};
use crate::error::StoreError;
use crate::message;
use crate::put_off::{insert_all_later, insert_later};
use crate::record::{Record, changed_columns, columns, insert_all, update_many, update_sql};
use crate::search::{self, Entry};
use crate::sql::Sql;
use row::TicketRow;

/// A ticket as it is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredTicket {
    /// The ticket.
    pub ticket: Ticket,
    /// What is due first of what is promised on it, while a clock runs.
    pub next_due: Option<NextDue>,
}

/// The clock of a ticket that is due first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NextDue {
    /// When it is due.
    pub at: Timestamp,
    /// The commitment.
    pub commitment: CommitmentName,
}

/// A number for a new ticket, never given twice. A number whose ticket is not committed may be lost.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn next_number(tx: &Transaction) -> Result<u64, StoreError> {
    next_numbers(tx, 1)
        .await?
        .pop()
        .ok_or_else(|| StoreError::Corrupt("the table of ticket numbers is empty".to_owned()))
}

/// Numbers for new tickets, smallest first.
///
/// # Errors
/// As [`next_number`].
pub async fn next_numbers(tx: &Transaction, count: u32) -> Result<Vec<u64>, StoreError> {
    if tx.is_postgres() {
        // A sequence, so that opening a ticket does not wait for another to be committed.
        let sql = Sql::new("SELECT nextval('ticket_number') FROM generate_series(1, ")
            .with("", &i64::from(count))
            .then(")");
        return all(tx, sql)
            .await?
            .iter()
            .map(|row| u64::read(row, 0))
            .collect();
    }
    let sql = Sql::new("UPDATE ticket_number SET last = last + ")
        .with("", &i64::from(count))
        .then(" RETURNING last");
    let last = one(tx, sql)
        .await?
        .map_or(Ok(0), |row| u64::read(&row, 0))?;
    Ok((last.saturating_sub(u64::from(count)) + 1..=last).collect())
}

/// Inserts a new ticket.
///
/// # Errors
/// [`StoreError::Conflict`] when its id or number is taken, or somebody it names is not there.
pub async fn insert(tx: &Transaction, stored: &StoredTicket) -> Result<(), StoreError> {
    insert_many(tx, std::slice::from_ref(stored)).await
}

/// Inserts a new ticket with the message it was opened with, if any. `account_name` is the name of its account, by which it is
/// found as well.
///
/// # Errors
/// As [`insert`].
pub async fn insert_opened(
    tx: &Transaction,
    stored: &StoredTicket,
    account_name: Option<&str>,
    message: Option<&Message>,
) -> Result<(), StoreError> {
    let ticket = &stored.ticket;
    insert_all_later(tx, [&TicketRow::of(stored)]).await?;
    insert_children(tx, &[ticket]).await?;
    let mut entries = vec![Entry::subject(ticket.id, &ticket.subject, account_name)];
    if let Some(message) = message {
        message::insert_unindexed(tx, std::slice::from_ref(message)).await?;
        entries.push(message::entry(message));
    }
    search::index(tx, entries).await
}

/// Inserts new tickets, several with each statement. A ticket that was merged comes after the one it went into.
///
/// # Errors
/// As [`insert`].
pub async fn insert_many(tx: &Transaction, stored: &[StoredTicket]) -> Result<(), StoreError> {
    let rows: Vec<TicketRow> = stored.iter().map(TicketRow::of).collect();
    insert_all(tx, &rows).await?;
    let tickets: Vec<&Ticket> = stored.iter().map(|stored| &stored.ticket).collect();
    insert_children(tx, &tickets).await?;
    search::index_subjects(tx, &tickets).await
}

/// Writes a ticket that was loaded as `before`.
///
/// # Errors
/// [`StoreError::Conflict`] when somebody else wrote it since, or it is not there.
pub async fn update(
    tx: &Transaction,
    before: &StoredTicket,
    stored: &StoredTicket,
) -> Result<(), StoreError> {
    let (row, version) = (TicketRow::of(stored), before.ticket.version);
    let mut columns = changed_columns(&TicketRow::before(before, stored), &row);
    columns.push("version");
    let sql = update_sql(&row, &columns, Vec::new()).with(" AND version = ", &version);
    if tx.execute(sql).await? == 0 {
        let number = stored.ticket.number;
        let changed = format!("ticket {number} has changed since it was read");
        return Err(StoreError::Conflict(changed));
    }
    let indexed = Indexed::of(&before.ticket);
    indexed.renew(tx, &stored.ticket).await
}

/// What of a ticket stands in tables of its own as well, by which it is found.
struct Indexed {
    tags: Vec<Tag>,
    followers: Vec<AgentId>,
    links: Vec<Link>,
    subject: String,
    account: Option<AccountId>,
    contact: Option<ContactId>,
}

impl Indexed {
    fn of(ticket: &Ticket) -> Self {
        Self {
            tags: ticket.facts.tags.clone(),
            followers: ticket.followers.clone(),
            links: ticket.links.clone(),
            subject: ticket.subject.clone(),
            account: ticket.facts.account,
            contact: ticket.contact,
        }
    }

    /// Makes those tables say what holds of the ticket now, as far as it differs.
    async fn renew(&self, tx: &Transaction, ticket: &Ticket) -> Result<(), StoreError> {
        let now = Self::of(ticket);
        if (&self.tags, &self.followers, &self.links) != (&now.tags, &now.followers, &now.links) {
            for table in ["ticket_tag", "ticket_follower", "ticket_link"] {
                let sql = Sql::new(format!("DELETE FROM {table}"));
                tx.execute(sql.with(" WHERE ticket = ", &ticket.id)).await?;
            }
            insert_children(tx, &[ticket]).await?;
        }
        if (&self.subject, self.account, self.contact) != (&now.subject, now.account, now.contact) {
            search::forget_subject(tx, ticket.id).await?;
            search::index_subjects(tx, &[ticket]).await?;
        }
        Ok(())
    }
}

/// Writes tickets that were [locked](lock_many) by this transaction, each with what it was then, several with each statement.
///
/// # Errors
/// [`StoreError::Conflict`] when somebody a ticket names is not there.
pub async fn update_locked(
    tx: &Transaction,
    changed: &[(&StoredTicket, &StoredTicket)],
) -> Result<(), StoreError> {
    still_stand(tx, changed.iter().map(|(before, _)| &before.ticket)).await?;
    let rows = changed.iter();
    let rows: Vec<(TicketRow, TicketRow)> = rows
        .map(|(before, stored)| (TicketRow::before(before, stored), TicketRow::of(stored)))
        .collect();
    update_many(tx, rows.iter().map(|(before, row)| (before, row))).await?;
    for (before, stored) in changed {
        let indexed = Indexed::of(&before.ticket);
        indexed.renew(tx, &stored.ticket).await?;
    }
    Ok(())
}

/// The tickets with these ids, by number, which no other transaction writes until this one ends. What a transaction that
/// [looks first](crate::Store::begin_looking) has locked others may write until it has its turn; [`update_locked`] sees that.
///
/// # Errors
/// [`StoreError::Corrupt`] when one cannot be read.
pub async fn lock_many(
    tx: &Transaction,
    ids: &[TicketId],
) -> Result<Vec<StoredTicket>, StoreError> {
    let mut sql = Sql::new(format!("{} WHERE t.id IN (", select()));
    sql.bind_all(ids).push(") ORDER BY t.number");
    if tx.is_postgres() {
        sql.push(" FOR UPDATE");
    }
    all(tx, sql)
        .await?
        .iter()
        .map(|row| Ok(TicketRow::read(row, 0)?.into_stored()))
        .collect()
}

/// Sees that nobody has written these tickets since they were read by a transaction that looked first, now that it has its turn to
/// write.
async fn still_stand<'a>(
    tx: &Transaction,
    tickets: impl IntoIterator<Item = &'a Ticket>,
) -> Result<(), StoreError> {
    if !tx.has_looked() {
        return Ok(());
    }
    let seen: BTreeMap<TicketId, u64> = tickets
        .into_iter()
        .map(|ticket| (ticket.id, ticket.version))
        .collect();
    let ids: Vec<TicketId> = seen.keys().copied().collect();
    let mut sql = Sql::new("SELECT id, version FROM ticket WHERE id IN (");
    sql.bind_all(&ids).push(") ORDER BY id");
    let mut standing = BTreeMap::new();
    for row in all(tx, sql).await? {
        standing.insert(Field::read(&row, 0)?, Field::read(&row, 1)?);
    }
    if seen == standing {
        return Ok(());
    }
    let what = "a ticket has changed since it was read";
    Err(StoreError::Conflict(what.to_owned()))
}

/// A ticket by its id.
///
/// # Errors
/// [`StoreError::Corrupt`] when it cannot be read.
pub async fn find(
    on: &impl Connection,
    scope: Scope,
    id: TicketId,
) -> Result<Option<StoredTicket>, StoreError> {
    find_where(on, scope, Sql::new(select()).with(" WHERE t.id = ", &id)).await
}

/// A ticket by its number.
///
/// # Errors
/// [`StoreError::Corrupt`] when it cannot be read.
pub async fn find_by_number(
    on: &impl Connection,
    scope: Scope,
    number: u64,
) -> Result<Option<StoredTicket>, StoreError> {
    find_where(
        on,
        scope,
        Sql::new(select()).with(" WHERE t.number = ", &number),
    )
    .await
}

/// The tickets with these ids that the scope allows, by number.
///
/// # Errors
/// [`StoreError::Corrupt`] when one cannot be read.
pub async fn find_many(
    on: &impl Connection,
    scope: Scope,
    ids: &[TicketId],
) -> Result<Vec<StoredTicket>, StoreError> {
    let mut found = Vec::new();
    for ids in ids.chunks(5_000) {
        let mut sql = Sql::new(format!("{} WHERE t.id IN (", select()));
        sql.bind_set(ids).push(")");
        push_scope(&mut sql, scope);
        for row in all(on, sql).await? {
            found.push(TicketRow::read(&row, 0)?.into_stored());
        }
    }
    found.sort_by_key(|stored| stored.ticket.number);
    Ok(found)
}

/// The tickets of an account that are not closed, as a resolved one may be open again, in the order in which they were opened: what
/// stands of neighbours in an index lies together.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn not_closed_of_account(
    on: &impl Connection,
    account: AccountId,
) -> Result<Vec<TicketId>, StoreError> {
    let sql = Sql::new("SELECT id FROM ticket")
        .with(" WHERE account = ", &account)
        .then(" AND status_kind <> 'closed' ORDER BY opened_at, number");
    all(on, sql)
        .await?
        .iter()
        .map(|row| Field::read(row, 0))
        .collect()
}

/// The tickets an agent follows or is assigned to are found by [`list()`]; this says who follows one.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn followers(on: &impl Connection, ticket: TicketId) -> Result<Vec<AgentId>, StoreError> {
    let sql = Sql::new("SELECT agent FROM ticket_follower")
        .with(" WHERE ticket = ", &ticket)
        .then(" ORDER BY agent");
    all(on, sql)
        .await?
        .iter()
        .map(|row| Field::read(row, 0))
        .collect()
}

async fn find_where(
    on: &impl Connection,
    scope: Scope,
    mut sql: Sql,
) -> Result<Option<StoredTicket>, StoreError> {
    push_scope(&mut sql, scope);
    let row = one(on, sql).await?;
    row.map(|row| Ok(TicketRow::read(&row, 0)?.into_stored()))
        .transpose()
}

fn select() -> String {
    format!("SELECT {} FROM ticket t", columns::<TicketRow>("t."))
}

/// Narrows a statement about `ticket t` to what the scope allows.
pub(crate) fn push_scope(sql: &mut Sql, scope: Scope) {
    match scope {
        Scope::Everything => {}
        Scope::Account(account) => {
            sql.push(" AND t.account = ").bind(&account);
        }
        Scope::Contact(account, contact) => {
            sql.push(" AND t.account = ").bind(&account);
            sql.push(" AND t.contact = ").bind(&contact);
        }
    }
}

/// Fills the tables by which tags, followers and links are looked up. The rows themselves hold them too.
async fn insert_children(tx: &Transaction, tickets: &[&Ticket]) -> Result<(), StoreError> {
    let tags = tickets
        .iter()
        .flat_map(|ticket| {
            ticket.facts.tags.iter().map(|tag| {
                vec![
                    tag.to_value(),
                    ticket.id.to_value(),
                    ticket.opened_at.to_value(),
                ]
            })
        })
        .collect();
    insert_later(
        tx,
        "ticket_tag",
        &["tag", "ticket", "opened_at"],
        tags,
        SKIP,
    )
    .await?;
    let followers = tickets
        .iter()
        .flat_map(|ticket| {
            ticket
                .followers
                .iter()
                .map(|agent| vec![agent.to_value(), ticket.id.to_value()])
        })
        .collect();
    insert_later(tx, "ticket_follower", &["agent", "ticket"], followers, SKIP).await?;
    let links = tickets
        .iter()
        .flat_map(|ticket| {
            ticket.links.iter().map(|link| {
                vec![
                    ticket.id.to_value(),
                    link.to.to_value(),
                    link.relation.to_value(),
                ]
            })
        })
        .collect();
    insert_later(
        tx,
        "ticket_link",
        &["ticket", "other", "relation"],
        links,
        SKIP,
    )
    .await
}

/// A tag or follower that is named twice is kept once.
const SKIP: &str = " ON CONFLICT DO NOTHING";
