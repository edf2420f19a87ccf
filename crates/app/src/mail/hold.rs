//! Mail that is held: it bears an agent's address, and nothing proves that they wrote it.

use mainstay_domain::attachment::Attachment;
use mainstay_domain::event::{Actor, Origin, Side, Visibility};
use mainstay_domain::id::{RawMailId, TicketId};
use mainstay_domain::mail::{RawMail, RawMailState};
use mainstay_domain::role::Permission;
use mainstay_domain::threading::{Decision, Route};
use mainstay_domain::ticket::Scope;
use mainstay_store::mail::Outcome;
use mainstay_store::{Transaction, mail, ticket};

use super::evidence::{Background, Claim, gather, living};
use super::file::{Filing, FilingDecision, Strangers, lock, text_of};
use super::identity::Identity;
use super::read::{keep_files, read_apart};
use super::reading::Letter;
use crate::audit::Action;
use crate::caller::Caller;
use crate::context::App;
use crate::error::{AppError, Result};
use crate::ticket::{Batch, append_message};
use crate::transaction::transact;

impl Filing<'_> {
    /// Keeps a mail that a person is to accept first. On its ticket a note says so, which only those who serve can read:
    /// nothing is sent, and no clock or status changes.
    pub(super) async fn hold(
        &self,
        raw: &RawMail,
        mut outcome: Outcome,
        ticket: Option<TicketId>,
        files: &[Attachment],
    ) -> Result<Outcome> {
        outcome.state = RawMailState::Held;
        outcome.ticket = ticket;
        // One that is read again and held again has its note already.
        if let (Some(ticket), Some(claim), None) =
            (ticket, &self.gathered.unproven, outcome.message)
        {
            let mut note = self.message(raw, Actor::System, files);
            note.side = Side::Agent;
            note.visibility = Visibility::Internal;
            note.origin = Origin::Automatic;
            note.quoted = Some(text_of(self.letter));
            note.html = None;
            note.text = describe(claim);
            note.mentions = vec![claim.agent.id];
            append_message(self.app, self.tx, ticket, Actor::System, &note, None).await?;
            outcome.message = Some(note.id);
        }
        Ok(outcome)
    }
}

fn describe(claim: &Claim) -> String {
    format!(
        "A mail came that bears the address of {} <{}> and is not proven to be theirs. It was sent to nobody and changed \
         nothing. Accept it if {} wrote it.\nWhy it is held: {}.",
        claim.agent.name, claim.agent.email, claim.agent.name, claim.why
    )
}

impl App {
    /// Takes a mail that was held as written by the agent whose address it bears: it is filed as theirs, now, and goes out
    /// to the customer. Says into which ticket.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; [`AppError::Refused`] when it is not held, or its ticket takes no answer any more;
    /// [`AppError::Forbidden`] without the permissions `mail.read` and `ticket.reply`.
    pub async fn accept_mail(&self, caller: &Caller, id: RawMailId) -> Result<TicketId> {
        caller.require(Permission::ReadMail)?;
        caller.require(Permission::ReplyToTickets)?;
        let raw = mail::find_received(&self.read(), id)
            .await?
            .ok_or_else(|| AppError::no_such("received mail", id))?;
        demand_held(&raw)?;
        let letter = read_apart(raw.bytes).await?;
        let files = keep_files(self, &letter).await?;
        let identity = self.mail_identity().await?;
        let ticket = transact!(self, tx => async {
            accept(self, tx, caller, &identity, &letter, &files, id).await
        })?;
        self.wake();
        Ok(ticket)
    }
}

async fn accept(
    app: &App,
    tx: &Transaction,
    caller: &Caller,
    identity: &Identity,
    letter: &Letter,
    files: &[Attachment],
    id: RawMailId,
) -> Result<TicketId> {
    let raw = lock(tx, id).await?;
    demand_held(&raw)?;
    let before = FilingDecision::of(&raw);
    let of_it = (&raw, letter);
    let background = Background::of(app, tx, &[of_it]).await?;
    let mut gathered = gather(app, tx, identity, of_it, &background).await?;
    if let Some(claim) = gathered.unproven.take() {
        gathered.agent = Some(claim.agent);
    }
    let Some(agent) = gathered.agent.as_ref() else {
        return Err(AppError::Refused(
            "The address is no agent's any more: read the mail again instead.".to_owned(),
        ));
    };
    let reason = format!("Accepted as written by {} by {}.", agent.name, caller.name);
    let route = match raw.ticket {
        Some(held_at) => {
            let found = ticket::find(tx, Scope::Everything, held_at).await?;
            let found = found.ok_or_else(|| AppError::no_such("ticket", held_at))?;
            Route::Append(living(tx, found.ticket).await?.id)
        }
        None => Route::Open { follows: None },
    };
    let filing = Filing {
        app,
        tx,
        identity,
        letter,
        gathered: &gathered,
        batch: &Batch::default(),
        strangers: &Strangers::default(),
        files: Some(files),
        at: app.now(),
    };
    let decision = Decision { route, reason };
    let ticket = filing
        .file(&raw, &decision)
        .await?
        .ok_or_else(|| AppError::no_such("ticket", "for the mail"))?;
    let mut raw = lock(tx, id).await?;
    if let Some(mut written) = FilingDecision::of(&raw) {
        written.by = caller.agent().ok();
        written.before = before.map(Box::new);
        raw.decision = Some(written.write()?);
        mail::update_received(tx, &raw).await?;
    }
    let action = Action::new("mail.accepted", "raw_mail", id)
        .with(serde_json::json!({ "ticket": ticket, "as": gathered.agent.map(|agent| agent.id) }));
    app.record(tx, caller, action).await?;
    Ok(ticket)
}

fn demand_held(raw: &RawMail) -> Result<()> {
    if raw.state == RawMailState::Held {
        return Ok(());
    }
    Err(AppError::Refused(
        "The mail is not held, so that there is nothing to accept.".to_owned(),
    ))
}
