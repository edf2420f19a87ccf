//! The schema, step by step. A step that was released is never changed: a change is a further step.
//!
//! The steps are plain SQL that both engines run. Words that differ between the engines begin with `@` and are put
//! in on the way: `@key` is a text that sorts by its code points, `@serial` a key that counts by itself.

pub(crate) mod attainment;
mod desk;
mod duty;
mod file;
mod imported;
mod mail;
mod notice;
mod people;
mod plan;
mod policy;
mod safety;
pub(crate) mod search;
mod service;
mod ticket;
mod work;

use crate::column::Field;
use crate::connection::{Connection, Transaction, all};
use crate::error::StoreError;
use crate::setting;
use crate::sql::Sql;

/// The steps by which something was taken away, narrowed or came to mean something else, so that a program that does not know them would fail: the
/// contracting ones. All others only add, and a program of before goes on working beside them.
const CONTRACTING: [&str; 2] = ["0001_people", SHOWN_BESIDES];

/// Those that take something away on SQLite alone, where nobody works beside a newer program.
const CONTRACTING_ON_SQLITE: [&str; 1] = [TICKET_WORDS];

/// The step that brings the words of tickets.
pub(crate) const TICKET_WORDS: &str = "0035_ticket_words";

/// The step that brings the counts of how promises were kept.
pub(crate) const ATTAINMENT_COUNTS: &str = "0035_what_was_kept";

/// The step since which PostgreSQL appends what is counted.
const COUNTS_APPENDED: &str = "0040_counts_appended";

/// The step since which what is shown in the program stands in the row of another channel too: a program of before takes that for
/// a notification by that channel alone.
const SHOWN_BESIDES: &str = "0048_shown_besides";

/// The setting that names the last contracting step: a program that does not know it must not run.
const NEEDS: &str = "schema_needs";

/// Brings the schema up to date. Where a newer version has been before and only added to it, it is left as it is.
pub(crate) async fn migrate(tx: &Transaction) -> Result<(), StoreError> {
    take_turns(tx).await?;
    let known = known();
    let applied = applied(tx).await?;
    if let Some(newer) = applied.iter().find(|step| !known.contains(step)) {
        let needs = setting::get(tx, NEEDS).await?;
        let only_added = needs.is_some_and(|step| known.contains(&step));
        if only_added && known.iter().all(|step| applied.contains(step)) {
            return Ok(());
        }
        let found = newer.clone();
        return Err(StoreError::NewerSchema { found });
    }
    climb(tx, &applied, known.len()).await?;
    let needs = last_contracting(tx.is_postgres());
    if setting::get(tx, NEEDS).await?.as_deref() == Some(needs) {
        return Ok(());
    }
    setting::set(tx, NEEDS, needs).await
}

/// What a program must know to run on a store.
fn last_contracting(on_postgres: bool) -> &'static str {
    let on_sqlite: &[&str] = if on_postgres {
        &[]
    } else {
        &CONTRACTING_ON_SQLITE
    };
    let last = CONTRACTING.iter().chain(on_sqlite).max();
    last.copied().unwrap_or_default()
}

/// Brings an empty schema to where it was when it had these steps, and no further.
pub(crate) async fn migrate_to(tx: &Transaction, steps: &[String]) -> Result<(), StoreError> {
    take_turns(tx).await?;
    let known = known();
    if let Some(newer) = steps.iter().find(|step| !known.contains(step)) {
        let found = newer.clone();
        return Err(StoreError::NewerSchema { found });
    }
    let applied = applied(tx).await?;
    if !known.starts_with(steps) || (!applied.is_empty() && applied != steps) {
        let what = "the store has another schema than the rows; give an address at which there is nothing yet";
        return Err(StoreError::Conflict(what.to_owned()));
    }
    if applied.is_empty() {
        climb(tx, &applied, steps.len()).await?;
    }
    Ok(())
}

/// Makes anew what is made of other tables, after these were filled by somebody else.
pub(crate) async fn make_anew(tx: &Transaction) -> Result<(), StoreError> {
    let taken = taken(tx).await?;
    let was_taken = |step: &str| taken.iter().any(|name| name == step);
    let words = if tx.is_postgres() {
        search::FILL_TICKET_WORDS_POSTGRES
    } else {
        search::FILL_TICKET_WORDS_SQLITE
    };
    let counts = if tx.is_postgres() && was_taken(COUNTS_APPENDED) {
        attainment::FILL_POSTGRES
    } else {
        attainment::FILL
    };
    for (step, fill) in [(TICKET_WORDS, words), (ATTAINMENT_COUNTS, counts)] {
        if was_taken(step) {
            tx.run(fill).await?;
        }
    }
    Ok(())
}

/// Leaves a store that was opened and never used as empty as one that was not; what it needs comes with the rows.
pub(crate) async fn forget_needs(tx: &Transaction) -> Result<(), StoreError> {
    setting::remove(tx, NEEDS).await?;
    Ok(())
}

/// Nodes that start together take turns; the lock ends with the transaction.
async fn take_turns(tx: &Transaction) -> Result<(), StoreError> {
    if tx.is_postgres() {
        tx.run("SELECT pg_advisory_xact_lock(7238461055)").await?;
    }
    Ok(())
}

/// The steps that this version knows.
fn known() -> Vec<String> {
    steps().iter().map(|step| step.name.to_owned()).collect()
}

/// Takes those of the first steps that were not taken yet.
async fn climb(tx: &Transaction, applied: &[String], count: usize) -> Result<(), StoreError> {
    for step in steps().iter().take(count) {
        if !applied.iter().any(|name| name == step.name) {
            step.take(tx).await?;
        }
    }
    Ok(())
}

