//! What agents are told: every alert, from when it arose until it was delivered and read.

use jiff::Timestamp;
use mainstay_domain::escalation::NotifyChannel;
use mainstay_domain::escalation::storm::{Alert, Sent, Urgency, Wake};
use mainstay_domain::id::{AgentId, EscalationId, NotificationId, TicketId};

use crate::column::{Field, named};
use crate::connection::{Connection, Transaction, all, one};
use crate::error::StoreError;
use crate::page::{Cursor, Page, PageRequest, latest_first};
use crate::record::{self, fetch_all, insert_all, record, select};
use crate::sql::Sql;

/// Something an agent is told, by one channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredNotification {
    /// Identifies it.
    pub id: NotificationId,
    /// Whom.
    pub agent: AgentId,
    /// By which channel.
    pub channel: NotifyChannel,
    /// How soon it must be read.
    pub urgency: Urgency,
    /// Whether it reaches somebody whose hours are closed.
    pub wake: Wake,
    /// What it is about, such as `clock.warned`.
    pub kind: String,
    /// What it says, in a line.
    pub title: String,
    /// What it says further, as plain text.
    pub body: String,
    /// About which ticket.
    pub ticket: Option<TicketId>,
    /// About which escalation.
    pub escalation: Option<EscalationId>,
    /// At which step of it, from 0.
    pub step: Option<u32>,
    /// How far it is.
    pub state: NotificationState,
    /// When it arose.
    pub at: Timestamp,
    /// Until when it is held at the most.
    pub held_until: Option<Timestamp>,
    /// When it was delivered.
    pub sent_at: Option<Timestamp>,
    /// What proves the delivery, such as the receipt of a mail server.
    pub delivery: Option<String>,
    /// Why it could not be delivered.
    pub error: Option<String>,
    /// When the agent read it in the program.
    pub read_at: Option<Timestamp>,
}

/// How far a notification is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NotificationState {
    /// It waits for its delivery.
    Pending,
    /// It is on its way in a delivery.
    Sending,
    /// It was delivered.
    Sent,
    /// It could not be delivered, and was given up.
    Failed,
}

named!(NotificationState {
    Pending = "pending",
    Sending = "sending",
    Sent = "sent",
    Failed = "failed",
});
named!(NotifyChannel {
    InApp = "in_app",
    Email = "email",
    Slack = "slack",
    Sms = "sms",
    Pager = "pager",
});
named!(Urgency {
    Routine = "routine",
    Urgent = "urgent",
});
named!(Wake {
    No = "no",
    Yes = "yes",
});

record!(StoredNotification in "notification" {
    id, agent, channel, urgency, wake, kind, title, body, ticket, escalation, step, state, at, held_until, sent_at,
    delivery, error, read_at,
});

impl StoredNotification {
    /// What storm control asks for.
    #[must_use]
    pub fn alert(&self) -> Alert {
        Alert {
            id: self.id,
            to: self.agent,
            channel: self.channel,
            urgency: self.urgency,
            wake: self.wake,
            at: self.at,
            held_until: self.held_until,
        }
    }
}

/// Inserts notifications, several with each statement.
///
/// # Errors
/// [`StoreError::Conflict`] when one is there, or an agent is not.
pub async fn insert(
    tx: &Transaction,
    notifications: &[StoredNotification],
) -> Result<(), StoreError> {
    insert_all(tx, notifications).await
}

/// What an agent is still to be told, oldest first.
///
/// # Errors
/// [`StoreError::Corrupt`] when one cannot be read.
pub async fn pending(
    on: &impl Connection,
    agent: AgentId,
) -> Result<Vec<StoredNotification>, StoreError> {
    let sql = select::<StoredNotification>()
        .with(" WHERE t.agent = ", &agent)
        .then(" AND t.state = 'pending' ORDER BY t.at, t.id");
    fetch_all(on, sql).await
}

/// The deliveries that reached an agent since an instant, one for each digest, oldest first.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn sent_since(
    on: &impl Connection,
    agent: AgentId,
    since: Timestamp,
) -> Result<Vec<Sent>, StoreError> {
    let sql = Sql::new("SELECT DISTINCT channel, sent_at FROM notification")
        .with(" WHERE agent = ", &agent)
        .with(" AND sent_at >= ", &since)
        .then(" ORDER BY sent_at, channel");
    all(on, sql)
        .await?
        .iter()
        .map(|row| {
            Ok(Sent {
                to: agent,
                channel: Field::read(row, 0)?,
                at: Field::read(row, 1)?,
            })
        })
        .collect()
}

/// Promises that pending notifications are held until an instant at the most.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn hold(
    tx: &Transaction,
    ids: &[NotificationId],
    until: Timestamp,
) -> Result<(), StoreError> {
    change(
        tx,
        Sql::new("UPDATE notification SET held_until = ").with("", &until),
        ids,
    )
    .await
}

