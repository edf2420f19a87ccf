//! Reading and writing.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::stream::BoxStream;
use futures::{StreamExt as _, TryFutureExt as _, TryStreamExt as _};
use sea_orm::{
    ConnectionTrait as _, DatabaseConnection, DatabaseTransaction, DbErr, StreamTrait as _, Value,
};
use tracing::Span;

use crate::error::{StoreError, is_lost, of_commit};
use crate::news::Bell;
use crate::put_off::{self, PutOff};
use crate::rare::{Counted, changes_rare};
use crate::row::Row;
use crate::search::Entry;
use crate::sql::Sql;
use crate::sqlite;

/// So many values make a statement that may take long.
pub(crate) const MANY_VALUES: usize = 500;

/// How many lost connections are met in a row, at most.
const MOST_TRIES: usize = 20;

/// Reads what is committed.
#[derive(Debug, Clone)]
pub struct Reader {
    pub(crate) pool: Pool,
}

/// Where readers get their connections.
#[derive(Debug, Clone)]
pub(crate) enum Pool {
    Sqlite(sqlite::Readers),
    Postgres(DatabaseConnection),
}

/// Reads and writes. What it wrote is kept by [`commit`](Self::commit), and undone when it is dropped without.
#[derive(Debug)]
pub struct Transaction {
    pub(crate) inner: Inner,
    pub(crate) bell: Arc<Bell>,
    /// Whether it appended to the feed of changes.
    pub(crate) has_news: AtomicBool,
    /// Texts that are still to be indexed, where that is put off until it is committed.
    pub(crate) to_index: Option<Mutex<Vec<Entry>>>,
    /// Whether it changed what changes rarely.
    pub(crate) is_rare: AtomicBool,
    /// How many commits did.
    pub(crate) rare_commits: Arc<AtomicU64>,
    /// Rows that are still to be inserted, where that is put off.
    pub(crate) put_off: Option<Mutex<PutOff>>,
    /// Lasts as long as it does, for those who watch from outside.
    pub(crate) span: Span,
}

/// The transaction of an engine.
#[derive(Debug)]
pub(crate) enum Inner {
    Sqlite(sqlite::Turn),
    /// A reader of SQLite that sees the file as it is at one instant.
    Snapshot(sqlite::Lent),
    /// Such a reader that takes a turn of the writer later.
    Looking(sqlite::Looking),
    Postgres(DatabaseTransaction),
}

