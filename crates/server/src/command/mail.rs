//! `mainstay mail`: e-mail.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};
use mainstay_channels::mail::automatic::{Automatic, AutomaticKind, Evidence};
use mainstay_channels::mail::bounce::{Bounce, FailedRecipient, Permanence};
use mainstay_channels::mail::{self, Address, Attachment, Message, Reading, reply};
use serde_json::{Value, json};

use super::output::say;
use crate::Failure;

mod receive;

pub use receive::Receive;

/// What can be done with e-mail.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Read a raw message and show what is in it
    Read(Read),
    /// Take in a raw message given on standard input: the end of a mail server's pipe
    ///
    /// The message is stored as it is, then read and filed, and the command says what became of it. It ends with 0 once the
    /// message is safe, whatever became of it; with 65 when there was none or it is longer than mail.max_message, upon which
    /// a mail server returns it to its sender; and with 75 in any other case, upon which a mail server keeps it and tries
    /// again. Giving the same message twice keeps it once.
    Receive(Receive),
    /// Strip quotations and signatures from a text given on standard input
    Reply(Strip),
    /// Split the signature off a text given on standard input
    Signature(Signature),
}

/// Read a raw message and show what is in it
#[derive(Debug, Args)]
pub struct Read {
    /// The raw message (RFC 5322), or `-` for standard input
    file: PathBuf,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Strip quotations and signatures from a text given on standard input
#[derive(Debug, Args)]
pub struct Strip {
    /// What the text is
    #[arg(long, value_enum, default_value_t = Kind::Plain)]
    kind: Kind,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// What a text to be stripped is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// Plain text: prints the visible reply
    Plain,
    /// HTML: prints the HTML of the visible reply
    Html,
    /// Plain text that carries a forwarded message: prints what stands before it
    Embedded,
}

/// Split the signature off a text given on standard input
#[derive(Debug, Args)]
pub struct Signature {
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

impl Command {
    /// Runs the command.
    ///
    /// # Errors
    /// Returns what went wrong, in words for the person who typed the command.
    pub fn run(self) -> Result<(), Failure> {
        match self {
            Self::Read(read) => read.run(),
            Self::Receive(receive) => receive.run(),
            Self::Reply(strip) => strip.run(),
            Self::Signature(signature) => signature.run(),
        }
    }
}

impl Read {
    fn run(self) -> Result<(), Failure> {
        let raw = read_input(&self.file)?;
        let message = mail::read(&raw);
        let reading = Reading::of(&message);
        if self.json {
            say(message_json(&message, &reading))
        } else {
            say(summary(&message, &reading).trim_end_matches('\n'))
        }
    }
}

impl Strip {
    fn run(self) -> Result<(), Failure> {
        let text = read_text()?;
        let (plain, value) = match self.kind {
            Kind::Plain => {
                let reply = reply::strip(&text);
                (
                    reply.reply.clone(),
                    json!({"reply": reply.reply, "removed": reply.removed}),
                )
            }
            Kind::Html => {
                let reply = reply::strip_html(&text);
                (
                    reply.reply.clone(),
                    json!({"reply": reply.reply, "removed": reply.removed}),
                )
            }
            Kind::Embedded => {
                let found = reply::embedded(&text);
                (
                    found.before.clone(),
                    json!({"before": found.before, "embedded": found.embedded}),
                )
            }
        };
        if self.json { say(value) } else { say(plain) }
    }
}

impl Signature {
    fn run(self) -> Result<(), Failure> {
        let signed = reply::split_signature(&read_text()?);
        if self.json {
            say(json!({"text": signed.text, "signature": signed.signature}))
        } else {
            say(signed.text)
        }
    }
}

fn read_text() -> Result<String, Failure> {
    let bytes = read_input(Path::new("-"))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn read_input(file: &Path) -> Result<Vec<u8>, Failure> {
    let mut raw = Vec::new();
    let result = if file == Path::new("-") {
        std::io::stdin().lock().read_to_end(&mut raw).map(|_| ())
    } else {
        std::fs::read(file).map(|bytes| raw = bytes)
    };
    match result {
        Ok(()) => Ok(raw),
        Err(error) => Err(
            Failure::new(format!("{} cannot be read: {error}", file.display())).with_remedy(
                "give the path of a raw message, or `-` to read it from standard input",
            ),
        ),
    }
}

fn message_json(message: &Message, reading: &Reading) -> Value {
    json!({
        "subject": message.subject,
        "from": addresses_json(&message.from),
        "to": addresses_json(&message.to),
        "cc": addresses_json(&message.cc),
        "reply_to": addresses_json(&message.reply_to),
        "message_id": message.message_id,
        "in_reply_to": message.in_reply_to,
        "references": message.references,
        "date": message.date.map(|date| date.to_string()),
        "text": message.text,
        "html": message.html,
        "attachments": attachments_json(message),
        "unnamed_parts": unnamed_json(message),
        "visible_reply": Some(&reading.visible_reply).filter(|reply| !reply.is_empty()),
        "quoted": reading.quoted,
        "signature": reading.signature,
        "auto_submitted": reading.automatic.is_automatic(),
        "automatic": automatic_json(&reading.automatic),
        "bounce": reading.bounce.as_ref().map(bounce_json),
        "language": reading.language,
        "defects": message.defects.iter().map(|defect| defect.name()).collect::<Vec<_>>(),
    })
}

fn automatic_json(automatic: &Automatic) -> Value {
    let signs: Vec<Value> = automatic
        .signs
        .iter()
        .map(|sign| {
            json!({
                "kind": kind_name(sign.kind),
                "evidence": match sign.evidence {
                    Evidence::Weak => "weak",
                    Evidence::Strong => "strong",
                },
                "reason": sign.reason,
            })
        })
        .collect();
    json!({ "kind": automatic.kind().map(kind_name), "signs": signs })
}

fn kind_name(kind: AutomaticKind) -> &'static str {
    match kind {
        AutomaticKind::Reply => "reply",
        AutomaticKind::Generated => "generated",
        AutomaticKind::Bulk => "bulk",
    }
}

fn bounce_json(bounce: &Bounce) -> Value {
    let recipients: Vec<Value> = bounce
        .recipients
        .iter()
        .map(|recipient| {
            json!({
                "address": recipient.address,
                "status": recipient.status,
                "permanence": permanence_name(recipient.permanence),
                "diagnostic": recipient.diagnostic,
            })
        })
        .collect();
    json!({
        "permanence": permanence_name(bounce.permanence()),
        "recipients": recipients,
        "original_message_id": bounce.original_message_id,
        "standard": bounce.standard,
    })
}

fn permanence_name(permanence: Permanence) -> &'static str {
    match permanence {
        Permanence::Permanent => "permanent",
        Permanence::Transient => "transient",
    }
}

/// The parts kept as files although the sender gave them no name.
fn unnamed_json(message: &Message) -> Value {
    message
        .attachments
        .iter()
        .filter(|attachment| attachment.filename.is_none())
        .map(|part| {
            json!({
                "content_type": part.content_type,
                "content_id": part.content_id,
                "size": part.bytes.len(),
                "sha256": part.sha256(),
            })
        })
        .collect()
}

fn addresses_json(addresses: &[Address]) -> Value {
    addresses
        .iter()
        .map(|address| json!({"name": address.name, "address": address.address}))
        .collect()
}

/// The files of the message, by name; parts without a name are listed beside them.
fn attachments_json(message: &Message) -> Value {
    let mut files: Vec<&Attachment> = message
        .attachments
        .iter()
        .filter(|attachment| attachment.filename.is_some())
        .collect();
    files.sort_by(|a, b| a.filename.cmp(&b.filename));
    files
        .into_iter()
        .map(|file| {
            json!({
                "filename": file.filename,
                "content_type": file.content_type,
                "size": file.bytes.len(),
                "sha256": file.sha256(),
            })
        })
        .collect()
}

/// The message for people: who and what, the reply, and what there is to know about it.
fn summary(message: &Message, reading: &Reading) -> String {
    let mut lines = Vec::new();
    let mut field = |label: &str, value: String| {
        if !value.is_empty() {
            lines.push(format!("{label:<12} {value}"));
        }
    };
    field(
        "Subject",
        message
            .subject
            .clone()
            .unwrap_or_else(|| "(none)".to_owned()),
    );
    field("From", addresses_text(&message.from));
    field("To", addresses_text(&message.to));
    field("Cc", addresses_text(&message.cc));
    field("Reply to", addresses_text(&message.reply_to));
    field(
        "Date",
        message
            .date
            .map(|date| date.to_string())
            .unwrap_or_default(),
    );
    field("Message id", message.message_id.clone().unwrap_or_default());
    field("In reply to", message.in_reply_to.join(", "));
    field("Language", reading.language.unwrap_or_default().to_owned());
    if reading.automatic.is_automatic() {
        let reasons: Vec<&str> = reading
            .automatic
            .signs
            .iter()
            .map(|sign| sign.reason.as_str())
            .collect();
        field("Automatic", reasons.join("; "));
    }
    if let Some(bounce) = &reading.bounce {
        for recipient in &bounce.recipients {
            field("Bounced", bounced_text(recipient));
        }
    }
    for attachment in &message.attachments {
        field("Attachment", attachment_text(attachment));
    }
    for defect in &message.defects {
        field("Defect", defect.to_string());
    }
    let mut text = lines.join("\n");
    text.push('\n');
    section(&mut text, None, &reading.visible_reply);
    section(
        &mut text,
        Some("Signature"),
        reading.signature.as_deref().unwrap_or_default(),
    );
    section(
        &mut text,
        Some("Quoted"),
        reading.quoted.as_deref().unwrap_or_default(),
    );
    text
}

fn section(text: &mut String, title: Option<&str>, content: &str) {
    if content.is_empty() {
        return;
    }
    text.push('\n');
    if let Some(title) = title {
        text.push_str(&format!("── {title} ──\n"));
    }
    text.push_str(content);
    text.push('\n');
}

fn addresses_text(addresses: &[Address]) -> String {
    let texts: Vec<String> = addresses
        .iter()
        .map(|address| match address.name.as_str() {
            "" => address.address.clone(),
            name => format!("{name} <{}>", address.address),
        })
        .collect();
    texts.join(", ")
}

fn attachment_text(attachment: &Attachment) -> String {
    let name = attachment.filename.as_deref().unwrap_or("(without a name)");
    format!(
        "{name} ({}, {} bytes)",
        attachment.content_type,
        attachment.bytes.len()
    )
}

fn bounced_text(recipient: &FailedRecipient) -> String {
    let status = recipient.status.as_deref().unwrap_or("no status");
    format!(
        "{} ({status}, {})",
        recipient.address,
        permanence_name(recipient.permanence)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const RAW: &str = concat!(
        "From: Eva Roth <eva@example.com>\nTo: help@example.com\nSubject: Printer\nMessage-ID: <2@example.com>\n",
        "In-Reply-To: <1@example.com>\nReferences: <1@example.com>\nDate: Thu, 4 May 2023 10:35:52 +0200\n",
        "X-Autoreply: yes\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain; charset=utf-8\n\n",
        "The printer on the second floor burns, please help us.\n\n-- \nEva\n\n",
        "On 3 May 2023, Desk <help@example.com> wrote:\n> How are you?\n",
        "--b\nContent-Type: image/png; name=b.png\nContent-Transfer-Encoding: base64\n\naGVsbG8=\n",
        "--b\nContent-Type: image/gif; name=a.gif\nContent-Transfer-Encoding: base64\n\naGVsbG8=\n--b--\n",
    );

    #[test]
    fn json_holds_the_fields_scripts_want() {
        let message = mail::read(RAW.as_bytes());
        let value = message_json(&message, &Reading::of(&message));
        assert_eq!(
            value["from"],
            json!([{"name": "Eva Roth", "address": "eva@example.com"}])
        );
        assert_eq!(value["in_reply_to"], json!(["1@example.com"]));
        assert_eq!(value["date"], json!("2023-05-04T08:35:52Z"));
        assert_eq!(value["html"], Value::Null);
        assert_eq!(value["attachments"][0]["filename"], json!("a.gif"));
        assert_eq!(value["attachments"][0]["size"], json!(5));
        assert_eq!(
            value["visible_reply"],
            json!("The printer on the second floor burns, please help us.")
        );
        assert_eq!(value["signature"], json!("--\nEva"));
        assert_eq!(
            value["quoted"],
            json!("On 3 May 2023, Desk <help@example.com> wrote:\n> How are you?")
        );
        assert_eq!(value["auto_submitted"], json!(true));
        assert_eq!(value["bounce"], Value::Null);
        assert_eq!(value["language"], json!("en"));
    }

    #[test]
    fn the_summary_is_for_people() {
        let message = mail::read(RAW.as_bytes());
        let text = summary(&message, &Reading::of(&message));
        assert!(
            text.starts_with("Subject      Printer\nFrom         Eva Roth <eva@example.com>\n"),
            "{text}"
        );
        assert!(
            text.contains("Attachment   b.png (image/png, 5 bytes)\n"),
            "{text}"
        );
        assert!(
            text.contains("\n\nThe printer on the second floor burns, please help us.\n"),
            "{text}"
        );
    }

    #[test]
    fn a_file_that_is_not_there_is_named() {
        let failure = read_input(Path::new("/no/such/message.eml"))
            .unwrap_err()
            .to_string();
        assert!(
            failure.contains("/no/such/message.eml cannot be read"),
            "{failure}"
        );
        assert!(
            failure.contains("help: give the path of a raw message"),
            "{failure}"
        );
    }
}
