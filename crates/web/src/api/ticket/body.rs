//! The wire forms of tickets, messages and what happened to them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use mainstay_app::Caller;
use mainstay_app::ticket::StoredTicket;
use mainstay_domain::event::{Actor, Origin, Side, Visibility};
use mainstay_domain::message::Message;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// A ticket.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Ticket)]
pub struct TicketBody {
    /// Identifies it.
    pub id: Uuid,
    /// Its short number.
    pub number: u64,
    /// What it is about, in a line.
    pub subject: String,
    /// Whose it is.
    pub account: Option<Uuid>,
    /// For which contact.
    pub contact: Option<Uuid>,
    /// By which way it came.
    pub channel: &'static str,
    /// `P1` to `P4`.
    pub severity: &'static str,
    /// Its category.
    pub category: Option<String>,
    /// Its status: built in, or one that the pack adds.
    pub status: String,
    /// What the status means: `new`, `open`, `pending_customer`, `on_hold`, `resolved` or `closed`.
    pub status_kind: &'static str,
    /// The team it lies with.
    pub team: Option<Uuid>,
    /// The agent it is assigned to.
    pub assignee: Option<Uuid>,
    /// The tier of the account's contract.
    pub tier: Option<String>,
    /// Who must write next: `customer` or `agent`.
    pub awaiting: Option<&'static str>,
    /// Its tags.
    pub tags: Vec<String>,
    /// Custom fields by name.
    pub fields: BTreeMap<String, String>,
    /// The agents who follow it.
    pub followers: Vec<Uuid>,
    /// Its links to other tickets.
    pub links: Vec<LinkBody>,
    /// The ticket it was merged into.
    pub merged_into: Option<Uuid>,
    /// How the customer rated it, once it was resolved.
    pub rating: Option<RatingBody>,
    /// What falls due first.
    pub next_due: Option<NextDueBody>,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// When it was resolved, while it is.
    pub resolved_at: Option<Timestamp>,
    /// When it was closed, while it is.
    pub closed_at: Option<Timestamp>,
    /// When a person last wrote publicly.
    pub last_message_at: Option<Timestamp>,
    /// When something of it last changed. What is noted of its clocks and escalations is no such change, though it makes a
    /// new version; to a portal user, an internal note is none either.
    pub updated_at: Timestamp,
    /// How many facts it is the fold of; its entity tag.
    pub version: u64,
}

/// How a customer rated a ticket.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Rating)]
pub struct RatingBody {
    /// `good` or `bad`.
    pub score: &'static str,
    /// What they said besides.
    pub comment: Option<String>,
    /// When they last rated it.
    pub at: Timestamp,
}

/// A link to another ticket.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Link)]
pub struct LinkBody {
    /// The other ticket.
    pub to: Uuid,
    /// How they relate.
    pub relation: String,
}

/// What falls due first on a ticket.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = NextDue)]
pub struct NextDueBody {
    /// When.
    pub at: Timestamp,
    /// By which commitment.
    pub commitment: String,
}

impl TicketBody {
    pub(super) fn of(stored: StoredTicket) -> Self {
        let StoredTicket { ticket, next_due } = stored;
        let facts = ticket.facts;
        Self {
            id: ticket.id.uuid(),
            number: ticket.number,
            subject: ticket.subject,
            account: facts.account.map(Into::into),
            contact: ticket.contact.map(Into::into),
            channel: facts.channel.as_str(),
            severity: facts.severity.as_str(),
            category: facts.category.map(String::from),
            status: facts.status.name.into(),
            status_kind: facts.status.kind.as_str(),
            team: facts.team.map(Into::into),
            assignee: facts.assignee.map(Into::into),
            tier: facts.terms.tier.map(String::from),
            awaiting: facts.awaiting.map(side),
            tags: facts.tags.into_iter().map(String::from).collect(),
            fields: ticket.fields,
            followers: ticket.followers.into_iter().map(Into::into).collect(),
            links: ticket
                .links
                .into_iter()
                .map(|link| LinkBody {
                    to: link.to.uuid(),
                    relation: link.relation,
                })
                .collect(),
            merged_into: ticket.merged_into.map(Into::into),
            rating: ticket.rating.map(|rating| RatingBody {
                score: rating.score.as_str(),
                comment: rating.comment,
                at: rating.at,
            }),
            next_due: next_due.map(|due| NextDueBody {
                at: due.at,
                commitment: due.commitment.into(),
            }),
            opened_at: ticket.opened_at,
            resolved_at: ticket.resolved_at,
            closed_at: ticket.closed_at,
            last_message_at: facts.last_message_at,
            updated_at: ticket.updated_at,
            version: ticket.version,
        }
    }
}

