//! `mainstay openapi`: the description of the API.

use std::io::{self, Write as _};

use clap::Args;

use crate::Failure;

/// Print the description of the API (OpenAPI 3.1, JSON).
#[derive(Debug, Args)]
pub struct Command {}

impl Command {
    /// Runs the command.
    ///
    /// # Errors
    /// Fails when the description cannot be written as JSON, which would be a fault of the program.
    pub fn run(self) -> Result<(), Failure> {
        // Whoever reads may close the pipe early, as `head` does: that is no fault.
        let _ = io::stdout().write_all(description()?.as_bytes());
        Ok(())
    }
}

fn description() -> Result<String, Failure> {
    mainstay_web::openapi()
        .to_pretty_json()
        .map(|text| text + "\n")
        .map_err(|error| Failure::new(format!("the description cannot be printed: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_description_is_fresh() {
        let committed = std::fs::read_to_string("../../openapi.json").unwrap_or_default();
        assert!(
            committed == description().unwrap(),
            "openapi.json is stale: run `mainstay openapi > openapi.json` in the root of the project"
        );
    }
}
