//! Opening the store.

mod compress;
mod learn;

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use sea_orm::sqlx::postgres::PgConnectOptions;
use sea_orm::{
    AccessMode, ConnectOptions, Database, DatabaseConnection, IsolationLevel, TransactionOptions,
    TransactionTrait as _,
};
use tempfile::TempDir;
use tracing::field::Empty;
use tracing::{Level, Span};

use crate::column::Field;
use crate::connection::{Inner, Pool, Reader, Transaction, again, one};
use crate::error::StoreError;
use crate::news::Bell;
use crate::schema;
use crate::sql::Sql;
use crate::sqlite::{self, Bounds, Looking, Readers, Writers};

/// How many statements a connection to PostgreSQL keeps ready, more than the program has of them.
const STATEMENTS: usize = 400;

/// How often it is tried to bring the schema up to date.
const MIGRATIONS: usize = 5;

/// A connection that nobody used for so long is asked for a sign of life before it is used.
const RESTED: Duration = Duration::from_secs(1);

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
    engine: Engine,
    /// Rung when changes were committed.
    pub(crate) bell: Arc<Bell>,
    rare_commits: Arc<AtomicU64>,
    /// The folder of a database that is to vanish.
    _folder: Option<Arc<TempDir>>,
}

#[derive(Debug, Clone)]
enum Engine {
    Sqlite { readers: Readers, writers: Writers },
    Postgres(DatabaseConnection),
}

impl Store {
    /// Opens the store, makes it if it is not there, and brings its schema up to date.
    ///
    /// # Errors
    /// [`StoreError::Address`] for an address that names no database, [`StoreError::NewerSchema`] for a database that
    /// a newer version has used, and [`StoreError::Unavailable`] when it cannot be reached.
    pub async fn open(options: &StoreOptions) -> Result<Self, StoreError> {
        let store = Self::connect(options).await?;
        let mut tries = MIGRATIONS;
        loop {
            tries -= 1;
            match store.migrate().await {
                // Another node was in the way, as where each of the two waits for what the other holds.
                Err(error @ StoreError::Unavailable(_)) if store.is_shared() && tries > 0 => {
                    tracing::warn!(%error, "the schema is brought up to date once more");
                }
                outcome => return outcome.map(|()| store),
            }
        }
    }

