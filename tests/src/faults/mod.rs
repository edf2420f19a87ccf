//! The fault test: nodes are killed, frozen, cut off and starved under a mixed load, and then everything that was
//! acknowledged is compared with what is there.
//!
//! The nodes are real processes on a real store. Clients ask over HTTP and by the pipe, and write down what they were
//! promised; a mail server writes down what it was given; browsers listen. The comparison ([`check`]) reads the store by
//! SQL of its own. A run is told by its seed: the same seed does the same things in the same order, though a computer never
//! runs them in exactly the same instants.

mod check;
mod listener;
mod load;
mod node;
mod sink;
mod wire;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use mainstay_app::Clock;
use mainstay_testing::{PostgresServer, require};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use check::Store;
use load::{Crowd, Record};
use node::{CLOCK, Node, Program};
use sink::{Mood, Sink};
use wire::{State, Wire};

/// Why a run could not be made at all.
pub type Failed = Box<dyn std::error::Error + Send + Sync>;

/// What the store is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Engine {
    /// One node on a file.
    Sqlite,
    /// Three nodes on a private PostgreSQL that writes durably.
    Postgres,
}

/// What is done.
#[derive(Debug, Clone, clap::Args)]
pub struct Options {
    /// The store
    #[arg(long, value_enum, default_value = "sqlite")]
    pub engine: Engine,
    /// How many times a node is killed
    #[arg(long, default_value_t = 20)]
    pub kills: u32,
    /// What decides which fault comes when
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// How many clients work at once
    #[arg(long, default_value_t = 6)]
    pub clients: u64,
    /// Keep the folder of the run, with the logs of the nodes
    #[arg(long)]
    pub keep: bool,
}

/// What a run found.
#[derive(Debug)]
pub struct Report {
    /// The options it ran with.
    options: Options,
    /// What was done and seen, for people.
    pub figures: Vec<(&'static str, u64)>,
    /// What must not be.
    pub violations: Vec<String>,
    /// Where the logs are, if they were kept.
    folder: Option<PathBuf>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Options {
            engine,
            kills,
            seed,
            ..
        } = self.options;
        let engine = format!("{engine:?}").to_lowercase();
        writeln!(f, "faults --engine {engine} --kills {kills} --seed {seed}")?;
        for (name, value) in &self.figures {
            writeln!(f, "{value:>10}  {name}")?;
        }
        if let Some(folder) = &self.folder {
            writeln!(f, "logs: {}", folder.display())?;
        }
        for violation in self.violations.iter().take(200) {
            writeln!(f, "VIOLATION: {violation}")?;
        }
        match self.violations.len() {
            0 => write!(f, "nothing lost, nothing twice"),
            count => write!(f, "{count} violations"),
        }
    }
}

/// A wall clock that can be put wrong from outside.
#[derive(Debug)]
pub struct SkewedClock(Arc<AtomicI64>);

impl SkewedClock {
    /// Starts one that follows the file which the environment names.
    #[must_use]
    pub fn start() -> Self {
        let off = Arc::<AtomicI64>::default();
        if let Some(file) = std::env::var_os(CLOCK) {
            let followed = Arc::clone(&off);
            let follow = move || {
                let text = std::fs::read_to_string(&file).unwrap_or_default();
                if let Ok(millis) = text.trim().parse() {
                    followed.store(millis, Ordering::Relaxed);
                }
            };
            follow();
            std::thread::spawn(move || {
                loop {
                    follow();
                    std::thread::sleep(Duration::from_millis(10));
                }
            });
        }
        Self(off)
    }
}

impl Clock for SkewedClock {
    fn now(&self) -> Timestamp {
        Timestamp::now() + SignedDuration::from_millis(self.0.load(Ordering::Relaxed))
    }
}

/// Runs the test.
///
/// # Errors
/// Fails when the test itself could not be run; what the program did wrong is in the report.
pub fn run(options: &Options) -> Result<Report, Failed> {
    // The client of the load asks for one, though it never encrypts anything.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let mut folder = tempfile::Builder::new()
            .prefix("mainstay-faults-")
            .tempdir()?;
        let outcome = Run::prepare(options, folder.path().to_owned())
            .await?
            .finish()
            .await;
        let failed = !matches!(&outcome, Ok(report) if report.violations.is_empty());
        if options.keep || failed {
            folder.disable_cleanup(true);
        }
        let mut report = outcome
            .map_err(|error| format!("{error}; the logs are in {}", folder.path().display()))?;
        report.folder = (options.keep || failed).then(|| folder.path().to_owned());
        Ok(report)
    })
}

