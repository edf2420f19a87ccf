//! `mainstay bench idle`: what a service costs while nothing happens.

use std::time::Duration;

use clap::Args;
use mainstay_app::measure::Stopwatch;
use serde_json::json;

use super::super::output::say;
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
        let before = self.processor_millis()?;
        let took = Stopwatch::start();
        std::thread::sleep(Duration::from_secs(self.time));
        let seconds = took.elapsed().as_secs_f64();
        let a_second = (self.processor_millis()? - before) / seconds;
        let a_tick = a_second / TICKS_A_SECOND;
        let resident = self.resident_megabytes()?;
        if self.json {
            return say(json!({
                "seconds": seconds,
                "processor_ms_per_second": a_second,
                "processor_ms_per_tick": a_tick,
                "resident_mb": resident,
            }));
        }
        say(format_args!(
            "{a_second:.3} ms of processor time a second, {a_tick:.3} ms a tick; {resident:.1} MB resident"
        ))
    }

    /// The processor time of every thread, in milliseconds.
    fn processor_millis(&self) -> Result<f64, Failure> {
        let threads = std::fs::read_dir(format!("/proc/{}/task", self.pid))
            .map_err(|error| self.unknown(&error))?;
        let mut nanos = 0.0;
        for thread in threads.flatten() {
            // A thread may end meanwhile.
            let text = std::fs::read_to_string(thread.path().join("schedstat")).unwrap_or_default();
            nanos += text
                .split(' ')
                .next()
                .and_then(|first| first.parse::<f64>().ok())
                .unwrap_or(0.0);
        }
        Ok(nanos / 1e6)
    }

    fn resident_megabytes(&self) -> Result<f64, Failure> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid))
            .map_err(|error| self.unknown(&error))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kilobytes =
            line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse::<f64>().ok());
        kilobytes
            .map(|kilobytes| kilobytes * 1024.0 / 1e6)
            .ok_or_else(|| self.unknown(&"no VmRSS is told"))
    }

    fn unknown(&self, error: &dyn std::fmt::Display) -> Failure {
        Failure::new(format!(
            "the system does not say what the process {} costs: {error}",
            self.pid
        ))
        .with_remedy("give the number of a running service on this machine, which must be a Linux")
    }
}
