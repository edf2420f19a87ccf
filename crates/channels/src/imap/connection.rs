//! A signed-in conversation with the server.

use std::fmt::Debug;
use std::future::Future;
use std::io;
use std::time::Duration;

use async_imap::error::Error;
use async_imap::{Client, Session};
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::ImapError;
use super::settings::{ImapSecurity, MailboxClient};
use crate::endpoint::with_sources;

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
        let unreachable = |reason: String| ImapError::Unreachable {
            host: mailbox.host.clone(),
            port: mailbox.port,
            reason,
        };
        let wire = match timeout(mailbox.timeout, connect(client)).await {
            Ok(wire) => wire.map_err(|error| unreachable(with_sources(&error)))?,
            Err(_) => {
                return Err(unreachable(format!(
                    "no answer for {} s",
                    mailbox.timeout.as_secs()
                )));
            }
        };
        let signing_in = async {
            let signed_in = wire.login(&mailbox.user, mailbox.password.expose()).await;
            signed_in.map_err(|(error, _)| error)
        };
        let mut session = within(mailbox.timeout, "signing in", signing_in)
            .await?
            .map_err(|reason| ImapError::SignIn {
                user: mailbox.user.clone(),
                reason,
            })?;
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
        Error::No(reason) | Error::Bad(reason) => format!("the server says no ({reason})"),
        Error::Parse(_) => "the server's answer cannot be understood".to_owned(),
        other => other.to_string(),
    }
}
