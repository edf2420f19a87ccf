//! Doing what several ask for at the same time in one transaction.
//!
//! Where a statement is a round trip, two tickets or mails cost hardly more than one: what is decided upon is read once, everything is
//! written with the same statements, and the disk is waited for once. Whoever asks joins those who wait. Nobody is told of success
//! before all of it is on the disk; where it fails each is done by itself, so that a bad one stops no other.

use std::future::Future;
use std::sync::{Mutex, PoisonError};

use mainstay_store::{Store, StoreError, Transaction};
use tokio::sync::{Semaphore, oneshot};
use tracing::Instrument as _;

use crate::context::App;
use crate::error::{AppError, Result};
use crate::measure::{Stopwatch, note_transaction};
use crate::transaction::transact;

/// How many are done in one transaction, at most.
pub(crate) const MOST: usize = 32;

/// How many bytes of those hold, at most: what is larger is done by itself, and so is never written in vain with another.
pub(crate) const MOST_BYTES: usize = 1 << 20;

/// On SQLite, which has one writer, one transaction writes while the other waits for the disk.
const IN_TURN: usize = 2;

/// What is asked for one by one, and done with others.
pub(crate) trait Gathered: Sized + Send + Sync + 'static {
    /// What whoever asks is told.
    type Answer: Send + 'static;

    /// How many transactions do it side by side where several nodes share a store. Each waits for the disk by itself, so with few of
    /// them most of the time may be waiting; with many of them each does one.
    const SIDE_BY_SIDE: usize;

    /// Those who wait.
    fn waiting(app: &App) -> &Gathering<Self>;

    /// How many bytes it holds, where that may be much.
    fn bytes(&self) -> usize {
        0
    }

    /// Does it with all of these, or fails: an answer for each, in their order.
    fn do_all(
        app: &App,
        tx: &Transaction,
        all: &[&Self],
    ) -> impl Future<Output = Result<Vec<Self::Answer>>> + Send;
}

/// Those who wait until it is done.
pub(crate) struct Gathering<T: Gathered> {
    waiting: Mutex<Vec<Request<T>>>,
    lanes: Semaphore,
}

/// What somebody asked for.
pub(crate) struct Request<T: Gathered> {
    pub(crate) asked: T,
    pub(crate) answer: oneshot::Sender<Result<T::Answer>>,
}

impl<T: Gathered> Gathering<T> {
    /// Nobody waits yet.
    pub(crate) fn new(store: &Store) -> Self {
        let lanes = match store.is_shared() {
            true => T::SIDE_BY_SIDE,
            false => IN_TURN,
        };
        Self {
            waiting: Mutex::default(),
            lanes: Semaphore::new(lanes),
        }
    }

    fn put(&self, request: Request<T>) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.push(request);
    }

    /// Takes those who wait longest, at least one.
    fn take(&self) -> Vec<Request<T>> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let mut bytes = 0;
        let fit = waiting.iter().take(MOST).take_while(|request| {
            bytes += request.asked.bytes();
            bytes <= MOST_BYTES
        });
        let several = fit.count().max(1).min(waiting.len());
        waiting.drain(..several).collect()
    }
}

/// Does it with what others ask for meanwhile.
///
/// # Errors
/// As doing it; [`AppError::InDoubt`] when it may have been done.
pub(crate) async fn do_with_others<T: Gathered>(app: &App, asked: T) -> Result<T::Answer> {
    let (answer, answered) = oneshot::channel();
    T::waiting(app).put(Request { asked, answer });
    let app = app.clone();
    // Whoever asked may go away meanwhile, as when it takes too long. The others still want theirs.
    let doing = async move {
        let Ok(_lane) = T::waiting(&app).lanes.acquire().await else {
            return;
        };
        // Somebody who began before may have taken it along.
        let several = T::waiting(&app).take();
        do_several(&app, several).await;
    };
    tokio::spawn(doing.in_current_span());
    answered.await.map_err(|_| ended())?
}

pub(crate) async fn do_several<T: Gathered>(app: &App, mut several: Vec<Request<T>>) {
    several.retain(|request| !request.answer.is_closed());
    if several.len() > 1 {
        match do_at_once(app, &several).await {
            Ok(done) => {
                for (request, done) in several.drain(..).zip(done) {
                    answer(request, Ok(done));
                }
            }
            Err(error @ AppError::InDoubt { .. }) => {
                let cause = error.to_string();
                for request in several.drain(..) {
                    answer(request, Err(StoreError::InDoubt(cause.clone()).into()));
                }
            }
            Err(error) => tracing::debug!(%error, "what was asked for together is done one by one"),
        }
    }
    for Request { asked, mut answer } in several {
        let doing = async {
            let done: Vec<_> = transact!(app, tx => T::do_all(app, tx, &[&asked]))?;
            done.into_iter().next().ok_or_else(ended)
        };
        // For who has gone it is undone, unless it is on its way to the disk.
        let done = tokio::select! {
            done = doing => done,
            () = answer.closed() => continue,
        };
        let _ = answer.send(done);
    }
}

