//! Who writes next, and how several share one write to the disk.
//!
//! SQLite has one writer at a time, and what makes a transaction durable takes longer than all of its statements. So those who
//! want to write at the same time share a common transaction: each writes in turn, all but the first within a savepoint of it. Once the
//! disk has taken the common transaction before, and all who were waiting have had their turn, it is committed for all of them, and the
//! next one is begun while the disk takes it. Nobody is told of success before their writes are on the disk, and whoever fails undoes
//! what they wrote themselves. Where nobody else waits, neither for a turn nor for the disk, the common transaction is committed at once.
//!
//! The first undoes all of it, as nobody else has written yet. Within a savepoint SQLite keeps a copy of each page that changes, and goes
//! through all of them after every statement that it could have had to undo.
//!
//! A use case may be abandoned at any point, as when a browser goes away. So the right to write goes along to the thread that begins
//! or commits, and whoever drops it there or elsewhere leaves no savepoint half ended.

mod later;

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, MutexGuard};
use std::time::Duration;

use futures::Stream;
use tokio::sync::{Mutex, OwnedMutexGuard, oneshot};
use tokio::task::JoinHandle;

use later::PutOff;

use super::log::{Bounds, Copier, Disk, Idle};
use super::session::{Options, Session};
use super::{Shared, apart, ending};
use crate::connection::lock;
use crate::error::StoreError;
use crate::row::Row;
use crate::search::{Entry, indexing};
use crate::sql::Sql;

/// So many transactions share a write to the disk, at most: the first of them waits for the last.
const MOST: usize = 64;

/// And so many values: while the disk takes them, the next ones are written.
const MOST_VALUES: usize = 20_000;

/// Those who write.
#[derive(Debug, Clone)]
pub(crate) struct Writers(Arc<Queue>);

#[derive(Debug)]
struct Queue {
    shared: Shared,
    patience: Duration,
    log: Bounds,
    /// Held by whoever writes, and given on in the order in which it was asked for.
    common: Arc<Mutex<Option<Common>>>,
    disk: Disk,
    /// Held by whoever copies the log.
    copier: Arc<Mutex<Copier>>,
    waiting: AtomicUsize,
    begun: AtomicU64,
    /// How many turns have ended. It changes only while the session is held.
    ended: AtomicU64,
}

/// Texts that are or were to be indexed.
type Texts = std::sync::Mutex<Vec<Entry>>;

/// A transaction that several share.
#[derive(Debug)]
struct Common {
    number: u64,
    /// How many values were written.
    values: usize,
    /// The texts of those who have written that are still to be indexed.
    to_index: Texts,
    /// Those who have written and wait to be told that it is on the disk.
    told: Vec<oneshot::Sender<Result<(), StoreError>>>,
}

/// The right to write. What was written by it is undone when it is dropped.
#[derive(Debug)]
pub(crate) struct Turn {
    queue: Arc<Queue>,
    /// There until it is given on.
    held: Option<OwnedMutexGuard<Option<Common>>>,
    /// How many turns had ended before it.
    number: u64,
    /// Whether it has a savepoint: others have written before in the common transaction.
    is_saved: bool,
    /// How many values were written by it.
    values: AtomicUsize,
    /// The texts of others that it indexed, which are to be indexed again when what it wrote is undone.
    indexed: Texts,
    /// Rows that are still to be inserted.
    put_off: std::sync::Mutex<PutOff>,
    /// What is being written while whoever asked for it goes on.
    posted: Mutex<Option<JoinHandle<Result<(), StoreError>>>>,
}

impl Writers {
    /// Opens the file for those who write, who wait for each other and for other processes no longer than is patient. To be called
    /// where it may wait.
    pub(crate) fn open(options: Options) -> Result<Self, StoreError> {
        let session = Session::open(&options)?;
        Ok(Self(Arc::new(Queue {
            shared: Shared::new(session),
            patience: options.patience,
            log: options.log,
            common: Arc::default(),
            disk: Disk::new(&options),
            copier: Arc::new(Mutex::new(Copier::new(options))),
            waiting: AtomicUsize::new(0),
            begun: AtomicU64::new(0),
            ended: AtomicU64::new(0),
        })))
    }