/// A public reply or an internal note.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Message)]
pub struct MessageBody {
    /// Identifies it.
    pub id: Uuid,
    /// The ticket it belongs to.
    pub ticket: Uuid,
    /// Who wrote it.
    pub author: ActorBody,
    /// The address it came from, where it came by mail; absent for portal users.
    pub sender: Option<String>,
    /// `public` or `internal`.
    pub visibility: &'static str,
    /// `person`, `automatic` or `bounce`.
    pub origin: &'static str,
    /// By which way it came.
    pub channel: &'static str,
    /// What was said, as plain text, without what it quotes.
    pub text: String,
    /// The same as sanitised HTML.
    pub html: Option<String>,
    /// What it quotes of earlier messages.
    pub quoted: Option<String>,
    /// The language it is written in, as far as it was recognised.
    pub language: Option<String>,
    /// The agents it mentions.
    pub mentions: Vec<Uuid>,
    /// The files that came with it.
    pub attachments: Vec<AttachmentBody>,
    /// When it was written.
    pub at: Timestamp,
}

/// A file that came with a message.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Attachment)]
pub struct AttachmentBody {
    /// Its name.
    pub file_name: String,
    /// Its media type.
    pub content_type: String,
    /// Its size in bytes.
    pub size: u64,
    /// The SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
    /// Where it can be downloaded.
    pub url: String,
}

/// Who did something.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Actor)]
pub struct ActorBody {
    /// `agent`, `contact`, or `system` for the program itself.
    pub kind: &'static str,
    /// Which agent or contact.
    pub id: Option<Uuid>,
}

impl From<Actor> for ActorBody {
    fn from(actor: Actor) -> Self {
        let (kind, id) = match actor {
            Actor::Agent(id) => ("agent", Some(id.uuid())),
            Actor::Contact(id) => ("contact", Some(id.uuid())),
            Actor::System => ("system", None),
        };
        Self { kind, id }
    }
}

impl MessageBody {
    /// A message as the caller may see it.
    pub fn of(message: Message, caller: &Caller) -> Self {
        let id = message.id;
        let url = |position| format!("{}/messages/{id}/attachments/{position}", crate::api::ROOT);
        Self {
            id: id.uuid(),
            ticket: message.ticket.uuid(),
            author: message.author.into(),
            sender: message.sender.filter(|_| caller.contact().is_none()),
            visibility: visibility(message.visibility),
            origin: origin(message.origin),
            channel: message.channel.as_str(),
            text: message.text,
            html: message.html,
            quoted: message.quoted,
            language: message.language,
            mentions: message.mentions.into_iter().map(Into::into).collect(),
            attachments: message
                .attachments
                .into_iter()
                .enumerate()
                .map(|(position, attachment)| AttachmentBody {
                    file_name: attachment.file_name,
                    content_type: attachment.content_type,
                    size: attachment.size,
                    sha256: attachment.digest.to_string(),
                    url: url(position),
                })
                .collect(),
            at: message.at,
        }
    }
}

pub(super) fn side(side: Side) -> &'static str {
    match side {
        Side::Customer => "customer",
        Side::Agent => "agent",
    }
}

pub(super) fn visibility(visibility: Visibility) -> &'static str {
    match visibility {
        Visibility::Public => "public",
        Visibility::Internal => "internal",
    }
}

pub(super) fn origin(origin: Origin) -> &'static str {
    match origin {
        Origin::Person => "person",
        Origin::Automatic => "automatic",
        Origin::Bounce => "bounce",
    }
}
