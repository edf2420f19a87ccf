//! Which tables and columns there are, asked of the engine, so that none can be forgotten.

use sea_orm::Value;
use uuid::Uuid;

use super::Cell;
use crate::column::Field;
use crate::connection::{Connection, all, is_postgres};
use crate::error::StoreError;
use crate::row::Row;
use crate::sql::Sql;

/// A table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: String,
    pub(super) columns: Vec<Column>,
}

/// A column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) kind: Kind,
    /// Whether PostgreSQL keeps it as an identifier.
    pub(super) is_uuid: bool,
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Whole numbers.
    Integer,
    /// Numbers.
    Real,
    /// Texts.
    Text,
    /// Yes or no.
    Boolean,
    /// Bytes.
    Bytes,
}

/// On PostgreSQL a sequence, on SQLite a table of one row: the last number that a ticket was given.
pub(super) const TICKET_NUMBER: &str = "ticket_number";

/// What an engine makes by itself, or made once.
const OWN: [(&str, &str); 2] = [("change", "written_by"), ("search_entry", "lexemes")];

/// What is made of the other tables, and made anew from them where they are filled; and the list of the steps, which is.
const MADE_ANEW: [&str; 4] = [
    "attainment_count",
    "attainment_change",
    "ticket_words",
    "seaql_migrations",
];

impl Table {
    /// The columns, by name.
    pub fn columns(&self) -> impl Iterator<Item = (&str, Kind)> {
        self.columns
            .iter()
            .map(|column| (column.name.as_str(), column.kind))
    }

    pub(super) fn is_ticket_number(&self) -> bool {
        self.name == TICKET_NUMBER
    }

    /// A question for every row.
    pub(super) fn select(&self, on_postgres: bool) -> String {
        if self.is_ticket_number() && on_postgres {
            return format!(
                "SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM {TICKET_NUMBER}"
            );
        }
        let columns: Vec<String> = self
            .columns
            .iter()
            .map(|column| {
                let name = &column.name;
                match column.kind {
                    Kind::Integer => format!("CAST({name} AS BIGINT)"),
                    Kind::Boolean => format!("CAST(CAST({name} AS INTEGER) AS BIGINT)"),
                    Kind::Real => format!("CAST({name} AS DOUBLE PRECISION)"),
                    Kind::Text => format!("CAST({name} AS TEXT)"),
                    Kind::Bytes if on_postgres && column.is_uuid => format!("uuid_send({name})"),
                    Kind::Bytes => name.clone(),
                }
            })
            .collect();
        format!("SELECT {} FROM {}", columns.join(", "), self.name)
    }

    pub(super) fn read(&self, row: &Row) -> Result<Vec<Cell>, StoreError> {
        let read = |(index, column): (usize, &Column)| {
            Ok(match column.kind {
                Kind::Integer => Option::<i64>::read(row, index)?.map(Cell::Integer),
                Kind::Boolean => {
                    Option::<i64>::read(row, index)?.map(|value| Cell::Boolean(value != 0))
                }
                Kind::Real => row.get(index)?.map(Cell::Real),
                Kind::Text => Option::<String>::read(row, index)?.map(Cell::Text),
                Kind::Bytes => Option::<Vec<u8>>::read(row, index)?.map(Cell::Bytes),
            }
            .unwrap_or(Cell::Null))
        };
        self.columns.iter().enumerate().map(read).collect()
    }
}

impl Column {
    /// The value as this column takes it.
    pub(super) fn value(&self, cell: Cell) -> Result<Value, StoreError> {
        Ok(match (self.kind, cell) {
            (Kind::Integer, Cell::Integer(value)) => Value::BigInt(Some(value)),
            (Kind::Integer, Cell::Null) => Value::BigInt(None),
            (Kind::Real, Cell::Real(value)) => Value::Double(Some(value)),
            (Kind::Real, Cell::Null) => Value::Double(None),
            (Kind::Text, Cell::Text(value)) => Value::from(value),
            (Kind::Text, Cell::Null) => Value::String(None),
            (Kind::Boolean, Cell::Boolean(value)) => Value::Bool(Some(value)),
            (Kind::Boolean, Cell::Null) => Value::Bool(None),
            (Kind::Bytes, Cell::Bytes(value)) if self.is_uuid => {
                let id = Uuid::from_slice(&value)
                    .map_err(|error| StoreError::Corrupt(format!("{}: {error}", self.name)))?;
                Value::from(id)
            }
            (Kind::Bytes, Cell::Null) if self.is_uuid => Value::Uuid(None),
            (Kind::Bytes, Cell::Bytes(value)) => Value::from(value),
            (Kind::Bytes, Cell::Null) => Value::Bytes(None),
            (kind, cell) => {
                let what = format!("{} holds {kind:?} and is given {cell:?}", self.name);
                return Err(StoreError::Corrupt(what));
            }
        })
    }
}

/// Every table, by name.
pub(super) async fn tables(on: &impl Connection) -> Result<Vec<Table>, StoreError> {
    let sql = if is_postgres(on) {
        "SELECT c.table_name::text, c.column_name::text, c.data_type::text FROM information_schema.columns c \
         JOIN information_schema.tables t ON t.table_schema = c.table_schema AND t.table_name = c.table_name \
         WHERE c.table_schema = current_schema() AND t.table_type = 'BASE TABLE' AND c.is_generated = 'NEVER' \
         ORDER BY c.ordinal_position"
    } else {
        "SELECT l.name, c.name, c.type FROM pragma_table_list l, pragma_table_xinfo(l.name) c \
         WHERE l.schema = 'main' AND l.type = 'table' AND l.name NOT LIKE 'sqlite~_%' ESCAPE '~' AND c.hidden = 0 \
         ORDER BY c.cid"
    };
    let mut tables = std::collections::BTreeMap::<String, Vec<Column>>::new();
    for row in all(on, Sql::new(sql)).await? {
        let (table, name): (String, String) = (Field::read(&row, 0)?, Field::read(&row, 1)?);
        let declared: String = Field::read(&row, 2)?;
        if MADE_ANEW.contains(&table.as_str()) || OWN.contains(&(&table, &name)) {
            continue;
        }
        let kind = kind(&declared).ok_or_else(|| {
            let what =
                format!("{table}.{name} is declared as {declared}, which no backup can hold");
            StoreError::Refused(what)
        })?;
        tables.entry(table).or_default().push(Column {
            name,
            kind,
            is_uuid: declared == "uuid",
        });
    }
    tables.entry(TICKET_NUMBER.to_owned()).or_insert_with(|| {
        vec![Column {
            name: "last".to_owned(),
            kind: Kind::Integer,
            is_uuid: false,
        }]
    });
    let mut tables: Vec<Table> = tables
        .into_iter()
        .map(|(name, columns)| Table { name, columns })
        .collect();
    // A column that was added later stands elsewhere on another engine.
    for table in &mut tables {
        table.columns.sort_by(|a, b| a.name.cmp(&b.name));
    }
    Ok(tables)
}

fn kind(declared: &str) -> Option<Kind> {
    Some(match declared.to_ascii_lowercase().as_str() {
        "bigint" | "integer" | "smallint" | "int" => Kind::Integer,
        "double precision" | "real" | "double" => Kind::Real,
        "text" | "character varying" | "varchar" => Kind::Text,
        "boolean" => Kind::Boolean,
        "blob" | "bytea" | "uuid" => Kind::Bytes,
        _ => return None,
    })
}
