//! Asking a customer how their ticket was handled, and taking their answer by a signed link, without signing in.
//!
//! Opening a link changes nothing, because mail scanners open every link: the page behind it asks for a confirmation.

use jiff::{SignedDuration, Timestamp};
use mainstay_channels::compose::{Correspondent, Origin};
use mainstay_channels::reply_address::{LinkClaim, LinkPurpose, UnverifiedLink};
use mainstay_channels::template::Language;
use mainstay_domain::event::{Actor, Event, EventKind, Side, Visibility};
use mainstay_domain::id::{ContactId, EventId, TicketId};
use mainstay_domain::message::Message;
use mainstay_domain::rating::{Rating, Score};
use mainstay_domain::status::StatusKind;
use mainstay_domain::ticket::{Command, Refusal, Scope, Ticket};
use mainstay_store::{Connection, Transaction, message, ticket};

use super::identity::Identity;
use super::letter::{RatingLinks, Subject};
use super::notice::Notice;
use super::reply::queue;
use crate::context::App;
use crate::error::{AppError, Result};
use crate::job::{Job, JobFailure};
use crate::ticket::{TicketWriter, rating_comment};
use crate::transaction::transact;

/// How long a link rates.
const LINK_LIFETIME: SignedDuration = SignedDuration::from_hours(30 * 24);

/// What the link of a rating shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RatingView {
    /// The number of the ticket.
    pub number: u64,
    /// What it is about.
    pub subject: String,
    /// The language of the customer.
    pub language: Language,
    /// How it was rated, if it was.
    pub rating: Option<Rating>,
    /// Whether the link can be used.
    pub standing: RatingStanding,
}

/// Whether the link of a rating can be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RatingStanding {
    /// It rates.
    Ready,
    /// It just did.
    Done,
    /// The ticket is being worked on again.
    Reopened,
    /// The ticket was rated so long ago that the rating stands.
    Settled,
    /// It was valid until an instant that has passed.
    Expired {
        /// Until when, in the time zone of the account.
        at: String,
    },
    /// Whoever was asked may not speak for the customer any more.
    Forbidden,
}

/// Queues the question where those who serve have just resolved a ticket.
pub(crate) async fn queue_rating(
    app: &App,
    tx: &Transaction,
    ticket: &Ticket,
    facts: &[Event],
) -> Result<()> {
    if !app.options().mail.ask_for_rating || ticket.facts.status.kind != StatusKind::Resolved {
        return Ok(());
    }
    let resolves = |kind: &EventKind| {
        matches!(kind, EventKind::StatusChanged { from, to }
            if to.kind == StatusKind::Resolved && !from.kind.is_done())
    };
    let resolved = facts.iter().rev().find(|fact| resolves(&fact.kind));
    match resolved {
        Some(fact) if fact.actor.side() != Some(Side::Customer) => {
            let (ticket, fact) = (ticket.id, fact.id);
            Job::AskForRating { ticket, fact }
                .queue(app, tx, app.now())
                .await
        }
        _ => Ok(()),
    }
}

/// Writes the mail that says that a ticket is resolved and asks for a rating. Nothing is asked of a ticket that is open
/// again by then, or rated.
pub(crate) async fn ask_for_rating(
    app: &App,
    id: TicketId,
    fact: EventId,
) -> Result<(), JobFailure> {
    let Some((notice, ticket)) = Notice::begin(app, id, fact.uuid()).await? else {
        return Ok(());
    };
    let identity = &notice.identity;
    if !ticket.facts.status.kind.is_done() || ticket.rating.is_some() {
        return Ok(());
    }
    let written = last_written(&notice.conversation);
    let assignee = ticket.facts.assignee;
    let mut subject = Subject::load(app, &app.read(), ticket, assignee).await?;
    let Some(contact) = subject.contact.clone().filter(|contact| contact.active) else {
        return Ok(());
    };
    let wrote_from = written.and_then(|message| message.sender.as_ref());
    let known = wrote_from.filter(|address| {
        let mut addresses = contact.addresses.iter();
        addresses.any(|known| known.eq_ignore_ascii_case(address))
    });
    let address = known.or_else(|| contact.addresses.first());
    let Some(address) = address.filter(|address| !identity.is_ours(address)) else {
        return Ok(());
    };
    subject.rating = Some(links(app, identity, id, contact.id));
    let to = Correspondent::named(contact.name.clone(), address.clone());
    let written = written.cloned();
    let answered = written.as_ref();
    let ready = notice.write(app, subject, to, "resolved", Origin::Generated, answered)?;
    Ok(queue(app, &[ready], None).await?)
}

