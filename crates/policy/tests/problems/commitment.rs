//! What is wrong with commitments: their targets, warnings and what starts and stops them.

use insta::assert_snapshot;

use crate::problems;

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
