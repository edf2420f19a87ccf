//! A question for tickets by words, in the language of each engine.

use std::ops::Range;

use mainstay_domain::ticket::Scope;

use super::entry::INTERNAL;
use crate::sql::Sql;
use crate::ticket::push_scope;

/// So many of the newest tickets are looked at one by one on SQLite, before all that hold the beginning of a word are gathered.
const NEWEST: i64 = 200;

/// With so many letters few words begin, and the tickets that hold them are gathered at once: each that is looked at is some ten places
/// in the file, which are read from the disk where memory does not hold them.
const LONG: usize = 4;

/// So many on PostgreSQL, before all that hold the words are gathered: it reads no index of words in the order of numbers, and to look
/// at the words of a ticket takes it less than a microsecond.
const NEWEST_ON_POSTGRES: i64 = 2_000;

/// PostgreSQL refuses more than a megabyte of words in a row. The words of a ticket that has more bytes of them than these are not
/// kept together, and its texts are looked into instead.
const LONGEST: i64 = 900_000;

/// The columns of a hit.
const HIT: &str =
    "SELECT t.id, t.number, t.subject, t.account, t.severity, t.status, t.status_kind";

/// Words that are asked for, each once; the last may be the beginning of one. They are letters and digits only, so quoting them is
/// enough. There is at least one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Question<'a> {
    pub(super) scope: Scope,
    pub(super) words: &'a [String],
    pub(super) postgres: bool,
}

