//! Signed addresses and message ids: how a reply finds its ticket.
//!
//! A reply is threaded by what only we could have written: the address it is sent to, or a message id it refers to.
//! Both carry a signature over the id they name, so nobody can write into a ticket by guessing its number.
//!
//! ```
//! use mainstay_channels::reply_address::{ReplyAddress, ReplyVerdict, SigningKey, TicketReference};
//!
//! let key = SigningKey::new(*b"a key of 32 bytes, kept in a file")?;
//! let address = ReplyAddress::new("support", "example.com")?;
//! let signed = address.sign(TicketReference::Number(4711), &key);
//! assert!(signed.starts_with("support+4711.") && signed.ends_with("@example.com"));
//! assert_eq!(
//!     address.verify(&signed.to_uppercase(), &key),
//!     ReplyVerdict::Ours(TicketReference::Number(4711))
//! );
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod base32;
mod link;
mod message_id;
mod signing;

use uuid::Uuid;

pub use link::{LinkClaim, LinkPurpose, UnverifiedLink};
pub use message_id::{MessageIdDomain, MessageIdVerdict};
pub use signing::{KeyTooShort, SigningKey};

/// What a signature over a ticket is made for; no other signature of ours can pass as one.
const PURPOSE: &str = "mainstay reply address 1";

/// The same for an address that is issued to one person of ours.
const PERSONAL: &str = "mainstay personal reply address 1";

/// The longest local part that RFC 5321 (4.5.3.1.1) lets every server take, in octets.
const LOCAL_PART_LIMIT: usize = 64;

/// Which ticket a reply belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TicketReference {
    /// The short number that people use.
    Number(u64),
    /// The ticket's id.
    Id(Uuid),
}

impl TicketReference {
    fn token(self) -> String {
        match self {
            TicketReference::Number(number) => number.to_string(),
            TicketReference::Id(id) => base32::encode(id.as_bytes()),
        }
    }

    /// Reads a token back, accepting only the one spelling that [`token`](Self::token) writes.
    fn from_token(token: &str) -> Option<TicketReference> {
        let reference = match base32::decode(token).and_then(|bytes| bytes.try_into().ok()) {
            Some(bytes) => TicketReference::Id(Uuid::from_bytes(bytes)),
            None => TicketReference::Number(token.parse().ok()?),
        };
        (reference.token() == token).then_some(reference)
    }
}

/// What an address says about the ticket that a message is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplyVerdict {
    /// We signed it: the message belongs to this ticket.
    Ours(TicketReference),
    /// It has the form of a signed address, and the signature is not ours.
    Forged,
    /// It is some other address.
    Unrelated,
}

/// The address that signed reply addresses are made from, `support@example.com`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplyAddress {
    /// Lower case, as is `domain`: some mail programs change the case of what they answer to.
    local: String,
    domain: String,
}

/// Why an address cannot be made into signed ones.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReplyAddressError {
    /// Something else than letters, digits, dots, hyphens and underscores.
    #[error("`{0}` cannot be part of a reply address: use letters, digits, `.`, `-` and `_`")]
    Unusable(String),
    /// With ticket and signature the local part would be longer than mail servers take.
    #[error("`{0}` is too long for a reply address: use at most {limit} characters", limit = ReplyAddress::LOCAL_LIMIT)]
    TooLong(String),
}

impl ReplyAddress {
    /// The longest local part that leaves room for an id and a signature, in characters.
    pub const LOCAL_LIMIT: usize =
        LOCAL_PART_LIMIT - "+.".len() - base32::encoded_length(16) - signing::SIGNATURE_LENGTH;

    /// The address `local@domain`.
    ///
    /// # Errors
    /// When either part is empty or has other characters than those every mail program leaves alone, or when `local`
    /// is longer than [`LOCAL_LIMIT`](Self::LOCAL_LIMIT).
    pub fn new(local: &str, domain: &str) -> Result<ReplyAddress, ReplyAddressError> {
        for part in [local, domain] {
            if !is_plain(part) {
                return Err(ReplyAddressError::Unusable(part.to_owned()));
            }
        }
        if local.len() > Self::LOCAL_LIMIT {
            return Err(ReplyAddressError::TooLong(local.to_owned()));
        }
        Ok(ReplyAddress {
            local: local.to_ascii_lowercase(),
            domain: domain.to_ascii_lowercase(),
        })
    }

