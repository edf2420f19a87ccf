//! Delivering webhooks to addresses that other people chose.
//!
//! A customer's address must not become a way into our own network. So only public addresses are connected to, and the
//! check is made on the very addresses that the connection then uses: a name that resolves to something else a moment
//! later gains nothing. Redirects are not followed, and answers are not read.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use jiff::Timestamp;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use reqwest::{Client, Response, Url, redirect};

use super::sign::SigningSecret;
use crate::endpoint::{is_public, tls_config, with_sources};

/// Where webhooks may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Destinations {
    /// To public addresses, by `https` only.
    Public,
    /// Anywhere, also by `http`: for receivers in our own network, chosen by people we trust.
    Anywhere,
}

/// How webhooks are delivered.
#[derive(Clone, Debug)]
pub struct WebhookSettings {
    /// Where they may go.
    pub destinations: Destinations,
    /// How long a delivery may take until the answer's status is there.
    pub timeout: Duration,
    /// Certificates of authorities to trust besides the system's, as PEM.
    pub extra_authorities: Vec<String>,
    /// What we call ourselves, `mainstay/1.0`.
    pub user_agent: String,
}

/// Why the settings cannot work.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("webhooks cannot be sent: {0}")]
pub struct WebhookSettingsError(String);

/// One attempt at one webhook.
#[derive(Clone, Copy, Debug)]
pub struct WebhookDelivery<'a> {
    /// The receiver's address.
    pub url: &'a str,
    /// The webhook's id, the same at each attempt, by which the receiver notices a copy.
    pub id: &'a str,
    /// The time of this attempt.
    pub at: Timestamp,
    /// The body, JSON.
    pub body: &'a [u8],
    /// The receiver's secrets, each of which signs.
    pub secrets: &'a [SigningSecret],
}

/// What came of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WebhookOutcome {
    /// The receiver took it.
    Delivered {
        /// Its status, 200 to 299.
        status: u16,
    },
    /// It may be taken later.
    Retry {
        /// What happened.
        reason: String,
        /// The receiver's status, when it answered.
        status: Option<u16>,
        /// How long the receiver asks us to wait, when it does.
        retry_after: Option<Duration>,
    },
    /// It never will be: somebody has to change the address or remove the webhook.
    Permanent {
        /// What happened.
        reason: String,
        /// The receiver's status, when it answered.
        status: Option<u16>,
    },
}

/// Delivers webhooks.
#[derive(Clone, Debug)]
pub struct WebhookSender {
    client: Client,
    destinations: Destinations,
}

impl WebhookSender {
    /// Prepares connections; nothing is connected yet.
    ///
    /// # Errors
    /// When an extra authority cannot be read or TLS cannot be prepared.
    pub fn new(settings: &WebhookSettings) -> Result<WebhookSender, WebhookSettingsError> {
        let tls = tls_config(&settings.extra_authorities).map_err(WebhookSettingsError)?;
        let mut client = Client::builder()
            .tls_backend_preconfigured(tls)
            .redirect(redirect::Policy::none())
            // A proxy would resolve names itself, past the check.
            .no_proxy()
            .referer(false)
            .timeout(settings.timeout)
            .user_agent(settings.user_agent.clone());
        if settings.destinations == Destinations::Public {
            client = client.dns_resolver(PublicOnly).https_only(true);
        }
        let client = client
            .build()
            .map_err(|error| WebhookSettingsError(with_sources(&error)))?;
        Ok(WebhookSender {
            client,
            destinations: settings.destinations,
        })
    }

    /// Makes one attempt. Only the id and the outcome are fit for a log; the body never is.
    pub async fn deliver(&self, delivery: &WebhookDelivery<'_>) -> WebhookOutcome {
        let url = match self.checked_url(delivery.url) {
            Ok(url) => url,
            Err(reason) => {
                return WebhookOutcome::Permanent {
                    reason,
                    status: None,
                };
            }
        };
        let mut request = self
            .client
            .post(url)
            .header(CONTENT_TYPE, "application/json")
            .body(delivery.body.to_vec());
        for (name, value) in
            SigningSecret::headers(delivery.secrets, delivery.id, delivery.at, delivery.body)
        {
            request = request.header(name, value);
        }
        match request.send().await {
            Ok(response) => judge(&response),
            Err(error) => failed(error),
        }
    }

    /// The address, if it is one that we may send to as far as can be seen without resolving it.
    fn checked_url(&self, text: &str) -> Result<Url, String> {
        let url = Url::parse(text).map_err(|error| format!("the address is not a URL: {error}"))?;
        let host = url.host().ok_or("the address names no host")?;
        match (url.scheme(), self.destinations) {
            ("https", _) | ("http", Destinations::Anywhere) => {}
            (scheme, _) => {
                return Err(format!(
                    "webhooks go to `https` addresses, and this one is `{scheme}`"
                ));
            }
        }
        let literal = match host {
            url::Host::Ipv4(address) => Some(IpAddr::V4(address)),
            url::Host::Ipv6(address) => Some(IpAddr::V6(address)),
            url::Host::Domain(_) => None,
        };
        match literal.filter(|address| !is_public(*address)) {
            Some(_) if self.destinations == Destinations::Public => Err(NotPublic.to_string()),
            _ => Ok(url),
        }
    }
}

