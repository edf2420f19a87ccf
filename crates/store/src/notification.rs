//! Notifications: what each person is to be told, and the proof that they were.

use jiff::Timestamp;
use mainstay_domain::escalation::NotifyChannel;
use mainstay_domain::escalation::storm::{Sent, Urgency, Wake};
use mainstay_domain::id::{AgentId, EscalationId, NotificationId};
use mainstay_domain::notification::{About, Notification, NotificationState};
use uuid::Uuid;

use crate::column::{Field, Scalar, from_json, named, to_json};
use crate::connection::{Connection, Transaction, all, one};
use crate::error::StoreError;
use crate::page::{Cursor, Page, PageRequest, latest_first};
use crate::put_off::insert_later;
use crate::record::{self, Record, fetch_all, record, select};
use crate::sql::Sql;

record!(Notification in "notification" {
    id, recipient, channel, shown_at, about, ticket, escalation, title, detail, urgency, wake, at, cause, state, held_until,
    fallback, delivery, dispatched_at, delivered_at, read_at, last_error,
});

named!(NotifyChannel {
    InApp = "in_app",
    Email = "email",
    Slack = "slack",
    Sms = "sms",
    Voice = "voice",
    Pager = "pager",
});
named!(NotificationState {
    Pending = "pending",
    Dispatched = "dispatched",
    Delivered = "delivered",
    GivenUp = "given_up",
});
named!(Urgency {
    Routine = "routine",
    Urgent = "urgent",
});
named!(Wake {
    No = "no",
    Yes = "yes",
});

/// Kept as JSON.
impl Scalar for About {
    type Base = String;

    fn to_base(&self) -> String {
        to_json(self)
    }

    fn from_base(base: String) -> Result<Self, String> {
        from_json(&base)
    }
}

/// Which notifications in the program to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadState {
    /// Every one.
    Any,
    /// Those that were not read yet.
    Unread,
}

/// Writes notifications, except those of which the same person was told by the same channel before; what would have been shown
/// with one is not shown either.
///
/// # Errors
/// [`StoreError::Conflict`] when a recipient, ticket or escalation is not there.
pub async fn insert(tx: &Transaction, notifications: &[Notification]) -> Result<(), StoreError> {
    let rows = notifications.iter().map(Record::to_values).collect();
    insert_later(
        tx,
        "notification",
        Notification::COLUMNS,
        rows,
        " ON CONFLICT (cause, recipient, channel) DO NOTHING",
    )
    .await
}

/// What becomes of a notification on its way. What it tells, and whom, stays as it was written; that it was read is written by
/// itself, as it can be meanwhile.
const COURSE: [&str; 7] = [
    "state",
    "held_until",
    "fallback",
    "delivery",
    "dispatched_at",
    "delivered_at",
    "last_error",
];

/// Writes what became of a notification on its way.
///
/// # Errors
/// [`StoreError::Conflict`] when it is not there.
pub async fn update(tx: &Transaction, notification: &Notification) -> Result<(), StoreError> {
    record::update_columns(tx, notification, &COURSE).await
}

/// Writes what became of notifications that are there on their way, several with each statement. Each stands there once.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn update_many(
    tx: &Transaction,
    notifications: &[Notification],
) -> Result<(), StoreError> {
    record::upsert_columns(tx, notifications, "id", &COURSE).await
}

/// A notification by its id.
///
/// # Errors
/// [`StoreError::Corrupt`] when it cannot be read.
pub async fn find(
    on: &impl Connection,
    id: NotificationId,
) -> Result<Option<Notification>, StoreError> {
    record::find(on, &id).await
}

/// What waits to be delivered to a person, oldest first.
///
/// # Errors
/// [`StoreError::Corrupt`] when one cannot be read.
pub async fn pending(
    on: &impl Connection,
    recipient: AgentId,
) -> Result<Vec<Notification>, StoreError> {
    let sql = select::<Notification>()
        .with(" WHERE t.recipient = ", &recipient)
        .then(" AND t.state = 'pending' ORDER BY t.at, t.id");
    fetch_all(on, sql).await
}

