//! Clocks: what the fold of a ticket's facts said of them, kept for reading and for finding what is due.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use jiff::Timestamp;
pub use mainstay_domain::clock::ClockState;
use mainstay_domain::id::{AccountId, TeamId, TicketId};
use mainstay_domain::name::{CalendarName, CommitmentName, TierName};
use mainstay_domain::policy::PolicyVersion;
use mainstay_domain::severity::Severity;
use mainstay_domain::ticket::Scope;

use crate::column::{Field, Scalar, from_json, named, to_json};
use crate::connection::{Connection, Transaction, all, is_postgres, one};
use crate::due::{self, DueSubject};
use crate::error::StoreError;
use crate::put_off::insert_all_later;
use crate::record::{fetch_all, record, select, upsert_changed};
use crate::schema::attainment::ADD_UP;
use crate::sql::Sql;
use crate::ticket::push_scope;

/// A clock as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredClock {
    /// Of which ticket.
    pub ticket: TicketId,
    /// Of which commitment.
    pub commitment: CommitmentName,
    /// Which cycle of it, from 1.
    pub cycle: u32,
    /// How it stands.
    pub state: ClockState,
    /// The policy that made it.
    pub policy: PolicyVersion,
    /// The calendar it is counted on.
    pub calendar: Option<CalendarName>,
    /// The target in force.
    pub target: Option<SignedDuration>,
    /// When it started.
    pub started_at: Timestamp,
    /// When it was due as promised at its start.
    pub promised_due_at: Option<Timestamp>,
    /// When it is due as corrected since.
    pub due_at: Option<Timestamp>,
    /// When what was promised was done, be it in time or late.
    pub stopped_at: Option<Timestamp>,
    /// When it was missed: its due instant.
    pub missed_at: Option<Timestamp>,
    /// When it was cancelled.
    pub cancelled_at: Option<Timestamp>,
    /// The warnings that were given.
    pub warnings: Vec<WarningGiven>,
    /// The next instant at which something must happen.
    pub next_at: Option<Timestamp>,
    /// Whatever else the fold said, as JSON; `{}` when nothing.
    pub detail: String,
}

named!(ClockState {
    Running = "running",
    Paused = "paused",
    Met = "met",
    Missed = "missed",
    Cancelled = "cancelled",
});

/// A warning that was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WarningGiven {
    /// Which of the commitment's warnings, from 0.
    pub warning: u32,
    /// At which instant.
    pub at: Timestamp,
}

/// Kept as JSON, by way of pairs.
impl Scalar for Vec<WarningGiven> {
    type Base = String;

    fn to_base(&self) -> String {
        let pairs: Vec<_> = self
            .iter()
            .map(|given| (given.warning, given.at.as_microsecond()))
            .collect();
        to_json(&pairs)
    }

    fn from_base(base: String) -> Result<Self, String> {
        let pairs: Vec<(u32, i64)> = from_json(&base)?;
        pairs
            .into_iter()
            .map(|(warning, at)| {
                Ok(WarningGiven {
                    warning,
                    at: Timestamp::from_base(at)?,
                })
            })
            .collect()
    }
}

/// Kept in microseconds.
impl Scalar for SignedDuration {
    type Base = i64;

    fn to_base(&self) -> i64 {
        i64::try_from(self.as_micros()).unwrap_or(i64::MAX)
    }

    fn from_base(base: i64) -> Result<Self, String> {
        Ok(Self::from_micros(base))
    }
}

record!(StoredClock in "clock" {
    ticket, commitment, cycle, state, policy, calendar, target, started_at, promised_due_at, due_at, stopped_at,
    missed_at, cancelled_at, warnings, next_at, detail,
});

/// The clocks of a ticket, and when it is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TicketClocks {
    /// The ticket.
    pub ticket: TicketId,
    /// All of its clocks.
    pub clocks: Vec<StoredClock>,
    /// When it is due; never when absent.
    pub due_at: Option<Timestamp>,
}

/// Makes the clocks of tickets be these, and the tickets be due then, several with each statement: clocks that are there are
/// written, those that are not named any more are removed. Each ticket stands there once.
///
/// # Errors
/// [`StoreError::Conflict`] when a ticket is not there.
pub async fn replace_many(tx: &Transaction, tickets: &[TicketClocks]) -> Result<(), StoreError> {
    for tickets in tickets.chunks(REPLACED_AT_ONCE) {
        let ids: Vec<TicketId> = tickets.iter().map(|of| of.ticket).collect();
        let clocks: Vec<&StoredClock> = tickets.iter().flat_map(|of| &of.clocks).collect();
        if ids.is_empty() {
            continue;
        }
        let mut vanished = Sql::new("DELETE FROM clock WHERE ticket IN (");
        vanished.bind_all(&ids).push(")");
        if !clocks.is_empty() {
            vanished.push(" AND (ticket, commitment, cycle) NOT IN (VALUES ");
            for (index, clock) in clocks.iter().enumerate() {
                vanished.push(if index == 0 { "(" } else { ", (" });
                vanished.bind(&clock.ticket).push(", ");
                vanished.bind(&clock.commitment).push(", ");
                vanished.bind(&clock.cycle).push(")");
            }
            vanished.push(")");
        }
        tx.execute(vanished).await?;
        upsert_changed(tx, clocks, "ticket, commitment, cycle").await?;
    }
    let subjects: Vec<_> = tickets
        .iter()
        .map(|of| (DueSubject::Ticket(of.ticket), of.due_at))
        .collect();
    due::set_many(tx, &subjects).await
}

