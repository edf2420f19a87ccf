//! Jobs that are tried together: mails that are filed in one transaction, and lanes of what has nothing to do with each other.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::join_all;
use futures::{StreamExt as _, stream};
use mainstay_domain::id::{JobId, RawMailId};
use mainstay_domain::job::Job as StoredJob;
use tokio::task::JoinHandle;
use tracing::{Instrument as _, Span};

use super::{Attempt, FILED_TOGETHER, IN_TURN, LANES};
use crate::context::App;
use crate::error::{AppError, Result};
use crate::job::Job;
use crate::mail;
use crate::measure::Stopwatch;

/// Mails that are being read.
pub(super) struct ReadAhead {
    reading: JoinHandle<Result<mail::Read>>,
    span: Span,
}

impl App {
    /// In how many lanes mails are filed.
    pub(super) fn lanes(&self) -> usize {
        match self.store().is_shared() {
            true => LANES,
            false => IN_TURN,
        }
    }

    /// Tries jobs: of several mails that were read those are filed together that can be; each other job by itself.
    pub(super) async fn try_jobs<'a>(
        &self,
        several: &'a [StoredJob],
        read: Option<ReadAhead>,
    ) -> Vec<Attempt<'a>> {
        match read {
            Some(read) => Box::pin(self.file_in_lanes(several, read)).await,
            None if several.iter().all(|it| Job::is_by_itself(&it.kind)) => {
                let mut tries = Vec::with_capacity(several.len());
                for stored in several {
                    tries.push(Box::pin(self.try_job(stored)));
                }
                stream::iter(tries).buffered(self.lanes()).collect().await
            }
            None => self.try_each(several.iter().collect()).await,
        }
    }

    async fn try_each<'a>(&self, several: Vec<&'a StoredJob>) -> Vec<Attempt<'a>> {
        let mut attempts = Vec::new();
        for stored in several {
            attempts.push(Box::pin(self.try_job(stored)).await);
        }
        attempts
    }

    /// Files mails that were read, in lanes where several transactions write side by side. One that cannot be read is tried by itself.
    async fn file_in_lanes<'a>(
        &self,
        several: &'a [StoredJob],
        read: ReadAhead,
    ) -> Vec<Attempt<'a>> {
        let span = read.span;
        let ended = |error| AppError::broken("The mails could not be read.", error);
        let read = match read.reading.await.map_err(ended).flatten() {
            Ok(read) => read,
            Err(error) => {
                tracing::debug!(%error, "mails are read one by one");
                return self.try_each(several.iter().collect()).await;
            }
        };
        let jobs = several
            .iter()
            .filter_map(|stored| Some((mail_of(stored)?, stored)));
        let jobs: BTreeMap<RawMailId, &'a StoredJob> = jobs.collect();
        let known: BTreeSet<JobId> = read
            .ids()
            .filter_map(|mail| jobs.get(&mail).map(|stored| stored.id))
            .collect();
        let lanes = read.into_lanes(self.lanes(), FILED_TOGETHER);
        let mut filing = Vec::with_capacity(lanes.len());
        for lane in lanes {
            filing.push(Box::pin(self.file_lane(&jobs, lane)));
        }
        let filing = join_all(filing).instrument(span);
        let mut attempts: Vec<Attempt<'a>> = filing.await.into_iter().flatten().collect();
        let mut unread: Vec<&'a StoredJob> = several.iter().collect();
        unread.retain(|stored| !known.contains(&stored.id));
        attempts.extend(self.try_each(unread).await);
        attempts
    }

    /// Files the mails of a lane, part by part. Where a part fails, each of its mails is tried by itself.
    async fn file_lane<'a>(
        &self,
        jobs: &BTreeMap<RawMailId, &'a StoredJob>,
        lane: Vec<mail::Read>,
    ) -> Vec<Attempt<'a>> {
        let mut attempts = Vec::new();
        for part in lane {
            let began = Stopwatch::start();
            let of_it = part
                .ids()
                .filter_map(|mail| Some((mail, *jobs.get(&mail)?)));
            let of_it: Vec<(RawMailId, &'a StoredJob)> = of_it.collect();
            match Box::pin(mail::file_together(self, &part)).await {
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
            reading: tokio::spawn(reading.instrument(span.clone())),
            span,
        })
    }
}

/// The mail that a job reads.
fn mail_of(stored: &StoredJob) -> Option<RawMailId> {
    match serde_json::from_str(&stored.payload) {
        Ok(Job::ReadMail { raw_mail }) => Some(raw_mail),
        _ => None,
    }
}