    /// Waits for a turn, and begins to write.
    pub(crate) async fn begin(&self) -> Result<Turn, StoreError> {
        self.0.disk.check()?;
        let mut turn = Arc::clone(&self.0).turn().await?;
        let is_begun = turn.held.as_ref().is_some_and(|held| held.is_some());
        if is_begun {
            turn.save()?;
        } else if !turn.begin_common(Session::begin_at_once)? {
            // Another process is writing.
            turn = apart(move || {
                turn.begin_common(|session| session.begin().map(|()| true))?;
                Ok(turn)
            })
            .await?;
        }
        Ok(turn)
    }

    /// Asks the writer for a sign of life.
    pub(crate) async fn ping(&self) -> Result<(), StoreError> {
        self.0.shared.apart(|session| session.run("SELECT 1")).await
    }

    /// Whether nobody writes now.
    pub(crate) fn is_idle(&self) -> bool {
        self.0.common.try_lock().is_ok()
    }
}

impl Turn {
    /// Counts values that are written.
    pub(crate) fn count(&self, values: usize) {
        self.values.fetch_add(values, Ordering::Relaxed);
    }

    /// The connection to write by, for something that takes no time worth another thread, once what was posted is done.
    pub(crate) async fn settled(&self) -> Result<MutexGuard<'_, Session>, StoreError> {
        self.settle().await?;
        self.session()
    }

    /// The connection to write by.
    fn session(&self) -> Result<MutexGuard<'_, Session>, StoreError> {
        let session = self.queue.shared.session();
        check(&session)?;
        Ok(session)
    }

    /// The rows of an answer as they come.
    pub(crate) fn rows(&self, sql: Sql) -> impl Stream<Item = Result<Row, StoreError>> + use<> {
        self.queue.shared.rows(sql)
    }

    /// Does something that may take long by the connection to write by. Whoever is abandoned before it has begun does not do it any
    /// more: it would be done, and kept, in the turn of somebody else.
    pub(crate) async fn apart<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Session) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.settle().await?;
        self.queue.shared.apart(self.checked(work)).await
    }

    /// The same, refused once the turn is over.
    fn checked<T, W: FnOnce(&Session) -> Result<T, StoreError>>(
        &self,
        work: W,
    ) -> impl FnOnce(&Session) -> Result<T, StoreError> + use<T, W> {
        let (queue, number) = (Arc::clone(&self.queue), self.number);
        move |session| {
            if queue.ended.load(Ordering::Acquire) != number {
                return Err(StoreError::Unavailable("the turn is over".to_owned()));
            }
            check(session).and_then(|()| work(session))
        }
    }

    /// The texts of those who have written before in the common transaction, for whoever indexes them now, as they ask for what is
    /// indexed or change it.
    pub(crate) fn to_index(&self) -> Vec<Entry> {
        let common = self.held.as_ref().and_then(|held| held.as_ref());
        let texts = common.map(|common| std::mem::take(&mut *lock(&common.to_index)));
        let texts = texts.unwrap_or_default();
        lock(&self.indexed).extend(texts.iter().cloned());
        texts
    }

    /// Ends a turn whose writes are to be kept. When this returns they are on the disk.
    /// The texts are indexed with those of all who share the common transaction.
    pub(crate) async fn commit(mut self, to_index: Vec<Entry>) -> Result<(), StoreError> {
        // When one of these fails, the turn is dropped and sees whether the others' work still stands.
        self.settle().await?;
        self.release()?;
        let queue = Arc::clone(&self.queue);
        let Some(mut held) = self.held.take() else {
            return Err(ending());
        };
        if let Some(common) = held.as_mut() {
            common.values += self.values.load(Ordering::Relaxed);
            lock(&common.to_index).extend(to_index);
        }
        let nobody_waits = queue.waiting.load(Ordering::Acquire) == 0;
        let idle = nobody_waits.then(|| queue.disk.idle_now()).flatten();
        let is_full =
            |common: &Common| common.told.len() + 1 >= MOST || common.values >= MOST_VALUES;
        let told = match held.as_mut() {
            Some(common) if idle.is_none() && !is_full(common) => {
                let (tell, told) = oneshot::channel();
                common.told.push(tell);
                let is_first = common.told.len() == 1;
                let number = common.number;
                drop(held);
                if is_first {
                    // Its next turn comes when the disk is idle and all who wait then have had theirs.
                    tokio::spawn(finish(queue, number));
                }
                told
            }
            _ => return queue.keep(held, idle).await,
        };
        told.await.unwrap_or_else(|_| Err(untold()))
    }

    fn save(&mut self) -> Result<(), StoreError> {
        self.session()?.run_often("SAVEPOINT turn")?;
        self.is_saved = true;
        Ok(())
    }

    fn release(&self) -> Result<(), StoreError> {
        let session = self.session()?;
        if self.is_saved {
            session.run_often("RELEASE turn")?;
        }
        self.queue.ended.fetch_add(1, Ordering::AcqRel);
        Ok(())
    }

    /// Begins a transaction that others may share, unless it cannot be begun now.
    fn begin_common(
        &mut self,
        begin: impl FnOnce(&Session) -> Result<bool, StoreError>,
    ) -> Result<bool, StoreError> {
        let held = self.held.as_mut().ok_or_else(ending)?;
        let is_begun = begin(&self.queue.shared.session())?;
        if is_begun {
            **held = Some(Common {
                number: self.queue.begun.fetch_add(1, Ordering::Relaxed) + 1,
                values: 0,
                to_index: Texts::default(),
                told: Vec::new(),
            });
        }
        Ok(is_begun)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let Some(mut held) = self.held.take() else {
            return;
        };
        let Some(common) = held.as_ref() else {
            return;
        };
        let session = self.queue.shared.session();
        self.queue.ended.fetch_add(1, Ordering::AcqRel);
        let stands = self.is_saved
            && session.is_in_transaction()
            && session.run("ROLLBACK TO turn; RELEASE turn").is_ok();
        if stands {
            // What others have written is kept by the first of them, who waits to be told.
            debug_assert!(!common.told.is_empty(), "nobody would keep it");
            lock(&common.to_index).append(&mut lock(&self.indexed));
            return;
        }
        if session.is_in_transaction() {
            // Where it fails the connection is broken, and every writer after this one is told so.
            let _ = session.run("ROLLBACK");
        }
        if let Some(common) = held.take() {
            common.tell(&Err(undone()));
        }
    }
}

