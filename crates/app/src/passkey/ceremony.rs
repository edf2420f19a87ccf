//! What browsers and devices are asked for and what they answer (WebAuthn Level 3), by the library that knows the rules.
//!
//! The library makes the challenges from the operating system's randomness and would time them by the wall clock of
//! the node. The time that counts is that of [`PasskeyChallenge`](mainstay_domain::passkey::PasskeyChallenge).

use std::fmt;
use std::num::NonZeroU32;

use mainstay_domain::digest::Digest;
use mainstay_domain::event::Actor;
use mainstay_domain::id::Uuid;
use mainstay_domain::passkey::Passkey;
use serde_json::{Value, json};
use url::{Host, Url};
use webauthn_rp::bin::{Decode, Encode};
use webauthn_rp::request::auth::{
    AuthenticationVerificationOptions, DiscoverableCredentialRequestOptions,
};
use webauthn_rp::request::register::{
    CredProtect, Nickname, PublicKeyCredentialCreationOptions, PublicKeyCredentialUserEntity,
    RegistrationVerificationOptions, UserHandle, Username,
};
use webauthn_rp::request::{AsciiDomain, ExtensionInfo, PublicKeyCredentialDescriptor, RpId};
use webauthn_rp::response::auth::error::AuthCeremonyErr;
use webauthn_rp::response::register::{CompressedPubKey, DynamicState, StaticState};
use webauthn_rp::response::{AuthTransports, Backup, CredentialId, SentChallenge};
use webauthn_rp::{
    AuthenticatedCredential, DiscoverableAuthentication, DiscoverableAuthenticationServerState,
    Registration, RegistrationServerState,
};

use super::LIFETIME;
use crate::secret::digest;

/// By what a device knows whose a passkey is: the bytes of their identifier.
const HANDLE: usize = 16;

/// What a passkey answers to a sign-in.
pub(super) type Assertion = DiscoverableAuthentication<HANDLE>;

/// For whom passkeys are made: the host of our own address.
pub(super) struct RelyingParty {
    id: RpId,
    origin: String,
}

/// What a browser is to be told, and what is kept until it answers.
pub(super) struct Begun {
    pub(super) options: Value,
    pub(super) challenge: Digest,
    pub(super) state: Vec<u8>,
}

/// What is kept of a passkey that was registered.
pub(super) struct Registered {
    pub(super) credential: Vec<u8>,
    pub(super) public_key: Vec<u8>,
    pub(super) state: Vec<u8>,
}

/// Why an answer was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The counter of signatures did not go up: there are two copies of the key.
    Copied,
    /// Anything else, for the log.
    Other(String),
}

impl Refusal {
    fn other(error: impl fmt::Display) -> Self {
        Self::Other(error.to_string())
    }
}

impl RelyingParty {
    /// Who we are at an address; nobody where no browser would make a passkey: at an IP address, or in clear text on
    /// anything but the own machine.
    pub(super) fn at(public_url: &str) -> Option<Self> {
        let url = Url::parse(public_url).ok()?;
        let Some(Host::Domain(domain)) = url.host() else {
            return None;
        };
        let is_own_machine = domain == "localhost" || domain.ends_with(".localhost");
        if url.scheme() != "https" && !is_own_machine {
            return None;
        }
        let id = AsciiDomain::try_from(domain.to_owned()).ok()?;
        Some(Self {
            id: RpId::Domain(id),
            origin: url.origin().ascii_serialization(),
        })
    }

    /// Asks for a new passkey of somebody, on a device that has none of theirs yet.
    pub(super) fn begin_registration(
        &self,
        (actor, email, name): (Actor, &str, &str),
        brand: &str,
        there: &[Passkey],
    ) -> Result<Begun, Refusal> {
        let handle = handle_of(actor)?;
        // A few addresses and names are written in ways that devices need not show.
        let user = PublicKeyCredentialUserEntity {
            name: Username::try_from(email)
                .or_else(|_| Username::try_from("account"))
                .map_err(Refusal::other)?,
            id: &handle,
            display_name: Nickname::try_from(name).ok(),
        };
        let there = there
            .iter()
            .map(|passkey| {
                Ok(PublicKeyCredentialDescriptor {
                    id: CredentialId::<Vec<u8>>::decode(passkey.credential.clone())
                        .map_err(Refusal::other)?,
                    // Which ways lead to it, a browser tries out.
                    transports: AuthTransports::decode(0).map_err(Refusal::other)?,
                })
            })
            .collect::<Result<Vec<_>, Refusal>>()?;
        let mut asked = PublicKeyCredentialCreationOptions::passkey(&self.id, user, there);
        // A device that cannot promise it is welcome all the same: we verify it at each sign-in.
        asked.extensions.cred_protect =
            CredProtect::UserVerificationRequired(ExtensionInfo::AllowDontEnforceValue);
        asked.timeout = NonZeroU32::MAX;
        let (kept, sent) = asked.start_ceremony().map_err(Refusal::other)?;
        let mut options = serde_json::to_value(&sent).map_err(Refusal::other)?;
        options["rp"]["name"] = json!(brand);
        Ok(Begun {
            options: timed(options),
            challenge: challenge_digest(sent.options().challenge.as_data()),
            state: kept.encode().map_err(Refusal::other)?,
        })
    }

