//! `mainstay demo`: a service with sixty accounts, a year of history and a day in full swing.

use std::io::IsTerminal;
use std::sync::Arc;

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use mainstay_app::demo::{DemoUser, PASSWORD};
use mainstay_app::time::FASTEST;
use mainstay_app::token::{EVERYTHING, NewToken};
use mainstay_app::{App, Caller, Clock as _};
use mainstay_store::{Claim, Claimed};
use serde::Serialize;

use super::argument::instant;
use super::output::say;
use super::serve::{in_runtime, stop_on_signal};
use crate::service::{Service, claim, is_worked_on, look_at_store};
use crate::settings::{Flags, Settings};
use crate::time::{SimulatedClock, WallClock, remember};
use crate::{Failure, logging};

/// Run a demonstration: sixty accounts, a year of history, a day in full swing.
#[derive(Debug, Args)]
pub struct Command {
    /// Listen on this address and port
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    listen: String,
    /// Keep everything in this folder, and go on with what is in it; a temporary one when absent
    #[arg(long, value_name = "FOLDER")]
    data: Option<String>,
    /// Use this store instead of one in the folder: sqlite:PATH or postgres://…
    #[arg(long, value_name = "URL")]
    database: Option<String>,
    /// Promise what this pack promises
    #[arg(long, value_name = "NAME", default_value = mainstay_policy::DEFAULT_PACK)]
    pack: String,
    /// Begin at this instant instead of now, such as 2026-03-02T09:00:00Z
    #[arg(long, value_name = "INSTANT", value_parser = instant)]
    at: Option<Timestamp>,
    /// Let time run so many times as fast; 0 lets it stand
    #[arg(
        long,
        value_name = "FACTOR",
        default_value_t = 1.0,
        allow_negative_numbers = true
    )]
    speed: f64,
    /// Print one JSON line with the address, a token and the sign-ins once it serves
    #[arg(long)]
    json: bool,
}

/// Shown after the help of the command.
pub const EXAMPLES: &str = "\
Examples:
  mainstay demo
  mainstay demo --speed 60                             a minute passes each second
  mainstay demo --at 2026-03-02T09:00:00Z --speed 0    time stands until you move it
  mainstay time advance 2h --token mst_…               watch warnings, misses and escalations arrive";

/// What a script has to know of a demonstration that serves.
#[derive(Debug, Serialize)]
struct Ready<'a> {
    url: String,
    token: String,
    users: Vec<SignIn<'a>>,
}

#[derive(Debug, Serialize)]
struct SignIn<'a> {
    email: &'a str,
    password: &'static str,
    role: &'a str,
}

impl Command {
    /// Runs the demonstration until the process is asked to end.
    ///
    /// # Errors
    /// Returns what is wrong with the arguments, the store or the address.
    pub fn run(self) -> Result<(), Failure> {
        if !(0.0..=FASTEST).contains(&self.speed) {
            return Err(
                Failure::new(format!("time cannot run {} times as fast", self.speed)).with_remedy(
                    format!("give --speed a number from 0 to {FASTEST}, such as 60 for a minute a second"),
                ),
            );
        }
        let temporary = match &self.data {
            Some(_) => None,
            None => Some(tempfile::tempdir().map_err(|error| {
                Failure::new(format!("no temporary folder could be made: {error}"))
                    .with_remedy("name a folder with --data")
            })?),
        };
        let folder = temporary
            .as_ref()
            .map(|folder| folder.path().display().to_string());
        let mut settings = Settings::load(&Flags {
            data: self.data.clone().or(folder),
            listen: Some(self.listen.clone()),
            database: self.database.clone(),
            log_level: Some("warn".to_owned()),
            ..Flags::default()
        })?;
        // It is there to be tried, also by a program in a hurry.
        settings.http.requests_per_second = 0;
        settings.http.anonymous_requests_per_second = 0;
        let _traces = logging::start(&settings)?;
        let kept_in = settings.data.display().to_string();
        in_runtime(async {
            let _claimed = claim_alone(&settings).await?;
            let clock = self.clock(&settings).await?;
            let service = Service::start(settings, Arc::new(clock)).await?;
            let users = self.prepare(service.app()).await?;
            remember(service.app().clone())
                .await
                .map_err(|error| Failure::new(format!("the time cannot be kept: {error}")))?;
            let token = token(service.app(), &users).await?;
            self.announce(
                &format!("http://{}", service.address()),
                &kept_in,
                &token,
                &users,
            )?;
            service.run(stop_on_signal()?).await
        })
    }

