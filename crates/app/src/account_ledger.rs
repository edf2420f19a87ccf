//! The ledger of an account itself: what became of it, of its contracts and of its people.

use jiff::Timestamp;
use mainstay_domain::account::Account;
use mainstay_domain::account_event::{
    AccountEvent, account_events, contact_events, contract_events,
};
use mainstay_domain::contact::Contact;
use mainstay_domain::contract::Contract;
use mainstay_domain::event::Actor;
use mainstay_domain::id::AccountId;
use mainstay_domain::role::Permission;
use mainstay_store::{Page, PageRequest, Transaction, ledger};

pub use mainstay_store::ledger::AccountFact;

use crate::caller::Caller;
use crate::context::App;
use crate::error::{AppError, Result};

impl App {
    /// Every fact about an account itself, oldest first. The facts of its tickets stand with the tickets.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] for those who may not see accounts, and for contacts; [`AppError::NotFound`] when there is
    /// no such account.
    pub async fn account_ledger(
        &self,
        caller: &Caller,
        id: AccountId,
        page: PageRequest,
    ) -> Result<Page<AccountFact>> {
        caller.require(Permission::ReadAccounts)?;
        self.account(caller, id).await?;
        Ok(ledger::of_account(&self.read(), id, page).await?)
    }

    /// Facts of what somebody has done, to be written in the transaction that does it.
    pub(crate) fn facts(&self, actor: Actor) -> FactsOf<'_> {
        FactsOf {
            app: self,
            actor,
            now: self.now(),
            facts: Vec::new(),
        }
    }
}

/// Facts about accounts that are to be written.
pub(crate) struct FactsOf<'a> {
    app: &'a App,
    actor: Actor,
    now: Timestamp,
    facts: Vec<AccountFact>,
}

impl FactsOf<'_> {
    /// What became of an account.
    pub(crate) fn account(mut self, before: Option<&Account>, after: &Account) -> Result<Self> {
        for event in account_events(before, after) {
            self.push(
                after.id,
                self.at(before.is_none(), after.created_at),
                &event,
            )?;
        }
        Ok(self)
    }

    /// What became of a contract.
    pub(crate) fn contract(mut self, before: Option<&Contract>, after: &Contract) -> Result<Self> {
        for event in contract_events(before, after) {
            self.push(
                after.account,
                self.at(before.is_none(), after.created_at),
                &event,
            )?;
        }
        Ok(self)
    }

    /// What became of a contact.
    pub(crate) fn contact(mut self, before: Option<&Contact>, after: &Contact) -> Result<Self> {
        for (account, event) in contact_events(before, after) {
            self.push(account, self.at(before.is_none(), after.created_at), &event)?;
        }
        Ok(self)
    }

    /// Writes them.
    pub(crate) async fn write(self, tx: &Transaction) -> Result<()> {
        Ok(ledger::append_account_facts(tx, &self.facts).await?)
    }

    /// What is new happened when it was created, which a store that is brought in may say was long ago.
    fn at(&self, is_new: bool, created_at: Timestamp) -> Timestamp {
        if is_new { created_at } else { self.now }
    }

    fn push(&mut self, account: AccountId, at: Timestamp, event: &AccountEvent) -> Result<()> {
        let payload = serde_json::to_string(event)
            .map_err(|error| AppError::broken("A fact could not be written down.", error))?;
        self.facts.push(AccountFact {
            id: self.app.new_id(self.now),
            account,
            at,
            recorded_at: self.now,
            actor: self.actor,
            policy: self.app.policy().version(),
            kind: event.name().to_owned(),
            payload,
        });
        Ok(())
    }
}
