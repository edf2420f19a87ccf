//! Queries of lists, which people paste: done or refused with words, and paged through without a gap or a repetition.

use std::collections::BTreeSet;

use axum::http::{Method, StatusCode};
use mainstay_web::page;
use serde_json::Value;

use crate::service::{READING, Service, check_answer, named, percent_encoded};

/// How many pages are turned at most; the lists are shorter.
const MOST_PAGES: usize = 40;

thread_local! {
    /// The service, in which nothing ever changes.
    static SERVICE: Service = Service::start();
}

/// Any bytes taken for a route, in the first line, its query, in the second, and in the third the name of a list and what
/// a cursor of it continues after, with a blank between.
///
/// # Panics
/// When the answer is a fault or the refusal says nothing, and when the pages of a list do not hold each thing once.
pub fn query(data: &[u8]) {
    let mut lines = data.splitn(3, |byte| *byte == b'\n');
    let Some(route) = named(lines.next().unwrap_or_default(), &READING) else {
        return;
    };
    let query = percent_encoded(lines.next().unwrap_or_default());
    let cursor = lines.next().map(made_cursor).unwrap_or_default();
    SERVICE.with(|service| {
        let path = service.path(route);
        let asked = format!("{path}?{query}{cursor}");
        // An address may be so long.
        if asked.len() > 60_000 {
            return;
        }
        let answer = service.ask(&Method::GET, &asked, b"");
        check_answer(&answer, &asked, asked.len());
        if answer.status == StatusCode::OK {
            check_pages(service, &asked, answer.body);
        }
    });
}

/// A cursor that bears the right check, whatever it continues after.
fn made_cursor(line: &[u8]) -> String {
    let line = String::from_utf8_lossy(line);
    let Some((list, key)) = line.rsplit_once(' ') else {
        return String::new();
    };
    let cursor = match serde_json::from_str::<Value>(key) {
        Ok(key) => page::cursor(list, &key),
        Err(_) => page::cursor(list, &key),
    };
    format!("&cursor={cursor}")
}

/// Every page leads to the next, and none shows what another has shown.
fn check_pages(service: &Service, asked: &str, mut page: Value) {
    let mut shown = BTreeSet::new();
    for _ in 0..MOST_PAGES {
        let Some(items) = page["items"].as_array() else {
            return;
        };
        assert!(items.len() <= 200, "{} on a page of {asked}", items.len());
        for id in items.iter().filter_map(|item| item["id"].as_str()) {
            assert!(shown.insert(id.to_owned()), "{id} twice in {asked}");
        }
        let Some(next) = page["next"].as_str() else {
            return;
        };
        let answer = service.ask(&Method::GET, next, b"");
        assert_eq!(answer.status, StatusCode::OK, "{next}, after {asked}");
        page = answer.body;
    }
    panic!("{asked} has no last page");
}
