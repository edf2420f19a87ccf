//! A diff tells what a pack promises otherwise, not which lines differ.

use insta::assert_snapshot;
use mainstay_policy::{Pack, PackSource, builtin, diff, load};

fn edited(file: &str, edits: &[(&str, &str)]) -> Pack {
    let source = builtin("premium-support").expect("a pack that comes with the program");
    let files = source.files().map(|(name, text)| {
        let mut text = text.to_owned();
        if name == file {
            for (from, to) in edits {
                assert!(text.contains(from), "{file} has no {from}");
                text = text.replace(from, to);
            }
        }
        (name.to_owned(), text)
    });
    load(&PackSource::new(files)).expect("the edited pack is sound")
}

fn changes(file: &str, edits: &[(&str, &str)]) -> String {
    let lines: Vec<String> = diff(&edited(file, &[]), &edited(file, edits))
        .iter()
        .map(ToString::to_string)
        .collect();
    lines.join("\n")
}

#[test]
fn comments_and_order_change_nothing() {
    assert_eq!(
        changes("commitments.toml", &[("# From", "# Taken from")]),
        ""
    );
}

#[test]
fn a_target_is_told_before_and_after() {
    assert_snapshot!(
        changes("commitments.toml", &[("P1 = \"30m\"", "P1 = { within = \"20m\", calendar = \"24/5\" }"), ("P2 = \"72h\", ", "")]),
        @r"
    ~ promise Enterprise Plus P1 first_response: target 30m on 24/7 → 20m on 24/5
    - promise Standard P2 resolution: target 3d on business-days
    "
    );
}

#[test]
fn hours_are_told_as_added_and_removed() {
    assert_snapshot!(
        changes("calendars.toml", &[("mon-fri = \"08:00-22:00\"", "mon-thu = \"07:00-21:00\", fri = \"08:00-22:00\"")]),
        @r"
    - calendar 8-10: open mon 21:00–22:00
    - calendar 8-10: open tue 21:00–22:00
    - calendar 8-10: open wed 21:00–22:00
    - calendar 8-10: open thu 21:00–22:00
    + calendar 8-10: open mon 07:00–08:00
    + calendar 8-10: open tue 07:00–08:00
    + calendar 8-10: open wed 07:00–08:00
    + calendar 8-10: open thu 07:00–08:00
    "
    );
}

#[test]
fn steps_and_clocks_are_told() {
    assert_snapshot!(
        changes("escalation.toml", &[("after = { unacknowledged = \"2h\" }", "after = \"by_hand\"")]),
        @"~ ladder escalation-matrix: step 5 C-level (level 5): role:c_level by in_app and email, unacknowledged for 2h, responds within 4h → C-level (level 5): role:c_level by in_app and email, by hand, responds within 4h"
    );
    assert_snapshot!(
        changes("commitments.toml", &[("reopen = \"resume\"", "reopen = \"new_cycle\""), ("status_kind = \"pending_customer\"", "status_kind = [\"pending_customer\", \"on_hold\"]")]),
        @r"
    ~ commitment resolution: pauses while status kind pending_customer → status kind pending_customer or on_hold
    ~ commitment resolution: on reopening resume → new_cycle
    "
    );
}

#[test]
fn a_thing_that_is_new_or_gone_is_told_once() {
    let with_role = changes(
        "roles.toml",
        &[(
            "[[role]]\nname = \"solutions_architect\"\ntitle = \"Solutions Architect\"",
            "[[role]]\nname = \"architect\"\ntitle = \"Architect\"",
        )],
    );
    assert_snapshot!(with_role, @r"
    - role solutions_architect
    + role architect
    ");
}