/// Where a transaction stands now.
enum Standing<'a> {
    Writing(&'a sqlite::Turn),
    Looking(sqlite::Shared),
    Postgres(&'a DatabaseTransaction),
}

impl Transaction {
    /// Makes everything that was written visible to others, all at once. When this returns it is on the disk.
    ///
    /// # Errors
    /// [`StoreError::InDoubt`] when the database did not answer, and any other when nothing was kept: also [`StoreError::Conflict`],
    /// as PostgreSQL sees some rows only now (`put_off`).
    pub async fn commit(self) -> Result<(), StoreError> {
        // When this fails nothing is committed.
        put_off::settle(&self).await?;
        // Also when it is in doubt, or nobody waits for the answer any more.
        let is_rare = self.is_rare.into_inner();
        if is_rare {
            // On SQLite whoever writes next sees it before it is on the disk.
            self.rare_commits.fetch_add(1, Ordering::SeqCst);
        }
        let counted = is_rare.then(|| Counted::of(&self.rare_commits));
        Self::commit_on(self.inner, self.to_index.as_ref()).await?;
        drop(counted);
        self.span.record("committed", true);
        if self.has_news.into_inner() {
            self.bell.ring();
        }
        Ok(())
    }

    async fn commit_on(
        inner: Inner,
        to_index: Option<&Mutex<Vec<Entry>>>,
    ) -> Result<(), StoreError> {
        match inner {
            Inner::Sqlite(turn) => {
                let to_index = to_index.map(|rows| std::mem::take(&mut *lock(rows)));
                turn.commit(to_index.unwrap_or_default()).await?;
            }
            Inner::Looking(looking) => {
                if let Some(turn) = looking.into_turn() {
                    let to_index = to_index.map(|rows| std::mem::take(&mut *lock(rows)));
                    turn.commit(to_index.unwrap_or_default()).await?;
                }
            }
            Inner::Snapshot(_) => {}
            Inner::Postgres(inner) => inner.commit().await.map_err(of_commit)?,
        }
        Ok(())
    }

    /// Undoes everything that was written. Dropping does the same, on PostgreSQL a little later.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database does not answer; nothing is kept then either.
    pub async fn rollback(self) -> Result<(), StoreError> {
        match self.inner {
            Inner::Sqlite(_) | Inner::Snapshot(_) | Inner::Looking(_) => Ok(()),
            Inner::Postgres(inner) => Ok(inner.rollback().await?),
        }
    }

    pub(crate) fn is_postgres(&self) -> bool {
        matches!(self.inner, Inner::Postgres(_))
    }

    fn standing(&self) -> Standing<'_> {
        match &self.inner {
            Inner::Sqlite(turn) => Standing::Writing(turn),
            Inner::Snapshot(lent) => Standing::Looking(lent.shared().clone()),
            Inner::Looking(looking) => match looking.standing() {
                Ok(turn) => Standing::Writing(turn),
                Err(shared) => Standing::Looking(shared),
            },
            Inner::Postgres(inner) => Standing::Postgres(inner),
        }
    }

    /// The turn by which it writes to a file of SQLite.
    pub(crate) fn turn(&self) -> Option<&sqlite::Turn> {
        match self.standing() {
            Standing::Writing(turn) => Some(turn),
            Standing::Looking(_) | Standing::Postgres(_) => None,
        }
    }

    /// Whether it has seen what it is to change without keeping others from changing it.
    pub(crate) fn has_looked(&self) -> bool {
        matches!(self.inner, Inner::Looking(_))
    }

    /// Waits for the turn to write, of a transaction that was [begun to look](crate::Store::begin_looking). What was read before may
    /// not hold any more.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when it does not come in time.
    pub async fn take_turn(&self) -> Result<(), StoreError> {
        match &self.inner {
            Inner::Looking(looking) => looking.take_turn().await,
            Inner::Sqlite(_) | Inner::Snapshot(_) | Inner::Postgres(_) => Ok(()),
        }
    }

    /// Executes a statement and returns how many rows it changed.
    pub(crate) async fn execute(&self, sql: Sql) -> Result<u64, StoreError> {
        put_off::settle(self).await?;
        self.execute_now(sql).await
    }

    /// The same, whatever is put off.
    pub(crate) async fn execute_now(&self, sql: Sql) -> Result<u64, StoreError> {
        self.note_rare(sql.text());
        self.execute_unnoticed(sql).await
    }

    fn note_rare(&self, statement: &str) {
        if changes_rare(statement) {
            self.is_rare.store(true, Ordering::Relaxed);
        }
    }

    /// The same for a statement of which nobody who keeps what changes rarely need know, and before which nothing is put off that it
    /// concerns.
    pub(crate) async fn execute_unnoticed(&self, sql: Sql) -> Result<u64, StoreError> {
        debug_assert!(
            !self.has_looked() || self.turn().is_some(),
            "it writes before its turn: {sql:?}"
        );
        match self.standing() {
            Standing::Writing(turn) if sql.values().len() > MANY_VALUES => {
                turn.apart(move |session| session.execute(&sql)).await
            }
            Standing::Writing(turn) => turn.settled().await?.execute(&sql),
            Standing::Looking(shared) => shared.session().execute(&sql),
            Standing::Postgres(inner) => {
                let done = inner.execute_raw(sql.into_statement()).await?;
                Ok(done.rows_affected())
            }
        }
    }

    /// Executes a statement of SQLite once with each row of values. Many of them are written while the caller goes on: what goes
    /// wrong with one is told by whatever the transaction does next.
    pub(crate) async fn execute_each(
        &self,
        text: String,
        rows: Vec<Vec<Value>>,
    ) -> Result<(), StoreError> {
        self.note_rare(&text);
        let values: usize = rows.iter().map(Vec::len).sum();
        if let Standing::Writing(turn) = self.standing() {
            turn.count(values);
        }
        match self.standing() {
            Standing::Writing(turn) if values > MANY_VALUES => {
                turn.post(move |session| session.execute_each(&text, &rows))
                    .await
            }
            Standing::Writing(turn) => turn.settled().await?.execute_each(&text, &rows),
            Standing::Looking(_) | Standing::Postgres(_) => {
                let what = "only a writer of SQLite carries out a statement row by row";
                Err(StoreError::Conflict(what.to_owned()))
            }
        }
    }

    /// The same before the next statement.
    pub(crate) async fn execute_each_later(
        &self,
        text: String,
        rows: Vec<Vec<Value>>,
    ) -> Result<(), StoreError> {
        self.note_rare(&text);
        match self.standing() {
            Standing::Writing(turn) => turn.insert_later(text, rows).await,
            Standing::Looking(_) | Standing::Postgres(_) => self.execute_each(text, rows).await,
        }
    }

    /// The rows of an answer as they come.
    pub(crate) fn stream(&self, sql: Sql) -> BoxStream<'_, Result<Row, StoreError>> {
        match self.standing() {
            Standing::Writing(turn) => {
                let settled = async { turn.settled().await.map(|_| ()) };
                let rows = settled.map_ok(|()| turn.rows(sql));
                rows.try_flatten_stream().boxed()
            }
            Standing::Looking(shared) => shared.rows(sql).boxed(),
            Standing::Postgres(inner) => {
                let rows = inner.stream_raw(sql.into_statement()).try_flatten_stream();
                let rows = rows.map_ok(Row::Postgres).map_err(StoreError::from);
                let settled = put_off::settle(self);
                settled.map_ok(|()| rows).try_flatten_stream().boxed()
            }
        }
    }

    /// Executes statements without values, which may take long.
    pub(crate) async fn run(&self, statements: &str) -> Result<(), StoreError> {
        put_off::settle(self).await?;
        self.is_rare.store(true, Ordering::Relaxed);
        match self.standing() {
            Standing::Writing(turn) => {
                let statements = statements.to_owned();
                turn.apart(move |session| session.run(&statements)).await
            }
            Standing::Looking(shared) => shared.session().run(statements),
            Standing::Postgres(inner) => {
                inner.execute_unprepared(statements).await?;
                Ok(())
            }
        }
    }
}

