//! What the program remembers about itself between two runs, such as a simulated clock.

use crate::column::Field;
use crate::connection::{Connection, Transaction, one};
use crate::error::StoreError;
use crate::record::{self, record, upsert_all};
use crate::sql::Sql;

struct Setting {
    name: String,
    value: String,
}

record!(Setting in "setting" { name, value });

/// The value of a name.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn get(on: &impl Connection, name: &str) -> Result<Option<String>, StoreError> {
    let sql = Sql::new("SELECT value FROM setting").with(" WHERE name = ", &name.to_owned());
    one(on, sql)
        .await?
        .map(|row| Field::read(&row, 0))
        .transpose()
}

/// Gives a name a value.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn set(tx: &Transaction, name: &str, value: &str) -> Result<(), StoreError> {
    let setting = Setting {
        name: name.to_owned(),
        value: value.to_owned(),
    };
    upsert_all(tx, [&setting], "name").await
}

/// Forgets a name, and says whether it had a value.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn remove(tx: &Transaction, name: &str) -> Result<bool, StoreError> {
    record::remove::<Setting>(tx, &name.to_owned()).await
}
