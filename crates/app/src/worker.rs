//! The worker: what is due, and what was asked for.
//!
//! A tick takes what is due under a lease, does it, and says when there is something to do next. Its cost follows what
//! is due, never what is open.

mod lane;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures::{StreamExt as _, stream};
use jiff::{SignedDuration, Timestamp};
use mainstay_domain::id::{JobId, TicketId};
use mainstay_domain::job::Job as StoredJob;
use mainstay_store::due::{Due, DueSubject, NextWork};
use mainstay_store::{Transaction, due, job, mailbox};
use metrics::{counter, histogram};
use tracing::{Instrument as _, Span};

use self::lane::stretches;
use crate::apart::apart;
use crate::attachment::forget_upload;
use crate::context::App;
use crate::error::{AppError, Result};
use crate::export::{forget_export, write_export};
use crate::job::{Job, JobFailure, MOST_ATTEMPTS, backoff};
use crate::lateness::PROMISED;
use crate::mail;
use crate::measure::{self, Stopwatch};
use crate::notification::{note_mail, send_dispatch};
use crate::ticket::Work;
use crate::trace;
use crate::transaction::transact;
use crate::webhook;

/// What a tick of the worker did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tick {
    /// There is more to do at once.
    More,
    /// Nothing is due now; this is the next instant at which something will be, if there is one.
    Idle(Option<Timestamp>),
}

/// How many jobs one tick takes, so that a worker can stop between two ticks.
const AT_ONCE: u32 = 400;

/// How many due subjects one tick takes. The more, the less often the next ones wait for the last of those before.
const DUE_AT_ONCE: u32 = 1_000;

/// How many due tickets are done before it is looked whether the lease of the rest is to be made longer.
const FIRED_TOGETHER: usize = 500;

/// Of how many jobs it is written down together how they went.
const WRITTEN_DOWN_TOGETHER: usize = 20;

/// How long a job that is done waits for that, unless the next one takes longer.
const WRITTEN_DOWN_WITHIN: Duration = Duration::from_millis(200);

/// How many servers are talked to at once.
const CALLS_AT_ONCE: usize = 32;

/// How long a lease of a job lasts. A node that dies with a lease delays its work by no more than this.
const LEASE: SignedDuration = SignedDuration::from_secs(60);

/// How long a lease of what is due lasts. It is short, as a second node that does the same does no harm: the ledger takes
/// each fact once.
const DUE_LEASE: SignedDuration = SignedDuration::from_secs(10);

impl App {
    /// Does what is due: clocks first, then jobs.
    ///
    /// # Errors
    /// Fails when the store does not answer; the next tick tries again.
    pub async fn tick(&self) -> Result<Tick> {
        let due = self.tick_due().await?;
        let jobs = self.tick_jobs().await?;
        self.link_audit().await?;
        if due == Tick::More || jobs == Tick::More {
            return Ok(Tick::More);
        }
        Ok(Tick::Idle(self.next_instant().await?))
    }

    /// Does what is due of clocks and escalations. Nothing in it waits for another server, so that a due instant is never
    /// late because a mail server is slow.
    ///
    /// # Errors
    /// As [`App::tick`].
    pub async fn tick_due(&self) -> Result<Tick> {
        self.follow_policy().await?;
        let now = self.now();
        if let NextWork::Later(next) = due::next_work(&self.read(), now).await? {
            return Ok(Tick::Idle(next));
        }
        let due = self.lease_due(now).await?;
        let mut lease = DueLease::of(now);
        let both_tickets = |a: &Due, b: &Due| a.ticket().is_some() && b.ticket().is_some();
        let runs = due.chunk_by(both_tickets);
        for run in runs.flat_map(|run| run.chunks(FIRED_TOGETHER)) {
            // Those before may have taken long, as after an outage. Where it cannot be made longer, others may do the rest too, and
            // find it done.
            if let Err(error) = lease.keep(self).await {
                tracing::warn!(%error, "what is due is not held any longer");
            }
            let mut run = run.to_vec();
            run.retain(|due| lease.holds(due.subject));
            let Some(first) = run.first() else {
                continue;
            };
            // What follows from a due instant is long; on the heap it takes nothing from the stack of whoever asked.
            let span = tracing::debug_span!("due", subjects = run.len(), first = ?first.subject);
            Box::pin(self.fire_together(&run)).instrument(span).await;
        }
        if due.is_empty() {
            return Ok(Tick::Idle(due::next_instant(&self.read()).await?));
        }
        Ok(Tick::More)
    }

