//! The name by which a browser asks for us.
//!
//! A page of a stranger can let its own name lead to our address and then read our answers as if they were its own (DNS
//! rebinding). It cannot make a browser ask by our name; so a request by a name that is not ours is refused. An address
//! instead of a name cannot be rebound.

use std::net::IpAddr;

use axum::extract::{Request, State};
use axum::http::header;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::Web;
use crate::problem::{Kind, Problem};

/// Which names are ours besides that of the public address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hosts {
    /// These.
    These(Vec<String>),
    /// Any: something before us looks at the name.
    Any,
}

impl Default for Hosts {
    fn default() -> Self {
        Self::These(Vec::new())
    }
}

/// Where a name is not asked for: those who look whether the program lives may use any.
const PROBES: [&str; 2] = ["/healthz", "/readyz"];

/// Refuses a request by a name that is not ours.
pub(crate) async fn guard(State(web): State<Web>, request: Request, next: Next) -> Response {
    let named = request
        .headers()
        .get(header::HOST)
        .map(|host| host.to_str().unwrap_or_default())
        .or_else(|| {
            request
                .uri()
                .authority()
                .map(|authority| authority.as_str())
        });
    // A browser always says by which name it asks.
    let Some(named) = named else {
        return next.run(request).await;
    };
    if PROBES.contains(&request.uri().path())
        || is_ours(named, &web.app.options().public_url, &web.options.hosts)
    {
        return next.run(request).await;
    }
    Problem::new(
        Kind::Misdirected,
        "This server is not asked for by this name: use its public address, or add the name to the setting http.hosts.",
    )
    .into_response()
}

fn is_ours(named: &str, public_url: &str, hosts: &Hosts) -> bool {
    let Hosts::These(hosts) = hosts else {
        return true;
    };
    let name = without_port(named);
    let public = public_url
        .split_once("://")
        .map_or(public_url, |(_, rest)| rest);
    let public = without_port(public.split('/').next().unwrap_or_default());
    let bare = name.trim_start_matches('[').trim_end_matches(']');
    bare.parse::<IpAddr>().is_ok()
        || name.eq_ignore_ascii_case("localhost")
        || name.eq_ignore_ascii_case(public)
        || hosts.iter().any(|host| name.eq_ignore_ascii_case(host))
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_names_and_addresses_are_ours() {
        let hosts = Hosts::These(vec!["mainstay".to_owned()]);
        for (named, ours) in [
            ("support.example.com", true),
            ("Support.Example.com:443", true),
            ("mainstay:8080", true),
            ("localhost:8080", true),
            ("127.0.0.1:8080", true),
            ("[::1]:8080", true),
            ("[2001:db8::1]", true),
            ("evil.example", false),
            ("evil.example:8080", false),
            ("support.example.com.evil.example", false),
            ("localhost.evil.example", false),
            ("127.0.0.1.evil.example", false),
            ("", false),
        ] {
            let found = is_ours(named, "https://support.example.com:8443/help", &hosts);
            assert_eq!(found, ours, "{named}");
        }
        assert!(is_ours(
            "evil.example",
            "https://support.example.com",
            &Hosts::Any
        ));
    }
}
