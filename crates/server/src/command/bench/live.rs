//! `mainstay bench live`: what it costs that people look on.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use clap::Args;
use http_body_util::BodyExt as _;
use hyper::Method;
use hyper::StatusCode;
use hyper::body::Incoming;
use hyper::header::{RETRY_AFTER, SET_COOKIE};
use mainstay_app::demo::PASSWORD;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::super::output::say;
use super::super::serve::in_runtime;
use super::process::{Cost, Watch};
use super::target::{Credential, Question, Target};
use crate::Failure;

/// Sign agents in and let each listen to live events, as an open browser does, and say what the service costs meanwhile.
///
/// Those who serve are taken in turn, so that the same person may look on from several browsers; each of these has a session of its
/// own. Let the service not limit how often a stranger may ask (MAINSTAY_HTTP_ANONYMOUS_REQUESTS_PER_SECOND=0), or signing in takes
/// as long as that limit demands.
#[derive(Debug, Args)]
pub struct Live {
    /// So many browsers
    #[arg(long, value_name = "COUNT", default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    agents: u32,
    /// Watch the service for so long once all of them listen
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..))]
    time: u64,
    /// The number of the service's process, to say what it costs
    #[arg(long, value_name = "PID")]
    pid: Option<u32>,
    /// The password of those who serve; that of `mainstay bench load` and of the demonstration when absent
    #[arg(long, value_name = "PASSWORD", default_value = PASSWORD, hide_default_value = true)]
    password: String,
    /// Print the figures as one JSON line
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    target: Target,
}

/// Shown after the help of the command.
pub const EXAMPLES: &str = "\
Examples:
  mainstay bench live --pid 4711 --token mst_…                   200 agents, for a minute
  mainstay bench live --agents 2000 --time 300 --pid 4711 --json";

/// How long a service that was busy with signing people in may take to come to rest before it is watched.
const REST: Duration = Duration::from_secs(5);

/// How long to wait before asking again where the service does not say.
const PAUSE: Duration = Duration::from_secs(1);

/// What all of them saw.
#[derive(Debug, Default)]
struct Seen {
    bytes: AtomicU64,
    ended: AtomicU64,
}

impl Live {
    /// Runs the command.
    ///
    /// # Errors
    /// Fails when nobody can sign in, when a stream cannot be opened, or when the system does not say what the process costs.
    pub fn run(self) -> Result<(), Failure> {
        in_runtime(async {
            let emails = self.emails().await?;
            let (mut listening, seen) = (JoinSet::new(), Arc::new(Seen::default()));
            for (email, _) in emails.iter().cycle().zip(0..self.agents) {
                let session = self.sign_in(email).await?;
                listening.spawn(listen(self.stream(&session).await?, Arc::clone(&seen)));
            }
            tokio::time::sleep(REST).await;
            let watch = self.pid.map(Watch::begin).transpose()?;
            tokio::time::sleep(Duration::from_secs(self.time)).await;
            let cost = watch.map(Watch::end).transpose()?;
            let ended = seen.ended.load(Ordering::Relaxed);
            self.tell(cost, &seen)?;
            if ended > 0 {
                return Err(Failure::new(format!(
                    "{ended} of {} streams ended before they were to",
                    self.agents
                ))
                .with_remedy("see the log of the service"));
            }
            Ok(())
        })
    }

    /// The addresses of those who serve.
    async fn emails(&self) -> Result<Vec<String>, Failure> {
        let page = self.target.ask(&Question::get("/agents?limit=200")).await?;
        let agents = page["items"].as_array().map_or(&[][..], Vec::as_slice);
        let active = agents.iter().filter(|agent| agent["active"] == true);
        let emails: Vec<String> = active
            .filter_map(|agent| agent["email"].as_str().map(str::to_owned))
            .collect();
        if emails.is_empty() {
            return Err(
                Failure::new("nobody serves there who could sign in").with_remedy(
                    "measure a service on a store that `mainstay bench load` has filled",
                ),
            );
        }
        Ok(emails)
    }

    /// Signs somebody in, and returns the cookie of the session.
    async fn sign_in(&self, email: &str) -> Result<String, Failure> {
        let input = json!({ "email": email, "password": self.password });
        let question = Question::json(Method::POST, "/sessions", &input);
        loop {
            let mut wire = self.target.connect().await?;
            let answer = wire.begin(&question, &Credential::None).await?;
            let header = |name| answer.headers().get(name)?.to_str().ok();
            match answer.status() {
                StatusCode::CREATED => {
                    let cookie = header(SET_COOKIE).and_then(|set| set.split(';').next());
                    return cookie.map(str::to_owned).ok_or_else(|| {
                        Failure::new("the service signs people in without a cookie")
                    });
                }
                StatusCode::TOO_MANY_REQUESTS => {
                    let seconds = header(RETRY_AFTER).and_then(|text| text.parse().ok());
                    tokio::time::sleep(seconds.map_or(PAUSE, Duration::from_secs)).await;
                }
                status => {
                    return Err(Failure::new(format!("{email} cannot sign in: {status}"))
                        .with_remedy(
                            "give the password that those who serve have with --password",
                        ));
                }
            }
        }
    }

    /// Opens a stream of live events.
    async fn stream(&self, session: &str) -> Result<Incoming, Failure> {
        let question = Question::get("/events");
        let credential = Credential::Session(session.to_owned());
        let answer = self
            .target
            .connect()
            .await?
            .begin(&question, &credential)
            .await?;
        if !answer.status().is_success() {
            let status = answer.status();
            return Err(Failure::new(format!(
                "the live events were answered {status}"
            )));
        }
        Ok(answer.into_body())
    }

    fn tell(&self, cost: Option<Cost>, seen: &Seen) -> Result<(), Failure> {
        let (bytes, ended) = (
            seen.bytes.load(Ordering::Relaxed),
            seen.ended.load(Ordering::Relaxed),
        );
        if self.json {
            let cost = cost.map(|cost| {
                json!({
                    "seconds": cost.seconds,
                    "processor_ms_per_second": cost.processor_ms_per_second,
                    "cores": cost.processor_ms_per_second / 1e3,
                    "resident_mb": cost.resident_mb,
                })
            });
            return say(json!({
                "agents": self.agents,
                "seconds": self.time,
                "bytes": bytes,
                "ended": ended,
                "cost": cost.unwrap_or(Value::Null),
            }));
        }
        let heard = format!(
            "{} agents listened, and were sent {bytes} bytes",
            self.agents
        );
        match cost {
            None => say(heard),
            Some(cost) => say(format_args!(
                "{heard}; {:.1} % of a processor, {:.1} MB resident",
                cost.processor_ms_per_second / 10.0,
                cost.resident_mb
            )),
        }
    }
}

/// Takes what a stream brings until it ends.
async fn listen(mut stream: Incoming, seen: Arc<Seen>) {
    while let Some(Ok(frame)) = stream.frame().await {
        let length = frame.data_ref().map_or(0, bytes::Bytes::len);
        seen.bytes
            .fetch_add(u64::try_from(length).unwrap_or(0), Ordering::Relaxed);
    }
    seen.ended.fetch_add(1, Ordering::Relaxed);
}
