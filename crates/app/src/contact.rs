//! Contacts: the people at an account.

use mainstay_domain::contact::{Contact, PortalRole};
use mainstay_domain::event::Actor;
use mainstay_domain::id::{AccountId, ContactId};
use mainstay_domain::role::Permission;
use mainstay_domain::ticket::Scope;
use mainstay_store::contact::{self, ContactFilter};
use mainstay_store::{Connection, Page, PageRequest};

use crate::audit::Action;
use crate::caller::Caller;
use crate::context::App;
use crate::error::{AppError, Expected, Result};
use crate::field::Faults;
use crate::secret::fingerprint;

impl App {
    /// The contacts that fit a filter and that the caller may see.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] for somebody who may see none.
    pub async fn contacts(
        &self,
        caller: &Caller,
        mut filter: ContactFilter,
        page: PageRequest,
    ) -> Result<Page<Contact>> {
        match scope(caller)? {
            Scope::Everything => {}
            Scope::Account(account) => filter.account = Some(account),
            Scope::Contact(_, own) => {
                let contact = contact::find(&self.read(), own).await?;
                return Ok(Page {
                    items: contact.into_iter().collect(),
                    next: None,
                });
            }
        }
        Ok(contact::list(&self.read(), &filter, page).await?)
    }

    /// A contact.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when there is none, or none that the caller may know of.
    pub async fn contact(&self, caller: &Caller, id: ContactId) -> Result<Contact> {
        visible(&self.read(), scope(caller)?, id).await
    }

    /// Makes a contact, filled in by `fill`. A portal administrator makes them in their own account.
    ///
    /// # Errors
    /// [`AppError::Invalid`] for wrong fields, [`AppError::Conflict`] for an address that is somebody's.
    pub async fn create_contact(
        &self,
        caller: &Caller,
        fill: impl FnOnce(&mut Contact),
    ) -> Result<Contact> {
        let bound = may_write(caller)?;
        let now = self.now();
        let mut contact = Contact {
            id: self.new_id(now),
            account: None,
            name: String::new(),
            addresses: Vec::new(),
            language: None,
            phone: None,
            portal: None,
            active: true,
            created_at: now,
        };
        fill(&mut contact);
        let contact = checked(contact, bound)?;
        let tx = self.begin().await?;
        contact::insert(&tx, &contact).await?;
        let facts = self.facts(caller.actor).contact(None, &contact)?;
        facts.write(&tx).await?;
        let action =
            Action::new("contact.created", "contact", contact.id).of_account(contact.account);
        self.record(&tx, caller, action).await?;
        tx.commit().await?;
        Ok(contact)
    }

    /// Changes a contact by `change`.
    ///
    /// # Errors
    /// As [`create_contact`](Self::create_contact), and [`AppError::Changed`] when they are not what the caller expects.
    pub async fn update_contact(
        &self,
        caller: &Caller,
        id: ContactId,
        expected: &Expected,
        change: impl FnOnce(&mut Contact),
    ) -> Result<Contact> {
        let bound = may_write(caller)?;
        let tx = self.begin().await?;
        let before = within(scope(caller)?, id, contact::lock(&tx, id).await?)?;
        expected.check(fingerprint(&before))?;
        let mut after = before.clone();
        change(&mut after);
        let after = checked(after, bound)?;
        if after != before {
            contact::update(&tx, &after).await?;
            let facts = self.facts(caller.actor).contact(Some(&before), &after)?;
            facts.write(&tx).await?;
            let action = Action::new("contact.changed", "contact", id).of_account(after.account);
            self.record(&tx, caller, action).await?;
        }
        tx.commit().await?;
        Ok(after)
    }

    /// Demands that the caller may give a contact access and take it away.
    pub(crate) async fn may_keep_contact(&self, caller: &Caller, id: ContactId) -> Result<()> {
        may_write(caller)?;
        visible(&self.read(), scope(caller)?, id).await?;
        Ok(())
    }

    /// Sets a contact's password, for those who give them access to the portal, and ends the contact's sessions.
    ///
    /// # Errors
    /// [`AppError::Invalid`] for a password that is too short, [`AppError::NotFound`] for an unknown contact.
    pub async fn set_contact_password(
        &self,
        caller: &Caller,
        id: ContactId,
        password: String,
    ) -> Result<()> {
        may_write(caller)?;
        let hash = self.hash_password(password).await?;
        let tx = self.begin().await?;
        let contact = visible(&tx, scope(caller)?, id).await?;
        contact::set_password_hash(&tx, id, Some(&hash)).await?;
        mainstay_store::session::remove_of(&tx, Actor::Contact(id)).await?;
        let action = Action::new("contact.password_set", "contact", id).of_account(contact.account);
        self.record(&tx, caller, action).await?;
        Ok(tx.commit().await?)
    }
}

/// A contact within a scope.
async fn visible(on: &impl Connection, scope: Scope, id: ContactId) -> Result<Contact> {
    within(scope, id, contact::find(on, id).await?)
}

/// What was found, if the scope allows it.
fn within(scope: Scope, id: ContactId, found: Option<Contact>) -> Result<Contact> {
    found
        .filter(|contact| match scope {
            Scope::Everything => true,
            Scope::Account(account) => contact.account == Some(account),
            Scope::Contact(account, own) => contact.id == own && contact.account == Some(account),
        })
        .ok_or_else(|| AppError::no_such("contact", id))
}

/// Whose people the caller may see.
fn scope(caller: &Caller) -> Result<Scope> {
    if caller.contact().is_some() {
        return caller.scope();
    }
    caller.require(Permission::ReadAccounts)?;
    Ok(Scope::Everything)
}

/// Whether the caller may write contacts, and the account they are bound to.
fn may_write(caller: &Caller) -> Result<Option<AccountId>> {
    if caller.contact().is_some() {
        caller.require(Permission::PortalUpdateContacts)?;
        caller.scope()?;
        return Ok(caller.account);
    }
    caller.require(Permission::UpdateContacts)?;
    Ok(None)
}

fn checked(mut contact: Contact, bound: Option<AccountId>) -> Result<Contact> {
    let mut faults = Faults::default();
    if bound.is_some() {
        if contact.account.is_some() && contact.account != bound {
            faults.add("account", "you keep the contacts of your own account only");
        }
        contact.account = bound;
    }
    contact.name = contact.name.trim().to_owned();
    faults.name("name", &contact.name);
    faults.addresses("addresses", &contact.addresses);
    if contact.addresses.is_empty() {
        faults.add("addresses", "a contact has at least one e-mail address");
    }
    if let Some(language) = &contact.language {
        faults.language("language", language);
    }
    if let Some(phone) = &contact.phone {
        faults.name("phone", phone);
    }
    if contact.portal == Some(PortalRole::Administrator) && contact.account.is_none() {
        faults.add(
            "portal",
            "only a contact of an account can be its administrator",
        );
    }
    faults.finish()?;
    Ok(contact)
}
