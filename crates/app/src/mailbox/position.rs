//! How far the mailboxes that are watched were read.

use jiff::SignedDuration;
use mainstay_channels::imap::Position;
use mainstay_store::mailbox::{self, MailboxState};

use crate::context::App;
use crate::error::Result;
use crate::transaction::transact;

/// How long the right to watch a mailbox lasts. A node that dies with it delays the mailbox's mail by no more than this.
const WATCH: SignedDuration = SignedDuration::from_secs(60);

impl App {
    /// Takes the right to watch a mailbox for the next minute, or keeps it; says whether no other node has it.
    ///
    /// # Errors
    /// Fails when the store does not answer.
    pub async fn watch_mailbox(&self, name: &str) -> Result<bool> {
        let (now, node) = (self.now(), &self.options().node);
        transact!(self, tx => async {
            Ok(mailbox::watch(tx, name, node, now, now + WATCH).await?)
        })
    }

    /// Leaves a mailbox to the other nodes.
    ///
    /// # Errors
    /// Fails when the store does not answer; the right then ends by itself.
    pub async fn unwatch_mailbox(&self, name: &str) -> Result<()> {
        let node = &self.options().node;
        transact!(self, tx => async { Ok(mailbox::unwatch(tx, name, node).await?) })
    }

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
