//! A private PostgreSQL.

use std::collections::HashSet;
use std::future::Future;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use tokio::sync::Mutex;

use crate::disk::Disk;
use crate::guarded::{Guarded, RunAs, give, is_root, new_folder};
use crate::installed::{Program, user_ids};

/// A PostgreSQL cluster of our own, reached by a Unix socket in a temporary folder.
///
/// Nothing is flushed to disk (`fsync` off), which makes it fast and unfit for tests of a power cut, unless it is
/// [started so](Self::start_durable).
#[derive(Debug)]
pub struct PostgresServer {
    program: PathBuf,
    durability: &'static [&'static str],
    psql: PathBuf,
    folder: PathBuf,
    databases: AtomicU32,
    templates: Mutex<HashSet<String>>,
    /// What the cluster lies on, if that is its own.
    disk: Option<Disk>,
    /// Dropped last, after which the folder is gone.
    server: Option<Guarded>,
}

impl PostgresServer {
    /// Looks for the `postgres` program in `PATH`, then where Debian and others keep it; the newest version wins.
    #[must_use]
    pub fn find() -> Program {
        Program::find(
            "PostgreSQL",
            "apt-get install postgresql",
            &["postgres"],
            &version_folders(),
        )
    }

    /// The one cluster of this test process, started by the first caller; `program` is what [`find`](Self::find) found.
    ///
    /// # Panics
    /// When the server cannot be started.
    pub fn shared(program: &Path) -> &'static PostgresServer {
        static SHARED: OnceLock<PostgresServer> = OnceLock::new();
        SHARED.get_or_init(|| PostgresServer::start(program))
    }

    /// A cluster that is stopped and removed when the value is dropped.
    ///
    /// # Panics
    /// When the server cannot be started; the message carries what it wrote.
    #[must_use]
    pub fn start(program: &Path) -> PostgresServer {
        Self::start_with(program, &FAST, |_| None)
    }

    /// A cluster that loses nothing that was committed, and can be [restarted](Self::restart). Where that is allowed, it
    /// lies on a [file system of its own](Self::has_own_disk).
    ///
    /// # Panics
    /// As [`start`](Self::start).
    #[must_use]
    pub fn start_durable(program: &Path) -> PostgresServer {
        Self::start_with(program, &SMALL, Disk::mount)
    }

    /// Whether it lies on a file system of its own, which can be filled.
    #[must_use]
    pub fn has_own_disk(&self) -> bool {
        self.disk.is_some()
    }

    /// Leaves no room on its disk.
    ///
    /// # Errors
    /// Fails when it cannot be filled.
    pub fn fill_disk(&self) -> io::Result<()> {
        self.disk.as_ref().map_or(Ok(()), Disk::fill)
    }

    /// Gives it room again, and starts it again if it ended over it.
    ///
    /// # Errors
    /// Fails when what fills the disk cannot be removed.
    ///
    /// # Panics
    /// As [`start`](Self::start).
    pub fn free_disk(&mut self) -> io::Result<()> {
        self.disk.as_ref().map_or(Ok(()), Disk::free)?;
        let answers = || run_sql(&self.psql, &self.folder, "postgres", "SELECT 1").is_ok();
        // It may be just reading again what it had written.
        let serves = match &mut self.server {
            Some(server) => server.answers(answers),
            None => false,
        };
        if !serves {
            self.restart();
        }
        Ok(())
    }

    /// Breaks the server off, without letting it finish anything, and starts it again on what it had written.
    ///
    /// # Panics
    /// As [`start`](Self::start).
    pub fn restart(&mut self) {
        if let Some(server) = self.server.take() {
            server.stop();
        }
        self.server = Some(run(
            &self.program,
            &self.folder,
            run_as(),
            self.durability,
            &self.psql,
        ));
    }

    /// The socket it listens on.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        self.folder.join(".s.PGSQL.5432")
    }

    fn start_with(
        program: &Path,
        durability: &'static [&'static str],
        mount: impl FnOnce(&Path) -> Option<Disk>,
    ) -> PostgresServer {
        let run_as = run_as();
        let folder = new_folder("postgres", run_as);
        let data = folder.join("data");
        std::fs::create_dir(&data).expect("the folder can be written");
        let disk = mount(&data);
        give(&data, run_as);
        // The program in `PATH` is often a link, and only the folder it points to holds the other tools.
        let program = &program.canonicalize().expect("the program was just found");
        let tools = program.parent().expect("a program is in a folder");
        make_cluster(&tools.join("initdb"), &folder, run_as);
        let psql = tools.join("psql");
        let server = run(program, &folder, run_as, durability, &psql);
        PostgresServer {
            program: program.clone(),
            durability,
            psql,
            folder,
            databases: AtomicU32::new(0),
            templates: Mutex::default(),
            disk,
            server: Some(server),
        }
    }

    /// The `postgres://` address of a new, empty database.
    ///
    /// # Panics
    /// When the database cannot be made.
    #[must_use]
    pub fn fresh_database(&self) -> String {
        let name = self.next_name();
        self.sql("postgres", &format!("CREATE DATABASE {name}"));
        self.url(&name)
    }

    /// The `postgres://` address of a new database that is a copy of `template`. The first caller's `prepare` fills
    /// the template (runs the migrations, say) and must have closed its connections when it returns.
    ///
    /// # Panics
    /// When a database cannot be made.
    pub async fn fresh_database_from<Prepare, Prepared>(
        &self,
        template: &str,
        prepare: Prepare,
    ) -> String
    where
        Prepare: FnOnce(String) -> Prepared,
        Prepared: Future<Output = ()>,
    {
        let template = format!("template_{template}");
        let mut ready = self.templates.lock().await;
        if !ready.contains(&template) {
            self.sql("postgres", &format!("CREATE DATABASE {template}"));
            prepare(self.url(&template)).await;
            // A pool may still be closing its connections, and a template in use cannot be copied.
            self.sql(
                "postgres",
                &format!("ALTER DATABASE {template} ALLOW_CONNECTIONS false"),
            );
            self.sql(
                "postgres",
                &format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{template}'"),
            );
            ready.insert(template.clone());
        }
        let name = self.next_name();
        self.sql(
            "postgres",
            &format!("CREATE DATABASE {name} TEMPLATE {template}"),
        );
        self.url(&name)
    }

    /// Runs SQL in a database of this cluster and returns its rows as `psql -At` prints them.
    ///
    /// # Panics
    /// When the statement fails.
    pub fn sql(&self, database: &str, statement: &str) -> String {
        run_sql(&self.psql, &self.folder, database, statement)
            .unwrap_or_else(|error| panic!("{statement}: {error}"))
    }

    fn next_name(&self) -> String {
        format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed))
    }

    fn url(&self, database: &str) -> String {
        let folder = self.folder.display();
        format!("postgres://postgres@localhost/{database}?host={folder}")
    }
}

