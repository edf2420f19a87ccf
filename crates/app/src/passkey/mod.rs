//! Passkeys: registering them, signing in with them, and with them as second factor of a password.
//!
//! Every passkey is asked to verify that it is its owner, so that one is worth both factors.

mod ceremony;

use std::net::IpAddr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::SignedDuration;
use mainstay_domain::digest::Digest;
use mainstay_domain::event::Actor;
use mainstay_domain::id::{PasskeyChallengeId, PasskeyId};
use mainstay_domain::passkey::{Passkey, PasskeyChallenge};
use mainstay_store::{passkey, second_factor};
use serde_json::Value;
use webauthn_rp::Registration;

use crate::audit::Action;
use crate::caller::{Caller, Credential};
use crate::context::App;
use crate::error::{AppError, Result};
use crate::field::Faults;
use crate::secret::digest;
use crate::session::SignedIn;
use crate::transaction::transact;
use ceremony::{Assertion, Begun, Refusal, RelyingParty, digest_of};

/// How long a challenge may be answered.
const LIFETIME: SignedDuration = SignedDuration::from_mins(5);

/// So many passkeys somebody may have.
const MOST: usize = 20;

/// What somebody brings who signs in with a passkey.
#[derive(Clone)]
pub struct PasskeySignIn {
    /// What the passkey answered, in the form of WebAuthn's `AuthenticationResponseJSON`.
    pub credential: Value,
    /// The program they use, in its own words.
    pub user_agent: String,
    /// The address they come from, if it is known.
    pub address: Option<IpAddr>,
}

/// A passkey that somebody registers.
#[derive(Clone)]
pub struct NewPasskey {
    /// What they call it.
    pub name: String,
    /// What the device answered, in the form of WebAuthn's `RegistrationResponseJSON`.
    pub credential: Value,
}

/// A passkey as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasskeyView {
    /// The passkey.
    pub passkey: Passkey,
    /// Whether the device keeps a copy elsewhere, so that losing the device does not lose it.
    pub is_backed_up: bool,
}

impl From<Passkey> for PasskeyView {
    fn from(passkey: Passkey) -> Self {
        Self {
            is_backed_up: ceremony::is_backed_up(&passkey),
            passkey,
        }
    }
}

/// What the state of a challenge is sealed for.
fn purpose(id: PasskeyChallengeId) -> String {
    format!("passkey challenge:{id}")
}

impl App {
    /// Whether browsers make passkeys for the address of this service.
    #[must_use]
    pub fn has_passkeys(&self) -> bool {
        RelyingParty::at(&self.options().public_url).is_some()
    }

    /// The caller's passkeys, the latest registered first.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] for a token that may not keep tokens.
    pub async fn passkeys(&self, caller: &Caller) -> Result<Vec<PasskeyView>> {
        caller.require_sign_in()?;
        let found = passkey::of_actor(&self.read(), caller.actor).await?;
        Ok(found.into_iter().map(PasskeyView::from).collect())
    }

    /// Begins to register a passkey of the caller: yields what their browser is to be asked, as WebAuthn's
    /// `PublicKeyCredentialCreationOptionsJSON`.
    ///
    /// # Errors
    /// As [`prove_again`](Self::prove_again); [`AppError::Refused`] where the service's address has no passkeys or the
    /// caller has too many.
    pub async fn begin_passkey(&self, caller: &Caller, password: Option<String>) -> Result<Value> {
        self.require_session(caller)?;
        let party = self.relying_party()?;
        self.prove_again(caller, password).await?;
        let there = passkey::of_actor(&self.read(), caller.actor).await?;
        if there.len() >= MOST {
            return Err(AppError::Refused(format!(
                "You have {MOST} passkeys, which is as many as are kept: remove one that you do not use."
            )));
        }
        let user = (caller.actor, caller.email.as_str(), caller.name.as_str());
        let brand = self.branding().await?.name;
        let begun = party
            .begin_registration(user, &brand, &there)
            .map_err(broken)?;
        self.keep_challenge(begun, Some(caller.actor)).await
    }

