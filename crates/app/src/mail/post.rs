//! Queueing a mail that belongs to no conversation with a customer.

use mainstay_channels::compose::OutgoingMail as Letter;
use mainstay_domain::id::{OutgoingMailId, TicketId};
use mainstay_domain::mail::{OutgoingMail, OutgoingMailState};
use mainstay_store::{Transaction, mail};

use super::identity::Identity;
use crate::context::App;
use crate::error::{AppError, Result};
use crate::job::Job;

/// Composes a letter and queues it, with the job that sends it.
pub(crate) async fn post(
    app: &App,
    tx: &Transaction,
    id: OutgoingMailId,
    identity: &Identity,
    letter: &Letter,
    ticket: Option<TicketId>,
) -> Result<()> {
    let now = app.now();
    let mailbox = identity.mailbox_from(&letter.from.address);
    let composed = letter
        .compose()
        .map_err(|error| AppError::broken("A mail could not be written.", error))?;
    let queued = OutgoingMail {
        id,
        message_id: letter.message_id.clone(),
        account: None,
        ticket,
        message: None,
        sender: composed
            .sender
            .map(|address| address.to_string())
            .unwrap_or_default(),
        recipients: composed
            .recipients
            .iter()
            .map(ToString::to_string)
            .collect(),
        subject: letter.subject.clone(),
        bytes: composed.bytes,
        state: OutgoingMailState::Queued,
        attempts: 0,
        last_error: None,
        receipt: None,
        created_at: now,
        sent_at: None,
        mailbox,
    };
    mail::enqueue(tx, &queued).await?;
    if identity.has_way_out(mailbox) {
        Job::SendMail { mail: id }.queue(app, tx, now).await?;
    }
    Ok(())
}
