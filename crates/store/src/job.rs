//! The queue of jobs.
//!
//! A job is queued in the transaction that makes it true, and taken under a lease by a worker that runs it outside of
//! any transaction. A job that is done is removed, so a `dedup_key` keeps a second one out only while the first waits,
//! runs or lies dead.

use std::collections::BTreeSet;

use jiff::Timestamp;
use mainstay_domain::id::JobId;
use mainstay_domain::job::Job;

use crate::column::Field;
use crate::connection::{Connection, Transaction, all, one, one_by_key};
use crate::due::{LONGEST_LEASE, NextWork, skip_locked};
use crate::error::StoreError;
use crate::page::{Cursor, Page, PageRequest, latest_first};
use crate::put_off::insert_later;
use crate::record::{Record, columns, fetch_all, fetch_one, record, select};
use crate::sql::Sql;

record!(Job in "job" { id, kind, payload, run_at, dedup_key, attempts, last_error, dead_at, created_at });

/// Whether a job was queued.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Enqueued {
    /// It was.
    Now,
    /// One with its key is in the queue already, and it was not.
    Before,
}

/// Queues a job, unless one with its key is in the queue.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn enqueue(tx: &Transaction, job: &Job) -> Result<Enqueued, StoreError> {
    let mut sql = Sql::new(format!("INSERT INTO job ({}) VALUES (", columns::<Job>("")));
    for (index, value) in job.to_values().into_iter().enumerate() {
        sql.push(if index == 0 { "" } else { ", " })
            .bind_value(value);
    }
    sql.push(") ON CONFLICT (dedup_key) DO NOTHING");
    Ok(match tx.execute(sql).await? {
        0 => Enqueued::Before,
        _ => Enqueued::Now,
    })
}

/// Queues jobs, several with each statement, except those whose key is in the queue.
///
/// # Errors
/// As [`enqueue`].
pub async fn enqueue_many(tx: &Transaction, jobs: &[Job]) -> Result<(), StoreError> {
    let rows = jobs.iter().map(Record::to_values).collect();
    insert_later(
        tx,
        "job",
        Job::COLUMNS,
        rows,
        " ON CONFLICT (dedup_key) DO NOTHING",
    )
    .await
}

/// Queues a job in place of the one with its key, which somebody may still hold who has done it, or has given it up.
///
/// # Errors
/// As [`enqueue`].
pub async fn enqueue_anew(tx: &Transaction, job: &Job) -> Result<(), StoreError> {
    let sql = Sql::new("DELETE FROM job").with(" WHERE dedup_key = ", &job.dedup_key);
    tx.execute(sql).await?;
    enqueue_many(tx, std::slice::from_ref(job)).await
}

/// Takes the jobs that may run at `now`, the longest waiting first, and keeps other workers from them until `until`.
/// A worker that has not finished by then loses them.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn lease(
    tx: &Transaction,
    now: Timestamp,
    worker: &str,
    until: Timestamp,
    limit: u32,
) -> Result<Vec<Job>, StoreError> {
    let sql = lease_sql(now, worker, until, limit)
        .then(skip_locked(tx))
        .then(") RETURNING ")
        .then(&columns::<Job>(""));
    let rows = all(tx, sql).await?;
    let mut jobs = rows
        .iter()
        .map(|row| Job::read(row, 0))
        .collect::<Result<Vec<_>, _>>()?;
    jobs.sort_by_key(|job| (job.run_at, job.id));
    Ok(jobs)
}

/// Keeps a lease for longer, and says whether the worker still has it.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn extend(
    tx: &Transaction,
    id: JobId,
    worker: &str,
    until: Timestamp,
) -> Result<bool, StoreError> {
    let sql = Sql::new("UPDATE job SET leased_until = ")
        .with("", &until)
        .with(" WHERE id = ", &id)
        .with(" AND leased_by = ", &worker.to_owned());
    Ok(tx.execute(sql).await? > 0)
}

/// Removes a job that is done, if the worker still holds it; says whether it does.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn complete(tx: &Transaction, id: JobId, worker: &str) -> Result<bool, StoreError> {
    let sql = Sql::new("DELETE FROM job").with(" WHERE id = ", &id);
    finish(tx, sql, worker).await
}

