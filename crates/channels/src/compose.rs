//! A message to be sent: from a plain value to the bytes of RFC 5322.
//!
//! Composing is pure and repeatable. The date, the message id and the boundaries between the parts all come from the
//! value, so that a second attempt sends the same bytes as the first.

use jiff::Timestamp;
use lettre::Address;
use lettre::message::header::{self, ContentType, HeaderName, HeaderValue, Headers};
use lettre::message::{
    Attachment as AttachmentPart, Body, Mailbox, Mailboxes, MultiPart, SinglePart,
};
use sha2::{Digest, Sha256};

/// How many ids `References` carries at most. The first one, which began the thread, and the latest are kept, as
/// RFC 5537 (3.4.4) does for news: some servers cut or refuse longer headers.
const MOST_REFERENCES: usize = 20;

/// The longest message id that is put into a header, in characters, so that no line passes the 998 of RFC 5322 (2.1.1).
const MESSAGE_ID_LIMIT: usize = 250;

/// An address with the name shown beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Correspondent {
    /// The name, if there is one.
    pub name: Option<String>,
    /// The address, `someone@example.com`.
    pub address: String,
}

impl Correspondent {
    /// An address without a name.
    pub fn new(address: impl Into<String>) -> Correspondent {
        Correspondent {
            name: None,
            address: address.into(),
        }
    }

    /// An address and a name.
    pub fn named(name: impl Into<String>, address: impl Into<String>) -> Correspondent {
        Correspondent {
            name: Some(name.into()),
            address: address.into(),
        }
    }
}

/// Where the reports about undelivered mail go (the envelope sender).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReturnPath {
    /// To the sender.
    Sender,
    /// To this address.
    Address(String),
    /// Nowhere, so that an automatic answer can never start a loop (RFC 3834, 3.3).
    Nowhere,
}

/// Whether a person wrote the message (RFC 3834, 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A person did; no header is added.
    Person,
    /// The program did, unasked: `Auto-Submitted: auto-generated`.
    Generated,
    /// The program did, in answer to a message: `Auto-Submitted: auto-replied`.
    Replied,
}

/// A file that goes with a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment {
    /// The name it is saved under.
    pub file_name: String,
    /// Its media type; one that cannot be read becomes `application/octet-stream`.
    pub content_type: String,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// A message to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutgoingMail {
    /// Who writes.
    pub from: Correspondent,
    /// Whom it is for.
    pub to: Vec<Correspondent>,
    /// Who else gets it.
    pub cc: Vec<Correspondent>,
    /// Where answers go, when not to `from`: the signed reply address.
    pub reply_to: Option<Correspondent>,
    /// Where bounces go.
    pub return_path: ReturnPath,
    /// The subject. Line breaks and control characters become spaces.
    pub subject: String,
    /// The text.
    pub text: String,
    /// The same as HTML, sanitised by whoever made it.
    pub html: Option<String>,
    /// The message's own id, without angle brackets, the same at each attempt.
    pub message_id: String,
    /// The id of the message that this one answers.
    pub in_reply_to: Option<String>,
    /// The ids of the thread, oldest first. Ids that no header can carry are left out: they are other people's.
    pub references: Vec<String>,
    /// Whether a person wrote it.
    pub origin: Origin,
    /// The date it bears.
    pub date: Timestamp,
    /// The files that go with it.
    pub attachments: Vec<Attachment>,
}

/// A message ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ComposedMail {
    /// The envelope's sender; none is the empty return path `<>`.
    pub sender: Option<Address>,
    /// The envelope's recipients: everybody in `to` and `cc`, each once.
    pub recipients: Vec<Address>,
    /// Headers and body, lines ended by CRLF, ASCII only.
    pub bytes: Vec<u8>,
}

/// Why a message cannot be composed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ComposeError {
    /// An address is none.
    #[error("`{address}` in {field} is not an e-mail address: {reason}")]
    Address {
        /// Which header it is in.
        field: &'static str,
        /// The text.
        address: String,
        /// What is wrong with it.
        reason: String,
    },
    /// There is nobody to send it to.
    #[error("the message has no recipient: give at least one in `to`")]
    NoRecipient,
    /// The message's own id cannot be written into a header.
    #[error("`{0}` is not a message id: it needs the form `left@right`, in ASCII without spaces")]
    MessageId(String),
    /// The date is before the year 1 or otherwise out of the range that RFC 5322 can write.
    #[error("the date {0} cannot be written in a mail header")]
    Date(Timestamp),
}

