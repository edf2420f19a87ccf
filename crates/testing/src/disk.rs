//! A file system of its own in memory, which can be filled without harm to anybody else.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// How much it holds, in bytes: more than a long fault test writes.
const SIZE: u64 = 1 << 30;

/// By how much what fills it grows at once.
const STEP: usize = 64 * 1024;

/// A mounted file system, which is gone when the value is dropped.
#[derive(Debug)]
pub(crate) struct Disk(PathBuf);

impl Disk {
    /// Mounts one at a folder that is there; nothing where that is not allowed, as without root.
    pub(crate) fn mount(folder: &Path) -> Option<Disk> {
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={SIZE},mode=755")])
            .arg("mainstay-disk")
            .arg(folder)
            .stderr(Stdio::null())
            .status();
        mounted
            .is_ok_and(|status| status.success())
            .then(|| Disk(folder.to_owned()))
    }

    /// Leaves no room on it.
    ///
    /// # Errors
    /// Fails when it can be filled no more for another reason than that it is full.
    pub(crate) fn fill(&self) -> io::Result<()> {
        let mut ballast = File::create(self.ballast())?;
        let step = vec![0; STEP];
        loop {
            match ballast.write_all(&step) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::StorageFull => return Ok(()),
                Err(error) => return Err(error),
            }
        }
    }

    /// Gives the room back.
    ///
    /// # Errors
    /// Fails when what fills it cannot be removed.
    pub(crate) fn free(&self) -> io::Result<()> {
        fs::remove_file(self.ballast())
    }

    fn ballast(&self) -> PathBuf {
        self.0.join("ballast")
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Lazily, as the server may still have files open: it is about to be ended.
        let _ = Command::new("umount")
            .arg("-l")
            .arg(&self.0)
            .stderr(Stdio::null())
            .status();
    }
}
