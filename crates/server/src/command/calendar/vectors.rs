//! The `calendar-vectors/1` format: calendars and questions to them, as JSON.
//!
//! A file that is no such file at all is refused whole; a calendar or a case that is wrong costs only the cases that
//! need it.

use std::collections::BTreeMap;
use std::fmt;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use mainstay_calendar::{
    Calendar, CalendarError, CalendarSpec, Holiday, Interval, TimeOfDay, TimeRange, Weekly,
    YearlyHoliday,
};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

/// What a file must say in `format`.
const FORMAT: &str = "calendar-vectors/1";

/// Nobody reads more intervals than this, and memory is finite.
const MOST_INTERVALS: usize = 1_000_000;

/// A file of calendars and cases.
#[derive(Debug)]
pub struct VectorFile {
    calendars: BTreeMap<String, Result<Calendar, Refusal>>,
    cases: Vec<Value>,
}

/// What came of one case. Its `Display` is the line that the command prints.
#[derive(Debug)]
pub struct Outcome {
    /// The case's `id` as it was given, null when it has none.
    pub id: Value,
    /// The answer in the shape of the format's `expect`, or why there is none.
    pub result: Result<Value, String>,
}

impl VectorFile {
    /// Reads a file.
    ///
    /// # Errors
    /// Says where the text is not JSON, or what makes it another format; the message continues a file's name.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let value: Value = serde_json::from_slice(bytes).map_err(|error| {
            format!(
                ":{}:{}: not valid JSON: {}",
                error.line(),
                error.column(),
                without_position(&error)
            )
        })?;
        let Value::Object(mut file) = value else {
            return Err(format!(": expected a JSON object, found {}", kind(&value)));
        };
        match file.get("format") {
            Some(Value::String(format)) if format == FORMAT => {}
            Some(other) => {
                return Err(format!(": `format` is {other}, expected \"{FORMAT}\""));
            }
            None => return Err(format!(": `format` is missing, expected \"{FORMAT}\"")),
        }
        let calendars = match file.remove("calendars") {
            Some(Value::Object(calendars)) => calendars,
            None => Map::new(),
            Some(other) => {
                return Err(format!(
                    ": `calendars` must be an object, found {}",
                    kind(&other)
                ));
            }
        };
        let cases = match file.remove("cases") {
            Some(Value::Array(cases)) => cases,
            None => return Err(": `cases` is missing".into()),
            Some(other) => {
                return Err(format!(": `cases` must be a list, found {}", kind(&other)));
            }
        };
        let calendars = calendars
            .into_iter()
            .map(|(name, value)| {
                let calendar = build_calendar(&value)
                    .map_err(|refusal| refusal.within(&format!("calendar `{name}`")));
                (name, calendar)
            })
            .collect();
        Ok(Self { calendars, cases })
    }

    /// The cases as they were given.
    #[must_use]
    pub fn cases(&self) -> &[Value] {
        &self.cases
    }

    /// The names of the calendars, sorted.
    pub fn calendar_names(&self) -> impl Iterator<Item = &str> {
        self.calendars.keys().map(String::as_str)
    }

    /// A calendar by its name.
    ///
    /// # Errors
    /// Says that there is none, or why it was refused.
    pub fn calendar(&self, name: &str) -> Result<Calendar, String> {
        self.find(name).map_err(|refusal| refusal.what)
    }

    fn find(&self, name: &str) -> Result<Calendar, Refusal> {
        let unknown = || Err(Refusal::from(format!("there is no calendar `{name}`")));
        self.calendars.get(name).cloned().unwrap_or_else(unknown)
    }

    /// What comes of each case, in order.
    pub fn outcomes(&self) -> impl Iterator<Item = Outcome> {
        self.cases.iter().map(|case| Outcome {
            id: case.get("id").cloned().unwrap_or(Value::Null),
            result: self.answer(case),
        })
    }

    fn answer(&self, case: &Value) -> Result<Value, String> {
        let Value::Object(case) = case else {
            return Err(format!("a case must be an object, found {}", kind(case)));
        };
        let calendar = match case.get("calendar") {
            Some(Value::String(name)) => self.find(name),
            Some(inline @ Value::Object(_)) => {
                build_calendar(inline).map_err(|refusal| refusal.within("the calendar"))
            }
            _ => return Err("field `calendar`: expected the name of a calendar".into()),
        };
        match calendar {
            Ok(calendar) => Question {
                calendar: &calendar,
                case,
            }
            .answer(),
            Err(refusal) if refusal.never_open => answer_never_open(case, refusal),
            Err(refusal) => Err(refusal.what),
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (key, value) = match &self.result {
            Ok(result) => ("result", result.clone()),
            Err(error) => ("error", Value::from(error.as_str())),
        };
        // Written by hand so that the id comes first.
        write!(f, "{{\"id\":{},\"{key}\":{value}}}", self.id)
    }
}

