//! Lists of tickets: filtered, sorted, page by page.

use std::collections::BTreeSet;

use jiff::Timestamp;
use mainstay_domain::agent::Agent;
use mainstay_domain::event::Channel;
use mainstay_domain::id::{AccountId, AgentId, ContactId, TeamId};
use mainstay_domain::name::{CategoryName, CommitmentName, StatusName, Tag, TierName};
use mainstay_domain::severity::Severity;
use mainstay_domain::status::StatusKind;
use mainstay_domain::ticket::Scope;

use super::row::TicketRow;
use super::{StoredTicket, hidden, nearest, push_scope, select};
use crate::column::Field;
use crate::connection::{Connection, all, is_postgres, one};
use crate::error::StoreError;
use crate::named_list::name_key;
use crate::page::{Cursor, Page, PageRequest};
use crate::record::{Record, columns};
use crate::search;
use crate::sql::Sql;

/// Which tickets to list. A list that is empty asks for nothing; of several values one must fit.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TicketFilter {
    /// The status is of one of these kinds, or one of those that are named.
    pub status_kinds: Vec<StatusKind>,
    /// The status is one of these.
    pub statuses: Vec<StatusName>,
    /// The severity is one of these.
    pub severities: Vec<Severity>,
    /// The tier is one of these.
    pub tiers: Vec<TierName>,
    /// The category is one of these; `None` stands for no category.
    pub categories: Vec<Option<CategoryName>>,
    /// It lies with one of these teams; `None` stands for no team.
    pub teams: Vec<Option<TeamId>>,
    /// It is assigned to one of these; `None` stands for nobody.
    pub assignees: Vec<Option<AgentId>>,
    /// It is filed under one of these accounts; `None` stands for no account.
    pub accounts: Vec<Option<AccountId>>,
    /// It is for one of these contacts.
    pub contacts: Vec<ContactId>,
    /// It came by one of these ways.
    pub channels: Vec<Channel>,
    /// It bears each of these tags.
    pub tags: Vec<Tag>,
    /// This agent follows it.
    pub follower: Option<AgentId>,
    /// Something of it last changed in this range.
    pub updated: TimeRange,
    /// It was opened in this range.
    pub opened: TimeRange,
    /// Something on it is due before this instant.
    pub due_before: Option<Timestamp>,
    /// These commitments are kept from the reader: none of them is what is due next on a ticket.
    pub hidden: BTreeSet<CommitmentName>,
    /// Its subject or messages hold these words, as [`search()`](crate::search::search) reads them.
    pub words: Option<String>,
}

/// A range of instants, open where nothing is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TimeRange {
    /// From this instant on.
    pub from: Option<Timestamp>,
    /// Before this instant.
    pub until: Option<Timestamp>,
}

/// The order of a list. Tickets that are equal by the key come by number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TicketSort {
    /// By what.
    pub key: TicketKey,
    /// Which end first.
    pub direction: Direction,
}

/// What a list of tickets can be sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TicketKey {
    /// By when something is due next: who is nearest to a breach. What is never due comes after all that is.
    NextDue,
    /// By when something of it last changed.
    Updated,
    /// By when a person last wrote publicly; where nobody did, by when it was opened.
    LastMessage,
    /// By when it was opened.
    Opened,
    /// By severity; ascending begins with P1.
    Severity,
    /// By number.
    Number,
}

/// Which end of a list comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// The smallest, or the earliest.
    Ascending,
    /// The greatest, or the latest.
    Descending,
}

/// Lists tickets.
///
/// # Errors
/// [`StoreError::Corrupt`] when one cannot be read.
pub async fn list(
    on: &impl Connection,
    scope: Scope,
    filter: &TicketFilter,
    sort: TicketSort,
    page: PageRequest,
) -> Result<Page<StoredTicket>, StoreError> {
    filter.settle(on).await?;
    let is_everybodys = matches!(scope, Scope::Everything);
    let rows = if is_everybodys && sort == nearest::FIRST && nearest::is_all_open(filter) {
        nearest::open_rows(on, filter, page).await?
    } else {
        let postgres = is_postgres(on);
        all(on, page_sql(scope, filter, sort, page, postgres, "")).await?
    };
    let items: Result<Vec<_>, StoreError> = rows
        .iter()
        .map(|row| Ok(TicketRow::read(row, 0)?.into_stored()))
        .collect();
    let mut items = items?;
    // What ceased to be due between two statements is in both.
    let mut seen = BTreeSet::new();
    items.retain(|stored| seen.insert(stored.ticket.id));
    hidden::keep_from_reader(on, &mut items, &filter.hidden).await?;
    for stored in &mut items {
        stored.show_to(scope);
    }
    Ok(Page::of(items, page.limit, |stored| Cursor {
        key: sort.key.of(stored),
        tie: u128::from(stored.ticket.number),
    }))
}

