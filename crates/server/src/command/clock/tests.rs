//! What the command says of scenarios, right and wrong ones.

use std::path::Path;

use clap::Parser;
use insta::assert_snapshot;

use crate::CommandLine;

use super::scenario::{Detail, Replay, ScenarioFile};

/// A pack with one calendar and one commitment.
const PACK: &str = r#"
pack_text = '''
name = "test"
title = "Test"
version = "1.0.0"
description = "One clock."
default_calendar = "office"

[[calendar]]
name = "office"
description = "Nine to five"
time_zone = "UTC"
hours = { mon-fri = "09:00-17:00" }
holidays = [{ date = "2026-03-17", name = "St Patrick's Day" }]

[[commitment]]
name = "resolution"
description = "The ticket is resolved"
start = "opened"
stop = "done"
pause_while = { status = "on_hold" }
reopen = "resume"
targets = { "*" = { any = "6h", P1 = "2h" } }
'''
"#;

fn file(scenario: &str) -> String {
    format!("format = \"clock-scenarios/1\"\n{PACK}\n[[scenarios]]\n{scenario}")
}

/// What is printed of a scenario, or why it cannot be.
fn replay(text: &str, detail: Detail) -> String {
    let file = match ScenarioFile::parse("test.toml", text, Path::new(".")) {
        Ok(file) => file,
        Err(failure) => return failure.to_string(),
    };
    let replays = file.replays(detail).map(|replay| match replay {
        Ok(replay) if replay.failures.is_empty() => replay.line,
        Ok(replay) => replay.failures.join("\n"),
        Err(failure) => failure.to_string(),
    });
    replays.collect::<Vec<_>>().join("\n")
}

