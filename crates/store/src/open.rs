//! Opening the store.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use futures::future::BoxFuture;
use jiff::Timestamp;
use sea_orm::sqlx::postgres::PgConnectOptions;
use sea_orm::sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sea_orm::sqlx::{self, Connection as _, SqliteConnection};
use sea_orm::{
    ConnectOptions, Database, DatabaseConnection, DatabaseTransaction, DbBackend, TransactionTrait,
};
use tempfile::TempDir;

use crate::column::Field;
use crate::connection::{Reader, Transaction, one};
use crate::error::StoreError;
use crate::news::Bell;
use crate::schema;
use crate::sql::Sql;
use crate::turn::{Turn, Writers};

/// Where the store is and how it is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreOptions {
    /// `sqlite:PATH` (made when it is not there), `sqlite::memory:` (gone with the last [`Store`]), or `postgres://…`.
    pub url: String,
    /// At most so many connections: readers beside the one writer on SQLite, all of them on PostgreSQL.
    pub connections: u32,
    /// How long to wait for a connection, or for the one writer of SQLite, before
    /// [`StoreError::Unavailable`].
    pub patience: Duration,
}

impl StoreOptions {
    /// The usual options for an address.
    #[must_use]
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            connections: 8,
            patience: Duration::from_secs(30),
        }
    }
}

/// The connections of a pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolStanding {
    /// Which pool: `readers` and `writer`, or `shared`.
    pub name: &'static str,
    /// How many are open.
    pub open: u32,
    /// How many of them nobody uses.
    pub idle: u32,
}

/// The store. Cloning is cheap; every clone is the same store.
#[derive(Debug, Clone)]
pub struct Store {
    reader: Reader,
    /// On SQLite a pool of one connection, so that writers queue here rather than meet in the file; on PostgreSQL the
    /// readers' pool.
    writer: DatabaseConnection,
    /// Who writes next, on SQLite.
    writers: Option<Writers>,
    /// Rung when changes were committed.
    pub(crate) bell: Arc<Bell>,
    /// The folder of a database that is to vanish.
    _folder: Option<Arc<TempDir>>,
}

impl Store {
    /// Opens the store, makes it if it is not there, and brings its schema up to date.
    ///
    /// # Errors
    /// [`StoreError::Address`] for an address that names no database, [`StoreError::NewerSchema`] for a database that
    /// a newer version has used, and [`StoreError::Unavailable`] when it cannot be reached.
    pub async fn open(options: &StoreOptions) -> Result<Self, StoreError> {
        let store = Self::connect(options).await?;
        let tx = store.begin().await?;
        schema::migrate(&tx).await?;
        tx.commit().await?;
        Ok(store)
    }

    /// Opens a store that is empty, or makes it, and brings its schema to where it was when it had these steps.
    pub(crate) async fn open_at(
        options: &StoreOptions,
        steps: &[String],
    ) -> Result<Self, StoreError> {
        let store = Self::connect(options).await?;
        let tx = store.begin().await?;
        schema::migrate_to(&tx, steps).await?;
        tx.commit().await?;
        Ok(store)
    }

    async fn connect(options: &StoreOptions) -> Result<Self, StoreError> {
        Ok(if options.url == "sqlite::memory:" {
            Self::open_vanishing(options).await?
        } else if options.url.starts_with("sqlite:") {
            Self::open_sqlite(options, &options.url, SqliteSynchronous::Full).await?
        } else if options.url.starts_with("postgres:") || options.url.starts_with("postgresql:") {
            Self::open_postgres(options).await?
        } else {
            return Err(address(&options.url, "no known scheme"));
        })
    }

    /// Reads what is committed.
    #[must_use]
    pub fn read(&self) -> Reader {
        self.reader.clone()
    }

    /// Begins to write. On SQLite one transaction at a time is open, so keep it short, and never begin one inside
    /// another. Those that are begun while others wait share a write to the disk.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database does not answer in time.
    pub async fn begin(&self) -> Result<Transaction, StoreError> {
        match &self.writers {
            Some(writers) => {
                let (inner, turn) = writers.begin().await?;
                Ok(self.within(inner, Some(turn)))
            }
            None => Ok(self.within(self.writer.begin().await?, None)),
        }
    }