impl Queue {
    async fn turn(self: Arc<Self>) -> Result<Turn, StoreError> {
        self.waiting.fetch_add(1, Ordering::AcqRel);
        let _waiting = Waiting(&self.waiting);
        let asked = Arc::clone(&self.common).lock_owned();
        let held = tokio::time::timeout(self.patience, asked).await;
        let held = held.map_err(|_| {
            StoreError::Unavailable("other writers have not finished in time".to_owned())
        })?;
        Ok(Turn {
            held: Some(held),
            number: self.ended.load(Ordering::Acquire),
            is_saved: false,
            queue: Arc::clone(&self),
            values: AtomicUsize::new(0),
            indexed: Texts::default(),
            put_off: std::sync::Mutex::default(),
            posted: Mutex::default(),
        })
    }

    /// Commits the common transaction, lets the next ones write, waits for the disk and tells those who wait for it. They are told
    /// even when nobody waits for this any more.
    async fn keep(
        self: Arc<Self>,
        mut held: OwnedMutexGuard<Option<Common>>,
        idle: Option<Idle>,
    ) -> Result<(), StoreError> {
        let Some(common) = held.take() else {
            return Err(ending());
        };
        // This writes to memory that the system carries to the disk: it takes less than another thread's time to begin.
        let (written, is_long) = self.write_down(&common);
        drop(held);
        if is_long && let Ok(copier) = Arc::clone(&self.copier).try_lock_owned() {
            tokio::spawn(copy(Arc::clone(&self), copier));
        }
        let keeping = tokio::task::spawn_blocking(move || {
            let number = common.number;
            let outcome = written.and_then(|()| self.disk.keep(idle, number));
            common.tell(&outcome);
            outcome
        });
        keeping.await.unwrap_or_else(|_| Err(untold()))
    }

