//! Who writes next on SQLite, and how several share one write to the disk.
//!
//! SQLite has one writer at a time, and what makes a transaction durable takes longer than all of its statements. So those who
//! want to write at the same time share a common transaction: each writes within a savepoint of it, in turn, and once all who were
//! waiting have had their turn, the common transaction is committed for all of them. Nobody is told of success before that, and
//! whoever fails undoes the own savepoint only. Where nobody else waits, the common transaction is committed at once.
//!
//! What begins or ends a savepoint runs in a task of its own: a use case may be abandoned at any point, as when a browser goes
//! away, but a savepoint that was half begun or half ended would take the others' work with it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use sea_orm::{
    ConnectionTrait as _, DatabaseConnection, DatabaseTransaction, SqliteTransactionMode,
    TransactionOptions, TransactionTrait as _,
};
use tokio::runtime::Handle;
use tokio::sync::{Mutex, OwnedMutexGuard, oneshot};

use crate::error::StoreError;

/// So many transactions share a write to the disk, at most: the first of them waits for the last.
const MOST: usize = 64;

/// Those who write.
#[derive(Debug, Clone)]
pub(crate) struct Writers(Arc<Queue>);

#[derive(Debug)]
struct Queue {
    /// A pool of one connection.
    pool: DatabaseConnection,
    patience: Duration,
    /// Held by whoever writes, and given on in the order in which it was asked for.
    common: Arc<Mutex<Option<Common>>>,
    waiting: AtomicUsize,
    begun: AtomicU64,
}

/// A transaction that several share.
#[derive(Debug)]
struct Common {
    number: u64,
    transaction: DatabaseTransaction,
    /// Those who have written and wait to be told that it is on the disk.
    told: Vec<oneshot::Sender<Result<(), StoreError>>>,
}

/// The right to write.
#[derive(Debug)]
pub(crate) struct Turn {
    queue: Arc<Queue>,
    /// There until it is given on.
    common: Option<OwnedMutexGuard<Option<Common>>>,
}

impl Writers {
    /// Those who write by the one connection of a pool, and wait for each other no longer than `patience`.
    pub(crate) fn new(pool: DatabaseConnection, patience: Duration) -> Self {
        Self(Arc::new(Queue {
            pool,
            patience,
            common: Arc::default(),
            waiting: AtomicUsize::new(0),
            begun: AtomicU64::new(0),
        }))
    }

    /// Waits for a turn, and begins to write.
    pub(crate) async fn begin(&self) -> Result<(DatabaseTransaction, Turn), StoreError> {
        apart(Arc::clone(&self.0).begin()).await
    }
}

impl Turn {
    /// Ends a turn whose writes are to be kept. When this returns they are on the disk.
    pub(crate) async fn commit(self, inner: DatabaseTransaction) -> Result<(), StoreError> {
        apart(self.end(inner)).await
    }

    /// Ends a turn whose writes are to be undone.
    pub(crate) async fn rollback(self, inner: DatabaseTransaction) -> Result<(), StoreError> {
        apart(async move {
            let undone = inner.rollback().await;
            drop(self);
            Ok(undone?)
        })
        .await
    }

    async fn end(mut self, inner: DatabaseTransaction) -> Result<(), StoreError> {
        // When this fails, the turn is dropped and sees whether the others' work still stands.
        inner.commit().await?;
        let Some(mut held) = self.common.take() else {
            return Err(gone());
        };
        let nobody_waits = self.queue.waiting.load(Ordering::Acquire) == 0;
        let is_full = |common: &Common| common.told.len() + 1 >= MOST;
        if nobody_waits || held.as_ref().is_none_or(is_full) {
            return match held.take() {
                Some(common) => common.commit().await,
                None => Err(gone()),
            };
        }
        let Some(common) = held.as_mut() else {
            return Err(gone());
        };
        let (tell, told) = oneshot::channel();
        common.told.push(tell);
        let (number, is_first) = (common.number, common.told.len() == 1);
        drop(held);
        if is_first {
            // Its next turn comes when all who wait now have had theirs.
            self.queue.finish(number).await;
        }
        told.await.unwrap_or_else(|_| Err(gone()))
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        // Without a runtime the process is ending, and what nobody was told of is undone with it.
        if let (Some(held), Ok(runtime)) = (self.common.take(), Handle::try_current()) {
            runtime.spawn(settle(held));
        }
    }
}

