//! Whether an incoming webhook is from whom it says.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::Mac;
use jiff::Timestamp;

use super::scheme::{Encoding, Key, Layout, Piece, Rule, Scheme, Time};
use super::sign::{decode_key, hmac};
use crate::secret::Secret;

/// How far the time of signing may be from now, in seconds, before or after.
const WINDOW_SECONDS: i64 = 300;

/// An incoming webhook as it arrived.
#[derive(Clone, Copy, Debug)]
pub struct IncomingWebhook<'a> {
    /// Its headers; names in any case.
    pub headers: &'a [(String, String)],
    /// Its body, byte for byte.
    pub body: &'a [u8],
    /// The address it was sent to, as the sender knows it.
    pub url: &'a str,
}

/// Why a webhook is not to be believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unverified {
    /// A header that the scheme needs is missing.
    #[error("the header `{0}` is missing")]
    MissingHeader(&'static str),
    /// A header cannot be read.
    #[error("the header `{0}` cannot be read")]
    MalformedHeader(&'static str),
    /// The secret in our settings is empty or not of the scheme's form.
    #[error("our secret for this webhook is not of the form that `{0}` uses; set it anew")]
    Secret(&'static str),
    /// It was signed too long ago, or in the future.
    #[error(
        "it was signed {0} s from now, more than the {WINDOW_SECONDS} s allowed: an old copy, or a wrong clock"
    )]
    Stale(i64),
    /// No signature fits: another secret, or a changed body.
    #[error("no signature fits: it was signed with another secret, or changed on its way")]
    Mismatch,
}

impl Scheme {
    /// Checks a webhook against `secrets`, any of which may have signed it (more than one while changing to a new one).
    /// Signatures are compared in constant time.
    ///
    /// # Errors
    /// When it was not signed with any of them, or not within five minutes of `now` where the scheme signs the time.
    pub fn verify(
        self,
        secrets: &[Secret],
        webhook: &IncomingWebhook<'_>,
        now: Timestamp,
    ) -> Result<(), Unverified> {
        let rule = self.rule();
        let signatures = webhook.header(rule.signature)?;
        let time = rule.time_of(webhook, signatures)?;
        let signed = rule.signed(webhook, time)?;
        let signed: Vec<&[u8]> = signed.iter().map(AsRef::as_ref).collect();
        let mut fits = false;
        for secret in secrets {
            let key = rule.key_of(secret).ok_or(Unverified::Secret(rule.name))?;
            for signature in rule.signatures(signatures) {
                fits |= rule.fits(&key, &signed, signature);
            }
        }
        match fits {
            true => rule.check_time(time, now),
            false => Err(Unverified::Mismatch),
        }
    }
}

