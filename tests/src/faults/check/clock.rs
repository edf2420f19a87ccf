//! What should have come due, computed anew from what happened on each ticket, against what the ledger and the clocks say.
//!
//! The commitments are those of the run's pack, written out here once more: a first response within four seconds of the
//! opening, and an update within seven seconds of the opening and of each reply.

use std::collections::{BTreeMap, BTreeSet};

use super::{Figures, Store, count, number, text};
use crate::faults::Failed;

/// A microsecond is the unit of all instants here.
const SECOND: i64 = 1_000_000;

/// What a commitment promises, and how long after its start it warns.
struct Promise {
    name: &'static str,
    within: i64,
    warnings: &'static [i64],
    /// Whether a reply begins the next cycle, or ends the only one.
    is_renewed: bool,
}

const PROMISES: [Promise; 2] = [
    Promise {
        name: "first_response",
        within: 4 * SECOND,
        warnings: &[2 * SECOND, 32 * SECOND / 10],
        is_renewed: false,
    },
    Promise {
        name: "update",
        within: 7 * SECOND,
        warnings: &[56 * SECOND / 10],
        is_renewed: true,
    },
];

/// A fact of a ticket.
#[derive(Debug, Clone)]
struct Fact {
    sequence: i64,
    kind: String,
    at: i64,
    recorded_at: i64,
    payload: serde_json::Value,
}

impl Fact {
    fn is(&self, name: &str, value: &str) -> bool {
        self.payload[name] == value
    }

    fn is_of(&self, cycle: &Cycle) -> bool {
        self.is("commitment", cycle.name) && self.payload["cycle"] == cycle.number
    }

    fn is_reply(&self) -> bool {
        self.kind == "message_added"
            && self.is("side", "agent")
            && self.is("visibility", "public")
            && self.is("origin", "person")
    }
}

/// A cycle of a commitment, as it should be.
#[derive(Debug)]
struct Cycle {
    name: &'static str,
    number: u64,
    start: i64,
    due: i64,
    end: Option<i64>,
    warnings: Vec<i64>,
}

impl Cycle {
    /// Whether an instant of it comes: what ends it at that very instant or before keeps it from coming.
    fn reaches(&self, at: i64, now: i64) -> bool {
        at <= now && self.end.is_none_or(|end| end > at)
    }
}

/// Every instant that should have come due stands in the ledger once, stamped with itself and written down no earlier; no
/// other does; and the clocks say the same. A warning or miss that a later fact undid must have been true when it was
/// written down, and what undid it must have happened before it.
pub async fn clocks(store: &Store, figures: &mut Figures) -> Result<Vec<String>, Failed> {
    let now = store.now();
    let mut violations = Vec::new();
    let kept = kept_clocks(store).await?;
    let mut seen = BTreeSet::new();
    for (ticket, facts) in ledgers(store).await? {
        let cycles = cycles_of(&facts);
        let mut found = Vec::new();
        for cycle in &cycles {
            found.extend(compare_facts(cycle, &facts, now, figures));
            let key = (ticket.clone(), cycle.name.to_owned(), cycle.number);
            found.extend(compare_clock(cycle, kept.get(&key), now));
            seen.insert(key);
        }
        found.extend(strays(&facts, &cycles));
        if !found.is_empty() {
            let ledger = tell(&facts);
            violations.extend(
                found
                    .into_iter()
                    .map(|what| format!("ticket {ticket}: {what}")),
            );
            violations.push(format!("ticket {ticket}, its ledger: {ledger}"));
        }
    }
    for key in kept.keys().filter(|key| !seen.contains(*key)) {
        violations.push(format!("there is a clock that nothing started: {key:?}"));
    }
    Ok(violations)
}