/// Targets of seconds, so that clocks warn and are missed while the test runs.
const COMMITMENTS: &str = r#"
[[commitment]]
name = "first_response"
description = "An agent answers a new ticket"
start = "opened"
stop = ["agent_reply", "done"]
warn = [{ used = "50%", notify = "assignee" }, { used = "80%", notify = ["assignee", "team"], escalate = "at-risk" }]
missed = { notify = ["assignee", "team"], escalate = "breach" }
[[commitment.target]]
within = "4s"
calendar = "24/7"
[[commitment]]
name = "update"
description = "The customer hears from us while the ticket is open"
start = ["opened", "reopened"]
reset = "agent_reply"
stop = "done"
repeat = "each_start"
warn = { used = "80%", notify = "assignee" }
missed = { notify = ["assignee", "team"] }
[[commitment.target]]
within = "7s"
calendar = "24/7"
"#;

/// How long the program may make no headway after everything was mended: longer than any lease of a job that was taken
/// after that.
const STANDSTILL: Duration = Duration::from_secs(120);

struct Run {
    options: Options,
    rng: StdRng,
    nodes: Vec<Node>,
    server: Option<PostgresServer>,
    database: String,
    sink: Sink,
    token: String,
    contacts: Vec<String>,
    program: Program,
    /// When something was done that may lose the answer of a mail server.
    faults: Vec<Instant>,
    figures: Vec<(&'static str, u64)>,
}

impl Run {
    async fn prepare(options: &Options, folder: PathBuf) -> Result<Self, Failed> {
        let sink = Sink::start().await?;
        let program = Program {
            executable: std::env::current_exe()?,
            folder: folder.clone(),
            smtp: sink.port(),
        };
        let (server, database) = match options.engine {
            Engine::Sqlite => {
                let file = folder.join("data").join("mainstay.db");
                (None, format!("sqlite:{}", file.display()))
            }
            Engine::Postgres => {
                let found = require(PostgresServer::find()).ok_or("PostgreSQL is not installed")?;
                let server = PostgresServer::start_durable(&found);
                let database = server.fresh_database();
                (Some(server), database)
            }
        };
        std::fs::create_dir_all(folder.join("data"))?;
        let pack = folder.join("pack");
        write_pack(&pack)?;
        let pack = pack.to_str().ok_or("the folder's name is no text")?;
        program.told(&database, &["policy", "apply", pack])?;
        let email = "ada@mainstay.example";
        program.told(&database, &["admin", "create", "--email", email])?;
        let token = ["admin", "token", "--email", email, "--name", "load"];
        let token = program.told(&database, &token)?;
        let mut nodes = Vec::new();
        for number in 0..if server.is_some() { 3 } else { 1 } {
            let (wire, database) = match &server {
                Some(server) => {
                    let wire = Wire::lay(server.socket()).await?;
                    let name = database
                        .split(['/', '?'])
                        .nth(3)
                        .unwrap_or_default()
                        .to_owned();
                    let url = format!(
                        "postgres://postgres@127.0.0.1:{}/{name}?sslmode=disable",
                        wire.port()
                    );
                    (Some(wire), url)
                }
                None => (None, database.clone()),
            };
            nodes.push(Node::new(&program, number, database, wire)?);
        }
        let mut run = Self {
            options: options.clone(),
            rng: StdRng::seed_from_u64(options.seed),
            nodes,
            server,
            database,
            sink,
            token,
            contacts: Vec::new(),
            program,
            faults: Vec::new(),
            figures: Vec::new(),
        };
        let client = load::client();
        for node in &mut run.nodes {
            node.start()?;
            node.ready(&client).await?;
        }
        run.furnish(&client).await?;
        Ok(run)
    }

