//! The log: lines for people or JSON for machines, on standard error.

use std::io::IsTerminal as _;

use tracing_subscriber::filter::ParseError;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _};

use crate::Failure;
use crate::settings::{LogFormat, Settings};
use crate::traces::Traces;

/// Libraries whose words below a warning hold what belongs to people: the text of mails and pages, statements, and what
/// is said when signing in to a mail server.
const DISCREET: [&str; 8] = [
    "async_imap",
    "html5ever",
    "hyper_util",
    "imap_proto",
    "lettre",
    "reqwest",
    "sea_orm",
    "sqlx",
];

/// What a level lets through. The discreet libraries stay at warnings unless it names them.
///
/// # Errors
/// Fails when the level cannot be understood.
pub fn filter(level: &str) -> Result<EnvFilter, ParseError> {
    let discreet: Vec<String> = DISCREET.iter().map(|name| format!("{name}=warn")).collect();
    // Read alone first, so that an error speaks of what was given.
    EnvFilter::try_new(level)?;
    let is_lower = matches!(level.trim(), "off" | "error");
    if is_lower {
        return EnvFilter::try_new(level);
    }
    EnvFilter::try_new(format!("{},{level}", discreet.join(",")))
}

/// Starts the log of this process, and the sending of its traces where a collector is set: it ends with what is returned. A
/// second call changes nothing.
///
/// # Errors
/// Fails when the level cannot be understood or traces cannot be sent.
pub fn start(settings: &Settings) -> Result<Option<Traces>, Failure> {
    let log = &settings.log;
    let filter = filter(&log.level).map_err(|error| {
        Failure::new(format!("log.level: {:?}: {error}", log.level)).with_remedy(
            "give error, warn, info, debug or trace, or a list such as info,mainstay_web=debug",
        )
    })?;
    let traces = settings.traces.as_ref().map(Traces::start).transpose()?;
    let lines = tracing_subscriber::fmt::layer()
        .with_ansi(std::io::stderr().is_terminal())
        // A line that cannot be written, as on a full disk, is lost; to say so on the same standard error would panic, and
        // break off the request that was to be logged.
        .log_internal_errors(false)
        .with_writer(std::io::stderr);
    // Whoever started a log before us keeps it: tests run many programs in one process.
    let lines = match log.format {
        LogFormat::Text => lines.compact().boxed(),
        LogFormat::Json => lines.json().flatten_event(true).boxed(),
    };
    // The level is that of the lines alone: traces are the same at each.
    let _ = tracing_subscriber::registry()
        .with(lines.with_filter(filter))
        .with(traces.as_ref().map(Traces::layer))
        .try_init();
    Ok(traces)
}
