//! A node: a real process that runs the service, and what can be done to it.

use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use mainstay_testing::free_port;

use super::Failed;
use super::network::Namespace;
use super::relay::Relay;
use super::wire::{State, Wire};

/// The environment variable that names the file by which a node's clock is off, in milliseconds.
pub const CLOCK: &str = "MAINSTAY_TESTS_CLOCK";

/// What every process of a run is given.
#[derive(Debug, Clone)]
pub struct Program {
    /// The program: this one, which also runs nodes and commands.
    pub executable: PathBuf,
    /// The folder of the run.
    pub folder: PathBuf,
    /// Where the commands would give mail to.
    pub smtp: SocketAddrV4,
}

impl Program {
    /// A command of the program on a store.
    #[must_use]
    pub fn command(&self, database: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.executable);
        command
            .arg("mainstay")
            .args(arguments)
            .args(["--database", database]);
        self.set(&mut command, self.smtp);
        command
    }

    /// Runs a command that must succeed and returns what it printed.
    ///
    /// # Errors
    /// Says what the command said.
    pub fn told(&self, database: &str, arguments: &[&str]) -> Result<String, Failed> {
        let output = self.command(database, arguments).output()?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned());
        }
        let error = String::from_utf8_lossy(&output.stderr);
        Err(format!("{arguments:?}: {error}").into())
    }

    fn set(&self, command: &mut Command, smtp: SocketAddrV4) {
        command
            .current_dir(&self.folder)
            .env("MAINSTAY_DATA", self.folder.join("data"))
            // The load is not to be held back by what holds strangers back.
            .env("MAINSTAY_HTTP_REQUESTS_PER_SECOND", "0")
            .env("MAINSTAY_HTTP_ANONYMOUS_REQUESTS_PER_SECOND", "0")
            .env("MAINSTAY_SMTP_HOST", smtp.ip().to_string())
            .env("MAINSTAY_SMTP_PORT", smtp.port().to_string())
            .env("MAINSTAY_SMTP_TLS", "none")
            .env("MAINSTAY_MAIL_FROM", "support@mainstay.example")
            .env("MAINSTAY_MAIL_REPLY_DOMAIN", "mainstay.example")
            .env("MAINSTAY_MAIL_FLOOD_MAILS", "1000000");
    }
}

/// What a node reaches, and by what.
#[derive(Debug)]
pub struct Ways {
    /// The store.
    pub database: String,
    /// The mail server.
    pub smtp: SocketAddrV4,
    /// Its wire to PostgreSQL, where there is one.
    pub wire: Option<Wire>,
    /// Where it lives, if not beside the test itself.
    pub namespace: Option<Namespace>,
    /// What leads from there to the mail server.
    pub _relay: Option<Relay>,
}

/// A node.
#[derive(Debug)]
pub struct Node {
    program: Program,
    name: String,
    /// What it reaches.
    pub ways: Ways,
    /// Where it listens, in this life and the next.
    pub address: SocketAddr,
    child: Option<Child>,
}

/// The port of a node that has an address of its own.
const PORT: u16 = 8080;

impl Node {
    /// A node that is not started yet.
    pub fn new(program: &Program, number: usize, ways: Ways) -> Self {
        let address = match &ways.namespace {
            Some(namespace) => (namespace.address, PORT).into(),
            // The node takes the port again and again: it is none that others are given in between.
            None => (Ipv4Addr::LOCALHOST, free_port()).into(),
        };
        Self {
            program: program.clone(),
            name: format!("node-{number}"),
            ways,
            address,
            child: None,
        }
    }

    /// Starts it.
    ///
    /// # Errors
    /// Fails when the process cannot be started.
    pub fn start(&mut self) -> Result<(), Failed> {
        let log = self.program.folder.join(format!("{}.log", self.name));
        let log = File::options().create(true).append(true).open(log)?;
        let mut command = self.command();
        command.args(["--listen", &self.address.to_string()]);
        command.stdout(log.try_clone()?).stderr(log);
        self.child = Some(command.spawn()?);
        Ok(())
    }

