//! `mainstay top`: a running service in the terminal.

mod reading;

use std::io::{self, IsTerminal as _};
use std::time::Duration;

use clap::Args;
use reqwest::Client;
use serde::Serialize;

use self::reading::Reading;
use super::output::{say, table};
use super::serve::in_runtime;
use crate::Failure;
use crate::failure::root_of;

/// The longest that the service may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// How often it is looked at.
const EVERY: Duration = Duration::from_secs(2);

/// Puts the cursor in the upper left corner and clears what follows.
const CLEAR: &str = "\u{1b}[H\u{1b}[J";

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
            let once = self.once || !io::stdout().is_terminal();
            let mut before = None;
            loop {
                let reading = self.read(&client).await?;
                if self.json {
                    return say(in_json(&reading)?);
                }
                let view = in_words(&reading, before.as_ref());
                if once {
                    return say(view);
                }
                say(format_args!(
                    "{CLEAR}{view}\n\n{}  every {}s, Ctrl-C ends",
                    self.url,
                    EVERY.as_secs()
                ))?;
                before = Some(reading);
                tokio::time::sleep(EVERY).await;
            }
        })
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
    let seconds = |value: Option<f64>| value.map_or("-".to_owned(), |value| format!("{value:.3}s"));
    let next = due
        .next_seconds
        .map_or("never".to_owned(), |next| format!("in {next:.0}s"));
    let mut text = format!(
        "mainstay {}\n\n\
         due      {} wait, the oldest for {:.1}s; next {next}; {} within the hour\n\
         late     {} done, {} on average, 99 of 100 within {}; {} failed\n\
         store    transactions {} on average; {} begun anew; {}\n\
         live     {} listeners\n\n",
        reading
            .label("mainstay_build_info", "version")
            .unwrap_or_default(),
        due.overdue,
        due.oldest_seconds,
        due.next_hour,
        due.done,
        seconds(due.mean_lateness_seconds),
        seconds(due.p99_lateness_seconds),
        due.failures,
        seconds(reading.mean("mainstay_store_transaction_seconds")),
        reading.sum("mainstay_store_retries_total"),
        pairs(&reading.by("mainstay_store_connections", &["pool", "state"])),
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
                format!("{oldest:.1}s"),
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

fn pairs(counted: &std::collections::BTreeMap<String, f64>) -> String {
    let pairs: Vec<String> = counted
        .iter()
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

        due      2 wait, the oldest for 0.2s; next in 0s; 17 within the hour
        late     100 done, 0.050s on average, 99 of 100 within 0.500s; 0 failed
        store    transactions 0.002s on average; 0 begun anew; readers idle 3, readers in_use 1
        live     4 listeners

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
    fn the_same_in_json() {
        let document: serde_json::Value =
            serde_json::from_str(&in_json(&Reading::parse(GIVEN)).unwrap()).unwrap();
        assert_eq!(document["due"]["overdue"], 2.0);
        assert_eq!(document["due"]["p99_lateness_seconds"], 0.5);
        assert_eq!(document["queue"]["waiting"]["send_mail"], 3.0);
        assert_eq!(document["since_start"]["mail_out"]["sent"], 40.0);
    }
}
