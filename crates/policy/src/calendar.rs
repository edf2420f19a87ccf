//! Calendars: when somebody is there.

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::civil::{Date, Weekday};
use mainstay_calendar::{
    Calendar, CalendarError, CalendarSpec, Holiday, TimeOfDay, TimeRange, Weekly, YearlyHoliday,
    holidays_from_icalendar,
};
use mainstay_domain::name::CalendarName;
use mainstay_domain::policy::{CalendarDefinition, CalendarHours};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::hours::WEEK;
use crate::names::Definitions;
use crate::place::{At, Place};
use crate::problem::Problem;
use crate::reading::{FromToml, Many, Named, Reader, Text, Toml, record, text_value};
use crate::source::PackSource;
use crate::text::Name;

record! {
    /// A calendar: `always = true`, a `union` of others, or a `time_zone` with `hours`.
    struct CalendarForm as "a calendar" {
        /// Its name.
        name: At<Name>,
        /// What it stands for, in a sentence.
        description: String,
        /// Open always, as one unbroken interval.
        always: Option<bool>,
        /// Open when any of these calendars is (follow the sun).
        union: Option<Many<At<Name>>>,
        /// The IANA time zone in which every time below is read, such as `Europe/Madrid`.
        time_zone: Option<At<Name>>,
        /// The hours of an ordinary week: days (`mon`, `mon-fri`, `daily`) and their hours (`09:00-17:00`).
        hours: Option<Named<Many<At<RangeText>>>>,
        /// Dates closed all day.
        holidays: Option<Vec<HolidayForm>>,
        /// Days of the year closed all day every year, as `MM-DD`.
        yearly_holidays: Option<Vec<YearlyHolidayForm>>,
        /// iCalendar files of the pack whose events are holidays.
        holidays_from: Option<Many<At<String>>>,
        /// Dates with other hours than their weekday's; an empty list is closed.
        exceptions: Option<Named<Many<At<RangeText>>>>,
        /// Hours of a date that are closed, whatever else says they are open.
        breaks: Option<Named<Many<At<RangeText>>>>,
    }
}

/// Hours such as `09:00-17:00`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RangeText(TimeRange);

text_value!(RangeText);

impl Text for RangeText {
    const WHAT: &'static str = "hours such as \"09:00-17:00\"";

    fn parse(text: &str) -> Result<Self, (String, Option<String>)> {
        let help = || Some("write HH:MM-HH:MM; 24:00 is the end of the day".to_owned());
        let (open, close) = text
            .split_once(['-', '–'])
            .ok_or_else(|| (format!("`{text}` is no range of hours"), help()))?;
        let read = |part: &str| {
            part.trim()
                .parse::<TimeOfDay>()
                .map_err(|error| (error.to_string(), help()))
        };
        Ok(Self(TimeRange::new(read(open)?, read(close)?)))
    }

    fn schema() -> Schema {
        json_schema!({ "type": "string", "pattern": "^\\s*[0-9]{2}:[0-9]{2}(:[0-9]{2})?\\s*[-–]\\s*[0-9]{2}:[0-9]{2}(:[0-9]{2})?\\s*$" })
    }
}

/// A date, as a TOML date or as a text.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DateValue(Date);

impl FromToml for DateValue {
    fn what() -> Cow<'static, str> {
        Cow::Borrowed("a date such as 2026-12-25")
    }

    fn from_toml(value: &Toml<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        let text = match (value.get_ref().as_str(), value.get_ref().as_datetime()) {
            (Some(text), _) => text.to_owned(),
            (None, Some(date)) => date.to_string(),
            (None, None) => {
                reader.wrong_kind(value, &Self::what());
                return None;
            }
        };
        let date = parse_date(&text);
        if date.is_none() {
            let place = reader.place(value.span());
            reader.report(no_date(&text, &place));
        }
        date.map(Self)
    }
}

impl JsonSchema for DateValue {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        Cow::Borrowed("Date")
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$" })
    }
}

fn parse_date(text: &str) -> Option<Date> {
    // Exactly the extended form: jiff would also read 20261225 and dates with times.
    (text.len() == 10).then(|| text.parse().ok()).flatten()
}

fn no_date(text: &str, place: &Place) -> Problem {
    Problem::error(place, format!("`{text}` is no date"))
        .expected("expected a date such as 2026-12-25")
}

/// A day of the year such as `12-25`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DayOfYear {
    month: i8,
    day: i8,
}

text_value!(DayOfYear);

impl Text for DayOfYear {
    const WHAT: &'static str = "a day of the year such as \"12-25\"";

    fn parse(text: &str) -> Result<Self, (String, Option<String>)> {
        // 2028 is a leap year, so that 29 February is a day of the year.
        parse_date(&format!("2028-{text}"))
            .map(|date| Self {
                month: date.month(),
                day: date.day(),
            })
            .ok_or_else(|| (format!("`{text}` is no day of the year"), None))
    }

    fn schema() -> Schema {
        json_schema!({ "type": "string", "pattern": "^[0-9]{2}-[0-9]{2}$" })
    }
}

