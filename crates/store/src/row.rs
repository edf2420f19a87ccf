//! A row of an answer, from either engine.

use rusqlite::types::Value as Cell;
use sea_orm::sea_query::Nullable;
use sea_orm::{QueryResult, TryGetable, Value};
use uuid::Uuid;

use crate::error::StoreError;

/// A row of an answer.
#[derive(Debug)]
pub enum Row {
    /// Its columns, from SQLite.
    Sqlite(Vec<Cell>),
    /// From PostgreSQL.
    Postgres(QueryResult),
}

impl Row {
    /// What a column holds, or nothing.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when it holds something else.
    pub(crate) fn get<T: Base>(&self, index: usize) -> Result<Option<T>, StoreError> {
        match self {
            Self::Postgres(row) => Ok(row.try_get_by_index(index)?),
            Self::Sqlite(cells) => match cells.get(index) {
                Some(Cell::Null) => Ok(None),
                Some(cell) => T::of_cell(cell).map(Some).ok_or_else(|| {
                    let what = format!("column {index} holds {:?}", cell.data_type());
                    StoreError::Corrupt(what)
                }),
                None => Err(StoreError::Refused(format!("there is no column {index}"))),
            },
        }
    }
}

/// What the engines keep.
pub(crate) trait Base: TryGetable + Nullable + Into<Value> {
    /// Reads what SQLite keeps; nothing when it is of another kind.
    fn of_cell(cell: &Cell) -> Option<Self>;
}

/// What SQLite keeps as its own kind.
macro_rules! base {
    ($type:ty: $cell:ident as $value:ident => $read:expr) => {
        impl Base for $type {
            fn of_cell(cell: &Cell) -> Option<Self> {
                match cell {
                    Cell::$cell($value) => $read,
                    _ => None,
                }
            }
        }
    };
}
base!(i64: Integer as value => Some(*value));
base!(bool: Integer as value => Some(*value != 0));
base!(f64: Real as value => Some(*value));
base!(String: Text as value => Some(value.clone()));
base!(Vec<u8>: Blob as value => Some(value.clone()));
base!(Uuid: Blob as value => Self::from_slice(value).ok());
