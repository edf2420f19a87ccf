//! What is wrong with tiers, uptimes and roles.

use insta::assert_snapshot;

use crate::problems;

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
