//! What is found: the words of texts, and the words of each ticket that are made of them.
//!
//! A text is the subject of a ticket with the name of its account, or a message. The words of a ticket are those of its texts
//! together; those of internal notes bear a sign, as they do not count for customers, and the account and the contact stand among
//! them, so that the engine finds the tickets of somebody that hold a word without looking at the others.

use std::collections::{BTreeMap, BTreeSet};

use mainstay_domain::id::{AccountId, MessageId, TicketId};
use mainstay_domain::ticket::Ticket;
use sea_orm::Value;

use crate::account;
use crate::column::Field;
use crate::connection::{Connection, Target, Transaction, all, lock};
use crate::error::StoreError;
use crate::put_off::insert_later;
use crate::record::insertions;
use crate::sql::Sql;
use crate::sqlite::Turn;
use crate::words::indexed;

/// Stands before a word of an internal note.
pub(super) const INTERNAL: char = '!';

/// Of so many tickets words are added by one statement, at most.
const TICKETS_AT_ONCE: usize = 5_000;

/// Indexes the subjects of tickets, and the names of their accounts, in place of what was indexed before.
pub(crate) async fn index_subjects(
    tx: &Transaction,
    tickets: &[&Ticket],
) -> Result<(), StoreError> {
    let accounts: BTreeSet<AccountId> = tickets
        .iter()
        .filter_map(|ticket| ticket.facts.account)
        .collect();
    let accounts: Vec<AccountId> = accounts.into_iter().collect();
    let names: BTreeMap<AccountId, String> = account::hold_names(tx, &accounts)
        .await?
        .into_iter()
        .collect();
    let entries: Vec<Entry> = tickets
        .iter()
        .map(|ticket| {
            let name = ticket.facts.account.and_then(|account| names.get(&account));
            Entry::subject(ticket.id, &ticket.subject, name.map(String::as_str))
        })
        .collect();
    index(tx, entries).await
}

/// Forgets the subject of a ticket.
pub(crate) async fn forget_subject(tx: &Transaction, ticket: TicketId) -> Result<(), StoreError> {
    catch_up(tx).await?;
    let sql =
        Sql::new("DELETE FROM search_entry WHERE message IS NULL").with(" AND ticket = ", &ticket);
    tx.execute(sql).await?;
    Ok(())
}

/// Indexes the subjects of an account's tickets anew, after its name changed.
pub(crate) async fn index_account(tx: &Transaction, account: AccountId) -> Result<(), StoreError> {
    catch_up(tx).await?;
    let forget = Sql::new(
        "DELETE FROM search_entry WHERE message IS NULL AND ticket IN (SELECT id FROM ticket",
    )
    .with(" WHERE account = ", &account)
    .then(")");
    tx.execute(forget).await?;
    let name = account::hold_names(tx, &[account])
        .await?
        .pop()
        .map(|(_, name)| name);
    let sql = Sql::new("SELECT id, subject FROM ticket").with(" WHERE account = ", &account);
    let mut entries = Vec::new();
    for row in all(tx, sql).await? {
        let subject = String::read(&row, 1)?;
        entries.push(Entry::subject(
            Field::read(&row, 0)?,
            &subject,
            name.as_deref(),
        ));
    }
    index(tx, entries).await
}

/// A text to be indexed.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    ticket: TicketId,
    message: Option<MessageId>,
    internal: bool,
    words: String,
}

impl Entry {
    /// The subject of a ticket and the name of its account.
    pub(crate) fn subject(ticket: TicketId, subject: &str, account_name: Option<&str>) -> Self {
        Self {
            ticket,
            message: None,
            internal: false,
            words: indexed(&[subject, account_name.unwrap_or_default()]),
        }
    }

    /// The text of a public reply.
    pub(crate) fn reply(ticket: TicketId, message: MessageId, text: &str) -> Self {
        Self {
            ticket,
            message: Some(message),
            internal: false,
            words: indexed(&[text]),
        }
    }

