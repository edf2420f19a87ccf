//! Tickets: listed, opened, read, changed one by one and together, merged and split.

use std::collections::BTreeMap;
use std::str::FromStr;

use axum::Json;
use axum::extract::{OriginalUri, State};
use axum::http::Uri;
use axum::response::Response;
use jiff::Timestamp;
use mainstay_app::ticket::{Change, MessageText, OpenTicket};
use mainstay_app::{
    App, Caller, Direction, Hit, StoredTicket, TicketFilter, TicketKey, TicketSort, TimeRange,
};
use mainstay_domain::event::{Channel, Side, Visibility};
use mainstay_domain::id::{AccountId, AgentId, ContactId, MessageId, TeamId, TicketId};
use mainstay_domain::name::{CategoryName, StatusName, Tag, TierName};
use mainstay_domain::severity::Severity;
use mainstay_domain::status::StatusKind;
use mainstay_domain::ticket::{Ticket, normalise_tag};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::Web;
use crate::auth::Auth;
use crate::etag::{Known, MaybeIfMatch, Tagged, created};
use crate::input::{Body, Id, Parameters, change};
use crate::page::{self, Limit, Page};
use crate::problem::{Problem, Result};

/// The routes.
pub fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new()
        .routes(routes!(list, open))
        .routes(routes!(search))
        .routes(routes!(change_many))
        .routes(routes!(read, update))
        .routes(routes!(merge))
        .routes(routes!(split))
        .routes(routes!(history))
}

/// A request of a customer.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Ticket)]
pub struct TicketBody {
    /// Identifies it.
    pub id: Uuid,
    /// Its short number, for people.
    pub number: u64,
    /// What it is about, in a line.
    pub subject: String,
    /// Whose ticket it is.
    pub account: Option<Uuid>,
    /// For which contact.
    pub contact: Option<Uuid>,
    /// By which way it came.
    pub channel: String,
    /// Its severity, `P1` to `P4`.
    pub severity: String,
    /// Its category.
    pub category: Option<String>,
    /// Its status.
    pub status: String,
    /// What its status means: `new`, `open`, `pending_customer`, `on_hold`, `resolved` or `closed`.
    pub status_kind: String,
    /// The team it lies with.
    pub team: Option<Uuid>,
    /// The agent it is assigned to.
    pub assignee: Option<Uuid>,
    /// The tier of the account's contract.
    pub tier: Option<String>,
    /// Its tags.
    pub tags: Vec<String>,
    /// Custom fields by name.
    pub fields: BTreeMap<String, String>,
    /// The agents who follow it.
    pub followers: Vec<Uuid>,
    /// Its links to other tickets.
    pub links: Vec<LinkBody>,
    /// The ticket it was merged into.
    pub merged_into: Option<Uuid>,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// When it was last resolved, while it is resolved or closed.
    pub resolved_at: Option<Timestamp>,
    /// When it was closed, while it is closed.
    pub closed_at: Option<Timestamp>,
    /// When a person last wrote a public message.
    pub last_message_at: Option<Timestamp>,
    /// When the last fact happened.
    pub updated_at: Timestamp,
    /// The next instant at which a clock of it is due; only in lists and where one ticket is read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_due: Option<NextDueBody>,
}

/// A link to another ticket.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TicketLink)]
pub struct LinkBody {
    /// The other ticket.
    pub to: Uuid,
    /// How they relate, such as `caused_by`.
    pub relation: String,
}

/// Which clock is due next.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = NextDue)]
pub struct NextDueBody {
    /// When.
    pub at: Timestamp,
    /// Of which commitment.
    pub commitment: String,
}

impl From<Ticket> for TicketBody {
    fn from(ticket: Ticket) -> Self {
        let facts = ticket.facts;
        Self {
            id: ticket.id.uuid(),
            number: ticket.number,
            subject: ticket.subject,
            account: facts.account.map(AccountId::uuid),
            contact: ticket.contact.map(ContactId::uuid),
            channel: facts.channel.as_str().to_owned(),
            severity: facts.severity.to_string(),
            category: facts.category.map(String::from),
            status: facts.status.name.into(),
            status_kind: facts.status.kind.as_str().to_owned(),
            team: facts.team.map(TeamId::uuid),
            assignee: facts.assignee.map(AgentId::uuid),
            tier: facts.terms.tier.map(String::from),
            tags: facts.tags.into_iter().map(String::from).collect(),
            fields: ticket.fields,
            followers: ticket.followers.into_iter().map(AgentId::uuid).collect(),
            links: ticket
                .links
                .into_iter()
                .map(|link| LinkBody {
                    to: link.to.uuid(),
                    relation: link.relation,
                })
                .collect(),
            merged_into: ticket.merged_into.map(TicketId::uuid),
            opened_at: ticket.opened_at,
            resolved_at: ticket.resolved_at,
            closed_at: ticket.closed_at,
            last_message_at: ticket.last_message_at,
            updated_at: ticket.updated_at,
            next_due: None,
        }
    }
}