/// Of so many tickets the clocks are written with one statement.
const REPLACED_AT_ONCE: usize = 100;

/// Writes the clocks of a ticket that was opened in the same transaction, of which there are none to remove. The ticket is
/// due when the first of them is, or at `asked` when that is before.
///
/// # Errors
/// [`StoreError::Conflict`] when the ticket is not there or a clock is.
pub async fn insert(
    tx: &Transaction,
    ticket: TicketId,
    clocks: &[StoredClock],
    asked: Option<Timestamp>,
) -> Result<(), StoreError> {
    insert_all_later(tx, clocks).await?;
    match next_of(clocks).into_iter().chain(asked).min() {
        Some(next) => due::set(tx, DueSubject::Ticket(ticket), Some(next)).await,
        None => Ok(()),
    }
}

/// Inserts the clocks of new tickets, several with each statement, and makes each ticket due when the first of its
/// clocks is.
///
/// # Errors
/// [`StoreError::Conflict`] when a ticket is not there or a clock is.
pub async fn insert_many(tx: &Transaction, clocks: &[StoredClock]) -> Result<(), StoreError> {
    insert_all_later(tx, clocks).await?;
    let mut next = std::collections::BTreeMap::new();
    for clock in clocks {
        if let Some(at) = clock.next_at {
            let first = next.entry(clock.ticket).or_insert(at);
            *first = at.min(*first);
        }
    }
    let subjects: Vec<_> = next
        .into_iter()
        .map(|(ticket, at)| (DueSubject::Ticket(ticket), Some(at)))
        .collect();
    due::set_many(tx, &subjects).await
}

/// The clocks of a ticket, by start, commitment and cycle.
///
/// # Errors
/// [`StoreError::Corrupt`] when one cannot be read.
pub async fn of_ticket(
    on: &impl Connection,
    ticket: TicketId,
) -> Result<Vec<StoredClock>, StoreError> {
    of_tickets(on, &[ticket]).await
}

/// The clocks of several tickets, by ticket, start, commitment and cycle.
///
/// # Errors
/// As [`of_ticket`].
pub async fn of_tickets(
    on: &impl Connection,
    tickets: &[TicketId],
) -> Result<Vec<StoredClock>, StoreError> {
    let mut clocks = Vec::new();
    for tickets in tickets.chunks(5_000) {
        let mut sql = select::<StoredClock>();
        sql.push(" WHERE t.ticket IN (").bind_set(tickets).push(")");
        clocks.extend(fetch_all::<StoredClock>(on, sql).await?);
    }
    clocks.sort_by(|a, b| {
        (a.ticket, a.started_at, &a.commitment, a.cycle).cmp(&(
            b.ticket,
            b.started_at,
            &b.commitment,
            b.cycle,
        ))
    });
    Ok(clocks)
}

/// Which promises to count. What is absent asks for nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttainmentFilter {
    /// Those that started from this instant on.
    pub from: Timestamp,
    /// Those that started before this instant.
    pub until: Timestamp,
    /// Of tickets of this account.
    pub account: Option<AccountId>,
    /// Of tickets that lie with this team now.
    pub team: Option<TeamId>,
    /// Of tickets in this tier now.
    pub tier: Option<TierName>,
    /// Of this commitment.
    pub commitment: Option<CommitmentName>,
    /// Of none of these, which are kept from the reader.
    pub hidden: BTreeSet<CommitmentName>,
}

/// How the promises of a kind were kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attainment {
    /// The commitment.
    pub commitment: CommitmentName,
    /// The tier the tickets are in now.
    pub tier: Option<TierName>,
    /// The severity the tickets have now.
    pub severity: Severity,
    /// How many were kept in time.
    pub met: u64,
    /// How many were missed, be they kept since or not.
    pub missed: u64,
    /// How many are open and not missed.
    pub open: u64,
    /// How many became void.
    pub cancelled: u64,
}

