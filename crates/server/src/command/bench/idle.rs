//! `mainstay bench idle`: what a service costs while nothing happens.

use std::time::Duration;

use clap::Args;
use serde_json::json;

use super::super::output::say;
use super::process::Watch;
use crate::Failure;

/// Say what a running service on this machine costs while nothing happens: processor time and memory, as the system (Linux) counts
/// them.
#[derive(Debug, Args)]
pub struct Idle {
    /// The number of the process
    #[arg(long, value_name = "PID")]
    pid: u32,
    /// Watch it for so long
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..))]
    time: u64,
    /// Print the figures as one JSON line
    #[arg(long)]
    json: bool,
}

/// How often a service that has nothing to do looks whether there is something, a second.
const TICKS_A_SECOND: f64 = 5.0;

impl Idle {
    /// Runs the command.
    ///
    /// # Errors
    /// Fails when there is no such process, or the system does not say what it costs.
    pub fn run(self) -> Result<(), Failure> {
        let watch = Watch::begin(self.pid)?;
        std::thread::sleep(Duration::from_secs(self.time));
        let cost = watch.end()?;
        let (a_second, resident) = (cost.processor_ms_per_second, cost.resident_mb);
        let a_tick = a_second / TICKS_A_SECOND;
        if self.json {
            return say(json!({
                "seconds": cost.seconds,
                "processor_ms_per_second": a_second,
                "processor_ms_per_tick": a_tick,
                "resident_mb": resident,
            }));
        }
        say(format_args!(
            "{a_second:.3} ms of processor time a second, {a_tick:.3} ms a tick; {resident:.1} MB resident"
        ))
    }
}
