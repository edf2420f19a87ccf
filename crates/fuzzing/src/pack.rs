//! Whatever is written into a pack: it becomes a policy that can be used, or problems that can be shown.

use jiff::{SignedDuration, Timestamp};
use mainstay_policy::{
    Level, Pack, PackSource, Refusal, diff, load, load_applied, promises, to_json, to_text,
};

/// What stands before the name of a file in the input: `=== pack.toml`. Without any such line all is `pack.toml`.
const FILE: &str = "=== ";

/// Any text taken for the files of a pack.
///
/// # Panics
/// When a pack is neither sound nor refused with errors that point, or one that is sound cannot be used.
pub fn pack(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let source = files(&text);
    let loaded = load(&source);
    match (&loaded, load_applied(&source)) {
        (Ok(pack), Ok(applied)) => {
            assert_eq!(
                pack.policy, applied.policy,
                "applied, it promises something else"
            );
            check_pack(pack, &source);
        }
        (Ok(_), Err(refusal)) => panic!("sound, and not once it is applied: {refusal:?}"),
        (Err(refusal), Ok(applied)) => {
            check_refusal(refusal, &source);
            check_pack(&applied, &source);
        }
        (Err(refusal), Err(_)) => check_refusal(refusal, &source),
    }
}

fn files(text: &str) -> PackSource {
    let mut files = vec![("pack.toml".to_owned(), String::new())];
    for line in text.split_inclusive('\n') {
        if let Some(name) = line.strip_prefix(FILE) {
            files.push((name.trim().to_owned(), String::new()));
        } else if let Some((_, text)) = files.last_mut() {
            text.push_str(line);
        }
    }
    PackSource::new(files.into_iter().filter(|(_, text)| !text.is_empty()))
}

fn check_refusal(refusal: &Refusal, source: &PackSource) {
    let errors = refusal.problems.iter();
    assert!(errors.clone().any(|problem| problem.level == Level::Error));
    let longest = source
        .files()
        .map(|(_, text)| text.len())
        .max()
        .unwrap_or(0);
    for problem in errors {
        let rendered = problem.render(source);
        assert!(!problem.message.is_empty() && rendered.contains(&problem.message));
        assert!(problem.column(source).is_none_or(|column| column > 0));
        // The line, its marks, another place's, and what is known instead.
        assert!(
            rendered.len() <= 40 * longest + 20_000,
            "{} bytes to show a problem",
            rendered.len()
        );
    }
}

fn check_pack(pack: &Pack, source: &PackSource) {
    let warnings = pack.warnings.iter();
    for warning in warnings {
        assert!(!warning.render(source).is_empty());
    }
    assert_eq!(diff(pack, pack), Vec::new(), "a pack differs from itself");
    assert_eq!(pack.digest, source.digest());
    let _ = (to_text(pack), to_json(pack), promises(&pack.policy));
    let start = Timestamp::UNIX_EPOCH + SignedDuration::from_hours(24 * 365 * 56);
    for calendar in pack.policy.calendars.values() {
        for commitment in &pack.policy.commitments {
            for target in &commitment.targets {
                assert!(
                    target.duration > SignedDuration::ZERO,
                    "a promise of no time"
                );
                crate::calendar::check_adding(calendar, start, target.duration);
            }
        }
    }
}
