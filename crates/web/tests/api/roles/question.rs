//! A request to each route that would be granted if only the caller may: its names are of things that are there, its
//! body is right.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::table::Route;
use crate::passkeys::device::Device;
use crate::service::PASSWORD;

/// A challenge that nobody was given.
const GUESSED: &str = "AAAAAAAAAAAAAAAAAAAAAA";

/// What can be asked, by its name in [`path`] and [`body`].
pub type Things = BTreeMap<&'static str, String>;

/// The path with names put in, and a query where one is needed.
pub fn path(route: &Route, things: &Things) -> String {
    let mut path = String::new();
    let mut noun = String::new();
    for part in route.path.split('/').skip(1) {
        path.push('/');
        if part.starts_with('{') {
            path.push_str(thing(things, &noun));
        } else {
            path.push_str(part);
            noun.push('/');
            noun.push_str(part);
        }
    }
    if route.path == "/mail/received/{id}/accept" {
        return path.replace(thing(things, "/mail/received"), thing(things, "held mail"));
    }
    if route.path == "/tickets/{id}/rating" {
        return path.replace(thing(things, "/tickets"), thing(things, "done ticket"));
    }
    if route.path.starts_with("/search") {
        path.push_str("?q=export");
    }
    if route.path == "/teams/{id}/on-call/spans" {
        path.push_str("?from=2026-03-02T00:00:00Z&until=2026-03-09T00:00:00Z");
    }
    if route.path == "/names" {
        path.push_str("?ids=");
    }
    path
}

fn thing<'a>(things: &'a Things, noun: &str) -> &'a str {
    things
        .get(noun)
        .unwrap_or_else(|| panic!("the stage has nothing for {noun}: add it to roles/fill.rs"))
}

/// The body, where the route takes one.
pub fn body(route: &Route, things: &Things) -> Option<Value> {
    let other = || thing(things, "other ticket");
    let body = match (route.method.as_str(), route.path.as_str()) {
        ("GET" | "DELETE", _) => return None,
        ("POST", "/accounts") => json!({"name": "New"}),
        ("POST", "/accounts/{id}/contracts" | "/accounts/{id}/contracts/preview") => {
            json!({"tier": "standard", "starts_on": "2027-01-01", "value": 1, "currency": "EUR"})
        }
        ("PATCH", "/contracts/{id}") => json!({"value": 2}),
        ("POST", "/agents") => json!({"email": "new@example.com", "name": "New"}),
        ("PUT", "/me/password") => json!({"old": PASSWORD, "password": "another horse"}),
        ("PATCH", "/me") => json!({"language": "es"}),
        (
            "POST",
            "/me/second-factor" | "/me/second-factor/removal" | "/me/second-factor/recovery-codes",
        ) => json!({"password": PASSWORD}),
        ("POST", "/me/second-factor/confirmation") => json!({"code": "000000"}),
        ("POST", "/me/passkeys/challenges" | "/me/passkeys/{id}/removal") => {
            json!({"password": PASSWORD})
        }
        ("POST", "/me/passkeys") => {
            let asked =
                json!({"challenge": GUESSED, "user": {"id": "AA"}, "rp": {"id": "localhost"}});
            json!({"name": "Guessed", "credential": Device::new(1).makes(&asked)})
        }
        ("POST", "/passkeys/challenges") => return None,
        ("POST", "/passkeys/session") => {
            let mut device = Device::new(1);
            device.handle = Some("AAAAAAAAAAAAAAAAAAAAAA".to_owned());
            let asked = json!({"challenge": GUESSED, "rpId": "localhost"});
            json!({"credential": device.signs(&asked)})
        }
        ("POST", "/sign-in-links") => {
            json!({"email": "viewer@example.com", "purpose": "new_password"})
        }
        ("PUT", "/sign-in-links/password") => {
            json!({"token": "msl_guessed", "password": "another horse"})
        }
        ("POST", "/sign-in-links/session") => json!({"token": "msl_guessed"}),
        ("PUT", "/tickets/{id}/draft") => json!({"text": "Soon."}),
        ("PUT", "/tickets/{id}/rating") => json!({"score": "good"}),
        ("PUT", "/tickets/{id}/presence") => json!({"doing": "reading"}),
        ("PUT", "/teams/{id}/on-call") => json!({"layers": []}),
        ("POST", "/teams/{id}/on-call/covers") => {
            json!({"agent": thing(things, "administrator"), "until": "2026-03-04T09:00:00Z"})
        }
        ("PUT", "/company") => json!({"name": "Desk Inc"}),
        ("PUT", "/me/image-senders/{id}") => return None,
        ("PUT", _) => json!({"password": "another horse"}),
        ("POST", "/contacts") => json!({"name": "New", "addresses": ["new@own.example"]}),
        ("PATCH", "/contacts/{id}") => json!({"phone": "+1 555 0100"}),
        ("POST", "/escalations") => {
            json!({"ticket": other(), "reason": "churn_threat", "note": "They look elsewhere."})
        }
        ("POST", "/escalations/{id}/records") => json!({"type": "acknowledge"}),
        ("POST", "/mail/received/{id}/refile") => json!({"ticket": other()}),
        ("POST", "/policy/preview") => json!({"pack": "premium-support"}),
        ("POST", "/set-up") => {
            json!({"code": "guessed", "name": "New", "email": "new@example.com", "password": PASSWORD})
        }
        ("POST", "/policy/compare") => {
            json!({"before": {"pack": "premium-support"}, "after": {"version": 1}})
        }
        ("POST", "/policy/versions") => json!({"pack": "client-success"}),
        ("POST", "/sessions") => json!({"email": "viewer@example.com", "password": PASSWORD}),
        ("POST", "/tickets") => json!({"subject": "New", "message": "It hurts."}),
        ("POST", "/tickets/bulk") => {
            json!({"tickets": [other()], "change": {"add_tags": ["many"]}})
        }
        ("POST", "/tickets/bulk/undo") => {
            json!({"changes": [{"ticket": other(), "before": 1, "after": 2}]})
        }
        ("PATCH", "/tickets/{id}") => json!({"subject": "Another subject"}),
        ("POST", "/tickets/{id}/escalation-requests") => json!({"note": "We lose money."}),
        ("POST", "/tickets/{id}/merge" | "/tickets/{id}/merge/preview") => json!({"into": other()}),
        ("POST", "/tickets/{id}/messages") => json!({"text": "More."}),
        ("POST", "/tickets/{id}/split" | "/tickets/{id}/split/preview") => {
            json!({"messages": [thing(things, "second message")], "subject": "Apart"})
        }
        ("POST", "/time") => json!({"advance": "1s"}),
        ("POST", "/tokens") => json!({"name": "mine", "scopes": ["*"]}),
        ("POST", "/mailboxes") => {
            json!({"address": "more@desk.example", "outgoing": {"host": "smtp.desk.example"}})
        }
        ("PATCH", "/mailboxes/{id}") => json!({"active": false}),
        ("POST", "/webhooks") => json!({"url": "https://hooks.example/in"}),
        ("PATCH", "/webhooks/{id}") => json!({"include_messages": true}),
        (
            "POST" | "PATCH",
            "/views" | "/views/{id}" | "/macros" | "/macros/{id}" | "/teams" | "/teams/{id}"
            | "/accounts/{id}" | "/agents/{id}",
        ) => json!({"name": "Another name"}),
        _ => json!({}),
    };
    Some(body)
}
