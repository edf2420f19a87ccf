//! `mainstay config`: the settings in force and where each came from.

use std::io::{self, Write as _};

use clap::Args;
use serde::Serialize;

use crate::Failure;
use crate::settings::{Flags, Settings, Shown};

/// Print the settings in force and where each came from.
#[derive(Debug, Args)]
pub struct Command {
    #[command(flatten)]
    flags: Flags,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

impl Command {
    /// Runs the command.
    ///
    /// # Errors
    /// Returns what is wrong with the settings.
    pub fn run(self) -> Result<(), Failure> {
        let settings = Settings::load(&self.flags)?;
        for warning in &settings.warnings {
            eprintln!("warning: {warning}");
        }
        let text = if self.json {
            as_json(&settings.shown)?
        } else {
            as_table(&settings.shown)
        };
        // Whoever reads may close the pipe early, as `head` does: that is no fault.
        let _ = io::stdout().write_all(text.as_bytes());
        Ok(())
    }
}

fn as_table(shown: &[Shown]) -> String {
    let value = |setting: &Shown| setting.value.clone().unwrap_or_else(|| "(not set)".into());
    let key_width = shown.iter().map(|s| s.key.len()).max().unwrap_or(0);
    let value_width = shown
        .iter()
        .map(|s| value(s).chars().count())
        .max()
        .unwrap_or(0);
    shown
        .iter()
        .map(|setting| {
            let value = value(setting);
            format!(
                "{:key_width$}  {value:value_width$}  {}\n",
                setting.key, setting.origin
            )
        })
        .collect()
}

fn as_json(shown: &[Shown]) -> Result<String, Failure> {
    #[derive(Serialize)]
    struct Printed<'a> {
        settings: &'a [Shown],
    }
    serde_json::to_string_pretty(&Printed { settings: shown })
        .map(|text| text + "\n")
        .map_err(|error| Failure::new(format!("the settings cannot be printed: {error}")))
}
