//! Bounces: reports that a message could not be delivered (RFC 3464 in RFC 6522, and what other servers write).

use std::sync::LazyLock;

use regex::Regex;

use super::automatic::daemon_name;
use super::header::{Headers, message_ids};
use super::message::ReportPart;
use super::{Address, MailLimits, Message, address, charset, structure};

mod notice;

/// How lasting the failure is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permanence {
    /// The recipient cannot be reached: do not try again.
    Permanent,
    /// Later tries may succeed.
    Transient,
}

/// A report that a message could not be delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bounce {
    /// The recipients that were not reached, one entry each.
    pub recipients: Vec<FailedRecipient>,
    /// The message id of the message that was not delivered, without angle brackets.
    pub original_message_id: Option<String>,
    /// Whether the report follows RFC 3464.
    pub standard: bool,
}

/// A recipient that was not reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedRecipient {
    /// The address in lower case.
    pub address: String,
    /// The enhanced status code (RFC 3463), such as `5.1.1`.
    pub status: Option<String>,
    /// How lasting the failure is.
    pub permanence: Permanence,
    /// What the other server said.
    pub diagnostic: Option<String>,
}

impl Bounce {
    /// Permanent when every recipient failed for good.
    pub fn permanence(&self) -> Permanence {
        if self
            .recipients
            .iter()
            .any(|recipient| recipient.permanence == Permanence::Transient)
        {
            Permanence::Transient
        } else {
            Permanence::Permanent
        }
    }
}

/// Reads `message` as a bounce; none when it is none.
pub fn bounce(message: &Message) -> Option<Bounce> {
    standard(message)
        .or_else(|| from_failed_recipients(message))
        .or_else(|| from_text(message))
}

/// A `message/delivery-status` part (RFC 3464).
fn standard(message: &Message) -> Option<Bounce> {
    let report = message.reports.iter().find(|part| {
        matches!(
            part.content_type.as_str(),
            "message/delivery-status" | "message/global-delivery-status"
        )
    })?;
    let text = charset::decode_unlabelled(&report.bytes).replace("\r\n", "\n");
    let blocks = text.split("\n\n").map(|block| headers_of(block.as_bytes()));
    let recipients: Vec<FailedRecipient> =
        blocks.filter_map(|block| recipient_of(&block)).collect();
    // A report of success or of a mere delay to relay is no bounce.
    (!recipients.is_empty()).then(|| Bounce {
        recipients,
        original_message_id: original_message_id(message),
        standard: true,
    })
}

/// The fields of one recipient; none when the recipient was reached.
fn recipient_of(block: &Headers) -> Option<FailedRecipient> {
    let typed = |name| {
        block
            .get(name)
            .map(|value| value.split_once(';').map_or(value, |(_, rest)| rest).trim())
    };
    let address = typed("Final-Recipient").or_else(|| typed("Original-Recipient"))?;
    let address = address.trim_matches(['<', '>', '"', ' ']).to_lowercase();
    let action = block
        .get("Action")
        .unwrap_or("failed")
        .trim()
        .to_ascii_lowercase();
    let told = typed("Diagnostic-Code").and_then(notice::status_in);
    let status = block
        .get("Status")
        .and_then(status_code)
        .map(|status| more_exact(status, told));
    if address.is_empty() || matches!(action.as_str(), "delivered" | "relayed" | "expanded") {
        return None;
    }
    // What failed is given up, even where the status says that it might have worked later (RFC 3464, 2.3.3).
    let transient = action == "delayed";
    Some(FailedRecipient {
        address,
        permanence: if transient {
            Permanence::Transient
        } else {
            Permanence::Permanent
        },
        diagnostic: typed("Diagnostic-Code").map(str::to_owned),
        status,
    })
}

/// "5.0.0" says less than the status in the other server's own words, when the two are of one class.
fn more_exact(status: String, told: Option<String>) -> String {
    match told {
        Some(told) if status.ends_with(".0.0") && told[..1] == status[..1] => told,
        _ => status,
    }
}

/// `X-Failed-Recipients` (Exim, Gmail), with the reason in the text.
fn from_failed_recipients(message: &Message) -> Option<Bounce> {
    let value = message.headers.get("X-Failed-Recipients")?;
    let recipients = address::parse_list(value);
    failed(
        message,
        recipients,
        message.text.as_deref().unwrap_or_default(),
    )
}

/// What a mail daemon writes for people: the recipient in brackets or alone, and an SMTP answer.
fn from_text(message: &Message) -> Option<Bounce> {
    let is_report = || {
        message.headers.get("Content-Type").is_some_and(|value| {
            value
                .to_ascii_lowercase()
                .contains("report-type=delivery-status")
        })
    };
    if !(is_daemon(message)
        || is_report()
        || (is_failure_subject(message) && has_no_return_path(message)))
    {
        return None;
    }
    let text = &notice::notice_of(message)?;
    let has_answer = notice::status_in(text).is_some();
    if !has_answer && !is_failure_subject(message) {
        return None;
    }
    let mut recipients = notice::recipients_in(text);
    // A postmaster who writes about an address is a person.
    let is_sure = is_report() || is_failure_subject(message);
    if recipients.is_empty() && is_sure {
        recipients = notice::mentioned_in(message, text);
    }
    if recipients.is_empty() && is_sure {
        recipients = returned_recipients(message);
    }
    failed(message, recipients, text)
}

