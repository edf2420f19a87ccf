//! Full-text search over subjects, account names and messages.
//!
//! A ticket is found when each word of the query occurs somewhere in it; the last word may be the beginning of one.
//! The newest ticket comes first. What a portal user may not read does not count for them.
//!
//! Words may be in every ticket or in none. The engine goes through the tickets of each word side by side, from the newest on, and
//! stops at the end of the page, so that what is frequent is found early, and of what is rare there is little. Only for the beginning
//! of a word it gathers all tickets of all words that begin so, which are the more the less was typed; so where little was, the newest
//! tickets are looked at one by one before, where such a beginning is found nearly always.

mod entry;
mod pattern;

use mainstay_domain::id::{AccountId, MessageId, TicketId};
use mainstay_domain::severity::Severity;
use mainstay_domain::status::Status;
use mainstay_domain::ticket::Scope;

use crate::column::Field;
use crate::connection::{Connection, all, is_postgres, one};
use crate::error::StoreError;
use crate::page::{Cursor, Page, PageRequest};
use crate::row::Row;
use crate::sql::Sql;
use crate::words::{asked, excerpt};

pub use crate::words::{Segment, segments, words_of};
pub(crate) use entry::{
    Entry, forget_subject, index, index_account, index_subjects, indexing, settle,
};
use pattern::Question;

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
    let question = Question {
        scope,
        words: &words,
        postgres: is_postgres(on),
    };
    let wanted = page.limit as usize + 1;
    let before = page.after.map_or(i64::MAX, Cursor::number);
    let mut hits = Vec::new();
    let mut rest = Some(before);
    if let Some(sql) = question.lowest_of_newest(before) {
        let row = one(on, sql).await?;
        rest = row.map(|row| i64::read(&row, 0)).transpose()?;
        let lowest = rest.unwrap_or_default();
        hits = read(&all(on, question.newest(lowest..before, wanted)).await?)?;
    }
    if let Some(rest) = rest
        && hits.len() < wanted
    {
        let sql = question.all(rest, wanted - hits.len());
        hits.extend(read(&all(on, sql).await?)?);
    }
    let mut page = Page::of(hits, page.limit, |hit| Cursor {
        key: 0,
        tie: u128::from(hit.number),
    });
    show_places(on, &question, &mut page.items).await?;
    Ok(page)
}

/// Narrows a statement about `ticket t` to those in which each word occurs. A query without a word narrows to none.
pub(crate) fn push_words(sql: &mut Sql, scope: Scope, postgres: bool, query: &str) {
    let words = asked(query);
    if words.is_empty() {
        sql.push(" AND 1 = 0");
        return;
    }
    let question = Question {
        scope,
        words: &words,
        postgres,
    };
    sql.push(" AND t.number IN (");
    question.push_numbers(sql, i64::MAX);
    sql.push(")");
}

fn read(rows: &[Row]) -> Result<Vec<Hit>, StoreError> {
    let hit = |row: &Row| {
        let subject = String::read(row, 2)?;
        Ok(Hit {
            ticket: Field::read(row, 0)?,
            number: Field::read(row, 1)?,
            excerpt: subject.clone(),
            subject,
            account: Field::read(row, 3)?,
            severity: Field::read(row, 4)?,
            status: Status {
                name: Field::read(row, 5)?,
                kind: Field::read(row, 6)?,
            },
            message: None,
        })
    };
    rows.iter().map(hit).collect()
}

/// Finds for each hit the message to show.
async fn show_places(
    on: &impl Connection,
    question: &Question<'_>,
    hits: &mut [Hit],
) -> Result<(), StoreError> {
    let words = question.words;
    for chunk in hits.chunks_mut(500) {
        let tickets: Vec<TicketId> = chunk.iter().map(|hit| hit.ticket).collect();
        let mut sql =
            Sql::new("SELECT e.ticket, e.message, e.words FROM search_entry e WHERE e.ticket IN (");
        sql.bind_all(&tickets).push(")");
        question.push_any(&mut sql);
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
