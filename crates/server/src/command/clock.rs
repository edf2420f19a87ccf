//! `mainstay clock`: clocks and their explanations.

use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use crate::Failure;

pub mod explain;
mod form;
mod ledger;
pub mod scenario;
#[cfg(test)]
mod tests;
mod wire;

use scenario::{Detail, Replay, ScenarioFile};

/// What can be done with clocks and their explanations.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Replay the scenarios of a file and print one JSON line per scenario
    ///
    /// A scenario is a ticket's history, the pack that it is judged by, the instants at which its clocks are looked at,
    /// and what is expected of them. The command fails when an expectation does.
    Run(Run),
    /// Explain why each deadline of a ticket is what it is, span by span
    ///
    /// The ledger of a deadline lists every span that counts and every span that does not, with the reason, the rule and
    /// the line of the pack that says so, and adds up to the second.
    #[command(after_help = EXPLAIN_EXAMPLES)]
    Explain(explain::Explain),
}

const EXPLAIN_EXAMPLES: &str = "\
Examples:
  mainstay clock explain 4711
  mainstay clock explain 4711 first_response --zone Europe/Madrid
  mainstay clock explain 4711 --json | jq '.clocks[].due_at'";

/// Which scenarios to replay, and how to print them.
#[derive(Debug, Args)]
pub struct Run {
    /// A file of scenarios, as JSON or TOML, or - for standard input
    file: PathBuf,
    /// Add every counted and excluded span of each clock, with its reason
    #[arg(long)]
    explain: bool,
    /// Print tables for people instead of JSON
    #[arg(long)]
    text: bool,
}

impl Command {
    /// Runs the command.
    ///
    /// # Errors
    /// Returns what went wrong, in words for the person who typed the command.
    pub fn run(self) -> Result<(), Failure> {
        match self {
            Self::Run(run) => run.run(),
            Self::Explain(explain) => explain.run(),
        }
    }
}

impl Run {
    fn run(&self) -> Result<(), Failure> {
        let file = read(&self.file)?;
        let detail = match (self.text, self.explain) {
            (true, _) => Detail::Text,
            (false, true) => Detail::Spans,
            (false, false) => Detail::Clocks,
        };
        let mut out = io::stdout().lock();
        let (mut checked, mut failed, mut broken) = (0, 0, 0);
        for (id, replay) in file.ids().zip(file.replays(detail)) {
            // A scenario that cannot be replayed does not keep the others from being replayed.
            let replay = replay.unwrap_or_else(|failure| {
                broken += 1;
                eprintln!("{failure}");
                Replay::refused(id, &failure, detail)
            });
            match writeln!(out, "{}", replay.line) {
                // Whoever reads the lines has seen enough; whether the scenarios hold is still to be said.
                Err(error) if error.kind() != ErrorKind::BrokenPipe => {
                    return Err(Failure::new(format!(
                        "cannot write to standard output: {error}"
                    )));
                }
                _ => {}
            }
            checked += replay.checked;
            failed += replay.failures.len();
            for failure in replay.failures {
                eprintln!("{failure}");
            }
        }
        match (failed, broken) {
            (0, 0) => Ok(()),
            (0, _) => Err(Failure::new(format!(
                "scenarios that cannot be replayed: {broken}"
            ))),
            (_, 0) => Err(Failure::new(format!(
                "{failed} of {checked} expectations do not hold"
            ))),
            _ => Err(Failure::new(format!(
                "{failed} of {checked} expectations do not hold; scenarios that cannot be replayed: {broken}"
            ))),
        }
    }
}

fn read(path: &Path) -> Result<ScenarioFile, Failure> {
    if path == Path::new("-") {
        let mut text = String::new();
        io::stdin()
            .lock()
            .read_to_string(&mut text)
            .map_err(|error| Failure::new(format!("cannot read standard input: {error}")))?;
        return ScenarioFile::parse("standard input", &text, Path::new("."));
    }
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|error| {
        Failure::new(format!("cannot read {name}: {error}"))
            .with_remedy("give the path of a file of scenarios, or - to read standard input")
    })?;
    let folder = path.parent().unwrap_or(Path::new("."));
    ScenarioFile::parse(&name, &text, folder)
}
