//! The second factor of a sign-in: time-based codes (TOTP, RFC 6238), passkeys and recovery codes.

use std::net::IpAddr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use mainstay_domain::digest::Digest;
use mainstay_domain::event::Actor;
use mainstay_domain::id::{AuthenticatorId, RecoveryCodeId};
use mainstay_domain::name::RoleName;
use mainstay_domain::second_factor::{Authenticator, RecoveryCode};
use mainstay_store::{passkey, second_factor};
use qrcode::QrCode;
use qrcode::render::svg;
use serde_json::Value;
use totp_rs::{Algorithm, Builder, Secret, Totp};

use crate::audit::Action;
use crate::caller::{Caller, Credential};
use crate::context::App;
use crate::error::{AppError, Result};
use crate::secret::digest;
use crate::transaction::transact;

/// So many recovery codes somebody is given.
const RECOVERY_CODES: usize = 10;

/// The letters and digits of a recovery code: none that is taken for another when it is copied from paper.
const LETTERS: &[u8; 31] = b"abcdefghjkmnpqrstuvwxyz23456789";

/// Who issues a code, where only the code matters.
const ISSUER: &str = "Mainstay";

/// How far somebody is with their second factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SecondFactor {
    /// Whether a sign-in by a password or a link asks for it.
    pub is_enabled: bool,
    /// Whether one of their roles requires it.
    pub is_required: bool,
    /// Whether an authenticator that shows codes is set up.
    pub has_authenticator: bool,
    /// How many passkeys they have.
    pub passkeys: u32,
    /// How many recovery codes are left.
    pub recovery_codes: u32,
}

/// What somebody gives as their second factor.
#[derive(Debug, Clone, Default)]
pub struct Proof {
    /// The code that their authenticator shows, or a recovery code.
    pub code: Option<String>,
    /// What a passkey of theirs answered, in the form of WebAuthn's `AuthenticationResponseJSON`.
    pub passkey: Option<Value>,
}

/// What an authenticator is to be told, once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enrolment {
    /// The secret in base32, to be typed where no picture can be taken.
    pub secret: String,
    /// The same as an `otpauth` address.
    pub url: String,
    /// The address as a QR code: an SVG picture.
    pub picture: String,
}

/// What the secret of an authenticator is sealed for.
pub(crate) fn purpose(id: AuthenticatorId) -> String {
    format!("authenticator:{id}")
}

impl App {
    /// How far the caller is with their second factor.
    ///
    /// # Errors
    /// Fails when the store does not answer.
    pub async fn second_factor(&self, caller: &Caller) -> Result<SecondFactor> {
        let on = self.read();
        let is_required = self.requires_second_factor(&caller.roles);
        let has_authenticator = self.has_authenticator(caller.actor).await?;
        let passkeys = passkey::count(&on, caller.actor).await?;
        Ok(SecondFactor {
            is_enabled: has_authenticator || (is_required && passkeys > 0),
            is_required,
            has_authenticator,
            passkeys,
            recovery_codes: second_factor::count_codes(&on, caller.actor).await?,
        })
    }

    /// Begins to set up an authenticator. Until [`confirm_second_factor`](Self::confirm_second_factor) nothing changes.
    ///
    /// # Errors
    /// [`AppError::Invalid`] when the password is wrong, [`AppError::Conflict`] when there is a second factor already.
    pub async fn begin_second_factor(
        &self,
        caller: &Caller,
        password: String,
    ) -> Result<Enrolment> {
        self.require_session(caller)?;
        self.prove_password(caller, password).await?;
        if self.has_authenticator(caller.actor).await? {
            return Err(AppError::Conflict(
                "You have an authenticator already: remove it before you set up another."
                    .to_owned(),
            ));
        }
        let now = self.now();
        let bytes = self.random_bytes::<20>();
        let id = self.new_id(now);
        let authenticator = Authenticator {
            id,
            actor: caller.actor,
            secret: self.seal(&purpose(id), &URL_SAFE_NO_PAD.encode(bytes))?,
            created_at: now,
            confirmed_at: None,
            last_span: 0,
        };
        transact!(self, tx => async {
            Ok(second_factor::replace(tx, &authenticator).await?)
        })?;
        let company = self.branding().await?.name;
        self.enrolment(&company, &caller.email, bytes)
    }