/// The cycles that the facts make, each by plain arithmetic.
fn cycles_of(facts: &[Fact]) -> Vec<Cycle> {
    let Some(opened) = facts.iter().find(|fact| fact.kind == "opened") else {
        return Vec::new();
    };
    let mut replies: Vec<i64> = facts
        .iter()
        .filter(|fact| fact.is_reply())
        .map(|fact| fact.at)
        .collect();
    replies.sort_unstable();
    // At the very instant at which a promise is made there is nothing to renew yet.
    let mut renewals = replies.clone();
    renewals.retain(|reply| *reply > opened.at);
    renewals.dedup();
    let mut cycles = Vec::new();
    for promise in &PROMISES {
        let (ends, renewals) = if promise.is_renewed {
            (&renewals, &renewals[..])
        } else {
            (&replies, &[][..])
        };
        let starts = std::iter::once(&opened.at).chain(renewals);
        for (index, start) in starts.enumerate() {
            cycles.push(Cycle {
                name: promise.name,
                number: index as u64 + 1,
                start: *start,
                due: start + promise.within,
                end: ends.get(index).copied(),
                warnings: promise.warnings.iter().map(|after| start + after).collect(),
            });
        }
    }
    cycles
}

fn compare_facts(cycle: &Cycle, facts: &[Fact], now: i64, figures: &mut Figures) -> Vec<String> {
    let mut violations = Vec::new();
    let Cycle { name, number, .. } = cycle;
    let firings = |kind: &str, warning: Option<usize>| -> Vec<&Fact> {
        let told = facts
            .iter()
            .filter(|fact| fact.kind == kind && fact.is_of(cycle));
        let told = told.filter(|fact| warning.is_none_or(|n| fact.payload["warning"] == n));
        told.collect()
    };
    for (warning, at) in cycle.warnings.iter().enumerate() {
        let told = firings("clock_warned", Some(warning));
        count(figures, "due instants acted on", told.len() as u64);
        let (right, wrong): (Vec<&Fact>, Vec<&Fact>) = told
            .into_iter()
            .partition(|fact| fact.at == *at && cycle.reaches(*at, now));
        if right.len() != usize::from(cycle.reaches(*at, now)) {
            violations.push(format!(
                "warning {warning} of {name} {number} is due at {at} and stands there {} times",
                right.len()
            ));
        }
        for fact in wrong {
            match undone_by(fact, facts) {
                Some(_) => count(figures, "warnings overtaken by a late fact", 1),
                None => violations.push(format!(
                    "{} should not be",
                    tell(std::slice::from_ref(fact))
                )),
            }
        }
    }
    let misses = firings("clock_missed", None);
    let corrections = firings("clock_corrected", None);
    count(figures, "due instants acted on", misses.len() as u64);
    count(figures, "misses taken back", corrections.len() as u64);
    let mut standing: Option<&Fact> = None;
    let mut story: Vec<&Fact> = misses.into_iter().chain(corrections).collect();
    story.sort_by_key(|fact| fact.sequence);
    for fact in story {
        standing = match (fact.kind.as_str(), standing) {
            ("clock_missed", None) => Some(fact),
            ("clock_missed", Some(_)) => {
                violations.push(format!("{name} {number} was missed twice"));
                Some(fact)
            }
            (_, Some(miss)) => {
                let undone = undone_by(miss, facts);
                if undone.is_none_or(|late| late.sequence > fact.sequence) {
                    violations.push(format!(
                        "a miss of {name} {number} was taken back though nothing had come in late"
                    ));
                }
                None
            }
            (_, None) => {
                violations.push(format!(
                    "a miss of {name} {number} was taken back that was not there"
                ));
                None
            }
        };
    }
    match (cycle.reaches(cycle.due, now), standing) {
        (true, Some(fact)) if fact.at == cycle.due => {}
        (false, None) => {}
        (true, None) => violations.push(format!(
            "{name} {number} was due at {} and is lost",
            cycle.due
        )),
        (_, Some(fact)) => violations.push(format!(
            "{} should not be",
            tell(std::slice::from_ref(fact))
        )),
    }
    violations
}

/// What was written down after a firing and had happened at its instant or before: only that undoes it.
fn undone_by<'a>(firing: &Fact, facts: &'a [Fact]) -> Option<&'a Fact> {
    facts
        .iter()
        .find(|fact| fact.is_reply() && fact.sequence > firing.sequence && fact.at <= firing.at)
}

