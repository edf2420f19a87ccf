//! One promised time in a table of them.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::place::At;
use crate::reading::{FromToml, Reader, Toml, record};
use crate::text::{Length, Name};

/// A promised time: `"4h"`, `{ within = "4h", calendar = "24/7" }`, or `"none"` where nothing is promised.
#[derive(Debug, Clone)]
pub(crate) enum CellForm {
    None,
    Within(Length),
    Table(CellTable),
}

record! {
    /// A promised time and the calendar on which it is counted.
    struct CellTable as "a promised time" {
        /// The time.
        within: Length,
        /// The calendar.
        calendar: Option<At<Name>>,
    }
}

impl FromToml for CellForm {
    fn what() -> Cow<'static, str> {
        Cow::Borrowed(
            "a promised time such as \"4h\" or { within = \"4h\", calendar = \"24/7\" }, or \"none\"",
        )
    }

    fn from_toml(value: &Toml<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        if value.get_ref().is_table() {
            return CellTable::from_toml(value, reader).map(Self::Table);
        }
        if value.get_ref().as_str() == Some("none") {
            return Some(Self::None);
        }
        Length::from_toml(value, reader).map(Self::Within)
    }
}

impl JsonSchema for CellForm {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        Cow::Borrowed("CellForm")
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let length = generator.subschema_for::<Length>();
        let table = generator.subschema_for::<CellTable>();
        json_schema!({ "anyOf": [length, { "const": "none" }, table] })
    }
}
