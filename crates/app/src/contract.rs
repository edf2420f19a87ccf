//! Contracts: what accounts were sold.

mod preview;

use jiff::civil::Date;
use mainstay_domain::contract::Contract;
use mainstay_domain::id::{AccountId, ContractId};
use mainstay_domain::name::TierName;
use mainstay_domain::role::Permission;
use mainstay_store::contract;

use crate::audit::Action;
use crate::caller::Caller;
use crate::context::App;
use crate::error::{AppError, Expected, Result};
use crate::field::Faults;
use crate::secret::fingerprint;

pub use preview::ContractPreview;

impl App {
    /// The contracts of an account, latest first.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when there is no such account.
    pub async fn contracts(&self, caller: &Caller, account: AccountId) -> Result<Vec<Contract>> {
        caller.require(Permission::ReadContracts)?;
        self.account(caller, account).await?;
        let mut contracts = contract::of_account(&self.read(), account).await?;
        contracts.sort_by_key(|contract| std::cmp::Reverse((contract.starts_on, contract.id)));
        Ok(contracts)
    }

    /// A contract.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when there is none.
    pub async fn contract(&self, caller: &Caller, id: ContractId) -> Result<Contract> {
        caller.require(Permission::ReadContracts)?;
        contract::find(&self.read(), id)
            .await?
            .ok_or_else(|| AppError::no_such("contract", id))
    }

    /// Makes a contract of an account, filled in by `fill`.
    ///
    /// # Errors
    /// [`AppError::Invalid`] for wrong fields, [`AppError::NotFound`] when there is no such account.
    pub async fn create_contract(
        &self,
        caller: &Caller,
        account: AccountId,
        fill: impl FnOnce(&mut Contract),
    ) -> Result<Contract> {
        caller.require(Permission::UpdateContracts)?;
        self.account(caller, account).await?;
        let contract = self.filled_contract(account, fill)?;
        let tx = self.begin().await?;
        contract::insert(&tx, &contract).await?;
        let facts = self.facts(caller.actor).contract(None, &contract)?;
        facts.write(&tx).await?;
        self.queue_terms(&tx, &contract).await?;
        let action = Action::new("contract.created", "contract", contract.id).of_account(account);
        self.record(&tx, caller, action).await?;
        tx.commit().await?;
        Ok(contract)
    }

    /// A new contract of an account as `fill` fills it in; not stored yet.
    fn filled_contract(
        &self,
        account: AccountId,
        fill: impl FnOnce(&mut Contract),
    ) -> Result<Contract> {
        let now = self.now();
        let mut contract = Contract {
            id: self.new_id(now),
            account,
            tier: TierName::from(""),
            starts_on: Date::default(),
            ends_on: None,
            renews_on: None,
            value: 0,
            currency: "USD".to_owned(),
            overrides: Vec::new(),
            created_at: now,
        };
        fill(&mut contract);
        check(&contract)?;
        Ok(contract)
    }

    /// Changes a contract by `change`.
    ///
    /// # Errors
    /// As [`create_contract`](Self::create_contract), and [`AppError::Changed`] when it is not what the caller expects.
    pub async fn update_contract(
        &self,
        caller: &Caller,
        id: ContractId,
        expected: &Expected,
        change: impl FnOnce(&mut Contract),
    ) -> Result<Contract> {
        caller.require(Permission::UpdateContracts)?;
        let tx = self.begin().await?;
        let before = contract::lock(&tx, id)
            .await?
            .ok_or_else(|| AppError::no_such("contract", id))?;
        expected.check(fingerprint(&before))?;
        let mut after = before.clone();
        change(&mut after);
        check(&after)?;
        if after != before {
            contract::update(&tx, &after).await?;
            let facts = self.facts(caller.actor).contract(Some(&before), &after)?;
            facts.write(&tx).await?;
            self.queue_terms(&tx, &after).await?;
            let action = Action::new("contract.changed", "contract", id).of_account(after.account);
            self.record(&tx, caller, action).await?;
        }
        tx.commit().await?;
        Ok(after)
    }
}

fn check(contract: &Contract) -> Result<()> {
    let mut faults = Faults::default();
    faults.name("tier", contract.tier.as_str());
    if contract.starts_on == Date::default() {
        faults.add("starts_on", "this is needed");
    }
    if contract.ends_on.is_some_and(|end| end < contract.starts_on) {
        faults.add("ends_on", "a contract does not end before it starts");
    }
    if contract.value < 0 {
        faults.add("value", "a contract is worth nothing or more");
    }
    let currency = &contract.currency;
    if currency.len() != 3 || !currency.chars().all(|c| c.is_ascii_uppercase()) {
        faults.add("currency", "expected an ISO 4217 code such as EUR");
    }
    for (index, entry) in contract.overrides.iter().enumerate() {
        if entry.target.is_none() && entry.calendar.is_none() {
            faults.add_entry(
                "overrides",
                index,
                "this changes neither the target nor the calendar",
            );
        }
        if entry.target.is_some_and(|target| !target.is_positive()) {
            faults.add_entry("overrides", index, "a target is longer than nothing");
        }
    }
    faults.finish()
}
