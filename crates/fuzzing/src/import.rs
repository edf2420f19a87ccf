//! Every row of another system's export is told of or answered for, whatever the file and the map.

use std::sync::LazyLock;

use jiff::{SignedDuration, Timestamp};
use mainstay_import::{Contents, ImportMap, Known, Remark, read};
use mainstay_policy::{DEFAULT_PACK, builtin, load};

static KNOWN: LazyLock<Known> =
    LazyLock::new(|| match builtin(DEFAULT_PACK).map(|source| load(&source)) {
        Some(Ok(pack)) => Known::of(&pack.policy, false, |text| text.contains('@')),
        other => panic!("the default pack is not sound: {other:?}"),
    });

/// What stands between a map and the file it is for. Where the input has no such line, its first byte chooses a map that
/// comes with the program.
const FILE: &str = "\n=== file\n";

/// Any bytes taken for a map and a file, CSV or JSON, packed or not.
///
/// # Panics
/// When a row is neither part of a ticket nor answered for, or the file is judged differently the second time.
pub fn import(data: &[u8]) {
    let Some((map, file)) = parts(data) else {
        return;
    };
    // Whatever a map gives that is not known is refused before a file is read by it.
    if map.check(&KNOWN).is_err() || map.check_tiers(&KNOWN).is_err() {
        return;
    }
    let now = Timestamp::UNIX_EPOCH + SignedDuration::from_secs(1_772_409_600);
    let contents = read(&map, file, &KNOWN, now);
    match &contents {
        Ok(contents) => check_contents(contents, file, now),
        Err(fault) => assert!(fault.len() > 10, "{fault:?}"),
    }
    let again = read(&map, file, &KNOWN, now);
    assert_eq!(
        format!("{contents:?}"),
        format!("{again:?}"),
        "read differently the second time"
    );
}

fn parts(data: &[u8]) -> Option<(ImportMap, &[u8])> {
    let divided = data
        .windows(FILE.len())
        .position(|window| window == FILE.as_bytes());
    if let Some(at) = divided {
        let text = String::from_utf8_lossy(&data[..at]);
        return match ImportMap::parse("map.toml", &text) {
            Ok(map) => Some((map, &data[at + FILE.len()..])),
            Err(problem) => {
                assert!(
                    problem.to_string().starts_with("map.toml:"),
                    "{problem} points nowhere"
                );
                None
            }
        };
    }
    let (number, file) = data.split_first()?;
    let names: Vec<&str> = ImportMap::builtin_names().collect();
    let name = names.get(usize::from(*number) % names.len())?;
    Some((ImportMap::builtin(name)?, file))
}

fn check_contents(contents: &Contents, file: &[u8], now: Timestamp) {
    let remarks = &contents.remarks;
    assert!(remarks.is_sorted_by_key(|remarked| remarked.row));
    let is_packed = file.starts_with(b"\x1f\x8b");
    let ends = file.iter().filter(|byte| matches!(byte, b'\n' | b'\r'));
    let lines = ends.count() as u64 + 1;
    let mut left_out: Vec<u64> = Vec::new();
    for remarked in remarks {
        assert!((1..=contents.rows).contains(&remarked.row), "{remarked:?}");
        assert!(!remarked.reason.is_empty());
        assert!(
            is_packed || remarked.line.is_none_or(|line| (1..=lines).contains(&line)),
            "{remarked:?} of {lines}"
        );
        if remarked.remark != Remark::Noted {
            left_out.push(remarked.row);
        }
    }
    let count = left_out.len() as u64;
    left_out.dedup();
    assert_eq!(
        left_out.len() as u64,
        count,
        "a row is left out twice: {remarks:?}"
    );
    let told = contents.rows - count;
    let tickets = contents.tickets.len() as u64;
    assert!(
        tickets <= told && (tickets > 0) == (told > 0),
        "{tickets} tickets in {told} rows: {remarks:?}"
    );
    for ticket in &contents.tickets {
        assert!(!ticket.external_id.is_empty() && !ticket.snapshots.is_empty());
        let opened_at = ticket.opening.opened_at;
        assert!((Timestamp::UNIX_EPOCH..=now).contains(&opened_at));
        let mut reached = opened_at;
        for snapshot in &ticket.snapshots {
            assert!(
                !snapshot.subject.contains(['\r', '\n', '\0']),
                "{snapshot:?}"
            );
            if let Some(at) = snapshot.at {
                assert!(at >= reached && at <= now, "{ticket:?}");
                reached = at;
            }
        }
    }
}