/// Takes pending notifications into a delivery, and returns those that another delivery had not taken.
///
/// # Errors
/// [`StoreError::Corrupt`] when one cannot be read.
pub async fn claim(
    tx: &Transaction,
    ids: &[NotificationId],
) -> Result<Vec<StoredNotification>, StoreError> {
    let mut claimed: Vec<StoredNotification> = Vec::new();
    for ids in ids.chunks(5_000) {
        let mut sql = Sql::new(
            "UPDATE notification SET state = 'sending' WHERE state = 'pending' AND id IN (",
        );
        sql.bind_all(ids)
            .push(") RETURNING ")
            .push(&record::columns::<StoredNotification>(""));
        claimed.extend(fetch_all::<StoredNotification>(tx, sql).await?);
    }
    claimed.sort_by_key(|notification| (notification.at, notification.id));
    Ok(claimed)
}

/// Writes that notifications were delivered together, with what proves it.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn note_sent(
    tx: &Transaction,
    ids: &[NotificationId],
    at: Timestamp,
    delivery: &str,
) -> Result<(), StoreError> {
    let sql = Sql::new("UPDATE notification SET state = 'sent', error = NULL, sent_at = ")
        .with("", &at)
        .with(", delivery = ", &delivery.to_owned());
    change(tx, sql, ids).await
}

/// Puts notifications whose delivery failed back, to be delivered again.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn put_back(
    tx: &Transaction,
    ids: &[NotificationId],
    error: &str,
) -> Result<(), StoreError> {
    let sql =
        Sql::new("UPDATE notification SET state = 'pending', error = ").with("", &error.to_owned());
    change(tx, sql, ids).await
}

/// Gives notifications up that cannot be delivered.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn give_up(
    tx: &Transaction,
    ids: &[NotificationId],
    error: &str,
) -> Result<(), StoreError> {
    let sql =
        Sql::new("UPDATE notification SET state = 'failed', error = ").with("", &error.to_owned());
    change(tx, sql, ids).await
}

/// Writes that an agent read these notifications, as far as they are theirs.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn note_read(
    tx: &Transaction,
    agent: AgentId,
    ids: &[NotificationId],
    at: Timestamp,
) -> Result<(), StoreError> {
    let sql = read_sql(agent, at);
    for ids in ids.chunks(5_000) {
        let mut sql = sql.clone();
        sql.push(" AND id IN (").bind_all(ids).push(")");
        tx.execute(sql).await?;
    }
    Ok(())
}

/// Writes that an agent read everything they were told.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn note_all_read(
    tx: &Transaction,
    agent: AgentId,
    at: Timestamp,
) -> Result<(), StoreError> {
    tx.execute(read_sql(agent, at)).await?;
    Ok(())
}

/// What an agent was told in the program, the latest first.
///
/// # Errors
/// [`StoreError::Corrupt`] when one cannot be read.
pub async fn list(
    on: &impl Connection,
    agent: AgentId,
    page: PageRequest,
) -> Result<Page<StoredNotification>, StoreError> {
    let mut sql = select::<StoredNotification>()
        .with(" WHERE t.agent = ", &agent)
        .with(" AND t.channel = ", &NotifyChannel::InApp);
    latest_first(&mut sql, "t.at", page);
    let items = fetch_all(on, sql).await?;
    Ok(Page::of(items, page.limit, |told: &StoredNotification| {
        Cursor::at(told.at, told.id.uuid())
    }))
}

/// How much of what an agent was told in the program they have not read.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn count_unread(on: &impl Connection, agent: AgentId) -> Result<u64, StoreError> {
    let sql = Sql::new("SELECT COUNT(*) FROM notification")
        .with(" WHERE agent = ", &agent)
        .with(" AND channel = ", &NotifyChannel::InApp)
        .then(" AND read_at IS NULL");
    one(on, sql).await?.map_or(Ok(0), |row| u64::read(&row, 0))
}

/// Who was told of an escalation, oldest first.
///
/// # Errors
/// [`StoreError::Corrupt`] when one cannot be read.
pub async fn of_escalation(
    on: &impl Connection,
    escalation: EscalationId,
) -> Result<Vec<StoredNotification>, StoreError> {
    let sql = select::<StoredNotification>()
        .with(" WHERE t.escalation = ", &escalation)
        .then(" ORDER BY t.at, t.id");
    fetch_all(on, sql).await
}

/// A notification by its id.
///
/// # Errors
/// [`StoreError::Corrupt`] when it cannot be read.
pub async fn find(
    on: &impl Connection,
    id: NotificationId,
) -> Result<Option<StoredNotification>, StoreError> {
    record::find(on, &id).await
}

async fn change(tx: &Transaction, sql: Sql, ids: &[NotificationId]) -> Result<(), StoreError> {
    for ids in ids.chunks(5_000) {
        let mut sql = sql.clone();
        sql.push(" WHERE id IN (").bind_all(ids).push(")");
        tx.execute(sql).await?;
    }
    Ok(())
}

fn read_sql(agent: AgentId, at: Timestamp) -> Sql {
    Sql::new("UPDATE notification SET read_at = ")
        .with("", &at)
        .with(" WHERE read_at IS NULL AND agent = ", &agent)
}
