//! The mailboxes of the settings as they are shown beside those that are set up: without their secrets.

use jiff::Timestamp;
use mainstay_domain::id::MailboxId;
use mainstay_domain::mailbox::{
    Incoming, MailCredential, MailOAuth, MailSecurity, MailServer, MailSignIn, Mailbox,
};
use uuid::Uuid;

use crate::settings::{self, SignIn, Tls};

/// Each mailbox that is read, and the server that sends.
pub(super) fn mailboxes(mail: &settings::Mail) -> Vec<Mailbox> {
    let mut shown = Vec::new();
    let reads = mail.mailboxes.iter().map(|read| Mailbox {
        incoming: Some(Incoming {
            server: MailServer {
                host: read.host.clone(),
                port: read.port,
                security: security(read.tls),
                sign_in: Some(sign_in(&read.user, &read.sign_in)),
            },
            folder: read.folder.clone(),
        }),
        authserv_id: mail.authserv_id.clone(),
        ..named(&read.user)
    });
    shown.extend(reads);
    let Some(smtp) = &mail.smtp else {
        return shown;
    };
    let sender = named(&mail.from);
    if !shown
        .iter()
        .any(|mailbox| mailbox.address == sender.address)
    {
        shown.push(sender.clone());
    }
    if let Some(found) = shown
        .iter_mut()
        .find(|mailbox| mailbox.address == sender.address)
    {
        found.signed_replies = mail.reply_domain.is_some();
        found.outgoing = Some(MailServer {
            host: smtp.host.clone(),
            port: smtp.port,
            security: security(smtp.tls),
            sign_in: smtp.user.as_ref().map(|(user, with)| sign_in(user, with)),
        });
    }
    shown
}

fn named(address: &str) -> Mailbox {
    Mailbox {
        id: MailboxId::from(Uuid::nil()),
        address: address.trim().to_lowercase(),
        team: None,
        incoming: None,
        outgoing: None,
        signed_replies: false,
        authserv_id: None,
        active: true,
        created_at: Timestamp::UNIX_EPOCH,
    }
}

fn security(tls: Tls) -> MailSecurity {
    match tls {
        Tls::Tls => MailSecurity::Tls,
        Tls::StartTls => MailSecurity::Starttls,
        Tls::None => MailSecurity::None,
    }
}

fn sign_in(user: &str, with: &SignIn) -> MailSignIn {
    MailSignIn {
        user: user.to_owned(),
        credential: match with {
            SignIn::Password(_) => MailCredential::Password(String::new()),
            SignIn::OAuth(oauth) => MailCredential::OAuth(MailOAuth {
                token_url: oauth.token_url.clone(),
                client_id: oauth.client_id.clone(),
                client_secret: None,
                refresh_token: None,
                scope: oauth.scope.clone(),
            }),
        },
    }
}
