//! `mainstay bench terms`: another target for clocks that run.

use std::time::Duration;

use clap::Args;
use hyper::Method;
use mainstay_app::measure::Stopwatch;
use mainstay_app::{App, TimeRange};
use mainstay_store::ledger;
use serde_json::{Value, json};

use super::super::output::say;
use super::super::store::StoreFlags;
use super::target::{Question, Target};
use crate::Failure;

/// Change the target of a commitment in an account's contract, and wait until every open ticket of the account follows it.
#[derive(Debug, Args)]
pub struct Terms {
    /// The account: `mainstay bench load` prints the largest
    #[arg(long, value_name = "ACCOUNT")]
    account: String,
    /// The commitment
    #[arg(long, value_name = "COMMITMENT", default_value = "resolution")]
    commitment: String,
    /// Its new target
    #[arg(long, value_name = "HOURS", default_value_t = 500)]
    hours: u32,
    /// Give up after so long
    #[arg(long, value_name = "SECONDS", default_value_t = 600)]
    patience: u64,
    /// Print the figures as one JSON line
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    target: Target,
    #[command(flatten)]
    store: StoreFlags,
}

/// How often it is looked whether all follow.
const LOOK: Duration = Duration::from_millis(200);

impl Terms {
    /// Runs the command.
    ///
    /// # Errors
    /// Fails when the service refuses the change, or when not all tickets follow within the patience.
    pub fn run(self) -> Result<(), Failure> {
        self.store.open_existing(async |app| {
            let contracts = Question::get(format!("/accounts/{}/contracts", self.account));
            let contracts = self.target.ask(&contracts).await?;
            let contract = contracts.pointer("/items/0/id").and_then(Value::as_str);
            let contract = contract.ok_or_else(|| {
                Failure::new(format!("the account {} has no contract", self.account))
                    .with_remedy("give the account that `mainstay bench load` prints")
            })?;
            let open = self.open_tickets().await?;
            let before = followed(app).await?;
            let took = Stopwatch::start();
            self.change(contract).await?;
            let answered = took.elapsed().as_secs_f64();
            loop {
                let done = followed(app).await? - before;
                let seconds = took.elapsed().as_secs_f64();
                if done >= open {
                    return self.tell(open, answered, seconds);
                }
                if seconds > self.patience as f64 {
                    return Err(Failure::new(format!(
                        "of {open} tickets {done} follow after {} s",
                        self.patience
                    ))
                    .with_remedy("see what `mainstay top` says of the queue"));
                }
                tokio::time::sleep(LOOK).await;
            }
        })
    }

    async fn change(&self, contract: &str) -> Result<(), Failure> {
        let overrides = json!([{
            "commitment": self.commitment,
            "target_seconds": i64::from(self.hours) * 3600,
            "clause": "measured",
        }]);
        let path = format!("/contracts/{contract}");
        let change = Question::json(Method::PATCH, path, &json!({ "overrides": overrides }));
        self.target.ask(&change).await?;
        Ok(())
    }

    async fn open_tickets(&self) -> Result<u64, Failure> {
        let count = format!("/tickets/count?status=undone&account={}", self.account);
        let found = self.target.ask(&Question::get(count)).await?;
        Ok(found["tickets"].as_u64().unwrap_or(0))
    }

    fn tell(&self, tickets: u64, answered: f64, seconds: f64) -> Result<(), Failure> {
        if self.json {
            return say(
                json!({ "tickets": tickets, "answered_after_seconds": answered, "seconds": seconds }),
            );
        }
        say(format_args!(
            "the change was answered after {answered:.2} s, and {tickets} open tickets followed within {seconds:.1} s"
        ))
    }
}

/// How many facts say that a ticket has other terms.
async fn followed(app: &App) -> Result<u64, Failure> {
    ledger::count_of_kind(&app.store().read(), "terms_changed", TimeRange::default())
        .await
        .map_err(|error| Failure::new(format!("the store cannot be read: {error}")))
}
