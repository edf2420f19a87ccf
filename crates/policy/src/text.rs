//! Values that a pack writes as texts: durations, percentages, names, and words of a fixed list.

use std::borrow::Cow;
use std::str::FromStr as _;

use jiff::SignedDuration;
use mainstay_domain::escalation::{ManualReason, NotifyChannel};
use mainstay_domain::event::{Channel, Side};
use mainstay_domain::policy::AccountManagerKind;
use mainstay_domain::role::{BuiltIn, Permission};
use mainstay_domain::severity::Severity;
use mainstay_domain::status::StatusKind;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::problem::suggestion;
use crate::reading::{FromToml, Reader, Text, Toml, read_text, text_value};

/// A length of time such as `30m`, `1h 30m` or `5d`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Length(pub SignedDuration);

/// A percentage such as `75%`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Percent(pub f64);

/// A name: a text without blanks at its ends and without control characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Name(pub String);

/// A tag: a name in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TagText(pub String);

/// A language as a BCP 47 tag, such as `en` or `pt-BR`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LanguageText(pub String);

text_value!(Length, Percent, Name, TagText, LanguageText);

const UNITS: [(&str, i128); 13] = [
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("sec", 1_000_000_000),
    ("m", 60_000_000_000),
    ("min", 60_000_000_000),
    ("h", 3_600_000_000_000),
    ("hour", 3_600_000_000_000),
    ("hours", 3_600_000_000_000),
    ("d", 86_400_000_000_000),
    ("day", 86_400_000_000_000),
    ("days", 86_400_000_000_000),
    ("w", 604_800_000_000_000),
    ("week", 604_800_000_000_000),
];

/// The longest length that is accepted: a hundred years. Beyond it a slip of the pen is certain.
const LONGEST_NANOSECONDS: i128 = 100 * 366 * 86_400_000_000_000;

impl Text for Length {
    const WHAT: &'static str = "a length of time such as \"30m\", \"4h\", \"1h 30m\" or \"5d\"";

    fn parse(text: &str) -> Result<Self, (String, Option<String>)> {
        let refuse = || {
            (
                format!("`{text}` is no length of time"),
                Some("write numbers with the units ms, s, m, h, d (24 h) or w (7 d)".into()),
            )
        };
        let nanoseconds = parse_length(text).ok_or_else(refuse)?;
        if nanoseconds > LONGEST_NANOSECONDS {
            return Err((
                format!("`{text}` is longer than a hundred years"),
                Some("check the unit: m is minutes, d is days".into()),
            ));
        }
        let seconds = i64::try_from(nanoseconds / 1_000_000_000).map_err(|_| refuse())?;
        let rest = i32::try_from(nanoseconds % 1_000_000_000).map_err(|_| refuse())?;
        Ok(Self(SignedDuration::new(seconds, rest)))
    }

    fn schema() -> Schema {
        json_schema!({
            "type": "string",
            "pattern": "^\\s*([0-9]+(\\.[0-9]+)?\\s*(ms|s|sec|m|min|h|hours?|d|days?|w|week)\\s*)+$",
            "examples": ["30m", "4h", "1h 30m", "5d"]
        })
    }
}

/// Reads numbers with units, in nanoseconds, without a detour by binary fractions: `4.38m` is 262.8 s exactly.
fn parse_length(text: &str) -> Option<i128> {
    let mut rest = text.trim();
    let mut total: i128 = 0;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let number_end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, after) = rest.split_at(number_end);
        let after = after.trim_start();
        let unit_end = after
            .find(|c: char| !c.is_ascii_alphabetic())
            .unwrap_or(after.len());
        let (unit, after) = after.split_at(unit_end);
        let (_, nanoseconds) = UNITS.iter().find(|(name, _)| *name == unit)?;
        total = total.checked_add(decimal_times(number, *nanoseconds)?)?;
        rest = after.trim_start();
    }
    Some(total)
}

