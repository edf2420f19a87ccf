//! A parameter of the query that a route does not know is refused: what a caller asks for is done or refused, never
//! dropped.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::extract::{MatchedPath, Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use utoipa::openapi::path::{Operation, ParameterIn};
use utoipa::openapi::{OpenApi, RefOr};

use crate::problem::Problem;

/// The parameters that each route of the API knows, by its path and method.
#[derive(Debug, Clone)]
pub struct KnownQueries(Arc<BTreeMap<(String, Method), BTreeSet<String>>>);

impl KnownQueries {
    /// What the description of the API says.
    pub fn of(description: &OpenApi) -> Self {
        let mut known = BTreeMap::new();
        for (path, item) in &description.paths.paths {
            let operations = [
                (Method::GET, &item.get),
                (Method::PUT, &item.put),
                (Method::POST, &item.post),
                (Method::PATCH, &item.patch),
                (Method::DELETE, &item.delete),
            ];
            for (method, operation) in operations {
                if let Some(operation) = operation {
                    known.insert((path.clone(), method), names(operation));
                }
            }
        }
        Self(Arc::new(known))
    }
}

fn names(operation: &Operation) -> BTreeSet<String> {
    let parameters = operation.parameters.iter().flatten();
    parameters
        .filter_map(|parameter| match parameter {
            RefOr::T(parameter) => Some(parameter),
            RefOr::Ref(_) => None,
        })
        .filter(|parameter| matches!(parameter.parameter_in, ParameterIn::Query))
        .map(|parameter| parameter.name.clone())
        .collect()
}

/// Refuses a request whose query names something that its route does not know.
pub async fn guard(
    State(KnownQueries(known)): State<KnownQueries>,
    request: Request,
    next: Next,
) -> Response {
    let query = request.uri().query().unwrap_or_default();
    let path = request.extensions().get::<MatchedPath>();
    if !query.is_empty()
        && let Some(path) = path
        && let Some(known) = known.get(&(path.as_str().to_owned(), request.method().clone()))
        && let Some((name, _)) =
            form_urlencoded::parse(query.as_bytes()).find(|(name, _)| !known.contains(&**name))
    {
        return unknown(&name, known).into_response();
    }
    next.run(request).await
}

fn unknown(name: &str, known: &BTreeSet<String>) -> Problem {
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    let detail = if known.is_empty() {
        "this takes no parameters in its query".to_owned()
    } else {
        format!("unknown parameter: expected one of {}", known.join(", "))
    };
    Problem::bad_parameter(name, detail)
}
