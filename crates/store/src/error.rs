//! What can go wrong in the store.

use sea_orm::sqlx::error::{DatabaseError, ErrorKind};
use sea_orm::{DbErr, RuntimeErr, sqlx};

/// Why the store could not do what was asked. That something is not there is no error.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The database does not answer now, or another writer was in the way: the same transaction may succeed later.
    #[error("the database is not available now: {0}")]
    Unavailable(String),
    /// Somebody else changed or took the same thing first: load again and decide again.
    #[error("conflict: {0}")]
    Conflict(String),
    /// A row holds what this program never writes.
    #[error("the store holds something unreadable: {0}; restore a backup or report the fault")]
    Corrupt(String),
    /// A newer version of the program has changed the schema.
    #[error(
        "the database was last opened by a newer version of Mainstay (it holds the schema step {found:?}, which this \
         version does not know): run that version or a newer one, or restore a backup made before"
    )]
    NewerSchema {
        /// The schema step that is not known.
        found: String,
    },
    /// The address is not one of a database that can be used.
    #[error(
        "{address:?} is not the address of a database: expected `sqlite:PATH`, `sqlite::memory:` or `postgres://…` ({reason})"
    )]
    Address {
        /// The address, without what may be secret in it.
        address: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The database refused a statement: a fault of the program.
    #[error("the database refused a statement: {0}")]
    Refused(String),
}

impl StoreError {
    /// Whether the same transaction may succeed when it is tried again.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }
}

/// The codes by which PostgreSQL says that trying again may help: serialization, deadlock, lock not available, shutting
/// down, starting up, read only for now.
const TRANSIENT: [&str; 7] = [
    "40001", "40P01", "55P03", "57P01", "57P02", "57P03", "25006",
];

/// Its classes of codes of which the same is true: broken connections, a lack of resources such as room on the disk, memory
/// or connections, and failures of the system around it.
const TRANSIENT_CLASSES: [&str; 3] = ["08", "53", "58"];

impl From<DbErr> for StoreError {
    fn from(error: DbErr) -> Self {
        match &error {
            DbErr::ConnectionAcquire(_) | DbErr::Conn(_) => Self::Unavailable(error.to_string()),
            DbErr::Exec(RuntimeErr::SqlxError(cause))
            | DbErr::Query(RuntimeErr::SqlxError(cause)) => from_driver(cause),
            DbErr::Type(what) => Self::Corrupt(what.clone()),
            _ => Self::Refused(error.to_string()),
        }
    }
}

fn from_driver(error: &sqlx::Error) -> StoreError {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => StoreError::Unavailable(error.to_string()),
        sqlx::Error::Database(refusal) => {
            match refusal.kind() {
                ErrorKind::UniqueViolation => return StoreError::Conflict(taken(refusal.as_ref())),
                ErrorKind::ForeignKeyViolation => {
                    return StoreError::Conflict(
                        "it refers to something that is not there".to_owned(),
                    );
                }
                _ => {}
            }
            let code = refusal.code().unwrap_or_default();
            if is_transient(&code) {
                StoreError::Unavailable(error.to_string())
            } else {
                StoreError::Refused(error.to_string())
            }
        }
        sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => {
            StoreError::Corrupt(error.to_string())
        }
        _ => StoreError::Refused(error.to_string()),
    }
}

/// Whether the same statement may succeed later. PostgreSQL's codes have five places, SQLite's fewer.
fn is_transient(code: &str) -> bool {
    if code.len() < 5 {
        // 5 busy, 6 locked, 10 input or output, 13 full, with their extended codes in the upper bytes.
        let number = code.parse::<u32>();
        return number.is_ok_and(|code| matches!(code & 0xff, 5 | 6 | 10 | 13));
    }
    TRANSIENT.contains(&code)
        || TRANSIENT_CLASSES
            .iter()
            .any(|class| code.starts_with(class))
}

/// Says in words what is taken. PostgreSQL names the table and the constraint, SQLite the columns: `team.name`.
fn taken(refusal: &dyn DatabaseError) -> String {
    let message = refusal.message();
    let named = message.rsplit(": ").next().unwrap_or_default();
    let table = refusal
        .table()
        .or_else(|| named.split_once('.').map(|(table, _)| table))
        .unwrap_or_default();
    let by = refusal.constraint().unwrap_or(named);
    match table {
        "account_domain" => "another account has this domain".to_owned(),
        "account" if by.contains("external_id") => {
            "another account has this external id".to_owned()
        }
        "contact_address" => "another contact has this e-mail address".to_owned(),
        "agent" if by.contains("email_key") => "another agent has this e-mail address".to_owned(),
        "team" if by.contains("name") => "another team has this name".to_owned(),
        "ticket" if by.contains("number") => "another ticket has this number".to_owned(),
        "event" | "escalation_event" => "somebody else was first to record something".to_owned(),
        "outgoing_mail" if by.contains("message_id") => {
            "a mail with this message id is there".to_owned()
        }
        "policy_version" => "somebody else was first to apply a policy".to_owned(),
        _ => format!("this {} is there already", table.replace('_', " ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_passes_is_told_from_what_stays() {
        // A full disk on either engine, a broken one, a busy store, a lost connection, a server that ends.
        for code in [
            "13", "53100", "778", "58030", "517", "08006", "57P01", "53300",
        ] {
            assert!(is_transient(code), "{code}");
        }
        // A constraint on either engine, a syntax error, a column that is not there.
        for code in ["19", "2067", "23505", "42601", "42703", "1", ""] {
            assert!(!is_transient(code), "{code}");
        }
    }
}