fn decimal_times(number: &str, factor: i128) -> Option<i128> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let dotted = number.contains('.');
    if whole.is_empty() || (dotted && fraction.is_empty()) || fraction.contains('.') {
        return None;
    }
    // Nine places are nanoseconds of a second and far more than any figure needs of an hour.
    if whole.len() > 12 || fraction.len() > 9 {
        return None;
    }
    let scale = 10_i128.pow(u32::try_from(fraction.len()).ok()?);
    let digits: i128 = format!("{whole}{fraction}").parse().ok()?;
    Some(digits * factor / scale)
}

impl Text for Percent {
    const WHAT: &'static str = "a percentage such as \"75%\" or \"99.95%\"";

    fn parse(text: &str) -> Result<Self, (String, Option<String>)> {
        text.trim()
            .strip_suffix('%')
            .and_then(|number| f64::from_str(number.trim_end()).ok())
            .filter(|number| number.is_finite() && *number >= 0.0)
            .map(Self)
            .ok_or_else(|| {
                (
                    format!("`{text}` is no percentage"),
                    Some("write the number and the sign, between quotes".into()),
                )
            })
    }

    fn schema() -> Schema {
        json_schema!({ "type": "string", "pattern": "^\\s*[0-9]+(\\.[0-9]+)?\\s*%\\s*$", "examples": ["75%"] })
    }
}

impl Text for Name {
    const WHAT: &'static str = "a name";

    fn parse(text: &str) -> Result<Self, (String, Option<String>)> {
        if text.is_empty() || text.trim() != text || text.chars().any(char::is_control) {
            return Err((
                format!("{text:?} is no name"),
                Some("a name is not empty and has no blanks at its ends".into()),
            ));
        }
        Ok(Self(text.to_owned()))
    }

    fn schema() -> Schema {
        json_schema!({ "type": "string", "minLength": 1 })
    }
}

impl Text for TagText {
    const WHAT: &'static str = "a tag";

    fn parse(text: &str) -> Result<Self, (String, Option<String>)> {
        mainstay_domain::ticket::normalise_tag(text)
            .map(|tag| Self(tag.as_str().to_owned()))
            .ok_or_else(|| ("the tag is empty".into(), None))
    }

    fn schema() -> Schema {
        json_schema!({ "type": "string", "minLength": 1 })
    }
}

impl Text for LanguageText {
    const WHAT: &'static str = "a language tag such as \"en\" or \"pt-BR\"";

    fn parse(text: &str) -> Result<Self, (String, Option<String>)> {
        let mut parts = text.split('-');
        let language = parts.next().unwrap_or_default();
        let fine = (2..=3).contains(&language.len())
            && language.bytes().all(|byte| byte.is_ascii_lowercase())
            && parts.all(|part| {
                (2..=8).contains(&part.len())
                    && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
            });
        if fine {
            return Ok(Self(text.to_owned()));
        }
        Err((
            format!("`{text}` is no language tag"),
            Some("English is `en`, Spanish `es`, Portuguese `pt`".into()),
        ))
    }

    fn schema() -> Schema {
        json_schema!({ "type": "string", "pattern": "^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$" })
    }
}

/// A word of a fixed list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Word<T>(pub T);

/// A fixed list of words and what each stands for.
pub(crate) trait Vocabulary: Sized + Copy + 'static {
    /// What a word of the list is, for "expected …".
    const WHAT: &'static str;

    /// Every word.
    fn words() -> Vec<(&'static str, Self)>;
}

impl<T: Vocabulary> Text for Word<T> {
    const WHAT: &'static str = T::WHAT;

    fn parse(text: &str) -> Result<Self, (String, Option<String>)> {
        let words = T::words();
        if let Some((_, value)) = words.iter().find(|(word, _)| *word == text) {
            return Ok(Self(*value));
        }
        let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        Err((
            format!("`{text}` is not {}", T::WHAT),
            suggestion(text, &known),
        ))
    }
}

impl<T: Vocabulary> FromToml for Word<T> {
    fn what() -> Cow<'static, str> {
        Cow::Borrowed(T::WHAT)
    }

    fn from_toml(value: &Toml<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        read_text(value, reader)
    }
}