/// How the promises were kept that started in a span of time, by commitment, tier and severity.
///
/// # Errors
/// [`StoreError::Corrupt`] when a row cannot be read.
pub async fn attainment(
    on: &impl Connection,
    scope: Scope,
    filter: &AttainmentFilter,
) -> Result<Vec<Attainment>, StoreError> {
    let mut sql = Sql::new(format!(
        "SELECT c.commitment, t.tier, t.severity, {} FROM clock c JOIN ticket t ON t.id = c.ticket",
        counts_by_state()
    ))
    .with(" WHERE c.started_at >= ", &filter.from)
    .with(" AND c.started_at < ", &filter.until);
    push_scope(&mut sql, scope);
    if let Some(account) = &filter.account {
        sql.push(" AND t.account = ").bind(account);
    }
    if let Some(team) = &filter.team {
        sql.push(" AND t.team = ").bind(team);
    }
    if let Some(tier) = &filter.tier {
        sql.push(" AND t.tier = ").bind(tier);
    }
    if let Some(commitment) = &filter.commitment {
        sql.push(" AND c.commitment = ").bind(commitment);
    }
    if !filter.hidden.is_empty() {
        sql.push(" AND c.commitment NOT IN (")
            .bind_all(&filter.hidden)
            .push(")");
    }
    sql.push(" GROUP BY c.commitment, t.tier, t.severity");
    let rows = all(on, sql).await?;
    let mut kinds = rows
        .iter()
        .map(|row| {
            Ok(Attainment {
                commitment: Field::read(row, 0)?,
                tier: Field::read(row, 1)?,
                severity: Field::read(row, 2)?,
                met: Field::read(row, 3)?,
                missed: Field::read(row, 4)?,
                open: Field::read(row, 5)?,
                cancelled: Field::read(row, 6)?,
            })
        })
        .collect::<Result<Vec<_>, StoreError>>()?;
    kinds.sort_by(|a, b| {
        (&a.commitment, &a.tier, a.severity).cmp(&(&b.commitment, &b.tier, b.severity))
    });
    Ok(kinds)
}

/// How the promises to an account were kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeptForAccount {
    /// The account.
    pub account: AccountId,
    /// How many were kept in time.
    pub met: u64,
    /// How many were missed, be they kept since or not.
    pub missed: u64,
    /// How many are open and not missed.
    pub open: u64,
    /// How many became void.
    pub cancelled: u64,
}

/// How the promises to these accounts were kept that started on the day of an instant or later, by UTC; those without any are left out.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn kept_for_accounts(
    on: &impl Connection,
    accounts: &[AccountId],
    since: Timestamp,
) -> Result<Vec<KeptForAccount>, StoreError> {
    if accounts.is_empty() {
        return Ok(Vec::new());
    }
    let counts = STATES.map(|states| {
        format!(", CAST(SUM(CASE WHEN c.state IN ({states}) THEN c.clocks ELSE 0 END) AS BIGINT)")
    });
    let tables: &[&str] = if is_postgres(on) {
        &["attainment_count", "attainment_change"]
    } else {
        &["attainment_count"]
    };
    let mut sql = Sql::new(format!("SELECT c.account{} FROM (", counts.concat()));
    for (index, table) in tables.iter().enumerate() {
        sql.push(if index == 0 { "" } else { " UNION ALL " });
        sql.push(&format!(
            "SELECT account, state, clocks FROM {table} WHERE account IN ("
        ));
        sql.bind_all(accounts).push(") AND day >= ");
        sql.bind(&since.as_microsecond().div_euclid(MICROSECONDS_A_DAY));
    }
    sql.push(") c GROUP BY c.account HAVING SUM(c.clocks) > 0");
    let rows = all(on, sql).await?;
    rows.iter()
        .map(|row| {
            Ok(KeptForAccount {
                account: Field::read(row, 0)?,
                met: Field::read(row, 1)?,
                missed: Field::read(row, 2)?,
                open: Field::read(row, 3)?,
                cancelled: Field::read(row, 4)?,
            })
        })
        .collect()
}

/// Adds up some of what was counted side by side, so that it is not more and more to read, and says whether there was any.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn add_up_counts(tx: &Transaction) -> Result<bool, StoreError> {
    Ok(tx.is_postgres() && tx.execute(Sql::new(ADD_UP)).await? > 0)
}

/// Whether so much was counted side by side that it should be added up.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn has_counts_to_add_up(on: &impl Connection) -> Result<bool, StoreError> {
    if !is_postgres(on) {
        return Ok(false);
    }
    let sql = Sql::new("SELECT 1 FROM attainment_change OFFSET ").with("", &MANY_COUNTS);
    Ok(one(on, sql.then(" LIMIT 1")).await?.is_some())
}

/// So many counts that were appended are too many to read for long.
const MANY_COUNTS: i64 = 2_000;

const MICROSECONDS_A_DAY: i64 = 86_400_000_000;

/// The states of clocks that were met, missed, are open and were cancelled.
const STATES: [&str; 4] = ["'met'", "'missed'", "'running', 'paused'", "'cancelled'"];

/// How many clocks were met, missed, are open and were cancelled.
fn counts_by_state() -> String {
    STATES
        .map(|states| format!("COUNT(CASE WHEN c.state IN ({states}) THEN 1 END)"))
        .join(", ")
}

fn next_of(clocks: &[StoredClock]) -> Option<Timestamp> {
    clocks.iter().filter_map(|clock| clock.next_at).min()
}
