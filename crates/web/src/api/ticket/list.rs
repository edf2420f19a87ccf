//! Lists of tickets, and searching them.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::str::FromStr;

use axum::Json;
use axum::extract::{OriginalUri, State};
use axum::http::Uri;
use jiff::Timestamp;
use mainstay_app::ticket::Hit;
use mainstay_app::ticket::{Direction, TicketFilter, TicketKey, TicketSort, TimeRange};
use mainstay_app::{App, Caller};
use mainstay_domain::event::Channel;
use mainstay_domain::id::{AccountId, AgentId, ContactId, TeamId};
use mainstay_domain::name::{CategoryName, StatusName, Tag, TierName};
use mainstay_domain::severity::Severity;
use mainstay_domain::status::StatusKind;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::body::TicketBody;
use crate::Web;
use crate::api::search::{SegmentBody, marked};
use crate::auth::Auth;
use crate::input::{Parameters, parameters};
use crate::page::{self, Limit, ListQuery, Page};
use crate::problem::{Problem, Result};

/// Which tickets to list, and in which order. A parameter that takes several values takes them between commas; `none`
/// stands for a ticket that has no such thing.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields, default)]
pub struct ListTickets {
    /// Statuses by name, or kinds of status; `done` and `undone` stand for several.
    status: Option<String>,
    /// `P1` to `P4`.
    severity: Option<String>,
    /// Tiers.
    tier: Option<String>,
    /// Categories, or `none`.
    category: Option<String>,
    /// Teams, or `none`.
    team: Option<String>,
    /// Agents, `me`, or `none`.
    assignee: Option<String>,
    /// Accounts, or `none`.
    account: Option<String>,
    /// Contacts.
    contact: Option<String>,
    /// Ways by which tickets came.
    channel: Option<String>,
    /// Tags, all of them.
    tag: Option<String>,
    /// An agent who follows them.
    follower: Option<Uuid>,
    /// Opened from this instant on.
    opened_from: Option<Timestamp>,
    /// Opened before this instant.
    opened_until: Option<Timestamp>,
    /// Changed from this instant on.
    updated_from: Option<Timestamp>,
    /// Changed before this instant.
    updated_until: Option<Timestamp>,
    /// Something falls due before this instant.
    due_before: Option<Timestamp>,
    /// Words in the subject or the conversation.
    words: Option<String>,
    /// `next_due` (the default), `updated`, `last_message`, `opened`, `severity` or `number`; with `-` before it the other way round.
    sort: Option<String>,
    /// How many things a page holds.
    #[param(value_type = Option<u16>, minimum = 1, maximum = 200)]
    limit: Option<Limit>,
    /// Where to go on, from the `next` of the page before.
    cursor: Option<String>,
}

impl ListTickets {
    /// Reads a query as a saved view keeps it, and checks that it can be run. Which page is shown is not the view's to say.
    pub fn of_view(query: &str, app: &App, caller: &Caller) -> Result<Self> {
        let query: Self = parameters(query.strip_prefix('?').unwrap_or(query))?;
        for (name, is_given) in [
            ("limit", query.limit.is_some()),
            ("cursor", query.cursor.is_some()),
        ] {
            if is_given {
                let detail =
                    "a view says which tickets it lists and in which order, not which page of them";
                return Err(Problem::bad_parameter(name, detail));
            }
        }
        query.filter(app, caller)?;
        query.sort()?;
        Ok(query)
    }

    /// A page of the tickets.
    pub async fn run(
        &self,
        web: &Web,
        caller: &Caller,
        uri: &Uri,
        part: &ListQuery,
    ) -> Result<Json<Page<TicketBody>>> {
        // A cursor holds for one order only: what it continues after is what the list is sorted by.
        let name = format!("tickets {}", self.sort.as_deref().unwrap_or_default());
        let part = page::request(&name, part.limit, part.cursor.as_deref())?;
        let found = web
            .app
            .tickets(caller, &self.filter(&web.app, caller)?, self.sort()?, part)
            .await?;
        Ok(Json(page::of(uri, &name, found, TicketBody::of)))
    }

