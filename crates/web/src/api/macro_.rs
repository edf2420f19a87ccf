//! Macros: several actions on a ticket under one name.

use axum::Json;
use axum::extract::{OriginalUri, State};
use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;
use mainstay_app::secret::fingerprint;
use mainstay_domain::id::{AgentId, MacroId};
use mainstay_domain::macro_::Macro;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::account::set;
use crate::Web;
use crate::auth::Auth;
use crate::etag::{IfMatch, Known, Tagged, created};
use crate::input::{Body, Id, Parameters, given};
use crate::page::{self, ListQuery, Page};
use crate::problem::Result;

/// The routes.
pub fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(read, update, remove))
}

/// Several actions on a ticket under one name.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Macro)]
pub struct MacroBody {
    /// Identifies it.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// When to use it, for people.
    pub description: String,
    /// Whose it is; everybody's when absent.
    pub owner: Option<Uuid>,
    /// What it does, in order.
    #[schema(value_type = Vec<MacroActionBody>)]
    pub actions: Vec<serde_json::Value>,
    /// When it was made.
    pub created_at: Timestamp,
}

impl From<Macro> for MacroBody {
    fn from(found: Macro) -> Self {
        Self {
            id: found.id.uuid(),
            name: found.name,
            description: found.description,
            owner: found.owner.map(AgentId::uuid),
            actions: serde_json::from_str(&found.actions).unwrap_or_default(),
            created_at: found.created_at,
        }
    }
}

/// What a macro is to be. What is left out stays as it is; a new macro needs a name.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MacroInput {
    /// Its name.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = String)]
    pub name: Option<String>,
    /// When to use it, for people.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = String)]
    pub description: Option<String>,
    /// Whether it is everybody's, or one's own.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = bool)]
    pub shared: Option<bool>,
    /// What it does, in order; at most 50 actions.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Vec<MacroActionBody>)]
    pub actions: Option<Vec<serde_json::Value>>,
}

/// One action of a macro. In a text `{{ contact.name }}`, `{{ ticket.number }}` and the other variables of the mail
/// templates stand for what they name on the ticket.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = MacroAction)]
#[serde(tag = "do", rename_all = "snake_case")]
#[expect(
    dead_code,
    reason = "only describes the actions, which the use case reads and checks"
)]
pub enum MacroActionBody {
    /// Answer publicly.
    Reply {
        /// What is said.
        text: String,
    },
    /// Leave an internal note.
    Note {
        /// What is said.
        text: String,
    },
    /// Set the status.
    SetStatus {
        /// Its name.
        to: String,
    },
    /// Set the severity.
    SetSeverity {
        /// `P1` to `P4`.
        to: String,
        /// Why.
        reason: Option<String>,
    },
    /// Set the category, or clear it by `null`.
    SetCategory {
        /// Its name.
        to: Option<String>,
    },
    /// Assign to an agent, to `me` (whoever applies the macro), or to nobody by `null`.
    Assign {
        /// Who.
        to: Option<String>,
    },
    /// Hand to a team, or to none by `null`.
    SetTeam {
        /// Which.
        to: Option<Uuid>,
    },
    /// Add tags.
    AddTags {
        /// Which.
        tags: Vec<String>,
    },
    /// Remove tags.
    RemoveTags {
        /// Which.
        tags: Vec<String>,
    },
    /// Set a custom field, or clear it by `null`.
    SetField {
        /// Which.
        field: String,
        /// After.
        to: Option<String>,
    },
    /// Let whoever applies the macro follow the ticket.
    Follow {},
}

impl MacroInput {
    fn apply(self, found: &mut Macro, agent: AgentId) {
        set(&mut found.name, self.name);
        set(&mut found.description, self.description);
        let owner = self.shared.map(|shared| (!shared).then_some(agent));
        set(&mut found.owner, owner);
        let actions = self
            .actions
            .map(|actions| serde_json::Value::from(actions).to_string());
        set(&mut found.actions, actions);
    }
}

/// List one's own macros and everybody's, by name.
#[utoipa::path(get, path = "/macros", tag = "macros", params(ListQuery),
    responses((status = 200, body = Page<MacroBody>)))]
async fn list(
    State(web): State<Web>,
    Auth(caller): Auth,
    OriginalUri(uri): OriginalUri,
    Parameters(part): Parameters<ListQuery>,
) -> Result<Json<Page<MacroBody>>> {
    let macros = web.app.macros(&caller).await?;
    page::slice(
        &uri,
        "macros",
        &part,
        macros,
        |found| found.id,
        MacroBody::from,
    )
}

/// Make a macro.
#[utoipa::path(post, path = "/macros", tag = "macros", request_body = MacroInput,
    responses((status = 201, body = MacroBody)))]
async fn create(
    State(web): State<Web>,
    Auth(caller): Auth,
    Body(input): Body<MacroInput>,
) -> Result<Response> {
    let agent = caller.agent()?;
    let made = web
        .app
        .create_macro(&caller, |made| input.apply(made, agent))
        .await?;
    let path = format!("/macros/{}", made.id);
    Ok(created(
        &path,
        fingerprint(&made),
        Json(MacroBody::from(made)),
    ))
}

/// Read a macro.
#[utoipa::path(get, path = "/macros/{id}", tag = "macros", params(("id" = Uuid, Path)),
    responses((status = 200, body = MacroBody), (status = 304)))]
async fn read(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(id): Id<MacroId>,
    known: Known,
) -> Result<Response> {
    let found = web.app.macro_(&caller, id).await?;
    Ok(known.answer(fingerprint(&found), Json(MacroBody::from(found))))
}

/// Change a macro.
#[utoipa::path(patch, path = "/macros/{id}", tag = "macros", request_body = MacroInput,
    params(("id" = Uuid, Path), ("if-match" = String, Header)),
    responses((status = 200, body = MacroBody)))]
async fn update(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(id): Id<MacroId>,
    IfMatch(expected): IfMatch,
    Body(input): Body<MacroInput>,
) -> Result<Tagged<Json<MacroBody>>> {
    let agent = caller.agent()?;
    let found = web
        .app
        .update_macro(&caller, id, &expected, |found| input.apply(found, agent))
        .await?;
    Ok(Tagged(fingerprint(&found), Json(found.into())))
}

/// Remove a macro.
#[utoipa::path(delete, path = "/macros/{id}", tag = "macros", params(("id" = Uuid, Path)),
    responses((status = 204)))]
async fn remove(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(id): Id<MacroId>,
) -> Result<StatusCode> {
    web.app.remove_macro(&caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
