//! Secrets that the program must be able to read again: sealed before they reach the store, so that whoever gets hold of
//! the store, a copy or a backup of it has none of them.
//!
//! A sealed secret is `sealed:` and the key's name, a nonce and the ciphertext of XChaCha20-Poly1305. What it is for is
//! authenticated with it, so that one cannot be put in the place of another. Secrets that nobody needs to read again,
//! such as passwords and tokens, are hashed and have no place here.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chacha20poly1305::aead::{Aead as _, Payload};
use chacha20poly1305::{Key as CipherKey, KeyInit as _, XChaCha20Poly1305, XNonce};
use mainstay_domain::agent::Agent;
use mainstay_domain::digest::Digest;
use mainstay_domain::role::Permission;
use mainstay_store::{Store, Transaction, agent, mailbox, second_factor, setting, webhook};

use crate::audit::Action;
use crate::caller::Caller;
use crate::context::App;
use crate::error::{AppError, Result};
use crate::mail::MAIL_KEY;
use crate::secret::digest;
use crate::transaction::transact;

/// What a sealed secret begins with.
const MARK: &str = "sealed:";

/// The bytes of a nonce: enough that random ones never repeat.
const NONCE: usize = 24;

/// A key that seals secrets: 256 random bits.
#[derive(Clone, PartialEq, Eq)]
pub struct VaultKey([u8; 32]);

impl VaultKey {
    /// A key of random bytes.
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The key's name: says which key sealed something and nothing about the key.
    #[must_use]
    pub fn name(&self) -> String {
        let mut named = b"mainstay: the name of a key\0".to_vec();
        named.extend_from_slice(&self.0);
        let Digest(bytes) = digest(&named);
        URL_SAFE_NO_PAD.encode(&bytes[..9])
    }

    /// The key as it stands in a key file.
    #[must_use]
    pub fn to_text(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }
}

impl fmt::Debug for VaultKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VaultKey({})", self.name())
    }
}

/// A text that is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected 43 characters of URL-safe base64, which are 32 bytes")]
pub struct NoVaultKey;

impl FromStr for VaultKey {
    type Err = NoVaultKey;

    fn from_str(text: &str) -> Result<Self, NoVaultKey> {
        let bytes = URL_SAFE_NO_PAD
            .decode(text.trim())
            .map_err(|_| NoVaultKey)?;
        bytes.try_into().map(Self).map_err(|_| NoVaultKey)
    }
}

/// The keys: the first seals, all of them open.
#[derive(Debug, Clone, Default)]
pub struct Vault(Vec<VaultKey>);

impl Vault {
    /// Keys, the one that seals first. Without any, secrets are kept as they are: for tests and for tools that touch
    /// none.
    #[must_use]
    pub fn new(keys: Vec<VaultKey>) -> Self {
        Self(keys)
    }

    /// The key that seals.
    #[must_use]
    pub fn current(&self) -> Option<&VaultKey> {
        self.0.first()
    }

    /// Seals a secret for a purpose.
    pub(crate) fn seal(&self, purpose: &str, secret: &str, nonce: [u8; NONCE]) -> Result<String> {
        let Some(key) = self.current() else {
            return Ok(secret.to_owned());
        };
        let payload = Payload {
            msg: secret.as_bytes(),
            aad: purpose.as_bytes(),
        };
        let sealed = cipher(key)
            .encrypt(&XNonce::from(nonce), payload)
            .map_err(|error| AppError::broken("a secret cannot be sealed", error.to_string()))?;
        let mut bytes = nonce.to_vec();
        bytes.extend(sealed);
        Ok(format!(
            "{MARK}{}:{}",
            key.name(),
            URL_SAFE_NO_PAD.encode(bytes)
        ))
    }