/// What several threads share. A panic elsewhere leaves nothing in it half done.
pub(crate) fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Tries anew, by another connection, what may be tried twice: to begin, or to read outside of a transaction. All connections of a
/// pool may be lost at once, as when PostgreSQL starts anew.
pub(crate) async fn again<T, F>(work: impl Fn() -> F) -> Result<T, StoreError>
where
    F: Future<Output = Result<T, DbErr>>,
{
    for _ in 1..MOST_TRIES {
        match work().await {
            Err(error) if is_lost(&error) => {}
            done => return Ok(done?),
        }
    }
    Ok(work().await?)
}

/// What can be asked: a [`Reader`] or a [`Transaction`].
pub trait Connection: private::Ask {
    /// Whether it changed agents, teams, tokens, subscriptions or settings, so that it may see others of them than everybody else does.
    fn changes_rare(&self) -> bool;
}

impl Connection for Reader {
    fn changes_rare(&self) -> bool {
        false
    }
}

impl Connection for Transaction {
    fn changes_rare(&self) -> bool {
        self.is_rare.load(Ordering::Relaxed)
    }
}

pub(crate) mod private {
    use sea_orm::ConnectionTrait as _;

    use super::{Pool, Reader, Standing, Transaction, again};
    use crate::error::StoreError;
    use crate::put_off;
    use crate::row::Row;
    use crate::sql::Sql;

