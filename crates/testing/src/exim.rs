//! A private SMTP server.

use std::fs;
use std::net::TcpStream;
use std::path::{Path, PathBuf};

use crate::certificate::Certificate;
use crate::dovecot::DovecotServer;
use crate::guarded::{Guarded, RunAs, free_port, give, new_folder};
use crate::installed::{Program, daemon_folders, owner_of};

/// How often a server is started anew because another process took its port in between.
const PORT_ATTEMPTS: usize = 5;

/// Exim on loopback, delivering into the mailboxes of a [`DovecotServer`]: what is sent to
/// `customer@example.test` by SMTP is read from the user `customer` by IMAP.
///
/// It takes mail for the users of Dovecot, also with a tag as in `support+7@example.test`, and refuses others with 550.
/// Recipients may be deferred or rejected at will.
/// Signing in is offered with and without TLS, and asked of nobody.
#[derive(Debug)]
pub struct EximServer {
    folder: PathBuf,
    port: u16,
    tls_port: u16,
    certificate: Certificate,
    mail_user: RunAs,
    server: Guarded,
}

impl EximServer {
    /// The user name that may sign in.
    pub const USER: &'static str = "mainstay";
    /// That user's password.
    pub const PASSWORD: &'static str = "battery-staple";

    /// Looks for the `exim4` program.
    #[must_use]
    pub fn find() -> Program {
        Program::find(
            "Exim",
            "apt-get install exim4-daemon-light",
            &["exim4", "exim"],
            &daemon_folders(),
        )
    }

    /// Starts a server that delivers to the users of `mailboxes`.
    ///
    /// # Panics
    /// When the server cannot be started; the message carries what it wrote.
    #[must_use]
    pub fn start(program: &Path, mailboxes: &DovecotServer) -> EximServer {
        let mail_user = mailboxes.mail_user();
        let certificate = Certificate::new();
        let mut failure = String::new();
        for _ in 0..PORT_ATTEMPTS {
            let folder = new_folder("exim", mail_user);
            for (name, text) in [
                ("chain.pem", certificate.chain()),
                ("key.pem", certificate.key()),
                ("deferred", ""),
                ("rejected", ""),
                ("users", &user_folders(mailboxes)),
            ] {
                write(&folder.join(name), text, mail_user);
            }
            let (port, tls_port) = (free_port(), free_port());
            write(
                &folder.join("exim.conf"),
                &settings(&folder, port, tls_port, mailboxes),
                mail_user,
            );
            // Started as the mail user, never as root: Exim distrusts a configuration file given by argument and
            // gives up root for it in the middle of its work, which ends in half-delivered mail.
            let program = program.to_str().expect("the path is text");
            let command = [
                program,
                "-C",
                &format!("{}/exim.conf", folder.display()),
                "-bdf",
                "-q1m",
            ];
            let mut server = Guarded::start("Exim", &folder, mail_user, "TERM", &command);
            let ports = [port, tls_port];
            if server.answers(|| {
                ports
                    .iter()
                    .all(|port| TcpStream::connect(("127.0.0.1", *port)).is_ok())
            }) {
                return EximServer {
                    folder,
                    port,
                    tls_port,
                    certificate,
                    mail_user,
                    server,
                };
            }
            failure = server.output();
        }
        panic!("Exim does not start:\n{failure}");
    }

    /// The loopback port, without TLS at first and with STARTTLS on offer.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The loopback port of SMTP over TLS from the first byte.
    #[must_use]
    pub fn tls_port(&self) -> u16 {
        self.tls_port
    }

    /// The certificate shown for TLS, for `localhost` and 127.0.0.1.
    #[must_use]
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// Answers these addresses with 450 from now on, and only these.
    pub fn defer(&self, recipients: &[&str]) {
        self.list("deferred", recipients);
    }

    /// Answers these addresses with 550 from now on, and only these.
    pub fn reject(&self, recipients: &[&str]) {
        self.list("rejected", recipients);
    }

    /// What the server logged so far, for the message of a failing assertion.
    #[must_use]
    pub fn log(&self) -> String {
        let main = fs::read_to_string(self.folder.join("mainlog")).unwrap_or_default();
        main + &self.server.output()
    }

    /// Replaces a list whole, so that the server never reads half of it.
    fn list(&self, name: &str, recipients: &[&str]) {
        let aside = self.folder.join("aside");
        write(&aside, &(recipients.join("\n") + "\n"), self.mail_user);
        fs::rename(aside, self.folder.join(name)).expect("our own folder can be written");
    }
}

fn settings(folder: &Path, port: u16, tls_port: u16, mailboxes: &DovecotServer) -> String {
    let folder = folder.display();
    let mail = mailboxes.mail_folder();
    let mail = mail.display();
    let users = mailboxes.users().join(" : ");
    let tagged: Vec<String> = mailboxes
        .users()
        .iter()
        .map(|user| format!("\\N^{user}(\\+.*)?$\\N"))
        .collect();
    let tagged = tagged.join(" : ");
    // Named even when it is the caller: only Exim's own user and root may start its daemon.
    let (user, group) = match mailboxes.mail_user() {
        RunAs::User(user, group) => (user, group),
        RunAs::Caller => owner_of(&mailboxes.mail_folder()),
    };
    format!(
        "\
exim_user = {user}
exim_group = {group}
primary_hostname = localhost
domainlist ours = {domain}
spool_directory = {folder}
log_file_path = {folder}/%slog
pid_file_path = {folder}/exim.pid
daemon_startup_retries = 0
local_interfaces = <; [127.0.0.1]:{port} ; [127.0.0.1]:{tls_port}
tls_on_connect_ports = {tls_port}
tls_advertise_hosts = *
tls_certificate = {folder}/chain.pem
tls_privatekey = {folder}/key.pem
auth_advertise_hosts = *
deliver_drop_privilege = true
host_lookup =
rfc1413_hosts =
message_size_limit = 20M
smtp_accept_max = 100
never_users =
keep_environment =
acl_smtp_rcpt = check_recipient
acl_smtp_data = accept

begin acl
check_recipient:
  defer recipients = {folder}/deferred
    message = 4.7.1 try again later
  deny recipients = {folder}/rejected
    message = 5.7.1 not wanted here
  accept domains = +ours
    local_parts = {tagged}
  deny message = 5.1.1 no such user

begin routers
mailbox:
  driver = accept
  domains = +ours
  local_part_suffix = +*
  local_part_suffix_optional
  local_parts = {users}
  transport = maildir

begin transports
maildir:
  driver = appendfile
  maildir_format
  directory = {mail}/${{lookup{{$local_part}}lsearch{{{folder}/users}}}}/Maildir
  create_directory = false
  return_path_add
  delivery_date_add
  envelope_to_add

begin retry
*  *  F,1h,1m

begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_condition = ${{if and {{{{eq{{$auth2}}{{{login}}}}}{{eq{{$auth3}}{{{password}}}}}}}}}
  server_set_id = $auth2
",
        domain = DovecotServer::DOMAIN,
        login = EximServer::USER,
        password = EximServer::PASSWORD,
    )
}

/// Exim takes no path from what a stranger wrote, so the name of the folder is looked up.
fn user_folders(mailboxes: &DovecotServer) -> String {
    let users = mailboxes.users();
    users
        .iter()
        .map(|user| format!("{user}: {user}\n"))
        .collect()
}

fn write(path: &Path, text: &str, owner: RunAs) {
    fs::write(path, text).expect("our own folder can be written");
    give(path, owner);
}
