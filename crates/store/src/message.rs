//! Messages and what came with them.
//!
//! A portal user reads the public messages of their tickets only, without the agents that they mention. Every function that reads wants a [`Scope`].

use std::collections::{BTreeMap, BTreeSet};

use mainstay_domain::attachment::Attachment;
use mainstay_domain::digest::Digest;
use mainstay_domain::event::Visibility;
use mainstay_domain::id::{MessageId, TicketId};
use mainstay_domain::message::Message;
use mainstay_domain::ticket::Scope;
use sea_orm::Value;

use crate::column::Field;
use crate::connection::{Connection, Transaction, all, one};
use crate::error::StoreError;
use crate::page::{Cursor, Page, PageRequest, oldest_first};
use crate::put_off::{insert_all_later, insert_later};
use crate::record::{Record as _, fetch_all, insert_values, record};
use crate::row::Row;
use crate::search::{self, Entry};
use crate::sql::Sql;
use crate::ticket::push_scope;

record!(Message in "message" {
    id, ticket, author, sender, visibility, origin, channel, text, html, quoted, language, mentions, raw_mail, at,
} but attachments: Vec::new());

/// Inserts a new message, with its attachments' names, and indexes its words.
///
/// # Errors
/// [`StoreError::Conflict`] when the ticket is not there.
pub async fn insert(tx: &Transaction, message: &Message) -> Result<(), StoreError> {
    insert_many(tx, std::slice::from_ref(message)).await
}

/// Inserts new messages, several with each statement.
///
/// # Errors
/// As [`insert`].
pub async fn insert_many(tx: &Transaction, messages: &[Message]) -> Result<(), StoreError> {
    insert_unindexed(tx, messages).await?;
    let entries: Vec<Entry> = messages.iter().map(entry).collect();
    search::index(tx, entries).await
}

/// Inserts new messages whose words somebody else indexes.
pub(crate) async fn insert_unindexed(
    tx: &Transaction,
    messages: &[Message],
) -> Result<(), StoreError> {
    insert_all_later(tx, messages).await?;
    let attachments = messages.iter().flat_map(attachment_rows).collect();
    insert_later(tx, "attachment", &ATTACHMENT, attachments, "").await
}

/// Writes what was read of a mail into the message it became, in place of what an earlier reading made of it. Whose
/// message it is, when it was written and where it stands stay as they are.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn rewrite(tx: &Transaction, message: &Message) -> Result<(), StoreError> {
    let sql = Sql::new("UPDATE message SET text = ")
        .with("", &message.text)
        .with(", html = ", &message.html)
        .with(", quoted = ", &message.quoted)
        .with(", language = ", &message.language)
        .with(" WHERE id = ", &message.id);
    tx.execute(sql).await?;
    search::settle(tx).await?;
    for (table, column) in [("attachment", "message"), ("search_entry", "message")] {
        let sql = Sql::new(format!("DELETE FROM {table} WHERE {column} = ")).with("", &message.id);
        tx.execute(sql).await?;
    }
    insert_values(tx, "attachment", &ATTACHMENT, attachment_rows(message), "").await?;
    search::index(tx, vec![entry(message)]).await
}

/// Hands messages over to another ticket, with their mail threads and indexed words, as merging and splitting do.
///
/// # Errors
/// [`StoreError::Conflict`] when the ticket is not there.
pub async fn move_to(
    tx: &Transaction,
    messages: &[MessageId],
    ticket: TicketId,
) -> Result<(), StoreError> {
    search::settle(tx).await?;
    for messages in messages.chunks(5_000) {
        for (table, column) in [
            ("message", "id"),
            ("thread", "message"),
            ("search_entry", "message"),
        ] {
            let mut sql = Sql::new(format!("UPDATE {table} SET ticket = ")).with("", &ticket);
            sql.push(&format!(" WHERE {column} IN ("))
                .bind_all(messages)
                .push(")");
            tx.execute(sql).await?;
        }
    }
    Ok(())
}

/// A message by its id.
///
/// # Errors
/// [`StoreError::Corrupt`] when it cannot be read.
pub async fn find(
    on: &impl Connection,
    scope: Scope,
    id: MessageId,
) -> Result<Option<Message>, StoreError> {
    let sql = Sql::new(select_message()).with(" WHERE m.id = ", &id);
    Ok(fetch(on, scope, sql, Part::Whole).await?.pop())
}

/// The messages of a ticket, oldest first.
///
/// # Errors
/// [`StoreError::Corrupt`] when one cannot be read.
pub async fn of_ticket(
    on: &impl Connection,
    scope: Scope,
    ticket: TicketId,
) -> Result<Vec<Message>, StoreError> {
    let sql = Sql::new(select_message()).with(" WHERE m.ticket = ", &ticket);
    fetch(on, scope, sql, Part::Whole).await
}

/// The messages of several tickets, oldest first, without what may be long: their texts are empty and their attachments left out.
///
/// # Errors
/// As [`of_ticket`].
pub async fn outlines_of_tickets(
    on: &impl Connection,
    tickets: &[TicketId],
) -> Result<Vec<Message>, StoreError> {
    let columns = Message::COLUMNS.iter().map(|column| match *column {
        "text" => "''".to_owned(),
        "html" | "quoted" => "CAST(NULL AS TEXT)".to_owned(),
        column => column.to_owned(),
    });
    let columns: Vec<String> = columns.collect();
    let columns = columns.join(", ");
    let mut outlines = Vec::new();
    for tickets in tickets.chunks(5_000) {
        let mut sql = Sql::new(format!("SELECT {columns} FROM message WHERE ticket IN ("));
        sql.bind_set(tickets).push(") ORDER BY at, id");
        outlines.extend(fetch_all(on, sql).await?);
    }
    Ok(outlines)
}

