//! Jobs that are tried together: mails that are filed in one transaction and receipts that are written in one, in lanes of what has
//! nothing to do with each other.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::join_all;
use mainstay_domain::id::{JobId, RawMailId, TicketId};
use mainstay_domain::job::Job as StoredJob;
use mainstay_store::mail::sizes_of_received;
use tokio_util::task::AbortOnDropHandle;
use tracing::{Instrument as _, Span};

use super::Attempt;
use crate::apart::apart;
use crate::context::App;
use crate::error::{AppError, Result};
use crate::job::{Job, JobFailure};
use crate::mail;
use crate::measure::Stopwatch;
use crate::trace;

/// How many mails are filed, or receipts written, in one transaction. Whoever else writes waits for no longer than that takes.
const FILED_TOGETHER: usize = 16;

/// How many such transactions of mails follow each other in a lane before all lanes wait for the last one.
const IN_A_LANE: usize = 2;

/// How many lanes of mails there are where several transactions write side by side, and half as many of receipts. Mails that show that
/// they concern each other keep their order in one lane.
const LANES: usize = 4;

/// And on SQLite, which has one writer: one that writes while the other waits for the disk.
const IN_TURN: usize = 2;

/// How many bytes of mails are read together; a larger mail is read by itself. While some are filed the next ones are read, so that
/// memory holds twice as many, and beside them what was read of them.
const READ_AT_ONCE: u64 = 16 << 20;

/// Mails that are being read.
pub(super) struct ReadAhead {
    reading: AbortOnDropHandle<Result<mail::Read>>,
    span: Span,
}

impl App {
    /// In how many lanes mails are filed.
    fn lanes(&self) -> usize {
        match self.store().is_shared() {
            true => LANES,
            false => IN_TURN,
        }
    }

