//! `mainstay doctor`: is everything as it should be, and what to do where it is not.

use clap::Args;
use mainstay_app::doctor::{CheckUp, Treatment};
use serde_json::json;

use super::output::say;
use super::store::StoreFlags;
use crate::Failure;

/// Compare what must agree in the store, while the service runs
///
/// Every ledger is whole, every clock is what its ledger says, every file that a message names is kept, every mail that
/// waits has a job, no job was given up, and the audit trail is as it was written. Ends with 1 when something is not.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Command {
    /// Make again what can be made again: clocks from their ledgers, jobs of mails that wait, jobs that were given up
    #[arg(long)]
    repair: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    store: StoreFlags,
}

const EXAMPLES: &str = "\
Examples:
  mainstay doctor
  mainstay doctor --repair --database postgres://mainstay@db/mainstay";

impl Command {
    /// Runs the command.
    ///
    /// # Errors
    /// Fails when the store cannot be read, or something needs a person.
    pub fn run(&self) -> Result<(), Failure> {
        let treatment = match self.repair {
            true => Treatment::Repair,
            false => Treatment::Look,
        };
        let seen = self.store.open_existing(async |app| {
            let seen = app.check_up(treatment).await;
            seen.map_err(|error| Failure::of(&error))
        })?;
        if self.json {
            say(shown(&seen))?;
        } else {
            tell(&seen)?;
        }
        match seen.is_well() {
            true => Ok(()),
            false => Err(Failure::new("not everything is as it should be")),
        }
    }
}

fn tell(seen: &CheckUp) -> Result<(), Failure> {
    for found in &seen.findings {
        say(format_args!("{}: {}", found.subject, found.what))?;
        match found.mended {
            true => say("    mended")?,
            false => say(format_args!("    {}", found.kind.remedy()))?,
        }
    }
    say(format_args!(
        "{} tickets, {} files and {} entries of the audit trail were looked at; {} findings.",
        seen.tickets,
        seen.files,
        seen.audit_entries,
        seen.findings.len()
    ))
}

fn shown(seen: &CheckUp) -> serde_json::Value {
    let findings: Vec<_> = seen
        .findings
        .iter()
        .map(|found| {
            json!({
                "kind": found.kind.name(), "subject": found.subject, "what": found.what,
                "mended": found.mended, "remedy": found.kind.remedy(),
            })
        })
        .collect();
    json!({
        "well": seen.is_well(), "tickets": seen.tickets, "files": seen.files,
        "audit_entries": seen.audit_entries, "findings": findings,
    })
}
