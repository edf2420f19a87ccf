//! Tokens instead of passwords (OAuth 2.0, RFC 6749), as Microsoft 365 and Google demand for IMAP and SMTP.
//!
//! A token is asked for when it is first needed, kept until shortly before it expires, and asked for anew once when a mail
//! server refuses it. No token and no secret is ever part of an error or of debug output.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use reqwest::Url;
use reqwest::header::{ACCEPT, CONTENT_TYPE};
use serde::Deserialize;
use tokio::sync::Mutex;
use tokio::time::Instant;
use url::form_urlencoded;

use crate::endpoint::{is_loopback_host, with_sources};
use crate::outbound::{Destinations, Outbound, OutboundSettings, Unanswered, send};
use crate::secret::Secret;

/// A token is renewed so long before it expires, for the conversation it opens and for clocks that differ.
const MARGIN: Duration = Duration::from_secs(60);

/// How long a token is kept that does not say when it expires.
const UNSAID_LIFETIME: Duration = Duration::from_secs(10 * 60);

/// The longest answer that is read, in bytes.
const LONGEST_ANSWER: usize = 64 << 10;

/// How tokens are asked for.
#[derive(Clone, Debug)]
pub struct OAuthSettings {
    /// The address that gives tokens: `https`, but on this very machine.
    pub token_url: String,
    /// Where the address may lead.
    pub destinations: Destinations,
    /// What we call ourselves, `mainstay/1.0`.
    pub user_agent: String,
    /// What the provider calls us.
    pub client_id: String,
    /// Our secret there, which a public client has none of.
    pub client_secret: Option<Secret>,
    /// In whose name tokens are asked for.
    pub grant: Grant,
    /// What the token is to permit, where the provider wants it said.
    pub scope: Option<String>,
    /// Certificates of authorities to trust besides the system's, as PEM.
    pub extra_authorities: Vec<String>,
    /// How long asking may take.
    pub timeout: Duration,
}

/// In whose name tokens are asked for.
#[derive(Clone, Debug)]
pub enum Grant {
    /// The person's who agreed once (RFC 6749, 6).
    RefreshToken(Secret),
    /// Our own, which an administrator agreed to (RFC 6749, 4.4).
    ClientCredentials,
}

/// Why settings cannot work.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OAuthSettingsError {
    /// Secrets would cross a network in the clear, or the address is none.
    #[error("the token address `{0}` cannot be used: it must begin with https://")]
    Address(String),
    /// The address is one that we may not send to.
    #[error("the token address `{url}` cannot be used: {reason}")]
    Destination {
        /// The address.
        url: String,
        /// Why not.
        reason: String,
    },
    /// An agreement of our own needs a secret of our own.
    #[error("asking for tokens needs a refresh token or a client secret")]
    NothingToShow,
    /// TLS cannot be prepared.
    #[error("TLS to the token address cannot be prepared: {0}")]
    Tls(String),
}

/// Why there is no token. The mail server is not asked without one; trying again later may help.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OAuthError {
    /// The provider does not answer, or not what it should.
    #[error("no token from {host}: {reason}")]
    Unavailable {
        /// The provider's host.
        host: String,
        /// What happened.
        reason: String,
    },
    /// The provider refuses.
    #[error(
        "{host} refuses a token ({error}{}): look at the client's id and secret, and agree anew if the refresh token is spent",
        .description.as_deref().map(|text| format!(", {text}")).unwrap_or_default()
    )]
    Refused {
        /// The provider's host.
        host: String,
        /// Its word for it, such as `invalid_grant`.
        error: String,
        /// Its sentence for it.
        description: Option<String>,
    },
}

/// A token that opens a mailbox.
#[derive(Clone, Debug)]
pub struct AccessToken {
    secret: Secret,
    /// Which one of its source it is, so that only a refused one is thrown away.
    number: u64,
}

impl AccessToken {
    /// The token.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.secret.expose()
    }

    /// What XOAUTH2 says to the server before base64.
    #[must_use]
    pub fn xoauth2(&self, user: &str) -> String {
        format!("user={user}\x01auth=Bearer {}\x01\x01", self.expose())
    }
}

/// Gives tokens, and keeps the last one. Its copies share it.
#[derive(Clone)]
pub struct TokenSource(Arc<Source>);

struct Source {
    settings: OAuthSettings,
    url: Url,
    outbound: Outbound,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    token: Option<(AccessToken, Instant)>,
    /// The refresh token that the provider gave in the place of the one of the settings.
    refresh: Option<Secret>,
    given: u64,
}