    /// Parts jobs into those that are tried together, in their order: no more mails than memory can bear.
    pub(super) async fn tried_together<'a>(&self, jobs: &'a [StoredJob]) -> Vec<&'a [StoredJob]> {
        let mails: Vec<RawMailId> = jobs.iter().filter_map(mail_of).collect();
        let sizes = match mails.len() {
            0 | 1 => Ok(Vec::new()),
            _ => sizes_of_received(&self.read(), &mails).await,
        };
        let sizes: Option<BTreeMap<RawMailId, u64>> = match sizes {
            Ok(sizes) => Some(sizes.into_iter().collect()),
            Err(error) => {
                tracing::warn!(%error, "mails are read one by one");
                None
            }
        };
        let size = |stored: &StoredJob| match (mail_of(stored), &sizes) {
            (Some(mail), Some(sizes)) => sizes.get(&mail).copied().unwrap_or(0),
            (Some(_), None) => READ_AT_ONCE,
            (None, _) => 0,
        };
        let most = |run: &[StoredJob]| match run.iter().any(acknowledges) {
            true => FILED_TOGETHER * self.lanes() / 2,
            false => FILED_TOGETHER * self.lanes() * IN_A_LANE,
        };
        let runs = jobs.chunk_by(both_alike);
        runs.flat_map(|run| cut(run, most(run), size)).collect()
    }

    /// Tries jobs: of several mails that were read those are filed together that can be, and so are receipts; each other job by itself.
    pub(super) async fn try_jobs(
        &self,
        several: &[StoredJob],
        read: Option<ReadAhead>,
    ) -> Vec<Attempt> {
        match read {
            Some(read) => Box::pin(self.file_in_lanes(several, read)).await,
            None => match tickets_to_acknowledge(several) {
                Some(tickets) => Box::pin(self.acknowledge_in_lanes(several, &tickets)).await,
                None => self.try_each(several.iter().collect()).await,
            },
        }
    }

    async fn try_each(&self, several: Vec<&StoredJob>) -> Vec<Attempt> {
        let mut attempts = Vec::new();
        for stored in several {
            attempts.push(self.try_apart(stored).await);
        }
        attempts
    }

    /// Files mails that were read, in lanes where several transactions write side by side. One that cannot be read is tried by itself.
    async fn file_in_lanes(&self, several: &[StoredJob], read: ReadAhead) -> Vec<Attempt> {
        let span = read.span;
        let ended = |error| AppError::broken("The mails could not be read.", error);
        let read = match read.reading.await.map_err(ended).flatten() {
            Ok(read) => read,
            Err(error) => {
                tracing::debug!(%error, "mails are read one by one");
                return self.try_each(several.iter().collect()).await;
            }
        };
        let jobs = several.iter();
        let jobs = jobs.filter_map(|stored| Some((mail_of(stored)?, stored.clone())));
        let jobs: BTreeMap<RawMailId, StoredJob> = jobs.collect();
        let mut filing = Vec::new();
        for lane in read.into_lanes(self.lanes(), FILED_TOGETHER) {
            let jobs_of = |part: &mail::Read| {
                part.ids()
                    .filter_map(|mail| jobs.get(&mail).cloned())
                    .collect()
            };
            let lane: Vec<(Vec<StoredJob>, mail::Read)> = lane
                .into_iter()
                .map(|part| (jobs_of(&part), part))
                .collect();
            let app = self.clone();
            filing.push(async move {
                let mut attempts = Vec::new();
                for (jobs, part) in lane {
                    let filing = Box::pin(mail::file_together(&app, &part));
                    attempts.extend(app.try_together(&jobs, filing).await);
                }
                attempts
            });
        }
        self.wait_for_lanes(several, span, filing).await
    }

    /// Writes receipts, in lanes where several transactions write side by side.
    async fn acknowledge_in_lanes(
        &self,
        several: &[StoredJob],
        tickets: &[TicketId],
    ) -> Vec<Attempt> {
        let span = tracing::debug_span!("jobs", kind = "acknowledge", jobs = several.len());
        let parts = several
            .chunks(FILED_TOGETHER)
            .zip(tickets.chunks(FILED_TOGETHER));
        let lanes = parts.map(|(jobs, tickets)| {
            let (app, jobs, tickets) = (self.clone(), jobs.to_vec(), tickets.to_vec());
            async move {
                let writing = Box::pin(mail::acknowledge(&app, &tickets));
                app.try_together(&jobs, writing).await
            }
        });
        self.wait_for_lanes(several, span, lanes).await
    }

    /// Does the work of several jobs at once. Where that fails, each is tried by itself.
    async fn try_together<E: Into<JobFailure>>(
        &self,
        several: &[StoredJob],
        work: impl Future<Output = Result<(), E>>,
    ) -> Vec<Attempt> {
        let began = Stopwatch::start();
        if let Err(failure) = work.await {
            tracing::debug!(failure = ?failure.into(), "jobs that were tried together are tried one by one");
            return self.try_each(several.iter().collect()).await;
        }
        let count = u32::try_from(several.len().max(1)).unwrap_or(u32::MAX);
        let took = began.elapsed() / count;
        let attempts = several
            .iter()
            .map(|stored| Attempt::tried(stored, Job::of(stored).ok(), Ok(()), took));
        attempts.collect()
    }

    /// Waits for lanes, each on a task of its own. What a lane that broke off has not told of is tried by itself.
    async fn wait_for_lanes(
        &self,
        several: &[StoredJob],
        span: Span,
        lanes: impl IntoIterator<Item = impl Future<Output = Vec<Attempt>> + Send + 'static>,
    ) -> Vec<Attempt> {
        let lanes: Vec<_> = lanes
            .into_iter()
            .map(|lane| {
                apart(
                    "A lane of jobs",
                    async move { Ok(lane.await) }.instrument(span.clone()),
                )
            })
            .collect();
        let mut attempts = Vec::new();
        for lane in join_all(lanes).await {
            match lane {
                Ok(of_lane) => attempts.extend(of_lane),
                // What it has done is found done when its jobs are tried by themselves.
                Err(error) => span.in_scope(|| {
                    trace::fail(&span);
                    tracing::error!(%error, "jobs are tried one by one");
                }),
            }
        }
        let tried: BTreeSet<JobId> = attempts.iter().map(|it: &Attempt| it.stored.id).collect();
        let rest = several.iter().filter(|stored| !tried.contains(&stored.id));
        attempts.extend(self.try_each(rest.collect()).await);
        attempts
    }

    /// Begins to read mails that are to be filed together, when there are several.
    pub(super) fn read_ahead(&self, mails: &[StoredJob]) -> Option<ReadAhead> {
        let ids: Vec<RawMailId> = mails.iter().filter_map(mail_of).collect();
        if ids.len() < 2 {
            return None;
        }
        let span = tracing::debug_span!("jobs", kind = "read_mail", jobs = ids.len());
        let app = self.clone();
        let reading = async move { mail::read_together(&app, &ids).await };
        Some(ReadAhead {
            reading: AbortOnDropHandle::new(tokio::spawn(reading.instrument(span.clone()))),
            span,
        })
    }
}

/// Jobs between which and those of the stretches around them the order is kept.
#[derive(Debug, Default)]
pub(super) struct Stretch {
    /// What is done one after the other, but for what is done together.
    pub in_turn: Vec<StoredJob>,
    /// Receipts, which are written meanwhile.
    pub receipts: Vec<StoredJob>,
}

/// Parts jobs into stretches. Jobs of mails and of receipts come by turns while mails are filed, and are told apart. What else there is
/// waits for those before it, and those after it for it: a mail may open a ticket again before it is asked how it was.
pub(super) fn stretches(jobs: Vec<StoredJob>) -> Vec<Stretch> {
    let is_of_mail = |job: &StoredJob| reads_mail(job) || acknowledges(job);
    let mut stretches: Vec<Stretch> = Vec::new();
    let mut before = None;
    for job in jobs {
        if before.replace(is_of_mail(&job)) != Some(is_of_mail(&job)) {
            stretches.push(Stretch::default());
        }
        if let Some(stretch) = stretches.last_mut() {
            match acknowledges(&job) {
                true => stretch.receipts.push(job),
                false => stretch.in_turn.push(job),
            }
        }
    }
    stretches
}

