//! Mail in the service: which server takes it, where files are kept, and the mailboxes that are watched.

mod check;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use mainstay_app::attachment::{Blobs, S3Settings};
use mainstay_app::mail::{FloodLimit, MailOptions, MailTransport};
use mainstay_app::{App, AppError, Caller};
use mainstay_channels::imap::{
    AfterFetch, FetchedMessage, ImapError, ImapSecurity, Intake, Mailbox, MailboxClient,
    PollReport, Position,
};
use mainstay_channels::oauth::{Credential, Grant, OAuthSettings, OAuthSettingsError, TokenSource};
use mainstay_channels::secret::Secret;
use mainstay_channels::smtp::{SmtpSecurity, SmtpSettings, SmtpTransport};
use mainstay_channels::webhook::Destinations;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::settings::{self, Settings, SignIn, Tls};
use crate::{Failure, USER_AGENT};

/// How long connecting to a mail server and each command may take.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(30);

/// How long one message may take on its way.
const CONTENT_TIMEOUT: Duration = Duration::from_secs(5 * 60);

/// How long a request to S3 is tried again: shorter than a person waits.
const S3_PATIENCE: Duration = Duration::from_secs(15);

/// How long to wait for news of a mailbox before looking anyway; servers hang up after half an hour.
const IDLE: Duration = Duration::from_secs(25 * 60);

/// The longest pause between two tries to reach a mailbox.
const LONGEST_PAUSE: Duration = Duration::from_secs(5 * 60);

/// What the use cases are told about mail.
///
/// # Errors
/// Fails when mail would be sent in the clear, or TLS cannot be prepared.
pub fn options(settings: &Settings) -> Result<MailOptions, Failure> {
    let mail = &settings.mail;
    Ok(MailOptions {
        from: mail.from.clone(),
        reply_domain: mail.reply_domain.clone(),
        ask_for_rating: mail.ask_for_rating,
        own_addresses: mail
            .mailboxes
            .iter()
            .map(|mailbox| mailbox.user.clone())
            .filter(|user| user.contains('@'))
            .collect(),
        authserv_id: mail.authserv_id.clone(),
        company: mail.company.clone(),
        max_message: mail.max_message.bytes(),
        flood: FloodLimit {
            mails: mail.flood_mails,
            within: SignedDuration::try_from(mail.flood_within.get())
                .unwrap_or(SignedDuration::MAX),
        },
        transport: match &mail.smtp {
            Some(smtp) => {
                Some(Arc::new(transport(mail, smtp, COMMAND_TIMEOUT)?) as Arc<dyn MailTransport>)
            }
            None => None,
        },
        check: Some(check::mail_check(settings)?),
        ..MailOptions::default()
    })
}

/// Sends mail by a server that may take so long over each command.
fn transport(
    mail: &settings::Mail,
    smtp: &settings::Smtp,
    timeout: Duration,
) -> Result<SmtpTransport, Failure> {
    let credentials = match &smtp.user {
        Some((user, sign_in)) => Some((user.clone(), credential(mail, sign_in, "smtp.oauth")?)),
        None => None,
    };
    let settings = SmtpSettings {
        host: smtp.host.clone(),
        port: smtp.port,
        security: match smtp.tls {
            Tls::Tls => SmtpSecurity::Tls,
            Tls::StartTls => SmtpSecurity::StartTls,
            Tls::None => SmtpSecurity::None,
        },
        credentials,
        extra_authorities: Vec::new(),
        hello_name: None,
        timeout,
        content_timeout: CONTENT_TIMEOUT,
    };
    SmtpTransport::new(settings).map_err(|error| {
        Failure::new(format!("the mail server cannot be used: {error}"))
            .with_remedy("look at the settings that begin with smtp.")
    })
}