    /// Does the jobs that may run: one after the other, in the order in which they were asked for, but for mails and receipts, several
    /// of which are done together and side by side; then those that wait for another server, side by side.
    ///
    /// # Errors
    /// As [`App::tick`].
    pub async fn tick_jobs(&self) -> Result<Tick> {
        let now = self.now();
        self.send_waiting_mail_again(now).await;
        if let NextWork::Later(next) = job::next_work(&self.read(), now).await? {
            return Ok(Tick::Idle(next));
        }
        let jobs = self.lease_jobs(now).await?;
        if jobs.is_empty() {
            return Ok(Tick::Idle(job::next_job_at(&self.read()).await?));
        }
        let (long, jobs): (Vec<_>, Vec<_>) =
            jobs.into_iter().partition(|job| Job::is_long(&job.kind));
        for job in long {
            self.begin_long_job(job).await;
        }
        let (far, near): (Vec<_>, Vec<_>) =
            jobs.into_iter().partition(|job| Job::calls_out(&job.kind));
        for stretch in stretches(near) {
            let (done, written) = tokio::join!(
                Box::pin(self.try_in_turn(&stretch.in_turn)),
                Box::pin(self.try_in_turn(&stretch.receipts)),
            );
            done.and(written)?;
        }
        let calls = stream::iter(far).map(|job| async move { self.run(&job).await });
        let outcomes: Vec<Result<()>> = calls.buffered(CALLS_AT_ONCE).collect().await;
        outcomes.into_iter().collect::<Result<()>>()?;
        Ok(Tick::More)
    }

    /// Tries jobs one after the other, those together that can be, and writes down how they went.
    async fn try_in_turn(&self, jobs: &[StoredJob]) -> Result<()> {
        let (mut attempts, mut began) = (Vec::new(), Stopwatch::start());
        let together = self.tried_together(jobs).await;
        let mut ahead = together.first().and_then(|jobs| self.read_ahead(jobs));
        for (index, several) in together.iter().enumerate() {
            let read = ahead.take();
            // While some mails are filed, the next ones are read, and it is written down how jobs before went.
            ahead = together
                .get(index + 1)
                .and_then(|jobs| self.read_ahead(jobs));
            let mut tried = Vec::new();
            if attempts.len() >= WRITTEN_DOWN_TOGETHER || began.elapsed() > WRITTEN_DOWN_WITHIN {
                tried = std::mem::take(&mut attempts);
                began = Stopwatch::start();
            }
            let trying = Box::pin(self.try_jobs(several, read));
            let (more, written) = tokio::join!(trying, self.write_down(&tried));
            attempts.extend(more);
            written?;
        }
        self.write_down(&attempts).await
    }

    /// Begins a job for which nothing waits. If the program ends meanwhile, its lease runs out and it is begun again.
    async fn begin_long_job(&self, job: StoredJob) {
        let app = self.clone();
        let mut running = self.long_jobs().lock().await;
        while running.try_join_next().is_some() {}
        running.spawn(async move {
            if let Err(error) = app.run(&job).await {
                tracing::error!(id = %job.id, %error, "how a job went could not be written down");
            }
        });
    }

    /// Waits until the long jobs that this process has begun are over.
    pub async fn finish_long_jobs(&self) {
        let mut running = self.long_jobs().lock().await;
        while running.join_next().await.is_some() {}
    }

    /// The next instant at which a clock, a step or a job is due.
    ///
    /// # Errors
    /// Fails when the store does not answer.
    pub async fn next_instant(&self) -> Result<Option<Timestamp>> {
        let reader = self.store().read();
        let due = due::next_instant(&reader).await?;
        let job = job::next_job_at(&reader).await?;
        Ok(due.into_iter().chain(job).min())
    }

    /// Ends every lease, on a store where no other worker can be alive: what a process that died had taken is due at
    /// once.
    ///
    /// # Errors
    /// Fails when the store does not answer.
    pub async fn end_leases(&self) -> Result<()> {
        let ended = transact!(self, tx => async {
            let ended = due::end_leases(tx).await? + job::end_leases(tx).await?;
            Ok(ended + mailbox::end_watches(tx).await?)
        })?;
        if ended > 0 {
            tracing::info!(
                ended,
                "what a process that ended had taken is taken up again"
            );
        }
        Ok(())
    }

    async fn lease_due(&self, now: Timestamp) -> Result<Vec<Due>> {
        transact!(self, tx => async {
            Ok(due::lease_due(tx, now, &self.options().node, now + DUE_LEASE, DUE_AT_ONCE).await?)
        })
    }

    async fn lease_jobs(&self, now: Timestamp) -> Result<Vec<StoredJob>> {
        transact!(self, tx => async {
            Ok(job::lease(tx, now, &self.options().node, now + LEASE, AT_ONCE).await?)
        })
    }

