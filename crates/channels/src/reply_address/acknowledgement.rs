//! Signed links by which somebody takes an escalation on without signing in.

use jiff::Timestamp;
use uuid::Uuid;

use super::base32;
use super::signing::{SIGNATURE_LENGTH, SigningKey};

/// What a signature of a link is made for; no other signature of ours can pass as one.
const PURPOSE: &str = "mainstay acknowledgement 1";

/// The notification's id, and the minute of the end since 1970.
const BYTES: usize = 16 + 4;

/// What a link is bound to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkClaim {
    /// The notification that carries it.
    pub notification: Uuid,
    /// Who was told.
    pub person: Uuid,
    /// The escalation.
    pub escalation: Uuid,
    /// Until when it may be used, to the minute.
    pub expires_at: Timestamp,
}

/// The token of a link as it came back: whom and what it is bound to has to be looked up before it can be verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnverifiedLink {
    /// The notification it names.
    pub notification: Uuid,
    /// Until when it says it may be used.
    pub expires_at: Timestamp,
    minute: u32,
    signature: String,
}

impl LinkClaim {
    /// The token: 48 letters and digits.
    #[must_use]
    pub fn sign(&self, key: &SigningKey) -> String {
        let minute = u32::try_from(self.expires_at.as_second().div_euclid(60)).unwrap_or(0);
        let mut bytes = self.notification.as_bytes().to_vec();
        bytes.extend_from_slice(&minute.to_be_bytes());
        let signed = text(self.notification, self.person, self.escalation, minute);
        format!("{}{}", base32::encode(&bytes), key.sign(PURPOSE, &signed))
    }
}

impl UnverifiedLink {
    /// Reads a token; nothing for a text that is none.
    #[must_use]
    pub fn read(token: &str) -> Option<Self> {
        let token = token.trim().to_ascii_lowercase();
        let (named, signature) = token.split_at_checked(base32::encoded_length(BYTES))?;
        (signature.len() == SIGNATURE_LENGTH).then_some(())?;
        let bytes: [u8; BYTES] = base32::decode(named)?.try_into().ok()?;
        let (id, minute) = bytes.split_at(16);
        let minute = u32::from_be_bytes(minute.try_into().ok()?);
        Some(Self {
            notification: Uuid::from_slice(id).ok()?,
            expires_at: Timestamp::from_second(i64::from(minute) * 60).ok()?,
            minute,
            signature: signature.to_owned(),
        })
    }

    /// Whether our key signed it for this person and this escalation.
    #[must_use]
    pub fn verify(&self, person: Uuid, escalation: Uuid, key: &SigningKey) -> bool {
        let signed = text(self.notification, person, escalation, self.minute);
        key.verify(PURPOSE, &signed, &self.signature)
    }
}

fn text(notification: Uuid, person: Uuid, escalation: Uuid, minute: u32) -> String {
    format!("{notification}:{person}:{escalation}:{minute}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::SigningKey;
    use super::*;

    fn key() -> SigningKey {
        SigningKey::new([7; 32]).unwrap()
    }

    fn claim() -> LinkClaim {
        LinkClaim {
            notification: Uuid::from_u128(1),
            person: Uuid::from_u128(2),
            escalation: Uuid::from_u128(3),
            expires_at: "2026-03-05T09:00:00Z".parse().unwrap(),
        }
    }

    #[test]
    fn the_form_stays_the_same() {
        let token = claim().sign(&key());
        assert_eq!(token.len(), 48);
        let read = UnverifiedLink::read(&token).unwrap();
        assert_eq!(read.notification, claim().notification);
        assert_eq!(read.expires_at, claim().expires_at);
        assert!(read.verify(claim().person, claim().escalation, &key()));
    }

    #[test]
    fn it_is_bound_to_the_person_and_the_escalation() {
        let read = UnverifiedLink::read(&claim().sign(&key())).unwrap();
        let other = Uuid::from_u128(9);
        assert!(!read.verify(other, claim().escalation, &key()));
        assert!(!read.verify(claim().person, other, &key()));
    }

    proptest! {
        #[test]
        fn any_change_is_noticed(position in 0_usize..48, letter in "[a-z2-7]") {
            let token = claim().sign(&key());
            let mut changed = token.clone();
            changed.replace_range(position..=position, &letter);
            prop_assume!(changed != token);
            let is_ours = UnverifiedLink::read(&changed)
                .is_some_and(|read| read.verify(claim().person, claim().escalation, &key()));
            prop_assert!(!is_ours);
        }

        #[test]
        fn no_text_makes_the_reader_panic(text in ".*") {
            let _ = UnverifiedLink::read(&text);
        }
    }
}
