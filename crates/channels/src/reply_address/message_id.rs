//! Message ids that we recognise when they come back in `References`.

use uuid::Uuid;

use super::signing::SigningKey;
use super::{ReplyAddressError, is_plain};

/// What a signature over a message is made for; no other signature of ours can pass as one.
const PURPOSE: &str = "mainstay message id 1";

/// The domain of our message ids, which have the form `<message-uuid>.<signature>@domain`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageIdDomain(String);

/// What a message id says about the message it names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageIdVerdict {
    /// We gave it to this message.
    Ours(Uuid),
    /// It has the form of our ids, and the signature is not ours.
    Forged,
    /// Some other program made it.
    Unrelated,
}

impl MessageIdDomain {
    /// Message ids of `domain`.
    ///
    /// # Errors
    /// When it is empty or has other characters than letters, digits, dots, hyphens and underscores.
    pub fn new(domain: &str) -> Result<MessageIdDomain, ReplyAddressError> {
        if !is_plain(domain) {
            return Err(ReplyAddressError::Unusable(domain.to_owned()));
        }
        Ok(MessageIdDomain(domain.to_ascii_lowercase()))
    }

    /// The id of a message, without angle brackets. The same message has the same id at each attempt to send it, which
    /// lets the receiving side notice a copy.
    #[must_use]
    pub fn sign(&self, message: Uuid, key: &SigningKey) -> String {
        let token = message.hyphenated().to_string();
        let signature = key.sign(PURPOSE, &token);
        format!("{token}.{signature}@{}", self.0)
    }

    /// Whether `id`, with or without angle brackets and in any case, is one that [`sign`](Self::sign) made.
    #[must_use]
    pub fn verify(&self, id: &str, key: &SigningKey) -> MessageIdVerdict {
        let id = id.trim();
        let id = id
            .strip_prefix('<')
            .and_then(|id| id.strip_suffix('>'))
            .unwrap_or(id);
        let id = id.to_ascii_lowercase();
        let Some((token, signature)) = self.parts(&id) else {
            return MessageIdVerdict::Unrelated;
        };
        let Ok(message) = Uuid::try_parse(token) else {
            return MessageIdVerdict::Unrelated;
        };
        if key.verify(PURPOSE, token, signature) {
            MessageIdVerdict::Ours(message)
        } else {
            MessageIdVerdict::Forged
        }
    }

    fn parts<'a>(&self, id: &'a str) -> Option<(&'a str, &'a str)> {
        let (local, domain) = id.rsplit_once('@')?;
        (domain == self.0).then_some(())?;
        local.split_once('.')
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reply_address::SigningKey;
    use proptest::prelude::*;

    fn key(byte: u8) -> SigningKey {
        SigningKey::new([byte; 32]).unwrap()
    }

    fn domain() -> MessageIdDomain {
        MessageIdDomain::new("Example.com").unwrap()
    }

    #[test]
    fn the_form_stays_the_same() {
        insta::assert_snapshot!(domain().sign(Uuid::from_u128(1), &key(7)), @"00000000-0000-0000-0000-000000000001.4by4hhxtofevltop@example.com");
    }

    #[test]
    fn others_are_unrelated_and_forgeries_are_seen() {
        for id in [
            "",
            "<>",
            "<abc@example.com>",
            "<a.b@example.com>",
            "<x@elsewhere.org>",
        ] {
            assert_eq!(
                domain().verify(id, &key(7)),
                MessageIdVerdict::Unrelated,
                "{id}"
            );
        }
        let theirs = domain().sign(Uuid::from_u128(1), &key(8));
        assert_eq!(domain().verify(&theirs, &key(7)), MessageIdVerdict::Forged);
    }

    proptest! {
        #[test]
        fn what_is_signed_is_verified(id in any::<u128>(), brackets in any::<bool>()) {
            let message = Uuid::from_u128(id);
            let signed = domain().sign(message, &key(7));
            let seen = if brackets { format!(" <{signed}> ") } else { signed };
            prop_assert_eq!(domain().verify(&seen, &key(7)), MessageIdVerdict::Ours(message));
        }

        #[test]
        fn nothing_makes_it_panic(id in ".*") {
            let _ = domain().verify(&id, &key(7));
        }
    }
}
