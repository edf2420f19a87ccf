//! Jobs that are tried together: mails that are filed in one transaction, and lanes of what has nothing to do with each other.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures::future::join_all;
use futures::{StreamExt as _, stream};
use mainstay_domain::id::{JobId, RawMailId};
use mainstay_domain::job::Job as StoredJob;
use mainstay_store::mail::sizes_of_received;
use tokio_util::task::AbortOnDropHandle;
use tracing::{Instrument as _, Span};

use super::Attempt;
use crate::apart::apart;
use crate::context::App;
use crate::error::{AppError, Result};
use crate::job::Job;
use crate::mail;
use crate::measure::Stopwatch;
use crate::trace;

/// How many mails are filed in one transaction. Whoever else writes waits for no longer than that takes.
const FILED_TOGETHER: usize = 16;

/// How many lanes of mails and of receipts there are where several transactions write side by side. Mails that show that they concern
/// each other keep their order in one lane.
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
        let most = FILED_TOGETHER * self.lanes();
        let runs = jobs.chunk_by(both_alike);
        runs.flat_map(|run| cut(run, most, size)).collect()
    }

    /// Tries jobs: of several mails that were read those are filed together that can be; each other job by itself.
    pub(super) async fn try_jobs(
        &self,
        several: &[StoredJob],
        read: Option<ReadAhead>,
    ) -> Vec<Attempt> {
        match read {
            Some(read) => Box::pin(self.file_in_lanes(several, read)).await,
            None if several.iter().all(|it| Job::is_by_itself(&it.kind)) => {
                let tries = several.iter().map(|stored| self.try_apart(stored));
                let tries: Vec<_> = tries.collect();
                stream::iter(tries).buffered(self.lanes()).collect().await
            }
            None => self.try_each(several.iter().collect()).await,
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
        let jobs: Arc<BTreeMap<RawMailId, StoredJob>> = Arc::new(jobs.collect());
        let mut filing = Vec::new();
        for lane in read.into_lanes(self.lanes(), FILED_TOGETHER) {
            let lane = self.clone().file_lane(Arc::clone(&jobs), lane);
            let lane = async move { Ok(lane.await) }.instrument(span.clone());
            filing.push(apart("Filing a lane of mails", lane));
        }
        let mut attempts = Vec::new();
        for lane in join_all(filing).await {
            match lane {
                Ok(of_lane) => attempts.extend(of_lane),
                // What it has filed is found filed when its mails are tried by themselves.
                Err(error) => span.in_scope(|| {
                    trace::fail(&span);
                    tracing::error!(%error, "mails are filed one by one");
                }),
            }
        }
        let tried: BTreeSet<JobId> = attempts.iter().map(|it: &Attempt| it.stored.id).collect();
        let rest = several.iter().filter(|stored| !tried.contains(&stored.id));
        attempts.extend(self.try_each(rest.collect()).await);
        attempts
    }

    /// Files the mails of a lane, part by part. Where a part fails, each of its mails is tried by itself.
    async fn file_lane(
        self,
        jobs: Arc<BTreeMap<RawMailId, StoredJob>>,
        lane: Vec<mail::Read>,
    ) -> Vec<Attempt> {
        let mut attempts = Vec::new();
        for part in lane {
            let began = Stopwatch::start();
            let of_it = part.ids().filter_map(|mail| Some((mail, jobs.get(&mail)?)));
            let of_it: Vec<(RawMailId, &StoredJob)> = of_it.collect();
            match Box::pin(mail::file_together(&self, &part)).await {
                Ok(()) => {
                    let count = u32::try_from(of_it.len().max(1)).unwrap_or(u32::MAX);
                    let took = began.elapsed() / count;
                    attempts.extend(of_it.into_iter().map(|(raw_mail, stored)| {
                        Attempt::tried(stored, Some(Job::ReadMail { raw_mail }), Ok(()), took)
                    }));
                }
                Err(error) => {
                    tracing::debug!(%error, "mails are filed one by one");
                    let of_it = of_it.into_iter().map(|(_, stored)| stored);
                    attempts.extend(self.try_each(of_it.collect()).await);
                }
            }
        }
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

/// Whether two jobs read mails, which may be filed together, or have nothing to do with each other.
fn both_alike(a: &StoredJob, b: &StoredJob) -> bool {
    let both = |is: fn(&str) -> bool| is(&a.kind) && is(&b.kind);
    both(Job::reads_mail) || both(Job::is_by_itself)
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
    match serde_json::from_str(&stored.payload) {
        Ok(Job::ReadMail { raw_mail }) => Some(raw_mail),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{READ_AT_ONCE, cut};

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
