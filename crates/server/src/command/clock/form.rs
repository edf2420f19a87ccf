//! The form of a file of scenarios, as `docs/scenarios.md` describes it.

use std::collections::BTreeMap;
use std::fmt;

use jiff::{SignedDuration, Timestamp};
use mainstay_domain::event::Channel;
use mainstay_domain::severity::Severity;
use mainstay_domain::status::StatusKind;
use serde::{Deserialize, Deserializer, de};
use serde_json::Value;

/// The format that this program reads.
pub const FORMAT: &str = "clock-scenarios/1";

/// A file of scenarios.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileForm {
    /// `clock-scenarios/1`, which was checked before.
    #[serde(rename = "format")]
    pub _format: String,
    /// By which pack scenarios are judged that name none: a folder beside the file, or a pack of the program.
    pub pack: Option<String>,
    /// The text of a `pack.toml` instead.
    pub pack_text: Option<String>,
    #[serde(alias = "scenario")]
    pub scenarios: Vec<ScenarioForm>,
}

/// A ticket's history and what is expected of its clocks.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScenarioForm {
    pub id: String,
    /// Remarks for people.
    #[serde(default, rename = "note")]
    pub _note: Option<String>,
    pub pack: Option<String>,
    pub pack_text: Option<String>,
    /// Calendars that stand in for the pack's, as in a calendar-vectors/1 file.
    #[serde(default)]
    pub calendars: BTreeMap<String, Value>,
    pub events: Vec<EventForm>,
    /// The instants at which the clocks are looked at; that of the last event when there is none.
    #[serde(default)]
    pub evaluate_at: Vec<Instant>,
    #[serde(default)]
    pub expect: Vec<ExpectationForm>,
}

/// Something that happened to the ticket.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventForm {
    pub at: Instant,
    pub recorded_at: Option<Instant>,
    pub by: Option<By>,
    #[serde(rename = "type")]
    pub kind: Kind,
    pub to: Option<String>,
    pub severity: Option<SeverityWord>,
    pub status: Option<String>,
    pub channel: Option<ChannelWord>,
    pub category: Option<String>,
    pub team: Option<String>,
    pub tier: Option<String>,
    pub overrides: Option<Vec<OverrideForm>>,
    pub tags: Option<Vec<String>>,
    pub ticket: Option<u64>,
    pub clocks: Option<Vec<CarriedForm>>,
    pub messages: Option<Vec<SpokenForm>>,
    pub clock: Option<String>,
    pub cycle: Option<u32>,
    pub due_at: Option<Instant>,
}

/// Who did it.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    Customer,
    Agent,
    System,
}

/// What can happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Opened,
    CustomerMessage,
    AgentReply,
    InternalNote,
    AutomaticReply,
    Bounce,
    Status,
    Severity,
    Category,
    Terms,
    Team,
    Assigned,
    TagsAdded,
    TagsRemoved,
    Escalated,
    Acknowledged,
    MergedInto,
    MergedFrom,
    SplitFrom,
    ClockMissed,
}

/// What the contract promises otherwise than the pack.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OverrideForm {
    pub commitment: String,
    pub severity: Option<SeverityWord>,
    pub within: Option<Length>,
    pub calendar: Option<String>,
    pub clause: Option<String>,
}

/// A clock of a ticket that is merged into this one.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CarriedForm {
    pub commitment: String,
    pub started_at: Instant,
    pub used: Length,
}

/// What was said in a ticket that is merged into this one.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SpokenForm {
    pub at: Instant,
    pub by: SideWord,
}

/// Which side said it.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SideWord {
    Customer,
    Agent,
}

/// What is expected of a clock.
#[derive(Debug, Deserialize)]
pub struct ExpectationForm {
    pub clock: String,
    pub cycle: Option<u32>,
    pub at: Option<Instant>,
    #[serde(default)]
    pub tolerance_seconds: u32,
    /// There is no such clock.
    #[serde(default)]
    pub absent: bool,
    #[serde(flatten)]
    pub fields: BTreeMap<String, Value>,
}

/// An instant, in whole microseconds.
#[derive(Debug, Clone, Copy)]
pub struct Instant(pub Timestamp);

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        parsed(
            deserializer,
            "an instant in quotes such as \"2026-03-02T09:00:00Z\"",
            |text| {
                let at: Timestamp = text.parse().ok()?;
                Timestamp::from_microsecond(at.as_microsecond())
                    .ok()
                    .map(Self)
            },
        )
    }
}

/// A length of time: `4h30m`, or a number of seconds.
#[derive(Debug, Clone, Copy)]
pub struct Length(pub SignedDuration);

impl<'de> Deserialize<'de> for Length {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        parsed(
            deserializer,
            "a time such as \"4h30m\", or a number of seconds",
            |text| {
                let length = match text.parse::<i64>() {
                    Ok(seconds) => SignedDuration::from_secs(seconds),
                    Err(_) => text.parse().ok()?,
                };
                (!length.is_negative()).then_some(Self(length))
            },
        )
    }
}

/// A severity.
#[derive(Debug, Clone, Copy)]
pub struct SeverityWord(pub Severity);

impl<'de> Deserialize<'de> for SeverityWord {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        parsed(deserializer, "a severity from \"P1\" to \"P4\"", |text| {
            text.parse().ok().map(Self)
        })
    }
}

/// A channel.
#[derive(Debug, Clone, Copy)]
pub struct ChannelWord(pub Channel);

impl<'de> Deserialize<'de> for ChannelWord {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let names = Channel::ALL.map(Channel::as_str).join(", ");
        parsed(
            deserializer,
            &format!("one of the channels {names}"),
            |text| {
                let known = Channel::ALL.into_iter();
                known
                    .filter(|channel| channel.as_str() == text)
                    .map(Self)
                    .next()
            },
        )
    }
}

/// The kind of a built-in status, by its name.
pub fn builtin_status(name: &str) -> Option<StatusKind> {
    StatusKind::ALL
        .into_iter()
        .find(|kind| kind.as_str() == name)
}

/// Reads a text (or a whole number, as its digits).
fn parsed<'de, D: Deserializer<'de>, T>(
    deserializer: D,
    expected: &str,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<T, D::Error> {
    struct Visitor<'a, T, P> {
        expected: &'a str,
        parse: P,
        value: std::marker::PhantomData<T>,
    }
    impl<T, P: Fn(&str) -> Option<T>> de::Visitor<'_> for Visitor<'_, T, P> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.expected)
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
            (self.parse)(text).ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
        }

        fn visit_i64<E: de::Error>(self, number: i64) -> Result<T, E> {
            (self.parse)(&number.to_string())
                .ok_or_else(|| E::invalid_value(de::Unexpected::Signed(number), &self))
        }

        fn visit_u64<E: de::Error>(self, number: u64) -> Result<T, E> {
            (self.parse)(&number.to_string())
                .ok_or_else(|| E::invalid_value(de::Unexpected::Unsigned(number), &self))
        }
    }
    deserializer.deserialize_any(Visitor {
        expected,
        parse,
        value: std::marker::PhantomData,
    })
}
