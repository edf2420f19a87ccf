//! A message as its reader sees it: who, when, what about, the text, the HTML and the attachments.

use jiff::Timestamp;

use super::address::{self, Address};
use super::header::{self, Headers};
use super::structure::{self, Part, Structure};
use super::{Defect, MailLimits, body, charset, date};

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
    /// The first part in plain text: LF line ends, no blanks at line ends, no empty lines around it. Lines that the sender
    /// put where its header should have ended are the beginning of it.
    pub text: Option<String>,
    /// The text as it is to be read: all parts in plain text that are read one after the other, lines that only the way
    /// broke joined again, and without the frame of a signature. None when there is no `text`.
    pub body: Option<String>,
    /// The first part in HTML, cleaned as `text` is; unsafe to show as it stands.
    pub html: Option<String>,
    /// The parts that are to be kept as files, in document order; none of those that `body` holds.
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
    let mut message = Message {
        defects,
        ..Message::default()
    };
    if raw.trim_ascii().is_empty() {
        message.defects.push(Defect::Empty);
    }
    let Some(root) = parts.first() else {
        return message;
    };
    read_headers(&mut message, &root.headers);
    let text = body_of(&parts, "text/plain");
    let html = body_of(&parts, "text/html");
    message.text = text_of(&parts[text.unwrap_or(0)], text.is_some(), raw);
    message.body = message
        .text
        .as_ref()
        .map(|first| body::body(&parts, text.unwrap_or(0), first, raw))
        .filter(|body| !body.is_empty());
    message.html = html.and_then(|index| part_text(&parts[index], raw));
    for (index, part) in parts.iter().enumerate() {
        if part.is_multipart || Some(index) == text || Some(index) == html {
            continue;
        }
        if text.is_some_and(|first| body::is_read_with(&parts, first, index)) {
            continue;
        }
        take_report(&mut message, part, raw);
        take_attachment(&mut message, part, raw, limits);
    }
    message
}

fn read_headers(message: &mut Message, headers: &Headers) {
    let addresses = |name| {
        headers
            .all(name)
            .flat_map(address::parse_list)
            .collect::<Vec<Address>>()
    };
    let ids = |name| {
        headers
            .get(name)
            .map(header::message_ids)
            .unwrap_or_default()
    };
    message.subject = headers
        .text("Subject")
        .filter(|subject| !subject.is_empty());
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
    parts.iter().position(|part| {
        !part.is_multipart && part.content_type.value == content_type && !part.is_attachment()
    })
}

fn part_text(part: &Part, raw: &[u8]) -> Option<String> {
    let text = charset::decode(&part.decoded(raw), part.content_type.get("charset"));
    Some(clean_text(&text)).filter(|text| !text.is_empty())
}

/// The text of `part`, or only its stray lines when it is another kind of part.
fn text_of(part: &Part, is_text: bool, raw: &[u8]) -> Option<String> {
    let text = if is_text { part_text(part, raw) } else { None };
    Some(below_stray_lines(part, &text.unwrap_or_default())).filter(|text| !text.is_empty())
}

