//! The worker of a service: it does what is due, rests until something is, and gives signs of life.

use std::fs::File;
use std::future::Future;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use mainstay_app::{App, Tick};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::open::store_file;
use crate::Failure;
use crate::settings::Settings;

/// How long the worker sleeps when nothing is due. It bounds how late a due instant fires that this process did not
/// know of, because another node made it or the clock was moved.
const NAP: Duration = Duration::from_millis(200);

/// How often what was put off is done.
const CATCH_UP: Duration = Duration::from_secs(2);

/// How long the worker waits after the store did not answer.
const AFTER_FAILURE: Duration = Duration::from_secs(1);

/// How often a node that does no work looks whether another policy was applied.
const LOOK: Duration = Duration::from_secs(1);

/// Does rounds of work until it is asked to stop; a round that has begun is finished. Jobs have rounds of their own: one
/// that waits for a slow server keeps no clock from being on time.
pub async fn work(
    app: App,
    works: bool,
    stop: CancellationToken,
    (due_pulse, jobs_pulse): (Pulse, Pulse),
) {
    if !works {
        return follow_policy(app, stop).await;
    }
    if let Err(error) = app.keep_tidy().await {
        tracing::error!("what is not kept for ever will not be removed: {error}");
    }
    let due = async {
        while !stop.is_cancelled() {
            let rest = rest_after(&app, app.tick_due().await);
            due_pulse.beat();
            sleep(&stop, rest, app.woken()).await;
        }
    };
    let jobs = async {
        while !stop.is_cancelled() {
            let rest = rest_after(&app, app.tick_jobs().await);
            jobs_pulse.beat();
            sleep(&stop, rest, app.woken_for_jobs()).await;
        }
    };
    tokio::join!(due, jobs, catch_up(&app, &stop));
}

/// Does now and then what was put off while somebody waited.
async fn catch_up(app: &App, stop: &CancellationToken) {
    while !stop.is_cancelled() {
        if let Err(error) = app.catch_up().await {
            tracing::error!("what was put off could not be done: {error}");
        }
        sleep(stop, CATCH_UP, std::future::pending()).await;
    }
}

/// How long to rest after a round.
fn rest_after(app: &App, round: mainstay_app::Result<Tick>) -> Duration {
    match round {
        Ok(Tick::More) => Duration::ZERO,
        Ok(Tick::Idle(next)) => rest_until(app, next),
        Err(error) => {
            tracing::error!("a round of work failed: {error}");
            AFTER_FAILURE
        }
    }
}

/// How long to sleep when nothing is due: until something is, but never longer than a nap. Where a simulated clock runs
/// faster, it comes sooner.
fn rest_until(app: &App, next: Option<Timestamp>) -> Duration {
    let time = app.time();
    let faster = time.simulated_speed.unwrap_or(1.0).max(1.0);
    let until = next.map_or(NAP, |next| {
        let until = Duration::try_from(next.duration_since(time.now)).unwrap_or(Duration::ZERO);
        until.div_f64(faster)
    });
    until.min(NAP)
}

async fn sleep(stop: &CancellationToken, rest: Duration, woken: impl Future<Output = ()>) {
    tokio::select! {
        () = stop.cancelled() => {}
        () = woken, if rest > Duration::ZERO && rest != AFTER_FAILURE => {}
        () = tokio::time::sleep(rest) => {}
    }
}

/// Keeps up with the policy that others apply, on a node that does no work.
async fn follow_policy(app: App, stop: CancellationToken) {
    while !stop.is_cancelled() {
        if let Err(error) = app.follow_policy().await {
            tracing::error!("the policy could not be read: {error}");
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(LOOK) => {}
        }
    }
}

/// The time of the worker's last round.
#[derive(Debug, Clone)]
pub struct Pulse(Arc<Mutex<Instant>>);

impl Default for Pulse {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Instant::now())))
    }
}

impl Pulse {
    /// Notes a round.
    pub fn beat(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    /// How long ago the last round was.
    pub fn age(&self) -> Duration {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .elapsed()
    }
}

/// Takes the right to be the one worker on a store that is a file. Who has it knows that every lease in the store is that
/// of a process that ended; it is kept as long as the answer is.
pub async fn sole_worker(app: &App, settings: &Settings) -> Result<Option<File>, Failure> {
    let Some(path) = store_file(settings) else {
        return Ok(None);
    };
    let Some(lock) = lock_of_worker(&path) else {
        tracing::warn!(
            "another process works on this store: both do, and each leaves the other what it has taken"
        );
        return Ok(None);
    };
    app.end_leases()
        .await
        .map_err(|error| Failure::of(&error))?;
    Ok(Some(lock))
}

fn lock_of_worker(store: &Path) -> Option<File> {
    let path = store.with_extension("worker");
    let lock = File::options().create(true).append(true).open(path).ok()?;
    lock.try_lock().is_ok().then_some(lock)
}

/// Whether a process works on a store that is a file.
#[must_use]
pub fn is_worked_on(settings: &Settings) -> bool {
    store_file(settings).is_some_and(|path| path.exists() && lock_of_worker(&path).is_none())
}

/// Tells the nodes that share the store of changes, and hears of theirs.
pub async fn share_news(app: App, stop: CancellationToken) {
    let node = app.options().node.clone();
    let shared = async {
        loop {
            if let Err(error) = app.store().share_news(&node).await {
                tracing::warn!(
                    "other nodes cannot be heard, their changes are seen a little later: {error}"
                );
            }
            tokio::time::sleep(AFTER_FAILURE).await;
        }
    };
    stop.run_until_cancelled(shared).await;
}
