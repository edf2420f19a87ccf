//! Undoing a decision: a mail goes elsewhere, or is read again.

use mainstay_domain::event::{Actor, Side};
use mainstay_domain::id::{RawMailId, TicketId};
use mainstay_domain::mail::{RawMail, RawMailState};
use mainstay_domain::message::Message;
use mainstay_domain::role::Permission;
use mainstay_domain::threading::{Decision, Route};
use mainstay_domain::ticket::{Command, NewMessage, Scope};
use mainstay_store::{Transaction, mail, message, ticket};

use super::evidence::{Background, gather};
use super::file::{Filing, FilingDecision, Strangers, lock, text_of};
use super::read::{keep_files, read_apart};
use crate::audit::Action;
use crate::caller::Caller;
use crate::context::App;
use crate::error::{AppError, Result};
use crate::job::Job;
use crate::ticket::{Batch, TicketWriter, merge, split};
use crate::transaction::transact;

/// Where a mail is to go instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefileInto {
    /// Into this ticket.
    Ticket(TicketId),
    /// Into a ticket of its own.
    NewTicket,
}

impl App {
    /// Files a mail elsewhere than the rules did, or one that they ignored or could not file. The message goes with its
    /// time, so that clocks count as if it had been there from the start; both tickets record it.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; [`AppError::Refused`] when the mail is there already, is being read, or a ticket with
    /// nothing else in it would go to another account, or when the mail is held; [`AppError::Forbidden`] without the
    /// permissions `mail.read` and `ticket.merge`.
    pub async fn refile_mail(
        &self,
        caller: &Caller,
        id: RawMailId,
        into: RefileInto,
    ) -> Result<TicketId> {
        caller.require(Permission::ReadMail)?;
        caller.require(Permission::MergeTickets)?;
        let raw = mail::find_received(&self.read(), id)
            .await?
            .ok_or_else(|| AppError::no_such("received mail", id))?;
        let ticket = match raw.state {
            RawMailState::New => {
                return Err(AppError::Refused(
                    "The mail is just being read: try again in a moment.".to_owned(),
                ));
            }
            RawMailState::Parsed => transact!(self, tx => self.move_filed(tx, caller, id, into))?,
            RawMailState::Held => return Err(held()),
            RawMailState::Failed | RawMailState::Ignored => {
                self.file_by_hand(caller, &raw, into).await?
            }
        };
        self.wake();
        Ok(ticket)
    }

    /// Reads a mail again, from its bytes as they were received. One that was not filed is decided anew; of one that was,
    /// the message is written anew in its place.
    ///
    /// # Errors
    /// [`AppError::NotFound`], and [`AppError::Forbidden`] without the permissions `mail.read` and `mail.resend`.
    pub async fn replay_mail(&self, caller: &Caller, id: RawMailId) -> Result<()> {
        caller.require(Permission::ReadMail)?;
        caller.require(Permission::ResendMail)?;
        let is_filed = transact!(self, tx => async {
            let mut raw = lock(tx, id).await?;
            let read = Job::ReadMail { raw_mail: id };
            match raw.state {
                RawMailState::Parsed => return Ok(true),
                // It is being read, or was about to be.
                RawMailState::New => read.queue(self, tx, self.now()).await?,
                RawMailState::Held | RawMailState::Failed | RawMailState::Ignored => {
                    raw.state = RawMailState::New;
                    raw.error = None;
                    mail::update_received(tx, &raw).await?;
                    read.queue_anew(self, tx, self.now()).await?;
                }
            }
            self.record(tx, caller, Action::new("mail.replayed", "raw_mail", id)).await?;
            Ok(false)
        })?;
        if is_filed {
            return self.read_anew(caller, id).await;
        }
        self.wake();
        Ok(())
    }

    /// Writes what a filed mail says into its message again.
    async fn read_anew(&self, caller: &Caller, id: RawMailId) -> Result<()> {
        let mut raw = mail::find_received(&self.read(), id)
            .await?
            .ok_or_else(|| AppError::no_such("received mail", id))?;
        let letter = read_apart(std::mem::take(&mut raw.bytes)).await?;
        if letter.bounce.is_some() {
            // Its message is our own sentence about it.
            return Ok(());
        }
        let files = keep_files(self, &letter).await?;
        transact!(self, tx => async {
            let Some(written) = raw.message else { return Ok(()) };
            let found = message::find(tx, Scope::Everything, written).await?;
            let Some(found) = found else { return Ok(()) };
            let again = Message {
                text: text_of(&letter),
                html: letter.html.clone(),
                quoted: letter.quoted.clone(),
                language: letter.language.clone(),
                attachments: files.clone(),
                ..found
            };
            message::rewrite(tx, &again).await?;
            self.record(tx, caller, Action::new("mail.replayed", "raw_mail", raw.id)).await
        })
    }

