//! What the program measures of itself, for those who watch over it.
//!
//! Every measure stands in [`MEASURES`], once: its name, its labels and what it says. No label ever holds a person, an
//! account, an address or a path, so that the number of series has a bound and nothing personal leaves by them. Nothing is
//! recorded, and nothing is paid, unless the program installed a recorder.

use std::time::{Duration, Instant};

use jiff::SignedDuration;
use mainstay_domain::escalation::NotifyChannel;
use mainstay_store::{due, job};
use metrics::{counter, gauge, histogram};

use crate::context::App;
use crate::error::Result;
use crate::job::Job;

/// How a measure behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MeasureKind {
    /// Only grows, from zero at the start of the process.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Counts by size, in seconds.
    Histogram,
}

/// A measure.
#[derive(Debug, Clone, Copy)]
pub struct Measure {
    /// Its name; it ends with its unit.
    pub name: &'static str,
    /// How it behaves.
    pub kind: MeasureKind,
    /// The names of its labels.
    pub labels: &'static [&'static str],
    /// What it says.
    pub help: &'static str,
}

macro_rules! measures {
    ($($constant:ident, $name:literal, $kind:ident, [$($label:literal),*], $help:literal;)*) => {
        $(#[doc = $help] pub const $constant: &str = $name;)*

        /// Every measure there is.
        pub const MEASURES: &[Measure] = &[$(Measure {
            name: $name,
            kind: MeasureKind::$kind,
            labels: &[$($label),*],
            help: $help,
        }),*];
    };
}

measures! {
    BUILD, "mainstay_build_info", Gauge, ["version"], "Always 1; the label says which version runs.";
    DUE_LATENESS, "mainstay_due_lateness_seconds", Histogram, ["subject"], "From a due instant until its effects were committed, in real time.";
    DUE_FAILURES, "mainstay_due_failures_total", Counter, [], "Due instants whose effects could not be committed; they are tried again.";
    DUE_OVERDUE, "mainstay_due_overdue", Gauge, [], "Subjects whose due instant has passed and that wait to be acted on.";
    DUE_OLDEST, "mainstay_due_oldest_seconds", Gauge, [], "How long the subject that waits longest has been due.";
    DUE_SOON, "mainstay_due_next_hour", Gauge, [], "Subjects on which something falls due within the hour.";
    DUE_NEXT, "mainstay_due_next_seconds", Gauge, [], "Until the next due instant; -1 when nothing is due ever.";
    QUEUE_WAITING, "mainstay_queue_jobs", Gauge, ["kind"], "Jobs that wait or run, also those for later.";
    QUEUE_OLDEST, "mainstay_queue_oldest_seconds", Gauge, ["kind"], "How long the job that waits longest could have run.";
    QUEUE_DEAD, "mainstay_queue_dead_jobs", Gauge, ["kind"], "Jobs that were given up and wait for a person.";
    JOB_SECONDS, "mainstay_job_seconds", Histogram, ["kind"], "How long an attempt at a job took.";
    JOBS, "mainstay_job_attempts_total", Counter, ["kind", "outcome"], "Attempts at jobs: done, retry, dead or lost.";
    MAIL_IN, "mainstay_mail_received_total", Counter, ["source"], "Mails that were taken in and are safe: pipe, http or imap.";
    MAIL_OUT, "mainstay_mail_sent_total", Counter, ["outcome"], "Attempts to hand a mail over: sent, retry or dead.";
    WEBHOOKS, "mainstay_webhook_deliveries_total", Counter, ["outcome"], "Attempts to call a webhook: delivered, retry or dead.";
    MESSAGES, "mainstay_short_messages_total", Counter, ["channel", "outcome"], "Attempts to reach people otherwise than by mail: delivered, retry or dead.";
    HTTP_SECONDS, "mainstay_http_request_seconds", Histogram, ["method", "route", "status"], "Until the answer to a request begins, by route and class of status.";
    HTTP_PROBLEMS, "mainstay_http_problems_total", Counter, ["kind"], "Requests that were refused or failed, by the kind of problem.";
    LISTENERS, "mainstay_live_listeners", Gauge, [], "Who listens to live events at this node.";
    TRANSACTION_SECONDS, "mainstay_store_transaction_seconds", Histogram, ["outcome"], "How long a transaction took with its repetitions: committed or failed.";
    TRANSACTION_RETRIES, "mainstay_store_retries_total", Counter, [], "Transactions that were begun anew because another writer was first or the store was busy.";
    STORE_CONNECTIONS, "mainstay_store_connections", Gauge, ["pool", "state"], "Connections to the store: idle or in use, of readers and of the writer.";
}

/// Measures how long something takes. What it says goes into measurements alone: nothing is decided by it, and nothing of
/// it is kept.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Begins to measure.
    #[must_use]
    #[expect(
        clippy::disallowed_methods,
        reason = "only the length is told, to measurements on which nothing depends"
    )]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// How long it has been.
    #[must_use]
    pub fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}

