//! Texts that are filled in from a row.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, SeqAccess, Visitor};

use crate::document::Cells;

/// A text with `{column}` in it, or several of which the first is taken whose columns all have a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Templates(Vec<Vec<Part>>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Column(String),
}

impl Templates {
    /// The columns that it names.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        self.0.iter().flatten().filter_map(|part| match part {
            Part::Column(name) => Some(name.as_str()),
            Part::Text(_) => None,
        })
    }

    /// The text, where it names no column.
    pub fn constant(&self) -> Option<&str> {
        match self.0.as_slice() {
            [parts] => match parts.as_slice() {
                [Part::Text(text)] => Some(text),
                _ => None,
            },
            _ => None,
        }
    }

    /// The text, filled in from a row.
    pub fn fill(&self, cells: &Cells<'_>, missing: &[String]) -> Option<String> {
        self.0.iter().find_map(|parts| {
            let mut text = String::new();
            for part in parts {
                match part {
                    Part::Text(fixed) => text.push_str(fixed),
                    Part::Column(name) => {
                        text.push_str(&cells.text(name).filter(|value| !missing.contains(value))?);
                    }
                }
            }
            Some(text)
        })
    }

    /// The entries of a list: a JSON array's, or what stands between commas and semicolons.
    pub fn entries(&self, cells: &Cells<'_>, missing: &[String]) -> Vec<String> {
        if let [parts] = self.0.as_slice()
            && let [Part::Column(name)] = parts.as_slice()
            && let Some(serde_json::Value::Array(items)) = cells.value(name)
        {
            return items
                .iter()
                .map(|item| {
                    item.as_str()
                        .map_or_else(|| item.to_string(), str::to_owned)
                })
                .collect();
        }
        let text = self.fill(cells, missing).unwrap_or_default();
        text.split([',', ';'])
            .map(|entry| entry.trim().to_owned())
            .filter(|entry| !entry.is_empty())
            .collect()
    }
}

impl<'de> Deserialize<'de> for Templates {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TemplatesVisitor;
        impl<'de> Visitor<'de> for TemplatesVisitor {
            type Value = Templates;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text such as \"{column}\", or a list of such of which the first that fits is taken")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Templates, E> {
                Ok(Templates(vec![parts(text).map_err(E::custom)?]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Templates, A::Error> {
                let mut templates = Vec::new();
                while let Some(text) = list.next_element::<String>()? {
                    templates.push(parts(&text).map_err(A::Error::custom)?);
                }
                Ok(Templates(templates))
            }
        }
        deserializer.deserialize_any(TemplatesVisitor)
    }
}

/// `Incident {number}`; `{{` and `}}` stand for the braces themselves.
fn parts(text: &str) -> Result<Vec<Part>, String> {
    let mut parts = Vec::new();
    let mut fixed = String::new();
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '{' | '}' if letters.peek() == Some(&letter) => {
                letters.next();
                fixed.push(letter);
            }
            '{' => {
                let mut name = String::new();
                loop {
                    match letters.next() {
                        Some('}') => break,
                        Some(letter) => name.push(letter),
                        None => return Err(format!("`{{` is not closed in {text:?}")),
                    }
                }
                let name = name.trim();
                if name.is_empty() {
                    return Err(format!("`{{}}` names no column in {text:?}"));
                }
                if !fixed.is_empty() {
                    parts.push(Part::Text(std::mem::take(&mut fixed)));
                }
                parts.push(Part::Column(name.to_owned()));
            }
            '}' => {
                return Err(format!(
                    "`}}` closes nothing in {text:?}; write it twice for the brace itself"
                ));
            }
            letter => fixed.push(letter),
        }
    }
    if !fixed.is_empty() {
        parts.push(Part::Text(fixed));
    }
    if parts.is_empty() {
        return Err("an empty text names no column".to_owned());
    }
    Ok(parts)
}
