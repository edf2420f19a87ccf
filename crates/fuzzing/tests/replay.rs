//! Every input that fuzzing kept goes through its target: a find that was mended stays mended.

#![expect(clippy::unwrap_used, reason = "what is not as expected fails the test")]

use std::collections::BTreeSet;
use std::fs;
use std::panic::catch_unwind;
use std::path::PathBuf;

use mainstay_fuzzing::TARGETS;

fn corpus() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus")
}

/// Replays the inputs of one target, and names those that fail.
fn replay(name: &str) {
    let (_, target) = TARGETS.iter().find(|(other, _)| *other == name).unwrap();
    let mut inputs: Vec<PathBuf> = fs::read_dir(corpus().join(name))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    inputs.sort();
    assert!(!inputs.is_empty(), "no input for {name}");
    target(b"");
    let failed: Vec<&PathBuf> = inputs
        .iter()
        .filter(|input| {
            let data = fs::read(input).unwrap();
            catch_unwind(|| target(&data)).is_err()
        })
        .collect();
    assert!(failed.is_empty(), "{failed:#?}");
}

macro_rules! replays {
    ($($name:ident)*) => {
        $(
            #[test]
            fn $name() {
                replay(stringify!($name));
            }
        )*

        #[test]
        fn every_target_is_replayed_and_has_a_program() {
            let replayed = BTreeSet::from([$(stringify!($name)),*]);
            let targets: BTreeSet<&str> = TARGETS.iter().map(|(name, _)| *name).collect();
            assert_eq!(replayed, targets);
            let programs = fs::read_dir(corpus().join("../fuzz_targets")).unwrap();
            let programs: BTreeSet<String> = programs
                .map(|entry| entry.unwrap().path().file_stem().unwrap().display().to_string())
                .collect();
            assert_eq!(programs, targets.into_iter().map(str::to_owned).collect());
        }
    };
}

replays! { body calendar clock html icalendar import mail pack query webhook }
