//! Signing in, and who is signed in where.

use std::collections::BTreeSet;
use std::net::IpAddr;

use jiff::{SignedDuration, Timestamp};
use mainstay_domain::agent::Agent;
use mainstay_domain::contact::{Contact, PortalRole};
use mainstay_domain::event::{Actor, Side};
use mainstay_domain::id::{AgentId, ContactId, SessionId};
use mainstay_domain::name::RoleName;
use mainstay_domain::role::{BuiltIn, Permission};
use mainstay_domain::session::Session;
use mainstay_store::{agent, contact, session, token};

use crate::audit::Action;
use crate::caller::{Caller, Credential};
use crate::context::App;
use crate::error::{AppError, Result};
use crate::secret::digest;

/// A session's end is moved on at most this often, so that reading does not become writing.
const SEEN_AT_MOST_EVERY: SignedDuration = SignedDuration::from_mins(5);

/// The longest name of a browser that is kept, in characters.
const LONGEST_USER_AGENT: usize = 200;

/// What somebody gives to sign in.
#[derive(Clone)]
pub struct Credentials {
    /// Their e-mail address.
    pub email: String,
    /// Their password.
    pub password: String,
    /// The program they use, in its own words.
    pub user_agent: String,
    /// The address they come from, if it is known.
    pub address: Option<IpAddr>,
}

/// Somebody who has just signed in.
pub struct SignedIn {
    /// Their session.
    pub session: Session,
    /// Its secret, which is not kept here.
    pub secret: String,
    /// Who they are.
    pub caller: Caller,
}

impl App {
    /// Signs somebody in.
    ///
    /// # Errors
    /// [`AppError::Unauthorised`] when the address or the password is wrong, which of them is not said, and
    /// [`AppError::TooMany`] after too many tries.
    pub async fn sign_in(&self, credentials: Credentials) -> Result<SignedIn> {
        let now = self.now();
        let person = credentials.email.trim().to_lowercase();
        let address = credentials.address;
        self.may_try(&person, address).await?;
        let (actor, hash) = self.known(&person).await?.unzip();
        let right = self
            .is_password(credentials.password, hash.flatten())
            .await?;
        let Some(actor) = actor.filter(|_| right) else {
            self.note_failure(&person, address).await?;
            tracing::info!("a sign-in was refused");
            return Err(AppError::Unauthorised(
                "The address or the password is wrong.".to_owned(),
            ));
        };
        self.note_success(&person, address).await?;
        self.open_session(actor, &credentials.user_agent, now).await
    }

    /// Who bears a session's secret.
    ///
    /// # Errors
    /// [`AppError::Unauthorised`] when nobody does, or no longer.
    pub async fn by_session(&self, secret: &str) -> Result<Caller> {
        let now = self.now();
        let ended = || AppError::Unauthorised("Your session has ended: sign in again.".to_owned());
        let session = session::find_by_secret(&self.read(), digest(secret.as_bytes()), now)
            .await?
            .ok_or_else(ended)?;
        let caller = self
            .caller(session.actor, Credential::Session(session.id))
            .await?
            .ok_or_else(ended)?;
        if now.duration_since(session.last_seen_at) >= SEEN_AT_MOST_EVERY {
            let tx = self.begin().await?;
            session::touch(&tx, session.id, now, self.session_end(now)).await?;
            tx.commit().await?;
        }
        Ok(caller)
    }

    /// Whether the caller's credential still holds, for a connection that lasts long.
    ///
    /// # Errors
    /// Fails when the store does not answer.
    pub async fn still_holds(&self, caller: &Caller) -> Result<bool> {
        let now = self.now();
        let on = self.read();
        let holds = match caller.credential {
            Credential::Session(id) => {
                let sessions = session::of_actor(&on, caller.actor, now).await?;
                sessions.iter().any(|session| session.id == id)
            }
            Credential::Token(id) => token::find(&on, id)
                .await?
                .is_some_and(|token| token.is_valid(now)),
            Credential::Machine => true,
        };
        Ok(holds
            && self
                .caller(caller.actor, caller.credential)
                .await?
                .is_some())
    }

    /// Where the caller is signed in, latest first.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] for a token that may not keep tokens.
    pub async fn sessions(&self, caller: &Caller) -> Result<Vec<Session>> {
        caller.require_sign_in()?;
        Ok(session::of_actor(&self.read(), caller.actor, self.now()).await?)
    }

    /// Ends one of the caller's sessions.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when the caller has no such session.
    pub async fn end_session(&self, caller: &Caller, id: SessionId) -> Result<()> {
        caller.require_sign_in()?;
        let tx = self.begin().await?;
        let own = session::of_actor(&tx, caller.actor, self.now()).await?;
        if !own.iter().any(|session| session.id == id) {
            return Err(AppError::no_such("session", id));
        }
        session::remove(&tx, id).await?;
        self.record(&tx, caller, Action::new("session.ended", "session", id))
            .await?;
        Ok(tx.commit().await?)
    }

