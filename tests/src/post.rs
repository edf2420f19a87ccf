//! Real mail servers, and a service that is set to use them.

use std::path::Path;
use std::time::Duration;

use mainstay_channels::smtp::{SmtpSecurity, SmtpSettings, SmtpTransport};
use mainstay_server::settings::Settings;
use mainstay_testing::{DovecotServer, EximServer};

use crate::service::settings;

/// Settings of a service that keeps everything in a folder, reads the mailbox of `support` and sends through a server; with
/// further lines under `[http]`.
#[must_use]
pub fn mail_settings(
    folder: &Path,
    exim: &EximServer,
    mailboxes: &DovecotServer,
    http: &str,
) -> Settings {
    settings(&format!(
        "data = {folder:?}\n[http]\nlisten = \"127.0.0.1:0\"\n{http}\n\
         [mail]\nfrom = \"support@{domain}\"\nreply_domain = \"{domain}\"\n\
         [[mail.mailboxes]]\nhost = \"127.0.0.1\"\nport = {imap}\ntls = \"none\"\nuser = \"support\"\npassword = \"{password}\"\n\
         [smtp]\nhost = \"127.0.0.1\"\nport = {smtp}\ntls = \"none\"\n",
        domain = DovecotServer::DOMAIN,
        imap = mailboxes.port(),
        password = DovecotServer::PASSWORD,
        smtp = exim.port(),
    ))
}

/// Somebody's mail program, which hands letters over to a server.
///
/// # Panics
/// When it cannot be set so, which is a fault of the test.
#[must_use]
pub fn mail_program(exim: &EximServer) -> SmtpTransport {
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
