//! Opening tickets that are asked for at the same time, several in one transaction.
//!
//! Where a statement is a round trip, two tickets cost hardly more than one: what both are decided upon is read once, and
//! everything is written with the same statements. Whoever asks joins those who wait. Nobody is told of success before all of it is
//! on the disk; where it fails each ticket is opened by itself, so that a bad one stops no other.

use std::sync::{Mutex, PoisonError};

use mainstay_store::ticket::StoredTicket;
use mainstay_store::{Store, StoreError};
use tokio::sync::{Semaphore, oneshot};
use tracing::Instrument as _;

use super::OpenTicket;
use super::batch::Batch;
use super::open::open_in;
use crate::caller::Caller;
use crate::context::App;
use crate::error::{AppError, Result};
use crate::measure::{Stopwatch, note_transaction};
use crate::transaction::transact;

/// How many tickets one transaction opens, at most.
const MOST: usize = 32;

/// How many transactions open tickets side by side where several nodes share a store. Each waits for the disk by itself, so with two
/// of them most of the time is waiting; with many of them each opens one ticket.
const SIDE_BY_SIDE: usize = 6;

/// And on SQLite, which has one writer: one that writes while the other waits for the disk.
const IN_TURN: usize = 2;

/// The tickets that wait to be opened.
pub(crate) struct Openings {
    waiting: Mutex<Vec<Request>>,
    lanes: Semaphore,
}

/// A ticket that somebody asked for.
struct Request {
    caller: Caller,
    open: OpenTicket,
    answer: oneshot::Sender<Result<StoredTicket>>,
}

impl Openings {
    /// Nobody waits yet.
    pub(crate) fn new(store: &Store) -> Self {
        let lanes = match store.is_shared() {
            true => SIDE_BY_SIDE,
            false => IN_TURN,
        };
        Self {
            waiting: Mutex::default(),
            lanes: Semaphore::new(lanes),
        }
    }

    fn put(&self, asked: Request) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.push(asked);
    }

    fn take(&self) -> Vec<Request> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let several = waiting.len().min(MOST);
        waiting.drain(..several).collect()
    }
}

impl App {
    /// Opens a ticket, with those that others ask for meanwhile.
    pub(super) async fn open_with_others(
        &self,
        caller: &Caller,
        open: OpenTicket,
    ) -> Result<StoredTicket> {
        let (answer, answered) = oneshot::channel();
        let asked = Request {
            caller: caller.clone(),
            open,
            answer,
        };
        self.openings().put(asked);
        let app = self.clone();
        // Whoever asked may go away meanwhile, as when it takes too long. The others still want theirs.
        let opening = async move {
            let Ok(_lane) = app.openings().lanes.acquire().await else {
                return;
            };
            // Somebody who began before may have taken it along.
            let several = app.openings().take();
            app.open_several(several).await;
        };
        tokio::spawn(opening.in_current_span());
        let ended = |_| StoreError::InDoubt("the opening ended".to_owned()).into();
        answered.await.map_err::<AppError, _>(ended)?
    }

    async fn open_several(&self, mut several: Vec<Request>) {
        several.retain(|asked| !asked.answer.is_closed());
        if several.len() > 1 {
            match self.open_at_once(&several).await {
                Ok(opened) => {
                    for (asked, opened) in several.drain(..).zip(opened) {
                        answer(asked, Ok(opened));
                    }
                }
                Err(error @ AppError::InDoubt { .. }) => {
                    let cause = error.to_string();
                    for asked in several.drain(..) {
                        answer(asked, Err(StoreError::InDoubt(cause.clone()).into()));
                    }
                }
                Err(error) => tracing::debug!(%error, "tickets are opened one by one"),
            }
        }
        for asked in several {
            let Request {
                caller,
                open,
                mut answer,
            } = asked;
            let opening = async {
                transact!(self, tx => async {
                    open_in(self, tx, &Batch::default(), &caller, &open).await
                })
            };
            // For who has gone it is undone, unless it is on its way to the disk.
            let opened = tokio::select! {
                opened = opening => opened,
                () = answer.closed() => continue,
            };
            let _ = answer.send(opened);
        }
    }

    async fn open_at_once(&self, several: &[Request]) -> Result<Vec<StoredTicket>> {
        let began = Stopwatch::start();
        let opening = async {
            let tx = self.begin().await?;
            let batch = Batch::default();
            let accounts = several.iter().map(|asked| asked.open.account);
            batch.ask(&tx, accounts).await?;
            let mut opened = Vec::with_capacity(several.len());
            for asked in several {
                opened.push(open_in(self, &tx, &batch, &asked.caller, &asked.open).await?);
            }
            if several.iter().any(|asked| asked.answer.is_closed()) {
                return Err(AppError::Conflict("one who asked has gone".to_owned()));
            }
            tx.commit().await?;
            Ok(opened)
        };
        let opened = opening.await;
        note_transaction(began, opened.is_ok());
        opened
    }
}

