//! Notifications: what one was told in the program itself.

use axum::Json;
use axum::extract::{OriginalUri, State};
use jiff::Timestamp;
use mainstay_app::notification::{ReadState, Subjects};
use mainstay_domain::id::{EscalationId, NotificationId, TicketId};
use mainstay_domain::notification::{About, Notification, NotificationState};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::escalation::ReasonBody;
use crate::Web;
use crate::auth::Auth;
use crate::input::{Id, Parameters};
use crate::page::{self, Limit, Page};
use crate::problem::Result;

/// The routes.
pub fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(unread))
        .routes(routes!(read_all))
        .routes(routes!(read))
}

/// Something one person is told by one channel. What is shown in the program and goes by a channel as well is one notification:
/// where each way is listed, both bear its id.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Notification)]
pub struct NotificationBody {
    /// Identifies it, among those of one channel.
    pub id: Uuid,
    /// Which agent it is for.
    pub recipient: Uuid,
    /// By which channel: `in_app`, `email`, `slack`, `sms` or `pager`.
    pub channel: String,
    /// What it is about, in parts.
    pub about: AboutBody,
    /// What is to be known, in a line, in the language of whom it is for.
    pub title: String,
    /// More about it.
    pub detail: String,
    /// The ticket.
    pub ticket: Option<Uuid>,
    /// The escalation.
    pub escalation: Option<Uuid>,
    /// When it arose.
    pub at: Timestamp,
    /// How far it is.
    pub state: DeliveryProgress,
    /// Until when it is held back at the most.
    pub held_until: Option<Timestamp>,
    /// The delivery it went with; several share that of a digest.
    pub delivery: Option<Uuid>,
    /// When its channel took it.
    pub delivered_at: Option<Timestamp>,
    /// When it was read in the program.
    pub read_at: Option<Timestamp>,
    /// Why it went by e-mail instead of its channel, where it did.
    pub fallback: Option<String>,
    /// Why it could not be delivered.
    pub last_error: Option<String>,
}

/// What a notification is about, in parts, so that each reader can be told in their own language.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = NotificationAbout)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum AboutBody {
    /// A step of an escalation was taken.
    EscalationStep {
        /// Of which ladder.
        ladder: String,
        /// The step's name.
        name: String,
        /// The level it reaches.
        level: u8,
    },
    /// A promise is soon due.
    ClockWarned {
        /// By which commitment.
        commitment: String,
        /// When it is due.
        due_at: Timestamp,
    },
    /// A promise was missed.
    ClockMissed {
        /// By which commitment.
        commitment: String,
        /// When it was due.
        due_at: Timestamp,
    },
    /// A colleague mentioned them.
    Mentioned {
        /// In which message.
        message: Uuid,
        /// Who, by name.
        by: String,
    },
}

impl From<About> for AboutBody {
    fn from(about: About) -> Self {
        match about {
            About::EscalationStep { step, name, level } => Self::EscalationStep {
                ladder: step.ladder.into(),
                name,
                level,
            },
            About::ClockWarned { commitment, due_at } => Self::ClockWarned {
                commitment: commitment.into(),
                due_at,
            },
            About::ClockMissed { commitment, due_at } => Self::ClockMissed {
                commitment: commitment.into(),
                due_at,
            },
            About::Mentioned { message, by } => Self::Mentioned {
                message: message.uuid(),
                by,
            },
        }
    }
}

/// How far a notification is.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryProgress {
    /// It waits for its delivery.
    Pending,
    /// It was handed to its channel, which has not taken it yet.
    Dispatched,
    /// The channel took it.
    Delivered,
    /// It could not be delivered.
    GivenUp,
}

impl From<Notification> for NotificationBody {
    fn from(told: Notification) -> Self {
        Self {
            id: told.id.uuid(),
            recipient: told.recipient.uuid(),
            channel: told.channel.to_string(),
            about: told.about.into(),
            title: told.title,
            detail: told.detail,
            ticket: told.ticket.map(TicketId::uuid),
            escalation: told.escalation.map(EscalationId::uuid),
            at: told.at,
            state: match told.state {
                NotificationState::Pending => DeliveryProgress::Pending,
                NotificationState::Dispatched => DeliveryProgress::Dispatched,
                NotificationState::Delivered => DeliveryProgress::Delivered,
                NotificationState::GivenUp => DeliveryProgress::GivenUp,
            },
            held_until: told.held_until,
            delivery: told.delivery,
            delivered_at: told.delivered_at,
            read_at: told.read_at,
            fallback: told.fallback,
            last_error: told.last_error,
        }
    }
}

