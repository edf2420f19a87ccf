//! Wrong passwords of late, counted for all nodes together.

use jiff::Timestamp;
use mainstay_domain::digest::Digest;

use crate::column::Field;
use crate::connection::{Connection, Transaction, all};
use crate::error::StoreError;
use crate::sql::Sql;

/// How often a name failed of late. What is counted by stands here as its digest: neither addresses nor people are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failures {
    /// The digest of what is counted by.
    pub name: Digest,
    /// How often.
    pub count: u32,
    /// When it last failed.
    pub last: Timestamp,
}

/// The failures of these names since an instant, in no order.
///
/// # Errors
/// [`StoreError::Corrupt`] when a row cannot be read.
pub async fn since(
    on: &impl Connection,
    names: &[Digest],
    since: Timestamp,
) -> Result<Vec<Failures>, StoreError> {
    let mut sql = Sql::new("SELECT name, count, last FROM sign_in_failure WHERE name IN (");
    sql.bind_all(names).push(") AND last > ").bind(&since);
    all(on, sql)
        .await?
        .iter()
        .map(|row| {
            Ok(Failures {
                name: Field::read(row, 0)?,
                count: Field::read(row, 1)?,
                last: Field::read(row, 2)?,
            })
        })
        .collect()
}

/// Counts a failure of each of these names; what failed last at `forgotten` or earlier counts from one again.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn note(
    tx: &Transaction,
    names: &[Digest],
    now: Timestamp,
    forgotten: Timestamp,
) -> Result<(), StoreError> {
    let mut names = names.to_vec();
    // In one order, so that two who note the same names never wait for one another.
    names.sort_by_key(|name| name.0);
    for name in &names {
        let sql = Sql::new("INSERT INTO sign_in_failure (name, count, last) VALUES (")
            .with("", name)
            .with(", 1, ", &now)
            .with(
                ") ON CONFLICT (name) DO UPDATE SET count = CASE WHEN sign_in_failure.last <= ",
                &forgotten,
            )
            .then(" THEN 1 ELSE sign_in_failure.count + 1 END, last = excluded.last");
        tx.execute(sql).await?;
    }
    Ok(())
}

/// Forgets the failures of a name.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn clear(tx: &Transaction, name: Digest) -> Result<(), StoreError> {
    tx.execute(Sql::new("DELETE FROM sign_in_failure").with(" WHERE name = ", &name))
        .await?;
    Ok(())
}
