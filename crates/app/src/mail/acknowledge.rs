//! Telling a customer that their message has arrived.

use mainstay_channels::compose::{Correspondent, Origin};
use mainstay_domain::event::{Channel, Origin as Written, Side, Visibility};
use mainstay_domain::id::TicketId;
use mainstay_domain::message::Message;
use mainstay_domain::ticket::Ticket;
use mainstay_store::mail;
use uuid::Uuid;

use super::letter::{Loading, Subject};
use super::notice::Notice;
use super::reply::queue;
use crate::context::App;
use crate::job::JobFailure;

/// Writes the receipts for new tickets, all in one transaction. One goes to a person only, never to us, and to the same person at most
/// once in a while, so that two programs can never answer each other for ever.
pub(crate) async fn acknowledge(app: &App, tickets: &[TicketId]) -> Result<(), JobFailure> {
    let causes: Vec<(TicketId, Uuid)> = tickets.iter().map(|id| (*id, id.uuid())).collect();
    let begun = Notice::begin_all(app, &causes).await?;
    let reader = app.read();
    let about: Vec<&Ticket> = begun.iter().map(|(_, ticket)| ticket).collect();
    let loading = Loading::of(&reader, &about).await?;
    let mut addressed = Vec::with_capacity(begun.len());
    for (notice, ticket) in begun {
        let Some(first) = notice
            .conversation
            .first()
            .filter(|it| is_answered(it))
            .cloned()
        else {
            continue;
        };
        let subject = loading.subject(app, &reader, ticket, None).await?;
        if let Some(to) = recipient(&notice, &subject, &first) {
            addressed.push((notice, subject, to, first));
        }
    }
    let every = app.options().mail.acknowledge_every;
    let now = app.now();
    let since = now.saturating_sub(every).unwrap_or(now);
    let addresses: Vec<String> = addressed
        .iter()
        .map(|(_, _, to, _)| to.address.clone())
        .collect();
    let told = mail::told_automatically(&reader, &addresses, since).await?;
    let mut written = Vec::with_capacity(addressed.len());
    for (notice, subject, to, first) in addressed {
        if told.contains(&to.address) {
            tracing::debug!(ticket = %subject.ticket.id, "no receipt: the last one to this address is too recent");
            continue;
        }
        let template = "acknowledgement";
        written.push(notice.write(app, subject, to, template, Origin::Replied, Some(&first))?);
    }
    if !written.is_empty() {
        // Receipts to the same person may be written side by side: the one that is queued first counts.
        queue(app, &written, Some(since)).await?;
    }
    Ok(())
}

/// Whether a ticket that begins with this message is answered by a receipt.
fn is_answered(first: &Message) -> bool {
    first.visibility == Visibility::Public
        && first.origin == Written::Person
        && first.author.side() == Some(Side::Customer)
        && first.channel != Channel::Import
}

/// To whom the receipt goes: the address that the person wrote from, or else their own.
fn recipient(notice: &Notice, subject: &Subject, first: &Message) -> Option<Correspondent> {
    let contact = subject.contact.as_ref().filter(|contact| contact.active)?;
    let address = first
        .sender
        .as_ref()
        .or_else(|| contact.addresses.first())?;
    let to = Correspondent::named(contact.name.clone(), address.clone());
    (!notice.identity.is_ours(address)).then_some(to)
}