    pub(crate) fn within(&self, inner: DatabaseTransaction, turn: Option<Turn>) -> Transaction {
        Transaction {
            inner,
            turn,
            bell: Arc::clone(&self.bell),
            has_news: AtomicBool::new(false),
        }
    }

    #[cfg(test)]
    pub(crate) fn writers(&self) -> Option<&Writers> {
        self.writers.as_ref()
    }

    /// Asks the database for a sign of life.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when there is none.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.writer.ping().await?;
        Ok(self.reader.pool.ping().await?)
    }

    /// The time of a database that several nodes share, by which they agree; nothing where the store is a file of this
    /// machine.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database does not answer.
    pub async fn shared_time(&self) -> Result<Option<Timestamp>, StoreError> {
        if self.writer.get_database_backend() != DbBackend::Postgres {
            return Ok(None);
        }
        let sql = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint";
        let row = one(&self.reader, Sql::new(sql)).await?;
        row.map(|row| Field::read(&row, 0)).transpose()
    }

    /// The connections that are open just now. On PostgreSQL readers and writers share one pool.
    #[must_use]
    pub fn connections(&self) -> Vec<PoolStanding> {
        let of = |name, pool: &DatabaseConnection| {
            let (open, idle) = match pool.get_database_backend() {
                DbBackend::Postgres => {
                    let pool = pool.get_postgres_connection_pool();
                    (pool.size(), pool.num_idle())
                }
                _ => {
                    let pool = pool.get_sqlite_connection_pool();
                    (pool.size(), pool.num_idle())
                }
            };
            let idle = u32::try_from(idle).unwrap_or(open);
            PoolStanding { name, open, idle }
        };
        if self.writer.get_database_backend() == DbBackend::Postgres {
            return vec![of("shared", &self.writer)];
        }
        vec![of("readers", &self.reader.pool), of("writer", &self.writer)]
    }

    /// Closes every connection once it is no longer used. What was committed is safe without.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database does not answer.
    pub async fn close(self) -> Result<(), StoreError> {
        self.reader.pool.close_by_ref().await?;
        Ok(self.writer.close_by_ref().await?)
    }

    /// A database for as long as the store lives. It is a file in a temporary folder: a SQLite database in memory can
    /// be used by one connection only, or else locks whole tables.
    async fn open_vanishing(options: &StoreOptions) -> Result<Self, StoreError> {
        let folder = tempfile::Builder::new()
            .prefix("mainstay-")
            .tempdir()
            .map_err(|error| {
                StoreError::Unavailable(format!("no temporary folder could be made: {error}"))
            })?;
        let url = format!("sqlite:{}", folder.path().join("store.db").display());
        let mut store = Self::open_sqlite(options, &url, SqliteSynchronous::Off).await?;
        store._folder = Some(Arc::new(folder));
        Ok(store)
    }

    async fn open_sqlite(
        options: &StoreOptions,
        url: &str,
        synchronous: SqliteSynchronous,
    ) -> Result<Self, StoreError> {
        url.parse::<SqliteConnectOptions>()
            .map_err(|error| address(url, &error.to_string()))?;
        let patience = options.patience;
        let configure = move |sqlite: SqliteConnectOptions| {
            sqlite
                .create_if_missing(true)
                .journal_mode(SqliteJournalMode::Wal)
                .synchronous(synchronous)
                .busy_timeout(patience)
                .foreign_keys(true)
                .statement_cache_capacity(400)
                .pragma("temp_store", "memory")
                .pragma("cache_size", "-32768")
                .optimize_on_close(true, 400)
        };
        let mut writing = connect_options(url, options, 1);
        writing.map_sqlx_sqlite_opts(configure);
        writing.map_sqlx_sqlite_pool_opts(|pool| pool.after_release(|writer, _| is_free(writer)));
        let writer = Database::connect(writing).await?;
        let mut reading = connect_options(url, options, options.connections);
        reading.map_sqlx_sqlite_opts(move |sqlite| configure(sqlite).pragma("query_only", "on"));
        let pool = Database::connect(reading).await?;
        Ok(Self {
            reader: Reader { pool },
            writers: Some(Writers::new(writer.clone(), patience)),
            writer,
            bell: Arc::default(),
            _folder: None,
        })
    }

    async fn open_postgres(options: &StoreOptions) -> Result<Self, StoreError> {
        options
            .url
            .parse::<PgConnectOptions>()
            .map_err(|error| address(&options.url, &error.to_string()))?;
        let mut connect = connect_options(&options.url, options, options.connections);
        connect.set_application_name("mainstay");
        let pool = Database::connect(connect).await?;
        Ok(Self {
            reader: Reader { pool: pool.clone() },
            writer: pool,
            writers: None,
            bell: Arc::default(),
            _folder: None,
        })
    }
}

