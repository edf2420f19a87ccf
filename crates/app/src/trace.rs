//! What belongs together, seen from outside: the spans that are sent to a collector of traces, if one is set.
//!
//! A request, a job, what falls due, a mail and a call to another server have a span each, and a transaction has one within them.
//! They are made with `tracing` below the level of the log's ordinary lines, so that without a collector they cost next to
//! nothing. No span holds an address, a name or a text: only identifiers, kinds and numbers.

use opentelemetry::propagation::Extractor;
use opentelemetry::trace::{Status, TraceContextExt as _};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

/// The header by which a caller says to which trace a request belongs, and by which we say it to others
/// (W3C Trace Context, level 1).
pub const TRACEPARENT: &str = "traceparent";

/// Makes a span a child of the one that a caller names in [`TRACEPARENT`]. What is no such header is passed over, as the
/// standard demands. What else the standard lets a caller send along (`tracestate`) is not taken over: it could hold anything.
pub fn continue_from(span: &Span, traceparent: Option<&str>) {
    let Some(header) = traceparent else {
        return;
    };
    let parent = opentelemetry::global::get_text_map_propagator(|propagator| {
        propagator.extract(&Header(header))
    });
    // It fails where nobody watches, and where the span has begun to count already: neither is worth a word.
    let _ = span.set_parent(parent);
}

/// What is to be sent in [`TRACEPARENT`] with a call that is made within a span; nothing where nobody watches.
#[must_use]
pub fn traceparent(span: &Span) -> Option<String> {
    let context = span.context();
    let of = context.span().span_context().clone();
    of.is_valid().then(|| {
        format!(
            "00-{}-{}-{:02x}",
            of.trace_id(),
            of.span_id(),
            of.trace_flags()
        )
    })
}

/// Notes that what a span stands for failed. Why is in the log, under the same identifiers.
pub fn fail(span: &Span) {
    span.set_status(Status::error(""));
}

/// The one header that is read.
struct Header<'a>(&'a str);

impl Extractor for Header<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        (key == TRACEPARENT).then_some(self.0)
    }

    fn keys(&self) -> Vec<&str> {
        vec![TRACEPARENT]
    }
}
