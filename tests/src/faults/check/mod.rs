//! The comparison: what was acknowledged, sent and due against what the store holds, by SQL of its own.

mod clock;
mod mail;

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::{
    ConnectionTrait as _, Database, DatabaseConnection, DbBackend, QueryResult, Statement,
};

use super::Failed;
use super::listener::Heard;
use super::load::{Kind, Known};

pub use mail::{mail, watch_mail};

type Asked = BTreeMap<String, (Kind, Known)>;
/// What was done and seen, counted.
pub type Figures = Vec<(&'static str, u64)>;

/// What is read of the store without the program.
pub struct Store {
    connection: DatabaseConnection,
    /// By how many microseconds the program's time is ahead of this machine's clock.
    ahead: i64,
}

impl Store {
    /// Opens it.
    pub async fn open(url: &str) -> Result<Self, Failed> {
        Ok(Self {
            connection: Database::connect(url).await?,
            ahead: 0,
        })
    }

    /// Takes in what time it is for the program.
    pub fn set_time(&mut self, now: jiff::Timestamp) {
        self.ahead = now.as_microsecond() - jiff::Timestamp::now().as_microsecond();
    }

    /// Leases of nodes that are gone end now.
    pub async fn cut_waits_short(&self) -> Result<(), Failed> {
        for table in ["job", "due"] {
            self.run(&format!(
                "UPDATE {table} SET leased_by = NULL, leased_until = NULL"
            ))
            .await?;
        }
        self.hurry().await
    }

    /// What waits for another try is tried now.
    pub async fn hurry(&self) -> Result<(), Failed> {
        self.run(
            "UPDATE job SET run_at = 0 WHERE attempts > 0 AND run_at > 0 AND dead_at IS NULL AND leased_until IS NULL",
        )
        .await
    }

    /// How many jobs are still to be done, and on how many things something is due.
    pub async fn left_over(&self) -> Result<(i64, i64), Failed> {
        let now = self.now();
        let jobs = format!("SELECT COUNT(*) FROM job WHERE dead_at IS NULL AND run_at <= {now}");
        let due = format!("SELECT COUNT(*) FROM due WHERE next_at <= {now}");
        Ok((self.number(&jobs).await?, self.number(&due).await?))
    }

    /// Something that is still to be done, for whoever looks for the reason.
    pub async fn first_left_over(&self) -> Result<String, Failed> {
        let rows = self
            .rows("SELECT kind, COALESCE(last_error, ''), attempts FROM job WHERE dead_at IS NULL ORDER BY run_at LIMIT 3")
            .await?;
        let texts: Result<Vec<_>, Failed> = rows
            .iter()
            .map(|row| {
                let attempts = number(row, 2)?;
                Ok(format!(
                    "{} {} after {attempts}",
                    text(row, 0)?,
                    text(row, 1)?
                ))
            })
            .collect();
        Ok(texts?.join("; "))
    }

    fn now(&self) -> i64 {
        jiff::Timestamp::now().as_microsecond() + self.ahead
    }

    /// An id as text.
    fn id(&self, column: &str) -> String {
        match self.connection.get_database_backend() {
            DbBackend::Postgres => format!("COALESCE(replace({column}::text, '-', ''), '')"),
            _ => format!("lower(hex({column}))"),
        }
    }

    /// Runs statements.
    pub async fn run(&self, sql: &str) -> Result<(), Failed> {
        self.connection.execute_unprepared(sql).await?;
        Ok(())
    }

    async fn rows(&self, sql: &str) -> Result<Vec<QueryResult>, Failed> {
        let backend = self.connection.get_database_backend();
        let statement = Statement::from_string(backend, sql);
        Ok(self.connection.query_all_raw(statement).await?)
    }

    /// The only value that a query yields.
    pub async fn text(&self, sql: &str) -> Result<String, Failed> {
        let rows = self.rows(sql).await?;
        text(rows.first().ok_or("no row")?, 0)
    }

    async fn number(&self, sql: &str) -> Result<i64, Failed> {
        let rows = self.rows(sql).await?;
        number(rows.first().ok_or("no row")?, 0)
    }
}

fn text(row: &QueryResult, index: usize) -> Result<String, Failed> {
    Ok(row.try_get_by_index(index)?)
}

fn number(row: &QueryResult, index: usize) -> Result<i64, Failed> {
    Ok(row.try_get_by_index(index)?)
}

/// Adds to a figure.
pub fn count(figures: &mut Figures, name: &'static str, more: u64) {
    match figures.iter_mut().find(|(known, _)| *known == name) {
        Some((_, value)) => *value += more,
        None => figures.push((name, more)),
    }
}

/// What a browser was told against what was acknowledged.
pub fn heard(number: usize, heard: &Heard, asked: &Asked) -> Vec<String> {
    let mut violations = Vec::new();
    for place in &heard.twice {
        violations.push(format!("browser {number} was told of {place} twice"));
    }
    if heard.reloads > 0 {
        // It was told to read everything again, and so knows everything.
        return violations;
    }
    for (word, (kind, known)) in asked {
        if let (Kind::Ticket, Known::Acknowledged(id)) = (kind, known)
            && !heard.opened.contains(id)
        {
            violations.push(format!(
                "browser {number} was not told of ticket {id} ({word})"
            ));
        }
    }
    violations
}

/// What was acknowledged and what was due against the store.
pub async fn store(
    store: &Store,
    asked: &Asked,
    figures: &mut Figures,
) -> Result<Vec<String>, Failed> {
    let mut violations = asked_and_kept(store, asked, figures).await?;
    violations.extend(ledgers(store, figures).await?);
    violations.extend(clock::clocks(store, figures).await?);
    for (what, sql) in [
        (
            "jobs were given up",
            "SELECT COUNT(*) FROM job WHERE dead_at IS NOT NULL",
        ),
        (
            "mails were given up",
            "SELECT COUNT(*) FROM outgoing_mail WHERE state = 'dead'",
        ),
        (
            "mails could not be read",
            "SELECT COUNT(*) FROM raw_mail WHERE state <> 'parsed'",
        ),
        (
            "tickets fall due at another instant than their clocks",
            "SELECT COUNT(*) FROM (SELECT ticket, MIN(next_at) AS at FROM clock WHERE next_at IS NOT NULL GROUP BY ticket) c \
             LEFT JOIN due d ON d.kind = 'ticket' AND d.subject = c.ticket WHERE d.next_at IS NULL OR d.next_at <> c.at",
        ),
        (
            "events of an escalation are missing",
            "SELECT COUNT(*) FROM (SELECT escalation FROM escalation_event GROUP BY escalation \
             HAVING COUNT(*) <> MAX(sequence) - MIN(sequence) + 1) e",
        ),
    ] {
        let found = store.number(sql).await?;
        if found > 0 {
            violations.push(format!("{found} {what}"));
        }
    }
    Ok(violations)
}

/// Every word that was acknowledged is there once, every other at most once, and nothing else is there.
async fn asked_and_kept(
    store: &Store,
    asked: &Asked,
    figures: &mut Figures,
) -> Result<Vec<String>, Failed> {
    let mut violations = Vec::new();
    let mut found: BTreeMap<(String, &str), Vec<String>> = BTreeMap::new();
    for (table, column, id) in [
        ("ticket", "subject", "id"),
        ("message", "text", "id"),
        ("raw_mail", "message_id", "id"),
    ] {
        let sql = format!("SELECT {column}, {} FROM {table}", store.id(id));
        for row in store.rows(&sql).await? {
            let held = text(&row, 0)?;
            let word = held
                .split(|letter: char| !letter.is_ascii_alphanumeric())
                .find(|part| part.starts_with("word"))
                .unwrap_or_default();
            let id = text(&row, 1)?;
            if !asked.contains_key(word) {
                violations.push(format!("{table} {id} was asked for by nobody: {held:?}"));
            }
            found.entry((word.to_owned(), table)).or_default().push(id);
        }
    }
    for (word, (kind, known)) in asked {
        let places: &[&str] = match kind {
            Kind::Ticket => &["ticket", "message"],
            Kind::Reply => &["message"],
            Kind::Mail | Kind::Piped => &["raw_mail", "message", "ticket"],
        };
        let is_known = matches!(known, Known::Acknowledged(_));
        count(
            figures,
            if is_known { "acknowledged" } else { "in doubt" },
            1,
        );
        let mut counts = BTreeSet::new();
        for table in places {
            let there = found.get(&(word.clone(), *table)).map_or(0, Vec::len);
            counts.insert(there);
            if there > 1 || (is_known && there == 0) {
                violations.push(format!("{kind:?} {word} ({known:?}): {there} × {table}"));
            }
        }
        if counts.len() > 1 {
            violations.push(format!(
                "{kind:?} {word} is there by halves: {places:?} {counts:?}"
            ));
        }
        if let (Known::Acknowledged(id), Some(table)) = (known, places.first()) {
            let id = id.replace('-', "");
            let kept = found
                .get(&(word.clone(), *table))
                .and_then(|ids| ids.first());
            // A reply is answered with its ticket.
            if *kind != Kind::Reply && !id.is_empty() && kept.is_some_and(|kept| *kept != id) {
                violations.push(format!("{kind:?} {word} has another id than was answered"));
            }
        }
    }
    Ok(violations)
}

/// The facts of every ticket follow each other without a gap.
async fn ledgers(store: &Store, figures: &mut Figures) -> Result<Vec<String>, Failed> {
    let facts = store.number("SELECT COUNT(*) FROM event").await?;
    count(figures, "facts", u64::try_from(facts)?);
    let sql = format!(
        "SELECT {}, COUNT(*), MIN(sequence), MAX(sequence) FROM event WHERE ticket IS NOT NULL GROUP BY ticket",
        store.id("ticket")
    );
    let mut violations = Vec::new();
    for row in store.rows(&sql).await? {
        let (facts, first, last) = (number(&row, 1)?, number(&row, 2)?, number(&row, 3)?);
        if last - first + 1 != facts {
            violations.push(format!("ticket {} lacks facts", text(&row, 0)?));
        }
    }
    Ok(violations)
}
