//! Spans for a collector of traces (OpenTelemetry), which is sent them where one is set and where not costs nothing.
//!
//! They leave in batches, by a thread of their own. When the collector is away, spans are lost and nothing else: nobody waits
//! for it, and what is kept for it has a bound. Of a span only what a list allows (`traces/exporter.rs`) leaves the process, so that no careless
//! line elsewhere tells a stranger somebody's address.

mod endpoint;
mod exporter;

use std::time::Duration;

use opentelemetry::trace::TracerProvider as _;
use opentelemetry::{KeyValue, global};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::resource::EnvResourceDetector;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::{Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{LevelFilter, filter_fn};
use tracing_subscriber::registry::LookupSpan;

use crate::Failure;
use crate::command::serve::encrypt_in_one_way;

pub use endpoint::Endpoint;
use exporter::{Collector, Discreet};

/// How long the end of the program waits for the last spans to leave.
const PATIENCE_AT_THE_END: Duration = Duration::from_secs(2);

/// Sends spans to a collector for as long as it lives.
#[derive(Debug)]
pub struct Traces {
    provider: SdkTracerProvider,
}

impl Traces {
    /// Begins to send spans; nothing is connected yet. Sampling, batches, headers for the collector and further attributes of
    /// the resource are as the standard's environment variables say (`OTEL_TRACES_SAMPLER`, `OTEL_BSP_…`,
    /// `OTEL_EXPORTER_OTLP_HEADERS`, `OTEL_RESOURCE_ATTRIBUTES`). Must not be called by a task.
    ///
    /// # Errors
    /// Fails when the standard's variables cannot be understood or TLS cannot be prepared.
    pub fn start(endpoint: &Endpoint) -> Result<Self, Failure> {
        encrypt_in_one_way();
        let exporter = SpanExporter::builder()
            .with_http()
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(endpoint.for_traces())
            .with_http_client(Collector::new()?)
            .build()
            .map_err(|error| {
                Failure::new(format!("traces cannot be sent: {error}"))
                    .with_remedy("look at telemetry.otlp_endpoint and at the environment variables that begin with OTEL_")
            })?;
        let provider = SdkTracerProvider::builder()
            .with_resource(resource())
            .with_batch_exporter(Discreet::new(exporter))
            .build();
        global::set_text_map_propagator(TraceContextPropagator::new());
        Ok(Self { provider })
    }

    /// Takes the spans of this program to be sent; those of libraries say too much.
    pub fn layer<S>(&self) -> impl Layer<S> + use<S>
    where
        S: Subscriber + for<'span> LookupSpan<'span>,
    {
        let ours = filter_fn(|metadata| {
            metadata.is_span()
                && metadata.target().starts_with("mainstay")
                && *metadata.level() <= Level::DEBUG
        })
        .with_max_level_hint(LevelFilter::DEBUG);
        tracing_opentelemetry::layer()
            .with_tracer(self.provider.tracer("mainstay"))
            .with_location(false)
            .with_threads(false)
            .with_target(false)
            .with_tracked_inactivity(false)
            .with_filter(ours)
    }
}

impl Traces {
    /// Ends it and waits no longer than this until the last spans have left. The end of the program waits only briefly.
    ///
    /// # Errors
    /// Fails when they have not left by then, or the collector did not take them.
    pub fn end_within(self, patience: Duration) -> Result<(), Failure> {
        let ended = self.provider.shutdown_with_timeout(patience);
        ended.map_err(|error| Failure::new(format!("the last spans were not sent: {error}")))
    }
}

impl Drop for Traces {
    fn drop(&mut self) {
        // What cannot be sent in time is lost, as said.
        let _ = self.provider.shutdown_with_timeout(PATIENCE_AT_THE_END);
    }
}

/// What sends the spans. The environment may say otherwise and more.
fn resource() -> Resource {
    let ours = [
        KeyValue::new("service.name", "mainstay"),
        KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
    ];
    let builder = Resource::builder_empty()
        .with_attributes(ours)
        .with_detector(Box::new(EnvResourceDetector::new()));
    match std::env::var("OTEL_SERVICE_NAME") {
        Ok(name) if !name.is_empty() => builder.with_service_name(name).build(),
        _ => builder.build(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{SocketAddr, TcpListener};
    use std::time::Instant;
    use tracing_subscriber::layer::SubscriberExt as _;

    /// Were anybody to wait for it, or anything kept without a bound, ten thousand spans would show it.
    #[test]
    fn a_collector_that_is_away_or_never_answers_holds_nobody_up() {
        let silent = TcpListener::bind("127.0.0.1:0").unwrap();
        // Nobody listens at the first.
        let away = SocketAddr::from(([127, 0, 0, 1], 9));
        for address in [away, silent.local_addr().unwrap()] {
            #[expect(clippy::disallowed_methods, reason = "it is real time that passes")]
            let began = Instant::now();
            let endpoint = format!("http://{address}").parse().unwrap();
            let traces = Traces::start(&endpoint).unwrap();
            let subscriber = tracing_subscriber::registry().with(traces.layer());
            tracing::subscriber::with_default(subscriber, || {
                for _ in 0..10_000 {
                    let _within = tracing::debug_span!("job", kind = "tidy").entered();
                    tracing::debug_span!("transaction").in_scope(|| {});
                }
            });
            drop(traces);
            // To wait for each batch would take minutes.
            let taken = began.elapsed();
            assert!(taken < Duration::from_secs(60), "{address}: {taken:?}");
        }
    }
}
