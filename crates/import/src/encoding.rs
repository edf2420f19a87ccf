//! How the bytes of a file are rows and text.

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _};

/// The form of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Format {
    Csv,
    Json,
    JsonLines,
}

/// How the bytes of the file are text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
pub(crate) enum Encoding {
    #[default]
    #[serde(rename = "utf-8")]
    Utf8,
    #[serde(rename = "latin-1")]
    Latin1,
    #[serde(rename = "windows-1252")]
    Windows1252,
}

/// What the bytes 0x80 to 0x9f are in windows-1252; those that are nothing there are taken as Latin-1's controls.
const WINDOWS_1252: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}',
    '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

impl Encoding {
    /// The text of bytes.
    pub fn decode(self, bytes: &[u8]) -> Result<Cow<'_, str>, String> {
        match self {
            Self::Utf8 => std::str::from_utf8(bytes).map(Cow::Borrowed).map_err(|error| {
                let byte = bytes.get(error.valid_up_to()).copied().unwrap_or_default();
                format!(
                    "this is not UTF-8 (byte {byte:#04x}); if the file is in another encoding, name it in the map, \
                     such as encoding = \"windows-1252\""
                )
            }),
            Self::Latin1 => Ok(bytes.iter().map(|byte| char::from(*byte)).collect()),
            Self::Windows1252 => Ok(bytes
                .iter()
                .map(|byte| match byte {
                    0x80..=0x9f => WINDOWS_1252[usize::from(byte - 0x80)],
                    byte => char::from(*byte),
                })
                .collect()),
        }
    }
}

/// What stands between two columns.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Delimiter(pub u8);

impl<'de> Deserialize<'de> for Delimiter {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        match text.as_bytes() {
            [byte] if byte.is_ascii() && !matches!(byte, b'"' | b'\r' | b'\n') => Ok(Self(*byte)),
            _ => Err(D::Error::custom(format!(
                "{text:?} cannot stand between columns: expected one ASCII character, such as \";\" or \"\\t\""
            ))),
        }
    }
}
