//! Handing mails over, and what becomes of those that nobody takes.

use std::time::Duration;

use jiff::SignedDuration;
use mainstay_channels::smtp::{SmtpFailure, SmtpReceipt};
use mainstay_domain::event::{Actor, Channel, Origin, Side, Visibility};
use mainstay_domain::id::{JobId, OutgoingMailId};
use mainstay_domain::mail::{OutgoingMail, OutgoingMailState};
use mainstay_domain::role::Permission;
use mainstay_store::mail::{self, AfterFailure};
use mainstay_store::{Page, PageRequest, Transaction, job};
use metrics::counter;

use crate::audit::Action;
use crate::caller::Caller;
use crate::context::App;
use crate::error::{AppError, Result};
use crate::job::{Job, JobFailure, MOST_ATTEMPTS};
use crate::measure::MAIL_OUT;
use crate::ticket::{MessageText, append_message};
use crate::transaction::transact;

/// How long handing over may take in all.
const LONGEST_SENDING: Duration = Duration::from_secs(8 * 60);

/// How long nobody else may take the job: longer than handing over may take, so that a mail that is found half sent
/// under a lease of one's own is nobody's any more.
const SENDING_LEASE: SignedDuration = SignedDuration::from_mins(10);

/// Hands a mail over, and writes down how it went.
pub(crate) async fn send_mail(app: &App, job: JobId, id: OutgoingMailId) -> Result<(), JobFailure> {
    let Some(transport) = app.options().mail.transport.clone() else {
        return Ok(());
    };
    let claimed = transact!(app, tx => claim(app, tx, job, id))?;
    let mail = match claimed {
        Claimed::Mail(mail) => *mail,
        Claimed::Nothing => return Ok(()),
        Claimed::LostLease => return Err(JobFailure::Lost),
    };
    let sending = tokio::time::timeout(LONGEST_SENDING, transport.send(&mail));
    let outcome = sending.await.unwrap_or_else(|_| {
        Err(SmtpFailure::Retry {
            reason: "handing over took too long".to_owned(),
            in_doubt: true,
        })
    });
    let next = transact!(app, tx => note_outcome(app, tx, &mail, &outcome))?;
    let told = match (&next, &outcome) {
        (Next::Retry(_), _) => "retry",
        (Next::Done, Ok(_)) => "sent",
        (Next::Done, Err(_)) => "dead",
    };
    counter!(MAIL_OUT, "outcome" => told).increment(1);
    match next {
        Next::Done => Ok(()),
        Next::Retry(reason) => Err(JobFailure::Retry(reason)),
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
    let until = app.now() + SENDING_LEASE;
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
}

async fn note_outcome(
    app: &App,
    tx: &Transaction,
    mail: &OutgoingMail,
    outcome: &Result<SmtpReceipt, SmtpFailure>,
) -> Result<Next> {
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

    /// Queues the sending of every mail that waits: those that were written while no server was set. To be called when
    /// the program starts.
    ///
    /// # Errors
    /// Fails when the store does not answer.
    pub async fn send_waiting_mail(&self) -> Result<()> {
        if self.options().mail.transport.is_none() {
            return Ok(());
        }
        let waiting = mail::waiting(&self.read()).await?;
        for ids in waiting.chunks(500) {
            transact!(self, tx => async {
                for id in ids {
                    Job::SendMail { mail: *id }.queue(self, tx, self.now()).await?;
                }
                Ok(())
            })?;
        }
        self.wake();
        Ok(())
    }
}
