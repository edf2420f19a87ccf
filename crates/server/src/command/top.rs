//! `mainstay top`: a running service in the terminal.

mod reading;
mod screen;

use std::io::{self, IsTerminal as _};
use std::time::Duration;

use clap::Args;
use reqwest::Client;
use serde::Serialize;

use self::reading::Reading;
use self::screen::Screen;
use super::output::{say, table};
use super::serve::{in_runtime, stop_on_signal};
use crate::Failure;
use crate::failure::root_of;

/// The longest that the service may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// How often it is looked at.
const EVERY: Duration = Duration::from_secs(2);

/// Look at a running service: what is due, how late it is done, the queue, mail, requests and errors.
///
/// It reads the measurements of one node, which are given out where the setting metrics.listen says.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Command {
    /// Where the measurements are given out
    #[arg(
        long,
        value_name = "URL",
        env = "MAINSTAY_METRICS_URL",
        hide_env_values = true,
        default_value = "http://127.0.0.1:9464"
    )]
    url: String,
    /// Print it once and end, as it does where nobody watches
    #[arg(long)]
    once: bool,
    /// Print one JSON object and end
    #[arg(long)]
    json: bool,
}

const EXAMPLES: &str = "\
Examples:
  MAINSTAY_METRICS_LISTEN=127.0.0.1:9464 mainstay serve
  mainstay top                                            until Ctrl-C
  mainstay top --once --url http://10.0.0.5:9464
  mainstay top --json | jq .due";

impl Command {
    /// Runs the command.
    ///
    /// # Errors
    /// Returns what went wrong, in words for the person who typed the command.
    pub fn run(self) -> Result<(), Failure> {
        in_runtime(async {
            let client = Client::builder()
                .timeout(PATIENCE)
                .build()
                .map_err(|error| Failure::new(format!("no connection can be made: {error}")))?;
            let reading = self.read(&client).await?;
            if self.json {
                return say(in_json(&reading)?);
            }
            if self.once || !io::stdout().is_terminal() {
                return say(in_words(&reading, None));
            }
            let stop = stop_on_signal()?;
            let watched = stop.run_until_cancelled(self.watch(&client, reading)).await;
            watched.unwrap_or(Ok(()))
        })
    }

    /// Shows it again and again. A service that does not answer meanwhile may do so again.
    async fn watch(&self, client: &Client, first: Reading) -> Result<(), Failure> {
        let refused = |error| Failure::new(format!("the terminal cannot be written to: {error}"));
        let mut screen = Screen::enter().map_err(refused)?;
        let mut view = in_words(&first, None);
        let mut foot = format!("{}  every {}s, Ctrl-C ends", self.url, EVERY.as_secs());
        let (mut before, standing_foot) = (Some(first), foot.clone());
        loop {
            screen.show(&view, &foot).map_err(refused)?;
            tokio::time::sleep(EVERY).await;
            match self.read(client).await {
                Ok(reading) => {
                    view = in_words(&reading, before.as_ref());
                    foot.clone_from(&standing_foot);
                    before = Some(reading);
                }
                Err(failure) => {
                    foot = format!("{}; what stands above is old", failure.message());
                    before = None;
                }
            }
        }
    }

    async fn read(&self, client: &Client) -> Result<Reading, Failure> {
        let address = format!(
            "{}/metrics",
            self.url.trim_end_matches('/').trim_end_matches("/metrics")
        );
        let unreachable = |error: reqwest::Error| {
            Failure::new(format!("{address} does not answer: {}", root_of(&error))).with_remedy(
                "start the service with the setting metrics.listen, such as MAINSTAY_METRICS_LISTEN=127.0.0.1:9464, \
                 and give that address with --url",
            )
        };
        let answer = client.get(&address).send().await.map_err(unreachable)?;
        let status = answer.status();
        let text = answer.text().await.map_err(unreachable)?;
        if !status.is_success() {
            let said = text.lines().next().unwrap_or_default();
            return Err(Failure::new(format!("{address} answered {status}: {said}")));
        }
        let reading = Reading::parse(&text);
        if reading.label("mainstay_build_info", "version").is_none() {
            return Err(Failure::new(format!("{address} is no service of this program"))
                .with_remedy("give the address of metrics.listen with --url; it is not that of the web client"));
        }
        Ok(reading)
    }
}

/// What is due and how punctually it is done.
#[derive(Debug, Serialize)]
struct Due {
    overdue: f64,
    oldest_seconds: f64,
    next_hour: f64,
    /// Absent when nothing is due ever.
    next_seconds: Option<f64>,
    done: f64,
    failures: f64,
    mean_lateness_seconds: Option<f64>,
    /// Within how many seconds 99 of 100 were done; absent when that is beyond what is measured.
    p99_lateness_seconds: Option<f64>,
}