    /// Finishes setting up an authenticator with a code that it shows, and gives out recovery codes, once. The caller's
    /// other sessions end: they were opened without it.
    ///
    /// # Errors
    /// [`AppError::Invalid`] when the code is wrong, [`AppError::NotFound`] when nothing was begun.
    pub async fn confirm_second_factor(&self, caller: &Caller, code: &str) -> Result<Vec<String>> {
        self.require_session(caller)?;
        let now = self.now();
        self.may_try(&caller.email, None).await?;
        let begun = second_factor::of_actor(&self.read(), caller.actor)
            .await?
            .filter(|found| found.confirmed_at.is_none())
            .ok_or_else(|| {
                AppError::NotFound("Begin to set up a second factor first.".to_owned())
            })?;
        let Some(span) = self.span_of(&begun, code, now)? else {
            self.note_failure(&caller.email, None).await?;
            return Err(AppError::invalid(
                "code",
                "this is not the code that the authenticator shows now",
            ));
        };
        let confirmed = Authenticator {
            confirmed_at: Some(now),
            last_span: span,
            ..begun
        };
        let (shown, codes) = self.new_recovery_codes(caller.actor, now);
        let tx = self.begin().await?;
        second_factor::update(&tx, &confirmed).await?;
        second_factor::replace_codes(&tx, caller.actor, &codes).await?;
        self.end_other_sessions(&tx, caller).await?;
        let action = Action::new("second_factor.enabled", "person", &caller.email);
        self.record(&tx, caller, action).await?;
        tx.commit().await?;
        Ok(shown)
    }

    /// Gives the caller new recovery codes in the place of those they had.
    ///
    /// # Errors
    /// [`AppError::Invalid`] when the password is wrong, [`AppError::NotFound`] without a second factor.
    pub async fn renew_recovery_codes(
        &self,
        caller: &Caller,
        password: String,
    ) -> Result<Vec<String>> {
        self.require_session(caller)?;
        self.prove_password(caller, password).await?;
        if !self.second_factor(caller).await?.is_enabled {
            return Err(none_there());
        }
        let (shown, codes) = self.new_recovery_codes(caller.actor, self.now());
        let tx = self.begin().await?;
        second_factor::replace_codes(&tx, caller.actor, &codes).await?;
        let action = Action::new("second_factor.codes_renewed", "person", &caller.email);
        self.record(&tx, caller, action).await?;
        tx.commit().await?;
        Ok(shown)
    }

    /// Takes the caller's authenticator away, with their recovery codes.
    ///
    /// # Errors
    /// [`AppError::Invalid`] when the password is wrong, [`AppError::NotFound`] without an authenticator,
    /// [`AppError::Refused`] when one of their roles requires a second factor and they have no other.
    pub async fn remove_second_factor(&self, caller: &Caller, password: String) -> Result<()> {
        self.require_session(caller)?;
        self.prove_password(caller, password).await?;
        if self.has_authenticator(caller.actor).await?
            && passkey::count(&self.read(), caller.actor).await? == 0
        {
            self.may_go_without(caller)?;
        }
        let tx = self.begin().await?;
        if !second_factor::remove_of(&tx, caller.actor).await? {
            return Err(none_there());
        }
        let action = Action::new("second_factor.removed", "person", &caller.email);
        self.record(&tx, caller, action).await?;
        Ok(tx.commit().await?)
    }