impl Question<'_> {
    /// The number of the last of the newest tickets before a number that are looked at one by one: of those that hold the whole words
    /// on SQLite, where none are looked at for a long beginning. There is no row where there are fewer. On PostgreSQL only those who
    /// see every ticket have such.
    pub(super) fn lowest_of_newest(&self, before: i64) -> Option<Sql> {
        let mut sql = if self.postgres {
            if self.scope != Scope::Everything {
                return None;
            }
            Sql::new("SELECT number FROM ticket_words WHERE number < ")
                .with("", &before)
                .then(" ORDER BY number DESC")
        } else if self
            .words
            .last()
            .is_some_and(|last| last.chars().count() >= LONG)
        {
            return None;
        } else if let Some(pattern) = self.whole() {
            Sql::new("SELECT rowid FROM ticket_words")
                .with(" WHERE ticket_words MATCH ", &pattern)
                .with(" AND rowid < ", &before)
                .then(" ORDER BY rowid DESC")
        } else {
            Sql::new("SELECT number FROM ticket")
                .with(" WHERE number < ", &before)
                .then(" ORDER BY number DESC")
        };
        let newest = if self.postgres {
            NEWEST_ON_POSTGRES
        } else {
            NEWEST
        };
        sql.push(" LIMIT 1 OFFSET ").bind(&(newest - 1));
        Some(sql)
    }

    /// The hits among these numbers, which are few, the newest first.
    pub(super) fn newest(&self, numbers: Range<i64>, most: usize) -> Sql {
        let between = |sql: &mut Sql, number: &str| {
            sql.push(&format!("{number} >= ")).bind(&numbers.start);
            sql.push(&format!(" AND {number} < ")).bind(&numbers.end);
        };
        let mut sql = Sql::new(HIT);
        let order = if self.postgres {
            // What is offset stands for itself: PostgreSQL would look up the words first.
            sql.push(
                " FROM (SELECT w.number FROM (SELECT number, size, words FROM ticket_words WHERE ",
            );
            between(&mut sql, "number");
            sql.push(" ORDER BY number DESC OFFSET 0) w WHERE w.words @@ ");
            self.push_query(&mut sql);
            sql.push(&format!(" OR (w.size > {LONGEST} AND EXISTS (SELECT 1 FROM ticket t WHERE t.number = w.number"));
            self.push_each(&mut sql);
            sql.push(")))");
            return self.one_by_one(sql, most);
        } else if let Some(pattern) = self.whole() {
            sql.push(" FROM ticket_words CROSS JOIN ticket t ON t.number = ticket_words.rowid WHERE ticket_words MATCH ");
            sql.bind(&pattern).push(" AND ");
            between(&mut sql, "ticket_words.rowid");
            self.push_beginning(&mut sql);
            "ticket_words.rowid"
        } else {
            sql.push(" FROM ticket t WHERE ");
            between(&mut sql, "t.number");
            self.push_beginning(&mut sql);
            "t.number"
        };
        self.end(sql, order, most)
    }

    /// The hits before a number, the newest first.
    pub(super) fn all(&self, before: i64, most: usize) -> Sql {
        if self.postgres {
            let mut sql = Sql::new("WITH found AS MATERIALIZED (");
            self.push_numbers(&mut sql, before);
            sql.push(&format!(
                ") {HIT} FROM (SELECT number FROM found ORDER BY number DESC)"
            ));
            return self.one_by_one(sql, most);
        }
        let mut sql = Sql::new(HIT);
        sql.push(" FROM ticket_words CROSS JOIN ticket t ON t.number = ticket_words.rowid WHERE ticket_words MATCH ");
        sql.bind(&self.pattern());
        sql.push(" AND ticket_words.rowid < ").bind(&before);
        self.end(sql, "ticket_words.rowid", most)
    }

    /// Goes on, after the numbers in their order, with the tickets of them one by one: PostgreSQL does not know how many numbers there
    /// will be, and would read all tickets beside them.
    fn one_by_one(&self, mut sql: Sql, most: usize) -> Sql {
        sql.push(" f CROSS JOIN LATERAL (SELECT * FROM ticket t WHERE t.number = f.number");
        push_scope(&mut sql, self.scope);
        sql.push(" OFFSET 0) t ORDER BY f.number DESC LIMIT ");
        sql.bind(&i64::try_from(most).unwrap_or(i64::MAX));
        sql
    }

    fn end(&self, mut sql: Sql, order: &str, most: usize) -> Sql {
        push_scope(&mut sql, self.scope);
        sql.push(&format!(" ORDER BY {order} DESC LIMIT "));
        sql.bind(&i64::try_from(most).unwrap_or(i64::MAX));
        sql
    }

    /// Goes on with a question for the numbers of the tickets before a number in which each word occurs. Some may be beyond the scope.
    pub(super) fn push_numbers(&self, sql: &mut Sql, before: i64) {
        if !self.postgres {
            sql.push("SELECT rowid FROM ticket_words WHERE ticket_words MATCH ");
            sql.bind(&self.pattern())
                .push(" AND rowid < ")
                .bind(&before);
            return;
        }
        sql.push("SELECT w.number FROM ticket_words w WHERE w.words @@ ");
        self.push_query(sql);
        sql.push(" AND w.number < ").bind(&before);
        sql.push(&format!(
            " UNION ALL SELECT w.number FROM ticket_words w JOIN ticket t ON t.number = w.number WHERE w.size > {LONGEST}"
        ));
        sql.push(" AND w.number < ").bind(&before);
        self.push_each(sql);
    }

    /// Narrows the texts `e` to those that hold one of the words, and that may be read.
    pub(super) fn push_any(&self, sql: &mut Sql) {
        sql.push(" AND (");
        for index in 0..self.words.len() {
            if index > 0 {
                sql.push(" OR ");
            }
            self.push_holds(sql, index);
        }
        sql.push(")");
        self.push_readable(sql);
    }

    /// Narrows tickets `t` to those of which a text holds each word, without the words of tickets.
    fn push_each(&self, sql: &mut Sql) {
        for index in 0..self.words.len() {
            self.push_text(sql, index);
        }
    }

    /// The same for the last word alone.
    fn push_beginning(&self, sql: &mut Sql) {
        self.push_text(sql, self.words.len().saturating_sub(1));
    }

    fn push_text(&self, sql: &mut Sql, index: usize) {
        sql.push(" AND EXISTS (SELECT 1 FROM search_entry e WHERE e.ticket = t.id AND ");
        self.push_holds(sql, index);
        self.push_readable(sql);
        sql.push(")");
    }

    /// Whether a text `e` holds a word.
    fn push_holds(&self, sql: &mut Sql, index: usize) {
        let Some(word) = self.words.get(index) else {
            return;
        };
        let is_beginning = index + 1 == self.words.len();
        sql.push(if self.postgres { "strpos" } else { "instr" });
        if is_beginning {
            sql.push("(' ' || e.words, ").bind(&format!(" {word}"));
        } else {
            sql.push("(' ' || e.words || ' ', ")
                .bind(&format!(" {word} "));
        }
        sql.push(") > 0");
    }

    fn push_readable(&self, sql: &mut Sql) {
        if self.scope != Scope::Everything {
            sql.push(" AND NOT e.internal");
        }
    }

    /// All that is asked for, as a value that PostgreSQL does not know when it plans: it believes that words that are frequent
    /// meet often, and would look for them ticket by ticket.
    fn push_query(&self, sql: &mut Sql) {
        sql.push("(SELECT CAST(")
            .bind(&self.pattern())
            .push(" AS tsquery))");
    }

    /// The pattern of all that is asked for.
    fn pattern(&self) -> String {
        self.joined(self.words.len()).unwrap_or_default()
    }

    /// The pattern of what is not the beginning of a word: the words before the last, and whose the tickets are.
    fn whole(&self) -> Option<String> {
        self.joined(self.words.len().saturating_sub(1))
    }

    /// The pattern of the first words and of whose the tickets are.
    fn joined(&self, count: usize) -> Option<String> {
        let (or, and) = if self.postgres {
            (" | ", " & ")
        } else {
            (" OR ", " AND ")
        };
        let word = |(index, word): (usize, &String)| {
            let is_beginning = index + 1 == self.words.len();
            let public = quoted(word, is_beginning, self.postgres);
            if self.scope != Scope::Everything {
                return public;
            }
            let internal = quoted(&format!("{INTERNAL}{word}"), is_beginning, self.postgres);
            format!("({public}{or}{internal})")
        };
        let mut parts: Vec<String> = self
            .words
            .iter()
            .take(count)
            .enumerate()
            .map(word)
            .collect();
        let whose = match self.scope {
            Scope::Everything => Vec::new(),
            Scope::Account(account) => vec![account.uuid()],
            Scope::Contact(account, contact) => vec![account.uuid(), contact.uuid()],
        };
        let whose = whose.iter().map(|id| format!("@{}", id.simple()));
        parts.extend(whose.map(|id| quoted(&id, false, self.postgres)));
        (!parts.is_empty()).then(|| parts.join(and))
    }
}

/// A word in the language of the engine.
fn quoted(word: &str, is_beginning: bool, postgres: bool) -> String {
    match (postgres, is_beginning) {
        (true, true) => format!("'{word}':*"),
        (true, false) => format!("'{word}'"),
        (false, true) => format!("\"{word}\"*"),
        (false, false) => format!("\"{word}\""),
    }
}
