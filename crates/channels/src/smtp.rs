//! Sending by SMTP.
//!
//! One conversation for one message. Each recipient is asked for by itself, so that one address that is gone does not
//! keep the others from their mail, and the receipt says who was taken and who was not and why.

use std::io;
use std::time::Duration;

use lettre::Address;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::ClientId;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::compose::{ComposeError, ComposedMail, OutgoingMail, mail_address};
use crate::endpoint::{certificates, is_loopback_host, with_sources};
use crate::secret::Secret;

/// How long we wait for the server's goodbye, which nothing depends on any more.
const GOODBYE_LIMIT: Duration = Duration::from_secs(2);

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
    /// User name and password, when it asks for them.
    pub credentials: Option<(String, Secret)>,
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

/// Why something was not sent, and whether trying again can help.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SmtpFailure {
    /// It may work later: the server was out of reach, busy, or refused us rather than the recipient.
    #[error("{reason}")]
    Retry {
        /// What happened.
        reason: String,
        /// The connection broke after the whole content was given, so the server may have taken it. A second attempt
        /// carries the same message id, by which the other side may notice the copy.
        in_doubt: bool,
    },
    /// It will never work.
    #[error("{reason}")]
    Permanent {
        /// What happened.
        reason: String,
        /// The server's three digits; none when the message could not even be composed.
        smtp_code: Option<u16>,
    },
}

/// The server's answer to a message that it took for at least one recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SmtpReceipt {
    /// The recipients it was taken for.
    pub accepted: Vec<String>,
    /// The others.
    pub refused: Vec<RefusedRecipient>,
    /// What the server said at the end, which often names its queue id.
    pub response: String,
}

/// A recipient that the server would not take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedRecipient {
    /// The address.
    pub recipient: String,
    /// Why, and whether to try this one again.
    pub failure: SmtpFailure,
}

/// Sends mail through one server.
#[derive(Clone)]
pub struct SmtpTransport {
    settings: SmtpSettings,
    hello_name: ClientId,
    /// None only when the settings ask for no TLS.
    tls: Option<TlsParameters>,
}

impl std::fmt::Debug for SmtpTransport {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("SmtpTransport")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

impl SmtpTransport {
    /// Checks the settings; nothing is connected yet.
    ///
    /// # Errors
    /// When they ask for mail in the clear to another machine, or TLS cannot be prepared.
    pub fn new(settings: SmtpSettings) -> Result<SmtpTransport, SmtpSettingsError> {
        let tls = match settings.security {
            SmtpSecurity::None if is_loopback_host(&settings.host) => None,
            SmtpSecurity::None => return Err(SmtpSettingsError::InTheClear(settings.host)),
            SmtpSecurity::StartTls | SmtpSecurity::Tls => Some(tls_parameters(&settings)?),
        };
        let hello_name = settings
            .hello_name
            .clone()
            .map_or_else(ClientId::default, ClientId::Domain);
        Ok(SmtpTransport {
            settings,
            hello_name,
            tls,
        })
    }

    /// Sends a message to everybody in `to` and `cc`.
    ///
    /// # Errors
    /// When not one recipient was taken; the error says whether to try again.
    pub async fn send(&self, mail: &OutgoingMail) -> Result<SmtpReceipt, SmtpFailure> {
        self.send_composed(&compose(mail)?).await
    }

    /// Sends a message to some of its recipients: those whom an earlier attempt could not reach. The headers still name
    /// everybody.
    ///
    /// # Errors
    /// When not one recipient was taken; the error says whether to try again.
    pub async fn send_to(
        &self,
        mail: &OutgoingMail,
        recipients: &[String],
    ) -> Result<SmtpReceipt, SmtpFailure> {
        let mut composed = compose(mail)?;
        composed.recipients.retain(|address| {
            recipients
                .iter()
                .any(|wanted| wanted.eq_ignore_ascii_case(address.as_ref()))
        });
        if composed.recipients.is_empty() {
            return Err(SmtpFailure::Permanent {
                reason: "none of the addresses to try again is a recipient of the message"
                    .to_owned(),
                smtp_code: None,
            });
        }
        self.send_composed(&composed).await
    }

