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
}

impl Noun {
    const ALL: [Self; 4] = [Self::Account, Self::Contact, Self::Agent, Self::Team];

    /// Its name, which is that of its table too.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Contact => "contact",
            Self::Agent => "agent",
            Self::Team => "team",
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

/// The names that belong to these identifiers, of whatever kind, in no order; what nothing bears is left out. With an
/// `account`, of accounts and contacts only those of that account.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn find(
    on: &impl Connection,
    account: Option<AccountId>,
    ids: &[Uuid],
) -> Result<Vec<Name>, StoreError> {
    let mut names = Vec::new();
    for noun in Noun::ALL {
        let mut sql = Sql::new(format!(
            "SELECT id, name FROM {} WHERE id IN (",
            noun.as_str()
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
                Noun::Agent | Noun::Team => {}
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