/// Removes jobs that are done, those that the worker still holds, and says how many it did.
///
/// # Errors
/// As [`complete`].
pub async fn complete_many(
    tx: &Transaction,
    ids: &[JobId],
    worker: &str,
) -> Result<usize, StoreError> {
    let mut held = 0;
    for ids in ids.chunks(1_000) {
        let mut sql = Sql::new("DELETE FROM job WHERE id IN (");
        sql.bind_set(ids).push(")");
        let done = tx
            .execute(sql.with(" AND leased_by = ", &worker.to_owned()))
            .await?;
        held += usize::try_from(done).unwrap_or(usize::MAX);
    }
    Ok(held)
}

/// Puts a job that failed back, to be tried again at an instant, if the worker still holds it; says whether it does.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn retry(
    tx: &Transaction,
    id: JobId,
    worker: &str,
    at: Timestamp,
    error: &str,
) -> Result<bool, StoreError> {
    let sql =
        Sql::new("UPDATE job SET attempts = attempts + 1, leased_by = NULL, leased_until = NULL")
            .with(", run_at = ", &at)
            .with(", last_error = ", &error.to_owned())
            .with(" WHERE id = ", &id);
    finish(tx, sql, worker).await
}

/// Gives a job up, if the worker still holds it; says whether it does. A person may look at it and queue it again.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn give_up(
    tx: &Transaction,
    id: JobId,
    worker: &str,
    at: Timestamp,
    error: &str,
) -> Result<bool, StoreError> {
    let sql =
        Sql::new("UPDATE job SET attempts = attempts + 1, leased_by = NULL, leased_until = NULL")
            .with(", dead_at = ", &at)
            .with(", last_error = ", &error.to_owned())
            .with(" WHERE id = ", &id);
    finish(tx, sql, worker).await
}

/// Executes a statement about a job that the worker leased: one that lost its lease has nothing to say any more.
async fn finish(tx: &Transaction, sql: Sql, worker: &str) -> Result<bool, StoreError> {
    let sql = sql.with(" AND leased_by = ", &worker.to_owned());
    Ok(tx.execute(sql).await? > 0)
}

/// Queues a job that was given up again, and says whether there was one.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn requeue(tx: &Transaction, id: JobId, run_at: Timestamp) -> Result<bool, StoreError> {
    let sql = Sql::new("UPDATE job SET attempts = 0, dead_at = NULL")
        .with(", run_at = ", &run_at)
        .with(" WHERE dead_at IS NOT NULL AND id = ", &id);
    Ok(tx.execute(sql).await? > 0)
}

/// Lets jobs that wait for a later instant run at this one, also those that were given up: what they waited for may be mended. One
/// that runs is left alone.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn hasten(
    tx: &Transaction,
    dedup_keys: &[String],
    now: Timestamp,
) -> Result<(), StoreError> {
    for keys in dedup_keys.chunks(500) {
        let mut sql = Sql::new(
            "UPDATE job SET attempts = CASE WHEN dead_at IS NULL THEN attempts ELSE 0 END, dead_at = NULL",
        )
        .with(", run_at = ", &now)
        .with(
            " WHERE leased_until IS NULL AND (dead_at IS NOT NULL OR run_at > ",
            &now,
        )
        .then(") AND dedup_key IN (");
        sql.bind_all(keys).push(")");
        tx.execute(sql).await?;
    }
    Ok(())
}

/// The jobs that were given up, the latest first.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn dead(on: &impl Connection, page: PageRequest) -> Result<Page<Job>, StoreError> {
    let mut sql = select::<Job>().then(" WHERE t.dead_at IS NOT NULL");
    latest_first(&mut sql, "t.dead_at", page);
    let jobs: Vec<Job> = fetch_all(on, sql).await?;
    Ok(Page::of(jobs, page.limit, |job| {
        Cursor::at(job.dead_at.unwrap_or(job.created_at), job.id.uuid())
    }))
}

/// A job by its id.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn find(on: &impl Connection, id: JobId) -> Result<Option<Job>, StoreError> {
    fetch_one(on, select::<Job>().with(" WHERE id = ", &id)).await
}

/// Whether a job with this key is in the queue, also one that was given up.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn is_queued(on: &impl Connection, dedup_key: &str) -> Result<bool, StoreError> {
    let sql = Sql::new("SELECT 1 FROM job").with(" WHERE dedup_key = ", &dedup_key.to_owned());
    Ok(one(on, sql).await?.is_some())
}

