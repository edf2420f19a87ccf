//! Opening a ticket.

use jiff::Timestamp;
use mainstay_domain::contact::Contact;
use mainstay_domain::contract::{Contract, in_force};
use mainstay_domain::event::{Actor, Channel, ContractTerms, Side};
use mainstay_domain::id::{AccountId, AgentId, ContactId, TeamId, TicketId};
use mainstay_domain::name::{CategoryName, Tag};
use mainstay_domain::role::Permission;
use mainstay_domain::severity::Severity;
use mainstay_domain::ticket::{Command, NewTicket, Ticket};
use mainstay_store::ticket::StoredTicket;
use mainstay_store::{Transaction, contact, contract};

use super::asked::AskedTicket;
use super::batch::Batch;
use super::mention::tell_mentioned;
use super::message::{MessageText, add_message};
use super::{Opening, TicketWriter, TokenTrail, day_of};
use crate::attachment::attach_uploads;
use crate::caller::Caller;
use crate::context::App;
use crate::error::{AppError, Result};
use crate::field::{Faults, check_message};
use crate::gathering::do_with_others;
use crate::job::Job;
use crate::routing::route;
use crate::transaction::transact;

/// A ticket that somebody wants opened.
#[derive(Debug, Clone)]
pub struct OpenTicket {
    /// What it is about, in a line.
    pub subject: String,
    /// Whose it is, when known.
    pub account: Option<AccountId>,
    /// For which contact, when known.
    pub contact: Option<ContactId>,
    /// By which way it comes.
    pub channel: Channel,
    /// Its severity; routing chooses when absent.
    pub severity: Option<Severity>,
    /// Its category; routing chooses when absent.
    pub category: Option<CategoryName>,
    /// The team it goes to; routing chooses when absent.
    pub team: Option<TeamId>,
    /// The agent it goes to; assignment chooses when absent.
    pub assignee: Option<AgentId>,
    /// Its tags.
    pub tags: Vec<Tag>,
    /// What was said.
    pub message: Option<MessageText>,
    /// When it came in; now when absent.
    pub at: Option<Timestamp>,
}

impl App {
    /// Opens a ticket: its clocks start with it. A contact opens it for themselves.
    ///
    /// # Errors
    /// [`AppError::Forbidden`], and [`AppError::Invalid`] for an empty subject, for an account, category or team that
    /// is not there, for an instant that is to come or before 1970, for what a contact may not choose, and for an upload that is not
    /// theirs to attach.
    pub async fn open_ticket(&self, caller: &Caller, mut open: OpenTicket) -> Result<StoredTicket> {
        if let Some(contact) = caller.contact() {
            caller.require(Permission::PortalWrite)?;
            open.keep_to(caller.account, contact)?;
        } else {
            caller.require(Permission::CreateTickets)?;
        }
        if open.at.is_some_and(|at| at > self.now()) {
            let detail =
                "this is yet to come: leave it out for now, or give an instant that is past";
            return Err(AppError::invalid("at", detail));
        }
        if open.at.is_some_and(|at| at < Timestamp::UNIX_EPOCH) {
            return Err(AppError::invalid(
                "at",
                "this is before 1970, when no message came in",
            ));
        }
        let mut uploads = Vec::new();
        if let Some(message) = &mut open.message {
            check_message("message", &message.text)?;
            message.adopt_uploads(self, caller).await?;
            uploads.clone_from(&message.uploads);
        }
        let opened = if uploads.is_empty() {
            let caller = caller.clone();
            do_with_others(self, AskedTicket { caller, open }).await?
        } else {
            transact!(self, tx => async {
                attach_uploads(self, tx, caller, &uploads).await?;
                open_in(self, tx, &Batch::default(), caller, &open).await
            })?
        };
        self.wake();
        Ok(opened)
    }
}

impl OpenTicket {
    /// What a contact may ask for: a ticket of their own, on their own account, that nobody is assigned to yet. What
    /// they may not choose is refused rather than dropped.
    fn keep_to(&mut self, account: Option<AccountId>, contact: ContactId) -> Result<()> {
        let mut faults = Faults::default();
        let mut refuse = |field: &str, is_other: bool, detail: &str| {
            if is_other {
                faults.add(field, format!("{detail}: leave it out"));
            }
        };
        let other_account = self.account.is_some() && self.account != account;
        refuse(
            "account",
            other_account,
            "a ticket of yours is of your account",
        );
        let other_contact = self.contact.is_some_and(|asked| asked != contact);
        refuse(
            "contact",
            other_contact,
            "a ticket of yours is for yourself",
        );
        let by_us = "those who serve you choose this";
        refuse("team", self.team.is_some(), by_us);
        refuse("assignee", self.assignee.is_some(), by_us);
        refuse("at", self.at.is_some(), "your ticket comes in now");
        let other_way = self.channel != Channel::Portal;
        refuse("channel", other_way, "your ticket comes by the portal");
        faults.finish()?;
        self.account = account;
        self.contact = Some(contact);
        if let Some(message) = &mut self.message {
            message.keep_to_customer();
        }
        Ok(())
    }
}

/// Opens a ticket within a transaction for somebody who asked for it, and notes by which token.
pub(super) async fn open_in(
    app: &App,
    tx: &Transaction,
    batch: &Batch,
    caller: &Caller,
    open: &OpenTicket,
) -> Result<StoredTicket> {
    let trail = TokenTrail::begin(tx, caller, &[]).await?;
    let opened = Box::pin(open_ticket(app, tx, batch, caller.actor, open, None)).await?;
    trail.opened(&opened.ticket).end(app, tx).await?;
    Ok(opened)
}