impl From<StoredTicket> for TicketBody {
    fn from(stored: StoredTicket) -> Self {
        Self {
            next_due: stored.next_due.map(|due| NextDueBody {
                at: due.at,
                commitment: due.commitment.into(),
            }),
            ..Self::from(stored.ticket)
        }
    }
}

/// A ticket to open.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTicketInput {
    /// What it is about, in a line.
    pub subject: String,
    /// What is said, as plain text.
    pub text: String,
    /// Its severity; `P3` when left out.
    #[schema(value_type = Option<String>, pattern = "^P[1-4]$")]
    pub severity: Option<Severity>,
    /// Its category.
    pub category: Option<String>,
    /// Whose it is; a contact opens for their own account.
    pub account: Option<Uuid>,
    /// For which contact; a contact opens for themselves.
    pub contact: Option<Uuid>,
    /// The team it goes to; routing chooses when left out.
    pub team: Option<Uuid>,
    /// The agent it goes to; assignment chooses when left out.
    pub assignee: Option<Uuid>,
    /// Its tags.
    #[serde(default)]
    pub tags: Vec<String>,
    /// Whether the customer says this, told to us by telephone or by their own program, rather than we.
    #[serde(default)]
    pub from_customer: bool,
}

impl NewTicketInput {
    fn into_open(self, app: &App, caller: &Caller) -> OpenTicket {
        let side = if self.from_customer || caller.contact().is_some() {
            Side::Customer
        } else {
            Side::Agent
        };
        OpenTicket {
            subject: self.subject,
            account: self.account.map(AccountId::from),
            contact: self.contact.map(ContactId::from),
            channel: if caller.contact().is_some() {
                Channel::Portal
            } else {
                Channel::Api
            },
            severity: self.severity.unwrap_or(Severity::P3),
            category: self.category.map(CategoryName::from),
            team: self.team.map(TeamId::from),
            assignee: self.assignee.map(AgentId::from),
            tags: tags(&self.tags),
            message: Some(MessageText::plain(app, side, Visibility::Public, self.text)),
            at: None,
        }
    }
}

fn tags(texts: &[String]) -> Vec<Tag> {
    texts
        .iter()
        .filter_map(|text| normalise_tag(text))
        .collect()
}

/// What is to change of a ticket. What is left out stays as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TicketInput {
    /// Its subject.
    pub subject: Option<String>,
    /// Its status.
    pub status: Option<String>,
    /// Its severity.
    #[schema(value_type = Option<String>, pattern = "^P[1-4]$")]
    pub severity: Option<Severity>,
    /// Why the severity changes.
    pub severity_reason: Option<String>,
    /// Its category.
    #[serde(default, deserialize_with = "change")]
    #[schema(value_type = Option<String>)]
    pub category: Option<Option<String>>,
    /// Whose it is.
    #[serde(default, deserialize_with = "change")]
    #[schema(value_type = Option<Uuid>)]
    pub account: Option<Option<Uuid>>,
    /// For which contact.
    #[serde(default, deserialize_with = "change")]
    #[schema(value_type = Option<Uuid>)]
    pub contact: Option<Option<Uuid>>,
    /// The team it lies with.
    #[serde(default, deserialize_with = "change")]
    #[schema(value_type = Option<Uuid>)]
    pub team: Option<Option<Uuid>>,
    /// The agent it is assigned to.
    #[serde(default, deserialize_with = "change")]
    #[schema(value_type = Option<Uuid>)]
    pub assignee: Option<Option<Uuid>>,
    /// Tags to add.
    #[serde(default)]
    pub add_tags: Vec<String>,
    /// Tags to remove.
    #[serde(default)]
    pub remove_tags: Vec<String>,
    /// Custom fields to set, or to clear with `null`.
    #[serde(default)]
    pub fields: BTreeMap<String, Option<String>>,
    /// Agents who begin to follow.
    #[serde(default)]
    pub follow: Vec<Uuid>,
    /// Agents who cease to follow.
    #[serde(default)]
    pub unfollow: Vec<Uuid>,
    /// Links to add.
    #[serde(default)]
    pub link: Vec<LinkInput>,
    /// Tickets to unlink.
    #[serde(default)]
    pub unlink: Vec<Uuid>,
}

