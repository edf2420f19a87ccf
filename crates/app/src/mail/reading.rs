//! What a received mail says, as far as filing asks.

use mainstay_channels::mail::bounce::Bounce;
use mainstay_channels::mail::html::{RemoteImages, sanitise, to_text};
use mainstay_channels::mail::{self, Address, Attachment, MailLimits, Message, Reading};

/// A mail that was read.
pub(super) struct Letter {
    pub message_id: Option<String>,
    pub subject: Option<String>,
    pub from: Option<Address>,
    /// Whom it names in `To` and `Cc`.
    pub correspondents: Vec<String>,
    /// To whom it went, by any header that says so.
    pub recipients: Vec<String>,
    /// The message ids it answers or refers to, the nearest first.
    pub references: Vec<String>,
    /// Why it is taken to be a machine's.
    pub automatic: Option<String>,
    pub bounce: Option<Bounce>,
    /// An address of a loop mark (`X-Loop`).
    pub loop_marks: Vec<String>,
    /// Whether `from` is the one author whom the one `From` names: only of such a mail other servers say who sent it.
    pub names_one_author: bool,
    /// The verdict on the sender that the last server on the way wrote. What stands below may be the sender's invention.
    pub authentication: Option<String>,
    /// What the writer wrote now.
    pub text: String,
    pub html: Option<String>,
    pub quoted: Option<String>,
    pub language: Option<String>,
    pub attachments: Vec<Attachment>,
}

/// The most ids that are looked up: the nearest ones say where a mail belongs.
const MOST_REFERENCES: usize = 50;

/// Reads a mail. This takes time with a large one and belongs on a thread of its own.
pub(super) fn read(raw: &[u8]) -> Letter {
    let message = mail::read(raw);
    let reading = Reading::of(&message);
    let from = sender(&message);
    let automatic = reading.automatic.is_automatic().then(|| {
        let sign = reading.automatic.signs.first();
        sign.map_or_else(|| "it says so".to_owned(), |sign| sign.reason.clone())
    });
    let html = message
        .html
        .as_ref()
        .filter(|html| html.len() <= MailLimits::default().html_size)
        .map(|html| sanitise(html, RemoteImages::Withhold, &|_| None).html);
    Letter {
        correspondents: named(&message).collect(),
        recipients: recipients(&message),
        references: references(&message, reading.bounce.as_ref()),
        automatic,
        loop_marks: loop_marks(&message),
        names_one_author: message.headers.all("From").count() == 1
            && message.from.len() == 1
            && message.from.first() == from.as_ref(),
        authentication: message
            .headers
            .get("Authentication-Results")
            .map(str::to_owned),
        text: visible_text(&message, &reading),
        html,
        quoted: reading.quoted,
        language: reading.language.map(str::to_owned),
        bounce: reading.bounce,
        from,
        message_id: message.message_id,
        subject: message.subject,
        attachments: message.attachments,
    }
}

/// Who wrote it: what `From` says, or else another field by which they can be answered.
fn sender(message: &Message) -> Option<Address> {
    let mut named = message.from.iter().chain(&message.reply_to);
    if let Some(found) = named.find(|from| from.address.contains('@')) {
        return Some(found.clone());
    }
    ["Sender", "Return-Path"].into_iter().find_map(|name| {
        let value = message.headers.get(name)?;
        let inside = value.rsplit_once('<').map_or(value, |(_, rest)| rest);
        let address = inside.split('>').next().unwrap_or_default().trim();
        let is_address = address.contains('@') && !address.contains(char::is_whitespace);
        is_address.then(|| Address {
            name: String::new(),
            address: address.to_lowercase(),
        })
    })
}

fn named(message: &Message) -> impl Iterator<Item = String> + '_ {
    let named = message.to.iter().chain(&message.cc);
    named.map(|to| to.address.clone())
}

fn recipients(message: &Message) -> Vec<String> {
    const ENVELOPE: [&str; 4] = [
        "Delivered-To",
        "X-Original-To",
        "Envelope-To",
        "X-Envelope-To",
    ];
    let mut recipients: Vec<String> = named(message).collect();
    for name in ENVELOPE {
        let values = message.headers.all(name);
        recipients
            .extend(values.map(|value| value.trim().trim_matches(['<', '>']).to_ascii_lowercase()));
    }
    recipients.dedup();
    recipients
}

fn references(message: &Message, bounce: Option<&Bounce>) -> Vec<String> {
    let returned = bounce.and_then(|bounce| bounce.original_message_id.clone());
    let mut references: Vec<String> = Vec::new();
    let nearest_first = returned
        .into_iter()
        .chain(message.in_reply_to.iter().cloned())
        .chain(message.references.iter().rev().cloned());
    for id in nearest_first {
        if references.len() < MOST_REFERENCES && !references.contains(&id) {
            references.push(id);
        }
    }
    references
}

fn loop_marks(message: &Message) -> Vec<String> {
    let marks = message.headers.all("X-Loop");
    marks.map(|mark| mark.trim().to_ascii_lowercase()).collect()
}

/// The reply; all of the text where nothing but quotation was found, as when somebody forwards a mail without a word.
fn visible_text(message: &Message, reading: &Reading) -> String {
    if !reading.visible_reply.trim().is_empty() {
        return reading.visible_reply.clone();
    }
    if let Some(text) = &message.body {
        return text.clone();
    }
    if let Some(html) = &message.html {
        return to_text(html).trim().to_owned();
    }
    String::new()
}