    /// Does what is due of several subjects: of tickets together, and each by itself when that fails, so that one bad subject
    /// stops no other.
    async fn fire_together(&self, due: &[Due]) {
        let tickets: Vec<TicketId> = due.iter().filter_map(Due::ticket).collect();
        let failed = self.for_each_ticket(&tickets, Work::Fire).await;
        let mut failed: BTreeMap<TicketId, AppError> = failed.into_iter().collect();
        for due in due {
            let outcome = match due.subject {
                DueSubject::Ticket(ticket) => failed.remove(&ticket).map_or(Ok("ticket"), Err),
                // Kept apart, so that whatever ticks does not grow with what follows from what is due.
                DueSubject::Escalation(escalation) => Box::pin(self.climb(escalation))
                    .await
                    .map(|()| "escalation"),
                DueSubject::Agent(agent) => {
                    let delivered = Box::pin(self.deliver_notifications(agent)).await;
                    delivered.map(|()| "agent")
                }
            };
            match outcome {
                Ok(subject) => self.note_done(subject, *due),
                Err(error) => {
                    // The lease runs out and the subject is due again: nothing is lost.
                    counter!(measure::DUE_FAILURES).increment(1);
                    trace::fail(&Span::current());
                    tracing::error!(subject = ?due.subject, %error, "what is due could not be done");
                }
            }
        }
    }

    fn note_done(&self, subject: &'static str, due: Due) {
        let lateness = self.clock().passed_since(due.at);
        self.lateness().note(lateness);
        measure::note_lateness(subject, lateness);
        if lateness > PROMISED {
            tracing::warn!(subject = ?due.subject, ?lateness, "what was due was done late");
        }
    }

    /// Runs a job and writes down how it went.
    async fn run(&self, stored: &StoredJob) -> Result<()> {
        let attempt = self.try_apart(stored).await;
        self.write_down(&[attempt]).await
    }

    /// Tries a job so that it breaks off nothing else, whatever breaks.
    async fn try_apart(&self, stored: &StoredJob) -> Attempt {
        let began = Stopwatch::start();
        let (app, job) = (self.clone(), stored.clone());
        let trying = async move { Ok(Box::pin(app.try_job(&job)).await) };
        apart("The job", trying).await.unwrap_or_else(|error| {
            trace::fail(&Span::current());
            tracing::error!(kind = %stored.kind, id = %stored.id, %error, "a job broke off");
            Attempt::tried(stored, None, Err(error.into()), began.elapsed())
        })
    }

    async fn try_job(&self, stored: &StoredJob) -> Attempt {
        let job = Job::of(stored);
        let began = Stopwatch::start();
        let outcome = match &job {
            // Kept apart, so that whatever ticks does not grow with the deepest of its jobs.
            Ok(job) => {
                let span = tracing::debug_span!("job", kind = %stored.kind, job = %stored.id);
                let outcome = Box::pin(self.run_job(stored, job))
                    .instrument(span.clone())
                    .await;
                if outcome.is_err() {
                    trace::fail(&span);
                }
                outcome
            }
            Err(error) => Err(JobFailure::Fail(format!("the job cannot be read: {error}"))),
        };
        Attempt::tried(stored, job.ok(), outcome, began.elapsed())
    }

    /// Writes down how jobs went, all at once. Should that fail, they are run again, which does no harm.
    async fn write_down(&self, attempts: &[Attempt]) -> Result<()> {
        if attempts.is_empty() {
            return Ok(());
        }
        let now = self.now();
        transact!(self, tx => async {
            let (done, rest): (Vec<_>, Vec<_>) = attempts.iter().partition(|it| it.is_simply_done());
            let done: Vec<JobId> = done.iter().map(|attempt| attempt.stored.id).collect();
            let held = job::complete_many(tx, &done, &self.options().node).await?;
            if held < done.len() {
                // Another worker holds the others by now, and will say how they went.
                tracing::warn!(jobs = done.len() - held, "jobs outlived their leases");
            }
            for attempt in rest {
                attempt.write_down(self, tx, now).await?;
            }
            Ok(())
        })
    }

