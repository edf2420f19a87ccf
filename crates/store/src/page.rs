//! Reading a long list page by page.
//!
//! A cursor names the last row that was seen by what the list is sorted by, so rows that come and go between two pages
//! make no other row appear twice or not at all.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use uuid::Uuid;

use crate::sql::Sql;

/// Which part of a list to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageRequest {
    /// At most so many rows, from 1.
    pub limit: u32,
    /// After this place; from the start when absent.
    pub after: Option<Cursor>,
}

impl PageRequest {
    /// The first rows.
    #[must_use]
    pub fn first(limit: u32) -> Self {
        Self { limit, after: None }
    }
}

/// Part of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The rows.
    pub items: Vec<T>,
    /// Where the next part begins; absent at the end of the list.
    pub next: Option<Cursor>,
}

impl<T> Page<T> {
    /// Makes a page of rows of which one more than the limit was asked for.
    pub(crate) fn of(mut items: Vec<T>, limit: u32, place: impl Fn(&T) -> Cursor) -> Self {
        let limit = limit as usize;
        let more = items.len() > limit;
        items.truncate(limit);
        let next = if more { items.last().map(place) } else { None };
        Self { items, next }
    }
}

/// A place in a list: what it is sorted by, then what no other row has. Opaque outside; written as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    pub(crate) key: i64,
    pub(crate) tie: u128,
}

impl Cursor {
    /// The place of something in a list by time.
    pub(crate) fn at(instant: Timestamp, id: Uuid) -> Self {
        Self {
            key: instant.as_microsecond(),
            tie: id.as_u128(),
        }
    }

    /// The tie as the number it was made of.
    pub(crate) fn number(self) -> i64 {
        i64::try_from(self.tie).unwrap_or(i64::MAX)
    }

    /// The tie as the identifier it was made of.
    pub(crate) fn id(self) -> Uuid {
        Uuid::from_u128(self.tie)
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}-{:x}", self.key, self.tie)
    }
}

/// A text that is not a cursor.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not a cursor: use one that the list gave, unchanged, with the same filters and order"
)]
pub struct InvalidCursor(String);

impl FromStr for Cursor {
    type Err = InvalidCursor;

    fn from_str(text: &str) -> Result<Self, InvalidCursor> {
        text.split_once('-')
            .and_then(|(key, tie)| {
                Some(Self {
                    key: u64::from_str_radix(key, 16).ok()?.cast_signed(),
                    tie: u128::from_str_radix(tie, 16).ok()?,
                })
            })
            .ok_or_else(|| InvalidCursor(text.to_owned()))
    }
}

/// Goes on with the order and the place of a list of the latest first, by an instant and the id.
pub(crate) fn latest_first(sql: &mut Sql, column: &str, page: PageRequest) {
    if let Some(after) = page.after {
        sql.push(&format!(" AND ({column}, t.id) < ("));
        sql.bind(&after.key).push(", ").bind(&after.id()).push(")");
    }
    sql.push(&format!(" ORDER BY {column} DESC, t.id DESC LIMIT "));
    sql.bind(&(i64::from(page.limit) + 1));
}

/// Goes on with the order and the place of a list of the oldest first, by an instant and the id of `table`.
pub(crate) fn oldest_first(sql: &mut Sql, table: &str, column: &str, page: PageRequest) {
    if let Some(after) = page.after {
        sql.push(&format!(" AND ({table}.{column}, {table}.id) > ("));
        sql.bind(&after.key).push(", ").bind(&after.id()).push(")");
    }
    sql.push(&format!(" ORDER BY {table}.{column}, {table}.id LIMIT "));
    sql.bind(&(i64::from(page.limit) + 1));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_what_it_writes() {
        for (key, tie) in [(0, 0), (-5, 7), (i64::MAX, u128::MAX), (i64::MIN, 1)] {
            let cursor = Cursor { key, tie };
            assert_eq!(cursor.to_string().parse(), Ok(cursor));
        }
        for text in ["", "-", "1", "x-1", "1-2-3", "é-1"] {
            assert!(text.parse::<Cursor>().is_err(), "{text}");
        }
    }
}
