//! A private service that speaks S3, on a folder that vanishes with it. It lives in this process and needs nothing
//! installed.

use std::net::SocketAddr;
use std::path::Path;

use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use s3s_fs::FileSystem;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};

use crate::guarded::free_port;

/// The bucket that is there from the beginning.
pub const BUCKET: &str = "mainstay-test";

/// The access key's identifier and its secret.
pub const KEY: (&str, &str) = ("test-key", "test-secret");

/// A service that speaks S3.
#[derive(Debug)]
pub struct S3Server {
    folder: TempDir,
    address: SocketAddr,
    serving: JoinHandle<()>,
}

impl S3Server {
    /// Starts one on loopback.
    ///
    /// # Panics
    /// Panics when it cannot be started.
    pub async fn start() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::create_dir(folder.path().join(BUCKET)).expect("a bucket");
        // It is taken again at a restart: none that others are given in between.
        let address = SocketAddr::from(([127, 0, 0, 1], free_port()));
        let (address, serving) = serve(folder.path(), address).await;
        Self {
            folder,
            address,
            serving,
        }
    }

    /// Where it answers, such as `http://127.0.0.1:4567`.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The folder in which it keeps the bucket.
    #[must_use]
    pub fn bucket(&self) -> std::path::PathBuf {
        self.folder.path().join(BUCKET)
    }

    /// Stops it as a crash would: connections break, nothing answers any more.
    pub async fn stop(&mut self) {
        if self.serving.is_finished() {
            return;
        }
        self.serving.abort();
        // It was aborted: that is what it says.
        let _ = (&mut self.serving).await;
    }

    /// Starts it again at the same address, with what it kept.
    ///
    /// # Panics
    /// Panics when it cannot be started.
    pub async fn restart(&mut self) {
        self.stop().await;
        (_, self.serving) = serve(self.folder.path(), self.address).await;
    }
}

impl Drop for S3Server {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn serve(folder: &Path, address: SocketAddr) -> (SocketAddr, JoinHandle<()>) {
    let files = FileSystem::new(folder).expect("a folder that can be served");
    let mut builder = S3ServiceBuilder::new(files);
    builder.set_auth(SimpleAuth::from_single(KEY.0, KEY.1));
    let service = builder.build();
    let listener = TcpListener::bind(address).await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let serving = tokio::spawn(async move {
        // Dropped with this task, so that connections end with it.
        let mut connections = JoinSet::new();
        while let Ok((socket, _)) = listener.accept().await {
            let service = service.clone();
            connections.spawn(async move {
                let server = Builder::new(TokioExecutor::new());
                // A client that hangs up is no fault.
                let _ = server.serve_connection(TokioIo::new(socket), service).await;
            });
        }
    });
    (address, serving)
}