    /// Demands the second factor of somebody who has proven the first, where they have a second.
    pub(crate) async fn pass_second_factor(
        &self,
        actor: Actor,
        proof: &Proof,
        person: &str,
        address: Option<IpAddr>,
    ) -> Result<()> {
        let authenticator = self.authenticator(actor).await?;
        if authenticator.is_none() && !self.signs_in_by_passkey_only(actor).await? {
            return Ok(());
        }
        if let Some(answer) = &proof.passkey {
            let owner = match self.prove_by_passkey(answer, address).await {
                Err(AppError::Unauthorised(what)) => Err(AppError::SecondFactorRequired(what)),
                proven => proven.map(|passkey| passkey.actor),
            };
            if owner? == actor {
                return Ok(());
            }
            self.note_failure(person, address).await?;
            return Err(AppError::SecondFactorRequired(
                "This passkey is somebody else's: choose one of yours, or give a code.".to_owned(),
            ));
        }
        let Some(code) = proof
            .code
            .as_deref()
            .map(str::trim)
            .filter(|code| !code.is_empty())
        else {
            return Err(AppError::SecondFactorRequired(
                "Use a passkey, or give the code that your authenticator shows or a recovery code."
                    .to_owned(),
            ));
        };
        if self.use_code(actor, authenticator.as_ref(), code).await? {
            return Ok(());
        }
        self.note_failure(person, address).await?;
        tracing::info!("a second factor was refused");
        Err(AppError::SecondFactorRequired(
            "This code is wrong, or was used already: wait for the next one.".to_owned(),
        ))
    }

    /// Whether somebody may do what needs a second factor: be it a code or a passkey.
    pub(crate) async fn has_second_factor(&self, actor: Actor) -> Result<bool> {
        Ok(self.has_authenticator(actor).await? || passkey::count(&self.read(), actor).await? > 0)
    }

    /// Whether somebody has an authenticator that works.
    pub(crate) async fn has_authenticator(&self, actor: Actor) -> Result<bool> {
        Ok(self.authenticator(actor).await?.is_some())
    }

    async fn authenticator(&self, actor: Actor) -> Result<Option<Authenticator>> {
        let found = second_factor::of_actor(&self.read(), actor).await?;
        Ok(found.filter(|found| found.confirmed_at.is_some()))
    }

    /// Whether a role of somebody requires a second factor and passkeys are what they have. Where none is required, a
    /// passkey is a way to sign in beside the password and does not lock the password out.
    async fn signs_in_by_passkey_only(&self, actor: Actor) -> Result<bool> {
        if passkey::count(&self.read(), actor).await? == 0 {
            return Ok(false);
        }
        let owner = self.caller(actor, Credential::Machine).await?;
        Ok(owner.is_some_and(|owner| self.requires_second_factor(&owner.roles)))
    }

    /// Refuses to take somebody's last second factor away where one of their roles requires one.
    pub(crate) fn may_go_without(&self, caller: &Caller) -> Result<()> {
        if self.requires_second_factor(&caller.roles) {
            return Err(AppError::Refused(
                "Your role requires a second factor, and this is your last: set up another one first."
                    .to_owned(),
            ));
        }
        Ok(())
    }

    /// Whether one of these roles requires a second factor.
    pub(crate) fn requires_second_factor(&self, roles: &[RoleName]) -> bool {
        let required = &self.options().second_factor_roles;
        roles.iter().any(|role| required.contains(role))
    }

    /// Demands that the caller's password is given once more, for what a browser left open must not do.
    pub(crate) async fn prove_password(&self, caller: &Caller, password: String) -> Result<()> {
        self.may_try(&caller.email, None).await?;
        let hash = self.password_of(caller.actor).await?;
        if self.is_password(password, hash).await? {
            return Ok(());
        }
        self.note_failure(&caller.email, None).await?;
        Err(AppError::invalid("password", "this is not your password"))
    }

    pub(crate) fn require_session(&self, caller: &Caller) -> Result<()> {
        match caller.credential {
            Credential::Session(_) => Ok(()),
            Credential::Token(_) | Credential::Machine => Err(AppError::Forbidden(
                "Sign in to keep your second factor: a token cannot.".to_owned(),
            )),
        }
    }

