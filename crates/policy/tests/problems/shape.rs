//! Files, keys and values that are not what a pack has.

use insta::assert_snapshot;

use crate::problems;

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
