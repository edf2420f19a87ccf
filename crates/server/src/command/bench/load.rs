//! `mainstay bench load`: a store of a given size.

use std::io::IsTerminal as _;

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use jiff::SignedDuration;
use mainstay_app::demo::sample::{Sample, SampleOptions};
use mainstay_app::measure::Stopwatch;
use mainstay_app::token::{EVERYTHING, NewToken};
use mainstay_app::{App, Caller};
use mainstay_domain::event::Actor;
use serde_json::json;

use super::super::output::say;
use super::super::store::StoreFlags;
use crate::Failure;

/// Fill an empty store with a company of any size: sixty accounts, and as many tickets as are asked for, with their
/// conversations, facts and clocks.
///
/// Tickets that are done are spread over two years; nothing falls due on the open ones for hours. The same seed makes the same
/// tickets. A token of the administrator's is printed at the end.
#[derive(Debug, Args)]
pub struct Load {
    /// So many tickets in all
    #[arg(long, value_name = "COUNT", default_value_t = 1_000_000)]
    tickets: u32,
    /// So many of them are open, each with two or three running clocks
    #[arg(long, value_name = "COUNT", default_value_t = 0)]
    open: u32,
    /// So many of the open ones are the first account's
    #[arg(long, value_name = "COUNT", default_value_t = 0)]
    of_first_account: u32,
    /// So many more are open and fall due at the same instant
    #[arg(long, value_name = "COUNT", default_value_t = 0)]
    due: u32,
    /// How long from now that instant is, such as 90s or 10m; at most 25m
    #[arg(long, value_name = "DURATION", default_value = "10m", value_parser = mainstay_app::time::parse_duration)]
    due_in: SignedDuration,
    /// Make the stories from this number
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    seed: u64,
    /// Promise what this pack promises
    #[arg(long, value_name = "NAME", default_value = mainstay_policy::DEFAULT_PACK)]
    pack: String,
    /// Print what was made as one JSON line
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    store: StoreFlags,
}

/// Shown after the help of the command.
pub const EXAMPLES: &str = "\
Examples:
  mainstay bench load --data /tmp/large                            1,000,000 tickets
  mainstay bench load --data /tmp/open --tickets 500000 --open 500000
  mainstay bench load --data /tmp/due --tickets 20000 --due 10000 --due-in 2m";

impl Load {
    /// Runs the command.
    ///
    /// # Errors
    /// Returns what is wrong with the arguments or the store.
    pub fn run(self) -> Result<(), Failure> {
        self.store.open(async |app| {
            // The identifiers follow from the seed as well.
            let app = self.seeded(app);
            let pack = mainstay_policy::builtin(&self.pack).ok_or_else(|| {
                let names: Vec<&str> = mainstay_policy::builtin_names().collect();
                Failure::new(format!("there is no pack {:?}", self.pack))
                    .with_remedy(format!("choose one of {}", names.join(", ")))
            })?;
            let note = "The pack of a store to measure by.";
            app.apply_first_policy(&Caller::machine(), &pack, note)
                .await
                .map_err(|error| Failure::of(&error))?;
            let took = Stopwatch::start();
            let bar = progress_bar(self.json);
            let now = app.now();
            let options = SampleOptions {
                tickets: self.tickets,
                open: self.open,
                of_first_account: self.of_first_account,
                due: self.due,
                due_at: now + self.due_in,
                seed: self.seed,
            };
            let sample = app
                .make_sample(options, |done, total| {
                    bar.set_length(total);
                    bar.set_position(done);
                })
                .await
                .map_err(|error| Failure::of(&error))?;
            app.store().learn().await;
            bar.finish_and_clear();
            let token = token(&app).await?;
            self.tell(&sample, &options, &token, took.elapsed().as_secs_f64())
        })
    }

    fn seeded(&self, app: &App) -> App {
        let mut seed = [0; 32];
        let (head, _) = seed.split_at_mut(8);
        head.copy_from_slice(&self.seed.to_le_bytes());
        app.with_seed(seed)
    }

    fn tell(
        &self,
        sample: &Sample,
        options: &SampleOptions,
        token: &str,
        seconds: f64,
    ) -> Result<(), Failure> {
        let rate = sample.tickets as f64 / seconds;
        if self.json {
            return say(json!({
                "tickets": sample.tickets,
                "facts": sample.facts,
                "clocks": sample.clocks,
                "running_clocks": sample.running,
                "first_account": sample.first_account.map(|id| id.to_string()),
                "due_at": options.due_at.to_string(),
                "due": options.due,
                "seconds": seconds,
                "tickets_per_second": rate,
                "token": token,
            }));
        }
        say(format_args!(
            "{} tickets, {} facts, {} clocks of which {} run, in {seconds:.1} s ({rate:.0} tickets a second)\n\
             first account  {}\nAPI token      {token}",
            sample.tickets,
            sample.facts,
            sample.clocks,
            sample.running,
            sample
                .first_account
                .map(|id| id.to_string())
                .unwrap_or_default(),
        ))?;
        if self.due > 0 {
            say(format_args!(
                "{} fall due at  {}",
                options.due, options.due_at
            ))?;
        }
        Ok(())
    }
}

/// A token of the administrator's. It is made by the machine's own randomness, not from the seed, so that nobody can guess it.
async fn token(app: &App) -> Result<String, Failure> {
    let app = app.with_seed(crate::random::bytes()?);
    let users = app
        .demo_users()
        .await
        .map_err(|error| Failure::of(&error))?;
    let administrator = users.iter().find(|user| user.role == "administrator");
    let actor = administrator.map_or(Actor::System, |user| user.actor);
    let new = NewToken {
        name: "measurement".to_owned(),
        scopes: vec![EVERYTHING.to_owned()],
        expires_at: None,
    };
    let issued = app.issue_token(&Caller::machine(), actor, new).await;
    Ok(issued.map_err(|error| Failure::of(&error))?.1)
}

fn progress_bar(quiet: bool) -> ProgressBar {
    if quiet || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("Making tickets {bar:40} {pos}/{len}, {eta} left");
    ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