    /// Opens what was sealed for a purpose. What is not sealed, because it is older than sealing, is returned as it is.
    pub(crate) fn open(&self, purpose: &str, kept: &str) -> Result<String> {
        let Some(sealed) = kept.strip_prefix(MARK) else {
            return Ok(kept.to_owned());
        };
        let broken = |what: String| AppError::broken("A sealed secret cannot be opened.", what);
        let (name, text) = sealed
            .split_once(':')
            .ok_or_else(|| broken("it names no key".to_owned()))?;
        let key = self.0.iter().find(|key| key.name() == name).ok_or_else(|| {
            broken(format!(
                "it was sealed with the key {name}, which this node does not have: put it into the key file"
            ))
        })?;
        let bytes = URL_SAFE_NO_PAD
            .decode(text)
            .map_err(|error| broken(error.to_string()))?;
        let (nonce, sealed) = bytes
            .split_first_chunk::<NONCE>()
            .ok_or_else(|| broken("it is too short".to_owned()))?;
        let payload = Payload {
            msg: sealed,
            aad: purpose.as_bytes(),
        };
        let secret = cipher(key)
            .decrypt(&XNonce::from(*nonce), payload)
            .map_err(|_| broken("it was changed, or sealed for something else".to_owned()))?;
        String::from_utf8(secret).map_err(|error| broken(error.to_string()))
    }

    /// Whether something is sealed with the key in use.
    fn is_current(&self, kept: &str) -> bool {
        self.current()
            .is_none_or(|key| kept.starts_with(&format!("{MARK}{}:", key.name())))
    }
}

fn cipher(key: &VaultKey) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(&CipherKey::from(key.0))
}

impl App {
    /// Seals a secret for a purpose.
    pub(crate) fn seal(&self, purpose: &str, secret: &str) -> Result<String> {
        self.options()
            .vault
            .seal(purpose, secret, self.random_bytes())
    }

    /// Opens what was sealed for a purpose.
    pub(crate) fn unseal(&self, purpose: &str, kept: &str) -> Result<String> {
        self.options().vault.open(purpose, kept)
    }

    /// Seals with the key in use what another key sealed, or none; nothing when that is not needed.
    pub(crate) fn reseal(&self, purpose: &str, kept: &str) -> Result<Option<String>> {
        if self.options().vault.is_current(kept) {
            return Ok(None);
        }
        self.seal(purpose, &self.unseal(purpose, kept)?).map(Some)
    }
}

/// The name of the key that a store's secrets are sealed with, if they are.
///
/// # Errors
/// Fails when the store does not answer.
pub async fn key_in_use(store: &Store) -> Result<Option<String>> {
    Ok(setting::get(&store.read(), KEY_IN_USE).await?)
}

/// Where the store remembers the name of the key that sealed its secrets.
const KEY_IN_USE: &str = "vault.key";

impl App {
    /// Makes sure that this node can open what the store keeps sealed, and seals what is older than sealing. To be called
    /// when the program starts.
    ///
    /// # Errors
    /// [`AppError::Refused`] when the store's secrets are sealed with a key that this node does not have.
    pub async fn prepare_vault(&self) -> Result<()> {
        let Some(current) = self.options().vault.current().map(VaultKey::name) else {
            return Ok(());
        };
        match key_in_use(self.store()).await? {
            Some(name) if self.options().vault.0.iter().any(|key| key.name() == name) => {
                self.seal_what_is_open().await
            }
            Some(name) => Err(AppError::Refused(format!(
                "The secrets in the store are sealed with the key {name}, and this node has the key {current}."
            ))),
            None => self.seal_everything().await.map(|_| ()),
        }
    }

    /// Seals what was kept open by a version that did not seal it yet.
    async fn seal_what_is_open(&self) -> Result<()> {
        let is_open = |agent: &Agent| {
            let key = agent.pager.as_ref();
            key.is_some_and(|key| !key.starts_with(MARK))
        };
        if agent::all(&self.read()).await?.iter().any(is_open) {
            self.seal_everything().await?;
        }
        Ok(())
    }

    /// Seals every secret anew with the first key, after a key was added to the front, and says how many that were.
    ///
    /// # Errors
    /// [`AppError::Broken`] when one cannot be opened: then all stay as they are.
    pub async fn rotate_secrets(&self, caller: &Caller) -> Result<u64> {
        caller.require(Permission::UpdateSettings)?;
        let count = self.seal_everything().await?;
        let name = self.options().vault.current().map(VaultKey::name);
        let tx = self.begin().await?;
        let action = Action::new("key.rotated", "key", name.unwrap_or_default());
        self.record(&tx, caller, action).await?;
        tx.commit().await?;
        Ok(count)
    }

