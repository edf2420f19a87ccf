//! A relay to the mail server from inside a node's network namespace: the program gives mail in the clear to its own machine
//! alone, and the mail server is another for a node that has a network of its own.

use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};

use super::network::Namespace;

/// Where it listens, inside the namespace.
pub const ADDRESS: ([u8; 4], u16) = ([127, 0, 0, 1], 2525);

/// A relay that runs as a process of its own until the value is dropped.
#[derive(Debug)]
pub struct Relay(Child);

impl Relay {
    /// Starts one, by this very program.
    ///
    /// # Errors
    /// Fails when the process cannot be started.
    pub fn start(namespace: &Namespace, to: SocketAddr) -> std::io::Result<Self> {
        let mut command = Command::new("ip");
        command
            .args(["netns", "exec", &namespace.name])
            .arg(std::env::current_exe()?)
            .args(["relay", &to.to_string()])
            .stdin(Stdio::null());
        Ok(Self(command.spawn()?))
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Hands on every connection, until the process is killed.
///
/// # Errors
/// Fails when the address is taken.
pub fn relay(to: SocketAddr) -> std::io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind(SocketAddr::from(ADDRESS)).await?;
        loop {
            let (mut near, _) = listener.accept().await?;
            tokio::spawn(async move {
                let Ok(mut far) = TcpStream::connect(to).await else {
                    return;
                };
                // What is said in one piece goes on in one piece, at once.
                let _ = (near.set_nodelay(true), far.set_nodelay(true));
                // Whoever breaks off ends it for both.
                let _ = copy_bidirectional(&mut near, &mut far).await;
            });
        }
    })
}
