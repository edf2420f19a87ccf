//! What a turn writes later: rows that are put off, and what another thread writes while whoever asked goes on.

use sea_orm::Value;

use super::Turn;
use crate::connection::{MANY_VALUES, lock};
use crate::error::StoreError;
use crate::sqlite::ending;
use crate::sqlite::session::Session;

/// So many values are put off before another thread inserts them, while whoever writes goes on deciding.
const PUT_OFF: usize = 250;

/// Insertions in the order in which they were asked for: each a statement, and the rows to carry it out with.
#[derive(Debug, Default)]
pub(super) struct PutOff {
    insertions: Vec<(String, Vec<Vec<Value>>)>,
    values: usize,
}

impl PutOff {
    fn insert(self, session: &Session) -> Result<(), StoreError> {
        let mut insertions = self.insertions.iter();
        insertions.try_for_each(|(text, rows)| session.execute_each(text, rows))
    }
}

impl Turn {
    /// Does something that may take long by the connection to write by, while whoever asks goes on. What is asked for next waits
    /// for it, and is told when it failed.
    pub(crate) async fn post(
        &self,
        work: impl FnOnce(&Session) -> Result<(), StoreError> + Send + 'static,
    ) -> Result<(), StoreError> {
        self.settle().await?;
        self.begin_posted(work).await;
        Ok(())
    }

    async fn begin_posted(
        &self,
        work: impl FnOnce(&Session) -> Result<(), StoreError> + Send + 'static,
    ) {
        let (shared, work) = (self.queue.shared.clone(), self.checked(work));
        let mut posted = self.posted.lock().await;
        *posted = Some(tokio::task::spawn_blocking(move || work(&shared.session())));
    }

    /// Inserts rows before the next statement, or beside whoever goes on once there are many. What goes wrong with one is told by
    /// whatever is done next.
    pub(crate) async fn insert_later(
        &self,
        text: String,
        rows: Vec<Vec<Value>>,
    ) -> Result<(), StoreError> {
        let values: usize = rows.iter().map(Vec::len).sum();
        self.count(values);
        let waiting = {
            let mut put_off = lock(&self.put_off);
            put_off.values += values;
            put_off.insertions.push((text, rows));
            put_off.values
        };
        let is_writing = self.posted.try_lock().map_or(true, |posted| {
            posted.as_ref().is_some_and(|work| !work.is_finished())
        });
        if waiting < PUT_OFF || is_writing {
            return Ok(());
        }
        self.wait_for_posted().await?;
        let put_off = std::mem::take(&mut *lock(&self.put_off));
        self.begin_posted(move |session| put_off.insert(session))
            .await;
        Ok(())
    }

    /// Waits for what was posted, and inserts what was put off.
    pub(super) async fn settle(&self) -> Result<(), StoreError> {
        self.wait_for_posted().await?;
        let put_off = std::mem::take(&mut *lock(&self.put_off));
        if put_off.insertions.is_empty() {
            return Ok(());
        }
        if put_off.values > MANY_VALUES {
            let insert = self.checked(move |session: &Session| put_off.insert(session));
            return self.queue.shared.apart(insert).await;
        }
        put_off.insert(&*self.session()?)
    }

    async fn wait_for_posted(&self) -> Result<(), StoreError> {
        let mut posted = self.posted.lock().await;
        let Some(work) = posted.as_mut() else {
            return Ok(());
        };
        let outcome = work.await;
        *posted = None;
        outcome.unwrap_or_else(|_| Err(ending()))
    }
}
