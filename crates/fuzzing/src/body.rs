//! Bodies of requests that write: done or refused with words, and nothing without a limit is kept.

use std::cell::RefCell;

use axum::http::{Method, StatusCode};
use serde_json::Value;

use crate::service::{Route, Service, WRITING, check_answer, named};

/// Longer than any text may be: the second than a message, which is refused no sooner.
const TOO_LONG: [usize; 2] = [1 << 17, 1 << 20];

/// How many texts of one body are made too long, each by itself.
const MOST_TEXTS: usize = 12;

thread_local! {
    /// The service, as long as nothing has changed in it.
    static SERVICE: RefCell<Option<Service>> = const { RefCell::new(None) };
}

/// Any bytes taken for a route, in the first line, and the body of a request to it.
///
/// # Panics
/// When the answer is a fault or the refusal says nothing; when what was done cannot be read afterwards; and when it would
/// be done as well with a text that has no end.
pub fn body(data: &[u8]) {
    let mut parts = data.splitn(2, |byte| *byte == b'\n');
    let Some(route) = named(parts.next().unwrap_or_default(), &WRITING) else {
        return;
    };
    let body = parts.next().unwrap_or_default();
    if !ask(route, body).is_success() {
        return;
    }
    let Ok(value) = serde_json::from_slice::<Value>(body) else {
        panic!("{route:?} took what is no JSON");
    };
    for pointer in texts(&value, String::new()).into_iter().take(MOST_TEXTS) {
        let is_limited = TOO_LONG
            .into_iter()
            .map(|length| with_longer(&value, &pointer, length))
            .any(|longer| !ask(route, longer.as_bytes()).is_success());
        assert!(
            is_limited,
            "{route:?} sets no limit to {pointer} of {value}"
        );
    }
}

/// The same with one of its texts repeated until it is so long.
fn with_longer(value: &Value, pointer: &str, length: usize) -> String {
    let mut longer = value.clone();
    if let Some(text) = longer.pointer_mut(pointer) {
        let unit = text.as_str().filter(|text| !text.is_empty()).unwrap_or("x");
        *text = unit.repeat(length / unit.len() + 1).into();
    }
    longer.to_string()
}

/// Asks a service that holds what it always holds.
fn ask(route: &Route, body: &[u8]) -> StatusCode {
    let service = SERVICE.take().unwrap_or_else(Service::start);
    let path = service.path(route);
    let asked = format!("{} {path}", route.method);
    let answer = service.ask(&route.method, &path, body);
    check_answer(&answer, &asked, body.len());
    if answer.status.is_success() {
        check_readable(&service, &path);
    }
    // What is refused as it is read leaves nothing behind: neither a row nor a count of failures.
    let unchanged = [
        StatusCode::BAD_REQUEST,
        StatusCode::NOT_FOUND,
        StatusCode::PAYLOAD_TOO_LARGE,
        StatusCode::UNPROCESSABLE_ENTITY,
    ];
    if unchanged.contains(&answer.status) {
        SERVICE.set(Some(service));
    }
    answer.status
}

/// What was made or changed can be read, alone and in its list.
fn check_readable(service: &Service, path: &str) {
    let noun = path.split('/').nth(1).unwrap_or_default();
    for path in [path, &format!("/{noun}")] {
        let shown = service.ask(&Method::GET, path, b"");
        assert!(
            !shown.status.is_server_error(),
            "{path} cannot be read: {}",
            shown.body
        );
    }
}

/// Where the texts of a body stand, as JSON pointers.
fn texts(value: &Value, at: String) -> Vec<String> {
    match value {
        Value::String(_) => vec![at],
        Value::Array(items) => items
            .iter()
            .enumerate()
            .flat_map(|(index, item)| texts(item, format!("{at}/{index}")))
            .collect(),
        Value::Object(fields) => fields
            .iter()
            .flat_map(|(name, field)| {
                let name = name.replace('~', "~0").replace('/', "~1");
                texts(field, format!("{at}/{name}"))
            })
            .collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => Vec::new(),
    }
}
