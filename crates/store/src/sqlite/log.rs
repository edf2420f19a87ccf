//! The log that SQLite writes to first: how it gets onto the disk, and from there into the file of the database.

use std::fs::{File, OpenOptions};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use tokio::sync::{Mutex, OwnedMutexGuard};

use super::session::{Options, Session};
use crate::error::StoreError;

/// How long the log may become, in pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bounds {
    /// So many wait to be copied into the file before that is begun: pages that are written again and again, as those of an index
    /// are, are then copied once.
    pub(crate) copied_at: u64,
    /// From so many on writers are held up for a moment, for the rest of the log to be copied: they then begin it anew.
    pub(crate) longest: u64,
}

impl Bounds {
    /// 16 MB, and 128 MB.
    pub(crate) const USUAL: Self = Self {
        copied_at: 4_096,
        longest: 32_768,
    };
}

const REFUSED: &str =
    "the disk refused what was written: look at the disk, then start the program anew";

/// How far the log has grown, in pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Length {
    /// What is in it.
    pub(crate) written: u64,
    /// How much of that is in the file of the database too.
    pub(crate) copied: u64,
}

impl Length {
    /// Whether it is time to copy.
    pub(crate) fn is_due(self, bounds: Bounds) -> bool {
        self.written.saturating_sub(self.copied) >= bounds.copied_at
    }

    /// Whether writers are to be held up, that it can be begun anew.
    pub(crate) fn is_too_long(self, bounds: Bounds) -> bool {
        self.written >= bounds.longest
    }
}

/// Puts the log onto the disk, for one at a time.
///
/// SQLite could do it with each commit, and would let nobody write meanwhile. Done beside it, others write in the time that the
/// disk takes, and what they write goes onto the disk together. SQLite itself waits for the disk where the order matters: when it
/// begins a log and when it copies one.
#[derive(Debug)]
pub(crate) struct Disk {
    state: Arc<Mutex<State>>,
    /// Up to which common transaction everything is in the log.
    written: AtomicU64,
    /// Whether the disk has refused. What it has of the log is not known from then on, even if it should take more.
    is_broken: AtomicBool,
}

/// The right to put the log onto the disk.
pub(crate) type Idle = OwnedMutexGuard<State>;

#[derive(Debug)]
pub(crate) struct State {
    path: PathBuf,
    is_durable: bool,
    file: Option<File>,
    /// Up to which common transaction everything is on the disk.
    kept: u64,
}

impl Disk {
    pub(crate) fn new(options: &Options) -> Self {
        let mut path = options.path.clone().into_os_string();
        path.push("-wal");
        let state = State {
            path: path.into(),
            is_durable: options.is_durable,
            file: None,
            kept: 0,
        };
        Self {
            state: Arc::new(Mutex::new(state)),
            written: AtomicU64::new(0),
            is_broken: AtomicBool::new(false),
        }
    }

    /// Waits until nobody waits for the disk.
    pub(crate) async fn idle(&self) -> Idle {
        Arc::clone(&self.state).lock_owned().await
    }

    /// The disk, if nobody waits for it.
    pub(crate) fn idle_now(&self) -> Option<Idle> {
        Arc::clone(&self.state).try_lock_owned().ok()
    }

    /// Fails once the disk has refused.
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        match self.is_broken.load(Ordering::Acquire) {
            true => Err(StoreError::Unavailable(REFUSED.to_owned())),
            false => Ok(()),
        }
    }

    /// Notes that the common transaction of a number is in the log, and so is what was before it.
    pub(crate) fn note_written(&self, number: u64) {
        self.written.store(number, Ordering::Release);
    }

    /// Waits until the common transaction of a number is on the disk, on a thread that may wait.
    ///
    /// # Errors
    /// [`StoreError::InDoubt`] when the disk refuses, and ever after: what it has of the log is then not known.
    pub(crate) fn keep(&self, idle: Option<Idle>, number: u64) -> Result<(), StoreError> {
        let mut state = idle.unwrap_or_else(|| Arc::clone(&self.state).blocking_lock_owned());
        if !state.is_durable || state.kept >= number {
            return Ok(());
        }
        if self.is_broken.load(Ordering::Acquire) {
            return Err(StoreError::InDoubt(REFUSED.to_owned()));
        }
        let written = self.written.load(Ordering::Acquire);
        let synced = state.file().and_then(|file| file.sync_data());
        synced.map_err(|error| {
            self.is_broken.store(true, Ordering::Release);
            tracing::error!(%error, log = %state.path.display(), "the disk refused what was written: nothing is written any more until the program is started anew");
            StoreError::InDoubt(format!("{REFUSED} ({error})"))
        })?;
        state.kept = written;
        Ok(())
    }
}

impl State {
    /// Has it write to another file.
    #[cfg(test)]
    pub(crate) fn replace(&mut self, file: File) {
        self.file = Some(file);
    }

    fn file(&mut self) -> std::io::Result<&mut File> {
        // It is there as long as the writer's connection is.
        let file = match self.file.take() {
            Some(file) => file,
            None => OpenOptions::new().write(true).open(&self.path)?,
        };
        Ok(self.file.insert(file))
    }
}

/// Copies the log into the file of the database, beside those who write.
#[derive(Debug)]
pub(crate) struct Copier {
    options: Options,
    session: Option<Session>,
}

impl Copier {
    pub(crate) fn new(options: Options) -> Self {
        Self {
            options,
            session: None,
        }
    }

    /// Copies what can be copied now, and tells what is left.
    pub(crate) fn copy(&mut self) -> Result<Length, StoreError> {
        let session = match self.session.take() {
            Some(session) => session,
            None => Session::open(&self.options)?,
        };
        self.session.insert(session).copy_log()
    }
}
