//! What is promised of the service itself: uptime, speed, recovery.

use jiff::SignedDuration;

use crate::commitment::Source;
use crate::name::TierName;

/// The seconds of a year of 365 days, and of its twelfth part: the month in which downtime is allowed.
const SECONDS_PER_YEAR: f64 = 365.0 * 86_400.0;
const SECONDS_PER_MONTH: f64 = SECONDS_PER_YEAR / 12.0;

/// A promise of uptime, measured over a month.
#[derive(Debug, Clone, PartialEq)]
pub struct UptimeCommitment {
    /// To whom.
    pub tier: TierName,
    /// Which share of the time the service is up, in percent.
    pub target_percent: f64,
    /// The downtime allowed in a month, as the framework writes it or as computed from the share.
    pub allowance: SignedDuration,
    /// What is owed when the promise is missed, in percent of the month's price.
    pub credit_percent: Option<f64>,
    /// What is owed, where that is not a number.
    pub credit_note: Option<String>,
    /// Where the pack says so.
    pub source: Source,
}

/// The downtime that an uptime share allows in a month (a twelfth of 365 days, which is 730 hours).
#[must_use]
pub fn monthly_allowance(target_percent: f64) -> SignedDuration {
    let seconds = (100.0 - target_percent) / 100.0 * SECONDS_PER_MONTH;
    SignedDuration::from_millis((seconds * 1000.0).round() as i64)
}

/// A promise of speed.
#[derive(Debug, Clone, PartialEq)]
pub struct PerformancePromise {
    /// To whom.
    pub tier: TierName,
    /// What is measured, such as `api_response_time`.
    pub measure: String,
    /// How many measurements are condensed into one figure.
    pub statistic: Statistic,
    /// The figure stays below this.
    pub below: SignedDuration,
    /// Where the pack says so.
    pub source: Source,
}

/// How measurements are condensed into one figure.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Statistic {
    /// Their mean.
    Average,
    /// The value that this share of them, in percent, does not exceed.
    Percentile(f64),
    /// Their greatest: each single one keeps the promise.
    Maximum,
}

/// A promise of recovery after a failure.
#[derive(Debug, Clone, PartialEq)]
pub struct RecoveryPromise {
    /// To whom.
    pub tier: TierName,
    /// The service is back within this time.
    pub recovery_time: SignedDuration,
    /// No more than what was written in this time before the failure is lost.
    pub data_loss: SignedDuration,
    /// Where the pack says so.
    pub source: Source,
}
