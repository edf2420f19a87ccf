//! A signed-in conversation with the server.

use std::fmt::Debug;
use std::future::Future;
use std::io;
use std::time::Duration;

use async_imap::error::Error;
use async_imap::{Authenticator, Client, Session};
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::ImapError;
use super::settings::{ImapSecurity, MailboxClient};
use crate::endpoint::with_sources;
use crate::oauth::{AccessToken, Credential, OAuthError};

/// How long we wait for the server's goodbye, which nothing depends on any more.
const GOODBYE_LIMIT: Duration = Duration::from_secs(2);

/// A stream, with or without TLS.
pub(super) trait Wire: AsyncRead + AsyncWrite + Unpin + Send + Debug {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send + Debug> Wire for T {}

/// What a conversation runs over.
pub(super) type BoxedWire = Box<dyn Wire>;

/// A signed-in conversation with the server.
pub(super) struct Connection {
    pub(super) session: Session<BoxedWire>,
    /// Whether the server announced a message that no listing has shown yet.
    pub(super) arrived: bool,
    pub(super) can_move: bool,
    pub(super) can_expunge_one: bool,
    pub(super) can_idle: bool,
}

impl Connection {
    pub(super) async fn open(client: &MailboxClient) -> Result<Connection, ImapError> {
        let mailbox = &client.mailbox;
        let mut session = sign_in(client).await?;
        let step = "asking what the server can do";
        let capabilities = or_broken(
            step,
            within(mailbox.timeout, step, session.capabilities()).await?,
        )?;
        Ok(Connection {
            session,
            arrived: false,
            can_move: capabilities.has_str("MOVE"),
            can_expunge_one: capabilities.has_str("UIDPLUS"),
            can_idle: capabilities.has_str("IDLE"),
        })
    }

    /// Says goodbye. That the server does not answer in time changes nothing any more.
    pub(super) async fn close(mut self, client: &MailboxClient) {
        let _ = timeout(
            client.mailbox.timeout.min(GOODBYE_LIMIT),
            self.session.logout(),
        )
        .await;
    }
}

/// Connects and signs in. A token that the server refuses may have been withdrawn before it expired: another is tried
/// once.
async fn sign_in(client: &MailboxClient) -> Result<Session<BoxedWire>, ImapError> {
    let tokens = match &client.mailbox.credential {
        Credential::Password(password) => {
            let wire = reach(client).await?;
            let signing_in = wire.login(&client.mailbox.user, password.expose());
            return signed_in(client, signing_in).await;
        }
        Credential::Tokens(tokens) => tokens,
    };
    let refused = |error: OAuthError| ImapError::Token {
        user: client.mailbox.user.clone(),
        reason: error.to_string(),
    };
    let token = tokens.token().await.map_err(refused)?;
    match authenticate(client, &token).await {
        Err(ImapError::SignIn { .. }) => {
            let other = tokens.instead_of(&token).await.map_err(refused)?;
            authenticate(client, &other).await
        }
        done => done,
    }
}

async fn authenticate(
    client: &MailboxClient,
    token: &AccessToken,
) -> Result<Session<BoxedWire>, ImapError> {
    let wire = reach(client).await?;
    let words = Words(Some(token.xoauth2(&client.mailbox.user)));
    signed_in(client, wire.authenticate("XOAUTH2", words)).await
}

/// What is said once, and nothing after it: a refusal comes with its details first and waits for an empty word.
struct Words(Option<String>);

impl Authenticator for Words {
    type Response = String;

