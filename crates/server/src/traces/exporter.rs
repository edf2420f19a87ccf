//! What leaves of a span, in the words of the standard, and how it leaves.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use opentelemetry::trace::SpanKind;
use opentelemetry::{Key, KeyValue};
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SpanData, SpanExporter};

use crate::Failure;
use crate::failure::root_of;

/// How long the collector may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// What may leave of a span: our name of it, and the one by which collectors know it (OpenTelemetry's semantic conventions where
/// they have one). Everything else stays.
pub(super) const ATTRIBUTES: [(&str, &str); 16] = [
    ("method", "http.request.method"),
    ("route", "http.route"),
    ("status", "http.response.status_code"),
    ("id", "mainstay.request"),
    ("engine", "db.system.name"),
    ("committed", "mainstay.committed"),
    ("job", "mainstay.job"),
    ("kind", "mainstay.job.kind"),
    ("subjects", "mainstay.due.subjects"),
    ("first", "mainstay.due.first"),
    ("mail", "mainstay.mail"),
    ("source", "mainstay.mail.source"),
    ("webhook", "mainstay.webhook"),
    ("delivery", "mainstay.webhook.delivery"),
    ("dispatch", "mainstay.dispatch"),
    ("channel", "mainstay.dispatch.channel"),
];

/// Says of spans only what may be said, in the words of the standard.
#[derive(Debug)]
pub(super) struct Discreet<E>(E);

impl<E> Discreet<E> {
    pub(super) fn new(exporter: E) -> Self {
        Self(exporter)
    }
}

impl<E: SpanExporter> SpanExporter for Discreet<E> {
    async fn export(&self, mut batch: Vec<SpanData>) -> OTelSdkResult {
        batch.iter_mut().for_each(put_into_words);
        self.0.export(batch).await
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.0.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.0.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.0.set_resource(resource);
    }
}

fn put_into_words(span: &mut SpanData) {
    let of = |span: &SpanData, name: &str| {
        let mut attributes = span.attributes.iter();
        let found = attributes.find(|attribute| attribute.key.as_str() == name);
        found.map_or_else(String::new, |found| found.value.as_str().into_owned())
    };
    match &*span.name {
        "request" => {
            span.span_kind = SpanKind::Server;
            span.name = format!("{} {}", of(span, "method"), of(span, "route")).into();
        }
        "job" => {
            span.span_kind = SpanKind::Consumer;
            span.name = format!("job {}", of(span, "kind")).into();
        }
        "transaction" | "send_mail" | "call_webhook" | "send_message" => {
            span.span_kind = SpanKind::Client;
        }
        _ => {}
    }
    span.attributes = std::mem::take(&mut span.attributes)
        .into_iter()
        .filter_map(said)
        .collect();
}

fn said(attribute: KeyValue) -> Option<KeyValue> {
    let name = attribute.key.as_str();
    let (_, said) = ATTRIBUTES.iter().find(|(ours, _)| *ours == name)?;
    Some(KeyValue::new(Key::from_static_str(said), attribute.value))
}

/// The way to the collector. It says once that the collector is away, and once that it is back.
#[derive(Debug)]
pub(super) struct Collector {
    client: reqwest::blocking::Client,
    is_away: AtomicBool,
}

impl Collector {
    pub(super) fn new() -> Result<Self, Failure> {
        let client = reqwest::blocking::Client::builder()
            .timeout(PATIENCE)
            .user_agent(concat!("mainstay/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| Failure::new(format!("traces cannot be sent: {}", root_of(&error))))?;
        Ok(Self {
            client,
            is_away: AtomicBool::new(false),
        })
    }

    fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, reqwest::Error> {
        let answer = self.client.execute(request.try_into()?)?;
        let status = answer.status();
        let mut response = Response::new(answer.bytes()?);
        *response.status_mut() = status;
        Ok(response)
    }

    fn note(&self, outcome: &Result<Response<Bytes>, reqwest::Error>) {
        let reason = match outcome {
            Ok(answer) if answer.status().is_success() => None,
            Ok(answer) => Some(format!("it answers {}", answer.status())),
            Err(error) => Some(root_of(error)),
        };
        match (reason, self.is_away.load(Ordering::Relaxed)) {
            (Some(reason), false) => {
                self.is_away.store(true, Ordering::Relaxed);
                tracing::warn!("the collector takes no traces, which are lost meanwhile: {reason}");
            }
            (None, true) => {
                self.is_away.store(false, Ordering::Relaxed);
                tracing::info!("the collector takes traces again");
            }
            _ => {}
        }
    }
}

#[async_trait]
impl HttpClient for Collector {
    /// Waits where it is called: the thread that sends spans does nothing else.
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let outcome = self.send(request);
        self.note(&outcome);
        Ok(outcome?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use opentelemetry::InstrumentationScope;
    use opentelemetry::trace::{SpanContext, SpanId, Status};
    use opentelemetry_sdk::trace::{SpanEvents, SpanLinks};

    fn span(name: &'static str, attributes: &[(&'static str, &'static str)]) -> SpanData {
        #[expect(clippy::disallowed_methods, reason = "a span has a time, whichever")]
        let at = std::time::SystemTime::now();
        SpanData {
            span_context: SpanContext::empty_context(),
            parent_span_id: SpanId::INVALID,
            parent_span_is_remote: false,
            span_kind: SpanKind::Internal,
            name: name.into(),
            start_time: at,
            end_time: at,
            attributes: attributes
                .iter()
                .map(|(key, value)| KeyValue::new(*key, *value))
                .collect(),
            dropped_attributes_count: 0,
            events: SpanEvents::default(),
            links: SpanLinks::default(),
            status: Status::Unset,
            instrumentation_scope: InstrumentationScope::default(),
        }
    }

    #[test]
    fn a_span_speaks_the_words_of_the_standard_and_says_nothing_else() {
        let mut request = span(
            "request",
            &[
                ("method", "GET"),
                ("route", "/api/v1/tickets/{id}"),
                ("email", "casey@customer.example"),
            ],
        );
        put_into_words(&mut request);
        assert_eq!(request.name, "GET /api/v1/tickets/{id}");
        assert_eq!(request.span_kind, SpanKind::Server);
        let said: Vec<_> = request
            .attributes
            .iter()
            .map(|said| format!("{} {}", said.key, said.value))
            .collect();
        assert_eq!(
            said,
            ["http.request.method GET", "http.route /api/v1/tickets/{id}"]
        );
    }
}