    /// An account, its contacts, and a team with somebody in it who is told of warnings.
    async fn furnish(&mut self, client: &reqwest::Client) -> Result<(), Failed> {
        let account = json!({ "name": "Customer", "domains": ["customer.example"] });
        let account = self.post(client, "accounts", account).await?;
        for number in 0..20 {
            let contact = json!({
                "name": format!("Contact {number}"), "account": account,
                "addresses": [format!("contact{number}@customer.example")],
            });
            let id = self.post(client, "contacts", contact).await?;
            self.contacts.push(id);
        }
        Ok(())
    }

    async fn post(
        &self,
        client: &reqwest::Client,
        what: &str,
        body: Value,
    ) -> Result<String, Failed> {
        let answer = client
            .post(format!("http://{}/api/v1/{what}", self.nodes[0].address))
            .bearer_auth(&self.token)
            .json(&body)
            .send()
            .await?;
        let status = answer.status();
        let text = answer.text().await?;
        let body: Value = serde_json::from_str(&text)?;
        match body["id"].as_str() {
            Some(id) if status.is_success() => Ok(id.to_owned()),
            _ => Err(format!("{what}: {status} {text}").into()),
        }
    }

    /// What time it is for the program: a clock that was set back is behind it for a while.
    async fn time(&self, client: &reqwest::Client) -> Result<Timestamp, Failed> {
        let answer = client
            .get(format!("http://{}/api/v1/time", self.nodes[0].address))
            .bearer_auth(&self.token)
            .send()
            .await?;
        let body: Value = serde_json::from_str(&answer.text().await?)?;
        let now = body["now"].as_str().ok_or("the program tells no time")?;
        Ok(now.parse()?)
    }

    async fn finish(mut self) -> Result<Report, Failed> {
        let addresses: Vec<_> = self.nodes.iter().map(|node| node.address).collect();
        let record = Arc::new(Record::default());
        let (stop, stop_listening) = (CancellationToken::new(), CancellationToken::new());
        let crowd = Crowd {
            nodes: addresses.clone(),
            token: self.token.clone(),
            contacts: self.contacts.clone(),
            record: Arc::clone(&record),
            stop: stop.clone(),
            pipe: (self.program.clone(), self.database.clone()),
        };
        let seed = self.options.seed;
        let clients: Vec<_> = (0..self.options.clients)
            .map(|number| tokio::spawn(crowd.clone().work(seed ^ (number << 32))))
            .collect();
        let browsers: Vec<_> = (0..2)
            .map(|number| {
                let (nodes, token) = (addresses.clone(), self.token.clone());
                let stop = stop_listening.clone();
                tokio::spawn(listener::listen(nodes, token, seed ^ number, stop))
            })
            .collect();
        let started = Instant::now();
        let troubled = self.trouble().await;
        stop.cancel();
        for client in clients {
            client.await?;
        }
        troubled?;
        self.figure("seconds of trouble", started.elapsed().as_secs());
        let store = self.settle().await?;
        stop_listening.cancel();
        let mut violations = record.refusals();
        let taken = self.sink.taken();
        let asked = record.asked();
        for (number, browser) in browsers.into_iter().enumerate() {
            let heard = browser.await?;
            self.figure("connections of a browser", heard.connections);
            self.figure("reloads of a browser", heard.reloads);
            violations.extend(check::heard(number, &heard, &asked));
        }
        violations.extend(check::store(&store, &asked, &mut self.figures).await?);
        violations.extend(check::mail(&store, &taken, &self.faults, &mut self.figures).await?);
        for node in &mut self.nodes {
            node.end();
        }
        Ok(Report {
            options: self.options.clone(),
            figures: std::mem::take(&mut self.figures),
            violations,
            folder: None,
        })
    }

    fn figure(&mut self, name: &'static str, value: u64) {
        check::count(&mut self.figures, name, value);
    }

