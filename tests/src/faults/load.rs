//! The load: customers and agents who write, and who remember what they were promised.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::net::SocketAddr;
use std::process::Stdio;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::node::Program;

/// How long a client waits for an answer before it asks another node.
const PATIENCE: Duration = Duration::from_secs(6);

/// How often a client asks before it gives up; it then does not know.
const TRIES: u32 = 12;

/// What was asked for. Each has a word of its own that is found in what it makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A ticket over HTTP.
    Ticket,
    /// An agent's public reply over HTTP, which goes out as a mail.
    Reply,
    /// A customer's mail handed over by HTTP.
    Mail,
    /// A customer's mail handed over by the pipe.
    Piped,
}

/// What the client knows of what it asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Known {
    /// It was answered with success, and this is the id it was given.
    Acknowledged(String),
    /// It was never answered with success: it may be there or not.
    InDoubt,
}

/// Everything that was asked, by its word.
#[derive(Debug, Default)]
pub struct Record {
    asked: Mutex<BTreeMap<String, (Kind, Known)>>,
    tickets: Mutex<Vec<String>>,
    refusals: Mutex<Vec<String>>,
    failures: AtomicU64,
    next: AtomicU64,
}

impl Record {
    fn ask(&self, kind: Kind) -> String {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let word = format!("word{number}x");
        // It is in doubt from the moment at which it is sent.
        lock(&self.asked).insert(word.clone(), (kind, Known::InDoubt));
        word
    }

    fn acknowledge(&self, word: &str, id: String) {
        if let Some((kind, known)) = lock(&self.asked).get_mut(word) {
            if *kind == Kind::Ticket {
                lock(&self.tickets).push(id.clone());
            }
            *known = Known::Acknowledged(id);
        }
    }

    fn refuse(&self, what: String) {
        lock(&self.refusals).push(what);
    }

    fn fail(&self) {
        self.failures.fetch_add(1, Ordering::Relaxed);
    }

    /// How often the program answered that it could not do it now.
    #[must_use]
    pub fn failures(&self) -> u64 {
        self.failures.load(Ordering::Relaxed)
    }

    /// What was asked.
    #[must_use]
    pub fn asked(&self) -> BTreeMap<String, (Kind, Known)> {
        lock(&self.asked).clone()
    }

    /// The tickets that were acknowledged.
    #[must_use]
    pub fn tickets(&self) -> Vec<String> {
        lock(&self.tickets).clone()
    }

    /// How much was answered with success.
    #[must_use]
    pub fn acknowledged(&self) -> usize {
        let asked = lock(&self.asked);
        let known = asked.values().filter(|(_, known)| *known != Known::InDoubt);
        known.count()
    }

    /// Answers that nobody should have been given.
    #[must_use]
    pub fn refusals(&self) -> Vec<String> {
        lock(&self.refusals).clone()
    }
}

/// The people who make the load.
#[derive(Clone)]
pub struct Crowd {
    /// Where they ask: any node.
    pub nodes: Vec<SocketAddr>,
    /// How they are known.
    pub token: String,
    /// The contact for whom tickets are opened.
    pub contacts: Vec<String>,
    /// What they write down.
    pub record: Arc<Record>,
    /// When they go home.
    pub stop: CancellationToken,
    /// The program, for the pipe, and the store it works on.
    pub pipe: (Program, String),
}

impl Crowd {
    /// One of them works until told to stop.
    pub async fn work(self, seed: u64) {
        let mut rng = StdRng::seed_from_u64(seed);
        let client = client();
        while !self.stop.is_cancelled() {
            match rng.random_range(0..100) {
                0..40 => self.open(&client, &mut rng).await,
                40..70 => self.reply(&client, &mut rng).await,
                70..96 => self.mail(&client, &mut rng).await,
                _ => self.pipe().await,
            }
            let pause = Duration::from_millis(rng.random_range(20..200));
            let _ = self
                .stop
                .run_until_cancelled(tokio::time::sleep(pause))
                .await;
        }
    }

    async fn open(&self, client: &Client, rng: &mut StdRng) {
        let word = self.record.ask(Kind::Ticket);
        let contact = &self.contacts[rng.random_range(0..self.contacts.len())];
        let severity = ["P1", "P2", "P3", "P4"][rng.random_range(0..4)];
        let body = json!({
            "subject": format!("Something about {word}"), "contact": contact, "severity": severity,
            "message": format!("It happened with {word}."),
        });
        self.post(client, rng, "/api/v1/tickets", &word, body).await;
    }