impl<'a> IncomingWebhook<'a> {
    /// The first of these headers that is there.
    fn header(&self, names: &[&'static str]) -> Result<&'a str, Unverified> {
        let find = |name: &&'static str| {
            self.headers
                .iter()
                .find(|(header, _)| header.eq_ignore_ascii_case(name))
        };
        let missing = Unverified::MissingHeader(names.first().copied().unwrap_or_default());
        names
            .iter()
            .find_map(find)
            .map(|(_, value)| value.trim())
            .ok_or(missing)
    }
}

impl Rule {
    /// The time of signing as the sender wrote it; empty where it is not signed.
    fn time_of<'a>(
        &self,
        webhook: &IncomingWebhook<'a>,
        signatures: &'a str,
    ) -> Result<&'a str, Unverified> {
        match self.time {
            Time::None => Ok(""),
            Time::Seconds(names) => webhook.header(names),
            Time::Rfc3339(name) => webhook.header(&[name]),
            Time::BesideSignatures(prefix) => signatures
                .split(',')
                .find_map(|part| part.trim().strip_prefix(prefix))
                .ok_or(Unverified::MalformedHeader(self.signature_header())),
        }
    }

    fn check_time(&self, time: &str, now: Timestamp) -> Result<(), Unverified> {
        let seconds = |text: &str| match text.bytes().all(|byte| byte.is_ascii_digit()) {
            true => text.parse::<i64>().ok(),
            false => None,
        };
        let (name, second) = match self.time {
            Time::None => return Ok(()),
            Time::Seconds(names) => (names.first().copied().unwrap_or_default(), seconds(time)),
            Time::Rfc3339(name) => (
                name,
                time.parse::<Timestamp>().ok().map(Timestamp::as_second),
            ),
            Time::BesideSignatures(_) => (self.signature_header(), seconds(time)),
        };
        let second = second.ok_or(Unverified::MalformedHeader(name))?;
        match now.as_second().saturating_sub(second) {
            apart if apart.saturating_abs() > WINDOW_SECONDS => Err(Unverified::Stale(apart)),
            _ => Ok(()),
        }
    }

    fn signature_header(&self) -> &'static str {
        self.signature.first().copied().unwrap_or_default()
    }

    fn signed<'a>(
        &self,
        webhook: &IncomingWebhook<'a>,
        time: &'a str,
    ) -> Result<Vec<Cow<'a, [u8]>>, Unverified> {
        let piece = |piece: &Piece| {
            Ok(Cow::Borrowed(match piece {
                Piece::Body => webhook.body,
                Piece::Time => time.as_bytes(),
                Piece::Url => webhook.url.as_bytes(),
                Piece::Header(names) => webhook.header(names)?.as_bytes(),
                Piece::Text(text) => text.as_bytes(),
            }))
        };
        self.signed.iter().map(piece).collect()
    }

    /// The key of a secret; an empty one would let anybody sign.
    fn key_of(&self, secret: &Secret) -> Option<Vec<u8>> {
        let key = match self.key {
            Key::Text => Some(secret.expose().as_bytes().to_vec()),
            Key::Base64 => decode_key(secret.expose()),
        };
        key.filter(|key| !key.is_empty())
    }

    /// The signatures of the version we know; those of other versions are passed over.
    fn signatures<'a>(&self, header: &'a str) -> Vec<&'a str> {
        match self.layout {
            Layout::One(prefix) => header.strip_prefix(prefix).into_iter().collect(),
            Layout::Several(separator, prefix) => header
                .split(separator)
                .filter_map(|part| part.trim().strip_prefix(prefix))
                .collect(),
        }
    }

    fn fits(&self, key: &[u8], signed: &[&[u8]], signature: &str) -> bool {
        let decoded = match self.encoding {
            Encoding::Hex => decode_hex(signature),
            Encoding::Base64 => STANDARD.decode(signature).ok(),
            // Both are hashed with the same key first, which makes the comparison take the same time for every guess.
            Encoding::Plain => {
                let given =
                    hmac(key, &[signature.as_bytes()]).map(|mac| mac.finalize().into_bytes());
                let expected = hmac(key, &[key]);
                return given
                    .zip(expected)
                    .is_some_and(|(given, expected)| expected.verify_slice(&given).is_ok());
            }
        };
        let Some((mac, decoded)) = hmac(key, signed).zip(decoded) else {
            return false;
        };
        mac.verify_slice(&decoded).is_ok()
    }
}

