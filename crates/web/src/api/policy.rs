//! The policy: what is promised, its versions, and changing it.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{OriginalUri, State};
use axum::response::Response;
use jiff::Timestamp;
use mainstay_app::policy::{AppliedVersion, ClockDifference, PackChange, PackSource, ShownPolicy};
use mainstay_app::{AppError, Caller};
use mainstay_domain::event::Actor;
use mainstay_domain::policy::PolicyVersion;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::Web;
use crate::auth::Auth;
use crate::etag::{Known, created};
use crate::input::{Body, Id, Parameters};
use crate::page::{self, ListQuery, Page};
use crate::problem::Result;

/// The routes.
pub fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new()
        .routes(routes!(read))
        .routes(routes!(versions, apply))
        .routes(routes!(version))
        .routes(routes!(roll_back))
        .routes(routes!(preview))
        .routes(routes!(packs))
        .routes(routes!(compare))
}

/// A version of the policy.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PolicyVersion)]
struct VersionBody {
    /// Which version it is, from 1.
    version: u32,
    /// The pack's name.
    pack: String,
    /// The SHA-256 of the pack's files.
    digest: String,
    /// When it was applied.
    applied_at: Timestamp,
    /// The agent who applied it; absent for the program itself and its command line.
    applied_by: Option<Uuid>,
    /// Why.
    note: String,
    /// Whether it is the one in force.
    in_force: bool,
    /// What is wrong with it, or probably not meant: told when it is applied, and of versions that the program does not
    /// accept as they are.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<String>,
}

impl VersionBody {
    fn of(applied: AppliedVersion, in_force: PolicyVersion) -> Self {
        Self {
            version: applied.version.0,
            pack: applied.pack,
            digest: applied.digest.to_string(),
            applied_at: applied.applied_at,
            applied_by: match applied.applied_by {
                Actor::Agent(id) => Some(id.uuid()),
                Actor::Contact(id) => Some(id.uuid()),
                Actor::System => None,
            },
            note: applied.note,
            in_force: applied.version == in_force,
            warnings: applied.warnings,
        }
    }
}

/// The policy in force.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Policy)]
struct PolicyBody {
    /// Which version.
    in_force: VersionBody,
    /// What it promises, as `mainstay policy show --json` prints it: `tiers`, `severities`, `commitments`, `calendars`,
    /// `escalation`, `statuses`, `categories`, `roles`, `templates` and more.
    #[serde(flatten)]
    #[schema(value_type = Object, additional_properties)]
    promises: Value,
}

/// A version of the policy with the text of its pack.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PolicyFiles)]
struct FilesBody {
    /// Which version, from 1.
    version: u32,
    /// The files of the pack: text by name.
    files: BTreeMap<String, String>,
}

/// A pack to apply.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = PolicyInput)]
#[serde(deny_unknown_fields)]
struct PolicyInput {
    /// The name of a pack that comes with the program; leave it out where you give files.
    pack: Option<String>,
    /// The files of the pack: text by name, such as `pack.toml`.
    files: Option<BTreeMap<String, String>>,
    /// Why it is applied.
    #[serde(default)]
    note: String,
}

/// A pack to look ahead with.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = PolicyPreviewInput)]
#[serde(deny_unknown_fields)]
struct PreviewInput {
    /// The name of a pack that comes with the program; leave it out where you give files.
    pack: Option<String>,
    /// The files of the pack: text by name, such as `pack.toml`.
    files: Option<BTreeMap<String, String>>,
}

/// A running clock that would be due at another instant.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ClockDifference)]
pub(super) struct DifferenceBody {
    /// The ticket's number.
    ticket: u64,
    /// The commitment.
    commitment: String,
    /// When it is due as promised; absent where nothing of the kind is promised or it is paused.
    due_at: Option<Timestamp>,
    /// When it would be due; absent where the pack promises nothing of the kind or it would be paused.
    would_be_due_at: Option<Timestamp>,
}

impl From<ClockDifference> for DifferenceBody {
    fn from(difference: ClockDifference) -> Self {
        Self {
            ticket: difference.ticket,
            commitment: difference.commitment.to_string(),
            due_at: difference.due_at,
            would_be_due_at: difference.would_be_due_at,
        }
    }
}

