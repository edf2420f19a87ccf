//! What those whom records mention by identifier are called.

use mainstay_domain::id::AccountId;
use uuid::Uuid;

use crate::column::Field;
use crate::connection::{Connection, all};
use crate::error::StoreError;
use crate::sql::Sql;

/// What a name belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Noun {
    /// A customer.
    Account,
    /// A person at a customer.
    Contact,
    /// A person who serves.
    Agent,
    /// A team of those who serve.
    Team,
    /// What a program acts by.
    Token,
}

impl Noun {
    /// Those whom anybody may know who knows whom they belong to.
    pub const PEOPLE: [Self; 4] = [Self::Account, Self::Contact, Self::Agent, Self::Team];

    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Contact => "contact",
            Self::Agent => "agent",
            Self::Team => "team",
            Self::Token => "token",
        }
    }

    const fn table(self) -> &'static str {
        match self {
            Self::Token => "api_token",
            other => other.as_str(),
        }
    }
}

/// A name, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    /// What bears it.
    pub noun: Noun,
    /// Which of them.
    pub id: Uuid,
    /// The name.
    pub name: String,
}

/// The names that belong to these identifiers, of these kinds, in no order; what nothing bears is left out. With an
/// `account`, of accounts and contacts only those of that account.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn find(
    on: &impl Connection,
    nouns: &[Noun],
    account: Option<AccountId>,
    ids: &[Uuid],
) -> Result<Vec<Name>, StoreError> {
    let mut names = Vec::new();
    for noun in nouns.iter().copied() {
        let mut sql = Sql::new(format!(
            "SELECT id, name FROM {} WHERE id IN (",
            noun.table()
        ));
        sql.bind_all(ids).push(")");
        if let Some(account) = account {
            match noun {
                Noun::Account => {
                    sql.push(" AND id = ").bind(&account);
                }
                Noun::Contact => {
                    sql.push(" AND account = ").bind(&account);
                }
                Noun::Agent | Noun::Team | Noun::Token => {}
            }
        }
        for row in all(on, sql).await? {
            names.push(Name {
                noun,
                id: Field::read(&row, 0)?,
                name: Field::read(&row, 1)?,
            });
        }
    }
    Ok(names)
}
