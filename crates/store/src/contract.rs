//! Contracts.

use jiff::civil::Date;
use mainstay_domain::account::Account;
use mainstay_domain::contract::{self, Contract};
use mainstay_domain::id::{AccountId, ContractId};

use crate::column::Field;
use crate::connection::{Connection, Transaction, all};
use crate::error::StoreError;
use crate::record::{self, Record, columns, fetch_all, insert_all, record, select};
use crate::sql::Sql;

record!(Contract in "contract" {
    id, account, tier, starts_on, ends_on, renews_on, value, currency, overrides, created_at,
});

/// Inserts a new contract.
///
/// # Errors
/// [`StoreError::Conflict`] when the account is not there.
pub async fn insert(tx: &Transaction, contract: &Contract) -> Result<(), StoreError> {
    insert_many(tx, std::slice::from_ref(contract)).await
}

/// Inserts new contracts, several with each statement.
///
/// # Errors
/// As [`insert`].
pub async fn insert_many(tx: &Transaction, contracts: &[Contract]) -> Result<(), StoreError> {
    insert_all(tx, contracts).await
}

/// Writes a contract.
///
/// # Errors
/// [`StoreError::Conflict`] when it is not there.
pub async fn update(tx: &Transaction, contract: &Contract) -> Result<(), StoreError> {
    record::update(tx, contract).await
}

/// A contract by its id.
///
/// # Errors
/// [`StoreError::Corrupt`] when it cannot be read.
pub async fn find(on: &impl Connection, id: ContractId) -> Result<Option<Contract>, StoreError> {
    record::find(on, &id).await
}

/// Reads a contract to change it: no other transaction changes it until this one ends.
///
/// # Errors
/// As [`find`].
pub async fn lock(tx: &Transaction, id: ContractId) -> Result<Option<Contract>, StoreError> {
    record::lock(tx, &id).await
}

/// The contracts of an account, the latest first.
///
/// # Errors
/// [`StoreError::Corrupt`] when one cannot be read.
pub async fn of_account(
    on: &impl Connection,
    account: AccountId,
) -> Result<Vec<Contract>, StoreError> {
    let sql = select::<Contract>()
        .with(" WHERE t.account = ", &account)
        .then(" ORDER BY t.starts_on DESC, t.id DESC");
    fetch_all(on, sql).await
}

/// Accounts with their contracts, the latest first. An account that is not there is left out; the others come in no order.
///
/// # Errors
/// [`StoreError::Corrupt`] when one cannot be read.
pub async fn with_accounts(
    on: &impl Connection,
    accounts: &[AccountId],
) -> Result<Vec<(Account, Vec<Contract>)>, StoreError> {
    if accounts.is_empty() {
        return Ok(Vec::new());
    }
    let mut sql = Sql::new(format!(
        "SELECT {}, {} FROM account a LEFT JOIN contract c ON c.account = a.id WHERE a.id IN (",
        columns::<Account>("a."),
        columns::<Contract>("c.")
    ));
    sql.bind_set(accounts)
        .push(") ORDER BY a.id, c.starts_on DESC, c.id DESC");
    let place = Account::COLUMNS.len();
    let mut found: Vec<(Account, Vec<Contract>)> = Vec::new();
    for row in &all(on, sql).await? {
        let account = Account::read(row, 0)?;
        if found.last().is_none_or(|(last, _)| last.id != account.id) {
            found.push((account, Vec::new()));
        }
        if Option::<ContractId>::read(row, place)?.is_some()
            && let Some((_, contracts)) = found.last_mut()
        {
            contracts.push(Contract::read(row, place)?);
        }
    }
    Ok(found)
}

/// The contract of an account that is in force on a day; of several the one that started last.
///
/// # Errors
/// [`StoreError::Corrupt`] when it cannot be read.
pub async fn in_force(
    on: &impl Connection,
    account: AccountId,
    day: Date,
) -> Result<Option<Contract>, StoreError> {
    let contracts = of_account(on, account).await?;
    Ok(contract::in_force(&contracts, day).cloned())
}

/// Every contract that is in force on a day, by account; of several of one account the one that started last.
///
/// # Errors
/// [`StoreError::Corrupt`] when one cannot be read.
pub async fn all_in_force(on: &impl Connection, day: Date) -> Result<Vec<Contract>, StoreError> {
    fetch_in_force(on, select::<Contract>().then(" WHERE 1 = 1"), day).await
}

/// The contracts of these accounts that are in force on a day; of several of one account the one that started last.
///
/// # Errors
/// [`StoreError::Corrupt`] when one cannot be read.
pub async fn in_force_of(
    on: &impl Connection,
    accounts: &[AccountId],
    day: Date,
) -> Result<Vec<Contract>, StoreError> {
    if accounts.is_empty() {
        return Ok(Vec::new());
    }
    let mut sql = select::<Contract>();
    sql.push(" WHERE t.account IN (")
        .bind_all(accounts)
        .push(")");
    fetch_in_force(on, sql, day).await
}

async fn fetch_in_force(
    on: &impl Connection,
    sql: Sql,
    day: Date,
) -> Result<Vec<Contract>, StoreError> {
    let sql = sql
        .with(" AND t.starts_on <= ", &day)
        .with(" AND (t.ends_on IS NULL OR t.ends_on >= ", &day)
        .then(") ORDER BY t.account, t.starts_on DESC, t.id DESC");
    let mut contracts: Vec<Contract> = fetch_all(on, sql).await?;
    contracts.dedup_by_key(|contract| contract.account);
    Ok(contracts)
}