/// PostgreSQL refuses to run as root, so root lends it the user that the package made, or else `nobody`.
fn run_as() -> RunAs {
    if !is_root() {
        return RunAs::Caller;
    }
    let (user, group) = user_ids("postgres")
        .or_else(|| user_ids("nobody"))
        .expect("every system has the user nobody");
    RunAs::User(user, group)
}

fn make_cluster(initdb: &Path, folder: &Path, run_as: RunAs) {
    use std::os::unix::process::CommandExt;
    let mut command = Command::new(initdb);
    command
        .args([
            "-N",
            "-A",
            "trust",
            "-U",
            "postgres",
            "-E",
            "UTF8",
            "--locale=C",
            "-D",
        ])
        .arg(folder.join("data"))
        .current_dir(folder);
    if let RunAs::User(user, group) = run_as {
        command.uid(user).gid(group);
    }
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("{} could not be started: {error}", initdb.display()));
    assert!(
        output.status.success(),
        "initdb failed:\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// What makes a cluster fast that need not survive anything.
const FAST: [&str; 3] = [
    "fsync=off",
    "full_page_writes=off",
    "synchronous_commit=off",
];

/// What keeps a durable cluster from growing much beyond what it holds.
const SMALL: [&str; 1] = ["max_wal_size=128MB"];

/// Runs a server on the cluster in a folder and waits until it answers.
fn run(
    program: &Path,
    folder: &Path,
    run_as: RunAs,
    durability: &[&'static str],
    psql: &Path,
) -> Guarded {
    let path = |path: &Path| path.to_str().expect("the path is text").to_owned();
    let (program, socket) = (path(program), path(folder));
    let mut arguments = vec![program.as_str(), "-D", "data", "-k", socket.as_str()];
    let settings = [
        "listen_addresses=",
        "max_connections=200",
        "shared_buffers=32MB",
        "autovacuum=off",
    ];
    for setting in settings.iter().chain(durability) {
        arguments.extend(["-c", setting]);
    }
    let mut server = Guarded::start("PostgreSQL", folder, run_as, "QUIT", &arguments);
    let mut refusal = String::new();
    let ready = server.answers(|| {
        run_sql(psql, folder, "postgres", "SELECT 1")
            .map_err(|error| refusal = error)
            .is_ok()
    });
    assert!(
        ready,
        "PostgreSQL ended at once: {refusal}\n{}",
        server.output()
    );
    server
}

fn run_sql(psql: &Path, folder: &Path, database: &str, statement: &str) -> Result<String, String> {
    let output = Command::new(psql)
        .args([
            "-X",
            "-A",
            "-t",
            "-q",
            "-v",
            "ON_ERROR_STOP=1",
            "-U",
            "postgres",
            "-h",
        ])
        .arg(folder)
        .args(["-d", database, "-c", statement])
        .output()
        .map_err(|error| error.to_string())?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout)
            .trim_end()
            .to_owned())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

/// Debian keeps every version in a folder of its own, outside `PATH`. Newest first.
fn version_folders() -> Vec<PathBuf> {
    let mut folders: Vec<(u32, PathBuf)> =
        ["/usr/lib/postgresql", "/usr/pgsql", "/usr/local/pgsql"]
            .iter()
            .filter_map(|root| std::fs::read_dir(root).ok())
            .flatten()
            .filter_map(Result::ok)
            .map(|entry| {
                let version = entry
                    .file_name()
                    .to_str()
                    .and_then(|name| name.parse().ok());
                (version.unwrap_or(0), entry.path().join("bin"))
            })
            .collect();
    folders.sort_by(|a, b| b.cmp(a));
    folders.into_iter().map(|(_, folder)| folder).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::require;

    #[tokio::test]
    async fn databases_are_fresh_and_templates_are_filled_once() {
        let Some(program) = require(PostgresServer::find()) else {
            return;
        };
        let server = PostgresServer::start(&program);
        let mut filled = 0;
        let mut addresses = Vec::new();
        for _ in 0..2 {
            let address = server
                .fresh_database_from("filled", async |_url| {
                    filled += 1;
                    server.sql("template_filled", "CREATE TABLE promise (kept boolean)");
                })
                .await;
            addresses.push(address);
        }
        addresses.push(server.fresh_database());
        assert_eq!(filled, 1);
        let tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'";
        assert_eq!(server.sql("test_0", tables), "1");
        assert_eq!(server.sql("test_1", tables), "1");
        assert_eq!(server.sql("test_2", tables), "0");
        assert!(
            addresses[0].starts_with("postgres://postgres@localhost/test_0?host=/"),
            "{addresses:?}"
        );
    }

    #[test]
    fn a_full_disk_is_an_error_and_no_harm_once_there_is_room() {
        let Some(program) = require(PostgresServer::find()) else {
            return;
        };
        let mut server = PostgresServer::start_durable(&program);
        if !server.has_own_disk() {
            eprintln!("SKIPPED: no file system can be mounted here");
            return;
        }
        server.sql("postgres", "CREATE TABLE promise (kept text)");
        server.fill_disk().unwrap();
        let much =
            "INSERT INTO promise SELECT repeat(md5(i::text), 50) FROM generate_series(1, 50000) i";
        let full = run_sql(&server.psql, &server.folder, "postgres", much);
        server.free_disk().unwrap();
        assert!(full.is_err());
        assert_eq!(server.sql("postgres", "SELECT count(*) FROM promise"), "0");
        server.sql("postgres", much);
        let folder = server.folder.clone();
        drop(server);
        assert!(!folder.exists());
    }

    #[test]
    fn nothing_is_left_after_the_drop() {
        let Some(program) = require(PostgresServer::find()) else {
            return;
        };
        let server = PostgresServer::start(&program);
        let folder = server.folder.clone();
        assert!(folder.join("data").is_dir());
        drop(server);
        assert!(!folder.exists());
    }
}
