//! Rows that correspond to a struct, field by field.

use std::collections::BTreeSet;

use sea_orm::Value;

use crate::column::Field;
use crate::connection::{Connection, Transaction, all, one_by_key};
use crate::error::StoreError;
use crate::put_off::insertion;
use crate::row::Row;
use crate::sql::Sql;

/// A struct whose fields are the columns of a table.
pub(crate) trait Record: Sized {
    const TABLE: &'static str;
    /// The columns, the key first.
    const COLUMNS: &'static [&'static str];

    fn to_values(&self) -> Vec<Value>;

    /// Reads the columns from `first` on.
    fn read(row: &Row, first: usize) -> Result<Self, StoreError>;
}

/// Says that a struct is kept in a table whose columns are named as its fields.
macro_rules! record {
    ($type:ident in $table:literal { $($field:ident),* $(,)? } $(but $skipped:ident: $value:expr)?) => {
        impl $crate::record::Record for $type {
            const TABLE: &'static str = $table;
            const COLUMNS: &'static [&'static str] = &[$(stringify!($field)),*];

            fn to_values(&self) -> Vec<sea_orm::Value> {
                vec![$($crate::column::Field::to_value(&self.$field)),*]
            }

            fn read(row: &$crate::row::Row, first: usize) -> Result<Self, $crate::error::StoreError> {
                let mut index = first;
                $(
                    let $field = $crate::column::Field::read(row, index)?;
                    index += 1;
                )*
                let _ = index;
                Ok(Self { $($field,)* $($skipped: $value,)? })
            }
        }
    };
}
pub(crate) use record;

/// How many values one statement may bind, below SQLite's 32,766 and PostgreSQL's 65,535.
const MOST_VALUES: usize = 10_000;

/// `SELECT …columns… FROM table t`.
pub(crate) fn select<T: Record>() -> Sql {
    Sql::new(format!("SELECT {} FROM {} t", columns::<T>("t."), T::TABLE))
}

/// The columns between commas, each after a prefix.
pub(crate) fn columns<T: Record>(prefix: &str) -> String {
    let mut text = String::new();
    for (index, column) in T::COLUMNS.iter().enumerate() {
        if index > 0 {
            text.push_str(", ");
        }
        text.push_str(prefix);
        text.push_str(column);
    }
    text
}

/// The row that an index finds.
pub(crate) async fn fetch_one<T: Record>(
    on: &impl Connection,
    sql: Sql,
) -> Result<Option<T>, StoreError> {
    let row = one_by_key(on, sql).await?;
    row.map(|row| T::read(&row, 0)).transpose()
}

pub(crate) async fn fetch_all<T: Record>(
    on: &impl Connection,
    sql: Sql,
) -> Result<Vec<T>, StoreError> {
    all(on, sql)
        .await?
        .iter()
        .map(|row| T::read(row, 0))
        .collect()
}

/// Inserts rows, several with each statement.
pub(crate) async fn insert_all<'a, T: Record + 'a>(
    tx: &Transaction,
    rows: impl IntoIterator<Item = &'a T>,
) -> Result<(), StoreError> {
    let rows = rows.into_iter().map(Record::to_values).collect();
    insert_values(tx, T::TABLE, T::COLUMNS, rows, "").await
}

/// Inserts rows given as values; `ending` is what to do about a conflict. Where there are many, SQLite writes them while the
/// caller goes on, and what goes wrong is told by whatever the transaction does next.
pub(crate) async fn insert_values(
    tx: &Transaction,
    table: &str,
    columns: &[&str],
    rows: Vec<Vec<Value>>,
    ending: &str,
) -> Result<(), StoreError> {
    if rows.is_empty() {
        return Ok(());
    }
    if tx.is_postgres() {
        for sql in insertions(true, table, columns, rows, ending) {
            tx.execute(sql).await?;
        }
        return Ok(());
    }
    tx.execute_each(row_by_row(table, columns, ending), rows)
        .await
}

/// The statement that inserts a row.
pub(crate) fn row_by_row(table: &str, columns: &[&str], ending: &str) -> String {
    let places = vec!["?"; columns.len()].join(", ");
    let columns = columns.join(", ");
    format!("INSERT INTO {table} ({columns}) VALUES ({places}){ending}")
}

