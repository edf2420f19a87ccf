//! The description of the API for people: `/api/docs`, which works without a network, `/api/openapi.json`, and a page
//! for each kind of problem.

use axum::Router;
use axum::extract::Path;
use axum::response::IntoResponse;
use axum::routing::get;
use utoipa::openapi::OpenApi;
use utoipa_swagger_ui::{Config, SwaggerUi};

use crate::problem::{Kind, Problem};

/// The pages.
pub fn routes(description: OpenApi) -> Router {
    let page = SwaggerUi::new("/api/docs")
        .url("/api/openapi.json", description)
        .config(
            Config::default()
                .validator_url("none")
                .with_credentials(true),
        );
    Router::from(page)
        .route("/api/problems", get(problems))
        .route("/api/problems/{name}", get(problem))
}

/// Every kind of problem, a line each.
async fn problems() -> String {
    Kind::ALL.iter().map(|kind| line(*kind)).collect()
}

async fn problem(Path(name): Path<String>) -> Result<impl IntoResponse, Problem> {
    Kind::ALL
        .into_iter()
        .find(|kind| kind.name() == name)
        .map(line)
        .ok_or_else(|| {
            Problem::new(
                Kind::NotFound,
                format!("There is no kind of problem {name}."),
            )
        })
}

fn line(kind: Kind) -> String {
    format!(
        "{} {}: {}\n",
        kind.status().as_u16(),
        kind.name(),
        kind.title()
    )
}
