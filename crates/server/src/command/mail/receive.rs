//! `mainstay mail receive`: a raw message from a mail server's pipe.

use std::io::{Read, Write as _};
use std::sync::Arc;

use clap::Args;
use mainstay_app::mail::{Filed, ReceivedMail};
use mainstay_app::{App, AppError, Caller};
use mainstay_domain::mail::RawMailState;
use serde_json::{Value, json};

use crate::Failure;
use crate::command::output::say;
use crate::command::serve::in_runtime;
use crate::service::open_with_policy;
use crate::settings::{Flags, Settings};
use crate::time::WallClock;

/// `EX_TEMPFAIL` of sendmail's `sysexits.h`: the mail server keeps the message and tries again.
const TRY_AGAIN: u8 = 75;

/// `EX_DATAERR`: the mail server returns the message to its sender.
const BAD_MESSAGE: u8 = 65;

/// Which store takes it in, and what is printed.
#[derive(Debug, Args)]
pub struct Receive {
    #[command(flatten)]
    flags: Flags,
    /// Say nothing but what went wrong
    #[arg(long, short, conflicts_with = "json")]
    quiet: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

impl Receive {
    pub(super) fn run(self) -> Result<(), Failure> {
        let done = self.take();
        if done.is_err() {
            // A mail server that cannot write to the end may take that for our answer.
            let _ = std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink());
        }
        done
    }

    fn take(self) -> Result<(), Failure> {
        // Whatever is wrong on our side, the message must come again.
        let settings =
            Settings::load(&self.flags).map_err(|failure| failure.with_code(TRY_AGAIN))?;
        let raw = read_message(std::io::stdin().lock(), settings.mail.max_message.bytes())?;
        let taken = in_runtime(async {
            let app = open_with_policy(&settings, Arc::new(WallClock)).await?;
            take_in(&app, raw).await
        });
        let (received, filed) = taken.map_err(|failure| match failure.is_code(BAD_MESSAGE) {
            true => failure,
            false => failure.with_code(TRY_AGAIN),
        })?;
        let said = if self.json {
            say(in_json(received, filed.as_ref()))
        } else if !self.quiet {
            say(in_words(received, filed.as_ref()))
        } else {
            Ok(())
        };
        if let Err(unsaid) = said {
            // The message is safe: a mail server that heard of a failure would send it once more, or back to its sender.
            let _ = writeln!(std::io::stderr(), "{unsaid}");
        }
        Ok(())
    }
}

/// Reads no more than it must to know that the message is too long.
fn read_message(from: impl Read, limit: usize) -> Result<Vec<u8>, Failure> {
    let mut raw = Vec::new();
    from.take(limit as u64 + 1)
        .read_to_end(&mut raw)
        .map_err(|error| {
            Failure::new(format!("standard input cannot be read: {error}")).with_code(TRY_AGAIN)
        })?;
    if raw.len() > limit {
        return Err(Failure::new(format!(
            "the message has more than {limit} bytes, which is all that is taken in"
        ))
        .with_remedy("raise mail.max_message to take in longer ones")
        .with_code(BAD_MESSAGE));
    }
    Ok(raw)
}

/// Once the message is stored it is safe: that it cannot be filed just now is no failure.
async fn take_in(app: &App, raw: Vec<u8>) -> Result<(ReceivedMail, Option<Filed>), Failure> {
    let received = app
        .receive_mail(&Caller::machine(), raw, "pipe", app.now())
        .await
        .map_err(refused)?;
    Ok((received, app.file_received(received.id).await.ok()))
}

fn refused(error: AppError) -> Failure {
    match error {
        AppError::Invalid(_) => Failure::new("there was no message on standard input")
            .with_remedy("give a raw message (RFC 5322): mainstay mail receive < message.eml")
            .with_code(BAD_MESSAGE),
        error => Failure::new(format!("the message could not be stored: {error}")),
    }
}

/// What became of it, in a word for scripts.
fn outcome(received: ReceivedMail, filed: Option<&Filed>) -> &'static str {
    let Some(filed) = filed else {
        return "stored";
    };
    let route = filed.decision.as_ref().map(|it| it.route.as_str());
    match (filed.state, route) {
        _ if !received.is_new => "duplicate",
        (RawMailState::New, _) => "stored",
        (RawMailState::Failed, _) => "failed",
        (RawMailState::Held, _) => "held",
        (RawMailState::Ignored, _) => "ignored",
        (RawMailState::Parsed, Some("open")) => "opened",
        (RawMailState::Parsed, _) => "added",
    }
}

fn reason(filed: Option<&Filed>) -> Option<&str> {
    let filed = filed?;
    let decided = filed.decision.as_ref().map(|it| it.reason.as_str());
    filed.error.as_deref().or(decided)
}

fn in_json(received: ReceivedMail, filed: Option<&Filed>) -> Value {
    json!({
        "id": received.id.to_string(),
        "new": received.is_new,
        "outcome": outcome(received, filed),
        "ticket": filed.and_then(|filed| filed.ticket),
        "reason": reason(filed),
    })
}

fn in_words(received: ReceivedMail, filed: Option<&Filed>) -> String {
    let ticket = filed.and_then(|filed| filed.ticket);
    let at = |word: &str| ticket.map_or(word.to_owned(), |number| format!("{word} #{number}"));
    let what = match outcome(received, filed) {
        "opened" => at("opened ticket"),
        "added" => at("added to ticket"),
        "held" => ticket.map_or("held".to_owned(), |number| {
            format!("held at ticket #{number}")
        }),
        "ignored" => "set aside".to_owned(),
        "failed" => "stored, but it could not be filed".to_owned(),
        "duplicate" => ticket.map_or("taken in before".to_owned(), |number| {
            format!("taken in before, in ticket #{number}")
        }),
        _ => "stored; the service reads it".to_owned(),
    };
    match reason(filed) {
        Some(reason) => format!("{what}: {reason}\n  received as {}", received.id),
        None => format!("{what}\n  received as {}", received.id),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_is_read_than_tells_that_a_message_is_too_long() {
        assert_eq!(read_message(&b"12345678"[..], 8).unwrap().len(), 8);
        // Endless: only a bounded reading comes back from it.
        let failure = read_message(std::io::repeat(b'x'), 60 << 20).unwrap_err();
        assert!(failure.is_code(BAD_MESSAGE));
        assert!(
            failure.to_string().contains("mail.max_message"),
            "{failure}"
        );
    }
}
