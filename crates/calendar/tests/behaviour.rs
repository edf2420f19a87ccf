//! Single cases worth reading: what is refused, what happens at edges, why it is closed.

use insta::assert_snapshot;
use jiff::civil::{Date, Weekday, date};
use jiff::{SignedDuration, Timestamp};
use mainstay_calendar::{
    Calendar, CalendarError, CalendarSpec, ClosedReason, Holiday, Interval, SpanState, TimeRange,
    Weekly, YearlyHoliday,
};

#[test]
fn what_makes_no_sense_is_refused_with_the_reason() {
    assert_snapshot!(
        refusal(CalendarSpec::new("Europe/Madird", nine_to_five())),
        @"unknown time zone `Europe/Madird`: expected an IANA name such as `Europe/Madrid` or `UTC`");
    assert_snapshot!(
        refusal(CalendarSpec::new("", nine_to_five())),
        @"unknown time zone ``: expected an IANA name such as `Europe/Madrid` or `UTC`");
    assert_snapshot!(
        refusal(CalendarSpec::new("UTC", Weekly::default())),
        @"the calendar is never open: give it weekly hours or an open exception that no holiday or break covers");
    assert_snapshot!(
        refusal(CalendarSpec::new("UTC", Weekly::on_days(&[Weekday::Monday], range("09:00", "09:00")))),
        @"the range 09:00–09:00 on Monday is empty: it opens and closes at the same time");
    let mut overlapping = nine_to_five();
    overlapping.tuesday.push(range("12:00", "13:00"));
    assert_snapshot!(
        refusal(CalendarSpec::new("UTC", overlapping)),
        @"the ranges 09:00–17:00 and 12:00–13:00 on Tuesday overlap: join them into one");
    let mut overnight = nine_to_five();
    overnight.monday = vec![range("22:00", "09:30")];
    assert_snapshot!(
        refusal(CalendarSpec::new("UTC", overnight)),
        @"the ranges 00:00–09:30 and 09:00–17:00 on Tuesday overlap: join them into one");
    let mut reversed = desk();
    reversed
        .exceptions
        .insert(date(2026, 12, 24), vec![range("22:00", "02:00")]);
    assert_snapshot!(
        refusal(reversed),
        @"the range 22:00–02:00 on the exception of 2026-12-24 closes before it opens: write a span across midnight as two ranges, one to 24:00 and one from 00:00 of the next date");
    let mut no_such_day = desk();
    no_such_day.yearly_holidays.push(yearly(2, 30));
    assert_snapshot!(
        refusal(no_such_day),
        @"there is no day 30 in month 2, so it cannot be a yearly holiday");
    assert_snapshot!(Calendar::union(&[]).unwrap_err(), @"a union needs at least one calendar");
}

#[test]
fn calendars_that_only_seem_to_open_are_refused() {
    let christmas = date(2026, 12, 25);
    let mut covered = CalendarSpec::new("UTC", Weekly::default());
    covered
        .exceptions
        .insert(christmas, vec![range("09:00", "12:00")]);
    assert!(Calendar::new(covered.clone()).is_ok());
    covered.breaks.insert(
        christmas,
        vec![range("08:00", "10:00"), range("10:00", "12:00")],
    );
    assert_eq!(
        Calendar::new(covered).unwrap_err(),
        CalendarError::NeverOpen
    );

    let mut always_holiday = desk();
    let mut day = date(2024, 1, 1);
    while day.year() == 2024 {
        always_holiday
            .yearly_holidays
            .push(yearly(day.month(), day.day()));
        day = day.tomorrow().unwrap();
    }
    assert_eq!(
        Calendar::new(always_holiday).unwrap_err(),
        CalendarError::NeverOpen
    );
}

#[test]
fn a_calendar_that_never_opens_again_says_so() {
    let mut spec = CalendarSpec::new("UTC", Weekly::default());
    spec.exceptions
        .insert(date(2020, 5, 4), vec![range("09:00", "12:00")]);
    let once = Calendar::new(spec).unwrap();
    let now = at("2026-01-01T00:00:00Z");
    assert_snapshot!(
        once.add(now, SignedDuration::from_mins(1)).unwrap_err(),
        @"the calendar does not open for long enough after 2026-01-01T00:00:00Z: its last open date is past");
    assert_snapshot!(
        once.subtract(now, SignedDuration::from_hours(4)).unwrap_err(),
        @"the calendar was not open for long enough before 2026-01-01T00:00:00Z: its first open date is later");
    assert_eq!(
        once.subtract(now, SignedDuration::from_hours(3)),
        Ok(at("2020-05-04T09:00:00Z"))
    );
    assert_eq!((once.next_open(now), once.next_close(now)), (None, None));
    assert!(once.add_business_days(now, 1).is_err());
    assert_eq!(
        once.elapsed(Timestamp::MIN, Timestamp::MAX),
        SignedDuration::from_hours(3)
    );
}

