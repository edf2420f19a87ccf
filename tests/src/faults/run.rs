//! A run from its first node to the comparison.

use std::net::{Ipv4Addr, SocketAddrV4};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use mainstay_testing::{PostgresServer, require};
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::check::{self, Figures, Store};
use super::harm::History;
use super::load::{self, Crowd, Record};
use super::network::Network;
use super::node::{Node, Program, Ways};
use super::relay::{self, Relay};
use super::sink::{Mood, Sink};
use super::wire::Wire;
use super::{Engine, Failed, Options, Report, listener};

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

/// A run under way.
pub struct Run {
    pub(super) options: Options,
    pub(super) rng: StdRng,
    pub(super) nodes: Vec<Node>,
    pub(super) server: Option<PostgresServer>,
    pub(super) database: String,
    pub(super) sink: Sink,
    token: String,
    contacts: Vec<String>,
    program: Program,
    pub(super) history: History,
    pub(super) record: Arc<Record>,
    figures: Figures,
    skipped: Vec<String>,
    /// Dropped after the nodes that live in it.
    network: Option<Network>,
}

impl Run {
    /// Starts everything that a run needs.
    ///
    /// # Errors
    /// Fails when it cannot be had.
    pub async fn prepare(options: &Options, folder: PathBuf) -> Result<Self, Failed> {
        let mut skipped = Vec::new();
        let nodes = match options.engine {
            Engine::Sqlite => 1,
            Engine::Postgres => 3,
        };
        let network = match options.engine {
            Engine::Sqlite => None,
            Engine::Postgres => Network::lay(nodes)
                .inspect_err(|why| skipped.push(format!("pulling the cable of a node: {why}")))
                .ok(),
        };
        let here = network
            .as_ref()
            .map_or(Ipv4Addr::LOCALHOST, Network::gateway);
        let sink = Sink::start(here, nodes).await?;
        let program = Program {
            executable: std::env::current_exe()?,
            folder: folder.clone(),
            // Nothing listens there: no command sends mail.
            smtp: SocketAddrV4::new(Ipv4Addr::LOCALHOST, 1),
        };
        let (server, database) = match options.engine {
            Engine::Sqlite => {
                let file = folder.join("data").join("mainstay.db");
                (None, format!("sqlite:{}", file.display()))
            }
            Engine::Postgres => {
                let found = require(PostgresServer::find()).ok_or("PostgreSQL is not installed")?;
                let server = PostgresServer::start_durable(&found);
                if !server.has_own_disk() {
                    let why = "no file system of its own can be mounted for PostgreSQL";
                    skipped.push(format!("filling the disk: {why}"));
                }
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
        let mut run = Self {
            options: options.clone(),
            rng: StdRng::seed_from_u64(options.seed),
            nodes: Vec::new(),
            server,
            database,
            sink,
            token,
            contacts: Vec::new(),
            program,
            history: History::default(),
            record: Arc::default(),
            figures: Vec::new(),
            skipped,
            network,
        };
        let client = load::client();
        for number in 0..nodes {
            let ways = run.ways(number, here).await?;
            let mut node = Node::new(&run.program, number, ways);
            node.start()?;
            node.ready(&client).await?;
            run.nodes.push(node);
        }
        run.furnish(&load::patient_client()).await?;
        Ok(run)
    }

    /// What a node reaches, and by what.
    async fn ways(&self, number: usize, here: Ipv4Addr) -> Result<Ways, Failed> {
        let (wire, database) = match &self.server {
            Some(server) => {
                let wire = Wire::lay(here, server.socket()).await?;
                let name = self.database.split(['/', '?']).nth(3).unwrap_or_default();
                let url = format!(
                    "postgres://postgres@{here}:{}/{name}?sslmode=disable",
                    wire.port()
                );
                (Some(wire), url)
            }
            None => (None, self.database.clone()),
        };
        let mut smtp = SocketAddrV4::new(here, self.sink.port(number));
        let network = self.network.as_ref();
        let namespace = network.and_then(|network| network.namespace(number));
        let mut relay = None;
        if let Some(namespace) = namespace {
            relay = Some(Relay::start(namespace, smtp.into())?);
            let (address, port) = relay::ADDRESS;
            smtp = SocketAddrV4::new(address.into(), port);
        }
        Ok(Ways {
            database,
            smtp,
            wire,
            namespace: namespace.cloned(),
            _relay: relay,
        })
    }

    /// An account and its contacts.
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

    /// Lets the load and the trouble go on together until enough was done, and compares.
    ///
    /// # Errors
    /// Fails when the test itself could not be run, or the program does not come to rest.
    pub async fn finish(mut self) -> Result<Report, Failed> {
        let addresses: Vec<_> = self.nodes.iter().map(|node| node.address).collect();
        let record = Arc::clone(&self.record);
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
                let record = Arc::clone(&record);
                tokio::spawn(listener::listen(nodes, token, seed ^ number, record, stop))
            })
            .collect();
        check::watch_mail(&self.database).await?;
        let started = Instant::now();
        let troubled = if self.options.upgrade {
            self.upgrade().await
        } else {
            self.trouble().await.map(|()| Vec::new())
        };
        stop.cancel();
        for client in clients {
            client.await?;
        }
        let mut violations = troubled?;
        self.figure("seconds of trouble", started.elapsed().as_secs());
        let store = self.settle().await?;
        stop_listening.cancel();
        self.figure("answers that a client was to ask again", record.failures());
        violations.extend(record.refusals());
        let taken = self.sink.taken();
        let asked = record.asked();
        for (number, browser) in browsers.into_iter().enumerate() {
            let heard = browser.await?;
            self.figure("connections of a browser", heard.connections);
            self.figure("reloads of a browser", heard.reloads);
            violations.extend(check::heard(number, &heard, &asked));
        }
        violations.extend(check::store(&store, &asked, &mut self.figures).await?);
        violations.extend(check::mail(&store, &taken, &self.history, &mut self.figures).await?);
        for mood in Mood::SPOILING {
            self.figure(mood.spoilt(), self.sink.spoilt(mood));
        }
        for node in &mut self.nodes {
            node.end();
        }
        Ok(Report {
            options: self.options.clone(),
            figures: std::mem::take(&mut self.figures),
            violations,
            skipped: std::mem::take(&mut self.skipped),
            folder: None,
        })
    }

    pub(super) fn figure(&mut self, name: &'static str, value: u64) {
        check::count(&mut self.figures, name, value);
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
            let left = self.left_over(&client, &mut store).await;
            match left {
                // The last clock is due seven seconds after the last ticket or reply.
                Ok((0, 0)) if started.elapsed() > Duration::from_secs(8) => return Ok(store),
                Ok((jobs, due)) if jobs + due < fewest => {
                    (fewest, moved) = (jobs + due, Instant::now());
                }
                _ => {}
            }
            if moved.elapsed() > STANDSTILL {
                let (jobs, due) = left?;
                let message = format!(
                    "the program does not come to rest: {jobs} jobs, {due} due; {}",
                    store.first_left_over().await?
                );
                return Err(message.into());
            }
        }
    }

    /// Hurries the program and says how many jobs it has still to do, and on how many things something is due. On a busy
    /// machine an answer may come too late, or the store be locked: whoever asks then asks again.
    async fn left_over(
        &self,
        client: &reqwest::Client,
        store: &mut Store,
    ) -> Result<(i64, i64), Failed> {
        store.hurry().await?;
        store.set_time(self.time(client).await?);
        store.left_over().await
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
