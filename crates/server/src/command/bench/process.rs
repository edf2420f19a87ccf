//! What a process of this machine costs, as the system (Linux) counts it.

use mainstay_app::measure::Stopwatch;

use crate::Failure;

/// A process that is watched.
#[derive(Debug)]
pub struct Watch {
    pid: u32,
    processor_millis: f64,
    took: Stopwatch,
}

/// What a process cost while it was watched.
#[derive(Debug, Clone, Copy)]
pub struct Cost {
    /// How long it was watched.
    pub seconds: f64,
    /// Processor time of all its threads, in milliseconds for each second that passed.
    pub processor_ms_per_second: f64,
    /// Its memory at the end, in megabytes (10⁶ bytes), as far as it is not swapped out.
    pub resident_mb: f64,
}

impl Watch {
    /// Begins to watch the process of a number.
    ///
    /// # Errors
    /// Fails when there is no such process, or the system does not say what it costs.
    pub fn begin(pid: u32) -> Result<Self, Failure> {
        Ok(Self {
            pid,
            processor_millis: processor_millis(pid)?,
            took: Stopwatch::start(),
        })
    }

    /// Says what it cost since.
    ///
    /// # Errors
    /// As [`begin`](Self::begin).
    pub fn end(self) -> Result<Cost, Failure> {
        let seconds = self.took.elapsed().as_secs_f64();
        let spent = processor_millis(self.pid)? - self.processor_millis;
        Ok(Cost {
            seconds,
            processor_ms_per_second: spent / seconds,
            resident_mb: resident_megabytes(self.pid)?,
        })
    }
}

/// In which the system counts processor time, for every program on Linux, in milliseconds.
const TICK: f64 = 10.0;

/// The processor time of all threads, also of those that have ended, in milliseconds.
fn processor_millis(pid: u32) -> Result<f64, Failure> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))
        .map_err(|error| unknown(pid, &error))?;
    processor_ticks(&stat)
        .map(|ticks| ticks * TICK)
        .ok_or_else(|| unknown(pid, &"its times are not told"))
}

/// What `/proc/PID/stat` says of time spent in the program and in the system (proc(5), fields 14 and 15). The name of the program
/// stands in brackets before, and may hold blanks and brackets.
fn processor_ticks(stat: &str) -> Option<f64> {
    let (_, fields) = stat.rsplit_once(") ")?;
    let mut times = fields.split(' ').skip(11);
    let program: f64 = times.next()?.parse().ok()?;
    let system: f64 = times.next()?.parse().ok()?;
    Some(program + system)
}

fn resident_megabytes(pid: u32) -> Result<f64, Failure> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))
        .map_err(|error| unknown(pid, &error))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes =
        line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse::<f64>().ok());
    kilobytes
        .map(|kilobytes| kilobytes * 1024.0 / 1e6)
        .ok_or_else(|| unknown(pid, &"no VmRSS is told"))
}

fn unknown(pid: u32, error: &dyn std::fmt::Display) -> Failure {
    Failure::new(format!(
        "the system does not say what the process {pid} costs: {error}"
    ))
    .with_remedy("give the number of a running service on this machine, which must be a Linux")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_found_whatever_a_program_is_called() {
        let stat = "4711 (a) b) S 1 4711 4711 0 -1 4194560 900 0 2 0 150 37 0 0 20 0 9 0 1000";
        assert_eq!(processor_ticks(stat), Some(187.0));
        assert_eq!(processor_ticks("nonsense"), None);
    }
}
