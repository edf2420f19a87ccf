//! Full-text search over subjects, account names and messages.
//!
//! A ticket is found when each word of the query occurs somewhere in it; the last word may be the beginning of one.
//! The newest ticket comes first. What a portal user may not read does not count for them.

use std::collections::{BTreeMap, BTreeSet};

use mainstay_domain::id::{AccountId, MessageId, TicketId};
use mainstay_domain::severity::Severity;
use mainstay_domain::status::Status;
use mainstay_domain::ticket::{Scope, Ticket};
use sea_orm::Value;

use crate::account;
use crate::column::Field;
use crate::connection::{Connection, Target, Transaction, all, is_postgres, lock};
use crate::error::StoreError;
use crate::page::{Cursor, Page, PageRequest};
use crate::record::insertions;
use crate::sql::Sql;
use crate::ticket::push_scope;
use crate::words::{asked, excerpt, indexed};

pub use crate::words::{Segment, segments, words_of};

/// A ticket that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// The ticket.
    pub ticket: TicketId,
    /// Its number.
    pub number: u64,
    /// Its subject.
    pub subject: String,
    /// Whose it is.
    pub account: Option<AccountId>,
    /// Its severity.
    pub severity: Severity,
    /// Its status.
    pub status: Status,
    /// The message that holds most of the words, the latest of several; absent when the subject holds as many.
    pub message: Option<MessageId>,
    /// The place where the first of the words stands, on one line.
    pub excerpt: String,
}

/// Searches. A query without a word finds nothing; no query is an error.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn search(
    on: &impl Connection,
    scope: Scope,
    query: &str,
    page: PageRequest,
) -> Result<Page<Hit>, StoreError> {
    let words = asked(query);
    if words.is_empty() {
        return Ok(Page {
            items: Vec::new(),
            next: None,
        });
    }
    settle(on).await?;
    let mut sql = Sql::new(
        "SELECT t.id, t.number, t.subject, t.account, t.severity, t.status, t.status_kind FROM ticket t WHERE 1 = 1",
    );
    push_scope(&mut sql, scope);
    push_words(&mut sql, scope, is_postgres(on), query);
    if let Some(after) = page.after {
        sql.push(" AND t.number < ").bind(&after.number());
    }
    sql.push(" ORDER BY t.number DESC LIMIT ")
        .bind(&(i64::from(page.limit) + 1));
    let mut hits = Vec::new();
    for row in all(on, sql).await? {
        let subject = String::read(&row, 2)?;
        hits.push(Hit {
            ticket: Field::read(&row, 0)?,
            number: Field::read(&row, 1)?,
            excerpt: subject.clone(),
            subject,
            account: Field::read(&row, 3)?,
            severity: Field::read(&row, 4)?,
            status: Status {
                name: Field::read(&row, 5)?,
                kind: Field::read(&row, 6)?,
            },
            message: None,
        });
    }
    let mut page = Page::of(hits, page.limit, |hit| Cursor {
        key: 0,
        tie: u128::from(hit.number),
    });
    show_places(on, scope, &words, &mut page.items).await?;
    Ok(page)
}

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
    let names: BTreeMap<AccountId, String> =
        account::names(tx, &accounts).await?.into_iter().collect();
    let entries: Vec<Entry> = tickets
        .iter()
        .map(|ticket| {
            let name = ticket.facts.account.and_then(|account| names.get(&account));
            Entry::subject(ticket.id, &ticket.subject, name.map(String::as_str))
        })
        .collect();
    index(tx, &entries).await
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
    let name = account::names(tx, &[account])
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
    index(tx, &entries).await
}

