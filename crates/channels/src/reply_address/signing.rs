//! The key and the short signatures of addresses and message ids.

use std::fmt;

use hmac::{Hmac, Mac};
use sha2::Sha256;

use super::base32;

/// How much of the HMAC is kept: 80 bits, out of reach of guessing by mail, short enough for a local part.
const SIGNATURE_BYTES: usize = 10;

/// The length of a signature as text, in characters.
pub(super) const SIGNATURE_LENGTH: usize = base32::encoded_length(SIGNATURE_BYTES);

/// A key for HMAC-SHA256.
#[derive(Clone)]
pub struct SigningKey(Vec<u8>);

/// The key is too short to be safe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a signing key needs at least {limit} random bytes, and this one has {0}", limit = SigningKey::LEAST_BYTES)]
pub struct KeyTooShort(pub usize);

impl SigningKey {
    /// The fewest bytes a key may have.
    pub const LEAST_BYTES: usize = 32;

    /// A key of random bytes.
    ///
    /// # Errors
    /// When it has fewer than [`LEAST_BYTES`](Self::LEAST_BYTES).
    pub fn new(bytes: impl Into<Vec<u8>>) -> Result<SigningKey, KeyTooShort> {
        let bytes = bytes.into();
        if bytes.len() < Self::LEAST_BYTES {
            return Err(KeyTooShort(bytes.len()));
        }
        Ok(SigningKey(bytes))
    }

    /// Signs a text for a purpose, which is part of what is signed: 80 bits, as 16 letters and digits.
    #[must_use]
    pub fn sign(&self, purpose: &str, text: &str) -> String {
        // HMAC takes a key of any length, so there is always a signature.
        let signature = self
            .mac(purpose, text)
            .map(|mac| mac.finalize().into_bytes());
        signature.map_or_else(String::new, |bytes| {
            base32::encode(&bytes[..SIGNATURE_BYTES])
        })
    }

    /// Whether a signature is that of a text for a purpose. Compares in constant time.
    #[must_use]
    pub fn verify(&self, purpose: &str, text: &str, signature: &str) -> bool {
        let Some(signature) =
            base32::decode(signature).filter(|bytes| bytes.len() == SIGNATURE_BYTES)
        else {
            return false;
        };
        self.mac(purpose, text)
            .is_some_and(|mac| mac.verify_truncated_left(&signature).is_ok())
    }

    /// The purpose is part of what is signed, so that a signature made for one thing is worth nothing for another.
    fn mac(&self, purpose: &str, text: &str) -> Option<Hmac<Sha256>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).ok()?;
        mac.update(purpose.as_bytes());
        mac.update(&[0]);
        mac.update(text.as_bytes());
        Some(mac)
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SigningKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_key_is_refused() {
        insta::assert_snapshot!(
            SigningKey::new([0; 31]).unwrap_err(),
            @"a signing key needs at least 32 random bytes, and this one has 31"
        );
    }

    #[test]
    fn a_key_hides_itself() {
        let key = SigningKey::new([42; 32]).unwrap();
        assert_eq!(format!("{key:?}"), "SigningKey(…)");
    }

    #[test]
    fn a_part_of_a_signature_is_not_enough() {
        let key = SigningKey::new([42; 32]).unwrap();
        let whole = key.sign("purpose", "text");
        assert!(key.verify("purpose", "text", &whole));
        assert!(!key.verify("purpose", "text", &whole[..8]));
        assert!(!key.verify("purpose", "text", ""));
        assert!(!key.verify("another purpose", "text", &whole));
    }
}
