//! What is wrong with a pack is told with file, line, column, what was expected and how to mend it.

mod calendar;
mod commitment;
mod escalation;
mod shape;
mod template;
mod tier;

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
