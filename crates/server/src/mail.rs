//! Mail in the service: which server takes it, where files are kept, and the mailboxes that are watched.

mod check;
mod server;
mod shown;
mod watch;

pub use server::SetUpServers;
pub use watch::{Watched, watch};

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use mainstay_app::attachment::{Blobs, S3Settings};
use mainstay_app::mail::{FloodLimit, MailOptions, MailTransport};
use mainstay_channels::imap::MailboxClient;
use mainstay_channels::oauth::OAuthSettingsError;
use mainstay_channels::smtp::SmtpTransport;
use mainstay_domain::mailbox::reading_name;

use crate::Failure;
use crate::settings::{self, Settings};
use server::{COMMAND_TIMEOUT, Reach, Unusable};

/// How long a request to S3 is tried again: shorter than a person waits.
const S3_PATIENCE: Duration = Duration::from_secs(15);

/// What the use cases are told about mail.
///
/// # Errors
/// Fails when mail would be sent in the clear, or TLS cannot be prepared.
pub fn options(settings: &Settings, servers: Arc<SetUpServers>) -> Result<MailOptions, Failure> {
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
        mailboxes: shown::mailboxes(mail),
        servers: Some(servers),
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

/// Sends mail by the server of the settings, which may take so long over each command.
fn transport(
    mail: &settings::Mail,
    smtp: &settings::Smtp,
    timeout: Duration,
) -> Result<SmtpTransport, Failure> {
    Reach::of(mail).transport(smtp, timeout).map_err(|why| {
        let what = format!("the mail server cannot be used: {why}");
        failure(why, what, "smtp.")
    })
}

/// Reads a mailbox of the settings, whose server may take so long over each command.
fn mailbox_client(
    settings: &Settings,
    mailbox: &settings::Mailbox,
    timeout: Duration,
) -> Result<MailboxClient, Failure> {
    let client = Reach::of(&settings.mail).client(mailbox, timeout);
    client.map_err(|why| {
        let what = format!("the mailbox {} cannot be used: {why}", name_of(mailbox));
        failure(why, what, "mail.mailboxes")
    })
}

/// What to mend in the settings that begin with `place`.
fn failure(why: Unusable, what: String, place: &str) -> Failure {
    match why {
        Unusable::OAuth(error) => {
            let remedy = match error {
                OAuthSettingsError::Destination { .. } => {
                    "set mail.allow_private_addresses if who gives tokens is in your own network"
                        .to_owned()
                }
                _ => format!("look at the settings that begin with {place}"),
            };
            Failure::new(format!("tokens cannot be asked for: {error}")).with_remedy(remedy)
        }
        Unusable::Smtp(_) | Unusable::Imap(_) => {
            Failure::new(what).with_remedy(format!("look at the settings that begin with {place}"))
        }
    }
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

/// The mailboxes of the settings, checked.
///
/// # Errors
/// Fails when a password would cross a network in the clear, or TLS cannot be prepared.
pub fn mailboxes(settings: &Settings) -> Result<Vec<Watched>, Failure> {
    let watched = settings.mail.mailboxes.iter().map(|mailbox| {
        Ok(Watched {
            name: name_of(mailbox),
            label: format!("{}/{}", mailbox.host, mailbox.folder),
            id: None,
            client: mailbox_client(settings, mailbox, COMMAND_TIMEOUT)?,
        })
    });
    watched.collect()
}

/// By which the store knows a mailbox.
fn name_of(mailbox: &settings::Mailbox) -> String {
    reading_name(&mailbox.user, &mailbox.host, &mailbox.folder)
}