fn links(app: &App, identity: &Identity, ticket: TicketId, contact: ContactId) -> RatingLinks {
    let now = app.now();
    let token = identity.sign_link(&LinkClaim {
        purpose: LinkPurpose::Rating,
        names: ticket.uuid(),
        bound_to: &[contact.uuid()],
        expires_at: now.checked_add(LINK_LIFETIME).unwrap_or(now),
    });
    let root = &app.options().public_url;
    let link = |score: Score| format!("{root}/rate/{token}/{}", score.as_str());
    RatingLinks {
        good: link(Score::Good),
        bad: link(Score::Bad),
    }
}

/// The last public message of the customer.
fn last_written(conversation: &[Message]) -> Option<&Message> {
    conversation.iter().rev().find(|message| {
        message.visibility == Visibility::Public && message.author.side() == Some(Side::Customer)
    })
}

impl App {
    /// Shows what the link of a rating would do, and changes nothing.
    ///
    /// # Errors
    /// [`AppError::NotFound`] for a link that we did not sign.
    pub async fn look_at_rating(&self, token: &str) -> Result<RatingView> {
        Ok(self.opened_rating(&self.read(), token).await?.view)
    }

    /// Rates by a link, in the name of the contact who was asked. A link that cannot be used says why, and changes nothing.
    ///
    /// # Errors
    /// As [`look_at_rating`](Self::look_at_rating), and [`AppError::Invalid`] for a comment that is too long.
    pub async fn rate_by_link(
        &self,
        token: &str,
        score: Score,
        comment: Option<String>,
    ) -> Result<RatingView> {
        let comment = rating_comment(comment)?;
        let view = transact!(self, tx => async {
            let Opened { mut view, ticket, contact } = self.opened_rating(tx, token).await?;
            if view.standing != RatingStanding::Ready {
                return Ok(view);
            }
            let mut writer = TicketWriter::load(self, tx, ticket).await?;
            let at = self.now();
            let comment = comment.clone();
            writer.decide(Actor::Contact(contact), Command::Rate { score, comment, at })?;
            view.rating = writer.save().await?.ticket.rating;
            view.standing = RatingStanding::Done;
            Ok(view)
        })?;
        self.wake();
        Ok(view)
    }

    async fn opened_rating(&self, on: &impl Connection, token: &str) -> Result<Opened> {
        let unknown = || {
            AppError::NotFound("There is no such link: open it exactly as it was sent.".to_owned())
        };
        let link = UnverifiedLink::read(token).ok_or_else(unknown)?;
        let id = TicketId::from(link.names);
        let found = ticket::find(on, Scope::Everything, id).await?;
        let found = found.ok_or_else(unknown)?.ticket;
        let contact = found.contact.ok_or_else(unknown)?;
        let identity = self.mail_identity().await?;
        if !identity.is_our_link(&link, LinkPurpose::Rating, &[contact.uuid()]) {
            return Err(unknown());
        }
        let conversation = message::of_ticket(on, Scope::Everything, id).await?;
        let subject = Subject::load(self, on, found, None).await?;
        let written = last_written(&conversation);
        Ok(Opened {
            view: RatingView {
                number: subject.ticket.number,
                subject: subject.ticket.subject.clone(),
                language: subject.language(written.and_then(|message| message.language.as_deref())),
                rating: subject.ticket.rating.clone(),
                standing: standing(&subject, link.expires_at, self.now()),
            },
            ticket: id,
            contact,
        })
    }
}

/// What a link opens.
struct Opened {
    view: RatingView,
    ticket: TicketId,
    contact: ContactId,
}

fn standing(subject: &Subject, expires_at: Timestamp, now: Timestamp) -> RatingStanding {
    if !subject
        .contact
        .as_ref()
        .is_some_and(|contact| contact.active)
    {
        return RatingStanding::Forbidden;
    }
    if expires_at <= now {
        let at = subject.local(expires_at);
        return RatingStanding::Expired { at };
    }
    match subject.ticket.may_be_rated(now) {
        Ok(()) => RatingStanding::Ready,
        Err(Refusal::NotDone) => RatingStanding::Reopened,
        Err(_) => RatingStanding::Settled,
    }
}
