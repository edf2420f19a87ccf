//! Who works on a store that several processes can share: any number of nodes together, or one process alone.
//!
//! A claim is a lock of the database's session: it ends with the process, however that ends.

use sea_orm::sqlx::{self, PgConnection, query_scalar};

use crate::error::StoreError;
use crate::open::Store;

/// The number of the lock. It counts within one database.
const LOCK: i64 = 7_238_461_056;

/// How a store is claimed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// Together with others who claim it so.
    Shared,
    /// With nobody beside.
    Alone,
}

/// The right to work on a store, as long as it is held.
#[derive(Debug)]
pub struct Claimed {
    _session: Option<PgConnection>,
}

impl Store {
    /// Claims the store where it is a database that processes share; nothing where others stand against it. A store that
    /// is a file is always given: who works on that is settled beside the file.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database does not answer.
    pub async fn claim(&self, claim: Claim) -> Result<Option<Claimed>, StoreError> {
        let Some(pool) = self.postgres() else {
            return Ok(Some(Claimed { _session: None }));
        };
        let broken = |error: sqlx::Error| StoreError::Unavailable(error.to_string());
        let session = pool.get_postgres_connection_pool().acquire().await;
        // It is the lock's own from here on: the pool would give it to others.
        let mut session = session.map_err(broken)?.detach();
        let sql = match claim {
            Claim::Shared => "SELECT pg_try_advisory_lock_shared($1)",
            Claim::Alone => "SELECT pg_try_advisory_lock($1)",
        };
        let is_given: bool = query_scalar(sql)
            .bind(LOCK)
            .fetch_one(&mut session)
            .await
            .map_err(broken)?;
        Ok(is_given.then_some(Claimed {
            _session: Some(session),
        }))
    }
}
