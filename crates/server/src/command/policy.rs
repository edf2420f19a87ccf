//! `mainstay policy`: policy packs.

use clap::Subcommand;

use crate::Failure;

/// What can be done with policy packs.
#[derive(Debug, Subcommand)]
pub enum Command {}

impl Command {
    /// Runs the command.
    ///
    /// # Errors
    /// Returns what went wrong, in words for the person who typed the command.
    pub fn run(self) -> Result<(), Failure> {
        match self {}
    }
}
