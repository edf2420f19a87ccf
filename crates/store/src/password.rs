//! The hashes of passwords, which stand in the rows of those whose they are and are not read with them.

use crate::column::Field;
use crate::connection::{Connection, Transaction, one};
use crate::error::StoreError;
use crate::record::Record;
use crate::sql::Sql;

/// The hash of somebody's password, if they have one.
pub(crate) async fn hash<T: Record>(
    on: &impl Connection,
    id: &impl Field,
) -> Result<Option<String>, StoreError> {
    let sql = Sql::new(format!("SELECT password_hash FROM {}", T::TABLE)).with(" WHERE id = ", id);
    let row = one(on, sql).await?;
    row.map_or(Ok(None), |row| Field::read(&row, 0))
}

/// Sets the hash, or takes the password away; where `from` is given, only as long as it is the hash.
pub(crate) async fn set_hash<T: Record>(
    tx: &Transaction,
    id: &impl Field,
    from: Option<&str>,
    to: Option<&str>,
) -> Result<(), StoreError> {
    let mut sql = Sql::new(format!("UPDATE {} SET password_hash = ", T::TABLE))
        .with("", &to.map(str::to_owned))
        .with(" WHERE id = ", id);
    if let Some(from) = from {
        sql.push(" AND password_hash = ").bind(&from.to_owned());
    }
    tx.execute(sql).await?;
    Ok(())
}