macro_rules! plain_or_named {
    ($form:ident, $table:ident, $value:ty, $what:literal, $doc:literal) => {
        #[doc = $doc]
        #[derive(Debug, Clone)]
        pub(crate) struct $form($table);

        record! {
            #[doc = $doc]
            struct $table as $what {
                /// Which day.
                date: $value,
                /// What people call it.
                name: Option<String>,
            }
        }

        impl FromToml for $form {
            fn what() -> Cow<'static, str> {
                Cow::Borrowed($what)
            }

            fn from_toml(value: &Toml<'_>, reader: &mut Reader<'_>) -> Option<Self> {
                if value.get_ref().is_table() {
                    return $table::from_toml(value, reader).map(Self);
                }
                let place = reader.place(value.span());
                let date = <$value>::from_toml(value, reader)?;
                Some(Self($table {
                    date,
                    name: None,
                    place,
                }))
            }
        }

        impl JsonSchema for $form {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                Cow::Borrowed(stringify!($form))
            }

            fn json_schema(generator: &mut SchemaGenerator) -> Schema {
                let plain = generator.subschema_for::<$value>();
                let table = generator.subschema_for::<$table>();
                json_schema!({ "anyOf": [plain, table] })
            }
        }
    };
}

plain_or_named!(
    HolidayForm,
    HolidayTable,
    DateValue,
    "a holiday",
    "A date that is closed all day."
);
plain_or_named!(
    YearlyHolidayForm,
    YearlyHolidayTable,
    DayOfYear,
    "a yearly holiday",
    "A day that is closed all day every year."
);

/// Compiles every calendar of the pack.
pub(crate) fn lower_calendars(
    forms: &[CalendarForm],
    source: &PackSource,
    names: &mut Definitions<'_>,
) -> (Vec<CalendarDefinition>, BTreeMap<CalendarName, Calendar>) {
    let mut definitions = Vec::new();
    let mut compiled = BTreeMap::new();
    for form in forms {
        let Some(definition) = form.lower(source, names) else {
            continue;
        };
        let calendar = match &definition.hours {
            CalendarHours::Always => Some(Calendar::always()),
            CalendarHours::Weekly(spec) => form.compile(spec, names),
            CalendarHours::Union(_) => None,
        };
        compiled.extend(calendar.map(|calendar| (definition.name.clone(), calendar)));
        definitions.push(definition);
    }
    compile_unions(&definitions, forms, &mut compiled, names);
    (definitions, compiled)
}

/// Compiles unions round by round, each of those whose members are compiled, until nothing moves; what is left is a
/// circle.
fn compile_unions(
    definitions: &[CalendarDefinition],
    forms: &[CalendarForm],
    compiled: &mut BTreeMap<CalendarName, Calendar>,
    names: &mut Definitions<'_>,
) {
    let mut open: Vec<(&CalendarName, &Vec<CalendarName>)> = definitions
        .iter()
        .filter_map(|definition| match &definition.hours {
            CalendarHours::Union(members) => Some((&definition.name, members)),
            _ => None,
        })
        .collect();
    loop {
        let before = open.len();
        open.retain(|(name, members)| {
            let parts: Option<Vec<Calendar>> = members
                .iter()
                .map(|member| compiled.get(member).cloned())
                .collect();
            let union = parts.and_then(|parts| Calendar::union(&parts).ok());
            union
                .map(|union| compiled.insert((*name).clone(), union))
                .is_none()
                && !compiled.contains_key(*name)
        });
        if open.len() == before {
            break;
        }
    }
    for (name, members) in &open {
        let circular = members
            .iter()
            .any(|member| open.iter().any(|(other, _)| *other == member));
        let form = forms.iter().find(|form| form.name.value.0 == name.as_str());
        if let (true, Some(form)) = (circular, form) {
            names.report(
                Problem::error(
                    form.blamed(),
                    format!("the union `{name}` contains itself, directly or through others"),
                )
                .expected("expected calendars that do not lead back here"),
            );
        }
    }
}

impl CalendarForm {
    /// The part that a message about the calendar as a whole should point at.
    fn blamed(&self) -> &Place {
        &self.name.place
    }

    fn compile(&self, spec: &CalendarSpec, names: &mut Definitions<'_>) -> Option<Calendar> {
        let refused = match Calendar::new(spec.clone()) {
            Ok(calendar) => return Some(calendar),
            Err(refused) => refused,
        };
        let place = match (&refused, &self.time_zone) {
            (CalendarError::UnknownTimeZone { .. }, Some(zone)) => &zone.place,
            _ => self.blamed(),
        };
        names.report(
            Problem::error(
                place,
                format!("the calendar `{}` is refused", self.name.value.0),
            )
            .expected("expected a calendar that makes sense and opens")
            .help(refused.to_string()),
        );
        None
    }

