//! What must hold for every calendar: random hours, zones and instants from 1990 to 2100.

#[expect(
    clippy::unwrap_used,
    reason = "a failure here is a failure of the test"
)]
mod random;
#[expect(
    clippy::unwrap_used,
    reason = "a failure here is a failure of the test"
)]
mod reference;

use jiff::SignedDuration;
use mainstay_calendar::{Calendar, Interval, SpanState, holidays_from_icalendar};
use proptest::prelude::*;

use random::{a_calendar, a_calendar_or_union, an_instant, nearby, open_time};

proptest! {
    #[test]
    fn what_was_added_has_elapsed(
        calendar in a_calendar_or_union(), start in an_instant(), open in open_time(),
    ) {
        let end = calendar.add(start, open).unwrap();
        prop_assert!(end >= start);
        prop_assert_eq!(calendar.elapsed(start, end), open);
    }

    #[test]
    fn what_was_subtracted_has_elapsed(
        calendar in a_calendar_or_union(), end in an_instant(), open in open_time(),
    ) {
        let start = calendar.subtract(end, open).unwrap();
        prop_assert!(start <= end);
        prop_assert_eq!(calendar.elapsed(start, end), open);
    }

    #[test]
    fn adding_ends_at_the_first_possible_instant_and_subtracting_at_the_last(
        calendar in a_calendar_or_union(), at in an_instant(), open in open_time(),
    ) {
        prop_assume!(open > SignedDuration::ZERO);
        let step = SignedDuration::from_micros(1);
        let end = calendar.add(at, open).unwrap();
        prop_assert_eq!(calendar.elapsed(at, end - step), open - step);
        let start = calendar.subtract(at, open).unwrap();
        prop_assert_eq!(calendar.elapsed(start + step, at), open - step);
    }

    #[test]
    fn later_starts_and_longer_durations_are_never_due_earlier(
        calendar in a_calendar_or_union(),
        start in an_instant(),
        later in nearby(),
        open in open_time(),
        longer in nearby(),
    ) {
        let due = calendar.add(start, open).unwrap();
        prop_assert!(calendar.add(start + later, open).unwrap() >= due);
        prop_assert!(calendar.add(start, open + longer).unwrap() >= due);
    }

    #[test]
    fn adding_twice_is_adding_the_sum(
        calendar in a_calendar_or_union(), start in an_instant(), one in open_time(), two in open_time(),
    ) {
        prop_assume!(two > SignedDuration::ZERO);
        let halfway = calendar.add(start, one).unwrap();
        prop_assert_eq!(calendar.add(halfway, two), calendar.add(start, one + two));
    }

    #[test]
    fn splitting_an_interval_adds_up(
        calendar in a_calendar_or_union(), instants in [an_instant(), an_instant(), an_instant()],
    ) {
        let mut instants = instants;
        instants.sort();
        let [start, middle, end] = instants;
        prop_assert_eq!(
            calendar.elapsed(start, middle) + calendar.elapsed(middle, end),
            calendar.elapsed(start, end)
        );
        prop_assert_eq!(calendar.elapsed(end, start), SignedDuration::ZERO);
    }

    #[test]
    fn a_slow_walk_over_the_days_agrees(
        calendar in a_calendar(), start in an_instant(), length in nearby(),
    ) {
        let end = start + length;
        let expected = reference::open_intervals(&calendar, start, end);
        let found: Vec<Interval> = calendar.open_intervals(start, end).collect();
        prop_assert_eq!(&found, &expected);
        let open: SignedDuration = expected.iter().map(Interval::duration).sum();
        prop_assert_eq!(calendar.elapsed(start, end), open);
        for at in [start, end] {
            prop_assert_eq!(calendar.is_open(at), reference::is_open(&calendar, at));
        }
    }

    #[test]
    fn a_union_is_open_when_any_of_its_calendars_is(
        one in a_calendar(), two in a_calendar(), start in an_instant(), length in nearby(),
    ) {
        let union = Calendar::union(&[one.clone(), two.clone()]).unwrap();
        let end = start + length;
        let mut either: Vec<Interval> =
            one.open_intervals(start, end).chain(two.open_intervals(start, end)).collect();
        either.sort_by_key(|interval| interval.start);
        let mut joined: Vec<Interval> = Vec::new();
        for interval in either {
            match joined.last_mut() {
                Some(last) if interval.start <= last.end => last.end = last.end.max(interval.end),
                _ => joined.push(interval),
            }
        }
        prop_assert_eq!(union.open_intervals(start, end).collect::<Vec<_>>(), joined);
    }

    #[test]
    fn spans_cover_the_range_and_give_the_reason_of_each_instant(
        calendar in a_calendar_or_union(), start in an_instant(), length in nearby(),
    ) {
        let end = start + length;
        let mut reached = start;
        let mut open = Vec::new();
        for span in calendar.spans(start, end) {
            prop_assert_eq!(span.interval.start, reached);
            prop_assert!(span.interval.end > span.interval.start);
            reached = span.interval.end;
            let middle = span.interval.start + span.interval.duration() / 2;
            for at in [span.interval.start, middle] {
                let state = calendar.closed_reason(at).map_or(SpanState::Open, SpanState::Closed);
                prop_assert_eq!(&state, &span.state);
            }
            if span.state == SpanState::Open {
                open.push(span.interval);
            }
        }
        prop_assert_eq!(reached, end.max(start));
        prop_assert_eq!(open, calendar.open_intervals(start, end).collect::<Vec<_>>());
    }

    #[test]
    fn neighbouring_openings_and_closings_agree_with_the_intervals(
        calendar in a_calendar_or_union(), at in an_instant(),
    ) {
        let next = calendar.open_intervals_from(at).next().unwrap();
        prop_assert_eq!(calendar.next_open(at), Some(next.start));
        prop_assert_eq!(calendar.is_open(at), next.start == at);
        let before = calendar.open_intervals_before(at).next().unwrap();
        prop_assert_eq!(calendar.prev_open(at), Some(before.end));
        if let Some(close) = calendar.next_close(at) {
            prop_assert!(!calendar.is_open(close));
            let joined = calendar.open_intervals(at, close).last().unwrap();
            prop_assert_eq!(joined.end, close);
        }
    }

    #[test]
    fn going_back_over_windows_meets_the_same_windows(
        calendar in a_calendar_or_union(), start in an_instant(),
    ) {
        let forward: Vec<Interval> = calendar.open_intervals_from(start).take(900).collect();
        let end = forward[forward.len() - 1].end;
        let mut backward: Vec<Interval> = calendar
            .open_intervals_before(end)
            .take(forward.len())
            .collect();
        backward.reverse();
        prop_assert_eq!(&backward[1..], &forward[1..]);
    }

    #[test]
    fn no_text_makes_the_icalendar_reader_panic(lines in prop::collection::vec(a_line(), 0..12)) {
        let text = format!("BEGIN:VCALENDAR\nBEGIN:VEVENT\n{}\nEND:VEVENT\nEND:VCALENDAR", lines.join("\n"));
        if let Err(error) = holidays_from_icalendar(&text) {
            prop_assert!((1..=text.lines().count()).contains(&error.line));
        }
    }

    #[test]
    fn business_days_go_forth_and_keep_the_time_of_day(
        calendar in a_calendar(), start in an_instant(), days in 1_u32..300,
    ) {
        let end = calendar.add_business_days(start, days).unwrap();
        let zone = calendar.time_zone();
        let (from, to) = (zone.to_datetime(start).date(), zone.to_datetime(end).date());
        let mut open_dates = 0;
        let mut date = from;
        while date < to {
            date = date.tomorrow().unwrap();
            open_dates += u32::from(reference::is_open_date(&calendar, date));
        }
        // Clamping to the next open instant may leave the date that was counted for the next open one.
        prop_assert!(open_dates == days || open_dates == days + 1, "{open_dates} of {days}");
        if open_dates == days {
            prop_assert!(calendar.is_open(end));
        }
    }
}

/// A line as events have them, with values that are almost right.
fn a_line() -> impl Strategy<Value = String> {
    prop_oneof![
        "DTSTART(;VALUE=DATE)?:20[0-9]{6}(T0000000?)?",
        "DTEND(;TZID=\"a:b\")?:2[0-9]{6,8}",
        "DURATION:P[0-9]{0,6}[DWH]?",
        "RRULE:FREQ=YEARLY(;INTERVAL=[0-9]{1,6})?(;COUNT=[0-9]{1,3})?(;UNTIL=2[0-9]{7})?",
        "RRULE:FREQ=YEARLY(;BYMONTH=[0-9,]{1,5})?(;BYMONTHDAY=-?[0-9]{1,3})?(;BYDAY=-?[0-9]?(MO|SU|é))?",
        "(RDATE|EXDATE):2[0-9]{7}(,2[0-9]{7})?",
        "SUMMARY:.{0,20}",
        " \\PC{0,10}",
        "\\PC{0,20}",
    ]
}
