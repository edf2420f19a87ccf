//! What is wrong with a pack is told with file, line, column, what was expected and how to mend it.

use insta::assert_snapshot;
use mainstay_policy::{PackSource, load};

/// The rest of the pack, which is sound.
const HEAD: &str = r#"
name = "test"
title = "Test"
version = "1"
description = "A pack for tests"
default_calendar = "hours"

[[calendar]]
name = "hours"
description = "Office hours"
time_zone = "Europe/Madrid"
hours = { mon-fri = "09:00-17:00" }
"#;

/// Everything that is wrong with a pack that has this file beside its head.
fn problems(file: &str, text: &str) -> String {
    let head = HEAD.trim_start();
    let text = text.trim_start();
    // What is to stand in the head itself follows it there.
    let source = match file {
        "pack.toml" => PackSource::new([(file, format!("{head}{text}"))]),
        _ => PackSource::new([("pack.toml", head), (file, text)]),
    };
    let problems = match load(&source) {
        Ok(pack) => pack.warnings,
        Err(refusal) => refusal.problems,
    };
    let rendered: Vec<String> = problems
        .iter()
        .map(|problem| problem.render(&source))
        .collect();
    rendered.join("\n")
}

/// What is no TOML at all.
#[test]
fn a_text_that_is_no_toml() {
    assert_snapshot!(
        problems(
            "tiers.toml",
            r##"
[[tier]
name = "Gold"
"##
        ),
        @r##"
error: this is no TOML: unclosed array table, expected `]`
 --> tiers.toml:1:8
  |
1 | [[tier]
  |        ^
  = help: TOML is explained at https://toml.io
"##
    );
}

/// A key that is misspelt.
#[test]
fn an_unknown_key() {
    assert_snapshot!(
        problems(
            "tiers.toml",
            r##"
[[tier]]
name = "Gold"
description = "The only one"
suport_hours = "hours"
support_hours = "hours"
no_response_because = "none is sold"
"##
        ),
        @r##"
error: unknown key `suport_hours` in a tier
 --> tiers.toml:4:1
  |
4 | suport_hours = "hours"
  | ^^^^^^^^^^^^ not a key that is known here
  = help: did you mean `support_hours`?
"##
    );
}

/// A key that is missing.
#[test]
fn a_key_that_is_missing() {
    assert_snapshot!(
        problems(
            "tiers.toml",
            r##"
[[tier]]
name = "Gold"
description = "The only one"
no_response_because = "none is sold"
"##
        ),
        @r##"
error: a tier has no `support_hours`
 --> tiers.toml:1:1
  |
1 | [[tier]]
  | ^^^^^^^^ expected `support_hours`: a name
"##
    );
}

/// Values of the wrong kind.
#[test]
fn a_wrong_type() {
    assert_snapshot!(
        problems(
            "tiers.toml",
            r##"
[[tier]]
name = "Gold"
description = 7
support_hours = ["hours"]

[tier.qualification]
users = { above = "many" }
"##
        ),
        @r##"
error: expected a text, found a whole number
 --> tiers.toml:3:15
  |
3 | description = 7
  |               ^ expected a text

error: expected a name, found a list
 --> tiers.toml:4:17
  |
4 | support_hours = ["hours"]
  |                 ^^^^^^^^^ expected a name

error: expected a number, found a text
 --> tiers.toml:7:19
  |
7 | users = { above = "many" }
  |                   ^^^^^^ expected a number
"##
    );
}

/// A single table where a list of tables belongs.
#[test]
fn a_table_in_place_of_a_list() {
    assert_snapshot!(
        problems(
            "tiers.toml",
            r##"
[tier]
name = "Gold"
"##
        ),
        @r##"
error: expected a list of tables, each headed [[…]] (a tier), found a table
 --> tiers.toml:1:1
  |
1 | [tier]
  | ^^^^^^ expected a list of tables, each headed [[…]] (a tier)
"##
    );
}

/// A calendar that nobody defines, with the one that was meant.
#[test]
fn an_unknown_calendar() {
    assert_snapshot!(
        problems(
            "tiers.toml",
            r##"
[[tier]]
name = "Gold"
description = "The only one"
support_hours = "huors"
no_response_because = "none is sold"
"##
        ),
        @r##"
error: unknown calendar `huors`
 --> tiers.toml:4:17
  |
4 | support_hours = "huors"
  |                 ^^^^^^^ expected a calendar that the pack defines
  = help: did you mean `hours`?
"##
    );
}

/// A tier that is promised no response.
#[test]
fn a_tier_without_a_response() {
    assert_snapshot!(
        problems(
            "tiers.toml",
            r##"
[[tier]]
name = "Gold"
description = "The only one"
support_hours = "hours"
"##
        ),
        @r##"
error: nobody promises the tier `Gold` a response
 --> tiers.toml:2:8
  |
2 | name = "Gold"
  |        ^^^^^^ expected a target for it in the commitment `first_response`
  = help: say why in `no_response_because = "…"` if that is meant
"##
    );
}

/// Two things of one name.
#[test]
fn a_name_that_is_defined_twice() {
    assert_snapshot!(
        problems(
            "tiers.toml",
            r##"
[[tier]]
name = "Gold"
description = "One"
support_hours = "hours"
no_response_because = "none is sold"

[[tier]]
name = "Gold"
description = "Another"
support_hours = "hours"
no_response_because = "none is sold"
"##
        ),
        @r##"
error: the tier `Gold` is defined twice
 --> tiers.toml:8:8
  |
8 | name = "Gold"
  |        ^^^^^^ expected another name
 ::: tiers.toml:2:8
  |
2 | name = "Gold"
  |        ------ defined here first
  = help: rename one of them, or join them into one
"##
    );
}

/// A range in which no number lies.
#[test]
fn a_range_that_is_empty() {
    assert_snapshot!(
        problems(
            "tiers.toml",
            r##"
[[tier]]
name = "Gold"
description = "The only one"
support_hours = "hours"
no_response_because = "none is sold"
qualification = { users = { from = 100, below = 10 }, accounts = { from = 1, above = 2 } }
"##
        ),
        @r##"
error: no number lies in this range
 --> tiers.toml:6:27
  |
6 | qualification = { users = { from = 100, below = 10 }, accounts = { from = 1, above = 2 } }
  |                           ^^^^^^^^^^^^^^^^^^^^^^^^^^ expected a lower end, an upper end, or both in order
  = help: for example { from = 10000, below = 50000 } or { above = 1000 }

error: an end of the range is given twice
 --> tiers.toml:6:66
  |
6 | qualification = { users = { from = 100, below = 10 }, accounts = { from = 1, above = 2 } }
  |                                                                  ^^^^^^^^^^^^^^^^^^^^^^^ expected one of `from` and `above`
"##
    );
}

/// Lengths of time that are none.
#[test]
fn a_bad_duration() {
    assert_snapshot!(
        problems(
            "commitments.toml",
            r##"
[[commitment]]
name = "resolution"
description = "It is resolved"
start = "opened"
stop = "done"

[commitment.targets."*"]
P1 = "4 horas"
P2 = 8
P3 = "0h"
P4 = "2000000h"
"##
        ),
        @r##"
error: `4 horas` is no length of time
 --> commitments.toml:8:6
  |
8 | P1 = "4 horas"
  |      ^^^^^^^^^ expected a length of time such as "30m", "4h", "1h 30m" or "5d"
  = help: write numbers with the units ms, s, m, h, d (24 h) or w (7 d)

error: expected a length of time such as "30m", "4h", "1h 30m" or "5d", found a whole number
 --> commitments.toml:9:6
  |
9 | P2 = 8
  |      ^ expected a length of time such as "30m", "4h", "1h 30m" or "5d"

error: nobody can keep a promise within no time at all
  --> commitments.toml:10:6
   |
10 | P3 = "0h"
   |      ^^^^ expected a time longer than zero
   = help: write "none" where nothing is promised

error: `2000000h` is longer than a hundred years
  --> commitments.toml:11:6
   |
11 | P4 = "2000000h"
   |      ^^^^^^^^^^ expected a length of time such as "30m", "4h", "1h 30m" or "5d"
   = help: check the unit: m is minutes, d is days
"##
    );
}

/// A tier that nobody defines, a severity that does not exist.
#[test]
fn an_unknown_tier_and_severity() {
    assert_snapshot!(
        problems(
            "commitments.toml",
            r##"
[[commitment]]
name = "resolution"
description = "It is resolved"
start = "opened"
stop = "done"

[commitment.targets.Platinum]
P1 = "4h"
P5 = "5h"
"##
        ),
        @r##"
error: unknown tier `Platinum`
 --> commitments.toml:7:21
  |
7 | [commitment.targets.Platinum]
  |                     ^^^^^^^^ expected a tier that the pack defines

error: unknown key `P5` in promised times by severity
 --> commitments.toml:9:1
  |
9 | P5 = "5h"
  | ^^ not a key that is known here
  = help: did you mean `P1`?
"##
    );
}

/// Two targets that fit the same ticket with equal precedence.
#[test]
fn two_targets_of_equal_precedence() {
    assert_snapshot!(
        problems(
            "commitments.toml",
            r##"
[[commitment]]
name = "resolution"
description = "It is resolved"
start = "opened"
stop = "done"

[[commitment.target]]
severity = "P1"
within = "4h"

[[commitment.target]]
channel = "phone"
within = "2h"
"##
        ),
        @r##"
error: two targets of `resolution` with equal precedence fit the same ticket
  --> commitments.toml:13:10
   |
13 | within = "2h"
   |          ^^^^ this one is for channel phone
  ::: commitments.toml:9:10
   |
 9 | within = "4h"
   |          ---- this one is for severity P1
   = help: name another selector in one of them, or add a target for their overlap
"##
    );
}

/// A target that the calendar cannot hold.
#[test]
fn a_target_that_no_opening_hours_can_meet() {
    assert_snapshot!(
        problems(
            "pack.toml",
            r##"
[[commitment]]
name = "resolution"
description = "It is resolved"
start = "opened"
stop = "done"

calendar = "fair"

[commitment.targets."*"]
P1 = "4h"
P2 = "12h"
P3 = { within = "3000h", calendar = "hours" }

[[calendar]]
name = "fair"
description = "The stand at the fair"
time_zone = "Europe/Madrid"
exceptions = { 2027-03-01 = "09:00-17:00" }
"##
        ),
        @r##"
error: no opening hours can meet this target: `fair` is open for 8h in all
  --> pack.toml:22:6
   |
22 | P2 = "12h"
   |      ^^^^^ expected at most 8h
   = help: give the calendar weekly hours, or count the target on another one

warning: on `hours` this target takes 522 days
  --> pack.toml:23:6
   |
23 | P3 = { within = "3000h", calendar = "hours" }
   |      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
   = help: check the unit, or count the target on another calendar
"##
    );
}

/// Warnings that would never be given.
#[test]
fn a_warning_outside_the_target() {
    assert_snapshot!(
        problems(
            "commitments.toml",
            r##"
[[commitment]]
name = "resolution"
description = "It is resolved"
start = "opened"
stop = "done"
warn = [
  { used = "100%", notify = "assignee" },
  { left = "5h", notify = "assignee" },
  { used = "50%", left = "1h", notify = "assignee" },
]

[commitment.targets."*"]
any = "4h"
"##
        ),
        @r##"
error: a warning at 100% lies outside the target
 --> commitments.toml:7:12
  |
7 |   { used = "100%", notify = "assignee" },
  |            ^^^^^^ expected more than 0% and less than 100%
  = help: what follows a miss is said by `missed`

error: with 5h left the clock has not begun: a target of `resolution` is only 4h
  --> commitments.toml:8:12
   |
 8 |   { left = "5h", notify = "assignee" },
   |            ^^^^ a warning outside the target is never given
  ::: commitments.toml:13:7
   |
13 | any = "4h"
   |       ---- this target
   = help: warn at a share instead: used = "75%"

error: a warning is given at exactly one point
 --> commitments.toml:9:3
  |
9 |   { used = "50%", left = "1h", notify = "assignee" },
  |   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ expected one of `used` and `left`
  = help: for example { used = "75%", notify = "assignee" }
"##
    );
}

/// A role and a ladder that nobody defines.
#[test]
fn an_unknown_role_and_ladder() {
    assert_snapshot!(
        problems(
            "commitments.toml",
            r##"
[[commitment]]
name = "resolution"
description = "It is resolved"
start = "opened"
stop = "done"
missed = { notify = ["asignee", "engineers", "boss"], escalate = "breach" }

[commitment.targets."*"]
any = "4h"
"##
        ),
        @r##"
error: `asignee` is nobody
 --> commitments.toml:6:22
  |
6 | missed = { notify = ["asignee", "engineers", "boss"], escalate = "breach" }
  |                      ^^^^^^^^^ expected `assignee`, `team` or a role
  = help: did you mean `assignee`?

error: unknown role `engineers`
 --> commitments.toml:6:33
  |
6 | missed = { notify = ["asignee", "engineers", "boss"], escalate = "breach" }
  |                                 ^^^^^^^^^^^ expected a role that the pack defines
  = help: did you mean `engineer`?

error: unknown role `boss`
 --> commitments.toml:6:46
  |
6 | missed = { notify = ["asignee", "engineers", "boss"], escalate = "breach" }
  |                                              ^^^^^^ expected a role that the pack defines
  = help: there are `administrator`, `manager`, `agent`, `engineer`, `success_manager`, `viewer`, `portal_contact` and `portal_administrator`

error: unknown ladder `breach`
 --> commitments.toml:6:66
  |
6 | missed = { notify = ["asignee", "engineers", "boss"], escalate = "breach" }
  |                                                                  ^^^^^^^^ expected a ladder that the pack defines
"##
    );
}

/// Words that name nothing that can happen.
#[test]
fn an_unknown_trigger_and_status() {
    assert_snapshot!(
        problems(
            "commitments.toml",
            r##"
[[commitment]]
name = "resolution"
description = "It is resolved"
start = ["opend", { status = "in_progress" }, { on = "opened", tag = "vip" }]
pause_while = { status_kind = "paused" }

[commitment.targets."*"]
any = "4h"
"##
        ),
        @r##"
error: nothing can keep the promise `resolution`
 --> commitments.toml:2:8
  |
2 | name = "resolution"
  |        ^^^^^^^^^^^^ expected `stop`, `reset`, or both
  = help: for example stop = "agent_reply"

error: `opend` is not something that can happen to a ticket
 --> commitments.toml:4:10
  |
4 | start = ["opend", { status = "in_progress" }, { on = "opened", tag = "vip" }]
  |          ^^^^^^^ expected something that can happen to a ticket
  = help: did you mean `opened`?

error: unknown status `in_progress`
 --> commitments.toml:4:30
  |
4 | start = ["opend", { status = "in_progress" }, { on = "opened", tag = "vip" }]
  |                              ^^^^^^^^^^^^^ expected a status that the pack defines
  = help: there are `new`, `open`, `pending_customer`, `on_hold`, `resolved` and `closed`

error: a trigger names exactly one thing that happens
 --> commitments.toml:4:47
  |
4 | start = ["opend", { status = "in_progress" }, { on = "opened", tag = "vip" }]
  |                                               ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ expected one of `on`, `status` and `tag`
  = help: write several triggers as a list: ["opened", { status = "open" }]

error: `paused` is not a kind of status
 --> commitments.toml:5:31
  |
5 | pause_while = { status_kind = "paused" }
  |                               ^^^^^^^^ expected a kind of status
  = help: there are `new`, `open`, `pending_customer`, `on_hold`, `resolved` and `closed`
"##
    );
}

/// A commitment without a stop.
#[test]
fn a_promise_that_nothing_keeps() {
    assert_snapshot!(
        problems(
            "commitments.toml",
            r##"
[[commitment]]
name = "resolution"
description = "It is resolved"
start = "opened"

[commitment.targets."*"]
any = "4h"
"##
        ),
        @r##"
error: nothing can keep the promise `resolution`
 --> commitments.toml:2:8
  |
2 | name = "resolution"
  |        ^^^^^^^^^^^^ expected `stop`, `reset`, or both
  = help: for example stop = "agent_reply"
"##
    );
}

/// A warning: P1 slower than P2.
#[test]
fn a_worse_severity_that_waits_longer() {
    assert_snapshot!(
        problems(
            "pack.toml",
            r##"
[[tier]]
name = "Gold"
description = "The only one"
support_hours = "hours"
no_response_because = "none is sold"

[[commitment]]
name = "resolution"
description = "It is resolved"
start = "opened"
stop = "done"

[[commitment.target]]
tier = "Gold"
severity = "P1"
within = "8h"

[[commitment.target]]
tier = "Gold"
severity = "P2"
within = "4h"
"##
        ),
        @r##"
warning: P1 of `Gold` waits longer than P2: 8h against 4h
  --> pack.toml:27:10
   |
27 | within = "8h"
   |          ^^^^
  ::: pack.toml:32:10
   |
32 | within = "4h"
   |          ---- the time for P2
"##
    );
}

/// Ladders that hand over in a circle.
#[test]
fn a_ladder_that_loops() {
    assert_snapshot!(
        problems(
            "escalation.toml",
            r##"
[[ladder]]
name = "day"
description = "By day"
next = { ladder = "night" }
[[ladder.step]]
name = "Team"
level = 1
who = "ticket_team"

[[ladder]]
name = "night"
description = "By night"
next = { ladder = "day" }
[[ladder.step]]
name = "On call"
level = 1
who = "on_call:Support"
"##
        ),
        @r##"
error: the ladder loops: an escalation would never end
  --> escalation.toml:13:19
   |
13 | next = { ladder = "day" }
   |                   ^^^^^ day → night → day
   = help: let the last ladder end without `next`
"##
    );
}

/// Steps and triggers that do not fit the ladder.
#[test]
fn a_ladder_that_leads_down() {
    assert_snapshot!(
        problems(
            "escalation.toml",
            r##"
[[ladder]]
name = "day"
description = "By day"
triggers = [
  { on = "unresolved" },
  { on = "manual", after = "4h" },
  { on = "sla_breached", level = 7 },
  { on = "accounts_affected", accounts = 1, window = "1h" },
]
[[ladder.step]]
name = "Director"
level = 3
who = "role:manager"
[[ladder.step]]
name = "Team"
level = 1
who = "ticket_team"
"##
        ),
        @r##"
error: `unresolved` needs `after`
 --> escalation.toml:5:10
  |
5 |   { on = "unresolved" },
  |          ^^^^^^^^^^^^ expected `after` beside it

error: `after` says nothing about `manual`
 --> escalation.toml:6:10
  |
6 |   { on = "manual", after = "4h" },
  |          ^^^^^^^^ expected only `reasons`

error: the ladder has no level 7
 --> escalation.toml:7:34
  |
7 |   { on = "sla_breached", level = 7 },
  |                                  ^ expected a level up to 1

error: one account is affected by every ticket
 --> escalation.toml:8:42
  |
8 |   { on = "accounts_affected", accounts = 1, window = "1h" },
  |                                          ^ expected 2 or more

error: a ladder does not lead down
  --> escalation.toml:16:9
   |
16 | level = 1
   |         ^ expected level 3 or higher
  ::: escalation.toml:12:9
   |
12 | level = 3
   |         - the step before
"##
    );
}

/// A template that asks for what messages do not have.
#[test]
fn an_unknown_variable_in_a_template() {
    assert_snapshot!(
        problems(
            "templates.toml",
            r##"
[[template]]
name = "acknowledgement"
language = "en"
subject = "[#{{ ticket.numbr }}]"
body = """
Hello {{ contact.name }},
we know about {{ weather }}.
{% if ticket.url %}{{ ticket.url }}
"""
"##
        ),
        @r##"
error: unknown variable `ticket.numbr` in a template
 --> templates.toml:4:17
  |
4 | subject = "[#{{ ticket.numbr }}]"
  |                 ^^^^^^^^^^^^ expected a variable that messages have
  = help: did you mean `ticket.number`?

error: the template does not work: syntax error: unexpected end of input, expected end of block
 --> templates.toml:6:23
  |
6 | Hello {{ contact.name }},
  |                       ^^ expected the syntax of minijinja, such as {{ ticket.number }}
"##
    );
}

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

/// A section that belongs in another file.
#[test]
fn a_section_in_the_wrong_file() {
    assert_snapshot!(
        problems(
            "tiers.toml",
            r##"
[[calendar]]
name = "nights"

[[teir]]
name = "Gold"
"##
        ),
        @r##"
error: unknown key `calendar` in the tiers
 --> tiers.toml:1:3
  |
1 | [[calendar]]
  |   ^^^^^^^^ not a key that is known here
  = help: `calendar` belongs in calendars.toml

error: unknown key `teir` in the tiers
 --> tiers.toml:4:3
  |
4 | [[teir]]
  |   ^^^^ not a key that is known here
  = help: did you mean `tier`?
"##
    );
}

/// A file that packs do not have.
#[test]
fn an_unknown_file() {
    assert_snapshot!(
        problems(
            "tier.toml",
            r##"
[[tier]]
name = "Gold"
"##
        ),
        @r##"
error: a pack has no file `tier.toml`
 --> tier.toml:1:1
  |
1 | [[tier]]
  | ^ expected a file that packs have
  = help: did you mean `tiers.toml`?
"##
    );
}

/// A warning beside an error: arithmetic that does not add up.
#[test]
fn an_allowance_that_contradicts_its_share() {
    assert_snapshot!(
        problems(
            "pack.toml",
            r##"
[[tier]]
name = "Gold"
description = "The only one"
support_hours = "hours"
no_response_because = "none is sold"

[[uptime]]
tier = "Gold"
target = "99.9%"
allowance = "4.38m"

[[uptime]]
tier = "Gold"
target = "100%"
"##
        ),
        @r##"
warning: the allowance does not fit the share: 99.9% leaves 43m 48s a month
  --> pack.toml:21:13
   |
21 | allowance = "4.38m"
   |             ^^^^^^^
  ::: pack.toml:20:10
   |
20 | target = "99.9%"
   |          ------- the share
   = help: correct the one that is wrong, or leave the allowance out

error: the uptime of `Gold` is defined twice
  --> pack.toml:24:8
   |
24 | tier = "Gold"
   |        ^^^^^^ expected another name
  ::: pack.toml:19:8
   |
19 | tier = "Gold"
   |        ------ defined here first
   = help: rename one of them, or join them into one

error: no service can promise this uptime
  --> pack.toml:25:10
   |
25 | target = "100%"
   |          ^^^^^^ expected more than 0% and less than 100%
"##
    );
}

/// A role that would give portal users our own permissions.
#[test]
fn a_role_that_mixes_sides() {
    assert_snapshot!(
        problems(
            "roles.toml",
            r##"
[[role]]
name = "friend"
title = "Friend"
description = "A contact with more rights"
like = "portal_contact"
permissions = ["ticket.read", "ticket.fly"]
level = 9
"##
        ),
        @r##"
error: the role `friend` mixes portal permissions with our own
 --> roles.toml:2:8
  |
2 | name = "friend"
  |        ^^^^^^^^ expected permissions of one side
  = help: make two roles of it: nobody at a customer may do what those who serve do

error: `ticket.fly` is not a permission
 --> roles.toml:6:31
  |
6 | permissions = ["ticket.read", "ticket.fly"]
  |                               ^^^^^^^^^^^^ expected a permission
  = help: did you mean `ticket.reply`?

error: unknown support level 9
 --> roles.toml:7:9
  |
7 | level = 9
  |         ^ expected a support level that the pack defines
"##
    );
}
