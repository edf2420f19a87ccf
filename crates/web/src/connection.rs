//! Connections: how many there may be, and how long one may take.
//!
//! Whoever connects brings the head of a request within a time, however slowly its bytes drip; between requests a connection
//! may rest for a while; and what is answered must be read on. Who does not keep to that is told so and let go, so that slow
//! and silent clients, however many, keep nobody else from being served.

use std::future::Future as _;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::connect_info::Connected;
use axum::extract::{ConnectInfo, Request};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::serve::{IncomingStream, Listener};
use http_body_util::BodyExt as _;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, Sleep, sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::problem::{Kind, Problem};

/// How long somebody who is turned away may take to read it.
const FAREWELL: Duration = Duration::from_secs(1);

/// Limits on connections.
#[derive(Debug, Clone, Copy)]
pub struct ConnectionLimits {
    /// How many may be open at once; further ones are turned away.
    pub count: usize,
    /// The longest until the head of a request is there, from its first byte on or from the connection's beginning.
    pub head: Duration,
    /// The longest that a connection may rest after an answer.
    pub idle: Duration,
    /// The longest that a client may read nothing of an answer.
    pub write: Duration,
}

/// Serves until `stop` is cancelled and the requests that are then under way are answered.
///
/// # Errors
/// Fails when the listener breaks.
pub async fn serve(
    listener: TcpListener,
    routes: Router,
    limits: ConnectionLimits,
    stop: CancellationToken,
) -> io::Result<()> {
    let limited = Limited {
        listener,
        limits,
        places: Arc::new(Semaphore::new(limits.count)),
    };
    let service = routes
        .layer(middleware::from_fn(follow))
        .into_make_service_with_connect_info::<Client>();
    axum::serve(limited, service)
        .with_graceful_shutdown(stop.cancelled_owned())
        .await
}

/// Takes connections as long as there are places.
#[derive(Debug)]
struct Limited {
    listener: TcpListener,
    limits: ConnectionLimits,
    places: Arc<Semaphore>,
}

impl Listener for Limited {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        loop {
            let (stream, address) = Listener::accept(&mut self.listener).await;
            match self.places.clone().try_acquire_owned() {
                Ok(place) => return (Connection::new(stream, self.limits, place), address),
                Err(_) => turn_away(stream, self.limits.count),
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// Says why, without waiting for what the client wants.
fn turn_away(mut stream: TcpStream, held: usize) {
    tracing::warn!(
        "a connection was turned away: {held} are open, as many as this address holds (http.max_connections)"
    );
    let answer = bare_answer(&Problem::new(
        Kind::Unavailable,
        "As many connections are open as this server holds: try again in a moment.",
    ));
    tokio::spawn(async move {
        let _ = timeout(FAREWELL, stream.write_all(&answer)).await;
    });
}

/// A problem as it stands on the wire, where there is no request that it answers.
fn bare_answer(problem: &Problem) -> Vec<u8> {
    let body = problem.render(None);
    let status = problem.kind().status();
    let head = format!(
        "HTTP/1.1 {} {}\r\ncontent-type: {}\r\ncontent-length: {}\r\ncache-control: no-store\r\nconnection: close\r\n\r\n",
        status.as_u16(),
        status.canonical_reason().unwrap_or_default(),
        crate::problem::MEDIA_TYPE,
        body.len()
    );
    [head.into_bytes(), body].concat()
}

/// Whether a request is being answered: counted up when one begins and when its answer ends, so that it is odd in between.
#[derive(Debug, Default)]
struct Turns(AtomicUsize);

impl Turns {
    fn now(&self) -> usize {
        self.0.load(Ordering::Acquire)
    }
}

/// A request that is being answered, until it is dropped.
struct Answering(Arc<Turns>);

impl Answering {
    fn begin(turns: Arc<Turns>) -> Self {
        turns.0.fetch_add(1, Ordering::AcqRel);
        Self(turns)
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        self.0.0.fetch_add(1, Ordering::AcqRel);
    }
}

/// Who asks, and the turns of their connection.
#[derive(Debug, Clone)]
struct Client {
    address: SocketAddr,
    turns: Arc<Turns>,
}

impl Connected<IncomingStream<'_, Limited>> for Client {
    fn connect_info(stream: IncomingStream<'_, Limited>) -> Self {
        Self {
            address: *stream.remote_addr(),
            turns: stream.io().turns.clone(),
        }
    }
}

/// Tells the connection when a request begins and when its answer has ended, and the routes who asks.
async fn follow(
    ConnectInfo(client): ConnectInfo<Client>,
    mut request: Request,
    next: Next,
) -> Response {
    let answering = Answering::begin(client.turns);
    request.extensions_mut().insert(ConnectInfo(client.address));
    let response = next.run(request).await;
    // What the closure holds ends with the body.
    response.map(|body| {
        Body::new(body.map_err(move |error| {
            let _until_the_end = &answering;
            error
        }))
    })
}

/// A connection that watches over its own times.
#[derive(Debug)]
struct Connection {
    stream: TcpStream,
    limits: ConnectionLimits,
    turns: Arc<Turns>,
    /// The turn for which `wait` counts.
    turn: usize,
    /// Whether a part of a head has come.
    has_begun: bool,
    /// Until when the head must be there, or its first byte.
    wait: Pin<Box<Sleep>>,
    /// Until when the client must have read on, where it does not.
    stalled: Option<Pin<Box<Sleep>>>,
    _place: OwnedSemaphorePermit,
}

impl Connection {
    fn new(stream: TcpStream, limits: ConnectionLimits, place: OwnedSemaphorePermit) -> Self {
        Self {
            stream,
            limits,
            turns: Arc::default(),
            turn: 0,
            has_begun: true,
            wait: Box::pin(sleep(limits.head)),
            stalled: None,
            _place: place,
        }
    }

    /// Ready when no head came in time.
    fn poll_too_late(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let turn = self.turns.now();
        if turn % 2 == 1 {
            return Poll::Pending;
        }
        if turn != self.turn {
            self.turn = turn;
            self.has_begun = false;
            self.restart(self.limits.idle);
        }
        self.wait.as_mut().poll(context)
    }

    fn restart(&mut self, time: Duration) {
        self.wait.as_mut().reset(Instant::now() + time);
    }

    fn let_go(&self) -> io::Error {
        if self.has_begun {
            let answer = bare_answer(&Problem::new(
                Kind::TooSlow,
                "The head of the request was not there in time.",
            ));
            // Nothing was written before it, so that it fits; and where it does not, the end of the connection says it.
            let _ = self.stream.try_write(&answer);
        }
        io::ErrorKind::TimedOut.into()
    }

    /// Passes on how writing went, and fails where it has not gone on for too long.
    fn poll_stalled<T>(
        &mut self,
        written: Poll<io::Result<T>>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.stalled = None;
            return written;
        }
        let time = self.limits.write;
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(sleep(time)));
        ready!(stalled.as_mut().poll(context));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.poll_too_late(context).is_ready() {
            return Poll::Ready(Err(self.let_go()));
        }
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
        if buffer.filled().len() > before && !self.has_begun && self.turns.now() == self.turn {
            self.has_begun = true;
            let time = self.limits.head;
            self.restart(time);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.poll_stalled(written, context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.poll_stalled(written, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
