//! Whether the process lives, and whether it should be sent requests.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use serde::Serialize;

use crate::Web;

/// `/healthz`: the process is alive. `/readyz`: it can serve.
pub fn routes() -> Router<Web> {
    Router::new()
        .route("/healthz", get(health))
        .route("/readyz", get(ready))
}

/// The outcome of each thing that must be well.
#[derive(Debug, Serialize)]
struct Readiness {
    ready: bool,
    /// The store answers, and its schema is the one this program knows.
    store: bool,
    /// The worker has done a round lately.
    worker: bool,
    /// The process has not been asked to end.
    accepting: bool,
}

async fn health() -> impl IntoResponse {
    ([(header::CACHE_CONTROL, "no-store")], "ok\n")
}

async fn ready(State(web): State<Web>) -> impl IntoResponse {
    let store = web.app.is_store_well().await;
    let worker = (web.options.worker_alive)();
    let accepting = !web.options.stop.is_cancelled();
    let ready = store && worker && accepting;
    let status = if ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let body = Readiness {
        ready,
        store,
        worker,
        accepting,
    };
    (status, [(header::CACHE_CONTROL, "no-store")], Json(body))
}
