//! HTTP: routes, sign-in, wire types, OpenAPI, live events.
//!
//! [`router`] is the whole service; [`openapi`] describes it. What a route does stands in [`api`], one file a noun; what
//! surrounds every route stands in `frame`; what every route reads and writes alike (bodies, identifiers, pages, tags,
//! problems) has a module each.

pub mod api;
pub mod auth;
mod docs;
pub mod etag;
mod frame;
mod health;
mod idempotency;
pub mod input;
pub mod page;
pub mod problem;

use std::sync::Arc;

use axum::Router;
use mainstay_app::App;
use tokio_util::sync::CancellationToken;

pub use api::openapi;
pub use frame::Limits;

/// What the routes work with.
#[derive(Clone)]
pub struct Web {
    /// The use cases.
    pub app: App,
    /// How the service is run.
    pub options: Arc<Options>,
}

/// How the service is run.
pub struct Options {
    /// Limits on every request.
    pub limits: Limits,
    /// Ends when the program is asked to: streams that would go on for ever end with it.
    pub stop: CancellationToken,
    /// Whether the worker of this process is alive, or meant not to be.
    pub worker_alive: Box<dyn Fn() -> bool + Send + Sync>,
}

/// The whole service.
#[must_use]
pub fn router(web: Web) -> Router {
    let limits = web.options.limits;
    let (api, description) = api::routes().split_for_parts();
    let guard = axum::middleware::from_fn_with_state(web.clone(), idempotency::guard);
    let routes = Router::new()
        .merge(api.route_layer(guard))
        .merge(health::routes())
        .with_state(web)
        .merge(docs::routes(api::complete(description)));
    frame::surround(routes, limits)
}