/// A page of a list, and one row more. `also` is what the rows must fulfil beside the filter.
pub(super) fn page_sql(
    scope: Scope,
    filter: &TicketFilter,
    sort: TicketSort,
    page: PageRequest,
    postgres: bool,
    also: &str,
) -> Sql {
    let (compare, order) = match sort.direction {
        Direction::Ascending => (">", "ASC"),
        Direction::Descending => ("<", "DESC"),
    };
    let mut sql = Sql::new(format!("{} WHERE 1 = 1", select()));
    push_scope(&mut sql, scope);
    filter.push(&mut sql, scope, postgres);
    sql.push(also);
    if let Some(after) = page.after {
        sql.push(" AND (");
        sort.key.push(&mut sql, scope, filter);
        sql.push(&format!(", t.number) {compare} ("))
            .bind(&after.key)
            .push(", ")
            .bind(&after.number())
            .push(")");
    }
    sql.push(" ORDER BY ");
    sort.key.push(&mut sql, scope, filter);
    sql.push(&format!(" {order}, t.number {order} LIMIT "))
        .bind(&(i64::from(page.limit) + 1));
    sql
}

/// How many tickets a list holds.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn count(
    on: &impl Connection,
    scope: Scope,
    filter: &TicketFilter,
) -> Result<u64, StoreError> {
    let mut sql = Sql::new("SELECT COUNT(*) FROM ticket t WHERE 1 = 1");
    push_scope(&mut sql, scope);
    filter.settle(on).await?;
    filter.push(&mut sql, scope, is_postgres(on));
    one(on, sql).await?.map_or(Ok(0), |row| u64::read(&row, 0))
}

/// What tickets can be counted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TallyBy {
    /// By the name of the status.
    Status,
    /// By the kind of the status.
    StatusKind,
    /// By severity, `1` to `4`.
    Severity,
    /// By tier.
    Tier,
    /// By category.
    Category,
    /// By channel.
    Channel,
}

/// How many tickets have a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tally {
    /// The value; absent for tickets without one.
    pub value: Option<String>,
    /// How many.
    pub count: u64,
}

/// Counts the tickets of a list by a value, sorted by it.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn tally(
    on: &impl Connection,
    scope: Scope,
    filter: &TicketFilter,
    by: TallyBy,
) -> Result<Vec<Tally>, StoreError> {
    let column = match by {
        TallyBy::Status => "t.status",
        TallyBy::StatusKind => "t.status_kind",
        TallyBy::Severity => "CAST(t.severity AS TEXT)",
        TallyBy::Tier => "t.tier",
        TallyBy::Category => "t.category",
        TallyBy::Channel => "t.channel",
    };
    let mut sql = Sql::new(format!(
        "SELECT {column}, COUNT(*) FROM ticket t WHERE 1 = 1"
    ));
    push_scope(&mut sql, scope);
    filter.settle(on).await?;
    filter.push(&mut sql, scope, is_postgres(on));
    sql.push(&format!(" GROUP BY {column}"));
    let mut tallies = all(on, sql)
        .await?
        .iter()
        .map(|row| {
            Ok(Tally {
                value: Field::read(row, 0)?,
                count: Field::read(row, 1)?,
            })
        })
        .collect::<Result<Vec<_>, StoreError>>()?;
    tallies.sort_by(|a, b| a.value.cmp(&b.value));
    Ok(tallies)
}

/// How much an agent has to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenLoad {
    /// Who.
    pub agent: AgentId,
    /// How many tickets are assigned to them that are neither resolved nor closed.
    pub tickets: u64,
    /// When the last of these tickets was opened, for taking turns.
    pub last_opened_at: Option<Timestamp>,
}

/// How much every agent has to do who has anything, by agent.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn open_load(on: &impl Connection) -> Result<Vec<OpenLoad>, StoreError> {
    all(on, Sql::new(OPEN_LOAD))
        .await?
        .iter()
        .map(|row| {
            Ok(OpenLoad {
                agent: Field::read(row, 0)?,
                tickets: Field::read(row, 1)?,
                last_opened_at: Field::read(row, 2)?,
            })
        })
        .collect()
}

/// The active agents who could be given a ticket, by name, each with how much they have to do: those of `among`, or everybody.
/// Nobody is given more than they can bear, so no more tickets are counted than whoever can bear most may have: this costs by
/// that, not by what is open.
///
/// # Errors
/// [`StoreError::Corrupt`] when one cannot be read.
pub async fn candidates(
    on: &impl Connection,
    among: Option<&[AgentId]>,
) -> Result<Vec<(Agent, OpenLoad)>, StoreError> {
    if among.is_some_and(<[AgentId]>::is_empty) {
        return Ok(Vec::new());
    }
    let mut sql = candidates_sql();
    if let Some(among) = among {
        sql.push(" AND a.id IN (").bind_all(among).push(")");
    }
    let mut found = Vec::new();
    for row in all(on, sql).await? {
        let agent = Agent::read(&row, 0)?;
        let first = Agent::COLUMNS.len();
        let load = OpenLoad {
            agent: agent.id,
            tickets: Field::read(&row, first)?,
            last_opened_at: Field::read(&row, first + 1)?,
        };
        found.push((agent, load));
    }
    found.sort_by_cached_key(|(agent, _)| (name_key(&agent.name), agent.id));
    Ok(found)
}

