//! Packs come from folders, from the store and from the program itself, and are the same wherever they come from.

use std::path::Path;
#[cfg(unix)]
use std::process::Command;

use mainstay_policy::{PackSource, UnreadableFolder, builtin};

#[test]
fn a_folder_and_the_program_hold_the_same_pack() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packs/premium-support");
    let from_folder = PackSource::from_folder(&folder).unwrap();
    assert_eq!(Some(&from_folder), builtin("premium-support").as_ref());
    assert_eq!(builtin("no-such-pack"), None);
}

#[test]
fn the_digest_is_that_of_names_and_texts() {
    let digest = |files: &[(&str, &str)]| PackSource::new(files.iter().copied()).digest();
    let one = digest(&[("a.toml", "x"), ("b.toml", "y")]);
    assert_eq!(one, digest(&[("b.toml", "y"), ("a.toml", "x")]));
    assert_ne!(one, digest(&[("a.toml", "xb.toml"), ("", "y")]));
    assert_ne!(one, digest(&[("a.toml", "x"), ("b.toml", "z")]));
    assert_ne!(one, digest(&[("a.toml", "x"), ("c.toml", "y")]));
}

#[test]
fn what_is_no_text_is_refused_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("pack.toml"), b"name = \"\xff\"").unwrap();
    std::fs::write(folder.path().join("notes.md"), b"\xff is passed over").unwrap();
    let refusal = PackSource::from_folder(folder.path()).unwrap_err();
    assert!(
        matches!(refusal, UnreadableFolder::NotText { offset: 8, .. }),
        "{refusal}"
    );
    let missing = PackSource::from_folder(&folder.path().join("nowhere")).unwrap_err();
    assert!(matches!(missing, UnreadableFolder::Io { .. }));
}

/// A device never ends, and a pipe keeps its reader waiting for a writer.
#[cfg(unix)]
#[test]
fn a_device_or_a_pipe_is_refused_before_it_is_opened() {
    let refuses = |name: &str, make: &dyn Fn(&Path)| {
        let folder = tempfile::tempdir().unwrap();
        if name != "pack.toml" {
            std::fs::write(folder.path().join("pack.toml"), "").unwrap();
        }
        make(&folder.path().join(name));
        let refusal = PackSource::from_folder(folder.path()).unwrap_err();
        assert!(
            matches!(&refusal, UnreadableFolder::NotFile { path } if path.ends_with(name)),
            "{refusal}"
        );
    };
    refuses("pack.toml", &|path| {
        std::os::unix::fs::symlink("/dev/zero", path).unwrap();
    });
    refuses("holidays.ics", &|path| {
        let made = Command::new("mkfifo").arg(path).status().unwrap();
        assert!(made.success());
    });
    refuses("body.txt", &|path| {
        std::os::unix::fs::symlink(path.parent().unwrap(), path).unwrap();
    });
}

/// Somebody who names the wrong folder, such as that of all they have, waits for no reading of it.
#[test]
fn a_folder_without_a_pack_is_not_read() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("notes.txt"), b"\xff").unwrap();
    let source = PackSource::from_folder(folder.path()).unwrap();
    assert_eq!(source.files().count(), 0);
    let refusal = mainstay_policy::load(&source).unwrap_err();
    assert_eq!(refusal.problems[0].message, "the pack has no `pack.toml`");
    assert_eq!(refusal.problems.len(), 1);
}

#[test]
fn a_link_to_a_file_is_read_as_the_file() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("kept.md"), "name = \"x\"").unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink("kept.md", folder.path().join("pack.toml")).unwrap();
    let source = PackSource::from_folder(folder.path()).unwrap();
    #[cfg(unix)]
    assert_eq!(source.file("pack.toml"), Some("name = \"x\""));
    assert_eq!(source.file("kept.md"), None);
}

#[test]
fn holidays_may_come_from_an_icalendar_file_and_texts_from_text_files() {
    let calendar = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:test\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTAMP:20250101T000000Z\r\n\
        DTSTART;VALUE=DATE:20260105\r\nSUMMARY:A Monday off\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
    let pack = r#"
        name = "small"
        title = "Small"
        version = "1"
        description = "A pack with other files"
        default_calendar = "hours"
        [[calendar]]
        name = "hours"
        description = "Office hours"
        time_zone = "UTC"
        hours = { mon-fri = "09:00-17:00" }
        holidays_from = "holidays.ics"
        [[template]]
        name = "acknowledgement"
        language = "en"
        subject = "We have it"
        body_from = "templates/acknowledgement.txt"
    "#;
    let source = PackSource::new([
        ("pack.toml", pack),
        ("holidays.ics", calendar),
        (
            "templates/acknowledgement.txt",
            "Number {{ ticket.number }}",
        ),
    ]);
    let pack = mainstay_policy::load(&source).unwrap();
    let hours = &pack.policy.calendars["hours"];
    assert!(!hours.is_open("2026-01-05T12:00:00Z".parse().unwrap()));
    assert!(hours.is_open("2026-01-06T12:00:00Z".parse().unwrap()));
    assert_eq!(pack.policy.templates[0].body, "Number {{ ticket.number }}");
}
