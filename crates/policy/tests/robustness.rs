//! Whatever is written into a pack, reading it ends with a pack or with problems, and never with a panic.

use mainstay_policy::{Level, PackSource, builtin, load};
use proptest::prelude::*;

/// A sound pack in one file.
const SMALL: &str = r#"
name = "small"
title = "Small"
version = "1"
description = "One tier, one promise"
default_calendar = "hours"

[[calendar]]
name = "hours"
description = "Office hours"
time_zone = "Europe/Madrid"
hours = { mon-fri = "09:00-17:00" }

[[tier]]
name = "Gold"
description = "The only tier"
support_hours = "hours"

[[commitment]]
name = "first_response"
description = "An answer"
start = "opened"
stop = "agent_reply"
warn = { used = "75%", notify = "assignee" }
[commitment.targets.Gold]
any = "4h"
"#;

fn outcome(source: &PackSource) {
    match load(source) {
        Ok(pack) => assert!(pack.warnings.iter().all(|one| one.level == Level::Warning)),
        Err(refusal) => {
            assert!(refusal.problems.iter().any(|one| one.level == Level::Error));
            for problem in &refusal.problems {
                assert!(!problem.render(source).is_empty());
                assert!(problem.column(source).is_none_or(|column| column > 0));
            }
        }
    }
}

#[test]
fn the_small_pack_is_sound() {
    assert!(load(&PackSource::new([("pack.toml", SMALL)])).is_ok());
}

proptest! {
    #[test]
    fn any_text_is_read_without_a_panic(text in ".{0,400}", file in "[a-z]{1,12}\\.toml|pack.toml|tiers.toml|commitments.toml") {
        outcome(&PackSource::new([(file, text)]));
    }

    #[test]
    fn any_bytes_are_read_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        outcome(&PackSource::new([("pack.toml", text)]));
    }

    /// Cutting a piece out of a sound pack, or putting something in, gives TOML that is nearly right, which is where
    /// mistakes hide.
    #[test]
    fn a_damaged_pack_is_read_without_a_panic(
        start in 0_usize..900,
        length in 0_usize..60,
        inserted in "[ -~\n\u{e9}\u{1F600}]{0,12}",
    ) {
        let characters: Vec<char> = SMALL.chars().collect();
        let start = start.min(characters.len());
        let end = (start + length).min(characters.len());
        let text: String = characters[..start]
            .iter()
            .copied()
            .chain(inserted.chars())
            .chain(characters[end..].iter().copied())
            .collect();
        outcome(&PackSource::new([("pack.toml", text)]));
    }

    /// Any value in place of any other: wrong kinds, empty texts, huge numbers, lists and tables.
    #[test]
    fn a_value_of_the_wrong_kind_is_a_problem_and_no_panic(
        line in 0_usize..40,
        value in prop_oneof![
            Just("0"), Just("-1"), Just("99999999999999999999"), Just("1e400"), Just("nan"), Just("true"), Just("\"\""),
            Just("\"none\""), Just("[]"), Just("[[]]"), Just("{}"), Just("2026-13-45"), Just("2026-12-25"),
            Just("\"99999999999999d\""), Just("\"0.0000000001s\""), Just("\"1e3%\""), Just("\"-5%\""), Just("{ a = { b = 1 } }"),
        ],
    ) {
        let mut lines: Vec<String> = SMALL.lines().map(str::to_owned).collect();
        let line = line.min(lines.len() - 1);
        if let Some((key, _)) = lines[line].clone().split_once(" = ") {
            lines[line] = format!("{key} = {value}");
        }
        outcome(&PackSource::new([("pack.toml", lines.join("\n"))]));
    }

    #[test]
    fn a_damaged_file_of_a_real_pack_is_read_without_a_panic(
        file in 0_usize..12,
        start in 0_usize..6000,
        length in 0_usize..40,
    ) {
        let source = builtin("mainstay").unwrap();
        let mut files: Vec<(String, String)> =
            source.files().map(|(name, text)| (name.to_owned(), text.to_owned())).collect();
        let count = files.len();
        let text = &mut files[file % count].1;
        let characters: Vec<char> = text.chars().collect();
        let start = start.min(characters.len());
        let end = (start + length).min(characters.len());
        *text = characters[..start].iter().chain(&characters[end..]).collect();
        outcome(&PackSource::new(files));
    }
}