/// Tells the recorder what every measure says.
pub fn describe() {
    for measure in MEASURES {
        match measure.kind {
            MeasureKind::Counter => metrics::describe_counter!(measure.name, measure.help),
            MeasureKind::Gauge => metrics::describe_gauge!(measure.name, measure.help),
            MeasureKind::Histogram => metrics::describe_histogram!(measure.name, measure.help),
        }
    }
    gauge!(BUILD, "version" => env!("CARGO_PKG_VERSION")).set(1.0);
    gauge!(LISTENERS).set(0.0);
    count_from_zero();
}

/// Tells every count that has a bound at the start: of one that appears with its first event, whoever watches does not see that
/// it has grown.
fn count_from_zero() {
    counter!(DUE_FAILURES).absolute(0);
    counter!(TRANSACTION_RETRIES).absolute(0);
    for source in WAYS_IN {
        counter!(MAIL_IN, "source" => source).absolute(0);
    }
    for outcome in ["sent", "retry", "dead"] {
        counter!(MAIL_OUT, "outcome" => outcome).absolute(0);
    }
    for outcome in ["delivered", "retry", "dead"] {
        counter!(WEBHOOKS, "outcome" => outcome).absolute(0);
        for channel in NotifyChannel::ALL {
            let by_mail_or_here = [NotifyChannel::InApp, NotifyChannel::Email];
            if !by_mail_or_here.contains(&channel) {
                counter!(MESSAGES, "channel" => channel.as_str(), "outcome" => outcome).absolute(0);
            }
        }
    }
    for kind in Job::KINDS {
        for outcome in ["done", "retry", "dead", "lost"] {
            counter!(JOBS, "kind" => kind, "outcome" => outcome).absolute(0);
        }
    }
}

/// Notes how a transaction went, with its repetitions.
pub(crate) fn note_transaction(began: Stopwatch, committed: bool) {
    let outcome = if committed { "committed" } else { "failed" };
    histogram!(TRANSACTION_SECONDS, "outcome" => outcome).record(began.elapsed());
}

/// Notes how late something due was done. A clock that was set back makes nothing early.
pub(crate) fn note_lateness(subject: &'static str, lateness: SignedDuration) {
    histogram!(DUE_LATENESS, "subject" => subject).record(lateness.as_secs_f64().max(0.0));
}

/// The ways by which mail comes.
const WAYS_IN: [&str; 3] = ["pipe", "http", "imap"];

/// By which way a mail came. Of a mailbox only that it is one is told, not its name.
pub(crate) fn way_in(source: &str) -> &'static str {
    let first = source.split(':').next();
    let known = WAYS_IN.into_iter().find(|way| Some(*way) == first);
    known.unwrap_or("other")
}

/// Notes a mail that was taken in.
pub(crate) fn note_received(source: &str) {
    counter!(MAIL_IN, "source" => way_in(source)).increment(1);
}

impl App {
    /// Measures what stands in the store just now: the queue, what is due, and the connections.
    ///
    /// # Errors
    /// Fails when the store does not answer.
    pub async fn measure_standing(&self) -> Result<()> {
        let now = self.now();
        let reader = self.read();
        let queue = job::queue(&reader, now).await?;
        for kind in Job::KINDS {
            let found = queue.iter().find(|of| of.kind == kind);
            let since = found.and_then(|of| of.runnable_since);
            let age = since.map_or(0.0, |since| now.duration_since(since).as_secs_f64());
            gauge!(QUEUE_WAITING, "kind" => kind).set(found.map_or(0.0, |of| of.waiting as f64));
            gauge!(QUEUE_OLDEST, "kind" => kind).set(age);
            gauge!(QUEUE_DEAD, "kind" => kind).set(found.map_or(0.0, |of| of.dead as f64));
        }
        let due = due::standing(&reader, now, now + SignedDuration::from_hours(1)).await?;
        gauge!(DUE_OVERDUE).set(due.overdue as f64);
        gauge!(DUE_SOON).set(due.soon as f64);
        let until = due.first.map(|at| at.duration_since(now).as_secs_f64());
        gauge!(DUE_OLDEST).set(until.map_or(0.0, |until| (-until).max(0.0)));
        gauge!(DUE_NEXT).set(until.map_or(-1.0, |until| until.max(0.0)));
        for pool in self.store().connections() {
            let in_use = pool.open.saturating_sub(pool.idle);
            for (state, count) in [("idle", pool.idle), ("in_use", in_use)] {
                gauge!(STORE_CONNECTIONS, "pool" => pool.name, "state" => state)
                    .set(f64::from(count));
            }
        }
        Ok(())
    }
}
