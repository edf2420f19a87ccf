//! Mailboxes that an administrator sets up: an address of ours, where its mail is read, and what sends in its name.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::id::{MailboxId, TeamId};

/// A mailbox. Its secrets are sealed where it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mailbox {
    /// Identifies it.
    pub id: MailboxId,
    /// The address that people write to, in small letters.
    pub address: String,
    /// The team that new tickets from it go to; the rules of the policy choose where it is absent.
    pub team: Option<TeamId>,
    /// Where its mail is read; nowhere when absent.
    pub incoming: Option<Incoming>,
    /// The server that takes what is written in its name; another takes it when absent.
    pub outgoing: Option<MailServer>,
    /// Whether its server delivers `name+anything@domain` to it, so that answers can go to signed addresses.
    pub signed_replies: bool,
    /// The name by which its server signs its verdicts on senders (RFC 8601).
    pub authserv_id: Option<String>,
    /// Whether it is in use; one that is paused is neither read nor sent from.
    pub active: bool,
    /// When it was made.
    pub created_at: Timestamp,
}

/// Where mail is read by IMAP.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incoming {
    /// The server.
    pub server: MailServer,
    /// The folder.
    pub folder: String,
}

/// A mail server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailServer {
    /// Its host.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is secured.
    pub security: MailSecurity,
    /// Who signs in, if anybody.
    pub sign_in: Option<MailSignIn>,
}

/// How a connection to a mail server is secured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailSecurity {
    /// TLS from the first byte.
    Tls,
    /// TLS after a greeting in the clear, or nothing.
    Starttls,
    /// None; within this very machine only.
    None,
}

/// Who signs in to a mail server, and with what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailSignIn {
    /// Who.
    pub user: String,
    /// With what.
    pub credential: MailCredential,
}

/// What somebody signs in to a mail server with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailCredential {
    /// A password, sealed.
    Password(String),
    /// Tokens (XOAUTH2).
    OAuth(MailOAuth),
}

/// How tokens for a mail server are asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailOAuth {
    /// The address that gives them.
    pub token_url: String,
    /// What the provider calls us.
    pub client_id: String,
    /// Our secret there, sealed.
    pub client_secret: Option<String>,
    /// What a person agreed to, sealed; where it is absent, we ask in our own name.
    pub refresh_token: Option<String>,
    /// What the token is to permit.
    pub scope: Option<String>,
}

impl Mailbox {
    /// By which name it is known how far its mail was read, and whence a mail came; nothing where none is read.
    #[must_use]
    pub fn reading_name(&self) -> Option<String> {
        let incoming = self.incoming.as_ref()?;
        let user = incoming.server.sign_in.as_ref()?.user.as_str();
        Some(reading_name(user, &incoming.server.host, &incoming.folder))
    }

    /// By which way the mail comes that is read in it; nothing where none is read.
    #[must_use]
    pub fn source(&self) -> Option<String> {
        self.reading_name().map(|name| source_of(&name))
    }

    /// Every secret of it, each with the part that it belongs to.
    pub fn secrets(&mut self) -> Vec<(&'static str, &mut String)> {
        let incoming = self.incoming.as_mut().map(|incoming| &mut incoming.server);
        let outgoing = self.outgoing.as_mut();
        let mut found = Vec::new();
        let servers = [(incoming, INCOMING), (outgoing, OUTGOING)];
        for (server, [password, client_secret, refresh_token]) in servers {
            match server.and_then(|server| server.sign_in.as_mut()) {
                Some(MailSignIn {
                    credential: MailCredential::Password(secret),
                    ..
                }) => found.push((password, secret)),
                Some(MailSignIn {
                    credential: MailCredential::OAuth(oauth),
                    ..
                }) => {
                    let secrets = [
                        (client_secret, oauth.client_secret.as_mut()),
                        (refresh_token, oauth.refresh_token.as_mut()),
                    ];
                    found.extend(
                        secrets
                            .into_iter()
                            .filter_map(|(part, it)| Some((part, it?))),
                    );
                }
                None => {}
            }
        }
        found
    }
}

const INCOMING: [&str; 3] = [
    "incoming.password",
    "incoming.client_secret",
    "incoming.refresh_token",
];

const OUTGOING: [&str; 3] = [
    "outgoing.password",
    "outgoing.client_secret",
    "outgoing.refresh_token",
];

/// By which name it is known how far a folder was read.
#[must_use]
pub fn reading_name(user: &str, host: &str, folder: &str) -> String {
    format!("{user}@{host}/{folder}")
}

/// By which way mail comes that is read in a folder of this name.
#[must_use]
pub fn source_of(reading_name: &str) -> String {
    format!("imap:{reading_name}")
}

/// How a mail server was found when it was last asked.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MailHealth {
    /// When it last did what it was asked.
    pub worked_at: Option<Timestamp>,
    /// What went wrong since, if anything did.
    pub fault: Option<MailServerFault>,
}

/// What went wrong with a mail server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailServerFault {
    /// When.
    pub at: Timestamp,
    /// At which step.
    pub step: MailStep,
    /// What happened, in the server's words where it said something.
    pub reason: String,
}

/// What is done with a mail server, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailStep {
    /// Connecting, with TLS where it is asked for.
    Reach,
    /// Signing in.
    SignIn,
    /// Opening the folder that is read.
    OpenFolder,
    /// Handing a mail over.
    HandOver,
}
