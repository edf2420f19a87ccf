//! Signing in with an address and a password.

use std::net::IpAddr;

use mainstay_domain::event::Actor;
use mainstay_store::{agent, contact};

use crate::context::App;
use crate::error::{AppError, Result};
use crate::second_factor::Proof;
use crate::session::SignedIn;
use crate::transaction::transact;

/// What somebody gives to sign in.
#[derive(Clone)]
pub struct Credentials {
    /// Their e-mail address.
    pub email: String,
    /// Their password.
    pub password: String,
    /// Their second factor, for those who have one.
    pub proof: Proof,
    /// The program they use, in its own words.
    pub user_agent: String,
    /// The address they come from, if it is known.
    pub address: Option<IpAddr>,
}

impl App {
    /// Signs somebody in.
    ///
    /// # Errors
    /// [`AppError::Unauthorised`] when the address or the password is wrong, which of them is not said;
    /// [`AppError::SecondFactorRequired`] when both are right and the code is missing or wrong; [`AppError::TooMany`]
    /// after too many tries.
    pub async fn sign_in(&self, credentials: Credentials) -> Result<SignedIn> {
        let now = self.now();
        let person = credentials.email.trim().to_lowercase();
        let address = credentials.address;
        self.may_try(&person, address).await?;
        let (actor, hash) = self.known(&person).await?.unzip();
        let hash = hash.flatten();
        let right = self
            .is_password(credentials.password.clone(), hash.clone())
            .await?;
        let Some(actor) = actor.filter(|_| right) else {
            self.note_failure(&person, address).await?;
            tracing::info!("a sign-in was refused");
            return Err(AppError::Unauthorised(
                "The address or the password is wrong.".to_owned(),
            ));
        };
        self.pass_second_factor(actor, &credentials.proof, &person, address)
            .await?;
        if let Some(stored) = hash {
            self.strengthen(actor, &credentials.password, &stored)
                .await?;
        }
        self.note_success(&person, address).await?;
        self.open_session(actor, &credentials.user_agent, now).await
    }

    /// Keeps a password by a hash of today, where it was kept by a weaker one.
    async fn strengthen(&self, actor: Actor, password: &str, stored: &str) -> Result<()> {
        let Some(stronger) = self.stronger_hash(password, stored).await? else {
            return Ok(());
        };
        transact!(self, tx => async {
            match actor {
                Actor::Agent(id) => {
                    agent::upgrade_password_hash(tx, id, stored, &stronger).await?;
                }
                Actor::Contact(id) => {
                    contact::upgrade_password_hash(tx, id, stored, &stronger).await?;
                }
                Actor::System => {}
            }
            Ok(())
        })
    }

    /// Who signs in with an address, and the hash of their password.
    pub(crate) async fn known(&self, person: &str) -> Result<Option<(Actor, Option<String>)>> {
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
}
