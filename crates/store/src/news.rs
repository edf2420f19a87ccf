//! Telling those who wait for the feed of changes that there is something to read, on every node that shares the store.
//!
//! It only saves them waiting. What they read is the feed, from the place they know, so that a word that is lost with a
//! connection loses no change. The word is sent after the commit and never inside of a transaction: PostgreSQL lets only
//! one transaction that carries a notification commit at a time.

use std::time::Duration;

use sea_orm::sqlx::postgres::PgListener;
use sea_orm::{ConnectionTrait as _, DbBackend, Statement};
use tokio::sync::Notify;

use crate::error::StoreError;
use crate::open::Store;

/// On which channel nodes tell each other.
const CHANNEL: &str = "mainstay_news";

/// At most so often a node tells the others.
const PAUSE: Duration = Duration::from_millis(10);

/// Rung when changes were committed.
#[derive(Debug, Default)]
pub(crate) struct Bell {
    here: Notify,
    away: Notify,
}

impl Bell {
    pub(crate) fn ring(&self) {
        self.here.notify_one();
        self.away.notify_one();
    }
}

impl Store {
    /// Waits until changes were committed by this store, or by a node of which [`share_news`](Self::share_news) heard,
    /// since it was last asked. For one waiter.
    pub async fn news(&self) {
        self.bell.here.notified().await;
    }

    /// Tells the other nodes of changes that this one commits, and hears of theirs, until the connection breaks; goes on
    /// for ever, doing nothing, where the store is not shared. `node` is the name of this node.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database does not answer any more: begin anew a little later.
    pub async fn share_news(&self, node: &str) -> Result<(), StoreError> {
        let Some(pool) = self.postgres() else {
            return std::future::pending().await;
        };
        let broken = |error: sea_orm::sqlx::Error| StoreError::Unavailable(error.to_string());
        let mut listener = PgListener::connect_with(pool.get_postgres_connection_pool())
            .await
            .map_err(broken)?;
        listener.listen(CHANNEL).await.map_err(broken)?;
        // What happened before it listened.
        self.bell.here.notify_one();
        loop {
            tokio::select! {
                heard = listener.try_recv() => match heard.map_err(broken)? {
                    Some(word) if word.payload() == node => {}
                    _ => self.bell.here.notify_one(),
                },
                () = self.bell.away.notified() => {
                    let sql = "SELECT pg_notify($1, $2)";
                    let values = [CHANNEL.into(), node.into()];
                    let word = Statement::from_sql_and_values(DbBackend::Postgres, sql, values);
                    pool.execute_raw(word).await?;
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }
}
