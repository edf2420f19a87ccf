//! All that is open, what is nearest to a breach first: the list that is on most screens.
//!
//! Tickets of which something is due are read in the order of its index, up to the end of the page. By the index of the status,
//! which SQLite would choose, all that are open would be read and sorted for each page.

use jiff::Timestamp;
use mainstay_domain::status::StatusKind;
use mainstay_domain::ticket::Scope;

use super::list::{Direction, TicketFilter, TicketKey, TicketSort, page_sql};
use super::row::NEVER;
use crate::connection::{Connection, all, is_postgres};
use crate::error::StoreError;
use crate::page::PageRequest;
use crate::row::Row;
use crate::sql::Sql;

/// What is nearest to a breach first.
pub(super) const FIRST: TicketSort = TicketSort {
    key: TicketKey::NextDue,
    direction: Direction::Ascending,
};

/// Whether a filter asks for all that is open, or for all of it that is due before an instant, and for nothing else.
pub(super) fn is_all_open(filter: &TicketFilter) -> bool {
    let rest = TicketFilter {
        status_kinds: Vec::new(),
        due_before: None,
        ..filter.clone()
    };
    let is_asked = |kind: &StatusKind| filter.status_kinds.contains(kind);
    (StatusKind::ALL.iter()).all(|kind| is_asked(kind) != kind.is_done())
        && rest == TicketFilter::default()
}

/// A page of what is open, and at least one row more where there is one.
pub(super) async fn open_rows(
    on: &impl Connection,
    filter: &TicketFilter,
    page: PageRequest,
) -> Result<Vec<Row>, StoreError> {
    let is_past_all_due = page.after.is_some_and(|after| after.key == NEVER);
    let mut rows = if is_past_all_due {
        Vec::new()
    } else {
        all(on, open_due_sql(filter.due_before, page)).await?
    };
    if rows.len() <= page.limit as usize && filter.due_before.is_none() {
        let rest = PageRequest {
            after: page.after.filter(|_| is_past_all_due),
            ..page
        };
        // The sign keeps SQLite from reading all that are done as well, of which nothing is due either.
        let never = format!(" AND +t.next_due_at = {NEVER}");
        let postgres = is_postgres(on);
        let sql = page_sql(Scope::Everything, filter, FIRST, rest, postgres, &never);
        rows.extend(all(on, sql).await?);
    }
    Ok(rows)
}

/// The open tickets of which something is due, before an instant where one is said.
pub(crate) fn open_due_sql(due_before: Option<Timestamp>, page: PageRequest) -> Sql {
    let filter = TicketFilter {
        due_before,
        ..TicketFilter::default()
    };
    let due =
        format!(" AND t.status_kind NOT IN ('resolved', 'closed') AND t.next_due_at < {NEVER}");
    page_sql(Scope::Everything, &filter, FIRST, page, false, &due)
}