/// Read what is promised: the policy in force.
#[utoipa::path(get, path = "/policy", tag = "policy",
    responses((status = 200, body = PolicyBody), (status = 304)))]
async fn read(State(web): State<Web>, Auth(caller): Auth, known: Known) -> Result<Response> {
    let ShownPolicy { applied, promises } =
        web.app.policy_in_force(&caller).await?.ok_or_else(|| {
            AppError::NotFound("No policy was applied yet: nothing is promised to anybody.".into())
        })?;
    let version = applied.version;
    let body = PolicyBody {
        in_force: VersionBody::of(applied, version),
        promises,
    };
    Ok(known.answer(version.0.into(), Json(body)))
}

/// List every version that was applied, the latest first.
#[utoipa::path(get, path = "/policy/versions", tag = "policy",
    params(ListQuery), responses((status = 200, body = Page<VersionBody>)))]
async fn versions(
    State(web): State<Web>,
    Auth(caller): Auth,
    OriginalUri(uri): OriginalUri,
    Parameters(part): Parameters<ListQuery>,
) -> Result<Json<Page<VersionBody>>> {
    let mut versions = web.app.policy_history(&caller).await?;
    let latest = versions
        .last()
        .map_or(PolicyVersion(0), |last| last.version);
    let body = |applied| VersionBody::of(applied, latest);
    versions.reverse();
    page::slice(
        &uri,
        "versions",
        &part,
        versions,
        |found| found.version.0,
        body,
    )
}

/// Read the pack of a version: the text of its files.
#[utoipa::path(get, path = "/policy/versions/{id}", tag = "policy", params(("id" = u32, Path)),
    responses((status = 200, body = FilesBody)))]
async fn version(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(version): Id<u32>,
) -> Result<Json<FilesBody>> {
    let source = web
        .app
        .policy_source(&caller, PolicyVersion(version))
        .await?;
    let text = |(name, text): (&str, &str)| (name.to_owned(), text.to_owned());
    Ok(Json(FilesBody {
        version,
        files: source.files().map(text).collect(),
    }))
}

/// Apply a pack: from now on it makes the promises. What was promised before stays as it was.
#[utoipa::path(post, path = "/policy/versions", tag = "policy", request_body = PolicyInput,
    responses((status = 201, body = VersionBody)))]
async fn apply(
    State(web): State<Web>,
    Auth(caller): Auth,
    Body(input): Body<PolicyInput>,
) -> Result<Response> {
    let source = source(input.pack, input.files)?;
    let applied = web.app.apply_policy(&caller, &source, &input.note).await?;
    Ok(applied_version(applied))
}

/// Put an earlier version in force again, as a new version.
#[utoipa::path(post, path = "/policy/versions/{id}/rollback", tag = "policy", params(("id" = u32, Path)),
    responses((status = 201, body = VersionBody)))]
async fn roll_back(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(version): Id<u32>,
) -> Result<Response> {
    let version = PolicyVersion(version);
    let applied = web.app.roll_back_policy(&caller, version).await?;
    Ok(applied_version(applied))
}

/// What the pack would change of a page of the open tickets.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PolicyPreview)]
struct PreviewBody {
    /// How many open tickets were looked at.
    tickets: usize,
    /// The running clocks that would be due at another instant.
    items: Vec<DifferenceBody>,
    /// The path and query that look at the next ones; absent when all were looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// Show which running clocks would be due at another instant, had the pack been in force all along: those of a page of the
/// open tickets at a time. Nothing is changed.
#[utoipa::path(post, path = "/policy/preview", tag = "policy",
    params(ListQuery), request_body = PreviewInput, responses((status = 200, body = PreviewBody)))]
async fn preview(
    State(web): State<Web>,
    Auth(caller): Auth,
    OriginalUri(uri): OriginalUri,
    Parameters(part): Parameters<ListQuery>,
    Body(input): Body<PreviewInput>,
) -> Result<Json<PreviewBody>> {
    let source = source(input.pack, input.files)?;
    let request = page::request("policy_preview", part.limit, part.cursor.as_deref())?;
    let preview = web.app.preview_policy(&caller, &source, request).await?;
    let looked_at = mainstay_app::Page {
        items: preview.clocks,
        next: preview.next,
    };
    let page = page::of(&uri, "policy_preview", looked_at, DifferenceBody::from);
    Ok(Json(PreviewBody {
        tickets: preview.tickets,
        items: page.items,
        next: page.next,
    }))
}

