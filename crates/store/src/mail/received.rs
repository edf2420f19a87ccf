//! Mail as it was received.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use mainstay_domain::digest::Digest;
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
use crate::sql::{Sql, padded};

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

/// How many mails a statement keeps, at most. Of these it is a power of two, so that there are few statements to be kept ready.
const KEPT_AT_ONCE: usize = 16;

/// Keeps mails as they were received, except those whose bytes with the same message id came the same way before: says of each, in their
/// order, whether it was kept. Of those that are the same as each other one is.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer, or the same mail is just being received.
pub async fn receive(tx: &Transaction, mails: &[&RawMail]) -> Result<Vec<Received>, StoreError> {
    // Two transactions that take in the same mails wait for each other at the first of them.
    let mut in_order: Vec<&RawMail> = mails.to_vec();
    in_order.sort_unstable_by_key(|mail| (mail.digest, mail.id));
    let mut kept = BTreeSet::new();
    let mut rest = &in_order[..];
    while !rest.is_empty() {
        let at_once = match tx.is_postgres() {
            true => (1 << rest.len().ilog2()).min(KEPT_AT_ONCE),
            false => 1,
        };
        let (now, later) = rest.split_at(at_once);
        kept.extend(insert_received(tx, now).await?);
        rest = later;
    }
    let mut received = Vec::with_capacity(mails.len());
    for mail in mails {
        received.push(match kept.contains(&mail.id) {
            true => Received::Now,
            false => Received::Before(received_before(tx, mail).await?),
        });
    }
    Ok(received)
}

/// Says which of them were not there.
async fn insert_received(
    tx: &Transaction,
    mails: &[&RawMail],
) -> Result<Vec<RawMailId>, StoreError> {
    let columns = columns::<RawMail>("");
    let mut sql = Sql::new(format!(
        "INSERT INTO raw_mail ({columns}, message_id_key) VALUES "
    ));
    for (number, mail) in mails.iter().enumerate() {
        sql.push(if number == 0 { "(" } else { ", (" });
        for value in mail.to_values() {
            sql.bind_value(value).push(", ");
        }
        sql.bind(&message_id_key(mail)).push(")");
    }
    sql.push(" ON CONFLICT (source, message_id_key, digest) DO NOTHING RETURNING id");
    let rows = all(tx, sql).await?;
    rows.iter().map(|row| Field::read(row, 0)).collect()
}

async fn received_before(tx: &Transaction, mail: &RawMail) -> Result<RawMailId, StoreError> {
    let sql = Sql::new("SELECT id FROM raw_mail")
        .with(" WHERE source = ", &mail.source)
        .with(" AND message_id_key = ", &message_id_key(mail))
        .with(" AND digest = ", &mail.digest);
    match one(tx, sql).await? {
        Some(row) => Field::read(&row, 0),
        None => {
            let what = "the same mail is just being received";
            Err(StoreError::Unavailable(what.to_owned()))
        }
    }
}

/// By what a mail is told from others with the same bytes: a mail without a message id has the empty one.
fn message_id_key(mail: &RawMail) -> String {
    mail.message_id.clone().unwrap_or_default()
}

/// What became of a received mail. Its bytes, source and instant stay as they were.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The mail.
    pub mail: RawMailId,
    /// What became of it.
    pub state: RawMailState,
    /// How it was decided where it belongs, as JSON.
    pub decision: Option<String>,
    /// The ticket it went to.
    pub ticket: Option<TicketId>,
    /// The message it became.
    pub message: Option<MessageId>,
    /// Why it could not be read, when it failed.
    pub error: Option<String>,
}

impl From<&RawMail> for Outcome {
    fn from(mail: &RawMail) -> Self {
        Self {
            mail: mail.id,
            state: mail.state,
            decision: mail.decision.clone(),
            ticket: mail.ticket,
            message: mail.message,
            error: mail.error.clone(),
        }
    }
}

/// Writes what became of a received mail.
///
/// # Errors
/// [`StoreError::Conflict`] when it is not there.
pub async fn update_received(tx: &Transaction, mail: &RawMail) -> Result<(), StoreError> {
    write_outcomes(tx, &[mail.into()]).await
}

