//! Mail as it was received.

use jiff::Timestamp;
use mainstay_domain::id::{MailboxId, MessageId, RawMailId, TicketId};
use mainstay_domain::mail::{RawMail, RawMailState};

use super::heads;
use crate::column::{Field, named};
use crate::connection::{Connection, Transaction, all, one};
use crate::error::StoreError;
use crate::named_list::name_key;
use crate::page::{Cursor, Page, PageRequest, latest_first};
use crate::put_off::insert_later;
use crate::record::{self, Record, columns, fetch_all, record, select};
use crate::sql::Sql;

named!(RawMailState {
    New = "new",
    Parsed = "parsed",
    Held = "held",
    Failed = "failed",
    Ignored = "ignored",
});

record!(RawMail in "raw_mail" {
    id, digest, source, message_id, bytes, received_at, state, decision, ticket, message, error, mailbox,
});

/// Whether a received mail was kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Received {
    /// It was.
    Now,
    /// The same mail had come the same way before, under this id.
    Before(RawMailId),
}

/// Keeps a mail as it was received, unless the same bytes with the same message id came the same way before.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn receive(tx: &Transaction, mail: &RawMail) -> Result<Received, StoreError> {
    let message_id_key = mail.message_id.clone().unwrap_or_default();
    let mut sql = Sql::new(format!(
        "INSERT INTO raw_mail ({}, message_id_key) VALUES (",
        columns::<RawMail>("")
    ));
    for value in mail.to_values() {
        sql.bind_value(value).push(", ");
    }
    sql.bind(&message_id_key);
    sql.push(") ON CONFLICT (source, message_id_key, digest) DO NOTHING");
    if tx.execute(sql).await? > 0 {
        return Ok(Received::Now);
    }
    let sql = Sql::new("SELECT id FROM raw_mail")
        .with(" WHERE source = ", &mail.source)
        .with(" AND message_id_key = ", &message_id_key)
        .with(" AND digest = ", &mail.digest);
    let row = one(tx, sql).await?;
    row.map_or_else(
        || {
            Err(StoreError::Unavailable(
                "the same mail is just being received".to_owned(),
            ))
        },
        |row| Ok(Received::Before(Field::read(&row, 0)?)),
    )
}

/// Writes what became of a received mail. Its bytes, source and instant stay as they were.
///
/// # Errors
/// [`StoreError::Conflict`] when it is not there.
pub async fn update_received(tx: &Transaction, mail: &RawMail) -> Result<(), StoreError> {
    let sql = Sql::new("UPDATE raw_mail SET state = ")
        .with("", &mail.state)
        .with(", decision = ", &mail.decision)
        .with(", ticket = ", &mail.ticket)
        .with(", message = ", &mail.message)
        .with(", error = ", &mail.error)
        .with(" WHERE id = ", &mail.id);
    match tx.execute(sql).await? {
        0 => Err(StoreError::Conflict("the raw mail is not there".to_owned())),
        _ => Ok(()),
    }
}

/// A received mail by its id.
///
/// # Errors
/// [`StoreError::Corrupt`] when it cannot be read.
pub async fn find_received(
    on: &impl Connection,
    id: RawMailId,
) -> Result<Option<RawMail>, StoreError> {
    record::find(on, &id).await
}

/// The received mails with these ids, in no order.
///
/// # Errors
/// As [`find_received`].
pub async fn find_received_many(
    on: &impl Connection,
    ids: &[RawMailId],
) -> Result<Vec<RawMail>, StoreError> {
    record::find_many(on, ids).await
}

/// How many bytes each of these received mails has, in no order.
///
/// # Errors
/// As [`find_received`].
pub async fn sizes_of_received(
    on: &impl Connection,
    ids: &[RawMailId],
) -> Result<Vec<(RawMailId, u64)>, StoreError> {
    let mut sql = Sql::new("SELECT id, CAST(LENGTH(bytes) AS BIGINT) FROM raw_mail WHERE id IN (");
    sql.bind_all(ids).push(")");
    let rows = all(on, sql).await?;
    let sizes = rows.iter();
    sizes
        .map(|row| Ok((Field::read(row, 0)?, u64::read(row, 1)?)))
        .collect()
}

/// A received mail, for whoever decides where it goes: until this transaction ends, nobody else decides about it or about
/// the same bytes that came another way.
///
/// # Errors
/// As [`find_received`].
pub async fn lock_received(tx: &Transaction, id: RawMailId) -> Result<Option<RawMail>, StoreError> {
    if tx.is_postgres() {
        let sql = Sql::new(
            "SELECT id FROM raw_mail WHERE digest = (SELECT digest FROM raw_mail WHERE id = ",
        )
        .with("", &id)
        .then(") ORDER BY id FOR UPDATE");
        all(tx, sql).await?;
    }
    find_received(tx, id).await
}

/// How a received mail stands, for whoever has read it and now files it: as with [`lock_received`], nobody else decides about it
/// meanwhile. Its bytes are not read again.
///
/// # Errors
/// [`StoreError::Corrupt`] when it cannot be read.
pub async fn lock_state(
    tx: &Transaction,
    mail: &RawMail,
) -> Result<Option<RawMailState>, StoreError> {
    let mut sql = Sql::new("SELECT id, state FROM raw_mail").with(" WHERE digest = ", &mail.digest);
    sql.push(" ORDER BY id");
    if tx.is_postgres() {
        sql.push(" FOR UPDATE");
    }
    for row in all(tx, sql).await? {
        if RawMailId::read(&row, 0)? == mail.id {
            return Ok(Some(Field::read(&row, 1)?));
        }
    }
    Ok(None)
}

