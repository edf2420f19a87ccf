//! Looking ahead: what a contract would change of the clocks that run.

use jiff::civil::Date;
use mainstay_domain::clock::fold;
use mainstay_domain::contract::{Contract, first_difference, in_force};
use mainstay_domain::event::{Actor, ContractTerms, Event, EventKind};
use mainstay_domain::id::{AccountId, ContractId};
use mainstay_domain::role::Permission;
use mainstay_store::ticket::StoredTicket;
use mainstay_store::{PageRequest, contract, ledger};

use super::check;
use crate::caller::Caller;
use crate::context::App;
use crate::error::{AppError, Result};
use crate::policy::{ClockDifference, compare};
use crate::ticket::{OpenTickets, day_of};

/// What a contract would change of a page of the account's tickets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContractPreview {
    /// The first day on which other terms would be in force; nothing when it makes no difference.
    pub from: Option<Date>,
    /// How many tickets were looked at.
    pub tickets: usize,
    /// The running clocks that would be due at another instant, were those terms in force now.
    pub clocks: Vec<ClockDifference>,
    /// Where to go on; nothing when every ticket was looked at.
    pub next: Option<mainstay_store::Cursor>,
}

impl App {
    /// What a new contract of an account, filled in by `fill`, would change of the clocks that run. Nothing is changed.
    ///
    /// # Errors
    /// As [`create_contract`](Self::create_contract), and [`AppError::Forbidden`] without the permission `ticket.read`.
    pub async fn preview_new_contract(
        &self,
        caller: &Caller,
        account: AccountId,
        fill: impl FnOnce(&mut Contract),
        page: PageRequest,
    ) -> Result<ContractPreview> {
        caller.require(Permission::UpdateContracts)?;
        caller.require(Permission::ReadTickets)?;
        self.account(caller, account).await?;
        let contract = self.filled_contract(account, fill)?;
        let before = contract::of_account(&self.read(), account).await?;
        let mut after = before.clone();
        after.push(contract);
        self.preview_terms(account, &before, &after, page).await
    }

    /// What a change of a contract would change of the clocks that run. Nothing is changed.
    ///
    /// # Errors
    /// As [`update_contract`](Self::update_contract), and [`AppError::Forbidden`] without the permission `ticket.read`.
    pub async fn preview_contract(
        &self,
        caller: &Caller,
        id: ContractId,
        change: impl FnOnce(&mut Contract),
        page: PageRequest,
    ) -> Result<ContractPreview> {
        caller.require(Permission::UpdateContracts)?;
        caller.require(Permission::ReadTickets)?;
        let mut changed = contract::find(&self.read(), id)
            .await?
            .ok_or_else(|| AppError::no_such("contract", id))?;
        let account = changed.account;
        let before = contract::of_account(&self.read(), account).await?;
        change(&mut changed);
        check(&changed)?;
        let mut after = before.clone();
        after.retain(|contract| contract.id != id);
        after.push(changed);
        self.preview_terms(account, &before, &after, page).await
    }

    async fn preview_terms(
        &self,
        account: AccountId,
        before: &[Contract],
        after: &[Contract],
        page: PageRequest,
    ) -> Result<ContractPreview> {
        let Some(day) = first_difference(before, after, day_of(self.now())) else {
            return Ok(ContractPreview {
                from: None,
                tickets: 0,
                clocks: Vec::new(),
                next: None,
            });
        };
        let terms = in_force(after, day)
            .map(Contract::terms)
            .unwrap_or_default();
        let mut open = OpenTickets::of_account(self, account).from(page);
        let tickets = open.next().await?.unwrap_or_default();
        let mut clocks = Vec::new();
        for stored in &tickets {
            clocks.extend(self.differences_under(stored, &terms).await?);
        }
        Ok(ContractPreview {
            from: Some(day),
            tickets: tickets.len(),
            clocks,
            next: open.place(),
        })
    }

    /// The clocks of a ticket that other terms would have due at another instant.
    async fn differences_under(
        &self,
        stored: &StoredTicket,
        terms: &ContractTerms,
    ) -> Result<Vec<ClockDifference>> {
        let ticket = &stored.ticket;
        if ticket.facts.terms == *terms {
            return Ok(Vec::new());
        }
        let (now, policy) = (self.now(), self.policy());
        let mut events = ledger::load(&self.read(), ticket.id).await?;
        let promised = fold(&events, policy.book(), now);
        events.push(Event {
            id: self.new_id(now),
            at: now,
            recorded_at: now,
            sequence: ticket.version + 1,
            actor: Actor::System,
            policy: policy.version(),
            kind: EventKind::TermsChanged {
                terms: terms.clone(),
                reason: String::new(),
            },
        });
        let drafted = fold(&events, policy.book(), now);
        Ok(compare(ticket.number, &promised, &drafted))
    }
}
