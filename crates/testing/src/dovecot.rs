//! A private IMAP server.

use std::fs;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use crate::certificate::Certificate;
use crate::guarded::{Guarded, RunAs, free_port, give, is_root, new_folder};
use crate::installed::{Program, daemon_folders, user_ids};

/// How often a server is started anew because another process took its port in between.
const PORT_ATTEMPTS: usize = 5;

/// How long a delivery may take on a machine that is busy building: Exim tries one that it has put off again after a minute.
const MAIL_LIMIT: Duration = Duration::from_secs(150);

/// Dovecot on loopback, serving one Maildir a user in a temporary folder.
#[derive(Debug)]
pub struct DovecotServer {
    program: PathBuf,
    folder: PathBuf,
    port: u16,
    tls_port: u16,
    users: Vec<String>,
    certificate: Certificate,
    mail_user: RunAs,
    server: Option<Guarded>,
}

impl DovecotServer {
    /// The password of every user.
    pub const PASSWORD: &'static str = "correct-horse";
    /// The domain that every user's address is in.
    pub const DOMAIN: &'static str = "example.test";

    /// Looks for the `dovecot` program.
    #[must_use]
    pub fn find() -> Program {
        Program::find(
            "Dovecot",
            "apt-get install dovecot-imapd",
            &["dovecot"],
            &daemon_folders(),
        )
    }

    /// Starts a server with an empty mailbox for each of `users`.
    ///
    /// # Panics
    /// When the server cannot be started; the message carries what it wrote.
    #[must_use]
    pub fn start(program: &Path, users: &[&str]) -> DovecotServer {
        Self::start_with(program, users, None)
    }

    /// Starts a server that also takes tokens (XOAUTH2), and asks `introspection_url` about each (RFC 7662).
    ///
    /// # Panics
    /// When the server cannot be started; the message carries what it wrote.
    #[must_use]
    pub fn start_with_tokens(
        program: &Path,
        users: &[&str],
        introspection_url: &str,
    ) -> DovecotServer {
        Self::start_with(program, users, Some(introspection_url))
    }

    fn start_with(
        program: &Path,
        users: &[&str],
        introspection_url: Option<&str>,
    ) -> DovecotServer {
        let mail_user = mail_user();
        let folder = new_folder("dovecot", RunAs::Caller);
        let certificate = Certificate::new();
        write(&folder.join("users"), &passwords(users));
        write(&folder.join("chain.pem"), certificate.chain());
        write(&folder.join("key.pem"), certificate.key());
        if let Some(url) = introspection_url {
            let tokens = format!(
                "introspection_mode = post\nintrospection_url = {url}\nusername_attribute = username\n\
                 active_attribute = active\nactive_value = true\n"
            );
            write(&folder.join("tokens.conf"), &tokens);
        }
        for part in ["mail", "run", "state"] {
            fs::create_dir(folder.join(part)).expect("our own folder can be written");
        }
        give(&folder.join("mail"), mail_user);
        for user in users {
            for part in ["", "Maildir", "Maildir/cur", "Maildir/new", "Maildir/tmp"] {
                let path = folder.join("mail").join(user).join(part);
                fs::create_dir(&path).expect("our own folder can be written");
                give(&path, mail_user);
            }
        }
        let mut dovecot = DovecotServer {
            program: program.to_owned(),
            folder,
            port: 0,
            tls_port: 0,
            users: users.iter().map(|user| (*user).to_owned()).collect(),
            certificate,
            mail_user,
            server: None,
        };
        dovecot.serve_on_new_ports();
        dovecot
    }

    /// Stops the server without losing its mail, as an outage does. [`resume`](Self::resume) ends the outage.
    pub fn pause(&mut self) {
        if let Some(server) = self.server.take() {
            server.stop();
        }
    }

    /// Serves again on the same ports after [`pause`](Self::pause).
    ///
    /// # Panics
    /// When the server cannot be started.
    pub fn resume(&mut self) {
        assert!(self.serve(), "Dovecot does not start again");
    }

    /// The loopback port of IMAP without TLS.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The loopback port of IMAP over TLS, whose certificate is [`certificate`](Self::certificate).
    #[must_use]
    pub fn tls_port(&self) -> u16 {
        self.tls_port
    }