    /// Changes the caller's password, and ends their other sessions.
    ///
    /// # Errors
    /// [`AppError::Invalid`] when the old password is wrong or the new one too short.
    pub async fn change_password(&self, caller: &Caller, old: String, new: String) -> Result<()> {
        caller.require_sign_in()?;
        let now = self.now();
        self.may_try(&caller.email, None).await?;
        let hash = self.password_of(caller.actor).await?;
        if !self.is_password(old, hash).await? {
            self.note_failure(&caller.email, None).await?;
            return Err(AppError::invalid("old", "this is not your password"));
        }
        let hash = self.hash_password(new).await?;
        let tx = self.begin().await?;
        match caller.actor {
            Actor::Agent(id) => agent::set_password_hash(&tx, id, Some(&hash)).await?,
            Actor::Contact(id) => contact::set_password_hash(&tx, id, Some(&hash)).await?,
            Actor::System => return Err(AppError::Forbidden("Only people have passwords.".into())),
        };
        for session in session::of_actor(&tx, caller.actor, now).await? {
            if caller.credential != Credential::Session(session.id) {
                session::remove(&tx, session.id).await?;
            }
        }
        let action = Action::new("password.changed", "person", &caller.email);
        self.record(&tx, caller, action).await?;
        Ok(tx.commit().await?)
    }

    /// Opens a session for somebody whose identity is proven.
    pub(crate) async fn open_session(
        &self,
        actor: Actor,
        user_agent: &str,
        now: Timestamp,
    ) -> Result<SignedIn> {
        let secret = self.new_secret("mss_");
        let session = Session {
            id: self.new_id(now),
            secret: digest(secret.as_bytes()),
            actor,
            user_agent: user_agent.chars().take(LONGEST_USER_AGENT).collect(),
            created_at: now,
            last_seen_at: now,
            expires_at: self.session_end(now),
        };
        let caller = self
            .caller(actor, Credential::Session(session.id))
            .await?
            .ok_or_else(|| AppError::Unauthorised("You may not sign in any more.".to_owned()))?;
        let tx = self.begin().await?;
        session::insert(&tx, &session).await?;
        let action = Action::new("session.opened", "session", session.id);
        self.record(&tx, &caller, action).await?;
        tx.commit().await?;
        Ok(SignedIn {
            session,
            secret,
            caller,
        })
    }

    fn session_end(&self, now: Timestamp) -> Timestamp {
        let lifetime = SignedDuration::try_from(self.options().session_lifetime);
        now.checked_add(lifetime.unwrap_or(SignedDuration::MAX))
            .unwrap_or(Timestamp::MAX)
    }

    /// Who signs in with an address, and the hash of their password.
    async fn known(&self, person: &str) -> Result<Option<(Actor, Option<String>)>> {
        let on = self.read();
        if let Some(agent) = agent::find_by_email(&on, person).await? {
            let hash = agent::password_hash(&on, agent.id).await?;
            return Ok(Some((Actor::Agent(agent.id), hash)));
        }
        let Some(contact) = contact::find_by_address(&on, person).await? else {
            return Ok(None);
        };
        let hash = contact::password_hash(&on, contact.id).await?;
        Ok(Some((Actor::Contact(contact.id), hash)))
    }

    async fn password_of(&self, actor: Actor) -> Result<Option<String>> {
        let on = self.read();
        Ok(match actor {
            Actor::Agent(id) => agent::password_hash(&on, id).await?,
            Actor::Contact(id) => contact::password_hash(&on, id).await?,
            Actor::System => None,
        })
    }

    /// Somebody as a caller; nothing when they may not come in any more.
    pub(crate) async fn caller(
        &self,
        actor: Actor,
        credential: Credential,
    ) -> Result<Option<Caller>> {
        Ok(match actor {
            Actor::Agent(id) => self.agent_caller(id, credential).await?,
            Actor::Contact(id) => self.contact_caller(id, credential).await?,
            Actor::System => None,
        })
    }

    async fn agent_caller(&self, id: AgentId, credential: Credential) -> Result<Option<Caller>> {
        let agent = agent::find(&self.read(), id).await?;
        Ok(agent
            .filter(|agent| agent.active)
            .map(|agent: Agent| Caller {
                actor: Actor::Agent(id),
                name: agent.name,
                email: agent.email,
                permissions: self.permissions(&agent.roles, Side::Agent),
                roles: agent.roles,
                account: None,
                credential,
            }))
    }

    async fn contact_caller(
        &self,
        id: ContactId,
        credential: Credential,
    ) -> Result<Option<Caller>> {
        let contact = contact::find(&self.read(), id).await?;
        let Some(contact) = contact.filter(|contact: &Contact| contact.active) else {
            return Ok(None);
        };
        let role = match contact.portal {
            Some(PortalRole::Contact) => BuiltIn::PortalContact,
            Some(PortalRole::Administrator) => BuiltIn::PortalAdministrator,
            None => return Ok(None),
        };
        let roles = vec![RoleName::from(role.as_str())];
        Ok(Some(Caller {
            actor: Actor::Contact(id),
            name: contact.name,
            email: contact.addresses.into_iter().next().unwrap_or_default(),
            permissions: self.permissions(&roles, Side::Customer),
            roles,
            account: contact.account,
            credential,
        }))
    }

    /// What the roles permit somebody on this side. A pack that gives a role permissions of the other side gives nobody
    /// anything by it.
    fn permissions(&self, held: &[RoleName], side: Side) -> BTreeSet<Permission> {
        let roles = self.roles();
        held.iter()
            .filter_map(|name| roles.get(name))
            .flat_map(|role| role.permissions.iter().copied())
            .filter(|permission| permission.side() == side)
            .collect()
    }
}
