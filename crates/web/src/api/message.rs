//! Messages: the conversation of a ticket.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use jiff::Timestamp;
use mainstay_app::ticket::MessageText;
use mainstay_domain::attachment::Attachment;
use mainstay_domain::event::{Origin, Side, Visibility};
use mainstay_domain::id::{AgentId, TicketId};
use mainstay_domain::message::Message;
use mainstay_domain::name::StatusName;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::session::{PersonKind, person};
use super::ticket::TicketBody;
use crate::Web;
use crate::auth::Auth;
use crate::etag::created;
use crate::input::{Body, Id};
use crate::problem::Result;

/// The routes.
pub fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new().routes(routes!(list, add))
}

/// A public reply or an internal note.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Message)]
pub struct MessageBody {
    /// Identifies it.
    pub id: Uuid,
    /// On which side stands who wrote it.
    pub author_kind: PersonKind,
    /// Which agent or contact wrote it; absent for the program itself.
    pub author: Option<Uuid>,
    /// The address it came from.
    pub sender: Option<String>,
    /// Whether it is an internal note, which no customer sees.
    pub internal: bool,
    /// Whether a machine wrote it: an automatic reply or a bounce.
    pub automatic: bool,
    /// By which way it came.
    pub channel: String,
    /// What was said, as plain text, without what it quotes.
    pub text: String,
    /// The same as sanitised HTML, where there is any.
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
    /// Its name, as the sender gave it.
    pub file_name: String,
    /// Its media type, as the sender gave it.
    pub content_type: String,
    /// Its size in bytes.
    pub size: u64,
}

impl From<Message> for MessageBody {
    fn from(message: Message) -> Self {
        let (author_kind, author) = person(message.author);
        Self {
            id: message.id.uuid(),
            author_kind,
            author,
            sender: message.sender,
            internal: message.visibility == Visibility::Internal,
            automatic: message.origin != Origin::Person,
            channel: message.channel.as_str().to_owned(),
            text: message.text,
            html: message.html,
            quoted: message.quoted,
            language: message.language,
            mentions: message.mentions.into_iter().map(AgentId::uuid).collect(),
            attachments: message
                .attachments
                .into_iter()
                .map(AttachmentBody::from)
                .collect(),
            at: message.at,
        }
    }
}

impl From<Attachment> for AttachmentBody {
    fn from(attachment: Attachment) -> Self {
        Self {
            file_name: attachment.file_name,
            content_type: attachment.content_type,
            size: attachment.size,
        }
    }
}

/// A message to add.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MessageInput {
    /// What is said, as plain text.
    pub text: String,
    /// Whether it is an internal note; a public reply otherwise.
    #[serde(default)]
    pub internal: bool,
    /// The agents it mentions.
    #[serde(default)]
    pub mentions: Vec<Uuid>,
    /// The status the ticket has afterwards.
    pub status: Option<String>,
}

/// Read the conversation of a ticket, oldest first. A portal user is not shown internal notes.
#[utoipa::path(get, path = "/tickets/{id}/messages", tag = "tickets", params(("id" = Uuid, Path)),
    responses((status = 200, body = Vec<MessageBody>)))]
async fn list(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(id): Id<TicketId>,
) -> Result<Json<Vec<MessageBody>>> {
    let messages = web.app.messages(&caller, id).await?;
    Ok(Json(messages.into_iter().map(MessageBody::from).collect()))
}

/// Add a public reply or an internal note. The ticket as it is afterwards is answered.
#[utoipa::path(post, path = "/tickets/{id}/messages", tag = "tickets", request_body = MessageInput,
    params(("id" = Uuid, Path)), responses((status = 201, body = TicketBody)))]
async fn add(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(id): Id<TicketId>,
    Body(input): Body<MessageInput>,
) -> Result<Response> {
    let (side, visibility) = match (caller.contact(), input.internal) {
        (Some(_), _) => (Side::Customer, Visibility::Public),
        (None, true) => (Side::Agent, Visibility::Internal),
        (None, false) => (Side::Agent, Visibility::Public),
    };
    let mut message = MessageText::plain(&web.app, side, visibility, input.text);
    message.mentions = input.mentions.into_iter().map(AgentId::from).collect();
    let status = input.status.map(StatusName::from);
    let ticket = web.app.add_message(&caller, id, message, status).await?;
    let path = format!("/tickets/{id}/messages");
    Ok(created(
        &path,
        ticket.version,
        Json(TicketBody::from(ticket)),
    ))
}
