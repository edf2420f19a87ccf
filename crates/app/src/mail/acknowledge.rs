//! Telling a customer that their message has arrived.

use mainstay_channels::compose::{Correspondent, Origin};
use mainstay_domain::event::{Channel, Origin as Written, Side, Visibility};
use mainstay_domain::id::TicketId;
use mainstay_store::mail;

use super::letter::Subject;
use super::notice::Notice;
use crate::context::App;
use crate::job::JobFailure;

/// Writes the receipt for a new ticket. It goes to a person only, never to us, and to the same person at most once in a
/// while, so that two programs can never answer each other for ever.
pub(crate) async fn acknowledge(app: &App, id: TicketId) -> Result<(), JobFailure> {
    let Some((mut notice, ticket)) = Notice::begin(app, id, id.uuid()).await? else {
        return Ok(());
    };
    let reader = app.read();
    let Some(first) = notice.conversation.first().filter(|first| {
        first.visibility == Visibility::Public
            && first.origin == Written::Person
            && first.author.side() == Some(Side::Customer)
            && first.channel != Channel::Import
    }) else {
        return Ok(());
    };
    let subject = Subject::load(app, &reader, ticket, None).await?;
    let Some(contact) = subject.contact.as_ref().filter(|contact| contact.active) else {
        return Ok(());
    };
    let Some(address) = first.sender.as_ref().or_else(|| contact.addresses.first()) else {
        return Ok(());
    };
    let every = app.options().mail.acknowledge_every;
    let now = app.now();
    let since = now.saturating_sub(every).unwrap_or(now);
    if notice.identity.is_ours(address) || mail::count_automatic(&reader, address, since).await? > 0
    {
        tracing::debug!(ticket = %id, "no receipt: the last one to this address is too recent");
        return Ok(());
    }
    let to = Correspondent::named(contact.name.clone(), address.clone());
    let answered = Some(first.clone());
    // Receipts to the same person may be written side by side: the one that is queued first counts.
    notice.unless_after = Some(since);
    notice
        .send(
            app,
            subject,
            to,
            "acknowledgement",
            Origin::Replied,
            answered.as_ref(),
        )
        .await
}
