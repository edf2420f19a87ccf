//! What harm was done, to whom and when, so that the comparison knows what a node could not help.

use std::time::{Duration, Instant};

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Harm {
    /// The process was killed: what it knew and had not written down is gone.
    Killed,
    /// It could not write anything down for a while.
    Hindered,
}

#[derive(Debug, Clone)]
struct Entry {
    harm: Harm,
    /// Nothing stands for all of them.
    node: Option<usize>,
    from: Instant,
    until: Instant,
}

/// All of it, in the order in which it was done.
#[derive(Debug, Default)]
pub struct History(Vec<Entry>);

impl History {
    /// Takes down what was done to a node, or to all, from an instant until now.
    pub fn note(&mut self, harm: Harm, node: Option<usize>, from: Instant) {
        let until = Instant::now();
        self.0.push(Entry {
            harm,
            node,
            from,
            until,
        });
    }

    /// The same when what was under way in a network goes on only later: who got no answer asks again after pauses that
    /// double, so the last pause is as long as the outage at most.
    pub fn note_outage(&mut self, node: usize, from: Instant) {
        let until = Instant::now();
        self.0.push(Entry {
            harm: Harm::Hindered,
            node: Some(node),
            from,
            until: until + (until - from),
        });
    }

    /// For how long a node that lived at `began` could have written down what it learned at `since`, before it was killed;
    /// nothing when it was not killed by `until`. What was under way in a network arrives also after the end of who sent it.
    pub fn free_until_killed(
        &self,
        node: usize,
        began: Instant,
        since: Instant,
        until: Instant,
    ) -> Option<Duration> {
        let kill = self.0.iter().find(|entry| {
            entry.harm == Harm::Killed
                && entry.node == Some(node)
                && entry.until >= began
                && entry.from <= until
        })?;
        let end = kill.from.max(since);
        let mut free = Duration::ZERO;
        let mut at = since;
        let mut hindrances: Vec<_> = self
            .0
            .iter()
            .filter(|entry| entry.harm == Harm::Hindered)
            .filter(|entry| entry.node.is_none_or(|hindered| hindered == node))
            .collect();
        hindrances.sort_by_key(|entry| entry.from);
        for entry in hindrances {
            let from = entry.from.clamp(at, end);
            free += from - at;
            at = at.max(entry.until.min(end));
        }
        Some(free + end.saturating_duration_since(at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_in_which_a_node_was_hindered_does_not_count() {
        let start = Instant::now();
        let at = |millis| start + Duration::from_millis(millis);
        let entry = |harm, node, from, until| Entry {
            harm,
            node,
            from: at(from),
            until: at(until),
        };
        let history = History(vec![
            entry(Harm::Hindered, Some(1), 150, 250),
            entry(Harm::Hindered, None, 200, 300),
            entry(Harm::Hindered, Some(2), 0, 1_000),
            entry(Harm::Killed, Some(1), 400, 410),
            entry(Harm::Killed, Some(1), 900, 910),
        ]);
        let free =
            |node, since, until| history.free_until_killed(node, at(since), at(since), at(until));
        let late = history.free_until_killed(1, at(390), at(500), at(800));
        assert_eq!(late, Some(Duration::ZERO));
        assert_eq!(free(1, 100, 2_000), Some(Duration::from_millis(150)));
        assert_eq!(free(1, 260, 2_000), Some(Duration::from_millis(100)));
        assert_eq!(free(1, 405, 2_000), Some(Duration::ZERO));
        assert_eq!(free(1, 100, 300), None);
        assert_eq!(free(3, 100, 2_000), None);
    }
}