/// A link to add.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LinkInput {
    /// The other ticket.
    pub to: Uuid,
    /// How they relate, such as `caused_by`.
    pub relation: String,
}

impl TicketInput {
    /// The changes in the order in which they are made: whose ticket it is first, its status last.
    fn into_changes(self) -> Vec<Change> {
        let mut changes = Vec::new();
        changes.extend(self.subject.map(Change::Subject));
        changes.extend(
            self.account
                .map(|id| Change::Account(id.map(AccountId::from))),
        );
        changes.extend(
            self.contact
                .map(|id| Change::Contact(id.map(ContactId::from))),
        );
        changes.extend(
            self.category
                .map(|name| Change::Category(name.map(CategoryName::from))),
        );
        let reason = self.severity_reason;
        changes.extend(
            self.severity
                .map(|severity| Change::Severity(severity, reason)),
        );
        changes.extend(self.team.map(|id| Change::Team(id.map(TeamId::from))));
        changes.extend(
            self.assignee
                .map(|id| Change::Assignee(id.map(AgentId::from))),
        );
        for (tags, change) in [
            (
                tags(&self.add_tags),
                Change::AddTags as fn(Vec<Tag>) -> Change,
            ),
            (tags(&self.remove_tags), Change::RemoveTags),
        ] {
            if !tags.is_empty() {
                changes.push(change(tags));
            }
        }
        changes.extend(
            self.fields
                .into_iter()
                .map(|(name, value)| Change::Field(name, value)),
        );
        changes.extend(
            self.follow
                .into_iter()
                .map(|id| Change::Follow(AgentId::from(id))),
        );
        changes.extend(
            self.unfollow
                .into_iter()
                .map(|id| Change::Unfollow(AgentId::from(id))),
        );
        let link = |link: LinkInput| Change::Link(TicketId::from(link.to), link.relation);
        changes.extend(self.link.into_iter().map(link));
        changes.extend(
            self.unlink
                .into_iter()
                .map(|id| Change::Unlink(TicketId::from(id))),
        );
        changes.extend(
            self.status
                .map(|name| Change::Status(StatusName::from(name))),
        );
        changes
    }
}

/// Which tickets to list. Several values of one parameter are separated by commas; `none` stands for nothing.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ListTickets {
    /// Of these statuses.
    status: Option<String>,
    /// Whose status means one of these: `new`, `open`, `pending_customer`, `on_hold`, `resolved`, `closed`.
    status_kind: Option<String>,
    /// Of these severities.
    severity: Option<String>,
    /// Of accounts in these tiers.
    tier: Option<String>,
    /// Of these categories.
    category: Option<String>,
    /// That lie with these teams.
    team: Option<String>,
    /// Assigned to these agents; `me` stands for the caller.
    assignee: Option<String>,
    /// Of these accounts.
    account: Option<String>,
    /// Of these contacts.
    contact: Option<String>,
    /// That bear every one of these tags.
    tag: Option<String>,
    /// That this agent follows; `me` stands for the caller.
    follower: Option<String>,
    /// That are due before this instant.
    #[param(value_type = Option<String>, format = DateTime)]
    due_before: Option<Timestamp>,
    /// Updated from this instant on.
    #[param(value_type = Option<String>, format = DateTime)]
    updated_from: Option<Timestamp>,
    /// Updated before this instant.
    #[param(value_type = Option<String>, format = DateTime)]
    updated_until: Option<Timestamp>,
    /// Opened from this instant on.
    #[param(value_type = Option<String>, format = DateTime)]
    opened_from: Option<Timestamp>,
    /// Opened before this instant.
    #[param(value_type = Option<String>, format = DateTime)]
    opened_until: Option<Timestamp>,
    /// That hold these words.
    words: Option<String>,
    /// By `due`, `updated`, `opened`, `severity` or `number`, with a `-` before it for the other end first; `-updated`
    /// when left out.
    sort: Option<String>,
    /// How many things a page holds.
    #[param(value_type = Option<u16>, minimum = 1, maximum = 200)]
    limit: Option<Limit>,
    /// Where to go on, from the `next` of the page before.
    cursor: Option<String>,
}

