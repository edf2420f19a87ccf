//! The settings of a mailbox, checked once.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio_rustls::TlsConnector;

use crate::endpoint::{is_loopback_host, tls_config};
use crate::oauth::Credential;

/// How the conversation is kept from listeners.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImapSecurity {
    /// Not at all; only to this very machine.
    None,
    /// STARTTLS, without which nobody signs in (usually port 143).
    StartTls,
    /// TLS from the first byte (usually port 993).
    Tls,
}

/// What becomes of a message once it is acknowledged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AfterFetch {
    /// Nothing.
    Leave,
    /// It is marked as read.
    MarkSeen,
    /// It is moved to this folder, which is made when it is not there.
    MoveTo(String),
}

/// A mailbox to be read.
#[derive(Clone, Debug)]
pub struct Mailbox {
    /// The server's name or address.
    pub host: String,
    /// The server's port.
    pub port: u16,
    /// How the conversation is protected.
    pub security: ImapSecurity,
    /// Who signs in.
    pub user: String,
    /// What they sign in with.
    pub credential: Credential,
    /// Certificates of authorities to trust besides the system's, as PEM.
    pub extra_authorities: Vec<String>,
    /// The folder to read, usually `INBOX`.
    pub folder: String,
    /// What becomes of a message once it is acknowledged.
    pub after_fetch: AfterFetch,
    /// How long connecting and each command may take.
    pub timeout: Duration,
    /// How long fetching one message, or listing the folder, may take.
    pub content_timeout: Duration,
    /// A longer message, in bytes, stays in the folder and is reported.
    pub most_bytes: u32,
    /// How long to wait for news before looking anyway, at most [`LONGEST_IDLE`](Self::LONGEST_IDLE). Where the server
    /// has no IDLE, this is how often it is asked.
    pub idle: Duration,
}

impl Mailbox {
    /// A server may hang up on a client that idles for half an hour (RFC 2177, 3).
    pub const LONGEST_IDLE: Duration = Duration::from_secs(29 * 60);
}

/// Why settings cannot work.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MailboxSettingsError {
    /// The password would cross a network in the clear.
    #[error(
        "the password for `{0}` would be sent in the clear: use STARTTLS or TLS; without them only this machine is allowed"
    )]
    InTheClear(String),
    /// A certificate or the host's name cannot be read.
    #[error("TLS to `{host}` cannot be prepared: {reason}")]
    Tls {
        /// The host.
        host: String,
        /// What is wrong.
        reason: String,
    },
    /// The server would hang up before we end the waiting.
    #[error("`idle` is {} s: choose at most {} s", .0.as_secs(), Mailbox::LONGEST_IDLE.as_secs())]
    IdleTooLong(Duration),
}

/// Reads one mailbox.
#[derive(Clone)]
pub struct MailboxClient {
    pub(super) mailbox: Mailbox,
    /// None only when the settings ask for no TLS.
    pub(super) tls: Option<TlsConnector>,
}

impl MailboxClient {
    /// Checks the settings; nothing is connected yet.
    ///
    /// # Errors
    /// When they ask for a password in the clear to another machine, cannot give TLS, or wait too long.
    pub fn new(mailbox: Mailbox) -> Result<MailboxClient, MailboxSettingsError> {
        if mailbox.idle > Mailbox::LONGEST_IDLE {
            return Err(MailboxSettingsError::IdleTooLong(mailbox.idle));
        }
        let tls = match mailbox.security {
            ImapSecurity::None if is_loopback_host(&mailbox.host) => None,
            ImapSecurity::None => return Err(MailboxSettingsError::InTheClear(mailbox.host)),
            ImapSecurity::StartTls | ImapSecurity::Tls => Some(connector(&mailbox)?),
        };
        Ok(MailboxClient { mailbox, tls })
    }

    /// The settings it was made with.
    #[must_use]
    pub fn mailbox(&self) -> &Mailbox {
        &self.mailbox
    }
}

impl fmt::Debug for MailboxClient {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("MailboxClient")
            .field("mailbox", &self.mailbox)
            .finish_non_exhaustive()
    }
}

fn connector(mailbox: &Mailbox) -> Result<TlsConnector, MailboxSettingsError> {
    let config =
        tls_config(&mailbox.extra_authorities).map_err(|reason| MailboxSettingsError::Tls {
            host: mailbox.host.clone(),
            reason,
        })?;
    Ok(TlsConnector::from(Arc::new(config)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    fn mailbox(host: &str, security: ImapSecurity) -> Mailbox {
        Mailbox {
            host: host.to_owned(),
            port: 993,
            security,
            user: "support".to_owned(),
            credential: Secret::new("hunter2").into(),
            extra_authorities: vec![],
            folder: "INBOX".to_owned(),
            after_fetch: AfterFetch::Leave,
            timeout: Duration::from_secs(5),
            content_timeout: Duration::from_secs(5),
            most_bytes: 1_000_000,
            idle: Duration::from_secs(60),
        }
    }

    #[test]
    fn a_password_in_the_clear_stays_on_this_machine() {
        assert!(MailboxClient::new(mailbox("127.0.0.1", ImapSecurity::None)).is_ok());
        assert!(MailboxClient::new(mailbox("mail.example.com", ImapSecurity::Tls)).is_ok());
        insta::assert_snapshot!(
            MailboxClient::new(mailbox("mail.example.com", ImapSecurity::None)).unwrap_err(),
            @"the password for `mail.example.com` would be sent in the clear: use STARTTLS or TLS; without them only this machine is allowed"
        );
    }

    #[test]
    fn waiting_longer_than_servers_do_is_refused() {
        let mut mailbox = mailbox("localhost", ImapSecurity::None);
        mailbox.idle = Duration::from_secs(1800);
        insta::assert_snapshot!(MailboxClient::new(mailbox).unwrap_err(), @"`idle` is 1800 s: choose at most 1740 s");
    }

    #[test]
    fn the_password_is_not_shown() {
        let client = MailboxClient::new(mailbox("localhost", ImapSecurity::None)).unwrap();
        assert!(!format!("{client:?}").contains("hunter2"));
    }
}
