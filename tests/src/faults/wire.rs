//! The wire between a node and PostgreSQL, which can be cut.

use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::unix;
use tokio::net::{TcpListener, UnixStream};
use tokio::sync::watch;

/// How the wire is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It carries.
    Whole,
    /// It carries nothing and nobody is told: the node is cut off.
    Silent,
    /// Every connection is broken.
    Severed,
}

/// A port that leads to the socket of a database, as long as it is let.
#[derive(Debug)]
pub struct Wire {
    state: watch::Sender<State>,
    port: u16,
}

impl Wire {
    /// Lays one from an address of this machine to a socket.
    ///
    /// # Errors
    /// Fails when no port can be had.
    pub async fn lay(near: Ipv4Addr, socket: PathBuf) -> std::io::Result<Self> {
        let listener = TcpListener::bind((near, 0)).await?;
        let port = listener.local_addr()?.port();
        let (state, watched) = watch::channel(State::Whole);
        let socket = Arc::new(socket);
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let (socket, watched) = (Arc::clone(&socket), watched.clone());
                tokio::spawn(async move {
                    let Ok(far) = UnixStream::connect(&*socket).await else {
                        return;
                    };
                    let _ = near.set_nodelay(true);
                    let (near_in, near_out) = near.into_split();
                    let (far_in, far_out) = far.into_split();
                    tokio::select! {
                        () = there(near_in, far_out, watched.clone()) => {}
                        () = back(far_in, near_out, watched) => {}
                    }
                });
            }
        });
        Ok(Self { state, port })
    }

    /// The port of this end.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Is so from now on.
    pub fn set(&self, state: State) {
        self.state.send_replace(state);
    }
}

async fn there(
    mut from: OwnedReadHalf,
    mut to: unix::OwnedWriteHalf,
    mut watched: watch::Receiver<State>,
) {
    let mut buffer = vec![0; 16 * 1024];
    while carries(&mut watched).await {
        tokio::select! {
            _ = watched.changed() => {}
            read = from.read(&mut buffer) => match read {
                Ok(length) if length > 0 => {
                    if !carries(&mut watched).await || to.write_all(&buffer[..length]).await.is_err() {
                        return;
                    }
                }
                _ => return,
            },
        }
    }
}

async fn back(
    mut from: unix::OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut watched: watch::Receiver<State>,
) {
    let mut buffer = vec![0; 16 * 1024];
    while carries(&mut watched).await {
        tokio::select! {
            _ = watched.changed() => {}
            read = from.read(&mut buffer) => match read {
                Ok(length) if length > 0 => {
                    if !carries(&mut watched).await || to.write_all(&buffer[..length]).await.is_err() {
                        return;
                    }
                }
                _ => return,
            },
        }
    }
}

/// Waits while the wire is silent; says whether it is whole then.
async fn carries(watched: &mut watch::Receiver<State>) -> bool {
    match watched.wait_for(|state| *state != State::Silent).await {
        Ok(state) => *state == State::Whole,
        Err(_) => false,
    }
}
