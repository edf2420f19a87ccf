//! Walking over the tickets that are open, a page at a time, however many there are.

use mainstay_domain::id::AccountId;
use mainstay_domain::status::StatusKind;
use mainstay_domain::ticket::Scope;
use mainstay_store::ticket::{Direction, StoredTicket, TicketFilter, TicketKey, TicketSort};
use mainstay_store::{Cursor, PageRequest, ticket};

use crate::context::App;
use crate::error::Result;

/// How many tickets are held in memory at a time.
const PAGE: u32 = 200;

/// The open tickets, by number. A ticket that is opened meanwhile is met as well.
pub(crate) struct OpenTickets<'a> {
    app: &'a App,
    filter: TicketFilter,
    /// What to read next; nothing at the end.
    page: Option<PageRequest>,
}

impl<'a> OpenTickets<'a> {
    /// Every ticket that is not done.
    pub fn all(app: &'a App) -> Self {
        Self::of_kinds(app, |kind| !kind.is_done())
    }

    /// The tickets of an account that are not closed: a resolved one may be open again.
    pub fn of_account(app: &'a App, account: AccountId) -> Self {
        let mut walk = Self::of_kinds(app, |kind| kind != StatusKind::Closed);
        walk.filter.accounts = vec![Some(account)];
        walk
    }

    fn of_kinds(app: &'a App, is_meant: impl Fn(StatusKind) -> bool) -> Self {
        Self {
            app,
            filter: TicketFilter {
                status_kinds: StatusKind::ALL
                    .into_iter()
                    .filter(|kind| is_meant(*kind))
                    .collect(),
                ..TicketFilter::default()
            },
            page: Some(PageRequest::first(PAGE)),
        }
    }

    /// Begins at another place, with pages of another size.
    pub fn from(mut self, page: PageRequest) -> Self {
        self.page = Some(page);
        self
    }

    /// The next page; nothing at the end.
    pub async fn next(&mut self) -> Result<Option<Vec<StoredTicket>>> {
        let Some(page) = self.page.take() else {
            return Ok(None);
        };
        let sort = TicketSort {
            key: TicketKey::Number,
            direction: Direction::Ascending,
        };
        let limit = page.limit;
        let reader = self.app.read();
        let open = ticket::list(&reader, Scope::Everything, &self.filter, sort, page).await?;
        self.page = open.next.map(|next| PageRequest {
            limit,
            after: Some(next),
        });
        Ok(Some(open.items))
    }

    /// Where the next page begins; nothing at the end.
    pub fn place(self) -> Option<Cursor> {
        self.page?.after
    }
}
