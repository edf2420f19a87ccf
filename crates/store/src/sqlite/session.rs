//! A connection to the file.

use std::path::PathBuf;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::types::{ToSql, ToSqlOutput, Value as Cell, ValueRef};
use rusqlite::{Connection, ErrorCode, OpenFlags, Rows, Statement};
use sea_orm::Value;

use super::log::{Bounds, Length};
use crate::error::StoreError;
use crate::row::Row;
use crate::sql::Sql;

/// How many statements a connection keeps ready, more than the program has of them.
const STATEMENTS: usize = 400;

/// How long the file of the log stays once it is begun anew, in bytes: somewhat longer than the log becomes, so that room need not be
/// made for it each time.
const LONGEST_LOG: u64 = 192 << 20;

/// A transaction that reads first and writes later would fail when another process has written in between: it must hold the right
/// to write from the start.
const BEGIN: &str = "BEGIN IMMEDIATE";

/// How a connection is opened.
#[derive(Debug, Clone)]
pub(crate) struct Options {
    /// The file.
    pub(crate) path: PathBuf,
    /// How long a statement waits for another process.
    pub(crate) patience: Duration,
    /// Whether a commit waits until it is on the disk.
    pub(crate) is_durable: bool,
    /// How long its log may become.
    pub(crate) log: Bounds,
}

/// A connection to the file.
#[derive(Debug)]
pub(crate) struct Session {
    connection: Connection,
    patience: Duration,
}

impl Session {
    /// Opens the file, and makes it where there is none.
    pub(crate) fn open(options: &Options) -> Result<Self, StoreError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&options.path, flags)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        // Whoever commits sees to it that the log is on the disk, and when it is copied: see `log`.
        let synchronous = if options.is_durable { "NORMAL" } else { "OFF" };
        keep_a_log(&connection, options.patience)?;
        connection.busy_timeout(options.patience)?;
        // Else SQLite would make the plan of a statement anew each time that a limit is bound to it.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        connection.execute_batch(&format!(
            "PRAGMA synchronous = {synchronous}; PRAGMA foreign_keys = ON; PRAGMA wal_autocheckpoint = 0; \
             PRAGMA journal_size_limit = {LONGEST_LOG}; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -32768"
        ))?;
        Ok(Self {
            connection,
            patience: options.patience,
        })
    }

    /// Opens the file for those who only read.
    pub(crate) fn open_to_read(options: &Options) -> Result<Self, StoreError> {
        let session = Self::open(options)?;
        session.run("PRAGMA query_only = ON")?;
        Ok(session)
    }

    /// Whether a transaction is open. SQLite ends one by itself when the disk is full or broken.
    pub(crate) fn is_in_transaction(&self) -> bool {
        !self.connection.is_autocommit()
    }

    /// Carries out statements without values.
    pub(crate) fn run(&self, statements: &str) -> Result<(), StoreError> {
        Ok(self.connection.execute_batch(statements)?)
    }

    /// Carries out a statement without values that is used often.
    pub(crate) fn run_often(&self, statement: &'static str) -> Result<(), StoreError> {
        self.connection.prepare_cached(statement)?.raw_execute()?;
        Ok(())
    }

    /// Begins a transaction that holds the right to write, unless another process has it now.
    pub(crate) fn begin_at_once(&self) -> Result<bool, StoreError> {
        self.connection.busy_timeout(Duration::ZERO)?;
        let begun = self.connection.prepare_cached(BEGIN)?.raw_execute();
        self.connection.busy_timeout(self.patience)?;
        match begun {
            Ok(_) => Ok(true),
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// The same, waiting for another process.
    pub(crate) fn begin(&self) -> Result<(), StoreError> {
        self.run_often(BEGIN)
    }

    /// How long the log is.
    pub(crate) fn log(&self) -> Result<Length, StoreError> {
        self.length("PRAGMA wal_checkpoint(NOOP)")
    }

    /// Copies from the log into the file what nobody needs there, beside those who read and write.
    pub(crate) fn copy_log(&self) -> Result<Length, StoreError> {
        self.length("PRAGMA wal_checkpoint(PASSIVE)")
    }

    fn length(&self, question: &'static str) -> Result<Length, StoreError> {
        let mut statement = self.connection.prepare_cached(question)?;
        // The first cell tells whether somebody was in the way. Without a log there is -1 in the others.
        Ok(statement.query_row([], |row| {
            let pages = |pages: i64| u64::try_from(pages).unwrap_or(0);
            Ok(Length {
                written: pages(row.get(1)?),
                copied: pages(row.get(2)?),
            })
        })?)
    }

    /// Carries out a statement and returns how many rows it changed.
    pub(crate) fn execute(&self, sql: &Sql) -> Result<u64, StoreError> {
        let mut statement = self.connection.prepare_cached(sql.text())?;
        bind(&mut statement, sql.values())?;
        Ok(u64::try_from(statement.raw_execute()?).unwrap_or(u64::MAX))
    }

    /// Carries out a statement once with each row of values.
    pub(crate) fn execute_each(&self, text: &str, rows: &[Vec<Value>]) -> Result<(), StoreError> {
        let mut statement = self.connection.prepare_cached(text)?;
        for row in rows {
            bind(&mut statement, row)?;
            statement.raw_execute()?;
        }
        Ok(())
    }

    /// The first row of an answer.
    pub(crate) fn one(&self, sql: &Sql) -> Result<Option<Row>, StoreError> {
        let mut found = None;
        self.each(sql, |row| {
            found = Some(row);
            false
        })?;
        Ok(found)
    }

    /// Every row of an answer.
    pub(crate) fn all(&self, sql: &Sql) -> Result<Vec<Row>, StoreError> {
        let mut found = Vec::new();
        self.each(sql, |row| {
            found.push(row);
            true
        })?;
        Ok(found)
    }

    /// Gives the rows of an answer, for as long as they are wanted.
    pub(crate) fn each(
        &self,
        sql: &Sql,
        mut is_wanted: impl FnMut(Row) -> bool,
    ) -> Result<(), StoreError> {
        let mut statement = self.connection.prepare_cached(sql.text())?;
        bind(&mut statement, sql.values())?;
        let columns = statement.column_count();
        let mut rows: Rows<'_> = statement.raw_query();
        while let Some(row) = rows.next()? {
            let cells: Result<Vec<Cell>, StoreError> = (0..columns)
                .map(|index| cell(index, row.get_ref(index)?))
                .collect();
            if !is_wanted(Row::Sqlite(cells?)) {
                break;
            }
        }
        Ok(())
    }
}

fn bind(statement: &mut Statement<'_>, values: &[Value]) -> Result<(), StoreError> {
    for (index, value) in values.iter().enumerate() {
        statement.raw_bind_parameter(index + 1, Bound(value))?;
    }
    Ok(())
}

/// A value as SQLite keeps it.
struct Bound<'a>(&'a Value);

