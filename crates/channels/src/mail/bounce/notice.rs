//! What a mail daemon writes for people: whom it could not reach and why.

use std::sync::LazyLock;

use regex::Regex;

use super::super::{Address, Message, html};

/// What is written for people: the text, or that of the HTML.
pub fn notice_of(message: &Message) -> Option<String> {
    let from_html = || {
        let source = message.html.as_deref()?;
        Some(html::to_text(
            source
                .get(..source.len().min(NOTICE_SIZE))
                .unwrap_or(source),
        ))
    };
    message.text.clone().or_else(from_html)
}

/// No notice is longer than this many bytes.
const NOTICE_SIZE: usize = 200_000;

/// The first recipients named in the text, up to where the original message is quoted.
pub fn recipients_in(text: &str) -> Vec<Address> {
    static RECIPIENT: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r"(?im)^\s*(?:to:?\s+|rcpt to:\s*|recipient:?\s+(?:address:?\s*)?|original-recipient:\s*|final-recipient:\s*)?(?:rfc822;\s*)?<?([\w.!#$%&'*+/=?^`{|}~-]+@[\w-]+(?:\.[\w-]+)+)>?\s*(?:[:(;].*|\.{3}.*)?$").ok()
    });
    let notice = notice_part(text);
    let mut recipients: Vec<Address> = Vec::new();
    for captures in RECIPIENT
        .as_ref()
        .into_iter()
        .flat_map(|pattern| pattern.captures_iter(notice))
        .take(100)
    {
        let address = captures[1].to_lowercase();
        if recipients.iter().all(|known| known.address != address) {
            recipients.push(Address {
                name: String::new(),
                address,
            });
        }
    }
    recipients
}

/// The first address that the notice mentions within a sentence, unless it is the one the notice was sent to or one to
/// write to for help.
pub fn mentioned_in(message: &Message, text: &str) -> Vec<Address> {
    static MENTIONED: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"(?i)[\w.!#$%&'*+/=?^`{|}~-]+@[\w-]+(?:\.[\w-]+)+").ok());
    let is_other = |address: &str| {
        let local = address.split('@').next().unwrap_or_default();
        !HELPERS.contains(&local)
            && !message
                .to
                .iter()
                .chain(&message.from)
                .any(|known| known.address == address)
    };
    MENTIONED
        .as_ref()
        .into_iter()
        .flat_map(|pattern| pattern.find_iter(notice_part(text)))
        .map(|found| found.as_str().to_lowercase())
        .find(|address| is_other(address))
        .map(|address| Address {
            name: String::new(),
            address,
        })
        .into_iter()
        .collect()
}

/// Local parts of addresses that a notice names for help.
const HELPERS: [&str; 8] = [
    "postmaster",
    "mailer-daemon",
    "support",
    "abuse",
    "help",
    "helpdesk",
    "admin",
    "administrator",
];

/// The text up to where the original message is quoted.
fn notice_part(text: &str) -> &str {
    QUOTED_ORIGINAL
        .as_ref()
        .and_then(|pattern| pattern.find(text))
        .map_or(text, |found| &text[..found.start()])
}

/// Where a notice begins to quote the message it is about.
static QUOTED_ORIGINAL: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?im)^[\s-]*(?:-{2,}.*(?:copy of (?:the|your) message|original message|returned message|unsent message|message header)|below this line is a copy|(?:the )?(?:original )?message (?:headers? )?follows?\b|(?:return-path|received|message-id):)").ok()
});

/// The enhanced status code in a text, or one made of the class of a plain SMTP reply code.
pub fn status_in(text: &str) -> Option<String> {
    static ENHANCED: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r"(?:^|[\s#(\[:-])([45]\.\d{1,3}\.\d{1,3})(?:[\s)\]:;,-]|$)").ok()
    });
    static PLAIN: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r"(?im)(?:^|said:|error:?|returned|reply:?|response:?|status|smtp;|\()\s*([45])[0-5]\d[\s-]").ok()
    });
    if let Some(captures) = ENHANCED.as_ref()?.captures(text) {
        return Some(captures[1].to_owned());
    }
    let captures = PLAIN.as_ref()?.captures(text)?;
    Some(format!("{}.0.0", &captures[1]))
}

/// Whether the notice says that the message will not be tried again.
pub fn is_given_up(text: &str) -> bool {
    let text = text.to_lowercase();
    [
        "permanent error",
        "permanent fatal error",
        "retry timeout exceeded",
        "retry time not reached for any host after a long failure period",
        "given up",
        "giving up",
        "not going to try again",
        "in the queue too long",
        "will not be retried",
        "no further attempts",
    ]
    .iter()
    .any(|word| text.contains(word))
}

/// Whether the notice speaks of a delay.
pub fn is_delay(message: &Message, text: &str) -> bool {
    let mentions = |text: &str| {
        let text = text.to_lowercase();
        [
            "delayed",
            "delay)",
            "will be retried",
            "will continue trying",
            "still trying",
            "you do not need to resend",
            "warning message only",
        ]
        .iter()
        .any(|word| text.contains(word))
    };
    message.subject.as_deref().is_some_and(mentions) || mentions(text)
}
