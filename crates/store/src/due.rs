//! The one index of what is due: the next instant of every ticket, escalation and agent at which
//! something must happen.
//!
//! Finding what is due costs by what is due, whatever else is open. A node takes due subjects under a lease: until it
//! ends no other node is given them, and a node that dies loses them to the others.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use mainstay_domain::id::{AgentId, EscalationId, TicketId};
use sea_orm::Value;
use uuid::Uuid;

use crate::column::{Field, named};
use crate::connection::{Connection, Transaction, all, one, one_by_key};
use crate::error::StoreError;
use crate::put_off::insert_later;
use crate::record::insert_values;
use crate::sql::Sql;

/// Something on which something is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DueSubject {
    /// A ticket: one of its clocks warns or is missed.
    Ticket(TicketId),
    /// An escalation: its next step is to be taken.
    Escalation(EscalationId),
    /// An agent: what they are to be told is to be delivered.
    Agent(AgentId),
}

/// What is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// On what.
    pub subject: DueSubject,
    /// Since when.
    pub at: Timestamp,
}

impl Due {
    /// The ticket on which something is due, if it is one.
    #[must_use]
    pub fn ticket(&self) -> Option<TicketId> {
        match self.subject {
            DueSubject::Ticket(ticket) => Some(ticket),
            DueSubject::Escalation(_) | DueSubject::Agent(_) => None,
        }
    }
}

/// Says when something must happen next on a subject, or never, and ends its lease.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn set(
    tx: &Transaction,
    subject: DueSubject,
    next_at: Option<Timestamp>,
) -> Result<(), StoreError> {
    set_many(tx, &[(subject, next_at)]).await
}

/// Says of many subjects when something must happen next, or never, and ends their leases. Each stands there once. It locks nothing
/// by itself: on PostgreSQL the rows may go out later. Whoever must come before others [holds](hold) the subject.
///
/// # Errors
/// As [`set`].
pub async fn set_many(
    tx: &Transaction,
    subjects: &[(DueSubject, Option<Timestamp>)],
) -> Result<(), StoreError> {
    let rows = subjects
        .iter()
        .filter_map(|(subject, next_at)| next_at.map(|at| row(*subject, at)))
        .collect();
    insert_later(tx, "due", &COLUMNS, rows, REPLACE).await?;
    let never: Vec<DueSubject> = subjects
        .iter()
        .filter(|(_, next_at)| next_at.is_none())
        .map(|(subject, _)| *subject)
        .collect();
    for never in never.chunks(1_000) {
        let mut sql = Sql::new("DELETE FROM due WHERE (kind, subject) IN (VALUES ");
        for (index, subject) in never.iter().enumerate() {
            sql.push(if index == 0 { "(" } else { ", (" });
            sql.bind(&subject.kind()).push(", ");
            sql.bind(&subject.id()).push(")");
        }
        sql.push(")");
        tx.execute(sql).await?;
    }
    Ok(())
}

/// Makes a subject due at `at`, at once: another transaction that does so, or says when it is due, waits until this one ends, and
/// then sees what this one wrote.
///
/// # Errors
/// As [`set`].
pub async fn hold(tx: &Transaction, subject: DueSubject, at: Timestamp) -> Result<(), StoreError> {
    insert_values(tx, "due", &COLUMNS, vec![row(subject, at)], REPLACE).await
}

const COLUMNS: [&str; 3] = ["kind", "subject", "next_at"];

const REPLACE: &str = " ON CONFLICT (kind, subject) DO UPDATE SET \
                       next_at = excluded.next_at, leased_by = NULL, leased_until = NULL";

fn row(subject: DueSubject, at: Timestamp) -> Vec<Value> {
    vec![
        subject.kind().to_value(),
        subject.id().to_value(),
        at.to_value(),
    ]
}

