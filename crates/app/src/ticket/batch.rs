//! What a transaction that opens several tickets has asked already, so that it need not ask for each.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use mainstay_domain::account::Account;
use mainstay_domain::contract::Contract;
use mainstay_domain::id::AccountId;
use mainstay_store::{Transaction, contract, ticket};

use crate::error::Result;
use crate::routing::Roster;

/// Whose ticket it is, and what they were sold.
pub(super) type Party = (Account, Vec<Contract>);

/// What is known for the tickets that one transaction opens; nothing yet by default.
#[derive(Default)]
pub(crate) struct Batch {
    /// Who could be given a ticket.
    pub roster: Roster,
    asked: Mutex<Asked>,
}

#[derive(Default)]
struct Asked {
    /// The largest first.
    numbers: Vec<u64>,
    parties: BTreeMap<AccountId, Party>,
}

impl Batch {
    /// Asks at once for what some tickets will need, which are of these accounts where they are of any.
    pub async fn ask(
        &self,
        tx: &Transaction,
        accounts: impl ExactSizeIterator<Item = Option<AccountId>>,
    ) -> Result<()> {
        let count = u32::try_from(accounts.len()).unwrap_or(u32::MAX);
        let mut unknown: Vec<AccountId> = accounts.flatten().collect();
        unknown.sort_unstable();
        unknown.dedup();
        unknown.retain(|id| !self.asked().parties.contains_key(id));
        let parties = contract::with_accounts(tx, &unknown).await?;
        let mut numbers = match count {
            0 => Vec::new(),
            _ => ticket::next_numbers(tx, count).await?,
        };
        numbers.reverse();
        let parties = parties.into_iter().map(|party| (party.0.id, party));
        let mut asked = self.asked();
        asked.numbers.splice(..0, numbers);
        asked.parties.extend(parties);
        Ok(())
    }

    /// A number for the next ticket.
    pub(super) async fn number(&self, tx: &Transaction) -> Result<u64> {
        let known = self.asked().numbers.pop();
        match known {
            Some(number) => Ok(number),
            None => Ok(ticket::next_number(tx).await?),
        }
    }

    /// An account with its contracts, where there is one.
    pub(super) async fn party(&self, tx: &Transaction, id: AccountId) -> Result<Option<Party>> {
        if let Some(known) = self.asked().parties.get(&id) {
            return Ok(Some(known.clone()));
        }
        let found = contract::with_accounts(tx, &[id]).await?.pop();
        if let Some(found) = &found {
            self.asked().parties.insert(id, found.clone());
        }
        Ok(found)
    }

    fn asked(&self) -> std::sync::MutexGuard<'_, Asked> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