/// The steps that were taken by a store that is there; nothing is made where there is none.
pub(crate) async fn taken(on: &impl Connection) -> Result<Vec<String>, StoreError> {
    let sql = Sql::new("SELECT CAST(version AS TEXT) FROM seaql_migrations ORDER BY version");
    let rows = all(on, sql).await?;
    rows.iter().map(|row| Field::read(row, 0)).collect()
}

/// The steps that were taken; the table that lists them is made where there is none.
async fn applied(tx: &Transaction) -> Result<Vec<String>, StoreError> {
    tx.run(
        "CREATE TABLE IF NOT EXISTS seaql_migrations \
         (version varchar NOT NULL PRIMARY KEY, applied_at bigint NOT NULL)",
    )
    .await?;
    taken(tx).await
}

fn steps() -> Vec<Step> {
    vec![
        step("0001_people", people::PEOPLE),
        step("0002_tickets", ticket::TICKETS),
        step("0003_work", work::WORK),
        step("0004_mail", mail::MAIL),
        step("0005_service", service::SERVICE),
        Step {
            name: "0006_search",
            sqlite: search::SEARCH_SQLITE,
            postgres: search::SEARCH_POSTGRES,
        },
        step("0007_notices", notice::NOTICES),
        step("0008_imported", imported::IMPORTED),
        step("0009_duty", duty::DUTY),
        step("0010_files", file::FILES),
        step("0011_policy_teams", policy::TEAMS),
        step("0013_desk", desk::DESK),
        step("0014_safety", safety::SAFETY),
        step("0021_once", mail::ONCE),
        step("0026_audit_waiting", safety::WAITING),
        step("0027_sign_in", safety::SIGN_IN),
        step("0028_ratings", ticket::RATINGS),
        step("0030_passkeys", safety::PASSKEYS),
        step("0034_image_senders", mail::IMAGE_SENDERS),
        Step {
            name: TICKET_WORDS,
            sqlite: search::TICKET_WORDS_SQLITE,
            postgres: search::TICKET_WORDS_POSTGRES,
        },
        Step {
            name: ATTAINMENT_COUNTS,
            sqlite: attainment::COUNTS_SQLITE,
            postgres: attainment::COUNTS_POSTGRES,
        },
        step("0036_lighter_tickets", ticket::LIGHTER),
        step("0037_customer_updated", ticket::CUSTOMER_UPDATED),
        step("0038_mailboxes", mail::MAILBOXES),
        step("0039_lighter_notices", notice::LIGHTER),
        on_postgres(COUNTS_APPENDED, attainment::APPENDED_POSTGRES),
        on_postgres("0040_lighter_texts", search::LIGHTER_POSTGRES),
        step("0041_mailbox_of_a_mail", mail::MAILBOX_OF_RECEIVED),
        on_postgres("0042_words_in_turn", search::WORDS_IN_TURN_POSTGRES),
        step("0043_lighter_clocks", ticket::LIGHTER_CLOCKS),
        on_postgres("0044_room_to_change", ticket::ROOM_TO_CHANGE_POSTGRES),
        on_sqlite("0045_uncounted", plan::UNCOUNTED_SQLITE),
        step("0046_lighter_facts", ticket::LIGHTER_FACTS),
        Step {
            name: "0047_groups_by_time",
            sqlite: ticket::GROUPS_BY_TIME_SQLITE,
            postgres: ticket::GROUPS_BY_TIME_POSTGRES,
        },
        step(SHOWN_BESIDES, notice::SHOWN),
    ]
}

fn step(name: &'static str, sql: &'static str) -> Step {
    Step {
        name,
        sqlite: sql,
        postgres: sql,
    }
}

/// A step that changes nothing on SQLite.
fn on_postgres(name: &'static str, sql: &'static str) -> Step {
    Step {
        name,
        sqlite: "SELECT 1",
        postgres: sql,
    }
}

/// A step that changes nothing on PostgreSQL.
fn on_sqlite(name: &'static str, sql: &'static str) -> Step {
    Step {
        name,
        sqlite: sql,
        postgres: "SELECT 1",
    }
}

struct Step {
    name: &'static str,
    sqlite: &'static str,
    postgres: &'static str,
}

impl Step {
    async fn take(&self, tx: &Transaction) -> Result<(), StoreError> {
        let (statements, now) = if tx.is_postgres() {
            (self.for_postgres(), "extract(epoch FROM now())::bigint")
        } else {
            (self.for_sqlite(), "unixepoch()")
        };
        tx.run(&statements).await?;
        let taken = format!("INSERT INTO seaql_migrations (applied_at, version) VALUES ({now}, ");
        let mut sql = Sql::new(taken);
        sql.bind(&self.name.to_owned()).push(")");
        tx.execute(sql).await?;
        Ok(())
    }

    fn for_postgres(&self) -> String {
        self.postgres
            .replace("@uuid", "UUID")
            .replace("@bytes", "BYTEA")
            .replace("@key", "TEXT COLLATE \"C\"")
            .replace(
                "@serial",
                "BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY",
            )
            .replace("@sequence", "CREATE SEQUENCE ticket_number")
            .replace(
                "@transaction",
                "BIGINT NOT NULL DEFAULT pg_current_xact_id()::text::bigint",
            )
    }

    fn for_sqlite(&self) -> String {
        self.sqlite
            .replace("@uuid", "BLOB")
            .replace("@bytes", "BLOB")
            .replace("@key", "TEXT")
            .replace("@serial", "INTEGER PRIMARY KEY AUTOINCREMENT")
            .replace(
                "@sequence",
                "CREATE TABLE ticket_number (last BIGINT NOT NULL); INSERT INTO ticket_number VALUES (0)",
            )
            .replace("@transaction", "BIGINT NOT NULL DEFAULT 0")
    }
}