fn applied_version(applied: AppliedVersion) -> Response {
    let version = applied.version;
    let path = format!("/policy/versions/{}", version.0);
    created(
        &path,
        version.0.into(),
        Json(VersionBody::of(applied, version)),
    )
}

/// The pack that was given, by its name or by its files.
fn source(pack: Option<String>, files: Option<BTreeMap<String, String>>) -> Result<PackSource> {
    match (pack, files) {
        (None, Some(files)) => Ok(PackSource::new(files)),
        (Some(name), None) => mainstay_app::policy::builtin(&name).ok_or_else(|| {
            let known: Vec<&str> = mainstay_app::policy::builtin_names().collect();
            let told = format!(
                "there is no pack {name:?}: expected one of {}",
                known.join(", ")
            );
            AppError::invalid("pack", told).into()
        }),
        (None, None) => {
            Err(AppError::invalid("files", "give the files of a pack, or the name of one").into())
        }
        (Some(_), Some(_)) => {
            Err(AppError::invalid("pack", "give either a name or files, not both").into())
        }
    }
}

/// A pack that comes with the program.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Pack)]
struct PackBody {
    /// What it promises, in the form of the policy in force: `pack`, `title`, `description`, `tiers`, `commitments` and more.
    #[serde(flatten)]
    #[schema(value_type = Object, additional_properties)]
    promises: Value,
}

/// List the packs that come with the program, each with what it promises.
#[utoipa::path(get, path = "/policy/packs", tag = "policy", responses((status = 200, body = Page<PackBody>)))]
async fn packs(State(web): State<Web>, Auth(caller): Auth) -> Result<Json<Page<PackBody>>> {
    let packs = web.app.known_packs(&caller).await?.into_iter();
    Ok(Json(Page::whole(
        packs.map(|promises| PackBody { promises }),
    )))
}

/// Two packs to compare.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = PackComparisonInput)]
#[serde(deny_unknown_fields)]
struct ComparisonInput {
    /// The pack before.
    before: SideInput,
    /// The pack after.
    after: SideInput,
}

/// A pack: one of the three.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = PackInput)]
#[serde(deny_unknown_fields)]
struct SideInput {
    /// A version that was applied.
    version: Option<u32>,
    /// The name of a pack that comes with the program.
    pack: Option<String>,
    /// The files of a pack: text by name.
    files: Option<BTreeMap<String, String>>,
}

impl SideInput {
    async fn read(self, web: &Web, caller: &Caller) -> Result<PackSource> {
        match self.version {
            Some(version) if self.pack.is_none() && self.files.is_none() => {
                let version = PolicyVersion(version);
                Ok(web.app.policy_source(caller, version).await?)
            }
            Some(_) => Err(AppError::invalid(
                "version",
                "give either a version, a name or files, not several",
            )
            .into()),
            None => source(self.pack, self.files),
        }
    }
}

/// A difference between two packs.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PackChange)]
struct ChangeBody {
    /// The part of the pack: `promise`, `calendar`, `ladder` and so on.
    part: String,
    /// Of what in that part, such as `Enterprise P1 first_response`.
    subject: String,
    /// What about it, such as `target`.
    what: String,
    /// Before; absent when it is new.
    before: Option<String>,
    /// After; absent when it is gone.
    after: Option<String>,
}

impl From<PackChange> for ChangeBody {
    fn from(change: PackChange) -> Self {
        Self {
            part: change.part.to_owned(),
            subject: change.subject,
            what: change.what,
            before: change.before,
            after: change.after,
        }
    }
}

/// Show what changes from one pack to another, by meaning: which promises differ, not which lines. Nothing is changed.
#[utoipa::path(post, path = "/policy/compare", tag = "policy", request_body = ComparisonInput,
    responses((status = 200, body = Page<ChangeBody>)))]
async fn compare(
    State(web): State<Web>,
    Auth(caller): Auth,
    Body(input): Body<ComparisonInput>,
) -> Result<Json<Page<ChangeBody>>> {
    let before = input.before.read(&web, &caller).await?;
    let after = input.after.read(&web, &caller).await?;
    let changes = web.app.compare_packs(&caller, &before, &after).await?;
    Ok(Json(Page::whole(changes.into_iter().map(ChangeBody::from))))
}
