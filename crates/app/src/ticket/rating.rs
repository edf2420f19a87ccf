//! What customers think of how their tickets were handled.

use mainstay_domain::id::TicketId;
use mainstay_domain::rating::Score;
use mainstay_domain::role::Permission;
use mainstay_domain::ticket::{Command, Ticket};

use super::{TicketWriter, TokenTrail};
use crate::caller::Caller;
use crate::context::App;
use crate::error::{AppError, Result};
use crate::field::Faults;
use crate::transaction::transact;

impl App {
    /// Rates how a ticket was handled, in the name of the contact who asks. Rated again, the rating changes.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] for those who serve, [`AppError::NotFound`] for a ticket that the caller may not see,
    /// [`AppError::Refused`] for one that is not done or was rated long ago, [`AppError::Invalid`] for a comment that is
    /// too long.
    pub async fn rate_ticket(
        &self,
        caller: &Caller,
        id: TicketId,
        score: Score,
        comment: Option<String>,
    ) -> Result<Ticket> {
        self.visible_ticket(caller, id).await?;
        if caller.contact().is_none() {
            return Err(AppError::Forbidden(
                "Only a customer rates how a ticket was handled.".to_owned(),
            ));
        }
        caller.require(Permission::PortalWrite)?;
        let comment = rating_comment(comment)?;
        let at = self.now();
        let ticket = transact!(self, tx => async {
            let trail = TokenTrail::begin(tx, caller, &[id]).await?;
            let mut writer = TicketWriter::load(self, tx, id).await?;
            let comment = comment.clone();
            writer.decide(caller.actor, Command::Rate { score, comment, at })?;
            let ticket = writer.save().await?.ticket;
            trail.end(self, tx).await?;
            Ok(ticket)
        })?;
        self.wake();
        Ok(ticket)
    }
}

/// What somebody says beside a rating; nothing when it is blank.
pub(crate) fn rating_comment(comment: Option<String>) -> Result<Option<String>> {
    let comment = comment.map(|comment| comment.trim().to_owned());
    let comment = comment.filter(|comment| !comment.is_empty());
    let mut faults = Faults::default();
    if let Some(comment) = &comment {
        faults.text("comment", comment);
    }
    faults.finish()?;
    Ok(comment)
}