    fn lower(
        &self,
        source: &PackSource,
        names: &mut Definitions<'_>,
    ) -> Option<CalendarDefinition> {
        let hours = match (self.always, &self.union, &self.hours, &self.exceptions) {
            (Some(true), None, None, None) => CalendarHours::Always,
            (None | Some(false), Some(Many(members)), None, None) => {
                let members = members.iter().map(|name| names.calendar(name));
                CalendarHours::Union(members.collect())
            }
            (None | Some(false), None, hours, exceptions)
                if hours.is_some() || exceptions.is_some() =>
            {
                CalendarHours::Weekly(Box::new(self.weekly_spec(source, names)?))
            }
            _ => {
                names.report(
                    Problem::error(
                        self.blamed(),
                        format!("the calendar `{}` does not say when it is open", self.name.value.0),
                    )
                    .expected("expected exactly one of `always = true`, `union` and `hours`")
                    .help("for example: time_zone = \"Europe/Madrid\" and hours = { mon-fri = \"09:00-17:00\" }"),
                );
                return None;
            }
        };
        Some(CalendarDefinition {
            name: CalendarName::from(self.name.value.0.as_str()),
            description: self.description.clone(),
            hours,
            source: self.place.source(),
        })
    }

    fn weekly_spec(
        &self,
        source: &PackSource,
        names: &mut Definitions<'_>,
    ) -> Option<CalendarSpec> {
        let Some(time_zone) = &self.time_zone else {
            names.report(
                Problem::error(
                    self.blamed(),
                    format!(
                        "the calendar `{}` has hours but no `time_zone`",
                        self.name.value.0
                    ),
                )
                .expected("expected an IANA time zone such as \"Europe/Madrid\""),
            );
            return None;
        };
        let mut spec = CalendarSpec::new(time_zone.value.0.clone(), Weekly::default());
        for (days, Many(ranges)) in self.hours.iter().flat_map(|Named(hours)| hours) {
            let Some(days) = weekdays(days, names) else {
                continue;
            };
            for day in days {
                spec.weekly
                    .on_mut(day)
                    .extend(ranges.iter().map(|range| range.0));
            }
        }
        for HolidayForm(holiday) in self.holidays.iter().flatten() {
            spec.holidays.push(Holiday {
                date: holiday.date.0,
                name: holiday.name.clone(),
            });
        }
        for YearlyHolidayForm(holiday) in self.yearly_holidays.iter().flatten() {
            spec.yearly_holidays.push(YearlyHoliday {
                month: holiday.date.month,
                day: holiday.date.day,
                name: holiday.name.clone(),
            });
        }
        for file in self.holidays_from.iter().flat_map(|Many(files)| files) {
            add_holidays(&mut spec, file, source, names);
        }
        spec.exceptions = dated(self.exceptions.as_ref(), names);
        spec.breaks = dated(self.breaks.as_ref(), names);
        Some(spec)
    }
}

fn add_holidays(
    spec: &mut CalendarSpec,
    file: &At<String>,
    source: &PackSource,
    names: &mut Definitions<'_>,
) {
    let Some(text) = source.file(&file.value) else {
        let files: Vec<&str> = source.files().map(|(name, _)| name).collect();
        names.report(
            Problem::error(
                &file.place,
                format!("the pack has no file `{}`", file.value),
            )
            .expected("expected an iCalendar file of the pack")
            .maybe_help(crate::problem::suggestion(&file.value, &files)),
        );
        return;
    };
    match holidays_from_icalendar(text) {
        Ok(holidays) => spec.holidays.extend(holidays),
        Err(error) => names.report(
            Problem::error(
                &file.place,
                format!("`{}` cannot be read: {error}", file.value),
            )
            .expected("expected an iCalendar file of holidays"),
        ),
    }
}

fn dated(
    ranges: Option<&Named<Many<At<RangeText>>>>,
    names: &mut Definitions<'_>,
) -> BTreeMap<Date, Vec<TimeRange>> {
    let mut by_date = BTreeMap::new();
    for (key, Many(ranges)) in ranges.iter().flat_map(|Named(entries)| entries) {
        match parse_date(&key.value) {
            Some(date) => {
                by_date.insert(date, ranges.iter().map(|range| range.0).collect());
            }
            None => names.report(no_date(&key.value, &key.place)),
        }
    }
    by_date
}

/// The weekdays of a key such as `mon`, `mon-fri` or `daily`.
fn weekdays(key: &At<String>, names: &mut Definitions<'_>) -> Option<Vec<Weekday>> {
    let index = |text: &str| WEEK.iter().position(|(name, _)| *name == text);
    let (first, last) = match key.value.as_str() {
        "daily" => ("mon", "sun"),
        text => text.split_once('-').unwrap_or((text, text)),
    };
    if let (Some(first), Some(last)) = (index(first), index(last)) {
        let length = (last + 7 - first) % 7 + 1;
        return Some((0..length).map(|step| WEEK[(first + step) % 7].1).collect());
    }
    names.report(
        Problem::error(&key.place, format!("`{}` is no weekday", key.value))
            .expected("expected `mon` … `sun`, a span such as `mon-fri`, or `daily`"),
    );
    None
}