/// A text to be indexed.
#[derive(Debug)]
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
pub(crate) async fn index(tx: &Transaction, entries: &[Entry]) -> Result<(), StoreError> {
    let rows: Vec<Vec<Value>> = entries
        .iter()
        .filter(|entry| !entry.words.is_empty())
        .map(|entry| {
            vec![
                entry.ticket.to_value(),
                entry.message.to_value(),
                entry.internal.to_value(),
                entry.words.to_value(),
            ]
        })
        .collect();
    match &tx.to_index {
        Some(to_index) => lock(to_index).extend(rows),
        None => write(tx, rows).await?,
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

/// Indexes what was put off, before it is asked for or changed.
async fn catch_up(tx: &Transaction) -> Result<(), StoreError> {
    let Some(to_index) = &tx.to_index else {
        return Ok(());
    };
    let rows = std::mem::take(&mut *lock(to_index));
    write(tx, rows).await
}

async fn write(tx: &Transaction, rows: Vec<Vec<Value>>) -> Result<(), StoreError> {
    for sql in indexing(rows) {
        tx.execute(sql).await?;
    }
    Ok(())
}

/// The statements that index texts, as few as can be.
pub(crate) fn indexing(rows: Vec<Vec<Value>>) -> Vec<Sql> {
    const COLUMNS: [&str; 4] = ["ticket", "message", "internal", "words"];
    insertions("search_entry", &COLUMNS, rows, "")
}

/// Narrows a statement about `ticket t` to those in which each word occurs. A query without a word narrows to none.
pub(crate) fn push_words(sql: &mut Sql, scope: Scope, postgres: bool, query: &str) {
    let words = asked(query);
    if words.is_empty() {
        sql.push(" AND 1 = 0");
    }
    for (index, word) in words.iter().enumerate() {
        sql.push(" AND t.id IN (SELECT e.ticket FROM ");
        push_match(
            sql,
            postgres,
            &pattern(postgres, word, index + 1 == words.len()),
        );
        push_readable(sql, scope);
        sql.push(")");
    }
}

/// Goes on with the entries `e` that a pattern fits.
fn push_match(sql: &mut Sql, postgres: bool, pattern: &str) {
    if postgres {
        sql.push("search_entry e WHERE e.lexemes @@ CAST(");
        sql.bind(&pattern.to_owned()).push(" AS tsquery)");
    } else {
        sql.push("search_index JOIN search_entry e ON e.id = search_index.rowid WHERE search_index MATCH ");
        sql.bind(&pattern.to_owned());
    }
}

fn push_readable(sql: &mut Sql, scope: Scope) {
    if scope != Scope::Everything {
        sql.push(" AND NOT e.internal");
    }
}

/// The pattern of one word in the engine's own language. Words are letters and digits only, so quoting them is enough.
fn pattern(postgres: bool, word: &str, is_beginning: bool) -> String {
    match (postgres, is_beginning) {
        (true, true) => format!("'{word}':*"),
        (true, false) => format!("'{word}'"),
        (false, true) => format!("\"{word}\"*"),
        (false, false) => format!("\"{word}\""),
    }
}

/// Finds for each hit the message to show.
async fn show_places(
    on: &impl Connection,
    scope: Scope,
    words: &[String],
    hits: &mut [Hit],
) -> Result<(), StoreError> {
    for chunk in hits.chunks_mut(500) {
        let tickets: Vec<TicketId> = chunk.iter().map(|hit| hit.ticket).collect();
        let postgres = is_postgres(on);
        let any: Vec<String> = words
            .iter()
            .enumerate()
            .map(|(index, word)| pattern(postgres, word, index + 1 == words.len()))
            .collect();
        let any = any.join(if postgres { " | " } else { " OR " });
        let mut sql = Sql::new("SELECT e.ticket, e.message, e.words FROM ");
        push_match(&mut sql, postgres, &any);
        sql.push(" AND e.ticket IN (").bind_all(&tickets).push(")");
        push_readable(&mut sql, scope);
        sql.push(" ORDER BY e.id");
        let mut best: Vec<(usize, Option<MessageId>)> = vec![(0, None); chunk.len()];
        for row in all(on, sql).await? {
            let ticket: TicketId = Field::read(&row, 0)?;
            let message: Option<MessageId> = Field::read(&row, 1)?;
            let held = held(&String::read(&row, 2)?, words);
            if let Some(place) = tickets.iter().position(|id| *id == ticket) {
                let better = match (best[place].1, message) {
                    (_, None) => held >= best[place].0,
                    (None, Some(_)) => held > best[place].0,
                    (Some(_), Some(_)) => held >= best[place].0,
                };
                if better {
                    best[place] = (held, message);
                }
            }
        }
        let messages: Vec<MessageId> = best.iter().filter_map(|(_, message)| *message).collect();
        if messages.is_empty() {
            continue;
        }
        let mut sql = Sql::new("SELECT id, text FROM message WHERE id IN (");
        sql.bind_all(&messages).push(")");
        for row in all(on, sql).await? {
            let id: MessageId = Field::read(&row, 0)?;
            if let Some(place) = best.iter().position(|(_, message)| *message == Some(id)) {
                chunk[place].message = Some(id);
                chunk[place].excerpt = excerpt(&String::read(&row, 1)?, words, 200);
            }
        }
    }
    Ok(())
}

/// How many of the words a text holds.
fn held(text: &str, words: &[String]) -> usize {
    words
        .iter()
        .enumerate()
        .filter(|(index, asked)| {
            let is_last = index + 1 == words.len();
            text.split(' ')
                .any(|word| word == asked.as_str() || (is_last && word.starts_with(asked.as_str())))
        })
        .count()
}
