//! Settings of mail, both ways.

use super::reader::Reader;
use super::value::{Secret, Size, Span, Tls};

/// Settings of mail.
#[derive(Debug)]
pub struct Mail {
    /// The address mails come from.
    pub from: String,
    /// Our name in messages; the one given at the first run where it is absent.
    pub company: Option<String>,
    /// The name by which our mail server signs its verdicts on senders; without it, what agents write by mail is held.
    pub authserv_id: Option<String>,
    /// So many mails of one sender are taken in within [`flood_within`](Self::flood_within); further ones are set aside.
    pub flood_mails: u32,
    /// The time in which a sender's mails are counted.
    pub flood_within: Span,
    /// A longer message is not taken in.
    pub max_message: Size,
    /// The domain of the signed addresses that replies go to; replies go to `from` where it is absent.
    pub reply_domain: Option<String>,
    /// The server that mail is sent through; no mail is sent where it is absent.
    pub smtp: Option<Smtp>,
    /// Whether customers are asked to rate how a ticket was handled when it is resolved.
    pub ask_for_rating: bool,
    /// The mailboxes that mail is fetched from.
    pub mailboxes: Vec<Mailbox>,
    /// Whether tokens may be asked for at addresses of private networks.
    pub allow_private_addresses: bool,
}

/// The server that mail is sent through.
#[derive(Debug)]
pub struct Smtp {
    /// Its host.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is secured.
    pub tls: Tls,
    /// Who signs in, if anybody, and with what.
    pub user: Option<(String, SignIn)>,
}

/// A mailbox that mail is fetched from by IMAP.
#[derive(Debug)]
pub struct Mailbox {
    /// The server's host.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is secured.
    pub tls: Tls,
    /// Who signs in.
    pub user: String,
    /// What they sign in with.
    pub sign_in: SignIn,
    /// The folder to read.
    pub folder: String,
}

/// What somebody signs in to a mail server with.
#[derive(Debug)]
pub enum SignIn {
    /// A password.
    Password(Secret),
    /// Tokens (XOAUTH2).
    OAuth(OAuth),
}

/// How tokens are asked for.
#[derive(Debug)]
pub struct OAuth {
    /// The address that gives them.
    pub token_url: String,
    /// What the provider calls us.
    pub client_id: String,
    /// Our secret there.
    pub client_secret: Option<Secret>,
    /// What a person agreed to; where it is absent, we ask in our own name.
    pub refresh_token: Option<Secret>,
    /// What the token is to permit.
    pub scope: Option<String>,
}

impl Mail {
    pub(super) fn read(r: &mut Reader) -> Self {
        let from = r.text("mail.from", "support@localhost");
        let company = r.maybe("mail.company");
        let authserv_id = r.maybe("mail.authserv_id");
        let flood_mails = r.value("mail.flood_mails", 40);
        let flood_within = r.value("mail.flood_within", Span::seconds(600));
        let max_message = r.value("mail.max_message", Size::mebibytes(64));
        let reply_domain = r.maybe("mail.reply_domain");
        let allow_private_addresses = r.value("mail.allow_private_addresses", false);
        let ask_for_rating = r.value("mail.ask_for_rating", true);
        let host: Option<String> = r.maybe("smtp.host");
        let tls = r.value("smtp.tls", Tls::StartTls);
        let port = r.value("smtp.port", tls.submission_port());
        let user: Option<String> = r.maybe("smtp.user");
        let sign_in = SignIn::read(r, "smtp");
        if user.is_some() != sign_in.is_some() {
            r.fault(
                "smtp.user and smtp.password (or smtp.oauth) go together: give both or neither",
            );
        }
        let smtp = host.map(|host| Smtp {
            host,
            port,
            tls,
            user: user.zip(sign_in),
        });
        let mailboxes = (0..r.length("mail.mailboxes"))
            .map(|index| Mailbox::read(r, index))
            .collect();
        Self {
            from,
            company,
            authserv_id,
            flood_mails,
            flood_within,
            max_message,
            reply_domain,
            smtp,
            ask_for_rating,
            mailboxes,
            allow_private_addresses,
        }
    }
}

