//! The log: lines for people or JSON for machines, on standard error.

use std::io::IsTerminal as _;

use tracing_subscriber::EnvFilter;

use crate::Failure;
use crate::settings::{Log, LogFormat};

/// Starts the log of this process. A second call changes nothing.
///
/// # Errors
/// Fails when the level cannot be understood.
pub fn start(log: &Log) -> Result<(), Failure> {
    let filter = EnvFilter::try_new(&log.level).map_err(|error| {
        Failure::new(format!("log.level: {:?}: {error}", log.level)).with_remedy(
            "give error, warn, info, debug or trace, or a list such as info,mainstay_web=debug",
        )
    })?;
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    // Whoever started a log before us keeps it: tests run many programs in one process.
    let _ = match log.format {
        LogFormat::Text => builder.compact().try_init(),
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
    };
    Ok(())
}