fn decode_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| {
        char::from(byte)
            .to_digit(16)
            .and_then(|digit| u8::try_from(digit).ok())
    };
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    rest.is_empty().then_some(())?;
    pairs
        .iter()
        .map(|[high, low]| Some((digit(*high)? << 4) | digit(*low)?))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn headers(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    fn verify(
        scheme: Scheme,
        secret: &str,
        pairs: &[(&str, &str)],
        body: &str,
        now: i64,
    ) -> Result<(), Unverified> {
        let headers = headers(pairs);
        let webhook = IncomingWebhook {
            headers: &headers,
            body: body.as_bytes(),
            url: "https://example.com/hook",
        };
        scheme.verify(&[Secret::new(secret)], &webhook, at(now))
    }

    fn hex(secret: &str, content: &str) -> String {
        let bytes = hmac(secret.as_bytes(), &[content.as_bytes()])
            .unwrap()
            .finalize()
            .into_bytes();
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn githubs_own_example() {
        // From GitHub's page "Validating webhook deliveries".
        let signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
        let secret = "It's a Secret to Everybody";
        let pairs = [("X-Hub-Signature-256", signature)];
        assert_eq!(
            verify(Scheme::GitHub, secret, &pairs, "Hello, World!", 0),
            Ok(())
        );
        assert_eq!(
            verify(Scheme::GitHub, secret, &pairs, "Hello, World?", 0),
            Err(Unverified::Mismatch)
        );
    }

    #[test]
    fn stripe_signs_the_time_and_may_sign_twice() {
        let good = hex("whsec_test", "1000.{}");
        let header = format!("t=1000,v1={},v1={good},v0={good}", "0".repeat(64));
        let check = |now| {
            verify(
                Scheme::Stripe,
                "whsec_test",
                &[("Stripe-Signature", &header)],
                "{}",
                now,
            )
        };
        assert_eq!(check(1000), Ok(()));
        assert_eq!(check(1300), Ok(()));
        assert_eq!(check(1301), Err(Unverified::Stale(301)));
        assert_eq!(check(699), Err(Unverified::Stale(-301)));
        let only_old_version = format!("t=1000,v0={good}");
        assert_eq!(
            verify(
                Scheme::Stripe,
                "whsec_test",
                &[("Stripe-Signature", &only_old_version)],
                "{}",
                1000
            ),
            Err(Unverified::Mismatch)
        );
    }

    #[test]
    fn gitlab_zendesk_and_pagerduty() {
        let gitlab = |token| {
            verify(
                Scheme::GitLab,
                "a secret",
                &[("X-Gitlab-Token", token)],
                "{}",
                0,
            )
        };
        assert_eq!(gitlab("a secret"), Ok(()));
        assert_eq!(gitlab("a secreT"), Err(Unverified::Mismatch));
        assert_eq!(gitlab(""), Err(Unverified::Mismatch));

        let time = "1970-01-01T00:16:40Z";
        let mac = hmac(b"key", &[time.as_bytes(), b"{}"])
            .unwrap()
            .finalize()
            .into_bytes();
        let signature = STANDARD.encode(mac);
        let pairs = [
            ("X-Zendesk-Webhook-Signature", signature.as_str()),
            ("X-Zendesk-Webhook-Signature-Timestamp", time),
        ];
        assert_eq!(verify(Scheme::Zendesk, "key", &pairs, "{}", 1200), Ok(()));
        assert_eq!(
            verify(Scheme::Zendesk, "key", &pairs, "{}", 2000),
            Err(Unverified::Stale(1000))
        );

        let header = format!("v1={},v1={}", hex("old", "{}"), hex("new", "{}"));
        assert_eq!(
            verify(
                Scheme::PagerDuty,
                "new",
                &[("X-PagerDuty-Signature", &header)],
                "{}",
                0
            ),
            Ok(())
        );
    }

    #[test]
    fn what_is_missing_or_unreadable_is_named() {
        assert_eq!(
            verify(Scheme::Slack, "key", &[], "", 0),
            Err(Unverified::MissingHeader("x-slack-signature"))
        );
        let signature = format!("v0={}", hex("key", "v0:soon:"));
        let pairs = [
            ("X-Slack-Signature", signature.as_str()),
            ("X-Slack-Request-Timestamp", "soon"),
        ];
        assert_eq!(
            verify(Scheme::Slack, "key", &pairs, "", 0),
            Err(Unverified::MalformedHeader("x-slack-request-timestamp"))
        );
        assert_eq!(
            verify(
                Scheme::Linear,
                "",
                &[("Linear-Signature", &hex("", ""))],
                "",
                0
            ),
            Err(Unverified::Secret("linear"))
        );
        assert_eq!(
            verify(
                Scheme::Stripe,
                "key",
                &[("Stripe-Signature", "v1=00")],
                "",
                0
            ),
            Err(Unverified::MalformedHeader("stripe-signature"))
        );
    }

    #[test]
    fn no_secret_believes_nothing() {
        let headers = headers(&[("Linear-Signature", &hex("key", ""))]);
        let webhook = IncomingWebhook {
            headers: &headers,
            body: b"",
            url: "",
        };
        assert_eq!(
            Scheme::Linear.verify(&[], &webhook, at(0)),
            Err(Unverified::Mismatch)
        );
        let both = [Secret::new("new key"), Secret::new("key")];
        assert_eq!(Scheme::Linear.verify(&both, &webhook, at(0)), Ok(()));
    }

    proptest! {
        #[test]
        fn what_we_sign_others_can_verify(
            key in prop::collection::vec(any::<u8>(), 24..=64),
            body in prop::collection::vec(any::<u8>(), 0..200),
            id in "[a-zA-Z0-9_]{1,40}",
            second in 0_i64..4_000_000_000,
        ) {
            let secret = super::super::SigningSecret::from_bytes(key).unwrap();
            let signed = super::super::SigningSecret::headers(std::slice::from_ref(&secret), &id, at(second), &body);
            let headers: Vec<_> = signed.map(|(name, value)| (name.to_owned(), value)).into();
            let webhook = IncomingWebhook { headers: &headers, body: &body, url: "" };
            let secrets = [Secret::new(secret.expose())];
            prop_assert_eq!(Scheme::StandardWebhooks.verify(&secrets, &webhook, at(second)), Ok(()));
            let changed = [&body[..], b" "].concat();
            let webhook = IncomingWebhook { body: &changed, ..webhook };
            prop_assert_eq!(Scheme::StandardWebhooks.verify(&secrets, &webhook, at(second)), Err(Unverified::Mismatch));
        }

        #[test]
        fn nothing_makes_it_panic(value in ".*", other in ".*") {
            for scheme in Scheme::ALL {
                let headers: Vec<_> = scheme.rule().signature.iter()
                    .chain(&["webhook-id", "webhook-timestamp", "x-slack-request-timestamp", "x-zendesk-webhook-signature-timestamp"])
                    .map(|name| ((*name).to_owned(), value.clone()))
                    .collect();
                let webhook = IncomingWebhook { headers: &headers, body: other.as_bytes(), url: &other };
                prop_assert!(scheme.verify(&[Secret::new("whsec_AAAA")], &webhook, at(0)).is_err());
            }
        }
    }
}
