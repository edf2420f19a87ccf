//! Reading tickets. What a caller may not see is as if it were not there.

use std::collections::BTreeSet;

use mainstay_domain::attachment::Attachment;
use mainstay_domain::clock::{Clock, Explanation, explain, fold};
use mainstay_domain::event::Event;
use mainstay_domain::id::{MessageId, TicketId};
use mainstay_domain::message::Message;
use mainstay_domain::name::CommitmentName;
use mainstay_domain::role::Permission;
use mainstay_domain::status::StatusKind;
use mainstay_store::search::Hit;
use mainstay_store::ticket::{StoredTicket, TicketFilter, TicketSort};
use mainstay_store::{Page, PageRequest, ledger, message, search, ticket};

use crate::caller::Caller;
use crate::context::App;
use crate::error::{AppError, Result};

impl App {
    /// A ticket.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when there is none, or none that the caller may see.
    pub async fn ticket(&self, caller: &Caller, id: TicketId) -> Result<StoredTicket> {
        self.visible_ticket(caller, id).await
    }

    /// A ticket by its number.
    ///
    /// # Errors
    /// As [`App::ticket`].
    pub async fn ticket_by_number(&self, caller: &Caller, number: u64) -> Result<StoredTicket> {
        let found = ticket::find_by_number(&self.read(), caller.scope()?, number).await?;
        let found = found.ok_or_else(|| AppError::no_such("ticket", number))?;
        self.shown_to(caller, found).await
    }

    /// The first name in a filter that no version of the policy knows: the filter's field, and what is wrong with it.
    #[must_use]
    pub fn unknown_in_filter(&self, filter: &TicketFilter) -> Option<(&'static str, String)> {
        let policy = self.policy();
        let versions = || policy.book().all();
        let kinds = StatusKind::ALL.map(|kind| kind.as_str().to_owned());
        let added = versions().flat_map(|policy| &policy.statuses);
        let statuses = kinds
            .into_iter()
            .chain(["done", "undone"].map(str::to_owned))
            .chain(added.map(|status| status.name.to_string()));
        let tiers = versions().flat_map(|policy| &policy.tiers);
        let categories = versions().flat_map(|policy| &policy.categories);
        let asked = filter.categories.iter().flatten();
        unknown("status", filter.statuses.iter(), statuses)
            .or_else(|| {
                unknown(
                    "tier",
                    filter.tiers.iter(),
                    tiers.map(|tier| tier.name.to_string()),
                )
            })
            .or_else(|| {
                unknown(
                    "category",
                    asked,
                    categories.map(|known| known.name.to_string()),
                )
            })
    }

    /// Lists tickets.
    ///
    /// # Errors
    /// Fails when the store does not answer.
    pub async fn tickets(
        &self,
        caller: &Caller,
        filter: &TicketFilter,
        sort: TicketSort,
        page: PageRequest,
    ) -> Result<Page<StoredTicket>> {
        let filter = self.filter_for(caller, filter);
        Ok(ticket::list(&self.read(), caller.scope()?, &filter, sort, page).await?)
    }

    /// How many tickets a list holds.
    ///
    /// # Errors
    /// Fails when the store does not answer.
    pub async fn count_tickets(&self, caller: &Caller, filter: &TicketFilter) -> Result<u64> {
        let filter = self.filter_for(caller, filter);
        Ok(ticket::count(&self.read(), caller.scope()?, &filter).await?)
    }

    /// The commitments that are kept from a caller: those among ourselves, from contacts.
    pub(crate) fn hidden_from(&self, caller: &Caller) -> BTreeSet<CommitmentName> {
        match caller.contact() {
            Some(_) => self.policy().book().internal(),
            None => BTreeSet::new(),
        }
    }

    fn filter_for(&self, caller: &Caller, filter: &TicketFilter) -> TicketFilter {
        TicketFilter {
            hidden: self.hidden_from(caller),
            ..filter.clone()
        }
    }

    /// A ticket as the caller may see it.
    async fn shown_to(&self, caller: &Caller, mut stored: StoredTicket) -> Result<StoredTicket> {
        let hidden = self.hidden_from(caller);
        ticket::keep_from_reader(&self.read(), std::slice::from_mut(&mut stored), &hidden).await?;
        stored.show_to(caller.scope()?);
        Ok(stored)
    }

