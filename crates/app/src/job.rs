//! Jobs: work that a transaction asks for and that is done after it.
//!
//! A job carries ids only, loads what they name, and may run twice without harm. It runs outside any transaction, under a
//! lease, and says itself whether a failure is worth another try.

use std::time::Duration;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use mainstay_domain::id::{
    AccountId, AgentId, DispatchId, EventId, ExportId, JobId, MessageId, OutgoingMailId, RawMailId,
    SignInLinkId, TicketId, UploadId, WebhookDeliveryId,
};
use mainstay_domain::job::Job as StoredJob;
use mainstay_domain::policy::PolicyVersion;
use mainstay_domain::role::Permission;
use mainstay_store::{Page, PageRequest, Transaction, job};
use serde::{Deserialize, Serialize};

use crate::audit::Action;
use crate::caller::Caller;
use crate::context::App;
use crate::error::{AppError, Result};
use crate::transaction::transact;

/// What can be asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Job {
    /// Read a mail that was received, and file it.
    ReadMail {
        /// The mail as it was received.
        raw_mail: RawMailId,
    },
    /// Tell the customer that their ticket was taken in.
    Acknowledge {
        /// The ticket.
        ticket: TicketId,
    },
    /// Tell the customer that their ticket is resolved, and ask how it was handled.
    AskForRating {
        /// The ticket.
        ticket: TicketId,
        /// The fact by which it was resolved: one that is resolved again is asked about again.
        fact: EventId,
    },
    /// Send a public reply to the customer.
    DeliverReply {
        /// The reply.
        message: MessageId,
    },
    /// Hand a rendered mail to the mail server.
    SendMail {
        /// The mail.
        mail: OutgoingMailId,
    },
    /// Ask the ladders of a policy that was applied about the tickets that are open.
    FollowPolicy {
        /// The version.
        version: PolicyVersion,
    },
    /// Put the terms of the contract in force on the open tickets of an account.
    ReviewTerms {
        /// The account.
        account: AccountId,
        /// The day on which they change, so that two changes of different days are two jobs.
        day: Date,
        /// When the contract was changed, so that a change while one before is carried over is carried over too. Absent in jobs of
        /// before.
        #[serde(default)]
        changed_at: Option<Timestamp>,
    },
    /// Remove what is not kept for ever.
    Tidy {
        /// In which round.
        at: Timestamp,
    },
    /// Send a draft on its way.
    SendDraft {
        /// Who wrote it.
        agent: AgentId,
        /// On which ticket.
        ticket: TicketId,
        /// When it was to leave: one that was held back and sent again leaves by another job.
        at: Timestamp,
    },
    /// Call a webhook.
    CallWebhook {
        /// The delivery.
        delivery: WebhookDeliveryId,
    },
    /// Write the archive of an export.
    WriteExport {
        /// The export.
        export: ExportId,
    },
    /// Remove the archive of an export whose time is over.
    ForgetExport {
        /// The export.
        export: ExportId,
    },
    /// Remove an upload whose day is over.
    ForgetUpload {
        /// The upload.
        upload: UploadId,
    },
    /// Send a link that somebody asked for.
    SendSignInLink {
        /// The link.
        link: SignInLinkId,
    },
    /// Send a short message to a person.
    SendDispatch {
        /// The dispatch.
        dispatch: DispatchId,
    },
}

/// How a job failed.
#[derive(Debug)]
pub enum JobFailure {
    /// It may succeed later.
    Retry(String),
    /// It may succeed later, though not before this wait is over.
    RetryAfter {
        /// What went wrong.
        reason: String,
        /// How long to wait at least.
        wait: Duration,
    },
    /// It will never succeed: a person must look at it.
    Fail(String),
    /// Another worker has taken it over, and writes down how it goes.
    Lost,
}

impl From<AppError> for JobFailure {
    fn from(error: AppError) -> Self {
        match error {
            // A job may be done again from its start at any time, as after a program's death.
            AppError::Unavailable { .. }
            | AppError::InDoubt { .. }
            | AppError::Conflict(_)
            | AppError::TooMany { .. } => Self::Retry(error.to_string()),
            _ => Self::Fail(error.to_string()),
        }
    }
}

impl From<mainstay_store::StoreError> for JobFailure {
    fn from(error: mainstay_store::StoreError) -> Self {
        AppError::from(error).into()
    }
}

impl Job {
    /// The names of all jobs in the queue.
    pub(crate) const KINDS: [&str; 15] = [
        "read_mail",
        "acknowledge",
        "ask_for_rating",
        "deliver_reply",
        "send_mail",
        "follow_policy",
        "review_terms",
        "tidy",
        "send_draft",
        "call_webhook",
        "write_export",
        "forget_export",
        "forget_upload",
        "send_dispatch",
        "send_sign_in_link",
    ];

