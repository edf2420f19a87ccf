//! Reading and writing.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, QueryResult, Statement,
};

use crate::error::StoreError;
use crate::news::Bell;
use crate::sql::Sql;
use crate::turn::Turn;

/// Reads what is committed.
#[derive(Debug, Clone)]
pub struct Reader {
    pub(crate) pool: DatabaseConnection,
}

/// Reads and writes. What it wrote is kept by [`commit`](Self::commit), and undone when it is dropped without.
#[derive(Debug)]
pub struct Transaction {
    pub(crate) inner: DatabaseTransaction,
    /// On SQLite the right to write; it is given on after what was written is undone or kept.
    pub(crate) turn: Option<Turn>,
    pub(crate) bell: Arc<Bell>,
    /// Whether it appended to the feed of changes.
    pub(crate) has_news: AtomicBool,
}

impl Transaction {
    /// Makes everything that was written visible to others, all at once. When this returns it is on the disk.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database does not answer; whether it was kept is then not known.
    pub async fn commit(self) -> Result<(), StoreError> {
        match self.turn {
            Some(turn) => turn.commit(self.inner).await?,
            None => self.inner.commit().await?,
        }
        if self.has_news.into_inner() {
            self.bell.ring();
        }
        Ok(())
    }

    /// Undoes everything that was written. Dropping does the same, a little later.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database does not answer; nothing is kept then either.
    pub async fn rollback(self) -> Result<(), StoreError> {
        match self.turn {
            Some(turn) => turn.rollback(self.inner).await,
            None => Ok(self.inner.rollback().await?),
        }
    }

    pub(crate) fn is_postgres(&self) -> bool {
        self.inner.get_database_backend() == DbBackend::Postgres
    }

    /// Executes a statement and returns how many rows it changed.
    pub(crate) async fn execute(&self, sql: Sql) -> Result<u64, StoreError> {
        let statement = sql.into_statement(self.inner.get_database_backend());
        Ok(self.inner.execute_raw(statement).await?.rows_affected())
    }
}

/// What can be asked: a [`Reader`] or a [`Transaction`].
pub trait Connection: private::Asked {}

impl Connection for Reader {}
impl Connection for Transaction {}

pub(crate) mod private {
    use super::{ConnectionTrait, Reader, Statement, Transaction};
    use super::{DatabaseConnection, DatabaseTransaction, DbBackend, QueryResult, Sql, StoreError};

    /// Where a question goes. Nothing outside this crate can implement it or ask by it.
    #[derive(Debug, Clone, Copy)]
    pub enum Target<'a> {
        /// Any connection of a pool.
        Pool(&'a DatabaseConnection),
        /// The connection of a transaction.
        Transaction(&'a DatabaseTransaction),
    }

    impl Target<'_> {
        fn backend(self) -> DbBackend {
            match self {
                Self::Pool(pool) => pool.get_database_backend(),
                Self::Transaction(transaction) => transaction.get_database_backend(),
            }
        }

        async fn query_one(self, statement: Statement) -> Result<Option<QueryResult>, StoreError> {
            Ok(match self {
                Self::Pool(pool) => pool.query_one_raw(statement).await?,
                Self::Transaction(transaction) => transaction.query_one_raw(statement).await?,
            })
        }

        async fn query_all(self, statement: Statement) -> Result<Vec<QueryResult>, StoreError> {
            Ok(match self {
                Self::Pool(pool) => pool.query_all_raw(statement).await?,
                Self::Transaction(transaction) => transaction.query_all_raw(statement).await?,
            })
        }
    }

    /// The part of [`Connection`](super::Connection) that stays in this crate.
    pub trait Asked: Sync {
        /// Where questions go.
        fn target(&self) -> Target<'_>;
    }

    impl Asked for Reader {
        fn target(&self) -> Target<'_> {
            Target::Pool(&self.pool)
        }
    }

    impl Asked for Transaction {
        fn target(&self) -> Target<'_> {
            Target::Transaction(&self.inner)
        }
    }

    /// The first row of an answer.
    pub(crate) async fn one(on: &impl Asked, sql: Sql) -> Result<Option<QueryResult>, StoreError> {
        let target = on.target();
        target.query_one(sql.into_statement(target.backend())).await
    }

    /// Every row of an answer.
    pub(crate) async fn all(on: &impl Asked, sql: Sql) -> Result<Vec<QueryResult>, StoreError> {
        let target = on.target();
        target.query_all(sql.into_statement(target.backend())).await
    }

    /// Whether the engine is PostgreSQL, where the two must be asked differently.
    pub(crate) fn is_postgres(on: &impl Asked) -> bool {
        on.target().backend() == DbBackend::Postgres
    }
}

pub(crate) use private::{all, is_postgres, one};
