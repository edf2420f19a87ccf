//! Finding the programs that tests start, and what to do when one is not there.

use std::env;
use std::path::{Path, PathBuf};

/// The variable that turns a skipped test into a failed one.
const REQUIRE_ALL: &str = "MAINSTAY_REQUIRE_ALL";

/// Whether a program that a test needs is on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Program {
    /// The path of the program.
    Installed(PathBuf),
    /// What is missing, and how to get it.
    Absent {
        /// The name people know it by.
        name: &'static str,
        /// How to install it.
        remedy: &'static str,
    },
}

impl Program {
    /// Looks for any of `names` in `PATH` and then in `folders`.
    pub(crate) fn find(
        name: &'static str,
        remedy: &'static str,
        names: &[&str],
        folders: &[PathBuf],
    ) -> Program {
        let path = env::var_os("PATH").unwrap_or_default();
        env::split_paths(&path)
            .chain(folders.iter().cloned())
            .flat_map(|folder| names.iter().map(move |file| folder.join(file)))
            .find(|candidate| candidate.is_file())
            .map_or(Program::Absent { name, remedy }, Program::Installed)
    }
}

/// The path of an installed program; for an absent one prints `SKIPPED` and returns nothing, so that the test can end.
///
/// # Panics
/// When the program is absent and `MAINSTAY_REQUIRE_ALL=1`: on the build server a skipped test is a failed one.
#[must_use = "a test that goes on without the program it needs proves nothing"]
pub fn require(program: Program) -> Option<PathBuf> {
    match program {
        Program::Installed(path) => Some(path),
        Program::Absent { name, remedy } => {
            assert!(
                env::var_os(REQUIRE_ALL).is_none_or(|value| value != "1"),
                "{name} is not installed, and {REQUIRE_ALL}=1 forbids skipping: {remedy}"
            );
            eprintln!("SKIPPED: {name} is not installed: {remedy}");
            None
        }
    }
}

/// Chromium, for tests that look at a page.
#[must_use]
pub fn chromium() -> Program {
    Program::find(
        "chromium",
        "apt-get install chromium",
        &["chromium", "chromium-browser", "google-chrome"],
        &[],
    )
}

/// The program `ip`, for tests that lay a network of their own.
#[must_use]
pub fn iproute() -> Program {
    Program::find("ip", "apt-get install iproute2", &["ip"], &daemon_folders())
}

/// The folders that hold a system's daemons, which an ordinary user's `PATH` leaves out.
pub(crate) fn daemon_folders() -> Vec<PathBuf> {
    ["/usr/sbin", "/usr/local/sbin"].map(PathBuf::from).to_vec()
}

/// The numbers of a user in `/etc/passwd`: user id, group id.
pub(crate) fn user_ids(name: &str) -> Option<(u32, u32)> {
    let users = std::fs::read_to_string("/etc/passwd").ok()?;
    users.lines().find_map(|line| {
        let mut fields = line.split(':');
        (fields.next()? == name).then_some(())?;
        let user = fields.nth(1)?.parse().ok()?;
        let group = fields.next()?.parse().ok()?;
        Some((user, group))
    })
}

/// The name of a user in `/etc/passwd`.
pub(crate) fn user_name(id: u32) -> Option<String> {
    name_of(Path::new("/etc/passwd"), id)
}

/// The name of a group in `/etc/group`.
pub(crate) fn group_name(id: u32) -> Option<String> {
    name_of(Path::new("/etc/group"), id)
}

/// Both files have the name first and its number third.
fn name_of(file: &Path, id: u32) -> Option<String> {
    let lines = std::fs::read_to_string(file).ok()?;
    lines.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(id)).then(|| name.to_owned())
    })
}

/// The user and group that own `path`.
pub(crate) fn owner_of(path: &Path) -> (u32, u32) {
    use std::os::unix::fs::MetadataExt;
    let metadata = std::fs::metadata(path).expect("the temporary folder was just made");
    (metadata.uid(), metadata.gid())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_a_program_in_the_folders_given() {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("mainstay-no-such-program");
        std::fs::write(&program, "").unwrap();
        let found = Program::find(
            "it",
            "make it",
            &["mainstay-no-such-program"],
            &[folder.path().to_owned()],
        );
        assert_eq!(found, Program::Installed(program));
    }

    #[test]
    fn says_how_to_install_what_is_absent() {
        let absent = Program::find("it", "make it", &["mainstay-no-such-program"], &[]);
        assert_eq!(
            absent,
            Program::Absent {
                name: "it",
                remedy: "make it"
            }
        );
    }

    #[test]
    fn knows_the_ids_of_a_user() {
        assert_eq!(user_ids("root"), Some((0, 0)));
        assert_eq!(user_name(0).as_deref(), Some("root"));
        assert_eq!(group_name(0).as_deref(), Some("root"));
        assert_eq!(user_ids("mainstay-no-such-user"), None);
    }
}