    /// The time to begin with: that of a demonstration that goes on, else the one that was asked for, else the present.
    async fn clock(&self, settings: &Settings) -> Result<SimulatedClock, Failure> {
        let now = WallClock.now();
        let (remembered, is_used) = look_at_store(settings).await?;
        let Some(remembered) = remembered else {
            if is_used {
                return Err(Failure::new(
                    "the store is in earnest use: it was not made by a demonstration",
                )
                .with_remedy("name an empty folder with --data"));
            }
            return Ok(SimulatedClock::new(self.at.unwrap_or(now), self.speed));
        };
        let reached = remembered.at(now);
        match self.at {
            Some(at) if at < reached => Err(Failure::new(format!(
                "the demonstration has reached {reached} already, and its time does not run back to {at}"
            ))
            .with_remedy("leave --at out to go on from there, or begin anew in an empty folder")),
            at => Ok(SimulatedClock::new(at.unwrap_or(reached), self.speed)),
        }
    }

    /// Fills the store, unless it was filled before.
    async fn prepare(&self, app: &App) -> Result<Vec<DemoUser>, Failure> {
        let users = app.demo_users().await.map_err(failed)?;
        if !users.is_empty() {
            return Ok(users);
        }
        let pack = mainstay_policy::builtin(&self.pack).ok_or_else(|| {
            let names: Vec<&str> = mainstay_policy::builtin_names().collect();
            Failure::new(format!("there is no pack {:?}", self.pack))
                .with_remedy(format!("choose one of {}", names.join(", ")))
        })?;
        app.apply_policy(&Caller::machine(), &pack, "The demonstration's pack.")
            .await
            .map_err(failed)?;
        let bar = progress_bar(self.json);
        let demo = app
            .make_demo(|done, total| {
                bar.set_length(total as u64);
                bar.set_position(done as u64);
            })
            .await
            .map_err(failed)?;
        bar.finish_and_clear();
        Ok(demo.users)
    }

    fn announce(
        &self,
        url: &str,
        kept_in: &str,
        token: &str,
        users: &[DemoUser],
    ) -> Result<(), Failure> {
        if self.json {
            let ready = Ready {
                url: url.to_owned(),
                token: token.to_owned(),
                users: users
                    .iter()
                    .map(|user| SignIn {
                        email: &user.email,
                        password: PASSWORD,
                        role: &user.role,
                    })
                    .collect(),
            };
            return say(serde_json::to_string(&ready).unwrap_or_default());
        }
        let beside = match self.database {
            Some(_) => " and the same --database",
            None => "",
        };
        say(format_args!(
            "Mainstay serves a demonstration at {url}\n\
             The API is described at {url}/api/docs\n\
             Commands work on it with --data {kept_in}{beside}\n\n\
             Sign in with the password {PASSWORD:?} as"
        ))?;
        for user in users {
            say(format_args!(
                "  {:<42} {:<22} {}",
                user.email, user.role, user.name
            ))?;
        }
        say(format_args!(
            "\nAPI token  {token}\n\
             Try it     curl -H 'Authorization: Bearer {token}' '{url}/api/v1/tickets?sort=next_due&limit=5'\n\
             Move time  mainstay time advance 2h --url {url} --token {token}\n\n\
             Ctrl-C ends it."
        ))
    }
}

/// Demands that nobody else works on the store, now or while the answer is held.
async fn claim_alone(settings: &Settings) -> Result<Claimed, Failure> {
    let claimed = match is_worked_on(settings) {
        true => None,
        false => claim(settings, Claim::Alone).await?,
    };
    claimed.ok_or_else(|| {
        Failure::new("a process works on this store already, and its time can be only one")
            .with_remedy("end the other, or name another store with --data or --database")
    })
}

/// A token of the administrator's for trying the API.
async fn token(app: &App, users: &[DemoUser]) -> Result<String, Failure> {
    let Some(administrator) = users.iter().find(|user| user.role == "administrator") else {
        return Err(Failure::new("the store holds no administrator")
            .with_remedy("name an empty folder with --data"));
    };
    let new = NewToken {
        name: "demonstration".to_owned(),
        scopes: vec![EVERYTHING.to_owned()],
        expires_at: None,
    };
    let (_, secret) = app
        .issue_token(&Caller::machine(), administrator.actor, new)
        .await
        .map_err(failed)?;
    Ok(secret)
}

fn progress_bar(quiet: bool) -> ProgressBar {
    if quiet || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style =
        ProgressStyle::with_template("Making a year of history {bar:40} {pos}/{len} tickets");
    ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

#[expect(clippy::needless_pass_by_value, reason = "it is given to map_err")]
fn failed(error: mainstay_app::AppError) -> Failure {
    Failure::new(error.to_string())
}