    fn into_row(self) -> Vec<Value> {
        vec![
            self.ticket.to_value(),
            self.message.to_value(),
            self.internal.to_value(),
            self.words.to_value(),
        ]
    }

    /// The text of an internal note.
    pub(crate) fn note(ticket: TicketId, message: MessageId, text: &str) -> Self {
        Self {
            internal: true,
            ..Self::reply(ticket, message, text)
        }
    }
}

/// Indexes texts that were not indexed before. SQLite begins a part of its index anew with each statement and each savepoint that
/// comes between, so there they are put off until others are committed too.
pub(crate) async fn index(tx: &Transaction, mut entries: Vec<Entry>) -> Result<(), StoreError> {
    entries.retain(|entry| !entry.words.is_empty());
    match &tx.to_index {
        Some(to_index) => lock(to_index).extend(entries),
        // There the words of tickets follow by themselves.
        None => {
            let rows = entries.into_iter().map(Entry::into_row).collect();
            insert_later(tx, "search_entry", &COLUMNS, rows, "").await?;
        }
    }
    Ok(())
}

/// Indexes what a transaction put off, before it asks for it.
pub(crate) async fn settle(on: &impl Connection) -> Result<(), StoreError> {
    match on.target() {
        Target::Transaction(tx) => catch_up(tx).await,
        Target::Reader(_) => Ok(()),
    }
}

/// Indexes what was put off, here and by those who share a common transaction, before it is asked for or changed.
async fn catch_up(tx: &Transaction) -> Result<(), StoreError> {
    let Some(to_index) = &tx.to_index else {
        return Ok(());
    };
    let mut entries = tx.turn().map(Turn::to_index).unwrap_or_default();
    entries.append(&mut lock(to_index));
    write(tx, entries).await
}

async fn write(tx: &Transaction, entries: Vec<Entry>) -> Result<(), StoreError> {
    for sql in indexing(entries, tx.is_postgres()) {
        tx.execute(sql).await?;
    }
    Ok(())
}

/// What is kept of a text.
const COLUMNS: [&str; 4] = ["ticket", "message", "internal", "words"];

/// The statements that index texts, as few as can be. On PostgreSQL the words of tickets follow by themselves.
pub(crate) fn indexing(entries: Vec<Entry>, postgres: bool) -> Vec<Sql> {
    let added = if postgres {
        Vec::new()
    } else {
        adding(&entries)
    };
    let rows = entries.into_iter().map(Entry::into_row).collect();
    let mut statements = insertions(postgres, "search_entry", &COLUMNS, rows, "");
    statements.extend(added);
    statements
}

/// The statements that add words to those of tickets on SQLite. Its index begins a new part at each number that is not greater than
/// the one before, so each ticket is named once, in the order of the numbers.
fn adding(entries: &[Entry]) -> Vec<Sql> {
    let mut of_tickets: BTreeMap<TicketId, String> = BTreeMap::new();
    for entry in entries {
        let words = of_tickets.entry(entry.ticket).or_default();
        for word in entry.words.split(' ') {
            if entry.internal {
                words.push(INTERNAL);
            }
            words.push_str(word);
            words.push(' ');
        }
    }
    let rows: Vec<(TicketId, String)> = of_tickets.into_iter().collect();
    let statement = |rows: &[(TicketId, String)]| {
        let mut sql = Sql::new(
            "INSERT INTO ticket_words (rowid, words) SELECT t.number, w.column2 \
             || COALESCE(' @' || lower(hex(t.account)), '') || COALESCE(' @' || lower(hex(t.contact)), '') FROM (VALUES ",
        );
        for (index, (ticket, words)) in rows.iter().enumerate() {
            sql.push(if index == 0 { "(" } else { ", (" });
            sql.bind(ticket).push(", ").bind(words).push(")");
        }
        sql.then(") w CROSS JOIN ticket t ON t.id = w.column1 ORDER BY t.number")
    };
    rows.chunks(TICKETS_AT_ONCE).map(statement).collect()
}
