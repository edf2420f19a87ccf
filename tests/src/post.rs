//! Real mail servers, the people who write by them, and a service that is set to use them.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use mainstay_channels::compose::{Correspondent, Origin, OutgoingMail, ReturnPath};
use mainstay_channels::smtp::{SmtpSecurity, SmtpSettings, SmtpTransport};
use mainstay_server::settings::Settings;
use mainstay_testing::{DovecotServer, EximServer, require};

use crate::service::settings;

/// The mailboxes of `support` and of `customer`, and the server that delivers into them.
pub struct Post {
    /// The mailboxes.
    pub mailboxes: Arc<DovecotServer>,
    /// What delivers into them, and takes what we send.
    pub exim: EximServer,
    program: SmtpTransport,
}

impl Post {
    /// Opens it; nothing where a mail server is not installed.
    ///
    /// # Panics
    /// When a server cannot be started.
    #[must_use]
    pub fn open() -> Option<Self> {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let program = require(DovecotServer::find())?;
        let mailboxes = Arc::new(DovecotServer::start(&program, &["support", "customer"]));
        let exim = EximServer::start(&require(EximServer::find())?, &mailboxes);
        let program = mail_program(&exim);
        Some(Self {
            mailboxes,
            exim,
            program,
        })
    }

    /// Settings of a service that keeps everything in a folder, reads the mailbox of `support` and sends through the server;
    /// with further lines under `[http]`.
    #[must_use]
    pub fn settings(&self, folder: &Path, http: &str) -> Settings {
        settings(&format!(
            "data = {folder:?}\n[http]\nlisten = \"127.0.0.1:0\"\n{http}\n\
             [mail]\nfrom = \"support@{domain}\"\nreply_domain = \"{domain}\"\n\
             [[mail.mailboxes]]\nhost = \"127.0.0.1\"\nport = {imap}\ntls = \"none\"\nuser = \"support\"\npassword = \"{password}\"\n\
             [smtp]\nhost = \"127.0.0.1\"\nport = {smtp}\ntls = \"none\"\n",
            domain = DovecotServer::DOMAIN,
            imap = self.mailboxes.port(),
            password = DovecotServer::PASSWORD,
            smtp = self.exim.port(),
        ))
    }

    /// The customer sends a letter with their mail program.
    ///
    /// # Panics
    /// When it is not taken.
    pub async fn customer_sends(&self, letter: &OutgoingMail) {
        let sent = self.program.send(letter).await;
        sent.expect("a letter that is taken");
    }

    /// The customer's mails once there are so many, oldest first.
    ///
    /// # Panics
    /// When there are fewer after a while.
    pub async fn customer_mails(&self, count: usize) -> Vec<Vec<u8>> {
        let mailboxes = Arc::clone(&self.mailboxes);
        tokio::task::spawn_blocking(move || mailboxes.wait_for_mail("customer", count))
            .await
            .expect("as many mails as are waited for")
    }
}

/// A letter of the customer to us.
#[must_use]
pub fn letter(id: &str, subject: &str, text: &str) -> OutgoingMail {
    OutgoingMail {
        from: Correspondent::named("Casey", "customer@example.test"),
        to: vec![Correspondent::new("support@example.test")],
        cc: vec![],
        reply_to: None,
        return_path: ReturnPath::Sender,
        subject: subject.to_owned(),
        text: text.to_owned(),
        html: None,
        message_id: id.to_owned(),
        in_reply_to: None,
        references: vec![],
        origin: Origin::Person,
        date: Timestamp::now(),
        attachments: vec![],
    }
}

/// Waits until something is so.
///
/// # Panics
/// When it is not after a minute.
pub async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(60);
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(
            tokio::time::Instant::now() < deadline,
            "waited in vain until {what}"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Somebody's mail program, which hands letters over to a server.
fn mail_program(exim: &EximServer) -> SmtpTransport {
    let server = SmtpSettings {
        host: "127.0.0.1".to_owned(),
        port: exim.port(),
        security: SmtpSecurity::None,
        credentials: None,
        extra_authorities: vec![],
        hello_name: Some("customer.example.test".to_owned()),
        timeout: Duration::from_secs(30),
        content_timeout: Duration::from_secs(30),
    };
    SmtpTransport::new(server).expect("settings")
}
