//! Values of a column, and what each means here.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};
use toml::Spanned;

use crate::document::Cells;
use crate::template::Templates;

/// Values of a column, and what each means here.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Table {
    pub from: Spanned<Templates>,
    #[serde(default)]
    pub values: BTreeMap<String, Spanned<Meaning>>,
    #[serde(default)]
    pub when_missing: Option<Spanned<Meaning>>,
    #[serde(default)]
    pub when_unknown: Option<Spanned<Meaning>>,
}

/// What a value means here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Meaning {
    Is(String),
    /// The row says nothing, for this reason.
    Ignore(String),
}

impl Table {
    /// What a value means: nothing where it is missing and the map does not say more.
    ///
    /// # Errors
    /// Says that the value is none the map knows.
    pub fn meaning(
        &self,
        what: &str,
        cells: &Cells<'_>,
        missing: &[String],
    ) -> Result<Option<Meaning>, String> {
        let known = |value: &str| {
            let exact = self.values.get(value);
            exact
                .or_else(|| {
                    let mut pairs = self.values.iter();
                    pairs
                        .find(|(key, _)| key.eq_ignore_ascii_case(value))
                        .map(|(_, meaning)| meaning)
                })
                .map(|meaning| meaning.get_ref().clone())
        };
        let given = |meaning: &Option<Spanned<Meaning>>| {
            meaning.as_ref().map(|meaning| meaning.get_ref().clone())
        };
        let Some(value) = self.from.get_ref().fill(cells, missing) else {
            return Ok(given(&self.when_missing));
        };
        if self.values.is_empty() {
            return Ok(Some(Meaning::Is(value)));
        }
        let entries = self.from.get_ref().entries(cells, missing);
        known(&value)
            .or_else(|| entries.iter().find_map(|entry| known(entry)))
            .or_else(|| given(&self.when_unknown))
            .map(Some)
            .ok_or_else(|| {
                let values: Vec<&str> = self.values.keys().map(String::as_str).collect();
                format!(
                    "unknown {what} {value:?}: the map knows {}; add it under [{what}.values], or say `when_unknown`",
                    values.join(", ")
                )
            })
    }

    /// Every meaning that the map can give.
    pub fn meanings(&self) -> impl Iterator<Item = &Spanned<Meaning>> {
        self.values
            .values()
            .chain(&self.when_missing)
            .chain(&self.when_unknown)
    }
}

impl<'de> Deserialize<'de> for Meaning {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MeaningVisitor;
        impl<'de> Visitor<'de> for MeaningVisitor {
            type Value = Meaning;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value of ours, or { ignore = \"why\" }")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Meaning, E> {
                Ok(Meaning::Is(text.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Meaning, A::Error> {
                let entry: Option<(String, String)> = map.next_entry()?;
                match entry {
                    Some((key, reason))
                        if key == "ignore" && map.next_key::<IgnoredAny>()?.is_none() =>
                    {
                        Ok(Meaning::Ignore(reason))
                    }
                    _ => Err(A::Error::custom("expected { ignore = \"why\" }")),
                }
            }
        }
        deserializer.deserialize_any(MeaningVisitor)
    }
}