impl Due {
    fn of(reading: &Reading) -> Self {
        let lateness = "mainstay_due_lateness_seconds";
        let next = reading.sum("mainstay_due_next_seconds");
        Self {
            overdue: reading.sum("mainstay_due_overdue"),
            oldest_seconds: reading.sum("mainstay_due_oldest_seconds"),
            next_hour: reading.sum("mainstay_due_next_hour"),
            next_seconds: (next >= 0.0).then_some(next),
            done: reading.sum(&format!("{lateness}_count")),
            failures: reading.sum("mainstay_due_failures_total"),
            mean_lateness_seconds: reading.mean(lateness),
            p99_lateness_seconds: reading.quantile(lateness, 0.99),
        }
    }
}

/// What was counted, by what.
const COUNTS: [(&str, &str, &[&str]); 6] = [
    ("mail in", "mainstay_mail_received_total", &["source"]),
    ("mail out", "mainstay_mail_sent_total", &["outcome"]),
    (
        "webhooks",
        "mainstay_webhook_deliveries_total",
        &["outcome"],
    ),
    (
        "short messages",
        "mainstay_short_messages_total",
        &["channel", "outcome"],
    ),
    (
        "requests",
        "mainstay_http_request_seconds_count",
        &["status"],
    ),
    ("problems", "mainstay_http_problems_total", &["kind"]),
];

fn in_json(reading: &Reading) -> Result<String, Failure> {
    let counts: serde_json::Map<String, serde_json::Value> = COUNTS
        .iter()
        .map(|(name, measure, labels)| {
            let counted = reading.by(measure, labels);
            (name.replace(' ', "_"), serde_json::json!(counted))
        })
        .collect();
    let document = serde_json::json!({
        "version": reading.label("mainstay_build_info", "version"),
        "due": Due::of(reading),
        "queue": {
            "waiting": reading.by("mainstay_queue_jobs", &["kind"]),
            "oldest_seconds": reading.by("mainstay_queue_oldest_seconds", &["kind"]),
            "dead": reading.by("mainstay_queue_dead_jobs", &["kind"]),
        },
        "since_start": counts,
        "listeners": reading.sum("mainstay_live_listeners"),
        "connections": reading.by("mainstay_store_connections", &["pool", "state"]),
    });
    serde_json::to_string_pretty(&document)
        .map_err(|error| Failure::new(format!("it cannot be written as JSON: {error}")))
}

fn in_words(reading: &Reading, before: Option<&Reading>) -> String {
    let due = Due::of(reading);
    let waits = match due.overdue {
        0.0 => "nothing waits".to_owned(),
        waiting => format!(
            "{waiting} wait, the oldest for {}",
            length(due.oldest_seconds)
        ),
    };
    let next = match due.next_seconds {
        None => "nothing comes".to_owned(),
        Some(next) => format!("the next in {}", length(next)),
    };
    let late = match due.mean_lateness_seconds {
        None => "nothing done yet".to_owned(),
        Some(mean) => format!(
            "{} done, {mean:.3}s on average, 99 of 100 within {}",
            due.done,
            due.p99_lateness_seconds
                .map_or("-".to_owned(), |within| format!("{within}s")),
        ),
    };
    let transactions = reading
        .mean("mainstay_store_transaction_seconds")
        .map_or("-".to_owned(), |mean| format!("{mean:.3}s"));
    let mut text = format!(
        "mainstay {}\n\n\
         due      {waits}; {next}; {} within the hour\n\
         late     {late}; {} failed\n\
         store    a transaction takes {transactions} on average, {} begun anew; in use {}\n\
         live     {} listening\n\n",
        reading
            .label("mainstay_build_info", "version")
            .unwrap_or_default(),
        due.next_hour,
        due.failures,
        reading.sum("mainstay_store_retries_total"),
        in_use(reading),
        reading.sum("mainstay_live_listeners"),
    );
    let mut rows = vec![
        ["queue", "waiting", "oldest", "given up"]
            .map(str::to_owned)
            .to_vec(),
    ];
    let oldest = reading.by("mainstay_queue_oldest_seconds", &["kind"]);
    let dead = reading.by("mainstay_queue_dead_jobs", &["kind"]);
    for (kind, waiting) in reading.by("mainstay_queue_jobs", &["kind"]) {
        let dead = dead.get(&kind).copied().unwrap_or_default();
        if waiting > 0.0 || dead > 0.0 {
            let oldest = oldest.get(&kind).copied().unwrap_or_default();
            rows.push(vec![
                kind,
                waiting.to_string(),
                length(oldest),
                dead.to_string(),
            ]);
        }
    }
    if rows.len() == 1 {
        rows.push(vec!["(empty)".to_owned()]);
    }
    text.push_str(&table(&rows));
    text.push_str("\n\n");
    let mut rows = vec![
        ["since the start", "count", "a second", "of which"]
            .map(str::to_owned)
            .to_vec(),
    ];
    for (name, measure, labels) in COUNTS {
        let count = reading.sum(measure);
        let rate = before.map_or("-".to_owned(), |before| {
            format!("{:.1}", (count - before.sum(measure)) / EVERY.as_secs_f64())
        });
        let parts = pairs(&reading.by(measure, labels));
        rows.push(vec![name.to_owned(), count.to_string(), rate, parts]);
    }
    text.push_str(&table(&rows));
    text
}