/// What is signed in with; `table` says where its settings are.
fn credential(mail: &settings::Mail, sign_in: &SignIn, table: &str) -> Result<Credential, Failure> {
    let hidden = |secret: &settings::Secret| Secret::new(secret.expose());
    let oauth = match sign_in {
        SignIn::Password(password) => return Ok(hidden(password).into()),
        SignIn::OAuth(oauth) => oauth,
    };
    let source = TokenSource::new(OAuthSettings {
        token_url: oauth.token_url.clone(),
        destinations: Destinations::of_setting(mail.allow_private_addresses),
        user_agent: USER_AGENT.to_owned(),
        client_id: oauth.client_id.clone(),
        client_secret: oauth.client_secret.as_ref().map(hidden),
        grant: match &oauth.refresh_token {
            Some(token) => Grant::RefreshToken(hidden(token)),
            None => Grant::ClientCredentials,
        },
        scope: oauth.scope.clone(),
        extra_authorities: Vec::new(),
        timeout: COMMAND_TIMEOUT,
    });
    source.map(Credential::Tokens).map_err(|error| {
        let remedy = match error {
            OAuthSettingsError::Destination { .. } => {
                "set mail.allow_private_addresses if who gives tokens is in your own network"
                    .to_owned()
            }
            _ => format!("look at the settings under {table}"),
        };
        Failure::new(format!("tokens cannot be asked for: {error}")).with_remedy(remedy)
    })
}

/// Where the bytes of attachments are kept.
///
/// # Errors
/// Fails when the folder or the bucket cannot be used.
pub fn blobs(settings: &Settings) -> Result<Blobs, Failure> {
    let blobs = &settings.blobs;
    let kept = match blobs.url.strip_prefix("s3://") {
        None => Blobs::in_folder(Path::new(&blobs.url)),
        Some(place) => {
            let (bucket, prefix) = place.split_once('/').unwrap_or((place, ""));
            let secret = blobs.s3_secret_key.as_ref();
            Blobs::in_s3(S3Settings {
                bucket: bucket.to_owned(),
                prefix: prefix.to_owned(),
                endpoint: blobs.s3_endpoint.clone(),
                region: blobs.s3_region.clone(),
                credentials: blobs
                    .s3_access_key
                    .clone()
                    .zip(secret.map(|secret| secret.expose().to_owned())),
                try_for: S3_PATIENCE,
            })
        }
    };
    kept.map_err(|error| {
        Failure::new(format!("attachments cannot be kept: {error}"))
            .with_remedy("look at the settings that begin with blobs.")
    })
}

/// A mailbox that is to be watched.
pub struct Watched {
    /// By which the store knows it.
    name: String,
    /// By which the log speaks of it: without the address of anybody.
    label: String,
    client: MailboxClient,
}

/// The mailboxes of the settings, checked.
///
/// # Errors
/// Fails when a password would cross a network in the clear, or TLS cannot be prepared.
pub fn mailboxes(settings: &Settings) -> Result<Vec<Watched>, Failure> {
    let watched = settings.mail.mailboxes.iter().map(|mailbox| {
        Ok(Watched {
            name: name_of(mailbox),
            label: format!("{}/{}", mailbox.host, mailbox.folder),
            client: mailbox_client(settings, mailbox, COMMAND_TIMEOUT)?,
        })
    });
    watched.collect()
}

/// By which the store knows a mailbox.
fn name_of(mailbox: &settings::Mailbox) -> String {
    format!("{}@{}/{}", mailbox.user, mailbox.host, mailbox.folder)
}

/// Reads a mailbox whose server may take so long over each command.
fn mailbox_client(
    settings: &Settings,
    mailbox: &settings::Mailbox,
    timeout: Duration,
) -> Result<MailboxClient, Failure> {
    let client = MailboxClient::new(Mailbox {
        host: mailbox.host.clone(),
        port: mailbox.port,
        security: match mailbox.tls {
            Tls::Tls => ImapSecurity::Tls,
            Tls::StartTls => ImapSecurity::StartTls,
            Tls::None => ImapSecurity::None,
        },
        user: mailbox.user.clone(),
        credential: credential(&settings.mail, &mailbox.sign_in, "mail.mailboxes")?,
        extra_authorities: Vec::new(),
        folder: mailbox.folder.clone(),
        after_fetch: AfterFetch::MarkSeen,
        timeout,
        content_timeout: CONTENT_TIMEOUT,
        most_bytes: u32::try_from(settings.mail.max_message.bytes()).unwrap_or(u32::MAX),
        idle: IDLE,
    });
    client.map_err(|error| {
        Failure::new(format!(
            "the mailbox {} cannot be used: {error}",
            name_of(mailbox)
        ))
        .with_remedy("look at the settings under mail.mailboxes")
    })
}

/// How often the right to watch a mailbox is asked for and kept.
const ASK: Duration = Duration::from_secs(15);

