//! How messages, their files and mails stand in an export, and where their bytes stand beside them.

use mainstay_domain::attachment::{Attachment, clean_file_name};
use mainstay_domain::event::Actor;
use mainstay_domain::mail::{OutgoingMail, RawMail};
use mainstay_domain::message::Message;
use serde_json::{Value, json};

use super::names::Names;

pub(super) fn message_value(message: &Message, names: &Names) -> Value {
    let author = match message.author {
        Actor::Contact(id) => json!({ "contact": id }),
        Actor::Agent(id) => json!({ "agent": id, "name": names.agent(id) }),
        Actor::System => json!("system"),
    };
    json!({
        "id": message.id,
        "at": message.at,
        "author": author,
        "sender": message.sender,
        "visibility": message.visibility,
        "origin": message.origin,
        "channel": message.channel.as_str(),
        "language": message.language,
        "text": message.text,
        "html": message.html,
        "quoted": message.quoted,
        "mentions": message.mentions,
        "attachments": message.attachments.iter().map(attachment_value).collect::<Value>(),
    })
}

fn attachment_value(attachment: &Attachment) -> Value {
    json!({
        "file_name": attachment.file_name,
        "content_type": attachment.content_type,
        "size": attachment.size,
        "sha256": attachment.digest.to_string(),
        "content_id": attachment.content_id,
        "file": file_path(attachment),
    })
}

/// Where an attachment's bytes stand: once for each name, and never outside the folder into which the archive is unpacked,
/// whatever a sender called the file.
pub(super) fn file_path(attachment: &Attachment) -> String {
    let name = clean_file_name(&attachment.file_name);
    format!("files/{}/{name}", attachment.digest)
}

pub(super) fn received_value(mail: &RawMail) -> Value {
    json!({
        "id": mail.id,
        "message_id": mail.message_id,
        "source": mail.source,
        "received_at": mail.received_at,
        "message": mail.message,
        "file": received_path(mail),
    })
}

/// Where a mail's bytes stand as they were received.
pub(super) fn received_path(mail: &RawMail) -> String {
    format!("mails/received/{}.eml", mail.id)
}

pub(super) fn sent_value(mail: &OutgoingMail) -> Value {
    json!({
        "id": mail.id,
        "message_id": mail.message_id,
        "sender": mail.sender,
        "recipients": mail.recipients,
        "subject": mail.subject,
        "message": mail.message,
        "created_at": mail.created_at,
        "sent_at": mail.sent_at,
        "file": sent_path(mail),
    })
}

/// Where a mail's bytes stand as they were sent.
pub(super) fn sent_path(mail: &OutgoingMail) -> String {
    format!("mails/sent/{}.eml", mail.id)
}
