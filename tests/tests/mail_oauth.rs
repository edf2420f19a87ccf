//! Signing in to mail servers with tokens: a private provider on loopback, a real Dovecot, and a scripted SMTP server.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mainstay_channels::imap::{
    AfterFetch, FetchedMessage, ImapError, ImapSecurity, Intake, Mailbox, MailboxClient, Position,
};
use mainstay_channels::oauth::{Credential, Grant, OAuthError, OAuthSettings, TokenSource};
use mainstay_channels::secret::Secret;
use mainstay_channels::smtp::{SmtpFailure, SmtpSecurity, SmtpSettings, SmtpTransport};
use mainstay_channels::webhook::Destinations;
use mainstay_testing::{DovecotServer, require};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// What a provider does when it is asked.
#[derive(Default)]
struct State {
    /// What was asked for a token, in order.
    asked: Vec<String>,
    /// The tokens that mail servers are told are good.
    good: BTreeSet<String>,
    /// How long tokens last, in seconds.
    lifetime: u64,
    /// Tokens are given that no mail server will take.
    is_broken: bool,
    refuses: bool,
}

/// Gives tokens, and tells mail servers about them.
#[derive(Clone)]
struct Provider {
    port: u16,
    state: Arc<Mutex<State>>,
}

impl Provider {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .expect("loopback works");
        let provider = Self {
            port: listener.local_addr().expect("loopback works").port(),
            state: Arc::new(Mutex::new(State {
                lifetime: 3600,
                ..State::default()
            })),
        };
        let serving = provider.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serving.clone().answer(stream));
            }
        });
        provider
    }

    async fn answer(self, stream: TcpStream) {
        let mut stream = BufReader::new(stream);
        let (mut head, mut length) = (String::new(), 0);
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
                return;
            }
            let line = line.trim_end().to_ascii_lowercase();
            if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse().expect("a length");
            }
            if line.is_empty() {
                break;
            }
            if head.is_empty() {
                head = line;
            }
        }
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await.expect("a body");
        let body = String::from_utf8(body).expect("text");
        let (status, answer) = match head.contains("/token") {
            true => self.give(body),
            false => (200, self.tell(&body)),
        };
        let answer = format!(
            "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{answer}",
            answer.len()
        );
        let _ = stream.write_all(answer.as_bytes()).await;
    }

    fn give(&self, asked: String) -> (u16, String) {
        let mut state = self.state.lock().expect("no panic");
        state.asked.push(asked);
        if state.refuses {
            let told =
                r#"{"error":"invalid_grant","error_description":"The grant is spent.\nTrace 7"}"#;
            return (400, told.to_owned());
        }
        let number = state.asked.len();
        let token = format!("token-{number}");
        if !state.is_broken {
            state.good.insert(token.clone());
        }
        let lifetime = state.lifetime;
        let told = format!(
            r#"{{"access_token":"{token}","token_type":"Bearer","expires_in":{lifetime},"refresh_token":"refresh-{number}"}}"#
        );
        (200, told)
    }

    fn tell(&self, asked: &str) -> String {
        let state = self.state.lock().expect("no panic");
        let active = state
            .good
            .iter()
            .any(|token| asked.contains(&format!("token={token}")));
        format!(r#"{{"active":{active},"username":"support"}}"#)
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state.lock().expect("no panic"));
    }

    fn asked(&self) -> Vec<String> {
        self.state.lock().expect("no panic").asked.clone()
    }

    fn tokens(&self) -> TokenSource {
        self.tokens_by(Grant::RefreshToken(Secret::new("refresh-0")))
    }

    fn tokens_by(&self, grant: Grant) -> TokenSource {
        TokenSource::new(OAuthSettings {
            token_url: format!("http://127.0.0.1:{}/token", self.port),
            destinations: Destinations::Anywhere,
            user_agent: "mainstay/test".to_owned(),
            client_id: "mainstay".to_owned(),
            client_secret: Some(Secret::new("s&cret")),
            grant,
            scope: Some("mail offline".to_owned()),
            extra_authorities: Vec::new(),
            timeout: Duration::from_secs(30),
        })
        .expect("the settings are right")
    }
}