    async fn run_job(&self, stored: &StoredJob, job: &Job) -> Result<(), JobFailure> {
        match job {
            Job::FollowPolicy { version } => Ok(self.ask_ladders(*version).await?),
            Job::ReviewTerms { account, .. } => Ok(self.review_terms(*account).await?),
            Job::ReadMail { raw_mail } => {
                let is_last_try = stored.attempts + 1 >= MOST_ATTEMPTS;
                mail::read_mail(self, *raw_mail, is_last_try).await
            }
            Job::Acknowledge { ticket } => mail::acknowledge(self, &[*ticket]).await,
            Job::AskForRating { ticket, fact } => mail::ask_for_rating(self, *ticket, *fact).await,
            Job::DeliverReply { message } => mail::deliver_reply(self, *message).await,
            Job::SendMail { mail } => mail::send_mail(self, stored.id, *mail).await,
            Job::Tidy { .. } => Ok(self.tidy().await?),
            Job::SendDraft { agent, ticket, at } => {
                Ok(self.release_draft(*agent, *ticket, *at).await?)
            }
            Job::SendDispatch { dispatch } => send_dispatch(self, stored.id, *dispatch).await,
            Job::SendSignInLink { link } => Ok(self.send_sign_in_link(*link).await?),
            Job::CallWebhook { delivery } => {
                webhook::call_webhook(self, stored.id, *delivery).await
            }
            Job::WriteExport { export } => {
                let is_last_try = stored.attempts + 1 >= MOST_ATTEMPTS;
                write_export(self, stored.id, *export, is_last_try).await
            }
            Job::ForgetExport { export } => forget_export(self, *export).await,
            Job::ForgetUpload { upload } => forget_upload(self, *upload).await,
        }
    }
}

/// The lease of what is due, which those that come last must outlive.
struct DueLease {
    until: Timestamp,
    /// What it holds still, once it was made longer.
    held: Option<BTreeSet<DueSubject>>,
}

impl DueLease {
    fn of(now: Timestamp) -> Self {
        Self {
            until: now + DUE_LEASE,
            held: None,
        }
    }

    fn holds(&self, subject: DueSubject) -> bool {
        self.held
            .as_ref()
            .is_none_or(|held| held.contains(&subject))
    }

    /// Makes it longer when half of it is over.
    async fn keep(&mut self, app: &App) -> Result<()> {
        let now = app.now();
        if now < self.until - DUE_LEASE / 2 {
            return Ok(());
        }
        let (until, longer) = (self.until, now + DUE_LEASE);
        let held = transact!(app, tx => async {
            Ok(due::renew(tx, &app.options().node, until, longer).await?)
        })?;
        self.held = Some(held);
        self.until = longer;
        Ok(())
    }
}

/// How a job went that was tried.
struct Attempt {
    stored: StoredJob,
    /// Absent when it cannot be read, or broke off.
    job: Option<Job>,
    outcome: Result<(), JobFailure>,
}

impl Attempt {
    fn tried(
        stored: &StoredJob,
        job: Option<Job>,
        outcome: Result<(), JobFailure>,
        took: Duration,
    ) -> Self {
        histogram!(measure::JOB_SECONDS, "kind" => stored.kind.clone()).record(took);
        let told = match &outcome {
            Ok(()) => "done",
            Err(JobFailure::Lost) => "lost",
            Err(JobFailure::Retry(_) | JobFailure::RetryAfter { .. })
                if stored.attempts + 1 < MOST_ATTEMPTS =>
            {
                "retry"
            }
            Err(_) => "dead",
        };
        counter!(measure::JOBS, "kind" => stored.kind.clone(), "outcome" => told).increment(1);
        Self {
            stored: stored.clone(),
            job,
            outcome,
        }
    }

    /// Whether it is done and nothing else is to be written down than that.
    fn is_simply_done(&self) -> bool {
        self.outcome.is_ok() && !matches!(self.job, Some(Job::SendMail { .. }))
    }

    async fn write_down(&self, app: &App, tx: &Transaction, now: Timestamp) -> Result<()> {
        let (stored, id) = (&self.stored, self.stored.id);
        if let Some(Job::SendMail { mail }) = &self.job {
            note_mail(app, tx, *mail).await?;
        }
        let node = &app.options().node;
        let is_held = match &self.outcome {
            Ok(()) => job::complete(tx, id, node).await?,
            Err(JobFailure::Retry(reason)) if stored.attempts + 1 < MOST_ATTEMPTS => {
                job::retry(tx, id, node, now + backoff(stored.attempts), reason).await?
            }
            Err(JobFailure::RetryAfter { reason, wait }) if stored.attempts + 1 < MOST_ATTEMPTS => {
                let wait = backoff(stored.attempts)
                    .max(SignedDuration::try_from(*wait).unwrap_or_default());
                job::retry(tx, id, node, now + wait, reason).await?
            }
            Err(
                JobFailure::Retry(reason)
                | JobFailure::RetryAfter { reason, .. }
                | JobFailure::Fail(reason),
            ) => {
                tracing::warn!(kind = %stored.kind, %id, "a job was given up");
                job::give_up(tx, id, node, now, reason).await?
            }
            Err(JobFailure::Lost) => false,
        };
        if !is_held {
            // Another worker holds it by now, and will say how it went.
            tracing::warn!(kind = %stored.kind, %id, "a job outlived its lease");
        }
        Ok(())
    }
}