impl ToSql for Bound<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let value = match self.0 {
            Value::Bool(value) => value.map(|value| ValueRef::Integer(value.into())),
            Value::BigInt(value) => value.map(ValueRef::Integer),
            Value::Double(value) => value.map(ValueRef::Real),
            Value::String(value) => value.as_ref().map(|value| ValueRef::Text(value.as_bytes())),
            Value::Bytes(value) => value.as_deref().map(ValueRef::Blob),
            Value::Uuid(value) => value.as_ref().map(|value| ValueRef::Blob(value.as_bytes())),
            other => {
                let what = format!("no column holds {other:?}");
                return Err(rusqlite::Error::ToSqlConversionFailure(what.into()));
            }
        };
        Ok(ToSqlOutput::Borrowed(value.unwrap_or(ValueRef::Null)))
    }
}

fn cell(index: usize, value: ValueRef<'_>) -> Result<Cell, StoreError> {
    Ok(match value {
        ValueRef::Null => Cell::Null,
        ValueRef::Integer(value) => Cell::Integer(value),
        ValueRef::Real(value) => Cell::Real(value),
        ValueRef::Text(value) => match std::str::from_utf8(value) {
            Ok(text) => Cell::Text(text.to_owned()),
            Err(error) => {
                let what = format!("the text of column {index} is not UTF-8: {error}");
                return Err(StoreError::Corrupt(what));
            }
        },
        ValueRef::Blob(value) => Cell::Blob(value.to_vec()),
    })
}

/// Lets changes go to a log beside the file. SQLite does not wait by itself where several do so with a new file at the same time.
fn keep_a_log(connection: &Connection, patience: Duration) -> Result<(), StoreError> {
    const PAUSE: Duration = Duration::from_millis(10);
    // Else each try would be as patient.
    connection.busy_timeout(Duration::ZERO)?;
    let mut tries = patience.as_millis() / PAUSE.as_millis();
    loop {
        match connection.execute_batch("PRAGMA journal_mode = WAL") {
            Err(error)
                if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) && tries > 0 =>
            {
                tries -= 1;
                std::thread::sleep(PAUSE);
            }
            outcome => return Ok(outcome?),
        }
    }
}
