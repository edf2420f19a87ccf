//! What a mailbox is to be, as an administrator says it.

use mainstay_channels::reply_address::{MessageIdDomain, ReplyAddress};
use mainstay_domain::id::TeamId;
use mainstay_domain::mailbox::{
    Incoming, MailCredential, MailOAuth, MailSecurity, MailServer, MailSignIn,
};

use super::open::OpenMailbox;
use crate::error::{AppError, Fault, Result};
use crate::field::Faults;

/// The longest name, host or secret of a mail server, in bytes. Tokens of providers are long.
const LONGEST: usize = 8_000;

/// A change of a mailbox: what is absent stays as it is.
#[derive(Clone, Default)]
pub struct MailboxChange {
    /// The address that people write to.
    pub address: Option<String>,
    /// The team that new tickets go to, or none.
    pub team: Option<Option<TeamId>>,
    /// Where mail is read, or nowhere.
    pub incoming: Option<Option<ServerChange>>,
    /// What sends in its name, or nothing.
    pub outgoing: Option<Option<ServerChange>>,
    /// Whether answers go to signed addresses.
    pub signed_replies: Option<bool>,
    /// The name by which its server signs its verdicts on senders.
    pub authserv_id: Option<Option<String>>,
    /// Whether it is in use.
    pub active: Option<bool>,
}

/// A mail server. A secret that is absent stays.
#[derive(Clone)]
pub struct ServerChange {
    /// Its host.
    pub host: String,
    /// Its port; the usual one when absent.
    pub port: Option<u16>,
    /// How the connection is secured.
    pub security: MailSecurity,
    /// Who signs in.
    pub user: Option<String>,
    /// With what.
    pub secret: Option<SecretChange>,
    /// The folder that is read, `INBOX` when absent; nothing is read from a server that sends.
    pub folder: Option<String>,
}

/// What somebody signs in with.
#[derive(Clone)]
pub enum SecretChange {
    /// A password.
    Password(String),
    /// Tokens.
    OAuth(OAuthChange),
}

/// How tokens are asked for. A secret that is absent stays.
#[derive(Clone)]
pub struct OAuthChange {
    /// The address that gives them.
    pub token_url: String,
    /// What the provider calls us.
    pub client_id: String,
    /// Our secret there; empty to have none.
    pub client_secret: Option<String>,
    /// What a person agreed to; empty to have none.
    pub refresh_token: Option<String>,
    /// What the token is to permit.
    pub scope: Option<String>,
}

impl MailboxChange {
    /// # Errors
    /// [`AppError::Invalid`] where a secret is missing.
    pub(super) fn apply(self, mailbox: &mut OpenMailbox) -> Result<()> {
        if let Some(address) = self.address {
            mailbox.address = address.trim().to_lowercase();
        }
        if let Some(team) = self.team {
            mailbox.team = team;
        }
        if let Some(incoming) = self.incoming {
            let before = mailbox.incoming.take();
            mailbox.incoming = match incoming {
                None => None,
                Some(change) => {
                    let folder = given(change.folder.as_deref()).unwrap_or("INBOX");
                    Some(Incoming {
                        folder: folder.to_owned(),
                        server: change.server("incoming", 993, 143, before.map(|it| it.server))?,
                    })
                }
            };
        }
        if let Some(outgoing) = self.outgoing {
            let before = mailbox.outgoing.take();
            mailbox.outgoing = match outgoing {
                None => None,
                Some(change) => Some(change.server("outgoing", 465, 587, before)?),
            };
        }
        if let Some(signed) = self.signed_replies {
            mailbox.signed_replies = signed;
        }
        if let Some(authserv_id) = self.authserv_id {
            mailbox.authserv_id = given(authserv_id.as_deref()).map(str::to_owned);
        }
        if let Some(active) = self.active {
            mailbox.active = active;
        }
        Ok(())
    }
}

