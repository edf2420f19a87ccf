//! Who reads what is to be decided on beside the one who writes, and writes what was decided.

use std::sync::{Mutex, OnceLock};

use super::{Lent, Readers, Shared, Turn, Writers, ending};
use crate::connection::lock;
use crate::error::StoreError;

/// A reader that sees the file as it is at one instant, until it takes a turn of the writer.
#[derive(Debug)]
pub(crate) struct Looking {
    writers: Writers,
    /// There until it asks for its turn.
    lent: Mutex<Option<Lent>>,
    /// The reader's session. Once the reader is given back nobody asks by it any more: there is a turn, or it was asked for in vain.
    shared: Shared,
    turn: OnceLock<Turn>,
}

impl Looking {
    /// Begins to read.
    pub(crate) async fn begin(readers: &Readers, writers: &Writers) -> Result<Self, StoreError> {
        let lent = readers.lend_to_look().await?;
        lent.shared().session().run_often("BEGIN")?;
        Ok(Self {
            writers: writers.clone(),
            shared: lent.shared().clone(),
            lent: Mutex::new(Some(lent)),
            turn: OnceLock::new(),
        })
    }

    /// Waits for a turn, and sees the file as it is then.
    pub(crate) async fn take_turn(&self) -> Result<(), StoreError> {
        if self.turn.get().is_some() {
            return Ok(());
        }
        // Given back first: whoever has the turn may wait for a reader.
        drop(lock(&self.lent).take());
        let turn = self.writers.begin().await?;
        self.turn.set(turn).map_err(|_| ending())
    }

    /// The turn, or else the reader.
    pub(crate) fn standing(&self) -> Result<&Turn, Shared> {
        self.turn.get().ok_or_else(|| self.shared.clone())
    }

    /// The turn, if it was taken.
    pub(crate) fn into_turn(self) -> Option<Turn> {
        self.turn.into_inner()
    }
}
