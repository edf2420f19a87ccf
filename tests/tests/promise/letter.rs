//! Mails as people read and write them.

use std::sync::Mutex;
use std::time::Duration;

use mail_parser::{MessageParser, MimeHeaders as _};
use mainstay_channels::compose::{Correspondent, Origin, OutgoingMail, ReturnPath};
use mainstay_channels::imap::{
    AfterFetch, FetchedMessage, ImapSecurity, Intake, Mailbox, MailboxClient, Position,
};
use mainstay_channels::secret::Secret;
use mainstay_testing::DovecotServer;

/// A mail as it lies in a mailbox.
#[derive(Debug, Clone)]
pub struct Mail {
    pub subject: String,
    pub text: String,
    pub date: String,
    pub message_id: String,
    pub in_reply_to: String,
    pub references: Vec<String>,
    pub reply_to: Option<String>,
    pub auto_submitted: String,
    pub files: Vec<(String, Vec<u8>)>,
}

impl Mail {
    fn read(raw: &[u8]) -> Self {
        let parsed = MessageParser::default().parse(raw).expect("a mail");
        let header = |name: &str| {
            let value = parsed.header(name.to_owned());
            value
                .and_then(|value| value.as_text())
                .unwrap_or_default()
                .to_owned()
        };
        let reply_to = parsed.reply_to().and_then(|to| to.first()?.address());
        let references = parsed.references().as_text_list().unwrap_or_default();
        Self {
            subject: parsed.subject().unwrap_or_default().to_owned(),
            text: parsed
                .body_text(0)
                .unwrap_or_default()
                .replace("\r\n", "\n"),
            date: parsed.date().expect("a date").to_rfc3339(),
            message_id: parsed.message_id().unwrap_or_default().to_owned(),
            in_reply_to: header("In-Reply-To"),
            references: references.iter().map(ToString::to_string).collect(),
            reply_to: reply_to.map(ToOwned::to_owned),
            auto_submitted: header("Auto-Submitted"),
            files: parsed
                .attachments()
                .map(|part| {
                    let name = part.attachment_name().unwrap_or_default();
                    (name.to_owned(), part.contents().to_vec())
                })
                .collect(),
        }
    }

    /// The addresses of web pages that it names.
    pub fn links(&self) -> Vec<&str> {
        let words = self.text.split_whitespace();
        words.filter(|word| word.starts_with("https://")).collect()
    }

    /// What a mail program sends when its owner presses "reply".
    pub fn answered_by(&self, who: &str, id: &str, text: &str) -> OutgoingMail {
        let to = self.reply_to.as_deref().expect("an address for answers");
        let mut references = self.references.clone();
        references.push(self.message_id.clone());
        let quoted: Vec<String> = self.text.lines().map(|line| format!("> {line}")).collect();
        OutgoingMail {
            from: Correspondent::new(format!("{who}@{}", DovecotServer::DOMAIN)),
            to: vec![Correspondent::new(to)],
            cc: vec![],
            reply_to: None,
            return_path: ReturnPath::Sender,
            subject: format!("Re: {}", self.subject),
            text: format!(
                "{text}\n\nOn Mon, 2 Mar 2026 at 09:15, Desk <{to}> wrote:\n\n{}\n",
                quoted.join("\n")
            ),
            html: None,
            message_id: id.to_owned(),
            in_reply_to: Some(self.message_id.clone()),
            references,
            origin: Origin::Person,
            date: jiff::Timestamp::now(),
            attachments: vec![],
        }
    }
}

/// A mailbox, read by IMAP.
pub struct Inbox {
    client: MailboxClient,
    position: tokio::sync::Mutex<Position>,
}

impl Inbox {
    pub fn of(server: &DovecotServer, user: &str) -> Self {
        let mailbox = Mailbox {
            host: "127.0.0.1".to_owned(),
            port: server.port(),
            security: ImapSecurity::None,
            user: user.to_owned(),
            credential: Secret::new(DovecotServer::PASSWORD).into(),
            extra_authorities: vec![],
            folder: "INBOX".to_owned(),
            after_fetch: AfterFetch::MarkSeen,
            timeout: Duration::from_secs(30),
            content_timeout: Duration::from_secs(30),
            most_bytes: 30_000_000,
            idle: Duration::from_secs(60),
        };
        Self {
            client: MailboxClient::new(mailbox).expect("settings"),
            position: tokio::sync::Mutex::default(),
        }
    }

    /// What is new, in the order of arrival.
    pub async fn look(&self) -> Vec<Mail> {
        let pile = Pile::default();
        let mut position = self.position.lock().await;
        let polled = self.client.poll(&mut position, &pile).await;
        polled.expect("a server that answers");
        let raw = pile.0.into_inner().expect("no panic");
        raw.iter().map(|raw| Mail::read(raw)).collect()
    }
}

#[derive(Default)]
struct Pile(Mutex<Vec<Vec<u8>>>);

impl Intake for Pile {
    async fn receive(&self, message: FetchedMessage) -> Result<(), String> {
        self.0.lock().expect("no panic").push(message.raw);
        Ok(())
    }
}

/// A mail as a mail server hands it over: its header fields, a line each, and its text.
pub fn raw(fields: &[&str], text: &str) -> String {
    format!(
        "{}\r\n\r\n{}\r\n",
        fields.join("\r\n"),
        text.replace('\n', "\r\n")
    )
}