#[tokio::test]
async fn a_token_is_kept_until_shortly_before_it_expires() {
    let provider = Provider::start().await;
    let tokens = provider.tokens();
    for _ in 0..3 {
        assert_eq!(tokens.clone().token().await.unwrap().expose(), "token-1");
    }
    assert_eq!(
        provider.asked(),
        [
            "client_id=mainstay&client_secret=s%26cret&grant_type=refresh_token&refresh_token=refresh-0&scope=mail+offline"
        ]
    );
    // One that lasts no longer than the margin is asked for each time, by the refresh token that came with the last.
    provider.change(|state| state.lifetime = 59);
    let short = provider.tokens();
    for expected in ["token-2", "token-3"] {
        assert_eq!(short.token().await.unwrap().expose(), expected);
    }
    assert!(provider.asked()[2].contains("refresh_token=refresh-2"));
}

#[tokio::test]
async fn a_refused_token_is_replaced_once_for_all_who_hold_it() {
    let provider = Provider::start().await;
    let tokens = provider.tokens_by(Grant::ClientCredentials);
    let first = tokens.token().await.unwrap();
    let second = tokens.instead_of(&first).await.unwrap();
    let also = tokens.instead_of(&first).await.unwrap();
    assert_eq!((second.expose(), also.expose()), ("token-2", "token-2"));
    assert_eq!(
        provider.asked()[1],
        "client_id=mainstay&client_secret=s%26cret&grant_type=client_credentials&scope=mail+offline"
    );
}

#[tokio::test]
async fn what_the_provider_refuses_is_told_without_a_secret() {
    let provider = Provider::start().await;
    provider.change(|state| state.refuses = true);
    let error = provider.tokens().token().await.unwrap_err();
    assert!(matches!(error, OAuthError::Refused { .. }));
    assert_eq!(
        error.to_string(),
        "127.0.0.1 refuses a token (invalid_grant, The grant is spent.): look at the client's id and secret, and agree anew if the refresh token is spent"
    );
}

fn mailbox(server: &DovecotServer, tokens: TokenSource) -> MailboxClient {
    MailboxClient::new(Mailbox {
        host: "127.0.0.1".to_owned(),
        port: server.port(),
        security: ImapSecurity::None,
        user: "support".to_owned(),
        credential: Credential::Tokens(tokens),
        extra_authorities: vec![],
        folder: "INBOX".to_owned(),
        after_fetch: AfterFetch::MarkSeen,
        timeout: Duration::from_secs(30),
        content_timeout: Duration::from_secs(60),
        most_bytes: 50_000_000,
        idle: Duration::from_secs(600),
    })
    .expect("the settings are right")
}

/// Takes everything.
struct Desk;

impl Intake for Desk {
    async fn receive(&self, _message: FetchedMessage) -> Result<(), String> {
        Ok(())
    }
}

#[tokio::test]
async fn dovecot_takes_tokens_and_a_withdrawn_one_is_replaced_once() {
    let Some(program) = require(DovecotServer::find()) else {
        return;
    };
    let provider = Provider::start().await;
    let url = format!("http://127.0.0.1:{}/introspect", provider.port);
    let server = DovecotServer::start_with_tokens(&program, &["support"], &url);
    server.deliver("support", "1.test", b"Subject: one\r\n\r\nHello\r\n");
    let client = mailbox(&server, provider.tokens());
    let mut position = Position::default();
    let report = client.poll(&mut position, &Desk).await.unwrap();
    assert_eq!(report.acknowledged, 1);
    client.poll(&mut position, &Desk).await.unwrap();
    assert_eq!(provider.asked().len(), 1, "the token is kept");

    provider.change(|state| state.good.clear());
    client.poll(&mut position, &Desk).await.unwrap();
    assert_eq!(provider.asked().len(), 2);

    provider.change(|state| {
        state.good.clear();
        state.is_broken = true;
    });
    let error = client.poll(&mut position, &Desk).await.unwrap_err();
    assert!(matches!(error, ImapError::SignIn { .. }), "{error}");
    assert!(!error.to_string().contains("token-"), "{error}");
    assert_eq!(provider.asked().len(), 3, "one more is tried, and no other");

    provider.change(|state| state.refuses = true);
    let error = client.poll(&mut position, &Desk).await.unwrap_err();
    assert!(matches!(error, ImapError::Token { .. }), "{error}");
    assert!(error.to_string().contains("invalid_grant"), "{error}");
}