#[test]
fn closing_time_is_the_deadline_and_opening_time_the_start() {
    let calendar = Calendar::new(desk()).unwrap();
    let friday_noon = at("2026-11-20T12:00:00Z");
    let closing = at("2026-11-20T17:00:00Z");
    let five_hours = SignedDuration::from_hours(5);
    assert_eq!(calendar.add(friday_noon, five_hours), Ok(closing));
    let monday_opening = at("2026-11-23T09:00:00Z");
    let monday_two = at("2026-11-23T14:00:00Z");
    assert_eq!(
        calendar.subtract(monday_two, five_hours),
        Ok(monday_opening)
    );
    // No time at all leads to the nearest open instant.
    assert_eq!(
        calendar.add(closing, SignedDuration::ZERO),
        Ok(monday_opening)
    );
    assert_eq!(
        calendar.subtract(monday_opening, SignedDuration::ZERO),
        Ok(closing)
    );
    assert_eq!(
        calendar.add(closing, SignedDuration::from_micros(-1)),
        Err(CalendarError::NegativeDuration)
    );
}

#[test]
fn round_the_clock_is_one_unbroken_interval() {
    let always = Calendar::always();
    let (start, end) = (
        at("2026-03-28T00:00:00Z"),
        at("2036-03-30T00:00:00.000001Z"),
    );
    assert_eq!(always.elapsed(start, end), end.duration_since(start));
    assert_eq!(always.add(start, end.duration_since(start)), Ok(end));
    assert_eq!(
        always.open_intervals(start, end).collect::<Vec<_>>(),
        [Interval { start, end }]
    );
    assert_eq!(always.open_intervals_from(start).count(), 1);
    assert_eq!(always.next_close(start), None);
    assert_eq!(always.spans(start, end).count(), 1);

    // Written as a week of full days it is the same time, whatever the clocks do.
    let week = Weekly::every_day(TimeRange::ALL_DAY);
    let weekly = Calendar::new(CalendarSpec::new("America/New_York", week)).unwrap();
    assert_eq!(weekly.elapsed(start, end), end.duration_since(start));
    assert_eq!(weekly.open_intervals(start, end).count(), 1);
    assert_eq!(weekly.next_close(start), None);

    // A holiday is its only closing, and after it there is none.
    let mut spec = CalendarSpec::new("America/New_York", Weekly::every_day(TimeRange::ALL_DAY));
    spec.holidays.push(Holiday {
        date: date(2026, 12, 25),
        name: None,
    });
    let but_christmas = Calendar::new(spec).unwrap();
    let eve = at("2026-12-25T00:00:00-05:00");
    assert_eq!(but_christmas.next_close(start), Some(eve));
    assert_eq!(but_christmas.next_close(eve), None);
    let both = Calendar::union(&[but_christmas, Calendar::new(desk()).unwrap()]).unwrap();
    assert_eq!(both.next_close(start), Some(eve));
    assert_eq!(
        both.next_close(at("2026-12-25T12:00:00Z")),
        Some(at("2026-12-25T17:00:00Z"))
    );
}

#[test]
fn the_ends_of_time_are_errors_and_no_panics() {
    for calendar in [
        Calendar::always(),
        Calendar::new(desk()).unwrap(),
        Calendar::new(CalendarSpec::new("Pacific/Apia", nine_to_five())).unwrap(),
    ] {
        let long = SignedDuration::from_hours(100);
        assert_eq!(
            calendar.add(Timestamp::MAX, long),
            Err(CalendarError::OutOfRange)
        );
        assert_eq!(
            calendar.subtract(Timestamp::MIN, long),
            Err(CalendarError::OutOfRange)
        );
        assert_eq!(
            calendar.add(Timestamp::UNIX_EPOCH, SignedDuration::MAX),
            Err(CalendarError::OutOfRange)
        );
        assert!(
            calendar
                .subtract(Timestamp::UNIX_EPOCH, SignedDuration::MAX)
                .is_err()
        );
        assert_eq!(
            calendar.elapsed(Timestamp::MAX, Timestamp::MIN),
            SignedDuration::ZERO
        );
        for edge in [Timestamp::MIN, Timestamp::MAX] {
            let _ = calendar.is_open(edge);
            let _ = calendar.next_open(edge);
            let _ = calendar.next_close(edge);
            let _ = calendar.prev_open(edge);
            let _ = calendar.closed_reason(edge);
            let _ = calendar.open_intervals_from(edge).next();
            let _ = calendar.open_intervals_before(edge).next();
        }
        assert!(calendar.add_business_days(Timestamp::MAX, 2).is_err());
        assert!(calendar.subtract_business_days(Timestamp::MIN, 2).is_err());
    }
}