pub(crate) async fn do_at_once<T: Gathered>(
    app: &App,
    several: &[Request<T>],
) -> Result<Vec<T::Answer>> {
    let began = Stopwatch::start();
    let doing = async {
        let tx = app.begin().await?;
        let all: Vec<&T> = several.iter().map(|request| &request.asked).collect();
        let done = T::do_all(app, &tx, &all).await?;
        if several.iter().any(|request| request.answer.is_closed()) {
            return Err(AppError::Conflict("one who asked has gone".to_owned()));
        }
        tx.commit().await?;
        Ok(done)
    };
    let done = doing.await;
    note_transaction(began, done.is_ok());
    done
}

/// Whoever asked may have gone.
fn answer<T: Gathered>(request: Request<T>, done: Result<T::Answer>) {
    let _ = request.answer.send(done);
}

fn ended() -> AppError {
    StoreError::InDoubt("what was asked for ended".to_owned()).into()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use futures::future::join_all;
    use jiff::Timestamp;
    use mainstay_domain::mail::{RawMail, RawMailState};
    use mainstay_store::{PageRequest, StoreOptions};
    use mainstay_testing::{PostgresServer, require};

    use super::*;
    use crate::caller::Caller;
    use crate::context::{ManualClock, Options};

    async fn an_app(url: &str) -> App {
        let store = Store::open(&StoreOptions::new(url)).await;
        let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
        App::new(store.unwrap(), clock, [1; 32], Options::default())
    }

    fn mail(app: &App, bytes: usize) -> RawMail {
        RawMail {
            id: app.new_id(app.now()),
            digest: crate::attachment::digest(b""),
            source: "http".to_owned(),
            message_id: None,
            bytes: vec![b'a'; bytes],
            received_at: app.now(),
            state: RawMailState::New,
            decision: None,
            ticket: None,
            message: None,
            error: None,
            mailbox: None,
        }
    }

    #[tokio::test]
    async fn what_is_large_is_done_by_itself() {
        let app = an_app("sqlite::memory:").await;
        let waiting = Gathering::<RawMail>::new(app.store());
        let sizes = [MOST_BYTES / 2, MOST_BYTES / 2, 1, MOST_BYTES + 1, 1, 1];
        for bytes in sizes {
            let (answer, _) = oneshot::channel();
            let asked = mail(&app, bytes);
            waiting.put(Request { asked, answer });
        }
        let taken = std::iter::repeat_with(|| waiting.take().len()).take(5);
        assert_eq!(taken.collect::<Vec<_>>(), [2, 1, 1, 2, 0]);
        for _ in 0..=MOST {
            let (answer, _) = oneshot::channel();
            let asked = mail(&app, 1);
            waiting.put(Request { asked, answer });
        }
        assert_eq!(waiting.take().len(), MOST);
    }

    /// On each engine that is there, each mail comes twice.
    #[tokio::test(flavor = "multi_thread")]
    async fn mails_that_come_at_the_same_time_are_each_kept_once() {
        let mut urls = vec!["sqlite::memory:".to_owned()];
        if let Some(program) = require(PostgresServer::find()) {
            urls.push(PostgresServer::shared(&program).fresh_database());
        }
        for url in urls {
            let app = an_app(&url).await;
            let receiving = (0..4 * MOST).map(|place| {
                let app = app.clone();
                async move {
                    let raw = format!("Subject: {}\r\n\r\nHelp!", place / 2).into_bytes();
                    let (caller, now) = (Caller::machine(), app.now());
                    let received = app.receive_mail(&caller, raw, "http", now).await;
                    (place / 2, received.unwrap())
                }
            });
            let mut kept: BTreeMap<usize, Vec<bool>> = BTreeMap::new();
            let mut ids: BTreeMap<usize, Vec<_>> = BTreeMap::new();
            for (subject, received) in join_all(receiving).await {
                kept.entry(subject).or_default().push(received.is_new);
                ids.entry(subject).or_default().push(received.id);
            }
            for (subject, is_new) in kept {
                assert!(
                    is_new == [true, false] || is_new == [false, true],
                    "{subject}: {is_new:?}"
                );
                assert_eq!(ids[&subject][0], ids[&subject][1]);
            }
            let page = PageRequest::first(200);
            let all = app.received_mails(&Caller::machine(), None, page).await;
            assert_eq!(all.unwrap().items.len(), 2 * MOST);
        }
    }
}
