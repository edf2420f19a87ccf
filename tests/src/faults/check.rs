//! The comparison: what was acknowledged, sent and due against what the store holds, by SQL of its own.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use sea_orm::{
    ConnectionTrait as _, Database, DatabaseConnection, DbBackend, QueryResult, Statement,
};

use super::Failed;
use super::listener::Heard;
use super::load::{Kind, Known};
use super::sink::Taken;

type Asked = BTreeMap<String, (Kind, Known)>;
type Figures = Vec<(&'static str, u64)>;

/// How long before or after a fault the answer of a mail server may have been lost by it: the node has to write down that
/// the mail was taken.
const SHADOW: Duration = Duration::from_secs(3);

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

    async fn run(&self, sql: &str) -> Result<(), Failed> {
        self.connection.execute_unprepared(sql).await?;
        Ok(())
    }

    async fn rows(&self, sql: &str) -> Result<Vec<QueryResult>, Failed> {
        let backend = self.connection.get_database_backend();
        let statement = Statement::from_string(backend, sql);
        Ok(self.connection.query_all_raw(statement).await?)
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
    violations.extend(clocks(store, figures).await?);
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

/// A clock, as it is stored.
struct Row {
    name: String,
    started_at: i64,
    due_at: Option<i64>,
    stopped_at: Option<i64>,
    cancelled_at: Option<i64>,
    missed_at: Option<i64>,
}

/// Every instant that was due was acted on once: a clock that ran past it has one fact that says so, stamped with it, and
/// no other has any.
async fn clocks(store: &Store, figures: &mut Figures) -> Result<Vec<String>, Failed> {
    let mut violations = Vec::new();
    let mut fired: BTreeMap<(String, String), Vec<i64>> = BTreeMap::new();
    let sql = format!(
        "SELECT {}, kind, payload, at FROM event WHERE kind IN ('clock_missed', 'clock_warned', 'clock_corrected') ORDER BY sequence",
        store.id("ticket")
    );
    for row in store.rows(&sql).await? {
        let payload: serde_json::Value = serde_json::from_str(&text(&row, 2)?)?;
        // The payload may be wrapped in the name of its kind.
        let payload = payload.get(text(&row, 1)?).unwrap_or(&payload).clone();
        let clock = format!(
            "{} {} {}",
            text(&row, 0)?,
            payload["commitment"],
            payload["cycle"]
        );
        if text(&row, 1)? == "clock_corrected" {
            // What was done in time was written down after the instant: the miss is taken back by a fact of its own.
            let taken_back = fired.remove(&(clock, "missed".to_owned()));
            count(figures, "misses taken back", taken_back.map_or(0, |_| 1));
            continue;
        }
        let what = match payload.get("warning") {
            Some(warning) => format!("warning {warning}"),
            None => "missed".to_owned(),
        };
        fired
            .entry((clock, what))
            .or_default()
            .push(number(&row, 3)?);
        count(figures, "due instants acted on", 1);
    }
    for ((clock, what), instants) in &fired {
        if instants.len() > 1 {
            violations.push(format!(
                "{what} of {clock} was acted on {} times",
                instants.len()
            ));
        }
    }
    let now = store.now();
    let columns = "started_at, due_at, stopped_at, cancelled_at, missed_at";
    let sql = format!(
        "SELECT {}, commitment, cycle, {columns} FROM clock",
        store.id("ticket")
    );
    for row in store.rows(&sql).await? {
        let row = Row {
            name: format!(
                "{} \"{}\" {}",
                text(&row, 0)?,
                text(&row, 1)?,
                number(&row, 2)?
            ),
            started_at: number(&row, 3)?,
            due_at: row.try_get_by_index(4)?,
            stopped_at: row.try_get_by_index(5)?,
            cancelled_at: row.try_get_by_index(6)?,
            missed_at: row.try_get_by_index(7)?,
        };
        let facts = fired.get(&(row.name.clone(), "missed".to_owned()));
        let Some(due_at) = row.due_at else { continue };
        let target = if row.name.contains("first_response") {
            4
        } else {
            7
        };
        if due_at - row.started_at != target * 1_000_000 {
            violations.push(format!(
                "{} is due at another instant than promised",
                row.name
            ));
        }
        let end = row.stopped_at.into_iter().chain(row.cancelled_at).min();
        let is_over = end.unwrap_or(now - 2_000_000) > due_at;
        match (is_over, row.missed_at, facts.map_or(&[][..], Vec::as_slice)) {
            (true, Some(at), [fact]) if at == due_at && *fact == due_at => {}
            (false, None, []) => {}
            (is_over, missed_at, facts) => violations.push(format!(
                "{}: due {due_at}, past {is_over}, missed {missed_at:?}, facts {facts:?}",
                row.name
            )),
        }
    }
    Ok(violations)
}

/// What the mail server was given against what should have been sent.
pub async fn mail(
    store: &Store,
    taken: &BTreeMap<String, Vec<Taken>>,
    faults: &[Instant],
    figures: &mut Figures,
) -> Result<Vec<String>, Failed> {
    let mut violations = Vec::new();
    let mut sent = BTreeSet::new();
    let sql = "SELECT message_id, state, recipients FROM outgoing_mail";
    for row in store.rows(sql).await? {
        let id = text(&row, 0)?.trim_matches(['<', '>']).to_owned();
        let state = text(&row, 1)?;
        if state != "sent" {
            violations.push(format!("mail {id} is {state}"));
        }
        match taken.get(&id).and_then(|copies| copies.first()) {
            None => violations.push(format!("mail {id} never arrived")),
            Some(copy) => {
                let recipients = text(&row, 2)?;
                if !copy
                    .recipients
                    .iter()
                    .all(|to| recipients.contains(to.as_str()))
                {
                    violations.push(format!("mail {id} went to {:?}", copy.recipients));
                }
            }
        }
        sent.insert(id);
    }
    count(figures, "mails sent", sent.len() as u64);
    for (id, copies) in taken {
        if !sent.contains(id) {
            violations.push(format!("mail {id} was sent by nobody"));
        }
        for (copy, next) in copies.iter().zip(copies.iter().skip(1)) {
            let from = copy.at.checked_sub(SHADOW).unwrap_or(copy.at);
            let was_lost = !copy.answered
                || faults
                    .iter()
                    .any(|fault| *fault >= from && *fault <= copy.at + SHADOW);
            if was_lost {
                count(
                    figures,
                    "mails that came again because an answer was lost",
                    1,
                );
            } else {
                let after = next.at.duration_since(copy.at);
                violations.push(format!("mail {id} came again after {after:?}"));
            }
        }
    }
    // Every public reply of an agent goes out once, and every mail that opened a ticket is acknowledged once.
    let replies = "SELECT COUNT(*) FROM message m WHERE m.visibility = 'public' AND m.origin = 'person' AND m.channel = 'api' \
         AND m.text LIKE 'We looked%' AND (SELECT COUNT(*) FROM outgoing_mail o WHERE o.message = m.id) <> 1";
    let receipts = "SELECT COUNT(*) FROM ticket t WHERE t.channel = 'email' \
         AND (SELECT COUNT(*) FROM outgoing_mail o WHERE o.ticket = t.id AND o.message IS NULL AND o.recipients LIKE '%word%') <> 1";
    for (what, sql) in [("replies", replies), ("tickets by mail", receipts)] {
        let found = store.number(sql).await?;
        if found > 0 {
            violations.push(format!("{found} {what} have not exactly one mail"));
        }
    }
    Ok(violations)
}
