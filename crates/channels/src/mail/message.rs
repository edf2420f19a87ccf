//! A message as its reader sees it: who, when, what about, the text, the HTML and the attachments.

use jiff::Timestamp;

use super::address::{self, Address};
use super::header::{self, Headers};
use super::structure::{self, Part, Structure};
use super::{Defect, MailLimits, charset, date};

/// What could be read of a message. Reading never fails: what is wrong with the message stands in `defects`.
#[derive(Debug, Clone, Default)]
pub struct Message {
    /// The header fields of the message itself.
    pub headers: Headers,
    /// The subject, decoded, runs of white space collapsed.
    pub subject: Option<String>,
    /// Who wrote it.
    pub from: Vec<Address>,
    /// Whom it is addressed to.
    pub to: Vec<Address>,
    /// Who gets a copy.
    pub cc: Vec<Address>,
    /// Where answers go, when not to `from`.
    pub reply_to: Vec<Address>,
    /// Its message id, without angle brackets.
    pub message_id: Option<String>,
    /// The messages it answers, by message id.
    pub in_reply_to: Vec<String>,
    /// The conversation it belongs to, by message id, oldest first.
    pub references: Vec<String>,
    /// When it was sent, as the sender says.
    pub date: Option<Timestamp>,
    /// The first part in plain text: LF line ends, no blanks at line ends, no empty lines around it.
    pub text: Option<String>,
    /// Lines the sender put where the header of the text should have ended; they are the beginning of the text.
    pub stray_text: Option<String>,
    /// The first part in HTML, cleaned as `text` is; unsafe to show as it stands.
    pub html: Option<String>,
    /// The parts that are to be kept as files, in document order.
    pub attachments: Vec<Attachment>,
    /// The parts of a report about another message, decoded: `message/*` and `text/rfc822-headers`.
    pub reports: Vec<ReportPart>,
    /// What was wrong with the form of the message.
    pub defects: Vec<Defect>,
}

/// A part that is kept as a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// The file's name; none when the sender gave none (many inline images).
    pub filename: Option<String>,
    /// The content type in lower case, such as `image/png`.
    pub content_type: String,
    /// The content id without angle brackets, by which HTML refers to it as `cid:…`.
    pub content_id: Option<String>,
    /// Whether the sender means it to be shown within the message.
    pub inline: bool,
    /// The content, its transfer encoding undone.
    pub bytes: Vec<u8>,
}

/// A part that tells about another message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportPart {
    /// The content type in lower case, such as `message/delivery-status`.
    pub content_type: String,
    /// The content, its transfer encoding undone.
    pub bytes: Vec<u8>,
}

/// Reads a message within the [default bounds](MailLimits::default).
pub fn read(raw: &[u8]) -> Message {
    read_within(raw, &MailLimits::default())
}

/// Reads a message within `limits`.
pub fn read_within(raw: &[u8], limits: &MailLimits) -> Message {
    let Structure { parts, defects } = structure::parse(raw, limits);
    let mut message = Message { defects, ..Message::default() };
    let Some(root) = parts.first() else {
        message.defects.push(Defect::Empty);
        return message;
    };
    read_headers(&mut message, &root.headers);
    let text = body_of(&parts, "text/plain");
    let html = body_of(&parts, "text/html");
    message.text = text.and_then(|index| part_text(&parts[index], raw));
    let stray = parts[text.unwrap_or(0)].stray.join("\n");
    message.stray_text = Some(clean_text(&stray)).filter(|stray| !stray.is_empty());
    message.html = html.and_then(|index| part_text(&parts[index], raw));
    for (index, part) in parts.iter().enumerate() {
        if part.is_multipart || Some(index) == text || Some(index) == html {
            continue;
        }
        take_report(&mut message, part, raw);
        take_attachment(&mut message, part, raw, limits);
    }
    message
}

fn read_headers(message: &mut Message, headers: &Headers) {
    let addresses = |name| {
        headers.all(name).flat_map(address::parse_list).collect::<Vec<Address>>()
    };
    let ids = |name| headers.get(name).map(header::message_ids).unwrap_or_default();
    message.subject = headers.text("Subject").filter(|subject| !subject.is_empty());
    message.from = addresses("From");
    message.to = addresses("To");
    message.cc = addresses("Cc");
    message.reply_to = addresses("Reply-To");
    message.message_id = ids("Message-ID").into_iter().next();
    message.in_reply_to = ids("In-Reply-To");
    message.references = ids("References");
    message.date = headers.get("Date").and_then(date::parse);
    if message.date.is_none() && headers.get("Date").is_some() {
        message.defects.push(Defect::UnreadableDate);
    }
    message.headers = headers.clone();
}

/// The part that is the body in `content_type`: the first that is not a file.
fn body_of(parts: &[Part], content_type: &str) -> Option<usize> {
    parts
        .iter()
        .position(|part| !part.is_multipart && part.content_type.value == content_type && !part.is_attachment())
}

fn part_text(part: &Part, raw: &[u8]) -> Option<String> {
    let text = charset::decode(&part.decoded(raw), part.content_type.get("charset"));
    Some(clean_text(&text)).filter(|text| !text.is_empty())
}

/// LF line ends, no blanks at the ends of lines, no white space around the whole.
pub fn clean_text(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let mut clean = String::with_capacity(text.len());
    for line in text.split('\n') {
        clean.push_str(line.trim_end_matches([' ', '\t']));
        clean.push('\n');
    }
    clean.trim().to_owned()
}

fn take_report(message: &mut Message, part: &Part, raw: &[u8]) {
    let kind = part.content_type.value.as_str();
    if kind.starts_with("message/") || kind == "text/rfc822-headers" {
        message.reports.push(ReportPart {
            content_type: kind.to_owned(),
            bytes: part.decoded(raw),
        });
    }
}

fn take_attachment(message: &mut Message, part: &Part, raw: &[u8], limits: &MailLimits) {
    if message.attachments.len() >= limits.attachments {
        if message.defects.last() != Some(&Defect::TooManyAttachments) {
            message.defects.push(Defect::TooManyAttachments);
        }
        return;
    }
    let bytes = part.decoded(raw);
    if bytes.is_empty() && part.filename().is_none() {
        return;
    }
    message.attachments.push(Attachment {
        filename: part.filename().map(str::to_owned),
        content_type: part.content_type.value.clone(),
        content_id: part
            .headers
            .get("Content-ID")
            .and_then(|value| header::message_ids(value).into_iter().next()),
        inline: part.disposition.value == "inline",
        bytes,
    });
}

impl Attachment {
    /// The SHA-256 of the content in lower-case hexadecimal digits, the name it is stored under.
    pub fn sha256(&self) -> String {
        use sha2::{Digest, Sha256};
        use std::fmt::Write as _;
        Sha256::digest(&self.bytes).iter().fold(String::with_capacity(64), |mut hex, byte| {
            // Writing to a string cannot fail.
            let _ = write!(hex, "{byte:02x}");
            hex
        })
    }
}
