//! The examples in the reference of the pack format are what the format is.

use mainstay_policy::{PackSource, load};

const REFERENCE: &str = include_str!("../../../docs/packs.md");

/// The file of a pack in which an example belongs.
fn file_of(example: &str) -> &'static str {
    for (heading, file) in [
        ("[[calendar]]", "calendars.toml"),
        ("[[commitment]]", "commitments.toml"),
        ("[[uptime]]", "service.toml"),
        ("[[ladder]]", "escalation.toml"),
        ("[[rule]]", "routing.toml"),
        ("[[template]]", "templates.toml"),
    ] {
        if example.contains(heading) {
            return file;
        }
    }
    panic!("an example of what? {example}")
}

#[test]
fn every_example_is_read() {
    let examples: Vec<&str> = REFERENCE
        .split("```toml\n")
        .skip(1)
        .filter_map(|rest| rest.split("```").next())
        .collect();
    assert_eq!(examples.len(), 7);
    let head = "name = \"test\"\ntitle = \"Test\"\nversion = \"1\"\ndescription = \"The reference\"\n\
        default_calendar = \"business-hours\"\n\
        [[calendar]]\nname = \"sao-paulo\"\ndescription = \"x\"\ntime_zone = \"America/Sao_Paulo\"\nhours = { daily = \"09:00-17:00\" }\n\
        [[tier]]\nname = \"Enterprise\"\ndescription = \"x\"\nsupport_hours = \"24/7\"\nno_response_because = \"x\"\n\
        [[tier]]\nname = \"Standard\"\ndescription = \"x\"\nsupport_hours = \"24/7\"\nno_response_because = \"x\"\n\
        [[category]]\nname = \"commercial\"\ntitle = \"x\"\ndescription = \"x\"\n";
    let ladders: String = ["executives", "at-risk", "breach"]
        .iter()
        .map(|name| {
            format!("[[ladder]]\nname = \"{name}\"\ndescription = \"x\"\n[[ladder.step]]\nname = \"x\"\nlevel = 1\nwho = \"assignee\"\n")
        })
        .collect();
    let holidays = "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n".to_owned();
    let mut files = vec![
        ("pack.toml", format!("{head}{ladders}")),
        ("madrid.ics", holidays),
    ];
    for example in examples {
        // Several examples may speak of the same file.
        let name = file_of(example);
        match files.iter_mut().find(|(taken, _)| *taken == name) {
            Some((_, text)) => text.push_str(example),
            None => files.push((name, example.to_owned())),
        }
    }
    let source = PackSource::new(files);
    let problems = match load(&source) {
        Ok(pack) => pack.warnings,
        Err(refusal) => refusal.problems,
    };
    let rendered: Vec<String> = problems
        .iter()
        .map(|problem| problem.render(&source))
        .collect();
    assert!(rendered.is_empty(), "{}", rendered.join("\n"));
}
