//! Telling those whom a message mentions.

use std::collections::BTreeSet;

use mainstay_domain::agent::Agent;
use mainstay_domain::event::Actor;
use mainstay_domain::id::TicketId;
use mainstay_domain::notification::About;
use mainstay_domain::role::Permission;
use mainstay_domain::ticket::Scope;
use mainstay_store::{Transaction, agent, ticket};

use super::MessageText;
use crate::context::App;
use crate::error::Result;
use crate::notification::{EVERYDAY_CHANNELS, Notice, mention_title, tell};

/// How much of a message a notification shows, in characters.
const EXCERPT: usize = 500;

/// Tells those whom a message mentions: not its author, and nobody who may not see the ticket. It can wait until they
/// are at work.
pub(super) async fn tell_mentioned(
    app: &App,
    tx: &Transaction,
    id: TicketId,
    author: Actor,
    message: &MessageText,
) -> Result<()> {
    let mentioned: BTreeSet<_> = message.mentions.iter().copied().collect();
    if mentioned.is_empty() {
        return Ok(());
    }
    let Some(found) = ticket::find(tx, Scope::Everything, id).await? else {
        return Ok(());
    };
    let by = match author {
        Actor::Agent(writer) => agent::find(tx, writer).await?.map(|writer| writer.name),
        Actor::Contact(_) | Actor::System => None,
    };
    let by = match by {
        Some(name) => name,
        None => app.company_in_mail(tx).await?,
    };
    let notice = |person: &Agent| Notice {
        about: About::Mentioned {
            message: message.id,
            by: by.clone(),
        },
        ticket: Some(id),
        escalation: None,
        title: mention_title(&by, &found.ticket, person),
        detail: message.text.chars().take(EXCERPT).collect(),
        urgency: Notice::urgency(false),
        wake: Notice::wake(false),
        at: message.at,
        cause: format!("mention:{}", message.id),
    };
    let roles = app.roles();
    let mut notifications = Vec::new();
    for recipient in mentioned {
        if author == Actor::Agent(recipient) {
            continue;
        }
        let person = agent::find(tx, recipient).await?;
        let may_see = |it: &Agent| it.active && roles.allows(&it.roles, Permission::ReadTickets);
        if let Some(person) = person.filter(may_see) {
            let notice = notice(&person);
            notifications.extend(notice.to(app, recipient, &EVERYDAY_CHANNELS));
        }
    }
    tell(app, tx, &notifications).await
}