    /// Takes a new passkey.
    pub(super) fn finish_registration(
        &self,
        state: &[u8],
        answer: &Registration,
    ) -> Result<Registered, Refusal> {
        let kept = RegistrationServerState::<HANDLE>::decode(state).map_err(Refusal::other)?;
        let origins = [self.origin.as_str()];
        let options = RegistrationVerificationOptions::<&str, &str> {
            allowed_origins: &origins,
            // Browsers ask for what protects a passkey without being told to.
            error_on_unsolicited_extensions: false,
            ..RegistrationVerificationOptions::default()
        };
        let taken = kept
            .verify(&self.id, answer, &options)
            .map_err(Refusal::other)?;
        let Ok(public_key) = taken.static_state().encode();
        let Ok(state) = taken.dynamic_state().encode();
        Ok(Registered {
            credential: taken.id().as_ref().to_vec(),
            public_key,
            state: state.to_vec(),
        })
    }

    /// Asks anybody for a passkey of theirs that verifies that it is them.
    pub(super) fn begin_sign_in(&self) -> Result<Begun, Refusal> {
        let mut asked = DiscoverableCredentialRequestOptions::passkey(&self.id);
        asked.0.timeout = NonZeroU32::MAX;
        let (kept, sent) = asked.start_ceremony().map_err(Refusal::other)?;
        Ok(Begun {
            options: timed(serde_json::to_value(&sent).map_err(Refusal::other)?),
            challenge: challenge_digest(sent.options().0.challenge.as_data()),
            state: kept.encode().map_err(Refusal::other)?,
        })
    }

    /// Verifies what a passkey signed, and says what its state is from now on.
    pub(super) fn finish_sign_in(
        &self,
        state: &[u8],
        answer: &Assertion,
        passkey: &Passkey,
    ) -> Result<Vec<u8>, Refusal> {
        let kept = DiscoverableAuthenticationServerState::decode(state).map_err(Refusal::other)?;
        let handle = handle_of(passkey.actor)?;
        let public_key =
            StaticState::<CompressedPubKey<_, _, _, _>>::decode(passkey.public_key.as_slice())
                .map_err(Refusal::other)?;
        let mut known = AuthenticatedCredential::new(
            CredentialId::<&[u8]>::decode(&passkey.credential).map_err(Refusal::other)?,
            &handle,
            public_key,
            dynamic_state(&passkey.state)?,
        )
        .map_err(Refusal::other)?;
        let origins = [self.origin.as_str()];
        let options = AuthenticationVerificationOptions::<&str, &str> {
            allowed_origins: &origins,
            error_on_unsolicited_extensions: false,
            ..AuthenticationVerificationOptions::default()
        };
        match kept.verify(&self.id, answer, &mut known, &options) {
            Ok(_) => {
                let Ok(state) = known.dynamic_state().encode();
                Ok(state.to_vec())
            }
            Err(AuthCeremonyErr::SignatureCounter) => Err(Refusal::Copied),
            Err(error) => Err(Refusal::other(error)),
        }
    }
}

/// What is kept of the challenge that an answer brings.
pub(super) fn digest_of(challenge: SentChallenge) -> Digest {
    challenge_digest(challenge.0)
}

/// Whether the device keeps a copy elsewhere, as password managers do.
pub(super) fn is_backed_up(passkey: &Passkey) -> bool {
    dynamic_state(&passkey.state).is_ok_and(|state| matches!(state.backup, Backup::Exists))
}

fn dynamic_state(state: &[u8]) -> Result<DynamicState, Refusal> {
    let state = state.try_into().map_err(Refusal::other)?;
    DynamicState::decode(state).map_err(Refusal::other)
}

fn handle_of(actor: Actor) -> Result<UserHandle<HANDLE>, Refusal> {
    let id: Uuid = match actor {
        Actor::Agent(id) => id.uuid(),
        Actor::Contact(id) => id.uuid(),
        Actor::System => return Err(Refusal::Other("only people have passkeys".to_owned())),
    };
    let Ok(handle) = UserHandle::decode(id.into_bytes());
    Ok(handle)
}

/// The library reads challenges and writes them with the lowest byte first.
fn challenge_digest(challenge: u128) -> Digest {
    digest(&challenge.to_le_bytes())
}

/// How long the browser waits is how long an answer counts.
fn timed(mut options: Value) -> Value {
    options["timeout"] = json!(LIFETIME.as_millis());
    options
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passkeys_are_made_for_the_host_of_our_address_where_browsers_make_them() {
        let origin = |url| RelyingParty::at(url).map(|party| party.origin);
        let is = |text: &str| Some(text.to_owned());
        assert_eq!(
            origin("https://help.example.com"),
            is("https://help.example.com")
        );
        assert_eq!(
            origin("https://help.example.com:8443/desk"),
            is("https://help.example.com:8443")
        );
        assert_eq!(
            origin("https://hilfe.müller.example"),
            is("https://hilfe.xn--mller-kva.example")
        );
        assert_eq!(origin("http://localhost:8080"), is("http://localhost:8080"));
        assert_eq!(origin("http://help.example.com"), None);
        assert_eq!(origin("https://192.0.2.7"), None);
        assert_eq!(origin("https://[2001:db8::7]"), None);
        assert_eq!(origin("nonsense"), None);
    }
}