/// Writes what became of received mails, each of them named once.
///
/// # Errors
/// [`StoreError::Conflict`] when one is not there.
pub async fn write_outcomes(tx: &Transaction, outcomes: &[Outcome]) -> Result<(), StoreError> {
    for outcomes in outcomes.chunks(1_000) {
        let mut sql = Sql::new(
            "UPDATE raw_mail SET state = v.column2, decision = v.column3, ticket = v.column4, message = v.column5, \
             error = v.column6 FROM (VALUES ",
        );
        for (index, outcome) in padded(outcomes).enumerate() {
            sql.push(if index == 0 { "(" } else { ", (" });
            sql.bind(&outcome.mail).push(", ").bind(&outcome.state);
            sql.push(", ").bind(&outcome.decision);
            sql.push(", ").bind(&outcome.ticket);
            sql.push(", ").bind(&outcome.message);
            sql.push(", ").bind(&outcome.error).push(")");
        }
        let written = tx
            .execute(sql.then(") v WHERE raw_mail.id = v.column1"))
            .await?;
        if written != outcomes.len() as u64 {
            return Err(StoreError::Conflict("the raw mail is not there".to_owned()));
        }
    }
    Ok(())
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

/// How received mails stand, for whoever has read them and now files them: as with [`lock_received`], nobody else decides about them
/// meanwhile. Their bytes are not read again.
///
/// # Errors
/// [`StoreError::Corrupt`] when one cannot be read.
pub async fn lock_states(
    tx: &Transaction,
    mails: &[&RawMail],
) -> Result<BTreeMap<RawMailId, RawMailState>, StoreError> {
    let digests: Vec<Digest> = mails.iter().map(|mail| mail.digest).collect();
    let mut states = BTreeMap::new();
    for digests in digests.chunks(5_000) {
        let mut sql = Sql::new("SELECT id, state FROM raw_mail WHERE digest IN (");
        sql.bind_set(digests).push(") ORDER BY id");
        if tx.is_postgres() {
            sql.push(" FOR UPDATE");
        }
        for row in all(tx, sql).await? {
            states.insert(Field::read(&row, 0)?, Field::read(&row, 1)?);
        }
    }
    states.retain(|id, _| mails.iter().any(|mail| mail.id == *id));
    Ok(states)
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

/// What was seen before of received mails, asked at once.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn seen_before(
    on: &impl Connection,
    compared: &[Compared<'_>],
) -> Result<BTreeMap<RawMailId, SeenBefore>, StoreError> {
    let mut seen = BTreeMap::new();
    for compared in compared.chunks(100) {
        let mut sql = Sql::default();
        for (index, compared) in padded(compared).enumerate() {
            sql.push(if index == 0 { "" } else { " UNION ALL " });
            compare(&mut sql, compared);
        }
        for row in all(on, sql).await? {
            let before = SeenBefore {
                has_twin: Field::read(&row, 1)?,
                message: Field::read(&row, 2)?,
                from_sender: Field::read(&row, 3)?,
            };
            seen.insert(Field::read(&row, 0)?, before);
        }
    }
    Ok(seen)
}

fn compare(sql: &mut Sql, compared: &Compared<'_>) {
    let Compared {
        mail,
        message_id,
        sender,
    } = *compared;
    let (address, since) = sender.unwrap_or(("", Timestamp::MAX));
    sql.push("SELECT ").bind(&mail.id);
    sql.push(", EXISTS (SELECT 1 FROM raw_mail WHERE digest = ")
        .bind(&mail.digest);
    sql.push(" AND id <> ").bind(&mail.id);
    // Asked so that no engine gathers all mails in these states by their index, as PostgreSQL does of a table that it does not know.
    sql.push(" AND (state IN (").bind(&RawMailState::Parsed);
    sql.push(", ").bind(&RawMailState::Held);
    sql.push(")) IS TRUE), (SELECT message FROM thread WHERE message_id = ")
        .bind(&message_id.unwrap_or_default().to_owned());
    sql.push("), (SELECT COUNT(*) FROM mail_sender WHERE address_key = ")
        .bind(&name_key(address));
    sql.push(" AND at >= ").bind(&since).push(")");
}
