//! Settings of the HTTP service.

use std::net::SocketAddr;

use ipnet::IpNet;

use super::reader::Reader;
use super::value::{Address, Networks, Size, Span};

/// Settings of the HTTP service.
#[derive(Debug)]
pub struct Http {
    /// The address and port it listens on.
    pub listen: SocketAddr,
    /// The address people and mails use for it, without a slash at the end.
    pub public_url: String,
    /// The networks of the proxies whose word on who asks is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// The largest body of a request.
    pub max_body: Size,
    /// The longest a request may take.
    pub request_timeout: Span,
    /// The longest until the head of a request is there.
    pub header_timeout: Span,
    /// The longest wait for the next part of a body.
    pub body_timeout: Span,
    /// The longest that a connection may rest between requests.
    pub idle_timeout: Span,
    /// The longest that a client may read nothing of an answer.
    pub write_timeout: Span,
    /// How many connections may be open at once.
    pub max_connections: usize,
    /// How many requests a second a session or a token may make on average; any number when 0.
    pub requests_per_second: u32,
    /// The same of an address that brings neither.
    pub anonymous_requests_per_second: u32,
    /// By which names it is asked for besides that of the public address; any when `*`.
    pub hosts: String,
}

impl Http {
    pub(super) fn read(r: &mut Reader) -> Self {
        let listen = r
            .value(
                "http.listen",
                Address(SocketAddr::from(([127, 0, 0, 1], 8080))),
            )
            .0;
        Self {
            listen,
            public_url: r
                .text("http.public_url", &public_url_of(listen))
                .trim_end_matches('/')
                .to_owned(),
            max_body: r.value("http.max_body", Size::mebibytes(32)),
            trusted_proxies: r.value("http.trusted_proxies", Networks::default()).0,
            request_timeout: r.value("http.request_timeout", Span::seconds(30)),
            header_timeout: r.value("http.header_timeout", Span::seconds(15)),
            body_timeout: r.value("http.body_timeout", Span::seconds(20)),
            idle_timeout: r.value("http.idle_timeout", Span::seconds(75)),
            write_timeout: r.value("http.write_timeout", Span::seconds(60)),
            max_connections: r.value("http.max_connections", 20_000),
            requests_per_second: r.value("http.requests_per_second", 50),
            anonymous_requests_per_second: r.value("http.anonymous_requests_per_second", 10),
            hosts: r.text("http.hosts", ""),
        }
    }

    /// Told the address that was taken: where any port would do, the public address names the one that was chosen, unless
    /// it was set.
    pub fn found_at(&mut self, address: SocketAddr) {
        if self.listen.port() == 0 && self.public_url == public_url_of(self.listen) {
            self.public_url = public_url_of(address);
        }
    }
}

/// The public address where none is set.
fn public_url_of(listen: SocketAddr) -> String {
    format!("http://{listen}")
}