impl ServerChange {
    /// The server as it is to be; `tls` and `plain` are its usual ports.
    fn server(
        self,
        part: &'static str,
        tls: u16,
        plain: u16,
        before: Option<MailServer>,
    ) -> Result<MailServer> {
        let usual = match self.security {
            MailSecurity::Tls => tls,
            MailSecurity::Starttls | MailSecurity::None => plain,
        };
        let host = self.host.trim().to_lowercase();
        let user = given(self.user.as_deref()).map(str::to_owned);
        // A secret goes nowhere but where it was meant for, and nowhere that others could read it on the way.
        let is_bared = self.security == MailSecurity::None;
        let known = before
            .filter(|before| before.host == host)
            .filter(|before| !is_bared || before.security == MailSecurity::None)
            .and_then(|before| before.sign_in)
            .filter(|sign_in| Some(&sign_in.user) == user.as_ref());
        let credential = match (self.secret, known.map(|sign_in| sign_in.credential)) {
            (Some(SecretChange::Password(password)), _) => Some(MailCredential::Password(password)),
            (Some(SecretChange::OAuth(oauth)), known) => {
                Some(MailCredential::OAuth(oauth.with(known)))
            }
            (None, known) => known,
        };
        let sign_in = match (user, credential) {
            (Some(user), Some(credential)) => Some(MailSignIn { user, credential }),
            (None, None) => None,
            (Some(_), None) => {
                return Err(fault(
                    part,
                    "password",
                    "this is needed: it is kept only as long as server and user stay the same, and the connection as secure",
                ));
            }
            (None, Some(_)) => return Err(fault(part, "user", "this is needed to sign in")),
        };
        Ok(MailServer {
            host,
            port: self.port.unwrap_or(usual),
            security: self.security,
            sign_in,
        })
    }
}

impl OAuthChange {
    fn with(self, known: Option<MailCredential>) -> MailOAuth {
        let token_url = self.token_url.trim().to_owned();
        let client_id = self.client_id.trim().to_owned();
        let known = match known {
            Some(MailCredential::OAuth(known))
                if known.token_url == token_url && known.client_id == client_id =>
            {
                Some(known)
            }
            _ => None,
        };
        let (known_secret, known_token) = known
            .map(|known| (known.client_secret, known.refresh_token))
            .unwrap_or_default();
        let kept = |given: Option<String>, known: Option<String>| match given {
            Some(text) if text.trim().is_empty() => None,
            Some(text) => Some(text),
            None => known,
        };
        MailOAuth {
            client_secret: kept(self.client_secret, known_secret),
            refresh_token: kept(self.refresh_token, known_token),
            scope: given(self.scope.as_deref()).map(str::to_owned),
            token_url,
            client_id,
        }
    }
}

/// What is more than blanks.
fn given(text: Option<&str>) -> Option<&str> {
    text.map(str::trim).filter(|text| !text.is_empty())
}

fn fault(part: &str, field: &str, detail: impl Into<String>) -> AppError {
    AppError::Invalid(vec![Fault {
        path: vec![part.to_owned(), field.to_owned()],
        detail: detail.into(),
    }])
}

/// Refuses what no server could be reached by.
pub(super) fn check(mailbox: &OpenMailbox) -> Result<()> {
    let mut faults = Faults::default();
    faults.address("address", &mailbox.address);
    if mailbox.incoming.is_none() && mailbox.outgoing.is_none() {
        faults.add(
            "incoming",
            "a mailbox is read, or sends, or both: name a server",
        );
    }
    if let Some((local, domain)) = mailbox.address.rsplit_once('@')
        && (MessageIdDomain::new(domain).is_err()
            || mailbox.signed_replies && ReplyAddress::new(local, domain).is_err())
    {
        faults.add(
            "address",
            "it has signs that no address of ours may have: letters, digits, dots, hyphens and underscores do",
        );
    }
    if let Some(name) = &mailbox.authserv_id {
        faults.name("authserv_id", name);
    }
    faults.finish()?;
    let incoming = mailbox.incoming.as_ref();
    if let Some(incoming) = incoming {
        check_text("incoming", "folder", &incoming.folder)?;
        if incoming.server.sign_in.is_none() {
            return Err(fault("incoming", "user", "this is needed to read mail"));
        }
    }
    let servers = [
        ("incoming", incoming.map(|incoming| &incoming.server)),
        ("outgoing", mailbox.outgoing.as_ref()),
    ];
    for (part, server) in servers {
        if let Some(server) = server {
            check_server(part, server)?;
        }
    }
    Ok(())
}