    /// Files a mail that the rules did not.
    async fn file_by_hand(
        &self,
        caller: &Caller,
        raw: &RawMail,
        into: RefileInto,
    ) -> Result<TicketId> {
        let letter = read_apart(raw.bytes.clone()).await?;
        let files = keep_files(self, &letter).await?;
        let identity = self.mail_identity().await?;
        transact!(self, tx => async {
            let raw = lock(tx, raw.id).await?;
            let before = FilingDecision::of(&raw);
            let of_it = (&raw, &letter);
            let background = Background::of(self, tx, &[of_it]).await?;
            let gathered = gather(self, tx, &identity, of_it, &background).await?;
            if gathered.unproven.is_some() {
                return Err(held());
            }
            let decision = Decision {
                route: match into {
                    RefileInto::Ticket(ticket) => Route::Append(ticket),
                    RefileInto::NewTicket => Route::Open { follows: None },
                },
                reason: reason(caller),
            };
            let (id, at) = (raw.id, raw.received_at);
            let filing = Filing {
                app: self,
                tx,
                identity: &identity,
                letter: &letter,
                gathered: &gathered,
                batch: &Batch::default(),
                strangers: &Strangers::default(),
                files: Some(&files),
                at,
            };
            let ticket = filing
                .file(&raw, &decision)
                .await?
                .ok_or_else(|| AppError::no_such("ticket", "for the mail"))?;
            self.note_refiled(tx, caller, id, ticket, before).await?;
            Ok(ticket)
        })
    }

    /// Moves the message of a filed mail.
    async fn move_filed(
        &self,
        tx: &Transaction,
        caller: &Caller,
        id: RawMailId,
        into: RefileInto,
    ) -> Result<TicketId> {
        let raw = lock(tx, id).await?;
        let moved = match raw.message {
            Some(written) => message::find(tx, Scope::Everything, written).await?,
            None => None,
        };
        let moved = moved.ok_or_else(|| AppError::no_such("message of the mail", id))?;
        let from = moved.ticket;
        let before = FilingDecision::of(&raw);
        let conversation = message::of_ticket(tx, Scope::Everything, from).await?;
        let is_alone = conversation.iter().all(|other| other.id == moved.id);
        let ticket = match into {
            RefileInto::Ticket(to) if to == from => {
                return Err(AppError::Refused(
                    "The mail is in that ticket already.".to_owned(),
                ));
            }
            RefileInto::NewTicket if is_alone => {
                return Err(AppError::Refused(
                    "The mail has a ticket of its own already.".to_owned(),
                ));
            }
            // What would remain is a ticket without a word: it goes whole.
            RefileInto::Ticket(to) if is_alone => merge(self, tx, from, to, caller.actor).await?.id,
            RefileInto::Ticket(to) => {
                move_message(self, tx, caller.actor, &moved, to).await?;
                to
            }
            RefileInto::NewTicket => {
                let subject = ticket::find(tx, Scope::Everything, from)
                    .await?
                    .map(|found| found.ticket.subject)
                    .unwrap_or_default();
                split(self, tx, from, &[moved.id], &subject, caller.actor)
                    .await?
                    .id
            }
        };
        self.note_refiled(tx, caller, id, ticket, before).await?;
        Ok(ticket)
    }

    async fn note_refiled(
        &self,
        tx: &Transaction,
        caller: &Caller,
        id: RawMailId,
        ticket: TicketId,
        before: Option<FilingDecision>,
    ) -> Result<()> {
        let mut raw = lock(tx, id).await?;
        let decision = FilingDecision {
            route: "append".to_owned(),
            reason: reason(caller),
            ticket: Some(ticket),
            follows: None,
            sender: before.as_ref().and_then(|before| before.sender.clone()),
            by: caller.agent().ok(),
            before: before.map(Box::new),
        };
        raw.decision = Some(decision.write()?);
        raw.ticket = Some(ticket);
        mail::update_received(tx, &raw).await?;
        let action = Action::new("mail.refiled", "raw_mail", id)
            .with(serde_json::json!({ "ticket": ticket }));
        self.record(tx, caller, action).await
    }
}

fn held() -> AppError {
    AppError::Refused(
        "The mail bears an agent's address and is not proven to be theirs: accept it as theirs, or leave it.".to_owned(),
    )
}

fn reason(caller: &Caller) -> String {
    format!("Filed by hand by {}.", caller.name)
}

/// Takes a message out of one ticket and puts it into another: each records it.
async fn move_message(
    app: &App,
    tx: &Transaction,
    actor: Actor,
    moved: &Message,
    to: TicketId,
) -> Result<()> {
    let mut source = TicketWriter::load(app, tx, moved.ticket).await?;
    let mut target = TicketWriter::load(app, tx, to).await?;
    let added = NewMessage {
        message: moved.id,
        side: moved.author.side().unwrap_or(Side::Customer),
        visibility: moved.visibility,
        origin: moved.origin,
        channel: moved.channel,
    };
    target.decide_at(
        moved.author,
        moved.at,
        Command::AddMessage {
            message: added,
            then: None,
        },
    )?;
    source.decide(
        actor,
        Command::SplitInto {
            ticket: to,
            number: target.ticket.number,
            messages: vec![moved.id],
        },
    )?;
    source.save().await?;
    target.save().await?;
    message::move_to(tx, &[moved.id], to).await?;
    Ok(())
}
