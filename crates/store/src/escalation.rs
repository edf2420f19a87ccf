//! Escalations: their facts, and the fold of them that lists and the index of what is due need.

use std::collections::BTreeMap;

use jiff::Timestamp;
use mainstay_domain::escalation::{
    Escalation, EscalationEvent, EscalationEventKind, GroupKey, Phase, Reason, Sighting, Subject,
};
use mainstay_domain::event::{Actor, EventKind};
use mainstay_domain::id::{AgentId, EscalationId, TicketId};
use mainstay_domain::name::LadderName;
use mainstay_domain::policy::PolicyVersion;
use sea_orm::Value;

use crate::column::{Field, Scalar, from_json, named, to_json};
use crate::connection::{Connection, Transaction, all};
use crate::due::{self, DueSubject};
use crate::error::StoreError;
use crate::page::{Cursor, Page, PageRequest, latest_first};
use crate::record::{
    self, Record, columns, fetch_all, insert_all, insert_values, record, select, update_sql,
};
use crate::sql::Sql;

/// What is stored of an escalation beside its facts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEscalation {
    /// Identifies it.
    pub id: EscalationId,
    /// What it is about, as a key: `ticket:…`, `tag:…` or `category:…`.
    pub subject_key: String,
    /// The ladder it is on.
    pub ladder: LadderName,
    /// Where it stands.
    pub phase: StoredPhase,
    /// The level it has reached.
    pub level: u32,
    /// Why it was raised.
    pub reason: String,
    /// The tickets it is about.
    pub tickets: Vec<TicketId>,
    /// When it was raised.
    pub raised_at: Timestamp,
    /// When somebody took it on, while they have it.
    pub acknowledged_at: Option<Timestamp>,
    /// Who took it on.
    pub acknowledged_by: Option<Actor>,
    /// When it was resolved or cancelled, while it is.
    pub ended_at: Option<Timestamp>,
    /// When its next step is due.
    pub next_at: Option<Timestamp>,
    /// The policy that raised it: its ladders are the ones that are climbed.
    pub policy: PolicyVersion,
    /// How many facts it is the fold of.
    pub version: u64,
}

/// Where an escalation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StoredPhase {
    /// It is being worked on, or waits to be.
    Open,
    /// The issue is resolved.
    Resolved,
    /// It was raised in error, or its ticket was merged away.
    Cancelled,
}

named!(StoredPhase {
    Open = "open",
    Resolved = "resolved",
    Cancelled = "cancelled",
});

record!(StoredEscalation in "escalation" {
    id, subject_key, ladder, phase, level, reason, tickets, raised_at, acknowledged_at, acknowledged_by, ended_at,
    next_at, policy, version,
});

/// Kept as JSON.
impl Scalar for Vec<TicketId> {
    type Base = String;

    fn to_base(&self) -> String {
        to_json(self)
    }

    fn from_base(base: String) -> Result<Self, String> {
        from_json(&base)
    }
}

impl StoredEscalation {
    /// What is stored of an escalation of so many facts, raised under a policy, whose next step is due then.
    #[must_use]
    pub fn of(
        id: EscalationId,
        escalation: &Escalation,
        policy: PolicyVersion,
        next_at: Option<Timestamp>,
        version: u64,
    ) -> Self {
        let (phase, ended_at) = match escalation.phase {
            Phase::Open => (StoredPhase::Open, None),
            Phase::Resolved { at } => (StoredPhase::Resolved, Some(at)),
            Phase::Cancelled { at } => (StoredPhase::Cancelled, Some(at)),
        };
        Self {
            id,
            subject_key: subject_key(&escalation.subject),
            ladder: escalation.ladder().clone(),
            phase,
            level: u32::from(escalation.level()),
            reason: escalation.reason.clone(),
            tickets: escalation.subject.tickets().to_vec(),
            raised_at: escalation.raised_at,
            acknowledged_at: escalation.acknowledged.map(|taken| taken.at),
            acknowledged_by: escalation.acknowledged.map(|taken| taken.by),
            ended_at,
            next_at,
            policy,
            version,
        }
    }
}

/// What an escalation is about, as a key that is equal for what is about the same.
#[must_use]
pub fn subject_key(subject: &Subject) -> String {
    match subject {
        Subject::Ticket { ticket } => format!("ticket:{ticket}"),
        Subject::Group {
            key: GroupKey::Tag(tag),
            ..
        } => format!("tag:{tag}"),
        Subject::Group {
            key: GroupKey::Category(category),
            ..
        } => format!("category:{category}"),
    }
}