/// Which of these keys are those of jobs in the queue, also of such that were given up.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn queued_among(
    on: &impl Connection,
    dedup_keys: &[String],
) -> Result<BTreeSet<String>, StoreError> {
    if dedup_keys.is_empty() {
        return Ok(BTreeSet::new());
    }
    let mut sql = Sql::new("SELECT dedup_key FROM job WHERE dedup_key IN (");
    sql.bind_all(dedup_keys).push(")");
    let rows = all(on, sql).await?;
    rows.iter().map(|row| Field::read(row, 0)).collect()
}

/// How many jobs wait or run, and how many were given up.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn counts(on: &impl Connection) -> Result<JobCounts, StoreError> {
    let sql = Sql::new(
        "SELECT (SELECT COUNT(*) FROM job WHERE dead_at IS NULL), (SELECT COUNT(*) FROM job WHERE dead_at IS NOT NULL)",
    );
    match one(on, sql).await? {
        Some(row) => Ok(JobCounts {
            live: Field::read(&row, 0)?,
            dead: Field::read(&row, 1)?,
        }),
        None => Ok(JobCounts { live: 0, dead: 0 }),
    }
}

/// How many jobs there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JobCounts {
    /// Waiting or running.
    pub live: u64,
    /// Given up.
    pub dead: u64,
}

/// What the queue holds of one kind of job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueOfKind {
    /// The kind.
    pub kind: String,
    /// How many wait or run, also those for later.
    pub waiting: u64,
    /// Since when the one could have run that waits longest; absent when all are for later.
    pub runnable_since: Option<Timestamp>,
    /// How many were given up.
    pub dead: u64,
}

/// What the queue holds of each kind of which it holds anything.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn queue(on: &impl Connection, now: Timestamp) -> Result<Vec<QueueOfKind>, StoreError> {
    let sql = Sql::new(
        "SELECT kind, COUNT(CASE WHEN dead_at IS NULL THEN 1 END), \
         MIN(CASE WHEN dead_at IS NULL AND run_at <= ",
    )
    .with("", &now)
    .then(" THEN run_at END), COUNT(dead_at) FROM job GROUP BY kind ORDER BY kind");
    let rows = all(on, sql).await?;
    rows.iter()
        .map(|row| {
            Ok(QueueOfKind {
                kind: Field::read(row, 0)?,
                waiting: Field::read(row, 1)?,
                runnable_since: Field::read(row, 2)?,
                dead: Field::read(row, 3)?,
            })
        })
        .collect()
}

/// The next instant at which a job may run or a lease ends.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn next_job_at(on: &impl Connection) -> Result<Option<Timestamp>, StoreError> {
    let Some(row) = one(on, Sql::new(NEXT)).await? else {
        return Ok(None);
    };
    let free: Option<Timestamp> = Field::read(&row, 0)?;
    let leased: Option<Timestamp> = Field::read(&row, 1)?;
    Ok(free.into_iter().chain(leased).min())
}

/// Whether any job may be run at `now`, so that nobody writes to find out that there is none.
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

/// Ends every lease: whoever held one is known to be gone.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn end_leases(tx: &Transaction) -> Result<u64, StoreError> {
    let sql = "UPDATE job SET leased_by = NULL, leased_until = NULL WHERE leased_until IS NOT NULL";
    tx.execute(Sql::new(sql)).await
}

pub(crate) const NEXT: &str = "SELECT (SELECT MIN(run_at) FROM job WHERE dead_at IS NULL AND leased_until IS NULL), \
     (SELECT MIN(leased_until) FROM job WHERE leased_until IS NOT NULL)";

pub(crate) fn lease_sql(now: Timestamp, worker: &str, until: Timestamp, limit: u32) -> Sql {
    Sql::new("UPDATE job SET leased_by = ")
        .with("", &worker.to_owned())
        .with(", leased_until = ", &until)
        .with(
            " WHERE id IN (SELECT id FROM job WHERE dead_at IS NULL AND run_at <= ",
            &now,
        )
        .with(" AND (leased_until IS NULL OR leased_until <= ", &now)
        .with(" OR leased_until > ", &(now + LONGEST_LEASE))
        .with(") ORDER BY run_at, id LIMIT ", &i64::from(limit))
}