    /// Which tickets are meant.
    pub fn filter(&self, app: &App, caller: &Caller) -> Result<TicketFilter> {
        let (status_kinds, statuses) = self.statuses();
        let filter = TicketFilter {
            status_kinds,
            statuses,
            severities: several::<Severity>("severity", self.severity.as_deref())?,
            tiers: names(self.tier.as_deref(), |name| TierName::from(name)),
            categories: names(self.category.as_deref(), |name| {
                (name != "none").then(|| CategoryName::from(name))
            }),
            teams: some_or_none::<TeamId>("team", self.team.as_deref())?,
            assignees: self.assignees(caller)?,
            accounts: some_or_none::<AccountId>("account", self.account.as_deref())?,
            contacts: several::<ContactId>("contact", self.contact.as_deref())?,
            channels: channels(self.channel.as_deref())?,
            tags: names(self.tag.as_deref(), |name| Tag::from(name)),
            follower: self.follower.map(AgentId::from),
            updated: TimeRange {
                from: self.updated_from,
                until: self.updated_until,
            },
            opened: TimeRange {
                from: self.opened_from,
                until: self.opened_until,
            },
            due_before: self.due_before,
            hidden: BTreeSet::new(),
            words: self.words.clone(),
        };
        match app.unknown_in_filter(&filter) {
            Some((parameter, detail)) => Err(Problem::bad_parameter(parameter, detail)),
            None => Ok(filter),
        }
    }

    /// Agents; `me` stands for whoever asks, so that one view of everybody's shows each their own.
    fn assignees(&self, caller: &Caller) -> Result<Vec<Option<AgentId>>> {
        let text = match self.assignee.as_deref() {
            Some(text) if names(Some(text), |name| name == "me").contains(&true) => {
                let me = caller.agent()?.to_string();
                let named = |name: &str| {
                    if name == "me" {
                        me.clone()
                    } else {
                        name.to_owned()
                    }
                };
                Some(names(Some(text), named).join(","))
            }
            text => text.map(str::to_owned),
        };
        some_or_none::<AgentId>("assignee", text.as_deref())
    }

    /// A name of a kind stands for all statuses of the kind, any other name for the status itself.
    fn statuses(&self) -> (Vec<StatusKind>, Vec<StatusName>) {
        let (mut kinds, mut statuses) = (Vec::new(), Vec::new());
        for name in names(self.status.as_deref(), str::to_owned) {
            match name.as_str() {
                "done" => kinds.extend(StatusKind::ALL.into_iter().filter(|kind| kind.is_done())),
                "undone" => {
                    kinds.extend(StatusKind::ALL.into_iter().filter(|kind| !kind.is_done()));
                }
                name => match StatusKind::ALL
                    .into_iter()
                    .find(|kind| kind.as_str() == name)
                {
                    Some(kind) => kinds.push(kind),
                    None => statuses.push(StatusName::from(name)),
                },
            }
        }
        (kinds, statuses)
    }

    fn sort(&self) -> Result<TicketSort> {
        let text = self.sort.as_deref().unwrap_or("next_due");
        let (name, reversed) = match text.strip_prefix('-') {
            Some(name) => (name, true),
            None => (text, false),
        };
        let key = match name {
            "next_due" => TicketKey::NextDue,
            "updated" => TicketKey::Updated,
            "last_message" => TicketKey::LastMessage,
            "opened" => TicketKey::Opened,
            "severity" => TicketKey::Severity,
            "number" => TicketKey::Number,
            _ => {
                return Err(Problem::bad_parameter(
                    "sort",
                    format!(
                        "{text:?} is no order: expected next_due, updated, last_message, opened, severity or number, with - before it the other way round"
                    ),
                ));
            }
        };
        Ok(TicketSort {
            key,
            direction: if reversed {
                Direction::Descending
            } else {
                Direction::Ascending
            },
        })
    }
}

/// List tickets. A portal user sees their own, or their account's.
#[utoipa::path(get, path = "/tickets", tag = "tickets", params(ListTickets),
    responses((status = 200, body = Page<TicketBody>)))]
pub(super) async fn list(
    State(web): State<Web>,
    Auth(caller): Auth,
    OriginalUri(uri): OriginalUri,
    Parameters(query): Parameters<ListTickets>,
) -> Result<Json<Page<TicketBody>>> {
    let part = ListQuery {
        limit: query.limit,
        cursor: query.cursor.clone(),
    };
    query.run(&web, &caller, &uri, &part).await
}

/// How many tickets a list holds.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TicketCount)]
pub struct TicketCountBody {
    /// How many.
    tickets: u64,
}

