//! Webhooks: whom to tell over HTTP when something happens, and what became of it.

use axum::extract::{OriginalUri, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use jiff::Timestamp;
use mainstay_app::secret::fingerprint;
use mainstay_app::webhook::EVENT_TYPES;
use mainstay_domain::id::{AccountId, WebhookDeliveryId, WebhookId};
use mainstay_domain::webhook::{Webhook, WebhookDelivery, WebhookDeliveryState};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::account::set;
use crate::Web;
use crate::auth::Auth;
use crate::etag::{IfMatch, Known, Tagged, created};
use crate::idempotency::GivenOnce;
use crate::input::{Body, Id, InnerId, Parameters, change, given};
use crate::page::{self, ListQuery, Page};
use crate::problem::Result;

/// The routes.
pub fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(read, update, remove))
        .routes(routes!(deliveries))
        .routes(routes!(delivery))
        .routes(routes!(resend))
        .routes(routes!(test))
        .routes(routes!(event_types))
}

/// A subscription: where to send what happens, signed as Standard Webhooks says.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Webhook)]
pub struct WebhookBody {
    /// Identifies it.
    pub id: Uuid,
    /// Where to send.
    pub url: String,
    /// The kinds of events to send; every kind when empty.
    pub events: Vec<String>,
    /// Only what concerns this account; every account when absent.
    pub account: Option<Uuid>,
    /// Whether the texts of public messages are sent along.
    pub include_messages: bool,
    /// Whether to send at all. A subscription whose every try fails for five days is switched off.
    pub active: bool,
    /// Since when every try has failed; absent while the receiver takes what it is sent.
    pub failing_since: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
    /// The secret deliveries are signed with (`whsec_…`): given once, when the subscription is made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
}

impl From<Webhook> for WebhookBody {
    fn from(webhook: Webhook) -> Self {
        Self {
            id: webhook.id.uuid(),
            url: webhook.url,
            events: webhook.events,
            account: webhook.account.map(AccountId::uuid),
            include_messages: webhook.include_messages,
            active: webhook.active,
            failing_since: webhook.failing_since,
            created_at: webhook.created_at,
            secret: None,
        }
    }
}

/// What a subscription is to be. What is left out stays as it is; a new one needs a url.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhookInput {
    /// Where to send.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = String)]
    pub url: Option<String>,
    /// The kinds of events to send, such as `ticket.opened` or, for a whole group, `clock.*`; every kind when empty.
    /// `/api/v1/webhook-events` lists them.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Vec<String>)]
    pub events: Option<Vec<String>>,
    /// Only what concerns this account.
    #[serde(default, deserialize_with = "change")]
    #[schema(value_type = Option<Uuid>)]
    pub account: Option<Option<Uuid>>,
    /// Whether the texts of public messages are sent along; internal notes never are. They are not unless this says so.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = bool)]
    pub include_messages: Option<bool>,
    /// Whether to send at all.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = bool)]
    pub active: Option<bool>,
}

impl WebhookInput {
    fn apply(self, webhook: &mut Webhook) {
        set(&mut webhook.url, self.url);
        set(&mut webhook.events, self.events);
        let account = self.account.map(|account| account.map(AccountId::from));
        set(&mut webhook.account, account);
        set(&mut webhook.include_messages, self.include_messages);
        set(&mut webhook.active, self.active);
    }
}

/// One event on its way to one subscriber.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WebhookDelivery)]
pub struct WebhookDeliveryBody {
    /// Identifies it; sent along as `webhook-id`.
    pub id: Uuid,
    /// The kind of the event.
    pub event: String,
    /// How far it is.
    pub state: DeliveryState,
    /// How many times sending was tried.
    pub attempts: u32,
    /// The HTTP status of the last answer.
    pub response_status: Option<u32>,
    /// Why the last try failed.
    pub last_error: Option<String>,
    /// When the event happened.
    pub created_at: Timestamp,
    /// When the receiver took it.
    pub delivered_at: Option<Timestamp>,
    /// What is sent; only where one delivery is read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<serde_json::Value>,
}

/// How far a delivery is.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// Waiting for its first or next try.
    Queued,
    /// The receiver took it.
    Delivered,
    /// Given up.
    Dead,
}

impl From<WebhookDelivery> for WebhookDeliveryBody {
    fn from(delivery: WebhookDelivery) -> Self {
        Self {
            id: delivery.id.uuid(),
            event: delivery.event,
            state: match delivery.state {
                WebhookDeliveryState::Queued => DeliveryState::Queued,
                WebhookDeliveryState::Delivered => DeliveryState::Delivered,
                WebhookDeliveryState::Dead => DeliveryState::Dead,
            },
            attempts: delivery.attempts,
            response_status: delivery.response_status,
            last_error: delivery.last_error,
            created_at: delivery.created_at,
            delivered_at: delivery.delivered_at,
            body: None,
        }
    }
}

/// List subscriptions, oldest first.
#[utoipa::path(get, path = "/webhooks", tag = "webhooks", params(ListQuery),
    responses((status = 200, body = Page<WebhookBody>)))]
async fn list(
    State(web): State<Web>,
    Auth(caller): Auth,
    OriginalUri(uri): OriginalUri,
    Parameters(part): Parameters<ListQuery>,
) -> Result<Json<Page<WebhookBody>>> {
    let webhooks = web.app.webhooks(&caller).await?;
    page::slice(
        &uri,
        "webhooks",
        &part,
        webhooks,
        |found| found.id,
        WebhookBody::from,
    )
}

/// Make a subscription. The answer holds its secret, this once.
#[utoipa::path(post, path = "/webhooks", tag = "webhooks", request_body = WebhookInput,
    responses((status = 201, body = WebhookBody)))]
