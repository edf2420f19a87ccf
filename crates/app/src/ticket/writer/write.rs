//! Writing tickets whose facts are decided, several at once.

use jiff::Timestamp;
use mainstay_domain::event::{Event, EventKind};
use mainstay_store::change::Change;
use mainstay_store::clock::TicketClocks;
use mainstay_store::ticket::StoredTicket;
use mainstay_store::{Transaction, change, clock, ledger, ticket};

use super::Opening;
use crate::context::App;
use crate::error::Result;
use crate::mail::queue_rating;
use crate::policy::PolicyInForce;
use crate::webhook::publish;

/// A ticket as the store has it.
pub(crate) enum Loaded {
    /// Somebody else may write it first; then this transaction fails.
    Free(StoredTicket),
    /// Nobody else writes it until this transaction ends, or this transaction fails.
    Locked(StoredTicket),
}

impl Loaded {
    pub fn stored(&self) -> &StoredTicket {
        match self {
            Self::Free(stored) | Self::Locked(stored) => stored,
        }
    }

    pub fn into_stored(self) -> StoredTicket {
        match self {
            Self::Free(stored) | Self::Locked(stored) => stored,
        }
    }
}

/// A ticket of which it is decided what happens.
pub(crate) struct Decided {
    /// What the store has of it; nothing when it is opened.
    pub loaded: Option<Loaded>,
    /// What is written with one that is opened.
    pub opening: Opening,
    /// As it is from now on.
    pub stored: StoredTicket,
    /// What happened.
    pub facts: Vec<Event>,
    /// Its clocks, and when something is due on it.
    pub clocks: TicketClocks,
    /// When it was decided.
    pub now: Timestamp,
}

/// Writes tickets, each of which stands there once: their rows, clocks and facts, what subscribers are to know, and that they
/// changed.
pub(crate) async fn write_together(
    app: &App,
    tx: &Transaction,
    decided: &[Decided],
) -> Result<Vec<StoredTicket>> {
    write_rows(tx, decided).await?;
    write_clocks(tx, decided).await?;
    let (mut facts, mut told, mut changes) = (Vec::new(), Vec::new(), Vec::new());
    for it in decided.iter().filter(|it| !it.facts.is_empty()) {
        let ticket = &it.stored.ticket;
        let of_it = it.facts.iter();
        facts.extend(of_it.map(|fact| (ticket.id, ticket.facts.account, fact)));
        told.push((ticket, it.facts.as_slice()));
        changes.push(it.change(app));
    }
    ledger::append_many(tx, facts).await?;
    publish(app, tx, &told).await?;
    for (ticket, facts) in &told {
        queue_rating(app, tx, ticket, facts).await?;
    }
    change::append(tx, &changes).await?;
    Ok(decided.iter().map(|it| it.stored.clone()).collect())
}

async fn write_rows(tx: &Transaction, decided: &[Decided]) -> Result<()> {
    let mut locked = Vec::new();
    for it in decided {
        match &it.loaded {
            None => {
                let name = it.opening.account_name.as_deref();
                let message = it.opening.message.as_ref();
                ticket::insert_opened(tx, &it.stored, name, message).await?;
            }
            Some(Loaded::Free(before)) => {
                ticket::update(tx, before, &it.stored).await?;
            }
            Some(Loaded::Locked(before)) => locked.push((before, &it.stored)),
        }
    }
    Ok(ticket::update_locked(tx, &locked).await?)
}

async fn write_clocks(tx: &Transaction, decided: &[Decided]) -> Result<()> {
    let (opened, changed): (Vec<_>, Vec<_>) = decided.iter().partition(|it| it.loaded.is_none());
    for it in opened {
        let clocks = &it.clocks;
        clock::insert(tx, clocks.ticket, &clocks.clocks, clocks.due_at).await?;
    }
    let changed: Vec<TicketClocks> = changed.iter().map(|it| it.clocks.clone()).collect();
    Ok(clock::replace_many(tx, &changed).await?)
}

impl Decided {
    fn change(&self, app: &App) -> Change {
        let kind = match self.loaded {
            None => "ticket.opened",
            Some(_) => "ticket.changed",
        };
        Change {
            at: self.now,
            kind: kind.to_owned(),
            ticket: Some(self.stored.ticket.id),
            // Of what a clock does that is kept from customers, only those who serve are told.
            account: (self.stored.ticket.facts.account)
                .filter(|_| !is_internal(&self.facts, &app.policy())),
            subject: None,
        }
    }
}

/// Whether facts are of nothing but clocks that are kept from customers, and of the escalations that these raised.
fn is_internal(facts: &[Event], policy: &PolicyInForce) -> bool {
    let rest = facts.iter().filter(|fact| !is_of_escalation(&fact.kind));
    let names: Option<Vec<_>> = rest.map(|fact| fact.kind.of_clock()).collect();
    let names = names.filter(|names| !names.is_empty());
    names.is_some_and(|names| {
        let internal = policy.book().internal();
        names.into_iter().all(|name| internal.contains(name))
    })
}

fn is_of_escalation(kind: &EventKind) -> bool {
    matches!(
        kind,
        EventKind::EscalationRaised { .. }
            | EventKind::EscalationAcknowledged { .. }
            | EventKind::EscalationResolved { .. }
    )
}