impl Queue {
    async fn begin(self: Arc<Self>) -> Result<(DatabaseTransaction, Turn), StoreError> {
        self.waiting.fetch_add(1, Ordering::AcqRel);
        let held = tokio::time::timeout(self.patience, Arc::clone(&self.common).lock_owned()).await;
        self.waiting.fetch_sub(1, Ordering::AcqRel);
        let held = held.map_err(|_| {
            StoreError::Unavailable("other writers have not finished in time".to_owned())
        })?;
        let mut turn = Turn {
            common: Some(held),
            queue: self,
        };
        let inner = turn.transaction().await?.begin().await?;
        Ok((inner, turn))
    }

    /// Commits the common transaction of a number, unless somebody has.
    async fn finish(&self, number: u64) {
        let mut held = self.common.lock().await;
        if held.as_ref().is_some_and(|common| common.number == number)
            && let Some(common) = held.take()
        {
            // Whoever waits for it is told how it went.
            let _ = common.commit().await;
        }
    }
}

impl Turn {
    /// The common transaction, begun where there is none.
    async fn transaction(&mut self) -> Result<&DatabaseTransaction, StoreError> {
        let held = self.common.as_mut().ok_or_else(gone)?;
        if held.is_none() {
            let number = self.queue.begun.fetch_add(1, Ordering::Relaxed);
            **held = Some(Common::begin(&self.queue.pool, number).await?);
        }
        let common = held.as_ref().ok_or_else(gone)?;
        Ok(&common.transaction)
    }
}

impl Common {
    async fn begin(pool: &DatabaseConnection, number: u64) -> Result<Self, StoreError> {
        // A transaction that reads first and writes later would fail when another process has written in between: it must
        // hold the right to write from the start.
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        let transaction = pool.begin_with_options(options).await?;
        transaction.execute_unprepared(MARK).await?;
        Ok(Self {
            number,
            transaction,
            told: Vec::new(),
        })
    }

    /// SQLite ends a transaction by itself when the disk is full or broken. What is written afterwards would be a transaction of
    /// its own; the mark shows that it is still the same.
    async fn stands(&self) -> bool {
        self.transaction.execute_unprepared(UNMARK).await.is_ok()
            && self.transaction.execute_unprepared(MARK).await.is_ok()
    }

    async fn commit(self) -> Result<(), StoreError> {
        let outcome = async {
            self.transaction.execute_unprepared(UNMARK).await?;
            self.transaction.commit().await
        };
        let outcome = outcome.await.map_err(StoreError::from);
        tell(self.told, &outcome);
        outcome
    }
}

const MARK: &str = "SAVEPOINT shared";
const UNMARK: &str = "RELEASE shared";

/// After a turn that was given up: keeps what others have written, if it still stands.
async fn settle(mut held: OwnedMutexGuard<Option<Common>>) {
    let stands = match held.as_ref() {
        Some(common) => common.stands().await,
        None => return,
    };
    if !stands {
        if let Some(common) = held.take() {
            let lost =
                "the database undid a transaction by itself, as it does when the disk is full";
            tell(common.told, &Err(StoreError::Unavailable(lost.to_owned())));
        }
    } else if held.as_ref().is_some_and(|common| common.told.is_empty())
        && let Some(common) = held.take()
    {
        // Nobody has written, so nobody would end it.
        let _ = common.transaction.rollback().await;
    }
}

fn tell(told: Vec<oneshot::Sender<Result<(), StoreError>>>, outcome: &Result<(), StoreError>) {
    for waiting in told {
        // Whoever was abandoned does not listen any more.
        let _ = waiting.send(outcome.clone());
    }
}

/// Runs something to its end, even when nobody waits for it any more.
async fn apart<T: Send + 'static>(
    work: impl Future<Output = Result<T, StoreError>> + Send + 'static,
) -> Result<T, StoreError> {
    tokio::spawn(work).await.unwrap_or_else(|_| Err(gone()))
}