impl OutgoingMail {
    /// The message as it goes over the wire, with its envelope.
    ///
    /// # Errors
    /// When an address, the message id or the date cannot be written, or nobody is to receive it.
    pub fn compose(&self) -> Result<ComposedMail, ComposeError> {
        let to = mailboxes("To", &self.to)?;
        let cc = mailboxes("Cc", &self.cc)?;
        let mut recipients: Vec<Address> = Vec::new();
        for mailbox in to.iter().chain(&cc) {
            if !recipients.contains(&mailbox.email) {
                recipients.push(mailbox.email.clone());
            }
        }
        if recipients.is_empty() {
            return Err(ComposeError::NoRecipient);
        }
        let from = mailbox("From", &self.from)?;
        let sender = match &self.return_path {
            ReturnPath::Sender => Some(from.email.clone()),
            ReturnPath::Address(address) => Some(mail_address("Return-Path", address)?),
            ReturnPath::Nowhere => None,
        };
        let headers = self.headers(from, to, cc)?;
        let mut bytes = headers.to_string().into_bytes();
        bytes.extend(self.body());
        Ok(ComposedMail {
            sender,
            recipients,
            bytes,
        })
    }

    fn headers(
        &self,
        from: Mailbox,
        to: Vec<Mailbox>,
        cc: Vec<Mailbox>,
    ) -> Result<Headers, ComposeError> {
        if !is_message_id(&self.message_id) {
            return Err(ComposeError::MessageId(self.message_id.clone()));
        }
        let mut headers = Headers::new();
        headers.insert_raw(self.date_header()?);
        headers.set(header::MessageId::from(format!("<{}>", self.message_id)));
        headers.set(header::From::from(Mailboxes::from(from)));
        if !to.is_empty() {
            headers.set(header::To::from(to.into_iter().collect::<Mailboxes>()));
        }
        if !cc.is_empty() {
            headers.set(header::Cc::from(cc.into_iter().collect::<Mailboxes>()));
        }
        if let Some(reply_to) = &self.reply_to {
            headers.set(header::ReplyTo::from(Mailboxes::from(mailbox(
                "Reply-To", reply_to,
            )?)));
        }
        headers.set(header::Subject::from(one_line(&self.subject)));
        if let Some(parent) = self
            .in_reply_to
            .as_deref()
            .map(without_brackets)
            .filter(|id| is_message_id(id))
        {
            headers.set(header::InReplyTo::from(format!("<{parent}>")));
        }
        let references = self.bounded_references();
        if !references.is_empty() {
            headers.set(header::References::from(references.join(" ")));
        }
        if let Some(automatic) = self.origin.header() {
            headers.insert_raw(automatic);
        }
        headers.set(header::MIME_VERSION_1_0);
        Ok(headers)
    }

    fn date_header(&self) -> Result<HeaderValue, ComposeError> {
        let zoned = self.date.to_zoned(jiff::tz::TimeZone::UTC);
        let date =
            jiff::fmt::rfc2822::to_string(&zoned).map_err(|_| ComposeError::Date(self.date))?;
        let name = HeaderName::new_from_ascii_str("Date");
        Ok(HeaderValue::dangerous_new_pre_encoded(
            name,
            date.clone(),
            date,
        ))
    }

    /// The ids of the thread in angle brackets, the parent last, cut in the middle when there are too many.
    fn bounded_references(&self) -> Vec<String> {
        let mut ids: Vec<&str> = Vec::new();
        for id in self.references.iter().chain(&self.in_reply_to) {
            let id = without_brackets(id);
            if is_message_id(id) {
                // A repeated id counts where it was named last, which keeps the parent at the end.
                ids.retain(|known| *known != id);
                ids.push(id);
            }
        }
        if ids.len() > MOST_REFERENCES {
            let dropped = ids.len() - MOST_REFERENCES;
            ids.drain(1..=dropped);
        }
        ids.into_iter().map(|id| format!("<{id}>")).collect()
    }

    fn body(&self) -> Vec<u8> {
        let text = SinglePart::plain(crlf_lines(&self.text));
        let html = self
            .html
            .as_deref()
            .map(|html| SinglePart::html(crlf_lines(html)));
        if self.attachments.is_empty() {
            return match html {
                None => text.formatted(),
                Some(html) => self.alternative(text, html).formatted(),
            };
        }
        let mixed = MultiPart::mixed().boundary(self.boundary("mixed"));
        let mut mixed = match html {
            None => mixed.singlepart(text),
            Some(html) => mixed.multipart(self.alternative(text, html)),
        };
        for attachment in &self.attachments {
            mixed = mixed.singlepart(attachment.part());
        }
        mixed.formatted()
    }

