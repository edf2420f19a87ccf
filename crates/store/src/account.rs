//! Accounts.

use mainstay_domain::account::Account;
use mainstay_domain::id::{AccountId, AgentId};

use crate::column::Field;
use crate::connection::{Connection, Transaction, all, one};
use crate::error::StoreError;
use crate::named_list::{name_key, page_by_name, push_holds};
use crate::page::{Page, PageRequest};
use crate::record::{
    self, fetch_all, fetch_one, insert_values, insert_with, record, select, update_with,
};
use crate::search;
use crate::sql::Sql;

record!(Account in "account" {
    id, name, external_id, language, time_zone, domains, people, fields, notes, created_at, archived_at,
});

/// Which accounts to list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AccountFilter {
    /// The name, the external id or a domain holds this text.
    pub text: Option<String>,
    /// This agent looks after it, in any role.
    pub agent: Option<AgentId>,
    /// Whether to list archived accounts.
    pub archived: Archived,
}

/// Whether a list holds what was archived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Archived {
    /// It does not.
    #[default]
    Left,
    /// It does, with the others.
    Included,
}

/// Inserts a new account.
///
/// # Errors
/// [`StoreError::Conflict`] when its external id or a domain belongs to another, or an agent is not there.
pub async fn insert(tx: &Transaction, account: &Account) -> Result<(), StoreError> {
    insert_many(tx, std::slice::from_ref(account)).await
}

/// Inserts new accounts, several with each statement.
///
/// # Errors
/// As [`insert`].
pub async fn insert_many(tx: &Transaction, accounts: &[Account]) -> Result<(), StoreError> {
    insert_with(tx, accounts, "name_key", |account| {
        name_key(&account.name).to_value()
    })
    .await?;
    insert_children(tx, accounts).await
}

/// Writes an account.
///
/// # Errors
/// As [`insert`], and when the account is not there.
pub async fn update(tx: &Transaction, account: &Account) -> Result<(), StoreError> {
    let before = lock(tx, account.id).await?;
    update_with(
        tx,
        account,
        vec![("name_key", name_key(&account.name).to_value())],
    )
    .await?;
    for table in ["account_domain", "account_person"] {
        tx.execute(Sql::new(format!("DELETE FROM {table}")).with(" WHERE account = ", &account.id))
            .await?;
    }
    insert_children(tx, std::slice::from_ref(account)).await?;
    if before.is_some_and(|before| before.name != account.name) {
        search::index_account(tx, account.id).await?;
    }
    Ok(())
}

/// An account by its id.
///
/// # Errors
/// [`StoreError::Corrupt`] when it cannot be read.
pub async fn find(on: &impl Connection, id: AccountId) -> Result<Option<Account>, StoreError> {
    record::find(on, &id).await
}

/// Reads an account to change it: no other transaction changes it until this one ends.
///
/// # Errors
/// As [`find`].
pub async fn lock(tx: &Transaction, id: AccountId) -> Result<Option<Account>, StoreError> {
    record::lock(tx, &id).await
}

/// The accounts with these ids, in no order.
///
/// # Errors
/// [`StoreError::Corrupt`] when one cannot be read.
pub async fn find_many(
    on: &impl Connection,
    ids: &[AccountId],
) -> Result<Vec<Account>, StoreError> {
    record::find_many(on, ids).await
}

/// The account by what another system calls it.
///
/// # Errors
/// [`StoreError::Corrupt`] when it cannot be read.
pub async fn find_by_external_id(
    on: &impl Connection,
    external_id: &str,
) -> Result<Option<Account>, StoreError> {
    let sql = select::<Account>().with(" WHERE t.external_id = ", &external_id.to_owned());
    fetch_one(on, sql).await
}

/// The account by its exact name, whatever its letters' case; the oldest of several.
///
/// # Errors
/// [`StoreError::Corrupt`] when it cannot be read.
pub async fn find_by_name(on: &impl Connection, name: &str) -> Result<Option<Account>, StoreError> {
    let sql = select::<Account>()
        .with(" WHERE t.name_key = ", &name_key(name))
        .then(" ORDER BY t.id LIMIT 1");
    fetch_one(on, sql).await
}

