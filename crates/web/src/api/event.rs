//! Live events over SSE: what changed, told to those who may know of it.

use std::convert::Infallible;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderName};
use axum::response::Sse;
use axum::response::sse::Event;
use futures::Stream;
use jiff::Timestamp;
use mainstay_app::Caller;
use mainstay_app::feed::{Change, Place};
use mainstay_app::measure::LISTENERS;
use mainstay_domain::id::{AccountId, TicketId};
use mainstay_domain::ticket::Scope;
use serde::{Deserialize, Serialize};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, mpsc};
use tokio::time::{Instant, MissedTickBehavior};
use tokio_stream::wrappers::ReceiverStream;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::Web;
use crate::auth::Auth;
use crate::hub::News;
use crate::input::Parameters;
use crate::problem::{Problem, Result};

/// The header by which a browser that comes back says what it saw last.
const LAST_SEEN: HeaderName = HeaderName::from_static("last-event-id");

/// How many events wait for a listener's connection before the listener begins to lag.
const BUFFER: usize = 64;

/// How many changes somebody who comes back is told at most; whoever missed more reloads.
const MOST_MISSED: usize = 2_000;

/// The routes.
pub fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new().routes(routes!(listen))
}

/// Something that changed: the data of an event, whose name is the kind.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Change)]
pub struct ChangeBody {
    /// What changed, such as `ticket.updated`.
    pub kind: String,
    /// When it was recorded.
    pub at: Timestamp,
    /// Of which ticket.
    pub ticket: Option<Uuid>,
    /// Of which account.
    pub account: Option<Uuid>,
    /// Of which other thing.
    pub subject: Option<String>,
}

impl From<&Change> for ChangeBody {
    fn from(change: &Change) -> Self {
        Self {
            kind: change.kind.clone(),
            at: change.at,
            ticket: change.ticket.map(TicketId::uuid),
            account: change.account.map(AccountId::uuid),
            subject: change.subject.clone(),
        }
    }
}

/// Where to begin.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ListenFrom {
    /// The id of the last event that was seen, for those who cannot send `last-event-id`.
    last_event_id: Option<String>,
}

/// Listen to what changes (server-sent events).
///
/// Each event is named after what changed and carries it as JSON. Who comes back with `last-event-id` is told what they
/// missed. The event `reload` says that too much was missed to be told: read again what you show.
#[utoipa::path(get, path = "/events", tag = "events", params(ListenFrom),
    responses((status = 200, content_type = "text/event-stream", body = ChangeBody)))]
async fn listen(
    State(web): State<Web>,
    Auth(caller): Auth,
    headers: HeaderMap,
    Parameters(query): Parameters<ListenFrom>,
) -> Result<Sse<impl Stream<Item = std::result::Result<Event, Infallible>>>> {
    let scope = caller.scope()?;
    // To listen first and to ask for the place afterwards leaves no gap; what comes twice is told once, by its place.
    let news = web.hub.listen().await?;
    let seen = last_seen(&headers, query)?;
    let last = match seen {
        Some(place) => place,
        None => web.app.latest_place().await?,
    };
    let (sender, receiver) = mpsc::channel(BUFFER);
    let listener = Listener {
        web,
        caller,
        scope,
        last,
        sender,
    };
    tokio::spawn(listener.run(news, seen.is_some()));
    Ok(Sse::new(ReceiverStream::new(receiver)))
}

fn last_seen(headers: &HeaderMap, query: ListenFrom) -> Result<Option<Place>> {
    let header = headers.get(LAST_SEEN).and_then(|value| value.to_str().ok());
    let Some(text) = header.or(query.last_event_id.as_deref()) else {
        return Ok(None);
    };
    text.parse()
        .map(Some)
        .map_err(|error| Problem::unreadable_parameter("last-event-id", format!("{error}")))
}

/// Somebody who listens.
struct Listener {
    web: Web,
    caller: Caller,
    scope: Scope,
    last: Place,
    sender: mpsc::Sender<std::result::Result<Event, Infallible>>,
}

/// Counts a listener for as long as it is there.
struct Counted;

impl Counted {
    fn new() -> Self {
        metrics::gauge!(LISTENERS).increment(1.0);
        Self
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        metrics::gauge!(LISTENERS).decrement(1.0);
    }
}

/// The listener has gone, or may not listen any more.
struct Gone;

impl Listener {
    /// Tells what happens until the listener has gone; first what was missed, if they `come_back`. Who begins has
    /// missed nothing.
    async fn run(mut self, mut news: broadcast::Receiver<News>, come_back: bool) {
        let _counted = Counted::new();
        let stop = self.web.options.stop.clone();
        let every = self.web.options.limits.heartbeat;
        let mut heartbeat = tokio::time::interval_at(Instant::now() + every, every);
        heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let told = async {
            self.say(Event::default().comment("listening")).await?;
            if come_back {
                self.catch_up().await?;
            }
            loop {
                tokio::select! {
                    received = news.recv() => match received {
                        Ok(change) => self.tell(change.0, &change.1).await?,
                        Err(RecvError::Lagged(_)) => self.reload().await?,
                        Err(RecvError::Closed) => return Err(Gone),
                    },
                    () = self.sender.closed() => return Err(Gone),
                    _ = heartbeat.tick() => self.check().await?,
                }
            }
        };
        let _: Option<std::result::Result<(), Gone>> = stop.run_until_cancelled(told).await;
    }

    /// Tells what was missed.
    async fn catch_up(&mut self) -> std::result::Result<(), Gone> {
        let mut told = 0;
        loop {
            let missed = self
                .web
                .app
                .changes_after(self.last)
                .await
                .map_err(|_| Gone)?;
            if missed.is_empty() {
                return Ok(());
            }
            told += missed.len();
            if told > MOST_MISSED {
                return self.reload().await;
            }
            for (place, change) in missed {
                self.tell(place, &change).await?;
            }
        }
    }

    async fn tell(&mut self, place: Place, change: &Change) -> std::result::Result<(), Gone> {
        if place <= self.last {
            return Ok(());
        }
        self.last = place;
        let may_know = self.web.app.may_know(self.scope, change).await;
        if !may_know.map_err(|_| Gone)? {
            return Ok(());
        }
        let event = Event::default()
            .id(place.to_string())
            .event(&change.kind)
            .json_data(ChangeBody::from(change))
            .map_err(|_| Gone)?;
        self.say(event).await
    }

    async fn reload(&mut self) -> std::result::Result<(), Gone> {
        self.last = self.web.app.latest_place().await.map_err(|_| Gone)?;
        let event = Event::default()
            .id(self.last.to_string())
            .event("reload")
            .data("{}");
        self.say(event).await
    }

    /// A sign of life to those who may still listen.
    async fn check(&mut self) -> std::result::Result<(), Gone> {
        let holds = self.web.app.still_holds(&self.caller).await;
        if !holds.map_err(|_| Gone)? {
            return Err(Gone);
        }
        self.say(Event::default().comment("still here")).await
    }

    async fn say(&self, event: Event) -> std::result::Result<(), Gone> {
        self.sender.send(Ok(event)).await.map_err(|_| Gone)
    }
}
