//! Reaching mail servers: those of the settings, and those of mailboxes that are set up in the browser.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use mainstay_app::mail::{Checked, MailTransport};
use mainstay_app::mailbox::{MailServers, OpenMailbox, UnusableServer};
use mainstay_channels::imap::{
    AfterFetch, ImapSecurity, Mailbox, MailboxClient, MailboxSettingsError,
};
use mainstay_channels::oauth::{Credential, Grant, OAuthSettings, OAuthSettingsError, TokenSource};
use mainstay_channels::secret::Secret;
use mainstay_channels::smtp::{SmtpSecurity, SmtpSettings, SmtpSettingsError, SmtpTransport};
use mainstay_channels::webhook::Destinations;
use mainstay_domain::id::MailboxId;
use mainstay_domain::mail::OutgoingMail;
use mainstay_domain::mailbox::{MailCredential, MailSecurity, MailServer, MailSignIn};

use super::check::{self, PATIENCE};
use crate::USER_AGENT;
use crate::settings::{self, OAuth, Settings, SignIn, Tls};

/// How long connecting to a mail server and each command may take.
pub(super) const COMMAND_TIMEOUT: Duration = Duration::from_secs(30);

/// How long one message may take on its way.
const CONTENT_TIMEOUT: Duration = Duration::from_secs(5 * 60);

/// How long to wait for news of a mailbox before looking anyway; servers hang up after half an hour.
const IDLE: Duration = Duration::from_secs(25 * 60);

/// How mail servers are reached, whoever names them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reach {
    /// The longest message that is fetched, in bytes.
    most_bytes: u32,
    /// Whether tokens may be asked for at addresses of private networks.
    allow_private_addresses: bool,
}

/// Why a server cannot be used as it is named.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unusable {
    #[error(transparent)]
    Smtp(#[from] SmtpSettingsError),
    #[error(transparent)]
    Imap(#[from] MailboxSettingsError),
    #[error("tokens cannot be asked for: {0}")]
    OAuth(#[from] OAuthSettingsError),
}

impl Reach {
    pub fn of(mail: &settings::Mail) -> Self {
        Self {
            most_bytes: u32::try_from(mail.max_message.bytes()).unwrap_or(u32::MAX),
            allow_private_addresses: mail.allow_private_addresses,
        }
    }

    /// Sends mail by a server that may take so long over each command.
    pub fn transport(
        self,
        smtp: &settings::Smtp,
        timeout: Duration,
    ) -> Result<SmtpTransport, Unusable> {
        let credentials = match &smtp.user {
            Some((user, sign_in)) => Some((user.clone(), self.credential(sign_in)?)),
            None => None,
        };
        Ok(SmtpTransport::new(SmtpSettings {
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
        })?)
    }

    /// Reads a mailbox whose server may take so long over each command.
    pub fn client(
        self,
        mailbox: &settings::Mailbox,
        timeout: Duration,
    ) -> Result<MailboxClient, Unusable> {
        Ok(MailboxClient::new(Mailbox {
            host: mailbox.host.clone(),
            port: mailbox.port,
            security: match mailbox.tls {
                Tls::Tls => ImapSecurity::Tls,
                Tls::StartTls => ImapSecurity::StartTls,
                Tls::None => ImapSecurity::None,
            },
            user: mailbox.user.clone(),
            credential: self.credential(&mailbox.sign_in)?,
            extra_authorities: Vec::new(),
            folder: mailbox.folder.clone(),
            after_fetch: AfterFetch::MarkSeen,
            timeout,
            content_timeout: CONTENT_TIMEOUT,
            most_bytes: self.most_bytes,
            idle: IDLE,
        })?)
    }

    /// What is signed in with.
    fn credential(self, sign_in: &SignIn) -> Result<Credential, OAuthSettingsError> {
        let hidden = |secret: &settings::Secret| Secret::new(secret.expose());
        let oauth = match sign_in {
            SignIn::Password(password) => return Ok(hidden(password).into()),
            SignIn::OAuth(oauth) => oauth,
        };
        let source = TokenSource::new(OAuthSettings {
            token_url: oauth.token_url.clone(),
            destinations: Destinations::of_setting(self.allow_private_addresses),
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
        })?;
        Ok(Credential::Tokens(source))
    }
}

/// The servers of mailboxes that are set up. What sends is kept as long as its mailbox stays the same, and with it the
/// connection and the tokens that it has.
#[derive(Debug)]
pub struct SetUpServers {
    reach: Reach,
    kept: Mutex<BTreeMap<MailboxId, (OpenMailbox, Arc<SmtpTransport>)>>,
}

impl SetUpServers {
    /// Reaches them as the settings say.
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        Self {
            reach: Reach::of(&settings.mail),
            kept: Mutex::default(),
        }
    }

    /// Forgets what sends for mailboxes that are not these, with their passwords and tokens.
    pub(super) fn keep(&self, mailboxes: &[OpenMailbox]) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|_, (of, _)| mailboxes.contains(of));
    }

    /// Reads a mailbox; nothing where none is read from.
    pub(super) fn client(
        &self,
        mailbox: &OpenMailbox,
        timeout: Duration,
    ) -> Result<Option<MailboxClient>, UnusableServer> {
        let Some(incoming) = &mailbox.incoming else {
            return Ok(None);
        };
        let server = &incoming.server;
        let Some(sign_in) = &server.sign_in else {
            return Ok(None);
        };
        let named = settings::Mailbox {
            host: server.host.clone(),
            port: server.port,
            tls: tls(server.security),
            user: sign_in.user.clone(),
            sign_in: credential(sign_in),
            folder: incoming.folder.clone(),
        };
        let client = self.reach.client(&named, timeout);
        client.map(Some).map_err(|why| unusable("incoming", &why))
    }

    fn sender(
        &self,
        mailbox: &OpenMailbox,
        timeout: Duration,
    ) -> Result<Option<SmtpTransport>, UnusableServer> {
        let Some(server) = &mailbox.outgoing else {
            return Ok(None);
        };
        let transport = self.reach.transport(&smtp(server), timeout);
        transport
            .map(Some)
            .map_err(|why| unusable("outgoing", &why))
    }
}

