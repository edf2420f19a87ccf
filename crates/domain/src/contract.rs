//! Contracts: what an account was sold.

use jiff::Timestamp;
use jiff::civil::Date;

use crate::event::{ContractTerms, TargetOverride};
use crate::id::{AccountId, ContractId};
use crate::name::TierName;

/// A contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contract {
    /// Identifies it.
    pub id: ContractId,
    /// Whose it is.
    pub account: AccountId,
    /// The tier that was sold.
    pub tier: TierName,
    /// The first day of its term.
    pub starts_on: Date,
    /// The last day of its term; a contract without one runs until it is ended.
    pub ends_on: Option<Date>,
    /// When the renewal falls due.
    pub renews_on: Option<Date>,
    /// What it is worth a year, in minor units of the currency.
    pub value: i64,
    /// The currency, by its ISO 4217 code.
    pub currency: String,
    /// What it promises otherwise than the pack.
    pub overrides: Vec<TargetOverride>,
    /// When it was recorded.
    pub created_at: Timestamp,
}

impl Contract {
    /// Whether the contract is in force on a day.
    #[must_use]
    pub fn is_in_force(&self, day: Date) -> bool {
        self.starts_on <= day && self.ends_on.is_none_or(|end| day <= end)
    }

    /// What clocks depend on.
    #[must_use]
    pub fn terms(&self) -> ContractTerms {
        ContractTerms {
            tier: Some(self.tier.clone()),
            overrides: self.overrides.clone(),
        }
    }
}
