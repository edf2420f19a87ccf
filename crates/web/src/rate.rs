//! How often somebody may ask.
//!
//! Whoever is signed in, or brings a token, is counted by that; everybody else by the address they come from, and far more
//! strictly: what needs no credential is what strangers can reach. A node counts what reaches it and keeps the counts in
//! memory; they are forgotten as they run out.

use std::collections::BTreeSet;
use std::hash::Hash;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{FromRequestParts as _, MatchedPath, Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use governor::clock::{Clock, Reference as _};
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};
use mainstay_app::Credential;
use utoipa::openapi::OpenApi;
use utoipa::openapi::path::Operation;

use crate::Web;
use crate::peer::Peer;
use crate::problem::{Kind, Problem, Result};

/// How many requests are let through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// So many a second, on average.
    pub per_second: NonZeroU32,
    /// So many at once, after a rest.
    pub burst: NonZeroU32,
}

/// How often somebody may ask; without a limit where it is absent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rates {
    /// Of a session or a token.
    pub credential: Option<Rate>,
    /// Of an address that brings neither, or none that is any good.
    pub address: Option<Rate>,
}

/// Tells how much time has passed since some beginning. It never goes back.
#[derive(Clone)]
pub struct Passed(pub Arc<dyn Fn() -> Duration + Send + Sync>);

impl Clock for Passed {
    type Instant = Duration;

    fn now(&self) -> Duration {
        (self.0)()
    }
}

type Keyed<K> = RateLimiter<K, DashMapStateStore<K>, Passed, NoOpMiddleware<Duration>>;

/// The counts of a node.
pub(crate) struct Counts {
    credentials: Option<Keyed<Credential>>,
    addresses: Option<Keyed<IpAddr>>,
    passed: Passed,
}

impl Counts {
    pub(crate) fn new(rates: Rates, passed: Passed) -> Self {
        Self {
            credentials: rates.credential.map(|rate| limiter(rate, &passed)),
            addresses: rates.address.map(|rate| limiter(rate, &passed)),
            passed,
        }
    }

    /// Counts a request of somebody who has proven who they are.
    pub(crate) fn count_credential(&self, credential: Credential) -> Result<()> {
        count(self.credentials.as_ref(), credential, &self.passed)
    }

    /// Counts a request that anybody could have made; one whose address is not known is not counted.
    pub(crate) fn count_address(&self, address: Option<IpAddr>) -> Result<()> {
        match address {
            Some(address) => count(self.addresses.as_ref(), network(address), &self.passed),
            None => Ok(()),
        }
    }
}

/// So many keys are kept before those that ran out are looked for.
const MANY: usize = 10_000;

fn limiter<K: Hash + Eq + Clone>(rate: Rate, passed: &Passed) -> Keyed<K> {
    let quota = Quota::per_second(rate.per_second).allow_burst(rate.burst);
    RateLimiter::dashmap_with_clock(quota, passed.clone())
}

fn count<K: Hash + Eq + Clone>(counts: Option<&Keyed<K>>, key: K, passed: &Passed) -> Result<()> {
    let Some(counts) = counts else {
        return Ok(());
    };
    let Err(refused) = counts.check_key(&key) else {
        if counts.len() > MANY {
            counts.retain_recent();
        }
        return Ok(());
    };
    let wait: Duration = refused
        .earliest_possible()
        .duration_since(passed.now())
        .into();
    let what = "You ask more often than this server answers: wait as long as `retry-after` says, then go on more slowly.";
    Err(Problem::new(Kind::TooMany, what).with_retry_after(wait.max(Duration::from_millis(1))))
}

/// What one customer of a provider holds: an address, or with version 6 the 64 bits that every one of them is given.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let bits = u128::from(address) & !u128::from(u64::MAX);
            IpAddr::V6(bits.into())
        }
        v4 => v4,
    }
}

/// The routes that need no credential.
#[derive(Clone)]
pub(crate) struct OpenRoutes(Arc<BTreeSet<(String, Method)>>);