/// A text of `part`, below the lines that strayed among its headers.
pub fn below_stray_lines(part: &Part, text: &str) -> String {
    let stray = clean_text(&part.stray.join("\n"));
    match (stray.is_empty(), text.is_empty()) {
        (false, false) => format!("{stray}\n\n{text}"),
        (true, _) => text.to_owned(),
        (_, true) => stray,
    }
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
    if bytes.is_empty() && !part.is_attachment() {
        return;
    }
    message.attachments.push(Attachment {
        // Encoded, it may hold line ends and other controls.
        filename: part
            .filename()
            .map(|name| name.replace(char::is_control, " ")),
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
        Sha256::digest(&self.bytes)
            .iter()
            .fold(String::with_capacity(64), |mut hex, byte| {
                // Writing to a string cannot fail.
                let _ = write!(hex, "{byte:02x}");
                hex
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIXED: &str = concat!(
        "From: Eva Roth <eva@example.com>\r\nTo: help@example.com\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n",
        "Message-ID: <1@example.com>\r\nReferences: <a@x>\r\n\t<b@x>\r\nDate: Thu, 4 May 2023 10:35:52 +0200\r\n",
        "Content-Type: multipart/mixed; boundary=\"outer\"\r\n\r\npreamble\r\n--outer\r\n",
        "Content-Type: multipart/alternative; boundary=inner\r\n\r\n--inner\r\n",
        "Content-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n",
        "Gr=FC=DFe   \r\nsoft=\r\nly\r\n--inner\r\nContent-Type: text/html\r\n\r\n<p>Hi</p>\r\n--inner--\r\n",
        "--outer\r\nContent-Type: image/png; name=\"a.png\"\r\nContent-ID: <img1>\r\n",
        "Content-Disposition: inline\r\nContent-Transfer-Encoding: base64\r\n\r\naGVsbG8=\r\n--outer--\r\nepilogue\r\n",
    );

    #[test]
    fn reads_fields_bodies_and_attachments() {
        let message = read(MIXED.as_bytes());
        assert_eq!(message.subject.as_deref(), Some("Grüße"));
        assert_eq!(message.references, ["a@x", "b@x"]);
        assert_eq!(message.text.as_deref(), Some("Grüße\nsoftly"));
        assert_eq!(message.html.as_deref(), Some("<p>Hi</p>"));
        assert_eq!(message.defects, []);
        let [image] = message.attachments.as_slice() else {
            panic!("one attachment expected: {:?}", message.attachments);
        };
        assert_eq!(image.filename.as_deref(), Some("a.png"));
        assert_eq!(image.content_id.as_deref(), Some("img1"));
        assert_eq!(image.bytes, b"hello");
        assert_eq!(
            image.sha256(),
            "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
        );
    }

    #[test]
    fn the_name_of_a_file_is_one_line() {
        let raw = "Content-Type: image/png; name*=utf-8''a%0D%0Ab%00.png\n\nx";
        let message = read(raw.as_bytes());
        assert_eq!(
            message.attachments[0].filename.as_deref(),
            Some("a  b .png")
        );
    }

    #[test]
    fn a_missing_end_ends_with_the_part_around_it() {
        let raw = "Content-Type: multipart/mixed; boundary=o\n\n--o\nContent-Type: multipart/mixed; boundary=i\n\n--i\n\ntext\n--o\nContent-Type: text/html\n\n<b>\n--o--\n";
        let message = read(raw.as_bytes());
        assert_eq!(message.text.as_deref(), Some("text"));
        assert_eq!(message.html.as_deref(), Some("<b>"));
        assert_eq!(message.defects, [Defect::MultipartWithoutEnd]);
    }

    #[test]
    fn text_in_place_of_the_empty_line_is_not_lost() {
        let message = read(b"Subject: x\nHello,\n\nmy printer burns.\n");
        assert_eq!(message.text.as_deref(), Some("Hello,\n\nmy printer burns."));
        assert_eq!(message.defects, [Defect::StrayHeaderLine]);
        let message = read(b"Hello,\nmy printer burns.\n");
        assert_eq!(message.text.as_deref(), Some("Hello,\nmy printer burns."));
    }

    #[test]
    fn empty_lines_before_the_header_are_skipped() {
        for raw in [
            "\r\n  \r\nSubject: x\r\n\r\ntext\r\n",
            "\n\nSubject: x\n\ntext\n",
            "\u{feff}Subject: x\n\ntext\n",
        ] {
            let message = read(raw.as_bytes());
            assert_eq!(message.subject.as_deref(), Some("x"));
            assert_eq!(message.text.as_deref(), Some("text"));
        }
        assert_eq!(
            read(b"\n\nHello, Eva\n").text.as_deref(),
            Some("Hello, Eva")
        );
    }

    #[test]
    fn neighbouring_japanese_words_are_joined() {
        let message = read(
            b"Subject: =?ISO-2022-JP?B?GyRCJUYlOSVIGyhC?=\n =?ISO-2022-JP?B?GyRCJUYlOSVIGyhC?=\n\ntext",
        );
        assert_eq!(message.subject.as_deref(), Some("テストテスト"));
    }

    #[test]
    fn a_text_with_a_file_name_is_an_attachment() {
        let raw = "Content-Type: multipart/mixed; boundary=o\n\n--o\nContent-Disposition: attachment; filename=log.txt\n\nlog\n--o\n\ntext\n--o--";
        let message = read(raw.as_bytes());
        assert_eq!(message.text.as_deref(), Some("text"));
        assert_eq!(message.attachments[0].filename.as_deref(), Some("log.txt"));
    }

    #[test]
    fn nothing_is_a_message_with_a_defect() {
        assert_eq!(read(b"").defects, [Defect::Empty]);
    }

    #[test]
    fn bounds_hold_and_say_so() {
        let mut deep = String::from("Content-Type: multipart/mixed; boundary=b0\n\n");
        for level in 0..10_000 {
            deep.push_str(&format!(
                "--b{level}\nContent-Type: multipart/mixed; boundary=b{}\n\n",
                level + 1
            ));
        }
        assert!(read(deep.as_bytes()).defects.contains(&Defect::TooDeep));

        let many = format!(
            "Content-Type: multipart/mixed; boundary=b\n\n{}",
            "--b\nContent-Type: image/png\n\nx\n".repeat(5_000)
        );
        let limits = MailLimits {
            attachments: 3,
            ..MailLimits::default()
        };
        let message = read_within(many.as_bytes(), &limits);
        assert!(message.defects.contains(&Defect::TooManyParts));
        assert!(message.defects.contains(&Defect::TooManyAttachments));
        assert_eq!(message.attachments.len(), 3);

        let fields = "X: y\n".repeat(100_000);
        assert!(
            read(fields.as_bytes())
                .defects
                .contains(&Defect::HeaderTooLarge)
        );
        let folded = format!("Subject: x\n{}\n", " y\n".repeat(1_000_000));
        assert!(
            read(folded.as_bytes())
                .defects
                .contains(&Defect::HeaderTooLarge)
        );

        let limits = MailLimits {
            size: 20,
            ..MailLimits::default()
        };
        assert_eq!(
            read_within(b"Subject: x\n\n0123456789", &limits).defects,
            [Defect::TooLarge]
        );
    }

    #[test]
    fn sixty_megabytes_are_read() {
        let mut raw = b"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: application/x; name=f\nContent-Transfer-Encoding: base64\n\n".to_vec();
        raw.extend(
            std::iter::repeat_n(b"QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo=\n", 60 << 20 >> 5).flatten(),
        );
        raw.extend_from_slice(b"--b--\n");
        let message = read(&raw);
        assert_eq!(message.attachments[0].bytes.len(), (60 << 20 >> 5) * 26);
    }
}
