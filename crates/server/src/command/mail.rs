//! `mainstay mail`: e-mail.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};
use mainstay_channels::mail::{self, Address, Attachment, Message, reply};
use serde_json::{Value, json};

use crate::Failure;

/// What can be done with e-mail.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Read a raw message and show what is in it
    Read(Read),
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
            Self::Reply(strip) => strip.run(),
            Self::Signature(signature) => signature.run(),
        }
    }
}

impl Read {
    fn run(self) -> Result<(), Failure> {
        let raw = read_input(&self.file)?;
        let message = mail::read(&raw);
        println!("{}", message_json(&message));
        Ok(())
    }
}

impl Strip {
    fn run(self) -> Result<(), Failure> {
        let text = read_text()?;
        let (plain, value) = match self.kind {
            Kind::Plain => {
                let reply = reply::strip(&text);
                (reply.reply.clone(), json!({"reply": reply.reply, "removed": reply.removed}))
            }
            Kind::Html => {
                let reply = reply::strip_html(&text);
                (reply.reply.clone(), json!({"reply": reply.reply, "removed": reply.removed}))
            }
            Kind::Embedded => {
                let found = reply::embedded(&text);
                (found.before.clone(), json!({"before": found.before, "embedded": found.embedded}))
            }
        };
        if self.json {
            println!("{value}");
        } else {
            println!("{plain}");
        }
        Ok(())
    }
}

impl Signature {
    fn run(self) -> Result<(), Failure> {
        let signed = reply::split_signature(&read_text()?);
        if self.json {
            println!("{}", json!({"text": signed.text, "signature": signed.signature}));
        } else {
            println!("{}", signed.text);
        }
        Ok(())
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
        Err(error) => Err(Failure::new(format!("{} cannot be read: {error}", file.display()))
            .with_remedy("give the path of a raw message, or `-` to read it from standard input")),
    }
}

fn message_json(message: &Message) -> Value {
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
    })
}

fn addresses_json(addresses: &[Address]) -> Value {
    addresses
        .iter()
        .map(|address| json!({"name": address.name, "address": address.address}))
        .collect()
}

/// The files of the message, by name; parts without a name are listed beside them as `unnamed_parts`.
fn attachments_json(message: &Message) -> Value {
    let mut files: Vec<&Attachment> =
        message.attachments.iter().filter(|attachment| attachment.filename.is_some()).collect();
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
