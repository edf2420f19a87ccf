//! A conversation with the server, up to the point where mail can be given.

use std::io;

use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::failure::{SmtpFailure, Trouble, retry, within};
use super::{SmtpSecurity, SmtpSettings, SmtpTransport};
use crate::oauth::{Credential, OAuthError};

impl SmtpTransport {
    /// Connects and signs in. A token that the server refuses may have been withdrawn before it expired: another is
    /// tried once, in a conversation of its own.
    pub(super) async fn connect(&self) -> Result<AsyncSmtpConnection, SmtpFailure> {
        let mut connection = self.protected().await?;
        match &self.settings.credentials {
            None => {}
            Some((user, Credential::Password(password))) => {
                let credentials = Credentials::new(user.clone(), password.expose().to_owned());
                self.sign_in(&mut connection, DEFAULT_MECHANISMS, &credentials)
                    .await
                    .map_err(Trouble::ours)?;
            }
            Some((user, Credential::Tokens(tokens))) => {
                let refused = |error: OAuthError| retry(format!("signing in failed: {error}"));
                let words = |token: &str| Credentials::new(user.clone(), token.to_owned());
                let token = tokens.token().await.map_err(refused)?;
                let first = self
                    .sign_in(
                        &mut connection,
                        &[Mechanism::Xoauth2],
                        &words(token.expose()),
                    )
                    .await;
                if first.is_err() {
                    connection.abort().await;
                    let other = tokens.instead_of(&token).await.map_err(refused)?;
                    connection = self.protected().await?;
                    self.sign_in(
                        &mut connection,
                        &[Mechanism::Xoauth2],
                        &words(other.expose()),
                    )
                    .await
                    .map_err(Trouble::ours)?;
                }
            }
        }
        Ok(connection)
    }

    async fn sign_in(
        &self,
        connection: &mut AsyncSmtpConnection,
        mechanisms: &[Mechanism],
        credentials: &Credentials,
    ) -> Result<(), Trouble> {
        let signing_in = connection.auth(mechanisms, credentials);
        within(self.settings.timeout, "signing in", signing_in).await?;
        Ok(())
    }

    /// Connects and exchanges names, over TLS as the settings want it.
    pub(super) async fn protected(&self) -> Result<AsyncSmtpConnection, SmtpFailure> {
        let mut connection = self.greet().await.map_err(Trouble::ours)?;
        if let Some(tls) = self.tls_when(SmtpSecurity::StartTls) {
            self.start_tls(&mut connection, tls).await?;
        }
        Ok(connection)
    }

    /// Connects and exchanges names, over TLS where it comes first.
    async fn greet(&self) -> Result<AsyncSmtpConnection, Trouble> {
        let step = "connecting";
        let limit = self.settings.timeout;
        let address = (self.settings.host.as_str(), self.settings.port);
        if let Some(tls) = self.tls_when(SmtpSecurity::Tls) {
            let connecting = AsyncSmtpConnection::connect_tokio1(
                address,
                Some(limit),
                &self.hello_name,
                Some(tls),
                None,
            );
            return within(limit, step, connecting).await;
        }
        let connecting = async {
            let stream = TcpStream::connect(address).await?;
            // The content and the dot that ends it are two writes. Without this the second waits for the other side to
            // acknowledge the first, which it delays by 40 ms.
            stream.set_nodelay(true)?;
            Ok::<_, io::Error>(stream)
        };
        let stream = match timeout(limit, connecting).await {
            Ok(stream) => {
                stream.map_err(|error| Trouble::silent(format!("{step} failed: {error}")))?
            }
            Err(_) => return Err(Trouble::late(step, limit)),
        };
        let greeting =
            AsyncSmtpConnection::connect_with_transport(Box::new(stream), &self.hello_name);
        within(limit, step, greeting).await
    }

    async fn start_tls(
        &self,
        connection: &mut AsyncSmtpConnection,
        tls: TlsParameters,
    ) -> Result<(), SmtpFailure> {
        if !connection.can_starttls() {
            let SmtpSettings { host, port, .. } = &self.settings;
            return Err(retry(format!(
                "{host}:{port} does not offer STARTTLS, and the settings require it"
            )));
        }
        let upgrading = connection.starttls(tls, &self.hello_name);
        within(self.settings.timeout, "STARTTLS", upgrading)
            .await
            .map_err(Trouble::ours)
    }

    fn tls_when(&self, security: SmtpSecurity) -> Option<TlsParameters> {
        self.tls
            .clone()
            .filter(|_| self.settings.security == security)
    }
}
