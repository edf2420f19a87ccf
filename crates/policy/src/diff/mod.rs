//! What changes from one pack to another, by meaning: not which lines differ but which promises do.

mod facts;

use std::collections::{HashMap, HashSet};
use std::fmt;

use serde_json::{Value, json};

use crate::pack::Pack;
use facts::{Key, edges, facts};

/// A difference between two packs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The part of the pack: `promise`, `calendar`, `ladder` and so on.
    pub part: &'static str,
    /// Of what in that part, such as `Enterprise P1 first_response`.
    pub subject: String,
    /// What about it, such as `target`.
    pub what: String,
    /// Before; absent when it is new.
    pub before: Option<String>,
    /// After; absent when it is gone.
    pub after: Option<String>,
}

impl Change {
    /// The change as JSON.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({
            "part": self.part,
            "subject": self.subject,
            "what": self.what,
            "before": self.before,
            "after": self.after,
        })
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            part,
            subject,
            what,
            before,
            after,
        } = self;
        let sign = match (before, after) {
            (None, _) => '+',
            (_, None) => '-',
            _ => '~',
        };
        write!(f, "{sign} {part}")?;
        if !subject.is_empty() {
            write!(f, " {subject}")?;
        }
        if !what.is_empty() {
            write!(f, ": {what}")?;
        }
        let is_long =
            |value: &Option<String>| value.as_ref().is_some_and(|text| text.contains('\n'));
        match (before, after) {
            _ if is_long(before) || is_long(after) => {
                f.write_str(" (several lines; --json has them)")
            }
            (Some(before), Some(after)) => write!(f, " {before} → {after}"),
            (Some(only), None) | (None, Some(only)) if !only.is_empty() => write!(f, " {only}"),
            _ => Ok(()),
        }
    }
}

/// Every difference between two packs, part by part.
#[must_use]
pub fn diff(before: &Pack, after: &Pack) -> Vec<Change> {
    let edges = edges(&[&before.policy, &after.policy]);
    let before = facts(&before.policy, &edges);
    let after = facts(&after.policy, &edges);
    let (before, after) = (collapse(&before, &after), collapse(&after, &before));
    let old: HashMap<&Key, &String> = before.iter().map(|(key, value)| (key, value)).collect();
    let new: HashMap<&Key, &String> = after.iter().map(|(key, value)| (key, value)).collect();
    let mut changes = Vec::new();
    for (key, value) in &before {
        match new.get(key) {
            Some(same) if *same == value => {}
            now => changes.push(change(key, Some(value), now.copied())),
        }
    }
    for (key, value) in &after {
        if !old.contains_key(key) {
            changes.push(change(key, None, Some(value)));
        }
    }
    // Stable: within a part and a subject the packs' own order stays.
    changes.sort_by_key(|change| PARTS.iter().position(|part| *part == change.part));
    changes
}

/// The parts in the order in which they are told.
const PARTS: [&str; 15] = [
    "pack",
    "tier",
    "promise",
    "commitment",
    "uptime",
    "performance",
    "recovery",
    "calendar",
    "ladder",
    "severity",
    "level",
    "status",
    "category",
    "role",
    "template",
];

/// The parts whose things are told as a whole when they are new or gone, not attribute by attribute.
const WHOLE: [&str; 8] = [
    "tier",
    "commitment",
    "severity",
    "level",
    "status",
    "category",
    "role",
    "template",
];

/// The facts of one pack, with a single one for each thing that the other pack lacks.
fn collapse(these: &[(Key, String)], other: &[(Key, String)]) -> Vec<(Key, String)> {
    let known: HashSet<(&str, &str)> = other
        .iter()
        .map(|((part, subject, _), _)| (*part, subject.as_str()))
        .collect();
    let mut collapsed: Vec<(Key, String)> = Vec::new();
    for ((part, subject, what), value) in these {
        if known.contains(&(*part, subject.as_str())) || !WHOLE.contains(part) {
            collapsed.push(((part, subject.clone(), what.clone()), value.clone()));
            continue;
        }
        let whole = (*part, subject.clone(), String::new());
        if !collapsed.iter().any(|(key, _)| *key == whole) {
            collapsed.push((whole, String::new()));
        }
    }
    collapsed
}

fn change((part, subject, what): &Key, before: Option<&String>, after: Option<&String>) -> Change {
    Change {
        part,
        subject: subject.clone(),
        what: what.clone(),
        before: before.cloned(),
        after: after.cloned(),
    }
}