/// Count tickets, by the filters of the list.
#[utoipa::path(get, path = "/tickets/count", tag = "tickets", params(ListTickets),
    responses((status = 200, body = TicketCountBody)))]
pub(super) async fn count(
    State(web): State<Web>,
    Auth(caller): Auth,
    Parameters(query): Parameters<ListTickets>,
) -> Result<Json<TicketCountBody>> {
    let filter = query.filter(&web.app, &caller)?;
    let tickets = web.app.count_tickets(&caller, &filter).await?;
    Ok(Json(TicketCountBody { tickets }))
}

/// What to search for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct SearchTickets {
    /// Words; the last one may be the beginning of a word.
    q: String,
    /// How many things a page holds.
    #[param(value_type = Option<u16>, minimum = 1, maximum = 200)]
    limit: Option<Limit>,
    /// Where to go on, from the `next` of the page before.
    cursor: Option<String>,
}

/// A ticket that was found.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Hit)]
pub struct HitBody {
    /// The ticket.
    ticket: Uuid,
    /// Its number.
    number: u64,
    /// Its subject.
    subject: String,
    /// Whose it is.
    account: Option<Uuid>,
    /// Its severity, `P1` to `P4`.
    severity: &'static str,
    /// Its status.
    status: String,
    /// What the status means.
    status_kind: &'static str,
    /// The message that holds most of the words; absent when the subject does.
    message: Option<Uuid>,
    /// The place where the words stand.
    excerpt: String,
    /// The same in parts, the words marked.
    parts: Vec<SegmentBody>,
}

impl HitBody {
    fn of(hit: Hit, query: &str) -> Self {
        Self {
            parts: marked(&hit.excerpt, query),
            ticket: hit.ticket.uuid(),
            number: hit.number,
            subject: hit.subject,
            account: hit.account.map(Into::into),
            severity: hit.severity.as_str(),
            status: hit.status.name.into(),
            status_kind: hit.status.kind.as_str(),
            message: hit.message.map(Into::into),
            excerpt: hit.excerpt,
        }
    }
}

/// Search subjects and conversations. A portal user's search finds nothing in internal notes.
#[utoipa::path(get, path = "/search", tag = "tickets", params(SearchTickets),
    responses((status = 200, body = Page<HitBody>)))]
pub(super) async fn search(
    State(web): State<Web>,
    Auth(caller): Auth,
    OriginalUri(uri): OriginalUri,
    Parameters(query): Parameters<SearchTickets>,
) -> Result<Json<Page<HitBody>>> {
    let part = page::request("search", query.limit, query.cursor.as_deref())?;
    let found = web.app.search_tickets(&caller, &query.q, part).await?;
    Ok(Json(page::of(&uri, "search", found, |hit| {
        HitBody::of(hit, &query.q)
    })))
}

fn names<T>(text: Option<&str>, name: impl Fn(&str) -> T) -> Vec<T> {
    text.into_iter()
        .flat_map(|text| text.split(','))
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .map(name)
        .collect()
}

fn several<T: FromStr<Err: Display>>(
    parameter: &'static str,
    text: Option<&str>,
) -> Result<Vec<T>> {
    names(text, |part| {
        part.parse()
            .map_err(|error: T::Err| Problem::bad_parameter(parameter, error.to_string()))
    })
    .into_iter()
    .collect()
}

fn some_or_none<T: FromStr<Err: Display>>(
    parameter: &'static str,
    text: Option<&str>,
) -> Result<Vec<Option<T>>> {
    names(text, |part| match part {
        "none" => Ok(None),
        part => part
            .parse()
            .map(Some)
            .map_err(|error: T::Err| Problem::bad_parameter(parameter, error.to_string())),
    })
    .into_iter()
    .collect()
}

fn channels(text: Option<&str>) -> Result<Vec<Channel>> {
    names(text, |part| {
        channel(part).map_err(|detail| Problem::bad_parameter("channel", detail))
    })
    .into_iter()
    .collect()
}

/// A channel by its name, or what is wrong with the name.
pub(super) fn channel(name: &str) -> Result<Channel, String> {
    Channel::ALL
        .into_iter()
        .find(|channel| channel.as_str() == name)
        .ok_or_else(|| {
            let known = Channel::ALL.map(Channel::as_str).join(", ");
            format!("{name:?} is no channel: expected one of {known}")
        })
}
