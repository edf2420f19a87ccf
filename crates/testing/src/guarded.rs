//! A server process that cannot outlive the test that started it.

use std::fs::{self, File};
use std::io::Write;
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::installed::owner_of;

/// How long a server may take until it answers. Generous: the machine may be building at the same time.
const START_LIMIT: Duration = Duration::from_secs(180);

/// The shell stands between us and the server and waits for the end of its standard input, a pipe whose other end
/// only we hold. The pipe ends when the guard is dropped and also when the test process is killed, so nothing is ever
/// left behind, which a destructor alone cannot promise (statics are never dropped). At the end the whole process group
/// is told to go: some servers leave children that see to their last clients.
const GUARD: &str = r#"
exec 3<&0
folder=$1; signal=$2; shift 2
"$@" </dev/null 3<&- &
server=$!
( read -r _ <&3 || : > "$folder/abandoned"; kill -s "$signal" "$server" 2>/dev/null ) &
wait "$server"; status=$?
trap : TERM; kill -s TERM 0
if [ -e "$folder/abandoned" ]; then rm -rf -- "$folder"; fi
exit "$status"
"#;

/// A running server, its folder, and the pipe that keeps it alive.
#[derive(Debug)]
pub(crate) struct Guarded {
    name: &'static str,
    folder: PathBuf,
    shell: Child,
    lifeline: Option<ChildStdin>,
    keep_folder: bool,
}

/// The numbers of the user that a server runs as.
#[derive(Clone, Copy, Debug)]
pub(crate) enum RunAs {
    /// As the user that runs the tests.
    Caller,
    /// As this user and group, which needs the tests to run as root.
    User(u32, u32),
}

impl Guarded {
    /// Starts `command` in `folder`, where its output goes to `output.log`; `stop` is the signal that ends it.
    pub(crate) fn start(
        name: &'static str,
        folder: &Path,
        run_as: RunAs,
        stop: &str,
        command: &[&str],
    ) -> Guarded {
        let log = File::create(folder.join("output.log")).expect("the folder can be written");
        let mut shell = Command::new("sh");
        shell
            .args(["-c", GUARD, "guard"])
            .arg(folder)
            .arg(stop)
            .args(command)
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(log.try_clone().expect("a file handle can be copied"))
            .stderr(log)
            .process_group(0);
        if let RunAs::User(user, group) = run_as {
            shell.uid(user).gid(group);
        }
        let mut shell = shell
            .spawn()
            .unwrap_or_else(|error| panic!("{name} could not be started: {error}"));
        let lifeline = shell.stdin.take();
        Guarded {
            name,
            folder: folder.to_owned(),
            shell,
            lifeline,
            keep_folder: false,
        }
    }

    /// Waits until `answers` says that the server serves; `false` when the server ended instead.
    ///
    /// # Panics
    /// When it neither answers nor ends within three minutes.
    pub(crate) fn answers(&mut self, mut answers: impl FnMut() -> bool) -> bool {
        let started = Instant::now();
        while started.elapsed() < START_LIMIT {
            if answers() {
                return true;
            }
            if matches!(self.shell.try_wait(), Ok(Some(_))) {
                return false;
            }
            thread::sleep(Duration::from_millis(20));
        }
        panic!("{} does not answer:\n{}", self.name, self.output());
    }

    /// Ends the server and keeps its folder.
    pub(crate) fn stop(mut self) {
        self.keep_folder = true;
    }

    /// What the server wrote to its standard output and error.
    pub(crate) fn output(&self) -> String {
        fs::read_to_string(self.folder.join("output.log")).unwrap_or_default()
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        let lifeline = self.lifeline.take();
        if let Some(mut lifeline) = lifeline.filter(|_| self.keep_folder) {
            // A line instead of the end of the pipe tells the shell that we are still here to clean up.
            let _ = lifeline.write_all(b"keep\n");
        }
        // The shell ends when the server has; an error here means that it is already gone.
        let _ = self.shell.wait();
        if !self.keep_folder {
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}

/// A new temporary folder that other users may enter, owned by `owner`.
pub(crate) fn new_folder(name: &str, owner: RunAs) -> PathBuf {
    let folder = tempfile::Builder::new()
        .prefix(&format!("mainstay-{name}-"))
        .tempdir()
        .expect("the temporary folder can be written")
        .keep();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o755))
        .expect("our own folder can be changed");
    give(&folder, owner);
    folder
}

/// Makes `owner` the owner of one file or folder.
pub(crate) fn give(path: &Path, owner: RunAs) {
    if let RunAs::User(user, group) = owner {
        chown(path, Some(user), Some(group)).expect("only root runs as another user");
    }
}

/// Whether the tests run as root, found from what a new folder belongs to.
pub(crate) fn is_root() -> bool {
    let probe = tempfile::tempdir().expect("the temporary folder can be written");
    owner_of(probe.path()).0 == 0
}

/// A loopback port that was free a moment ago. Another process may take it first, so whoever can tries again.
///
/// It lies below the range that systems choose from for connections, and each test process begins elsewhere: tests that
/// run beside each other would otherwise often be given the same one.
///
/// # Panics
/// When no port is free.
#[must_use]
pub fn free_port() -> u16 {
    const FIRST: u32 = 10_000;
    const COUNT: u32 = 22_000;
    static TAKEN: AtomicU32 = AtomicU32::new(0);
    let start = std::process::id().wrapping_mul(7919);
    let candidates = (0..COUNT).map(|_| {
        let offset = start.wrapping_add(TAKEN.fetch_add(1, Ordering::Relaxed)) % COUNT;
        u16::try_from(FIRST + offset).unwrap_or(u16::MAX)
    });
    let is_free = |port: &u16| TcpListener::bind(("127.0.0.1", *port)).is_ok();
    candidates
        .into_iter()
        .find(is_free)
        .expect("some loopback port is free")
}