/// What can be said of a calendar that never opens: it is closed, and no time on it is open.
fn answer_never_open(case: &Map<String, Value>, refusal: Refusal) -> Result<Value, String> {
    match case.get("op").and_then(Value::as_str) {
        Some("is_open") => Ok(json!(false)),
        Some("elapsed") => Ok(json!(0)),
        Some("open_intervals" | "open_intervals_from" | "open_intervals_before") => Ok(json!([])),
        _ => Err(refusal.what),
    }
}

/// Why there is no calendar.
#[derive(Debug, Clone)]
struct Refusal {
    what: String,
    never_open: bool,
}

impl Refusal {
    fn within(self, what: &str) -> Self {
        Self {
            what: format!("{what} is invalid: {}", self.what),
            ..self
        }
    }
}

impl From<String> for Refusal {
    fn from(what: String) -> Self {
        Self {
            what,
            never_open: false,
        }
    }
}

/// One case and the calendar it asks.
struct Question<'a> {
    calendar: &'a Calendar,
    case: &'a Map<String, Value>,
}

impl Question<'_> {
    fn answer(&self) -> Result<Value, String> {
        let op: String = self.field("op")?;
        match op.as_str() {
            "add" => self.instant_or(self.calendar.add(self.instant("start")?, self.seconds()?)),
            "subtract" => self.instant_or(
                self.calendar
                    .subtract(self.instant("start")?, self.seconds()?),
            ),
            "elapsed" => {
                let (start, end) = (self.instant("start")?, self.instant("end")?);
                Ok(seconds_of(self.calendar.elapsed(start, end)))
            }
            "is_open" => Ok(json!(self.calendar.is_open(self.instant("at")?))),
            "open_intervals" => {
                let (start, end) = (self.instant("start")?, self.instant("end")?);
                intervals(self.calendar.open_intervals(start, end), MOST_INTERVALS)
            }
            "open_intervals_from" => {
                let windows = self.calendar.open_intervals_from(self.instant("start")?);
                intervals(windows, self.limit()?)
            }
            "open_intervals_before" => {
                let windows = self.calendar.open_intervals_before(self.instant("start")?);
                intervals(windows, self.limit()?)
            }
            "next_open" => self.found("opening after", Calendar::next_open),
            // The format asks for the end of the window, which may touch the next one, not for the end of open time.
            "next_close" => self.found("window after", |calendar, at| {
                let window = calendar.open_intervals_from(at).next();
                window.map(|window| window.end)
            }),
            "prev_open" => self.found("opening before", Calendar::prev_open),
            "add_business_days" => self.instant_or(
                self.calendar
                    .add_business_days(self.instant("start")?, self.whole_number("days")?),
            ),
            "subtract_business_days" => self.instant_or(
                self.calendar
                    .subtract_business_days(self.instant("start")?, self.whole_number("days")?),
            ),
            _ => Err(format!(
                "field `op`: `{op}` is unknown; expected one of add, subtract, elapsed, is_open, open_intervals, \
                 open_intervals_from, open_intervals_before, next_open, next_close, prev_open, add_business_days, \
                 subtract_business_days"
            )),
        }
    }

    fn found(
        &self,
        what: &str,
        find: impl FnOnce(&Calendar, Timestamp) -> Option<Timestamp>,
    ) -> Result<Value, String> {
        let at = self.instant("at")?;
        find(self.calendar, at)
            .map(|instant| json!(instant.to_string()))
            .ok_or_else(|| format!("the calendar has no {what} {at}"))
    }

    fn instant_or(&self, answer: Result<Timestamp, CalendarError>) -> Result<Value, String> {
        answer
            .map(|instant| json!(instant.to_string()))
            .map_err(|error| error.to_string())
    }

    fn instant(&self, name: &str) -> Result<Timestamp, String> {
        let text: String = self.field(name)?;
        text.parse().map_err(|_| {
            format!(
                "field `{name}`: `{text}` is no instant; expected one like 2006-01-02T09:00:00Z"
            )
        })
    }

    fn seconds(&self) -> Result<SignedDuration, String> {
        self.whole_number("seconds").map(SignedDuration::from_secs)
    }

    fn limit(&self) -> Result<usize, String> {
        let limit = self.whole_number("limit")?;
        if limit > MOST_INTERVALS {
            return Err(format!(
                "field `limit`: {limit} is more than {MOST_INTERVALS}"
            ));
        }
        Ok(limit)
    }

    fn whole_number<T: TryFrom<i64>>(&self, name: &str) -> Result<T, String> {
        let value: Value = self.field(name)?;
        let number = value
            .as_i64()
            .ok_or_else(|| format!("field `{name}`: expected a whole number, found {value}"))?;
        T::try_from(number).map_err(|_| format!("field `{name}`: {number} is out of range"))
    }

    fn field<T: DeserializeOwned>(&self, name: &str) -> Result<T, String> {
        optional(self.case, name)?.ok_or_else(|| format!("field `{name}` is missing"))
    }
}

