//! Building statements whose values are always bound, never spelled out.

use std::fmt::Write as _;

use sea_orm::{DbBackend, Statement, Value};

use crate::column::Field;

/// A statement in the making. Its text has a `?` for each value, in order, and for nothing else.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sql {
    text: String,
    values: Vec<Value>,
}

impl Sql {
    /// A statement that begins with this text.
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            values: Vec::new(),
        }
    }

    /// Goes on with a text.
    pub(crate) fn push(&mut self, text: &str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    /// Goes on with a value.
    pub(crate) fn bind(&mut self, value: &impl Field) -> &mut Self {
        self.bind_value(value.to_value())
    }

    pub(crate) fn bind_value(&mut self, value: Value) -> &mut Self {
        self.values.push(value);
        self.text.push('?');
        self
    }

    /// Goes on with values between commas.
    pub(crate) fn bind_all<'a, T: Field + 'a>(
        &mut self,
        values: impl IntoIterator<Item = &'a T>,
    ) -> &mut Self {
        for (index, value) in values.into_iter().enumerate() {
            if index > 0 {
                self.push(", ");
            }
            self.bind(value);
        }
        self
    }

    /// Goes on with values of which each is asked for, between commas. Short lists have a few lengths only, the last value repeated, so
    /// that the engine keeps the statement ready for each.
    pub(crate) fn bind_set<T: Field>(&mut self, values: &[T]) -> &mut Self {
        self.bind_all(padded(values))
    }

    /// Goes on with a text and a value: `sql.with(" WHERE id = ", &id)`.
    #[must_use]
    pub(crate) fn with(mut self, text: &str, value: &impl Field) -> Self {
        self.push(text).bind(value);
        self
    }

    /// Goes on with a text.
    #[must_use]
    pub(crate) fn then(mut self, text: &str) -> Self {
        self.push(text);
        self
    }

    /// Asks for the plan instead of the answer.
    #[cfg(test)]
    pub(crate) fn explained(mut self) -> Self {
        self.text.insert_str(0, "EXPLAIN QUERY PLAN ");
        self
    }

    /// The text as SQLite reads it. It understands `$1` too, but looks such a name up among all the others, which takes longer
    /// than everything else where a statement inserts hundreds of rows.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The values, in order.
    pub(crate) fn values(&self) -> &[Value] {
        &self.values
    }

    /// The statement as PostgreSQL reads it.
    pub(crate) fn into_statement(self) -> Statement {
        let text = numbered(&self.text);
        Statement::from_sql_and_values(DbBackend::Postgres, text, self.values)
    }
}

/// A list that is longer is seldom as long again.
const LONGEST_PADDED: usize = 64;

/// A list with its last value repeated, so that there are few lengths of short lists.
pub(crate) fn padded<T>(values: &[T]) -> impl Iterator<Item = &T> {
    let length = values.len();
    let padding = match length {
        0 | LONGEST_PADDED.. => 0,
        _ => length.next_power_of_two() - length,
    };
    let last = values.last().into_iter();
    let repeated = last.flat_map(move |last| std::iter::repeat_n(last, padding));
    values.iter().chain(repeated)
}

fn numbered(text: &str) -> String {
    let mut numbered = String::with_capacity(text.len() * 2);
    for (index, part) in text.split('?').enumerate() {
        if index > 0 {
            let _ = write!(numbered, "${index}");
        }
        numbered.push_str(part);
    }
    numbered
}

#[cfg(test)]
mod tests {
    use super::{Sql, padded};

    #[test]
    fn short_lists_have_few_lengths() {
        let mut sql = Sql::new("x IN (");
        sql.bind_set(&[1_i64, 2, 3]).push(")");
        assert_eq!(sql.text(), "x IN (?, ?, ?, ?)");
        assert_eq!(sql.values()[2..], [3_i64.into(), 3_i64.into()]);
        for (length, expected) in [(0, 0), (1, 1), (2, 2), (5, 8), (33, 64), (64, 64), (65, 65)] {
            assert_eq!(padded(&vec![(); length]).count(), expected, "{length}");
        }
    }
}
