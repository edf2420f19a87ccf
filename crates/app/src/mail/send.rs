//! Handing mails over, and what becomes of those that nobody takes.

use std::pin::Pin;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use mainstay_channels::smtp::{SmtpFailure, SmtpReceipt};
use mainstay_domain::event::{Actor, Channel, Origin, Side, Visibility};
use mainstay_domain::id::{JobId, OutgoingMailId};
use mainstay_domain::mail::{OutgoingMail, OutgoingMailState};
use mainstay_domain::role::Permission;
use mainstay_store::mail::{self, AfterFailure};
use mainstay_store::{Page, PageRequest, Transaction, job};
use metrics::counter;
use tokio::time::{Sleep, sleep};
use tracing::Instrument as _;

use super::check::{MailFault, MailStep};
use crate::audit::Action;
use crate::caller::Caller;
use crate::context::App;
use crate::error::{AppError, Result};
use crate::job::{Job, JobFailure, MOST_ATTEMPTS};
use crate::measure::MAIL_OUT;
use crate::ticket::{MessageText, append_message};
use crate::trace;
use crate::transaction::transact;

/// How long handing over may take in all.
const LONGEST_SENDING: Duration = Duration::from_secs(8 * 60);

/// How long nobody else may take the job. The lease is kept while the mail is handed over, so it need only outlast a store
/// that is away for a moment: a mail of a node that died waits no longer than this.
const SENDING_LEASE: Duration = Duration::from_secs(60);

/// How often the lease is made longer.
const RENEWAL: Duration = Duration::from_secs(15);

/// How long before the end of its lease a conversation is broken off that could not be kept: then the mail is nobody's,
/// and whoever finds it half sent may send it.
const MARGIN: Duration = Duration::from_secs(5);

/// How often it is looked whether mail waits for no reason any more.
const LOOK_AGAIN: SignedDuration = SignedDuration::from_secs(60);

/// How long a store that does not answer is told again what a mail server said, and the pauses between.
const LONGEST_NOTING: Duration = Duration::from_secs(5 * 60);
const BETWEEN_NOTES: Duration = Duration::from_millis(500);

/// Hands a mail over, and writes down how it went.
pub(crate) async fn send_mail(app: &App, job: JobId, id: OutgoingMailId) -> Result<(), JobFailure> {
    let Some(of) = mail::find_mailbox(&app.read(), id).await? else {
        return Ok(());
    };
    let way_out = match app.way_out(of).await? {
        Ok(Some(way_out)) => way_out,
        Ok(None) => return Ok(()),
        Err(why) => return Err(JobFailure::Retry(why)),
    };
    let lease = lease_of_one();
    let claimed = transact!(app, tx => claim(app, tx, job, id))?;
    let mail = match claimed {
        Claimed::Mail(mail) => *mail,
        Claimed::Nothing => return Ok(()),
        Claimed::LostLease => return Err(JobFailure::Lost),
    };
    let span = tracing::debug_span!("send_mail", mail = %id);
    let sending = tokio::time::timeout(LONGEST_SENDING, way_out.transport.send(&mail));
    let outcome = tokio::select! {
        biased;
        () = lost_lease(app, job, lease) => return Err(JobFailure::Lost),
        outcome = sending.instrument(span.clone()) => outcome,
    };
    if !matches!(outcome, Ok(Ok(_))) {
        trace::fail(&span);
    }
    drop(span);
    let outcome = outcome.unwrap_or_else(|_| {
        Err(SmtpFailure::Retry {
            reason: "handing over took too long".to_owned(),
            in_doubt: true,
        })
    });
    let next = note_until_noted(app, job, &mail, &outcome).await?;
    note_server(app, &way_out.health, &outcome).await;
    let told = match (&next, &outcome) {
        (Next::Retry(_), _) => "retry",
        (Next::Done, Ok(_)) => "sent",
        (Next::Done, Err(_)) => "dead",
        (Next::Lost, _) => return Err(JobFailure::Lost),
    };
    counter!(MAIL_OUT, "outcome" => told).increment(1);
    match next {
        Next::Done | Next::Lost => Ok(()),
        Next::Retry(reason) => Err(JobFailure::Retry(reason)),
    }
}