    /// The address that brings a reply to `ticket`, signed with the current key.
    #[must_use]
    pub fn sign(&self, ticket: TicketReference, key: &SigningKey) -> String {
        let token = ticket.token();
        let signature = key.sign(PURPOSE, &token);
        format!("{}+{token}.{signature}@{}", self.local, self.domain)
    }

    /// Whether `address`, in any case, is one that [`sign`](Self::sign) made with `key`.
    #[must_use]
    pub fn verify(&self, address: &str, key: &SigningKey) -> ReplyVerdict {
        let address = address.trim().to_ascii_lowercase();
        let Some((token, signature)) = self.parts(&address) else {
            return ReplyVerdict::Unrelated;
        };
        if !key.verify(PURPOSE, token, signature) {
            return ReplyVerdict::Forged;
        }
        TicketReference::from_token(token).map_or(ReplyVerdict::Forged, ReplyVerdict::Ours)
    }

    /// The address that brings a reply of this one person to `ticket`: the person is part of what is signed, not of the
    /// address.
    #[must_use]
    pub fn sign_for(&self, ticket: TicketReference, person: Uuid, key: &SigningKey) -> String {
        let token = ticket.token();
        let signature = key.sign(PERSONAL, &personal(&token, person));
        format!("{}+{token}.{signature}@{}", self.local, self.domain)
    }

    /// The ticket of an address that [`sign_for`](Self::sign_for) made for this very person.
    #[must_use]
    pub fn verify_for(
        &self,
        address: &str,
        person: Uuid,
        key: &SigningKey,
    ) -> Option<TicketReference> {
        let address = address.trim().to_ascii_lowercase();
        let (token, signature) = self.parts(&address)?;
        key.verify(PERSONAL, &personal(token, person), signature)
            .then(|| TicketReference::from_token(token))?
    }

    /// The ticket that an address names, whoever signed it and for whom, and whether or not anybody did: good for nothing but to see
    /// which mails may concern the same one.
    #[must_use]
    pub fn named(&self, address: &str) -> Option<TicketReference> {
        let address = address.trim().to_ascii_lowercase();
        let (token, _) = self.parts(&address)?;
        TicketReference::from_token(token)
    }

    fn parts<'a>(&self, address: &'a str) -> Option<(&'a str, &'a str)> {
        let (local, domain) = address.rsplit_once('@')?;
        let tag = local.strip_prefix(&self.local)?.strip_prefix('+')?;
        (domain == self.domain).then_some(())?;
        tag.split_once('.')
    }
}

/// What is signed of an address that is issued to one person.
fn personal(token: &str, person: Uuid) -> String {
    format!("{token} {person}")
}

