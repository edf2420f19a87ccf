//! Signed links by which somebody does one thing without signing in.

use jiff::Timestamp;
use uuid::Uuid;

use super::base32;
use super::signing::{SIGNATURE_LENGTH, SigningKey};

/// The named thing's id, and the minute of the end since 1970.
const BYTES: usize = 16 + 4;

/// What a link is for. A signature for one purpose is worth nothing for another, nor can any other signature of ours pass
/// as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkPurpose {
    /// Takes an escalation on: names a notification, bound to the person who was told and to the escalation.
    Acknowledgement,
    /// Rates how a ticket was handled: names the ticket, bound to the contact who was asked.
    Rating,
}

impl LinkPurpose {
    fn signed_as(self) -> &'static str {
        match self {
            Self::Acknowledgement => "mainstay acknowledgement 1",
            Self::Rating => "mainstay rating 1",
        }
    }
}

/// What a link is bound to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkClaim<'a> {
    /// What it is for.
    pub purpose: LinkPurpose,
    /// What it names, readable in its token.
    pub names: Uuid,
    /// What else it holds for, which its token does not tell.
    pub bound_to: &'a [Uuid],
    /// Until when it may be used, to the minute.
    pub expires_at: Timestamp,
}

/// The token of a link as it came back: what it is bound to has to be looked up before it can be verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnverifiedLink {
    /// What it names.
    pub names: Uuid,
    /// Until when it says it may be used.
    pub expires_at: Timestamp,
    minute: u32,
    signature: String,
}

impl LinkClaim<'_> {
    /// The token: 48 letters and digits.
    #[must_use]
    pub fn sign(&self, key: &SigningKey) -> String {
        let minute = u32::try_from(self.expires_at.as_second().div_euclid(60)).unwrap_or(0);
        let mut bytes = self.names.as_bytes().to_vec();
        bytes.extend_from_slice(&minute.to_be_bytes());
        let signed = text(self.names, self.bound_to, minute);
        let signature = key.sign(self.purpose.signed_as(), &signed);
        format!("{}{signature}", base32::encode(&bytes))
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
            names: Uuid::from_slice(id).ok()?,
            expires_at: Timestamp::from_second(i64::from(minute) * 60).ok()?,
            minute,
            signature: signature.to_owned(),
        })
    }

    /// Whether our key signed it for this purpose, bound to these.
    #[must_use]
    pub fn verify(&self, purpose: LinkPurpose, bound_to: &[Uuid], key: &SigningKey) -> bool {
        let signed = text(self.names, bound_to, self.minute);
        key.verify(purpose.signed_as(), &signed, &self.signature)
    }
}

fn text(names: Uuid, bound_to: &[Uuid], minute: u32) -> String {
    let ids = [names].into_iter().chain(bound_to.iter().copied());
    let ids: String = ids.map(|id| format!("{id}:")).collect();
    format!("{ids}{minute}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::SigningKey;
    use super::*;

    const BOUND_TO: [Uuid; 2] = [Uuid::from_u128(2), Uuid::from_u128(3)];

    fn key() -> SigningKey {
        SigningKey::new([7; 32]).unwrap()
    }

    fn claim() -> LinkClaim<'static> {
        LinkClaim {
            purpose: LinkPurpose::Acknowledgement,
            names: Uuid::from_u128(1),
            bound_to: &BOUND_TO,
            expires_at: "2026-03-05T09:00:00Z".parse().unwrap(),
        }
    }

    fn is_ours(link: &UnverifiedLink) -> bool {
        link.verify(LinkPurpose::Acknowledgement, &BOUND_TO, &key())
    }

    #[test]
    fn the_form_stays_the_same() {
        let token = claim().sign(&key());
        assert_eq!(token.len(), 48);
        let read = UnverifiedLink::read(&token).unwrap();
        assert_eq!(read.names, claim().names);
        assert_eq!(read.expires_at, claim().expires_at);
        assert!(is_ours(&read));
    }

    #[test]
    fn it_is_bound_to_whom_and_what_it_is_for() {
        let read = UnverifiedLink::read(&claim().sign(&key())).unwrap();
        let other = Uuid::from_u128(9);
        let purpose = LinkPurpose::Acknowledgement;
        assert!(!read.verify(purpose, &[other, BOUND_TO[1]], &key()));
        assert!(!read.verify(purpose, &[BOUND_TO[0], other], &key()));
        assert!(!read.verify(purpose, &BOUND_TO[..1], &key()));
        assert!(!read.verify(LinkPurpose::Rating, &BOUND_TO, &key()));
    }

    proptest! {
        #[test]
        fn any_change_is_noticed(position in 0_usize..48, letter in "[a-z2-7]") {
            let token = claim().sign(&key());
            let mut changed = token.clone();
            changed.replace_range(position..=position, &letter);
            prop_assume!(changed != token);
            prop_assert!(!UnverifiedLink::read(&changed).is_some_and(|read| is_ours(&read)));
        }

        #[test]
        fn no_text_makes_the_reader_panic(text in ".*") {
            let _ = UnverifiedLink::read(&text);
        }
    }
}
