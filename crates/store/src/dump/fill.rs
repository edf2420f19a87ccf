//! Filling an empty store.

use sea_orm::Value;

use super::Cell;
use super::catalog::{self, Kind, TICKET_NUMBER, Table};
use super::snapshot;
use crate::column::Field;
use crate::connection::{Transaction, all, one};
use crate::error::StoreError;
use crate::open::{Store, StoreOptions};
use crate::record::insert_values;
use crate::schema;
use crate::sql::Sql;

/// A store that is being filled. Nothing of it is there until [`finish`](Self::finish) has returned.
#[derive(Debug)]
pub struct Filling {
    store: Store,
    tx: Transaction,
    tables: Vec<Table>,
    /// The references between tables of PostgreSQL, which are checked at the end: table, name, definition.
    references: Vec<(String, String, String)>,
}

impl Filling {
    /// Makes the store at an address, by the steps of the schema that were there when the rows were read, and begins to
    /// fill it.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when there is something in it, [`StoreError::NewerSchema`] when the rows were read from
    /// a store of a newer version, and as [`Store::open`].
    pub async fn begin(options: &StoreOptions, steps: &[String]) -> Result<Self, StoreError> {
        let store = Store::open_at(options, steps).await?;
        let tx = store.begin().await?;
        let tables = catalog::tables(&tx).await?;
        schema::forget_needs(&tx).await?;
        for table in tables.iter().filter(|table| !table.is_ticket_number()) {
            let sql = format!("SELECT 1 FROM {} LIMIT 1", table.name);
            if one(&tx, Sql::new(sql)).await?.is_some() {
                return Err(StoreError::Conflict(format!(
                    "the store is not empty: there is something in {}",
                    table.name
                )));
            }
        }
        let mut references = Vec::new();
        if tx.is_postgres() {
            let sql = "SELECT conrelid::regclass::text, conname::text, pg_get_constraintdef(oid) FROM pg_constraint \
                       WHERE contype = 'f' AND connamespace = current_schema()::regnamespace";
            for row in all(&tx, Sql::new(sql)).await? {
                references.push((
                    Field::read(&row, 0)?,
                    Field::read(&row, 1)?,
                    Field::read(&row, 2)?,
                ));
            }
            for (table, name, _) in &references {
                let sql = format!("ALTER TABLE {table} DROP CONSTRAINT {name}");
                tx.run(&sql).await?;
            }
        } else {
            tx.run("PRAGMA defer_foreign_keys = ON").await?;
        }
        Ok(Self {
            store,
            tx,
            tables,
            references,
        })
    }

    /// The table of a name, with the columns that rows of it must have.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when there is none, or with other columns.
    pub fn table(&self, name: &str, columns: &[(String, Kind)]) -> Result<Table, StoreError> {
        let known = self.tables.iter().find(|table| table.name == name);
        let known = known.filter(|table| {
            table
                .columns()
                .eq(columns.iter().map(|(name, kind)| (name.as_str(), *kind)))
        });
        known.cloned().ok_or_else(|| {
            StoreError::Corrupt(format!("the table {name} has other columns than this one"))
        })
    }

    /// Writes rows.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when a row does not fit, [`StoreError::Conflict`] when one is there already.
    pub async fn insert(&self, table: &Table, rows: Vec<Vec<Cell>>) -> Result<(), StoreError> {
        let mut values = Vec::with_capacity(rows.len());
        for row in rows {
            let row: Result<Vec<Value>, StoreError> = table
                .columns
                .iter()
                .zip(row)
                .map(|(column, cell)| column.value(cell))
                .collect();
            values.push(row?);
        }
        if table.is_ticket_number() {
            return self.set_ticket_number(values).await;
        }
        let columns: Vec<&str> = table
            .columns
            .iter()
            .map(|column| column.name.as_str())
            .collect();
        insert_values(&self.tx, &table.name, &columns, values, "").await
    }

    async fn set_ticket_number(&self, rows: Vec<Vec<Value>>) -> Result<(), StoreError> {
        let Some(Value::BigInt(Some(last))) = rows.into_iter().flatten().next() else {
            return Ok(());
        };
        let sql = match (self.tx.is_postgres(), last) {
            (true, ..1) => return Ok(()),
            (true, _) => format!("SELECT setval('{TICKET_NUMBER}', {last})"),
            (false, _) => format!("UPDATE {TICKET_NUMBER} SET last = {last}"),
        };
        self.tx.run(&sql).await?;
        Ok(())
    }

    /// Gives every row of a table as it was written.
    ///
    /// # Errors
    /// As [`Snapshot::rows`](super::Snapshot::rows).
    pub async fn rows<E: From<StoreError>>(
        &self,
        table: &Table,
        each: impl FnMut(Vec<Cell>) -> Result<(), E>,
    ) -> Result<(), E> {
        snapshot::rows(&self.tx, table, each).await
    }

    /// Checks the references between the rows and keeps everything, all at once.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when a row refers to one that is not there.
    pub async fn finish(self) -> Result<(), StoreError> {
        schema::make_anew(&self.tx).await?;
        for (table, name, definition) in &self.references {
            let sql = format!("ALTER TABLE {table} ADD CONSTRAINT {name} {definition}");
            self.tx.run(&sql).await?;
        }
        if self.tx.is_postgres() {
            // Keys that count by themselves go on after the last one.
            let sql = "SELECT table_name::text, column_name::text FROM information_schema.columns \
                       WHERE table_schema = current_schema() AND is_identity = 'YES'";
            for row in all(&self.tx, Sql::new(sql)).await? {
                let (table, column): (String, String) =
                    (Field::read(&row, 0)?, Field::read(&row, 1)?);
                let sql = format!(
                    "SELECT setval(pg_get_serial_sequence('{table}', '{column}'), GREATEST(MAX({column}), 1)) FROM {table}"
                );
                self.tx.run(&sql).await?;
            }
        }
        self.tx.commit().await?;
        self.store.learn().await;
        self.store.close().await
    }
}
