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
    /// The worker has done a round of what is due lately.
    worker: bool,
    /// The worker has done a round of jobs lately.
    jobs: bool,
    /// The process has not been asked to end.
    accepting: bool,
    /// How punctually the worker acted on what was due since the process started.
    due: Due,
    /// Versions of the policy that this program does not accept as they are, what takes their place, and how to mend it.
    /// The process serves nevertheless.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    policy: Vec<String>,
}

/// How punctual the worker is.
#[derive(Debug, Serialize)]
struct Due {
    /// How many due instants were acted on.
    done: u64,
    /// How many of them more than a second late.
    late: u64,
    /// How late the last one was, in milliseconds.
    last_ms: i128,
    /// How late the worst one was, in milliseconds.
    worst_ms: i128,
}

async fn health() -> impl IntoResponse {
    ([(header::CACHE_CONTROL, "no-store")], "ok\n")
}

async fn ready(State(web): State<Web>) -> impl IntoResponse {
    let store = web.app.is_store_well().await;
    let worker = (web.options.worker_alive)();
    let jobs = (web.options.jobs_alive)();
    let accepting = !web.options.stop.is_cancelled();
    let ready = store && worker && jobs && accepting;
    let status = if ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let punctuality = web.app.punctuality();
    let body = Readiness {
        ready,
        store,
        worker,
        jobs,
        accepting,
        due: Due {
            done: punctuality.done,
            late: punctuality.late,
            last_ms: punctuality.last.as_millis(),
            worst_ms: punctuality.worst.as_millis(),
        },
        policy: web.app.policy().told_faults(),
    };
    (status, [(header::CACHE_CONTROL, "no-store")], Json(body))
}