fn check_server(part: &str, server: &MailServer) -> Result<()> {
    check_text(part, "host", &server.host)?;
    if server
        .host
        .contains(|sign: char| sign.is_whitespace() || "/@?#".contains(sign))
    {
        return Err(fault(
            part,
            "host",
            "expected the name of a server, such as imap.example.com",
        ));
    }
    if server.port == 0 {
        return Err(fault(part, "port", "expected a number from 1 to 65535"));
    }
    let Some(sign_in) = &server.sign_in else {
        return Ok(());
    };
    check_text(part, "user", &sign_in.user)?;
    match &sign_in.credential {
        MailCredential::Password(password) => check_text(part, "password", password),
        MailCredential::OAuth(oauth) => {
            check_text(part, "token_url", &oauth.token_url)?;
            check_text(part, "client_id", &oauth.client_id)?;
            for (field, text) in [
                ("client_secret", &oauth.client_secret),
                ("refresh_token", &oauth.refresh_token),
                ("scope", &oauth.scope),
            ] {
                if let Some(text) = text {
                    check_text(part, field, text)?;
                }
            }
            if oauth.client_secret.is_none() && oauth.refresh_token.is_none() {
                return Err(fault(
                    part,
                    "client_secret",
                    "a client secret or a refresh token is needed: without either nobody gives a token",
                ));
            }
            Ok(())
        }
    }
}

/// One line of text that is not empty and not too long. What is wrong with a secret is told without it.
fn check_text(part: &str, field: &str, text: &str) -> Result<()> {
    if text.trim().is_empty() {
        return Err(fault(part, field, "this is needed"));
    }
    if text.len() > LONGEST {
        return Err(fault(part, field, format!("at most {LONGEST} bytes")));
    }
    if text.chars().any(char::is_control) {
        return Err(fault(
            part,
            field,
            "this is one line of text without control characters",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(host: &str, user: &str, password: Option<&str>) -> ServerChange {
        ServerChange {
            host: host.to_owned(),
            port: None,
            security: MailSecurity::Tls,
            user: Some(user.to_owned()),
            secret: password.map(|text| SecretChange::Password(text.to_owned())),
            folder: None,
        }
    }

    #[test]
    fn a_secret_stays_for_the_same_user_of_the_same_server_only() {
        let made = |change: ServerChange, before| change.server("incoming", 993, 143, before);
        let before = made(server("IMAP.example ", "ana", Some("hunter2")), None).unwrap();
        assert_eq!((before.host.as_str(), before.port), ("imap.example", 993));
        let same = made(server("imap.example", "ana", None), Some(before.clone()));
        assert_eq!(same.unwrap(), before);
        for other in [
            server("imap.thief.example", "ana", None),
            server("imap.example", "bea", None),
        ] {
            assert!(made(other, Some(before.clone())).is_err());
        }
        let other = server("imap.thief.example", "ana", Some("another"));
        assert!(made(other, Some(before.clone())).is_ok());
        let bare = |password| ServerChange {
            security: MailSecurity::None,
            ..server("imap.example", "ana", password)
        };
        assert!(made(bare(None), Some(before.clone())).is_err());
        let bared = made(bare(Some("hunter2")), Some(before)).unwrap();
        assert!(made(bare(None), Some(bared.clone())).is_ok());
        assert!(made(server("imap.example", "ana", None), Some(bared)).is_ok());
    }

    #[test]
    fn secrets_of_tokens_stay_with_who_gives_them() {
        let oauth = |url: &str, secret: Option<&str>| OAuthChange {
            token_url: url.to_owned(),
            client_id: "us".to_owned(),
            client_secret: secret.map(str::to_owned),
            refresh_token: None,
            scope: None,
        };
        let before = oauth("https://login.example/t", Some("hunter2")).with(None);
        let known = || Some(MailCredential::OAuth(before.clone()));
        assert_eq!(oauth("https://login.example/t", None).with(known()), before);
        let thief = oauth("https://thief.example/t", None).with(known());
        assert_eq!(thief.client_secret, None);
        let cleared = oauth("https://login.example/t", Some("")).with(known());
        assert_eq!(cleared.client_secret, None);
    }
}
