//! What is wrong with calendars.

use insta::assert_snapshot;

use crate::problems;

/// Calendars that make no sense.
#[test]
fn a_calendar_that_does_not_work() {
    assert_snapshot!(
        problems(
            "calendars.toml",
            r##"
[[calendar]]
name = "never"
description = "Closed"

[[calendar]]
name = "moon"
description = "Elsewhere"
time_zone = "Luna/Tycho"
hours = { daily = "09:00-17:00" }

[[calendar]]
name = "odd"
description = "Bad days and hours"
time_zone = "UTC"
hours = { mon-fry = "09:00-17:00", sat = "9-5", sun = "10:00-12:00" }
holidays = ["2026-02-30"]
holidays_from = "holidays.ics"

[[calendar]]
name = "circle"
description = "A union of itself"
union = ["circle"]
"##
        ),
        @r##"
error: the calendar `never` does not say when it is open
 --> calendars.toml:2:8
  |
2 | name = "never"
  |        ^^^^^^^ expected exactly one of `always = true`, `union` and `hours`
  = help: for example: time_zone = "Europe/Madrid" and hours = { mon-fri = "09:00-17:00" }

error: the calendar `moon` is refused
 --> calendars.toml:8:13
  |
8 | time_zone = "Luna/Tycho"
  |             ^^^^^^^^^^^^ expected a calendar that makes sense and opens
  = help: unknown time zone `Luna/Tycho`: expected an IANA name such as `Europe/Madrid` or `UTC`

error: `mon-fry` is no weekday
  --> calendars.toml:15:11
   |
15 | hours = { mon-fry = "09:00-17:00", sat = "9-5", sun = "10:00-12:00" }
   |           ^^^^^^^ expected `mon` … `sun`, a span such as `mon-fri`, or `daily`

error: `9` is no time of day: expected HH:MM from 00:00 to 24:00
  --> calendars.toml:15:42
   |
15 | hours = { mon-fry = "09:00-17:00", sat = "9-5", sun = "10:00-12:00" }
   |                                          ^^^^^ expected hours such as "09:00-17:00"
   = help: write HH:MM-HH:MM; 24:00 is the end of the day

error: `2026-02-30` is no date
  --> calendars.toml:16:13
   |
16 | holidays = ["2026-02-30"]
   |             ^^^^^^^^^^^^ expected a date such as 2026-12-25

error: the pack has no file `holidays.ics`
  --> calendars.toml:17:17
   |
17 | holidays_from = "holidays.ics"
   |                 ^^^^^^^^^^^^^^ expected an iCalendar file of the pack
   = help: there are `calendars.toml` and `pack.toml`

error: the union `circle` contains itself, directly or through others
  --> calendars.toml:20:8
   |
20 | name = "circle"
   |        ^^^^^^^^ expected calendars that do not lead back here
"##
    );
}