#[test]
fn a_table_adds_up() {
    let text = file(
        r#"
        id = "a hold, a holiday and a reopening"
        events = [
          { at = "2026-03-16T15:00:00Z", type = "opened" },
          { at = "2026-03-16T16:00:00.7Z", type = "status", to = "on_hold" },
          { at = "2026-03-16T16:30:00.2Z", type = "status", to = "open" },
          { at = "2026-03-18T10:00:00Z", type = "status", to = "resolved" },
          { at = "2026-03-18T12:00:00Z", type = "status", to = "open", by = "customer" },
          { at = "2026-03-18T12:30:00Z", type = "severity", to = "P1" },
        ]
        evaluate_at = ["2026-03-18T13:00:00Z"]
        "#,
    );
    assert_snapshot!(replay(&text, Detail::Text), @r##"
    scenario a hold, a holiday and a reopening

    at 2026-03-18T13:00:00Z

    resolution, cycle 1: missed
      by           policy 1, pack.toml:14
      as promised  6h on office, by pack.toml:21, due Wed 2026-03-18 15:29:59
      as corrected 2h on office, by pack.toml:21, since Wed 2026-03-18 12:30:00, due Wed 2026-03-18 09:29:59
      missed       Wed 2026-03-18 12:30:00

      from                     until                        time  counted  why
      Mon 2026-03-16 15:00:00  Mon 2026-03-16 16:00:00   1:00:00  1:00:00  office is open: calendar, pack.toml:14 (opened by the customer)
      Mon 2026-03-16 16:00:00  Mon 2026-03-16 16:30:00   0:30:00  0:00:00  paused: pause_while, pack.toml:14 (status new → on_hold)
      Mon 2026-03-16 16:30:00  Mon 2026-03-16 17:00:00   0:30:00  0:30:00  office is open: calendar, pack.toml:14 (status on_hold → open)
      Mon 2026-03-16 17:00:00  Tue 2026-03-17 00:00:00   7:00:00  0:00:00  office is closed at this time: calendar, pack.toml:14 (status on_hold → open)
      Tue 2026-03-17 00:00:00  Wed 2026-03-18 00:00:00  24:00:00  0:00:00  office is closed for St Patrick's Day: calendar, pack.toml:14 (status on_hold → open)
      Wed 2026-03-18 00:00:00  Wed 2026-03-18 09:00:00   9:00:00  0:00:00  office is closed at this time: calendar, pack.toml:14 (status on_hold → open)
      Wed 2026-03-18 09:00:00  Wed 2026-03-18 10:00:00   1:00:00  1:00:00  office is open: calendar, pack.toml:14 (status on_hold → open)
      Wed 2026-03-18 10:00:00  Wed 2026-03-18 12:00:00   2:00:00  0:00:00  the ticket was done: reopen, pack.toml:14 (status open → resolved)
      Wed 2026-03-18 12:00:00  Wed 2026-03-18 13:00:00   1:00:00  1:00:00  office is open: calendar, pack.toml:14 (status resolved → open)
      in all                                            46:00:00  3:30:00  of 2h promised
    "##);
}

#[test]
fn a_merge_is_a_row_of_what_was_taken_over() {
    let text = file(
        r#"
        id = "merged"
        events = [
          { at = "2026-03-16T10:00:00Z", type = "opened" },
          { at = "2026-03-16T11:00:00Z", type = "merged_from", ticket = 7, clocks = [
            { commitment = "resolution", started_at = "2026-03-16T09:00:00Z", used = "1h30m" },
          ] },
          { at = "2026-03-16T12:00:00Z", type = "merged_into", ticket = 9 },
        ]
        "#,
    );
    assert_snapshot!(replay(&text, Detail::Text), @r##"
    scenario merged

    at 2026-03-16T12:00:00Z

    resolution, cycle 1: cancelled
      by           policy 1, pack.toml:14
      as promised  6h on office, by pack.toml:21, due Mon 2026-03-16 15:30:00
      ended        Mon 2026-03-16 12:00:00, cancelled: the ticket was merged into 9

      from                     until                       time  counted  why
      Mon 2026-03-16 09:00:00  Mon 2026-03-16 11:00:00  2:00:00  1:30:00  taken over from ticket 7: merge, pack.toml:14 (ticket 7 was merged into this one)
      Mon 2026-03-16 11:00:00  Mon 2026-03-16 12:00:00  1:00:00  1:00:00  office is open: calendar, pack.toml:14 (ticket 7 was merged into this one)
      in all                                            3:00:00  2:30:00  of 6h promised
    "##);
}

#[test]
fn spans_name_the_event_that_caused_them() {
    let text = file(
        r#"
        id = "resolved"
        events = [
          { at = "2026-03-16T10:00:00Z", type = "opened" },
          { at = "2026-03-16T11:00:00Z", type = "status", to = "resolved" },
        ]
        "#,
    );
    assert_snapshot!(replay(&text, Detail::Spans), @r##"{"evaluations":[{"at":"2026-03-16T11:00:00Z","clocks":[{"calendar":"office","commitment":"resolution","cycle":1,"due_at":"2026-03-16T16:00:00Z","ended_at":"2026-03-16T11:00:00Z","late_events":[],"left_seconds":18000,"missed_at":null,"next_at":null,"outcome":"done","promised_by":"pack.toml:21","promised_due_at":"2026-03-16T16:00:00Z","retracted_miss_at":null,"source":"pack.toml:14","spans":[{"counted_seconds":3600,"event":1,"expected":false,"from":"2026-03-16T10:00:00Z","reason":"office is open","rule":"calendar","seconds":3600,"source":"pack.toml:14","until":"2026-03-16T11:00:00Z"}],"started_at":"2026-03-16T10:00:00Z","state":"met","target_seconds":21600,"used_seconds":3600,"warned_at":[]}]}],"failed":[],"id":"resolved"}"##);
}

#[test]
fn an_expectation_that_does_not_hold_names_scenario_clock_and_field() {
    let text = file(
        r#"
        id = "wrong"
        events = [{ at = "2026-03-16T10:00:00Z", type = "opened" }]
        expect = [
          { clock = "resolution", due_at = "2026-03-16T15:59:00Z", state = "running" },
          { clock = "resolution", due_at = "2026-03-16T15:59:00Z", tolerance_seconds = 60 },
          { clock = "resolution", missed_at = "none", absent = true },
          { clock = "resolution", cycle = 2, state = "met" },
          { clock = "resolution", left_seconds = 5 },
        ]
        "#,
    );
    assert_snapshot!(replay(&text, Detail::Clocks), @r##"
    test.toml:29: scenario `wrong`, at 2026-03-16T10:00:00Z: resolution #1: due_at is "2026-03-16T16:00:00Z", expected "2026-03-16T15:59:00Z"
    test.toml:29: scenario `wrong`, at 2026-03-16T10:00:00Z: there is a clock `resolution`
    test.toml:29: scenario `wrong`, at 2026-03-16T10:00:00Z: there is no clock `resolution`
    test.toml:29: scenario `wrong`, at 2026-03-16T10:00:00Z: resolution #1: left_seconds is 21600, expected 5
    "##);
}

#[test]
fn what_is_wrong_with_a_file_is_said_with_its_place() {
    let opened = r#"{ at = "2026-03-16T10:00:00Z", type = "opened" }"#;
    let wrong = [
        "{\n  \"format\": \"clock-scenarios/1\",\n  \"scenarios\": [{ \"id\": 5 }]\n}".to_owned(),
        "{\"format\": \"calendar-vectors/1\", \"scenarios\": []}".to_owned(),
        file("id = \"a\"\nevent = []"),
        file(
            r#"id = "a"
            events = [{ at = "yesterday", type = "opened" }]"#,
        ),
        file(
            r#"id = "a"
            events = [{ at = "2026-03-16T10:00:00Z", type = "opens" }]"#,
        ),
        file(&format!(
            r#"id = "a"
            events = [{opened}, {{ at = "2026-03-16T10:00:00Z", type = "status", to = "dormant" }}]"#
        )),
        file(&format!(
            r#"id = "a"
            events = [{opened}, {{ at = "2026-03-16T10:00:00Z", type = "agent_reply", to = "open" }}]"#
        )),
        file(&format!(
            r#"id = "a"
            events = [{opened}, {{ at = "2026-03-16T10:00:00Z", type = "severity" }}]"#
        )),
        file(
            r#"id = "a"
            events = [{ at = "2026-03-16T10:00:00Z", type = "opened", tier = "Gold" }]"#,
        ),
        file(
            r#"id = "a"
            events = [{ at = "2026-03-16T10:00:00Z", type = "opened", overrides = [{ commitment = "repair", within = "1h" }] }]"#,
        ),
        file(
            r#"id = "a"
            events = [{ at = "2026-03-16T10:00:00Z", type = "opened", overrides = [{ commitment = "resolution", within = "-1h" }] }]"#,
        ),
        file(&format!(
            r#"id = "a"
            events = [{opened}]
            expect = [{{ clock = "resolution", due = "2026-03-16T10:00:00Z" }}]"#
        )),
        file(&format!(
            r#"id = "a"
            events = [{opened}]
            expect = [{{ clock = "resolution", at = "2026-03-16T11:00:00Z", state = "running" }}]"#
        )),
        file(&format!(
            r#"id = "a"
            events = [{opened}]
            expect = [{{ clock = "resolutoin", absent = true }}]"#
        )),
        file(
            r#"id = "a"
            events = [{ at = "2026-03-16T10:00:00Z", type = "agent_reply" }]"#,
        ),
        file(&format!("id = \"a\"\nevents = [{opened}, {opened}]")),
        file(
            r#"id = "a"
            events = [{ at = "2026-03-16T10:00:00Z", recorded_at = "2026-03-16T09:00:00Z", type = "opened" }]"#,
        ),
        file(&format!(
            "id = \"a\"\nevents = [{opened}]\n[[scenarios]]\nid = \"a\"\nevents = [{opened}]"
        )),
        file("id = \"a\"\nevents = []"),
        file(&format!(
            "id = \"a\"\nevents = [{opened}]\ncalendars = {{ office = {{ timezone = \"Mars/Base\" }} }}"
        )),
        format!(
            "format = \"clock-scenarios/1\"\npack = \"nowhere\"\n[[scenarios]]\nid = \"a\"\nevents = [{opened}]"
        ),
        format!(
            "format = \"clock-scenarios/1\"\npack_text = \"nam = 1\"\n[[scenarios]]\nid = \"a\"\nevents = [{opened}]"
        ),
    ];
    let said = wrong.map(|text| replay(&text, Detail::Clocks));
    assert_snapshot!(said.join("\n\n"), @r##"
    error: test.toml:3:25: invalid type: integer `5`, expected a string at line 3 column 25
      help: docs/scenarios.md describes the format

    error: test.toml: the format is "calendar-vectors/1", expected "clock-scenarios/1"
      help: `mainstay calendar run` computes the cases of such a file

    error: test.toml: TOML parse error at line 29, column 1
       |
    29 | event = []
       | ^^^^^
    unknown field `event`, expected one of `id`, `note`, `pack`, `pack_text`, `calendars`, `events`, `evaluate_at`, `expect`
      help: docs/scenarios.md describes the format

    error: test.toml: TOML parse error at line 29, column 30
       |
    29 |             events = [{ at = "yesterday", type = "opened" }]
       |                              ^^^^^^^^^^^
    invalid value: string "yesterday", expected an instant in quotes such as "2026-03-02T09:00:00Z"
      help: docs/scenarios.md describes the format

    error: test.toml: TOML parse error at line 29, column 61
       |
    29 |             events = [{ at = "2026-03-16T10:00:00Z", type = "opens" }]
       |                                                             ^^^^^^^
    unknown variant `opens`, expected one of `opened`, `customer_message`, `agent_reply`, `internal_note`, `automatic_reply`, `bounce`, `status`, `severity`, `category`, `terms`, `team`, `assigned`, `tags_added`, `tags_removed`, `escalated`, `acknowledged`, `merged_into`, `merged_from`, `split_from`, `clock_missed`
      help: docs/scenarios.md describes the format

    error: test.toml:28: scenario `a`: event 2: unknown status `dormant`: the pack has new, open, pending_customer, on_hold, resolved, closed

    error: test.toml:28: scenario `a`: event 2: an event of this type has no `to`

    error: test.toml:28: scenario `a`: event 2: needs `to`

    error: test.toml:28: scenario `a`: event 1: unknown tier `Gold`: the pack has none

    error: test.toml:28: scenario `a`: event 1: unknown commitment `repair`: the pack has resolution

    error: test.toml: TOML parse error at line 29, column 122
       |
    29 |             events = [{ at = "2026-03-16T10:00:00Z", type = "opened", overrides = [{ commitment = "resolution", within = "-1h" }] }]
       |                                                                                                                          ^^^^^
    invalid value: string "-1h", expected a time such as "4h30m", or a number of seconds
      help: docs/scenarios.md describes the format

    error: test.toml:28: scenario `a`: an expectation names the unknown field `due`; known are calendar, commitment, cycle, due_at, ended_at, late_events, left_seconds, missed_at, next_at, outcome, promised_by, promised_due_at, retracted_miss_at, source, started_at, state, target_seconds, used_seconds, warned_at

    error: test.toml:28: scenario `a`: an expectation is about 2026-03-16T11:00:00Z, which is no instant of `evaluate_at`

    error: test.toml:28: scenario `a`: an expectation is about the unknown commitment `resolutoin`: the pack has resolution

    error: test.toml:28: scenario `a`: event 1 happened first and is not `opened`: a ticket's history begins with its opening

    error: test.toml:28: scenario `a`: event 2: the ticket was opened before: a second ticket is a second scenario

    error: test.toml:28: scenario `a`: event 1: `recorded_at` is before `at`: nothing is recorded before it happens

    error: test.toml: two scenarios are called `a`
      help: give each an id of its own, so that what is printed can be told apart

    error: test.toml:28: scenario `a`: there is neither an event nor an instant in `evaluate_at`

    error: test.toml:28: scenario `a`: calendar `office`: unknown time zone `Mars/Base`: expected an IANA name such as `Europe/Madrid` or `UTC`

    error: test.toml: there is no pack `nowhere`
      help: name a folder beside the file, or a pack that comes with the program (`mainstay policy list`)

    error: the pack of test.toml cannot be used
    error: the head of a pack has no `name`
     --> pack.toml:1:1
      |
    1 | nam = 1
      | ^ expected `name`: a name

    error: the head of a pack has no `title`
     --> pack.toml:1:1
      |
    1 | nam = 1
      | ^ expected `title`: a text

    error: the head of a pack has no `version`
     --> pack.toml:1:1
      |
    1 | nam = 1
      | ^ expected `version`: a text

    error: the head of a pack has no `description`
     --> pack.toml:1:1
      |
    1 | nam = 1
      | ^ expected `description`: a text

    error: the head of a pack has no `default_calendar`
     --> pack.toml:1:1
      |
    1 | nam = 1
      | ^ expected `default_calendar`: a name

    error: unknown key `nam` in the head of a pack
     --> pack.toml:1:1
      |
    1 | nam = 1
      | ^^^ not a key that is known here
      = help: did you mean `name`?
    "##);
}

#[test]
fn a_commitment_that_has_no_clock_is_refused_with_those_that_have_one() {
    let refused = super::explain::of_commitment(Vec::new(), "resolution");
    assert_snapshot!(refused.map(|_| ()).unwrap_err(), @"
    error: the ticket has no clock `resolution`
      help: nothing was promised about this ticket
    ");
}

#[test]
fn a_scenario_that_cannot_be_replayed_keeps_its_place_among_the_others() {
    let text = file(
        r#"id = "a"
        events = [{ at = "2026-03-16T10:00:00Z", type = "opened" }]
        [[scenarios]]
        id = "b"
        events = []"#,
    );
    let file = ScenarioFile::parse("test.toml", &text, Path::new(".")).unwrap();
    let lines: Vec<bool> = file
        .ids()
        .zip(file.replays(Detail::Clocks))
        .map(|(id, replay)| match replay {
            Ok(replay) => replay.line.contains(&format!("\"id\":\"{id}\"")),
            Err(failure) => {
                let refused = Replay::refused(id, &failure, Detail::Clocks);
                assert_eq!(id, "b");
                refused.line.starts_with("{\"error\":\"test.toml:")
            }
        })
        .collect();
    assert_eq!(lines, [true, true]);
    let other = ScenarioFile::parse(
        "x.json",
        "{\"format\": \"other/1\", \"count\": 5}",
        Path::new("."),
    );
    assert_eq!(
        other.map(|_| ()).unwrap_err().to_string(),
        "error: x.json: the format is \"other/1\", expected \"clock-scenarios/1\"\n  help: docs/scenarios.md describes the format; a file of scenarios says format = \"clock-scenarios/1\""
    );
}

#[test]
fn the_command_fails_when_an_expectation_does() {
    let run = |state: &str| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("scenarios.toml");
        let scenario = format!(
            r#"id = "one"
            events = [{{ at = "2026-03-16T10:00:00Z", type = "opened" }}]
            expect = [{{ clock = "resolution", state = "{state}", cycle = 1 }}]"#
        );
        std::fs::write(&path, file(&scenario)).unwrap();
        let path = path.to_str().unwrap();
        CommandLine::try_parse_from(["mainstay", "clock", "run", path])
            .unwrap()
            .run()
    };
    assert!(run("running").is_ok());
    assert_eq!(
        run("paused").unwrap_err().to_string(),
        "error: 1 of 1 expectations do not hold"
    );
}