impl ListTickets {
    fn filter(&self, caller: &Caller) -> Result<TicketFilter> {
        let me = |text: &str| (text == "me").then(|| caller.agent()).transpose();
        let agent = |name: &str, text: &str| match me(text)? {
            Some(agent) => Ok(agent),
            None => parse(name, text),
        };
        let mut filter = TicketFilter {
            statuses: values(self.status.as_ref(), |text| Ok(StatusName::from(text)))?,
            status_kinds: values(self.status_kind.as_ref(), status_kind)?,
            severities: values(self.severity.as_ref(), |text| parse("severity", text))?,
            tiers: values(self.tier.as_ref(), |text| Ok(TierName::from(text)))?,
            categories: values(self.category.as_ref(), |text| {
                Ok((text != NONE).then(|| CategoryName::from(text)))
            })?,
            teams: values(self.team.as_ref(), |text| maybe("team", text))?,
            accounts: values(self.account.as_ref(), |text| maybe("account", text))?,
            contacts: values(self.contact.as_ref(), |text| parse("contact", text))?,
            tags: values(self.tag.as_ref(), |text| Ok(Tag::from(text.to_lowercase())))?,
            ..TicketFilter::default()
        };
        filter.assignees = values(self.assignee.as_ref(), |text| {
            if text == NONE {
                return Ok(None);
            }
            agent("assignee", text).map(Some)
        })?;
        let follower = self.follower.as_deref();
        filter.follower = follower.map(|text| agent("follower", text)).transpose()?;
        filter.updated = TimeRange {
            from: self.updated_from,
            until: self.updated_until,
        };
        filter.opened = TimeRange {
            from: self.opened_from,
            until: self.opened_until,
        };
        filter.due_before = self.due_before;
        filter.words.clone_from(&self.words);
        Ok(filter)
    }

    fn sort(&self) -> Result<TicketSort> {
        let text = self.sort.as_deref().unwrap_or("-updated");
        let (name, direction) = match text.strip_prefix('-') {
            Some(name) => (name, Direction::Descending),
            None => (text, Direction::Ascending),
        };
        let key = match name {
            "due" => TicketKey::NextDue,
            "updated" => TicketKey::Updated,
            "opened" => TicketKey::Opened,
            "severity" => TicketKey::Severity,
            "number" => TicketKey::Number,
            _ => {
                let detail = format!(
                    "{text:?} is no order: expected due, updated, opened, severity or number, perhaps with a - before it"
                );
                return Err(Problem::bad_parameter("sort", detail));
            }
        };
        Ok(TicketSort { key, direction })
    }
}

/// What stands for nothing in a parameter.
const NONE: &str = "none";

fn values<T>(text: Option<&String>, parse: impl Fn(&str) -> Result<T>) -> Result<Vec<T>> {
    text.map(|text| text.split(',').map(|part| parse(part.trim())).collect())
        .unwrap_or_else(|| Ok(Vec::new()))
}

fn parse<T: FromStr<Err: std::fmt::Display>>(name: &str, text: &str) -> Result<T> {
    text.parse()
        .map_err(|error: T::Err| Problem::bad_parameter(name, error.to_string()))
}

fn maybe<T: FromStr<Err: std::fmt::Display>>(name: &str, text: &str) -> Result<Option<T>> {
    if text == NONE {
        return Ok(None);
    }
    parse(name, text).map(Some)
}

fn status_kind(text: &str) -> Result<StatusKind> {
    let known = StatusKind::ALL
        .into_iter()
        .find(|kind| kind.as_str() == text);
    known.ok_or_else(|| {
        let kinds = StatusKind::ALL.map(StatusKind::as_str).join(", ");
        let detail = format!("{text:?} is no kind of status: expected one of {kinds}");
        Problem::bad_parameter("status_kind", detail)
    })
}

/// List tickets. A portal user sees their own, or their account's.
#[utoipa::path(get, path = "/tickets", tag = "tickets", params(ListTickets),
    responses((status = 200, body = Page<TicketBody>)))]
async fn list(
    State(web): State<Web>,
    Auth(caller): Auth,
    OriginalUri(uri): OriginalUri,
    Parameters(query): Parameters<ListTickets>,
) -> Result<Json<Page<TicketBody>>> {
    let (filter, sort) = (query.filter(&caller)?, query.sort()?);
    let name = list_name(&uri);
    let part = page::request(&name, query.limit, query.cursor.as_deref())?;
    let found = web.app.tickets(&caller, &filter, sort, part).await?;
    Ok(Json(page::of(&uri, &name, found, TicketBody::from)))
}