/// The intervals as the format writes them.
fn intervals(intervals: impl Iterator<Item = Interval>, limit: usize) -> Result<Value, String> {
    let pairs = intervals
        .take(limit)
        .map(|interval| json!([interval.start.to_string(), interval.end.to_string()]));
    Ok(Value::Array(pairs.collect()))
}

/// A whole number where the duration is whole seconds.
fn seconds_of(duration: SignedDuration) -> Value {
    if duration.subsec_nanos() == 0 {
        json!(duration.as_secs())
    } else {
        json!(duration.as_secs_f64())
    }
}

/// Reads the format's calendar object.
///
/// # Errors
/// Says which field is wrong and why, or why no such calendar can exist.
pub fn read_calendar(value: &Value) -> Result<Calendar, String> {
    build_calendar(value).map_err(|refusal| refusal.what)
}

fn build_calendar(value: &Value) -> Result<Calendar, Refusal> {
    let spec = read_spec(value)?;
    Calendar::new(spec).map_err(|error| Refusal {
        never_open: matches!(error, CalendarError::NeverOpen),
        what: error.to_string(),
    })
}

fn read_spec(value: &Value) -> Result<CalendarSpec, String> {
    let Value::Object(object) = value else {
        return Err(format!("expected an object, found {}", kind(value)));
    };
    let fields = [
        "timezone",
        "weekly",
        "holidays",
        "recurring_holidays",
        "overrides",
        "breaks",
        // Remarks for people.
        "name",
        "note",
    ];
    if let Some(unknown) = object.keys().find(|key| !fields.contains(&key.as_str())) {
        return Err(format!(
            "field `{unknown}` is unknown; expected one of {}",
            fields.join(", ")
        ));
    }
    let time_zone = optional(object, "timezone")?.ok_or("field `timezone` is missing")?;
    Ok(CalendarSpec {
        time_zone,
        weekly: read_weekly(optional(object, "weekly")?.unwrap_or_default())?,
        holidays: read_holidays(optional(object, "holidays")?.unwrap_or_default())?,
        yearly_holidays: read_yearly(optional(object, "recurring_holidays")?.unwrap_or_default())?,
        exceptions: read_dates("overrides", object)?,
        breaks: read_dates("breaks", object)?,
    })
}

