//! Searching everything at once: tickets and what was said in them, accounts, contacts.

use mainstay_domain::id::{AccountId, MessageId, TicketId, Uuid};
use mainstay_domain::role::Permission;
use mainstay_domain::search::Fit;
use mainstay_domain::severity::Severity;
use mainstay_domain::status::Status;
use mainstay_store::PageRequest;
use mainstay_store::account::AccountFilter;
use mainstay_store::contact::ContactFilter;
use mainstay_store::search::words_of;
pub use mainstay_store::search::{Segment, segments};

use crate::caller::Caller;
use crate::context::App;
use crate::error::Result;
use crate::ticket::Hit;

/// Something that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// What it is.
    pub subject: Subject,
    /// Its name: the subject of a ticket, the name of an account or a contact.
    pub name: String,
    /// Where else the words stand: in a message, a domain, an address; empty where they stand in the name.
    pub excerpt: String,
    /// How well it fits.
    pub fit: Fit,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// An account.
    Account(AccountId),
    /// A contact, and where they work.
    Contact(Uuid, Option<AccountId>),
    /// A ticket.
    Ticket(FoundTicket),
}

/// A ticket that was found, with what tells it from others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundTicket {
    /// Which.
    pub id: TicketId,
    /// Its number.
    pub number: u64,
    /// Whose it is.
    pub account: Option<AccountId>,
    /// Its severity.
    pub severity: Severity,
    /// Its status.
    pub status: Status,
    /// The message that holds most of the words, where its subject does not.
    pub message: Option<MessageId>,
}

impl App {
    /// Searches tickets with their messages, accounts and contacts for words: at most `limit` of each kind, the better the
    /// fit the earlier, accounts before contacts before tickets, and of tickets the newest first. Somebody at a customer
    /// finds tickets only, and nothing in internal notes; so does who may not read accounts.
    ///
    /// # Errors
    /// [`AppError::Forbidden`](crate::AppError::Forbidden) without the permission `ticket.read`.
    pub async fn search_everything(
        &self,
        caller: &Caller,
        query: &str,
        limit: u32,
    ) -> Result<Vec<Found>> {
        let asked = words_of(query);
        let page = PageRequest::first(limit);
        let mut found = Vec::new();
        let of_number = query.trim().trim_start_matches('#').parse().ok();
        let named = match of_number {
            Some(number) => self.ticket_by_number(caller, number).await.ok(),
            None => None,
        };
        let tickets = self.search_tickets(caller, query, page).await?.items;
        if caller.contact().is_none() && caller.may(Permission::ReadAccounts) && !asked.is_empty() {
            let text = Some(query.trim().to_owned());
            let filter = AccountFilter {
                text: text.clone(),
                ..AccountFilter::default()
            };
            for account in self.list_accounts(caller, &filter, page).await?.items {
                let elsewhere = account.domains.join(", ");
                let subject = Subject::Account(account.id);
                found.push(Found::of(subject, account.name, elsewhere, &asked));
            }
            let filter = ContactFilter {
                text,
                account: None,
            };
            for contact in self.contacts(caller, filter, page).await?.items {
                let elsewhere = contact.addresses.join(", ");
                let subject = Subject::Contact(contact.id.uuid(), contact.account);
                found.push(Found::of(subject, contact.name, elsewhere, &asked));
            }
        }
        let number = named.as_ref().map(|stored| stored.ticket.number);
        if let Some(stored) = named {
            let ticket = stored.ticket;
            found.push(Found {
                subject: Subject::Ticket(FoundTicket {
                    id: ticket.id,
                    number: ticket.number,
                    account: ticket.facts.account,
                    severity: ticket.facts.severity,
                    status: ticket.facts.status,
                    message: None,
                }),
                name: ticket.subject,
                excerpt: String::new(),
                fit: Fit::Whole,
            });
        }
        let others = tickets.into_iter().filter(|hit| Some(hit.number) != number);
        found.extend(others.map(|hit| Found::ticket(hit, &asked)));
        // Stable: what fits alike stays in the order of its kind.
        found.sort_by_key(|found| found.fit);
        Ok(found)
    }
}

impl Found {
    fn of(subject: Subject, name: String, elsewhere: String, asked: &[String]) -> Self {
        let fit = Fit::of(&words_of(&name), asked);
        Self {
            subject,
            name,
            excerpt: elsewhere,
            fit,
        }
    }

    fn ticket(hit: Hit, asked: &[String]) -> Self {
        let excerpt = match hit.message {
            Some(_) => hit.excerpt,
            None => String::new(),
        };
        let subject = Subject::Ticket(FoundTicket {
            id: hit.ticket,
            number: hit.number,
            account: hit.account,
            severity: hit.severity,
            status: hit.status,
            message: hit.message,
        });
        Self::of(subject, hit.subject, excerpt, asked)
    }
}