/// Writes down how the server was found, for whoever looks after the mailboxes; nothing depends on it.
async fn note_server(app: &App, name: &str, outcome: &Result<SmtpReceipt, SmtpFailure>) {
    let found = match outcome {
        // A server that refuses one mail for good does what it should.
        Ok(_) | Err(SmtpFailure::Permanent { .. }) => Ok(()),
        Err(SmtpFailure::Retry { reason, .. }) => Err(MailFault {
            step: MailStep::HandOver,
            reason: reason.clone(),
        }),
    };
    if let Err(error) = app.note_health(name, found).await {
        tracing::debug!(%error, "how the mail server was found could not be written down");
    }
}

/// Ends shortly before a lease does that is asked for from now on.
fn lease_of_one() -> Pin<Box<Sleep>> {
    Box::pin(sleep(SENDING_LEASE - MARGIN))
}

/// Keeps the lease of a job, and ends when it was lost or could not be kept: nobody may be talking to the mail server any
/// more when another node finds the mail half sent.
async fn lost_lease(app: &App, job: JobId, mut lease: Pin<Box<Sleep>>) {
    loop {
        let renewal = async {
            sleep(RENEWAL).await;
            let next = lease_of_one();
            (keep_lease(app, job).await, next)
        };
        let kept = tokio::select! {
            // After a sleep of the whole machine both are over, and then the end counts.
            biased;
            () = &mut lease => None,
            kept = renewal => Some(kept),
        };
        match kept {
            Some((Ok(true), next)) => lease = next,
            // The store may answer the next time.
            Some((Err(_), _)) => {}
            Some((Ok(false), _)) | None => {
                tracing::warn!(%job, "a mail could not be kept under its lease and is left to another try");
                return;
            }
        }
    }
}

async fn keep_lease(app: &App, job: JobId) -> Result<bool> {
    let until = lease_end(app);
    transact!(app, tx => async { Ok(job::extend(tx, job, &app.options().node, until).await?) })
}

fn lease_end(app: &App) -> Timestamp {
    let now = app.now();
    now.saturating_add(SENDING_LEASE).unwrap_or(now)
}

/// Writes down what the mail server said. What it took is told to the store again and again while that does not answer:
/// a mail that is not known to be taken goes out once more.
async fn note_until_noted(
    app: &App,
    job: JobId,
    mail: &OutgoingMail,
    outcome: &Result<SmtpReceipt, SmtpFailure>,
) -> Result<Next, JobFailure> {
    let mut patience = std::pin::pin!(sleep(LONGEST_NOTING));
    loop {
        let noted = transact!(app, tx => note_outcome(app, tx, job, mail, outcome));
        let is_away = matches!(
            &noted,
            Err(AppError::Unavailable { .. } | AppError::InDoubt { .. })
        );
        if !is_away || outcome.is_err() {
            return Ok(noted?);
        }
        tokio::select! {
            () = &mut patience => return Ok(noted?),
            () = sleep(BETWEEN_NOTES) => {}
        }
    }
}

enum Claimed {
    Mail(Box<OutgoingMail>),
    /// It was sent or given up.
    Nothing,
    /// Another worker has the job.
    LostLease,
}

/// Marks the mail as being handed over, before it is. A mail that is marked so already was left by a program that died:
/// whether the server took it cannot be known, so it is handed over again under the same message id.
async fn claim(app: &App, tx: &Transaction, job: JobId, id: OutgoingMailId) -> Result<Claimed> {
    let until = lease_end(app);
    if !job::extend(tx, job, &app.options().node, until).await? {
        return Ok(Claimed::LostLease);
    }
    if let Some(mail) = mail::claim(tx, id).await? {
        return Ok(Claimed::Mail(Box::new(mail)));
    }
    Ok(match mail::reclaim(tx, id).await? {
        Some(mail) if mail.attempts > MOST_ATTEMPTS => {
            let reason = "the program ended each time while it was handed over";
            give_up(app, tx, &mail, &mail.recipients, reason).await?;
            Claimed::Nothing
        }
        Some(mail) => {
            tracing::warn!(%id, "a mail was found half sent and is handed over again");
            Claimed::Mail(Box::new(mail))
        }
        None => Claimed::Nothing,
    })
}