/// Of how many connections how many are in use, pool by pool.
fn in_use(reading: &Reading) -> String {
    let connections = "mainstay_store_connections";
    let pools = reading.by(connections, &["pool"]);
    let standing = reading.by(connections, &["pool", "state"]);
    let pools = pools.iter().map(|(pool, open)| {
        let used = standing.get(&format!("{pool} in_use"));
        format!("{pool} {} of {open}", used.copied().unwrap_or_default())
    });
    pools.collect::<Vec<_>>().join(", ")
}

/// A length of time in its two largest units.
fn length(seconds: f64) -> String {
    if seconds < 60.0 {
        return format!("{seconds:.1}s");
    }
    let minutes = (seconds / 60.0).floor();
    let hours = (minutes / 60.0).floor();
    let days = (hours / 24.0).floor();
    match (days, hours) {
        (0.0, 0.0) => format!("{minutes}m {:.0}s", (seconds % 60.0).floor()),
        (0.0, _) => format!("{hours}h {}m", minutes % 60.0),
        _ => format!("{days}d {}h", hours % 24.0),
    }
}

fn pairs(counted: &std::collections::BTreeMap<String, f64>) -> String {
    let pairs: Vec<String> = counted
        .iter()
        .filter(|(_, count)| **count > 0.0)
        .map(|(name, count)| format!("{name} {count}"))
        .collect();
    pairs.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const GIVEN: &str = include_str!("top/measurements.txt");

    #[test]
    fn it_shows_what_was_measured() {
        let reading = Reading::parse(GIVEN);
        insta::assert_snapshot!(in_words(&reading, None), @r"
        mainstay 0.1.0

        due      2 wait, the oldest for 0.2s; the next in 0.0s; 17 within the hour
        late     100 done, 0.050s on average, 99 of 100 within 0.5s; 0 failed
        store    a transaction takes 0.002s on average, 0 begun anew; in use readers 1 of 4
        live     4 listening

        queue      waiting  oldest  given up
        send_mail  3        1.5s    1
        tidy       1        0.0s    0

        since the start  count  a second  of which
        mail in          12     -         imap 12
        mail out         42     -         retry 2, sent 40
        webhooks         0      -
        short messages   0      -
        requests         11     -         2xx 10, 4xx 1
        problems         1      -         not-found 1
        ");
    }

    #[test]
    fn a_length_of_time_is_told_in_its_two_largest_units() {
        let lengths = [0.25, 59.9, 60.0, 3_599.0, 7_380.0, 200_000.0].map(length);
        assert_eq!(
            lengths,
            ["0.2s", "59.9s", "1m 0s", "59m 59s", "2h 3m", "2d 7h"]
        );
    }

    #[test]
    fn a_service_that_has_just_begun_says_so_in_words() {
        let text = in_words(&Reading::parse("mainstay_due_next_seconds -1\n"), None);
        assert!(
            text.contains("due      nothing waits; nothing comes; 0 within the hour"),
            "{text}"
        );
        assert!(
            text.contains("late     nothing done yet; 0 failed"),
            "{text}"
        );
    }

    #[test]
    fn the_same_in_json() {
        let document: serde_json::Value =
            serde_json::from_str(&in_json(&Reading::parse(GIVEN)).unwrap()).unwrap();
        assert_eq!(document["due"]["overdue"], 2.0);
        assert_eq!(document["due"]["p99_lateness_seconds"], 0.5);
        assert_eq!(document["queue"]["waiting"]["send_mail"], 3.0);
        assert_eq!(document["since_start"]["mail_out"]["sent"], 40.0);
    }
}
