//! HTTP: routes, sign-in, wire types, OpenAPI, live events.
//!
//! [`router`] is the whole service; [`openapi`] describes it. What a route does stands in [`api`], one file a noun; what
//! surrounds every route stands in `frame`; what every route reads and writes alike (bodies, identifiers, pages, tags,
//! problems) has a module each.

mod acknowledge;
pub mod api;
pub mod auth;
mod connection;
mod docs;
pub mod etag;
mod frame;
mod health;
mod host;
mod hub;
mod idempotency;
pub mod input;
mod link_page;
pub mod page;
pub mod peer;
pub mod problem;
mod query;
mod rate;
mod rating;
mod ui;

use std::sync::Arc;

use axum::Router;
use ipnet::IpNet;
use mainstay_app::App;
use serde::Serialize;
use tokio_util::sync::CancellationToken;
use utoipa::ToSchema;

pub use api::openapi;
pub use connection::{ConnectionLimits, serve};
pub use frame::{Limits, count_problems_from_zero};
pub use host::Hosts;
pub use rate::{Passed, Rate, Rates};

/// What the routes work with.
#[derive(Clone)]
pub struct Web {
    /// The use cases.
    pub app: App,
    /// How the service is run.
    pub options: Arc<Options>,
    hub: hub::Hub,
    counts: Arc<rate::Counts>,
}

impl Web {
    /// Puts together what the routes work with.
    #[must_use]
    pub fn new(app: App, options: Options) -> Self {
        let hub = hub::Hub::new(app.clone(), options.stop.clone());
        let counts = rate::Counts::new(options.rates, options.passed.clone());
        Self {
            app,
            options: Arc::new(options),
            hub,
            counts: Arc::new(counts),
        }
    }
}

/// How the service is run.
pub struct Options {
    /// Limits on every request.
    pub limits: Limits,
    /// Ends when the program is asked to: streams that would go on for ever end with it.
    pub stop: CancellationToken,
    /// How often somebody may ask.
    pub rates: Rates,
    /// How much time has passed, for counting how often somebody asks: real time, also where a simulated clock runs.
    pub passed: Passed,
    /// Which names are ours besides that of the public address.
    pub hosts: Hosts,
    /// The networks of the proxies whose word on who asks is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Whether the rounds of what is due are alive in this process, or meant not to be.
    pub worker_alive: Box<dyn Fn() -> bool + Send + Sync>,
    /// The same of the rounds of jobs.
    pub jobs_alive: Box<dyn Fn() -> bool + Send + Sync>,
    /// The settings in force, for those who may see them. Secrets are masked.
    pub settings: Vec<Setting>,
}

/// A setting in force.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Setting {
    /// Its key.
    pub key: String,
    /// Its value; absent when it is not set. Secrets are masked.
    pub value: Option<String>,
    /// Where the value came from.
    pub origin: String,
}

/// The whole service.
pub fn router(web: Web) -> Router {
    let limits = web.options.limits;
    let (api, description) = api::routes().split_for_parts();
    let guard = axum::middleware::from_fn_with_state(web.clone(), idempotency::guard);
    let known = query::KnownQueries::of(&description);
    let queries = axum::middleware::from_fn_with_state(known, query::guard);
    let open = (web.clone(), rate::OpenRoutes::of(&description));
    let rates = axum::middleware::from_fn_with_state(open, rate::guard);
    let hosts = axum::middleware::from_fn_with_state(web.clone(), host::guard);
    let routes = Router::new()
        .merge(api.route_layer(guard).route_layer(queries))
        .merge(health::routes())
        .merge(acknowledge::routes())
        .merge(rating::routes())
        .route_layer(rates)
        .with_state(web)
        .merge(docs::routes(api::complete(description)))
        .fallback(ui::serve);
    frame::surround(routes.layer(hosts), limits)
}
