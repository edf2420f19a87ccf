//! Whatever a stranger mails is read within bounds, twice the same, and without losing a word.

use mainstay_channels::mail::html::RemoteImages;
use mainstay_channels::mail::{self, Address, MailLimits, Message, Reading, html, reply};
use mainstay_channels::reply_address::{
    MessageIdDomain, MessageIdVerdict, ReplyAddress, ReplyVerdict, SigningKey,
};

/// How many times as long as its bytes a text may be: a byte of some encodings is a letter of three.
const MOST_GROWTH: usize = 3;

/// Any bytes taken for a mail.
///
/// # Panics
/// When it is read beyond its bounds, differently the second time, or with words lost or signatures believed.
pub fn mail(data: &[u8]) {
    let message = mail::read(data);
    check_message(data, &message);
    let reading = Reading::of(&message);
    assert_eq!(
        reading,
        Reading::of(&mail::read(data)),
        "read differently the second time"
    );
    check_reading(&message, &reading);
    if let Some(body) = &message.body {
        check_stripping(body);
    }
    if let Some(source) = &message.html {
        let safe = html::sanitise(source, RemoteImages::Withhold, &|_| None);
        crate::html::check_safe(&safe.html, RemoteImages::Withhold);
    }
    check_signatures(&message);
}

fn check_message(data: &[u8], message: &Message) {
    let limits = MailLimits::default();
    assert!(message.attachments.len() <= limits.attachments);
    let kept: usize = message
        .attachments
        .iter()
        .map(|file| file.bytes.len())
        .sum();
    assert!(
        kept <= data.len(),
        "{} bytes became {kept} of attachments",
        data.len()
    );
    for text in [&message.text, &message.body, &message.html]
        .into_iter()
        .flatten()
    {
        assert!(text.len() <= MOST_GROWTH * data.len() + 100);
        assert!(!text.is_empty() && !text.contains('\r'), "{text:?}");
        assert!(
            text.lines().all(|line| !line.ends_with([' ', '\t'])),
            "{text:?}"
        );
    }
    let names = message
        .attachments
        .iter()
        .filter_map(|file| file.filename.as_deref());
    for line in message.subject.as_deref().into_iter().chain(names) {
        assert!(!line.contains(['\r', '\n']), "more than one line: {line:?}");
    }
    let ids = message.message_id.iter();
    for id in ids.chain(&message.in_reply_to).chain(&message.references) {
        assert!(
            !id.is_empty() && !id.contains(|c: char| c.is_whitespace() || "<>".contains(c)),
            "{id:?}"
        );
    }
    for address in addresses(message) {
        assert!(
            !address.address.is_empty() && !address.address.contains(['\r', '\n', '<', '>']),
            "{address:?}"
        );
        // Only what a local part quotes has blanks.
        let quoted = address.address.starts_with('"');
        let bare = address.address.rsplit_once("\"@").filter(|_| quoted);
        let bare = bare.map_or(address.address.as_str(), |(_, domain)| domain);
        assert!(!bare.contains(' '), "{address:?}");
        assert!(!address.name.contains(['\r', '\n']), "{address:?}");
    }
}

fn addresses(message: &Message) -> impl Iterator<Item = &Address> {
    let senders = message.from.iter().chain(&message.reply_to);
    senders.chain(&message.to).chain(&message.cc)
}

fn check_reading(message: &Message, reading: &Reading) {
    if let Some(body) = &message.body {
        let most = body.len() + 2;
        assert!(reading.visible_reply.len() <= most);
        assert!(
            reading
                .signature
                .as_ref()
                .is_none_or(|text| text.len() <= 2 * most)
        );
    }
    if let Some(bounce) = &reading.bounce {
        assert!(!bounce.recipients.is_empty(), "a bounce of nobody's mail");
        for recipient in &bounce.recipients {
            assert!(!recipient.address.is_empty());
        }
    }
}

/// Every letter and digit of a text stands in the reply or in what was removed, unless a line is quoted, which is
/// written in the usual form.
fn check_stripping(text: &str) {
    if text.contains(['>', '|']) {
        return;
    }
    let stripped = reply::strip(text);
    let letters = |text: &str| {
        let mut letters: Vec<char> = text.chars().filter(|c| c.is_alphanumeric()).collect();
        letters.sort_unstable();
        letters
    };
    let both = format!("{}\n{}", stripped.reply, stripped.removed);
    assert_eq!(
        letters(&both),
        letters(text),
        "stripping {text:?} lost or doubled something"
    );
}

/// Nobody can write an address or an id that passes for one of ours without the key.
fn check_signatures(message: &Message) {
    let (Ok(key), Ok(ours), Ok(ids)) = (
        SigningKey::new(*b"a key that no input can ever know"),
        ReplyAddress::new("support", "example.com"),
        MessageIdDomain::new("example.com"),
    ) else {
        panic!("the key, the address and the domain are sound");
    };
    for address in addresses(message) {
        let verdict = ours.verify(&address.address, &key);
        assert!(!matches!(verdict, ReplyVerdict::Ours(_)), "{address:?}");
    }
    for id in message.message_id.iter().chain(&message.references) {
        let verdict = ids.verify(id, &key);
        assert!(!matches!(verdict, MessageIdVerdict::Ours(_)), "{id:?}");
    }
}
