//! The requests that make up a load.

use std::sync::Arc;

use bytes::Bytes;
use clap::ValueEnum;
use hyper::Method;
use mainstay_app::demo::sample::word;
use rand::seq::IndexedRandom as _;
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha20Rng;
use serde_json::{Value, json};

use super::mail;
use super::target::{Answer, Question, Target};
use crate::Failure;

/// A kind of load.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Load {
    /// Open tickets
    Create,
    /// Hand over mails of 20 KB as mail programs send them, each of which opens a ticket, and wait until all of them are filed
    Mail,
    /// The same with mails of nothing but words, hardly any of which comes twice
    DenseMail,
    /// Read tickets by their number
    Read,
    /// Page through the open tickets, by what is due next
    Page,
    /// Search for two words
    Search,
    /// What a busy desk does: of a hundred requests 50 read, 20 page, 10 search, 15 open and 5 answer tickets
    Mixed,
}

/// A kind of request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Create,
    Mail,
    DenseMail,
    Read,
    Page,
    Search,
    Reply,
}

impl Kind {
    /// Its name in what is told.
    pub fn name(self) -> &'static str {
        match self {
            Self::Create => "create a ticket",
            Self::Mail => "receive a mail",
            Self::DenseMail => "receive a mail of words",
            Self::Read => "read a ticket",
            Self::Page => "page a view",
            Self::Search => "search",
            Self::Reply => "reply",
        }
    }
}

/// What the store holds, as far as requests name it.
#[derive(Debug)]
pub struct Scene {
    last_number: u64,
    accounts: Vec<String>,
    senders: Vec<String>,
}

/// How deep somebody pages, at most.
const DEEPEST: u32 = 20;

impl Scene {
    /// Looks at the store.
    ///
    /// # Errors
    /// Fails when the service does not answer, or holds no account.
    pub async fn look(target: &Target) -> Result<Self, Failure> {
        let texts = |found: &Value, pointer: &str| -> Vec<String> {
            let items = found["items"].as_array().into_iter().flatten();
            let texts = items.filter_map(|item| item.pointer(pointer)?.as_str());
            texts.map(str::to_owned).collect()
        };
        let newest = Question::get("/tickets?sort=-number&limit=1");
        let newest = target.ask(&newest).await?;
        let last_number = newest.pointer("/items/0/number");
        let accounts = target.ask(&Question::get("/accounts?limit=200")).await?;
        let contacts = target.ask(&Question::get("/contacts?limit=200")).await?;
        let scene = Self {
            last_number: last_number.and_then(Value::as_u64).unwrap_or(0),
            accounts: texts(&accounts, "/id"),
            senders: texts(&contacts, "/addresses/0"),
        };
        if scene.accounts.is_empty() || scene.senders.is_empty() || scene.last_number == 0 {
            return Err(Failure::new(
                "the store holds no accounts, contacts and tickets to work with",
            )
            .with_remedy("fill it with `mainstay bench load`"));
        }
        Ok(scene)
    }
}

/// Somebody who sends one request after the other.
#[derive(Debug)]
pub struct Sender {
    load: Load,
    scene: Arc<Scene>,
    random: ChaCha20Rng,
    next_page: Option<String>,
    depth: u32,
}

impl Sender {
    /// The sender of a place among all of them.
    pub fn new(load: Load, scene: Arc<Scene>, seed: u64) -> Self {
        Self {
            load,
            scene,
            random: ChaCha20Rng::seed_from_u64(seed),
            next_page: None,
            depth: 0,
        }
    }

    /// What to ask next.
    pub fn next(&mut self) -> (Kind, Question) {
        let kind = match self.load {
            Load::Create => Kind::Create,
            Load::Mail => Kind::Mail,
            Load::DenseMail => Kind::DenseMail,
            Load::Read => Kind::Read,
            Load::Page => Kind::Page,
            Load::Search => Kind::Search,
            Load::Mixed => match self.random.random_range(0..100) {
                0..50 => Kind::Read,
                50..70 => Kind::Page,
                70..80 => Kind::Search,
                80..95 => Kind::Create,
                _ => Kind::Reply,
            },
        };
        (kind, self.question(kind))
    }

    fn question(&mut self, kind: Kind) -> Question {
        match kind {
            Kind::Create => self.create(),
            Kind::Mail | Kind::DenseMail => self.mail(kind),
            Kind::Read => Question::get(format!("/tickets/{}", self.number())),
            Kind::Page => Question::get(self.next_page.take().unwrap_or_else(|| {
                self.depth = 0;
                "/tickets?status=undone&sort=next_due&limit=50".to_owned()
            })),
            Kind::Search => {
                let words = (word(&mut self.random), word(&mut self.random));
                // Every other search is for a word that many tickets hold.
                let common = ["export", "login", "invoice", "orders"].choose(&mut self.random);
                let query = match (self.random.random_ratio(1, 2), common) {
                    (true, Some(common)) => format!("/search?q={common}%20{}", words.0),
                    _ => format!("/search?q={}%20{}", words.0, words.1),
                };
                Question::get(query)
            }
            Kind::Reply => {
                let body = json!({ "text": "We are looking into it, and will be back within the hour.", "visibility": "internal" });
                Question::json(
                    Method::POST,
                    format!("/tickets/{}/messages", self.number()),
                    &body,
                )
            }
        }
    }

    /// Learns from an answer where to go on.
    pub fn learn(&mut self, kind: Kind, answer: &Answer) {
        if kind != Kind::Page || self.depth >= DEEPEST {
            return;
        }
        self.depth += 1;
        let page: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let next = page["next"].as_str();
        self.next_page = next
            .and_then(|next| next.strip_prefix("/api/v1"))
            .map(str::to_owned);
    }

    fn number(&mut self) -> u64 {
        self.random.random_range(1..=self.scene.last_number)
    }

    fn create(&mut self) -> Question {
        let account = self.scene.accounts.choose(&mut self.random);
        let severity = ["P2", "P3", "P3", "P4"].choose(&mut self.random);
        let (first, second) = (word(&mut self.random), word(&mut self.random));
        let body = json!({
            "subject": format!("The {first} report is empty since the {second} update"),
            "account": account,
            "severity": severity,
            "message": format!("Since this morning the {first} report has no rows. It had them on Friday. We changed nothing on our side; the {second} update came on Saturday."),
        });
        Question::json(Method::POST, "/tickets", &body)
    }

    fn mail(&mut self, kind: Kind) -> Question {
        let sender = self.scene.senders.choose(&mut self.random);
        let sender = sender
            .map_or("nobody@example.com", String::as_str)
            .to_owned();
        let text = match kind {
            Kind::DenseMail => mail::dense(&mut self.random, &sender),
            _ => mail::ordinary(&mut self.random, &sender),
        };
        Question {
            method: Method::POST,
            path: "/mail".to_owned(),
            media_type: "message/rfc822",
            body: Bytes::from(text),
        }
    }
}