    /// Where a question goes. Nothing outside this crate can implement it or ask by it.
    #[derive(Debug, Clone, Copy)]
    pub enum Target<'a> {
        /// Any connection of a pool.
        Reader(&'a Reader),
        /// The connection of a transaction.
        Transaction(&'a Transaction),
    }

    /// The part of [`Connection`](super::Connection) that stays in this crate.
    pub trait Ask: Sync {
        /// Where questions go.
        fn target(&self) -> Target<'_>;
    }

    impl Ask for Reader {
        fn target(&self) -> Target<'_> {
            Target::Reader(self)
        }
    }

    impl Ask for Transaction {
        fn target(&self) -> Target<'_> {
            Target::Transaction(self)
        }
    }

    impl Reader {
        async fn one(&self, sql: Sql) -> Result<Option<Row>, StoreError> {
            match &self.pool {
                Pool::Sqlite(readers) => {
                    let lent = readers.lend().await?;
                    lent.ask(move |session| session.one(&sql)).await
                }
                Pool::Postgres(pool) => {
                    let statement = sql.into_statement();
                    let row = again(|| pool.query_one_raw(statement.clone())).await?;
                    Ok(row.map(Row::Postgres))
                }
            }
        }

        async fn all(&self, sql: Sql) -> Result<Vec<Row>, StoreError> {
            match &self.pool {
                Pool::Sqlite(readers) => {
                    let lent = readers.lend().await?;
                    lent.ask(move |session| session.all(&sql)).await
                }
                Pool::Postgres(pool) => {
                    let statement = sql.into_statement();
                    let rows = again(|| pool.query_all_raw(statement.clone())).await?;
                    Ok(rows.into_iter().map(Row::Postgres).collect())
                }
            }
        }
    }

    impl Transaction {
        async fn one(&self, sql: Sql) -> Result<Option<Row>, StoreError> {
            put_off::settle_for(self, &sql).await?;
            match self.standing() {
                Standing::Writing(turn) => turn.settled().await?.one(&sql),
                Standing::Looking(shared) => shared.session().one(&sql),
                Standing::Postgres(inner) => {
                    let row = inner.query_one_raw(sql.into_statement()).await?;
                    Ok(row.map(Row::Postgres))
                }
            }
        }

        async fn all(&self, sql: Sql) -> Result<Vec<Row>, StoreError> {
            put_off::settle_for(self, &sql).await?;
            match self.standing() {
                Standing::Writing(turn) => turn.settled().await?.all(&sql),
                Standing::Looking(shared) => shared.session().all(&sql),
                Standing::Postgres(inner) => {
                    let rows = inner.query_all_raw(sql.into_statement()).await?;
                    Ok(rows.into_iter().map(Row::Postgres).collect())
                }
            }
        }
    }

    /// The first row of an answer.
    pub(crate) async fn one(on: &impl Ask, sql: Sql) -> Result<Option<Row>, StoreError> {
        match on.target() {
            Target::Reader(reader) => reader.one(sql).await,
            Target::Transaction(transaction) => transaction.one(sql).await,
        }
    }

    /// The first row of an answer that is found by its key, so that it takes no time worth another thread.
    pub(crate) async fn one_by_key(on: &impl Ask, sql: Sql) -> Result<Option<Row>, StoreError> {
        match on.target() {
            Target::Reader(Reader {
                pool: Pool::Sqlite(readers),
            }) => {
                let lent = readers.lend().await?;
                let session = lent.shared().session();
                session.one(&sql)
            }
            _ => one(on, sql).await,
        }
    }

    /// Every row of an answer.
    pub(crate) async fn all(on: &impl Ask, sql: Sql) -> Result<Vec<Row>, StoreError> {
        match on.target() {
            Target::Reader(reader) => reader.all(sql).await,
            Target::Transaction(transaction) => transaction.all(sql).await,
        }
    }

    /// Whether the engine is PostgreSQL, where the two must be asked differently.
    pub(crate) fn is_postgres(on: &impl Ask) -> bool {
        match on.target() {
            Target::Reader(reader) => matches!(reader.pool, Pool::Postgres(_)),
            Target::Transaction(transaction) => transaction.is_postgres(),
        }
    }
}

pub(crate) use private::{Target, all, is_postgres, one, one_by_key};
