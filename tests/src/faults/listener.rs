//! A browser that listens to live events, through whichever node answers.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use reqwest::Client;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::load::Record;

/// A node that says nothing for so long may be cut off; a browser would see it by its heartbeat, which comes less often.
const SILENCE: Duration = Duration::from_secs(3);

/// How long what is still to be told may take on a busy machine when all else is done.
const LAST_WORDS: Duration = Duration::from_secs(60);

/// What a browser was told.
#[derive(Debug, Default)]
pub struct Heard {
    /// The tickets that were opened.
    pub opened: BTreeSet<String>,
    /// How often it was told to read everything again.
    pub reloads: u64,
    /// How often it had to connect.
    pub connections: u64,
    /// The places of events that came twice.
    pub twice: Vec<String>,
}

/// Listens until `stop`, and then until every ticket was told and nothing comes any more, but not for ever.
pub async fn listen(
    nodes: Vec<SocketAddr>,
    token: String,
    seed: u64,
    record: Arc<Record>,
    stop: CancellationToken,
) -> Heard {
    let mut rng = StdRng::seed_from_u64(seed);
    let client = Client::builder()
        .no_proxy()
        .connect_timeout(Duration::from_secs(2))
        .build()
        .expect("a client without TLS");
    let mut heard = Heard::default();
    let mut places = BTreeSet::new();
    // Before the first change: whatever is told from here on is all there is.
    let mut last = "0-0".to_owned();
    let mut stopped = None;
    let mut is_done = |heard: &Heard| {
        let knows = heard.reloads > 0
            || record
                .tickets()
                .iter()
                .all(|ticket| heard.opened.contains(ticket));
        stop.is_cancelled()
            && (knows || stopped.get_or_insert_with(Instant::now).elapsed() > LAST_WORDS)
    };
    loop {
        let node = nodes[rng.random_range(0..nodes.len())];
        let answer = client
            .get(format!("http://{node}/api/v1/events"))
            .bearer_auth(&token)
            .header("last-event-id", &last)
            .send();
        let answer = tokio::time::timeout(SILENCE, answer).await;
        let Ok(Ok(mut answer)) = answer else {
            if is_done(&heard) {
                return heard;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        heard.connections += 1;
        let mut buffer = String::new();
        loop {
            let chunk = tokio::time::timeout(SILENCE, answer.chunk()).await;
            let Ok(Ok(Some(chunk))) = chunk else {
                if chunk.is_err() && is_done(&heard) {
                    return heard;
                }
                break;
            };
            buffer.push_str(&String::from_utf8_lossy(&chunk));
            while let Some((event, rest)) = buffer.split_once("\n\n") {
                if let Some(place) = hear(&mut heard, event) {
                    if !places.insert(place.clone()) {
                        heard.twice.push(place.clone());
                    }
                    last = place;
                }
                buffer = rest.to_owned();
            }
        }
    }
}

/// Takes an event down and says its place.
fn hear(heard: &mut Heard, event: &str) -> Option<String> {
    let field = |name: &str| event.lines().find_map(|line| line.strip_prefix(name));
    let place = field("id: ")?.to_owned();
    match field("event: ") {
        Some("reload") => heard.reloads += 1,
        Some("ticket.opened") => {
            let data: Value = serde_json::from_str(field("data: ")?).ok()?;
            heard.opened.insert(data["ticket"].as_str()?.to_owned());
        }
        _ => {}
    }
    Some(place)
}
