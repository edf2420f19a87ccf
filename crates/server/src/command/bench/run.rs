//! `mainstay bench run`: a load on a running service.

use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use serde_json::json;

use super::super::output::say;
use super::super::serve::in_runtime;
use super::drive::{Driven, Pace, drive};
use super::target::{Question, Target};
use super::work::{Load, Scene};
use crate::Failure;

/// Put a load on a running service, and say how many requests were answered and how long they took.
///
/// Without --rate the next request of a connection is sent as soon as the one before is answered (closed loop). With it requests
/// are sent at that rate whatever the answers do (open loop), and a request's time begins when it was to be sent.
#[derive(Debug, Args)]
pub struct Run {
    /// What to ask for
    #[arg(value_enum)]
    load: Load,
    /// Over so many connections
    #[arg(long, value_name = "COUNT", default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    connections: u32,
    /// Send so many requests a second together
    #[arg(long, value_name = "PER-SECOND", value_parser = rate)]
    rate: Option<f64>,
    /// Count for so long
    #[arg(long, value_name = "SECONDS", default_value_t = 20)]
    time: u64,
    /// Count nothing for so long before
    #[arg(long, value_name = "SECONDS", default_value_t = 3)]
    warm_up: u64,
    /// Make the requests from this number
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    seed: u64,
    /// Print the figures as one JSON line
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    target: Target,
}

/// Shown after the help of the command.
pub const EXAMPLES: &str = "\
Examples:
  mainstay bench run create --token mst_…                         16 connections, as fast as it goes
  mainstay bench run mixed --rate 300 --connections 64 --time 60   300 requests a second, come what may
  mainstay bench run search --json --token mst_… | jq .requests";

fn rate(text: &str) -> Result<f64, String> {
    let rate = text.parse().ok();
    rate.filter(|rate: &f64| rate.is_finite() && *rate >= 0.001)
        .ok_or_else(|| format!("{text:?} is no rate: expected requests a second, such as 500"))
}

/// How often it is looked whether every mail is filed.
const LOOK: Duration = Duration::from_millis(100);

/// How long that may take.
const LONGEST_FILING: Duration = Duration::from_secs(600);

impl Run {
    /// Runs the command.
    ///
    /// # Errors
    /// Returns why the service could not be measured. Requests that were refused are counted instead.
    pub fn run(self) -> Result<(), Failure> {
        in_runtime(async {
            let scene = Arc::new(Scene::look(&self.target).await?);
            let pace = Pace {
                connections: self.connections,
                rate: self.rate,
                warm_up: Duration::from_secs(self.warm_up),
                time: Duration::from_secs(self.time),
            };
            let driven = drive(&self.target, &scene, self.load, pace, self.seed).await?;
            let filed = match self.load {
                Load::Mail | Load::DenseMail => Some(self.filed_per_second(&driven).await?),
                _ => None,
            };
            self.tell(&driven, filed)
        })
    }

    /// How many mails were filed a second, from the first that was handed over until the last was filed.
    async fn filed_per_second(&self, driven: &Driven) -> Result<f64, Failure> {
        let waiting = Question::get("/mail/received?state=new&limit=1");
        loop {
            let page = self.target.ask(&waiting).await?;
            let passed = driven.began.elapsed();
            if page["items"].as_array().is_none_or(Vec::is_empty) {
                return Ok(driven.answered_in_all as f64 / passed.as_secs_f64());
            }
            if passed > LONGEST_FILING {
                return Err(Failure::new("mails wait to be filed that nobody files")
                    .with_remedy("see what `mainstay top` says of the queue"));
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    fn tell(&self, driven: &Driven, filed: Option<f64>) -> Result<(), Failure> {
        if self.json {
            return say(json!({
                "connections": self.connections,
                "rate": self.rate,
                "seconds": driven.seconds,
                "answered": driven.tallies.answered(),
                "per_second": driven.tallies.answered() as f64 / driven.seconds,
                "errors": driven.tallies.errors(),
                "filed_per_second": filed,
                "requests": driven.tallies.in_json(driven.seconds),
            }));
        }
        say(driven.tallies.in_words(driven.seconds))?;
        match filed {
            Some(filed) => say(format_args!(
                "\n{filed:.1} mails a second were handed over and filed"
            )),
            None => Ok(()),
        }
    }
}