    async fn migrate(&self) -> Result<(), StoreError> {
        let tx = self.begin().await?;
        schema::migrate(&tx).await?;
        tx.commit().await
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
            Self::open_sqlite(options, file(&options.url)?, true).await?
        } else if options.url.starts_with("postgres:") || options.url.starts_with("postgresql:") {
            Self::open_postgres(options).await?
        } else {
            return Err(address(&options.url, "no known scheme"));
        })
    }

    /// Reads what is committed.
    #[must_use]
    pub fn read(&self) -> Reader {
        let pool = match &self.engine {
            Engine::Sqlite { readers, .. } => Pool::Sqlite(readers.clone()),
            Engine::Postgres(pool) => Pool::Postgres(pool.clone()),
        };
        Reader { pool }
    }

    /// Begins to write. On SQLite one transaction at a time is open, so keep it short, and never begin one inside
    /// another. Those that are begun while others wait share a write to the disk.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database does not answer in time.
    pub async fn begin(&self) -> Result<Transaction, StoreError> {
        // Made before the wait for a turn, so that what is seen of it from outside holds the wait.
        let span = self.span();
        let inner = match &self.engine {
            Engine::Sqlite { writers, .. } => Inner::Sqlite(writers.begin().await?),
            Engine::Postgres(pool) => Inner::Postgres(again(|| pool.begin()).await?),
        };
        Ok(Transaction {
            span,
            ..self.within(inner)
        })
    }

    /// Begins to look at what is to be changed, beside others who write. On SQLite what is to be written waits for
    /// [`Transaction::take_turn`]; what was read may not hold any more then, which
    /// [`ticket::update_locked`](crate::ticket::update_locked) sees of tickets. On PostgreSQL, where rows are locked as they are read, as
    /// [`Store::begin`].
    ///
    /// # Errors
    /// As [`Store::begin`].
    pub async fn begin_looking(&self) -> Result<Transaction, StoreError> {
        let Engine::Sqlite { writers, readers } = &self.engine else {
            return self.begin().await;
        };
        let span = self.span();
        let looking = Looking::begin(readers, writers).await?;
        Ok(Transaction {
            span,
            ..self.within(Inner::Looking(looking))
        })
    }

    /// The span of a transaction. One that belongs to nothing has none: those of a worker that finds nothing to do would bury
    /// everything else.
    fn span(&self) -> Span {
        if !tracing::span_enabled!(Level::DEBUG) || Span::current().is_none() {
            return Span::none();
        }
        let engine = match &self.engine {
            Engine::Sqlite { .. } => "sqlite",
            Engine::Postgres(_) => "postgresql",
        };
        tracing::debug_span!("transaction", engine, committed = Empty)
    }

    /// Sees the store as it is when it is first asked, whatever is written since.
    pub(crate) async fn snapshot(&self) -> Result<Transaction, StoreError> {
        let inner = match &self.engine {
            Engine::Postgres(pool) => {
                let options = TransactionOptions {
                    isolation_level: Some(IsolationLevel::RepeatableRead),
                    access_mode: Some(AccessMode::ReadOnly),
                    ..TransactionOptions::default()
                };
                Inner::Postgres(pool.begin_with_options(options).await?)
            }
            Engine::Sqlite { readers, .. } => {
                let lent = readers.lend().await?;
                lent.shared().session().run("BEGIN")?;
                Inner::Snapshot(lent)
            }
        };
        Ok(self.within(inner))
    }

    fn within(&self, inner: Inner) -> Transaction {
        let is_sqlite = matches!(inner, Inner::Sqlite(_) | Inner::Looking(_));
        let is_postgres = matches!(inner, Inner::Postgres(_));
        Transaction {
            inner,
            to_index: is_sqlite.then(Mutex::default),
            put_off: is_postgres.then(Mutex::default),
            bell: Arc::clone(&self.bell),
            has_news: AtomicBool::new(false),
            is_rare: AtomicBool::new(false),
            rare_commits: Arc::clone(&self.rare_commits),
            span: Span::none(),
        }
    }

    /// Whether several nodes may share it: then a statement is a round trip, and several transactions write side by side.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        self.postgres().is_some()
    }

    /// How many commits of this store may have changed agents, teams, tokens, subscriptions or settings. What was read of these before the number
    /// grew may not hold any more; what others commit to the same database is not counted.
    #[must_use]
    pub fn rare_commits(&self) -> u64 {
        self.rare_commits.load(Ordering::SeqCst)
    }

    /// The pool of PostgreSQL.
    pub(crate) fn postgres(&self) -> Option<&DatabaseConnection> {
        match &self.engine {
            Engine::Postgres(pool) => Some(pool),
            Engine::Sqlite { .. } => None,
        }
    }

    #[cfg(test)]
    pub(crate) fn writers(&self) -> Option<&Writers> {
        match &self.engine {
            Engine::Sqlite { writers, .. } => Some(writers),
            Engine::Postgres(_) => None,
        }
    }

    /// Asks the database for a sign of life.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when there is none.
    pub async fn ping(&self) -> Result<(), StoreError> {
        if let Engine::Sqlite { writers, .. } = &self.engine {
            writers.ping().await?;
        }
        one(&self.read(), Sql::new("SELECT 1")).await?;
        Ok(())
    }

    /// The time of a database that several nodes share, by which they agree; nothing where the store is a file of this
    /// machine.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database does not answer.
    pub async fn shared_time(&self) -> Result<Option<Timestamp>, StoreError> {
        if self.postgres().is_none() {
            return Ok(None);
        }
        let sql = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint";
        let row = one(&self.read(), Sql::new(sql)).await?;
        row.map(|row| Field::read(&row, 0)).transpose()
    }

    /// The connections that are open just now. On PostgreSQL readers and writers share one pool.
    #[must_use]
    pub fn connections(&self) -> Vec<PoolStanding> {
        match &self.engine {
            Engine::Postgres(pool) => {
                let pool = pool.get_postgres_connection_pool();
                let open = pool.size();
                vec![PoolStanding {
                    name: "shared",
                    open,
                    idle: u32::try_from(pool.num_idle()).unwrap_or(open),
                }]
            }
            Engine::Sqlite { readers, writers } => {
                let (open, idle) = readers.standing();
                vec![
                    PoolStanding {
                        name: "readers",
                        open,
                        idle,
                    },
                    PoolStanding {
                        name: "writer",
                        open: 1,
                        idle: writers.is_idle().into(),
                    },
                ]
            }
        }
    }

    /// Closes every connection once it is no longer used. What was committed is safe without.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when PostgreSQL does not answer.
    pub async fn close(self) -> Result<(), StoreError> {
        match self.engine {
            Engine::Postgres(pool) => Ok(pool.close().await?),
            Engine::Sqlite { readers, .. } => {
                readers.close();
                Ok(())
            }
        }
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
        let file = folder.path().join("store.db");
        let mut store = Self::open_sqlite(options, file, false).await?;
        store._folder = Some(Arc::new(folder));
        Ok(store)
    }

    async fn open_sqlite(
        options: &StoreOptions,
        path: PathBuf,
        is_durable: bool,
    ) -> Result<Self, StoreError> {
        let opening = sqlite::Options {
            path,
            patience: options.patience,
            is_durable,
            log: Bounds::USUAL,
        };
        let readers = Readers::new(opening.clone(), options.connections.max(1));
        let writers = sqlite::apart(move || Writers::open(opening)).await?;
        Ok(Self {
            engine: Engine::Sqlite { readers, writers },
            bell: Arc::default(),
            rare_commits: Arc::default(),
            _folder: None,
        })
    }

    async fn open_postgres(options: &StoreOptions) -> Result<Self, StoreError> {
        options
            .url
            .parse::<PgConnectOptions>()
            .map_err(|error| address(&options.url, &error.to_string()))?;
        let mut connect = ConnectOptions::new(&options.url);
        connect
            .max_connections(options.connections.max(1))
            .acquire_timeout(options.patience)
            .connect_timeout(options.patience)
            .sqlx_logging(false)
            .record_stmt_in_spans(false)
            .set_application_name("mainstay")
            // Whoever begins or reads by a connection that was lost meanwhile takes another.
            .test_before_acquire_if_idle_for(RESTED)
            .map_sqlx_postgres_opts(|postgres| postgres.statement_cache_capacity(STATEMENTS))
            .map_sqlx_postgres_pool_opts(compress::by_lz4);
        let pool = Database::connect(connect).await?;
        Ok(Self {
            engine: Engine::Postgres(pool),
            bell: Arc::default(),
            rare_commits: Arc::default(),
            _folder: None,
        })
    }
}

/// The file that an address names.
fn file(url: &str) -> Result<PathBuf, StoreError> {
    let path = url.strip_prefix("sqlite:").unwrap_or(url);
    let path = path.strip_prefix("//").unwrap_or(path);
    if path.is_empty() {
        return Err(address(url, "it names no file"));
    }
    if path.contains('?') {
        return Err(address(url, "it takes no options"));
    }
    Ok(PathBuf::from(path))
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

    /// As SQLite does by itself when the disk is full.
    #[tokio::test]
    async fn a_transaction_that_sqlite_ended_by_itself_spoils_no_later_one() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("store.db").display());
        let store = Store::open(&StoreOptions::new(&url)).await.unwrap();
        let tx = store.begin().await.unwrap();
        tx.run("ROLLBACK").await.unwrap();
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
        for (pragma, expected) in [("synchronous", 1), ("foreign_keys", 1), ("query_only", 0)] {
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
