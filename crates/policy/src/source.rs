//! The text of a pack: file names and what stands in them.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use sha2::{Digest as _, Sha256};

/// The largest file of a pack that is read: far more than any pack needs, and little enough to hold in memory.
const LARGEST_FILE: u64 = 8 * 1024 * 1024;

/// The file that makes a folder a pack.
pub(crate) const MAIN_FILE: &str = "pack.toml";

/// The text of a pack, wherever it came from: a folder, the store, the program itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PackSource {
    files: BTreeMap<String, String>,
}

/// Why a folder could not be read as a pack.
#[derive(Debug, thiserror::Error)]
pub enum UnreadableFolder {
    /// The folder or a file in it could not be read.
    #[error("cannot read {path}: {cause}")]
    Io {
        /// Which folder or file.
        path: String,
        /// What the system says.
        cause: io::Error,
    },
    /// A file is not text.
    #[error("{path} is not UTF-8 text: its byte {offset} begins no character")]
    NotText {
        /// Which file.
        path: String,
        /// The byte, from 0, at which the text ends.
        offset: usize,
    },
    /// What should be a file is none: a folder, a pipe or a device.
    #[error("{path} is no file: a pack is made of files, or links to files")]
    NotFile {
        /// Which.
        path: String,
    },
    /// A file is too large to be a part of a pack.
    #[error("{path} has {size} bytes; a file of a pack has at most {LARGEST_FILE}")]
    TooLarge {
        /// Which file.
        path: String,
        /// Its size in bytes.
        size: u64,
    },
}

impl PackSource {
    /// A pack of these files.
    pub fn new<N: Into<String>, T: Into<String>>(files: impl IntoIterator<Item = (N, T)>) -> Self {
        Self {
            files: files
                .into_iter()
                .map(|(name, text)| (name.into(), text.into()))
                .collect(),
        }
    }

    /// Reads a folder: its TOML files, and the text and iCalendar files that they may name, subfolders included.
    ///
    /// In a folder without a `pack.toml`, which may be a whole disk, nothing is read: it holds no pack, as reading the
    /// source then says.
    ///
    /// # Errors
    /// Returns which file could not be read and why.
    pub fn from_folder(folder: &Path) -> Result<Self, UnreadableFolder> {
        let mut source = Self::default();
        let found = std::fs::symlink_metadata(folder.join(MAIN_FILE));
        if folder.is_dir() && found.is_err_and(|error| error.kind() == io::ErrorKind::NotFound) {
            return Ok(source);
        }
        source.add_folder(folder, "")?;
        Ok(source)
    }

    fn add_folder(&mut self, folder: &Path, prefix: &str) -> Result<(), UnreadableFolder> {
        let failed = |path: &Path| {
            let path = path.display().to_string();
            move |cause| UnreadableFolder::Io { path, cause }
        };
        for entry in std::fs::read_dir(folder).map_err(failed(folder))? {
            let entry = entry.map_err(failed(folder))?;
            let path = entry.path();
            let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
            // A link is followed by its target's kind but never into another folder, so that no circle is walked.
            let kind = entry.file_type().map_err(failed(&path))?;
            if kind.is_dir() {
                self.add_folder(&path, &format!("{name}/"))?;
            } else if is_part_of_a_pack(&path) {
                self.files.insert(name, read_text(&path)?);
            }
        }
        Ok(())
    }

    /// The text of a file.
    #[must_use]
    pub fn file(&self, name: &str) -> Option<&str> {
        self.files.get(name).map(String::as_str)
    }

    /// Every file's name and text, by name.
    pub fn files(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files
            .iter()
            .map(|(name, text)| (name.as_str(), text.as_str()))
    }

    /// The SHA-256 of all names and texts, in hexadecimal: two packs with the same digest say the same.
    #[must_use]
    pub fn digest(&self) -> String {
        let mut hash = Sha256::new();
        for (name, text) in self.files() {
            // Lengths go in too, so that text cannot wander from one file into the next unnoticed.
            for part in [name, text] {
                hash.update((part.len() as u64).to_be_bytes());
                hash.update(part.as_bytes());
            }
        }
        hash.finalize()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }
}

fn is_part_of_a_pack(path: &Path) -> bool {
    path.extension()
        .and_then(|extension| extension.to_str())
        .is_some_and(|extension| ["toml", "ics", "txt", "html"].contains(&extension))
}

fn read_text(path: &Path) -> Result<String, UnreadableFolder> {
    let name = path.display().to_string();
    let failed = |cause| UnreadableFolder::Io {
        path: name.clone(),
        cause,
    };
    let file = std::fs::metadata(path).map_err(failed)?;
    // A device or a pipe may never end.
    if !file.is_file() {
        return Err(UnreadableFolder::NotFile { path: name });
    }
    let size = file.len();
    if size > LARGEST_FILE {
        return Err(UnreadableFolder::TooLarge { path: name, size });
    }
    let bytes = std::fs::read(path).map_err(failed)?;
    String::from_utf8(bytes).map_err(|error| UnreadableFolder::NotText {
        path: name,
        offset: error.utf8_error().valid_up_to(),
    })
}
