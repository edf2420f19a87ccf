//! What `mainstay calendar` prints, and how it answers to files that are wrong.

use insta::assert_snapshot;
use jiff::civil::date;
use mainstay_server::command::calendar::drawing::draw;
use mainstay_server::command::calendar::vectors::VectorFile;

#[test]
fn a_wrong_case_costs_only_itself() {
    let text = r#"{
        "format": "calendar-vectors/1",
        "calendars": {
            "desk": {"timezone": "UTC", "weekly": {"mon": [["09:00", "17:00"]]}},
            "never": {"timezone": "UTC", "weekly": {}},
            "late": {"timezone": "UTC", "weekly": {"mon": [["25:00", "26:00"]]}},
            "turned": {"timezone": "UTC", "weekly": {"mon": [["22:00", "06:00"]]}},
            "misspelt": {"timezone": "UTC", "weakly": {}},
            "once": {"timezone": "UTC", "overrides": {"2020-01-06": [["09:00", "10:00"]]}},
            "february": {"timezone": "UTC", "recurring_holidays": ["02-30"]},
            "undated": {"timezone": "UTC", "holidays": ["20260101"]}
        },
        "cases": [
            {"id": "good", "op": "elapsed", "calendar": "desk",
             "start": "2026-11-23T10:00:00Z", "end": "2026-11-23T11:00:00.25Z"},
            {"id": 2, "op": "is_open", "calendar": "never", "at": "2026-11-23T10:00:00Z"},
            {"id": 3, "op": "is_open", "calendar": "late", "at": "2026-11-23T10:00:00Z"},
            {"id": 4, "op": "is_open", "calendar": "turned", "at": "2026-11-23T10:00:00Z"},
            {"id": 5, "op": "is_open", "calendar": "misspelt", "at": "2026-11-23T10:00:00Z"},
            {"id": 6, "op": "next_open", "calendar": "once", "at": "2026-11-23T10:00:00Z"},
            {"id": 7, "op": "is_open", "calendar": "february", "at": "2026-11-23T10:00:00Z"},
            {"id": 8, "op": "is_open", "calendar": "undated", "at": "2026-11-23T10:00:00Z"},
            {"id": 9, "op": "is_open", "calendar": "nobody", "at": "2026-11-23T10:00:00Z"},
            {"id": 10, "op": "guess", "calendar": "desk"},
            {"id": 11, "op": "add", "calendar": "desk", "start": "2026-11-23", "seconds": 1},
            {"id": 12, "op": "add", "calendar": "desk", "start": "2026-11-23T10:00:00Z"},
            {"id": 14, "op": "add", "calendar": "desk", "start": "2026-11-23T10:00:00Z", "seconds": "60"},
            {"id": 15, "op": "add_business_days", "calendar": "desk", "start": "2026-11-23T10:00:00Z", "days": -1},
            {"id": 13, "op": "add", "calendar": "desk", "start": "2026-11-23T10:00:00Z", "seconds": -1},
            "not a case",
            {"op": "next_close", "calendar": "desk", "at": "2026-11-23T10:00:00Z"}
        ]
    }"#;
    assert_snapshot!(run(text), @r#"
    {"id":"good","result":3600.25}
    {"id":2,"result":false}
    {"id":3,"error":"calendar `late` is invalid: field `weekly.mon`: `25:00` is no time of day: expected HH:MM from 00:00 to 24:00"}
    {"id":4,"error":"calendar `turned` is invalid: field `weekly.mon`: the window 22:00–06:00 closes before it opens; an overnight shift is two windows"}
    {"id":5,"error":"calendar `misspelt` is invalid: field `weakly` is unknown; expected one of timezone, weekly, holidays, recurring_holidays, overrides, breaks, name, note"}
    {"id":6,"error":"the calendar has no opening after 2026-11-23T10:00:00Z"}
    {"id":7,"error":"calendar `february` is invalid: field `recurring_holidays`: `02-30` is no day of the year; expected MM-DD"}
    {"id":8,"error":"calendar `undated` is invalid: field `holidays`: `20260101` is no date; expected YYYY-MM-DD"}
    {"id":9,"error":"there is no calendar `nobody`"}
    {"id":10,"error":"field `op`: `guess` is unknown; expected one of add, subtract, elapsed, is_open, open_intervals, open_intervals_from, open_intervals_before, next_open, next_close, prev_open, add_business_days, subtract_business_days"}
    {"id":11,"error":"field `start`: `2026-11-23` is no instant; expected one like 2006-01-02T09:00:00Z"}
    {"id":12,"error":"field `seconds` is missing"}
    {"id":14,"error":"field `seconds`: expected a whole number, found \"60\""}
    {"id":15,"error":"field `days`: -1 is out of range"}
    {"id":13,"error":"a duration of open time must not be negative"}
    {"id":null,"error":"a case must be an object, found a text"}
    {"id":null,"result":"2026-11-23T17:00:00Z"}
    "#);
}