/// A server that takes mail from whoever shows a good token.
async fn smtp_server(provider: Provider) -> (u16, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0")
        .await
        .expect("loopback works");
    let port = listener.local_addr().expect("loopback works").port();
    let heard = Arc::new(Mutex::new(Vec::new()));
    let log = heard.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            converse(stream, &provider, &log).await;
        }
    });
    (port, heard)
}

async fn converse(stream: TcpStream, provider: &Provider, log: &Mutex<Vec<String>>) {
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    let (mut in_content, mut is_known) = (false, false);
    let mut answer = "220 pretender\r\n".to_owned();
    loop {
        if stream.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
        line.clear();
        while stream.read_line(&mut line).await.unwrap_or(0) > 0 && in_content && line != ".\r\n" {
            line.clear();
        }
        let said = line.trim_end();
        if said.is_empty() && !in_content {
            // The empty word after a refusal, or the end.
            if line.is_empty() {
                return;
            }
            answer = "535 5.7.3 no\r\n".to_owned();
            continue;
        }
        answer = match said.split_whitespace().next().unwrap_or_default() {
            "." => "250 queued as 1\r\n",
            "EHLO" => "250-pretender\r\n250 AUTH PLAIN XOAUTH2\r\n",
            "AUTH" => {
                let words = said.rsplit(' ').next().unwrap_or_default();
                let words =
                    String::from_utf8(STANDARD.decode(words).expect("base64")).expect("text");
                log.lock().expect("no panic").push(words.clone());
                let good = provider.state.lock().expect("no panic").good.clone();
                is_known = good
                    .iter()
                    .any(|token| words.contains(&format!("Bearer {token}\x01")));
                match is_known {
                    true => "235 welcome\r\n",
                    false => "334 eyJzdGF0dXMiOiI0MDEifQ==\r\n",
                }
            }
            "DATA" if is_known => "354 go on\r\n",
            "MAIL" if !is_known => "530 who are you\r\n",
            _ => "250 fine\r\n",
        }
        .to_owned();
        in_content = said == "DATA";
    }
}

#[tokio::test]
async fn mail_goes_out_with_tokens_and_a_withdrawn_one_is_replaced_once() {
    let provider = Provider::start().await;
    let (port, heard) = smtp_server(provider.clone()).await;
    let transport = SmtpTransport::new(SmtpSettings {
        host: "127.0.0.1".to_owned(),
        port,
        security: SmtpSecurity::None,
        credentials: Some((
            "support@example.test".to_owned(),
            Credential::Tokens(provider.tokens()),
        )),
        extra_authorities: vec![],
        hello_name: Some("mainstay.example.test".to_owned()),
        timeout: Duration::from_secs(30),
        content_timeout: Duration::from_secs(30),
    })
    .expect("the settings are right");
    let send = || async {
        let to = ["ana@example.test".to_owned()];
        transport
            .hand_over("", &to, b"Subject: x\r\n\r\nHello\r\n")
            .await
    };
    assert_eq!(send().await.unwrap().response, "queued as 1");
    provider.change(|state| state.good.clear());
    assert_eq!(send().await.unwrap().accepted, ["ana@example.test"]);
    let words = |token: &str| format!("user=support@example.test\x01auth=Bearer {token}\x01\x01");
    let said = heard.lock().expect("no panic").clone();
    assert_eq!(said, ["token-1", "token-1", "token-2"].map(words));

    provider.change(|state| {
        state.good.clear();
        state.is_broken = true;
    });
    let failure = send().await.unwrap_err();
    assert!(
        matches!(
            failure,
            SmtpFailure::Retry {
                in_doubt: false,
                ..
            }
        ),
        "{failure:?}"
    );
    assert!(!format!("{failure:?}").contains("token-"), "{failure:?}");
    assert_eq!(provider.asked().len(), 3, "one more is tried, and no other");
}