/// When something must happen next on a subject, if anything must.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn next_of(
    on: &impl Connection,
    subject: DueSubject,
) -> Result<Option<Timestamp>, StoreError> {
    let sql = Sql::new("SELECT next_at FROM due")
        .with(" WHERE kind = ", &subject.kind())
        .with(" AND subject = ", &subject.id());
    one(on, sql)
        .await?
        .map(|row| Field::read(&row, 0))
        .transpose()
}

/// Takes what is due at `now`, the longest due first, and keeps other nodes from it until `until`.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn lease_due(
    tx: &Transaction,
    now: Timestamp,
    node: &str,
    until: Timestamp,
    limit: u32,
) -> Result<Vec<Due>, StoreError> {
    let sql = lease_sql(now, node, until, limit)
        .then(skip_locked(tx))
        .then(") RETURNING kind, subject, next_at");
    let mut due = all(tx, sql)
        .await?
        .iter()
        .map(|row| {
            let kind: Kind = Field::read(row, 0)?;
            Ok(Due {
                subject: kind.subject(Field::read(row, 1)?),
                at: Field::read(row, 2)?,
            })
        })
        .collect::<Result<Vec<_>, StoreError>>()?;
    due.sort_by_key(|due| (due.at, due.subject.id()));
    Ok(due)
}

/// Keeps what a node leased until an instant for longer, and says what of it is the node's still: a subject of which somebody has said
/// since when it is due, or which another node has taken, is not.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn renew(
    tx: &Transaction,
    node: &str,
    until: Timestamp,
    longer: Timestamp,
) -> Result<BTreeSet<DueSubject>, StoreError> {
    let sql = Sql::new("UPDATE due SET leased_until = ")
        .with("", &longer)
        .with(" WHERE leased_until = ", &until)
        .with(" AND leased_by = ", &node.to_owned())
        .then(" RETURNING kind, subject");
    let rows = all(tx, sql).await?;
    rows.iter()
        .map(|row| {
            let kind: Kind = Field::read(row, 0)?;
            Ok(kind.subject(Field::read(row, 1)?))
        })
        .collect()
}

/// What is due and will be soon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DueStanding {
    /// How many subjects wait although their instant has passed.
    pub overdue: u64,
    /// On how many something falls due after now and before the given instant.
    pub soon: u64,
    /// The earliest due instant of all.
    pub first: Option<Timestamp>,
}

/// Counts what is due and will be until an instant. It costs by what it counts, whatever else is open.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn standing(
    on: &impl Connection,
    now: Timestamp,
    soon: Timestamp,
) -> Result<DueStanding, StoreError> {
    let sql = Sql::new("SELECT (SELECT COUNT(*) FROM due")
        .with(" WHERE next_at <= ", &now)
        .with("), (SELECT COUNT(*) FROM due WHERE next_at > ", &now)
        .with(" AND next_at < ", &soon)
        .then("), (SELECT MIN(next_at) FROM due)");
    let Some(row) = one(on, sql).await? else {
        return Ok(DueStanding {
            overdue: 0,
            soon: 0,
            first: None,
        });
    };
    Ok(DueStanding {
        overdue: Field::read(&row, 0)?,
        soon: Field::read(&row, 1)?,
        first: Field::read(&row, 2)?,
    })
}

/// The next instant at which something is due or a lease ends: until then there is nothing to do here.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn next_instant(on: &impl Connection) -> Result<Option<Timestamp>, StoreError> {
    let Some(row) = one(on, Sql::new(NEXT)).await? else {
        return Ok(None);
    };
    let free: Option<Timestamp> = Field::read(&row, 0)?;
    let leased: Option<Timestamp> = Field::read(&row, 1)?;
    Ok(free.into_iter().chain(leased).min())
}

/// When there is something to take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NextWork {
    /// There may be something now.
    Now,
    /// At that instant, or never where there is none.
    Later(Option<Timestamp>),
}

