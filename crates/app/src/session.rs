//! Who is signed in where.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use mainstay_domain::agent::Agent;
use mainstay_domain::contact::{Contact, PortalRole};
use mainstay_domain::event::{Actor, Side};
use mainstay_domain::id::{AgentId, ContactId, OutgoingMailId, SessionId};
use mainstay_domain::name::RoleName;
use mainstay_domain::role::{BuiltIn, Permission};
use mainstay_domain::session::Session;
use mainstay_store::{Transaction, agent, contact, session, sign_in_link, token};
use serde_json::Value;

use crate::audit::Action;
use crate::caller::{Caller, Credential};
use crate::context::App;
use crate::error::{AppError, Result};
use crate::mail::Addressee;
use crate::secret::digest;

/// A session's end is moved on at most this often, so that reading does not become writing.
const SEEN_AT_MOST_EVERY: SignedDuration = SignedDuration::from_mins(5);

/// For so long a sign-in proves who somebody is where they have no password to give once more.
const FRESH: SignedDuration = SignedDuration::from_mins(10);

/// The longest name of a browser that is kept, in characters.
const LONGEST_USER_AGENT: usize = 200;

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

    /// Where somebody else is signed in, latest first: for those who could take their access away.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] for those who may not, [`AppError::NotFound`] for somebody they may not know of.
    pub async fn sessions_of(&self, caller: &Caller, actor: Actor) -> Result<Vec<Session>> {
        self.may_keep_access(caller, actor).await?;
        Ok(session::of_actor(&self.read(), actor, self.now()).await?)
    }

    /// Ends a session of somebody else.
    ///
    /// # Errors
    /// As [`sessions_of`](Self::sessions_of), and [`AppError::NotFound`] when they have no such session.
    pub async fn end_session_of(&self, caller: &Caller, actor: Actor, id: SessionId) -> Result<()> {
        self.may_keep_access(caller, actor).await?;
        let tx = self.begin().await?;
        let theirs = session::of_actor(&tx, actor, self.now()).await?;
        if !theirs.iter().any(|session| session.id == id) {
            return Err(AppError::no_such("session", id));
        }
        session::remove(&tx, id).await?;
        self.record(&tx, caller, Action::new("session.ended", "session", id))
            .await?;
        Ok(tx.commit().await?)
    }

    /// Takes the second factor of somebody else away who lost it, with their passkeys, ends their sessions and tells them so
    /// by mail.
    ///
    /// # Errors
    /// As [`sessions_of`](Self::sessions_of), [`AppError::NotFound`] when they have none, and [`AppError::Refused`] for
    /// one's own, which takes one's password.
    pub async fn reset_second_factor(&self, caller: &Caller, actor: Actor) -> Result<()> {
        self.may_keep_access(caller, actor).await?;
        if caller.actor == actor {
            return Err(AppError::Refused(
                "Remove your own second factor and passkeys under your profile: that takes your password."
                    .to_owned(),
            ));
        }
        let identity = self.mail_identity().await?;
        let tx = self.begin().await?;
        if !Self::remove_factors(&tx, actor).await? {
            return Err(AppError::NotFound("They have no second factor.".to_owned()));
        }
        session::remove_of(&tx, actor).await?;
        let action = match actor {
            Actor::Agent(id) => Action::new("second_factor.reset", "agent", id),
            Actor::Contact(id) => {
                let contact = contact::find(&tx, id).await?;
                Action::new("second_factor.reset", "contact", id)
                    .of_account(contact.and_then(|contact| contact.account))
            }
            Actor::System => Action::new("second_factor.reset", "person", ""),
        };
        self.record(&tx, caller, action).await?;
        if let Some(person) = Addressee::of(&tx, actor).await? {
            let cause = self.new_id::<OutgoingMailId>(self.now()).uuid();
            let mail = ("second_factor_reset", cause);
            person
                .write(self, &tx, &identity, mail, Value::Null)
                .await?;
        }
        tx.commit().await?;
        self.wake();
        Ok(())
    }

    /// Demands that the caller may give somebody access and take it away.
    async fn may_keep_access(&self, caller: &Caller, actor: Actor) -> Result<()> {
        match actor {
            Actor::Agent(id) => {
                caller.require(Permission::UpdateAgents)?;
                match agent::find(&self.read(), id).await? {
                    Some(_) => Ok(()),
                    None => Err(AppError::no_such("agent", id)),
                }
            }
            Actor::Contact(id) => self.may_keep_contact(caller, id).await,
            Actor::System => Err(AppError::Forbidden("Only people sign in.".into())),
        }
    }

    /// Changes the caller's password, and ends their other sessions.
    ///
    /// # Errors
    /// [`AppError::Invalid`] when the old password is wrong or the new one too short.
    pub async fn change_password(&self, caller: &Caller, old: String, new: String) -> Result<()> {
        caller.require_sign_in()?;
        self.may_try(&caller.email, None).await?;
        let hash = self.password_of(caller.actor).await?;
        if !self.is_password(old, hash).await? {
            self.note_failure(&caller.email, None).await?;
            return Err(AppError::invalid("old", "this is not your password"));
        }
        let hash = self.hash_password(new).await?;
        let tx = self.begin().await?;
        set_password_hash(&tx, caller.actor, &hash).await?;
        sign_in_link::remove_of(&tx, caller.actor).await?;
        self.end_other_sessions(&tx, caller).await?;
        let action = Action::new("password.changed", "person", &caller.email);
        self.record(&tx, caller, action).await?;
        Ok(tx.commit().await?)
    }

    /// Ends every session of the caller but the one they came with.
    pub(crate) async fn end_other_sessions(&self, tx: &Transaction, caller: &Caller) -> Result<()> {
        for session in session::of_actor(tx, caller.actor, self.now()).await? {
            if caller.credential != Credential::Session(session.id) {
                session::remove(tx, session.id).await?;
            }
        }
        Ok(())
    }

    /// Demands that the caller signed in a moment ago.
    pub(crate) async fn require_fresh_session(&self, caller: &Caller) -> Result<()> {
        let now = self.now();
        let sessions = session::of_actor(&self.read(), caller.actor, now).await?;
        let is_fresh = sessions.iter().any(|session| {
            caller.credential == Credential::Session(session.id)
                && now.duration_since(session.created_at) <= FRESH
        });
        if is_fresh {
            return Ok(());
        }
        Err(AppError::Forbidden(format!(
            "You signed in more than {} minutes ago and have no password to give: sign in again first.",
            FRESH.as_mins()
        )))
    }

    /// Opens a session for somebody whose identity is proven.
    pub(crate) async fn open_session(
        &self,
        actor: Actor,
        user_agent: &str,
        now: Timestamp,
    ) -> Result<SignedIn> {
        let signed_in = self.prepare_session(actor, user_agent, now).await?;
        let tx = self.begin().await?;
        self.save_session(&tx, &signed_in).await?;
        tx.commit().await?;
        Ok(signed_in)
    }

    /// Prepares a session, to be saved in the transaction that uses up what proved the identity.
    pub(crate) async fn prepare_session(
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
        Ok(SignedIn {
            session,
            secret,
            caller,
        })
    }

    /// Saves a session that was prepared.
    pub(crate) async fn save_session(&self, tx: &Transaction, signed_in: &SignedIn) -> Result<()> {
        session::insert(tx, &signed_in.session).await?;
        let action = Action::new("session.opened", "session", signed_in.session.id);
        self.record(tx, &signed_in.caller, action).await
    }

    fn session_end(&self, now: Timestamp) -> Timestamp {
        let lifetime = SignedDuration::try_from(self.options().session_lifetime);
        now.checked_add(lifetime.unwrap_or(SignedDuration::MAX))
            .unwrap_or(Timestamp::MAX)
    }

    /// Whether the caller has a password.
    ///
    /// # Errors
    /// Fails when the store does not answer.
    pub async fn has_password(&self, caller: &Caller) -> Result<bool> {
        Ok(self.password_of(caller.actor).await?.is_some())
    }

    pub(crate) async fn password_of(&self, actor: Actor) -> Result<Option<String>> {
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
        let caller = match actor {
            Actor::Agent(id) => self.agent_caller(id, credential).await?,
            Actor::Contact(id) => self.contact_caller(id, credential).await?,
            Actor::System => None,
        };
        let Some(mut caller) = caller else {
            return Ok(None);
        };
        // A token was made by somebody who had signed in; what it may do is its owner's word.
        if matches!(credential, Credential::Session(_))
            && self.requires_second_factor(&caller.roles)
            && !self.has_second_factor(actor).await?
        {
            caller.owes_second_factor = true;
            caller.permissions.clear();
        }
        Ok(Some(caller))
    }

    async fn agent_caller(&self, id: AgentId, credential: Credential) -> Result<Option<Caller>> {
        let agent = self.known_agent(&self.read(), id).await?;
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
                owes_second_factor: false,
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
            owes_second_factor: false,
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

/// Writes the hash of somebody's password.
pub(crate) async fn set_password_hash(tx: &Transaction, actor: Actor, hash: &str) -> Result<()> {
    match actor {
        Actor::Agent(id) => agent::set_password_hash(tx, id, Some(hash)).await?,
        Actor::Contact(id) => contact::set_password_hash(tx, id, Some(hash)).await?,
        Actor::System => return Err(AppError::Forbidden("Only people have passwords.".into())),
    }
    Ok(())
}
