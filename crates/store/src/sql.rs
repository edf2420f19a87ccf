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
