//! The fault test: nodes are killed, frozen, cut off and starved under a mixed load, and then everything that was
//! acknowledged is compared with what is there.
//!
//! The nodes are real processes on a real store. Clients ask over HTTP and by the pipe, and write down what they were
//! promised; a mail server writes down what it was given; browsers listen. The comparison ([`check`]) reads the store by
//! SQL of its own. A run is told by its seed: the same seed does the same things in the same order, though a computer never
//! runs them in exactly the same instants.

mod check;
mod harm;
mod listener;
mod load;
mod network;
mod node;
mod relay;
mod run;
mod sink;
mod skew;
mod trouble;
mod upgrade;
mod wire;

use std::fmt;
use std::path::PathBuf;

pub use relay::relay;
pub use skew::SkewedClock;

use run::Run;

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
    /// Upgrade the schema under the nodes instead of doing harm
    #[arg(long, conflicts_with = "kills")]
    pub upgrade: bool,
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
    /// What could not be done here, and why.
    pub skipped: Vec<String>,
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
            upgrade,
            ..
        } = self.options;
        let engine = format!("{engine:?}").to_lowercase();
        let what = match upgrade {
            true => "--upgrade".to_owned(),
            false => format!("--kills {kills}"),
        };
        writeln!(f, "faults --engine {engine} {what} --seed {seed}")?;
        for (name, value) in &self.figures {
            writeln!(f, "{value:>10}  {name}")?;
        }
        for skipped in &self.skipped {
            writeln!(f, "SKIPPED: {skipped}")?;
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