/// Windows as the format writes them: pairs of opening and closing time.
type Windows = Vec<(String, String)>;

fn read_weekly(days: BTreeMap<String, Windows>) -> Result<Weekly, String> {
    let mut weekly = Weekly::default();
    for (day, windows) in days {
        let ranges = match day.as_str() {
            "mon" => &mut weekly.monday,
            "tue" => &mut weekly.tuesday,
            "wed" => &mut weekly.wednesday,
            "thu" => &mut weekly.thursday,
            "fri" => &mut weekly.friday,
            "sat" => &mut weekly.saturday,
            "sun" => &mut weekly.sunday,
            _ => {
                return Err(format!(
                    "field `weekly`: `{day}` is no day; expected mon, tue, wed, thu, fri, sat or sun"
                ));
            }
        };
        *ranges = read_windows(&windows).map_err(|what| format!("field `weekly.{day}`: {what}"))?;
    }
    Ok(weekly)
}

fn read_dates(
    name: &str,
    object: &Map<String, Value>,
) -> Result<BTreeMap<Date, Vec<TimeRange>>, String> {
    let dates: BTreeMap<String, Windows> = optional(object, name)?.unwrap_or_default();
    dates
        .into_iter()
        .map(|(date, windows)| {
            let ranges = read_windows(&windows);
            Ok((
                read_date(&date)?,
                ranges.map_err(|what| format!("{date}: {what}"))?,
            ))
        })
        .collect::<Result<_, String>>()
        .map_err(|what| format!("field `{name}`: {what}"))
}

fn read_windows(windows: &Windows) -> Result<Vec<TimeRange>, String> {
    windows
        .iter()
        .map(|(open, close)| {
            let time = |text: &str| text.parse::<TimeOfDay>().map_err(|error| error.to_string());
            let range = TimeRange::new(time(open)?, time(close)?);
            if range.close < range.open {
                return Err(format!(
                    "the window {range} closes before it opens; an overnight shift is two windows"
                ));
            }
            Ok(range)
        })
        .collect()
}

fn read_holidays(dates: Vec<String>) -> Result<Vec<Holiday>, String> {
    dates
        .iter()
        .map(|text| {
            let date = read_date(text).map_err(|what| format!("field `holidays`: {what}"))?;
            Ok(Holiday { date, name: None })
        })
        .collect()
}

fn read_yearly(days: Vec<String>) -> Result<Vec<YearlyHoliday>, String> {
    days.iter()
        .map(|text| {
            // 2000 is a leap year, so that 02-29 is a day.
            let date = read_date(&format!("2000-{text}")).map_err(|_| {
                format!(
                    "field `recurring_holidays`: `{text}` is no day of the year; expected MM-DD"
                )
            })?;
            Ok(YearlyHoliday {
                month: date.month(),
                day: date.day(),
                name: None,
            })
        })
        .collect()
}

fn read_date(text: &str) -> Result<Date, String> {
    let refusal = || format!("`{text}` is no date; expected YYYY-MM-DD");
    if text.len() != "YYYY-MM-DD".len() {
        return Err(refusal());
    }
    text.parse().map_err(|_| refusal())
}

/// A field that may be missing; null counts as missing.
fn optional<T: DeserializeOwned>(
    object: &Map<String, Value>,
    name: &str,
) -> Result<Option<T>, String> {
    match object.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => serde_json::from_value(value.clone())
            .map(Some)
            .map_err(|error| format!("field `{name}`: {error}")),
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// The message without the position, which is told before it.
fn without_position(error: &serde_json::Error) -> String {
    let message = error.to_string();
    match message.rfind(" at line ") {
        Some(position) => message[..position].to_owned(),
        None => message,
    }
}