/// The account an e-mail domain belongs to: that very domain, or the nearest one above it, so that mail from
/// `eu.example.com` finds the account of `example.com`.
///
/// # Errors
/// [`StoreError::Corrupt`] when it cannot be read.
pub async fn find_by_domain(
    on: &impl Connection,
    domain: &str,
) -> Result<Option<Account>, StoreError> {
    let mut domain = name_key(domain);
    loop {
        let sql = select::<Account>().with(
            " JOIN account_domain d ON d.account = t.id WHERE d.domain = ",
            &domain,
        );
        if let Some(account) = fetch_one(on, sql).await? {
            return Ok(Some(account));
        }
        match domain.split_once('.') {
            // A top-level domain alone belongs to nobody.
            Some((_, above)) if above.contains('.') => domain = above.to_owned(),
            _ => return Ok(None),
        }
    }
}

/// Lists accounts by name.
///
/// # Errors
/// [`StoreError::Corrupt`] when one cannot be read.
pub async fn list(
    on: &impl Connection,
    filter: &AccountFilter,
    page: PageRequest,
) -> Result<Page<Account>, StoreError> {
    let mut sql = select::<Account>();
    sql.push(" WHERE 1 = 1");
    if filter.archived == Archived::Left {
        sql.push(" AND t.archived_at IS NULL");
    }
    if let Some(agent) = &filter.agent {
        sql.push(" AND t.id IN (SELECT account FROM account_person WHERE agent = ")
            .bind(agent)
            .push(")");
    }
    if let Some(text) = &filter.text {
        sql.push(" AND (");
        push_holds(&mut sql, "t.name_key", text);
        sql.push(" OR ");
        push_holds(&mut sql, "LOWER(t.external_id)", text);
        sql.push(" OR t.id IN (SELECT account FROM account_domain WHERE ");
        push_holds(&mut sql, "domain", text);
        sql.push("))");
    }
    page_by_name(on, sql, page, |account: &Account| account.id.uuid()).await
}

/// How many accounts there are, archived ones among them.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn count(on: &impl Connection) -> Result<u64, StoreError> {
    let row = one(on, Sql::new("SELECT COUNT(*) FROM account")).await?;
    row.map_or(Ok(0), |row| u64::read(&row, 0))
}

/// Every account that is not archived, for a task that goes through them all.
///
/// # Errors
/// [`StoreError::Corrupt`] when one cannot be read.
pub async fn all_active(on: &impl Connection) -> Result<Vec<Account>, StoreError> {
    let sql = select::<Account>().then(" WHERE t.archived_at IS NULL ORDER BY t.name_key, t.id");
    fetch_all(on, sql).await
}

/// The names of the accounts with these ids, which stay what they are until this transaction ends.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub(crate) async fn hold_names(
    tx: &Transaction,
    ids: &[AccountId],
) -> Result<Vec<(AccountId, String)>, StoreError> {
    let mut names = Vec::new();
    for ids in ids.chunks(5_000) {
        let mut sql = Sql::new("SELECT id, name FROM account WHERE id IN (");
        sql.bind_all(ids).push(") ORDER BY id");
        if tx.is_postgres() {
            // Whoever renames one holds it for writing.
            sql.push(" FOR KEY SHARE");
        }
        for row in all(tx, sql).await? {
            names.push((Field::read(&row, 0)?, Field::read(&row, 1)?));
        }
    }
    Ok(names)
}

async fn insert_children(tx: &Transaction, accounts: &[Account]) -> Result<(), StoreError> {
    let domains = accounts
        .iter()
        .flat_map(|account| {
            account
                .domains
                .iter()
                .map(|domain| vec![name_key(domain).to_value(), account.id.to_value()])
        })
        .collect();
    insert_values(tx, "account_domain", &["domain", "account"], domains, "").await?;
    let people = accounts
        .iter()
        .flat_map(|account| {
            account.people.iter().map(|person| {
                vec![
                    account.id.to_value(),
                    person.role.to_value(),
                    person.agent.to_value(),
                ]
            })
        })
        .collect();
    let columns = ["account", "role", "agent"];
    insert_values(
        tx,
        "account_person",
        &columns,
        people,
        " ON CONFLICT DO NOTHING",
    )
    .await
}