fn gone() -> StoreError {
    StoreError::Unavailable("the program is ending".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connection::Transaction;
    use crate::setting;
    use crate::{Store, StoreOptions};

    async fn a_store() -> Store {
        let options = StoreOptions::new("sqlite::memory:");
        Store::open(&options).await.unwrap()
    }

    fn queue(store: &Store) -> &Queue {
        &store.writers().unwrap().0
    }

    /// Another writer, who has asked for a turn already when this returns.
    async fn another(store: &Store) -> tokio::task::JoinHandle<Transaction> {
        let waiting = queue(store).waiting.load(Ordering::Acquire);
        let asking = store.clone();
        let other = tokio::spawn(async move { asking.begin().await.unwrap() });
        while queue(store).waiting.load(Ordering::Acquire) == waiting {
            tokio::task::yield_now().await;
        }
        other
    }

    async fn kept(store: &Store, name: &str) -> bool {
        setting::get(&store.read(), name).await.unwrap().is_some()
    }

    #[tokio::test]
    async fn those_who_write_at_the_same_time_share_a_write_to_the_disk() {
        let store = a_store().await;
        let before = queue(&store).begun.load(Ordering::Relaxed);
        let first = store.begin().await.unwrap();
        let mut writing = Vec::new();
        for number in 0..9 {
            let other = another(&store).await;
            writing.push(tokio::spawn(async move {
                let tx = other.await.unwrap();
                setting::set(&tx, &format!("other {number}"), "yes")
                    .await
                    .unwrap();
                tx.commit().await
            }));
        }
        setting::set(&first, "first", "yes").await.unwrap();
        first.commit().await.unwrap();
        for other in writing {
            other.await.unwrap().unwrap();
        }
        assert_eq!(queue(&store).begun.load(Ordering::Relaxed) - before, 1);
        for number in 0..9 {
            assert!(kept(&store, &format!("other {number}")).await);
        }
    }

    #[tokio::test]
    async fn whoever_fails_undoes_no_more_than_was_their_own() {
        let store = a_store().await;
        let first = store.begin().await.unwrap();
        let other = another(&store).await;
        setting::set(&first, "first", "yes").await.unwrap();
        let committed = tokio::spawn(first.commit());
        let other = other.await.unwrap();
        setting::set(&other, "other", "yes").await.unwrap();
        assert!(!kept(&store, "first").await, "it is not on the disk yet");
        drop(other);
        committed.await.unwrap().unwrap();
        assert!(kept(&store, "first").await);
        assert!(!kept(&store, "other").await);
    }

    #[tokio::test]
    async fn nobody_is_told_of_success_when_sqlite_undid_the_common_transaction() {
        let store = a_store().await;
        let first = store.begin().await.unwrap();
        let other = another(&store).await;
        setting::set(&first, "first", "yes").await.unwrap();
        let committed = tokio::spawn(first.commit());
        let other = other.await.unwrap();
        // As SQLite does by itself when the disk is full; what comes after would be a transaction of its own.
        other.inner.execute_unprepared("ROLLBACK").await.unwrap();
        let third = another(&store).await;
        other.commit().await.unwrap_err();
        let refused = committed.await.unwrap().unwrap_err();
        assert!(refused.is_transient(), "{refused}");
        let third = third.await.unwrap();
        setting::set(&third, "third", "yes").await.unwrap();
        third.commit().await.unwrap();
        assert!(!kept(&store, "first").await);
        assert!(kept(&store, "third").await);
    }

    #[tokio::test]
    async fn who_is_abandoned_while_waiting_for_the_disk_keeps_nobody_waiting() {
        let store = a_store().await;
        let first = store.begin().await.unwrap();
        let other = another(&store).await;
        setting::set(&first, "first", "yes").await.unwrap();
        let mut committed = Box::pin(first.commit());
        // It is begun, and never asked again.
        assert!(futures::poll!(committed.as_mut()).is_pending());
        drop(committed);
        drop(other.await.unwrap());
        let next = store.begin().await.unwrap();
        setting::set(&next, "next", "yes").await.unwrap();
        next.commit().await.unwrap();
        assert!(kept(&store, "first").await);
    }
}
