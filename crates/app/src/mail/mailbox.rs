//! How far the mailboxes that are watched were read.

use mainstay_channels::imap::Position;
use mainstay_store::mailbox::{self, MailboxState};

use crate::context::App;
use crate::error::Result;
use crate::transaction::transact;

impl App {
    /// How far a mailbox was read; from the start when it never was.
    ///
    /// # Errors
    /// Fails when the store does not answer.
    pub async fn mailbox_position(&self, name: &str) -> Result<Position> {
        let state = mailbox::find(&self.read(), name).await?;
        Ok(state.map_or_else(Position::default, |state| Position {
            uid_validity: state.uid_validity,
            through: state.last_uid,
            ..Position::default()
        }))
    }

    /// Writes down how far a mailbox was read. What lies beyond a message that was refused is fetched again after a
    /// restart, and recognised.
    ///
    /// # Errors
    /// Fails when the store does not answer.
    pub async fn note_mailbox_position(&self, name: &str, position: &Position) -> Result<()> {
        let state = MailboxState {
            name: name.to_owned(),
            uid_validity: position.uid_validity,
            last_uid: position.through,
        };
        transact!(self, tx => async { Ok(mailbox::set(tx, &state).await?) })
    }
}
