//! Filing a mail: decided, and put where it belongs, all in one transaction.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use mainstay_domain::attachment::Attachment;
use mainstay_domain::contact::Contact;
use mainstay_domain::event::{Actor, Channel, Origin, Side, Visibility};
use mainstay_domain::id::{AgentId, RawMailId, TicketId};
use mainstay_domain::mail::{RawMail, RawMailState};
use mainstay_domain::threading::{Decision, Route};
use mainstay_domain::ticket::{Command, Scope};
use mainstay_store::mail::Outcome;
use mainstay_store::thread::ThreadEntry;
use mainstay_store::{Transaction, agent, contact, mail, participant, thread as threads, ticket};
use serde::{Deserialize, Serialize};

use super::bounce;
use super::evidence::Gathered;
use super::identity::Identity;
use super::reading::Letter;
use crate::context::App;
use crate::error::{AppError, Result};
use crate::ticket::{
    Batch, LONGEST_SUBJECT, MessageText, OpenTicket, TicketWriter, append_message, open_ticket,
};

/// The most people that one mail adds to a ticket.
const MOST_PARTICIPANTS: usize = 50;

/// Where a mail went, and why, as it is kept with the mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilingDecision {
    /// `append`, `open`, `hold` or `ignore`.
    pub route: String,
    /// Why, in a sentence for people.
    pub reason: String,
    /// The ticket it went to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<TicketId>,
    /// The closed ticket that the new one follows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub follows: Option<TicketId>,
    /// The sender's address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sender: Option<String>,
    /// The agent who decided otherwise than the rules.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<AgentId>,
    /// Where it had gone before somebody decided otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Box<FilingDecision>>,
}

impl FilingDecision {
    /// The decision about a mail, once there is one.
    #[must_use]
    pub fn of(mail: &RawMail) -> Option<Self> {
        serde_json::from_str(mail.decision.as_deref()?).ok()
    }

    pub(super) fn new(decision: &Decision, letter: &Letter) -> Self {
        let (route, ticket, follows) = match decision.route {
            Route::Append(ticket) => ("append", Some(ticket), None),
            Route::Open { follows } => ("open", None, follows),
            Route::Hold(ticket) => ("hold", ticket, None),
            Route::Ignore => ("ignore", None, None),
        };
        Self {
            route: route.to_owned(),
            reason: decision.reason.clone(),
            ticket,
            follows,
            sender: letter.from.as_ref().map(|from| from.address.clone()),
            by: None,
            before: None,
        }
    }

    pub(super) fn write(&self) -> Result<String> {
        serde_json::to_string(self)
            .map_err(|error| AppError::broken("A decision could not be written down.", error))
    }
}

/// A received mail to be filed, moved or changed: two who do that at once, on two nodes or by hand, come one after the other.
pub(super) async fn lock(tx: &Transaction, id: RawMailId) -> Result<RawMail> {
    mail::lock_received(tx, id)
        .await?
        .ok_or_else(|| AppError::no_such("received mail", id))
}

/// People nobody knew, whom a transaction that files several mails has made contacts, by their addresses.
#[derive(Default)]
pub(super) struct Strangers(Mutex<BTreeMap<String, Contact>>);

impl Strangers {
    fn known(&self) -> MutexGuard<'_, BTreeMap<String, Contact>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A mail on its way into a ticket.
pub(super) struct Filing<'a> {
    pub app: &'a App,
    pub tx: &'a Transaction,
    pub identity: &'a Identity,
    pub letter: &'a Letter,
    /// What this transaction has asked for tickets that it opens.
    pub batch: &'a Batch,
    /// Whom this transaction has made contacts.
    pub strangers: &'a Strangers,
    pub gathered: &'a Gathered,
    /// Its files, when they are kept already.
    pub files: Option<&'a [Attachment]>,
    /// When it was said: when it came, or when somebody took it as said.
    pub at: Timestamp,
}