/// Whether a writer that is given back is in no transaction any more. SQLite ends one by itself when the disk is full or
/// broken; the driver's own attempt to end it then fails, and it believes from then on that it is inside of one: whatever
/// it wrote would never be committed. Such a connection is closed, and the next writer opens another.
fn is_free(writer: &mut SqliteConnection) -> BoxFuture<'_, Result<bool, sqlx::Error>> {
    Box::pin(async move {
        // What is still to be undone is undone before the answer comes.
        writer.ping().await?;
        Ok(!writer.is_in_transaction())
    })
}

fn connect_options(url: &str, options: &StoreOptions, connections: u32) -> ConnectOptions {
    let mut connect = ConnectOptions::new(url);
    connect
        .max_connections(connections.max(1))
        .acquire_timeout(options.patience)
        .connect_timeout(options.patience)
        .sqlx_logging(false)
        .record_stmt_in_spans(false)
        // A file does not go away between two statements, and asking costs as much as a statement.
        .test_before_acquire(!url.starts_with("sqlite:"));
    if url.starts_with("sqlite:") {
        connect
            .max_lifetime(None::<Duration>)
            .idle_timeout(None::<Duration>);
    }
    connect
}

/// The address may carry a password, which does not belong into an error.
fn address(url: &str, reason: &str) -> StoreError {
    let shown = match (url.split_once("://"), url.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, rest))) => format!("{scheme}://…@{rest}"),
        _ => url.to_owned(),
    };
    StoreError::Address {
        address: shown,
        reason: reason.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::setting;
    use sea_orm::ConnectionTrait as _;

    /// As SQLite does by itself when the disk is full.
    #[tokio::test]
    async fn a_transaction_that_sqlite_ended_by_itself_spoils_no_later_one() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("store.db").display());
        let store = Store::open(&StoreOptions::new(&url)).await.unwrap();
        let tx = store.begin().await.unwrap();
        tx.inner.execute_unprepared("ROLLBACK").await.unwrap();
        drop(tx);
        drop(store.begin().await.unwrap());
        let tx = store.begin().await.unwrap();
        setting::set(&tx, "kept", "yes").await.unwrap();
        tx.commit().await.unwrap();
        let kept = setting::get(&store.read(), "kept").await.unwrap();
        assert_eq!(kept.as_deref(), Some("yes"));
    }

    #[tokio::test]
    async fn sqlite_acknowledges_what_is_on_the_disk_and_checks_references() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("store.db").display());
        let store = Store::open(&StoreOptions::new(&url)).await.unwrap();
        let tx = store.begin().await.unwrap();
        for (pragma, expected) in [("synchronous", 2), ("foreign_keys", 1), ("query_only", 0)] {
            let row = one(
                &tx,
                Sql::new(format!("SELECT {pragma} FROM pragma_{pragma}")),
            )
            .await;
            assert_eq!(
                i64::read(&row.unwrap().unwrap(), 0),
                Ok(expected),
                "{pragma}"
            );
        }
        let row = one(
            &tx,
            Sql::new("SELECT journal_mode FROM pragma_journal_mode"),
        )
        .await;
        assert_eq!(
            String::read(&row.unwrap().unwrap(), 0).as_deref(),
            Ok("wal")
        );
        let row = one(
            &store.read(),
            Sql::new("SELECT query_only FROM pragma_query_only"),
        )
        .await;
        assert_eq!(
            i64::read(&row.unwrap().unwrap(), 0),
            Ok(1),
            "a reader cannot write"
        );
    }
}
