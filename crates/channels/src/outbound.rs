//! Connections to addresses that other people chose.
//!
//! Such an address must not become a way into our own network. So only public addresses are connected to, and the check
//! is made on the very addresses that the connection then uses: a name that resolves to something else a moment later
//! gains nothing. Redirects are not followed.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::RETRY_AFTER;
use reqwest::{Client, RequestBuilder, Response, Url, redirect};

use crate::endpoint::{is_public, tls_config, with_sources};

/// Where messages may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Destinations {
    /// To public addresses, by `https` only.
    Public,
    /// Anywhere, also by `http`: for receivers in our own network, chosen by people we trust.
    Anywhere,
}

impl Destinations {
    /// What a setting `allow_private_addresses` means.
    #[must_use]
    pub fn of_setting(allow_private_addresses: bool) -> Self {
        match allow_private_addresses {
            true => Self::Anywhere,
            false => Self::Public,
        }
    }
}

/// How connections are made.
#[derive(Clone, Debug)]
pub(crate) struct OutboundSettings<'a> {
    pub destinations: Destinations,
    /// How long a request may take until its answer is there.
    pub timeout: Duration,
    /// Certificates of authorities to trust besides the system's, as PEM.
    pub extra_authorities: &'a [String],
    /// What we call ourselves, `mainstay/1.0`.
    pub user_agent: &'a str,
}

/// Connects to public addresses, or anywhere.
#[derive(Clone, Debug)]
pub(crate) struct Outbound {
    client: Client,
    destinations: Destinations,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Unanswered {
    /// It may go better later.
    Retry(String),
    /// It never will.
    Permanent(String),
}

impl Outbound {
    /// Prepares connections; nothing is connected yet.
    pub(crate) fn new(settings: &OutboundSettings<'_>) -> Result<Self, String> {
        let tls = tls_config(settings.extra_authorities)?;
        let mut client = Client::builder()
            .tls_backend_preconfigured(tls)
            .redirect(redirect::Policy::none())
            // A proxy would resolve names itself, past the check.
            .no_proxy()
            .referer(false)
            .timeout(settings.timeout)
            .user_agent(settings.user_agent.to_owned());
        if settings.destinations == Destinations::Public {
            client = client.dns_resolver(PublicOnly).https_only(true);
        }
        let client = client.build().map_err(|error| with_sources(&error))?;
        Ok(Self {
            client,
            destinations: settings.destinations,
        })
    }

    /// A POST to an address, if it is one that we may send to.
    pub(crate) fn post(&self, url: &str) -> Result<RequestBuilder, Unanswered> {
        let url = self.checked_url(url).map_err(Unanswered::Permanent)?;
        Ok(self.client.post(url))
    }

    /// A GET of an address that [`checked_url`](Self::checked_url) let pass.
    pub(crate) fn get(&self, url: Url) -> RequestBuilder {
        self.client.get(url)
    }

    /// Whether only public addresses are connected to, by `https`.
    pub(crate) fn is_public_only(&self) -> bool {
        self.destinations == Destinations::Public
    }

    /// The address, if it is one that we may send to as far as can be seen without resolving it.
    pub(crate) fn checked_url(&self, text: &str) -> Result<Url, String> {
        let url = Url::parse(text).map_err(|error| format!("the address is not a URL: {error}"))?;
        let host = url.host().ok_or("the address names no host")?;
        match (url.scheme(), self.destinations) {
            ("https", _) | ("http", Destinations::Anywhere) => {}
            (scheme, _) => {
                return Err(format!(
                    "messages go to `https` addresses, and this one is `{scheme}`"
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

/// Sends a request.
pub(crate) async fn send(request: RequestBuilder) -> Result<Response, Unanswered> {
    request.send().await.map_err(failed)
}

/// The wait that the receiver asks for in seconds; a date would need a clock, and is rare.
pub(crate) fn retry_after(response: &Response) -> Option<Duration> {
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

fn failed(error: reqwest::Error) -> Unanswered {
    // The address may carry a token in its path, which belongs in no log.
    let error = error.without_url();
    if was_not_public(&error) {
        return Unanswered::Permanent(NotPublic.to_string());
    }
    if error.is_builder() {
        return Unanswered::Permanent(with_sources(&error));
    }
    Unanswered::Retry(with_sources(&error))
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
#[error("the address leads into a private network, where messages are not allowed to go")]
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

    fn outbound(destinations: Destinations) -> Outbound {
        Outbound::new(&OutboundSettings {
            destinations,
            timeout: Duration::from_secs(5),
            extra_authorities: &[],
            user_agent: "mainstay/test",
        })
        .unwrap()
    }

    #[test]
    fn addresses_that_lead_inside_are_refused_before_anything_is_resolved() {
        let public = outbound(Destinations::Public);
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
                outbound(Destinations::Anywhere).checked_url(url).is_ok(),
                "{url}"
            );
        }
        assert!(public.checked_url("https://hooks.example.com/x").is_ok());
    }

    #[test]
    fn other_schemes_and_texts_are_refused() {
        let public = outbound(Destinations::Public);
        insta::assert_snapshot!(public.checked_url("http://example.com").unwrap_err(), @"messages go to `https` addresses, and this one is `http`");
        insta::assert_snapshot!(public.checked_url("hooks").unwrap_err(), @"the address is not a URL: relative URL without a base");
        insta::assert_snapshot!(public.checked_url("file:///etc/passwd").unwrap_err(), @"the address names no host");
        insta::assert_snapshot!(outbound(Destinations::Anywhere).checked_url("ftp://example.com").unwrap_err(), @"messages go to `https` addresses, and this one is `ftp`");
    }
}
