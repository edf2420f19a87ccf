//! Telling a customer that their message has arrived.

use mainstay_channels::compose::{Correspondent, Origin, OutgoingMail};
use mainstay_domain::event::{Channel, Origin as Written, Side, Visibility};
use mainstay_domain::id::TicketId;
use mainstay_domain::ticket::Scope;
use mainstay_store::{mail, message, ticket};

use super::letter::Subject;
use super::reply::{Threading, notice, queue, ready, unrenderable};
use crate::context::App;
use crate::job::JobFailure;

/// Writes the receipt for a new ticket. It goes to a person only, never to us, and to the same person at most once in a
/// while, so that two programs can never answer each other for ever.
pub(crate) async fn acknowledge(app: &App, id: TicketId) -> Result<(), JobFailure> {
    let identity = app.mail_identity().await?;
    let message_id = identity.message_id(id.uuid());
    let reader = app.read();
    if mail::find_by_message_id(&reader, &message_id)
        .await?
        .is_some()
    {
        return Ok(());
    }
    let found = ticket::find(&reader, Scope::Everything, id)
        .await?
        .ok_or_else(|| JobFailure::Fail(format!("there is no ticket {id}")))?;
    let conversation = message::of_ticket(&reader, Scope::Everything, id).await?;
    let Some(first) = conversation.first().filter(|first| {
        first.visibility == Visibility::Public
            && first.origin == Written::Person
            && first.author.side() == Some(Side::Customer)
            && first.channel != Channel::Import
    }) else {
        return Ok(());
    };
    let subject = Subject::load(app, &reader, found.ticket, None).await?;
    let Some(contact) = subject.contact.as_ref().filter(|contact| contact.active) else {
        return Ok(());
    };
    let Some(address) = first.sender.as_ref().or_else(|| contact.addresses.first()) else {
        return Ok(());
    };
    let every = app.options().mail.acknowledge_every;
    let now = app.now();
    let since = now.saturating_sub(every).unwrap_or(now);
    if identity.is_ours(address) || mail::count_automatic(&reader, address, since).await? > 0 {
        tracing::debug!(ticket = %id, "no receipt: the last one to this address is too recent");
        return Ok(());
    }
    let language = subject.language(first.language.as_deref());
    let rendered = subject
        .render(app, &identity, "acknowledgement", language, None)
        .map_err(unrenderable)?;
    let threading = Threading::of(&reader, id, &conversation, Some(first)).await?;
    let to = Correspondent::named(contact.name.clone(), address.clone());
    let outgoing = OutgoingMail {
        message_id,
        origin: Origin::Replied,
        ..notice(app, &identity, &subject, to, rendered, threading)
    };
    queue(app, ready(outgoing, subject.ticket)?, None).await?;
    Ok(())
}
