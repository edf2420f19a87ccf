//! Rows that a transaction inserts later. On PostgreSQL that is before their tables are asked for anything, before anything else is
//! changed, or when it is committed.
//!
//! A statement costs a round trip, and PostgreSQL as much for each one as for what it does. What is written one after the other
//! without being looked at goes out as one statement, an `INSERT` for each table. References are checked at its end, so that a row
//! may come before the one that it refers to. On SQLite a statement is a call: rows are put off until the next one, and where there
//! are many another thread inserts them while the caller goes on (`sqlite::turn`).

use std::fmt::Write as _;

use sea_orm::Value;

use crate::connection::{Transaction, lock};
use crate::error::StoreError;
use crate::record::{Record, insert_values, row_by_row};
use crate::sql::Sql;

/// So many values are put off, at most.
const MOST_VALUES: usize = 5_000;

/// Of so many rows of a table each value is bound by itself. More are bound column by column, so that the text of the statement,
/// by which PostgreSQL keeps it ready, is the same however many they are.
const BOUND_ONE_BY_ONE: usize = 4;

/// Tables that triggers fill, and from which.
const FOLLOW: [(&str, &[&str]); 2] = [
    ("attainment_change", &["clock", "ticket"]),
    ("ticket_words", &["search_entry", "ticket"]),
];

/// What is put off.
#[derive(Debug, Default)]
pub(crate) struct PutOff {
    insertions: Vec<Insertion>,
    values: usize,
}

/// Rows of a table.
#[derive(Debug)]
struct Insertion {
    table: &'static str,
    columns: Vec<&'static str>,
    rows: Vec<Vec<Value>>,
    ending: &'static str,
}