#[test]
fn far_from_today_the_answers_are_as_exact() {
    let calendar = Calendar::new(desk()).unwrap();
    for start in ["1200-02-29T12:30:00Z", "5000-07-01T03:00:00Z"] {
        let start = at(start);
        let open = SignedDuration::from_hours(20_000) + SignedDuration::from_micros(7);
        let end = calendar.add(start, open).unwrap();
        assert_eq!(calendar.elapsed(start, end), open);
        assert_eq!(
            calendar
                .subtract(end, open)
                .map(|back| calendar.elapsed(back, end)),
            Ok(open)
        );
    }
}

#[test]
fn what_is_finer_than_a_microsecond_is_dropped_before_1970_too() {
    let calendar = Calendar::new(desk()).unwrap();
    // A Friday, one nanosecond before closing.
    let start = at("1969-12-26T16:59:59.999999999Z");
    assert!(calendar.is_open(start));
    assert_eq!(
        calendar.elapsed(start, at("1969-12-26T20:00:00Z")),
        SignedDuration::from_micros(1)
    );
}

#[test]
fn a_window_across_the_edge_of_two_eras_stays_one() {
    // 1970-01-01T00:00Z, where an era begins, is nine in the morning in Tokyo.
    let hours = Weekly::every_day(range("08:00", "10:00"));
    let tokyo = Calendar::new(CalendarSpec::new("Asia/Tokyo", hours)).unwrap();
    let window = Interval {
        start: at("1969-12-31T23:00:00Z"),
        end: at("1970-01-01T01:00:00Z"),
    };
    assert_eq!(tokyo.open_intervals_from(window.start).next(), Some(window));
    assert_eq!(tokyo.open_intervals_before(window.end).next(), Some(window));
    assert_eq!(tokyo.next_close(window.start), Some(window.end));
    assert_eq!(
        tokyo.add(window.start, SignedDuration::from_hours(1)),
        Ok(Timestamp::UNIX_EPOCH)
    );
}