enum Next {
    Done,
    Retry(String),
    /// Another worker has the job.
    Lost,
}

async fn note_outcome(
    app: &App,
    tx: &Transaction,
    job: JobId,
    mail: &OutgoingMail,
    outcome: &Result<SmtpReceipt, SmtpFailure>,
) -> Result<Next> {
    // What was taken is true whoever says so. That it was not taken may be said only by who still has the job: another may
    // have sent it meanwhile.
    if outcome.is_err() && !job::extend(tx, job, &app.options().node, lease_end(app)).await? {
        return Ok(Next::Lost);
    }
    match outcome {
        Ok(receipt) => note_taken(app, tx, mail, receipt).await,
        Err(SmtpFailure::Retry { reason, .. }) => retry(app, tx, mail, reason).await,
        Err(SmtpFailure::Permanent { reason, .. }) => {
            give_up(app, tx, mail, &mail.recipients, reason).await?;
            Ok(Next::Done)
        }
    }
}

/// The server took it for some recipients at least. Those it refused for now are tried again, alone; those it refused
/// for good are told to whoever looks after the ticket.
async fn note_taken(
    app: &App,
    tx: &Transaction,
    mail: &OutgoingMail,
    receipt: &SmtpReceipt,
) -> Result<Next> {
    let mut later = Vec::new();
    let mut reasons = Vec::new();
    for refused in &receipt.refused {
        match &refused.failure {
            SmtpFailure::Retry { reason, .. } => {
                later.push(refused.recipient.clone());
                reasons.push(reason.clone());
            }
            SmtpFailure::Permanent { reason, .. } => {
                let recipient = std::slice::from_ref(&refused.recipient);
                note_undelivered(app, tx, mail, recipient, reason).await?;
            }
        }
    }
    if later.is_empty() {
        mail::note_sent(tx, mail.id, app.now(), &receipt.response).await?;
        return Ok(Next::Done);
    }
    mail::narrow(tx, mail.id, &later).await?;
    let rest = OutgoingMail {
        recipients: later,
        ..mail.clone()
    };
    retry(app, tx, &rest, &reasons.join("; ")).await
}

async fn retry(app: &App, tx: &Transaction, mail: &OutgoingMail, reason: &str) -> Result<Next> {
    if mail.attempts >= MOST_ATTEMPTS {
        let reason = format!("{reason} (tried {} times)", mail.attempts);
        give_up(app, tx, mail, &mail.recipients, &reason).await?;
        return Ok(Next::Done);
    }
    mail::note_failure(tx, mail.id, AfterFailure::Retry, reason).await?;
    Ok(Next::Retry(reason.to_owned()))
}

/// A mail that is given up is a dead letter: a person may send it again.
async fn give_up(
    app: &App,
    tx: &Transaction,
    mail: &OutgoingMail,
    recipients: &[String],
    reason: &str,
) -> Result<()> {
    tracing::warn!(id = %mail.id, attempts = mail.attempts, "a mail was given up");
    mail::note_failure(tx, mail.id, AfterFailure::GiveUp, reason).await?;
    note_undelivered(app, tx, mail, recipients, reason).await
}

