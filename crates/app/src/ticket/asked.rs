//! Opening tickets that are asked for at the same time, several in one transaction.

use mainstay_store::Transaction;
use mainstay_store::ticket::StoredTicket;

use super::OpenTicket;
use super::batch::Batch;
use super::open::open_in;
use crate::caller::Caller;
use crate::context::App;
use crate::error::Result;
use crate::gathering::{Gathered, Gathering};

/// A ticket that somebody asked for.
pub(crate) struct AskedTicket {
    pub(super) caller: Caller,
    pub(super) open: OpenTicket,
}

impl Gathered for AskedTicket {
    type Answer = StoredTicket;

    const SIDE_BY_SIDE: usize = 6;

    fn waiting(app: &App) -> &Gathering<Self> {
        app.asked_tickets()
    }

    async fn do_all(app: &App, tx: &Transaction, all: &[&Self]) -> Result<Vec<StoredTicket>> {
        let batch = Batch::default();
        if all.len() > 1 {
            let accounts = all.iter().map(|asked| asked.open.account);
            batch.ask(tx, accounts).await?;
        }
        let mut opened = Vec::with_capacity(all.len());
        for asked in all {
            opened.push(open_in(app, tx, &batch, &asked.caller, &asked.open).await?);
        }
        Ok(opened)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::Arc;

    use futures::future::join_all;
    use jiff::Timestamp;
    use mainstay_domain::event::Channel;
    use mainstay_domain::id::AccountId;
    use mainstay_store::ticket::TicketFilter;
    use mainstay_store::{Store, StoreOptions};
    use mainstay_testing::{PostgresServer, require};
    use uuid::Uuid;

    use tokio::sync::oneshot;

    use super::*;
    use crate::context::{ManualClock, Options};
    use crate::error::AppError;
    use crate::gathering::{MOST, Request, do_at_once, do_several};

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

    type Answered = oneshot::Receiver<Result<StoredTicket>>;

    fn asked(account: Option<AccountId>) -> (Request<AskedTicket>, Answered) {
        let (answer, answered) = oneshot::channel();
        let asked = AskedTicket {
            caller: Caller::machine(),
            open: wanted(account),
        };
        (Request { asked, answer }, answered)
    }

    #[tokio::test]
    async fn several_are_opened_at_once() {
        for app in apps().await {
            let (several, _answers): (Vec<_>, Vec<_>) = [None; 3].map(asked).into_iter().unzip();
            let opened = do_at_once(&app, &several).await.unwrap();
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
                let at_once = do_at_once(&app, &several).await;
                assert!(matches!(at_once, Err(AppError::Conflict(_))), "{at_once:?}");
                do_several(&app, several).await;
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
            do_several(&app, several).await;
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
