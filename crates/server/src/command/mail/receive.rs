//! `mainstay mail receive`: a raw message from a mail server's pipe.

use std::io::Read as _;
use std::sync::Arc;

use clap::Args;
use mainstay_app::AppError;
use serde_json::json;

use crate::Failure;
use crate::command::serve::in_runtime;
use crate::service::open;
use crate::settings::{Flags, Settings};
use crate::time::WallClock;

/// `EX_TEMPFAIL` of sendmail's `sysexits.h`: the mail server keeps the message and tries again.
const TRY_AGAIN: u8 = 75;

/// `EX_DATAERR`: the mail server returns the message to its sender.
const NO_MESSAGE: u8 = 65;

/// Take in a raw message given on standard input: the end of a mail server's pipe
///
/// The message is stored as it is; the service reads and files it. The command ends with 0 once the message is safe,
/// with 65 when there was none, and with 75 in any other case, upon which a mail server keeps the message and tries again.
/// Giving the same message twice keeps it once.
#[derive(Debug, Args)]
pub struct Receive {
    #[command(flatten)]
    flags: Flags,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

impl Receive {
    pub(super) fn run(self) -> Result<(), Failure> {
        let mut raw = Vec::new();
        std::io::stdin()
            .lock()
            .read_to_end(&mut raw)
            .map_err(|error| {
                Failure::new(format!("standard input cannot be read: {error}")).with_code(TRY_AGAIN)
            })?;
        // Whatever is wrong on our side, the message must come again.
        let settings =
            Settings::load(&self.flags).map_err(|failure| failure.with_code(TRY_AGAIN))?;
        let received = in_runtime(async {
            let app = open(&settings, Arc::new(WallClock)).await?;
            app.receive_mail(raw, "pipe", app.now())
                .await
                .map_err(refused)
        });
        let received = received.map_err(|failure| match failure.is_code(NO_MESSAGE) {
            true => failure,
            false => failure.with_code(TRY_AGAIN),
        })?;
        if self.json {
            println!(
                "{}",
                json!({ "id": received.id.to_string(), "new": received.is_new })
            );
        }
        Ok(())
    }
}

fn refused(error: AppError) -> Failure {
    match error {
        AppError::Invalid(_) => Failure::new("there was no message on standard input")
            .with_remedy("give a raw message (RFC 5322): mainstay mail receive < message.eml")
            .with_code(NO_MESSAGE),
        error => Failure::new(format!("the message could not be stored: {error}")),
    }
}
