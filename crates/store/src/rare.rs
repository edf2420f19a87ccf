//! What changes rarely and is asked for with each request: that it changed is counted, so that whoever keeps it reads it anew.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counts a commit when it is over.
pub(crate) struct Counted<'a>(&'a AtomicU64);

impl<'a> Counted<'a> {
    /// A commit that is counted there.
    pub(crate) fn of(commits: &'a AtomicU64) -> Self {
        Self(commits)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// The tables that change rarely and are asked for with each request. Whoever keeps rows of a table beyond a transaction lists it here;
/// it is written by [`Transaction::execute`], at once or put off, and by no statement that yields rows.
const RARE: [&str; 6] = [
    "agent",
    "api_token",
    "setting",
    "team",
    "team_member",
    "webhook",
];

/// Whether a statement changes such a table.
pub(crate) fn changes_rare(statement: &str) -> bool {
    let is_rare = |table: Option<&str>| table.is_none_or(|table| RARE.contains(&table));
    let mut words = statement.split_ascii_whitespace();
    match words.next() {
        Some("UPDATE") => is_rare(words.next()),
        Some("INSERT" | "DELETE") => is_rare(words.nth(1)),
        // What was put off goes out so.
        Some("WITH") => ["INSERT INTO ", "DELETE FROM ", "UPDATE "]
            .iter()
            .any(|verb| {
                let mut tables = statement.split(verb).skip(1);
                tables.any(|rest| is_rare(rest.split_ascii_whitespace().next()))
            }),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::attainment::ADD_UP;

    #[test]
    fn what_changes_rarely_is_noticed_however_it_is_written() {
        for statement in [
            "UPDATE agent SET name = ?",
            "INSERT INTO team (id) VALUES (?)",
            "DELETE FROM team_member WHERE team = ?",
            "WITH i0 AS (INSERT INTO event (id) VALUES (?)) INSERT INTO webhook (id) VALUES (?)",
            "WITH gone AS (DELETE FROM api_token RETURNING id) INSERT INTO event (id) SELECT id FROM gone",
            "TRUNCATE ticket",
        ] {
            assert!(changes_rare(statement), "{statement}");
        }
        for statement in [
            "UPDATE ticket SET subject = ?",
            "INSERT INTO agent_note (id) VALUES (?)",
            ADD_UP,
            "WITH i0 AS (INSERT INTO event (id) VALUES (?)) INSERT INTO job (id) VALUES (?)",
        ] {
            assert!(!changes_rare(statement), "{statement}");
        }
    }
}
