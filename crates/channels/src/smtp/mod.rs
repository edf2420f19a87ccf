//! Sending by SMTP.
//!
//! One conversation for one message. Each recipient is asked for by itself, so that one address that is gone does not
//! keep the others from their mail, and the receipt says who was taken and who was not and why.

mod connection;
mod failure;
mod settings;

use std::time::Duration;

use lettre::Address;
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::ClientId;
use tokio::time::timeout;

use crate::compose::{ComposeError, ComposedMail, OutgoingMail, mail_address};

pub use failure::SmtpFailure;
use failure::{Trouble, all_refused, within};
pub use settings::{SmtpSecurity, SmtpSettings, SmtpSettingsError};

/// How long we wait for the server's goodbye, which nothing depends on any more.
const GOODBYE_LIMIT: Duration = Duration::from_secs(2);

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
        let tls = settings.tls()?;
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

    /// Connects as for a message, with TLS where it is asked for, and says goodbye.
    ///
    /// # Errors
    /// When the server cannot be reached, or does not protect the conversation as the settings want it.
    pub async fn check_connection(&self) -> Result<(), SmtpFailure> {
        self.protected().await?.abort().await;
        Ok(())
    }

    /// Connects and signs in as for a message, and says goodbye.
    ///
    /// # Errors
    /// As [`check_connection`](Self::check_connection), and when the server refuses user or password.
    pub async fn check_sign_in(&self) -> Result<(), SmtpFailure> {
        self.connect().await?.abort().await;
        Ok(())
    }

    /// Sends a message to everybody in `to` and `cc`.
    ///
    /// # Errors
    /// When not one recipient was taken; the error says whether to try again.
    pub async fn send(&self, mail: &OutgoingMail) -> Result<SmtpReceipt, SmtpFailure> {
        self.send_composed(&compose(mail)?).await
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

fn compose(mail: &OutgoingMail) -> Result<ComposedMail, SmtpFailure> {
    mail.compose().map_err(|error| SmtpFailure::Permanent {
        reason: error.to_string(),
        smtp_code: None,
    })
}
