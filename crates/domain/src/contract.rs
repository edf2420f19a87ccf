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

/// The contract in force on a day: of several the one that started last.
pub fn in_force<'a>(
    contracts: impl IntoIterator<Item = &'a Contract>,
    day: Date,
) -> Option<&'a Contract> {
    contracts
        .into_iter()
        .filter(|contract| contract.is_in_force(day))
        .max_by_key(|contract| (contract.starts_on, contract.id))
}

/// The first day, `today` or after, on which other terms would be in force if `before` were `after`.
#[must_use]
pub fn first_difference(before: &[Contract], after: &[Contract], today: Date) -> Option<Date> {
    let mut days: Vec<Date> = before
        .iter()
        .chain(after)
        .flat_map(|contract| {
            let ended = contract.ends_on.and_then(|end| end.tomorrow().ok());
            [Some(contract.starts_on), ended]
        })
        .flatten()
        .filter(|day| *day > today)
        .chain([today])
        .collect();
    days.sort();
    let terms = |contracts, day| in_force(contracts, day).map(Contract::terms);
    days.into_iter()
        .find(|day| terms(before, *day) != terms(after, *day))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use uuid::Uuid;

    use super::*;

    fn contract(number: u128, tier: &str, starts_on: Date, ends_on: Option<Date>) -> Contract {
        Contract {
            id: ContractId::from(Uuid::from_u128(number)),
            account: AccountId::from(Uuid::nil()),
            tier: TierName::from(tier.to_owned()),
            starts_on,
            ends_on,
            renews_on: None,
            value: 0,
            currency: "EUR".to_owned(),
            overrides: Vec::new(),
            created_at: Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn of_several_the_one_that_started_last_is_in_force() {
        let all = [
            contract(1, "gold", date(2026, 1, 1), None),
            contract(2, "silver", date(2026, 3, 1), Some(date(2026, 3, 31))),
        ];
        let tier = |day| in_force(&all, day).map(|found| found.tier.to_string());
        assert_eq!(tier(date(2025, 12, 31)), None);
        assert_eq!(tier(date(2026, 3, 31)), Some("silver".to_owned()));
        assert_eq!(tier(date(2026, 4, 1)), Some("gold".to_owned()));
    }

    #[test]
    fn a_change_makes_a_difference_from_the_first_day_with_other_terms() {
        let today = date(2026, 3, 2);
        let gold = contract(1, "gold", date(2026, 1, 1), None);
        let difference =
            |after: &[Contract]| first_difference(std::slice::from_ref(&gold), after, today);
        assert_eq!(difference(std::slice::from_ref(&gold)), None);
        let silver = contract(1, "silver", date(2026, 1, 1), None);
        assert_eq!(difference(&[silver]), Some(today));
        let ended = contract(1, "gold", date(2026, 1, 1), Some(today));
        assert_eq!(difference(&[ended]), Some(date(2026, 3, 3)));
        let renewed = contract(2, "silver", date(2026, 6, 1), None);
        assert_eq!(difference(&[gold.clone(), renewed]), Some(date(2026, 6, 1)));
        let past = contract(2, "silver", date(2025, 1, 1), Some(date(2025, 12, 31)));
        assert_eq!(difference(&[gold.clone(), past]), None);
    }
}