/// Writes a note for those who serve; only replies are worth one, not receipts.
async fn note_undelivered(
    app: &App,
    tx: &Transaction,
    mail: &OutgoingMail,
    recipients: &[String],
    reason: &str,
) -> Result<()> {
    let (Some(ticket), Some(_)) = (mail.ticket, mail.message) else {
        return Ok(());
    };
    let text = format!(
        "The reply could not be delivered to {}: {reason}",
        recipients.join(", ")
    );
    let mut note = MessageText::plain(app, Side::Agent, Visibility::Internal, text);
    note.origin = Origin::Bounce;
    note.channel = Channel::Email;
    match append_message(app, tx, ticket, Actor::System, &note, None).await {
        // A ticket that was merged away lives on elsewhere, and the dead letter is listed all the same.
        Ok(_) | Err(AppError::Refused(_)) => Ok(()),
        Err(error) => Err(error),
    }
}

impl App {
    /// The mails that were given up, the latest first.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] without the permission `mail.read`.
    pub async fn dead_letters(
        &self,
        caller: &Caller,
        page: PageRequest,
    ) -> Result<Page<OutgoingMail>> {
        self.outgoing_mails(caller, Some(OutgoingMailState::Dead), page)
            .await
    }

    /// Mails to be sent or sent, the latest first; those in one state, or all.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] without the permission `mail.read`.
    pub async fn outgoing_mails(
        &self,
        caller: &Caller,
        state: Option<OutgoingMailState>,
        page: PageRequest,
    ) -> Result<Page<OutgoingMail>> {
        caller.require(Permission::ReadMail)?;
        Ok(mail::list(&self.read(), state, page).await?)
    }

    /// Sends a mail again that was given up.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when there is none, [`AppError::Refused`] when it was not given up,
    /// [`AppError::Forbidden`] without the permission `mail.resend`.
    pub async fn resend(&self, caller: &Caller, id: OutgoingMailId) -> Result<OutgoingMail> {
        caller.require(Permission::ResendMail)?;
        let mail = transact!(self, tx => async {
            let found = mail::find(tx, id).await?.ok_or_else(|| AppError::no_such("mail", id))?;
            if found.state != OutgoingMailState::Dead {
                return Err(AppError::Refused("Only a mail that was given up can be sent again.".to_owned()));
            }
            mail::requeue(tx, id).await?;
            Job::SendMail { mail: id }.queue(self, tx, self.now()).await?;
            let action = Action::new("mail.resent", "mail", id).of_account(found.account);
            self.record(tx, caller, action).await?;
            Ok(OutgoingMail { state: OutgoingMailState::Queued, attempts: 0, ..found })
        })?;
        self.wake();
        Ok(mail)
    }

    /// Queues the sending of every mail that waits for no reason any more: those that were written while no server was set, or
    /// while their mailbox was paused. Where there is nothing to queue, nothing is written.
    ///
    /// # Errors
    /// Fails when the store does not answer.
    pub(crate) async fn send_waiting_mail(&self) -> Result<()> {
        let waiting = self.sendable_mails().await?;
        let mut jobs = Vec::with_capacity(waiting.len());
        for mail in waiting {
            let job = Job::SendMail { mail };
            jobs.push((job.key()?, job));
        }
        for several in jobs.chunks(500) {
            let keys: Vec<String> = several.iter().map(|(key, _)| key.clone()).collect();
            let queued = job::queued_among(&self.read(), &keys).await?;
            let missing = || several.iter().filter(|(key, _)| !queued.contains(key));
            if missing().next().is_none() {
                continue;
            }
            transact!(self, tx => async {
                for (_, job) in missing() {
                    job.queue(self, tx, self.now()).await?;
                }
                Ok(())
            })?;
            self.wake();
        }
        Ok(())
    }

    /// Does so now and then: whether a mail has a way out is decided before it is written down that it waits, and its mailbox may
    /// have been taken up again between the two.
    pub(crate) async fn send_waiting_mail_again(&self, now: Timestamp) {
        if !self.looks_for_waiting_mail(now, now.saturating_sub(LOOK_AGAIN).unwrap_or(now)) {
            return;
        }
        if let Err(error) = self.send_waiting_mail().await {
            tracing::warn!(%error, "mail that waits could not be queued");
        }
    }
}