/// Whom the returned message was addressed to, when that was one address.
fn returned_recipients(message: &Message) -> Vec<Address> {
    let returned = message.reports.iter().find(|part| is_returned(part));
    let to = returned
        .and_then(|part| headers_of(&part.bytes).get("To").map(address::parse_list))
        .unwrap_or_default();
    if to.len() == 1 { to } else { Vec::new() }
}

fn failed(message: &Message, recipients: Vec<Address>, text: &str) -> Option<Bounce> {
    let status = notice::status_in(text);
    let transient = !notice::is_given_up(text)
        && match &status {
            Some(status) => status.starts_with('4'),
            None => notice::is_delay(message, text),
        };
    let diagnostic = text
        .lines()
        .map(str::trim)
        .find(|line| notice::status_in(line).is_some());
    let recipients: Vec<FailedRecipient> = recipients
        .into_iter()
        .map(|address| FailedRecipient {
            address: address.address,
            status: status.clone(),
            permanence: if transient {
                Permanence::Transient
            } else {
                Permanence::Permanent
            },
            diagnostic: diagnostic.map(str::to_owned),
        })
        .collect();
    (!recipients.is_empty()).then(|| Bounce {
        recipients,
        original_message_id: original_message_id(message),
        standard: false,
    })
}

fn is_daemon(message: &Message) -> bool {
    let is_administrator = |from: &Address| from.address.starts_with("administrator@");
    daemon_name(message).is_some() || message.from.iter().any(is_administrator)
}

fn has_no_return_path(message: &Message) -> bool {
    message
        .headers
        .get("Return-Path")
        .is_some_and(|path| path.trim() == "<>")
}

fn is_failure_subject(message: &Message) -> bool {
    static FAILURE: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(concat!(
            r"(?i)undeliver(?:able|ed)|delivery (?:status|failure|has failed|problem|notification|report|unsuccessful|delayed)|returned (?:mail|to sender)|mail delivery (?:failed|failure|system)|failure notice|",
            r"non[- ]?delivery|message (?:not|could not be) delivered|warning: (?:message|could not send)|rejected|unzustellbar|nicht zugestellt|",
            r"no se (?:ha podido|puede) entregar|no entregado|devuelto|não (?:entregue|foi entregue)|non remis|mancato recapito|onbestelbaar",
        ))
        .ok()
    });
    message.subject.as_ref().is_some_and(|subject| {
        FAILURE
            .as_ref()
            .is_some_and(|pattern| pattern.is_match(subject))
    })
}

fn status_code(value: &str) -> Option<String> {
    let code = value.split_whitespace().next()?;
    let mut pieces = code.split('.');
    let is_code = pieces
        .next()
        .is_some_and(|class| matches!(class, "2" | "4" | "5"))
        && pieces.clone().count() == 2
        && pieces.all(|piece| {
            !piece.is_empty() && piece.len() <= 3 && piece.bytes().all(|b| b.is_ascii_digit())
        });
    is_code.then(|| code.to_owned())
}

/// The message id of the message that was returned: from the part that holds it, or from its headers in the text.
fn original_message_id(message: &Message) -> Option<String> {
    let returned = message.reports.iter().find(|part| is_returned(part));
    if let Some(part) = returned
        && let Some(id) = headers_of(&part.bytes)
            .get("Message-ID")
            .and_then(|value| message_ids(value).into_iter().next())
    {
        return Some(id);
    }
    static ID: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"(?im)^[\s>]*message-id:\s*<([^<>\s]+)>").ok());
    let text = message.text.as_deref().unwrap_or_default();
    ID.as_ref()
        .and_then(|pattern| pattern.captures(text))
        .map(|captures| captures[1].to_owned())
        .or_else(|| message.in_reply_to.first().cloned())
}

fn is_returned(part: &ReportPart) -> bool {
    matches!(
        part.content_type.as_str(),
        "message/rfc822"
            | "text/rfc822-headers"
            | "message/rfc822-headers"
            | "message/global"
            | "message/global-headers"
    )
}

