//! Bounces: a mail of ours that did not arrive.

use mainstay_channels::mail::bounce::{Bounce, Permanence};
use mainstay_domain::event::{Actor, Visibility};
use mainstay_domain::id::TicketId;
use mainstay_store::Transaction;
use mainstay_store::mail::{self, AfterFailure};

use crate::context::App;
use crate::error::Result;
use crate::ticket::{MessageText, append_message};

/// Writes a note on the ticket that a mail did not arrive, and marks the mail, so that a person can send it again when
/// the address is mended.
pub(super) async fn note(
    app: &App,
    tx: &Transaction,
    ticket: TicketId,
    mut message: MessageText,
    bounce: &Bounce,
) -> Result<MessageText> {
    let sent = match &bounce.original_message_id {
        Some(id) => mail::find_by_message_id(tx, id).await?,
        None => None,
    };
    let sent = sent.filter(|sent| sent.ticket == Some(ticket));
    let what = describe(bounce);
    if let Some(sent) = &sent
        && bounce.permanence() == Permanence::Permanent
    {
        mail::note_failure(tx, sent.id, AfterFailure::GiveUp, &what).await?;
    }
    let said = message.text.trim().to_owned();
    message.quoted = (!said.is_empty()).then_some(said);
    message.html = None;
    message.text = what;
    message.visibility = Visibility::Internal;
    append_message(app, tx, ticket, Actor::System, &message, None).await?;
    Ok(message)
}

/// One sentence a recipient.
fn describe(bounce: &Bounce) -> String {
    let sentences: Vec<String> = bounce
        .recipients
        .iter()
        .map(|recipient| {
            let lasting = match recipient.permanence {
                Permanence::Permanent => "could not be delivered",
                Permanence::Transient => "has not been delivered yet",
            };
            let why = recipient
                .diagnostic
                .as_deref()
                .or(recipient.status.as_deref())
                .unwrap_or("no reason was given");
            format!("A mail to {} {lasting}: {why}.", recipient.address)
        })
        .collect();
    sentences.join("\n")
}