    /// Tries to start one more like it, on a port of its own, which must refuse; says how it ended and what it said.
    ///
    /// # Errors
    /// Fails when it cannot be started, or does not end within a minute.
    pub async fn refused(&self) -> Result<(ExitStatus, String), Failed> {
        let said = self
            .program
            .folder
            .join(format!("{}-refused.log", self.name));
        let log = File::create(&said)?;
        let mut command = self.command();
        command.args(["--listen", "127.0.0.1:0"]).stderr(log);
        let mut child = command.stdout(Stdio::null()).spawn()?;
        for _ in 0..3_000 {
            if let Some(status) = child.try_wait()? {
                return Ok((status, std::fs::read_to_string(said)?));
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        child.kill()?;
        child.wait()?;
        Err(format!("{} was to refuse and runs", self.name).into())
    }

    fn command(&self) -> Command {
        // A file that may not grow any more is to be an error to the node, not its end.
        let mut command = match &self.ways.namespace {
            Some(namespace) => {
                let mut command = Command::new("ip");
                command.args(["netns", "exec", &namespace.name, "sh"]);
                command
            }
            None => Command::new("sh"),
        };
        command
            .args(["-c", "trap '' XFSZ; exec \"$@\"", "sh"])
            .arg(&self.program.executable)
            .arg("node")
            .args(["--database", &self.ways.database])
            .args(["--log-level", "error"])
            .env(CLOCK, self.clock())
            .stdin(Stdio::null());
        self.program.set(&mut command, self.ways.smtp);
        command
    }

    /// Kills it as a lost power supply does.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Asks it to end and waits until it has.
    pub fn end(&mut self) {
        self.signal("TERM");
        if let Some(mut child) = self.child.take() {
            let _ = child.wait();
        }
    }

    /// Whether it runs.
    pub fn runs(&mut self) -> bool {
        match &mut self.child {
            Some(child) => matches!(child.try_wait(), Ok(None)),
            None => false,
        }
    }

    /// Waits until it answers that it is ready.
    ///
    /// # Errors
    /// Fails when it ended or does not answer for a minute.
    pub async fn ready(&mut self, client: &reqwest::Client) -> Result<(), Failed> {
        let address = format!("http://{}/readyz", self.address);
        for _ in 0..3_000 {
            let answer = client.get(&address).send().await;
            if answer.is_ok_and(|answer| answer.status().is_success()) {
                return Ok(());
            }
            if !self.runs() {
                return Err(format!("{} ended by itself: see its log", self.name).into());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Err(format!("{} does not become ready", self.name).into())
    }

    /// Stops it where it stands, as a machine that hangs.
    pub fn freeze(&self) {
        self.signal("STOP");
    }

    /// Lets it go on.
    pub fn thaw(&self) {
        self.signal("CONT");
    }

    /// Makes its clock be off by so many milliseconds.
    ///
    /// # Errors
    /// Fails when the file cannot be written.
    pub fn set_clock(&self, millis: i64) -> std::io::Result<()> {
        let next = self.clock().with_extension("next");
        std::fs::write(&next, millis.to_string())?;
        std::fs::rename(next, self.clock())
    }

    /// Lets no file of it grow beyond a size, as on a disk that is full.
    pub fn fill_disk(&self, is_full: bool) {
        let Some(child) = &self.child else { return };
        let limit = if is_full { "0" } else { "unlimited" };
        let _ = Command::new("prlimit")
            .args(["--pid", &child.id().to_string()])
            .arg(format!("--fsize={limit}:unlimited"))
            .stderr(Stdio::null())
            .status();
    }

    /// Mends everything that was done to it but to end it.
    pub fn heal(&self) {
        self.thaw();
        self.fill_disk(false);
        if let Some(wire) = &self.ways.wire {
            wire.set(State::Whole);
        }
        if let Some(namespace) = &self.ways.namespace {
            let _ = namespace.plug();
        }
    }

    fn signal(&self, name: &str) {
        if let Some(child) = &self.child {
            let _ = Command::new("kill")
                .args([&format!("-{name}"), &child.id().to_string()])
                .stderr(Stdio::null())
                .status();
        }
    }

    fn clock(&self) -> PathBuf {
        Path::new(&self.program.folder).join(format!("{}.clock", self.name))
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.kill();
    }
}