/// A cursor holds for one order only: what it continues after is what the list is sorted by.
fn list_name(uri: &Uri) -> String {
    let sort = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes())
        .find_map(|(name, value)| (name == "sort").then(|| value.into_owned()));
    format!("tickets {}", sort.as_deref().unwrap_or("-updated"))
}

/// What to search for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct SearchTickets {
    /// Words.
    words: String,
    /// How many things a page holds.
    #[param(value_type = Option<u16>, minimum = 1, maximum = 200)]
    limit: Option<Limit>,
    /// Where to go on, from the `next` of the page before.
    cursor: Option<String>,
}

/// A ticket that holds the words.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Hit)]
pub struct HitBody {
    /// The ticket.
    pub ticket: Uuid,
    /// Its number.
    pub number: u64,
    /// Its subject.
    pub subject: String,
    /// The message that holds most of the words.
    pub message: Option<Uuid>,
    /// The place where the first of the words stands.
    pub excerpt: String,
}

impl From<Hit> for HitBody {
    fn from(hit: Hit) -> Self {
        Self {
            ticket: hit.ticket.uuid(),
            number: hit.number,
            subject: hit.subject,
            message: hit.message.map(MessageId::uuid),
            excerpt: hit.excerpt,
        }
    }
}

/// Search subjects and messages.
#[utoipa::path(get, path = "/tickets/search", tag = "tickets", params(SearchTickets),
    responses((status = 200, body = Page<HitBody>)))]
async fn search(
    State(web): State<Web>,
    Auth(caller): Auth,
    OriginalUri(uri): OriginalUri,
    Parameters(query): Parameters<SearchTickets>,
) -> Result<Json<Page<HitBody>>> {
    let part = page::request("search", query.limit, query.cursor.as_deref())?;
    let found = web.app.search_tickets(&caller, &query.words, part).await?;
    Ok(Json(page::of(&uri, "search", found, HitBody::from)))
}

/// Open a ticket. Its clocks start.
#[utoipa::path(post, path = "/tickets", tag = "tickets", request_body = NewTicketInput,
    responses((status = 201, body = TicketBody)))]
async fn open(
    State(web): State<Web>,
    Auth(caller): Auth,
    Body(input): Body<NewTicketInput>,
) -> Result<Response> {
    let open = input.into_open(&web.app, &caller);
    let ticket = web.app.open_ticket(&caller, open).await?;
    let path = format!("/tickets/{}", ticket.id);
    Ok(created(
        &path,
        ticket.version,
        Json(TicketBody::from(ticket)),
    ))
}

/// A ticket's identifier or its number, as either stands in the path.
#[derive(Debug, Clone, Copy)]
enum Named {
    Id(TicketId),
    Number(u64),
}

impl FromStr for Named {
    type Err = mainstay_domain::id::InvalidId;

    fn from_str(text: &str) -> std::result::Result<Self, Self::Err> {
        match text.parse() {
            Ok(number) => Ok(Self::Number(number)),
            Err(_) => text.parse().map(Self::Id),
        }
    }
}

/// Read a ticket by its id or its number.
#[utoipa::path(get, path = "/tickets/{id}", tag = "tickets", params(("id" = String, Path)),
    responses((status = 200, body = TicketBody), (status = 304)))]
async fn read(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(named): Id<Named>,
    known: Known,
) -> Result<Response> {
    let stored = match named {
        Named::Id(id) => web.app.ticket(&caller, id).await?,
        Named::Number(number) => web.app.ticket_by_number(&caller, number).await?,
    };
    let version = stored.ticket.version;
    Ok(known.answer(version, Json(TicketBody::from(stored))))
}

/// Change a ticket. All changes are made or none; with `if-match` only when nobody else changed it.
#[utoipa::path(patch, path = "/tickets/{id}", tag = "tickets", request_body = TicketInput,
    params(("id" = Uuid, Path), ("if-match" = Option<String>, Header)),
    responses((status = 200, body = TicketBody)))]
async fn update(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(id): Id<TicketId>,
    MaybeIfMatch(expected): MaybeIfMatch,
    Body(input): Body<TicketInput>,
) -> Result<Tagged<Json<TicketBody>>> {
    let changes = input.into_changes();
    let ticket = web
        .app
        .change_ticket(&caller, id, &expected, &changes)
        .await?;
    Ok(Tagged(ticket.version, Json(ticket.into())))
}

