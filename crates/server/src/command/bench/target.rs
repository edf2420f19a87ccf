//! The service that is measured, over plain HTTP/1.1. The client is as thin as can be: it shares the machine with what it measures.

use bytes::Bytes;
use clap::Args;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE, HOST, IF_MATCH};
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

use crate::Failure;

/// Which service.
#[derive(Debug, Clone, Args)]
pub struct Target {
    /// Where the service is, by plain HTTP
    #[arg(
        long,
        value_name = "URL",
        env = "MAINSTAY_URL",
        hide_env_values = true,
        default_value = "http://127.0.0.1:8080"
    )]
    url: String,
    /// A token that may do what is measured: `mainstay bench load` prints one
    #[arg(
        long,
        value_name = "TOKEN",
        env = "MAINSTAY_TOKEN",
        hide_env_values = true
    )]
    token: String,
}

/// What is asked for.
#[derive(Debug, Clone)]
pub struct Question {
    /// How.
    pub method: Method,
    /// The path below `/api/v1`, with its query.
    pub path: String,
    /// What the body is.
    pub media_type: &'static str,
    /// The body.
    pub body: Bytes,
}

impl Question {
    /// Asks to read something.
    pub fn get(path: impl Into<String>) -> Self {
        Self {
            method: Method::GET,
            path: path.into(),
            media_type: "application/json",
            body: Bytes::new(),
        }
    }

    /// Asks to change something.
    pub fn json(method: Method, path: impl Into<String>, body: &Value) -> Self {
        Self {
            method,
            path: path.into(),
            media_type: "application/json",
            body: Bytes::from(body.to_string()),
        }
    }
}

/// Who asks.
#[derive(Debug, Clone)]
pub enum Credential {
    /// Nobody in particular.
    None,
    /// Whoever has the token of the target.
    Token,
    /// Somebody who is signed in, by the cookie they carry.
    Session(String),
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The body.
    pub body: Bytes,
}

impl Target {
    fn authority(&self) -> Result<&str, Failure> {
        let rest = self.url.trim_end_matches('/').strip_prefix("http://");
        rest.filter(|authority| !authority.contains('/'))
            .ok_or_else(|| {
                Failure::new(format!(
                    "{} is not an address of the form http://HOST:PORT",
                    self.url
                ))
                .with_remedy("measure the service itself with --url, not by way of a proxy")
            })
    }

    /// Makes a connection.
    ///
    /// # Errors
    /// Fails when nobody listens there.
    pub async fn connect(&self) -> Result<Wire, Failure> {
        let authority = self.authority()?;
        let refused = |error: &dyn std::fmt::Display| {
            Failure::new(format!("{} does not answer: {error}", self.url))
                .with_remedy("start the service, and say where it is with --url or MAINSTAY_URL")
        };
        let stream = TcpStream::connect(authority)
            .await
            .map_err(|error| refused(&error))?;
        stream.set_nodelay(true).map_err(|error| refused(&error))?;
        let (sender, connection) = handshake(TokioIo::new(stream))
            .await
            .map_err(|error| refused(&error))?;
        tokio::spawn(connection);
        Ok(Wire {
            target: self.clone(),
            sender,
        })
    }

    /// Asks once, on a connection of its own, and reads the answer as JSON.
    ///
    /// # Errors
    /// Fails when the service does not answer, or refuses.
    pub async fn ask(&self, question: &Question) -> Result<Value, Failure> {
        let answer = self.connect().await?.send(question).await?;
        let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        if answer.status.is_success() {
            return Ok(body);
        }
        let detail = body["detail"].as_str().unwrap_or_default();
        let failure = Failure::new(format!(
            "{} {} was answered {}: {detail}",
            question.method, question.path, answer.status
        ));
        Err(failure
            .with_remedy("give a token that may do everything: `mainstay bench load` prints one"))
    }
}

/// A connection that stays open.
#[derive(Debug)]
pub struct Wire {
    target: Target,
    sender: SendRequest<Full<Bytes>>,
}

impl Wire {
    /// Another connection to the same service.
    ///
    /// # Errors
    /// Fails when nobody listens there any more.
    pub async fn anew(self) -> Result<Self, Failure> {
        self.target.connect().await
    }

    /// Asks, and waits for the whole answer. A connection that the service has closed is made anew for the next question.
    ///
    /// # Errors
    /// Fails when the connection breaks.
    pub async fn send(&mut self, question: &Question) -> Result<Answer, Failure> {
        if self.sender.is_closed() {
            *self = self.target.connect().await?;
        }
        let response = self.begin(question, &Credential::Token).await?;
        let status = response.status();
        let body = response
            .into_body()
            .collect()
            .await
            .map_err(broken)?
            .to_bytes();
        // The next request may be sent only when the connection knows that this answer is read.
        self.sender.ready().await.ok();
        Ok(Answer { status, body })
    }

    /// Asks, and waits until the answer begins.
    ///
    /// # Errors
    /// Fails when the connection breaks.
    pub async fn begin(
        &mut self,
        question: &Question,
        credential: &Credential,
    ) -> Result<Response<Incoming>, Failure> {
        let mut request = Request::builder();
        if question.method == Method::PATCH {
            request = request.header(IF_MATCH, "*");
        }
        request = match credential {
            Credential::None => request,
            Credential::Token => {
                request.header(AUTHORIZATION, format!("Bearer {}", self.target.token))
            }
            Credential::Session(cookie) => request.header(COOKIE, cookie),
        };
        let request = request
            .method(question.method.clone())
            .uri(format!("/api/v1{}", question.path))
            .header(HOST, self.target.authority()?)
            .header(CONTENT_TYPE, question.media_type)
            .body(Full::new(question.body.clone()))
            .map_err(|error| Failure::new(format!("the request cannot be made: {error}")))?;
        self.sender.send_request(request).await.map_err(broken)
    }
}

fn broken(error: hyper::Error) -> Failure {
    Failure::new(format!("the connection broke: {error}"))
}
