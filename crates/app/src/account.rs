//! Accounts: looking them up, making and changing them.

use std::collections::HashMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use mainstay_domain::account::Account;
use mainstay_domain::id::AccountId;
use mainstay_domain::name::TierName;
use mainstay_domain::role::Permission;
use mainstay_store::account::{self, AccountFilter};
use mainstay_store::clock::{self, KeptForAccount};
use mainstay_store::{Page, PageRequest, contract};

use crate::attainment::USUAL_PERIOD;
use crate::audit::Action;
use crate::caller::Caller;
use crate::context::App;
use crate::error::{AppError, Expected, Result};
use crate::field::Faults;
use crate::secret::fingerprint;
use crate::transaction::transact;

/// An account in a list of them.
#[derive(Debug, Clone, PartialEq)]
pub struct AccountSummary {
    /// The account.
    pub account: Account,
    /// The tier of the contract in force, where there is one and the caller may read contracts.
    pub tier: Option<TierName>,
    /// How the promises of the last 90 days and of today (days of UTC) were kept, where there were any and the caller may see clocks.
    pub kept: Option<KeptForAccount>,
}

impl App {
    /// The accounts that fit a filter, with what the caller may know of how each is served. A portal user sees their own.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] for somebody who may see none.
    pub async fn accounts(
        &self,
        caller: &Caller,
        filter: &AccountFilter,
        page: PageRequest,
    ) -> Result<Page<AccountSummary>> {
        let Page { items, next } = self.list_accounts(caller, filter, page).await?;
        let on = self.read();
        let serves = caller.contact().is_none();
        let ids: Vec<AccountId> = items.iter().map(|account| account.id).collect();
        let now = self.now();
        let mut tiers: HashMap<AccountId, TierName> = HashMap::new();
        if serves && caller.may(Permission::ReadContracts) {
            let today = now.to_zoned(TimeZone::UTC).date();
            let contracts = contract::in_force_of(&on, &ids, today).await?;
            tiers.extend(
                contracts
                    .into_iter()
                    .map(|found| (found.account, found.tier)),
            );
        }
        let mut kept: HashMap<AccountId, KeptForAccount> = HashMap::new();
        if serves && caller.may(Permission::ReadClocks) {
            let from = now.saturating_sub(USUAL_PERIOD).unwrap_or(Timestamp::MIN);
            let counted = clock::kept_for_accounts(&on, &ids, from).await?;
            kept.extend(counted.into_iter().map(|found| (found.account, found)));
        }
        let items = items.into_iter().map(|account| AccountSummary {
            tier: tiers.remove(&account.id),
            kept: kept.remove(&account.id),
            account,
        });
        Ok(Page {
            items: items.collect(),
            next,
        })
    }

    /// The accounts that fit a filter, alone.
    ///
    /// # Errors
    /// As [`accounts`](Self::accounts).
    pub(crate) async fn list_accounts(
        &self,
        caller: &Caller,
        filter: &AccountFilter,
        page: PageRequest,
    ) -> Result<Page<Account>> {
        if let Some(own) = own_account(caller)? {
            let account = account::find(&self.read(), own).await?;
            return Ok(Page {
                items: account.into_iter().collect(),
                next: None,
            });
        }
        Ok(account::list(&self.read(), filter, page).await?)
    }

    /// An account.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when there is none, or none that the caller may know of.
    pub async fn account(&self, caller: &Caller, id: AccountId) -> Result<Account> {
        let visible = own_account(caller)?.is_none_or(|own| own == id);
        let account = account::find(&self.read(), id).await?;
        account
            .filter(|_| visible)
            .ok_or_else(|| AppError::no_such("account", id))
    }

    /// Makes an account, filled in by `fill`.
    ///
    /// # Errors
    /// [`AppError::Invalid`] for wrong fields, [`AppError::Conflict`] for a domain or external id that is taken.
    pub async fn create_account(
        &self,
        caller: &Caller,
        fill: impl FnOnce(&mut Account),
    ) -> Result<Account> {
        caller.require(Permission::UpdateAccounts)?;
        let now = self.now();
        let mut account = Account {
            id: self.new_id(now),
            name: String::new(),
            external_id: None,
            language: None,
            time_zone: None,
            domains: Vec::new(),
            people: Vec::new(),
            fields: std::collections::BTreeMap::new(),
            notes: String::new(),
            created_at: now,
            archived_at: None,
        };
        fill(&mut account);
        let account = checked(account)?;
        let tx = self.begin().await?;
        account::insert(&tx, &account).await?;
        let facts = self.facts(caller.actor).account(None, &account)?;
        facts.write(&tx).await?;
        let action = Action::new("account.created", "account", account.id).of_account(account.id);
        self.record(&tx, caller, action).await?;
        tx.commit().await?;
        Ok(account)
    }

    /// Changes an account by `change`.
    ///
    /// # Errors
    /// As [`create_account`](Self::create_account), and [`AppError::Changed`] when it is not what the caller expects.
    pub async fn update_account(
        &self,
        caller: &Caller,
        id: AccountId,
        expected: &Expected,
        change: impl Fn(&mut Account),
    ) -> Result<Account> {
        caller.require(Permission::UpdateAccounts)?;
        transact!(self, tx => async {
            let before = account::lock(tx, id)
                .await?
                .ok_or_else(|| AppError::no_such("account", id))?;
            expected.check(fingerprint(&before))?;
            let mut after = before.clone();
            change(&mut after);
            let after = checked(after)?;
            if after != before {
                account::update(tx, &after).await?;
                let facts = self.facts(caller.actor).account(Some(&before), &after)?;
                facts.write(tx).await?;
                let action = Action::new("account.changed", "account", id).of_account(id);
                self.record(tx, caller, action).await?;
            }
            Ok(after)
        })
    }
}

/// The only account a portal user may know of; nothing for those who serve.
fn own_account(caller: &Caller) -> Result<Option<AccountId>> {
    if caller.contact().is_some() {
        caller.scope()?;
        return Ok(caller.account);
    }
    caller.require(Permission::ReadAccounts)?;
    Ok(None)
}

fn checked(mut account: Account) -> Result<Account> {
    let mut faults = Faults::default();
    account.name = account.name.trim().to_owned();
    faults.name("name", &account.name);
    faults.text("notes", &account.notes);
    faults.domains("domains", &account.domains);
    if let Some(language) = &account.language {
        faults.language("language", language);
    }
    if let Some(zone) = &account.time_zone {
        faults.time_zone("time_zone", zone);
    }
    if let Some(id) = &account.external_id {
        faults.name("external_id", id);
    }
    faults.finish()?;
    for domain in &mut account.domains {
        *domain = domain.to_lowercase();
    }
    account.domains.sort();
    account.domains.dedup();
    account.people.sort();
    account.people.dedup();
    Ok(account)
}