/// Changes to many tickets.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BulkInput {
    /// The tickets, at most 500.
    pub tickets: Vec<Uuid>,
    /// What is to change of each.
    pub changes: TicketInput,
}

/// What became of one of many tickets.
#[derive(Debug, Serialize, ToSchema)]
pub struct BulkOutcome {
    /// The ticket.
    pub ticket: Uuid,
    /// Why it was not changed; absent when it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
}

/// Change many tickets. Each is changed for itself: the answer says of each whether it was.
#[utoipa::path(post, path = "/tickets/bulk", tag = "tickets", request_body = BulkInput,
    responses((status = 200, body = Vec<BulkOutcome>)))]
async fn change_many(
    State(web): State<Web>,
    Auth(caller): Auth,
    Body(input): Body<BulkInput>,
) -> Result<Json<Vec<BulkOutcome>>> {
    if input.tickets.len() > 500 {
        return Err(mainstay_app::AppError::invalid("tickets", "at most 500 at once").into());
    }
    let ids: Vec<TicketId> = input.tickets.into_iter().map(TicketId::from).collect();
    let changes = input.changes.into_changes();
    let outcomes = web.app.change_tickets(&caller, &ids, &changes).await?;
    let form = |(id, outcome): (TicketId, mainstay_app::Result<Ticket>)| BulkOutcome {
        ticket: id.uuid(),
        refused: outcome.err().map(|error| error.to_string()),
    };
    Ok(Json(outcomes.into_iter().map(form).collect()))
}

/// Which ticket to merge into.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MergeInput {
    /// The ticket that remains.
    pub into: Uuid,
}

/// Merge a ticket into another, which is answered.
#[utoipa::path(post, path = "/tickets/{id}/merge", tag = "tickets", request_body = MergeInput,
    params(("id" = Uuid, Path)), responses((status = 200, body = TicketBody)))]
async fn merge(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(id): Id<TicketId>,
    Body(input): Body<MergeInput>,
) -> Result<Tagged<Json<TicketBody>>> {
    let into = TicketId::from(input.into);
    let ticket = web.app.merge_ticket(&caller, id, into).await?;
    Ok(Tagged(ticket.version, Json(ticket.into())))
}

/// What to split off.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SplitInput {
    /// The messages that go.
    pub messages: Vec<Uuid>,
    /// The subject of the new ticket.
    pub subject: String,
}

/// Split messages off into a new ticket, which is answered.
#[utoipa::path(post, path = "/tickets/{id}/split", tag = "tickets", request_body = SplitInput,
    params(("id" = Uuid, Path)), responses((status = 201, body = TicketBody)))]
async fn split(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(id): Id<TicketId>,
    Body(input): Body<SplitInput>,
) -> Result<Response> {
    let messages: Vec<MessageId> = input.messages.into_iter().map(MessageId::from).collect();
    let ticket = web
        .app
        .split_ticket(&caller, id, &messages, &input.subject)
        .await?;
    let path = format!("/tickets/{}", ticket.id);
    Ok(created(
        &path,
        ticket.version,
        Json(TicketBody::from(ticket)),
    ))
}

/// A fact of a ticket's ledger.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Fact)]
pub struct FactBody {
    /// Identifies it.
    pub id: Uuid,
    /// When it happened.
    pub at: Timestamp,
    /// When it was recorded; later than `at` for a fact that came in late.
    pub recorded_at: Timestamp,
    /// Its place in the ledger of the ticket.
    pub sequence: u64,
    /// Which agent or contact did it; absent for the program itself.
    pub actor: Option<Uuid>,
    /// The version of the policy in force when it was recorded.
    pub policy: u32,
    /// What happened: its `type`, such as `status_changed`, and its particulars.
    pub what: serde_json::Value,
}

/// List every fact of a ticket, in the order in which they were recorded.
#[utoipa::path(get, path = "/tickets/{id}/history", tag = "tickets", params(("id" = Uuid, Path)),
    responses((status = 200, body = Vec<FactBody>)))]
async fn history(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(id): Id<TicketId>,
) -> Result<Json<Vec<FactBody>>> {
    let events = web.app.ticket_history(&caller, id).await?;
    let facts = events.into_iter().map(|event| FactBody {
        id: event.id.uuid(),
        at: event.at,
        recorded_at: event.recorded_at,
        sequence: event.sequence,
        actor: super::session::person(event.actor).1,
        policy: event.policy.0,
        what: serde_json::to_value(&event.kind).unwrap_or_default(),
    });
    Ok(Json(facts.collect()))
}