    fn alternative(&self, text: SinglePart, html: SinglePart) -> MultiPart {
        MultiPart::alternative()
            .boundary(self.boundary("alternative"))
            .singlepart(text)
            .singlepart(html)
    }

    /// A line that ends a part. It depends on all of the content, so nobody who writes one part can predict it and end
    /// that part early, and it is the same at each attempt.
    fn boundary(&self, part: &str) -> String {
        let mut hash = Sha256::new();
        for piece in [
            part,
            &self.message_id,
            &self.text,
            self.html.as_deref().unwrap_or_default(),
        ] {
            hash.update(Sha256::digest(piece));
        }
        for attachment in &self.attachments {
            hash.update(Sha256::digest(&attachment.bytes));
        }
        hash.finalize()[..16]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }
}

impl Attachment {
    fn part(&self) -> SinglePart {
        let content_type = ContentType::parse(&self.content_type)
            .or_else(|_| ContentType::parse("application/octet-stream"))
            .unwrap_or(ContentType::TEXT_PLAIN);
        // Base 64 for every kind of file: a file must arrive byte for byte, and other encodings touch line ends.
        let body =
            Body::new_with_encoding(self.bytes.clone(), header::ContentTransferEncoding::Base64);
        let body = body.unwrap_or_else(Body::new);
        AttachmentPart::new(plain_file_name(&self.file_name)).body(body, content_type)
    }
}

impl Origin {
    fn header(self) -> Option<HeaderValue> {
        let value = match self {
            Origin::Person => return None,
            Origin::Generated => "auto-generated",
            Origin::Replied => "auto-replied",
        };
        let name = HeaderName::new_from_ascii_str("Auto-Submitted");
        Some(HeaderValue::new(name, value.to_owned()))
    }
}

fn mailboxes(field: &'static str, people: &[Correspondent]) -> Result<Vec<Mailbox>, ComposeError> {
    people.iter().map(|person| mailbox(field, person)).collect()
}

fn mailbox(field: &'static str, person: &Correspondent) -> Result<Mailbox, ComposeError> {
    let name = person
        .name
        .as_deref()
        .map(one_line)
        .filter(|name| !name.is_empty());
    Ok(Mailbox::new(name, mail_address(field, &person.address)?))
}

/// Parses an address for an envelope or a header. A domain in other letters than ASCII is written in its ASCII form.
pub(crate) fn mail_address(field: &'static str, text: &str) -> Result<Address, ComposeError> {
    let refuse = |reason: &str| ComposeError::Address {
        field,
        address: text.to_owned(),
        reason: reason.to_owned(),
    };
    let Some((local, domain)) = text.rsplit_once('@') else {
        return Err(refuse("there is no `@`"));
    };
    if !local.is_ascii() {
        return Err(refuse(
            "letters outside ASCII before the `@` are not supported",
        ));
    }
    let domain = match domain.is_ascii() {
        true => domain.to_owned(),
        false => idna::domain_to_ascii(domain).map_err(|_| refuse("the domain is not valid"))?,
    };
    Address::new(local, domain).map_err(|error| refuse(&error.to_string().to_lowercase()))
}

/// The text on one line: runs of white space and control characters become one space. Without line breaks nobody can
/// add a header of their own. An encoded word (`=?…?=`) that the text itself contains is broken up, for every reader
/// would decode it and show something else than what was written.
pub(crate) fn one_line(text: &str) -> String {
    text.split(|letter: char| letter.is_whitespace() || letter.is_control())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
        .replace("=?", "= ?")
}

/// A file name on one line and in no folder.
fn plain_file_name(name: &str) -> String {
    let name = one_line(name).replace(['/', '\\'], "_");
    if name.is_empty() {
        "attachment".to_owned()
    } else {
        name
    }
}

fn crlf_lines(text: &str) -> String {
    let unix = text.replace("\r\n", "\n").replace('\r', "\n");
    unix.replace('\n', "\r\n")
}

fn without_brackets(id: &str) -> &str {
    id.trim().trim_start_matches('<').trim_end_matches('>')
}

fn is_message_id(id: &str) -> bool {
    let printable = |byte: u8| byte.is_ascii_graphic() && byte != b'<' && byte != b'>';
    id.len() <= MESSAGE_ID_LIMIT
        && id.bytes().all(printable)
        && id
            .split_once('@')
            .is_some_and(|(left, right)| !left.is_empty() && !right.is_empty())
}

#[cfg(test)]
mod tests;
