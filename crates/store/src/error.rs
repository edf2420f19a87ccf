//! What can go wrong in the store.

use rusqlite::ffi;
use sea_orm::sqlx::error::ErrorKind;
use sea_orm::{DbErr, RuntimeErr, sqlx};

/// Why the store could not do what was asked. That something is not there is no error.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The database does not answer now, or another writer was in the way: the same transaction may succeed later.
    #[error("the database is not available now: {0}")]
    Unavailable(String),
    /// The answer to a commit was lost: what was written may have been kept, or not. Doing it again may do it twice.
    #[error("it is not known whether the database kept what was written: {0}")]
    InDoubt(String),
    /// The database can be read and not be written.
    #[error(
        "the database cannot be written ({0}): let the user that Mainstay runs as write to its file and the folder of that"
    )]
    ReadOnly(String),
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
        matches!(self, Self::Unavailable(_) | Self::ReadOnly(_))
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

/// What a commit's failure means: whoever lost the connection does not know what became of it.
pub(crate) fn of_commit(error: DbErr) -> StoreError {
    match is_lost(&error) {
        true => StoreError::InDoubt(error.to_string()),
        false => error.into(),
    }
}

/// Whether the connection to PostgreSQL was lost, and not what was asked by it wrong.
pub(crate) fn is_lost(error: &DbErr) -> bool {
    let (DbErr::Exec(RuntimeErr::SqlxError(cause))
    | DbErr::Query(RuntimeErr::SqlxError(cause))
    | DbErr::Conn(RuntimeErr::SqlxError(cause))) = error
    else {
        return false;
    };
    match &**cause {
        sqlx::Error::Io(_) => true,
        sqlx::Error::Database(refusal) => {
            let code = refusal.code().unwrap_or_default();
            code.starts_with("08") || code.starts_with("57P0")
        }
        _ => false,
    }
}

fn from_driver(error: &sqlx::Error) -> StoreError {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => StoreError::Unavailable(error.to_string()),
        sqlx::Error::Database(refusal) => match refusal.kind() {
            ErrorKind::UniqueViolation => StoreError::Conflict(taken(
                refusal.table().unwrap_or_default(),
                refusal.constraint().unwrap_or_default(),
            )),
            ErrorKind::ForeignKeyViolation => StoreError::Conflict(REFERS.to_owned()),
            _ if is_transient(&refusal.code().unwrap_or_default()) => {
                StoreError::Unavailable(error.to_string())
            }
            _ => StoreError::Refused(error.to_string()),
        },
        sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => {
            StoreError::Corrupt(error.to_string())
        }
        _ => StoreError::Refused(error.to_string()),
    }
}

/// Whether the same statement of PostgreSQL may succeed later.
fn is_transient(code: &str) -> bool {
    TRANSIENT.contains(&code)
        || TRANSIENT_CLASSES
            .iter()
            .any(|class| code.starts_with(class))
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        let rusqlite::Error::SqliteFailure(cause, message) = &error else {
            return Self::Refused(error.to_string());
        };
        let message = message.clone().unwrap_or_else(|| cause.to_string());
        match cause.extended_code {
            ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY => {
                // It names the columns: `UNIQUE constraint failed: team.name`.
                let columns = message.rsplit(": ").next().unwrap_or_default();
                let table = columns.split('.').next().unwrap_or_default();
                Self::Conflict(taken(table, columns))
            }
            ffi::SQLITE_CONSTRAINT_FOREIGNKEY => Self::Conflict(REFERS.to_owned()),
            code if code & 0xff == ffi::SQLITE_READONLY => Self::ReadOnly(message),
            code if is_transient_on_sqlite(code) => Self::Unavailable(message),
            _ => Self::Refused(message),
        }
    }
}

/// Whether the same statement of SQLite may succeed later: busy, locked, input or output, full, a file that cannot be opened, with
/// their extended codes in the upper bytes.
fn is_transient_on_sqlite(code: i32) -> bool {
    matches!(
        code & 0xff,
        ffi::SQLITE_BUSY
            | ffi::SQLITE_LOCKED
            | ffi::SQLITE_IOERR
            | ffi::SQLITE_FULL
            | ffi::SQLITE_CANTOPEN
    )
}

/// What is said of a reference that leads nowhere.
const REFERS: &str = "it refers to something that is not there";

/// Says in words what is taken, by the table and the constraint or the columns.
fn taken(table: &str, by: &str) -> String {
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
        // A full disk, a broken one, a lost connection, a server that ends, too many connections.
        for code in ["53100", "58030", "08006", "57P01", "53300"] {
            assert!(is_transient(code), "{code}");
        }
        // A constraint, a syntax error, a column that is not there.
        for code in ["23505", "42601", "42703", ""] {
            assert!(!is_transient(code), "{code}");
        }
        // Full, a failed write, a busy snapshot.
        for code in [13, 778, 517] {
            assert!(is_transient_on_sqlite(code), "{code}");
        }
        // A constraint, a unique one, a fault in a statement.
        for code in [19, 2067, 1] {
            assert!(!is_transient_on_sqlite(code), "{code}");
        }
    }
}