    /// Registers a passkey of the caller by what their device answered. Where one of their roles requires a second factor
    /// and this is their first, their other sessions end: they were opened without it.
    ///
    /// # Errors
    /// [`AppError::Invalid`] for an answer that is none or that does not hold, [`AppError::NotFound`] for one to what was not
    /// asked, [`AppError::Conflict`] for a passkey that is registered already.
    pub async fn register_passkey(&self, caller: &Caller, new: NewPasskey) -> Result<PasskeyView> {
        self.require_session(caller)?;
        let party = self.relying_party()?;
        let mut faults = Faults::default();
        faults.name("name", &new.name);
        faults.finish()?;
        let answer = Registration::from_json_relaxed(new.credential.to_string().as_bytes())
            .map_err(|_| unreadable())?;
        let challenge = answer.challenge_relaxed().map_err(|_| unreadable())?;
        let refused = |refusal| {
            tracing::info!(?refusal, "a new passkey was refused");
            let what = "this does not answer what was asked last: begin again";
            AppError::invalid("credential", what)
        };
        let state = self
            .take_challenge(digest_of(challenge), Some(caller.actor))
            .await?
            .ok_or_else(|| {
                let what = "This was not asked of you, or too long ago: begin to register a passkey again.";
                AppError::NotFound(what.to_owned())
            })?;
        let registered = party
            .finish_registration(&state, &answer)
            .map_err(refused)?;
        let now = self.now();
        let passkey = Passkey {
            id: self.new_id(now),
            actor: caller.actor,
            name: new.name.trim().to_owned(),
            credential: registered.credential,
            public_key: registered.public_key,
            state: registered.state,
            created_at: now,
            last_used_at: None,
        };
        let known = passkey::find_by_credential(&self.read(), &passkey.credential).await?;
        if known.is_some() {
            return Err(AppError::Conflict(
                "This passkey is registered already.".to_owned(),
            ));
        }
        let owed = caller.owes_second_factor;
        let tx = self.begin().await?;
        passkey::insert(&tx, &passkey).await?;
        if owed {
            self.end_other_sessions(&tx, caller).await?;
        }
        let action = Action::new("passkey.registered", "passkey", passkey.id);
        self.record(&tx, caller, action).await?;
        tx.commit().await?;
        Ok(passkey.into())
    }

    /// Removes one of the caller's passkeys.
    ///
    /// # Errors
    /// As [`prove_again`](Self::prove_again); [`AppError::NotFound`] when the caller has no such passkey;
    /// [`AppError::Refused`] when one of their roles requires a second factor and this is their last.
    pub async fn remove_passkey(
        &self,
        caller: &Caller,
        id: PasskeyId,
        password: Option<String>,
    ) -> Result<()> {
        self.require_session(caller)?;
        let there = passkey::of_actor(&self.read(), caller.actor).await?;
        if !there.iter().any(|passkey| passkey.id == id) {
            return Err(AppError::no_such("passkey", id));
        }
        self.prove_again(caller, password).await?;
        if there.len() == 1 && !self.has_authenticator(caller.actor).await? {
            self.may_go_without(caller)?;
        }
        let tx = self.begin().await?;
        if !passkey::remove(&tx, caller.actor, id).await? {
            return Err(AppError::no_such("passkey", id));
        }
        let action = Action::new("passkey.removed", "passkey", id);
        self.record(&tx, caller, action).await?;
        Ok(tx.commit().await?)
    }

    /// Asks whoever it is for a passkey: yields what their browser is to be asked, as WebAuthn's
    /// `PublicKeyCredentialRequestOptionsJSON`.
    ///
    /// # Errors
    /// [`AppError::Refused`] where the service's address has no passkeys.
    pub async fn ask_for_passkey(&self) -> Result<Value> {
        let begun = self.relying_party()?.begin_sign_in().map_err(broken)?;
        self.keep_challenge(begun, None).await
    }

    /// Signs somebody in by what their passkey answered.
    ///
    /// # Errors
    /// [`AppError::Invalid`] for what is no answer, [`AppError::Unauthorised`] for one that does not hold,
    /// [`AppError::TooMany`] after too many of those.
    pub async fn sign_in_by_passkey(&self, sign_in: PasskeySignIn) -> Result<SignedIn> {
        let passkey = self
            .prove_by_passkey(&sign_in.credential, sign_in.address)
            .await?;
        self.open_session(passkey.actor, &sign_in.user_agent, self.now())
            .await
    }

    /// Whose passkey answered, once it is verified that it did. The challenge is used up by any answer.
    pub(crate) async fn prove_by_passkey(
        &self,
        credential: &Value,
        address: Option<IpAddr>,
    ) -> Result<Passkey> {
        let party = self.relying_party()?;
        let answer = Assertion::from_json_relaxed(credential.to_string().as_bytes())
            .map_err(|_| unreadable())?;
        let challenge = answer.challenge_relaxed().map_err(|_| unreadable())?;
        let person = tried(answer.raw_id().as_ref());
        self.may_try(&person, address).await?;
        let state = self.take_challenge(digest_of(challenge), None).await?;
        let known = passkey::find_by_credential(&self.read(), answer.raw_id().as_ref()).await?;
        let (Some(state), Some(passkey)) = (state, known) else {
            self.note_failure(&person, address).await?;
            return Err(no_passkey());
        };
        let state = match party.finish_sign_in(&state, &answer, &passkey) {
            Ok(state) => state,
            Err(refusal) => {
                tracing::info!(?refusal, "a passkey was refused");
                self.note_failure(&person, address).await?;
                if refusal == Refusal::Copied {
                    self.note_copy(&passkey).await?;
                }
                return Err(no_passkey());
            }
        };
        let now = self.now();
        let is_noted = transact!(self, tx => async { Ok(passkey::note_use(tx, &passkey, &state, now).await?) })?;
        if !is_noted {
            return Err(no_passkey());
        }
        self.note_success(&person, address).await?;
        Ok(passkey)
    }