async fn create(
    State(web): State<Web>,
    Auth(caller): Auth,
    Body(input): Body<WebhookInput>,
) -> Result<Response> {
    let webhook = web
        .app
        .create_webhook(&caller, |webhook| input.apply(webhook))
        .await?;
    let path = format!("/webhooks/{}", webhook.id);
    let version = fingerprint(&webhook);
    let body = WebhookBody {
        secret: Some(webhook.secret.clone()),
        ..WebhookBody::from(webhook)
    };
    Ok((Extension(GivenOnce), created(&path, version, Json(body))).into_response())
}

/// Read a subscription.
#[utoipa::path(get, path = "/webhooks/{id}", tag = "webhooks", params(("id" = Uuid, Path)),
    responses((status = 200, body = WebhookBody), (status = 304)))]
async fn read(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(id): Id<WebhookId>,
    known: Known,
) -> Result<Response> {
    let webhook = web.app.webhook(&caller, id).await?;
    let version = fingerprint(&webhook);
    Ok(known.answer(version, Json(WebhookBody::from(webhook))))
}

/// Change a subscription.
#[utoipa::path(patch, path = "/webhooks/{id}", tag = "webhooks", request_body = WebhookInput,
    params(("id" = Uuid, Path), ("if-match" = String, Header)),
    responses((status = 200, body = WebhookBody)))]
async fn update(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(id): Id<WebhookId>,
    IfMatch(expected): IfMatch,
    Body(input): Body<WebhookInput>,
) -> Result<Tagged<Json<WebhookBody>>> {
    let webhook = web
        .app
        .update_webhook(&caller, id, &expected, |webhook| input.apply(webhook))
        .await?;
    Ok(Tagged(fingerprint(&webhook), Json(webhook.into())))
}

/// Remove a subscription with its deliveries.
#[utoipa::path(delete, path = "/webhooks/{id}", tag = "webhooks", params(("id" = Uuid, Path)),
    responses((status = 204)))]
async fn remove(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(id): Id<WebhookId>,
) -> Result<StatusCode> {
    web.app.remove_webhook(&caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// List what was or is to be sent to a subscriber, latest first.
#[utoipa::path(get, path = "/webhooks/{id}/deliveries", tag = "webhooks",
    params(("id" = Uuid, Path), ListQuery),
    responses((status = 200, body = Page<WebhookDeliveryBody>)))]
async fn deliveries(
    State(web): State<Web>,
    Auth(caller): Auth,
    OriginalUri(uri): OriginalUri,
    Id(id): Id<WebhookId>,
    Parameters(query): Parameters<ListQuery>,
) -> Result<Json<Page<WebhookDeliveryBody>>> {
    let part = page::request("deliveries", query.limit, query.cursor.as_deref())?;
    let found = web.app.webhook_deliveries(&caller, id, part).await?;
    let form = WebhookDeliveryBody::from;
    Ok(Json(page::of(&uri, "deliveries", found, form)))
}

/// Read a delivery, with what is sent.
#[utoipa::path(get, path = "/webhooks/{id}/deliveries/{delivery}", tag = "webhooks",
    params(("id" = Uuid, Path), ("delivery" = Uuid, Path)),
    responses((status = 200, body = WebhookDeliveryBody)))]
async fn delivery(
    State(web): State<Web>,
    Auth(caller): Auth,
    InnerId(id, inner): InnerId<WebhookId, WebhookDeliveryId>,
) -> Result<Json<WebhookDeliveryBody>> {
    let delivery = web.app.webhook_delivery(&caller, id, inner).await?;
    let sent = serde_json::from_str(&delivery.body).unwrap_or_default();
    Ok(Json(WebhookDeliveryBody {
        body: Some(sent),
        ..WebhookDeliveryBody::from(delivery)
    }))
}

/// Send a delivery again that was made or given up. It keeps its `webhook-id`, so the receiver can tell a repetition.
#[utoipa::path(post, path = "/webhooks/{id}/deliveries/{delivery}/resend", tag = "webhooks",
    params(("id" = Uuid, Path), ("delivery" = Uuid, Path)),
    responses((status = 202, body = WebhookDeliveryBody)))]
async fn resend(
    State(web): State<Web>,
    Auth(caller): Auth,
    InnerId(id, inner): InnerId<WebhookId, WebhookDeliveryId>,
) -> Result<(StatusCode, Json<WebhookDeliveryBody>)> {
    let queued = web.app.resend_webhook_delivery(&caller, id, inner).await?;
    Ok((StatusCode::ACCEPTED, Json(queued.into())))
}

/// Send an event of the kind `webhook.test`, to see whether the receiver takes it. Read the delivery to see how it went.
#[utoipa::path(post, path = "/webhooks/{id}/test", tag = "webhooks", params(("id" = Uuid, Path)),
    responses((status = 202, body = WebhookDeliveryBody)))]
async fn test(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(id): Id<WebhookId>,
) -> Result<(StatusCode, Json<WebhookDeliveryBody>)> {
    let queued = web.app.test_webhook(&caller, id).await?;
    Ok((StatusCode::ACCEPTED, Json(queued.into())))
}

/// A kind of event that can be sent.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WebhookEvent)]
pub struct WebhookEventBody {
    /// Its name, as in a subscription's `events` and in the `type` of what is sent.
    pub name: &'static str,
    /// What it tells.
    pub description: &'static str,
}

/// List the kinds of events that can be sent.
#[utoipa::path(get, path = "/webhook-events", tag = "webhooks",
    responses((status = 200, body = Page<WebhookEventBody>)))]
async fn event_types(Auth(_caller): Auth) -> Json<Page<WebhookEventBody>> {
    let body = |&(name, description)| WebhookEventBody { name, description };
    Json(Page::whole(EVENT_TYPES.iter().map(body)))
}