/// An escalation that is to be written.
#[derive(Debug, Clone, PartialEq)]
pub struct WrittenEscalation {
    /// As it stands now.
    pub stored: StoredEscalation,
    /// As it was loaded; nothing when it is new.
    pub before: Option<StoredEscalation>,
    /// What happened since.
    pub events: Vec<EscalationEvent>,
}

impl WrittenEscalation {
    fn version_before(&self) -> u64 {
        self.before.as_ref().map_or(0, |before| before.version)
    }
}

/// Writes escalations with what happened, several with each statement, and makes each due when its next step is. Each stands
/// there once.
///
/// # Errors
/// [`StoreError::Conflict`] when somebody else wrote one since, or a ticket is not there.
pub async fn write_many(
    tx: &Transaction,
    written: &[WrittenEscalation],
    recorded_at: Timestamp,
) -> Result<(), StoreError> {
    let (told, silent): (Vec<_>, Vec<_>) = written.iter().partition(|it| !it.events.is_empty());
    let (mut raised, mut changed) = (Vec::new(), Vec::new());
    for it in &told {
        match &it.before {
            None => raised.push(&it.stored),
            Some(before) => changed.push((before, &it.stored)),
        }
    }
    insert_all(tx, raised).await?;
    record::update_many(tx, changed).await?;
    // The place of a fact is unique: whoever loaded an escalation that somebody else has written since fails here.
    let events = told
        .iter()
        .flat_map(|it| event_rows(it.stored.id, it.version_before(), &it.events, recorded_at));
    insert_values(tx, "escalation_event", &EVENT, events.collect(), "").await?;
    let tickets = told
        .iter()
        .filter(|it| it.before.is_none() || it.events.iter().any(joins))
        .flat_map(|it| ticket_rows(&it.stored));
    insert_values(tx, "escalation_ticket", &TICKET, tickets.collect(), SKIP).await?;
    // Where nothing happened, only what comes next may be another: when, and by which rules.
    for it in silent {
        let sql = update_sql(&it.stored, &["next_at", "policy"], Vec::new())
            .with(" AND version = ", &it.version_before());
        if tx.execute(sql).await? == 0 {
            return Err(StoreError::Conflict(
                "the escalation has changed since it was read".to_owned(),
            ));
        }
    }
    let subjects: Vec<_> = written
        .iter()
        .map(|it| (DueSubject::Escalation(it.stored.id), it.stored.next_at))
        .collect();
    due::set_many(tx, &subjects).await
}

fn joins(event: &EscalationEvent) -> bool {
    matches!(event.kind, EscalationEventKind::TicketsJoined { .. })
}

/// Every fact of an escalation, in order.
///
/// # Errors
/// [`StoreError::Corrupt`] when one cannot be read.
pub async fn load(
    on: &impl Connection,
    id: EscalationId,
) -> Result<Vec<EscalationEvent>, StoreError> {
    let sql = Sql::new("SELECT payload FROM escalation_event")
        .with(" WHERE escalation = ", &id)
        .then(" ORDER BY sequence");
    all(on, sql)
        .await?
        .iter()
        .map(|row| from_json(&String::read(row, 0)?).map_err(StoreError::Corrupt))
        .collect()
}

/// Every fact of several escalations, in order, by escalation.
///
/// # Errors
/// As [`load`].
pub async fn load_many(
    on: &impl Connection,
    ids: &[EscalationId],
) -> Result<BTreeMap<EscalationId, Vec<EscalationEvent>>, StoreError> {
    let mut facts: BTreeMap<EscalationId, Vec<EscalationEvent>> = BTreeMap::new();
    for ids in ids.chunks(5_000) {
        let mut sql = Sql::new("SELECT escalation, payload FROM escalation_event");
        sql.push(" WHERE escalation IN (").bind_all(ids);
        sql.push(") ORDER BY escalation, sequence");
        for row in all(on, sql).await? {
            let fact = from_json(&String::read(&row, 1)?).map_err(StoreError::Corrupt)?;
            facts.entry(Field::read(&row, 0)?).or_default().push(fact);
        }
    }
    Ok(facts)
}

/// The escalations with these ids, in no order.
///
/// # Errors
/// [`StoreError::Corrupt`] when one cannot be read.
pub async fn find_many(
    on: &impl Connection,
    ids: &[EscalationId],
) -> Result<Vec<StoredEscalation>, StoreError> {
    record::find_many(on, ids).await
}