/// The messages of a ticket, oldest first, in pages.
///
/// # Errors
/// [`StoreError::Corrupt`] when one cannot be read.
pub async fn list(
    on: &impl Connection,
    scope: Scope,
    ticket: TicketId,
    page: PageRequest,
) -> Result<Page<Message>, StoreError> {
    let sql = Sql::new(select_message()).with(" WHERE m.ticket = ", &ticket);
    let messages = fetch(on, scope, sql, Part::Page(page)).await?;
    Ok(Page::of(messages, page.limit, |message| {
        Cursor::at(message.at, message.id.uuid())
    }))
}

/// One file of a message, by its place from 0.
///
/// # Errors
/// [`StoreError::Corrupt`] when it cannot be read.
pub async fn attachment(
    on: &impl Connection,
    scope: Scope,
    message: MessageId,
    position: u32,
) -> Result<Option<Attachment>, StoreError> {
    let found = find(on, scope, message).await?;
    Ok(found.and_then(|message| message.attachments.into_iter().nth(position as usize)))
}

/// Whether any message still has a file with these bytes; what none has may be cleared away.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn is_attached(on: &impl Connection, digest: Digest) -> Result<bool, StoreError> {
    let sql = Sql::new("SELECT 1 FROM attachment")
        .with(" WHERE digest = ", &digest)
        .then(" LIMIT 1");
    Ok(one(on, sql).await?.is_some())
}

const ATTACHMENT: [&str; 7] = [
    "message",
    "position",
    "digest",
    "file_name",
    "content_type",
    "size",
    "content_id",
];

/// Every file that a message or an upload names.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn named_files(on: &impl Connection) -> Result<BTreeSet<Digest>, StoreError> {
    let sql = Sql::new(
        "SELECT digest FROM attachment UNION SELECT digest FROM upload WHERE attached_at IS NOT NULL",
    );
    all(on, sql)
        .await?
        .iter()
        .map(|row| Field::read(row, 0))
        .collect()
}

fn attachment_rows(message: &Message) -> Vec<Vec<Value>> {
    message
        .attachments
        .iter()
        .enumerate()
        .map(|(position, attachment)| {
            vec![
                message.id.to_value(),
                (position as u64).to_value(),
                attachment.digest.to_value(),
                attachment.file_name.to_value(),
                attachment.content_type.to_value(),
                attachment.size.to_value(),
                attachment.content_id.to_value(),
            ]
        })
        .collect()
}

fn select_message() -> String {
    let columns = crate::record::columns::<Message>("m.");
    format!("SELECT {columns} FROM message m JOIN ticket t ON t.id = m.ticket")
}

/// How much of what was asked for is read.
enum Part {
    Whole,
    Page(PageRequest),
}

async fn fetch(
    on: &impl Connection,
    scope: Scope,
    mut sql: Sql,
    part: Part,
) -> Result<Vec<Message>, StoreError> {
    push_scope(&mut sql, scope);
    if scope != Scope::Everything {
        sql.push(" AND m.visibility = ").bind(&Visibility::Public);
    }
    match part {
        Part::Whole => {
            sql.push(" ORDER BY m.at, m.id");
        }
        Part::Page(page) => oldest_first(&mut sql, "m", "at", page),
    }
    let mut messages: Vec<Message> = fetch_all(on, sql).await?;
    let ids: Vec<MessageId> = messages.iter().map(|message| message.id).collect();
    let mut attachments = attachments(on, &ids).await?;
    for message in &mut messages {
        message.attachments = attachments.remove(&message.id).unwrap_or_default();
        // Whom those who serve call in is their own affair, also in what everybody may read.
        if scope != Scope::Everything {
            message.mentions.clear();
        }
    }
    Ok(messages)
}

async fn attachments(
    on: &impl Connection,
    messages: &[MessageId],
) -> Result<BTreeMap<MessageId, Vec<Attachment>>, StoreError> {
    let mut found: BTreeMap<MessageId, Vec<Attachment>> = BTreeMap::new();
    for messages in messages.chunks(5_000) {
        let mut sql = Sql::new(format!(
            "SELECT {} FROM attachment WHERE message IN (",
            ATTACHMENT.join(", ")
        ));
        sql.bind_set(messages).push(") ORDER BY message, position");
        for row in all(on, sql).await? {
            found
                .entry(Field::read(&row, 0)?)
                .or_default()
                .push(read_attachment(&row)?);
        }
    }
    Ok(found)
}

fn read_attachment(row: &Row) -> Result<Attachment, StoreError> {
    Ok(Attachment {
        digest: Field::read(row, 2)?,
        file_name: Field::read(row, 3)?,
        content_type: Field::read(row, 4)?,
        size: Field::read(row, 5)?,
        content_id: Field::read(row, 6)?,
    })
}

pub(crate) fn entry(message: &Message) -> Entry {
    match message.visibility {
        Visibility::Public => Entry::reply(message.ticket, message.id, &message.text),
        Visibility::Internal => Entry::note(message.ticket, message.id, &message.text),
    }
}
