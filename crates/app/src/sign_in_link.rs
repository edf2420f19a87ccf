//! Links by mail: to sign in without a password, and to set a password that was forgotten.
//!
//! Whoever asks is told the same, and as fast, whether the address is somebody's or not: a link is noted for every
//! address, and a job looks afterwards whose it is. The secret goes into the mail alone; its digest is kept.

use std::net::IpAddr;

use jiff::{SignedDuration, Timestamp};
use mainstay_domain::event::Actor;
use mainstay_domain::id::SignInLinkId;
use mainstay_domain::sign_in_link::{LinkPurpose, SignInLink};
use mainstay_store::{Transaction, session, sign_in_link};
use serde_json::json;

use crate::audit::Action;
use crate::caller::Credential;
use crate::context::App;
use crate::error::{AppError, Result};
use crate::field::is_address;
use crate::job::Job;
use crate::mail::{Addressee, Identity};
use crate::second_factor::Proof;
use crate::secret::digest;
use crate::session::{SignedIn, set_password_hash};
use crate::transaction::transact;

/// How long a link serves.
const LIFETIME: SignedDuration = SignedDuration::from_mins(30);

/// What somebody brings who opened a link.
#[derive(Clone)]
pub struct OpenedLink {
    /// The secret of the link.
    pub token: String,
    /// Their second factor, for those who have one.
    pub proof: Proof,
    /// The program they use, in its own words.
    pub user_agent: String,
    /// The address they come from, if it is known.
    pub address: Option<IpAddr>,
}

impl App {
    /// Asks for a link to be sent to an address. Whether the address is somebody's is not said. Those who serve have no
    /// links to sign in, and get one to set a password instead.
    ///
    /// # Errors
    /// [`AppError::Invalid`] for what is no address, [`AppError::TooMany`] for too many links.
    pub async fn ask_for_link(
        &self,
        purpose: LinkPurpose,
        email: &str,
        address: Option<IpAddr>,
    ) -> Result<()> {
        let email = email.trim().to_lowercase();
        if !is_address(&email) {
            let detail = "this is not an e-mail address: expected one like ana@example.com";
            return Err(AppError::invalid("email", detail));
        }
        self.count_link(&email, address).await?;
        let now = self.now();
        let link = SignInLink {
            id: self.new_id(now),
            purpose,
            address: email,
            actor: None,
            secret: None,
            created_at: now,
            expires_at: now.saturating_add(LIFETIME).unwrap_or(now),
        };
        let send = Job::SendSignInLink { link: link.id };
        transact!(self, tx => async {
            sign_in_link::insert(tx, &link).await?;
            send.queue(self, tx, now).await
        })?;
        self.wake();
        Ok(())
    }

    /// Sends a link that was asked for, where its address is somebody's who may sign in.
    pub(crate) async fn send_sign_in_link(&self, id: SignInLinkId) -> Result<()> {
        let identity = self.mail_identity().await?;
        transact!(self, tx => send(self, tx, &identity, id))
    }

    /// Signs somebody in by a link, which is used up by it.
    ///
    /// # Errors
    /// [`AppError::Unauthorised`] for a link that was used, has ended or never was;
    /// [`AppError::SecondFactorRequired`] when the code is missing or wrong, after which the link still serves.
    pub async fn sign_in_by_link(&self, opened: OpenedLink) -> Result<SignedIn> {
        let now = self.now();
        let (link, actor) = self
            .serving_link(&opened.token, LinkPurpose::SignIn, now)
            .await?;
        self.may_try(&link.address, opened.address).await?;
        self.pass_second_factor(actor, &opened.proof, &link.address, opened.address)
            .await?;
        let signed_in = self.prepare_session(actor, &opened.user_agent, now).await?;
        let tx = self.begin().await?;
        if !sign_in_link::remove(&tx, link.id).await? {
            return Err(no_link());
        }
        self.save_session(&tx, &signed_in).await?;
        tx.commit().await?;
        Ok(signed_in)
    }

    /// Sets a password by a link, which is used up by it. Every session of theirs ends, and so does every other link.
    ///
    /// # Errors
    /// [`AppError::Unauthorised`] for a link that was used, has ended or never was, [`AppError::Invalid`] for a password
    /// that is too short.
    pub async fn set_password_by_link(&self, token: &str, password: String) -> Result<()> {
        let now = self.now();
        let (link, actor) = self
            .serving_link(token, LinkPurpose::NewPassword, now)
            .await?;
        let hash = self.hash_password(password).await?;
        let caller = self
            .caller(actor, Credential::Machine)
            .await?
            .ok_or_else(no_link)?;
        let tx = self.begin().await?;
        if !sign_in_link::remove(&tx, link.id).await? {
            return Err(no_link());
        }
        set_password_hash(&tx, actor, &hash).await?;
        session::remove_of(&tx, actor).await?;
        sign_in_link::remove_of(&tx, actor).await?;
        let action = Action::new("password.reset", "person", &caller.email);
        self.record(&tx, &caller, action).await?;
        Ok(tx.commit().await?)
    }

    async fn serving_link(
        &self,
        token: &str,
        purpose: LinkPurpose,
        now: Timestamp,
    ) -> Result<(SignInLink, Actor)> {
        let secret = digest(token.trim().as_bytes());
        let link = sign_in_link::find_by_secret(&self.read(), secret, now)
            .await?
            .filter(|link| link.purpose == purpose)
            .ok_or_else(no_link)?;
        let actor = link.actor.ok_or_else(no_link)?;
        Ok((link, actor))
    }
}

fn no_link() -> AppError {
    AppError::Unauthorised(
        "This link was used already or has ended: ask for another one.".to_owned(),
    )
}

async fn send(app: &App, tx: &Transaction, identity: &Identity, id: SignInLinkId) -> Result<()> {
    let Some(mut link) = sign_in_link::lock(tx, id).await? else {
        return Ok(());
    };
    // A job that runs twice sends once.
    if link.secret.is_some() || link.expires_at <= app.now() {
        return Ok(());
    }
    let Some(addressee) = Addressee::at(tx, &link.address).await? else {
        return Ok(());
    };
    if matches!(addressee.actor, Actor::Agent(_)) {
        link.purpose = LinkPurpose::NewPassword;
    }
    let secret = app.new_secret("msl_");
    link.actor = Some(addressee.actor);
    link.secret = Some(digest(secret.as_bytes()));
    sign_in_link::update(tx, &link).await?;
    let (template, page) = match link.purpose {
        LinkPurpose::SignIn => ("sign_in_link", "sign-in-link"),
        LinkPurpose::NewPassword => ("new_password_link", "new-password"),
    };
    let more = json!({
        "link": {
            // Behind the fragment, which no browser sends: the secret stands in no log and in no referrer.
            "url": format!("{}/{page}#{secret}", app.options().public_url),
            "minutes": LIFETIME.as_mins(),
        },
    });
    let mail = (template, link.id.uuid());
    addressee.write(app, tx, identity, mail, more).await
}