/// The escalations of several tickets, by ticket, oldest first.
///
/// # Errors
/// [`StoreError::Corrupt`] when one cannot be read.
pub async fn of_tickets(
    on: &impl Connection,
    tickets: &[TicketId],
) -> Result<BTreeMap<TicketId, Vec<StoredEscalation>>, StoreError> {
    let mut found: BTreeMap<TicketId, Vec<StoredEscalation>> = BTreeMap::new();
    for tickets in tickets.chunks(5_000) {
        let mut sql = Sql::new(format!(
            "SELECT {}, e.ticket FROM escalation t JOIN escalation_ticket e ON e.escalation = t.id WHERE e.ticket IN (",
            columns::<StoredEscalation>("t.")
        ));
        sql.bind_all(tickets).push(") ORDER BY t.raised_at, t.id");
        for row in all(on, sql).await? {
            let ticket = Field::read(&row, StoredEscalation::COLUMNS.len())?;
            let stored = StoredEscalation::read(&row, 0)?;
            found.entry(ticket).or_default().push(stored);
        }
    }
    Ok(found)
}

/// Why each of these escalations was raised, in parts; those that an earlier version of the program raised have none.
///
/// # Errors
/// [`StoreError::Corrupt`] when a fact cannot be read.
pub async fn reasons(
    on: &impl Connection,
    ids: &[EscalationId],
) -> Result<BTreeMap<EscalationId, Reason>, StoreError> {
    let mut reasons = BTreeMap::new();
    if ids.is_empty() {
        return Ok(reasons);
    }
    let mut sql = Sql::new(
        "SELECT escalation, payload FROM escalation_event WHERE sequence = 1 AND escalation IN (",
    );
    sql.bind_all(ids).push(")");
    for row in all(on, sql).await? {
        let first: EscalationEvent =
            from_json(&String::read(&row, 1)?).map_err(StoreError::Corrupt)?;
        if let EscalationEventKind::Raised {
            parts: Some(parts), ..
        } = first.kind
        {
            reasons.insert(Field::read(&row, 0)?, parts);
        }
    }
    Ok(reasons)
}

/// An escalation by its id.
///
/// # Errors
/// [`StoreError::Corrupt`] when it cannot be read.
pub async fn find(
    on: &impl Connection,
    id: EscalationId,
) -> Result<Option<StoredEscalation>, StoreError> {
    record::find(on, &id).await
}

/// The escalations of a ticket, oldest first.
///
/// # Errors
/// [`StoreError::Corrupt`] when one cannot be read.
pub async fn of_ticket(
    on: &impl Connection,
    ticket: TicketId,
) -> Result<Vec<StoredEscalation>, StoreError> {
    let sql = select::<StoredEscalation>()
        .with(
            " JOIN escalation_ticket e ON e.escalation = t.id WHERE e.ticket = ",
            &ticket,
        )
        .then(" ORDER BY t.raised_at, t.id");
    fetch_all(on, sql).await
}

/// The open escalations about a subject, oldest first.
///
/// # Errors
/// [`StoreError::Corrupt`] when one cannot be read.
pub async fn open_about(
    on: &impl Connection,
    subject: &Subject,
) -> Result<Vec<StoredEscalation>, StoreError> {
    let sql = select::<StoredEscalation>()
        .with(" WHERE t.subject_key = ", &subject_key(subject))
        .with(" AND t.phase = ", &StoredPhase::Open)
        .then(" ORDER BY t.raised_at, t.id");
    fetch_all(on, sql).await
}

/// Which escalations to list: those that fit everything that is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct EscalationFilter {
    /// In this phase.
    pub phase: Option<StoredPhase>,
    /// About this ticket.
    pub ticket: Option<TicketId>,
    /// That this agent took on, or was told of.
    pub concerns: Option<AgentId>,
}

/// Lists escalations, the latest first.
///
/// # Errors
/// [`StoreError::Corrupt`] when one cannot be read.
pub async fn list(
    on: &impl Connection,
    filter: &EscalationFilter,
    page: PageRequest,
) -> Result<Page<StoredEscalation>, StoreError> {
    let mut sql = select::<StoredEscalation>().then(" WHERE 1 = 1");
    if let Some(phase) = &filter.phase {
        sql.push(" AND t.phase = ").bind(phase);
    }
    if let Some(ticket) = &filter.ticket {
        sql.push(" AND t.id IN (SELECT escalation FROM escalation_ticket WHERE ticket = ")
            .bind(ticket)
            .push(")");
    }
    if let Some(agent) = &filter.concerns {
        sql.push(" AND (t.acknowledged_by = ")
            .bind(&Actor::Agent(*agent))
            .push(" OR t.id IN (SELECT escalation FROM notification WHERE escalation IS NOT NULL AND recipient = ")
            .bind(agent)
            .push("))");
    }
    latest_first(&mut sql, "t.raised_at", page);
    let items = fetch_all(on, sql).await?;
    Ok(Page::of(items, page.limit, |stored: &StoredEscalation| {
        Cursor::at(stored.raised_at, stored.id.uuid())
    }))
}

