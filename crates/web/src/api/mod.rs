//! The API: a table of contents, and its description.

#![expect(
    unused_qualifications,
    reason = "the macro that describes a route qualifies the types of its parameters"
)]

mod account;
mod agent;
mod attachment;
mod attainment;
mod audit;
mod calendar;
mod company;
mod contact;
mod contract;
mod escalation;
mod event;
mod export;
mod job;
mod macro_;
mod mail;
mod mail_test;
mod mailbox;
mod me;
mod name;
mod notification;
mod on_call;
mod passkey;
mod policy;
mod portal;
mod remote_image;
mod search;
mod session;
mod set_up;
mod setting;
mod sign_in_link;
mod team;
mod ticket;
mod time;
mod token;
mod view;
mod webhook;

use axum::extract::{MatchedPath, Request};
use axum::http::Method;
use utoipa::openapi::path::Operation;
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::{ComponentsBuilder, ContentBuilder, OpenApi, Ref, RefOr, ResponseBuilder};
use utoipa::{OpenApi as _, PartialSchema as _};
use utoipa_axum::router::OpenApiRouter;

use crate::Web;
use crate::problem::{self, InputError, ProblemDocument};

/// Where the API begins.
pub const ROOT: &str = "/api/v1";

/// The name of the response that stands for every error.
const PROBLEM_RESPONSE: &str = "Problem";

#[derive(utoipa::OpenApi)]
#[openapi(info(
    title = "Mainstay",
    description = "Keeps every promise a company makes to its business customers.\n\n\
            **Signing in.** A program sends `Authorization: Bearer mst_…`; a browser signs in at `/api/v1/sessions` and \
            carries a cookie. Whoever writes by cookie also sends the header `x-requested-with: mainstay`.\n\n\
            **Errors** are problem documents (RFC 9457).\n\n\
            **Lists** are `{\"items\": […], \"next\": …}`: `limit` is 1 to 200, `next` the address of the next page, absent on \
            the last.\n\n\
            **Nothing is dropped.** A field, a parameter of the query or a value that is not known is refused with 422, which \
            names what is known. In a change, `null` clears what can be cleared and is refused for what cannot.\n\n\
            **Repeating.** A POST with an `Idempotency-Key` has its effect once, however often it is sent.\n\n\
            **Changing.** What has an `etag` is changed with that tag in `if-match`."
))]
struct Description;

/// Every route of the API.
pub fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::with_openapi(Description::openapi()).nest(ROOT, contents())
}

fn contents() -> OpenApiRouter<Web> {
    OpenApiRouter::new()
        .merge(set_up::routes())
        .merge(search::routes())
        .merge(session::routes())
        .merge(sign_in_link::routes())
        .merge(me::routes())
        .merge(passkey::routes())
        .merge(token::routes())
        .merge(ticket::routes())
        .merge(escalation::routes())
        .merge(notification::routes())
        .merge(account::routes())
        .merge(export::routes())
        .merge(contact::routes())
        .merge(contract::routes())
        .merge(attainment::routes())
        .merge(agent::routes())
        .merge(team::routes())
        .merge(on_call::routes())
        .merge(name::routes())
        .merge(view::routes())
        .merge(macro_::routes())
        .merge(attachment::routes())
        .merge(remote_image::routes())
        .merge(mail::routes())
        .merge(mail_test::routes())
        .merge(mailbox::routes())
        .merge(policy::routes())
        .merge(portal::routes())
        .merge(calendar::routes())
        .merge(webhook::routes())
        .merge(audit::routes())
        .merge(job::routes())
        .merge(setting::routes())
        .merge(company::routes())
        .merge(time::routes())
        .merge(event::routes())
}

/// Whether the body of a request is a file, which may be large and long on its way.
pub(crate) fn takes_file(request: &Request) -> bool {
    let path = request.extensions().get::<MatchedPath>();
    request.method() == Method::POST
        && path.is_some_and(|path| path.as_str().strip_prefix(ROOT) == Some("/attachments"))
}

/// The description of the API.
#[must_use]
pub fn openapi() -> OpenApi {
    complete(routes().into_openapi())
}

/// Adds what holds for every operation alike: how one signs in, and how errors look.
pub(crate) fn complete(mut description: OpenApi) -> OpenApi {
    let components = description
        .components
        .take()
        .map_or_else(ComponentsBuilder::new, ComponentsBuilder::from);
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("mst_…")
        .build();
    let cookie = ApiKey::Cookie(ApiKeyValue::new("mainstay_session"));
    let problem = ResponseBuilder::new()
        .description("Why it was not done")
        .content(
            problem::MEDIA_TYPE,
            ContentBuilder::new()
                .schema(Some(Ref::from_schema_name("Problem")))
                .build(),
        )
        .build();
    description.components = Some(
        components
            .schema("Problem", ProblemDocument::schema())
            .schema("InputError", InputError::schema())
            .security_scheme("token", SecurityScheme::Http(bearer))
            .security_scheme("session", SecurityScheme::ApiKey(cookie))
            .response(PROBLEM_RESPONSE, problem)
            .build(),
    );
    description.security = Some(
        ["token", "session"]
            .map(|scheme| SecurityRequirement::new(scheme, [] as [&str; 0]))
            .into(),
    );
    for item in description.paths.paths.values_mut() {
        let operations = [
            &mut item.get,
            &mut item.put,
            &mut item.post,
            &mut item.delete,
            &mut item.patch,
        ];
        for operation in operations.into_iter().flatten() {
            name_operation(operation);
            add_problem(operation);
        }
    }
    description
}

/// Names an operation after its tag and its handler, such as `tickets_list`: handlers are named within their noun, and an
/// operation's id is unique in the whole document.
fn name_operation(operation: &mut Operation) {
    let tag = operation.tags.as_ref().and_then(|tags| tags.first());
    if let (Some(tag), Some(handler)) = (tag, &operation.operation_id) {
        operation.operation_id = Some(format!("{tag}_{handler}"));
    }
}

fn add_problem(operation: &mut Operation) {
    operation
        .responses
        .responses
        .entry("default".to_owned())
        .or_insert_with(|| RefOr::Ref(Ref::from_response_name(PROBLEM_RESPONSE)));
}
