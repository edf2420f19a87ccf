//! `mainstay time`: the time of a demonstration that runs.

use std::time::Duration;

use clap::{Args, Subcommand};
use jiff::SignedDuration;
use mainstay_app::time::FASTEST;
use reqwest::{Client, RequestBuilder, StatusCode};
use serde_json::{Value, json};

use super::output::say;
use super::serve::in_runtime;
use crate::Failure;
use crate::failure::root_of;

/// The longest that the service may take to answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// Look at the time of a demonstration and move it on.
///
/// Whatever falls due on the way is done at once, stamped with its own instant: warnings, misses and escalations arrive.
/// A service that runs on the wall clock refuses.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Command {
    #[command(subcommand)]
    what: Option<What>,
    /// Where the service is
    #[arg(
        long,
        global = true,
        value_name = "URL",
        env = "MAINSTAY_URL",
        hide_env_values = true,
        default_value = "http://127.0.0.1:8080"
    )]
    url: String,
    /// A token that may change settings, such as the one that `mainstay demo` prints
    #[arg(
        long,
        global = true,
        value_name = "TOKEN",
        env = "MAINSTAY_TOKEN",
        hide_env_values = true
    )]
    token: Option<String>,
    /// Print one JSON object
    #[arg(long, global = true)]
    json: bool,
}

const EXAMPLES: &str = "\
Examples:
  export MAINSTAY_TOKEN=mst_…        the one that `mainstay demo` printed
  mainstay time                      what time is it there?
  mainstay time advance 2h           two hours pass at once
  mainstay time advance \"1d 30m\"     a day and half an hour pass at once
  mainstay time speed 60             a minute passes each second
  mainstay time speed 0              time stands still";

/// What to do with the time.
#[derive(Debug, Clone, Subcommand)]
pub enum What {
    /// Let a length of time pass at once
    Advance {
        /// How long, such as 90s, 30m, 2h or 1d; a day is 24 hours
        #[arg(value_name = "DURATION", value_parser = duration, allow_hyphen_values = true)]
        by: SignedDuration,
    },
    /// Let time run so many times as fast; 0 lets it stand
    Speed {
        /// How many times as fast as the wall clock
        #[arg(allow_negative_numbers = true, value_parser = factor)]
        factor: f64,
    },
    /// Show the time (as without a command)
    Show,
}

/// Reads a length of time such as `2h`, `1d 30m` or `PT2H`.
fn duration(text: &str) -> Result<SignedDuration, String> {
    mainstay_app::time::parse_duration(text)
}

/// Reads how many times as fast time is to run; JSON has no word for what is no number.
fn factor(text: &str) -> Result<f64, String> {
    let factor = text.parse().ok().filter(|factor: &f64| factor.is_finite());
    factor.ok_or_else(|| {
        format!(
            "{text:?} is no factor: expected a number from 0, which lets time stand, to {FASTEST}"
        )
    })
}

impl Command {
    /// Runs the command.
    ///
    /// # Errors
    /// Returns what went wrong, in words for the person who typed the command.
    pub fn run(self) -> Result<(), Failure> {
        let time = in_runtime(self.ask())?;
        if self.json {
            return say(time);
        }
        let now = time["now"].as_str().unwrap_or_default();
        let course = match (time["simulated"].as_bool(), time["speed"].as_f64()) {
            (Some(true), Some(0.0)) => "simulated, standing still".to_owned(),
            (Some(true), Some(1.0)) => "simulated, as fast as the wall clock".to_owned(),
            (Some(true), Some(speed)) => {
                format!("simulated, {speed} times as fast as the wall clock")
            }
            _ => "the wall clock's".to_owned(),
        };
        say(format_args!("{now}  {course}"))
    }

    async fn ask(&self) -> Result<Value, Failure> {
        let client = Client::builder()
            .timeout(PATIENCE)
            .build()
            .map_err(|error| Failure::new(format!("no connection can be made: {error}")))?;
        let address = format!("{}/api/v1/time", self.url.trim_end_matches('/'));
        if reqwest::Url::parse(&address).is_err() {
            return Err(Failure::new(format!("{:?} is no address", self.url)).with_remedy(
                "say where the service is with --url or MAINSTAY_URL, such as http://127.0.0.1:8080",
            ));
        }
        let request = match &self.what {
            None | Some(What::Show) => client.get(&address),
            Some(What::Advance { by }) => client
                .post(&address)
                .json(&json!({ "advance": format!("{by:#}") })),
            Some(What::Speed { factor }) => client.post(&address).json(&json!({ "speed": factor })),
        };
        let request = match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        };
        self.answer(request).await
    }

    async fn answer(&self, request: RequestBuilder) -> Result<Value, Failure> {
        let response = request.send().await.map_err(|error| {
            Failure::new(format!("{} does not answer: {}", self.url, root_of(&error)))
                .with_remedy("say where the service is with --url or MAINSTAY_URL")
        })?;
        let status = response.status();
        let body: Option<Value> = response.json().await.ok();
        match body {
            Some(body) if status.is_success() => Ok(body),
            body => Err(self.refused(status, body.as_ref())),
        }
    }

    fn refused(&self, status: StatusCode, body: Option<&Value>) -> Failure {
        let told = body.and_then(problem_words);
        let failure = Failure::new(told.unwrap_or_else(|| {
            format!("{} answered {status}, which is no answer of ours", self.url)
        }));
        match status {
            StatusCode::UNAUTHORIZED => failure.with_remedy(
                "give a token with --token or MAINSTAY_TOKEN: `mainstay demo` prints one, `mainstay admin token` makes one",
            ),
            _ => failure,
        }
    }
}

/// What a problem document says: its errors where it lists some, else its detail.
fn problem_words(body: &Value) -> Option<String> {
    let errors = body["errors"].as_array().into_iter().flatten();
    let details: Vec<&str> = errors
        .filter_map(|error| error["detail"].as_str())
        .collect();
    if details.is_empty() {
        return body["detail"].as_str().map(str::to_owned);
    }
    Some(details.join("; "))
}