    /// Does harm until enough nodes were killed.
    async fn trouble(&mut self) -> Result<(), Failed> {
        let client = load::client();
        let mut kills = 0;
        while kills < self.options.kills {
            self.pause(30..350).await;
            let victim = self.rng.random_range(0..self.nodes.len());
            self.faults.push(Instant::now());
            match self.rng.random_range(0..100) {
                0..64 => {
                    self.nodes[victim].kill();
                    kills += 1;
                    self.pause(0..200).await;
                    self.nodes[victim].start()?;
                    if self.nodes.len() == 1 || self.rng.random_bool(0.5) {
                        self.nodes[victim].ready(&client).await?;
                    }
                }
                64..70 => {
                    self.figure("times a node was frozen", 1);
                    self.nodes[victim].freeze();
                    self.pause(100..3_000).await;
                    self.nodes[victim].thaw();
                }
                70..78 => self.cut(victim).await,
                78..88 => {
                    let moods = [Mood::Slow, Mood::Refusing, Mood::Dead, Mood::Forgetful];
                    let mood = moods[self.rng.random_range(0..moods.len())];
                    self.figure("times the mail server was in a mood", 1);
                    self.sink.set(mood);
                    self.pause(200..1_500).await;
                    self.sink.set(Mood::Well);
                }
                88..94 => {
                    self.figure("times a clock was moved", 1);
                    let millis = self.rng.random_range(-7_200_000..7_200_000);
                    self.nodes[victim].set_clock(millis)?;
                    self.pause(200..1_500).await;
                    if self.rng.random_bool(0.5) {
                        self.nodes[victim].set_clock(0)?;
                    }
                }
                94..97 if self.server.is_none() => {
                    self.figure("times the disk was full", 1);
                    self.nodes[victim].fill_disk(true);
                    self.pause(200..1_500).await;
                    self.nodes[victim].fill_disk(false);
                }
                _ => {
                    if let Some(server) = &mut self.server {
                        check::count(&mut self.figures, "times PostgreSQL was restarted", 1);
                        tokio::task::block_in_place(|| server.restart());
                    }
                }
            }
            self.faults.push(Instant::now());
        }
        self.figure("times a node was killed", u64::from(kills));
        Ok(())
    }

    async fn cut(&mut self, victim: usize) {
        let state = if self.rng.random_bool(0.6) {
            State::Silent
        } else {
            State::Severed
        };
        let length = 100..4_000;
        if self.nodes[victim].wire.is_none() {
            return;
        }
        self.figure("times a node was cut off", 1);
        if let Some(wire) = &self.nodes[victim].wire {
            wire.set(state);
        }
        self.pause(length).await;
        if let Some(wire) = &self.nodes[victim].wire {
            wire.set(State::Whole);
        }
    }

    async fn pause(&mut self, millis: std::ops::Range<u64>) {
        let millis = self.rng.random_range(millis);
        tokio::time::sleep(Duration::from_millis(millis)).await;
    }

    /// Mends everything and lets the program finish what it has to do. Leases of nodes that died, and waits for another
    /// try, are cut short: to sit them out proves nothing more.
    async fn settle(&mut self) -> Result<Store, Failed> {
        let client = load::client();
        self.sink.set(Mood::Well);
        for node in &mut self.nodes {
            node.heal();
            node.set_clock(0)?;
        }
        for node in &mut self.nodes {
            node.end();
        }
        let mut store = Store::open(&self.database).await?;
        store.cut_waits_short().await?;
        for node in &mut self.nodes {
            node.start()?;
            node.ready(&client).await?;
        }
        let started = Instant::now();
        let (mut fewest, mut moved) = (i64::MAX, Instant::now());
        loop {
            tokio::time::sleep(Duration::from_millis(250)).await;
            store.set_time(self.time(&client).await?);
            let (jobs, due) = store.left_over().await?;
            if jobs + due < fewest {
                (fewest, moved) = (jobs + due, Instant::now());
            }
            // The last clock is due seven seconds after the last ticket or reply.
            if jobs == 0 && due == 0 && started.elapsed() > Duration::from_secs(8) {
                return Ok(store);
            }
            if moved.elapsed() > STANDSTILL {
                let message = format!(
                    "the program does not come to rest: {jobs} jobs, {due} due; {}",
                    store.first_left_over().await?
                );
                return Err(message.into());
            }
            store.hurry().await?;
        }
    }
}

fn write_pack(folder: &std::path::Path) -> Result<(), Failed> {
    std::fs::create_dir_all(folder)?;
    let source = mainstay_policy::builtin(mainstay_policy::DEFAULT_PACK).ok_or("no pack")?;
    for (name, text) in source.files() {
        std::fs::write(folder.join(name), text)?;
    }
    std::fs::write(folder.join("commitments.toml"), COMMITMENTS)?;
    Ok(())
}