pub(crate) fn candidates_sql() -> Sql {
    // The order is that of the index of open tickets: without it SQLite walks through all that an agent ever had.
    let open =
        "FROM ticket o WHERE o.assignee = a.id AND o.status_kind NOT IN ('resolved', 'closed')";
    Sql::new(format!(
        "SELECT {}, (SELECT COUNT(*) FROM (SELECT 1 {open} ORDER BY o.opened_at DESC \
         LIMIT (SELECT MAX(capacity) FROM agent)) counted), (SELECT MAX(o.opened_at) {open}) FROM agent a WHERE a.active",
        columns::<Agent>("a.")
    ))
}

pub(crate) const OPEN_LOAD: &str = "SELECT assignee, COUNT(*), MAX(opened_at) FROM ticket \
     WHERE assignee IS NOT NULL AND status_kind NOT IN ('resolved', 'closed') GROUP BY assignee ORDER BY assignee";

impl TicketKey {
    fn push(self, sql: &mut Sql, scope: Scope, filter: &TicketFilter) {
        sql.push(match self {
            Self::NextDue => return hidden::push_next_due(sql, &filter.hidden),
            Self::Updated => hidden::updated_at(scope),
            Self::LastMessage => "COALESCE(t.last_message_at, t.opened_at)",
            Self::Opened => "t.opened_at",
            Self::Severity => "t.severity",
            Self::Number => "t.number",
        });
    }

    fn of(self, stored: &StoredTicket) -> i64 {
        use crate::column::Scalar;
        let ticket = &stored.ticket;
        match self {
            Self::NextDue => stored
                .next_due
                .as_ref()
                .map_or(i64::MAX, |due| due.at.to_base()),
            Self::Updated => ticket.updated_at.to_base(),
            Self::LastMessage => ticket
                .facts
                .last_message_at
                .unwrap_or(ticket.opened_at)
                .to_base(),
            Self::Opened => ticket.opened_at.to_base(),
            Self::Severity => ticket.facts.severity.to_base(),
            Self::Number => ticket.number.to_base(),
        }
    }
}

impl TicketFilter {
    /// What is asked for by words must be indexed.
    async fn settle(&self, on: &impl Connection) -> Result<(), StoreError> {
        match &self.words {
            Some(_) => search::settle(on).await,
            None => Ok(()),
        }
    }

    fn push(&self, sql: &mut Sql, scope: Scope, postgres: bool) {
        if self.status_kinds.is_empty() || self.statuses.is_empty() {
            push_in(sql, "t.status_kind", &self.status_kinds);
            push_in(sql, "t.status", &self.statuses);
        } else {
            sql.push(" AND (t.status_kind IN (")
                .bind_all(&self.status_kinds)
                .push(") OR t.status IN (")
                .bind_all(&self.statuses)
                .push("))");
        }
        push_in(sql, "t.severity", &self.severities);
        push_in(sql, "t.tier", &self.tiers);
        push_in_or_none(sql, "t.category", &self.categories);
        push_in_or_none(sql, "t.team", &self.teams);
        push_in_or_none(sql, "t.assignee", &self.assignees);
        push_in_or_none(sql, "t.account", &self.accounts);
        push_in(sql, "t.contact", &self.contacts);
        push_in(sql, "t.channel", &self.channels);
        for tag in &self.tags {
            sql.push(" AND t.id IN (SELECT ticket FROM ticket_tag WHERE tag = ")
                .bind(tag)
                .push(")");
        }
        if let Some(follower) = &self.follower {
            sql.push(" AND t.id IN (SELECT ticket FROM ticket_follower WHERE agent = ")
                .bind(follower)
                .push(")");
        }
        self.updated.push(sql, hidden::updated_at(scope));
        self.opened.push(sql, "t.opened_at");
        if let Some(due_before) = &self.due_before {
            sql.push(" AND ");
            hidden::push_next_due(sql, &self.hidden);
            sql.push(" < ").bind(due_before);
        }
        if let Some(words) = &self.words {
            search::push_words(sql, scope, postgres, words);
        }
    }
}

impl TimeRange {
    pub(crate) fn push(self, sql: &mut Sql, column: &str) {
        if let Some(from) = &self.from {
            sql.push(&format!(" AND {column} >= ")).bind(from);
        }
        if let Some(until) = &self.until {
            sql.push(&format!(" AND {column} < ")).bind(until);
        }
    }
}

fn push_in<T: Field>(sql: &mut Sql, column: &str, values: &[T]) {
    if !values.is_empty() {
        sql.push(&format!(" AND {column} IN ("))
            .bind_all(values)
            .push(")");
    }
}

fn push_in_or_none<T: Field>(sql: &mut Sql, column: &str, values: &[Option<T>]) {
    if values.is_empty() {
        return;
    }
    let some: Vec<&T> = values.iter().flatten().collect();
    sql.push(" AND (");
    if some.len() < values.len() {
        sql.push(&format!("{column} IS NULL"));
        if !some.is_empty() {
            sql.push(" OR ");
        }
    }
    if !some.is_empty() {
        sql.push(&format!("{column} IN (")).bind_all(some).push(")");
    }
    sql.push(")");
}