    async fn reply(&self, client: &Client, rng: &mut StdRng) {
        let ticket = {
            let tickets = lock(&self.record.tickets);
            if tickets.is_empty() {
                return;
            }
            tickets[rng.random_range(0..tickets.len())].clone()
        };
        let word = self.record.ask(Kind::Reply);
        let path = format!("/api/v1/tickets/{ticket}/messages");
        let body = json!({ "text": format!("We looked into {word}.") });
        self.post(client, rng, &path, &word, body).await;
    }

    async fn post(&self, client: &Client, rng: &mut StdRng, path: &str, word: &str, body: Value) {
        for _ in 0..TRIES {
            let node = self.nodes[rng.random_range(0..self.nodes.len())];
            let answer = client
                .post(format!("http://{node}{path}"))
                .bearer_auth(&self.token)
                .header("idempotency-key", word)
                .json(&body)
                .send()
                .await;
            let Ok(answer) = answer else {
                pause().await;
                continue;
            };
            let status = answer.status();
            let Ok(text) = answer.text().await else {
                pause().await;
                continue;
            };
            if status.is_success() {
                let answer: Value = serde_json::from_str(&text).unwrap_or_default();
                let id = answer["id"].as_str().unwrap_or_default().to_owned();
                return self.record.acknowledge(word, id);
            }
            match status {
                // The key was claimed by a request that was cut off: whether it had its effect is not known.
                StatusCode::CONFLICT if text.contains("idempotency") => return,
                status if status.is_server_error() => {
                    self.record.fail();
                    pause().await;
                }
                StatusCode::CONFLICT | StatusCode::TOO_MANY_REQUESTS => pause().await,
                status => {
                    return self
                        .record
                        .refuse(format!("{path} {word}: {status} {text}"));
                }
            }
        }
    }

    async fn mail(&self, client: &Client, rng: &mut StdRng) {
        let word = self.record.ask(Kind::Mail);
        let letter = letter(&word);
        for _ in 0..TRIES {
            let node = self.nodes[rng.random_range(0..self.nodes.len())];
            let answer = client
                .post(format!("http://{node}/api/v1/mail"))
                .bearer_auth(&self.token)
                .header("content-type", "message/rfc822")
                .body(letter.clone())
                .send()
                .await;
            match answer {
                Ok(answer) if answer.status().is_success() => {
                    let text = answer.text().await.unwrap_or_default();
                    let answer: Value = serde_json::from_str(&text).unwrap_or_default();
                    let id = answer["id"].as_str().unwrap_or_default().to_owned();
                    return self.record.acknowledge(&word, id);
                }
                Ok(answer) if answer.status().is_client_error() => {
                    let status = answer.status();
                    return self.record.refuse(format!("a mail about {word}: {status}"));
                }
                Ok(_) => {
                    self.record.fail();
                    pause().await;
                }
                Err(_) => pause().await,
            }
        }
    }

    /// The end of a mail server's pipe: a process of its own on the store.
    async fn pipe(&self) {
        let word = self.record.ask(Kind::Piped);
        let (program, database) = self.pipe.clone();
        let record = Arc::clone(&self.record);
        let done = tokio::task::spawn_blocking(move || {
            let mut child = program
                .command(&database, &["mail", "receive"])
                .stdin(Stdio::piped())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .ok()?;
            child
                .stdin
                .take()?
                .write_all(letter(&word).as_bytes())
                .ok()?;
            if child.wait().ok()?.success() {
                record.acknowledge(&word, String::new());
            }
            Some(())
        });
        let _ = done.await;
    }
}

/// A client that does not wait for ever.
#[must_use]
pub fn client() -> Client {
    client_with(PATIENCE)
}

/// One that waits for long, because it asks only once.
#[must_use]
pub fn patient_client() -> Client {
    client_with(5 * PATIENCE)
}

fn client_with(patience: Duration) -> Client {
    Client::builder()
        .timeout(patience)
        .no_proxy()
        .build()
        .expect("a client without TLS")
}

fn letter(word: &str) -> String {
    format!(
        "From: Casey <{word}@customer.example>\r\nTo: support@mainstay.example\r\nSubject: A letter about {word}\r\n\
         Message-ID: <{word}@customer.example>\r\nDate: Mon, 2 Mar 2026 09:00:00 +0000\r\n\r\nIt is about {word}.\r\n"
    )
}

async fn pause() {
    tokio::time::sleep(Duration::from_millis(150)).await;
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