impl Filing<'_> {
    /// Files a mail as it was decided, and writes down what became of it; says into which ticket.
    pub async fn file(&self, raw: &RawMail, decision: &Decision) -> Result<Option<TicketId>> {
        let outcome = self.place(raw, decision).await?;
        let filed = outcome
            .ticket
            .filter(|_| outcome.state == RawMailState::Parsed);
        mail::write_outcomes(self.tx, &[outcome]).await?;
        Ok(filed)
    }

    /// Files a mail as it was decided; what became of it is still to be written down.
    pub async fn place(&self, raw: &RawMail, decision: &Decision) -> Result<Outcome> {
        let mut written = FilingDecision::new(decision, self.letter);
        let mut outcome = Outcome {
            error: None,
            ..raw.into()
        };
        if decision.route == Route::Ignore {
            outcome.state = RawMailState::Ignored;
            outcome.decision = Some(written.write()?);
            return Ok(outcome);
        }
        let Some(files) = self.files else {
            // Somebody has answered, closed or merged in between; the next look finds the files kept.
            return Err(AppError::Conflict(
                "where the mail belongs has changed while it was read".to_owned(),
            ));
        };
        if let Route::Hold(ticket) = decision.route {
            outcome.decision = Some(written.write()?);
            return self.hold(raw, outcome, ticket, files).await;
        }
        let (ticket, message) = match decision.route {
            Route::Append(ticket) => (ticket, self.append(raw, ticket, files).await?),
            Route::Open { follows } => self.open(raw, follows, files).await?,
            Route::Hold(_) | Route::Ignore => return Ok(outcome),
        };
        if message.is_conversation() {
            note_participants(self.app, self.tx, self.identity, ticket, self.letter).await?;
        }
        if let Some(message_id) = &self.letter.message_id {
            let entry = ThreadEntry {
                message_id: message_id.clone(),
                ticket,
                message: Some(message.id),
            };
            threads::insert(self.tx, &[entry]).await?;
        }
        written.ticket = Some(ticket);
        outcome.state = RawMailState::Parsed;
        outcome.decision = Some(written.write()?);
        outcome.ticket = Some(ticket);
        outcome.message = Some(message.id);
        Ok(outcome)
    }

    async fn append(
        &self,
        raw: &RawMail,
        ticket: TicketId,
        files: &[Attachment],
    ) -> Result<MessageText> {
        self.batch.roster.forget();
        if let Some(bounce) = &self.letter.bounce {
            let message = self.message(raw, Actor::System, files);
            return bounce::note(self.app, self.tx, ticket, message, bounce).await;
        }
        let (author, _) = self.author().await?;
        let message = self.message(raw, author, files);
        Box::pin(append_message(
            self.app, self.tx, ticket, author, &message, None,
        ))
        .await?;
        Ok(message)
    }

    async fn open(
        &self,
        raw: &RawMail,
        follows: Option<TicketId>,
        files: &[Attachment],
    ) -> Result<(TicketId, MessageText)> {
        let (author, contact) = self.author().await?;
        let mut message = self.message(raw, author, files);
        if message.side == Side::Agent {
            // One of us writes to our own address: nobody there is a customer to be answered.
            message.visibility = Visibility::Internal;
        }
        let followed = match follows {
            Some(id) => ticket::find(self.tx, Scope::Everything, id).await?,
            None => None,
        };
        let followed_account = followed.and_then(|followed| followed.ticket.facts.account);
        let open = OpenTicket {
            subject: self.subject(),
            account: self.gathered.account.or(followed_account),
            contact: match author {
                Actor::Contact(contact) => Some(contact),
                Actor::Agent(_) | Actor::System => None,
            },
            channel: Channel::Email,
            severity: None,
            category: None,
            team: self
                .identity
                .mailbox_of(&raw.source, raw.mailbox)
                .and_then(|mailbox| mailbox.team),
            assignee: None,
            tags: Vec::new(),
            message: Some(message.clone()),
            at: Some(self.at),
        };
        let opened = Box::pin(open_ticket(
            self.app, self.tx, self.batch, author, &open, contact,
        ))
        .await?;
        let id = opened.ticket.id;
        if let Some(to) = follows {
            self.batch.roster.forget();
            let mut writer = TicketWriter::load(self.app, self.tx, id).await?;
            let link = Command::Link {
                to,
                relation: "follows".to_owned(),
            };
            writer.decide(Actor::System, link)?;
            writer.save().await?;
        }
        Ok((id, message))
    }

    /// Who wrote it, with the contact where it is one. A person nobody knows becomes a contact, of the account their domain belongs to;
    /// a machine does not.
    async fn author(&self) -> Result<(Actor, Option<Contact>)> {
        if let Some(agent) = &self.gathered.agent {
            return Ok((Actor::Agent(agent.id), None));
        }
        if let Some(contact) = &self.gathered.contact {
            return Ok((Actor::Contact(contact.id), Some(contact.clone())));
        }
        let Some(from) = self.letter.from.as_ref().filter(|_| self.is_person()) else {
            return Ok((Actor::System, None));
        };
        let key = from.address.to_lowercase();
        let known = self.strangers.known().get(&key).cloned();
        if let Some(known) = known {
            return Ok((Actor::Contact(known.id), Some(known)));
        }
        let now = self.app.now();
        let local_part = from.address.split('@').next().unwrap_or_default();
        let name = match from.name.trim() {
            "" => local_part.to_owned(),
            name => name.to_owned(),
        };
        let new = Contact {
            id: self.app.new_id(now),
            account: self.gathered.account,
            name,
            addresses: vec![from.address.clone()],
            language: None,
            phone: None,
            portal: None,
            active: true,
            created_at: now,
        };
        contact::insert(self.tx, &new).await?;
        let facts = self.app.facts(Actor::System).contact(None, &new)?;
        facts.write(self.tx).await?;
        self.strangers.known().insert(key, new.clone());
        Ok((Actor::Contact(new.id), Some(new)))
    }

    fn is_person(&self) -> bool {
        self.letter.automatic.is_none()
            && self.letter.bounce.is_none()
            && self.gathered.unproven.is_none()
    }

    /// The mail's subject as far as a ticket can bear it; the mail itself is kept as it came.
    fn subject(&self) -> String {
        let subject = self.letter.subject.as_deref().unwrap_or_default().trim();
        if !subject.is_empty() {
            return subject.chars().take(LONGEST_SUBJECT).collect();
        }
        let first_line = self
            .letter
            .text
            .lines()
            .map(str::trim)
            .find(|l| !l.is_empty());
        first_line.map_or_else(
            || "(no subject)".to_owned(),
            |line| line.chars().take(100).collect(),
        )
    }

    pub(super) fn message(
        &self,
        raw: &RawMail,
        author: Actor,
        files: &[Attachment],
    ) -> MessageText {
        let letter = self.letter;
        let origin = match (&letter.bounce, &letter.automatic) {
            (Some(_), _) => Origin::Bounce,
            (None, Some(_)) => Origin::Automatic,
            (None, None) => Origin::Person,
        };
        let side = match author {
            Actor::Agent(_) => Side::Agent,
            Actor::Contact(_) | Actor::System => Side::Customer,
        };
        // What a machine of ours says, such as that somebody is out of office, is no answer to the customer.
        let is_ours = side == Side::Agent || self.gathered.unproven.is_some();
        let is_internal = is_ours && origin != Origin::Person;
        MessageText {
            id: self.app.new_id(self.app.now()),
            side,
            visibility: if is_internal {
                Visibility::Internal
            } else {
                Visibility::Public
            },
            origin,
            channel: Channel::Email,
            sender: letter.from.as_ref().map(|from| from.address.clone()),
            text: text_of(letter),
            html: letter.html.clone(),
            quoted: letter.quoted.clone(),
            language: letter.language.clone(),
            mentions: Vec::new(),
            attachments: files.to_vec(),
            uploads: Vec::new(),
            raw_mail: Some(raw.id),
            at: self.at,
        }
    }
}

