//! What the program remembers about itself between two runs, such as a simulated clock.

use crate::column::Field;
use crate::connection::{Connection, Transaction, one_by_key};
use crate::error::StoreError;
use crate::record::{self, insert_values, record, upsert_all};
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
    one_by_key(on, sql)
        .await?
        .map(|row| Field::read(&row, 0))
        .transpose()
}

/// Reads the value of a name to change it: no other transaction changes it until this one ends. One that is not there yet
/// holds nobody up.
///
/// # Errors
/// As [`get`].
pub async fn lock(tx: &Transaction, name: &str) -> Result<Option<String>, StoreError> {
    let found: Option<Setting> = record::lock(tx, &name.to_owned()).await?;
    Ok(found.map(|setting| setting.value))
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

/// Gives a name a value unless it has one_by_key, and says which it has now.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn get_or_set(tx: &Transaction, name: &str, value: &str) -> Result<String, StoreError> {
    let row = vec![name.to_owned().to_value(), value.to_owned().to_value()];
    let ending = " ON CONFLICT (name) DO NOTHING";
    insert_values(tx, "setting", &["name", "value"], vec![row], ending).await?;
    Ok(get(tx, name).await?.unwrap_or_else(|| value.to_owned()))
}

/// Forgets a name, and says whether it had a value.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn remove(tx: &Transaction, name: &str) -> Result<bool, StoreError> {
    record::remove::<Setting>(tx, &name.to_owned()).await
}
