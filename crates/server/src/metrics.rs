//! What the program measures of itself, given out in Prometheus' text format at an address of its own.
//!
//! Nothing is measured and nothing listens unless `metrics.listen` is set. The address is for whoever watches over the
//! service and asks for no credential: it belongs on loopback or on a network that strangers cannot reach.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use mainstay_app::{App, measure};
use mainstay_web::ConnectionLimits;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::Failure;

/// The bounds of the sizes by which times are counted, in seconds.
const SIZES: [f64; 16] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0,
    600.0,
];

/// How often what was measured is put in order where nobody asks for it, so that it does not pile up.
const UPKEEP: Duration = Duration::from_secs(10);

/// How long the store may take to say what stands in it.
const PATIENCE: Duration = Duration::from_secs(5);

/// How many connections are held at most: those who watch are few, and the files of the process are for customers.
const MOST_WATCHERS: usize = 100;

/// A process records in one place, whatever runs in it.
static RECORDER: Mutex<Option<PrometheusHandle>> = Mutex::new(None);

/// What is given out, at an address that is taken.
#[derive(Debug)]
pub struct Metrics {
    listener: TcpListener,
    recorder: PrometheusHandle,
}

impl Metrics {
    /// Takes the address and begins to measure.
    ///
    /// # Errors
    /// Fails when the address is taken.
    pub async fn start(listen: SocketAddr) -> Result<Self, Failure> {
        let listener = TcpListener::bind(listen).await.map_err(|error| {
            Failure::new(format!("cannot listen on {listen} for metrics: {error}"))
                .with_remedy("choose another address with the setting metrics.listen, or leave it out to measure nothing")
        })?;
        Ok(Self {
            listener,
            recorder: recorder()?,
        })
    }

    /// The address it listens on, with the port that was chosen.
    ///
    /// # Errors
    /// Fails when the system does not tell it.
    pub fn address(&self) -> Result<SocketAddr, Failure> {
        self.listener.local_addr().map_err(|error| {
            Failure::new(format!("the address of the metrics is not known: {error}"))
        })
    }

    /// Gives out what is measured until it is asked to stop. Connections are held to the limits of those of the service, and
    /// are fewer.
    pub async fn serve(self, app: App, limits: ConnectionLimits, stop: CancellationToken) {
        let recorder = self.recorder.clone();
        let upkeep = async {
            loop {
                tokio::time::sleep(UPKEEP).await;
                recorder.run_upkeep();
            }
        };
        let state = Arc::new((app, self.recorder.clone()));
        let router = Router::new()
            .route("/metrics", get(give_out))
            .with_state(state);
        let limits = ConnectionLimits {
            count: limits.count.min(MOST_WATCHERS),
            ..limits
        };
        let server = mainstay_web::serve(self.listener, router, limits, stop.clone());
        tokio::select! {
            served = server => {
                if let Err(error) = served {
                    tracing::error!("metrics are not given out any more: {error}");
                }
            }
            _ = stop.run_until_cancelled(upkeep) => {}
        }
    }
}

async fn give_out(State(state): State<Arc<(App, PrometheusHandle)>>) -> Response {
    let (app, recorder) = &*state;
    let standing = tokio::time::timeout(PATIENCE, app.measure_standing()).await;
    let text = match standing {
        Ok(Ok(())) => recorder.render(),
        // Old figures of the store would look like new ones: better none, and the watcher sees that they are missing.
        failed => {
            let reason = match failed {
                Ok(Err(error)) => error.to_string(),
                _ => "it took too long".to_owned(),
            };
            tracing::warn!("the store does not tell what stands in it: {reason}");
            let text = "the store does not tell what stands in it; see the log\n";
            return (StatusCode::SERVICE_UNAVAILABLE, text).into_response();
        }
    };
    let kind = "text/plain; version=0.0.4; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], text).into_response()
}

/// The recorder of this process, installed when it is first asked for.
fn recorder() -> Result<PrometheusHandle, Failure> {
    let mut installed = RECORDER.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(handle) = &*installed {
        return Ok(handle.clone());
    }
    let refused = |error: String| Failure::new(format!("nothing can be measured: {error}"));
    let recorder = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SIZES)
        .map_err(|error| refused(error.to_string()))?
        .build_recorder();
    let handle = recorder.handle();
    metrics::set_global_recorder(recorder).map_err(|error| refused(error.to_string()))?;
    measure::describe();
    mainstay_web::count_problems_from_zero();
    *installed = Some(handle.clone());
    Ok(handle)
}
