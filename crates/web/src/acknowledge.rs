//! The page behind the link of a notification: it says what would be acknowledged, and a button does it.
//!
//! Opening the page changes nothing, because mail scanners open every link; and no cookie is asked for, because the link
//! itself is the proof.

use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Router};
use mainstay_app::AppError;
use mainstay_app::escalation::{LinkStanding, LinkView};

use crate::Web;
use crate::problem::{ForPeople, Result};

/// Where the page is.
pub(crate) const PATH: &str = "/a/{token}";

/// The routes.
pub fn routes() -> Router<Web> {
    Router::new().route(PATH, get(look).post(acknowledge))
}

async fn look(State(web): State<Web>, Path(token): Path<String>) -> Result<Response> {
    answer(&web, web.app.look_at_link(&token).await)
}

async fn acknowledge(State(web): State<Web>, Path(token): Path<String>) -> Result<Response> {
    answer(&web, web.app.acknowledge_by_link(&token).await)
}

fn answer(web: &Web, outcome: mainstay_app::Result<LinkView>) -> Result<Response> {
    let view = match outcome {
        Ok(view) => view,
        Err(AppError::NotFound(detail)) => {
            return Ok(page(
                StatusCode::NOT_FOUND,
                "This link does not work",
                &paragraph(&detail),
            ));
        }
        Err(error) => return Err(error.into()),
    };
    let (status, heading, said) = match &view.standing {
        LinkStanding::Ready => (
            StatusCode::OK,
            "Acknowledge this escalation?",
            format!(
                "<form method=\"post\"><button>Acknowledge as {}</button></form>",
                escaped(&view.person)
            ),
        ),
        LinkStanding::Done => (
            StatusCode::OK,
            "Acknowledged",
            paragraph("Thank you: it is yours, and nobody further is told for now."),
        ),
        LinkStanding::Taken { by, at } => (
            StatusCode::OK,
            "Already acknowledged",
            paragraph(&format!(
                "{by} took it on at {at}. There is nothing left to do here."
            )),
        ),
        LinkStanding::Over { at } => (
            StatusCode::OK,
            "It is over",
            paragraph(&format!(
                "The escalation ended at {at}. There is nothing left to do here."
            )),
        ),
        LinkStanding::Expired { at } => (
            StatusCode::GONE,
            "This link has expired",
            paragraph(&format!(
                "It could be used until {at}. Sign in to acknowledge the escalation."
            )),
        ),
        LinkStanding::Forbidden => (
            StatusCode::FORBIDDEN,
            "You may not acknowledge this",
            paragraph("Your account may not acknowledge escalations. Tell whoever is on call."),
        ),
    };
    let root = &web.app.options().public_url;
    let body = format!(
        "<p><strong>{}</strong></p>{}{said}<p><a href=\"{}/escalations/{}\">Open it in Mainstay</a></p>",
        escaped(&view.title),
        paragraph(&view.detail),
        escaped(root),
        view.escalation
    );
    Ok(page(status, heading, &body))
}

fn page(status: StatusCode, heading: &str, body: &str) -> Response {
    let html = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <meta name=\"robots\" content=\"noindex\"><title>{heading}</title><style>body{{font:1.1rem/1.5 system-ui,sans-serif;\
         max-width:34rem;margin:3rem auto;padding:0 1rem}}button{{font:inherit;padding:.7rem 1.2rem}}</style>\
         <h1>{heading}</h1>{body}</html>"
    );
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (status, Extension(ForPeople), headers, html).into_response()
}

fn paragraph(text: &str) -> String {
    format!("<p>{}</p>", escaped(text))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}