impl OpenRoutes {
    /// What the description of the API says.
    pub(crate) fn of(description: &OpenApi) -> Self {
        // The pages behind signed links stand in no description.
        let pages = [crate::acknowledge::PATH, crate::rating::PATH];
        let page = |path: &str| [Method::GET, Method::POST].map(|method| (path.to_owned(), method));
        let mut open: BTreeSet<_> = pages.into_iter().flat_map(page).collect();
        for (path, item) in &description.paths.paths {
            let operations = [
                (Method::GET, &item.get),
                (Method::PUT, &item.put),
                (Method::POST, &item.post),
                (Method::PATCH, &item.patch),
                (Method::DELETE, &item.delete),
            ];
            for (method, operation) in operations {
                if operation.as_ref().is_some_and(needs_nothing) {
                    open.insert((path.clone(), method));
                }
            }
        }
        Self(Arc::new(open))
    }
}

fn needs_nothing(operation: &Operation) -> bool {
    let empty = serde_json::json!([{}]);
    operation
        .security
        .as_ref()
        .is_some_and(|security| serde_json::to_value(security).is_ok_and(|said| said == empty))
}

/// Counts the requests to routes that need no credential by the address they come from. The others are counted when their
/// credential is looked at.
pub(crate) async fn guard(
    State((web, OpenRoutes(open))): State<(Web, OpenRoutes)>,
    request: Request,
    next: Next,
) -> Response {
    let is_open = request
        .extensions()
        .get::<MatchedPath>()
        .is_some_and(|path| open.contains(&(path.as_str().to_owned(), request.method().clone())));
    if !is_open {
        return next.run(request).await;
    }
    let (mut parts, body) = request.into_parts();
    let Ok(Peer(address)) = Peer::from_request_parts(&mut parts, &web).await;
    match web.counts.count_address(address) {
        Ok(()) => next.run(Request::from_parts(parts, body)).await,
        Err(problem) => problem.into_response(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    fn counts() -> (Counts, Arc<Mutex<Duration>>) {
        let time = Arc::new(Mutex::new(Duration::ZERO));
        let told = Arc::clone(&time);
        let rate = |per_second, burst| {
            Some(Rate {
                per_second: NonZeroU32::new(per_second).unwrap(),
                burst: NonZeroU32::new(burst).unwrap(),
            })
        };
        let rates = Rates {
            credential: rate(10, 20),
            address: rate(1, 3),
        };
        let passed = Passed(Arc::new(move || *told.lock().unwrap()));
        (Counts::new(rates, passed), time)
    }

    fn let_through(counts: &Counts, address: &str) -> usize {
        let address: IpAddr = address.parse().unwrap();
        (0..10)
            .filter(|_| counts.count_address(Some(address)).is_ok())
            .count()
    }

    #[test]
    fn a_burst_is_let_through_and_then_what_is_allowed() {
        let (counts, time) = counts();
        assert_eq!(let_through(&counts, "192.0.2.1"), 3);
        assert_eq!(let_through(&counts, "192.0.2.2"), 3);
        *time.lock().unwrap() += Duration::from_secs(2);
        assert_eq!(let_through(&counts, "192.0.2.1"), 2);
        assert_eq!(
            let_through(&counts, "::ffff:192.0.2.1"),
            0,
            "it is the same"
        );
    }

    #[test]
    fn the_addresses_of_one_customer_count_together() {
        let (counts, _) = counts();
        assert_eq!(let_through(&counts, "2001:db8::1"), 3);
        assert_eq!(let_through(&counts, "2001:db8::ffff:2"), 0);
        assert_eq!(let_through(&counts, "2001:db8:0:1::1"), 3);
    }

    #[test]
    fn what_ran_out_is_forgotten() {
        let (counts, time) = counts();
        for number in 0..=MANY {
            let address = IpAddr::from(u32::try_from(number).unwrap().to_be_bytes());
            counts.count_address(Some(address)).unwrap();
        }
        *time.lock().unwrap() += Duration::from_secs(60);
        counts
            .count_address(Some("192.0.2.1".parse().unwrap()))
            .unwrap();
        assert!(counts.addresses.unwrap().len() <= 2);
    }
}