/// Which accounts' open tickets bear one of these tags or this category, and since when: facts of a span of time, both
/// ends included.
///
/// # Errors
/// [`StoreError::Corrupt`] when a fact cannot be read.
pub async fn sightings(
    on: &impl Connection,
    key: &GroupKey,
    from: Timestamp,
    until: Timestamp,
) -> Result<Vec<Sighting>, StoreError> {
    let mut sightings = Vec::new();
    for row in all(on, sightings_sql(key, from, until)).await? {
        let kind: EventKind = from_json(&String::read(&row, 3)?).map_err(StoreError::Corrupt)?;
        if brings(&kind, key) {
            sightings.push(Sighting {
                account: Field::read(&row, 0)?,
                ticket: Field::read(&row, 1)?,
                key: key.clone(),
                at: Field::read(&row, 2)?,
            });
        }
    }
    Ok(sightings)
}

/// The facts that may have brought tickets that are still open into a group: those of the group that were opened in the span,
/// and those that came to it then, which are few.
pub(crate) fn sightings_sql(key: &GroupKey, from: Timestamp, until: Timestamp) -> Sql {
    // SQLite keeps the order of a CROSS JOIN.
    let (opened, opened_at, joined, how) = match key {
        GroupKey::Tag(_) => (
            "ticket_tag g CROSS JOIN ticket t CROSS JOIN event e",
            "g.opened_at",
            "event e CROSS JOIN ticket t CROSS JOIN ticket_tag g",
            "e.kind = 'tags_added'",
        ),
        GroupKey::Category(_) => (
            "ticket t CROSS JOIN event e",
            "t.opened_at",
            "event e CROSS JOIN ticket t",
            "e.kind = 'category_changed'",
        ),
    };
    let facts = [
        (opened, opened_at, "e.kind = 'opened' AND e.sequence = 1"),
        (joined, "e.at", how),
    ];
    let mut sql = Sql::new("");
    for (place, (tables, at, kind)) in facts.into_iter().enumerate() {
        sql.push(if place == 0 { "" } else { " UNION ALL " });
        sql.push(&format!(
            "SELECT t.account, t.id, e.at, e.payload, e.sequence FROM {tables} WHERE {kind} AND e.ticket = t.id \
             AND t.account IS NOT NULL AND t.status_kind NOT IN ('resolved', 'closed')"
        ));
        match key {
            GroupKey::Tag(tag) => sql.push(" AND g.ticket = t.id AND g.tag = ").bind(tag),
            GroupKey::Category(category) => sql.push(" AND t.category = ").bind(category),
        };
        sql.push(&format!(" AND {at} >= ")).bind(&from);
        sql.push(&format!(" AND {at} <= ")).bind(&until);
    }
    sql.then(" ORDER BY 3, 2, 5")
}

/// Whether a fact gives a ticket this tag or category.
fn brings(kind: &EventKind, key: &GroupKey) -> bool {
    match (kind, key) {
        (EventKind::Opened { tags, .. } | EventKind::TagsAdded { tags }, GroupKey::Tag(tag)) => {
            tags.contains(tag)
        }
        (
            EventKind::Opened { category, .. } | EventKind::CategoryChanged { to: category },
            GroupKey::Category(wanted),
        ) => category.as_ref() == Some(wanted),
        _ => false,
    }
}

const EVENT: [&str; 5] = ["escalation", "sequence", "at", "recorded_at", "payload"];

fn event_rows(
    id: EscalationId,
    after: u64,
    events: &[EscalationEvent],
    recorded_at: Timestamp,
) -> impl Iterator<Item = Vec<Value>> {
    (after + 1..).zip(events).map(move |(sequence, event)| {
        vec![
            id.to_value(),
            sequence.to_value(),
            event.at.to_value(),
            recorded_at.to_value(),
            to_json(event).to_value(),
        ]
    })
}

const TICKET: [&str; 2] = ["ticket", "escalation"];

/// A ticket that an escalation is about already stays.
const SKIP: &str = " ON CONFLICT DO NOTHING";

fn ticket_rows(stored: &StoredEscalation) -> impl Iterator<Item = Vec<Value>> {
    let id = stored.id;
    let tickets = stored.tickets.iter();
    tickets.map(move |ticket| vec![ticket.to_value(), id.to_value()])
}