#[derive(Deserialize)]
struct Given {
    access_token: String,
    expires_in: Option<u64>,
    refresh_token: Option<String>,
}

#[derive(Deserialize)]
struct Refusal {
    error: String,
    error_description: Option<String>,
}

impl TokenSource {
    /// Checks the settings; nothing is asked for yet.
    ///
    /// # Errors
    /// When secrets would cross a network in the clear, the address leads where we may not send, there is nothing to show, or
    /// TLS cannot be prepared.
    pub fn new(settings: OAuthSettings) -> Result<TokenSource, OAuthSettingsError> {
        let wrong = || OAuthSettingsError::Address(settings.token_url.clone());
        let url = Url::parse(&settings.token_url).map_err(|_| wrong())?;
        let host = url.host_str().ok_or_else(wrong)?;
        let is_safe = url.scheme() == "https" || (url.scheme() == "http" && is_loopback_host(host));
        if !is_safe {
            return Err(wrong());
        }
        if matches!(settings.grant, Grant::ClientCredentials) && settings.client_secret.is_none() {
            return Err(OAuthSettingsError::NothingToShow);
        }
        let outbound = Outbound::new(&OutboundSettings {
            destinations: settings.destinations,
            timeout: settings.timeout,
            extra_authorities: &settings.extra_authorities,
            user_agent: &settings.user_agent,
        })
        .map_err(OAuthSettingsError::Tls)?;
        outbound
            .checked_url(&settings.token_url)
            .map_err(|reason| OAuthSettingsError::Destination {
                url: settings.token_url.clone(),
                reason,
            })?;
        Ok(TokenSource(Arc::new(Source {
            settings,
            url,
            outbound,
            kept: Mutex::default(),
        })))
    }

    /// The token, asked for when there is none that lasts.
    ///
    /// # Errors
    /// When the provider does not give one.
    pub async fn token(&self) -> Result<AccessToken, OAuthError> {
        let mut kept = self.0.kept.lock().await;
        if let Some((token, until)) = &kept.token
            && Instant::now() < *until
        {
            return Ok(token.clone());
        }
        self.0.ask(&mut kept).await
    }

    /// A token in the place of one that a mail server refused. When another was asked for in between, that one.
    ///
    /// # Errors
    /// When the provider does not give one.
    pub async fn instead_of(&self, refused: &AccessToken) -> Result<AccessToken, OAuthError> {
        {
            let mut kept = self.0.kept.lock().await;
            let is_kept = |(token, _): &(AccessToken, Instant)| token.number == refused.number;
            if kept.token.as_ref().is_some_and(is_kept) {
                kept.token = None;
            }
        }
        self.token().await
    }
}

impl Source {
    async fn ask(&self, kept: &mut Kept) -> Result<AccessToken, OAuthError> {
        let asked_at = Instant::now();
        let unavailable = |reason: String| OAuthError::Unavailable {
            host: self.host(),
            reason,
        };
        let unanswered = |error| match error {
            Unanswered::Retry(reason) | Unanswered::Permanent(reason) => unavailable(reason),
        };
        let lost = |error: reqwest::Error| unavailable(with_sources(&error.without_url()));
        let request = self
            .outbound
            .post(self.url.as_str())
            .map_err(unanswered)?
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(ACCEPT, "application/json")
            .body(self.form(kept));
        let mut answer = send(request).await.map_err(unanswered)?;
        let status = answer.status();
        let mut body = Vec::new();
        while let Some(part) = answer.chunk().await.map_err(lost)? {
            body.extend_from_slice(&part);
            if body.len() > LONGEST_ANSWER {
                return Err(unavailable("its answer is too long".to_owned()));
            }
        }
        if !status.is_success() {
            return Err(match serde_json::from_slice::<Refusal>(&body) {
                Ok(refusal) => OAuthError::Refused {
                    host: self.host(),
                    error: first_line(&refusal.error),
                    description: refusal.error_description.as_deref().map(first_line),
                },
                Err(_) => unavailable(format!("it answers {}", status.as_u16())),
            });
        }
        // The parser's error could quote the token.
        let given: Given = serde_json::from_slice(&body)
            .map_err(|_| unavailable("its answer holds no token".to_owned()))?;
        let lifetime = given
            .expires_in
            .map_or(UNSAID_LIFETIME, Duration::from_secs);
        kept.given += 1;
        let token = AccessToken {
            secret: Secret::new(given.access_token),
            number: kept.given,
        };
        kept.token = Some((token.clone(), asked_at + lifetime.saturating_sub(MARGIN)));
        if let Some(refresh) = given.refresh_token {
            kept.refresh = Some(Secret::new(refresh));
        }
        Ok(token)
    }

