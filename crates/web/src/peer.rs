//! The address of the machine that asks. A proxy says for whom it asks, and is believed only where it is known: anybody
//! can send a header.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use ipnet::IpNet;

use crate::Web;

/// The address of the machine that asks, where it is known.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub Option<IpAddr>);

impl FromRequestParts<Web> for Peer {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Self::Rejection> {
        let info = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        let nearest = info.map(|info| info.0.ip());
        let trusted = &web.options.trusted_proxies;
        Ok(Self(
            nearest.map(|nearest| origin(nearest, &parts.headers, trusted)),
        ))
    }
}

/// The first address, seen from here, that is no trusted proxy. Each proxy appends whom it was asked by, so the addresses
/// are read from the end; what stands before an address that nobody vouches for was written by anybody.
fn origin(nearest: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let is_trusted = |address: &IpAddr| {
        let address = address.to_canonical();
        trusted.iter().any(|network| network.contains(&address))
    };
    let mut origin = nearest.to_canonical();
    if !is_trusted(&origin) {
        return origin;
    }
    let mut chain = forwarded(headers);
    if chain.is_empty() {
        chain = x_forwarded_for(headers);
    }
    for address in chain.into_iter().rev() {
        let Some(address) = address else {
            return origin;
        };
        origin = address.to_canonical();
        if !is_trusted(&origin) {
            break;
        }
    }
    origin
}

/// The addresses of `Forwarded` (RFC 7239); nothing for one that is hidden or unreadable.
fn forwarded(headers: &HeaderMap) -> Vec<Option<IpAddr>> {
    let of_element = |element: &str| {
        element.split(';').find_map(|pair| {
            let (name, value) = pair.trim().split_once('=')?;
            name.eq_ignore_ascii_case("for").then(|| address(value))
        })
    };
    elements(headers, header::FORWARDED.as_str())
        .map(|element| of_element(element).flatten())
        .collect()
}

fn x_forwarded_for(headers: &HeaderMap) -> Vec<Option<IpAddr>> {
    elements(headers, "x-forwarded-for").map(address).collect()
}

fn elements<'a>(headers: &'a HeaderMap, name: &'a str) -> impl Iterator<Item = &'a str> {
    let values = headers.get_all(name).into_iter();
    values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
}

/// An address, with or without quotes, brackets and a port.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim().trim_matches('"');
    let bare = text
        .strip_prefix('[')
        .and_then(|text| text.split(']').next());
    text.parse()
        .ok()
        .or_else(|| bare?.parse().ok())
        .or_else(|| Some(text.parse::<SocketAddr>().ok()?.ip()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::{HeaderName, HeaderValue};

    fn seen(nearest: &str, given: &[(&'static str, &'static str)]) -> String {
        let trusted = ["10.0.0.0/8", "2001:db8::/32"].map(|network| network.parse().unwrap());
        let mut headers = HeaderMap::new();
        for (name, value) in given {
            headers.append(
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            );
        }
        origin(nearest.parse().unwrap(), &headers, &trusted).to_string()
    }

    #[test]
    fn only_a_trusted_proxy_is_believed() {
        let header = "x-forwarded-for";
        assert_eq!(seen("192.0.2.7", &[(header, "198.51.100.1")]), "192.0.2.7");
        assert_eq!(
            seen("10.0.0.1", &[(header, "198.51.100.1")]),
            "198.51.100.1"
        );
        assert_eq!(seen("10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(
            seen("::ffff:10.0.0.1", &[(header, "198.51.100.1")]),
            "198.51.100.1"
        );
    }

    #[test]
    fn what_the_client_wrote_itself_counts_for_nothing() {
        let header = "x-forwarded-for";
        assert_eq!(
            seen(
                "10.0.0.1",
                &[(header, "203.0.113.9, 198.51.100.1, 10.0.0.2")]
            ),
            "198.51.100.1"
        );
        assert_eq!(
            seen(
                "10.0.0.1",
                &[(header, "203.0.113.9"), (header, "198.51.100.1")]
            ),
            "198.51.100.1"
        );
        assert_eq!(
            seen("10.0.0.1", &[(header, "203.0.113.9, nonsense")]),
            "10.0.0.1"
        );
    }

    #[test]
    fn the_header_of_the_standard_is_read_too() {
        let header = "forwarded";
        assert_eq!(
            seen(
                "10.0.0.1",
                &[(
                    header,
                    "for=198.51.100.1:4711;proto=https, for=\"[2001:db8::1]:80\""
                )]
            ),
            "198.51.100.1"
        );
        assert_eq!(seen("10.0.0.1", &[(header, "for=_hidden")]), "10.0.0.1");
        assert_eq!(
            seen("10.0.0.1", &[(header, "For=\"[2001:db9::1]\"")]),
            "2001:db9::1"
        );
    }
}
