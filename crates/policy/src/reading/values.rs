//! How values of each kind are read: places, lists, names, numbers.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use toml::Spanned;
use toml::de::DeValue;

use super::{FromToml, Reader, Toml};
use crate::place::At;

impl<T: FromToml> FromToml for At<T> {
    fn what() -> Cow<'static, str> {
        T::what()
    }

    fn from_toml(value: &Toml<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        let place = reader.place(value.span());
        T::from_toml(value, reader).map(|value| Self { value, place })
    }
}

impl<T: JsonSchema> JsonSchema for At<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

impl<T: FromToml> FromToml for Vec<T> {
    fn what() -> Cow<'static, str> {
        Cow::Owned(format!("a list, each {}", T::what()))
    }

    fn from_toml(value: &Toml<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        let Some(array) = value.get_ref().as_array() else {
            let expected = if value.get_ref().is_table() {
                format!("a list of tables, each headed [[…]] ({})", T::what())
            } else {
                Self::what().into_owned()
            };
            reader.wrong_kind(value, &expected);
            return None;
        };
        Some(
            array
                .iter()
                .filter_map(|item| T::from_toml(item, reader))
                .collect(),
        )
    }
}

/// A list of which one member may be written without brackets.
#[derive(Debug, Clone)]
pub(crate) struct Many<T>(pub Vec<T>);

impl<T: FromToml> FromToml for Many<T> {
    fn what() -> Cow<'static, str> {
        Cow::Owned(format!("{}, or a list of such", T::what()))
    }

    fn from_toml(value: &Toml<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        if value.get_ref().is_array() {
            Vec::from_toml(value, reader).map(Self)
        } else {
            T::from_toml(value, reader).map(|one| Self(vec![one]))
        }
    }
}

impl<T: JsonSchema> JsonSchema for Many<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        Cow::Owned(format!("Many_{}", T::schema_name()))
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let one = generator.subschema_for::<T>();
        json_schema!({ "anyOf": [one, { "type": "array", "items": one }] })
    }
}

/// A table whose keys are names of the pack's own, in the order in which they stand.
#[derive(Debug, Clone)]
pub(crate) struct Named<T>(pub Vec<(At<String>, T)>);

impl<T: FromToml> FromToml for Named<T> {
    fn what() -> Cow<'static, str> {
        Cow::Owned(format!("a table of names, each with {}", T::what()))
    }

    fn from_toml(value: &Toml<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        let table = reader.table(value, &Self::what())?;
        let mut entries: Vec<_> = table.iter().collect();
        entries.sort_by_key(|(key, _)| key.span().start);
        let read = |(key, value): (&Spanned<Cow<'_, str>>, &Toml<'_>)| {
            let name = At {
                value: key.get_ref().to_string(),
                place: reader.place(key.span()),
            };
            T::from_toml(value, reader).map(|value| (name, value))
        };
        Some(Self(entries.into_iter().filter_map(read).collect()))
    }
}

impl<T: JsonSchema> JsonSchema for Named<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        Cow::Owned(format!("Named_{}", T::schema_name()))
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let one = generator.subschema_for::<T>();
        json_schema!({ "type": "object", "additionalProperties": one })
    }
}

impl FromToml for bool {
    fn what() -> Cow<'static, str> {
        Cow::Borrowed("true or false")
    }

    fn from_toml(value: &Toml<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        let read = value.get_ref().as_bool();
        if read.is_none() {
            reader.wrong_kind(value, "true or false");
        }
        read
    }
}

impl FromToml for u32 {
    fn what() -> Cow<'static, str> {
        Cow::Borrowed("a whole number")
    }

    fn from_toml(value: &Toml<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        let read = value
            .get_ref()
            .as_integer()
            .and_then(|integer| Self::from_str_radix(integer.as_str(), integer.radix()).ok());
        if read.is_none() {
            reader.wrong_kind(value, "a whole number from 0 to 4294967295");
        }
        read
    }
}

impl FromToml for f64 {
    fn what() -> Cow<'static, str> {
        Cow::Borrowed("a number")
    }

    fn from_toml(value: &Toml<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        let text = match value.get_ref() {
            DeValue::Integer(integer) if integer.radix() == 10 => integer.as_str(),
            DeValue::Float(float) => float.as_str(),
            _ => "",
        };
        let read = text.parse().ok().filter(|number: &Self| number.is_finite());
        if read.is_none() {
            reader.wrong_kind(value, "a number");
        }
        read
    }
}