/// Facts of clocks that are written down before their instant, or belong to no cycle.
fn strays(facts: &[Fact], cycles: &[Cycle]) -> Vec<String> {
    let fired = facts.iter().filter(|fact| fact.kind.starts_with("clock_"));
    let strays = fired
        .filter(|fact| fact.recorded_at < fact.at || !cycles.iter().any(|cycle| fact.is_of(cycle)));
    strays
        .map(|fact| {
            format!(
                "{} is early or of no cycle",
                tell(std::slice::from_ref(fact))
            )
        })
        .collect()
}

/// A clock, as it is stored.
struct Row {
    started_at: i64,
    due_at: Option<i64>,
    missed_at: Option<i64>,
}

type Key = (String, String, u64);

fn compare_clock(cycle: &Cycle, row: Option<&Row>, now: i64) -> Option<String> {
    let Cycle { name, number, .. } = cycle;
    let Some(row) = row else {
        return Some(format!("there is no clock for {name} {number}"));
    };
    let missed = cycle.reaches(cycle.due, now).then_some(cycle.due);
    let is_right =
        row.started_at == cycle.start && row.due_at == Some(cycle.due) && row.missed_at == missed;
    (!is_right).then(|| {
        format!(
            "the clock of {name} {number} says start {}, due {:?}, missed {:?}; it should be {}, {}, {missed:?}",
            row.started_at, row.due_at, row.missed_at, cycle.start, cycle.due
        )
    })
}

async fn kept_clocks(store: &Store) -> Result<BTreeMap<Key, Row>, Failed> {
    let sql = format!(
        "SELECT {}, commitment, cycle, started_at, due_at, missed_at FROM clock",
        store.id("ticket")
    );
    let mut kept = BTreeMap::new();
    for row in store.rows(&sql).await? {
        let key = (
            text(&row, 0)?,
            text(&row, 1)?,
            u64::try_from(number(&row, 2)?)?,
        );
        let clock = Row {
            started_at: number(&row, 3)?,
            due_at: row.try_get_by_index(4)?,
            missed_at: row.try_get_by_index(5)?,
        };
        kept.insert(key, clock);
    }
    Ok(kept)
}

async fn ledgers(store: &Store) -> Result<BTreeMap<String, Vec<Fact>>, Failed> {
    let sql = format!(
        "SELECT {}, sequence, kind, at, recorded_at, payload FROM event WHERE ticket IS NOT NULL ORDER BY ticket, sequence",
        store.id("ticket")
    );
    let mut ledgers: BTreeMap<String, Vec<Fact>> = BTreeMap::new();
    for row in store.rows(&sql).await? {
        let fact = Fact {
            sequence: number(&row, 1)?,
            kind: text(&row, 2)?,
            at: number(&row, 3)?,
            recorded_at: number(&row, 4)?,
            payload: serde_json::from_str(&text(&row, 5)?)?,
        };
        ledgers.entry(text(&row, 0)?).or_default().push(fact);
    }
    Ok(ledgers)
}

