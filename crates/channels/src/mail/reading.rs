//! What a message says, beyond what it contains.

use super::automatic::{Automatic, automatic};
use super::bounce::{Bounce, bounce};
use super::reply::{self, Parts, Signed};
use super::{MailLimits, Message, html, language};

/// What a message says: the reply its writer wrote, the rest, and whether it was a person who wrote.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reading {
    /// What the writer wrote now, without signature; empty when the message says nothing itself.
    pub visible_reply: String,
    /// The quoted messages; none when nothing was quoted.
    pub quoted: Option<String>,
    /// The signature below the reply.
    pub signature: Option<String>,
    /// The signs that a program sent the message.
    pub automatic: Automatic,
    /// What could not be delivered, when the message is a bounce.
    pub bounce: Option<Bounce>,
    /// The ISO 639-1 code of the language of the visible reply, when it can be told.
    pub language: Option<&'static str>,
}

impl Reading {
    /// Reads what `message` says.
    pub fn of(message: &Message) -> Self {
        let parts = parts_of(message);
        let Signed { text, signature } = reply::split_signature(&parts.reply);
        let signature = [signature.unwrap_or_default(), parts.signature].join("\n");
        Self {
            language: language(&text),
            visible_reply: text,
            quoted: said(&parts.quoted),
            signature: said(&signature),
            automatic: automatic(message),
            bounce: bounce(message),
        }
    }
}

/// The parts of the text, or of the HTML when there is no text.
fn parts_of(message: &Message) -> Parts {
    let limits = MailLimits::default();
    if let Some(text) = &message.body {
        return reply::parts(start_of(text, limits.reply_size));
    }
    let Some(source) = &message.html else {
        return Parts::default();
    };
    let stripped = reply::strip_html(start_of(source, limits.html_size));
    let plain = reply::parts(&html::to_text(&stripped.reply));
    Parts {
        quoted: [stripped.removed, plain.quoted].join("\n"),
        ..plain
    }
}

fn said(text: &str) -> Option<String> {
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

fn start_of(text: &str, most: usize) -> &str {
    let mut end = text.len().min(most);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}
