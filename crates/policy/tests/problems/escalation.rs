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