    /// Demands once more that the caller is who signed in, for what a browser left open must not do: by their password, or
    /// where they have none by having signed in a moment ago.
    ///
    /// # Errors
    /// [`AppError::Invalid`] when the password is missing or wrong, [`AppError::Forbidden`] when it is too long ago.
    pub(crate) async fn prove_again(
        &self,
        caller: &Caller,
        password: Option<String>,
    ) -> Result<()> {
        if self.password_of(caller.actor).await?.is_none() {
            return self.require_fresh_session(caller).await;
        }
        let password = password
            .ok_or_else(|| AppError::invalid("password", "this is needed: your password"))?;
        self.prove_password(caller, password).await
    }

    /// Takes every proof of somebody away who lost theirs, and says whether there was one.
    pub(crate) async fn remove_factors(
        tx: &mainstay_store::Transaction,
        actor: Actor,
    ) -> Result<bool> {
        let had_authenticator = second_factor::remove_of(tx, actor).await?;
        let had_passkeys = passkey::remove_of(tx, actor).await?;
        Ok(had_authenticator || had_passkeys)
    }

    fn relying_party(&self) -> Result<RelyingParty> {
        RelyingParty::at(&self.options().public_url).ok_or_else(|| {
            AppError::Refused(
                "Browsers make passkeys only for a name reached by https: set http.public_url to one."
                    .to_owned(),
            )
        })
    }

    async fn keep_challenge(&self, begun: Begun, actor: Option<Actor>) -> Result<Value> {
        let now = self.now();
        let id = self.new_id(now);
        let challenge = PasskeyChallenge {
            id,
            challenge: begun.challenge,
            actor,
            state: self.seal(&purpose(id), &URL_SAFE_NO_PAD.encode(&begun.state))?,
            expires_at: now.saturating_add(LIFETIME).unwrap_or(now),
        };
        transact!(self, tx => async { Ok(passkey::insert_challenge(tx, &challenge).await?) })?;
        Ok(begun.options)
    }

    /// What was asked by a challenge of this purpose that nobody answered yet.
    async fn take_challenge(
        &self,
        challenge: Digest,
        actor: Option<Actor>,
    ) -> Result<Option<Vec<u8>>> {
        let now = self.now();
        let taken = transact!(self, tx => async {
            Ok(passkey::take_challenge(tx, challenge, now).await?)
        })?;
        let Some(taken) = taken.filter(|taken| taken.actor == actor) else {
            return Ok(None);
        };
        let state = self.unseal(&purpose(taken.id), &taken.state)?;
        URL_SAFE_NO_PAD
            .decode(state)
            .map(Some)
            .map_err(|error| AppError::broken("A challenge cannot be read.", error))
    }

    /// Writes down that somebody may have a copy of a passkey.
    async fn note_copy(&self, passkey: &Passkey) -> Result<()> {
        let Some(owner) = self.caller(passkey.actor, Credential::Machine).await? else {
            return Ok(());
        };
        tracing::warn!("the counter of a passkey went back: somebody may have a copy of it");
        let tx = self.begin().await?;
        let action = Action::new("passkey.refused", "passkey", passkey.id)
            .with(serde_json::json!({ "reason": "counter" }));
        self.record(&tx, &owner, action).await?;
        Ok(tx.commit().await?)
    }
}

/// Under what the failures of a passkey are counted.
fn tried(credential: &[u8]) -> String {
    format!("passkey {}", URL_SAFE_NO_PAD.encode(digest(credential).0))
}

/// One answer for every reason, so that nobody learns which passkeys are known.
fn no_passkey() -> AppError {
    AppError::Unauthorised(
        "This passkey was not accepted: try again, or sign in another way.".to_owned(),
    )
}

fn unreadable() -> AppError {
    let what = "this is no answer of a passkey: expected what the browser gives, as JSON";
    AppError::invalid("credential", what)
}

fn broken(refusal: Refusal) -> AppError {
    AppError::broken("A passkey cannot be asked for.", format!("{refusal:?}"))
}