/// Received mails, the latest first; those in one state, or all. Their `bytes` are left out: mails are large.
///
/// # Errors
/// [`StoreError::Corrupt`] when one cannot be read.
pub async fn list_received(
    on: &impl Connection,
    state: Option<RawMailState>,
    page: PageRequest,
) -> Result<Page<RawMail>, StoreError> {
    let mut sql = heads::<RawMail>(on).then(" WHERE 1 = 1");
    if let Some(state) = &state {
        sql.push(" AND t.state = ").bind(state);
    }
    latest_first(&mut sql, "t.received_at", page);
    let items = fetch_all(on, sql).await?;
    Ok(Page::of(items, page.limit, |mail: &RawMail| {
        Cursor::at(mail.received_at, mail.id.uuid())
    }))
}

/// The received mails that went to a ticket, oldest first.
///
/// # Errors
/// [`StoreError::Corrupt`] when one cannot be read.
pub async fn received_of_ticket(
    on: &impl Connection,
    ticket: TicketId,
) -> Result<Vec<RawMail>, StoreError> {
    let sql = select::<RawMail>()
        .with(" WHERE t.ticket = ", &ticket)
        .then(" ORDER BY t.received_at, t.id");
    fetch_all(on, sql).await
}

/// How many mails from this sender's source were received since an instant, for flood control of a mailbox.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn count_received(
    on: &impl Connection,
    source: &str,
    since: Timestamp,
) -> Result<u64, StoreError> {
    let sql = Sql::new("SELECT COUNT(*) FROM raw_mail")
        .with(" WHERE received_at >= ", &since)
        .with(" AND source = ", &source.to_owned());
    one(on, sql).await?.map_or(Ok(0), |row| u64::read(&row, 0))
}

/// By which way the first mail of a ticket came, and the mailbox that was set up in which it was read, if it has any.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn first_way(
    on: &impl Connection,
    ticket: TicketId,
) -> Result<Option<(String, Option<MailboxId>)>, StoreError> {
    let sql = Sql::new("SELECT source, mailbox FROM raw_mail")
        .with(" WHERE ticket = ", &ticket)
        .then(" ORDER BY received_at, id LIMIT 1");
    let row = one(on, sql).await?;
    row.map(|row| Ok((Field::read(&row, 0)?, Field::read(&row, 1)?)))
        .transpose()
}

/// The received mails that nobody has read yet, oldest first.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn unread(on: &impl Connection) -> Result<Vec<RawMailId>, StoreError> {
    let sql = Sql::new("SELECT id FROM raw_mail")
        .with(" WHERE state = ", &RawMailState::New)
        .then(" ORDER BY received_at, id");
    all(on, sql)
        .await?
        .iter()
        .map(|row| Field::read(row, 0))
        .collect()
}

/// Notes that an address wrote, whatever became of the mail.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn note_sender(tx: &Transaction, address: &str, at: Timestamp) -> Result<(), StoreError> {
    let rows = vec![vec![name_key(address).to_value(), at.to_value()]];
    insert_later(tx, "mail_sender", &["address_key", "at"], rows, "").await
}

/// What a received mail is compared with.
#[derive(Debug, Clone, Copy)]
pub struct Compared<'a> {
    /// The mail.
    pub mail: &'a RawMail,
    /// The message id that it was found to have.
    pub message_id: Option<&'a str>,
    /// Of whom and since when mails are counted, if any are to be.
    pub sender: Option<(&'a str, Timestamp)>,
}

/// What was seen before of a received mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeenBefore {
    /// Whether the same bytes were taken into a ticket or held before, by whichever way they came.
    pub has_twin: bool,
    /// The message that is known under its message id.
    pub message: Option<MessageId>,
    /// How often its sender has written.
    pub from_sender: u64,
}

/// What was seen before of a received mail, asked at once.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn seen_before(
    on: &impl Connection,
    compared: Compared<'_>,
) -> Result<SeenBefore, StoreError> {
    let Compared {
        mail,
        message_id,
        sender,
    } = compared;
    let (address, since) = sender.unwrap_or(("", Timestamp::MAX));
    let sql = Sql::new("SELECT EXISTS (SELECT 1 FROM raw_mail")
        .with(" WHERE digest = ", &mail.digest)
        .with(" AND id <> ", &mail.id)
        .with(" AND state IN (", &RawMailState::Parsed)
        .with(", ", &RawMailState::Held)
        .then(")), (SELECT message FROM thread")
        .with(
            " WHERE message_id = ",
            &message_id.unwrap_or_default().to_owned(),
        )
        .then("), (SELECT COUNT(*) FROM mail_sender")
        .with(" WHERE address_key = ", &name_key(address))
        .with(" AND at >= ", &since)
        .then(")");
    let nothing = || StoreError::Corrupt("a question without FROM had no answer".to_owned());
    let row = one(on, sql).await?.ok_or_else(nothing)?;
    Ok(SeenBefore {
        has_twin: Field::read(&row, 0)?,
        message: Field::read(&row, 1)?,
        from_sender: Field::read(&row, 2)?,
    })
}