/// Whoever writes into a ticket or is copied takes part in it from then on, but for us: our addresses and our people.
async fn note_participants(
    app: &App,
    tx: &Transaction,
    identity: &Identity,
    ticket: TicketId,
    letter: &Letter,
) -> Result<()> {
    let from = letter.from.iter().map(|from| &from.address);
    let mut addresses: Vec<String> = from
        .chain(&letter.correspondents)
        .take(MOST_PARTICIPANTS)
        .filter(|address| address.contains('@') && !identity.is_ours(address))
        .cloned()
        .collect();
    // Of the sender it was asked before.
    let mut agents = Vec::new();
    let mut others = addresses.clone();
    if let Some(from) = &letter.from {
        agents.extend(app.agent_by_email(tx, &from.address).await?);
        others.retain(|address| *address != from.address);
    }
    agents.extend(agent::find_by_emails(tx, &others).await?);
    let is_agent = |address: &String| {
        let mut emails = agents.iter().map(|agent| agent.email.to_lowercase());
        emails.any(|email| email == address.to_lowercase())
    };
    addresses.retain(|address| !is_agent(address));
    Ok(participant::add(tx, ticket, &addresses).await?)
}

/// What the message says; a mail that says nothing at all is still a message.
pub(super) fn text_of(letter: &Letter) -> String {
    if letter.text.trim().is_empty() && letter.attachments.is_empty() && letter.html.is_none() {
        return "(The message is empty.)".to_owned();
    }
    letter.text.clone()
}
