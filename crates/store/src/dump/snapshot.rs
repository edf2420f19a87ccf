//! The store as it is at one instant.

use futures::StreamExt as _;

use super::Cell;
use super::catalog::{self, Table};
use crate::connection::Transaction;
use crate::error::StoreError;
use crate::open::Store;
use crate::schema;
use crate::sql::Sql;

/// The store as it was when the snapshot was taken, whatever is written since. It holds a connection.
#[derive(Debug)]
pub struct Snapshot {
    tx: Transaction,
    steps: Vec<String>,
    tables: Vec<Table>,
}

impl Snapshot {
    /// Takes one.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database does not answer.
    pub async fn of(store: &Store) -> Result<Self, StoreError> {
        let tx = store.snapshot().await?;
        // The first question fixes the instant.
        let steps = schema::taken(&tx).await?;
        let tables = catalog::tables(&tx).await?;
        Ok(Self { tx, steps, tables })
    }

    /// The steps of the schema it was written by.
    #[must_use]
    pub fn steps(&self) -> &[String] {
        &self.steps
    }

    /// Its tables, by name.
    #[must_use]
    pub fn tables(&self) -> &[Table] {
        &self.tables
    }

    /// Gives every row of a table, in no order, as it comes from the database; stops at the first error.
    ///
    /// # Errors
    /// [`StoreError`] when a row cannot be read, and whatever `each` fails with.
    pub async fn rows<E: From<StoreError>>(
        &self,
        table: &Table,
        each: impl FnMut(Vec<Cell>) -> Result<(), E>,
    ) -> Result<(), E> {
        rows(&self.tx, table, each).await
    }
}

pub(super) async fn rows<E: From<StoreError>>(
    tx: &Transaction,
    table: &Table,
    mut each: impl FnMut(Vec<Cell>) -> Result<(), E>,
) -> Result<(), E> {
    let sql = Sql::new(table.select(tx.is_postgres()));
    let mut rows = std::pin::pin!(tx.stream(sql));
    while let Some(row) = rows.next().await {
        each(table.read(&row?)?)?;
    }
    Ok(())
}