/// The deliveries that were handed to a person's channels after an instant, each once, however many alerts it carried.
/// What is shown in the program itself is not among them.
///
/// # Errors
/// [`StoreError::Corrupt`] when one cannot be read.
pub async fn dispatched_after(
    on: &impl Connection,
    recipient: AgentId,
    after: Timestamp,
) -> Result<Vec<Sent>, StoreError> {
    let sql = Sql::new("SELECT MIN(CASE WHEN fallback IS NULL THEN channel ELSE 'email' END), delivery, MIN(dispatched_at) FROM notification")
        .with(" WHERE recipient = ", &recipient)
        .with(" AND dispatched_at > ", &after)
        .then(" AND channel <> 'in_app' GROUP BY delivery ORDER BY 3");
    all(on, sql)
        .await?
        .iter()
        .map(|row| {
            Ok(Sent {
                to: recipient,
                channel: Field::read(row, 0)?,
                at: Field::read(row, 2)?,
            })
        })
        .collect()
}

/// The notifications that went with a delivery, oldest first.
///
/// # Errors
/// [`StoreError::Corrupt`] when one cannot be read.
pub async fn of_delivery(
    on: &impl Connection,
    delivery: Uuid,
) -> Result<Vec<Notification>, StoreError> {
    let sql = select::<Notification>()
        .with(" WHERE t.delivery = ", &delivery)
        .then(" ORDER BY t.at, t.id");
    fetch_all(on, sql).await
}

/// Whom an escalation told, oldest first.
///
/// # Errors
/// [`StoreError::Corrupt`] when one cannot be read.
pub async fn of_escalation(
    on: &impl Connection,
    escalation: EscalationId,
) -> Result<Vec<Notification>, StoreError> {
    let sql = select::<Notification>()
        .with(" WHERE t.escalation = ", &escalation)
        .then(" ORDER BY t.at, t.id");
    fetch_all(on, sql).await
}

/// What a person was told in the program itself, the latest first.
///
/// # Errors
/// [`StoreError::Corrupt`] when one cannot be read.
pub async fn shown(
    on: &impl Connection,
    recipient: AgentId,
    read: ReadState,
    page: PageRequest,
) -> Result<Page<Notification>, StoreError> {
    let mut sql = select::<Notification>()
        .with(" WHERE t.recipient = ", &recipient)
        .then(" AND t.shown_at IS NOT NULL");
    if read == ReadState::Unread {
        sql.push(" AND t.read_at IS NULL");
    }
    latest_first(&mut sql, "t.at", page);
    let items = fetch_all(on, sql).await?;
    Ok(Page::of(items, page.limit, |stored: &Notification| {
        Cursor::at(stored.at, stored.id.uuid())
    }))
}

/// How many things a person was told in the program itself and has not read.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn count_unread(on: &impl Connection, recipient: AgentId) -> Result<u64, StoreError> {
    let sql = Sql::new("SELECT COUNT(*) FROM notification")
        .with(" WHERE recipient = ", &recipient)
        .then(" AND shown_at IS NOT NULL AND read_at IS NULL");
    one(on, sql).await?.map_or(Ok(0), |row| u64::read(&row, 0))
}

/// Notes that a notification was read in the program, unless it was before, and says whether that is new.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn note_read(
    tx: &Transaction,
    id: NotificationId,
    at: Timestamp,
) -> Result<bool, StoreError> {
    let sql = Sql::new("UPDATE notification SET read_at = ")
        .with("", &at)
        .with(" WHERE id = ", &id)
        .then(" AND read_at IS NULL");
    Ok(tx.execute(sql).await? > 0)
}

/// Notes that a person read everything they were told in the program itself until an instant, and says how much was new. Whoever
/// delivers the same at the same time may have to begin anew.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn read_all(
    tx: &Transaction,
    recipient: AgentId,
    until: Timestamp,
) -> Result<u64, StoreError> {
    let sql = Sql::new("UPDATE notification SET read_at = ")
        .with("", &until)
        .with(" WHERE recipient = ", &recipient)
        .with(
            " AND shown_at IS NOT NULL AND read_at IS NULL AND at <= ",
            &until,
        );
    tx.execute(sql).await
}