    /// Hands over a message that was composed earlier: its envelope and its bytes. An empty `sender` is the empty return
    /// path `<>`.
    ///
    /// # Errors
    /// When an address is none, or not one recipient was taken; the error says whether to try again.
    pub async fn hand_over(
        &self,
        sender: &str,
        recipients: &[String],
        bytes: &[u8],
    ) -> Result<SmtpReceipt, SmtpFailure> {
        let permanent = |error: ComposeError| SmtpFailure::Permanent {
            reason: error.to_string(),
            smtp_code: None,
        };
        let sender = (!sender.is_empty())
            .then(|| mail_address("Return-Path", sender))
            .transpose()
            .map_err(permanent)?;
        let recipients = recipients
            .iter()
            .map(|recipient| mail_address("To", recipient))
            .collect::<Result<Vec<Address>, ComposeError>>()
            .map_err(permanent)?;
        let composed = ComposedMail {
            sender,
            recipients,
            bytes: bytes.to_vec(),
        };
        self.send_composed(&composed).await
    }

    async fn send_composed(&self, mail: &ComposedMail) -> Result<SmtpReceipt, SmtpFailure> {
        let mut connection = self.connect().await?;
        let result = self.converse(&mut connection, mail).await;
        // The message's fate is decided, and nobody waits for the server's goodbye: Exim takes 0.2 s over it.
        let limit = self.settings.timeout.min(GOODBYE_LIMIT);
        tokio::spawn(async move { timeout(limit, connection.abort()).await });
        result
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, SmtpFailure> {
        let mut connection = self.greet().await.map_err(Trouble::ours)?;
        if let Some(tls) = self.tls_when(SmtpSecurity::StartTls) {
            self.start_tls(&mut connection, tls).await?;
        }
        if let Some((user, password)) = &self.settings.credentials {
            let credentials = Credentials::new(user.clone(), password.expose().to_owned());
            let signing_in = connection.auth(DEFAULT_MECHANISMS, &credentials);
            within(self.settings.timeout, "signing in", signing_in)
                .await
                .map_err(Trouble::ours)?;
        }
        Ok(connection)
    }

    /// Connects and exchanges names, over TLS where it comes first.
    async fn greet(&self) -> Result<AsyncSmtpConnection, Trouble> {
        let step = "connecting";
        let limit = self.settings.timeout;
        let address = (self.settings.host.as_str(), self.settings.port);
        if let Some(tls) = self.tls_when(SmtpSecurity::Tls) {
            let connecting = AsyncSmtpConnection::connect_tokio1(
                address,
                Some(limit),
                &self.hello_name,
                Some(tls),
                None,
            );
            return within(limit, step, connecting).await;
        }
        let connecting = async {
            let stream = TcpStream::connect(address).await?;
            // The content and the dot that ends it are two writes. Without this the second waits for the other side to
            // acknowledge the first, which it delays by 40 ms.
            stream.set_nodelay(true)?;
            Ok::<_, io::Error>(stream)
        };
        let stream = match timeout(limit, connecting).await {
            Ok(stream) => {
                stream.map_err(|error| Trouble::silent(format!("{step} failed: {error}")))?
            }
            Err(_) => return Err(Trouble::late(step, limit)),
        };
        let greeting =
            AsyncSmtpConnection::connect_with_transport(Box::new(stream), &self.hello_name);
        within(limit, step, greeting).await
    }

    async fn start_tls(
        &self,
        connection: &mut AsyncSmtpConnection,
        tls: TlsParameters,
    ) -> Result<(), SmtpFailure> {
        if !connection.can_starttls() {
            let SmtpSettings { host, port, .. } = &self.settings;
            return Err(retry(format!(
                "{host}:{port} does not offer STARTTLS, and the settings require it"
            )));
        }
        let upgrading = connection.starttls(tls, &self.hello_name);
        within(self.settings.timeout, "STARTTLS", upgrading)
            .await
            .map_err(Trouble::ours)
    }

    fn tls_when(&self, security: SmtpSecurity) -> Option<TlsParameters> {
        self.tls
            .clone()
            .filter(|_| self.settings.security == security)
    }

    async fn converse(
        &self,
        connection: &mut AsyncSmtpConnection,
        mail: &ComposedMail,
    ) -> Result<SmtpReceipt, SmtpFailure> {
        let limit = self.settings.timeout;
        let sender = Mail::new(mail.sender.clone(), Vec::new());
        within(limit, "MAIL FROM", connection.command(sender))
            .await
            .map_err(Trouble::judged)?;
        let mut accepted: Vec<String> = Vec::new();
        let mut refused: Vec<RefusedRecipient> = Vec::new();
        for recipient in &mail.recipients {
            match self.ask_for(connection, recipient).await? {
                None => accepted.push(recipient.to_string()),
                Some(failure) => refused.push(RefusedRecipient {
                    recipient: recipient.to_string(),
                    failure,
                }),
            }
        }
        if accepted.is_empty() {
            return Err(all_refused(refused));
        }
        within(limit, "DATA", connection.command(Data))
            .await
            .map_err(Trouble::judged)?;
        let content = connection.message(&mail.bytes);
        let response = within(self.settings.content_timeout, "the content", content)
            .await
            .map_err(Trouble::after_the_content)?;
        Ok(SmtpReceipt {
            accepted,
            refused,
            response: response.message().collect::<Vec<_>>().join(" "),
        })
    }

    /// The server's refusal of this recipient, if it refuses; an error only when the conversation itself broke.
    async fn ask_for(
        &self,
        connection: &mut AsyncSmtpConnection,
        recipient: &Address,
    ) -> Result<Option<SmtpFailure>, SmtpFailure> {
        let asking = connection.command(Rcpt::new(recipient.clone(), Vec::new()));
        match within(self.settings.timeout, "RCPT TO", asking).await {
            Ok(_) => Ok(None),
            // 552 here means too many recipients at once and is temporary: RFC 5321, 4.5.3.1.10.
            Err(
                trouble @ Trouble {
                    code: Some(552), ..
                },
            ) => Ok(Some(trouble.ours())),
            Err(
                trouble @ Trouble {
                    code: Some(code), ..
                },
            ) if code != 421 => Ok(Some(trouble.judged())),
            Err(trouble) => Err(trouble.ours()),
        }
    }
}

/// What went wrong in one step of the conversation.
struct Trouble {
    reason: String,
    /// The server's three digits, when it answered at all.
    code: Option<u16>,
}

impl Trouble {
    /// The server said nothing, or nothing that could be understood.
    fn silent(reason: String) -> Trouble {
        Trouble { reason, code: None }
    }