#[async_trait]
impl MailServers for SetUpServers {
    fn check(&self, mailbox: &OpenMailbox) -> Result<(), UnusableServer> {
        self.client(mailbox, COMMAND_TIMEOUT)?;
        self.sender(mailbox, COMMAND_TIMEOUT)?;
        Ok(())
    }

    fn transport(
        &self,
        mailbox: &OpenMailbox,
    ) -> Result<Option<Arc<dyn MailTransport>>, UnusableServer> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((of, transport)) = kept.get(&mailbox.id)
            && of == mailbox
        {
            return Ok(Some(Arc::clone(transport) as Arc<dyn MailTransport>));
        }
        let Some(transport) = self.sender(mailbox, COMMAND_TIMEOUT)? else {
            return Ok(None);
        };
        let transport = Arc::new(transport);
        kept.insert(mailbox.id, (mailbox.clone(), Arc::clone(&transport)));
        Ok(Some(transport))
    }

    async fn open(&self, mailbox: &OpenMailbox) -> Checked {
        match self.client(mailbox, PATIENCE) {
            Ok(Some(client)) => check::open(&client).await,
            Ok(None) => Checked::NotSet,
            Err(why) => check::unusable(why.reason),
        }
    }

    async fn send(&self, mailbox: &OpenMailbox, mail: &OutgoingMail) -> Checked {
        match self.sender(mailbox, PATIENCE) {
            Ok(Some(transport)) => check::send(&transport, mail).await,
            Ok(None) => Checked::NotSet,
            Err(why) => check::unusable(why.reason),
        }
    }
}

fn unusable(part: &'static str, why: &Unusable) -> UnusableServer {
    let field = match why {
        Unusable::OAuth(_) => "token_url",
        Unusable::Smtp(SmtpSettingsError::InTheClear(_))
        | Unusable::Imap(MailboxSettingsError::InTheClear(_)) => "security",
        Unusable::Smtp(_) | Unusable::Imap(_) => "host",
    };
    UnusableServer {
        path: vec![part, field],
        reason: why.to_string(),
    }
}

fn smtp(server: &MailServer) -> settings::Smtp {
    settings::Smtp {
        host: server.host.clone(),
        port: server.port,
        tls: tls(server.security),
        user: server
            .sign_in
            .as_ref()
            .map(|sign_in| (sign_in.user.clone(), credential(sign_in))),
    }
}

fn tls(security: MailSecurity) -> Tls {
    match security {
        MailSecurity::Tls => Tls::Tls,
        MailSecurity::Starttls => Tls::StartTls,
        MailSecurity::None => Tls::None,
    }
}

fn credential(sign_in: &MailSignIn) -> SignIn {
    let hidden = |text: &String| settings::Secret::new(text.clone());
    match &sign_in.credential {
        MailCredential::Password(password) => SignIn::Password(hidden(password)),
        MailCredential::OAuth(oauth) => SignIn::OAuth(OAuth {
            token_url: oauth.token_url.clone(),
            client_id: oauth.client_id.clone(),
            client_secret: oauth.client_secret.as_ref().map(hidden),
            refresh_token: oauth.refresh_token.as_ref().map(hidden),
            scope: oauth.scope.clone(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use mainstay_app::mailbox::{MailboxChange, SecretChange, ServerChange};
    use mainstay_app::{App, Caller, ManualClock, Options};
    use mainstay_store::{Store, StoreOptions};

    use super::*;

    #[tokio::test]
    async fn what_sends_for_a_mailbox_that_is_gone_is_forgotten() {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let store = Store::open(&StoreOptions::new("sqlite::memory:")).await;
        let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
        let app = App::new(store.unwrap(), clock, [1; 32], Options::default());
        let change = MailboxChange {
            address: Some("help@desk.example".to_owned()),
            outgoing: Some(Some(ServerChange {
                host: "smtp.desk.example".to_owned(),
                port: None,
                security: MailSecurity::Tls,
                user: Some("help".to_owned()),
                secret: Some(SecretChange::Password("hunter2".to_owned())),
                folder: None,
            })),
            ..MailboxChange::default()
        };
        let made = app.create_mailbox(&Caller::machine(), change).await;
        made.unwrap();
        let mailboxes = app.open_mailboxes().await.unwrap().open;
        let servers = SetUpServers {
            reach: Reach {
                most_bytes: 1,
                allow_private_addresses: false,
            },
            kept: Mutex::default(),
        };
        assert!(servers.transport(&mailboxes[0]).unwrap().is_some());
        servers.keep(&mailboxes);
        assert_eq!(servers.kept.lock().unwrap().len(), 1);
        servers.keep(&[]);
        assert_eq!(servers.kept.lock().unwrap().len(), 0);
    }
}
