//! What is done to the nodes, to the store, to the network, to the mail server and to the clocks.

use std::ops::Range;
use std::time::{Duration, Instant};

use rand::Rng as _;
use reqwest::Client;

use super::Failed;
use super::harm::Harm;
use super::load;
use super::run::Run;
use super::sink::Mood;
use super::wire::State;

/// The kinds of harm besides killing, with how often each comes in a hundred.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Frozen,
    CutOff,
    Mood,
    Clock,
    FullDisk,
    Restart,
}

const KINDS: [(Kind, u32); 6] = [
    (Kind::Frozen, 18),
    (Kind::CutOff, 26),
    (Kind::Mood, 26),
    (Kind::Clock, 15),
    (Kind::FullDisk, 8),
    (Kind::Restart, 7),
];

/// How long it may take until somebody notices what was done: a node that has just started has other things to do first.
const NOTICED: Duration = Duration::from_secs(8);

/// After how many kills it is said how far the run is.
const PROGRESS: u32 = 50;

impl Run {
    /// Does harm until enough nodes were killed.
    pub(super) async fn trouble(&mut self) -> Result<(), Failed> {
        let client = load::client();
        let (mut kills, mut told) = (0, 0);
        while kills < self.options.kills {
            if kills / PROGRESS > told {
                told = kills / PROGRESS;
                eprintln!("{kills} of {} kills", self.options.kills);
            }
            self.pause(30..350).await;
            let victim = self.rng.random_range(0..self.nodes.len());
            if self.rng.random_bool(0.64) {
                self.kill(victim);
                kills += 1;
                self.pause(0..200).await;
                self.revive(victim, &client).await?;
                continue;
            }
            let mut draw = self.rng.random_range(0..100);
            let drawn = KINDS.iter().find(|(_, often)| {
                let is_it = draw < *often;
                draw = draw.saturating_sub(*often);
                is_it
            });
            match drawn.map(|(kind, _)| kind) {
                Some(Kind::Frozen) => self.freeze(victim).await,
                Some(Kind::CutOff) => self.cut_off(victim).await?,
                Some(Kind::Mood) => {
                    if self.spoil_mail(victim).await {
                        kills += 1;
                        self.revive(victim, &client).await?;
                    }
                }
                Some(Kind::Clock) => self.move_clock(victim).await?,
                Some(Kind::FullDisk) => self.fill_disk(victim).await?,
                Some(Kind::Restart) | None => self.restart_server(),
            }
        }
        Ok(())
    }

    fn kill(&mut self, victim: usize) {
        let from = Instant::now();
        self.nodes[victim].kill();
        self.history.note(Harm::Killed, Some(victim), from);
        self.figure("times a node was killed", 1);
    }

    async fn revive(&mut self, victim: usize, client: &Client) -> Result<(), Failed> {
        self.nodes[victim].start()?;
        if self.nodes.len() == 1 || self.rng.random_bool(0.5) {
            self.nodes[victim].ready(client).await?;
        }
        Ok(())
    }

    async fn freeze(&mut self, victim: usize) {
        self.figure("times a node was frozen", 1);
        let from = Instant::now();
        self.nodes[victim].freeze();
        self.pause(100..3_000).await;
        self.nodes[victim].thaw();
        self.history.note(Harm::Hindered, Some(victim), from);
    }

    /// Cuts a node off from everything by pulling its cable, or from the store alone.
    async fn cut_off(&mut self, victim: usize) -> Result<(), Failed> {
        let way = self.rng.random_range(0..10);
        let from = Instant::now();
        let ways = &self.nodes[victim].ways;
        if let (Some(namespace), 0..5) = (ways.namespace.clone(), way) {
            namespace.pull()?;
            self.figure("times the cable of a node was pulled", 1);
            self.pause(100..4_000).await;
            namespace.plug()?;
            self.history.note_outage(victim, from);
            return Ok(());
        }
        let state = match way {
            0..8 => State::Silent,
            _ => State::Severed,
        };
        let Some(wire) = &ways.wire else {
            return Ok(());
        };
        wire.set(state);
        self.figure("times a node was cut off from the store", 1);
        self.pause(100..4_000).await;
        if let Some(wire) = &self.nodes[victim].ways.wire {
            wire.set(State::Whole);
        }
        self.history.note(Harm::Hindered, Some(victim), from);
        Ok(())
    }

    /// Spoils the mail server until that was noticed, and for a while; says whether a node was killed meanwhile, in the
    /// middle of its conversations.
    async fn spoil_mail(&mut self, victim: usize) -> bool {
        let mood = Mood::SPOILING[self.rng.random_range(0..Mood::SPOILING.len())];
        self.figure(mood.times(), 1);
        let (began, before) = (Instant::now(), self.sink.spoilt(mood));
        self.sink.set(mood);
        while self.sink.spoilt(mood) == before && began.elapsed() < NOTICED {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        self.pause(200..1_500).await;
        let is_killed = self.rng.random_bool(0.3);
        if is_killed {
            self.kill(victim);
        }
        self.sink.set(Mood::Well);
        is_killed
    }

    async fn move_clock(&mut self, victim: usize) -> Result<(), Failed> {
        let millis = self.rng.random_range(-7_200_000..7_200_000);
        let name = if millis < 0 {
            "times a clock was set back"
        } else {
            "times a clock was set forward"
        };
        self.figure(name, 1);
        self.nodes[victim].set_clock(millis)?;
        self.pause(200..1_500).await;
        if self.rng.random_bool(0.5) {
            self.nodes[victim].set_clock(0)?;
        }
        Ok(())
    }

    /// Leaves no room on the disk of the store: of SQLite's files by a limit on what a process may write, of PostgreSQL's
    /// by filling the file system of its own that they lie on.
    async fn fill_disk(&mut self, victim: usize) -> Result<(), Failed> {
        let from = Instant::now();
        match &mut self.server {
            None => {
                self.figure("times the disk was full", 1);
                self.nodes[victim].fill_disk(true);
                self.until_failures().await;
                self.nodes[victim].fill_disk(false);
            }
            Some(server) if server.has_own_disk() => {
                server.fill_disk()?;
                self.figure("times the disk was full", 1);
                self.until_failures().await;
                if let Some(server) = &mut self.server {
                    tokio::task::block_in_place(|| server.free_disk())?;
                }
            }
            Some(_) => return Ok(()),
        }
        self.history.note(Harm::Hindered, None, from);
        Ok(())
    }

    /// Waits until somebody was told that the store cannot take anything, and a while longer.
    async fn until_failures(&mut self) {
        let (began, before) = (Instant::now(), self.record.failures());
        while self.record.failures() == before && began.elapsed() < NOTICED {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        if self.record.failures() > before {
            self.figure("times a client was told of the full disk", 1);
        }
        self.pause(200..1_500).await;
    }

    fn restart_server(&mut self) {
        let Some(server) = &mut self.server else {
            return;
        };
        let from = Instant::now();
        tokio::task::block_in_place(|| server.restart());
        self.history.note(Harm::Hindered, None, from);
        self.figure("times PostgreSQL was restarted", 1);
    }

    async fn pause(&mut self, millis: Range<u64>) {
        let millis = self.rng.random_range(millis);
        tokio::time::sleep(Duration::from_millis(millis)).await;
    }
}
