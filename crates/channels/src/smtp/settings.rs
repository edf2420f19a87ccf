//! How to reach the server that takes our mail, checked once.

use std::time::Duration;

use lettre::transport::smtp::client::{Certificate, TlsParameters};

use crate::endpoint::{certificates, is_loopback_host, with_sources};
use crate::oauth::Credential;

/// How the conversation is kept from listeners.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SmtpSecurity {
    /// Not at all; only to this very machine.
    None,
    /// STARTTLS, without which nothing is sent (usually port 587).
    StartTls,
    /// TLS from the first byte (usually port 465).
    Tls,
}

/// How to reach the server that takes our mail.
#[derive(Clone, Debug)]
pub struct SmtpSettings {
    /// Its name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the conversation is protected.
    pub security: SmtpSecurity,
    /// Who signs in and with what, when it asks for that.
    pub credentials: Option<(String, Credential)>,
    /// Certificates of authorities to trust besides the system's, as PEM.
    pub extra_authorities: Vec<String>,
    /// The name we greet with; by default the machine's.
    pub hello_name: Option<String>,
    /// How long connecting and each command may take.
    pub timeout: Duration,
    /// How long the content may take from its first byte to the server's answer, which may scan it for minutes.
    pub content_timeout: Duration,
}

/// Why settings cannot work.
#[derive(Debug, thiserror::Error)]
pub enum SmtpSettingsError {
    /// Mail and password would cross a network in the clear.
    #[error(
        "mail to `{0}` would be sent in the clear: use STARTTLS or TLS; without them only this machine is allowed"
    )]
    InTheClear(String),
    /// A certificate cannot be read, or TLS cannot be prepared.
    #[error(
        "TLS to `{host}` cannot be prepared: {reason}; look at the host's name and the extra authorities"
    )]
    Tls {
        /// The host.
        host: String,
        /// What the TLS library says.
        reason: String,
    },
}

impl SmtpSettings {
    /// What TLS needs; nothing when the settings ask for none.
    pub(super) fn tls(&self) -> Result<Option<TlsParameters>, SmtpSettingsError> {
        match self.security {
            SmtpSecurity::None if is_loopback_host(&self.host) => Ok(None),
            SmtpSecurity::None => Err(SmtpSettingsError::InTheClear(self.host.clone())),
            SmtpSecurity::StartTls | SmtpSecurity::Tls => tls_parameters(self).map(Some),
        }
    }
}

fn tls_parameters(settings: &SmtpSettings) -> Result<TlsParameters, SmtpSettingsError> {
    let refuse = |reason: String| SmtpSettingsError::Tls {
        host: settings.host.clone(),
        reason,
    };
    let library = |error: lettre::transport::smtp::Error| refuse(with_sources(&error));
    let mut builder = TlsParameters::builder(settings.host.clone());
    for authority in certificates(&settings.extra_authorities).map_err(refuse)? {
        builder = builder
            .add_root_certificate(Certificate::from_der(authority.to_vec()).map_err(library)?);
    }
    builder.build_rustls().map_err(library)
}

#[cfg(test)]
mod tests {
    use super::super::SmtpTransport;
    use super::*;

    fn settings(host: &str, security: SmtpSecurity) -> SmtpSettings {
        SmtpSettings {
            host: host.to_owned(),
            port: 25,
            security,
            credentials: None,
            extra_authorities: vec![],
            hello_name: None,
            timeout: Duration::from_secs(5),
            content_timeout: Duration::from_secs(5),
        }
    }

    #[test]
    fn mail_in_the_clear_stays_on_this_machine() {
        for host in ["localhost", "127.0.0.1", "::1"] {
            assert!(
                SmtpTransport::new(settings(host, SmtpSecurity::None)).is_ok(),
                "{host}"
            );
        }
        insta::assert_snapshot!(
            SmtpTransport::new(settings("mail.example.com", SmtpSecurity::None)).unwrap_err(),
            @"mail to `mail.example.com` would be sent in the clear: use STARTTLS or TLS; without them only this machine is allowed"
        );
    }

    #[test]
    fn a_bad_certificate_is_named_at_the_start() {
        let mut settings = settings("mail.example.com", SmtpSecurity::Tls);
        settings.extra_authorities.push("no certificate".to_owned());
        insta::assert_snapshot!(SmtpTransport::new(settings).unwrap_err(), @"TLS to `mail.example.com` cannot be prepared: extra authority 1 holds no certificate in PEM form; look at the host's name and the extra authorities");
    }
}