impl<T: Vocabulary> JsonSchema for Word<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        Cow::Borrowed(T::WHAT)
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let words: Vec<&str> = T::words().into_iter().map(|(word, _)| word).collect();
        json_schema!({ "type": "string", "enum": words })
    }
}

macro_rules! vocabulary {
    ($($type:ty, $what:literal, $all:expr;)*) => {$(
        impl Vocabulary for $type {
            const WHAT: &'static str = $what;

            fn words() -> Vec<(&'static str, Self)> {
                $all.iter().map(|value: &Self| (value.as_str(), *value)).collect()
            }
        }
    )*};
}

vocabulary! {
    Severity, "a severity", Severity::ALL;
    Channel, "a channel", Channel::ALL;
    StatusKind, "a kind of status", StatusKind::ALL;
    AccountManagerKind, "a kind of account manager", AccountManagerKind::ALL;
    NotifyChannel, "a way to tell somebody", NotifyChannel::ALL;
    ManualReason, "a reason to escalate by hand", ManualReason::ALL;
    BuiltIn, "a built-in role", BuiltIn::ALL;
    Permission, "a permission", Permission::ALL;
}

impl Vocabulary for Side {
    const WHAT: &'static str = "a side of the conversation";

    fn words() -> Vec<(&'static str, Self)> {
        vec![("customer", Self::Customer), ("agent", Self::Agent)]
    }
}

/// Writes a length of time as a pack would: `1d 4h`, `30m`, `262.8s`.
#[must_use]
pub fn length_text(length: SignedDuration) -> String {
    let mut seconds = length.as_secs();
    let mut parts = Vec::new();
    for (size, unit) in [(86_400, "d"), (3_600, "h"), (60, "m")] {
        if seconds / size != 0 {
            parts.push(format!("{}{unit}", seconds / size));
            seconds %= size;
        }
    }
    let millis = length.subsec_millis();
    if millis != 0 && seconds == 0 && parts.is_empty() {
        parts.push(format!("{millis}ms"));
    } else if millis != 0 {
        let fraction = format!("{millis:03}");
        parts.push(format!("{seconds}.{}s", fraction.trim_end_matches('0')));
    } else if seconds != 0 || parts.is_empty() {
        parts.push(format!("{seconds}s"));
    }
    parts.join(" ")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn seconds(text: &str) -> Option<f64> {
        Length::parse(text)
            .ok()
            .map(|Length(length)| length.as_secs_f64())
    }

    #[test]
    fn lengths_are_read_exactly() {
        for (text, expected) in [
            ("30m", 1800.0),
            ("1h 30m", 5400.0),
            ("1h30m", 5400.0),
            ("5d", 432_000.0),
            ("1w", 604_800.0),
            ("4.38m", 262.8),
            ("3.65h", 13_140.0),
            ("200ms", 0.2),
            (" 90 s ", 90.0),
            ("0m", 0.0),
        ] {
            assert_eq!(seconds(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_length_is_refused() {
        for text in [
            "", "5", "h", "4 horas", "-1h", "1.h", ".5h", "1.5.5h", "1y", "9999999d", "1h,30m",
            "٣h",
        ] {
            assert_eq!(seconds(text), None, "{text}");
        }
    }

    #[test]
    fn percentages_need_their_sign() {
        assert_eq!(Percent::parse("99.95%").ok(), Some(Percent(99.95)));
        for text in ["99.95", "%", "-5%", "nan%", "inf%", "5 %%"] {
            assert!(Percent::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn languages_are_tags() {
        for text in ["en", "pt-BR", "zh-Hant"] {
            assert!(LanguageText::parse(text).is_ok(), "{text}");
        }
        for text in ["English", "EN", "", "pt_BR", "e"] {
            assert!(LanguageText::parse(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_length_that_is_written_is_read_back(millis in 0_i64..3_000_000_000_000) {
            let length = SignedDuration::from_millis(millis);
            prop_assert_eq!(Length::parse(&length_text(length)).ok(), Some(Length(length)));
        }
    }
}