    async fn seal_everything(&self) -> Result<u64> {
        transact!(self, tx => self.seal_within(tx))
    }

    async fn seal_within(&self, tx: &Transaction) -> Result<u64> {
        let mut count = 0;
        for webhook in webhook::all(tx).await? {
            let sealed = self.reseal(&crate::webhook::purpose(webhook.id), &webhook.secret)?;
            if let Some(sealed) = sealed {
                webhook::set_secret(tx, webhook.id, &sealed).await?;
                count += 1;
            }
        }
        for mut agent in agent::all(tx).await? {
            let Some(kept) = &agent.pager else {
                continue;
            };
            let purpose = crate::agent::pager_purpose(agent.id);
            if let Some(sealed) = self.reseal(&purpose, kept)? {
                agent.pager = Some(sealed);
                agent::update(tx, &agent).await?;
                count += 1;
            }
        }
        for mut authenticator in second_factor::all(tx).await? {
            let purpose = crate::second_factor::purpose(authenticator.id);
            if let Some(sealed) = self.reseal(&purpose, &authenticator.secret)? {
                authenticator.secret = sealed;
                second_factor::update(tx, &authenticator).await?;
                count += 1;
            }
        }
        for mut mailbox in mailbox::all(tx).await? {
            let (id, before) = (mailbox.id, count);
            for (part, secret) in mailbox.secrets() {
                if let Some(sealed) = self.reseal(&crate::mailbox::purpose(id, part), secret)? {
                    *secret = sealed;
                    count += 1;
                }
            }
            if count > before {
                mailbox::update(tx, &mailbox).await?;
            }
        }
        if let Some(kept) = setting::get(tx, MAIL_KEY).await?
            && let Some(sealed) = self.reseal(MAIL_KEY, &kept)?
        {
            setting::set(tx, MAIL_KEY, &sealed).await?;
            count += 1;
        }
        if let Some(key) = self.options().vault.current() {
            setting::set(tx, KEY_IN_USE, &key.name()).await?;
        }
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> VaultKey {
        VaultKey::new([byte; 32])
    }

    #[test]
    fn what_is_sealed_is_opened_for_its_purpose_only() {
        let vault = Vault::new(vec![key(1)]);
        let sealed = vault.seal("webhook:1", "whsec_x", [7; NONCE]).unwrap();
        assert!(!sealed.contains("whsec_x"));
        assert_eq!(vault.open("webhook:1", &sealed).unwrap(), "whsec_x");
        assert!(vault.open("webhook:2", &sealed).is_err());
        let mut changed = sealed;
        let last = if changed.ends_with('A') { 'B' } else { 'A' };
        changed.pop();
        changed.pop();
        changed.extend([last, last]);
        assert!(vault.open("webhook:1", &changed).is_err());
        assert!(vault.open("webhook:1", "sealed:x").is_err());
    }

    #[test]
    fn a_former_key_opens_and_no_longer_seals() {
        let old = Vault::new(vec![key(1)])
            .seal("a", "secret", [7; NONCE])
            .unwrap();
        let both = Vault::new(vec![key(2), key(1)]);
        assert_eq!(both.open("a", &old).unwrap(), "secret");
        assert!(!both.is_current(&old));
        let new = both.seal("a", "secret", [8; NONCE]).unwrap();
        assert!(both.is_current(&new));
        let error = Vault::new(vec![key(1)]).open("a", &new).unwrap_err();
        let AppError::Broken {
            source: Some(why), ..
        } = error
        else {
            unreachable!("a key is missing");
        };
        assert!(why.to_string().contains(&key(2).name()), "{why}");
    }

    #[test]
    fn what_was_never_sealed_is_read_as_it_is() {
        assert_eq!(Vault::default().open("a", "whsec_x").unwrap(), "whsec_x");
        assert_eq!(
            Vault::default().seal("a", "whsec_x", [0; NONCE]).unwrap(),
            "whsec_x"
        );
    }

    #[test]
    fn a_key_is_read_as_it_is_written() {
        assert_eq!(key(3).to_text().parse(), Ok(key(3)));
        assert_eq!("short".parse::<VaultKey>(), Err(NoVaultKey));
        assert!(!format!("{:?}", key(3)).contains(&key(3).to_text()));
    }
}