/// Opens a ticket within a transaction; `batch` knows what it asked for those that it opened before, and `contact` is whom it is for
/// where this transaction has read or written them already.
pub(crate) async fn open_ticket(
    app: &App,
    tx: &Transaction,
    batch: &Batch,
    actor: Actor,
    open: &OpenTicket,
    contact: Option<Contact>,
) -> Result<StoredTicket> {
    let subject = open.subject.trim();
    check_subject(subject)?;
    check_category(app, open.category.as_ref())?;
    let now = app.now();
    let said_at = open.message.as_ref().map(|message| message.at);
    let at = to_the_microsecond(open.at.or(said_at).unwrap_or(now).min(now));
    let open = &with_account_of_contact(tx, contact, open).await?;
    let (account, terms) = match open.account {
        Some(id) => {
            let found = batch.party(tx, id).await?;
            let no_such = || AppError::invalid("account", format!("there is no account {id}"));
            let (account, contracts) = found.ok_or_else(no_such)?;
            (Some(account), terms_at(&contracts, at))
        }
        None => (None, ContractTerms::default()),
    };
    let routing = route(app, tx, &batch.roster, open, account.as_ref(), &terms, now).await?;
    let id: TicketId = app.new_id(at);
    let number = batch.number(tx).await?;
    let unopened = Ticket::unopened(id, number, subject.to_owned(), at);
    let opening = Opening {
        account_name: account.map(|account| account.name),
        message: open.message.as_ref().map(|message| message.row(id, actor)),
    };
    let mut writer = TicketWriter::unopened(app, tx, unopened, opening);
    let new = NewTicket {
        account: open.account,
        contact: open.contact,
        channel: open.channel,
        severity: routing.severity,
        category: routing.category,
        team: routing.team,
        assignee: open.assignee,
        terms,
        tags: routing.tags,
    };
    writer.decide_at(actor, at, Command::Open(new))?;
    if let Some((agent, because)) = routing.assignee {
        let assign = Command::Assign {
            to: Some(agent),
            because: Some(Box::new(because)),
        };
        writer.decide_at(Actor::System, at, assign)?;
    }
    if let Some(message) = &open.message {
        add_message(&mut writer, actor, message, None)?;
    }
    let written = writer.save().await?;
    if let Some(agent) = written.ticket.facts.assignee {
        batch.roster.gave(agent, at);
    }
    if let Some(message) = &open.message {
        tell_mentioned(app, tx, id, actor, message).await?;
        let is_theirs = message.side == Side::Customer && message.is_conversation();
        // Without a contact there is nobody to send a receipt to.
        if is_theirs && open.contact.is_some() {
            Job::Acknowledge { ticket: id }.queue(app, tx, now).await?;
        }
    }
    Ok(written)
}

/// A ticket for a contact is their account's, unless it is said to be another's, which it cannot be.
async fn with_account_of_contact(
    tx: &Transaction,
    known: Option<Contact>,
    open: &OpenTicket,
) -> Result<OpenTicket> {
    let mut open = open.clone();
    let Some(id) = open.contact else {
        return Ok(open);
    };
    let contact = match known.filter(|known| known.id == id) {
        Some(known) => Some(known),
        None => contact::find(tx, id).await?,
    };
    let no_such = || AppError::invalid("contact", format!("there is no contact {id}"));
    let contact = contact.ok_or_else(no_such)?;
    if let (Some(asked), Some(theirs)) = (open.account, contact.account)
        && asked != theirs
    {
        return Err(AppError::invalid(
            "contact",
            "belongs to another account than the one that is named",
        ));
    }
    open.account = open.account.or(contact.account);
    Ok(open)
}

/// What the account was sold at an instant, by the contract in force on that day.
pub(crate) async fn terms_of(
    tx: &Transaction,
    account: Option<AccountId>,
    at: Timestamp,
) -> Result<ContractTerms> {
    let Some(account) = account else {
        return Ok(ContractTerms::default());
    };
    Ok(terms_at(&contract::of_account(tx, account).await?, at))
}

fn terms_at(contracts: &[Contract], at: Timestamp) -> ContractTerms {
    let contract = in_force(contracts, day_of(at));
    contract.map(Contract::terms).unwrap_or_default()
}

/// The store keeps no finer instant, and what is told of a new ticket is what will be read of it.
fn to_the_microsecond(at: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(at.as_microsecond()).unwrap_or(at)
}

/// The longest subject, in characters: as long as a line of a mail may be.
pub(crate) const LONGEST_SUBJECT: usize = 998;

/// Refuses a subject that is no line of text.
pub(crate) fn check_subject(subject: &str) -> Result<()> {
    if subject.trim().is_empty() {
        return Err(AppError::invalid("subject", "must not be empty"));
    }
    if subject.contains(['\n', '\r']) {
        return Err(AppError::invalid(
            "subject",
            "has a line break: write it on one line, and the rest as the message",
        ));
    }
    let length = subject.chars().count();
    if length > LONGEST_SUBJECT {
        return Err(AppError::invalid(
            "subject",
            format!("has {length} characters; at most {LONGEST_SUBJECT} are kept"),
        ));
    }
    Ok(())
}

/// Refuses a category that the policy in force does not name, with those that it does.
pub(crate) fn check_category(app: &App, category: Option<&CategoryName>) -> Result<()> {
    let policy = app.policy();
    let known = &policy.current().categories;
    let Some(category) = category else {
        return Ok(());
    };
    if known.is_empty() || known.iter().any(|known| known.name == *category) {
        return Ok(());
    }
    let names: Vec<&str> = known.iter().map(|known| known.name.as_str()).collect();
    Err(AppError::invalid(
        "category",
        format!(
            "the category {category} is unknown: the policy names {}",
            names.join(", ")
        ),
    ))
}