fn headers_of(bytes: &[u8]) -> Headers {
    let start = bytes
        .iter()
        .position(|byte| !byte.is_ascii_whitespace())
        .unwrap_or(bytes.len());
    structure::parse(&bytes[start..], &MailLimits::default())
        .parts
        .into_iter()
        .next()
        .map(|part| part.headers)
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(raw: &str) -> Option<Bounce> {
        bounce(&super::super::read(raw.as_bytes()))
    }

    fn report(fields: &str) -> String {
        format!(
            "From: MAILER-DAEMON@mx.example.com\nSubject: Undelivered Mail Returned to Sender\n\
             Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n\
             --b\n\nSorry.\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.com\n\n{fields}\n\
             --b\nContent-Type: message/rfc822\n\nMessage-ID: <42@help.example.com>\nSubject: Your ticket\n\nHello\n--b--\n"
        )
    }

    #[test]
    fn reads_a_standard_report() {
        let found = read(&report("Final-Recipient: rfc822; Eva@example.com\nAction: failed\nStatus: 5.1.1 (bad mailbox)\nDiagnostic-Code: smtp; 550 5.1.1 no such user")).unwrap();
        assert_eq!(
            found.original_message_id.as_deref(),
            Some("42@help.example.com")
        );
        assert!(found.standard);
        assert_eq!(found.permanence(), Permanence::Permanent);
        assert_eq!(
            found.recipients,
            [FailedRecipient {
                address: "eva@example.com".to_owned(),
                status: Some("5.1.1".to_owned()),
                permanence: Permanence::Permanent,
                diagnostic: Some("550 5.1.1 no such user".to_owned()),
            }]
        );
    }

    #[test]
    fn a_delay_is_transient_and_a_success_is_no_bounce() {
        let delayed = read(&report(
            "Final-Recipient: rfc822;eva@example.com\nAction: delayed\nStatus: 4.4.1",
        ))
        .unwrap();
        assert_eq!(delayed.permanence(), Permanence::Transient);
        let expired = read(&report(
            "Final-Recipient: rfc822;eva@example.com\nAction: failed\nStatus: 4.4.1",
        ))
        .unwrap();
        assert_eq!(expired.permanence(), Permanence::Permanent);
        let given_up = read("From: Mailer-Daemon@example.com\nX-Failed-Recipients: eva@example.com\nSubject: Mail delivery failed: returning message to sender\n\nThis is a permanent error. The following address(es) failed:\n\n  eva@example.com\n    451 4.7.1 Greylisted: retry timeout exceeded\n").unwrap();
        assert_eq!(given_up.permanence(), Permanence::Permanent);
        assert_eq!(
            read(&report(
                "Final-Recipient: rfc822;eva@example.com\nAction: delivered\nStatus: 2.0.0"
            )),
            None
        );
    }

    #[test]
    fn reads_what_other_servers_write() {
        let exim = read("From: Mailer-Daemon@example.com\nX-Failed-Recipients: eva@example.com\nSubject: Mail delivery failed: returning message to sender\n\nA message could not be delivered.\n\n  eva@example.com\n    SMTP error: 550 5.7.1 rejected\n\n------ This is a copy of the message, including all the headers. ------\n\nMessage-ID: <7@help.example.com>\n").unwrap();
        assert_eq!(exim.recipients[0].status.as_deref(), Some("5.7.1"));
        assert_eq!(
            exim.original_message_id.as_deref(),
            Some("7@help.example.com")
        );
        assert!(!exim.standard);

        let qmail = read("From: MAILER-DAEMON@example.com\nSubject: failure notice\n\nHi. This is the qmail-send program at example.com.\n\n<tim@example.com>:\nSorry, no mailbox here by that name. (#5.1.1)\n\n--- Below this line is a copy of the message.\n\nReturn-Path: <help@example.com>\nMessage-ID: <8@help.example.com>\n").unwrap();
        assert_eq!(qmail.recipients.len(), 1);
        assert_eq!(qmail.recipients[0].address, "tim@example.com");
        assert_eq!(qmail.recipients[0].status.as_deref(), Some("5.1.1"));

        let full = read("From: postmaster@example.com\nSubject: Warning: message delayed\n\nThe message to\n\n  tim@example.com\n\nis delayed and will be retried.\n").unwrap();
        assert_eq!(full.permanence(), Permanence::Transient);
    }

    #[test]
    fn reads_notices_in_free_form() {
        let sentence = read("From: MAILER-DAEMON <>\nTo: help@example.com\nSubject: Mail delivery failed\n\nThere was an error delivering your mail to <tim@example.com>.\n\n550 5.7.26 not accepted\n\nMessage headers follow.\n\nTo: <tim@example.com>\nMessage-Id: <9@help.example.com>\n").unwrap();
        assert_eq!(sentence.recipients[0].address, "tim@example.com");
        assert_eq!(sentence.recipients[0].status.as_deref(), Some("5.7.26"));
        assert_eq!(
            sentence.original_message_id.as_deref(),
            Some("9@help.example.com")
        );
        let found = read(&report("Final-Recipient: rfc822; eva@example.com\nAction: failed\nStatus: 5.0.0\nDiagnostic-Code: smtp; 550 5.1.1 no such user")).unwrap();
        assert_eq!(found.recipients[0].status.as_deref(), Some("5.1.1"));
    }

    #[test]
    fn a_person_who_writes_about_errors_is_no_bounce() {
        assert_eq!(
            read(
                "From: eva@example.com\nSubject: Undelivered mail\n\nI get 550 5.1.1 when I write to\ntim@example.com\n"
            ),
            None
        );
        assert_eq!(
            read("From: postmaster@example.com\nSubject: Hello\n\nWrite to\ntim@example.com\n"),
            None
        );
    }
}
