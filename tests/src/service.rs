//! The service with its sockets, within the process of a test.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use mainstay_app::{App, Clock};
use mainstay_server::Failure;
use mainstay_server::service::Service;
use mainstay_server::settings::{Reader, Settings};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Settings from the text of a file; nothing of the environment counts.
#[must_use]
pub fn settings(text: &str) -> Settings {
    let file = Some((Path::new("mainstay.toml"), text));
    let reader = Reader::new(file, BTreeMap::new(), BTreeMap::new()).expect("settings");
    Settings::read(reader).expect("settings")
}

/// A service that runs.
pub struct RunningService {
    /// Its use cases.
    pub app: App,
    /// Where it is.
    pub url: String,
    /// Where it tells what it measures, if it does.
    pub metrics: Option<SocketAddr>,
    stop: CancellationToken,
    running: JoinHandle<Result<(), Failure>>,
}

impl RunningService {
    /// Begins to serve.
    pub async fn begin(settings: Settings, clock: Arc<dyn Clock>) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let service = Service::start(settings, clock).await.expect("a service");
        let (app, url) = (
            service.app().clone(),
            format!("http://{}", service.address()),
        );
        let (metrics, stop) = (service.metrics_address(), CancellationToken::new());
        Self {
            app,
            url,
            metrics,
            running: tokio::spawn(service.run(stop.clone())),
            stop,
        }
    }

    /// Ends it in order.
    pub async fn end(self) {
        self.stop.cancel();
        let ended = self.running.await.expect("no panic");
        ended.expect("an end in order");
    }
}