/// Whether every mail program carries the text unchanged, without quotes or encoding.
fn is_plain(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
    !text.is_empty()
        && text.bytes().all(plain)
        && !text.starts_with('.')
        && !text.ends_with('.')
        && !text.contains("..")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn key(byte: u8) -> SigningKey {
        SigningKey::new([byte; 32]).unwrap()
    }

    fn support() -> ReplyAddress {
        ReplyAddress::new("Support", "Example.com").unwrap()
    }

    #[test]
    fn a_personal_address_serves_nobody_else_and_no_other_ticket() {
        let (key, ticket) = (key(7), TicketReference::Number(4711));
        let [bea, ben] = [1, 2].map(Uuid::from_u128);
        let address = support().sign_for(ticket, bea, &key);
        assert_eq!(
            support().verify_for(&address.to_uppercase(), bea, &key),
            Some(ticket)
        );
        assert_eq!(support().verify_for(&address, ben, &key), None);
        // What it names is the ticket, as everybody's address does.
        let everybodys = support().sign(ticket, &key);
        for names in [address.to_uppercase(), everybodys] {
            assert_eq!(support().named(&names), Some(ticket));
        }
        assert_eq!(support().named("support@example.com"), None);
        let other = address.replace("4711", "4712");
        assert_eq!(support().verify_for(&other, bea, &key), None);
        let everybodys = support().sign(ticket, &key);
        assert_eq!(support().verify_for(&everybodys, bea, &key), None);
        assert_eq!(support().verify(&address, &key), ReplyVerdict::Forged);
    }

    #[test]
    fn the_form_stays_the_same() {
        // Addresses live for years in other people's mailboxes, so a change of the form must be seen.
        insta::assert_snapshot!(
            support().sign(TicketReference::Number(4711), &key(7)),
            @"support+4711.yg4sfafcxs4rbsas@example.com"
        );
        insta::assert_snapshot!(
            support().sign(TicketReference::Id(Uuid::from_u128(1)), &key(7)),
            @"support+aaaaaaaaaaaaaaaaaaaaaaaaae.2dm4sscyyvztah6m@example.com"
        );
    }

    #[test]
    fn another_number_needs_another_signature() {
        let signed = support().sign(TicketReference::Number(4711), &key(7));
        let guessed = signed.replace("4711", "4712");
        assert_eq!(support().verify(&guessed, &key(7)), ReplyVerdict::Forged);
    }

    #[test]
    fn one_number_has_one_spelling() {
        let signature = key(7).sign(PURPOSE, "04711");
        let padded = format!("support+04711.{signature}@example.com");
        assert_eq!(support().verify(&padded, &key(7)), ReplyVerdict::Forged);
    }

    #[test]
    fn other_addresses_are_unrelated() {
        for address in [
            "support@example.com",
            "support+vip@example.com",
            "support+4711.abc@example.org",
            "sales+4711.abc@example.com",
            "no address",
            "",
        ] {
            assert_eq!(
                support().verify(address, &key(7)),
                ReplyVerdict::Unrelated,
                "{address}"
            );
        }
    }

    #[test]
    fn another_key_does_not_verify() {
        let signed = support().sign(TicketReference::Number(1), &key(1));
        assert_eq!(support().verify(&signed, &key(2)), ReplyVerdict::Forged);
    }

    #[test]
    fn an_address_that_would_grow_too_long_is_refused() {
        let longest = "s".repeat(ReplyAddress::LOCAL_LIMIT);
        let address = ReplyAddress::new(&longest, "example.com").unwrap();
        let signed = address.sign(TicketReference::Id(Uuid::max()), &key(7));
        assert_eq!(signed.find('@'), Some(LOCAL_PART_LIMIT));
        assert!(ReplyAddress::new(&format!("{longest}s"), "example.com").is_err());
        assert!(ReplyAddress::new("sup port", "example.com").is_err());
        assert!(ReplyAddress::new("", "example.com").is_err());
    }

    fn any_ticket() -> impl Strategy<Value = TicketReference> {
        prop_oneof![
            any::<u64>().prop_map(TicketReference::Number),
            any::<u128>().prop_map(|id| TicketReference::Id(Uuid::from_u128(id))),
        ]
    }

    proptest! {
        #[test]
        fn what_is_signed_is_verified(ticket in any_ticket(), byte in any::<u8>(), upper in any::<bool>()) {
            let signed = support().sign(ticket, &key(byte));
            let seen = if upper { signed.to_uppercase() } else { signed };
            prop_assert_eq!(support().verify(&seen, &key(byte)), ReplyVerdict::Ours(ticket));
        }

        #[test]
        fn any_change_is_noticed(ticket in any_ticket(), position in any::<prop::sample::Index>(), letter in "[a-z0-9]") {
            let signed = support().sign(ticket, &key(7));
            let tag = "support+".len()..signed.find('@').unwrap();
            let at = tag.start + position.index(tag.len());
            let mut changed = signed.clone();
            changed.replace_range(at..=at, &letter);
            prop_assume!(changed != signed);
            prop_assert!(!matches!(support().verify(&changed, &key(7)), ReplyVerdict::Ours(_)));
        }

        #[test]
        fn nothing_makes_it_panic(address in ".*") {
            let _ = support().verify(&address, &key(7));
        }
    }
}