/// Watches mailboxes until `stop` is cancelled, each for itself: one that cannot be reached stops no other. Of several nodes
/// one watches each.
pub fn watch(app: &App, mailboxes: Vec<Watched>, stop: &CancellationToken) -> JoinSet<()> {
    let mut tasks = JoinSet::new();
    if !mailboxes.is_empty() && app.options().mail.authserv_id.is_none() {
        tracing::warn!(
            "mail that agents write themselves is held until somebody accepts it, unless it answers a notice: set mail.authserv_id"
        );
    }
    for mailbox in mailboxes {
        let (app, stop) = (app.clone(), stop.clone());
        tasks.spawn(async move {
            let desk = Desk {
                app,
                source: format!("imap:{}", mailbox.name),
                name: mailbox.name,
                label: mailbox.label,
            };
            while !stop.is_cancelled() {
                if let Some(position) = desk.take().await {
                    let until = stop.child_token();
                    tokio::join!(
                        mailbox.client.watch(position, &desk, &backoff, &until),
                        desk.keep(&until),
                    );
                    desk.leave().await;
                }
                let _ = stop.run_until_cancelled(tokio::time::sleep(ASK)).await;
            }
        });
    }
    tasks
}

/// Two seconds, doubled with each failure.
fn backoff(attempt: u32) -> Duration {
    Duration::from_secs(1 << attempt.clamp(1, 9)).min(LONGEST_PAUSE)
}

/// A mail server says only in which second it received a message. Taken for the second's beginning, an answer would seem to
/// have been written before the message it answers, when that was sent in the same second.
fn end_of_second(at: Timestamp) -> Timestamp {
    at.saturating_add(SignedDuration::from_micros(999_999))
        .unwrap_or(at)
}

/// Takes in what arrives in a mailbox.
struct Desk {
    app: App,
    name: String,
    label: String,
    source: String,
}

impl Desk {
    /// Takes the right to watch the mailbox and says how far it was read; nothing when another node has it.
    async fn take(&self) -> Option<Position> {
        let taken = match self.app.watch_mailbox(&self.name).await {
            Ok(true) => self.app.mailbox_position(&self.name).await,
            Ok(false) => return None,
            Err(error) => Err(error),
        };
        if let Err(error) = &taken {
            tracing::warn!(mailbox = %self.label, %error, "how far the mailbox was read is unknown");
        }
        taken.ok()
    }

    /// Keeps the right; when it is lost, the watch ends.
    async fn keep(&self, until: &CancellationToken) {
        let rest = || until.run_until_cancelled(tokio::time::sleep(ASK));
        while rest().await.is_some() {
            let kept = self.app.watch_mailbox(&self.name).await;
            if !matches!(kept, Ok(true)) {
                tracing::warn!(mailbox = %self.label, ?kept, "a mailbox is left to other nodes");
                until.cancel();
            }
        }
    }

    /// Lets another node have it at once.
    async fn leave(&self) {
        if let Err(error) = self.app.unwatch_mailbox(&self.name).await {
            tracing::warn!(mailbox = %self.label, %error, "a mailbox is left to other nodes in a minute");
        }
    }
}

impl Intake for Desk {
    /// A message is acknowledged once it is committed, and not before.
    async fn receive(&self, message: FetchedMessage) -> Result<(), String> {
        let now = self.app.now();
        let received_at = message
            .received_at
            .map_or(now, |at| end_of_second(at).min(now));
        let uid = message.uid;
        match self
            .app
            .receive_mail(&Caller::machine(), message.raw, &self.source, received_at)
            .await
        {
            Ok(_) => Ok(()),
            Err(AppError::Invalid(_)) => {
                tracing::warn!(mailbox = %self.label, uid, "an empty message was left alone");
                Ok(())
            }
            Err(error) => Err(error.to_string()),
        }
    }

    async fn advanced(&self, position: &Position) {
        if let Err(error) = self.app.note_mailbox_position(&self.name, position).await {
            // It is fetched again after a restart, and recognised.
            tracing::warn!(mailbox = %self.label, %error, "how far the mailbox was read could not be written down");
        }
    }

    async fn interrupted(&self, error: &ImapError, attempt: u32) {
        tracing::warn!(mailbox = %self.label, attempt, %error, "a mailbox cannot be read");
    }

    async fn looked(&self, report: &PollReport) {
        for (uid, reason) in &report.left {
            tracing::warn!(mailbox = %self.label, uid, %reason, "a message stays in the mailbox");
        }
        for (uid, reason) in &report.unfiled {
            tracing::warn!(mailbox = %self.label, uid, %reason, "a message could not be marked as read");
        }
    }
}
