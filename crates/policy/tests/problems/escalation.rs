//! What is wrong with ladders.

use insta::assert_snapshot;

use crate::problems;

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

/// Steps that tell nobody, that do not wait, or whose name is taken.
#[test]
fn a_step_that_tells_nobody() {
    assert_snapshot!(
        problems(
            "escalation.toml",
            r##"
[[ladder]]
name = "day"
description = "By day"
[[ladder.step]]
name = "Team"
level = 1
who = []
[[ladder.step]]
name = "Team"
level = 2
who = "ticket_team"
after = { unacknowledged = "0m" }
"##
        ),
        @r##"
error: the step `Team` tells nobody
 --> escalation.toml:4:1
  |
4 | [[ladder.step]]
  | ^^^^^^^^^^^^^^^ expected at least one in `who`
  = help: to tell whoever works on the ticket, write who = "assignee"

error: two steps are called `Team`
 --> escalation.toml:8:1
  |
8 | [[ladder.step]]
  | ^^^^^^^^^^^^^^^ expected a name of its own, by which people tell the steps apart
 ::: escalation.toml:4:1
  |
4 | [[ladder.step]]
  | --------------- the first of that name

error: a step that waits for no time does not wait
  --> escalation.toml:12:28
   |
12 | after = { unacknowledged = "0m" }
   |                            ^^^^ expected a time longer than zero
   = help: leave `after` out to take the step together with the one before
"##
    );
}
