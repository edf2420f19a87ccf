//! The store in a file of SQLite: one writer whose statements are carried out on the spot, readers beside it.
//!
//! A statement of SQLite takes some microseconds, less than to hand it to another thread and to wait for the answer. So what belongs
//! to a transaction, and what is asked for by its key, is carried out where it is asked. What may take long goes to a thread of its
//! own, that nobody else has to wait: questions that are not asked by a key, statements with many values, and what waits for the disk
//! or for another process.

mod log;
mod looking;
mod readers;
mod session;
mod turn;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub(crate) use log::Bounds;
pub(crate) use looking::Looking;
pub(crate) use readers::{Lent, Readers};
pub(crate) use session::{Options, Session};
pub(crate) use turn::{Turn, Writers};

use futures::Stream;
use tokio::sync::mpsc;

use crate::error::StoreError;
use crate::row::Row;
use crate::sql::Sql;

/// So many rows are read before they are wanted.
const ROWS_AHEAD: usize = 500;

/// A session that a thread of its own can be given for a while.
#[derive(Debug, Clone)]
pub(crate) struct Shared(Arc<Mutex<Session>>);

impl Shared {
    pub(crate) fn new(session: Session) -> Self {
        Self(Arc::new(Mutex::new(session)))
    }

    /// The session. Only one at a time works with it, so that nobody waits here, but behind a statement whose asker went away.
    pub(crate) fn session(&self) -> MutexGuard<'_, Session> {
        // A panic elsewhere leaves no statement half done: SQLite itself undoes such a one.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does something that may take long on a thread of its own. It is done to its end, even when nobody waits for it any more.
    pub(crate) async fn apart<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Session) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let shared = self.clone();
        apart(move || work(&shared.session())).await
    }

    /// The rows of an answer as they come, from a thread of their own.
    pub(crate) fn rows(&self, sql: Sql) -> impl Stream<Item = Result<Row, StoreError>> + use<> {
        let (send, mut received) = mpsc::channel(ROWS_AHEAD);
        let shared = self.clone();
        tokio::task::spawn_blocking(move || {
            let asked = shared
                .session()
                .each(&sql, |row| send.blocking_send(Ok(row)).is_ok());
            if let Err(error) = asked {
                // Nobody listens any more, or is told.
                let _ = send.blocking_send(Err(error));
            }
        });
        futures::stream::poll_fn(move |context| received.poll_recv(context))
    }
}

/// Does something on a thread that may wait.
pub(crate) async fn apart<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|_| Err(ending()))
}

fn ending() -> StoreError {
    StoreError::Unavailable("the program is ending".to_owned())
}