#[test]
fn a_date_that_a_zone_left_out_has_no_hours() {
    // Friday's hours must not turn up on the Saturday that followed Thursday.
    let friday = Weekly::on_days(&[Weekday::Friday], range("09:00", "17:00"));
    let fridays = Calendar::new(CalendarSpec::new("Pacific/Apia", friday)).unwrap();
    assert_eq!(
        fridays.next_open(at("2011-12-24T12:00:00Z")),
        Some(at("2012-01-06T09:00:00+14:00"))
    );

    let hours = Weekly::every_day(range("09:00", "17:00"));
    let apia = Calendar::new(CalendarSpec::new("Pacific/Apia", hours)).unwrap();
    let (start, end) = (at("2011-12-28T00:00:00Z"), at("2012-01-02T00:00:00Z"));
    let windows: Vec<String> = apia
        .open_intervals(start, end)
        .map(|interval| apia.time_zone().to_datetime(interval.start).to_string())
        .collect();
    assert_snapshot!(windows.join("\n"), @r"
    2011-12-27T14:00:00
    2011-12-28T09:00:00
    2011-12-29T09:00:00
    2011-12-31T09:00:00
    2012-01-01T09:00:00
    2012-01-02T09:00:00
    ");
}

#[test]
fn every_closed_span_has_its_reason() {
    let mut spec = desk();
    spec.holidays.push(Holiday {
        date: date(2026, 12, 25),
        name: Some("Christmas Day".into()),
    });
    spec.yearly_holidays.push(yearly(1, 1));
    spec.exceptions
        .insert(date(2026, 12, 24), vec![range("09:00", "12:00")]);
    spec.breaks.insert(
        date(2026, 12, 23),
        vec![range("10:00", "11:00"), range("18:00", "19:00")],
    );
    let calendar = Calendar::new(spec).unwrap();
    let spans: Vec<String> = calendar
        .spans(at("2026-12-23T00:00:00Z"), at("2027-01-02T00:00:00Z"))
        .map(|span| {
            let state = match span.state {
                SpanState::Open => "open".to_owned(),
                SpanState::Closed(reason) => reason.to_string(),
            };
            format!("{} {} {state}", span.interval.start, span.interval.end)
        })
        .collect();
    assert_snapshot!(spans.join("\n"), @r"
    2026-12-23T00:00:00Z 2026-12-23T09:00:00Z outside hours
    2026-12-23T09:00:00Z 2026-12-23T10:00:00Z open
    2026-12-23T10:00:00Z 2026-12-23T11:00:00Z break on 2026-12-23
    2026-12-23T11:00:00Z 2026-12-23T17:00:00Z open
    2026-12-23T17:00:00Z 2026-12-24T00:00:00Z outside hours
    2026-12-24T00:00:00Z 2026-12-24T09:00:00Z outside the hours of 2026-12-24, an exception
    2026-12-24T09:00:00Z 2026-12-24T12:00:00Z open
    2026-12-24T12:00:00Z 2026-12-25T00:00:00Z outside the hours of 2026-12-24, an exception
    2026-12-25T00:00:00Z 2026-12-26T00:00:00Z holiday on 2026-12-25, Christmas Day
    2026-12-26T00:00:00Z 2026-12-28T09:00:00Z outside hours
    2026-12-28T09:00:00Z 2026-12-28T17:00:00Z open
    2026-12-28T17:00:00Z 2026-12-29T09:00:00Z outside hours
    2026-12-29T09:00:00Z 2026-12-29T17:00:00Z open
    2026-12-29T17:00:00Z 2026-12-30T09:00:00Z outside hours
    2026-12-30T09:00:00Z 2026-12-30T17:00:00Z open
    2026-12-30T17:00:00Z 2026-12-31T09:00:00Z outside hours
    2026-12-31T09:00:00Z 2026-12-31T17:00:00Z open
    2026-12-31T17:00:00Z 2027-01-01T00:00:00Z outside hours
    2027-01-01T00:00:00Z 2027-01-02T00:00:00Z holiday on 2027-01-01
    ");
}

#[test]
fn a_union_follows_the_sun() {
    let day = |zone| Calendar::new(CalendarSpec::new(zone, nine_to_five())).unwrap();
    let union = Calendar::union(&[
        day("Asia/Tokyo"),
        day("Europe/Madrid"),
        day("America/Los_Angeles"),
    ])
    .unwrap();
    let intervals: Vec<String> = union
        .open_intervals(at("2026-11-25T00:00:00Z"), at("2026-11-26T12:00:00Z"))
        .map(|interval| format!("{} {}", interval.start, interval.end))
        .collect();
    // Los Angeles closes at 01:00 UTC, when Tokyo has been open for an hour.
    assert_snapshot!(intervals.join("\n"), @r"
    2026-11-25T00:00:00Z 2026-11-25T16:00:00Z
    2026-11-25T17:00:00Z 2026-11-26T12:00:00Z
    ");
    assert_eq!(
        union.closed_reason(at("2026-11-28T12:00:00Z")),
        Some(ClosedReason::OutsideHours)
    );
    let one = day("Asia/Tokyo");
    assert_eq!(
        Calendar::union(&[one.clone(), one.clone()]),
        Ok(one.clone())
    );
    assert_eq!(
        Calendar::union(&[one, Calendar::always()]),
        Ok(Calendar::always())
    );
}

#[test]
fn calendars_are_shared_between_threads_and_compared_by_what_they_say() {
    fn shared<T: Send + Sync + Clone + std::fmt::Debug>(_: &T) {}
    let one = Calendar::new(desk()).unwrap();
    shared(&one);
    assert_eq!(one, Calendar::new(desk()).unwrap());
    assert_ne!(
        one,
        Calendar::new(CalendarSpec::new("Europe/Madrid", nine_to_five())).unwrap()
    );
}

fn desk() -> CalendarSpec {
    CalendarSpec::new("UTC", nine_to_five())
}

fn nine_to_five() -> Weekly {
    Weekly::monday_to_friday(range("09:00", "17:00"))
}

fn range(open: &str, close: &str) -> TimeRange {
    let time = |text: &str| text.parse().expect("a time of day");
    TimeRange::new(time(open), time(close))
}

fn yearly(month: i8, day: i8) -> YearlyHoliday {
    YearlyHoliday {
        month,
        day,
        name: None,
    }
}

fn at(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

fn refusal(spec: CalendarSpec) -> String {
    match Calendar::new(spec) {
        Err(error) => error.to_string(),
        Ok(calendar) => format!("accepted: {calendar:?}"),
    }
}

#[test]
fn yearly_holidays_on_29_february_close_leap_years_only() {
    let mut spec = desk();
    spec.yearly_holidays.push(yearly(2, 29));
    let calendar = Calendar::new(spec).unwrap();
    let noon = |date: Date| {
        let local = date.at(12, 0, 0, 0);
        calendar.is_open(local.to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp())
    };
    // A Thursday in 2024, a Friday and a Monday around it in 2027.
    assert!(!noon(date(2024, 2, 29)));
    assert!(noon(date(2024, 3, 1)));
    assert!(noon(date(2027, 3, 1)));
}