    /// The job's name in the queue, one of [`Job::KINDS`].
    fn kind(&self) -> &'static str {
        match self {
            Self::ReadMail { .. } => "read_mail",
            Self::Acknowledge { .. } => "acknowledge",
            Self::AskForRating { .. } => "ask_for_rating",
            Self::DeliverReply { .. } => "deliver_reply",
            Self::SendMail { .. } => "send_mail",
            Self::FollowPolicy { .. } => "follow_policy",
            Self::ReviewTerms { .. } => "review_terms",
            Self::Tidy { .. } => "tidy",
            Self::SendDraft { .. } => "send_draft",
            Self::CallWebhook { .. } => "call_webhook",
            Self::WriteExport { .. } => "write_export",
            Self::ForgetExport { .. } => "forget_export",
            Self::ForgetUpload { .. } => "forget_upload",
            Self::SendDispatch { .. } => "send_dispatch",
            Self::SendSignInLink { .. } => "send_sign_in_link",
        }
    }

    /// Whether a job of this name reads a mail that came in.
    pub(crate) fn reads_mail(kind: &str) -> bool {
        kind == "read_mail"
    }

    /// Whether a job of this name writes a receipt. Each is of another ticket, so that they can be done together and side by side: what
    /// they must not do twice they ask about in their transactions.
    pub(crate) fn acknowledges(kind: &str) -> bool {
        kind == "acknowledge"
    }

    /// Whether a job of this name waits for another server.
    pub(crate) fn calls_out(kind: &str) -> bool {
        matches!(kind, "send_mail" | "call_webhook" | "send_dispatch")
    }

    /// Whether a job of this name takes so long that nothing may wait for it. It keeps its lease by itself.
    pub(crate) fn is_long(kind: &str) -> bool {
        kind == "write_export"
    }

    /// By what the queue tells it from others: it holds the same job once.
    pub(crate) fn key(&self) -> Result<String> {
        serde_json::to_string(self)
            .map_err(|error| AppError::broken("a job could not be written down", error))
    }

    /// What a job in the queue is to do.
    pub(crate) fn of(stored: &StoredJob) -> serde_json::Result<Self> {
        serde_json::from_str(&stored.payload)
    }

    /// Queues the job in the transaction that makes it necessary. The same job is queued once, and may run twice without
    /// harm.
    ///
    /// # Errors
    /// Fails when the store does not answer.
    pub async fn queue(&self, app: &App, tx: &Transaction, run_at: Timestamp) -> Result<()> {
        Ok(job::enqueue_many(tx, &[self.stored(app, run_at)?]).await?)
    }

    /// Queues several, as [`Job::queue`] does one.
    ///
    /// # Errors
    /// As [`Job::queue`].
    pub(crate) async fn queue_all(
        app: &App,
        tx: &Transaction,
        jobs: &[Self],
        run_at: Timestamp,
    ) -> Result<()> {
        let stored = jobs.iter().map(|job| job.stored(app, run_at));
        let stored = stored.collect::<Result<Vec<_>>>()?;
        Ok(job::enqueue_many(tx, &stored).await?)
    }

    /// Queues the job although it may be in the queue: done, but not written down as done, or given up.
    ///
    /// # Errors
    /// As [`Job::queue`].
    pub(crate) async fn queue_anew(
        &self,
        app: &App,
        tx: &Transaction,
        run_at: Timestamp,
    ) -> Result<()> {
        Ok(job::enqueue_anew(tx, &self.stored(app, run_at)?).await?)
    }

    fn stored(&self, app: &App, run_at: Timestamp) -> Result<StoredJob> {
        let payload = self.key()?;
        Ok(StoredJob {
            id: app.new_id::<JobId>(app.now()),
            kind: self.kind().to_owned(),
            dedup_key: Some(payload.clone()),
            payload,
            run_at,
            attempts: 0,
            last_error: None,
            dead_at: None,
            created_at: app.now(),
        })
    }
}

impl App {
    /// The jobs that were given up, the latest first: work that was asked for and not done.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] without the permission `settings.read`.
    pub async fn given_up_jobs(
        &self,
        caller: &Caller,
        page: PageRequest,
    ) -> Result<Page<StoredJob>> {
        caller.require(Permission::ReadSettings)?;
        Ok(job::dead(&self.store().read(), page).await?)
    }

    /// Queues a job that was given up again.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] without the permission `settings.update`, [`AppError::NotFound`] when no such job was given
    /// up.
    pub async fn requeue_job(&self, caller: &Caller, id: JobId) -> Result<()> {
        caller.require(Permission::UpdateSettings)?;
        let now = self.now();
        let found = transact!(self, tx => async {
            let found = job::requeue(tx, id, now).await?;
            if found {
                let action = Action::new("job.requeued", "job", id);
                self.record(tx, caller, action).await?;
            }
            Ok(found)
        })?;
        if !found {
            return Err(AppError::no_such("given-up job", id));
        }
        self.wake();
        Ok(())
    }
}

/// How often a job is tried before it is given up for a person to look at.
pub const MOST_ATTEMPTS: u32 = 13;

/// How long to wait before the next try: half a minute, doubled with each failure, at most six hours. Thirteen tries
/// span more than a day, so that a mail server's bad night loses nothing.
#[must_use]
pub fn backoff(attempts: u32) -> SignedDuration {
    let seconds = 30_i64.saturating_mul(1 << attempts.min(20));
    SignedDuration::from_secs(seconds.min(6 * 3600))
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn patience_grows_and_spans_a_day() {
        assert_eq!(backoff(0), SignedDuration::from_secs(30));
        assert_eq!(backoff(1), SignedDuration::from_secs(60));
        assert_eq!(backoff(u32::MAX), SignedDuration::from_hours(6));
        let total: SignedDuration = (0..MOST_ATTEMPTS).map(backoff).sum();
        assert!(total > SignedDuration::from_hours(24), "{total:?}");
    }

    #[test]
    fn the_name_in_the_queue_is_the_name_in_the_payload() {
        let job = Job::Acknowledge {
            ticket: TicketId::from(Uuid::nil()),
        };
        let payload = serde_json::to_value(&job).unwrap();
        assert_eq!(payload["kind"], job.kind());
    }
}
