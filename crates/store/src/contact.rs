//! Contacts.

use std::collections::BTreeMap;

use mainstay_domain::contact::{Contact, PortalRole};
use mainstay_domain::id::{AccountId, ContactId};

use crate::column::{Field, named};
use crate::connection::{Connection, Transaction, all};
use crate::error::StoreError;
use crate::named_list::{name_key, page_by_name, push_holds};
use crate::page::{Page, PageRequest};
use crate::password;
use crate::record::{
    self, Record, columns, fetch_all, insert_values, insert_with, record, select, update_with,
};
use crate::sql::Sql;

named!(PortalRole {
    Contact = "contact",
    Administrator = "administrator",
});

record!(Contact in "contact" { id, account, name, addresses, language, phone, portal, active, created_at });

/// Which contacts to list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ContactFilter {
    /// They work at this account.
    pub account: Option<AccountId>,
    /// Their name or an address holds this text.
    pub text: Option<String>,
}

/// Inserts a new contact.
///
/// # Errors
/// [`StoreError::Conflict`] when an address belongs to another, or the account is not there.
pub async fn insert(tx: &Transaction, contact: &Contact) -> Result<(), StoreError> {
    insert_many(tx, std::slice::from_ref(contact)).await
}

/// Inserts new contacts, several with each statement.
///
/// # Errors
/// As [`insert`].
pub async fn insert_many(tx: &Transaction, contacts: &[Contact]) -> Result<(), StoreError> {
    insert_with(tx, contacts, "name_key", |contact| {
        name_key(&contact.name).to_value()
    })
    .await?;
    insert_addresses(tx, contacts).await
}

/// Writes a contact. Their password stays.
///
/// # Errors
/// As [`insert`], and when the contact is not there.
pub async fn update(tx: &Transaction, contact: &Contact) -> Result<(), StoreError> {
    update_with(
        tx,
        contact,
        vec![("name_key", name_key(&contact.name).to_value())],
    )
    .await?;
    tx.execute(Sql::new("DELETE FROM contact_address").with(" WHERE contact = ", &contact.id))
        .await?;
    insert_addresses(tx, std::slice::from_ref(contact)).await
}

/// A contact by their id.
///
/// # Errors
/// [`StoreError::Corrupt`] when they cannot be read.
pub async fn find(on: &impl Connection, id: ContactId) -> Result<Option<Contact>, StoreError> {
    record::find(on, &id).await
}

/// Reads a contact to change it: no other transaction changes it until this one ends.
///
/// # Errors
/// As [`find`].
pub async fn lock(tx: &Transaction, id: ContactId) -> Result<Option<Contact>, StoreError> {
    record::lock(tx, &id).await
}

/// The contacts with these ids, in no order.
///
/// # Errors
/// [`StoreError::Corrupt`] when one cannot be read.
pub async fn find_many(
    on: &impl Connection,
    ids: &[ContactId],
) -> Result<Vec<Contact>, StoreError> {
    record::find_many(on, ids).await
}

/// The contact an e-mail address belongs to, whatever its letters' case.
///
/// # Errors
/// [`StoreError::Corrupt`] when they cannot be read.
pub async fn find_by_address(
    on: &impl Connection,
    address: &str,
) -> Result<Option<Contact>, StoreError> {
    let found = find_by_addresses(on, &[address]).await?;
    Ok(found.into_iter().next().flatten())
}

/// The contacts that e-mail addresses belong to, whatever their letters' case: one or none for each, in their order.
///
/// # Errors
/// As [`find_by_address`].
pub async fn find_by_addresses(
    on: &impl Connection,
    addresses: &[&str],
) -> Result<Vec<Option<Contact>>, StoreError> {
    let keys: Vec<String> = addresses.iter().map(|address| name_key(address)).collect();
    let mut found: BTreeMap<String, Contact> = BTreeMap::new();
    for keys in keys.chunks(5_000) {
        let mut sql = Sql::new(format!(
            "SELECT {}, a.address_key FROM contact t JOIN contact_address a ON a.contact = t.id WHERE a.address_key IN (",
            columns::<Contact>("t.")
        ));
        sql.bind_set(keys).push(")");
        for row in all(on, sql).await? {
            let key = Field::read(&row, Contact::COLUMNS.len())?;
            found.insert(key, Contact::read(&row, 0)?);
        }
    }
    Ok(keys.iter().map(|key| found.get(key).cloned()).collect())
}

/// The contacts of an account, by name.
///
/// # Errors
/// [`StoreError::Corrupt`] when one cannot be read.
pub async fn of_account(
    on: &impl Connection,
    account: AccountId,
) -> Result<Vec<Contact>, StoreError> {
    let sql = select::<Contact>()
        .with(" WHERE t.account = ", &account)
        .then(" ORDER BY t.name_key, t.id");
    fetch_all(on, sql).await
}

/// Lists contacts by name.
///
/// # Errors
/// [`StoreError::Corrupt`] when one cannot be read.
pub async fn list(
    on: &impl Connection,
    filter: &ContactFilter,
    page: PageRequest,
) -> Result<Page<Contact>, StoreError> {
    let mut sql = select::<Contact>();
    sql.push(" WHERE 1 = 1");
    if let Some(account) = &filter.account {
        sql.push(" AND t.account = ").bind(account);
    }
    if let Some(text) = &filter.text {
        sql.push(" AND (");
        push_holds(&mut sql, "t.name_key", text);
        sql.push(" OR t.id IN (SELECT contact FROM contact_address WHERE ");
        push_holds(&mut sql, "address_key", text);
        sql.push("))");
    }
    page_by_name(on, sql, page, |contact: &Contact| contact.id.uuid()).await
}

/// The hash of a contact's password, if they have one.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn password_hash(
    on: &impl Connection,
    id: ContactId,
) -> Result<Option<String>, StoreError> {
    password::hash::<Contact>(on, &id).await
}

/// Sets the hash of a contact's password, or takes the password away.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn set_password_hash(
    tx: &Transaction,
    id: ContactId,
    hash: Option<&str>,
) -> Result<(), StoreError> {
    password::set_hash::<Contact>(tx, &id, None, hash).await
}

/// Replaces the hash of a contact's password by another of the same password, unless the password changed meanwhile.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn upgrade_password_hash(
    tx: &Transaction,
    id: ContactId,
    from: &str,
    to: &str,
) -> Result<(), StoreError> {
    password::set_hash::<Contact>(tx, &id, Some(from), Some(to)).await
}

async fn insert_addresses(tx: &Transaction, contacts: &[Contact]) -> Result<(), StoreError> {
    let rows = contacts
        .iter()
        .flat_map(|contact| {
            contact
                .addresses
                .iter()
                .map(|address| vec![name_key(address).to_value(), contact.id.to_value()])
        })
        .collect();
    insert_values(tx, "contact_address", &["address_key", "contact"], rows, "").await
}