/// Something one was told in the program itself, with what it speaks of as that stands now.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ShownNotification)]
pub struct ShownNotificationBody {
    /// The notification.
    #[serde(flatten)]
    pub notification: NotificationBody,
    /// The ticket, where there is one: of an escalation of several, the first.
    pub of: Option<NotificationTicketBody>,
    /// How many tickets it is about.
    pub tickets: usize,
    /// Why the escalation was raised; absent where there is none, or an earlier version of the program raised it.
    pub reason: Option<ReasonBody>,
}

/// The ticket that a notification speaks of.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = NotificationTicket)]
pub struct NotificationTicketBody {
    /// Its number.
    pub number: u64,
    /// Its severity, `P1` to `P4`.
    pub severity: &'static str,
    /// What it is about, in a line.
    pub subject: String,
}

impl ShownNotificationBody {
    fn of(told: Notification, subjects: &Subjects) -> Self {
        let ticket = told.ticket.and_then(|id| subjects.tickets.get(&id));
        let escalation = told.escalation;
        let count = escalation.and_then(|id| subjects.counts.get(&id).copied());
        let reason = escalation.and_then(|id| subjects.reasons.get(&id).cloned());
        Self {
            of: ticket.map(|ticket| NotificationTicketBody {
                number: ticket.number,
                severity: ticket.facts.severity.as_str(),
                subject: ticket.subject.clone(),
            }),
            tickets: count.unwrap_or(usize::from(ticket.is_some())),
            reason: reason.map(ReasonBody::from),
            notification: told.into(),
        }
    }
}

/// How many notifications.
#[derive(Debug, Serialize, ToSchema)]
pub struct NotificationCount {
    /// How many.
    pub count: u64,
}

/// Which notifications to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ListNotifications {
    /// Only those that were not read yet.
    #[serde(default)]
    unread: bool,
    /// How many things a page holds.
    #[param(value_type = Option<u16>, minimum = 1, maximum = 200)]
    limit: Option<Limit>,
    /// Where to go on, from the `next` of the page before.
    cursor: Option<String>,
}

/// List what one was told, latest first.
#[utoipa::path(get, path = "/notifications", tag = "notifications", params(ListNotifications),
    responses((status = 200, body = Page<ShownNotificationBody>)))]
async fn list(
    State(web): State<Web>,
    Auth(caller): Auth,
    OriginalUri(uri): OriginalUri,
    Parameters(query): Parameters<ListNotifications>,
) -> Result<Json<Page<ShownNotificationBody>>> {
    let read = if query.unread {
        ReadState::Unread
    } else {
        ReadState::Any
    };
    let part = page::request("notifications", query.limit, query.cursor.as_deref())?;
    let found = web.app.notifications(&caller, read, part).await?;
    let subjects = web.app.notification_subjects(&caller, &found.items).await?;
    let form = |told| ShownNotificationBody::of(told, &subjects);
    Ok(Json(page::of(&uri, "notifications", found, form)))
}

/// Count what one has not read.
#[utoipa::path(get, path = "/notifications/unread", tag = "notifications",
    responses((status = 200, body = NotificationCount)))]
async fn unread(State(web): State<Web>, Auth(caller): Auth) -> Result<Json<NotificationCount>> {
    let count = web.app.unread_notifications(&caller).await?;
    Ok(Json(NotificationCount { count }))
}

/// Note that one read everything. The answer says how much was new.
#[utoipa::path(post, path = "/notifications/read", tag = "notifications",
    responses((status = 200, body = NotificationCount)))]
async fn read_all(State(web): State<Web>, Auth(caller): Auth) -> Result<Json<NotificationCount>> {
    let count = web.app.read_all_notifications(&caller).await?;
    Ok(Json(NotificationCount { count }))
}

/// Note that one read a notification.
#[utoipa::path(post, path = "/notifications/{id}/read", tag = "notifications", params(("id" = Uuid, Path)),
    responses((status = 200, body = NotificationBody)))]
async fn read(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(id): Id<NotificationId>,
) -> Result<Json<NotificationBody>> {
    Ok(Json(web.app.read_notification(&caller, id).await?.into()))
}
