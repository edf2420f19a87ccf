//! What those whom records mention by identifier are called.

use mainstay_domain::event::Actor;
use mainstay_domain::role::Permission;
use mainstay_domain::ticket::Scope;
use mainstay_store::names;
pub use mainstay_store::names::Name;
use mainstay_store::names::Noun;
use uuid::Uuid;

use crate::caller::Caller;
use crate::context::App;
use crate::error::{AppError, Result};

/// How many names are asked for at once, at most.
pub const MOST: usize = 200;

impl App {
    /// The names that belong to these identifiers, of accounts, contacts, agents and teams, in no order; what nothing bears,
    /// or the caller may not know of, is left out. A portal user knows those who serve them and those of their account; whoever
    /// may read the audit trail knows tokens too, which stand in it.
    ///
    /// # Errors
    /// [`AppError::Invalid`] for more than [`MOST`], [`AppError::Forbidden`] for those who serve without the permission
    /// `account.read`.
    pub async fn names(&self, caller: &Caller, ids: &[Uuid]) -> Result<Vec<Name>> {
        let account = match caller.actor {
            Actor::Contact(_) => match caller.scope()? {
                Scope::Account(account) | Scope::Contact(account, _) => Some(account),
                Scope::Everything => None,
            },
            Actor::Agent(_) | Actor::System => {
                caller.require(Permission::ReadAccounts)?;
                None
            }
        };
        if ids.len() > MOST {
            return Err(AppError::invalid("ids", format!("at most {MOST} at once")));
        }
        let mut nouns = Noun::PEOPLE.to_vec();
        if caller.require(Permission::ReadAudit).is_ok() {
            nouns.push(Noun::Token);
        }
        Ok(names::find(&self.read(), &nouns, account, ids).await?)
    }
}