    async fn use_code(
        &self,
        actor: Actor,
        authenticator: Option<&Authenticator>,
        code: &str,
    ) -> Result<bool> {
        if let Some(authenticator) = authenticator
            && let Some(span) = self.span_of(authenticator, code, self.now())?
        {
            return transact!(self, tx => async {
                Ok(second_factor::use_span(tx, authenticator.id, span).await?)
            });
        }
        let code = recovery_digest(actor, code);
        transact!(self, tx => async {
            Ok(second_factor::use_code(tx, actor, code).await?)
        })
    }

    /// The span of time whose code this is: the present one or one beside it, since clocks differ.
    fn span_of(
        &self,
        authenticator: &Authenticator,
        code: &str,
        now: Timestamp,
    ) -> Result<Option<u64>> {
        let secret = self.unseal(&purpose(authenticator.id), &authenticator.secret)?;
        let bytes = URL_SAFE_NO_PAD
            .decode(secret)
            .map_err(|error| AppError::broken("An authenticator cannot be read.", error))?;
        let totp = generator(ISSUER, ISSUER, bytes)?;
        let code: String = code.chars().filter(|c| !c.is_whitespace()).collect();
        Ok(totp.check(&code, u64::try_from(now.as_second()).unwrap_or(0)))
    }

    fn enrolment(&self, company: &str, email: &str, bytes: [u8; 20]) -> Result<Enrolment> {
        // The colon parts the issuer from the account in the address.
        let plain = |text: &str| text.replace(':', " ");
        let issuer = plain(company);
        let totp = generator(&issuer, &plain(email), bytes.to_vec())?;
        let url = totp.to_url().map_err(|error| {
            AppError::broken("An authenticator cannot be described.", error.to_string())
        })?;
        let picture = QrCode::new(url.as_bytes())
            .map_err(|error| AppError::broken("A QR code cannot be drawn.", error))?
            .render::<svg::Color<'_>>()
            .min_dimensions(240, 240)
            .build();
        Ok(Enrolment {
            secret: totp.secret().to_base32(),
            url,
            picture,
        })
    }

    fn new_recovery_codes(&self, actor: Actor, now: Timestamp) -> (Vec<String>, Vec<RecoveryCode>) {
        (0..RECOVERY_CODES)
            .map(|_| {
                let shown = recovery_code(self.random_bytes());
                let code = RecoveryCode {
                    id: self.new_id::<RecoveryCodeId>(now),
                    actor,
                    code: recovery_digest(actor, &shown),
                };
                (shown, code)
            })
            .unzip()
    }
}

fn none_there() -> AppError {
    AppError::NotFound("You have no second factor.".to_owned())
}

/// More than seventy random bits, in three groups: `kq7m2-h9xwd-4rtnb`.
fn recovery_code(bytes: [u8; 15]) -> String {
    let letters: Vec<char> = bytes
        .iter()
        .map(|byte| char::from(LETTERS[usize::from(byte % 31)]))
        .collect();
    let groups: Vec<String> = letters
        .chunks(5)
        .map(|group| group.iter().collect())
        .collect();
    groups.join("-")
}

/// What is kept of a recovery code. It is bound to its owner, so that nobody searches for a code among those of all.
fn recovery_digest(actor: Actor, code: &str) -> Digest {
    let code: String = code
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|letter| letter.to_ascii_lowercase())
        .collect();
    digest(format!("recovery code\n{actor:?}\n{code}").as_bytes())
}

fn generator(issuer: &str, account: &str, secret: Vec<u8>) -> Result<Totp> {
    Builder::new()
        .with_algorithm(Algorithm::SHA1)
        .with_digits(6)
        .with_skew(1)
        .with_step_duration(30)
        .with_secret(Secret::new(secret.into()))
        .with_account_name(account)
        .with_issuer(Some(issuer))
        .build()
        .map_err(|error| AppError::broken("An authenticator cannot be read.", error.to_string()))
}
