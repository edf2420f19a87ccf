//! Signatures of Standard Webhooks, version 1.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use jiff::Timestamp;
use sha2::Sha256;

/// What every secret begins with, so that people and scanners recognise one.
const PREFIX: &str = "whsec_";

/// The key that signs the webhooks of one endpoint.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningSecret(Vec<u8>);

/// Why a text is no secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SigningSecretError {
    /// It does not begin as a secret does, or is not base 64.
    #[error("a webhook secret is `{PREFIX}` followed by base 64")]
    Form,
    /// It is easier to guess, or longer, than the standard allows.
    #[error("a webhook secret has {least} to {most} bytes, and this one has {0}", least = SigningSecret::LEAST_BYTES, most = SigningSecret::MOST_BYTES)]
    Length(usize),
}

impl SigningSecret {
    /// The fewest bytes that the standard allows.
    pub const LEAST_BYTES: usize = 24;
    /// The most bytes that the standard allows.
    pub const MOST_BYTES: usize = 64;

    /// A secret of random bytes.
    ///
    /// # Errors
    /// When there are fewer or more of them than the standard allows.
    pub fn from_bytes(bytes: impl Into<Vec<u8>>) -> Result<SigningSecret, SigningSecretError> {
        let bytes = bytes.into();
        match bytes.len() {
            Self::LEAST_BYTES..=Self::MOST_BYTES => Ok(SigningSecret(bytes)),
            other => Err(SigningSecretError::Length(other)),
        }
    }

    /// A secret as it is shown to people, `whsec_…`.
    ///
    /// # Errors
    /// When the text has another form or length.
    pub fn parse(text: &str) -> Result<SigningSecret, SigningSecretError> {
        let encoded = text
            .trim()
            .strip_prefix(PREFIX)
            .ok_or(SigningSecretError::Form)?;
        SigningSecret::from_bytes(
            STANDARD
                .decode(encoded)
                .map_err(|_| SigningSecretError::Form)?,
        )
    }

    /// The secret as it is shown to the one who needs it.
    #[must_use]
    pub fn expose(&self) -> String {
        format!("{PREFIX}{}", STANDARD.encode(&self.0))
    }

    /// The headers that go with `body`: the id, the second of this attempt, and one signature for each of `secrets`
    /// (more than one while the receiver changes from an old one to a new one).
    #[must_use]
    pub fn headers(
        secrets: &[SigningSecret],
        id: &str,
        at: Timestamp,
        body: &[u8],
    ) -> [(&'static str, String); 3] {
        let signatures: Vec<String> = secrets
            .iter()
            .map(|secret| secret.sign(id, at, body))
            .collect();
        [
            ("webhook-id", id.to_owned()),
            ("webhook-timestamp", at.as_second().to_string()),
            ("webhook-signature", signatures.join(" ")),
        ]
    }

    /// The signature of one message, `v1,…`.
    #[must_use]
    pub fn sign(&self, id: &str, at: Timestamp, body: &[u8]) -> String {
        let second = at.as_second().to_string();
        let signature = hmac(
            &self.0,
            &[id.as_bytes(), b".", second.as_bytes(), b".", body],
        );
        format!(
            "v1,{}",
            signature.map_or_else(String::new, |mac| STANDARD
                .encode(mac.finalize().into_bytes()))
        )
    }
}

impl fmt::Debug for SigningSecret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SigningSecret(…)")
    }
}

/// The HMAC of the pieces one after another. HMAC takes a key of any length, so there always is one.
pub(super) fn hmac(key: &[u8], pieces: &[&[u8]]) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
    for piece in pieces {
        mac.update(piece);
    }
    Some(mac)
}

/// The key in a secret of Standard Webhooks; some senders show it without its prefix.
pub(super) fn decode_key(secret: &str) -> Option<Vec<u8>> {
    STANDARD
        .decode(secret.strip_prefix(PREFIX).unwrap_or(secret))
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vector_of_the_standards_own_libraries() {
        let secret = SigningSecret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let at = Timestamp::from_second(1_614_265_330).unwrap();
        let signature = secret.sign(
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            at,
            br#"{"test": 2432232314}"#,
        );
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn a_secret_is_shown_as_it_was_given_and_only_on_purpose() {
        let text = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        let secret = SigningSecret::parse(text).unwrap();
        assert_eq!(secret.expose(), text);
        assert_eq!(format!("{secret:?}"), "SigningSecret(…)");
    }

    #[test]
    fn other_texts_are_refused() {
        for text in ["", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_%%%"] {
            assert_eq!(
                SigningSecret::parse(text),
                Err(SigningSecretError::Form),
                "{text}"
            );
        }
        insta::assert_snapshot!(SigningSecret::parse("whsec_AAAA").unwrap_err(), @"a webhook secret has 24 to 64 bytes, and this one has 3");
        assert_eq!(
            SigningSecret::from_bytes([0; 65]),
            Err(SigningSecretError::Length(65))
        );
    }
}