/// The statements that insert rows given as values; `ending` is what to do about a conflict.
pub(crate) fn insertions(
    on_postgres: bool,
    table: &str,
    columns: &[&str],
    rows: Vec<Vec<Value>>,
    ending: &str,
) -> Vec<Sql> {
    let at_once = (MOST_VALUES / columns.len().max(1)).max(1);
    let mut rows = rows.into_iter().peekable();
    let mut statements = Vec::new();
    while rows.peek().is_some() {
        let part = rows.by_ref().take(at_once).collect();
        statements.push(insertion(on_postgres, table, columns, part, ending));
    }
    statements
}

/// Inserts rows with a column that the record does not have.
pub(crate) async fn insert_with<'a, T: Record + 'a>(
    tx: &Transaction,
    rows: impl IntoIterator<Item = &'a T>,
    column: &'static str,
    value: impl Fn(&T) -> Value,
) -> Result<(), StoreError> {
    let columns: Vec<&str> = T::COLUMNS.iter().copied().chain([column]).collect();
    let rows = rows
        .into_iter()
        .map(|row| row.to_values().into_iter().chain([value(row)]).collect())
        .collect();
    insert_values(tx, T::TABLE, &columns, rows, "").await
}

/// The columns with their values, the key first.
fn named_values<T: Record>(row: &T) -> impl Iterator<Item = (&'static str, Value)> {
    T::COLUMNS.iter().copied().zip(row.to_values())
}

/// The columns in which a row differs from what it was. To write only these spares the indexes of all others: SQLite
/// renews an index as soon as a statement names one of its columns, whether the value is another or not.
pub(crate) fn changed_columns<T: Record>(before: &T, after: &T) -> Vec<&'static str> {
    let pairs = named_values(before).zip(named_values(after));
    let changed = pairs.filter(|(before, after)| before != after);
    changed.map(|(_, (column, _))| column).collect()
}