impl NextWork {
    /// From the first instant of what is in nobody's hands and the first at which a lease ends. A lease may be one that counts for
    /// nothing, so where there is one it takes more to know.
    pub(crate) fn of(free: Option<Timestamp>, leased: Option<Timestamp>, now: Timestamp) -> Self {
        match free {
            Some(free) if free <= now => Self::Now,
            _ if leased.is_some() => Self::Now,
            later => Self::Later(later),
        }
    }
}

/// Whether anything may be due at `now`, so that nobody writes to find out that there is nothing.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn next_work(on: &impl Connection, now: Timestamp) -> Result<NextWork, StoreError> {
    let Some(row) = one_by_key(on, Sql::new(NEXT)).await? else {
        return Ok(NextWork::Now);
    };
    Ok(NextWork::of(
        Field::read(&row, 0)?,
        Field::read(&row, 1)?,
        now,
    ))
}

/// How long ago what is due at `now` and in nobody's hands fell due, and how much it is: how far the workers are behind.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn backlog(
    on: &impl Connection,
    now: Timestamp,
) -> Result<(u64, Option<Timestamp>), StoreError> {
    let sql = Sql::new("SELECT COUNT(*), MIN(next_at) FROM due")
        .with(" WHERE next_at <= ", &now)
        .with(" AND (leased_until IS NULL OR leased_until <= ", &now)
        .then(")");
    match one(on, sql).await? {
        Some(row) => Ok((Field::read(&row, 0)?, Field::read(&row, 1)?)),
        None => Ok((0, None)),
    }
}

/// Ends every lease: whoever held one is known to be gone.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn end_leases(tx: &Transaction) -> Result<u64, StoreError> {
    let sql = "UPDATE due SET leased_by = NULL, leased_until = NULL WHERE leased_until IS NOT NULL";
    tx.execute(Sql::new(sql)).await
}

pub(crate) const NEXT: &str = "SELECT (SELECT MIN(next_at) FROM due WHERE leased_until IS NULL), \
     (SELECT MIN(leased_until) FROM due WHERE leased_until IS NOT NULL)";

/// No lease lasts longer. One that would was taken when the clock was ahead, and is as good as ended.
pub(crate) const LONGEST_LEASE: SignedDuration = SignedDuration::from_mins(15);

pub(crate) fn lease_sql(now: Timestamp, node: &str, until: Timestamp, limit: u32) -> Sql {
    Sql::new("UPDATE due SET leased_by = ")
        .with("", &node.to_owned())
        .with(", leased_until = ", &until)
        .with(
            " WHERE (kind, subject) IN (SELECT kind, subject FROM due WHERE next_at <= ",
            &now,
        )
        .with(" AND (leased_until IS NULL OR leased_until <= ", &now)
        .with(" OR leased_until > ", &(now + LONGEST_LEASE))
        .with(") ORDER BY next_at, subject LIMIT ", &i64::from(limit))
}

/// On PostgreSQL two nodes that look at once pass over each other's rows; SQLite has one writer at a time.
pub(crate) fn skip_locked(tx: &Transaction) -> &'static str {
    if tx.is_postgres() {
        " FOR UPDATE SKIP LOCKED"
    } else {
        ""
    }
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Ticket,
    Escalation,
    Agent,
}

named!(Kind {
    Ticket = "ticket",
    Escalation = "escalation",
    Agent = "agent",
});

impl Kind {
    fn subject(self, id: Uuid) -> DueSubject {
        match self {
            Self::Ticket => DueSubject::Ticket(id.into()),
            Self::Escalation => DueSubject::Escalation(id.into()),
            Self::Agent => DueSubject::Agent(id.into()),
        }
    }
}

impl DueSubject {
    fn kind(self) -> Kind {
        match self {
            Self::Ticket(_) => Kind::Ticket,
            Self::Escalation(_) => Kind::Escalation,
            Self::Agent(_) => Kind::Agent,
        }
    }

    fn id(self) -> Uuid {
        match self {
            Self::Ticket(id) => id.uuid(),
            Self::Escalation(id) => id.uuid(),
            Self::Agent(id) => id.uuid(),
        }
    }
}