/// Whether two jobs read mails or write receipts, which may be done together.
fn both_alike(a: &StoredJob, b: &StoredJob) -> bool {
    (reads_mail(a) && reads_mail(b)) || (acknowledges(a) && acknowledges(b))
}

fn reads_mail(stored: &StoredJob) -> bool {
    Job::reads_mail(&stored.kind)
}

fn acknowledges(stored: &StoredJob) -> bool {
    Job::acknowledges(&stored.kind)
}

/// Cuts a run into pieces of no more than so many, and of no more bytes than are read at once unless it is one by itself.
fn cut<T>(run: &[T], most: usize, size: impl Fn(&T) -> u64) -> Vec<&[T]> {
    let (mut pieces, mut start, mut bytes) = (Vec::new(), 0, 0);
    for (index, of_run) in run.iter().enumerate() {
        let more = size(of_run);
        if index - start == most || (index > start && bytes + more > READ_AT_ONCE) {
            pieces.push(&run[start..index]);
            (start, bytes) = (index, 0);
        }
        bytes += more;
    }
    pieces.push(&run[start..]);
    pieces
}

/// The mail that a job reads.
fn mail_of(stored: &StoredJob) -> Option<RawMailId> {
    match Job::of(stored) {
        Ok(Job::ReadMail { raw_mail }) => Some(raw_mail),
        _ => None,
    }
}

/// The tickets for which jobs write receipts, when there are several and all do.
fn tickets_to_acknowledge(several: &[StoredJob]) -> Option<Vec<TicketId>> {
    let ticket = |stored: &StoredJob| match Job::of(stored) {
        Ok(Job::Acknowledge { ticket }) => Some(ticket),
        _ => None,
    };
    match several {
        [] | [_] => None,
        _ => several.iter().map(ticket).collect(),
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use uuid::Uuid;

    use super::*;

    fn a_job(kind: &str) -> StoredJob {
        StoredJob {
            id: Uuid::nil().into(),
            kind: kind.to_owned(),
            payload: String::new(),
            run_at: Timestamp::UNIX_EPOCH,
            dedup_key: None,
            attempts: 0,
            last_error: None,
            dead_at: None,
            created_at: Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn mails_and_receipts_that_come_by_turns_are_brought_together_between_other_jobs() {
        let job = |(number, kind): (u128, &str)| StoredJob {
            id: Uuid::from_u128(number).into(),
            ..a_job(kind)
        };
        let by_turns = [
            (1, "read_mail"),
            (2, "acknowledge"),
            (3, "read_mail"),
            (4, "ask_for_rating"),
            (5, "deliver_reply"),
            (6, "acknowledge"),
            (7, "read_mail"),
        ];
        let numbers = |jobs: &[StoredJob]| -> Vec<u128> {
            jobs.iter().map(|job| job.id.uuid().as_u128()).collect()
        };
        let parted = stretches(by_turns.map(job).into()).into_iter();
        let parted: Vec<_> = parted
            .map(|it| (numbers(&it.in_turn), numbers(&it.receipts)))
            .collect();
        let expected = [
            (vec![1, 3], vec![2]),
            (vec![4, 5], vec![]),
            (vec![7], vec![6]),
        ];
        assert_eq!(parted, expected);
    }

    #[test]
    fn only_mails_and_receipts_are_done_together() {
        let kinds = [
            "read_mail",
            "read_mail",
            "tidy",
            "tidy",
            "acknowledge",
            "acknowledge",
        ];
        let jobs = kinds.map(a_job);
        let together = jobs.chunk_by(both_alike).map(<[_]>::len);
        assert_eq!(together.collect::<Vec<_>>(), [2, 1, 1, 2]);
    }

    #[test]
    fn no_more_is_read_at_once_than_memory_can_bear() {
        let (half, whole) = (READ_AT_ONCE / 2, READ_AT_ONCE);
        let cases: [(&[u64], &[usize]); 6] = [
            (&[1, 1, 1, 1, 1], &[3, 2]),
            (&[half, half, 1], &[2, 1]),
            (&[half, half + 1, half], &[1, 1, 1]),
            (&[whole + 1, 1, whole * 2], &[1, 1, 1]),
            (&[0, 0, 0], &[3]),
            (&[whole], &[1]),
        ];
        for (sizes, expected) in cases {
            let pieces = cut(sizes, 3, |size| *size);
            let lengths: Vec<usize> = pieces.iter().map(|piece| piece.len()).collect();
            assert_eq!(lengths, expected, "{sizes:?}");
            assert_eq!(pieces.concat(), sizes);
        }
    }
}
