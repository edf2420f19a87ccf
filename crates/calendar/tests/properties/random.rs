//! Random calendars, instants and durations.

use std::collections::BTreeMap;

use jiff::civil::{Date, Weekday, date};
use jiff::{SignedDuration, Timestamp, ToSpan};
use mainstay_calendar::{
    Calendar, CalendarSpec, Holiday, TimeOfDay, TimeRange, Weekly, YearlyHoliday,
};
use proptest::collection::{btree_map, btree_set, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

/// Zones with every habit: none, northern and southern summer time, transitions at midnight, half an hour of summer
/// time, two a year around Ramadan, dates left out, offsets of 45 minutes.
const ZONES: [&str; 24] = [
    "UTC",
    "Europe/Madrid",
    "Europe/London",
    "Europe/Dublin",
    "America/New_York",
    "America/St_Johns",
    "America/Sao_Paulo",
    "America/Havana",
    "America/Nuuk",
    "America/Scoresbysund",
    "America/Santiago",
    "America/Asuncion",
    "Asia/Beirut",
    "Asia/Tehran",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Asia/Amman",
    "Africa/Cairo",
    "Africa/Casablanca",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Pacific/Kwajalein",
    "Pacific/Chatham",
    "Pacific/Kiritimati",
];

/// An instant from 1990 to 2100, often near a date that zones treat badly.
pub fn an_instant() -> impl Strategy<Value = Timestamp> {
    let anywhere = 631_152_000_000_000_i64..4_133_980_800_000_000;
    let peculiar = select(vec![
        "2011-12-30T10:00:00Z",
        "1993-08-21T12:00:00Z",
        "2024-03-31T01:00:00Z",
        "2010-11-07T02:31:00Z",
        "2023-11-05T05:00:00Z",
        "2015-10-24T21:00:00Z",
        "2018-11-04T03:00:00Z",
    ]);
    let near = (peculiar, -5 * DAY..5 * DAY).prop_map(|(text, shift): (&str, i64)| {
        text.parse::<Timestamp>().unwrap().as_microsecond() + shift
    });
    // Half of the instants fall on whole hours, where edges are.
    let microseconds = prop_oneof![3 => anywhere, 1 => near];
    (microseconds, any::<bool>()).prop_map(|(at, whole)| {
        let at = if whole { at - at.rem_euclid(HOUR) } else { at };
        Timestamp::from_microsecond(at).unwrap()
    })
}

const HOUR: i64 = 3_600_000_000;
const DAY: i64 = 24 * HOUR;

/// Open time from nothing to about ten years.
pub fn open_time() -> impl Strategy<Value = SignedDuration> {
    prop_oneof![
        4 => (0..60 * DAY).prop_map(SignedDuration::from_micros),
        4 => (0_i64..500).prop_map(SignedDuration::from_hours),
        1 => (0..1500 * DAY).prop_map(SignedDuration::from_micros),
    ]
}

/// A few weeks at most.
pub fn nearby() -> impl Strategy<Value = SignedDuration> {
    prop_oneof![
        (0..30 * DAY).prop_map(SignedDuration::from_micros),
        (0_i64..24 * 30).prop_map(SignedDuration::from_hours),
    ]
}

pub fn a_calendar_or_union() -> impl Strategy<Value = Calendar> {
    prop_oneof![
        6 => a_calendar(),
        2 => vec(a_calendar(), 2..4).prop_map(|members| Calendar::union(&members).unwrap()),
        1 => Just(Calendar::always()),
    ]
}

pub fn a_calendar() -> impl Strategy<Value = Calendar> {
    let particular_dates = (
        vec(a_date(), 0..8),
        vec((1_i8..=12, 1_i8..=28), 0..4),
        btree_map(a_date(), ranges(), 0..4),
        btree_map(a_date(), ranges(), 0..4),
    );
    let calendar = (select(&ZONES[..]), a_week(), particular_dates).prop_filter_map(
        "the random hours are never open",
        |(zone, weekly, (holidays, yearly, exceptions, breaks))| {
            Calendar::new(CalendarSpec {
                time_zone: zone.into(),
                weekly,
                holidays: holidays
                    .into_iter()
                    .map(|date| Holiday { date, name: None })
                    .collect(),
                yearly_holidays: yearly
                    .into_iter()
                    .map(|(month, day)| YearlyHoliday {
                        month,
                        day,
                        name: None,
                    })
                    .collect(),
                exceptions: BTreeMap::from_iter(exceptions),
                breaks: BTreeMap::from_iter(breaks),
            })
            .ok()
        },
    );
    calendar.prop_filter("the week is closed", |calendar| {
        let spec = calendar.specs().next().unwrap();
        spec.weekly != Weekly::default()
    })
}

/// A date from 1990 to 2100, often one of those around the peculiar instants.
fn a_date() -> impl Strategy<Value = Date> {
    let peculiar = select(vec![
        date(2011, 12, 30),
        date(1993, 8, 21),
        date(2024, 3, 31),
        date(2010, 11, 7),
        date(2023, 11, 5),
        date(2015, 10, 25),
        date(2018, 11, 4),
    ]);
    prop_oneof![
        (0..40_000_i64).prop_map(|days| date(1990, 1, 1) + days.days()),
        (peculiar, -4_i64..5).prop_map(|(date, shift)| date + shift.days()),
    ]
}

fn a_week() -> impl Strategy<Value = Weekly> {
    (
        vec(
            prop_oneof![2 => ranges(), 1 => Just(vec![TimeRange::ALL_DAY])],
            7,
        ),
        option::of(0_usize..7),
    )
        .prop_map(|(days, overnight)| {
            let mut weekly = Weekly::default();
            let mut weekday = Weekday::Monday;
            for ranges in days {
                *weekly.on_mut(weekday) = ranges;
                weekday = weekday.next();
            }
            if let Some(index) = overnight {
                let weekday = (0..index).fold(Weekday::Monday, |day, _| day.next());
                weekly.on_mut(weekday).clear();
                weekly.on_mut(weekday.next()).clear();
                let time = |hour| TimeOfDay::new(hour, 30).unwrap();
                *weekly.on_mut(weekday) = vec![TimeRange::new(time(21), time(5))];
            }
            weekly
        })
}

/// Up to three ranges of a day that do not overlap but may touch.
fn ranges() -> impl Strategy<Value = Vec<TimeRange>> {
    (btree_set(0_u32..=96, 0..7), any::<bool>()).prop_map(|(quarters, touching)| {
        let times: Vec<TimeOfDay> = quarters
            .into_iter()
            .map(|quarter| TimeOfDay::new(quarter / 4, quarter % 4 * 15).unwrap())
            .collect();
        if touching {
            times
                .windows(2)
                .map(|pair| TimeRange::new(pair[0], pair[1]))
                .collect()
        } else {
            times
                .chunks_exact(2)
                .map(|pair| TimeRange::new(pair[0], pair[1]))
                .collect()
        }
    })
}
