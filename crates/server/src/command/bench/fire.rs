//! `mainstay bench fire`: clocks that fall due together.

use std::time::Duration;

use clap::Args;
use jiff::{SignedDuration, Timestamp};
use mainstay_app::{App, TimeRange};
use mainstay_store::ledger;
use serde_json::json;

use super::super::output::say;
use super::super::store::StoreFlags;
use crate::Failure;

/// Wait until all clocks that fall due at an instant were missed and their tickets escalated, and say how long it took.
///
/// It reads the store beside the service that does it: what counts is what is committed.
#[derive(Debug, Args)]
pub struct Fire {
    /// The instant: `mainstay bench load --due` prints it
    #[arg(long, value_name = "INSTANT")]
    at: Timestamp,
    /// How many fall due then
    #[arg(long, value_name = "COUNT")]
    count: u64,
    /// Give up after so long
    #[arg(long, value_name = "SECONDS", default_value_t = 120)]
    patience: u64,
    /// Print the figures as one JSON line
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    store: StoreFlags,
}

/// What is committed of what follows at the instant.
#[derive(Debug, Clone, Copy)]
struct Taken {
    missed: u64,
    escalated: u64,
}

/// How often the store is looked at.
const LOOK: Duration = Duration::from_millis(50);

impl Fire {
    /// Runs the command.
    ///
    /// # Errors
    /// Fails when the store does not answer, or when something is still missing after the patience.
    pub fn run(self) -> Result<(), Failure> {
        self.store.open_existing(async |app| {
            let wait = self.at.duration_since(app.now());
            if let Ok(wait) = Duration::try_from(wait) {
                tokio::time::sleep(wait).await;
            }
            let patience = SignedDuration::from_secs(i64::try_from(self.patience).unwrap_or(i64::MAX));
            let mut missed_after = None;
            loop {
                let taken = self.taken(app).await?;
                let passed = app.now().duration_since(self.at);
                if taken.missed >= self.count {
                    missed_after.get_or_insert(passed);
                }
                if taken.missed >= self.count && taken.escalated >= self.count {
                    return self.tell(taken, missed_after.unwrap_or(passed), passed);
                }
                if passed > patience {
                    return Err(Failure::new(format!(
                        "of {} clocks {} were missed and {} tickets escalated within {} s",
                        self.count, taken.missed, taken.escalated, self.patience
                    ))
                    .with_remedy("see that the service runs and that the instant and the count are those of the store"));
                }
                tokio::time::sleep(LOOK).await;
            }
        })
    }

    async fn taken(&self, app: &App) -> Result<Taken, Failure> {
        let on = app.store().read();
        let at = TimeRange {
            from: Some(self.at),
            until: Some(self.at + SignedDuration::from_micros(1)),
        };
        let count = async |kind: &str| {
            let counted = ledger::count_of_kind(&on, kind, at).await;
            counted.map_err(|error| Failure::new(format!("the store cannot be read: {error}")))
        };
        Ok(Taken {
            missed: count("clock_missed").await?,
            escalated: count("escalation_raised").await?,
        })
    }

    fn tell(
        &self,
        taken: Taken,
        missed: SignedDuration,
        escalated: SignedDuration,
    ) -> Result<(), Failure> {
        let (missed, escalated) = (missed.as_secs_f64(), escalated.as_secs_f64());
        if self.json {
            return say(json!({
                "count": self.count,
                "missed": taken.missed,
                "escalated": taken.escalated,
                "missed_after_seconds": missed,
                "escalated_after_seconds": escalated,
            }));
        }
        say(format_args!(
            "{} clocks were missed {missed:.2} s after they fell due, {} tickets escalated after {escalated:.2} s",
            taken.missed, taken.escalated
        ))
    }
}