    fn form(&self, kept: &Kept) -> String {
        let settings = &self.settings;
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("client_id", &settings.client_id);
        if let Some(secret) = &settings.client_secret {
            form.append_pair("client_secret", secret.expose());
        }
        match &settings.grant {
            Grant::RefreshToken(given) => {
                let token = kept.refresh.as_ref().unwrap_or(given);
                form.append_pair("grant_type", "refresh_token");
                form.append_pair("refresh_token", token.expose());
            }
            Grant::ClientCredentials => {
                form.append_pair("grant_type", "client_credentials");
            }
        }
        if let Some(scope) = &settings.scope {
            form.append_pair("scope", scope);
        }
        form.finish()
    }

    fn host(&self) -> String {
        self.url.host_str().unwrap_or_default().to_owned()
    }
}

impl fmt::Debug for TokenSource {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("TokenSource")
            .field("token_url", &self.0.settings.token_url)
            .finish_non_exhaustive()
    }
}

/// What fits a line of a log.
fn first_line(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    line.chars()
        .filter(|it| !it.is_control())
        .take(200)
        .collect()
}

/// What somebody signs in to a mail server with.
#[derive(Clone, Debug)]
pub enum Credential {
    /// A password.
    Password(Secret),
    /// Tokens (XOAUTH2).
    Tokens(TokenSource),
}

impl From<Secret> for Credential {
    fn from(password: Secret) -> Self {
        Self::Password(password)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(token_url: &str) -> OAuthSettings {
        OAuthSettings {
            token_url: token_url.to_owned(),
            destinations: Destinations::Anywhere,
            user_agent: "mainstay/test".to_owned(),
            client_id: "mainstay".to_owned(),
            client_secret: Some(Secret::new("hunter2")),
            grant: Grant::RefreshToken(Secret::new("refresh me")),
            scope: None,
            extra_authorities: Vec::new(),
            timeout: Duration::from_secs(5),
        }
    }

    #[test]
    fn secrets_do_not_cross_a_network_in_the_clear() {
        assert!(TokenSource::new(settings("https://login.example.com/token")).is_ok());
        assert!(TokenSource::new(settings("http://127.0.0.1:9/token")).is_ok());
        for wrong in [
            "http://login.example.com/token",
            "ftp://127.0.0.1/",
            "token",
        ] {
            let refused = TokenSource::new(settings(wrong)).map(|_| ());
            assert_eq!(refused, Err(OAuthSettingsError::Address(wrong.to_owned())));
        }
        let bare = OAuthSettings {
            client_secret: None,
            grant: Grant::ClientCredentials,
            ..settings("https://login.example.com/token")
        };
        let refused = TokenSource::new(bare).map(|_| ());
        assert_eq!(refused, Err(OAuthSettingsError::NothingToShow));
    }

    #[test]
    fn a_token_address_leads_into_no_private_network_unless_that_is_allowed() {
        let public = |url: &str| {
            TokenSource::new(OAuthSettings {
                destinations: Destinations::Public,
                ..settings(url)
            })
        };
        assert!(public("https://login.example.com/token").is_ok());
        for url in ["https://169.254.169.254/token", "https://10.0.0.1/token"] {
            let refused = public(url).map(|_| ()).unwrap_err().to_string();
            assert!(refused.contains("private network"), "{refused}");
            assert!(TokenSource::new(settings(url)).is_ok());
        }
    }

    /// A name shows only when it is resolved where it leads.
    #[tokio::test]
    async fn a_name_that_leads_into_a_private_network_is_given_no_secret() {
        let source = TokenSource::new(OAuthSettings {
            destinations: Destinations::Public,
            ..settings("https://localhost:9/token")
        });
        let refused = source.unwrap().token().await.unwrap_err().to_string();
        assert!(refused.contains("private network"), "{refused}");
    }

    #[test]
    fn no_secret_is_shown() {
        let settings = settings("https://login.example.com/token");
        let source = TokenSource::new(settings.clone()).unwrap();
        let token = AccessToken {
            secret: Secret::new("ya29"),
            number: 1,
        };
        let credential = Credential::Tokens(source);
        let shown = format!("{settings:?} {credential:?} {token:?}");
        for secret in ["hunter2", "refresh me", "ya29"] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }
}