    /// Commits the common transaction, and tells whether the log has become so long that it is to be copied.
    fn write_down(&self, common: &Common) -> (Result<(), StoreError>, bool) {
        let session = self.shared.session();
        let commit = || {
            check(&session)?;
            for sql in indexing(std::mem::take(&mut *lock(&common.to_index)), false) {
                session.execute(&sql)?;
            }
            session.run_often("COMMIT")
        };
        let outcome = commit();
        if outcome.is_err() && session.is_in_transaction() {
            // Where it fails the connection is broken, and every writer after this one is told so.
            let _ = session.run("ROLLBACK");
        }
        if outcome.is_ok() {
            self.disk.note_written(common.number);
        }
        let is_long = session.log().is_ok_and(|log| log.is_due(self.log));
        (outcome, is_long)
    }
}

/// One who waits, until it is dropped.
struct Waiting<'a>(&'a AtomicUsize);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Commits the common transaction of a number once the disk is idle, unless somebody has.
async fn finish(queue: Arc<Queue>, number: u64) {
    let idle = queue.disk.idle().await;
    let held = Arc::clone(&queue.common).lock_owned().await;
    if held.as_ref().is_some_and(|common| common.number == number) {
        // Whoever waits for it is told how it went.
        let _ = queue.keep(held, Some(idle)).await;
    }
}

/// Copies the log into the file of the database, and where it has become too long, holds up those who write for its rest.
async fn copy(queue: Arc<Queue>, mut copier: OwnedMutexGuard<Copier>) {
    let copied = apart(move || copier.copy().map(|length| (copier, length))).await;
    let outcome = match copied {
        Ok((copier, length)) if length.is_too_long(queue.log) => copy_rest(queue, copier).await,
        outcome => outcome.map(|_| ()),
    };
    if let Err(error) = outcome {
        tracing::warn!(%error, "the store's log was not copied into its file, and grows until it can be");
    }
}

/// Copies the log to its end while nobody writes, so that the next one who does begins it anew.
async fn copy_rest(
    queue: Arc<Queue>,
    mut copier: OwnedMutexGuard<Copier>,
) -> Result<(), StoreError> {
    let idle = queue.disk.idle().await;
    let mut held = Arc::clone(&queue.common).lock_owned().await;
    let common = held.take();
    apart(move || {
        let written = common.as_ref().map(|common| queue.write_down(common).0);
        let copied = copier.copy();
        drop(held);
        if let (Some(common), Some(written)) = (common, written) {
            let number = common.number;
            common.tell(&written.and_then(|()| queue.disk.keep(Some(idle), number)));
        }
        copied.map(|_| ())
    })
    .await
}

impl Common {
    fn tell(self, outcome: &Result<(), StoreError>) {
        for waiting in self.told {
            // Whoever was abandoned does not listen any more.
            let _ = waiting.send(outcome.clone());
        }
    }
}

/// Fails when SQLite has ended the transaction by itself, as it does when the disk is full or broken: what is written
/// afterwards would be kept one by one.
fn check(session: &Session) -> Result<(), StoreError> {
    if session.is_in_transaction() {
        Ok(())
    } else {
        Err(undone())
    }
}

/// It is in the log, and nobody could say any more whether the disk took it.
fn untold() -> StoreError {
    StoreError::InDoubt("the program is ending".to_owned())
}

fn undone() -> StoreError {
    let what = "the database undid a transaction by itself, as it does when the disk is full";
    StoreError::Unavailable(what.to_owned())
}

#[cfg(test)]
mod tests;