fn tell(facts: &[Fact]) -> String {
    let lines = facts.iter().map(|fact| {
        let Fact {
            sequence,
            kind,
            at,
            recorded_at,
            payload,
        } = fact;
        let of = |name: &str| {
            payload
                .get(name)
                .map(ToString::to_string)
                .unwrap_or_default()
        };
        let which: Vec<String> = ["commitment", "cycle", "warning", "reason"]
            .map(of)
            .into_iter()
            .filter(|told| !told.is_empty())
            .collect();
        format!(
            "[{sequence} {kind} {} at {at}, recorded {recorded_at}]",
            which.join(" ")
        )
    });
    lines.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// A ticket's facts, each with the second in which it happened and the one in which it was written down.
    fn facts(told: &[(&str, &str, f64, f64)]) -> Vec<Fact> {
        let micros = |seconds: f64| (seconds * 1e6).round() as i64;
        let facts = told.iter().zip(1..);
        let facts = facts.map(|((kind, commitment, at, recorded_at), sequence)| Fact {
            sequence,
            kind: (*kind).to_owned(),
            at: micros(*at),
            recorded_at: micros(*recorded_at),
            payload: match *kind {
                "message_added" => {
                    json!({ "side": "agent", "visibility": "public", "origin": "person" })
                }
                "clock_warned" => json!({ "commitment": commitment, "cycle": 1,
                    "warning": usize::from(*commitment == "first_response" && *at > 3.0) }),
                _ => json!({ "commitment": commitment, "cycle": 1 }),
            },
        });
        facts.collect()
    }

    #[test]
    fn a_reply_at_the_instant_of_the_opening_renews_nothing() {
        let facts = facts(&[
            ("opened", "", 0.0, 0.0),
            ("message_added", "", 0.0, 0.0),
            ("message_added", "", 3.0, 3.0),
            ("message_added", "", 3.0, 3.1),
        ]);
        let cycles = cycles_of(&facts);
        let told: Vec<_> = cycles
            .iter()
            .map(|cycle| (cycle.name, cycle.start / 1_000_000, cycle.end))
            .collect();
        let updates: Vec<_> = told.iter().filter(|it| it.0 == "update").collect();
        assert_eq!(
            updates,
            [&("update", 0, Some(3_000_000)), &("update", 3, None)]
        );
        let first = told.iter().find(|it| it.0 == "first_response");
        assert_eq!(first, Some(&("first_response", 0, Some(0))));
    }

    const KEPT: [(&str, &str, f64, f64); 3] = [
        ("opened", "", 0.0, 0.0),
        ("clock_warned", "first_response", 2.0, 2.1),
        ("message_added", "", 3.0, 3.0),
    ];

    fn violations(told: &[(&str, &str, f64, f64)], now: i64) -> Vec<String> {
        let facts = facts(told);
        let cycles = cycles_of(&facts);
        let mut figures = Figures::new();
        let compared = cycles
            .iter()
            .flat_map(|cycle| compare_facts(cycle, &facts, now * SECOND, &mut figures));
        let compared: Vec<String> = compared.collect();
        compared
            .into_iter()
            .chain(strays(&facts, &cycles))
            .collect()
    }

    #[test]
    fn what_is_right_is_no_violation() {
        assert_eq!(violations(&KEPT, 4), [""; 0]);
        let told = [
            ("opened", "", 0.0, 0.0),
            ("clock_warned", "first_response", 2.0, 2.1),
            ("clock_warned", "first_response", 3.2, 3.3),
            ("clock_missed", "first_response", 4.0, 4.1),
        ];
        assert_eq!(violations(&told, 5), [""; 0]);
    }

    #[test]
    fn a_lost_a_second_and_an_early_firing_are_violations() {
        assert_eq!(violations(&[KEPT[0], KEPT[2]], 4).len(), 1);
        assert_eq!(
            violations(&[KEPT[0], KEPT[1], KEPT[1], KEPT[2]], 4).len(),
            1
        );
        let early = ("clock_warned", "first_response", 2.0, 1.9);
        assert_eq!(violations(&[KEPT[0], early, KEPT[2]], 4).len(), 1);
        let late = [
            KEPT[0],
            KEPT[1],
            KEPT[2],
            ("clock_missed", "first_response", 4.0, 4.1),
        ];
        assert_eq!(violations(&late, 4).len(), 1);
    }

    #[test]
    fn a_miss_is_taken_back_only_by_what_had_happened_before_it() {
        let miss = ("clock_missed", "first_response", 4.0, 4.1);
        let warned = ("clock_warned", "first_response", 3.2, 3.3);
        let taken_back = ("clock_corrected", "first_response", 5.0, 5.0);
        let late = ("message_added", "", 3.5, 5.0);
        let told = [KEPT[0], KEPT[1], warned, miss, late, taken_back];
        assert_eq!(violations(&told, 6), [""; 0]);
        let after = ("message_added", "", 4.5, 5.0);
        let told = [KEPT[0], KEPT[1], warned, miss, after, taken_back];
        // It was taken back without a reason, and is missing now.
        assert_eq!(violations(&told, 6).len(), 2);
        let told = [KEPT[0], KEPT[1], warned, miss, late];
        assert_eq!(violations(&told, 6).len(), 1);
    }
}