    /// The server took too long.
    fn late(step: &str, limit: Duration) -> Trouble {
        Trouble::silent(format!("{step} took longer than {} s", limit.as_secs_f64()))
    }

    /// A failure that is no judgement on the message: the connection, TLS, our sign-in.
    fn ours(self) -> SmtpFailure {
        retry(self.reason)
    }

    /// A failure as the server judged it: 5xx is for good, anything else may pass.
    fn judged(self) -> SmtpFailure {
        match self.code {
            // A server that wants us to sign in, or to sign in better, says nothing about the recipient (RFC 4954, 6).
            Some(530 | 534 | 535 | 538) => self.ours(),
            Some(code @ 500..=599) => SmtpFailure::Permanent {
                reason: self.reason,
                smtp_code: Some(code),
            },
            _ => self.ours(),
        }
    }

    /// As [`judged`](Self::judged), for the step after which silence may mean success.
    fn after_the_content(self) -> SmtpFailure {
        match self.code {
            None => SmtpFailure::Retry {
                reason: format!(
                    "{}, after the message was given: the server may have taken it",
                    self.reason
                ),
                in_doubt: true,
            },
            Some(_) => self.judged(),
        }
    }
}

async fn within<T>(
    limit: Duration,
    step: &str,
    work: impl Future<Output = Result<T, lettre::transport::smtp::Error>>,
) -> Result<T, Trouble> {
    match timeout(limit, work).await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(error)) => Err(Trouble {
            code: error.status().map(u16::from),
            reason: format!("{step} failed: {}", with_sources(&error)),
        }),
        Err(_) => Err(Trouble::late(step, limit)),
    }
}

fn compose(mail: &OutgoingMail) -> Result<ComposedMail, SmtpFailure> {
    mail.compose().map_err(|error| SmtpFailure::Permanent {
        reason: error.to_string(),
        smtp_code: None,
    })
}

fn retry(reason: String) -> SmtpFailure {
    SmtpFailure::Retry {
        reason,
        in_doubt: false,
    }
}

/// One failure for a message that nobody gets: worth another attempt as soon as one recipient is.
fn all_refused(refused: Vec<RefusedRecipient>) -> SmtpFailure {
    let worth_retrying =
        |refusal: &RefusedRecipient| matches!(refusal.failure, SmtpFailure::Retry { .. });
    let retryable = refused.iter().position(worth_retrying).unwrap_or(0);
    let failure = refused
        .into_iter()
        .nth(retryable)
        .map(|refusal| refusal.failure);
    failure.unwrap_or_else(|| retry("the message has no recipient".to_owned()))
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

    #[test]
    fn each_code_says_whether_to_try_again() {
        let judged = |code| {
            let trouble = Trouble {
                reason: String::new(),
                code,
            };
            matches!(trouble.judged(), SmtpFailure::Retry { .. })
        };
        for code in [
            None,
            Some(421),
            Some(450),
            Some(451),
            Some(452),
            Some(530),
            Some(535),
        ] {
            assert!(judged(code), "{code:?}");
        }
        for code in [Some(550), Some(552), Some(553), Some(554)] {
            assert!(!judged(code), "{code:?}");
        }
    }
}
