//! What a message says, beyond what it contains.

use super::automatic::{Automatic, automatic};
use super::bounce::{Bounce, bounce};
use super::reply::{self, Reply, Signed};
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
        let Reply { reply, removed } = reply_of(message);
        let Signed { text, signature } = reply::split_signature(&reply);
        let (quoted, cut_signature) = split_removed(&removed);
        let signature = match (signature, cut_signature) {
            (Some(above), Some(below)) => Some(format!("{above}\n{below}")),
            (above, below) => above.or(below),
        };
        Self {
            language: language(&text),
            visible_reply: text,
            quoted,
            signature,
            automatic: automatic(message),
            bounce: bounce(message),
        }
    }
}

/// The reply in plain text: from the text, or from the HTML when there is no text.
fn reply_of(message: &Message) -> Reply {
    let limits = MailLimits::default();
    if let Some(text) = &message.text {
        return reply::strip(start_of(text, limits.reply_size));
    }
    let Some(source) = &message.html else {
        return Reply::default();
    };
    let stripped = reply::strip_html(start_of(source, limits.html_size));
    let plain = reply::strip(&html::to_text(&stripped.reply));
    let removed = [stripped.removed, plain.removed].join("\n");
    Reply {
        reply: plain.reply,
        removed: removed.trim().to_owned(),
    }
}

/// What was removed begins with the signature when the signature stands above the quotation.
fn split_removed(removed: &str) -> (Option<String>, Option<String>) {
    let lines: Vec<&str> = removed.lines().collect();
    let quoted_from = (0..lines.len())
        .find(|&index| reply::begins_quotation(&lines[index..]))
        .unwrap_or(lines.len());
    let joined = |lines: &[&str]| {
        let text = lines.join("\n").trim().to_owned();
        Some(text).filter(|text| !text.is_empty())
    };
    (joined(&lines[quoted_from..]), joined(&lines[..quoted_from]))
}

fn start_of(text: &str, most: usize) -> &str {
    let mut end = text.len().min(most);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}
