//! Nobody signs a webhook without its secret, and what we sign is believed.

use arbitrary::{Arbitrary, Unstructured};
use jiff::Timestamp;
use mainstay_channels::secret::Secret;
use mainstay_channels::webhook::{IncomingWebhook, Scheme, SigningSecret};

/// Every header that a scheme reads.
const HEADERS: [&str; 20] = [
    "webhook-id",
    "webhook-timestamp",
    "webhook-signature",
    "svix-id",
    "svix-timestamp",
    "svix-signature",
    "x-slack-request-timestamp",
    "x-slack-signature",
    "stripe-signature",
    "x-hub-signature-256",
    "x-gitlab-token",
    "x-hub-signature",
    "x-square-hmacsha256-signature",
    "x-shopify-hmac-sha256",
    "linear-signature",
    "x-zendesk-webhook-signature-timestamp",
    "x-zendesk-webhook-signature",
    "x-pagerduty-signature",
    "X-Unknown",
    "",
];

#[derive(Debug, Arbitrary)]
struct Arrived<'a> {
    headers: Vec<(u8, &'a str)>,
    body: &'a [u8],
    url: &'a str,
    second: i64,
    /// What somebody set as the secret, however unfit.
    secret: &'a str,
    key: [u8; 32],
    id: &'a str,
    changed: u16,
}

/// Any bytes taken for a webhook.
///
/// # Panics
/// When one is believed that was not signed, or one is not that was.
pub fn webhook(data: &[u8]) {
    let Ok(arrived) = Arrived::arbitrary(&mut Unstructured::new(data)) else {
        return;
    };
    let Ok(now) = Timestamp::from_second(arrived.second) else {
        return;
    };
    check_unsigned(&arrived, now);
    check_signed(&arrived, now);
    if let Ok(secret) = SigningSecret::parse(arrived.secret) {
        let shown = secret.expose();
        assert_eq!(
            SigningSecret::parse(&shown),
            Ok(secret),
            "a secret is not what it shows"
        );
    }
}

fn check_unsigned(arrived: &Arrived<'_>, now: Timestamp) {
    let headers: Vec<(String, String)> = arrived
        .headers
        .iter()
        .map(|(name, value)| {
            let name = HEADERS[usize::from(*name) % HEADERS.len()];
            (name.to_owned(), (*value).to_owned())
        })
        .collect();
    let webhook = IncomingWebhook {
        headers: &headers,
        body: arrived.body,
        url: arrived.url,
    };
    // Base 64 too, so that it is a key of every scheme; no input can know it.
    let unknown = Secret::new("whsec_dGhpcyBpcyBhIGtleSB0aGF0IG5vIGlucHV0IGtub3dz");
    for scheme in Scheme::ALL {
        let verdict = scheme.verify(std::slice::from_ref(&unknown), &webhook, now);
        assert!(
            verdict.is_err(),
            "{} believed what nobody signed",
            scheme.name()
        );
        assert!(
            scheme.verify(&[], &webhook, now).is_err(),
            "believed without any secret"
        );
        let empty = scheme.verify(&[Secret::new("")], &webhook, now);
        assert!(
            empty.is_err(),
            "{} believed with an empty secret",
            scheme.name()
        );
        let _ = scheme.verify(&[Secret::new(arrived.secret)], &webhook, now);
    }
}

/// A signed webhook is believed within five minutes, and not with another body, time or secret.
fn check_signed(arrived: &Arrived<'_>, now: Timestamp) {
    let Ok(secret) = SigningSecret::from_bytes(arrived.key) else {
        panic!("a key of 32 bytes is one");
    };
    // A header has no blanks around it, and no time before 1970.
    if arrived.id.trim() != arrived.id || arrived.second < 0 {
        return;
    }
    let signed =
        SigningSecret::headers(std::slice::from_ref(&secret), arrived.id, now, arrived.body);
    let headers: Vec<(String, String)> =
        signed.map(|(name, value)| (name.to_owned(), value)).into();
    let webhook = IncomingWebhook {
        headers: &headers,
        body: arrived.body,
        url: arrived.url,
    };
    let verify = |webhook: &IncomingWebhook<'_>, secret: &SigningSecret, now| {
        Scheme::StandardWebhooks.verify(&[Secret::new(secret.expose())], webhook, now)
    };
    assert_eq!(verify(&webhook, &secret, now), Ok(()));
    let mut body = arrived.body.to_vec();
    if body.is_empty() {
        body.push(0);
    } else {
        let place = usize::from(arrived.changed) % body.len();
        body[place] ^= 1;
    }
    let changed = IncomingWebhook {
        body: &body,
        ..webhook
    };
    assert!(verify(&changed, &secret, now).is_err(), "another body");
    let mut key = arrived.key;
    key[usize::from(arrived.changed) % 32] ^= 1;
    if let Ok(other) = SigningSecret::from_bytes(key) {
        assert!(verify(&webhook, &other, now).is_err(), "another secret");
    }
    if let Ok(later) = Timestamp::from_second(arrived.second.saturating_add(301)) {
        assert!(verify(&webhook, &secret, later).is_err(), "an old copy");
    }
}