impl Mailbox {
    fn read(r: &mut Reader, index: usize) -> Self {
        let table = format!("mail.mailboxes.{index}");
        let key = |name: &str| format!("{table}.{name}");
        let tls = r.value(&key("tls"), Tls::Tls);
        Self {
            host: r.required(&key("host")),
            port: r.value(&key("port"), tls.imap_port()),
            tls,
            user: r.required(&key("user")),
            sign_in: match SignIn::read(r, &table) {
                Some(sign_in) => sign_in,
                None => SignIn::Password(r.required_secret(&key("password"))),
            },
            folder: r.text(&key("folder"), "INBOX"),
        }
    }
}

impl SignIn {
    /// What is given under `table`, if anything is.
    fn read(r: &mut Reader, table: &str) -> Option<Self> {
        let password = r.secret(&format!("{table}.password"));
        let oauth = OAuth::read(r, &format!("{table}.oauth"));
        if password.is_some() && oauth.is_some() {
            r.fault(format!(
                "{table}.password and {table}.oauth are both set: keep one"
            ));
        }
        oauth.map(Self::OAuth).or(password.map(Self::Password))
    }
}

impl OAuth {
    fn read(r: &mut Reader, table: &str) -> Option<Self> {
        let key = |name: &str| format!("{table}.{name}");
        let client_id: Option<String> = r.maybe(&key("client_id"));
        let token_url: Option<String> = r.maybe(&key("token_url"));
        let client_secret = r.secret(&key("client_secret"));
        let refresh_token = r.secret(&key("refresh_token"));
        let scope = r.maybe(&key("scope"));
        let is_given = client_id.is_some()
            || token_url.is_some()
            || client_secret.is_some()
            || refresh_token.is_some();
        if !is_given {
            return None;
        }
        for (name, value) in [("client_id", &client_id), ("token_url", &token_url)] {
            if value.is_none() {
                r.fault(format!(
                    "{table}.{name} is missing: tokens cannot be asked for without it"
                ));
            }
        }
        if client_secret.is_none() && refresh_token.is_none() {
            r.fault(format!(
                "{table} needs refresh_token_file (a person agreed) or client_secret_file (an administrator agreed), or both"
            ));
        }
        Some(Self {
            token_url: token_url.unwrap_or_default(),
            client_id: client_id.unwrap_or_default(),
            client_secret,
            refresh_token,
            scope,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::Path;

    use super::*;
    use crate::settings::Settings;

    fn load(file: &str) -> Result<Mail, String> {
        Reader::new(
            Some((Path::new("mainstay.toml"), file)),
            BTreeMap::new(),
            BTreeMap::new(),
        )
        .and_then(Settings::read)
        .map(|settings| settings.mail)
        .map_err(|failure| failure.to_string())
    }

    #[test]
    fn tokens_take_the_place_of_a_password() {
        let file = "[smtp]\nhost = \"smtp.example\"\nuser = \"support@example.com\"\n\
                    [smtp.oauth]\nclient_id = \"a\"\nclient_secret = \"hunter2\"\n\
                    token_url = \"https://login.example/token\"\n\
                    [[mail.mailboxes]]\nhost = \"imap.example\"\nuser = \"support@example.com\"\n\
                    [mail.mailboxes.oauth]\nclient_id = \"a\"\nrefresh_token = \"hunter2\"\n\
                    token_url = \"https://login.example/token\"\n";
        let mail = load(file).unwrap();
        let smtp = mail.smtp.as_ref().and_then(|smtp| smtp.user.as_ref());
        assert!(matches!(smtp, Some((_, SignIn::OAuth(_)))));
        assert!(matches!(mail.mailboxes[0].sign_in, SignIn::OAuth(_)));
        assert!(!format!("{mail:?}").contains("hunter2"));
    }

    #[test]
    fn what_is_missing_for_tokens_is_told() {
        let file = "[smtp]\nhost = \"smtp.example\"\nuser = \"u\"\npassword = \"p\"\n\
                    [smtp.oauth]\nclient_id = \"a\"\n";
        insta::assert_snapshot!(load(file).unwrap_err(), @r"
        error: the settings are wrong
          smtp.oauth.token_url is missing: tokens cannot be asked for without it
          smtp.oauth needs refresh_token_file (a person agreed) or client_secret_file (an administrator agreed), or both
          smtp.password and smtp.oauth are both set: keep one
          help: `mainstay config` prints every setting there is; mend these and try again
        ");
    }
}