    fn process(&mut self, _challenge: &[u8]) -> String {
        self.0.take().unwrap_or_default()
    }
}

async fn signed_in(
    client: &MailboxClient,
    signing_in: impl Future<Output = Result<Session<BoxedWire>, (Error, Client<BoxedWire>)>>,
) -> Result<Session<BoxedWire>, ImapError> {
    let mailbox = &client.mailbox;
    let signing_in = async { signing_in.await.map_err(|(error, _)| error) };
    within(mailbox.timeout, "signing in", signing_in)
        .await?
        .map_err(|reason| ImapError::SignIn {
            user: mailbox.user.clone(),
            reason,
        })
}

async fn reach(client: &MailboxClient) -> Result<Client<BoxedWire>, ImapError> {
    let mailbox = &client.mailbox;
    let unreachable = |reason: String| ImapError::Unreachable {
        host: mailbox.host.clone(),
        port: mailbox.port,
        reason,
    };
    match timeout(mailbox.timeout, connect(client)).await {
        Ok(wire) => wire.map_err(|error| unreachable(with_sources(&error))),
        Err(_) => Err(unreachable(format!(
            "no answer for {} s",
            mailbox.timeout.as_secs()
        ))),
    }
}

/// Connects up to the point where one can sign in.
async fn connect(client: &MailboxClient) -> Result<Client<BoxedWire>, io::Error> {
    let mailbox = &client.mailbox;
    let stream = TcpStream::connect((mailbox.host.as_str(), mailbox.port)).await?;
    stream.set_nodelay(true)?;
    match (&client.tls, mailbox.security) {
        (Some(tls), ImapSecurity::Tls) => {
            greeted(Box::new(tls.connect(server_name(client)?, stream).await?)).await
        }
        (Some(tls), _) => {
            let mut plain = greeted(Box::new(stream)).await?;
            let refused = |error: Error| {
                io::Error::other(format!("STARTTLS is refused: {}", describe(&error)))
            };
            plain
                .run_command_and_check_ok("STARTTLS", None)
                .await
                .map_err(refused)?;
            // What the server, or somebody between us, sent before TLS is thrown away with the old client.
            let secure = tls
                .connect(server_name(client)?, plain.into_inner())
                .await?;
            Ok(Client::new(Box::new(secure)))
        }
        (None, _) => greeted(Box::new(stream)).await,
    }
}

/// Reads the greeting, which must come before the first command is sent.
async fn greeted(wire: BoxedWire) -> Result<Client<BoxedWire>, io::Error> {
    let mut client = Client::new(wire);
    match client.read_response().await? {
        Some(_) => Ok(client),
        None => Err(io::Error::new(
            io::ErrorKind::UnexpectedEof,
            "the server hung up without a greeting",
        )),
    }
}

fn server_name(client: &MailboxClient) -> Result<ServerName<'static>, io::Error> {
    ServerName::try_from(client.mailbox.host.clone()).map_err(io::Error::other)
}

/// Does one step in bounded time. The outer error means that the conversation is over; the inner one is the server's
/// refusal of this step, after which it goes on.
pub(super) async fn within<T>(
    limit: Duration,
    step: &'static str,
    work: impl Future<Output = Result<T, Error>>,
) -> Result<Result<T, String>, ImapError> {
    match timeout(limit, work).await {
        Ok(Ok(done)) => Ok(Ok(done)),
        Ok(Err(error @ (Error::No(_) | Error::Bad(_) | Error::Validate(_)))) => {
            Ok(Err(describe(&error)))
        }
        Ok(Err(error)) => Err(ImapError::Broken {
            step,
            reason: describe(&error),
        }),
        Err(_) => Err(ImapError::Broken {
            step,
            reason: format!("no answer for {} s", limit.as_secs()),
        }),
    }
}

/// For steps that no server refuses: a refusal ends the conversation too.
pub(super) fn or_broken<T>(step: &'static str, result: Result<T, String>) -> Result<T, ImapError> {
    result.map_err(|reason| ImapError::Broken { step, reason })
}

/// What went wrong, without what was said: an answer that cannot be parsed may be somebody's letter.
pub(super) fn describe(error: &Error) -> String {
    match error {
        Error::Io(error) if error.kind() == io::ErrorKind::Other => {
            "the server's answer cannot be understood".to_owned()
        }
        Error::Io(error) => error.to_string(),
        Error::No(reason) | Error::Bad(reason) => match words(reason) {
            Some(words) => format!("the server says: {words}"),
            None => "the server says no".to_owned(),
        },
        Error::Parse(_) => "the server's answer cannot be understood".to_owned(),
        other => other.to_string(),
    }
}

/// The server's own words in a refusal, which the library gives as it prints them for those who look for faults in it:
/// `code: None, info: Some("Authentication failed.")`.
fn words(reason: &str) -> Option<String> {
    let (_, said) = reason.split_once("info: Some(\"")?;
    let said = said.strip_suffix("\")")?;
    Some(said.replace("\\\"", "\"").replace("\\\\", "\\"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_told_in_the_words_of_the_server() {
        let told = |reason: &str| describe(&Error::No(reason.to_owned()));
        assert_eq!(
            told(r#"code: None, info: Some("[AUTHENTICATIONFAILED] No \"support\" here.")"#),
            r#"the server says: [AUTHENTICATIONFAILED] No "support" here."#
        );
        assert_eq!(told("code: None, info: None"), "the server says no");
    }
}