/// Whoever asked may have gone.
fn answer(asked: Request, opened: Result<StoredTicket>) {
    let _ = asked.answer.send(opened);
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::Arc;

    use futures::future::join_all;
    use jiff::Timestamp;
    use mainstay_domain::event::Channel;
    use mainstay_domain::id::AccountId;
    use mainstay_store::StoreOptions;
    use mainstay_store::ticket::TicketFilter;
    use mainstay_testing::{PostgresServer, require};
    use uuid::Uuid;

    use super::*;
    use crate::context::{ManualClock, Options};

    /// One on each engine that is there.
    async fn apps() -> Vec<App> {
        let mut apps = vec![an_app("sqlite::memory:").await];
        if let Some(program) = require(PostgresServer::find()) {
            let url = PostgresServer::shared(&program).fresh_database();
            apps.push(an_app(&url).await);
        }
        apps
    }

    async fn an_app(url: &str) -> App {
        let store = Store::open(&StoreOptions::new(url)).await;
        let monday: Timestamp = "2026-03-02T09:00:00Z".parse().unwrap();
        let clock = Arc::new(ManualClock::at(monday));
        let app = App::new(store.unwrap(), clock, [1; 32], Options::default());
        let pack = mainstay_policy::builtin("client-scaling").unwrap();
        let applied = app.apply_policy(&Caller::machine(), &pack, "test").await;
        applied.unwrap();
        app
    }

    fn wanted(account: Option<AccountId>) -> OpenTicket {
        OpenTicket {
            subject: "It does not work".to_owned(),
            account,
            contact: None,
            channel: Channel::Api,
            severity: None,
            category: None,
            team: None,
            assignee: None,
            tags: Vec::new(),
            message: None,
            at: None,
        }
    }

    fn asked(account: Option<AccountId>) -> (Request, oneshot::Receiver<Result<StoredTicket>>) {
        let (answer, answered) = oneshot::channel();
        let asked = Request {
            caller: Caller::machine(),
            open: wanted(account),
            answer,
        };
        (asked, answered)
    }

    #[tokio::test]
    async fn several_are_opened_at_once() {
        for app in apps().await {
            let (several, _answers): (Vec<_>, Vec<_>) = [None; 3].map(asked).into_iter().unzip();
            let opened = app.open_at_once(&several).await.unwrap();
            let numbers: Vec<u64> = opened.iter().map(|stored| stored.ticket.number).collect();
            assert_eq!(numbers, [1, 2, 3]);
            for stored in opened {
                let found = app.ticket(&Caller::machine(), stored.ticket.id).await;
                assert_eq!(found.unwrap(), stored);
            }
        }
    }

    #[tokio::test]
    async fn who_has_gone_is_opened_no_ticket() {
        for app in apps().await {
            for places in [1, 3] {
                let (several, mut answers): (Vec<_>, Vec<_>) =
                    (0..places).map(|_| asked(None)).unzip();
                answers.pop();
                let at_once = app.open_at_once(&several).await;
                assert!(matches!(at_once, Err(AppError::Conflict(_))), "{at_once:?}");
                app.open_several(several).await;
                for answer in answers {
                    answer.await.unwrap().unwrap();
                }
            }
            let all = TicketFilter::default();
            assert_eq!(
                app.count_tickets(&Caller::machine(), &all).await.unwrap(),
                2
            );
        }
    }

    #[tokio::test]
    async fn one_that_cannot_be_opened_keeps_no_other_from_it() {
        for app in apps().await {
            let nobody = AccountId::from(Uuid::from_u128(7));
            let (several, answers): (Vec<_>, Vec<_>) =
                [None, Some(nobody), None].map(asked).into_iter().unzip();
            app.open_several(several).await;
            let mut told = Vec::new();
            for answer in answers {
                told.push(answer.await.unwrap().map(|stored| stored.ticket.number));
            }
            assert!(matches!(told[1], Err(AppError::Invalid(_))), "{told:?}");
            assert!(told[0].is_ok() && told[2].is_ok(), "{told:?}");
        }
    }

    /// More than one transaction opens, some of which cannot be opened: each who asks is told of their own.
    #[tokio::test(flavor = "multi_thread")]
    async fn whoever_asks_with_others_is_told_of_their_own_ticket() {
        for app in apps().await {
            let nobody = AccountId::from(Uuid::from_u128(7));
            let asking = (0..3 * MOST).map(|place| {
                let mut open = wanted((place % 20 == 7).then_some(nobody));
                open.subject = format!("Number {place}");
                let app = app.clone();
                async move { app.open_ticket(&Caller::machine(), open).await }
            });
            let mut numbers = BTreeSet::new();
            for (place, opened) in join_all(asking).await.into_iter().enumerate() {
                if place % 20 == 7 {
                    assert!(matches!(opened, Err(AppError::Invalid(_))), "{opened:?}");
                    continue;
                }
                let ticket = opened.unwrap().ticket;
                assert_eq!(ticket.subject, format!("Number {place}"));
                assert!(numbers.insert(ticket.number), "{}", ticket.number);
            }
        }
    }
}
