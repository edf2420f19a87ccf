//! Those who read from the file.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::session::{Options, Session};
use super::{Shared, apart};
use crate::error::StoreError;

/// How many may look at once at what they are to change: while one writes what it decided, the next ones decide.
const MOST_LOOKS: usize = 2;

/// Connections that read what is committed. They are opened when they are needed.
#[derive(Debug, Clone)]
pub(crate) struct Readers(Arc<Pool>);

#[derive(Debug)]
struct Pool {
    options: Options,
    /// How many may be open.
    most: u32,
    free: Arc<Semaphore>,
    /// For those who look at what they are to change.
    looks: Arc<Semaphore>,
    idle: Mutex<Vec<Shared>>,
}

/// A connection that is given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Lent {
    shared: Shared,
    pool: Arc<Pool>,
    _permit: OwnedSemaphorePermit,
    /// Of one who looks.
    look: Option<OwnedSemaphorePermit>,
}

impl Readers {
    /// At most so many readers of a file.
    pub(crate) fn new(options: Options, most: u32) -> Self {
        let permits = usize::try_from(most).unwrap_or(Semaphore::MAX_PERMITS);
        Self(Arc::new(Pool {
            options,
            most,
            free: Arc::new(Semaphore::new(permits)),
            looks: Arc::new(Semaphore::new(MOST_LOOKS)),
            idle: Mutex::default(),
        }))
    }

    /// A connection, as soon as one is free.
    pub(crate) async fn lend(&self) -> Result<Lent, StoreError> {
        let pool = Arc::clone(&self.0);
        let asked = Arc::clone(&pool.free).acquire_owned();
        let permit = tokio::time::timeout(pool.options.patience, asked)
            .await
            .map_err(|_| StoreError::Unavailable("every reader is busy".to_owned()))?
            .map_err(|_| StoreError::Unavailable("the store is closed".to_owned()))?;
        let idle = pool.idle().pop();
        let shared = match idle {
            Some(shared) => shared,
            None => {
                let options = pool.options.clone();
                Shared::new(apart(move || Session::open_to_read(&options)).await?)
            }
        };
        Ok(Lent {
            shared,
            pool,
            _permit: permit,
            look: None,
        })
    }

    /// A connection for somebody who looks at what is to be changed, which may take long; few have one, so that others find one free.
    pub(crate) async fn lend_to_look(&self) -> Result<Lent, StoreError> {
        let asked = Arc::clone(&self.0.looks).acquire_owned();
        let look = asked
            .await
            .map_err(|_| StoreError::Unavailable("the store is closed".to_owned()))?;
        let mut lent = self.lend().await?;
        lent.look = Some(look);
        Ok(lent)
    }

    /// How many are open, and how many of them nobody uses.
    pub(crate) fn standing(&self) -> (u32, u32) {
        let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let idle = count(self.0.idle().len());
        let used = self
            .0
            .most
            .saturating_sub(count(self.0.free.available_permits()));
        (used + idle, idle)
    }

    /// Lends no more, and closes what nobody uses.
    pub(crate) fn close(&self) {
        self.0.free.close();
        self.0.idle().clear();
    }
}

impl Pool {
    fn idle(&self) -> MutexGuard<'_, Vec<Shared>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lent {
    pub(crate) fn shared(&self) -> &Shared {
        &self.shared
    }

    /// Asks on a thread of its own, and gives the connection back from there.
    pub(crate) async fn ask<T: Send + 'static>(
        self,
        question: impl FnOnce(&Session) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        apart(move || question(&self.shared.session())).await
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        let is_clean = {
            let session = self.shared.session();
            !session.is_in_transaction() || session.run("ROLLBACK").is_ok()
        };
        if is_clean && !self.pool.free.is_closed() {
            self.pool.idle().push(self.shared.clone());
        }
    }
}
