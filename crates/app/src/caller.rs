//! Who asks, and what they may see and do.

use std::collections::BTreeSet;

use mainstay_domain::event::Actor;
use mainstay_domain::id::{AccountId, AgentId, ContactId, SessionId, TokenId};
use mainstay_domain::name::RoleName;
use mainstay_domain::role::Permission;
use mainstay_domain::ticket::Scope;

use crate::error::{AppError, Result};

/// Somebody who has proven who they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// Who: an agent or a contact; the program itself in commands run on its machine.
    pub actor: Actor,
    /// Their name.
    pub name: String,
    /// The address they sign in with.
    pub email: String,
    /// The roles they bear.
    pub roles: Vec<RoleName>,
    /// What they may do: what their roles permit, less what their token leaves out.
    pub permissions: BTreeSet<Permission>,
    /// The account of a contact.
    pub account: Option<AccountId>,
    /// How they proved it.
    pub credential: Credential,
    /// Whether one of their roles requires a second factor that they have not set up yet: until they do, they may do
    /// nothing else.
    pub owes_second_factor: bool,
}

/// How somebody proved who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Credential {
    /// By a session, whose secret a browser sends by itself: writes need a proof that our own page made them.
    Session(SessionId),
    /// By an API token.
    Token(TokenId),
    /// By running a command on the machine.
    Machine,
}

impl Caller {
    /// The program itself, for commands run on its machine: may do everything on our side.
    #[must_use]
    pub fn machine() -> Self {
        Self {
            actor: Actor::System,
            name: "the command line".to_owned(),
            email: String::new(),
            roles: Vec::new(),
            permissions: mainstay_domain::role::BuiltIn::Administrator
                .role()
                .permissions,
            account: None,
            credential: Credential::Machine,
            owes_second_factor: false,
        }
    }

    /// Whether they may do this.
    #[must_use]
    pub fn may(&self, permission: Permission) -> bool {
        self.permissions.contains(&permission)
    }

    /// Demands that they may do this.
    ///
    /// # Errors
    /// Returns [`AppError::Forbidden`] when they may not.
    pub fn require(&self, permission: Permission) -> Result<()> {
        if self.may(permission) {
            return Ok(());
        }
        Err(AppError::Forbidden(format!(
            "This needs the permission {permission}, which none of your roles, or not your token, gives you."
        )))
    }

    /// Demands that they signed in, or came with a token that may keep tokens: a token that leaked must neither make
    /// itself others nor lock its owner out.
    ///
    /// # Errors
    /// Returns [`AppError::Forbidden`] for any other token.
    pub fn require_sign_in(&self) -> Result<()> {
        if matches!(self.credential, Credential::Token(_)) && !self.may(Permission::UpdateTokens) {
            return Err(AppError::Forbidden(
                "This needs you to sign in, or a token with the permission token.update."
                    .to_owned(),
            ));
        }
        Ok(())
    }

    /// Whose tickets they may see.
    ///
    /// # Errors
    /// Returns [`AppError::Forbidden`] when they may see none.
    pub fn scope(&self) -> Result<Scope> {
        match (self.actor, self.account) {
            (Actor::Contact(_), Some(account)) if self.may(Permission::PortalReadAccount) => {
                Ok(Scope::Account(account))
            }
            (Actor::Contact(contact), Some(account)) => {
                self.require(Permission::PortalReadOwn)?;
                Ok(Scope::Contact(account, contact))
            }
            (Actor::Contact(_), None) => Err(AppError::Forbidden(
                "You belong to no account yet: ask those who serve you to place you.".to_owned(),
            )),
            (Actor::Agent(_) | Actor::System, _) => {
                self.require(Permission::ReadTickets)?;
                Ok(Scope::Everything)
            }
        }
    }

    /// The agent they are.
    ///
    /// # Errors
    /// Returns [`AppError::Forbidden`] for a contact.
    pub fn agent(&self) -> Result<AgentId> {
        match self.actor {
            Actor::Agent(agent) => Ok(agent),
            Actor::Contact(_) | Actor::System => Err(AppError::Forbidden(
                "Only somebody who serves can do this.".to_owned(),
            )),
        }
    }

    /// The contact they are, if they are one.
    #[must_use]
    pub fn contact(&self) -> Option<ContactId> {
        match self.actor {
            Actor::Contact(contact) => Some(contact),
            Actor::Agent(_) | Actor::System => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mainstay_domain::role::BuiltIn;
    use uuid::Uuid;

    fn caller(role: BuiltIn, actor: Actor, account: Option<AccountId>) -> Caller {
        Caller {
            actor,
            account,
            permissions: role.role().permissions,
            ..Caller::machine()
        }
    }

    #[test]
    fn a_portal_user_never_sees_beyond_the_account() {
        let account = AccountId::from(Uuid::from_u128(1));
        let contact = ContactId::from(Uuid::from_u128(2));
        let actor = Actor::Contact(contact);
        let scope = |role, account| caller(role, actor, account).scope().ok();
        assert_eq!(
            scope(BuiltIn::PortalContact, Some(account)),
            Some(Scope::Contact(account, contact))
        );
        assert_eq!(
            scope(BuiltIn::PortalAdministrator, Some(account)),
            Some(Scope::Account(account))
        );
        assert_eq!(scope(BuiltIn::PortalAdministrator, None), None);
        // Even a contact who were given a role of ours by mistake stays in the account.
        assert_eq!(scope(BuiltIn::Administrator, None), None);
        assert_eq!(scope(BuiltIn::Administrator, Some(account)), None);
    }
}
