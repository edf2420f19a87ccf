//! What was measured: how many, how fast, how late.

use std::collections::BTreeMap;
use std::time::Duration;

use hdrhistogram::Histogram;
use serde_json::{Value, json};

use super::super::output::table;
use crate::Failure;

/// The longest time that is told apart from longer ones.
const LONGEST: Duration = Duration::from_secs(600);

/// The quantiles that are told.
const TOLD: [(&str, f64); 5] = [
    ("p50", 0.5),
    ("p90", 0.9),
    ("p99", 0.99),
    ("p99.9", 0.999),
    ("max", 1.0),
];

/// How requests of one kind were answered.
#[derive(Debug, Clone)]
pub struct Tally {
    /// In microseconds.
    times: Histogram<u64>,
    errors: u64,
    first_error: Option<String>,
}

impl Tally {
    /// Nothing yet.
    ///
    /// # Errors
    /// Never; the bounds are constants.
    pub fn new() -> Result<Self, Failure> {
        let most = u64::try_from(LONGEST.as_micros()).unwrap_or(u64::MAX);
        let times = Histogram::new_with_bounds(1, most, 3)
            .map_err(|error| Failure::new(format!("times cannot be counted: {error}")))?;
        Ok(Self {
            times,
            errors: 0,
            first_error: None,
        })
    }

    /// Counts an answer by the time it took.
    pub fn count(&mut self, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.times.saturating_record(micros.max(1));
    }

    /// Counts a request that failed or was refused.
    pub fn fail(&mut self, why: impl FnOnce() -> String) {
        self.errors += 1;
        self.first_error.get_or_insert_with(why);
    }

    /// Adds what another counted.
    pub fn add(&mut self, other: &Self) {
        // Both have the same bounds, so nothing can be left out.
        let _ = self.times.add(&other.times);
        self.errors += other.errors;
        if self.first_error.is_none() {
            self.first_error.clone_from(&other.first_error);
        }
    }

    /// How many were answered well.
    #[must_use]
    pub fn answered(&self) -> u64 {
        self.times.len()
    }

    fn millis(&self, quantile: f64) -> f64 {
        self.times.value_at_quantile(quantile) as f64 / 1000.0
    }
}

/// Everything that was counted in a run, by kind of request.
#[derive(Debug, Clone, Default)]
pub struct Tallies(BTreeMap<&'static str, Tally>);

impl Tallies {
    /// What is counted of a kind.
    ///
    /// # Errors
    /// As [`Tally::new`].
    pub fn of(&mut self, kind: &'static str) -> Result<&mut Tally, Failure> {
        if !self.0.contains_key(kind) {
            self.0.insert(kind, Tally::new()?);
        }
        self.0
            .get_mut(kind)
            .ok_or_else(|| Failure::new("a kind of request was not counted"))
    }

    /// Adds what another counted.
    ///
    /// # Errors
    /// As [`Tally::new`].
    pub fn add(&mut self, other: &Self) -> Result<(), Failure> {
        for (kind, tally) in &other.0 {
            self.of(kind)?.add(tally);
        }
        Ok(())
    }

    /// How many were answered well.
    #[must_use]
    pub fn answered(&self) -> u64 {
        self.0.values().map(Tally::answered).sum()
    }

    /// How many failed.
    #[must_use]
    pub fn errors(&self) -> u64 {
        self.0.values().map(|tally| tally.errors).sum()
    }

    /// As JSON, over a time in seconds.
    #[must_use]
    pub fn in_json(&self, seconds: f64) -> Value {
        let kinds: serde_json::Map<String, Value> = self
            .0
            .iter()
            .map(|(kind, tally)| {
                let mut told = json!({
                    "answered": tally.answered(),
                    "per_second": tally.answered() as f64 / seconds,
                    "errors": tally.errors,
                });
                for (name, quantile) in TOLD {
                    told[format!("{name}_ms")] = tally.millis(quantile).into();
                }
                if let Some(error) = &tally.first_error {
                    told["first_error"] = error.as_str().into();
                }
                ((*kind).to_owned(), told)
            })
            .collect();
        json!(kinds)
    }

    /// As a table, over a time in seconds.
    #[must_use]
    pub fn in_words(&self, seconds: f64) -> String {
        let head = ["requests", "answered", "a second", "errors"].map(str::to_owned);
        let quantiles = TOLD.iter().map(|(name, _)| format!("{name} ms"));
        let mut rows = vec![head.into_iter().chain(quantiles).collect::<Vec<_>>()];
        for (kind, tally) in &self.0 {
            let mut row = vec![
                (*kind).to_owned(),
                tally.answered().to_string(),
                format!("{:.1}", tally.answered() as f64 / seconds),
                tally.errors.to_string(),
            ];
            row.extend(
                TOLD.iter()
                    .map(|(_, quantile)| format!("{:.2}", tally.millis(*quantile))),
            );
            rows.push(row);
        }
        let mut text = table(&rows);
        for (kind, tally) in &self.0 {
            if let Some(error) = &tally.first_error {
                text.push_str(&format!("\nfirst error of {kind}: {error}"));
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_and_errors_are_told_by_kind() {
        let mut tallies = Tallies::default();
        for millis in 1..=100 {
            tallies
                .of("read")
                .unwrap()
                .count(Duration::from_millis(millis));
        }
        let mut other = Tallies::default();
        other.of("read").unwrap().fail(|| "503".to_owned());
        tallies.add(&other).unwrap();
        let told = tallies.in_json(10.0);
        assert_eq!(told["read"]["answered"], 100);
        assert_eq!(told["read"]["per_second"], 10.0);
        assert_eq!(told["read"]["errors"], 1);
        assert_eq!(told["read"]["first_error"], "503");
        let p99 = told["read"]["p99_ms"].as_f64().unwrap();
        assert!((98.9..=99.2).contains(&p99), "{p99}");
    }
}
