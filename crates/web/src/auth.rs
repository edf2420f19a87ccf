//! Who asks: the credential of a request, and the proof that a browser's write was meant.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, header};
use mainstay_app::{Caller, Credential};

use crate::Web;
use crate::peer::Peer;
use crate::problem::{Kind, Problem};

/// The cookie that carries a session's secret.
const COOKIE: &str = "mainstay_session";

/// The same where the service is reached by https: a browser takes a cookie of this name from no other host and no other
/// path, so that a neighbour on the same domain cannot sign somebody in as somebody else.
const HOST_COOKIE: &str = "__Host-mainstay_session";

/// The header by which our own page shows that it made a request. A page of another origin cannot send it, because we
/// never let a browser's preflight pass.
const PROOF: &str = "x-requested-with";

/// Somebody who has proven who they are and may go on; a request without is refused, and so is one of somebody who must
/// set up a second factor first.
#[derive(Debug, Clone)]
pub struct Auth(pub Caller);

impl FromRequestParts<Web> for Auth {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Problem> {
        let Identified(caller) = Identified::from_request_parts(parts, web).await?;
        if caller.owes_second_factor {
            return Err(Problem::new(
                Kind::Forbidden,
                "Your role requires a second factor: set it up at /api/v1/me/second-factor first.",
            ));
        }
        Ok(Self(caller))
    }
}

/// Somebody who has proven who they are, be it that they still have to set up a second factor: for what they need to do
/// that, and to leave.
#[derive(Debug, Clone)]
pub struct Identified(pub Caller);

impl FromRequestParts<Web> for Identified {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Problem> {
        if let Some(known) = parts.extensions.get::<Self>() {
            return Ok(known.clone());
        }
        let caller = match caller(parts, web).await {
            Ok(caller) => caller,
            // Whoever tries credentials that are no good is counted as one who brings none.
            Err(refusal) => {
                let Ok(Peer(address)) = Peer::from_request_parts(parts, web).await;
                web.counts.count_address(address)?;
                return Err(refusal);
            }
        };
        web.counts.count_credential(caller.credential)?;
        if matches!(caller.credential, Credential::Session(_)) {
            demand_proof(parts)?;
        }
        let identified = Self(caller);
        // Asked again by the same request, for example on behalf of its idempotency key, the answer is known.
        parts.extensions.insert(identified.clone());
        Ok(identified)
    }
}

async fn caller(parts: &Parts, web: &Web) -> Result<Caller, Problem> {
    Ok(
        match (bearer(&parts.headers)?, cookie(web, &parts.headers)) {
            (Some(token), _) => web.app.by_token(token).await?,
            (None, Some(secret)) => web.app.by_session(secret).await?,
            (None, None) => {
                return Err(Problem::new(
                    Kind::Unauthorised,
                    "Send a token as `Authorization: Bearer mst_…`, or sign in at /api/v1/sessions.",
                ));
            }
        },
    )
}

fn bearer(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let Some(value) = headers.get(header::AUTHORIZATION) else {
        return Ok(None);
    };
    value
        .to_str()
        .ok()
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| Some(token.trim()))
        .ok_or_else(|| {
            Problem::new(
                Kind::Unauthorised,
                "The `authorization` header must be `Bearer mst_…`.",
            )
        })
}

/// The secret of the session, if the request carries one.
fn cookie<'a>(web: &Web, headers: &'a HeaderMap) -> Option<&'a str> {
    let (name, _) = kind_of_cookie(web);
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('='))
}

/// The program somebody uses, in its own words.
#[must_use]
pub fn user_agent(headers: &HeaderMap) -> String {
    headers
        .get(header::USER_AGENT)
        .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
        .unwrap_or_default()
}

/// A browser sends its cookie along with whatever any page makes it send, so a write by cookie must show that our own
/// page made it: by a header that no other page can send, or by an origin that is ours.
fn demand_proof(parts: &Parts) -> Result<(), Problem> {
    let reads = [Method::GET, Method::HEAD, Method::OPTIONS].contains(&parts.method);
    if reads || parts.headers.contains_key(PROOF) || is_same_origin(parts) {
        return Ok(());
    }
    Err(Problem::new(
        Kind::Forbidden,
        "A write by cookie must show that our own page made it: send the header `x-requested-with: mainstay`.",
    ))
}

fn is_same_origin(parts: &Parts) -> bool {
    let text = |name| {
        parts
            .headers
            .get(name)
            .and_then(|v: &HeaderValue| v.to_str().ok())
    };
    let host = text(header::HOST).or_else(|| parts.uri.authority().map(|a| a.as_str()));
    let origin = text(header::ORIGIN).and_then(|origin| Some(origin.split_once("://")?.1));
    matches!((origin, host), (Some(origin), Some(host)) if origin.eq_ignore_ascii_case(host))
}

/// The cookie that signs a browser in.
#[must_use]
pub fn signing_in(web: &Web, secret: &str) -> String {
    let age = web.app.options().session_lifetime.as_secs();
    let (name, secure) = kind_of_cookie(web);
    format!("{name}={secret}; Path=/; HttpOnly; SameSite=Lax; Max-Age={age}{secure}")
}

/// The cookie that signs a browser out.
#[must_use]
pub fn signing_out(web: &Web) -> String {
    let (name, secure) = kind_of_cookie(web);
    format!("{name}=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0{secure}")
}

/// The cookie's name, and what a browser that comes by https is told: never to send it otherwise.
fn kind_of_cookie(web: &Web) -> (&'static str, &'static str) {
    match web.app.options().public_url.starts_with("https:") {
        true => (HOST_COOKIE, "; Secure"),
        false => (COOKIE, ""),
    }
}