/// `UPDATE table SET … WHERE key = …` of some columns and of further ones, to be narrowed further.
pub(crate) fn update_sql<T: Record>(
    row: &T,
    written: &[&str],
    further: Vec<(&'static str, Value)>,
) -> Sql {
    let mut sql = Sql::new(format!("UPDATE {} SET ", T::TABLE));
    let key = row.to_values().into_iter().next();
    let columns = named_values(row)
        .filter(|(column, _)| written.contains(column))
        .chain(further);
    for (index, (column, value)) in columns.enumerate() {
        if index > 0 {
            sql.push(", ");
        }
        sql.push(column).push(" = ").bind_value(value);
    }
    if let (Some(column), Some(key)) = (T::COLUMNS.first(), key) {
        sql.push(" WHERE ").push(column).push(" = ").bind_value(key);
    }
    sql
}

/// Writes the row with the record's key, and refuses when there is none.
pub(crate) async fn update<T: Record>(tx: &Transaction, row: &T) -> Result<(), StoreError> {
    update_with(tx, row, Vec::new()).await
}

/// Writes the row with the record's key and further columns, and refuses when there is none.
pub(crate) async fn update_with<T: Record>(
    tx: &Transaction,
    row: &T,
    further: Vec<(&'static str, Value)>,
) -> Result<(), StoreError> {
    let columns = T::COLUMNS.get(1..).unwrap_or_default();
    must_find::<T>(tx, update_sql(row, columns, further)).await
}

/// Writes some columns of the row with the record's key, and refuses when there is none.
pub(crate) async fn update_columns<T: Record>(
    tx: &Transaction,
    row: &T,
    columns: &[&str],
) -> Result<(), StoreError> {
    must_find::<T>(tx, update_sql(row, columns, Vec::new())).await
}

async fn must_find<T: Record>(tx: &Transaction, sql: Sql) -> Result<(), StoreError> {
    match tx.execute(sql).await? {
        0 => Err(StoreError::Conflict(format!(
            "the {} is not there",
            T::TABLE
        ))),
        _ => Ok(()),
    }
}

/// Removes the row with a key, and says whether there was one.
pub(crate) async fn remove<T: Record>(
    tx: &Transaction,
    key: &impl Field,
) -> Result<bool, StoreError> {
    let column = T::COLUMNS.first().copied().unwrap_or("id");
    let sql =
        Sql::new(format!("DELETE FROM {}", T::TABLE)).with(&format!(" WHERE {column} = "), key);
    Ok(tx.execute(sql).await? > 0)
}

/// The row with a key.
pub(crate) async fn find<T: Record>(
    on: &impl Connection,
    key: &impl Field,
) -> Result<Option<T>, StoreError> {
    let column = T::COLUMNS.first().copied().unwrap_or("id");
    fetch_one(
        on,
        select::<T>().with(&format!(" WHERE t.{column} = "), key),
    )
    .await
}

/// The row with a key, which no other transaction writes until this one ends: whoever reads a row to write it again
/// reads it by this. On SQLite a transaction that may write excludes every other already.
pub(crate) async fn lock<T: Record>(
    tx: &Transaction,
    key: &impl Field,
) -> Result<Option<T>, StoreError> {
    let column = T::COLUMNS.first().copied().unwrap_or("id");
    let mut sql = select::<T>().with(&format!(" WHERE t.{column} = "), key);
    if tx.is_postgres() {
        sql.push(" FOR UPDATE");
    }
    fetch_one(tx, sql).await
}

/// The rows with these keys, in no order.
pub(crate) async fn find_many<T: Record>(
    on: &impl Connection,
    keys: &[impl Field],
) -> Result<Vec<T>, StoreError> {
    let column = T::COLUMNS.first().copied().unwrap_or("id");
    let mut found = Vec::new();
    for keys in keys.chunks(5_000) {
        let mut sql = select::<T>();
        sql.push(&format!(" WHERE t.{column} IN ("))
            .bind_set(keys)
            .push(")");
        found.extend(fetch_all::<T>(on, sql).await?);
    }
    Ok(found)
}

/// Writes rows by a statement, skipping nothing: those that are there are replaced, the others added. `key` is the
/// unique columns between commas.
pub(crate) async fn upsert_all<'a, T: Record + 'a>(
    tx: &Transaction,
    rows: impl IntoIterator<Item = &'a T>,
    key: &str,
) -> Result<(), StoreError> {
    upsert_with(tx, rows, key, &settable::<T>(key), "").await
}

/// As [`upsert_all`], but rows that stand there already as they are to be are left alone.
pub(crate) async fn upsert_changed<'a, T: Record + 'a>(
    tx: &Transaction,
    rows: impl IntoIterator<Item = &'a T>,
    key: &str,
) -> Result<(), StoreError> {
    let columns = settable::<T>(key);
    let of = |row: &str| {
        let values: Vec<String> = columns.iter().map(|it| format!("{row}.{it}")).collect();
        values.join(", ")
    };
    let differs = format!(
        " WHERE ({}) IS DISTINCT FROM ({})",
        of(T::TABLE),
        of("excluded")
    );
    upsert_with(tx, rows, key, &columns, &differs).await
}

/// As [`upsert_all`], but of rows that are there only some columns are written.
pub(crate) async fn upsert_columns<'a, T: Record + 'a>(
    tx: &Transaction,
    rows: impl IntoIterator<Item = &'a T>,
    key: &str,
    columns: &[&str],
) -> Result<(), StoreError> {
    upsert_with(tx, rows, key, columns, "").await
}

/// Writes rows that are there, each beside what it was, several with each statement: the columns in which one of them
/// differs, of those that differ.
pub(crate) async fn update_many<'a, T: Record + 'a>(
    tx: &Transaction,
    rows: impl IntoIterator<Item = (&'a T, &'a T)>,
) -> Result<(), StoreError> {
    let mut columns = BTreeSet::new();
    let mut changed = Vec::new();
    for (before, row) in rows {
        let differing = changed_columns(before, row);
        if !differing.is_empty() {
            columns.extend(differing);
            changed.push(row);
        }
    }
    let columns: Vec<&str> = columns.into_iter().collect();
    upsert_columns(
        tx,
        changed,
        T::COLUMNS.first().copied().unwrap_or("id"),
        &columns,
    )
    .await
}

/// All columns but those of a key.
fn settable<T: Record>(key: &str) -> Vec<&'static str> {
    let keys: Vec<&str> = key.split(", ").collect();
    let columns = T::COLUMNS.iter().copied();
    columns.filter(|column| !keys.contains(column)).collect()
}

async fn upsert_with<'a, T: Record + 'a>(
    tx: &Transaction,
    rows: impl IntoIterator<Item = &'a T>,
    key: &str,
    columns: &[&str],
    condition: &str,
) -> Result<(), StoreError> {
    let set: Vec<String> = columns
        .iter()
        .map(|column| format!("{column} = excluded.{column}"))
        .collect();
    let set = set.join(", ");
    let ending = format!(" ON CONFLICT ({key}) DO UPDATE SET {set}{condition}");
    let rows = rows.into_iter().map(Record::to_values).collect();
    insert_values(tx, T::TABLE, T::COLUMNS, rows, &ending).await
}