#[test]
fn what_is_no_vector_file_is_refused_whole() {
    let refusal = |text: &str| VectorFile::parse(text.as_bytes()).err().unwrap_or_default();
    assert_snapshot!(refusal("{\n  \"format\": \"calendar-vectors/1\",\n  oops"), @":3:3: not valid JSON: key must be a string");
    assert_snapshot!(refusal("[]"), @": expected a JSON object, found a list");
    assert_snapshot!(refusal("{}"), @r#": `format` is missing, expected "calendar-vectors/1""#);
    assert_snapshot!(refusal(r#"{"format": "calendar-vectors/9"}"#), @r#": `format` is "calendar-vectors/9", expected "calendar-vectors/1""#);
    assert_snapshot!(refusal(r#"{"format": "calendar-vectors/1"}"#), @": `cases` is missing");
    assert_snapshot!(refusal(r#"{"format": "calendar-vectors/1", "cases": {}}"#), @": `cases` must be a list, found an object");
}

#[test]
fn a_calendar_is_drawn() {
    let text = r#"{
        "format": "calendar-vectors/1",
        "calendars": {
            "desk": {
                "timezone": "Europe/Madrid",
                "weekly": {
                    "mon": [["09:00", "14:00"], ["16:00", "19:15"]],
                    "tue": [["09:00", "17:00"]],
                    "sat": [["22:00", "24:00"]],
                    "sun": [["00:00", "06:00"]]
                },
                "holidays": ["2026-03-24"],
                "recurring_holidays": ["04-06"],
                "overrides": {"2026-04-01": [["10:00", "12:00"]]},
                "breaks": {"2026-03-23": [["10:00", "11:00"]]}
            }
        },
        "cases": []
    }"#;
    let file = VectorFile::parse(text.as_bytes()).expect("the file is in the format");
    let calendar = file.calendar("desk").expect("the calendar is valid");
    assert_snapshot!(draw(&calendar, "desk", date(2026, 3, 25)), @r#"
    desk · Europe/Madrid

                     00    03    06    09    12    15    18    21    24
    Mon 23 Mar 2026  ··················██··██████····██████▒·········   7 h 15  break
    Tue 24 Mar 2026  ················································      0 h  holiday
    Wed 25 Mar 2026  ················································      0 h
    Thu 26 Mar 2026  ················································      0 h
    Fri 27 Mar 2026  ················································      0 h
    Sat 28 Mar 2026  ············································████      2 h
    Sun 29 Mar 2026  ████  ██████····································      5 h  clocks change: the day has 23 h
                     open this week                                    14 h 15

                     00    03    06    09    12    15    18    21    24
    Mon 30 Mar 2026  ··················██████████····██████▒·········   8 h 15
    Tue 31 Mar 2026  ··················████████████████··············      8 h
    Wed  1 Apr 2026  ····················████························      2 h  other hours
    Thu  2 Apr 2026  ················································      0 h
    Fri  3 Apr 2026  ················································      0 h
    Sat  4 Apr 2026  ············································████      2 h
    Sun  5 Apr 2026  ████████████····································      6 h
                     open this week                                    26 h 15

                     00    03    06    09    12    15    18    21    24
    Mon  6 Apr 2026  ················································      0 h  holiday
    Tue  7 Apr 2026  ··················████████████████··············      8 h
    Wed  8 Apr 2026  ················································      0 h
    Thu  9 Apr 2026  ················································      0 h
    Fri 10 Apr 2026  ················································      0 h
    Sat 11 Apr 2026  ············································████      2 h
    Sun 12 Apr 2026  ████████████····································      6 h
                     open this week                                       16 h

                     00    03    06    09    12    15    18    21    24
    Mon 13 Apr 2026  ··················██████████····██████▒·········   8 h 15
    Tue 14 Apr 2026  ··················████████████████··············      8 h
    Wed 15 Apr 2026  ················································      0 h
    Thu 16 Apr 2026  ················································      0 h
    Fri 17 Apr 2026  ················································      0 h
    Sat 18 Apr 2026  ············································████      2 h
    Sun 19 Apr 2026  ████████████····································      6 h
                     open this week                                    24 h 15

    Holidays in the coming year
      Tue 24 Mar 2026
      Mon  6 Apr 2026
    "#);
}

fn run(text: &str) -> String {
    let file = VectorFile::parse(text.as_bytes()).expect("the file is in the format");
    let lines: Vec<String> = file.outcomes().map(|outcome| outcome.to_string()).collect();
    lines.join("\n")
}