/// Judges by status alone. What tells us that this very request is refused for good is permanent; what may come from a
/// receiver that is being changed, as a missing page or a wrong password, is tried again.
fn judge(response: &Response) -> WebhookOutcome {
    let status = response.status().as_u16();
    match status {
        200..=299 => WebhookOutcome::Delivered { status },
        300..=399 => WebhookOutcome::Permanent {
            reason: format!(
                "the receiver answers {status}, a redirect; set the address it points to"
            ),
            status: Some(status),
        },
        410 => WebhookOutcome::Permanent {
            reason: "the receiver answers 410: it wants no more webhooks".to_owned(),
            status: Some(status),
        },
        400 | 405 | 411 | 413 | 414 | 415 | 422 | 431 | 501 | 505 => WebhookOutcome::Permanent {
            reason: format!("the receiver answers {status}: it does not understand this webhook"),
            status: Some(status),
        },
        _ => WebhookOutcome::Retry {
            reason: format!("the receiver answers {status}"),
            status: Some(status),
            retry_after: retry_after(response),
        },
    }
}

/// The wait that the receiver asks for in seconds; a date would need a clock, and is rare.
fn retry_after(response: &Response) -> Option<Duration> {
    let seconds = response
        .headers()
        .get(RETRY_AFTER)?
        .to_str()
        .ok()?
        .trim()
        .parse()
        .ok()?;
    Some(Duration::from_secs(seconds))
}

fn failed(error: reqwest::Error) -> WebhookOutcome {
    // The address may carry a token in its path, which belongs in no log.
    let error = error.without_url();
    if was_not_public(&error) {
        return WebhookOutcome::Permanent {
            reason: NotPublic.to_string(),
            status: None,
        };
    }
    if error.is_builder() {
        return WebhookOutcome::Permanent {
            reason: with_sources(&error),
            status: None,
        };
    }
    WebhookOutcome::Retry {
        reason: with_sources(&error),
        status: None,
        retry_after: None,
    }
}

fn was_not_public(error: &reqwest::Error) -> bool {
    let mut source: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(cause) = source {
        if cause.is::<NotPublic>() {
            return true;
        }
        source = cause.source();
    }
    false
}

/// The destination is not one that anybody on the internet could have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the address leads into a private network, where webhooks are not allowed to go")]
struct NotPublic;

/// Resolves names as the system does, and gives up those with an address that is not public. The connection is then
/// made to the addresses returned here and to no others.
#[derive(Debug)]
struct PublicOnly;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let resolved = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let addresses: Vec<SocketAddr> = resolved.collect();
            if !addresses.iter().all(|address| is_public(address.ip())) {
                return Err(NotPublic.into());
            }
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sender(destinations: Destinations) -> WebhookSender {
        WebhookSender::new(&WebhookSettings {
            destinations,
            timeout: Duration::from_secs(5),
            extra_authorities: vec![],
            user_agent: "mainstay/test".to_owned(),
        })
        .unwrap()
    }

    #[test]
    fn addresses_that_lead_inside_are_refused_before_anything_is_resolved() {
        let public = sender(Destinations::Public);
        for url in [
            "https://127.0.0.1/",
            "https://2130706433/",
            "https://0x7f.1/",
            "https://0177.0.0.1/",
            "https://[::1]/",
            "https://[::ffff:10.0.0.1]/",
            "https://169.254.169.254/latest/meta-data/",
            "https://user@10.0.0.1:8443/",
        ] {
            assert_eq!(
                public.checked_url(url).unwrap_err(),
                NotPublic.to_string(),
                "{url}"
            );
            assert!(
                sender(Destinations::Anywhere).checked_url(url).is_ok(),
                "{url}"
            );
        }
        assert!(public.checked_url("https://hooks.example.com/x").is_ok());
    }

    #[test]
    fn other_schemes_and_texts_are_refused() {
        let public = sender(Destinations::Public);
        insta::assert_snapshot!(public.checked_url("http://example.com").unwrap_err(), @"webhooks go to `https` addresses, and this one is `http`");
        insta::assert_snapshot!(public.checked_url("hooks").unwrap_err(), @"the address is not a URL: relative URL without a base");
        insta::assert_snapshot!(public.checked_url("file:///etc/passwd").unwrap_err(), @"the address names no host");
        insta::assert_snapshot!(sender(Destinations::Anywhere).checked_url("ftp://example.com").unwrap_err(), @"webhooks go to `https` addresses, and this one is `ftp`");
    }
}