/// Inserts rows given as values later: what is wrong with them may show only then, and they lock nothing before. Whoever
/// must come before others writes at once, as [`hold`](crate::due::hold) does. `ending` is what to do about a conflict.
pub(crate) async fn insert_later(
    tx: &Transaction,
    table: &'static str,
    columns: &[&'static str],
    rows: Vec<Vec<Value>>,
    ending: &'static str,
) -> Result<(), StoreError> {
    let values = rows.len() * columns.len();
    if values == 0 {
        return Ok(());
    }
    let Some(put_off) = &tx.put_off else {
        let insert = row_by_row(table, columns, ending);
        return tx.execute_each_later(insert, rows).await;
    };
    if values > MOST_VALUES {
        return insert_values(tx, table, columns, rows, ending).await;
    }
    if !lock(put_off).takes(table, columns, &rows, ending) {
        settle(tx).await?;
    }
    lock(put_off).add(table, columns, rows, ending);
    Ok(())
}

/// Inserts rows later: what is wrong with them may show only then.
pub(crate) async fn insert_all_later<'a, T: Record + 'a>(
    tx: &Transaction,
    rows: impl IntoIterator<Item = &'a T>,
) -> Result<(), StoreError> {
    let rows = rows.into_iter().map(Record::to_values).collect();
    insert_later(tx, T::TABLE, T::COLUMNS, rows, "").await
}

/// Inserts what was put off before a question that it may concern: one that names a table of it, or changes something as well.
pub(crate) async fn settle_for(tx: &Transaction, question: &Sql) -> Result<(), StoreError> {
    match &tx.put_off {
        Some(put_off) if lock(put_off).concerns(question.text()) => settle(tx).await,
        _ => Ok(()),
    }
}

/// Inserts what was put off.
pub(crate) async fn settle(tx: &Transaction) -> Result<(), StoreError> {
    let Some(put_off) = &tx.put_off else {
        return Ok(());
    };
    let waiting = std::mem::take(&mut *lock(put_off));
    match waiting.into_sql() {
        Some(sql) => tx.execute_now(sql).await.map(drop),
        None => Ok(()),
    }
}

impl PutOff {
    /// Whether rows can go out with what is there. A row that replaces another cannot do so twice in a statement.
    fn takes(&self, table: &str, columns: &[&str], rows: &[Vec<Value>], ending: &str) -> bool {
        let same = self.insertions.iter().find(|known| known.table == table);
        let fits = same.is_none_or(|known| {
            let is_same = known.columns == columns && known.ending == ending;
            is_same && !(ending.contains("DO UPDATE") && known.shares_key(rows))
        });
        fits && self.values + rows.len() * columns.len() <= MOST_VALUES
    }

    fn concerns(&self, question: &str) -> bool {
        if !question.starts_with("SELECT ") {
            return true;
        }
        let follow = FOLLOW.iter().flat_map(|(table, from)| {
            let filled = from.iter().filter(|from| self.has(from));
            filled.map(|_| *table)
        });
        let mut tables = self.insertions.iter().map(|it| it.table).chain(follow);
        tables.any(|table| names(question, table))
    }

    fn has(&self, table: &str) -> bool {
        self.insertions.iter().any(|it| it.table == table)
    }

    fn add(
        &mut self,
        table: &'static str,
        columns: &[&'static str],
        rows: Vec<Vec<Value>>,
        ending: &'static str,
    ) {
        self.values += rows.len() * columns.len();
        let mut known = self.insertions.iter_mut();
        match known.find(|known| known.table == table) {
            Some(known) => known.rows.extend(rows),
            None => self.insertions.push(Insertion {
                table,
                columns: columns.to_vec(),
                rows,
                ending,
            }),
        }
    }

    fn into_sql(self) -> Option<Sql> {
        let many = self.insertions.iter();
        let many = many.map(|it| it.rows.len()).max()? > BOUND_ONE_BY_ONE;
        let last = self.insertions.len() - 1;
        let mut sql = Sql::default();
        for (index, insertion) in self.insertions.into_iter().enumerate() {
            if index < last {
                sql.push(if index == 0 { "WITH " } else { ", " });
                sql.push(&format!("i{index} AS ("));
            } else if index > 0 {
                sql.push(" ");
            }
            insertion.write(&mut sql, many);
            if index < last {
                sql.push(")");
            }
        }
        Some(sql)
    }
}

/// Whether a statement names a table.
fn names(statement: &str, table: &str) -> bool {
    let is_part = |letter: Option<char>| letter.is_some_and(|it| it.is_alphanumeric() || it == '_');
    statement.match_indices(table).any(|(at, _)| {
        let before = statement[..at].chars().next_back();
        let after = statement[at + table.len()..].chars().next();
        !is_part(before) && !is_part(after)
    })
}

impl Insertion {
    /// Whether one of the rows has the key of one that is there: what stands between brackets after `ON CONFLICT`.
    fn shares_key(&self, rows: &[Vec<Value>]) -> bool {
        let key = self.ending.split_once('(');
        let key = key.and_then(|(_, rest)| rest.split_once(')'));
        let key: Vec<&str> = key.map_or(Vec::new(), |(key, _)| key.split(", ").collect());
        let places = (0..self.columns.len()).filter(|place| key.contains(&self.columns[*place]));
        let places: Vec<usize> = places.collect();
        let is_same = |a: &[Value], b: &[Value]| places.iter().all(|place| a[*place] == b[*place]);
        let mut there = self.rows.iter();
        there.any(|known| rows.iter().any(|row| is_same(known, row)))
    }

    fn write(self, sql: &mut Sql, by_column: bool) {
        write_insertion(sql, (self.table, &self.columns), self.rows, by_column);
        sql.push(self.ending);
    }
}

/// The statement that inserts rows given as values; `ending` is what to do about a conflict.
pub(crate) fn insertion(
    on_postgres: bool,
    table: &str,
    columns: &[&str],
    rows: Vec<Vec<Value>>,
    ending: &str,
) -> Sql {
    let is_bytes = |value: &Value| matches!(value, Value::Bytes(Some(_)));
    // Bytes within an array are twice as long.
    let is_long = on_postgres && rows.len() > BOUND_ONE_BY_ONE;
    let by_column = is_long && !rows.iter().flatten().any(is_bytes);
    let mut sql = Sql::default();
    write_insertion(&mut sql, (table, columns), rows, by_column);
    sql.push(ending);
    sql
}

fn write_insertion(
    sql: &mut Sql,
    (table, columns): (&str, &[&str]),
    rows: Vec<Vec<Value>>,
    by_column: bool,
) {
    sql.push(&format!("INSERT INTO {table} ({}) ", columns.join(", ")));
    if by_column {
        write_columns(sql, columns.len(), &rows);
        return;
    }
    sql.push("VALUES ");
    for (number, row) in rows.into_iter().enumerate() {
        sql.push(if number == 0 { "(" } else { ", (" });
        for (index, value) in row.into_iter().enumerate() {
            if index > 0 {
                sql.push(", ");
            }
            sql.bind_value(value);
        }
        sql.push(")");
    }
}

fn write_columns(sql: &mut Sql, columns: usize, rows: &[Vec<Value>]) {
    sql.push("SELECT * FROM unnest(");
    for index in 0..columns {
        let values = || rows.iter().filter_map(|row| row.get(index));
        if index > 0 {
            sql.push(", ");
        }
        sql.push("CAST(").bind(&array(values()));
        sql.push(" AS ")
            .push(values().next().map_or("text", type_of));
        sql.push("[])");
    }
    sql.push(")");
}

/// What PostgreSQL calls the type of a value that a column holds.
fn type_of(value: &Value) -> &'static str {
    match value {
        Value::BigInt(_) => "bigint",
        Value::Bool(_) => "boolean",
        Value::Double(_) => "double precision",
        Value::Uuid(_) => "uuid",
        Value::Bytes(_) => "bytea",
        _ => "text",
    }
}

/// Values as PostgreSQL writes an array: `{1,NULL}`, `{"a \"word\""}`.
fn array<'a>(values: impl Iterator<Item = &'a Value>) -> String {
    let mut text = String::from("{");
    for (index, value) in values.enumerate() {
        if index > 0 {
            text.push(',');
        }
        // What is written to a text cannot fail.
        let _ = match value {
            Value::BigInt(Some(number)) => write!(text, "{number}"),
            Value::Bool(Some(yes)) => write!(text, "{yes}"),
            Value::Double(Some(number)) => write!(text, "{number:?}"),
            Value::Uuid(Some(id)) => write!(text, "{id}"),
            Value::Bytes(Some(bytes)) => {
                text.push_str("\"\\\\x");
                for byte in bytes {
                    let _ = write!(text, "{byte:02x}");
                }
                text.push('"');
                Ok(())
            }
            Value::String(Some(words)) => {
                text.push('"');
                for letter in words.chars() {
                    if matches!(letter, '"' | '\\') {
                        text.push('\\');
                    }
                    text.push(letter);
                }
                text.push('"');
                Ok(())
            }
            _ => write!(text, "NULL"),
        };
    }
    text.push('}');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put_off(tables: &[(&'static str, usize)]) -> PutOff {
        let mut put_off = PutOff::default();
        for (table, rows) in tables {
            let row = vec![Value::from(7_i64), Value::from("a".to_owned())];
            put_off.add(table, &["id", "name"], vec![row; *rows], "");
        }
        put_off
    }

    fn text(tables: &[(&'static str, usize)]) -> String {
        let sql = put_off(tables).into_sql();
        sql.map(|sql| sql.text().to_owned()).unwrap_or_default()
    }

    #[test]
    fn one_statement_inserts_into_every_table() {
        assert_eq!(text(&[]), "");
        assert_eq!(text(&[("a", 1)]), "INSERT INTO a (id, name) VALUES (?, ?)");
        assert_eq!(
            text(&[("a", 1), ("b", 1), ("c", 1), ("a", 1)]),
            "WITH i0 AS (INSERT INTO a (id, name) VALUES (?, ?), (?, ?)), \
             i1 AS (INSERT INTO b (id, name) VALUES (?, ?)) \
             INSERT INTO c (id, name) VALUES (?, ?)"
        );
    }

    #[test]
    fn the_statement_is_the_same_however_many_rows_there_are() {
        let expected = "WITH i0 AS (INSERT INTO a (id, name) SELECT * FROM unnest(CAST(? AS bigint[]), CAST(? AS text[]))) \
             INSERT INTO b (id, name) SELECT * FROM unnest(CAST(? AS bigint[]), CAST(? AS text[]))";
        assert_eq!(text(&[("a", 5), ("b", 1)]), expected);
        assert_eq!(text(&[("a", 90), ("b", 7)]), expected);
    }

    #[test]
    fn values_are_written_as_postgresql_reads_them() {
        let words = [
            Value::from("a \"b\" \\ {c}, NULL".to_owned()),
            Value::String(None),
            Value::from(String::new()),
        ];
        assert_eq!(array(words.iter()), r#"{"a \"b\" \\ {c}, NULL",NULL,""}"#);
        let bytes = Value::from(vec![0_u8, 0xab]);
        assert_eq!(array([&bytes].into_iter()), r#"{"\\x00ab"}"#);
    }

    #[test]
    fn only_a_question_about_a_table_concerns_it() {
        let waiting = put_off(&[("ticket", 1), ("event", 1)]);
        assert!(waiting.concerns("SELECT 1 FROM ticket t"));
        assert!(waiting.concerns("SELECT 1 FROM agent WHERE id IN (SELECT assignee FROM ticket)"));
        assert!(waiting.concerns("SELECT kind FROM event"));
        assert!(!waiting.concerns("SELECT nextval('ticket_number')"));
        assert!(!waiting.concerns("SELECT 1 FROM escalation_event"));
        assert!(!waiting.concerns("SELECT t.id FROM account t"));
        assert!(waiting.concerns("SELECT number FROM ticket_words"));
        assert!(!put_off(&[("event", 1)]).concerns("SELECT number FROM ticket_words"));
        assert!(waiting.concerns("UPDATE job SET attempts = 1 RETURNING id"));
    }

    #[test]
    fn what_replaces_a_row_goes_out_before_it_does_so_again() {
        let mut waiting = put_off(&[("a", 1)]);
        let columns = ["id", "name"];
        let row = |id: i64| vec![vec![Value::from(id), Value::from("a".to_owned())]];
        assert!(waiting.takes("a", &columns, &row(7), ""));
        assert!(!waiting.takes("a", &columns, &row(7), " ON CONFLICT DO NOTHING"));
        assert!(!waiting.takes("a", &columns[..1], &row(7), ""));
        assert!(!waiting.takes("b", &columns, &vec![Vec::new(); MOST_VALUES], ""));
        let replaces = " ON CONFLICT (id) DO UPDATE SET name = excluded.name";
        assert!(waiting.takes("b", &columns, &row(1), replaces));
        waiting.add("b", &columns, row(1), replaces);
        assert!(waiting.takes("b", &columns, &row(2), replaces));
        assert!(!waiting.takes("b", &columns, &row(1), replaces));
    }
}