    /// The certificate of the TLS port, for `localhost` and 127.0.0.1.
    #[must_use]
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// The folder of a user's mail.
    #[must_use]
    pub fn maildir(&self, user: &str) -> PathBuf {
        self.folder.join("mail").join(user).join("Maildir")
    }

    /// The names of the users, without the domain.
    #[must_use]
    pub fn users(&self) -> &[String] {
        &self.users
    }

    /// Puts a message into a user's inbox as a delivery agent does: written aside, then moved into place whole.
    ///
    /// # Panics
    /// When `name` was used before or the folder cannot be written.
    pub fn deliver(&self, user: &str, name: &str, message: &[u8]) {
        let maildir = self.maildir(user);
        let aside = maildir.join("tmp").join(name);
        let place = maildir.join("new").join(name);
        assert!(!place.exists(), "{name} was delivered before");
        fs::write(&aside, message).expect("our own folder can be written");
        give(&aside, self.mail_user);
        fs::rename(&aside, &place).expect("our own folder can be written");
    }

    /// The messages in a user's inbox, oldest delivery first, as soon as there are at least `count`.
    ///
    /// # Panics
    /// When there are fewer after two minutes and a half.
    #[must_use]
    pub fn wait_for_mail(&self, user: &str, count: usize) -> Vec<Vec<u8>> {
        let started = Instant::now();
        loop {
            let mail = self.mail(user);
            if mail.len() >= count {
                return mail;
            }
            assert!(
                started.elapsed() < MAIL_LIMIT,
                "{user} has {} of {count} messages",
                mail.len()
            );
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// The messages in a user's inbox now, oldest delivery first.
    ///
    /// # Panics
    /// When the folder cannot be read.
    #[must_use]
    pub fn mail(&self, user: &str) -> Vec<Vec<u8>> {
        let maildir = self.maildir(user);
        let mut files: Vec<PathBuf> = ["new", "cur"]
            .iter()
            .flat_map(|part| fs::read_dir(maildir.join(part)).expect("our own folder can be read"))
            .map(|entry| entry.expect("our own folder can be read").path())
            .collect();
        // Names begin with the second and microsecond of the delivery, whichever folder they are in.
        files.sort_by_key(|file| file.file_name().map(ToOwned::to_owned));
        // A reader may move a message from `new` to `cur` in between; the next look finds it there.
        files
            .iter()
            .filter_map(|file| fs::read(file).ok())
            .collect()
    }

    /// Gives a folder another UIDVALIDITY, as a mailbox restored from a backup has.
    ///
    /// # Panics
    /// When Dovecot refuses.
    pub fn change_uid_validity(&self, user: &str, mailbox: &str, uid_validity: u32) {
        self.doveadm(&[
            "mailbox",
            "update",
            "-u",
            user,
            "--uid-validity",
            &uid_validity.to_string(),
            mailbox,
        ]);
    }

    /// Runs Dovecot's administration program on this server and returns what it prints.
    ///
    /// # Panics
    /// When the program fails.
    pub fn doveadm(&self, arguments: &[&str]) -> String {
        let output = Command::new("doveadm")
            .arg("-c")
            .arg(self.folder.join("dovecot.conf"))
            .args(arguments)
            .output()
            .unwrap_or_else(|error| panic!("doveadm could not be started: {error}"));
        assert!(
            output.status.success(),
            "doveadm {arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    pub(crate) fn mail_user(&self) -> RunAs {
        self.mail_user
    }

    pub(crate) fn mail_folder(&self) -> PathBuf {
        self.folder.join("mail")
    }

    fn serve_on_new_ports(&mut self) {
        for _ in 0..PORT_ATTEMPTS {
            self.port = free_port();
            self.tls_port = free_port();
            let settings = settings(&self.folder, self.port, self.tls_port, self.mail_user);
            write(&self.folder.join("dovecot.conf"), &settings);
            if self.serve() {
                return;
            }
        }
        let output = fs::read_to_string(self.folder.join("output.log")).unwrap_or_default();
        panic!("Dovecot does not start:\n{output}");
    }

    fn serve(&mut self) -> bool {
        let command = [
            self.program.to_str().expect("the path is text"),
            "-F",
            "-c",
            "dovecot.conf",
        ];
        let mut server = Guarded::start("Dovecot", &self.folder, RunAs::Caller, "TERM", &command);
        let ports = [self.port, self.tls_port];
        let started = server.answers(|| {
            ports
                .iter()
                .all(|port| TcpStream::connect(("127.0.0.1", *port)).is_ok())
        });
        if started {
            self.server = Some(server);
        } else {
            server.stop();
        }
        started
    }
}

impl Drop for DovecotServer {
    fn drop(&mut self) {
        drop(self.server.take());
        // A paused server has no guard that would remove the folder.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Mail belongs to a user that is not root, since Dovecot and Exim both refuse root; Exim's own, so that both may write.
fn mail_user() -> RunAs {
    if !is_root() {
        return RunAs::Caller;
    }
    let (user, group) = ["Debian-exim", "exim", "mail", "nobody"]
        .into_iter()
        .find_map(user_ids)
        .expect("every system has the user nobody");
    RunAs::User(user, group)
}

fn passwords(users: &[&str]) -> String {
    users
        .iter()
        .map(|user| format!("{user}:{{PLAIN}}{}::::::\n", DovecotServer::PASSWORD))
        .collect()
}

fn settings(folder: &Path, port: u16, tls_port: u16, mail_user: RunAs) -> String {
    let (mechanisms, tokens) = match folder.join("tokens.conf") {
        file if file.exists() => ("plain login xoauth2", token_settings(&file)),
        _ => ("plain login", String::new()),
    };
    let folder = folder.display();
    let (owner, login) = match mail_user {
        RunAs::User(user, group) => (format!("uid={user} gid={group}"), String::new()),
        RunAs::Caller => caller_settings(),
    };
    format!(
        "\
protocols = imap
listen = 127.0.0.1
base_dir = {folder}/run
state_dir = {folder}/state
log_path = /dev/stderr
disable_plaintext_auth = no
auth_mechanisms = {mechanisms}
auth_failure_delay = 0
ssl = yes
ssl_cert = <{folder}/chain.pem
ssl_key = <{folder}/key.pem
first_valid_uid = 1
first_valid_gid = 1
mail_location = maildir:~/Maildir
mail_max_userip_connections = 100
maildir_stat_dirs = yes
{tokens}passdb {{
  driver = passwd-file
  args = username_format=%n {folder}/users
}}
userdb {{
  driver = static
  args = {owner} home={folder}/mail/%n
}}
service imap-login {{
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
    ssl = yes
  }}
}}
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  client_limit = 1000
}}
{login}"
    )
}

fn token_settings(file: &Path) -> String {
    let file = file.display();
    format!("passdb {{\n  driver = oauth2\n  mechanisms = xoauth2\n  args = {file}\n}}\n")
}

/// Without root nothing can change its user or its root folder, so every part runs as the caller.
fn caller_settings() -> (String, String) {
    let probe = tempfile::tempdir().expect("the temporary folder can be written");
    let (user, group) = crate::installed::owner_of(probe.path());
    let name = crate::installed::user_name(user).expect("the caller has a name in /etc/passwd");
    let group_name =
        crate::installed::group_name(group).expect("the caller's group has a name in /etc/group");
    let parts = ["imap-login", "anvil", "stats", "auth"]
        .map(|service| format!("service {service} {{\n  chroot =\n}}\n"))
        .concat();
    (
        format!("uid={user} gid={group}"),
        format!(
            "default_internal_user = {name}\ndefault_internal_group = {group_name}\ndefault_login_user = {name}\n{parts}"
        ),
    )
}

fn write(path: &Path, text: &str) {
    fs::write(path, text).expect("our own folder can be written");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::require;

    #[test]
    fn delivers_to_each_user_and_survives_an_outage() {
        let Some(program) = require(DovecotServer::find()) else {
            return;
        };
        let mut server = DovecotServer::start(&program, &["support", "customer"]);
        server.deliver("support", "1.test", b"Subject: one\r\n\r\nHello\r\n");
        let count = |server: &DovecotServer, user| {
            server.doveadm(&[
                "-f", "flow", "mailbox", "status", "-u", user, "messages", "INBOX",
            ])
        };
        assert_eq!(count(&server, "support").trim(), "INBOX messages=1");
        assert_eq!(count(&server, "customer").trim(), "INBOX messages=0");
        server.pause();
        assert!(TcpStream::connect(("127.0.0.1", server.port())).is_err());
        server.resume();
        assert_eq!(count(&server, "support").trim(), "INBOX messages=1");
        let folder = server.folder.clone();
        drop(server);
        assert!(!folder.exists());
    }
}