    /// Searches subjects and messages for words. A contact's search does not look into internal notes.
    ///
    /// # Errors
    /// Fails when the store does not answer.
    pub async fn search_tickets(
        &self,
        caller: &Caller,
        words: &str,
        page: PageRequest,
    ) -> Result<Page<Hit>> {
        Ok(search::search(&self.read(), caller.scope()?, words, page).await?)
    }

    /// The conversation of a ticket, oldest first. A contact is shown neither internal notes nor whom a reply mentions.
    ///
    /// # Errors
    /// As [`App::ticket`].
    pub async fn messages(
        &self,
        caller: &Caller,
        id: TicketId,
        page: PageRequest,
    ) -> Result<Page<Message>> {
        self.visible_ticket(caller, id).await?;
        Ok(message::list(&self.read(), caller.scope()?, id, page).await?)
    }

    /// An attachment of a message.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when there is none, or none that the caller may see.
    pub async fn attachment(
        &self,
        caller: &Caller,
        message: MessageId,
        position: u32,
    ) -> Result<Attachment> {
        message::attachment(&self.read(), caller.scope()?, message, position)
            .await?
            .ok_or_else(|| AppError::no_such("attachment", position))
    }

    /// Every fact of a ticket, in the order in which they were recorded.
    ///
    /// # Errors
    /// As [`App::ticket`], and [`AppError::Forbidden`] for contacts.
    pub async fn ticket_history(
        &self,
        caller: &Caller,
        id: TicketId,
        page: PageRequest,
    ) -> Result<Page<Event>> {
        caller.require(Permission::ReadTickets)?;
        self.visible_ticket(caller, id).await?;
        Ok(ledger::of_ticket(&self.read(), id, page).await?)
    }

    /// The clocks of a ticket as they stand now, folded from its ledger. A contact is told nothing of promises among ourselves.
    ///
    /// # Errors
    /// As [`App::ticket`], and [`AppError::Forbidden`] for those who may not see clocks.
    pub async fn clocks(&self, caller: &Caller, id: TicketId) -> Result<Vec<Clock>> {
        caller.require(match caller.contact() {
            Some(_) => Permission::PortalReadPromises,
            None => Permission::ReadClocks,
        })?;
        self.visible_ticket(caller, id).await?;
        let events = ledger::load(&self.read(), id).await?;
        let mut clocks = fold(&events, self.policy().book(), self.now());
        let hidden = self.hidden_from(caller);
        clocks.retain(|clock| !hidden.contains(&clock.commitment));
        Ok(clocks)
    }

    /// Why each deadline of a ticket is what it is; of one commitment only where it is named.
    ///
    /// # Errors
    /// As [`App::ticket`], and [`AppError::NotFound`] when the ticket has no clock of that commitment.
    pub async fn explain_clocks(
        &self,
        caller: &Caller,
        id: TicketId,
        commitment: Option<&str>,
    ) -> Result<Vec<Explanation>> {
        let clocks = self.clocks(caller, id).await?;
        let names: Vec<&str> = clocks
            .iter()
            .map(|clock| clock.commitment.as_str())
            .collect();
        if let Some(wanted) = commitment
            && !names.contains(&wanted)
        {
            return Err(AppError::NotFound(format!(
                "The ticket has no clock {wanted}: it has {}.",
                if names.is_empty() {
                    "none".to_owned()
                } else {
                    names.join(", ")
                }
            )));
        }
        let now = self.now();
        Ok(clocks
            .into_iter()
            .filter(|clock| commitment.is_none_or(|wanted| clock.commitment.as_str() == wanted))
            .filter_map(|clock| explain(clock, now))
            .collect())
    }

    /// A ticket that the caller may see.
    pub(crate) async fn visible_ticket(
        &self,
        caller: &Caller,
        id: TicketId,
    ) -> Result<StoredTicket> {
        let found = ticket::find(&self.read(), caller.scope()?, id).await?;
        let found = found.ok_or_else(|| AppError::no_such("ticket", id))?;
        self.shown_to(caller, found).await
    }
}

/// The first of the names that is not known, told with those that are. Where nothing is known, anything goes.
fn unknown<N: ToString>(
    field: &'static str,
    asked: impl Iterator<Item = N>,
    known: impl Iterator<Item = String>,
) -> Option<(&'static str, String)> {
    let known: BTreeSet<String> = known.collect();
    let mut asked = asked.map(|name| name.to_string());
    let name = asked.find(|name| !known.is_empty() && !known.contains(name))?;
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    let detail = format!("{name:?} is unknown: expected one of {}", known.join(", "));
    Some((field, detail))
}
